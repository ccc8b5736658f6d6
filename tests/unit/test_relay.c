/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The relay on fake streams: bytes arrive, back-pressure holds, orderly ends
 * are passed on. Everything that breaks is in test_relay_cut.c.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "tests/unit/relay_fixture.h"

/* --- bytes --------------------------------------------------------------- */

static void
bytes_arrive_both_ways_and_both_ends_are_passed_on(void **state)
{
    struct bench *bench = *state;

    bench->client.give_bytes = 3000000;
    bench->client.give_end = IO_EOF;
    bench->backend.give_bytes = 1234567;
    bench->backend.give_end = IO_EOF;
    assert_int_equal(bench_run(bench), RELAY_DONE);
    assert_backend_took(bench, 3000000);
    assert_client_took(bench, 1234567);
    assert_true(bench->backend.was_ended);
    assert_true(bench->client.was_ended);
    assert_int_equal(bench->relay.to_backend.state, HALF_ENDED);
    assert_int_equal(bench->relay.to_client.state, HALF_ENDED);
    assert_false(bench->relay.to_backend.was_truncated);
}

static void
single_bytes_arrive(void **state)
{
    struct bench *bench = *state;

    bench->client.give_bytes = 5000;
    bench->client.give_step = 1;
    bench->backend.take_step = 1;
    assert_int_equal(bench_run(bench), RELAY_WAIT);
    assert_backend_took(bench, 5000);
}

static void
first_bytes_come_before_the_client_s(void **state)
{
    struct bench *bench = *state;
    static const uint8_t first[] = "who is calling";

    assert_int_equal(relay_begin_with(&bench->relay, first, sizeof(first)), 0);
    bench->backend.take_step = 4;
    bench->client.give_bytes = 100;
    assert_int_equal(bench_run(bench), RELAY_WAIT);
    assert_int_equal(bench->backend.taken_count, sizeof(first) + 100);
    assert_memory_equal(bench->backend.taken, first, sizeof(first));
    memmove(bench->backend.taken, bench->backend.taken + sizeof(first), 100);
    bench->backend.taken_count = 100; /* looked at when the test ends */
    assert_int_equal(bench->relay.to_backend.bytes, sizeof(first) + 100);
}

static void
bytes_wait_for_the_flush_of_a_target_that_keeps_them(void **state)
{
    struct bench *bench = *state;

    bench->client.keep_bytes = 16000;
    bench->backend.give_bytes = 500000;
    bench->backend.give_step = 777;
    assert_int_equal(bench_run(bench), RELAY_WAIT);
    assert_client_took(bench, 500000);
    assert_int_equal(bench->client.kept_count, 0);
}

/* What a target keeps leaves even when nothing new comes: it may be the TLS
 * library's own words. */
static void
target_is_flushed_without_new_bytes(void **state)
{
    struct bench *bench = *state;

    assert_int_equal(bench_run(bench), RELAY_WAIT);
    assert_int_equal(bench->client.flush_calls, 1);
    assert_int_equal(bench->backend.flush_calls, 1);
}

static void
idle_relay_holds_no_chunk(void **state)
{
    struct bench *bench = *state;

    assert_int_equal(bench_run(bench), RELAY_WAIT);
    assert_int_equal(bench->pool.taken_count, 0);
    bench->client.give_bytes = 100;
    bench->backend.give_bytes = 100000;
    assert_int_equal(bench_run(bench), RELAY_WAIT);
    assert_backend_took(bench, 100);
    assert_client_took(bench, 100000);
    assert_int_equal(bench->pool.taken_count, 0);
}

/* --- back-pressure ------------------------------------------------------- */

static void
full_target_stops_the_reading(void **state)
{
    struct bench *bench = *state;

    bench->client.give_bytes = 1000000;
    bench->backend.take_bytes = 1000;
    assert_int_equal(bench_run(bench), RELAY_WAIT);
    assert_backend_took(bench, 1000);
    assert_in_range(bench->client.given_count, 1000, BENCH_FILL_BYTES);
    assert_int_equal(bench->pool.taken_count, 1);
}

static void
target_that_takes_nothing_is_not_read_for(void **state)
{
    struct bench *bench = *state;

    bench->client.give_bytes = 1000000;
    bench->backend.take_bytes = 0;
    assert_int_equal(bench_run(bench), RELAY_WAIT);
    assert_int_equal(bench->client.given_count, 0);
    assert_int_equal(bench->pool.taken_count, 0);
}

static void
target_with_room_again_gets_the_rest(void **state)
{
    struct bench *bench = *state;
    int refills = 0;

    bench->client.give_bytes = 1000000;
    bench->client.give_end = IO_EOF;
    for (; !bench->backend.was_ended; refills++) {
        assert_in_range(refills, 0, 1100);
        bench->backend.take_bytes = 1000;
        (void)bench_run(bench);
    }
    assert_backend_took(bench, 1000000);
    assert_in_range(refills, 1000, 1100);
}

static void
at_most_one_chunk_waits_in_each_direction(void **state)
{
    struct bench *bench = *state;

    bench->client.give_bytes = 900000;
    bench->backend.give_bytes = 900000;
    for (int i = 0; i < 2000; i++) {
        bench->backend.take_bytes = 500;
        bench->client.take_bytes = 700;
        assert_int_not_equal(bench_run(bench), RELAY_DONE);
    }
    assert_backend_took(bench, 900000);
    assert_client_took(bench, 900000);
    assert_in_range(bench->client.held_max, 1, BENCH_FILL_BYTES);
    assert_in_range(bench->backend.held_max, 1, BENCH_FILL_BYTES);
}

static void
blocked_way_does_not_block_the_other(void **state)
{
    struct bench *bench = *state;

    bench->client.give_bytes = 1000000;
    bench->backend.take_bytes = 0;
    bench->backend.give_bytes = 500000;
    assert_int_equal(bench_run(bench), RELAY_WAIT);
    assert_client_took(bench, 500000);
    assert_backend_took(bench, 0);
}

/* A target that keeps bytes until it is flushed is not full for good: asking
 * again is what empties it, and no event would come to say so. */
static void
full_target_is_flushed_before_it_counts_as_blocked(void **state)
{
    struct bench *bench = *state;

    bench->client.keep_bytes = 100;
    bench->backend.give_bytes = 1000;
    bench->backend.give_step = 100;
    assert_int_equal(bench_run(bench), RELAY_WAIT);
    assert_client_took(bench, 1000);
}

/* --- turns --------------------------------------------------------------- */

static void
long_stream_gives_the_others_their_turn(void **state)
{
    struct bench *bench = *state;

    bench->client.give_bytes = 3000000;
    assert_int_equal(relay_run(&bench->relay), RELAY_MORE);
    assert_in_range(bench->client.given_count, RELAY_BUDGET_BYTES,
        RELAY_BUDGET_BYTES + BENCH_FILL_BYTES);
    assert_true(relay_moved(&bench->relay));
    assert_int_equal(bench->pool.taken_count, 1);
}

static void
each_direction_has_a_budget_of_its_own(void **state)
{
    struct bench *bench = *state;

    bench->client.give_bytes = 3000000;
    bench->backend.give_bytes = 3000000;
    assert_int_equal(relay_run(&bench->relay), RELAY_MORE);
    assert_true(bench->backend.taken_count > 0);
    assert_true(bench->client.taken_count > 0);
}

static void
it_is_said_whether_bytes_moved(void **state)
{
    struct bench *bench = *state;

    assert_int_equal(relay_run(&bench->relay), RELAY_WAIT);
    assert_false(relay_moved(&bench->relay));
    bench->backend.give_bytes = 1;
    assert_int_equal(relay_run(&bench->relay), RELAY_WAIT);
    assert_true(relay_moved(&bench->relay));
    assert_int_equal(relay_run(&bench->relay), RELAY_WAIT);
    assert_false(relay_moved(&bench->relay));
}

/* A peer that never takes anything must not look alive by it. */
static void
reading_alone_is_no_movement(void **state)
{
    struct bench *bench = *state;

    bench->backend.give_bytes = 100;
    bench->client.keep_bytes = 50;
    bench->client.take_bytes = 0;
    assert_int_equal(relay_run(&bench->relay), RELAY_WAIT);
    bench->client.keep_bytes = 0;
    assert_int_equal(relay_run(&bench->relay), RELAY_WAIT);
    assert_false(relay_moved(&bench->relay));
}

/* --- orderly ends -------------------------------------------------------- */

static void
client_that_has_ended_still_gets_the_answer(void **state)
{
    struct bench *bench = *state;

    bench->client.give_bytes = 10;
    bench->client.give_end = IO_EOF;
    assert_false(relay_is_half_closed(&bench->relay));
    assert_int_equal(bench_run(bench), RELAY_WAIT);
    assert_true(bench->backend.was_ended);
    assert_false(bench->client.was_ended);
    assert_true(relay_is_half_closed(&bench->relay));
    bench->backend.give_bytes = 70000;
    bench->backend.give_end = IO_EOF;
    assert_int_equal(bench_run(bench), RELAY_DONE);
    assert_client_took(bench, 70000);
    assert_true(bench->client.was_ended);
}

static void
backend_that_has_ended_still_gets_bytes(void **state)
{
    struct bench *bench = *state;

    bench->backend.give_end = IO_EOF;
    assert_int_equal(bench_run(bench), RELAY_WAIT);
    assert_true(bench->client.was_ended);
    assert_false(bench->backend.was_ended);
    assert_true(relay_is_half_closed(&bench->relay));
    bench->client.give_bytes = 200000;
    bench->client.give_end = IO_EOF;
    assert_int_equal(bench_run(bench), RELAY_DONE);
    assert_backend_took(bench, 200000);
    assert_true(bench->backend.was_ended);
}

static void
end_waits_until_everything_before_it_is_out(void **state)
{
    struct bench *bench = *state;

    bench->client.give_bytes = 300;
    bench->client.give_end = IO_EOF;
    bench->backend.take_bytes = 100;
    assert_int_equal(bench_run(bench), RELAY_WAIT);
    assert_int_equal(bench->backend.end_calls, 0);
    bench->backend.take_bytes = 201; /* room tells the relay to look again */
    assert_int_equal(bench_run(bench), RELAY_WAIT);
    assert_backend_took(bench, 300);
    assert_true(bench->backend.was_ended);
}

static void
end_that_cannot_leave_yet_is_tried_again(void **state)
{
    struct bench *bench = *state;

    bench->client.give_end = IO_EOF;
    bench->backend.give_end = IO_EOF;
    bench->backend.end_again_count = 2;
    for (unsigned i = 0; i < 2; i++) {
        assert_int_equal(bench_run(bench), RELAY_WAIT);
        assert_int_equal(bench->relay.to_backend.state, HALF_OPEN);
        assert_int_equal(bench->pool.taken_count, 0);
    }
    assert_int_equal(bench_run(bench), RELAY_DONE);
    assert_int_equal(bench->backend.end_calls, 3);
    assert_int_equal(bench->relay.to_backend.state, HALF_ENDED);
}

static void
ended_stream_is_not_ended_again(void **state)
{
    struct bench *bench = *state;

    bench->client.give_end = IO_EOF;
    for (int i = 0; i < 3; i++)
        assert_int_equal(bench_run(bench), RELAY_WAIT);
    assert_int_equal(bench->backend.end_calls, 1);
}

/* A source that worked and has no bytes to show for it is read again later. */
static void
source_that_wants_a_turn_gets_it_later(void **state)
{
    struct bench *bench = *state;

    bench->client.give_end = IO_OK; /* and a count of 0 */
    for (int i = 0; i < 3; i++)
        assert_int_equal(relay_run(&bench->relay), RELAY_MORE);
    assert_false(relay_moved(&bench->relay));
    assert_int_equal(bench->pool.taken_count, 0);
    bench->client.give_bytes = 10;
    bench->client.give_end = IO_EOF;
    assert_int_equal(bench_run(bench), RELAY_WAIT);
    assert_backend_took(bench, 10);
    assert_int_equal(bench->relay.to_backend.state, HALF_ENDED);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        ON_BENCH(bytes_arrive_both_ways_and_both_ends_are_passed_on),
        ON_BENCH(single_bytes_arrive),
        ON_BENCH(first_bytes_come_before_the_client_s),
        ON_BENCH(bytes_wait_for_the_flush_of_a_target_that_keeps_them),
        ON_BENCH(target_is_flushed_without_new_bytes),
        ON_BENCH(idle_relay_holds_no_chunk),
        ON_BENCH(full_target_stops_the_reading),
        ON_BENCH(target_that_takes_nothing_is_not_read_for),
        ON_BENCH(target_with_room_again_gets_the_rest),
        ON_BENCH(at_most_one_chunk_waits_in_each_direction),
        ON_BENCH(blocked_way_does_not_block_the_other),
        ON_BENCH(full_target_is_flushed_before_it_counts_as_blocked),
        ON_BENCH(long_stream_gives_the_others_their_turn),
        ON_BENCH(each_direction_has_a_budget_of_its_own),
        ON_BENCH(it_is_said_whether_bytes_moved),
        ON_BENCH(reading_alone_is_no_movement),
        ON_BENCH(client_that_has_ended_still_gets_the_answer),
        ON_BENCH(backend_that_has_ended_still_gets_bytes),
        ON_BENCH(end_waits_until_everything_before_it_is_out),
        ON_BENCH(end_that_cannot_leave_yet_is_tried_again),
        ON_BENCH(ended_stream_is_not_ended_again),
        ON_BENCH(source_that_wants_a_turn_gets_it_later),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
