/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What one value alone cannot show: settings that contradict each other or
 * that would do something else than their author meant.
 */
#ifndef SIDELOCK_CONFIG_VALIDATE_H
#define SIDELOCK_CONFIG_VALIDATE_H

#include "config/config.h"
#include "config/report.h"
#include "config/settings.h"

/* The settings tell where things were written. */
void config_validate(const struct config *config,
    const struct settings *settings, struct report *report);

#endif
