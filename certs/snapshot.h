/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A snapshot is all that the process serves by at one moment: settings,
 * identities, trust. It is built whole, proven, and then never changed; a
 * reload builds another, which shares with the one before it the identities
 * whose files and settings did not change. Every worker and, through it, every
 * connection holds the snapshot it started with.
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

#include "certs/admission.h"
#include "certs/directory.h"
#include "certs/identity.h"
#include "certs/sni.h"
#include "certs/tickets.h"
#include "config/config.h"
#include "config/report.h"

/* A certificate that is to be served, from its settings or from a folder. */
struct snapshot_identity {
    const struct config_certificate *settings;
    struct identity *identity; /* NULL: it is not good yet, and may be so */
    char *missing;             /* why, one line; NULL when it is good */
};

enum service_mode {
    SERVICE_TLS,
    SERVICE_WAITING,   /* on_missing = wait: it does not listen */
    SERVICE_PLAINTEXT, /* on_missing = plaintext: it serves WITHOUT TLS */
};

struct snapshot_service {
    enum service_mode mode;
    const char *reason; /* why not SERVICE_TLS, or NULL */
    uint32_t first;     /* the identity for clients that ask for no name */
    struct sni_choice first_choice; /* it, and those for the same name */
    struct sni *names;
    struct admission *admission; /* NULL: clients are not asked */
    struct ticket_ring *ring;    /* of its ticket_key_file, or NULL */
};

struct snapshot {
    atomic_uint refs;
    unsigned generation;
    struct config *config; /* owned */
    /* Those of config->certificates[] in their order, then the folders'. */
    struct snapshot_identity *identities;
    size_t identity_count;
    struct snapshot_service *services; /* one per config->services[] */
    struct directory *directories;     /* each certificate_dir once */
    size_t directory_count;
    size_t shared_count; /* identities taken over from the snapshot before */
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

/* Warns of every date that is past, near, or to come (dates.h, staple.h): of
 * leaves, intermediates, staples and client CAs. A load has done it for its own
 * time. */
void snapshot_judge(
    const struct snapshot *snapshot, time_t now, struct report *report);

/* The identity that a service shows to clients that ask for no name; NULL
 * unless its mode is SERVICE_TLS. */
const struct identity *snapshot_identity(
    const struct snapshot *snapshot, size_t service_index);

/* The earliest end among all that the service shows; 0 when it shows none. */
time_t snapshot_not_after(
    const struct snapshot *snapshot, size_t service_index);

/* Calls `visit` for each identity of the service once, the first one first.
 * Those that are missing are passed over. */
typedef void snapshot_visit(
    const struct snapshot_identity *entry, uint32_t index, void *arg);
void snapshot_each_identity(const struct snapshot *snapshot,
    size_t service_index, snapshot_visit *visit, void *arg);

#endif
