/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A relay between two fake streams. What holds for every relay, whatever a
 * test does with it, is checked when the test ends: no chunk is left behind,
 * and no stream was treated against its contract.
 */
#ifndef SIDELOCK_TESTS_RELAY_FIXTURE_H
#define SIDELOCK_TESTS_RELAY_FIXTURE_H

#include "proxy/relay.h"
#include "tests/unit/fake_stream.h"

enum {
    BENCH_FILL_BYTES = 64 * 1024
};

struct bench {
    struct fake_stream client;
    struct fake_stream backend;
    struct pool pool;
    struct relay relay;
};

/* Test set-up and tear-down of cmocka; *state is the bench. */
int bench_start(void **state);
int bench_stop(void **state);

/* Runs until the relay waits or is done. */
enum relay_result bench_run(struct bench *bench);

/* The backend took count bytes, the first ones that the client gave; and the
 * other way round. */
void assert_backend_took(const struct bench *bench, size_t count);
void assert_client_took(const struct bench *bench, size_t count);

/* A test of the group. */
#define ON_BENCH(test)                                                         \
    cmocka_unit_test_setup_teardown(test, bench_start, bench_stop)

#endif
