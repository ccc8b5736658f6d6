/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What a load has read: each path with the mark that its file had before it
 * was read. A load that finds a mark changed at its end has read a mixture
 * and starts again; the watch (proxy/watch.h) compares the same marks later.
 *
 * The mark tells any replacement from what was there: device, inode, size and
 * both times of what the path leads to, through all symbolic links, so that a
 * swapped link (Kubernetes' ..data, certbot's live/) counts as a change. A
 * path that leads nowhere has a mark, too: its appearance is a change.
 */
#ifndef SIDELOCK_CERTS_SOURCES_H
#define SIDELOCK_CERTS_SOURCES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "config/report.h"

struct sources;

/* Empty; NULL: no memory. */
struct sources *sources_new(void) MUST_CHECK;
void sources_free(struct sources *sources);

/* Takes the path's mark now, unless the path is known. `sources` may be NULL:
 * nobody wants to know. -1: no memory. */
int sources_note(struct sources *sources, const char *path) MUST_CHECK;

size_t sources_count(const struct sources *sources);
const char *sources_path(const struct sources *sources, size_t index);

/* Has any of the paths another mark now? `sources` may be NULL, when there was
 * no memory for them: that counts as a change. */
bool sources_have_changed(const struct sources *sources);
/* Was one of them younger than a second, so that a further change might leave
 * no trace in its times? */
bool sources_are_fresh(const struct sources *sources);

/* What a look at all paths finds. */
struct sources_sight {
    bool has_changed;   /* some path has another mark than it was noted with */
    bool hides_changes; /* some file is so young, for the clock of its file
                           system, that a further change may leave no trace */
    uint64_t digest;    /* of all marks as they are now */
};

/* `sources` may be NULL here, too. */
struct sources_sight sources_look(const struct sources *sources);

/* Do both hold the same paths with the same marks? */
bool sources_equal(const struct sources *a, const struct sources *b);

/* Adds the paths of `from` with their marks as they are. -1: no memory. */
int sources_add_all(
    struct sources *sources, const struct sources *from) MUST_CHECK;

#endif
