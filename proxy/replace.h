/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Replacing a text file by a rename: whoever reads it meanwhile, or after a
 * crash, sees the old one or the new one. Blocks; this is for commands.
 */
#ifndef SIDELOCK_PROXY_REPLACE_H
#define SIDELOCK_PROXY_REPLACE_H

#include <sys/stat.h>

#include <stddef.h>

#include "config/report.h"

/* What the path leads to through all symbolic links, which stay; also of a
 * file that is not there yet, in a folder that is. Heap; NULL with errno. */
char *replace_target(const char *path) MUST_CHECK;

/* The whole file as a string, heap, and *st. NULL with errno: EFBIG is no
 * regular file of at most bytes_max, EILSEQ has a zero byte in it. */
char *replace_read(
    const char *path, size_t bytes_max, struct stat *st) MUST_CHECK;

/* Puts a file with owner, group and mode of `like` in its place. `target` is
 * of replace_target. 0, or an errno, and then everything is as it was. */
int replace_file(
    const char *target, const char *text, const struct stat *like) MUST_CHECK;

#endif
