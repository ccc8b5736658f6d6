/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Load, and load again when files changed meanwhile. */
#include "proxy/load.h"

#include <time.h>

enum {
    ATTEMPTS_MAX = 5
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

struct snapshot *
load_all(const struct config_source *source, const struct snapshot *previous,
    struct report *report)
{
    for (int attempt = 1;; attempt++) {
        struct report found;
        struct snapshot *snapshot;

        report_init(&found);
        snapshot = load_once(source, previous, &found);
        if (attempt < ATTEMPTS_MAX && found.sources != NULL
            && sources_have_changed(found.sources)) {
            forget(snapshot, &found);
            continue;
        }
        report_add_all(report, &found);
        report->sources = found.sources;
        report_deinit(&found);
        return snapshot;
    }
}
