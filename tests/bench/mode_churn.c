/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The modes that make many connections, a fixed number at a time:
 *
 *   full, resumed  connect, handshake, wait for the end that comes from the
 *                  backend (which must close at once, so that every proxy has
 *                  to connect to it and to pass the end on)
 *   short          connect, handshake, one request, one answer of the same
 *                  size, close; the backend must echo
 */
#include "tests/bench/run.h"

struct churn {
    struct run *run;
    uint64_t to_start; /* connections of this phase not yet started */
    bool sends_request;
    struct samples durations; /* connect() until the end */
};

static enum conn_next
next_of(enum tls_result result, enum conn_next when_done)
{
    switch (result) {
    case TLS_OK:
    case TLS_END:
        return when_done;
    case TLS_AGAIN:
        return CONN_STAYS;
    case TLS_FAILED:
        break;
    }
    return CONN_FAILED;
}

static enum conn_next
step_connection(struct conn *conn)
{
    struct churn *churn = conn->pool->user;

    if (!churn->sends_request) {
        return next_of(conn_await_end(conn), CONN_ENDED);
    }
    if (!conn->is_marked) {
        conn->is_marked = true;
        conn->send_bytes = churn->run->options.message_bytes;
        conn->receive_bytes = churn->run->options.message_bytes;
    }
    return next_of(conn_transfer(conn), CONN_HANGS_UP);
}

static void
start_next(struct churn *churn)
{
    if (churn->to_start == 0) {
        return;
    }
    churn->to_start--;
    conn_start(&churn->run->pool);
}

static void
connection_over(struct conn *conn, bool is_good)
{
    struct churn *churn = conn->pool->user;

    if (is_good) {
        samples_add(&churn->durations, clock_now_ns() - conn->started_ns);
    }
    start_next(churn);
}

static void
run_phase(struct churn *churn, uint64_t count)
{
    struct run *run = churn->run;

    churn->to_start = count;
    for (uint64_t i = 0; i < run->options.connection_count; i++) {
        start_next(churn);
    }
    while (run->pool.live_count > 0) {
        loop_turn(&run->loop, RUN_TURN_NS);
    }
}

static void
run_churn(struct run *run, bool sends_request)
{
    static const struct conn_user callbacks = {
        .step = step_connection,
        .over = connection_over,
    };
    struct churn churn = {.run = run, .sends_request = sends_request};
    uint64_t count = run->options.count;

    run->pool.callbacks = &callbacks;
    run->pool.user = &churn;
    run_phase(&churn, run->options.warmup_count);
    samples_deinit(&churn.durations);
    run->pool.opened_count = 0;
    run->pool.resumed_count = 0;
    run->pool.certified_count = 0;
    run_measure_begin(run);
    run_phase(&churn, count);
    run_measure_end(run);
    report_run(run);
    report_integer("units", count);
    report_number(
        "us_per_unit", (double)run->cpu_ns / (double)NS_PER_US / (double)count);
    report_latency("connection", &churn.durations);
    samples_deinit(&churn.durations);
}

void
mode_full(struct run *run)
{
    run_churn(run, false);
}

void
mode_resumed(struct run *run)
{
    run_churn(run, false);
}

void
mode_short(struct run *run)
{
    run_churn(run, true);
}
