/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Byte strings on the heap. */
#include "certs/secret.h"

#include <stdlib.h>
#include <string.h>

int
blob_copy(struct blob *blob, const uint8_t *data, size_t len)
{
    uint8_t *copy = malloc(len > 0 ? len : 1);

    if (copy == NULL)
        return -1;
    memcpy(copy, data, len);
    *blob = (struct blob){.data = copy, .len = len};
    return 0;
}

void
blob_free(struct blob *blob)
{
    free(blob->data);
    *blob = (struct blob){0};
}

void
blob_wipe(struct blob *blob)
{
    if (blob->data != NULL)
        explicit_bzero(blob->data, blob->len);
    blob_free(blob);
}
