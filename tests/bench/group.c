/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Runs one task over a set of connections. A connection is busy from the
 * start of its part until its step finds nothing left to move.
 */
#include "tests/bench/group.h"

#include <stdlib.h>

static enum conn_next
step_member(struct conn *conn)
{
    struct group *group = conn->pool->user;

    if (!conn->is_marked) {
        return CONN_STAYS;
    }
    if (group->task == GROUP_CLOSE) {
        return CONN_HANGS_UP;
    }
    switch (conn_transfer(conn)) {
    case TLS_OK:
        conn->is_marked = false;
        group->busy--;
        return CONN_STAYS;
    case TLS_AGAIN:
        return CONN_STAYS;
    case TLS_END:
    case TLS_FAILED:
        break;
    }
    return CONN_FAILED;
}

static void
member_over(struct conn *conn, bool is_good)
{
    struct group *group = conn->pool->user;

    if (!is_good) {
        die("a connection broke: %s", conn->pool->failure);
    }
    group->conns[conn->index] = NULL;
    group->busy--;
}

static void
begin_member(struct group *group, size_t index)
{
    struct conn *conn;

    group->busy++;
    if (group->task == GROUP_OPEN) {
        conn = conn_start(&group->run->pool);
        conn->index = index;
        conn->is_marked = true;
        group->conns[index] = conn;
        return;
    }
    conn = group->conns[index];
    conn->is_marked = true;
    if (group->task == GROUP_TRANSFER) {
        const struct group_job *job = group->job;

        conn->send_bytes = job->send_bytes;
        conn->receive_bytes = job->receive_bytes;
        if (job->header != NULL
            && conn_send_now(conn, job->header, job->header_bytes) != TLS_OK) {
            die("a connection broke: %s", tls_last_error());
        }
    }
    conn_run(conn);
}

static void
run_task(struct group *group, enum group_task task)
{
    group->task = task;
    group->next = 0;
    group->busy = 0;
    while (group->next < group->count || group->busy > 0) {
        while (group->next < group->count && group->busy < group->window) {
            begin_member(group, group->next++);
        }
        if (group->busy > 0) {
            loop_turn(&group->run->loop, RUN_TURN_NS);
        }
    }
}

void
group_open(struct group *group, struct run *run, size_t count, size_t window)
{
    static const struct conn_user callbacks = {
        .step = step_member,
        .over = member_over,
    };

    *group = (struct group){.run = run, .count = count, .window = window};
    group->conns = allocate(count * sizeof(struct conn *));
    run->pool.callbacks = &callbacks;
    run->pool.user = group;
    run_task(group, GROUP_OPEN);
}

void
group_transfer(struct group *group, const struct group_job *job)
{
    group->job = job;
    run_task(group, GROUP_TRANSFER);
}

void
group_close(struct group *group)
{
    run_task(group, GROUP_CLOSE);
    free(group->conns);
    group->conns = NULL;
}
