/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * bench-load: makes one kind of load on a TLS port and reports, as one JSON
 * object, what it cost the proxy behind that port and how long it took. One
 * thread, one mode per run. docs/benchmark.md says how the results are read.
 */
#include <signal.h>

#include "tests/bench/run.h"

#define CHURN_DEFAULTS                                                         \
    {                                                                          \
        .count = 3000, .warmup_count = 300, .connection_count = 16,            \
        .message_bytes = 100, .limit_s = 120                                   \
    }

#define BULK_DEFAULTS                                                          \
    {                                                                          \
        .count = 2ULL << 30, .warmup_count = 128ULL << 20,                     \
        .connection_count = 4, .message_bytes = 100, .limit_s = 120            \
    }

static const struct mode modes[] = {
    {
        .name = "full",
        .help = "full handshakes; the backend closes at once",
        .run = mode_full,
        .defaults = CHURN_DEFAULTS,
    },
    {
        .name = "resumed",
        .help = "resumed handshakes; the backend closes at once",
        .run = mode_resumed,
        .resumes = true,
        .defaults = CHURN_DEFAULTS,
    },
    {
        .name = "short",
        .help = "handshake, one echoed message, close",
        .run = mode_short,
        .defaults = CHURN_DEFAULTS,
    },
    {
        .name = "down",
        .help = "bytes from a source",
        .run = mode_down,
        .defaults = BULK_DEFAULTS,
    },
    {
        .name = "up",
        .help = "bytes to a sink",
        .run = mode_up,
        .defaults = BULK_DEFAULTS,
    },
    {
        .name = "pingpong",
        .help = "echoed messages",
        .run = mode_pingpong,
        .defaults = {.count = 30000,
            .warmup_count = 3000,
            .connection_count = 1,
            .message_bytes = 100,
            .limit_s = 120},
    },
    {
        .name = "idle",
        .help = "open connections that do nothing, then one message each",
        .run = mode_idle,
        .defaults = {.connection_count = 5000,
            .message_bytes = 16384,
            .hold_ms = 2000,
            .limit_s = 120},
    },
    {
        .name = "storm",
        .help = "paced messages on 20 streams while others handshake",
        .run = mode_storm,
        .defaults = {.connection_count = 200,
            .message_bytes = 100,
            .hold_ms = 3000,
            .limit_s = 120},
    },
    {
        .name = "start",
        .help = "from starting the proxy to the first handshake",
        .run = mode_start,
        .takes_command = true,
        .defaults = {.connection_count = 1,
            .message_bytes = 100,
            .limit_s = 30},
    },
    {.name = NULL},
};

int
main(int argc, char **argv)
{
    static struct run run;
    const struct mode *mode = options_parse(&run.options, modes, argc, argv);
    int status;

    signal(SIGPIPE, SIG_IGN);
    run_init(&run, mode->resumes);
    report_begin(mode->name);
    mode->run(&run);
    report_end();
    status = run.pool.failed_count > 0 ? 1 : 0;
    run_deinit(&run);
    return status;
}
