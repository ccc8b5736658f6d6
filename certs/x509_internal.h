/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The inside of a certificate object, for the files x509*.c. */
#ifndef SIDELOCK_CERTS_X509_INTERNAL_H
#define SIDELOCK_CERTS_X509_INTERNAL_H

#include <wolfssl/options.h>

#include <wolfssl/wolfcrypt/asn.h>

#include "certs/x509.h"

struct x509 {
    const struct blob *der;
    DecodedCert cert;
};

#endif
