/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Owned byte strings. Plain ones live on the heap; secret ones, private keys
 * and passwords, in pages of their own that stay out of core dumps and, as far
 * as the limit on locked memory allows, out of swap. Both kinds are wiped by
 * the function that says so; a secret one always.
 *
 * A blob is released by the functions of the kind that made it. Any thread may.
 */
#ifndef SIDELOCK_CERTS_SECRET_H
#define SIDELOCK_CERTS_SECRET_H

#include <stddef.h>
#include <stdint.h>

#include "certs/identity.h"

/* A copy; -1: no memory. */
int blob_copy(struct blob *blob, const uint8_t *data, size_t len) MUST_CHECK;
void blob_free(struct blob *blob);
/* Wipes before it frees. */
void blob_wipe(struct blob *blob);

/* Secret memory of len zero bytes; the caller may then make `len` smaller.
 * -1: no memory. */
int secret_alloc(struct blob *blob, size_t len) MUST_CHECK;
int secret_copy(struct blob *blob, const uint8_t *data, size_t len) MUST_CHECK;
/* Wipes; the blob is empty afterwards. */
void secret_free(struct blob *blob);

struct secret_usage {
    size_t count;        /* secrets that are held now */
    size_t mapped_bytes; /* of pages for them, also those free again */
};

struct secret_usage secret_usage(void);

/* Nobody, no debugger and no core dump, looks into this process from now on.
 * Not under a sanitizer, which has to look. */
void secret_close_process(void);

#endif
