/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Small things that every file of the load generator needs: the clock, ending
 * with a message, and samples from which percentiles are taken.
 *
 * The generator is a measuring tool with one run per process: whatever keeps
 * a run from being valid ends the process with a message and exit code 1.
 */
#ifndef BENCH_COMMON_H
#define BENCH_COMMON_H

#include <stddef.h>
#include <stdint.h>

#define NS_PER_US 1000ULL
#define NS_PER_MS 1000000ULL
#define NS_PER_S  1000000000ULL

/* The monotonic clock in nanoseconds. */
uint64_t clock_now_ns(void);

/* Sleeps for a fixed time; used between measurements, never to wait. */
void clock_pause_ns(uint64_t duration_ns);

/* Prints "bench: TEXT" to stderr and ends the process with code 1. */
__attribute__((format(printf, 1, 2), noreturn)) void die(
    const char *format, ...);

/* malloc that ends the process instead of failing; the memory is zeroed. */
void *allocate(size_t size_bytes);

/* A growing list of durations. All zero is a valid empty list. */
struct samples {
    uint64_t *values_ns;
    size_t count;
    size_t capacity;
};

void samples_add(struct samples *samples, uint64_t value_ns);

/*
 * The value below which `fraction` (0..1) of the samples lie; 0 when there
 * are none. Sorts the list in place.
 */
uint64_t samples_percentile_ns(struct samples *samples, double fraction);

void samples_deinit(struct samples *samples);

#endif
