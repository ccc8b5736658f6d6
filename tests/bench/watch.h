/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What the watched proxy costs: processor time and memory of a process and of
 * all its descendants, read from outside.
 *
 * Processor time comes from each process's own CPU clock (see
 * clock_getcpuclockid(3)): user plus system, in nanoseconds, threads that have
 * already ended included. Memory is PSS from smaps_rollup: kernel memory such
 * as socket buffers is not in it.
 */
#ifndef BENCH_WATCH_H
#define BENCH_WATCH_H

#include <sys/types.h>

#include <stdbool.h>
#include <stdint.h>

#define WATCH_PROCESSES_MAX 64

/* Owned by the caller; all zero (root 0) watches nothing and reads as 0. */
struct watch {
    pid_t root;
    pid_t pids[WATCH_PROCESSES_MAX]; /* seen by the last reading */
    int pid_count;
};

void watch_init(struct watch *watch, pid_t root);

/*
 * Processor time used so far. Ends the program when a process seen by an
 * earlier reading is gone, because its time would be missing.
 */
uint64_t watch_cpu_ns(struct watch *watch);

/* Memory in KiB (PSS, summed over the processes). */
uint64_t watch_pss_kib(struct watch *watch);

/*
 * Waits until the proxy has finished what it was doing: its clock moved less
 * than 0.5 % during 20 ms. Gives up after a second, which is reported as
 * false.
 */
bool watch_settle(struct watch *watch);

#endif
