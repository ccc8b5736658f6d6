/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Who still comes without TLS: counted by host, bounded, told in words. */
#include <arpa/inet.h>

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "proxy/census.h"

enum {
    SECOND = 1000,
    MINUTE = 60 * SECOND,
    HOUR = 60 * MINUTE,
    DAY = 24 * HOUR,
    BEGAN = 5000, /* when counting began */
    THREADS = 4,
    ROUNDS = 5000,
};

static struct census_table *table;

static int
set_up(void **state)
{
    (void)state;
    table = census_table_new(BEGAN);
    return table != NULL ? 0 : -1;
}

static int
tear_down(void **state)
{
    (void)state;
    census_table_unref(table);
    return 0;
}

/* "10.0.0.7:1234" */
static struct address
address_of(const char *text)
{
    struct address address;
    char why[128];

    assert_int_equal(address_parse(&address, text, why, sizeof(why)), 0);
    return address;
}

/* The host with that number, from a port that changes. */
static struct address
host(unsigned number)
{
    static in_port_t port;
    struct address address = address_of("10.0.0.0:1");

    address.sock.v4.sin_addr.s_addr = htonl(0x0a000000U + number);
    address.sock.v4.sin_port = htons(++port);
    return address;
}

static void
note(unsigned number, enum census_kind kind, int64_t at_ms)
{
    struct address from = host(number);

    census_note(table, &from, kind, at_ms);
    census_note_end(table, &from, kind, at_ms);
}

static struct census *
read_table(void)
{
    struct census *census = census_read(table);

    assert_non_null(census);
    return census;
}

static void
assert_host(const struct repeat_host *got, const char *want)
{
    char text[ADDRESS_TEXT_BYTES];

    repeat_host_format(got, text, sizeof(text));
    assert_string_equal(text, want);
}

static void
assert_words(enum census_kind kind, int64_t now_ms, const char *want)
{
    struct census *census = read_table();
    char words[CENSUS_WORDS_BYTES];

    census_words(census, kind, now_ms, words);
    free(census);
    assert_string_equal(words, want);
}

/* --- counting ------------------------------------------------------------ */

static void
ports_of_one_host_are_one_source(void **state)
{
    struct census *census;

    (void)state;
    note(7, CENSUS_PLAINTEXT, 100);
    note(7, CENSUS_PLAINTEXT, 300);
    census = read_table();
    assert_int_equal(census->source_count, 1);
    assert_host(&census->sources[0].host, "10.0.0.7");
    assert_int_equal(census->sources[0].seen[CENSUS_PLAINTEXT].count, 2);
    assert_int_equal(census->sources[0].seen[CENSUS_PLAINTEXT].first_ms, 100);
    assert_int_equal(census->sources[0].seen[CENSUS_PLAINTEXT].last_ms, 300);
    assert_int_equal(census->sources[0].last_ms, 300);
    assert_int_equal(census->totals[CENSUS_PLAINTEXT].hosts, 1);
    assert_int_equal(census->totals[CENSUS_PLAINTEXT].seen.count, 2);
    assert_int_equal(census->since_ms, BEGAN);
    free(census);
}

static void
kinds_are_counted_apart(void **state)
{
    struct census *census;

    (void)state;
    note(7, CENSUS_PLAINTEXT, 100);
    note(7, CENSUS_NO_CERTIFICATE, 200);
    note(8, CENSUS_NO_CERTIFICATE, 300);
    census = read_table();
    assert_int_equal(census->source_count, 2);
    assert_int_equal(census->totals[CENSUS_PLAINTEXT].seen.count, 1);
    assert_int_equal(census->totals[CENSUS_PLAINTEXT].hosts, 1);
    assert_int_equal(census->totals[CENSUS_NO_CERTIFICATE].seen.count, 2);
    assert_int_equal(census->totals[CENSUS_NO_CERTIFICATE].hosts, 2);
    assert_int_equal(census->totals[CENSUS_TLS_1_2].seen.count, 0);
    assert_int_equal(census->sources[1].seen[CENSUS_PLAINTEXT].count, 1);
    assert_int_equal(census->sources[1].seen[CENSUS_NO_CERTIFICATE].count, 1);
    assert_int_equal(census->sources[1].last_ms, 200);
    free(census);
}

static void
the_one_seen_last_comes_first(void **state)
{
    struct census *census;

    (void)state;
    for (unsigned i = 1; i <= 3; i++)
        note(i, CENSUS_PLAINTEXT, i);
    note(1, CENSUS_PLAINTEXT, 4);
    census = read_table();
    assert_host(&census->sources[0].host, "10.0.0.1");
    assert_host(&census->sources[1].host, "10.0.0.3");
    assert_host(&census->sources[2].host, "10.0.0.2");
    assert_host(&census->totals[CENSUS_PLAINTEXT].last, "10.0.0.1");
    free(census);
}

static void
every_family_is_told_apart(void **state)
{
    struct address from[] = {
        address_of("[::1]:1"),
        address_of("[2001:db8::7]:1"),
        address_of("127.0.0.1:1"),
        address_of("unix:/run/x.sock"),
    };
    struct census *census;

    (void)state;
    for (size_t i = 0; i < 4; i++)
        census_note(table, &from[i], CENSUS_PLAINTEXT, (int64_t)i);
    census = read_table();
    assert_int_equal(census->source_count, 4);
    assert_host(&census->sources[0].host, "unix:");
    assert_host(&census->sources[1].host, "127.0.0.1");
    assert_host(&census->sources[2].host, "2001:db8::7");
    assert_host(&census->sources[3].host, "::1");
    free(census);
}

/* The totals go on. */
static void
a_full_table_forgets_who_was_seen_longest_ago(void **state)
{
    struct census *census;

    (void)state;
    for (unsigned i = 0; i < CENSUS_SOURCES_MAX; i++)
        note(i, CENSUS_PLAINTEXT, i);
    census = read_table();
    assert_false(census->has_forgotten);
    free(census);
    note(0, CENSUS_PLAINTEXT, 5000);
    note(70000, CENSUS_PLAINTEXT, 5001);
    note(70001, CENSUS_PLAINTEXT, 5002);
    census = read_table();
    assert_true(census->has_forgotten);
    assert_int_equal(census->source_count, CENSUS_SOURCES_MAX);
    assert_host(&census->sources[0].host, "10.1.17.113");
    assert_host(&census->sources[2].host, "10.0.0.0");
    assert_host(&census->sources[CENSUS_SOURCES_MAX - 1].host, "10.0.0.3");
    assert_int_equal(
        census->totals[CENSUS_PLAINTEXT].hosts, CENSUS_SOURCES_MAX + 2);
    assert_int_equal(
        census->totals[CENSUS_PLAINTEXT].seen.count, CENSUS_SOURCES_MAX + 3);
    free(census);
}

/* Every one of them is found again after the table has turned over often. */
static void
a_table_that_turns_over_stays_whole(void **state)
{
    struct census *census;

    (void)state;
    for (unsigned i = 0; i < 20 * CENSUS_SOURCES_MAX; i++)
        note(i * 7919 % 3000, CENSUS_TLS_1_2, i);
    for (unsigned i = 0; i < CENSUS_SOURCES_MAX; i++)
        note(i, CENSUS_TLS_1_2, 100000 + i);
    for (unsigned i = 0; i < CENSUS_SOURCES_MAX; i++)
        note(i, CENSUS_TLS_1_2, 200000 + i);
    census = read_table();
    for (size_t i = 0; i < CENSUS_SOURCES_MAX; i++) {
        const struct census_seen *seen =
            &census->sources[i].seen[CENSUS_TLS_1_2];

        assert_in_range(seen->count, 2, 20 * CENSUS_SOURCES_MAX);
        assert_int_equal(
            seen->last_ms, 200000 + CENSUS_SOURCES_MAX - 1 - (int64_t)i);
    }
    free(census);
}

static void *
come_often(void *arg)
{
    for (unsigned i = 0; i < ROUNDS; i++) {
        struct address from = address_of("10.0.0.1:1");

        from.sock.v4.sin_addr.s_addr = htonl(0x0a000000U + i % 1500);
        census_note(arg, &from, CENSUS_PLAINTEXT, i);
    }
    census_table_unref(arg);
    return NULL;
}

static void
threads_lose_nothing(void **state)
{
    pthread_t threads[THREADS];
    struct census *census;

    (void)state;
    for (int i = 0; i < THREADS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, come_often,
                             census_table_ref(table)),
            0);
    for (int i = 0; i < 20; i++)
        free(read_table());
    for (int i = 0; i < THREADS; i++)
        assert_int_equal(pthread_join(threads[i], NULL), 0);
    census = read_table();
    assert_int_equal(
        census->totals[CENSUS_PLAINTEXT].seen.count, THREADS * ROUNDS);
    free(census);
}

/* Whoever is still there has not gone; the table may have forgotten it. */
static void
an_open_connection_is_there(void **state)
{
    const int64_t later = BEGAN + 5LL * DAY;
    struct address from = host(7);
    struct census *census;

    (void)state;
    census_note(table, &from, CENSUS_PLAINTEXT, BEGAN);
    note(8, CENSUS_PLAINTEXT, BEGAN + 1);
    census = read_table();
    assert_int_equal(census->totals[CENSUS_PLAINTEXT].open, 1);
    assert_false(census_is_safe(census, CENSUS_PLAINTEXT, later));
    free(census);
    assert_words(CENSUS_PLAINTEXT, later,
        "last plaintext 4 days ago from 10.0.0.8 (2 connections from 2 "
        "addresses in all, 1 still open)");
    census_note_end(table, &from, CENSUS_PLAINTEXT, later);
    census = read_table();
    assert_host(&census->sources[0].host, "10.0.0.7");
    assert_int_equal(census->sources[0].last_ms, later);
    assert_false(census_is_safe(census, CENSUS_PLAINTEXT, later + DAY - 1));
    assert_true(census_is_safe(census, CENSUS_PLAINTEXT, later + DAY));
    free(census);
}

static void
the_end_of_one_that_was_forgotten_counts(void **state)
{
    struct address from = host(70000);
    struct census *census;

    (void)state;
    census_note(table, &from, CENSUS_PLAINTEXT, 1);
    for (unsigned i = 0; i < CENSUS_SOURCES_MAX; i++)
        note(i, CENSUS_PLAINTEXT, 2);
    census_note_end(table, &from, CENSUS_PLAINTEXT, 9000);
    census = read_table();
    assert_host(&census->totals[CENSUS_PLAINTEXT].last, "10.1.17.112");
    assert_int_equal(census->totals[CENSUS_PLAINTEXT].seen.last_ms, 9000);
    assert_int_equal(census->totals[CENSUS_PLAINTEXT].open, 0);
    assert_int_equal(census->source_count, CENSUS_SOURCES_MAX);
    for (size_t i = 0; i < CENSUS_SOURCES_MAX; i++)
        assert_int_equal(census->sources[i].last_ms, 2);
    free(census);
}

/* Days on which it was not counted prove nothing. */
static void
each_kind_is_counted_from_its_own_day(void **state)
{
    const int64_t asked = BEGAN + 12LL * DAY;
    struct census *census;

    (void)state;
    note(7, CENSUS_NO_CERTIFICATE, BEGAN);
    census_begin(table, CENSUS_NO_CERTIFICATE, asked);
    assert_words(CENSUS_NO_CERTIFICATE, asked + 3LL * MINUTE,
        "no client without a certificate for 3 minutes, since counting began: "
        "too early to tell");
    census = read_table();
    assert_false(census_is_safe(census, CENSUS_NO_CERTIFICATE, asked));
    assert_true(census_is_safe(census, CENSUS_NO_CERTIFICATE, asked + DAY));
    assert_true(census_is_safe(census, CENSUS_PLAINTEXT, asked));
    free(census);
}

/* --- who is counted ------------------------------------------------------ */

static void
services_that_leave_no_choice_are_not_counted(void **state)
{
    struct config_service service = {
        .required_level = LEVEL_TLS,
        .client_certificate = CLIENT_CERT_IGNORE,
        .tls = {.min_version = TLS_VERSION_1_2, .max_version = TLS_VERSION_1_3},
    };

    (void)state;
    assert_false(census_is_for(&service));
    assert_false(census_counts(&service, CENSUS_TLS_1_2));
    service.client_certificate = CLIENT_CERT_REQUIRED;
    assert_false(census_is_for(&service));
    service.client_certificate = CLIENT_CERT_OPTIONAL;
    assert_true(census_is_for(&service));
    assert_false(census_counts(&service, CENSUS_PLAINTEXT));
    assert_true(census_counts(&service, CENSUS_NO_CERTIFICATE));
    assert_true(census_counts(&service, CENSUS_TLS_1_2));
    service.required_level = LEVEL_NONE;
    service.client_certificate = CLIENT_CERT_IGNORE;
    service.tls.min_version = TLS_VERSION_1_3;
    assert_true(census_is_for(&service));
    assert_true(census_counts(&service, CENSUS_PLAINTEXT));
    assert_false(census_counts(&service, CENSUS_NO_CERTIFICATE));
    assert_false(census_counts(&service, CENSUS_TLS_1_2));
}

/* --- words --------------------------------------------------------------- */

static void
without_anybody_time_decides(void **state)
{
    (void)state;
    assert_words(CENSUS_PLAINTEXT, BEGAN + 999,
        "no plaintext for 0 seconds, since counting began: too early to tell");
    assert_words(CENSUS_PLAINTEXT, BEGAN + 3LL * MINUTE,
        "no plaintext for 3 minutes, since counting began: too early to tell");
    assert_words(CENSUS_PLAINTEXT, BEGAN + DAY - 1,
        "no plaintext for 23 hours, since counting began: too early to tell");
    assert_words(CENSUS_PLAINTEXT, BEGAN + DAY,
        "no plaintext for 1 day, since counting began: safe to require TLS "
        "(required_level = tls)");
    assert_words(CENSUS_NO_CERTIFICATE, BEGAN + 40LL * DAY,
        "no client without a certificate for 40 days, since counting began: "
        "safe to require them (required_level = peer)");
    assert_words(CENSUS_TLS_1_2, BEGAN + 2LL * DAY,
        "no TLS 1.2 for 2 days, since counting began: safe to require TLS 1.3 "
        "(tls.min_version = 1.3)");
}

static void
the_last_one_decides(void **state)
{
    const int64_t came = BEGAN + 50LL * DAY;

    (void)state;
    note(7, CENSUS_PLAINTEXT, came);
    assert_words(CENSUS_PLAINTEXT, came + 1LL * SECOND,
        "last plaintext 1 second ago from 10.0.0.7 (1 connection from 1 "
        "address in all)");
    for (unsigned i = 0; i < 11; i++)
        note(5 + i % 3, CENSUS_PLAINTEXT, came + 1);
    note(7, CENSUS_PLAINTEXT, came + 1);
    assert_words(CENSUS_PLAINTEXT, came + 1 + 3LL * MINUTE,
        "last plaintext 3 minutes ago from 10.0.0.7 (13 connections from 3 "
        "addresses in all)");
    assert_words(CENSUS_PLAINTEXT, came + DAY,
        "last plaintext 23 hours ago from 10.0.0.7 (13 connections from 3 "
        "addresses in all)");
    assert_words(CENSUS_PLAINTEXT, came + 1 + 2LL * DAY,
        "no plaintext for 2 days, the last from 10.0.0.7 (13 connections from "
        "3 addresses in all): safe to require TLS (required_level = tls)");
}

static void
forgotten_ones_make_the_number_a_guess(void **state)
{
    (void)state;
    for (unsigned i = 0; i <= CENSUS_SOURCES_MAX; i++)
        note(i, CENSUS_TLS_1_2, BEGAN);
    assert_words(CENSUS_TLS_1_2, BEGAN + HOUR,
        "last TLS 1.2 1 hour ago from 10.0.4.0 (1025 connections from about "
        "1025 addresses in all)");
}

/* A client that speaks plaintext shows no certificate either. */
static void
plaintext_stands_in_the_way_of_certificates(void **state)
{
    const int64_t now_ms = BEGAN + 9LL * DAY;
    struct census *census;

    (void)state;
    note(7, CENSUS_NO_CERTIFICATE, BEGAN);
    note(7, CENSUS_PLAINTEXT, now_ms - HOUR);
    assert_words(CENSUS_NO_CERTIFICATE, now_ms,
        "no client without a certificate for 9 days, the last from 10.0.0.7 "
        "(1 connection from 1 address in all): but plaintext came, which shows "
        "none");
    census = read_table();
    assert_false(census_is_safe(census, CENSUS_NO_CERTIFICATE, now_ms));
    assert_true(census_is_safe(census, CENSUS_NO_CERTIFICATE, now_ms + DAY));
    assert_true(census_is_safe(census, CENSUS_TLS_1_2, now_ms));
    free(census);
}

int
main(void)
{
#define ON_TABLE(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        ON_TABLE(ports_of_one_host_are_one_source),
        ON_TABLE(kinds_are_counted_apart),
        ON_TABLE(the_one_seen_last_comes_first),
        ON_TABLE(every_family_is_told_apart),
        ON_TABLE(a_full_table_forgets_who_was_seen_longest_ago),
        ON_TABLE(a_table_that_turns_over_stays_whole),
        ON_TABLE(threads_lose_nothing),
        ON_TABLE(an_open_connection_is_there),
        ON_TABLE(the_end_of_one_that_was_forgotten_counts),
        ON_TABLE(each_kind_is_counted_from_its_own_day),
        cmocka_unit_test(services_that_leave_no_choice_are_not_counted),
        ON_TABLE(without_anybody_time_decides),
        ON_TABLE(the_last_one_decides),
        ON_TABLE(forgotten_ones_make_the_number_a_guess),
        ON_TABLE(plaintext_stands_in_the_way_of_certificates),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
