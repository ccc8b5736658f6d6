/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * `sidelock authorize` and `sidelock revoke`: change the file of approved
 * certificates that clients.enroll names, atomically, and have the running
 * process take it up. All that are asked for of one file, or none.
 */
#ifndef SIDELOCK_PROXY_ENROLL_H
#define SIDELOCK_PROXY_ENROLL_H

#include <stdbool.h>
#include <stddef.h>

#include "config/config.h"

struct enroll_request {
    const struct config_source *source;
    bool is_revoke;
    const char *service; /* whose file; NULL: whichever it is */
    /* Fingerprints, or their beginnings: of pending clients, or to be revoked
     * of approved ones. */
    char *const *words;
    size_t count;
};

/*
 * The exit code: 0 it is so, and in effect if a process runs that can be
 * asked; 1 nothing was written, or it was and is not in effect, as the
 * messages say.
 */
int enroll_run(const struct enroll_request *request);

#endif
