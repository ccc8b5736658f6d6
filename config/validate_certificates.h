/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The cross-checks of [certificate] and of what services take from it. */
#ifndef SIDELOCK_CONFIG_VALIDATE_CERTIFICATES_H
#define SIDELOCK_CONFIG_VALIDATE_CERTIFICATES_H

#include "config/config.h"
#include "config/settings.h"

void validate_certificates(const struct config *config,
    const struct settings *settings, struct report *report);

/* Does the service have one; are its ALPN names usable? */
void validate_service_certificates(const struct config *config,
    const struct config_service *service, const struct settings *settings,
    struct report *report);

#endif
