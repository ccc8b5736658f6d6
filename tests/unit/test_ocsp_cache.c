/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What is remembered of OCSP answers and of those who give them, and for how
 * long. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "proxy/ocsp_cache.h"
#include "proxy/ocsp_responders.h"

/* --- answers ------------------------------------------------------------- */

static struct ocsp_cache *cache;

static int
start(void **state)
{
    (void)state;
    cache = ocsp_cache_new();
    return cache != NULL ? 0 : -1;
}

static int
stop(void **state)
{
    (void)state;
    ocsp_cache_free(cache);
    return 0;
}

/* Keys that share a bucket with many others. */
static void
make_key(uint8_t key[OCSP_KEY_BYTES], unsigned number)
{
    memset(key, 0, OCSP_KEY_BYTES);
    memcpy(key + OCSP_KEY_BYTES - sizeof(number), &number, sizeof(number));
    key[0] = (uint8_t)(number % 3);
}

static void
put(unsigned number, const char *words, int64_t until_ms)
{
    const struct ocsp_result result = {
        .outcome = OCSP_OUT_REVOKED, .words = words, .until = 5};
    uint8_t key[OCSP_KEY_BYTES];

    make_key(key, number);
    ocsp_cache_put(cache, key, &result, until_ms);
}

static const struct ocsp_result *
find(unsigned number, int64_t now_ms)
{
    uint8_t key[OCSP_KEY_BYTES];

    make_key(key, number);
    return ocsp_cache_find(cache, key, now_ms);
}

static void
what_was_put_is_found_until_its_time(void **state)
{
    char words[8] = "words";
    const struct ocsp_result *found;

    (void)state;
    put(1, words, 100);
    memset(words, 0, sizeof(words)); /* it is a copy */
    found = find(1, 99);
    assert_non_null(found);
    assert_int_equal(found->outcome, OCSP_OUT_REVOKED);
    assert_int_equal(found->until, 5);
    assert_string_equal(found->words, "words");
    assert_null(find(2, 99));
    assert_null(find(1, 100));
    assert_int_equal(ocsp_cache_count(cache), 0);
}

static void
newer_answer_takes_the_place_of_the_older(void **state)
{
    (void)state;
    put(1, "older", 200);
    put(1, "newer", 100);
    assert_string_equal(find(1, 0)->words, "newer");
    assert_int_equal(ocsp_cache_count(cache), 1);
    assert_null(find(1, 150));
}

static void
longest_unused_goes_first(void **state)
{
    (void)state;
    for (unsigned i = 0; i < OCSP_CACHE_MAX; i++)
        put(i, "", 100);
    assert_non_null(find(0, 0));
    put(OCSP_CACHE_MAX, "", 100);
    assert_int_equal(ocsp_cache_count(cache), OCSP_CACHE_MAX);
    assert_non_null(find(0, 0));
    assert_null(find(1, 0));
    assert_non_null(find(2, 0));
    assert_non_null(find(OCSP_CACHE_MAX, 0));
}

/* --- responders ---------------------------------------------------------- */

static struct ocsp_responders all;

static struct ocsp_responder *
responder_at(const char *host, int64_t now_ms)
{
    struct http_url url = {.port = 80};

    (void)snprintf(url.host, sizeof(url.host), "%s", host);
    return ocsp_responders_find(&all, &url, now_ms);
}

static int
forget(void **state)
{
    (void)state;
    memset(&all, 0, sizeof(all));
    return 0;
}

static void
fail_at(struct ocsp_responder *responder, int64_t now_ms)
{
    ocsp_responder_begin(responder);
    ocsp_responder_end(responder, false, now_ms);
}

static void
responder_is_known_by_host_and_port(void **state)
{
    struct http_url url = {.host = "b.example", .port = 81};

    (void)state;
    assert_ptr_equal(
        responder_at("b.example", 1), responder_at("B.Example", 2));
    assert_ptr_not_equal(
        responder_at("a.example", 1), responder_at("b.example", 2));
    assert_ptr_not_equal(
        ocsp_responders_find(&all, &url, 1), responder_at("b.example", 2));
}

static void
one_failure_means_nothing(void **state)
{
    struct ocsp_responder *responder = responder_at("a", 0);

    (void)state;
    for (int i = 0; i < 10; i++) {
        fail_at(responder, i);
        fail_at(responder, i);
        assert_false(ocsp_responder_is_silent(responder, i));
        ocsp_responder_begin(responder);
        ocsp_responder_end(responder, true, i);
    }
}

/* Fails until it is left alone; returns until when. */
static int64_t
fail_until_silent(struct ocsp_responder *responder, int64_t now_ms)
{
    do {
        assert_false(ocsp_responder_is_silent(responder, now_ms));
        fail_at(responder, now_ms);
    } while (!ocsp_responder_is_silent(responder, now_ms));
    while (ocsp_responder_is_silent(responder, now_ms))
        now_ms++;
    return now_ms;
}

static void
pauses_grow_up_to_a_bound_and_end_with_a_reply(void **state)
{
    static const int64_t pauses[] = {1000, 2000, 4000, 8000, 10000, 10000};
    struct ocsp_responder *responder = responder_at("a", 0);
    int64_t now_ms = 5;

    (void)state;
    for (size_t i = 0; i < sizeof(pauses) / sizeof(pauses[0]); i++) {
        int64_t end_ms = fail_until_silent(responder, now_ms);

        assert_int_equal(end_ms - now_ms, pauses[i]);
        now_ms = end_ms;
    }
    ocsp_responder_begin(responder);
    ocsp_responder_end(responder, true, now_ms);
    assert_int_equal(fail_until_silent(responder, now_ms) - now_ms, 1000);
}

static void
failures_at_once_are_one_reason_to_pause(void **state)
{
    struct ocsp_responder *responder = responder_at("a", 0);

    (void)state;
    for (int i = 0; i < OCSP_PER_RESPONDER_MAX; i++)
        ocsp_responder_begin(responder);
    for (int i = 0; i < OCSP_PER_RESPONDER_MAX; i++)
        ocsp_responder_end(responder, false, 0);
    assert_true(ocsp_responder_is_silent(responder, 999));
    assert_false(ocsp_responder_is_silent(responder, 1000));
}

/* After a pause one question goes out, and no other meanwhile. */
static void
one_question_tries_again(void **state)
{
    struct ocsp_responder *responder = responder_at("a", 0);
    int64_t now_ms = fail_until_silent(responder, 0);

    (void)state;
    ocsp_responder_begin(responder);
    assert_true(ocsp_responder_is_silent(responder, now_ms));
    ocsp_responder_end(responder, true, now_ms);
    assert_false(ocsp_responder_is_silent(responder, now_ms));
}

static void
places_are_counted(void **state)
{
    struct ocsp_responder *responder = responder_at("a", 0);

    (void)state;
    for (int i = 0; i < OCSP_PER_RESPONDER_MAX; i++) {
        assert_true(ocsp_responder_has_room(responder));
        ocsp_responder_begin(responder);
    }
    assert_false(ocsp_responder_has_room(responder));
    ocsp_responder_end(responder, true, 0);
    assert_true(ocsp_responder_has_room(responder));
}

/* Strangers take the places of others, never of one that is being asked. */
static void
responder_that_is_asked_keeps_its_place(void **state)
{
    struct ocsp_responder *asked[OCSP_ACTIVE_MAX];
    char host[32];

    (void)state;
    for (int i = 0; i < OCSP_ACTIVE_MAX; i++) {
        (void)snprintf(host, sizeof(host), "asked-%d", i);
        asked[i] = responder_at(host, i);
        ocsp_responder_begin(asked[i]);
    }
    for (int i = 0; i < 10 * OCSP_RESPONDERS_MAX; i++) {
        (void)snprintf(host, sizeof(host), "stranger-%d", i);
        assert_int_equal(responder_at(host, 100 + i)->active_count, 0);
    }
    for (int i = 0; i < OCSP_ACTIVE_MAX; i++) {
        (void)snprintf(host, sizeof(host), "asked-%d", i);
        assert_ptr_equal(responder_at(host, 5000), asked[i]);
        assert_int_equal(asked[i]->active_count, 1);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(
            what_was_put_is_found_until_its_time, start, stop),
        cmocka_unit_test_setup_teardown(
            newer_answer_takes_the_place_of_the_older, start, stop),
        cmocka_unit_test_setup_teardown(longest_unused_goes_first, start, stop),
        cmocka_unit_test_setup(responder_is_known_by_host_and_port, forget),
        cmocka_unit_test_setup(one_failure_means_nothing, forget),
        cmocka_unit_test_setup(
            pauses_grow_up_to_a_bound_and_end_with_a_reply, forget),
        cmocka_unit_test_setup(
            failures_at_once_are_one_reason_to_pause, forget),
        cmocka_unit_test_setup(one_question_tries_again, forget),
        cmocka_unit_test_setup(places_are_counted, forget),
        cmocka_unit_test_setup(responder_that_is_asked_keeps_its_place, forget),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
