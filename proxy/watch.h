/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The file watch: looks at everything that the last load has read, by timer
 * and when clients come, and reloads when it has changed. It compares marks
 * (certs/sources.h) and never subscribes to events of the kernel: those miss
 * network file systems and swapped links, and are limited in number.
 *
 * Main thread.
 */
#ifndef SIDELOCK_PROXY_WATCH_H
#define SIDELOCK_PROXY_WATCH_H

#include "config/report.h"

struct server;

/* Makes the timer. -1: no memory. */
int watch_add(struct server *server) MUST_CHECK;

/* A load has ended, good or not: watches what it has read, as the settings in
 * force say. */
void watch_begin(struct server *server);

/* A worker says that a client has come. */
void watch_note_accept(struct server *server);

#endif
