/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What a file holds, judged by its bytes and never by its name, and for what
 * is not read here the command that makes it readable.
 */
#ifndef SIDELOCK_CERTS_FORM_H
#define SIDELOCK_CERTS_FORM_H

#include <stddef.h>

#include "certs/identity.h"

enum form {
    FORM_UNKNOWN,
    FORM_PEM,
    /* DER: */
    FORM_CERTIFICATE,
    FORM_KEY, /* PKCS#8, SEC1 or PKCS#1 */
    FORM_ENCRYPTED_KEY,
    FORM_PKCS12,
    FORM_PKCS7,
    FORM_REQUEST,
    FORM_PUBLIC_KEY,
    /* Not read here: */
    FORM_BER, /* ASN.1 of lengths that are only known at their end */
    FORM_JKS,
    FORM_UTF16,
};

enum {
    FORM_TEXT_BYTES = 800
};

enum form form_of(const struct blob *content);

/* "DER", "PKCS#12": for notes. */
const char *form_name(enum form form);

/*
 * What it is and how to make something readable of it, with the path as a
 * shell takes it: "it is a Java keystore (JKS); convert it: keytool ...".
 * "" for the forms that speak for themselves. May be cut.
 */
void form_explain(enum form form, const char *path, char out[FORM_TEXT_BYTES]);

/* The path as one word of a shell's command line. May be cut. */
void form_quote(const char *path, char *out, size_t cap);

#endif
