/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The main thread's record of censuses: one table for each service that lets
 * clients choose, by the service's name, so that a reload keeps what was
 * counted for as long as a service of that name exists.
 */
#ifndef SIDELOCK_PROXY_CENSUS_SET_H
#define SIDELOCK_PROXY_CENSUS_SET_H

#include <sys/queue.h>

#include "proxy/census.h"
#include "proxy/view.h"

struct census_entry;

/* All zero is an empty one. */
struct census_set {
    LIST_HEAD(, census_entry) entries;
};

/* Gives the view's services their tables; makes those that are missing. -1
 * with an error in the report. */
int census_set_fill_view(struct census_set *set, struct view *view,
    struct report *report) MUST_CHECK;

/* Drops the tables of services that the settings no longer have. Views that
 * still use one keep it. */
void census_set_forget_others(
    struct census_set *set, const struct config *config);
/* Once the settings hold: kinds that were not counted before begin. */
void census_set_begin(struct census_set *set, const struct config *config);
void census_set_deinit(struct census_set *set);

/* A copy of the service's table, for free(). NULL: none, or no memory. */
struct census *census_set_read(
    const struct census_set *set, const struct config_service *service);

/* event=census: a line for each service and each kind that is counted. */
void census_set_log(const struct census_set *set, const struct config *config);

#endif
