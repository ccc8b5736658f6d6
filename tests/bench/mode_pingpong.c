/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Small messages to an echoing backend: each connection sends one, waits for
 * it to come back, sends the next, until the shared number of messages is
 * used up, so that all connections stay busy to the end.
 */
#include <stdlib.h>

#include "tests/bench/run.h"

struct pingpong {
    struct run *run;
    struct conn **conns;
    uint64_t to_send;   /* messages of this phase not yet sent */
    uint64_t in_flight; /* messages sent and not yet back */
    struct samples latencies;
};

/* Sends the next message; false when the phase has none left. */
static bool
send_next(struct conn *conn)
{
    struct pingpong *pingpong = conn->pool->user;

    if (pingpong->to_send == 0) {
        return false;
    }
    pingpong->to_send--;
    pingpong->in_flight++;
    conn->send_bytes = pingpong->run->options.message_bytes;
    conn->receive_bytes = pingpong->run->options.message_bytes;
    conn->is_marked = true;
    conn->mark_ns = clock_now_ns();
    return true;
}

static enum conn_next
step_message(struct conn *conn)
{
    struct pingpong *pingpong = conn->pool->user;

    while (conn->is_marked || send_next(conn)) {
        switch (conn_transfer(conn)) {
        case TLS_OK:
            samples_add(&pingpong->latencies, clock_now_ns() - conn->mark_ns);
            conn->is_marked = false;
            pingpong->in_flight--;
            break;
        case TLS_AGAIN:
            return CONN_STAYS;
        case TLS_END:
        case TLS_FAILED:
            return CONN_FAILED;
        }
    }
    return CONN_STAYS;
}

static void
connection_over(struct conn *conn, bool is_good)
{
    (void)is_good;
    die("a connection broke: %s", conn->pool->failure);
}

static void
run_phase(struct pingpong *pingpong, uint64_t count)
{
    struct run *run = pingpong->run;

    pingpong->to_send = count;
    for (uint64_t i = 0; i < run->options.connection_count; i++) {
        conn_run(pingpong->conns[i]);
    }
    while (pingpong->in_flight > 0) {
        loop_turn(&run->loop, RUN_TURN_NS);
    }
}

static void
open_connections(struct pingpong *pingpong)
{
    static const struct conn_user callbacks = {
        .step = step_message,
        .over = connection_over,
    };
    struct run *run = pingpong->run;
    uint64_t count = run->options.connection_count;

    run->pool.callbacks = &callbacks;
    run->pool.user = pingpong;
    pingpong->conns = allocate(count * sizeof(struct conn *));
    for (uint64_t i = 0; i < count; i++) {
        pingpong->conns[i] = conn_start(&run->pool);
    }
    while (run->pool.opened_count < count) {
        loop_turn(&run->loop, RUN_TURN_NS);
    }
}

void
mode_pingpong(struct run *run)
{
    struct pingpong pingpong = {.run = run};
    uint64_t count = run->options.count;

    open_connections(&pingpong);
    run_phase(&pingpong, run->options.warmup_count);
    samples_deinit(&pingpong.latencies);
    run_measure_begin(run);
    run_phase(&pingpong, count);
    run_measure_end(run);
    report_run(run);
    report_integer("units", count);
    report_number(
        "us_per_unit", (double)run->cpu_ns / (double)NS_PER_US / (double)count);
    report_number("units_per_s",
        (double)count / ((double)run->wall_ns / (double)NS_PER_S));
    report_latency("latency", &pingpong.latencies);
    samples_deinit(&pingpong.latencies);
    free(pingpong.conns);
}
