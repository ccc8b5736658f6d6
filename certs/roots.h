/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Files of root certificates, each read once however many chains are checked
 * against it: ten thousand chains would otherwise read the system's bundle ten
 * thousand times. Lives for one load.
 */
#ifndef SIDELOCK_CERTS_ROOTS_H
#define SIDELOCK_CERTS_ROOTS_H

#include <stddef.h>

#include "certs/identity.h"

struct root_file {
    char *path;
    struct blob *certs; /* DER, in the order of the file */
    size_t count;       /* at least one */
};

struct roots;

struct roots *roots_new(void) MUST_CHECK;
void roots_free(struct roots *roots);

/* The certificates of the file, PEM or DER. NULL with an error in the report.
 * The file is noted in report->sources each time. */
const struct root_file *roots_open(
    struct roots *roots, const char *path, struct report *report) MUST_CHECK;

#endif
