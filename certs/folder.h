/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The files of a folder that somebody else fills: CA certificates, revocation
 * lists. Regular files, also behind symbolic links as OpenSSL's hashed names
 * are, each once however many links lead to it; not what is in folders below,
 * nor names that begin with a dot (Kubernetes keeps its own there). A name
 * behind a folder that is closed to us is an error.
 */
#ifndef SIDELOCK_CERTS_FOLDER_H
#define SIDELOCK_CERTS_FOLDER_H

#include <stdbool.h>
#include <stddef.h>

#include "config/report.h"

enum {
    FOLDER_FILES_MAX = 4096
};

struct folder {
    char **paths; /* by name, files before links */
    size_t count;
};

/* Is there a folder at the path? */
bool folder_is_there(const char *path);

/* -1 with an error that begins with the role: "clients.ca". The folder, and
 * links in it that lead nowhere, are noted in report->sources. */
int folder_read(struct folder *folder, const char *path, const char *role,
    struct report *report) MUST_CHECK;
void folder_deinit(struct folder *folder);

#endif
