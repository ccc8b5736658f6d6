/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * How long established streams wait while many clients handshake. Each stream
 * sends a message at fixed moments; the latency counts from the moment at
 * which the message was due, so that a stalled proxy is not spared the
 * messages that could not be sent meanwhile.
 */
#include <sched.h>

#include "tests/bench/run.h"
#include "tests/bench/storm.h"

#define STREAM_COUNT 20
#define INTERVAL_NS  (5 * NS_PER_MS)

struct pacer {
    struct run *run;
    struct conn *streams[STREAM_COUNT];
    uint64_t end_ns; /* no message is due at or after it */
    uint64_t in_flight;
    struct samples latencies;
};

/* `mark_ns` is when the stream's next (or unanswered) message is due. */
static enum conn_next
step_stream(struct conn *conn)
{
    struct pacer *pacer = conn->pool->user;

    if (!conn->is_marked) {
        return CONN_STAYS;
    }
    switch (conn_transfer(conn)) {
    case TLS_OK:
        samples_add(&pacer->latencies, clock_now_ns() - conn->mark_ns);
        conn->mark_ns += INTERVAL_NS;
        conn->is_marked = false;
        pacer->in_flight--;
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
stream_over(struct conn *conn, bool is_good)
{
    (void)is_good;
    die("a stream broke: %s", conn->pool->failure);
}

/* Sends what is due; returns the moment at which the next message is due. */
static uint64_t
send_due(struct pacer *pacer, uint64_t now_ns)
{
    uint64_t next_ns = pacer->end_ns;

    for (int i = 0; i < STREAM_COUNT; i++) {
        struct conn *conn = pacer->streams[i];

        if (conn->is_marked || conn->mark_ns >= pacer->end_ns) {
            continue;
        }
        if (conn->mark_ns > now_ns) {
            next_ns = conn->mark_ns < next_ns ? conn->mark_ns : next_ns;
            continue;
        }
        conn->send_bytes = pacer->run->options.message_bytes;
        conn->receive_bytes = pacer->run->options.message_bytes;
        conn->is_marked = true;
        pacer->in_flight++;
        conn_run(conn);
    }
    return next_ns;
}

static void
run_phase(struct pacer *pacer, uint64_t duration_ns)
{
    uint64_t now_ns = clock_now_ns();

    samples_deinit(&pacer->latencies);
    pacer->end_ns = now_ns + duration_ns;
    for (uint64_t i = 0; i < STREAM_COUNT; i++) {
        pacer->streams[i]->mark_ns = now_ns + i * INTERVAL_NS / STREAM_COUNT;
    }
    while (now_ns < pacer->end_ns || pacer->in_flight > 0) {
        uint64_t next_ns = send_due(pacer, now_ns);

        now_ns = clock_now_ns();
        loop_turn(
            &pacer->run->loop, next_ns > now_ns ? next_ns - now_ns : NS_PER_MS);
        now_ns = clock_now_ns();
    }
}

static void
open_streams(struct pacer *pacer)
{
    static const struct conn_user callbacks = {
        .step = step_stream,
        .over = stream_over,
    };
    struct run *run = pacer->run;

    run->pool.callbacks = &callbacks;
    run->pool.user = pacer;
    for (int i = 0; i < STREAM_COUNT; i++) {
        pacer->streams[i] = conn_start(&run->pool);
    }
    while (run->pool.opened_count < STREAM_COUNT) {
        loop_turn(&run->loop, RUN_TURN_NS);
    }
}

void
mode_storm(struct run *run)
{
    uint64_t hold_ns = run->options.hold_ms * NS_PER_MS;
    struct sched_param realtime = {.sched_priority = 1};
    struct pacer pacer = {.run = run};
    struct storm_result result;
    struct storm storm;

    storm_new(&storm, &run->options);
    report_boolean(
        "realtime", sched_setscheduler(0, SCHED_FIFO, &realtime) == 0);
    open_streams(&pacer);
    run_phase(&pacer, hold_ns / 2);
    report_latency("quiet", &pacer.latencies);
    storm_start(&storm);
    run->cpu_ns = watch_cpu_ns(&run->watch);
    run->wall_ns = clock_now_ns();
    run_phase(&pacer, hold_ns);
    run->wall_ns = clock_now_ns() - run->wall_ns;
    run->cpu_ns = watch_cpu_ns(&run->watch) - run->cpu_ns;
    report_latency("storm", &pacer.latencies);
    result = storm_stop(&storm);
    run->is_settled = true;
    run->pool.failed_count += result.failed_count;
    report_run(run);
    report_integer("waves", result.wave_count);
    report_integer("handshakes", result.handshake_count);
    report_integer("messages", pacer.latencies.count);
    samples_deinit(&pacer.latencies);
}
