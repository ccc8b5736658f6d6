/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Reading one file of bounded size, with an error that says what to do. */
#ifndef SIDELOCK_CERTS_FILE_H
#define SIDELOCK_CERTS_FILE_H

#include <sys/types.h>

#include "certs/secret.h"

enum {
    FILE_BYTES_MAX = 4 * 1024 * 1024,
    FILE_BYTES_LARGE = 64 * 1024 * 1024, /* a list of a million entries */
};

/*
 * Reads the whole file into content (wiped by the caller if it is secret) and
 * its permission bits into mode (may be NULL). -1 with an error in the report:
 * `role` says what the file is for, such as "certificate.cert".
 */
int file_read(struct blob *content, const char *path, const char *role,
    mode_t *mode, struct report *report) MUST_CHECK;

/* The same of a file that may be large. */
int file_read_large(struct blob *content, const char *path, const char *role,
    struct report *report) MUST_CHECK;

#endif
