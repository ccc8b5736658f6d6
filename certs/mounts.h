/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Which files are mounted so that a renewal never reaches them. A mount holds
 * on to what it was made of: when a single file is mounted (a bind mount, a
 * Kubernetes subPath), the file that later takes its name at the source is
 * another one. The same is true of a folder that was deleted at its source,
 * or that is one version of a Kubernetes volume and not the volume.
 */
#ifndef SIDELOCK_CERTS_MOUNTS_H
#define SIDELOCK_CERTS_MOUNTS_H

#include <stdbool.h>
#include <stddef.h>

#include "certs/sources.h"
#include "config/report.h"

enum mount_verdict {
    MOUNT_LIVE,    /* inside a mount that follows its source */
    MOUNT_POINT,   /* a mount point itself: fixed if it is a file */
    MOUNT_STALE,   /* what is mounted has been deleted at its source */
    MOUNT_VERSION, /* one version of a Kubernetes volume */
};

struct mounts;

/* From the text of /proc/self/mountinfo; lines that make no sense are left
 * out. NULL: no memory. */
struct mounts *mounts_parse(const char *text, size_t len) MUST_CHECK;
void mounts_free(struct mounts *mounts);

/* Is there a mount at all that may hold something fixed? Usually not, and
 * then no path needs to be resolved. */
bool mounts_are_suspect(const struct mounts *mounts);

/* About a path without symbolic links. */
enum mount_verdict mounts_judge(
    const struct mounts *mounts, const char *path) MUST_CHECK;

/*
 * Warns of each source that will never change; for `config_path` (may be
 * NULL) that is only a note, for settings are not renewed. What cannot be
 * found out is not reported.
 */
void mounts_report(const struct mounts *mounts, const struct sources *sources,
    const char *config_path, struct report *report);

/* The same with the mounts of this process. */
void mounts_report_own(const struct sources *sources, const char *config_path,
    struct report *report);

#endif
