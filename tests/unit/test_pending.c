/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Clients that wait for somebody's approval: who is listed, and the bounds. */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "proxy/pending.h"

enum {
    NOON = 1795608000,
    THREADS = 4,
    ROUNDS = 3000,
};

static struct pending *pending;

static int
set_up(void **state)
{
    (void)state;
    pending = pending_new();
    return pending != NULL ? 0 : -1;
}

static int
tear_down(void **state)
{
    (void)state;
    pending_free(pending);
    return 0;
}

/* The certificate of that number. */
static void
put_fingerprint(char out[PENDING_DIGITS + 1], unsigned number)
{
    (void)snprintf(out, PENDING_DIGITS + 1, "%08x%056x", number, number);
}

static void
note_at(unsigned number, const char *address, const char *service, int64_t now)
{
    char fingerprint[PENDING_DIGITS + 1];
    struct address from;
    char why[128];
    struct pending_client client = {
        .fingerprint = fingerprint,
        .subject = "CN=printer",
        .issuer = "CN=nobody",
        .serial = "1f",
        .not_after = NOON + 1000,
        .address = &from,
        .service = service,
    };

    assert_int_equal(address_parse(&from, address, why, sizeof(why)), 0);
    put_fingerprint(fingerprint, number);
    pending_note(pending, &client, now);
}

static void
note(unsigned number, int64_t now)
{
    note_at(number, "192.0.2.1:1000", "web", now);
}

/* A host of its own for each. */
static void
note_from(unsigned host, unsigned number, int64_t now)
{
    char address[64];

    (void)snprintf(
        address, sizeof(address), "10.0.%u.%u:1000", host / 256, host % 256);
    note_at(number, address, "web", now);
}

static size_t
count(void)
{
    size_t entries;

    free(pending_copy(pending, &entries));
    return entries;
}

static bool
is_listed(unsigned number)
{
    char fingerprint[PENDING_DIGITS + 1];
    size_t entries;
    struct pending_entry *copy = pending_copy(pending, &entries);
    bool is_there = false;

    put_fingerprint(fingerprint, number);
    for (size_t i = 0; i < entries; i++)
        is_there |= strcmp(copy[i].fingerprint, fingerprint) == 0;
    free(copy);
    return is_there;
}

/* --- entries ------------------------------------------------------------- */

static void
an_entry_tells_all_that_was_seen(void **state)
{
    struct pending_entry *copy;
    char address[ADDRESS_TEXT_BYTES];
    size_t entries;

    (void)state;
    assert_null(pending_copy(pending, &entries));
    assert_int_equal(entries, 0);
    note(7, NOON);
    note_at(7, "[2001:db8::1]:443", "web", NOON + 500);
    copy = pending_copy(pending, &entries);
    assert_int_equal(entries, 1);
    assert_string_equal(copy->subject, "CN=printer");
    assert_string_equal(copy->issuer, "CN=nobody");
    assert_string_equal(copy->serial, "1f");
    assert_string_equal(copy->service, "web");
    assert_int_equal(copy->not_after, NOON + 1000);
    assert_int_equal(copy->first_seen, NOON);
    assert_int_equal(copy->last_seen, NOON + 500);
    assert_int_equal(copy->count, 2);
    address_format(&copy->address, address, sizeof(address));
    assert_string_equal(address, "[2001:db8::1]:443");
    free(copy);
}

static void
each_service_has_entries_of_its_own(void **state)
{
    char fingerprint[PENDING_DIGITS + 1];

    (void)state;
    note_at(1, "192.0.2.1:1", "web", NOON);
    note_at(1, "192.0.2.1:1", "mail", NOON);
    assert_int_equal(count(), 2);
    put_fingerprint(fingerprint, 1);
    pending_forget(pending, "mail", fingerprint);
    assert_int_equal(count(), 1);
    pending_forget(pending, "mail", fingerprint);
    assert_int_equal(count(), 1);
    pending_forget(pending, "web", fingerprint);
    assert_int_equal(count(), 0);
    pending_forget(pending, "web", fingerprint);
}

static void
the_last_seen_come_first(void **state)
{
    struct pending_entry *copy;
    size_t entries;

    (void)state;
    note(1, NOON);
    note(2, NOON + 2);
    note(3, NOON + 1);
    note(1, NOON + 3);
    copy = pending_copy(pending, &entries);
    assert_int_equal(entries, 3);
    assert_int_equal(copy[0].last_seen, NOON + 3);
    assert_int_equal(copy[1].last_seen, NOON + 2);
    assert_int_equal(copy[2].last_seen, NOON + 1);
    free(copy);
}

static bool
is_even(const char *service, const char *fingerprint, void *arg)
{
    size_t *asked = arg;

    assert_string_equal(service, "web");
    ++*asked;
    return (fingerprint[7] - '0') % 2 == 0;
}

static void
a_sweep_asks_about_each(void **state)
{
    size_t asked = 0;

    (void)state;
    for (unsigned i = 0; i < 9; i++)
        note(i, NOON);
    pending_sweep(pending, is_even, &asked);
    assert_int_equal(asked, 9);
    assert_int_equal(count(), 4);
    assert_true(is_listed(1) && is_listed(3) && is_listed(5) && is_listed(7));
    assert_int_equal(pending_evicted(pending), 0);
}

/* Two whose first digits are the same. */
static void
all_digits_are_compared(void **state)
{
    static const char ends[] = "01";

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        char fingerprint[PENDING_DIGITS + 1];
        struct address from = {.len = 0};
        struct pending_client client = {.fingerprint = fingerprint,
            .subject = "",
            .issuer = "",
            .serial = "",
            .address = &from,
            .service = "web"};

        put_fingerprint(fingerprint, 0);
        memset(fingerprint + PENDING_DIGITS - 1, ends[i], 1);
        pending_note(pending, &client, NOON);
    }
    assert_int_equal(count(), 2);
}

static void
long_text_is_cut_and_says_so(void **state)
{
    char fingerprint[PENDING_DIGITS + 1];
    char text[1000];
    struct address from = {.len = 0};
    struct pending_client client = {.fingerprint = fingerprint,
        .subject = text,
        .issuer = text,
        .serial = text,
        .address = &from,
        .service = "web"};
    struct pending_entry *copy;
    size_t entries;

    (void)state;
    put_fingerprint(fingerprint, 1);
    memset(text, 'x', sizeof(text) - 1);
    text[sizeof(text) - 1] = '\0';
    pending_note(pending, &client, NOON);
    copy = pending_copy(pending, &entries);
    assert_non_null(copy);
    assert_int_equal(strlen(copy->subject), PENDING_NAME_BYTES - 1);
    assert_string_equal(copy->subject + PENDING_NAME_BYTES - 5, "x...");
    assert_int_equal(strlen(copy->serial), PENDING_SERIAL_BYTES - 1);
    free(copy);
}

/* --- bounds -------------------------------------------------------------- */

static void
one_host_makes_twenty_new_ones_a_minute(void **state)
{
    (void)state;
    for (unsigned i = 0; i < 30; i++)
        note(i, NOON + i);
    assert_int_equal(count(), PENDING_HOST_MAX);
    assert_int_equal(pending_lost(pending), 10);
    note(1, NOON + 59); /* known: it may come as often as it likes */
    assert_int_equal(pending_lost(pending), 10);
    note_from(1, 100, NOON + 59);
    assert_true(is_listed(100));
    note(29, NOON + 60);
    assert_true(is_listed(29));
}

/* All addresses of a network of IPv6 are one host's; a mapped one is IPv4. */
static void
hosts_are_told_apart_by_their_network(void **state)
{
    unsigned number = 0;

    (void)state;
    for (unsigned i = 0; i < PENDING_HOST_MAX; i++) {
        char address[64];

        (void)snprintf(address, sizeof(address), "[2001:db8::%x]:1", i + 1);
        note_at(number++, address, "web", NOON);
        note(number++, NOON);
    }
    assert_int_equal(pending_lost(pending), 0);
    note_at(number++, "[2001:db8::ffff:1]:1", "web", NOON);
    assert_int_equal(pending_lost(pending), 1);
    note_at(number++, "[2001:db8:0:1::1]:1", "web", NOON);
    assert_int_equal(pending_lost(pending), 1);
    note_at(number++, "[::ffff:192.0.2.1]:1", "web", NOON);
    assert_int_equal(pending_lost(pending), 2);
    note_at(number, "[::ffff:192.0.2.2]:1", "web", NOON);
    assert_int_equal(pending_lost(pending), 2);
}

static void
all_hosts_make_two_hundred_a_minute(void **state)
{
    (void)state;
    for (unsigned i = 0; i < 300; i++)
        note_from(i, i, NOON);
    assert_int_equal(count(), PENDING_MINUTE_MAX);
    assert_int_equal(pending_lost(pending), 100);
    note_from(300, 300, NOON + 60);
    assert_true(is_listed(300));
}

/* A clock that is set back does not stop the minute for a year. */
static void
a_clock_may_be_set_back(void **state)
{
    (void)state;
    for (unsigned i = 0; i < 300; i++)
        note_from(i, i, NOON);
    note_from(300, 300, NOON - 1000000);
    assert_true(is_listed(300));
}

static void
who_was_not_seen_for_longest_makes_room(void **state)
{
    unsigned number = 0;
    int64_t now = NOON;

    (void)state;
    for (; number < PENDING_MAX; number++, now += 60)
        note(number, now);
    assert_int_equal(count(), PENDING_MAX);
    note(0, now += 60);
    note(number, now += 60);
    assert_int_equal(count(), PENDING_MAX);
    assert_int_equal(pending_evicted(pending), 1);
    assert_true(is_listed(0));
    assert_false(is_listed(1));
    assert_true(is_listed(2) && is_listed(number));
    note(number, now); /* is found where the other one was */
    assert_int_equal(count(), PENDING_MAX);
}

/* --- threads ------------------------------------------------------------- */

static void *
come_and_go(void *arg)
{
    const unsigned *thread = arg;
    char fingerprint[PENDING_DIGITS + 1];

    for (unsigned i = 0; i < ROUNDS; i++) {
        note_from(*thread, i % 10, NOON);
        put_fingerprint(fingerprint, (i + 5) % 10);
        pending_forget(pending, "web", fingerprint);
    }
    return NULL;
}

static void
threads_may_write_at_once(void **state)
{
    unsigned numbers[THREADS];
    pthread_t threads[THREADS];

    (void)state;
    for (unsigned i = 0; i < THREADS; i++) {
        numbers[i] = i;
        assert_int_equal(
            pthread_create(&threads[i], NULL, come_and_go, &numbers[i]), 0);
    }
    for (unsigned i = 0; i < 100; i++)
        assert_true(count() <= 10);
    for (unsigned i = 0; i < THREADS; i++)
        assert_int_equal(pthread_join(threads[i], NULL), 0);
    assert_true(count() <= 10);
}

int
main(void)
{
#define OF_ITS_OWN(test)                                                       \
    cmocka_unit_test_setup_teardown(test, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        OF_ITS_OWN(an_entry_tells_all_that_was_seen),
        OF_ITS_OWN(each_service_has_entries_of_its_own),
        OF_ITS_OWN(the_last_seen_come_first),
        OF_ITS_OWN(a_sweep_asks_about_each),
        OF_ITS_OWN(all_digits_are_compared),
        OF_ITS_OWN(long_text_is_cut_and_says_so),
        OF_ITS_OWN(one_host_makes_twenty_new_ones_a_minute),
        OF_ITS_OWN(hosts_are_told_apart_by_their_network),
        OF_ITS_OWN(all_hosts_make_two_hundred_a_minute),
        OF_ITS_OWN(a_clock_may_be_set_back),
        OF_ITS_OWN(who_was_not_seen_for_longest_makes_room),
        OF_ITS_OWN(threads_may_write_at_once),
    };
#undef OF_ITS_OWN

    return cmocka_run_group_tests(tests, NULL, NULL);
}
