/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A folder of certificates (certificate_dir): every pair in it, as settings
 * that identity_load takes. A pair is
 *
 *   NAME.crt, NAME.cer or NAME.pem with NAME.key beside it
 *   NAME.pem alone: certificate and key in one file
 *   NAME.p12 or NAME.pfx, its password in NAME.pass if it has one
 *   NAME/fullchain.pem and NAME/privkey.pem (certbot's live/)
 *   NAME/tls.crt and NAME/tls.key (Kubernetes)
 *
 * Names that begin with a dot are passed over: Kubernetes keeps its own there.
 */
#ifndef SIDELOCK_CERTS_DIRECTORY_H
#define SIDELOCK_CERTS_DIRECTORY_H

#include <stddef.h>

#include "config/config.h"
#include "config/report.h"

struct directory {
    char *path;
    struct config_certificate *pairs; /* by name; all fields owned */
    size_t count;
};

/* Sorted by name. -1 with an error: not readable, no pair in it, or a file
 * without its counterpart. The folder is noted in report->sources. */
int directory_read(struct directory *directory, const char *path,
    struct report *report) MUST_CHECK;
void directory_deinit(struct directory *directory);

#endif
