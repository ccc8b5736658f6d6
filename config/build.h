/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * From settings to a config: every field gets the text that holds for it,
 * converted. What holds for a service: the section with its name, else the
 * section without one, else the default.
 */
#ifndef SIDELOCK_CONFIG_BUILD_H
#define SIDELOCK_CONFIG_BUILD_H

#include "config/config.h"
#include "config/report.h"
#include "config/settings.h"

/*
 * Every field of the result is set; a setting that is missing or refused is
 * in the report and has its default, or is NULL or empty when it has none.
 * NULL: out of memory (reported).
 */
struct config *build_config(
    struct settings *settings, struct report *report) MUST_CHECK;

#endif
