/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Distinguished names as text: "CN=web,O=Example", the most specific part
 * first as in RFC 4514. A byte that is not plain printable ASCII, and those
 * that would be mistaken for structure (',' '+' '"' '\'), become \xNN, so that
 * two different names never look the same.
 */
#ifndef SIDELOCK_CERTS_DN_H
#define SIDELOCK_CERTS_DN_H

#include <stddef.h>

#include "certs/der.h"

/* `name` is the content of an RDNSequence. Text that does not fit ends in
 * "..."; a name without any part is "(empty)". */
void dn_format(struct der name, char *out, size_t cap);

#endif
