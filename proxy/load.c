/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Load, and load again when files changed meanwhile. */
#include "proxy/load.h"

#include <time.h>

#include "certs/mounts.h"

enum {
    ATTEMPTS_MAX = 5,
    PAUSE_NS = 50 * 1000 * 1000, /* who writes two files needs less */
};

static struct snapshot *
load_once(const struct config_source *source, const struct snapshot *previous,
    struct report *report)
{
    struct config *config;
    struct snapshot *snapshot;

    report->sources = sources_new();
    if (report->sources == NULL
        || (source->path != NULL
            && sources_note(report->sources, source->path) != 0)) {
        report_error(report, SL_MEMORY, "out of memory while loading");
        return NULL;
    }
    config = config_load(source, report);
    if (config == NULL)
        return NULL;
    snapshot = snapshot_load(config, previous, time(NULL), report);
    if (snapshot == NULL)
        config_free(config);
    return snapshot;
}

static void
forget(struct snapshot *snapshot, struct report *report)
{
    snapshot_unref(snapshot);
    sources_free(report->sources);
    report_deinit(report);
}

static bool
has_changed_meanwhile(const struct report *report)
{
    return report->sources != NULL && sources_have_changed(report->sources);
}

/*
 * What was read last is as good as any: each key was proven with its
 * certificate, and the watch will see that the marks have changed.
 */
static void
warn_of_changes(struct report *report)
{
    report_warning(report, SL_FILE_CHANGING,
        "files were being changed while they were read, %d times in a row; "
        "what was read last is used, and looked at again",
        ATTEMPTS_MAX);
}

struct snapshot *
load_all(const struct config_source *source, const struct snapshot *previous,
    struct report *report)
{
    static const struct timespec pause = {0, PAUSE_NS};

    for (int attempt = 1;; attempt++) {
        struct report found;
        struct snapshot *snapshot;
        bool is_torn;

        report_init(&found);
        found.is_strict = report->is_strict;
        snapshot = load_once(source, previous, &found);
        is_torn = has_changed_meanwhile(&found);
        if (is_torn && attempt < ATTEMPTS_MAX) {
            forget(snapshot, &found);
            (void)nanosleep(&pause, NULL);
            continue;
        }
        if (is_torn)
            warn_of_changes(&found);
        if (found.sources != NULL)
            mounts_report_own(found.sources, source->path, &found);
        report_add_all(report, &found);
        report->sources = found.sources;
        report_deinit(&found);
        return snapshot;
    }
}
