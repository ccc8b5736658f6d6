/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * `sidelock health`: a client that asks the running process, over each
 * service's first listen address, for the certificate that it really serves.
 * For HEALTHCHECK and for people: needs no shell, no curl, no openssl.
 */
#ifndef SIDELOCK_PROXY_HEALTH_H
#define SIDELOCK_PROXY_HEALTH_H

#include "config/config.h"

/* The exit code: 0 when every service serves, else 1. */
int health_run(const struct config_source *source);

#endif
