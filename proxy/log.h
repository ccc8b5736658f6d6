/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The log: one event, one line, as logfmt or JSON with the same keys. A line
 * is built in a buffer of its own and leaves in one write, so threads need no
 * lock. The sink never blocks a worker: where a pipe or a socket is full, the
 * line is dropped and counted, and the next line that gets through says so.
 *
 * Values are escaped here, so callers pass what a peer sent as it came.
 * Never log keys, passwords or payload.
 */
#ifndef SIDELOCK_PROXY_LOG_H
#define SIDELOCK_PROXY_LOG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "config/config.h"
#include "config/report.h"

enum {
    LOG_LINE_BYTES = 4000
}; /* below PIPE_BUF: a write stays whole */

struct log_line {
    size_t len;
    bool is_wanted; /* the level is on; otherwise every call does nothing */
    bool is_json;
    char text[LOG_LINE_BYTES];
};

/* Opens the sink. 0, or -1 with an error in the report. Main thread, before
 * the workers start. */
int log_open(const struct config_log *config, struct report *report) MUST_CHECK;
/* Applies what a reload may change; on failure the old sink stays. */
int log_reconfigure(
    const struct config_log *config, struct report *report) MUST_CHECK;
/* Opens the path of the sink anew, after a rotation. Main thread. */
int log_reopen(struct report *report) MUST_CHECK;
void log_close(void);

bool log_is_wanted(enum log_level level);

/* log_begin, any number of log_put_*, log_end writes the line. */
void log_begin(struct log_line *line, enum log_level level, const char *event);
void log_put_string(struct log_line *line, const char *key, const char *value);
void log_put_int(struct log_line *line, const char *key, int64_t value);
void log_end(struct log_line *line);

/* event=finding for each entry of a report: warnings at warn, notes at info,
 * errors at error. */
void log_report(const struct report *report);

#endif
