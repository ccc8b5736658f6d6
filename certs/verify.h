/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The library's verify callback for clients; its userCtx is a struct peer. It
 * never admits whom the library refuses; it refuses whom it cannot name. */
#ifndef SIDELOCK_CERTS_VERIFY_H
#define SIDELOCK_CERTS_VERIFY_H

#include <wolfssl/options.h>

#include <wolfssl/ssl.h>

int verify_client(int preverify, WOLFSSL_X509_STORE_CTX *store);

#endif
