/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * `sidelock set`: changes settings in their file, all or none, after a check
 * of the whole result. Comments and order stay as they are.
 */
#ifndef SIDELOCK_PROXY_SET_H
#define SIDELOCK_PROXY_SET_H

#include <stddef.h>

#include "config/config.h"

/* words: "section.key=value"; "section.key" alone takes the line away. The
 * exit code. */
int set_run(
    const struct config_source *source, char *const *words, size_t count);

#endif
