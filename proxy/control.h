/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * `sidelock reload`, `sidelock status` and `sidelock clients`: ask the running
 * process over the admin socket that the configuration names, and print its
 * answer.
 *
 * The configuration may be wrong otherwise: that is when one asks most.
 */
#ifndef SIDELOCK_PROXY_CONTROL_H
#define SIDELOCK_PROXY_CONTROL_H

#include <stdbool.h>

#include "config/config.h"

/* All return the exit code: 0 good; 1 the reload failed, or nobody answered;
 * 2 good, with warnings, of which `clients` has none. is_json: print the answer
 * for programs. */
int control_reload(const struct config_source *source, bool is_json);
int control_status(const struct config_source *source, bool is_json);
int control_clients(const struct config_source *source, bool is_json);

#endif
