/* SPDX-License-Identifier: GPL-3.0-or-later */
/* `sidelock check`: reads and proves everything that a start would, as the
 * user who runs it, without listening; and says in words what it found. */
#ifndef SIDELOCK_PROXY_CHECK_H
#define SIDELOCK_PROXY_CHECK_H

#include <stdbool.h>

#include "config/config.h"

/* The exit code: 0 good, 1 errors, 2 warnings. */
int check_run(const struct config_source *source, bool as_json);

#endif
