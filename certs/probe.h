/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A client for one question: which certificate does this server show? It does
 * not judge the certificate and sends no data.
 */
#ifndef SIDELOCK_CERTS_PROBE_H
#define SIDELOCK_CERTS_PROBE_H

#include <stdbool.h>
#include <stddef.h>

#include "certs/identity.h"

struct probe {
    bool has_leaf;                  /* the server has shown one */
    char name[IDENTITY_NAME_BYTES]; /* the first name it speaks for */
    struct certificate_info leaf;
    time_t not_after;  /* the earliest of the chain */
    char failure[128]; /* why the handshake failed, "" when it did not */
};

/*
 * Shakes hands over fd, a connected socket in blocking mode whose own
 * timeouts bound it, asking for server_name ("" for none). A server that then
 * demands a certificate of the client has still shown its own.
 */
void probe_server(int fd, const char *server_name, struct probe *probe);

#endif
