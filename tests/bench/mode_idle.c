/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Many connections that do nothing: the proxy's memory before, with them open,
 * after each moved some bytes there and back, and after all closed; and the
 * processor time that it uses while nothing happens.
 */
#include "tests/bench/group.h"

/* Handshakes at the same time: many would measure the peak, not the rest. */
#define WINDOW 32

static void
echo_each(struct group *group, uint64_t bytes)
{
    struct group_job job = {.send_bytes = bytes, .receive_bytes = bytes};

    group_transfer(group, &job);
}

static uint64_t
settled_pss_kib(struct run *run)
{
    watch_settle(&run->watch);
    return watch_pss_kib(&run->watch);
}

/* The first connection makes the proxy touch what every proxy needs. */
static void
serve_one(struct run *run)
{
    struct group group;

    group_open(&group, run, 1, 1);
    echo_each(&group, run->options.message_bytes);
    group_close(&group);
}

static void
report_per_connection(
    const char *name, uint64_t rest_kib, uint64_t full_kib, uint64_t count)
{
    double grown_bytes = ((double)full_kib - (double)rest_kib) * 1024.0;

    report_number(name, grown_bytes / (double)count);
}

void
mode_idle(struct run *run)
{
    uint64_t count = run->options.connection_count;
    uint64_t started_kib = settled_pss_kib(run);
    uint64_t rest_kib;
    uint64_t open_kib;
    uint64_t moved_kib;
    struct group group;

    serve_one(run);
    rest_kib = settled_pss_kib(run);
    group_open(&group, run, count, WINDOW);
    open_kib = settled_pss_kib(run);
    run_measure_begin(run);
    clock_pause_ns(run->options.hold_ms * NS_PER_MS);
    run_measure_end(run);
    echo_each(&group, run->options.message_bytes);
    moved_kib = settled_pss_kib(run);
    group_close(&group);
    report_run(run);
    report_integer("units", count);
    report_integer("started_kib", started_kib);
    report_integer("rest_kib", rest_kib);
    report_integer("open_kib", open_kib);
    report_integer("moved_kib", moved_kib);
    report_integer("closed_kib", settled_pss_kib(run));
    report_per_connection("bytes_per_idle", rest_kib, open_kib, count);
    report_per_connection("bytes_per_moved", rest_kib, moved_kib, count);
    report_number(
        "idle_cpu_percent", 100.0 * (double)run->cpu_ns / (double)run->wall_ns);
}
