/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The relay when something breaks: a cut source never looks like an end, what
 * came before a cut is delivered, a deaf target does not keep its answer from
 * the other side, and no memory is a result like others.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "tests/unit/relay_fixture.h"

/* --- memory -------------------------------------------------------------- */

static bool refuses_memory;

/* NOLINTBEGIN(readability-identifier-naming): the linker names them */
void *__real_malloc(size_t size);
void *__wrap_malloc(size_t size);
/* NOLINTEND(readability-identifier-naming) */

void *
__wrap_malloc(size_t size)
{
    return refuses_memory ? NULL : __real_malloc(size);
}

static void
no_memory_is_said_and_nothing_is_lost_by_it(void **state)
{
    struct bench *bench = *state;

    bench->client.give_bytes = 1000;
    refuses_memory = true;
    assert_int_equal(bench_run(bench), RELAY_NO_MEMORY);
    assert_int_equal(bench->client.given_count, 0);
    refuses_memory = false;
    assert_int_equal(bench_run(bench), RELAY_WAIT);
    assert_backend_took(bench, 1000);
}

static void
no_memory_in_one_direction_is_said_too(void **state)
{
    struct bench *bench = *state;

    bench->client.give_bytes = 1000;
    bench->backend.take_bytes = 10;
    assert_int_equal(bench_run(bench), RELAY_WAIT);
    bench->pool.free_count = 0;
    free(bench->pool.free);
    bench->pool.free = NULL;
    refuses_memory = true;
    assert_int_equal(bench_run(bench), RELAY_NO_MEMORY);
    refuses_memory = false;
    assert_int_equal(bench->pool.taken_count, 1); /* what waits still waits */
}

/* --- cut sources --------------------------------------------------------- */

static void
cut_client_is_no_end_for_the_backend(void **state)
{
    struct bench *bench = *state;

    bench->client.give_bytes = 150000;
    bench->client.give_end = IO_ERROR;
    assert_int_equal(bench_run(bench), RELAY_DONE);
    assert_int_equal(bench->relay.to_backend.state, HALF_CUT);
    assert_backend_took(bench, 150000);
    assert_int_equal(bench->backend.end_calls, 0);
    assert_int_equal(bench->client.end_calls, 0);
}

static void
cut_backend_is_no_end_for_the_client(void **state)
{
    struct bench *bench = *state;

    bench->backend.give_bytes = 150000;
    bench->backend.give_end = IO_ERROR;
    assert_int_equal(bench_run(bench), RELAY_DONE);
    assert_int_equal(bench->relay.to_client.state, HALF_CUT);
    assert_client_took(bench, 150000);
    assert_int_equal(bench->client.end_calls, 0);
}

static void
what_came_before_a_cut_is_delivered_first(void **state)
{
    struct bench *bench = *state;

    bench->backend.give_bytes = 5000;
    bench->backend.give_end = IO_ERROR;
    bench->client.take_bytes = 1000;
    assert_int_equal(bench_run(bench), RELAY_WAIT);
    bench->client.take_bytes = 4001; /* room tells the relay to look again */
    assert_int_equal(bench_run(bench), RELAY_DONE);
    assert_int_equal(bench->relay.to_client.state, HALF_CUT);
    assert_client_took(bench, 5000);
    assert_int_equal(bench->client.end_calls, 0);
}

static void
what_a_target_keeps_leaves_before_a_cut_is_over(void **state)
{
    struct bench *bench = *state;

    bench->backend.give_bytes = 5000;
    bench->backend.give_end = IO_ERROR;
    bench->client.keep_bytes = 16000;
    bench->client.take_bytes = 1000;
    assert_int_equal(bench_run(bench), RELAY_WAIT);
    assert_client_took(bench, 5000);
    bench->client.take_bytes = 4000;
    assert_int_equal(bench_run(bench), RELAY_DONE);
    assert_int_equal(bench->relay.to_client.state, HALF_CUT);
    assert_int_equal(bench->client.kept_count, 0);
}

/* --- a client that leaves without a word --------------------------------- */

static void
truncation_cuts_by_default(void **state)
{
    struct bench *bench = *state;

    bench->client.give_bytes = 10;
    bench->client.give_end = IO_TRUNCATED;
    assert_int_equal(bench_run(bench), RELAY_DONE);
    assert_int_equal(bench->relay.to_backend.state, HALF_CUT);
    assert_backend_took(bench, 10);
    assert_int_equal(bench->backend.end_calls, 0);
    assert_false(bench->relay.to_backend.was_truncated);
}

static void
truncation_passes_where_that_is_set(void **state)
{
    struct bench *bench = *state;

    bench->relay.passes_truncation = true;
    bench->client.give_bytes = 10;
    bench->client.give_end = IO_TRUNCATED;
    assert_int_equal(bench_run(bench), RELAY_WAIT);
    assert_backend_took(bench, 10);
    assert_true(bench->backend.was_ended);
    assert_true(bench->relay.to_backend.was_truncated);
    bench->backend.give_bytes = 99;
    bench->backend.give_end = IO_EOF;
    assert_int_equal(bench_run(bench), RELAY_DONE);
    assert_client_took(bench, 99);
    assert_int_equal(bench->relay.to_backend.state, HALF_ENDED);
    assert_int_equal(bench->relay.to_client.state, HALF_ENDED);
}

static void
error_does_not_pass_where_truncation_does(void **state)
{
    struct bench *bench = *state;

    bench->relay.passes_truncation = true;
    bench->client.give_end = IO_ERROR;
    assert_int_equal(bench_run(bench), RELAY_DONE);
    assert_int_equal(bench->relay.to_backend.state, HALF_CUT);
    assert_int_equal(bench->backend.end_calls, 0);
}

static void
leaving_without_a_word_after_the_answer_is_an_end(void **state)
{
    struct bench *bench = *state;

    bench->client.give_bytes = 10;
    bench->backend.give_bytes = 10;
    bench->backend.give_end = IO_EOF;
    assert_int_equal(bench_run(bench), RELAY_WAIT);
    bench->client.give_end = IO_TRUNCATED;
    assert_int_equal(bench_run(bench), RELAY_DONE);
    assert_int_equal(bench->relay.to_backend.state, HALF_ENDED);
    assert_int_equal(bench->relay.to_client.state, HALF_ENDED);
    assert_true(bench->relay.to_backend.was_truncated);
}

static void
bytes_after_the_answer_make_it_a_cut_again(void **state)
{
    struct bench *bench = *state;

    bench->backend.give_end = IO_EOF;
    assert_int_equal(bench_run(bench), RELAY_WAIT);
    bench->client.give_bytes = 10;
    bench->client.give_end = IO_TRUNCATED;
    assert_int_equal(bench_run(bench), RELAY_DONE);
    assert_int_equal(bench->relay.to_backend.state, HALF_CUT);
    assert_int_equal(bench->backend.end_calls, 0);
}

/* It is what a client does; a backend's broken connection never is an end. */
static void
truncated_backend_after_the_client_has_ended_is_a_cut(void **state)
{
    struct bench *bench = *state;

    bench->client.give_end = IO_EOF;
    assert_int_equal(bench_run(bench), RELAY_WAIT);
    bench->backend.give_end = IO_TRUNCATED;
    assert_int_equal(bench_run(bench), RELAY_DONE);
    assert_int_equal(bench->relay.to_client.state, HALF_CUT);
    assert_int_equal(bench->client.end_calls, 0);
}

/* --- deaf targets -------------------------------------------------------- */

static void
deaf_backend_still_answers(void **state)
{
    struct bench *bench = *state;

    bench->client.give_bytes = 200000;
    bench->backend.take_bytes = 1000;
    bench->backend.take_end = IO_ERROR;
    bench->backend.give_bytes = 30000;
    bench->backend.give_end = IO_EOF;
    assert_int_equal(bench_run(bench), RELAY_WAIT);
    assert_backend_took(bench, 1000);
    assert_client_took(bench, 30000);
    assert_true(bench->client.was_ended);
    assert_int_equal(bench->relay.to_backend.state, HALF_DEAF);
    assert_int_equal(bench->client.give_bytes, 0); /* read, and thrown away */
    bench->client.give_end = IO_EOF;
    assert_int_equal(bench_run(bench), RELAY_DONE);
    assert_int_equal(bench->relay.to_backend.state, HALF_DEAF_DONE);
    assert_int_equal(bench->backend.end_calls, 0);
}

static void
what_is_thrown_away_is_bounded(void **state)
{
    struct bench *bench = *state;

    bench->client.give_bytes = SIZE_MAX;
    bench->backend.take_bytes = 0;
    bench->backend.take_end = IO_ERROR;
    bench->backend.give_end = IO_EOF;
    assert_int_equal(bench_run(bench), RELAY_DONE);
    assert_int_equal(bench->relay.to_backend.state, HALF_DEAF_DONE);
    assert_in_range(bench->client.given_count, RELAY_DISCARD_BYTES,
        RELAY_DISCARD_BYTES + 2 * BENCH_FILL_BYTES);
}

static void
throwing_away_is_no_movement(void **state)
{
    struct bench *bench = *state;

    bench->client.give_bytes = 200000;
    bench->backend.take_bytes = 0;
    bench->backend.take_end = IO_ERROR;
    assert_int_equal(relay_run(&bench->relay), RELAY_WAIT);
    assert_int_equal(bench->relay.to_backend.state, HALF_DEAF);
    assert_false(relay_moved(&bench->relay));
}

static void
client_that_is_gone_ends_it_once_the_backend_has_all(void **state)
{
    struct bench *bench = *state;

    bench->client.give_bytes = 100;
    bench->client.give_end = IO_ERROR;
    bench->client.take_bytes = 0;
    bench->client.take_end = IO_ERROR;
    bench->backend.give_bytes = SIZE_MAX;
    bench->backend.take_bytes = 40;
    assert_int_equal(bench_run(bench), RELAY_WAIT);
    bench->backend.take_bytes = 61;
    assert_int_equal(bench_run(bench), RELAY_DONE);
    assert_backend_took(bench, 100);
    assert_int_equal(bench->relay.to_backend.state, HALF_CUT);
    assert_int_equal(bench->backend.end_calls, 0);
}

/* The target fails while the last bytes are on their way: that is no end. */
static void
target_that_fails_before_the_last_bytes_was_not_ended(void **state)
{
    struct bench *bench = *state;

    bench->backend.give_bytes = 1000;
    bench->backend.give_end = IO_EOF;
    bench->client.take_bytes = 500;
    bench->client.take_end = IO_ERROR;
    assert_int_equal(bench_run(bench), RELAY_WAIT);
    assert_int_equal(bench->relay.to_client.state, HALF_DEAF_DONE);
    bench->client.give_end = IO_EOF;
    assert_int_equal(bench_run(bench), RELAY_DONE);
    assert_client_took(bench, 500);
    assert_int_equal(bench->client.end_calls, 0);
}

/* The same when the bytes were taken but only kept. */
static void
target_that_fails_with_bytes_kept_was_not_ended(void **state)
{
    struct bench *bench = *state;

    bench->backend.give_bytes = 1000;
    bench->backend.give_end = IO_EOF;
    bench->client.give_end = IO_EOF;
    bench->client.keep_bytes = 16000;
    bench->client.take_bytes = 500;
    assert_int_equal(bench_run(bench), RELAY_WAIT);
    bench->client.take_bytes = 0;
    bench->client.take_end = IO_ERROR;
    assert_int_equal(bench_run(bench), RELAY_DONE);
    assert_int_equal(bench->relay.to_client.state, HALF_DEAF_DONE);
    assert_false(bench->client.was_ended);
}

static void
flush_that_fails_makes_deaf(void **state)
{
    struct bench *bench = *state;

    bench->client.keep_bytes = 16000;
    bench->client.take_bytes = 0;
    bench->backend.give_bytes = 1000;
    assert_int_equal(bench_run(bench), RELAY_WAIT);
    bench->client.take_end = IO_ERROR;
    assert_int_equal(bench_run(bench), RELAY_WAIT);
    assert_int_equal(bench->relay.to_client.state, HALF_DEAF);
}

static void
both_broken_is_over(void **state)
{
    struct bench *bench = *state;

    bench->client.give_bytes = 1000;
    bench->client.give_end = IO_ERROR;
    bench->client.take_bytes = 0;
    bench->client.take_end = IO_ERROR;
    bench->backend.give_bytes = 1000;
    bench->backend.give_end = IO_ERROR;
    bench->backend.take_bytes = 0;
    bench->backend.take_end = IO_ERROR;
    assert_int_equal(bench_run(bench), RELAY_DONE);
    assert_int_equal(bench->relay.to_backend.state, HALF_DEAF_DONE);
    assert_int_equal(bench->relay.to_client.state, HALF_DEAF_DONE);
    assert_int_equal(bench->pool.taken_count, 0);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        ON_BENCH(no_memory_is_said_and_nothing_is_lost_by_it),
        ON_BENCH(no_memory_in_one_direction_is_said_too),
        ON_BENCH(cut_client_is_no_end_for_the_backend),
        ON_BENCH(cut_backend_is_no_end_for_the_client),
        ON_BENCH(what_came_before_a_cut_is_delivered_first),
        ON_BENCH(what_a_target_keeps_leaves_before_a_cut_is_over),
        ON_BENCH(truncation_cuts_by_default),
        ON_BENCH(truncation_passes_where_that_is_set),
        ON_BENCH(error_does_not_pass_where_truncation_does),
        ON_BENCH(leaving_without_a_word_after_the_answer_is_an_end),
        ON_BENCH(bytes_after_the_answer_make_it_a_cut_again),
        ON_BENCH(truncated_backend_after_the_client_has_ended_is_a_cut),
        ON_BENCH(deaf_backend_still_answers),
        ON_BENCH(what_is_thrown_away_is_bounded),
        ON_BENCH(throwing_away_is_no_movement),
        ON_BENCH(client_that_is_gone_ends_it_once_the_backend_has_all),
        ON_BENCH(target_that_fails_before_the_last_bytes_was_not_ended),
        ON_BENCH(target_that_fails_with_bytes_kept_was_not_ended),
        ON_BENCH(flush_that_fails_makes_deaf),
        ON_BENCH(both_broken_is_over),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
