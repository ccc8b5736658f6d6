/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A child process that handshakes in waves: all clients of a wave connect,
 * then send their first message at the same moment; the next wave begins when
 * the last of them is done. It runs at a low priority, so that its own
 * cryptography does not delay the process that measures.
 */
#ifndef BENCH_STORM_H
#define BENCH_STORM_H

#include <sys/types.h>

#include <stdint.h>

#include "tests/bench/options.h"

/* Owned by the caller from storm_new until storm_stop. */
struct storm {
    pid_t pid;
    int control_fd; /* a byte starts the waves, closing it ends them */
    int result_fd;  /* a byte after the first wave, then the result */
};

struct storm_result {
    uint64_t wave_count;
    uint64_t handshake_count;
    uint64_t failed_count;
};

/* Forks the child, which waits. Call it before anything else is open. */
void storm_new(struct storm *storm, const struct options *options);

/* Returns after the first wave. */
void storm_start(struct storm *storm);

/* Ends the waves, waits for the child and frees everything. */
struct storm_result storm_stop(struct storm *storm);

#endif
