/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A snapshot is all that the process serves by at one moment: settings,
 * identities, trust. It is built whole, proven, and then never changed; a
 * reload builds another. Every worker and, through it, every connection holds
 * the snapshot it started with.
 *
 * The reference count is atomic; workers count their own connections apart
 * (proxy/view.h), so it moves only a few times per reload.
 */
#ifndef SIDELOCK_CERTS_SNAPSHOT_H
#define SIDELOCK_CERTS_SNAPSHOT_H

#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

#include "certs/identity.h"
#include "certs/trust.h"
#include "config/config.h"
#include "config/report.h"

struct snapshot {
    atomic_uint refs;
    unsigned generation;
    struct config *config;        /* owned */
    struct identity **identities; /* one per config->certificates[] */
    struct trust **trusts;        /* one per config->services[]; NULL at
                                     LEVEL_TLS */
};

/* Process-wide start of the TLS library, once, before any thread. 0 or -1. */
int certs_init(void) MUST_CHECK;
void certs_deinit(void);
/* "5.9.2" */
const char *certs_library_version(void);

/*
 * Loads and proves everything that `config` names, for generation
 * `previous->generation + 1` (1 when previous is NULL). On success the
 * snapshot owns the config; on failure (NULL, an error in the report) the
 * caller still does. With a previous snapshot, a certificate of the same name
 * that is expired or not yet valid does not replace one that is current.
 */
struct snapshot *snapshot_load(struct config *config,
    const struct snapshot *previous, time_t now,
    struct report *report) MUST_CHECK;
struct snapshot *snapshot_ref(struct snapshot *snapshot);
void snapshot_unref(struct snapshot *snapshot);

/* The identity of a service; never NULL. */
const struct identity *snapshot_identity(
    const struct snapshot *snapshot, size_t service_index);

#endif
