/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The clock, fatal messages and lists of durations of the load generator.
 */
#include "tests/bench/common.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

uint64_t
clock_now_ns(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * NS_PER_S + (uint64_t)now.tv_nsec;
}

void
clock_pause_ns(uint64_t duration_ns)
{
    struct timespec pause = {
        .tv_sec = (time_t)(duration_ns / NS_PER_S),
        .tv_nsec = (long)(duration_ns % NS_PER_S),
    };

    while (nanosleep(&pause, &pause) != 0) {
        /* interrupted: `pause` holds what is left */
    }
}

void
die(const char *format, ...)
{
    va_list arguments;

    fputs("bench: ", stderr);
    va_start(arguments, format);
    vfprintf(stderr, format, arguments);
    va_end(arguments);
    fputc('\n', stderr);
    exit(1);
}

void *
allocate(size_t size_bytes)
{
    void *memory = calloc(1, size_bytes);

    if (memory == NULL) {
        die("out of memory (%zu bytes)", size_bytes);
    }
    return memory;
}

void
samples_add(struct samples *samples, uint64_t value_ns)
{
    if (samples->count == samples->capacity) {
        size_t capacity = samples->capacity > 0 ? samples->capacity * 2 : 4096;
        uint64_t *grown =
            reallocarray(samples->values_ns, capacity, sizeof(*grown));

        if (grown == NULL) {
            die("out of memory for %zu samples", capacity);
        }
        samples->values_ns = grown;
        samples->capacity = capacity;
    }
    samples->values_ns[samples->count++] = value_ns;
}

static int
compare_durations(const void *left, const void *right)
{
    const uint64_t *a = left;
    const uint64_t *b = right;

    return (*a > *b) - (*a < *b);
}

uint64_t
samples_percentile_ns(struct samples *samples, double fraction)
{
    size_t index;

    if (samples->count == 0) {
        return 0;
    }
    qsort(samples->values_ns, samples->count, sizeof(*samples->values_ns),
        compare_durations);
    index = (size_t)(fraction * (double)samples->count);
    if (index >= samples->count) {
        index = samples->count - 1;
    }
    return samples->values_ns[index];
}

void
samples_deinit(struct samples *samples)
{
    free(samples->values_ns);
    *samples = (struct samples){0};
}
