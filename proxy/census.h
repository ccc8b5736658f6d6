/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The scoreboard of a migration: who still comes without TLS, without a
 * certificate, or with TLS 1.2, and how long ago the last one did. One table
 * for each service that lets clients choose, written by the workers once per
 * connection and read by the main thread.
 *
 * A table holds CENSUS_SOURCES_MAX hosts; when it is full, the one that was
 * seen longest ago makes room. The totals forget nothing.
 *
 * A connection that is open is there, however long ago it came; and days on
 * which a kind was not counted, since the settings refused it or did not ask,
 * prove nothing of it.
 *
 * All times are those of clock_now_ms: a clock that somebody sets must not
 * make it look as if nobody had come for a long time.
 */
#ifndef SIDELOCK_PROXY_CENSUS_H
#define SIDELOCK_PROXY_CENSUS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "config/config.h"
#include "proxy/repeats.h"

enum census_kind {
    CENSUS_PLAINTEXT,
    CENSUS_NO_CERTIFICATE, /* TLS, and no certificate of the client */
    CENSUS_TLS_1_2,
};

enum {
    CENSUS_KIND_COUNT = CENSUS_TLS_1_2 + 1,
    CENSUS_SOURCES_MAX = 1024,
    CENSUS_WORDS_BYTES = 384,
    CENSUS_AGE_BYTES = 32,
    /* Without a single one for so long, the next level is called safe. */
    CENSUS_SAFE_MS = 24 * 60 * 60 * 1000,
};

struct census_table;

/* Does the service let clients choose, so that they are counted at all; and
 * those of this kind? */
bool census_is_for(const struct config_service *service);
bool census_counts(const struct config_service *service, enum census_kind kind);

/* "plaintext", "no_certificate", "tls_1_2" */
const char *census_kind_word(enum census_kind kind);

/* Reference count 1; may be shared between threads. NULL: no memory. */
struct census_table *census_table_new(int64_t now_ms) MUST_CHECK;
struct census_table *census_table_ref(struct census_table *table);
void census_table_unref(struct census_table *table); /* NULL does nothing */

/* The kind is counted from now on, and was not before. */
void census_begin(
    struct census_table *table, enum census_kind kind, int64_t now_ms);

/* A connection from there is of that kind; its port does not matter. It stays
 * until census_note_end is told the same. */
void census_note(struct census_table *table, const struct address *from,
    enum census_kind kind, int64_t now_ms);
void census_note_end(struct census_table *table, const struct address *from,
    enum census_kind kind, int64_t now_ms);

/* --- reading it ---------------------------------------------------------- */

struct census_seen {
    uint64_t count; /* connections; 0: never, and no times */
    int64_t first_ms;
    int64_t last_ms;
};

struct census_source {
    struct repeat_host host;
    struct census_seen seen[CENSUS_KIND_COUNT];
    int64_t last_ms; /* of all kinds */
};

struct census_total {
    int64_t since_ms; /* when counting began, or began again */
    struct census_seen seen;
    struct repeat_host last;
    uint64_t open;  /* of the connections, those that have not ended */
    uint64_t hosts; /* one that was forgotten and came again is two */
};

/* A copy of a table. */
struct census {
    int64_t since_ms;   /* when the first kind was counted */
    bool has_forgotten; /* not every host is among the sources */
    struct census_total totals[CENSUS_KIND_COUNT];
    size_t source_count;
    struct census_source sources[]; /* the one seen last first */
};

/* To be freed with free(). NULL: no memory. */
struct census *census_read(struct census_table *table) MUST_CHECK;

/* Nobody of this kind was there for CENSUS_SAFE_MS: what a stricter setting
 * would refuse has not come. */
bool census_is_safe(
    const struct census *census, enum census_kind kind, int64_t now_ms);

/* "3 minutes", "1 day": whole units, the largest that gives at least one. */
void census_format_age(int64_t age_ms, char out[CENSUS_AGE_BYTES]);

/* One line for people, such as
 *   no plaintext for 2 days, since counting began: safe to require TLS
 *   (required_level = tls)
 *   last plaintext 3 minutes ago from 10.0.0.7 (12 connections from 3
 *   addresses in all)
 */
void census_words(const struct census *census, enum census_kind kind,
    int64_t now_ms, char out[CENSUS_WORDS_BYTES]);

#endif
