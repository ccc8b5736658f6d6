/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Loading the identities of a snapshot. One whose settings and files are what
 * they were is shared with the snapshot before: a reload of ten thousand
 * certificates proves only those that changed.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "certs/snapshot_internal.h"
#include "certs/sources.h"
#include "certs/staple.h"

/* --- folders ------------------------------------------------------------- */

static const struct directory *
find_directory(
    const struct snapshot *snapshot, const char *path, size_t *first_index)
{
    *first_index = snapshot->config->certificate_count;
    for (size_t i = 0; i < snapshot->directory_count; i++) {
        const struct directory *directory = &snapshot->directories[i];

        if (directory->path != NULL && strcmp(directory->path, path) == 0)
            return directory;
        *first_index += directory->count;
    }
    return NULL;
}

const struct directory *
snapshot_directory(const struct snapshot *snapshot,
    const struct config_service *service, size_t *first_index)
{
    *first_index = 0;
    if (service->certificate_dir[0] == '\0')
        return NULL;
    return find_directory(snapshot, service->certificate_dir, first_index);
}

static int
read_directories(struct snapshot_build *build)
{
    struct snapshot *snapshot = build->snapshot;
    const struct config *config = snapshot->config;

    snapshot->directories =
        calloc(config->service_count, sizeof(*snapshot->directories));
    if (snapshot->directories == NULL) {
        report_error(build->report, SL_MEMORY,
            "out of memory while looking for certificates");
        return -1;
    }
    for (size_t i = 0; i < config->service_count; i++) {
        const char *path = config->services[i].certificate_dir;
        size_t first;

        if (path[0] == '\0' || find_directory(snapshot, path, &first) != NULL)
            continue;
        if (directory_read(&snapshot->directories[snapshot->directory_count++],
                path, build->report)
            != 0)
            return -1;
    }
    return 0;
}

/* Makes the list of all that is to be loaded. */
static int
list_identities(struct snapshot_build *build)
{
    struct snapshot *snapshot = build->snapshot;
    const struct config *config = snapshot->config;
    size_t count = config->certificate_count;
    size_t at = 0;

    for (size_t i = 0; i < snapshot->directory_count; i++)
        count += snapshot->directories[i].count;
    snapshot->identities =
        calloc(count > 0 ? count : 1, sizeof(*snapshot->identities));
    if (snapshot->identities == NULL) {
        report_error(build->report, SL_MEMORY,
            "out of memory while loading certificates");
        return -1;
    }
    snapshot->identity_count = count;
    for (; at < config->certificate_count; at++)
        snapshot->identities[at].settings = &config->certificates[at];
    for (size_t i = 0; i < snapshot->directory_count; i++)
        for (size_t k = 0; k < snapshot->directories[i].count; k++)
            snapshot->identities[at++].settings =
                &snapshot->directories[i].pairs[k];
    return 0;
}

/* --- taking over --------------------------------------------------------- */

static int
compare_names(const void *a, const void *b)
{
    const struct snapshot_identity *const *left = a;
    const struct snapshot_identity *const *right = b;

    return strcmp((*left)->settings->name, (*right)->settings->name);
}

/* The identities of the previous snapshot by name; NULL when there is none,
 * or no memory: then everything is loaded anew. */
static const struct snapshot_identity **
sort_previous(const struct snapshot *previous)
{
    const struct snapshot_identity **sorted;

    if (previous == NULL || previous->identity_count == 0)
        return NULL;
    sorted =
        malloc(previous->identity_count * sizeof(struct snapshot_identity *));
    if (sorted == NULL)
        return NULL;
    for (size_t i = 0; i < previous->identity_count; i++)
        sorted[i] = &previous->identities[i];
    qsort(sorted, previous->identity_count, sizeof(struct snapshot_identity *),
        compare_names);
    return sorted;
}

static const struct snapshot_identity *
find_previous(const struct snapshot_build *build,
    const struct snapshot_identity **sorted,
    const struct snapshot_identity *entry)
{
    const struct snapshot_identity **found;

    if (sorted == NULL)
        return NULL;
    found = bsearch(&entry, sorted, build->previous->identity_count,
        sizeof(struct snapshot_identity *), compare_names);
    return found != NULL ? *found : NULL;
}

static bool
is_unchanged(
    const struct snapshot_identity *entry, const struct snapshot_identity *old)
{
    return old != NULL && old->identity != NULL && old->identity->is_settled
           && config_certificate_equal(entry->settings, old->settings)
           && !sources_have_changed(old->identity->sources);
}

/* --- loading ------------------------------------------------------------- */

/* Loads with a report and a list of sources of its own: what was found stays
 * with the identity, and is told again by each reload that shares it. */
static struct identity *
load(const struct snapshot_build *build, const struct snapshot_identity *entry,
    struct report *found)
{
    struct identity *identity;

    found->sources = sources_new();
    if (found->sources == NULL) {
        report_error(found, SL_MEMORY, "out of memory while loading");
        return NULL;
    }
    identity = identity_load(entry->settings, build->roots, found);
    if (identity != NULL)
        staple_load(identity, entry->settings, found);
    return identity;
}

/* May the certificate be missing? Never where it was good before, and without
 * TLS only from the start on. */
static bool
may_be_missing(const struct snapshot_build *build,
    const struct snapshot_identity *entry, const struct snapshot_identity *old)
{
    if (old != NULL && old->identity != NULL)
        return false;
    switch (entry->settings->on_missing) {
    case MISSING_FAIL:
        return false;
    case MISSING_WAIT:
        return true;
    case MISSING_PLAINTEXT:
        return build->previous == NULL || old != NULL;
    }
    return false;
}

/* What would have been errors becomes the reason to wait. */
static int
note_missing(const struct snapshot_build *build,
    struct snapshot_identity *entry, const struct report *found)
{
    entry->missing = strdup(report_first_error(found));
    if (entry->missing != NULL)
        return 0;
    report_error(build->report, SL_MEMORY, "out of memory");
    return -1;
}

/* What was read is watched, also when it was no good. */
static int
note_sources(const struct snapshot_build *build, const struct sources *sources)
{
    struct report *report = build->report;

    if (report->sources == NULL || sources == NULL
        || sources_add_all(report->sources, sources) == 0)
        return 0;
    report_error(report, SL_MEMORY, "out of memory");
    return -1;
}

/* Moves into the identity what the load found and read. */
static void
settle(struct identity *identity, struct report *found)
{
    identity->sources = found->sources;
    identity->is_settled = !sources_are_fresh(found->sources);
    found->sources = NULL;
    identity->findings = *found;
    report_init(found);
}

static int
load_new(const struct snapshot_build *build, struct snapshot_identity *entry,
    const struct snapshot_identity *old)
{
    struct report found;
    int failed;

    report_init(&found);
    entry->identity = load(build, entry, &found);
    failed = note_sources(build, found.sources);
    if (failed == 0 && entry->identity == NULL)
        failed = may_be_missing(build, entry, old)
                     ? note_missing(build, entry, &found)
                     : -1;
    if (entry->missing == NULL)
        report_add_all(build->report, &found);
    if (entry->identity != NULL)
        settle(entry->identity, &found);
    sources_free(found.sources);
    report_deinit(&found);
    return failed;
}

static int
share(const struct snapshot_build *build, struct snapshot_identity *entry,
    const struct snapshot_identity *old)
{
    entry->identity = identity_ref(old->identity);
    build->snapshot->shared_count++;
    report_add_all(build->report, &entry->identity->findings);
    return note_sources(build, entry->identity->sources);
}

/* A reload must not make things worse: what clients accept today is not
 * replaced by what they refuse. */
static int
check_no_worse(const struct snapshot_build *build,
    const struct snapshot_identity *entry, const struct snapshot_identity *old)
{
    char where[512];

    if (old == NULL || old->identity == NULL
        || !identity_is_current(old->identity, build->now)
        || identity_is_current(entry->identity, build->now))
        return 0;
    identity_where(entry->settings, where, sizeof(where));
    report_error(build->report, SL_RELOAD_WORSE,
        "%s: is expired or not yet valid and would replace a valid "
        "certificate; the one that is served stays; install a valid one and "
        "reload again",
        where);
    return -1;
}

static int
load_entry(const struct snapshot_build *build, struct snapshot_identity *entry,
    const struct snapshot_identity *old)
{
    int failed = is_unchanged(entry, old) ? share(build, entry, old)
                                          : load_new(build, entry, old);

    if (failed != 0 || entry->identity == NULL)
        return failed;
    return check_no_worse(build, entry, old);
}

int
snapshot_load_identities(struct snapshot_build *build)
{
    const struct snapshot_identity **sorted;
    struct snapshot *snapshot = build->snapshot;
    int failed = 0;

    if (read_directories(build) != 0 || list_identities(build) != 0)
        return -1;
    build->roots = roots_new();
    if (build->roots == NULL) {
        report_error(build->report, SL_MEMORY, "out of memory while loading");
        return -1;
    }
    sorted = sort_previous(build->previous);
    for (size_t i = 0; i < snapshot->identity_count && failed == 0; i++) {
        struct snapshot_identity *entry = &snapshot->identities[i];

        failed = load_entry(build, entry, find_previous(build, sorted, entry));
    }
    free(sorted);
    roots_free(build->roots);
    return failed;
}
