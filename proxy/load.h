/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Reading everything that the process serves by, from the settings to the
 * proofs, as start, reload and `check` do it.
 */
#ifndef SIDELOCK_PROXY_LOAD_H
#define SIDELOCK_PROXY_LOAD_H

#include "certs/snapshot.h"
#include "certs/sources.h"
#include "config/config.h"
#include "config/report.h"

/*
 * A snapshot, or NULL with an error in the report. Files that change while
 * they are read are read again, so that a certificate is never paired with
 * another one's key. Either way report->sources holds what was read; it is
 * the caller's to free.
 */
struct snapshot *load_all(const struct config_source *source,
    const struct snapshot *previous, struct report *report) MUST_CHECK;

#endif
