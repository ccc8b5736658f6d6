/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Matching host names and addresses against those of a certificate. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "certs/names.h"

/* Patterns carry no NUL in a certificate: memory of exactly their length. */
static bool
matches(const char *pattern, const char *host)
{
    size_t len = strlen(pattern);
    char *exact = test_malloc(len + (len == 0));
    bool is_match;

    /* NOLINTNEXTLINE(bugprone-not-null-terminated-result): so it must be */
    memcpy(exact, pattern, len);
    is_match = name_matches(exact, len, host);
    test_free(exact);
    return is_match;
}

static void
same_name_matches(void **state)
{
    (void)state;
    assert_true(matches("web.example", "web.example"));
}

static void
case_does_not_count(void **state)
{
    (void)state;
    assert_true(matches("Web.EXAMPLE", "wEB.example"));
    assert_true(matches("*.EXAMPLE.com", "a.example.COM"));
}

static void
final_dot_does_not_count(void **state)
{
    (void)state;
    assert_true(matches("web.example.", "web.example"));
    assert_true(matches("web.example", "web.example."));
    assert_true(matches("*.example.com.", "a.example.com"));
    assert_true(matches("*.example.com", "a.example.com."));
}

static void
other_name_does_not_match(void **state)
{
    (void)state;
    assert_false(matches("web.example", "web.example.com"));
    assert_false(matches("web.example", "eb.example"));
    assert_false(matches("web.example", "a.web.example"));
}

static void
wildcard_stands_for_one_label(void **state)
{
    (void)state;
    assert_true(matches("*.example.com", "a.example.com"));
    assert_false(matches("*.example.com", "a.b.example.com"));
    assert_false(matches("*.example.com", "example.com"));
    assert_false(matches("*.example.com", ".example.com"));
}

static void
wildcard_stands_for_no_top_level_domain(void **state)
{
    (void)state;
    assert_false(matches("*.com", "example.com"));
    assert_false(matches("*.com.", "example.com"));
    assert_false(matches("*", "localhost"));
    assert_false(matches("*.", "localhost"));
}

static void
wildcard_is_a_whole_label(void **state)
{
    (void)state;
    assert_false(matches("w*.example.com", "web.example.com"));
    assert_false(matches("*b.example.com", "web.example.com"));
    assert_false(matches("web.*.com", "web.example.com"));
}

static void
wildcard_never_stands_in_an_address(void **state)
{
    (void)state;
    assert_false(matches("*.0.0.1", "127.0.0.1"));
}

static void
nothing_matches_nothing(void **state)
{
    (void)state;
    assert_false(matches("", ""));
    assert_false(matches(".", "."));
    assert_false(matches("", "web.example"));
    assert_false(matches("web.example", ""));
}

/* "good.example\0.evil.example" was once taken for good.example. */
static void
name_with_a_nul_never_matches(void **state)
{
    static const char pattern[] = "good.example\0.evil.example";

    (void)state;
    assert_false(name_matches(pattern, sizeof(pattern) - 1, "good.example"));
    assert_false(name_matches("good.example", 13, "good.example"));
}

static const uint8_t four[4] = {127, 0, 0, 1};
static const uint8_t six[16] = {[15] = 1};

static void
address_matches_its_bytes(void **state)
{
    (void)state;
    assert_true(name_matches_ip(four, sizeof(four), "127.0.0.1"));
    assert_true(name_matches_ip(six, sizeof(six), "::1"));
    assert_true(name_matches_ip(six, sizeof(six), "0:0:0:0:0:0:0:1"));
}

static void
other_address_does_not_match(void **state)
{
    (void)state;
    assert_false(name_matches_ip(four, sizeof(four), "127.0.0.2"));
    assert_false(name_matches_ip(six, sizeof(six), "::2"));
}

static void
address_of_another_family_does_not_match(void **state)
{
    (void)state;
    assert_false(name_matches_ip(four, sizeof(four), "::1"));
    assert_false(name_matches_ip(six, sizeof(six), "127.0.0.1"));
}

static void
name_never_matches_address_bytes(void **state)
{
    (void)state;
    assert_false(name_matches_ip(four, sizeof(four), "localhost"));
    assert_false(name_matches_ip(four, 0, "localhost"));
}

static void
addresses_are_told_from_names(void **state)
{
    (void)state;
    assert_true(name_is_ip("127.0.0.1"));
    assert_true(name_is_ip("::1"));
    assert_false(name_is_ip("localhost"));
    assert_false(name_is_ip("127.0.0.1.example"));
    assert_false(name_is_ip(""));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(same_name_matches),
        cmocka_unit_test(case_does_not_count),
        cmocka_unit_test(final_dot_does_not_count),
        cmocka_unit_test(other_name_does_not_match),
        cmocka_unit_test(wildcard_stands_for_one_label),
        cmocka_unit_test(wildcard_stands_for_no_top_level_domain),
        cmocka_unit_test(wildcard_is_a_whole_label),
        cmocka_unit_test(wildcard_never_stands_in_an_address),
        cmocka_unit_test(nothing_matches_nothing),
        cmocka_unit_test(name_with_a_nul_never_matches),
        cmocka_unit_test(address_matches_its_bytes),
        cmocka_unit_test(other_address_does_not_match),
        cmocka_unit_test(address_of_another_family_does_not_match),
        cmocka_unit_test(name_never_matches_address_bytes),
        cmocka_unit_test(addresses_are_told_from_names),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
