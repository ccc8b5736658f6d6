/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Fuzzes mounts_parse() and mounts_judge() (certs/mounts.c). The first line
 * of the input is a path, the rest is taken as mountinfo. Without a suspect
 * mount everything is live, and what lies in a stale folder is stale.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "certs/mounts.h"

enum {
    PATH_BYTES = 5000,
    PATH_BYTES_JUDGED = 4096,
};

/* NOLINTNEXTLINE(readability-identifier-naming): libFuzzer names it */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
require(bool is_true)
{
    if (!is_true)
        abort();
}

static void
check_path(const struct mounts *mounts, const char *path)
{
    enum mount_verdict verdict = mounts_judge(mounts, path);
    char below[PATH_BYTES + 8];

    if (!mounts_are_suspect(mounts) || path[0] != '/')
        require(verdict == MOUNT_LIVE);
    if (verdict != MOUNT_STALE)
        return;
    /* No mount point ends in this: a newline ends a line. */
    (void)snprintf(below, sizeof(below), "%s/\n", path);
    if (strlen(below) < PATH_BYTES_JUDGED)
        require(mounts_judge(mounts, below) == MOUNT_STALE);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const uint8_t *end = size > 0 ? memchr(data, '\n', size) : NULL;
    size_t path_len = end != NULL ? (size_t)(end - data) : size;
    size_t text_at = end != NULL ? path_len + 1 : size;
    size_t text_len = size - text_at;
    struct mounts *mounts;
    char path[PATH_BYTES];
    char *text;

    if (path_len >= sizeof(path))
        return 0;
    memcpy(path, data, path_len);
    path[path_len] = '\0';
    text = malloc(text_len > 0 ? text_len : 1); /* of the exact size */
    require(text != NULL);
    memcpy(text, data + text_at, text_len);
    mounts = mounts_parse(text, text_len);
    free(text);
    require(mounts != NULL);
    check_path(mounts, path);
    mounts_free(mounts);
    return 0;
}
