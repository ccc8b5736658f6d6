/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Bytes in one direction over a few connections: `down` asks the backend's
 * source for a number of bytes, `up` announces a number to its sink, sends
 * them and waits for the receipt. Warm-up and measurement use the same
 * connections, so that only moving bytes is measured.
 */
#include "tests/bench/group.h"

/* Both backends read a 64-bit count; the sink's receipt has the same size. */
#define COUNT_BYTES 8

static void
encode_count(unsigned char *encoded, uint64_t count)
{
    for (int i = 0; i < COUNT_BYTES; i++) {
        encoded[i] = (unsigned char)(count >> (8 * (COUNT_BYTES - 1 - i)));
    }
}

static void
transfer(struct group *group, uint64_t total_bytes, bool goes_up)
{
    uint64_t each_bytes = total_bytes / group->count;
    unsigned char header[COUNT_BYTES];
    struct group_job job = {
        .header = header,
        .header_bytes = sizeof(header),
        .send_bytes = goes_up ? each_bytes : 0,
        .receive_bytes = goes_up ? COUNT_BYTES : each_bytes,
    };

    encode_count(header, each_bytes);
    group_transfer(group, &job);
}

static void
run_bulk(struct run *run, bool goes_up)
{
    uint64_t total_bytes = run->options.count;
    size_t count = run->options.connection_count;
    struct group group;

    group_open(&group, run, count, count);
    transfer(&group, run->options.warmup_count, goes_up);
    run_measure_begin(run);
    transfer(&group, total_bytes, goes_up);
    run_measure_end(run);
    group_close(&group);
    report_run(run);
    report_integer("units", total_bytes);
    report_number("ns_per_unit", (double)run->cpu_ns / (double)total_bytes);
    report_number(
        "mb_per_s", (double)total_bytes / ((double)run->wall_ns / 1000.0));
}

void
mode_down(struct run *run)
{
    run_bulk(run, false);
}

void
mode_up(struct run *run)
{
    run_bulk(run, true);
}
