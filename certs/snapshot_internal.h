/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The steps of building a snapshot, for snapshot.c and the files beside it. */
#ifndef SIDELOCK_CERTS_SNAPSHOT_INTERNAL_H
#define SIDELOCK_CERTS_SNAPSHOT_INTERNAL_H

#include "certs/roots.h"
#include "certs/snapshot.h"

/* One load under way. */
struct snapshot_build {
    struct snapshot *snapshot;
    const struct snapshot *previous; /* or NULL */
    time_t now;
    struct roots *roots; /* while identities are loaded */
    struct report *report;
};

/* Finds the folders' pairs and loads every identity, or takes it over
 * (snapshot_identities.c). -1 with an error. */
int snapshot_load_identities(struct snapshot_build *build) MUST_CHECK;

/* Names, modes, trust and ticket keys of every service, then the proofs
 * (snapshot_services.c). -1 with an error. */
int snapshot_load_services(struct snapshot_build *build) MUST_CHECK;

/* The folder of a service among snapshot->directories, and where its pairs
 * begin in snapshot->identities; NULL when it has none. */
const struct directory *snapshot_directory(const struct snapshot *snapshot,
    const struct config_service *service, size_t *first_index);

#endif
