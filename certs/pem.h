/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * PEM (RFC 7468): blocks of base64 between BEGIN and END lines. Text around
 * the blocks is ignored, as all tools do. A reader walks a file's bytes and
 * decodes one block at a time; it keeps nothing.
 */
#ifndef SIDELOCK_CERTS_PEM_H
#define SIDELOCK_CERTS_PEM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "certs/secret.h"

enum {
    PEM_LABEL_BYTES = 64
};

struct pem_reader {
    const char *at;
    size_t left;
};

struct pem_block {
    char label[PEM_LABEL_BYTES]; /* "CERTIFICATE" */
    struct blob der;             /* owned by the caller: blob_wipe */
    bool is_encrypted; /* by its own header lines; der is then not usable */
};

enum pem_result {
    PEM_BLOCK,
    PEM_END,       /* no further block */
    PEM_MALFORMED, /* a block begins and is no PEM: no END, bad base64 */
    PEM_NO_MEMORY,
};

void pem_reader_init(struct pem_reader *reader, const struct blob *content);
enum pem_result pem_next(struct pem_reader *reader, struct pem_block *block);

/* Is it the label of a certificate? */
bool pem_is_certificate(const char *label);

#endif
