/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Monotonic time in milliseconds, for deadlines and durations. The coarse
 * clock is read from memory and is a few milliseconds behind at most. */
#ifndef SIDELOCK_PROXY_CLOCK_H
#define SIDELOCK_PROXY_CLOCK_H

#include <stdint.h>
#include <time.h>

static inline int64_t
clock_now_ms(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC_COARSE, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* The precise clock, for budgets below a millisecond. */
static inline int64_t
clock_now_us(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

#endif
