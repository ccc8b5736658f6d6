/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Which backend is tried, in which order, after which failures. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "proxy/backend.h"

static struct address addresses[3];

static struct backend_set
make_set(void)
{
    static const struct address_list list = {addresses, 3};
    struct backend_set set;
    char why[128];

    assert_int_equal(
        address_parse(&addresses[0], "127.0.0.1:1", why, sizeof(why)), 0);
    assert_int_equal(
        address_parse(&addresses[1], "127.0.0.1:2", why, sizeof(why)), 0);
    assert_int_equal(
        address_parse(&addresses[2], "unix:/x", why, sizeof(why)), 0);
    backend_set_init(&set, &list);
    return set;
}

static void
the_first_is_preferred(void **state)
{
    struct backend_set set = make_set();

    (void)state;
    assert_int_equal(backend_set_next(&set, 0, 1000), 0);
    assert_int_equal(backend_set_next(&set, 1U << 0, 1000), 1);
    assert_int_equal(backend_set_next(&set, 7, 1000), -1);
}

static void
one_that_failed_is_passed_over_for_a_while(void **state)
{
    struct backend_set set = make_set();

    (void)state;
    backend_set_note_failure(&set, 0, "refused", 1000);
    assert_int_equal(backend_set_next(&set, 0, 1001), 1);
    assert_int_equal(backend_set_next(&set, 0, 1000 + BACKEND_PAUSE_MIN_MS), 0);
}

static void
when_all_are_down_they_are_tried_all_the_same(void **state)
{
    struct backend_set set = make_set();

    (void)state;
    for (size_t i = 0; i < 3; i++)
        backend_set_note_failure(&set, i, "refused", 1000);
    assert_int_equal(backend_set_next(&set, 0, 1001), 0);
    assert_int_equal(backend_set_next(&set, 1, 1001), 1);
    assert_int_equal(backend_set_next(&set, 7, 1001), -1);
}

static void
the_pause_grows_to_its_bound_and_ends_with_success(void **state)
{
    struct backend_set set = make_set();
    int64_t now_ms = 1000;

    (void)state;
    for (int i = 0; i < 20; i++) {
        backend_set_note_failure(&set, 0, "refused", now_ms);
        now_ms = set.backends[0].paused_until_ms;
    }
    assert_int_equal(set.backends[0].pause_ms, BACKEND_PAUSE_MAX_MS);
    backend_set_note_success(&set, 0);
    assert_int_equal(backend_set_next(&set, 0, 0), 0);
}

static void
failures_within_a_pause_do_not_lengthen_the_next(void **state)
{
    struct backend_set set = make_set();

    (void)state;
    for (int i = 0; i < 50; i++)
        backend_set_note_failure(&set, 0, "refused", 1000);
    assert_int_equal(set.backends[0].pause_ms, BACKEND_PAUSE_MIN_MS);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_first_is_preferred),
        cmocka_unit_test(one_that_failed_is_passed_over_for_a_while),
        cmocka_unit_test(when_all_are_down_they_are_tried_all_the_same),
        cmocka_unit_test(the_pause_grows_to_its_bound_and_ends_with_success),
        cmocka_unit_test(failures_within_a_pause_do_not_lengthen_the_next),
    };

    return cmocka_run_group_tests_name("backend", tests, NULL, NULL);
}
