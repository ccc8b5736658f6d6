/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Owned byte strings, and wiping those that are secret. */
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

#endif
