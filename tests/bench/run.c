/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Setting a run up, the bracket around what is measured, and writing results.
 */
#include "tests/bench/run.h"

#include <stdio.h>
#include <string.h>

void
run_init(struct run *run, bool resumes)
{
    watch_init(&run->watch, run->options.watched);
    loop_init(&run->loop, run->options.limit_s * NS_PER_S);
    run->pool = (struct conn_pool){
        .loop = &run->loop,
        .tls_context = tls_context_new(run->options.group, resumes),
        .target = run->options.target,
        .name_count = run->options.name_count,
    };
    if (run->options.cert != NULL) {
        tls_context_show(
            run->pool.tls_context, run->options.cert, run->options.key);
    }
}

void
run_deinit(struct run *run)
{
    tls_context_free(run->pool.tls_context);
    loop_deinit(&run->loop);
}

void
run_measure_begin(struct run *run)
{
    run->is_settled = watch_settle(&run->watch);
    run->cpu_ns = watch_cpu_ns(&run->watch);
    run->wall_ns = clock_now_ns();
}

void
run_measure_end(struct run *run)
{
    run->wall_ns = clock_now_ns() - run->wall_ns;
    /* What the proxy still tidies up belongs to the work. */
    run->is_settled = watch_settle(&run->watch) && run->is_settled;
    run->cpu_ns = watch_cpu_ns(&run->watch) - run->cpu_ns;
}

void
report_begin(const char *mode)
{
    printf("{\"mode\": \"%s\"", mode);
}

void
report_integer(const char *name, uint64_t value)
{
    printf(", \"%s\": %llu", name, (unsigned long long)value);
}

void
report_number(const char *name, double value)
{
    printf(", \"%s\": %.6g", name, value);
}

void
report_boolean(const char *name, bool value)
{
    printf(", \"%s\": %s", name, value ? "true" : "false");
}

void
report_text(const char *name, const char *value)
{
    printf(", \"%s\": \"", name);
    for (; *value != '\0'; value++) {
        if (*value == '"' || *value == '\\') {
            putchar('\\');
        }
        putchar((unsigned char)*value < ' ' ? ' ' : *value);
    }
    putchar('"');
}

void
report_end(void)
{
    puts("}");
}

void
report_run(const struct run *run)
{
    report_text("negotiated", run->pool.negotiated);
    report_integer("opened", run->pool.opened_count);
    report_integer("resumed", run->pool.resumed_count);
    report_integer("certified", run->pool.certified_count);
    report_integer("failed", run->pool.failed_count);
    if (run->pool.failed_count > 0) {
        report_text("failure", run->pool.failure);
    }
    report_boolean("settled", run->is_settled);
    report_number("seconds", (double)run->wall_ns / (double)NS_PER_S);
    report_integer("cpu_ns", run->cpu_ns);
    report_number("cpu_load", (double)run->cpu_ns / (double)run->wall_ns);
}

static void
report_percentile(
    const char *name, const char *suffix, struct samples *samples, double part)
{
    char full_name[64];

    snprintf(full_name, sizeof(full_name), "%s_%s_us", name, suffix);
    report_number(full_name,
        (double)samples_percentile_ns(samples, part) / (double)NS_PER_US);
}

void
report_latency(const char *name, struct samples *samples)
{
    report_percentile(name, "p50", samples, 0.50);
    report_percentile(name, "p99", samples, 0.99);
    report_percentile(name, "max", samples, 1.0);
}
