/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Setting the bench up, running it, and what always has to hold. */
#include "tests/unit/relay_fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

enum {
    RUNS_MAX = 10000
};

int
bench_start(void **state)
{
    struct bench *bench = calloc(1, sizeof(*bench));

    if (bench == NULL)
        return -1;
    fake_stream_init(&bench->client, &bench->backend);
    fake_stream_init(&bench->backend, &bench->client);
    pool_init(&bench->pool, BENCH_FILL_BYTES);
    relay_init(&bench->relay, &bench->pool, &bench->client.stream,
        &bench->backend.stream, false);
    *state = bench;
    return 0;
}

static void
check_stream(const struct fake_stream *fake)
{
    assert_int_equal(fake->vain_reads, 0);
    assert_int_equal(fake->late_reads, 0);
    assert_int_equal(fake->late_writes, 0);
    assert_true(fake_took_prefix(fake));
}

int
bench_stop(void **state)
{
    struct bench *bench = *state;

    check_stream(&bench->client);
    check_stream(&bench->backend);
    relay_deinit(&bench->relay);
    assert_int_equal(bench->pool.taken_count, 0);
    pool_deinit(&bench->pool);
    fake_stream_deinit(&bench->client);
    fake_stream_deinit(&bench->backend);
    free(bench);
    return 0;
}

enum relay_result
bench_run(struct bench *bench)
{
    enum relay_result result = RELAY_MORE;

    for (int i = 0; result == RELAY_MORE; i++) {
        assert_true(i < RUNS_MAX);
        result = relay_run(&bench->relay);
        assert_true(bench->pool.taken_count <= 2);
    }
    return result;
}

void
assert_backend_took(const struct bench *bench, size_t count)
{
    assert_int_equal(bench->backend.taken_count, count);
    assert_int_equal(bench->relay.to_backend.bytes, count);
    assert_true(fake_took_prefix(&bench->backend));
}

void
assert_client_took(const struct bench *bench, size_t count)
{
    assert_int_equal(bench->client.taken_count, count);
    assert_int_equal(bench->relay.to_client.bytes, count);
    assert_true(fake_took_prefix(&bench->client));
}
