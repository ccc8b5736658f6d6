/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The turn is a timer of no delay: libevent polls the sockets once between
 * arming it and running it, which an event activated by hand would not
 * guarantee.
 */
#include "proxy/loop.h"

static void
arm_turn(struct loop *loop)
{
    static const struct timeval at_once = {0, 0};

    if (!evtimer_pending(&loop->turn, NULL))
        (void)evtimer_add(&loop->turn, &at_once);
}

static void
run_first(struct loop *loop, enum loop_queue queue)
{
    struct task *task = TAILQ_FIRST(&loop->queues[queue]);

    loop_unqueue(loop, task);
    task->run(task); /* may free the task, and may queue it again */
}

/* Each task that waits now, once: those that queue themselves again come
 * after the sockets. */
static void
run_ready(struct loop *loop)
{
    size_t count = loop->queued_count[QUEUE_READY];

    while (count-- > 0 && loop->queued_count[QUEUE_READY] > 0)
        run_first(loop, QUEUE_READY);
}

static void
on_turn(evutil_socket_t fd, short events, void *arg)
{
    struct loop *loop = arg;

    (void)fd;
    (void)events;
    run_ready(loop);
    if (loop->queued_count[QUEUE_HANDSHAKES] > 0)
        run_first(loop, QUEUE_HANDSHAKES);
    if (loop->queued_count[QUEUE_READY] > 0
        || loop->queued_count[QUEUE_HANDSHAKES] > 0)
        arm_turn(loop);
}

int
loop_init(struct loop *loop, size_t fill_bytes)
{
    struct event_config *config = event_config_new();

    *loop = (struct loop){0};
    if (config == NULL)
        return -1;
    /* One thread, one base: no locks; nobody's environment decides how. */
    (void)event_config_set_flag(
        config, EVENT_BASE_FLAG_NOLOCK | EVENT_BASE_FLAG_IGNORE_ENV);
    /* Edges, and a peer's FIN reported apart: see socket.h. */
    (void)event_config_require_features(
        config, EV_FEATURE_ET | EV_FEATURE_EARLY_CLOSE);
    loop->base = event_base_new_with_config(config);
    event_config_free(config);
    if (loop->base == NULL)
        return -1;
    pool_init(&loop->pool, fill_bytes);
    for (size_t i = 0; i < QUEUE_COUNT; i++)
        TAILQ_INIT(&loop->queues[i]);
    evtimer_assign(&loop->turn, loop->base, on_turn, loop);
    return 0;
}

void
loop_deinit(struct loop *loop)
{
    if (loop->base == NULL)
        return;
    evtimer_del(&loop->turn);
    pool_deinit(&loop->pool);
    event_base_free(loop->base);
    loop->base = NULL;
}

void
task_init(struct task *task, task_run_fn run)
{
    *task = (struct task){.run = run};
}

void
loop_queue(struct loop *loop, struct task *task, enum loop_queue queue)
{
    if (task->is_queued)
        return;
    task->queue = queue;
    task->is_queued = true;
    TAILQ_INSERT_TAIL(&loop->queues[queue], task, entry);
    loop->queued_count[queue]++;
    arm_turn(loop);
}

void
loop_unqueue(struct loop *loop, struct task *task)
{
    if (!task->is_queued)
        return;
    task->is_queued = false;
    TAILQ_REMOVE(&loop->queues[task->queue], task, entry);
    loop->queued_count[task->queue]--;
}
