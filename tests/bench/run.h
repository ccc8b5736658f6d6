/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * One run of the load generator: what every mode works with, the bracket
 * around what is measured, and the result as one JSON object on stdout.
 */
#ifndef BENCH_RUN_H
#define BENCH_RUN_H

#include <stdbool.h>
#include <stdint.h>

#include "tests/bench/common.h"
#include "tests/bench/conn.h"
#include "tests/bench/loop.h"
#include "tests/bench/options.h"
#include "tests/bench/watch.h"

/* How long one turn of a loop may wait when nothing else limits it. */
#define RUN_TURN_NS (50 * NS_PER_MS)

struct run {
    struct options options;
    struct watch watch;
    struct loop loop;
    struct conn_pool pool;
    /* Set by run_measure_begin and run_measure_end. */
    uint64_t cpu_ns;
    uint64_t wall_ns;
    bool is_settled; /* the proxy became quiet before and after */
};

/* Fills in all but the mode's callbacks in `pool`. */
void run_init(struct run *run, bool resumes);
void run_deinit(struct run *run);

/* The bracket: waits for quiet, then takes the clocks. */
void run_measure_begin(struct run *run);
void run_measure_end(struct run *run);

/* Each adds one member to the JSON object; names are plain words. */
void report_begin(const char *mode);
void report_integer(const char *name, uint64_t value);
void report_number(const char *name, double value);
void report_text(const char *name, const char *value);
void report_boolean(const char *name, bool value);
void report_end(void);

/* The members that every mode reports: counts, clocks, what was negotiated. */
void report_run(const struct run *run);

/* Adds NAME_p50_us, NAME_p99_us and NAME_max_us. */
void report_latency(const char *name, struct samples *samples);

/* The modes; each reports its own members between begin and end. */
void mode_full(struct run *run);
void mode_resumed(struct run *run);
void mode_short(struct run *run);
void mode_down(struct run *run);
void mode_up(struct run *run);
void mode_pingpong(struct run *run);
void mode_idle(struct run *run);
void mode_storm(struct run *run);
void mode_start(struct run *run);

#endif
