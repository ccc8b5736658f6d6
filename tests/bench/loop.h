/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A minimal event loop: edge-triggered epoll with one deadline for the run.
 */
#ifndef BENCH_LOOP_H
#define BENCH_LOOP_H

#include <stdint.h>

/* Embedded in whatever waits for events of a descriptor. */
struct loop_source {
    void (*on_event)(struct loop_source *source);
};

struct loop {
    int epoll_fd;
    uint64_t deadline_ns; /* the run is broken off after it */
};

void loop_init(struct loop *loop, uint64_t limit_ns);
void loop_deinit(struct loop *loop);

/*
 * Reports edges in both directions until the descriptor is closed. A handler
 * may close its own descriptor and free its own source, but no other's.
 */
void loop_add(struct loop *loop, int fd, struct loop_source *source);

/*
 * Waits at most `wait_ns` and handles one batch of events. Ends the program
 * when the run's deadline has passed.
 */
void loop_turn(struct loop *loop, uint64_t wait_ns);

#endif
