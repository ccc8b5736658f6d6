/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Whether a client's certificate names a host: peer_name = reverse-dns. */
#ifndef SIDELOCK_CERTS_PEER_NAME_H
#define SIDELOCK_CERTS_PEER_NAME_H

#include <stdbool.h>

#include "certs/client.h"

/*
 * Is the host's name one of the certificate's DNS names, of which one may be a
 * wildcard for its first label (names.h), or a CN, which stands for itself
 * only? Case and a final dot make no difference. `name` is a proven name of
 * the host (proxy/resolver.h).
 */
bool peer_name_matches(const struct client *client, const char *name);

#endif
