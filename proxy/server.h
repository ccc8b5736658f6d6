/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The server is the process: the main thread with its signals and timers, the
 * workers, and the snapshot they serve by. It starts, reloads on HUP, drains
 * on TERM, and ends.
 */
#ifndef SIDELOCK_PROXY_SERVER_H
#define SIDELOCK_PROXY_SERVER_H

#include "config/config.h"

/* Serves until told to stop; the exit code. Start-up errors go to stderr. */
int server_run(const struct config_source *source);

#endif
