/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The relay on scripted streams: every byte, every end, no socket. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "fake_stream.h"
#include "proxy/relay.h"

enum {
    FILL_BYTES = 64 * 1024,
    RUNS_MAX = 10000,
};

struct bench {
    struct fake_stream client;
    struct fake_stream backend;
    struct pool pool;
    struct relay relay;
};

static int
set_up(void **state)
{
    struct bench *bench = test_calloc(1, sizeof(*bench));

    fake_stream_init(&bench->client);
    fake_stream_init(&bench->backend);
    pool_init(&bench->pool, FILL_BYTES);
    relay_init(&bench->relay, &bench->pool, &bench->client.stream,
        &bench->backend.stream, false);
    *state = bench;
    return 0;
}

static int
tear_down(void **state)
{
    struct bench *bench = *state;
    size_t held;

    relay_deinit(&bench->relay);
    held = bench->pool.taken_count;
    pool_deinit(&bench->pool);
    fake_stream_deinit(&bench->client);
    fake_stream_deinit(&bench->backend);
    test_free(bench);
    return held == 0 ? 0 : -1;
}

/* Runs until the relay waits or is done. */
static enum relay_result
run(struct bench *bench)
{
    enum relay_result result = RELAY_MORE;

    for (int i = 0; i < RUNS_MAX && result == RELAY_MORE; i++)
        result = relay_run(&bench->relay);
    return result;
}

static void
bytes_arrive_both_ways_and_both_ends_are_passed_on(void **state)
{
    struct bench *bench = *state;

    bench->client.give_bytes = 3 * 1000 * 1000;
    bench->client.give_end = IO_EOF;
    bench->backend.give_bytes = 1234567;
    bench->backend.give_end = IO_EOF;
    assert_int_equal(run(bench), RELAY_DONE);
    assert_int_equal(bench->backend.taken_count, 3 * 1000 * 1000);
    assert_int_equal(bench->client.taken_count, 1234567);
    assert_true(fake_took_prefix(&bench->backend));
    assert_true(fake_took_prefix(&bench->client));
    assert_true(bench->backend.was_ended && bench->client.was_ended);
    assert_int_equal(bench->relay.to_backend.bytes, 3 * 1000 * 1000);
    assert_int_equal(bench->relay.to_backend.state, HALF_ENDED);
    assert_int_equal(bench->relay.to_client.state, HALF_ENDED);
}

static void
single_bytes_arrive(void **state)
{
    struct bench *bench = *state;

    bench->client.give_bytes = 5000;
    bench->client.give_step = 1;
    bench->backend.take_step = 1;
    assert_int_equal(run(bench), RELAY_WAIT);
    assert_int_equal(bench->backend.taken_count, 5000);
    assert_true(fake_took_prefix(&bench->backend));
}

static void
an_idle_relay_holds_no_chunk(void **state)
{
    struct bench *bench = *state;

    bench->client.give_bytes = 100;
    assert_int_equal(run(bench), RELAY_WAIT);
    assert_int_equal(bench->pool.taken_count, 0);
    assert_true(bench->backend.flush_calls > 0);
}

static void
a_full_target_stops_the_reading(void **state)
{
    struct bench *bench = *state;

    bench->client.give_bytes = 1000 * 1000;
    bench->backend.take_bytes = 1000;
    assert_int_equal(run(bench), RELAY_WAIT);
    assert_int_equal(bench->backend.taken_count, 1000);
    assert_true(bench->client.given_count <= 1000 + FILL_BYTES);
    assert_int_equal(bench->pool.taken_count, 1);
}

static void
a_target_with_room_again_gets_the_rest(void **state)
{
    struct bench *bench = *state;

    bench->client.give_bytes = 1000 * 1000;
    bench->client.give_end = IO_EOF;
    for (int i = 0; i < 1100 && !bench->backend.was_ended; i++) {
        bench->backend.take_bytes = 1000;
        (void)run(bench);
    }
    assert_int_equal(bench->backend.taken_count, 1000 * 1000);
    assert_true(fake_took_prefix(&bench->backend));
    assert_true(bench->backend.was_ended);
}

static void
a_blocked_way_does_not_block_the_other(void **state)
{
    struct bench *bench = *state;

    bench->client.give_bytes = 1000 * 1000;
    bench->backend.take_bytes = 0;
    bench->backend.give_bytes = 500 * 1000;
    assert_int_equal(run(bench), RELAY_WAIT);
    assert_int_equal(bench->client.taken_count, 500 * 1000);
}

static void
a_client_that_ended_still_gets_the_late_answer(void **state)
{
    struct bench *bench = *state;

    bench->client.give_bytes = 10;
    bench->client.give_end = IO_EOF;
    assert_int_equal(run(bench), RELAY_WAIT);
    assert_true(bench->backend.was_ended);
    assert_true(relay_is_half_closed(&bench->relay));
    bench->backend.give_bytes = 70000;
    bench->backend.give_end = IO_EOF;
    assert_int_equal(run(bench), RELAY_DONE);
    assert_int_equal(bench->client.taken_count, 70000);
    assert_true(bench->client.was_ended);
}

static void
a_backend_that_ended_still_gets_bytes(void **state)
{
    struct bench *bench = *state;

    bench->backend.give_end = IO_EOF;
    assert_int_equal(run(bench), RELAY_WAIT);
    assert_true(bench->client.was_ended);
    bench->client.give_bytes = 200000;
    bench->client.give_end = IO_EOF;
    assert_int_equal(run(bench), RELAY_DONE);
    assert_int_equal(bench->backend.taken_count, 200000);
}

static void
an_end_waits_until_everything_before_it_is_out(void **state)
{
    struct bench *bench = *state;

    bench->client.give_bytes = 300;
    bench->client.give_end = IO_EOF;
    bench->backend.take_bytes = 100;
    assert_int_equal(run(bench), RELAY_WAIT);
    assert_int_equal(bench->backend.end_calls, 0);
    bench->backend.take_bytes = SIZE_MAX;
    assert_int_equal(run(bench), RELAY_WAIT);
    assert_int_equal(bench->backend.taken_count, 300);
    assert_true(bench->backend.was_ended);
    assert_false(bench->backend.wrote_after_end);
}

static void
an_end_that_cannot_leave_yet_is_tried_again(void **state)
{
    struct bench *bench = *state;

    bench->client.give_end = IO_EOF;
    bench->backend.give_end = IO_EOF;
    bench->backend.end_again_count = 2;
    assert_int_equal(run(bench), RELAY_WAIT);
    assert_int_equal(run(bench), RELAY_WAIT);
    assert_int_equal(run(bench), RELAY_DONE);
    assert_int_equal(bench->backend.end_calls, 3);
}

static void
a_cut_client_is_no_end_for_the_backend(void **state)
{
    struct bench *bench = *state;

    bench->client.give_bytes = 150000;
    bench->client.give_end = IO_ERROR;
    assert_int_equal(run(bench), RELAY_DONE);
    assert_int_equal(bench->relay.to_backend.state, HALF_CUT);
    assert_int_equal(bench->backend.taken_count, 150000);
    assert_int_equal(bench->backend.end_calls, 0);
}

static void
what_came_before_a_cut_is_delivered_first(void **state)
{
    struct bench *bench = *state;

    bench->backend.give_bytes = 5000;
    bench->backend.give_end = IO_ERROR;
    bench->client.take_bytes = 1000;
    assert_int_equal(run(bench), RELAY_WAIT);
    bench->client.take_bytes = SIZE_MAX;
    assert_int_equal(run(bench), RELAY_DONE);
    assert_int_equal(bench->relay.to_client.state, HALF_CUT);
    assert_int_equal(bench->client.taken_count, 5000);
    assert_int_equal(bench->client.end_calls, 0);
}

static void
truncation_cuts_by_default(void **state)
{
    struct bench *bench = *state;

    bench->client.give_bytes = 10;
    bench->client.give_end = IO_TRUNCATED;
    assert_int_equal(run(bench), RELAY_DONE);
    assert_int_equal(bench->relay.to_backend.state, HALF_CUT);
    assert_int_equal(bench->backend.end_calls, 0);
}

static void
truncation_passes_when_that_is_configured(void **state)
{
    struct bench *bench = *state;

    bench->relay.passes_truncation = true;
    bench->client.give_bytes = 10;
    bench->client.give_end = IO_TRUNCATED;
    assert_int_equal(run(bench), RELAY_WAIT);
    assert_true(bench->backend.was_ended);
    assert_true(bench->relay.to_backend.was_truncated);
}

static void
leaving_without_a_word_after_the_answer_is_an_end(void **state)
{
    struct bench *bench = *state;

    bench->client.give_bytes = 10;
    bench->backend.give_bytes = 10;
    bench->backend.give_end = IO_EOF;
    assert_int_equal(run(bench), RELAY_WAIT);
    bench->client.give_end = IO_TRUNCATED;
    assert_int_equal(run(bench), RELAY_DONE);
    assert_int_equal(bench->relay.to_backend.state, HALF_ENDED);
}

static void
bytes_after_the_answer_make_it_a_cut_again(void **state)
{
    struct bench *bench = *state;

    bench->backend.give_end = IO_EOF;
    assert_int_equal(run(bench), RELAY_WAIT);
    bench->client.give_bytes = 10;
    bench->client.give_end = IO_TRUNCATED;
    assert_int_equal(run(bench), RELAY_DONE);
    assert_int_equal(bench->relay.to_backend.state, HALF_CUT);
}

static void
a_deaf_backend_still_answers(void **state)
{
    struct bench *bench = *state;

    bench->client.give_bytes = 200000;
    bench->backend.take_bytes = 1000;
    bench->backend.take_end = IO_ERROR;
    bench->backend.give_bytes = 30000;
    bench->backend.give_end = IO_EOF;
    assert_int_equal(run(bench), RELAY_WAIT);
    assert_int_equal(bench->client.taken_count, 30000);
    assert_true(bench->client.was_ended);
    assert_int_equal(bench->relay.to_backend.state, HALF_DEAF);
    assert_int_equal(bench->client.give_bytes, 0); /* read, thrown away */
    bench->client.give_end = IO_EOF;
    assert_int_equal(run(bench), RELAY_DONE);
}

static void
what_is_thrown_away_is_bounded(void **state)
{
    struct bench *bench = *state;

    bench->client.give_bytes = SIZE_MAX;
    bench->backend.take_bytes = 0;
    bench->backend.take_end = IO_ERROR;
    bench->backend.give_end = IO_EOF;
    assert_int_equal(run(bench), RELAY_DONE);
    assert_true(bench->client.given_count
                <= RELAY_DISCARD_BYTES + RELAY_BUDGET_BYTES + 2 * FILL_BYTES);
}

static void
a_client_that_is_gone_ends_it_once_the_backend_has_all(void **state)
{
    struct bench *bench = *state;

    bench->client.give_bytes = 100;
    bench->client.take_bytes = 0;
    bench->client.take_end = IO_ERROR;
    bench->backend.give_bytes = SIZE_MAX;
    bench->client.give_end = IO_ERROR;
    assert_int_equal(run(bench), RELAY_DONE);
    assert_int_equal(bench->backend.taken_count, 100);
}

static void
a_long_stream_gives_the_others_their_turn(void **state)
{
    struct bench *bench = *state;

    bench->client.give_bytes = 3 * 1000 * 1000;
    assert_int_equal(relay_run(&bench->relay), RELAY_MORE);
    assert_true(bench->client.given_count <= RELAY_BUDGET_BYTES + FILL_BYTES);
    assert_true(relay_moved(&bench->relay));
}

static void
nothing_moved_is_said(void **state)
{
    struct bench *bench = *state;

    assert_int_equal(relay_run(&bench->relay), RELAY_WAIT);
    assert_false(relay_moved(&bench->relay));
}

int
main(void)
{
#define PROMISE(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        PROMISE(bytes_arrive_both_ways_and_both_ends_are_passed_on),
        PROMISE(single_bytes_arrive),
        PROMISE(an_idle_relay_holds_no_chunk),
        PROMISE(a_full_target_stops_the_reading),
        PROMISE(a_target_with_room_again_gets_the_rest),
        PROMISE(a_blocked_way_does_not_block_the_other),
        PROMISE(a_client_that_ended_still_gets_the_late_answer),
        PROMISE(a_backend_that_ended_still_gets_bytes),
        PROMISE(an_end_waits_until_everything_before_it_is_out),
        PROMISE(an_end_that_cannot_leave_yet_is_tried_again),
        PROMISE(a_cut_client_is_no_end_for_the_backend),
        PROMISE(what_came_before_a_cut_is_delivered_first),
        PROMISE(truncation_cuts_by_default),
        PROMISE(truncation_passes_when_that_is_configured),
        PROMISE(leaving_without_a_word_after_the_answer_is_an_end),
        PROMISE(bytes_after_the_answer_make_it_a_cut_again),
        PROMISE(a_deaf_backend_still_answers),
        PROMISE(what_is_thrown_away_is_bounded),
        PROMISE(a_client_that_is_gone_ends_it_once_the_backend_has_all),
        PROMISE(a_long_stream_gives_the_others_their_turn),
        PROMISE(nothing_moved_is_said),
    };
#undef PROMISE

    return cmocka_run_group_tests_name("relay", tests, NULL, NULL);
}
