/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Fuzzes path_from_record() (certs/path.c): what it takes can be walked, has
 * no byte too many, and gives the same record again.
 */
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "certs/path.h"

/* NOLINTNEXTLINE(readability-identifier-naming): libFuzzer names it */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
require(bool is_true)
{
    if (!is_true)
        abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct trust nobody = {.ca_count = 0};
    struct path *path = path_from_record(data, size);
    struct path_link link;
    struct der record;
    size_t count = 0;
    size_t at = 0;

    if (path == NULL)
        return 0;
    record = path_record(path);
    require(record.len == size && memcmp(record.data, data, size) == 0);
    while (path_next(path, &at, &link)) {
        require(link.issuer.data >= record.data);
        require(link.serial.data + link.serial.len <= record.data + size);
        count++;
    }
    require(count > 0 && count < size);
    require(!path_is_trusted(path, &nobody));
    (void)path_not_after(path);
    path_free(path);
    return 0;
}
