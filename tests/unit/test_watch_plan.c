/* SPDX-License-Identifier: GPL-3.0-or-later */
/* When the files are looked at, and when a reload is due. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "proxy/watch_plan.h"

enum {
    START = 100 * 1000,
    PERIOD = 10 * 1000,
};

static const struct sources_sight same = {.digest = 1};
static const struct sources_sight other = {.has_changed = true, .digest = 2};
static const struct sources_sight third = {.has_changed = true, .digest = 3};
static const struct sources_sight fresh = {
    .has_changed = true, .hides_changes = true, .digest = 2};

static struct watch_plan
begin(void)
{
    struct watch_plan plan;

    watch_plan_begin(&plan, PERIOD, false, START);
    return plan;
}

static void
looks_every_period_while_nothing_changes(void **state)
{
    struct watch_plan plan = begin();

    (void)state;
    for (int64_t now = START + PERIOD; now < START + INT64_C(20) * PERIOD;
         now += PERIOD) {
        assert_int_equal(plan.look_ms, now);
        assert_false(watch_plan_decide(&plan, &same, now, 0));
    }
}

static void
change_is_loaded_when_two_looks_see_the_same(void **state)
{
    struct watch_plan plan = begin();
    int64_t now = plan.look_ms;

    (void)state;
    assert_false(watch_plan_decide(&plan, &other, now, 0));
    assert_int_equal(plan.look_ms, now + WATCH_SETTLE_MS);
    assert_true(watch_plan_decide(&plan, &other, plan.look_ms, 0));
}

static void
files_that_are_being_written_are_left_in_peace(void **state)
{
    struct watch_plan plan = begin();

    (void)state;
    assert_false(watch_plan_decide(&plan, &other, plan.look_ms, 0));
    assert_false(watch_plan_decide(&plan, &third, plan.look_ms, 0));
    assert_false(watch_plan_decide(&plan, &other, plan.look_ms, 0));
    assert_true(watch_plan_decide(&plan, &other, plan.look_ms, 0));
}

static void
files_that_never_rest_are_read_after_five_seconds(void **state)
{
    struct watch_plan plan = begin();
    int64_t first = plan.look_ms;
    bool is_due = false;
    int looks = 0;

    (void)state;
    while (!is_due) {
        is_due = watch_plan_decide(
            &plan, looks++ % 2 == 0 ? &other : &third, plan.look_ms, 0);
        assert_in_range(looks, 1, 100);
    }
    assert_int_equal(plan.look_ms - first, WATCH_SETTLE_MAX_MS);
}

static void
files_whose_clock_is_coarse_are_given_time(void **state)
{
    struct watch_plan plan = begin();

    (void)state;
    assert_false(watch_plan_decide(&plan, &fresh, plan.look_ms, 0));
    assert_false(watch_plan_decide(&plan, &fresh, plan.look_ms, 0));
    assert_true(watch_plan_decide(&plan, &other, plan.look_ms, 0));
}

static void
change_that_is_taken_back_is_forgotten(void **state)
{
    struct watch_plan plan = begin();
    int64_t now;

    (void)state;
    assert_false(watch_plan_decide(&plan, &other, plan.look_ms, 0));
    now = plan.look_ms;
    assert_false(watch_plan_decide(&plan, &same, now, 0));
    assert_int_equal(plan.look_ms, now + PERIOD);
    assert_false(watch_plan_decide(&plan, &other, plan.look_ms, 0));
}

static void
client_makes_it_look_at_once_but_once_a_second(void **state)
{
    struct watch_plan plan = begin();
    int64_t now = START + 4000;

    (void)state;
    assert_true(watch_plan_note_accept(&plan, now));
    assert_int_equal(plan.look_ms, now);
    assert_false(watch_plan_note_accept(&plan, now));
    assert_false(watch_plan_decide(&plan, &same, now, 0));
    assert_true(watch_plan_note_accept(&plan, now + 10));
    assert_int_equal(plan.look_ms, now + WATCH_ACCEPT_MS);
    assert_false(watch_plan_note_accept(&plan, now + 20));
}

static void
client_does_not_disturb_settling(void **state)
{
    struct watch_plan plan = begin();

    (void)state;
    assert_false(watch_plan_decide(&plan, &other, plan.look_ms, 0));
    assert_false(watch_plan_note_accept(&plan, plan.look_ms - 1));
}

static void
client_changes_nothing_when_the_watch_is_off(void **state)
{
    struct watch_plan plan;

    (void)state;
    watch_plan_begin(&plan, 0, false, START);
    assert_false(watch_plan_note_accept(&plan, START + PERIOD));
}

static void
looks_that_take_long_are_made_seldom(void **state)
{
    struct watch_plan plan = begin();
    int64_t now = plan.look_ms;

    (void)state;
    assert_false(watch_plan_decide(&plan, &same, now, 40));
    assert_true(watch_plan_note_accept(&plan, now + 1));
    assert_int_equal(plan.look_ms, now + INT64_C(40) * WATCH_COST_FACTOR);
    assert_false(watch_plan_decide(&plan, &same, now, 1000));
    assert_int_equal(plan.look_ms, now + INT64_C(1000) * WATCH_COST_FACTOR);
}

static void
failed_load_is_not_tried_again_while_nothing_changes(void **state)
{
    struct watch_plan plan = begin();

    (void)state;
    while (plan.look_ms < START + INT64_C(24) * WATCH_RETRY_MS)
        assert_false(watch_plan_decide(&plan, &same, plan.look_ms, 0));
}

static void
what_may_heal_by_itself_is_tried_again_every_hour(void **state)
{
    struct watch_plan plan;

    (void)state;
    watch_plan_begin(&plan, PERIOD, true, START);
    while (plan.look_ms < START + WATCH_RETRY_MS)
        assert_false(watch_plan_decide(&plan, &same, plan.look_ms, 0));
    assert_true(watch_plan_decide(&plan, &same, plan.look_ms, 0));
}

static void
load_in_between_begins_anew(void **state)
{
    struct watch_plan plan = begin();

    (void)state;
    assert_false(watch_plan_decide(&plan, &other, plan.look_ms, 0));
    watch_plan_begin(&plan, PERIOD, false, START + PERIOD);
    assert_int_equal(plan.look_ms, START + PERIOD + PERIOD);
    assert_false(watch_plan_decide(&plan, &other, plan.look_ms, 0));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(looks_every_period_while_nothing_changes),
        cmocka_unit_test(change_is_loaded_when_two_looks_see_the_same),
        cmocka_unit_test(files_that_are_being_written_are_left_in_peace),
        cmocka_unit_test(files_that_never_rest_are_read_after_five_seconds),
        cmocka_unit_test(files_whose_clock_is_coarse_are_given_time),
        cmocka_unit_test(change_that_is_taken_back_is_forgotten),
        cmocka_unit_test(client_makes_it_look_at_once_but_once_a_second),
        cmocka_unit_test(client_does_not_disturb_settling),
        cmocka_unit_test(client_changes_nothing_when_the_watch_is_off),
        cmocka_unit_test(looks_that_take_long_are_made_seldom),
        cmocka_unit_test(failed_load_is_not_tried_again_while_nothing_changes),
        cmocka_unit_test(what_may_heal_by_itself_is_tried_again_every_hour),
        cmocka_unit_test(load_in_between_begins_anew),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
