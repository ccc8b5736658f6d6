/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * One worker's event loop with the two queues that keep it fair.
 *
 * Socket events run at once. Work that would take long goes into a queue and
 * is done in turns between looks at the sockets: a stream that has spent its
 * budget (QUEUE_READY), and handshakes (QUEUE_HANDSHAKES), each of which
 * costs as much as dozens of short messages. A turn runs every ready task once
 * and then one handshake step.
 */
#ifndef SIDELOCK_PROXY_LOOP_H
#define SIDELOCK_PROXY_LOOP_H

#include <sys/queue.h>

#include <stdbool.h>

#include <event2/event.h>
#include <event2/event_struct.h>

#include "config/report.h"
#include "proxy/pool.h"

enum loop_queue {
    QUEUE_READY,
    QUEUE_HANDSHAKES,
    QUEUE_COUNT
};

struct task;
typedef void (*task_run_fn)(struct task *task);

/* Embedded in what is to be run. In at most one queue at a time. */
struct task {
    TAILQ_ENTRY(task) entry;
    task_run_fn run;
    enum loop_queue queue; /* valid while is_queued */
    bool is_queued;
};

TAILQ_HEAD(task_list, task);

struct loop {
    struct event_base *base;
    struct pool pool;
    struct task_list queues[QUEUE_COUNT];
    size_t queued_count[QUEUE_COUNT];
    struct event turn;
};

int loop_init(struct loop *loop, size_t fill_bytes) MUST_CHECK;
void loop_deinit(struct loop *loop);

void task_init(struct task *task, task_run_fn run);

/* Queues the task, or leaves it where it is when it is queued already. */
void loop_queue(struct loop *loop, struct task *task, enum loop_queue queue);
void loop_unqueue(struct loop *loop, struct task *task);

#endif
