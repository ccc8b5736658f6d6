/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The count of open connections, which all workers share. */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "proxy/counters.h"

enum {
    THREADS = 4,
    ROUNDS = 20000,
    PLACES = 3,
};

static struct counters counters;
static atomic_int inside;
static atomic_int most_inside;

static void
places_are_taken_and_given_back(void **state)
{
    struct counters two = {.max = 2};

    (void)state;
    assert_true(counters_take(&two));
    assert_true(counters_take(&two));
    assert_false(counters_take(&two));
    assert_false(counters_take(&two));
    assert_int_equal(two.open, 2);
    counters_give(&two);
    assert_true(counters_take(&two));
}

/* A reload may allow fewer than are open; those live on. */
static void
smaller_limit_holds_for_new_ones(void **state)
{
    struct counters three = {.open = 3, .max = 3};

    (void)state;
    three.max = 1;
    assert_false(counters_take(&three));
    counters_give(&three);
    counters_give(&three);
    assert_false(counters_take(&three));
    counters_give(&three);
    assert_true(counters_take(&three));
}

static void
each_question_for_news_is_taken_once(void **state)
{
    struct counters asked = {.max = 1};

    (void)state;
    assert_false(counters_take_question(&asked));
    counters_ask_news(&asked);
    counters_ask_news(&asked);
    assert_true(counters_take_question(&asked));
    assert_false(counters_take_question(&asked));
}

static void *
come_and_go(void *arg)
{
    (void)arg;
    for (int i = 0; i < ROUNDS; i++) {
        int now;
        int most;

        if (!counters_take(&counters))
            continue;
        now = atomic_fetch_add(&inside, 1) + 1;
        most = atomic_load(&most_inside);
        while (now > most
               && !atomic_compare_exchange_weak(&most_inside, &most, now))
            continue;
        atomic_fetch_sub(&inside, 1);
        counters_give(&counters);
    }
    return NULL;
}

static void
threads_never_go_over_the_limit(void **state)
{
    pthread_t threads[THREADS];

    (void)state;
    counters.max = PLACES;
    for (int i = 0; i < THREADS; i++)
        assert_int_equal(
            pthread_create(&threads[i], NULL, come_and_go, NULL), 0);
    for (int i = 0; i < THREADS; i++)
        assert_int_equal(pthread_join(threads[i], NULL), 0);
    assert_int_equal(counters.open, 0);
    assert_in_range(most_inside, 1, PLACES);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(places_are_taken_and_given_back),
        cmocka_unit_test(smaller_limit_holds_for_new_ones),
        cmocka_unit_test(each_question_for_news_is_taken_once),
        cmocka_unit_test(threads_never_go_over_the_limit),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
