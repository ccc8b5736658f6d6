/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Settings from the command line and the environment.
 *
 *   --set        section.key=value, section.NAME.key=value (a name may hold
 *                dots: the key is what follows the last one)
 *   environment  SIDELOCK_SECTION_KEY, SIDELOCK_SECTION__NAME__KEY
 *
 * A name in the environment is compared without case, with '_' for '-' and
 * '.', to the sections that exist; a new one is made in lower case. So the
 * environment is to be added after the file and --set; the ranks still let
 * --set win.
 */
#ifndef SIDELOCK_CONFIG_OVERRIDES_H
#define SIDELOCK_CONFIG_OVERRIDES_H

#include <stddef.h>

#include "config/report.h"
#include "config/settings.h"

void overrides_add_sets(struct settings *settings, const char *const *sets,
    size_t count, struct report *report);

void overrides_add_environment(
    struct settings *settings, char *const *environment, struct report *report);

#endif
