/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Distinguished names as text: "CN=web,O=Example", the most specific part
 * first as in RFC 4514. A byte that is not plain printable ASCII, and those
 * that would be mistaken for structure (',' '+' '"' '\'), become \xNN, so that
 * two different names never look the same.
 */
#ifndef SIDELOCK_CERTS_DN_H
#define SIDELOCK_CERTS_DN_H

#include <stdbool.h>
#include <stddef.h>

#include "certs/der.h"

/* `name` is the content of an RDNSequence. A name without any part is
 * "(empty)". False: it did not fit or is broken, and the text ends in "...". */
bool dn_format(struct der name, char *out, size_t cap);

#endif
