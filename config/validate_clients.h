/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The cross-checks of [clients] for one service. */
#ifndef SIDELOCK_CONFIG_VALIDATE_CLIENTS_H
#define SIDELOCK_CONFIG_VALIDATE_CLIENTS_H

#include "config/config.h"
#include "config/settings.h"

/* Is it said whose certificates to believe and who of them may come in, and
 * do the keys that say it go together? */
void validate_clients(const struct config *config,
    const struct config_service *service, const struct settings *settings,
    struct report *report);

#endif
