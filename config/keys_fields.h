/* SPDX-License-Identifier: GPL-3.0-or-later */
/* How the rows of keys_table.c are written; for that file alone. */
#ifndef SIDELOCK_CONFIG_KEYS_FIELDS_H
#define SIDELOCK_CONFIG_KEYS_FIELDS_H

#include "config/config.h"
#include "config/keys.h"

#define MS     INT64_C(1)
#define SECOND (1000 * MS)
#define HOUR   (3600 * SECOND)
#define DAY    (24 * HOUR)
#define KIB    INT64_C(1024)
#define MIB    (1024 * KIB)

#define STRUCT_CONFIG      struct config
#define STRUCT_SERVICE     struct config_service
#define STRUCT_CERTIFICATE struct config_certificate

/* Where a field is; the compiler refuses a field of another C type. */
/* NOLINTBEGIN(bugprone-macro-parentheses): a type cannot stand in them */
#define FIELD(place, field, ctype)                                             \
    .home = HOME_##place,                                                      \
    .offset = _Generic(((STRUCT_##place *)NULL)->field, ctype                  \
                       : offsetof(STRUCT_##place, field))
/* NOLINTEND(bugprone-macro-parentheses) */

#define BOOL(place, field)   .type = VALUE_BOOL, FIELD(place, field, bool)
#define NUMBER(place, field) .type = VALUE_NUMBER, FIELD(place, field, int64_t)
#define DURATION(place, field)                                                 \
    .type = VALUE_DURATION, FIELD(place, field, int64_t)
#define SIZE(place, field)   .type = VALUE_SIZE, FIELD(place, field, int64_t)
#define STRING(place, field) .type = VALUE_STRING, FIELD(place, field, char *)
#define STRINGS(place, field)                                                  \
    .type = VALUE_STRINGS, FIELD(place, field, struct string_list)
#define ADDRESSES(place, field)                                                \
    .type = VALUE_ADDRESSES, FIELD(place, field, struct address_list)
#define WORD(place, field, ctype, list)                                        \
    .type = VALUE_WORD, FIELD(place, field, ctype), .words = (list)

#endif
