/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One line for many equal failures, and a count of the rest. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "proxy/repeats.h"

enum {
    FAILURES = 200 * 1000
};

static struct repeat_key
key_of(const char *address, enum close_reason reason, const char *detail)
{
    struct address parsed;
    char why[128];

    assert_int_equal(address_parse(&parsed, address, why, sizeof(why)), 0);
    return repeat_key_of(&parsed, reason, detail);
}

static void
the_first_is_logged_and_the_next_are_counted(void **state)
{
    struct repeats repeats = {0};
    struct repeat_key key = key_of("10.0.0.1:5000", CLOSE_NOT_TLS, "x");
    unsigned left_out;

    (void)state;
    assert_true(repeats_admit(&repeats, &key, 1000, &left_out));
    assert_false(repeats_admit(&repeats, &key, 1001, &left_out));
    assert_false(repeats_admit(&repeats, &key, 2000, &left_out));
    assert_true(repeats_admit(&repeats, &key, 1000 + REPEAT_MS, &left_out));
    assert_int_equal(left_out, 2);
}

static void
the_port_makes_no_difference_but_host_reason_and_detail_do(void **state)
{
    struct repeats repeats = {0};
    struct repeat_key first = key_of("10.0.0.1:5000", CLOSE_NOT_TLS, "x");
    struct repeat_key port = key_of("10.0.0.1:6000", CLOSE_NOT_TLS, "x");
    struct repeat_key host = key_of("10.0.0.2:5000", CLOSE_NOT_TLS, "x");
    struct repeat_key detail = key_of("10.0.0.1:5000", CLOSE_NOT_TLS, "y");
    struct repeat_key reason =
        key_of("10.0.0.1:5000", CLOSE_HELLO_MALFORMED, "x");
    unsigned left_out;

    (void)state;
    assert_true(repeats_admit(&repeats, &first, 0, &left_out));
    assert_false(repeats_admit(&repeats, &port, 0, &left_out));
    assert_true(repeats_admit(&repeats, &host, 0, &left_out));
    assert_true(repeats_admit(&repeats, &detail, 0, &left_out));
    assert_true(repeats_admit(&repeats, &reason, 0, &left_out));
}

static void
what_was_left_out_becomes_due(void **state)
{
    struct repeats repeats = {0};
    struct repeat_key key = key_of("[::1]:5000", CLOSE_NOT_TLS, NULL);
    struct repeat due;
    unsigned left_out;
    char host[ADDRESS_TEXT_BYTES];

    (void)state;
    assert_true(repeats_admit(&repeats, &key, 0, &left_out));
    assert_false(repeats_admit(&repeats, &key, 1, &left_out));
    assert_false(repeats_take_due(&repeats, REPEAT_MS - 1, &due));
    assert_true(repeats_take_due(&repeats, REPEAT_MS, &due));
    assert_int_equal(due.left_out, 1);
    repeat_host_format(&due.key.host, host, sizeof(host));
    assert_string_equal(host, "::1");
    assert_false(repeats_take_due(&repeats, REPEAT_MS, &due));
}

static void
many_hosts_do_not_fill_the_log(void **state)
{
    struct repeats repeats = {0};
    unsigned admitted = 0;
    unsigned left_out;

    (void)state;
    for (unsigned i = 0; i < 2 * REPEAT_LINES_MAX; i++) {
        char address[32];
        struct repeat_key key;

        (void)snprintf(address, sizeof(address), "10.%u.%u.%u:1", i >> 16,
            i >> 8 & 255, i & 255);
        key = key_of(address, CLOSE_NOT_TLS, NULL);
        admitted += repeats_admit(&repeats, &key, 5, &left_out) ? 1 : 0;
    }
    assert_int_equal(admitted, REPEAT_LINES_MAX);
    assert_int_equal(repeats.lost, REPEAT_LINES_MAX);
}

static void
same_host_over_unix_sockets_is_one(void **state)
{
    struct repeats repeats = {0};
    struct repeat_key key = key_of("unix:/a", CLOSE_NOT_TLS, NULL);
    struct repeat_key other = key_of("unix:/b", CLOSE_NOT_TLS, NULL);
    char host[ADDRESS_TEXT_BYTES];
    unsigned left_out;

    (void)state;
    assert_true(repeats_admit(&repeats, &key, 0, &left_out));
    assert_false(repeats_admit(&repeats, &other, 0, &left_out));
    repeat_host_format(&key.host, host, sizeof(host));
    assert_string_equal(host, "unix:");
}

static void
a_mapped_address_is_the_same_host(void **state)
{
    struct repeat_key plain = key_of("10.0.0.1:1", CLOSE_NOT_TLS, NULL);
    struct repeat_key mapped =
        key_of("[::ffff:10.0.0.1]:2", CLOSE_NOT_TLS, NULL);
    char host[ADDRESS_TEXT_BYTES];

    (void)state;
    assert_memory_equal(&plain.host, &mapped.host, sizeof(plain.host));
    repeat_host_format(&mapped.host, host, sizeof(host));
    assert_string_equal(host, "10.0.0.1");
}

/* Whatever comes when, each failure is a line, or counted in a later one, or
 * counted as lost. */
static void
no_failure_goes_unaccounted(void **state)
{
    struct repeats repeats = {0};
    struct repeat due;
    uint32_t random = 1;
    uint64_t accounted = 0;
    unsigned left_out;
    int64_t now_ms = 0;

    (void)state;
    for (unsigned i = 0; i < FAILURES; i++) {
        struct repeat_key key;

        random = random * 1664525U + 1013904223U;
        key = (struct repeat_key){.reason = CLOSE_NOT_TLS,
            .detail_hash = (random >> 16) % (3 * REPEAT_ENTRIES)};
        now_ms += (random >> 8) % 4 == 0 ? 1 : 0;
        if (repeats_admit(&repeats, &key, now_ms, &left_out))
            accounted += 1 + left_out;
        if ((random >> 8) % 1024 == 0
            && repeats_take_due(&repeats, now_ms, &due))
            accounted += due.left_out;
    }
    while (repeats_take_due(&repeats, INT64_MAX, &due))
        accounted += due.left_out;
    assert_int_equal(accounted + repeats.lost, FAILURES);
}

/* They may say something else each time. */
static void
refused_clients_are_told_less_often(void **state)
{
    struct repeat_key key = key_of("1.2.3.4:5", CLOSE_CLIENT_REFUSED, "x");
    struct repeats repeats = {0};
    unsigned left_out;

    (void)state;
    assert_true(repeats_admit(&repeats, &key, 0, &left_out));
    assert_false(repeats_admit(&repeats, &key, REPEAT_MS, &left_out));
    assert_false(
        repeats_admit(&repeats, &key, REPEAT_REFUSED_MS - 1, &left_out));
    assert_true(repeats_admit(&repeats, &key, REPEAT_REFUSED_MS, &left_out));
    assert_int_equal(left_out, 2);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_first_is_logged_and_the_next_are_counted),
        cmocka_unit_test(
            the_port_makes_no_difference_but_host_reason_and_detail_do),
        cmocka_unit_test(what_was_left_out_becomes_due),
        cmocka_unit_test(many_hosts_do_not_fill_the_log),
        cmocka_unit_test(same_host_over_unix_sockets_is_one),
        cmocka_unit_test(a_mapped_address_is_the_same_host),
        cmocka_unit_test(no_failure_goes_unaccounted),
        cmocka_unit_test(refused_clients_are_told_less_often),
    };

    return cmocka_run_group_tests_name("repeats", tests, NULL, NULL);
}
