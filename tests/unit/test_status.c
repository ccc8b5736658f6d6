/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The four status words, at their edges. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "certs/status.h"

#define DAY (INT64_C(24) * 60 * 60)
#define NOW (1000 * DAY)

enum {
    WARN_DAYS = 30
};

/* What is said of "web" when it ends so many seconds from now. */
static void
says(int64_t seconds_left, const char *expected)
{
    char words[STATUS_BYTES];

    status_words_until(
        "web", (time_t)(NOW + seconds_left), NOW, WARN_DAYS, words);
    assert_string_equal(words, expected);
}

static void
without_identity_it_is_unsecured(void **state)
{
    char words[STATUS_BYTES];

    (void)state;
    status_words(NULL, NOW, WARN_DAYS, words);
    assert_string_equal(words, "Unsecured");
}

static void
far_from_its_end_it_is_secure(void **state)
{
    (void)state;
    says(100 * DAY, "Secure to web");
}

static void
one_second_before_warn_days_it_is_secure(void **state)
{
    (void)state;
    says(WARN_DAYS * DAY + 1, "Secure to web");
}

static void
from_warn_days_on_the_days_are_counted(void **state)
{
    (void)state;
    says(WARN_DAYS * DAY, "Secure to web (expires in 30 days)");
    says(WARN_DAYS * DAY - 1, "Secure to web (expires in 29 days)");
}

static void
whole_days_are_counted(void **state)
{
    (void)state;
    says(2 * DAY, "Secure to web (expires in 2 days)");
    says(2 * DAY - 1, "Secure to web (expires in 1 days)");
}

static void
on_the_last_day_it_is_zero(void **state)
{
    (void)state;
    says(DAY - 1, "Secure to web (expires in 0 days)");
    says(1, "Secure to web (expires in 0 days)");
}

/* notAfter itself is still valid (RFC 5280, 4.1.2.5). */
static void
last_second_is_still_valid(void **state)
{
    (void)state;
    says(0, "Secure to web (expires in 0 days)");
}

static void
one_second_later_it_is_expired(void **state)
{
    (void)state;
    says(-1, "Secure to web (expired)");
    says(-100 * DAY, "Secure to web (expired)");
}

static void
without_warn_days_only_the_end_is_said(void **state)
{
    char words[STATUS_BYTES];

    (void)state;
    status_words_until("web", NOW + 1, NOW, 0, words);
    assert_string_equal(words, "Secure to web");
    status_words_until("web", NOW - 1, NOW, 0, words);
    assert_string_equal(words, "Secure to web (expired)");
}

static void
earliest_end_of_the_chain_counts(void **state)
{
    struct certificate_info info[] = {
        {.not_after = NOW + 100 * DAY}, {.not_after = NOW - 1}};
    struct identity identity = {.name = "web", .chain_count = 2, .info = info};
    char words[STATUS_BYTES];

    (void)state;
    status_words(&identity, NOW, WARN_DAYS, words);
    assert_string_equal(words, "Secure to web (expired)");
}

static void
longest_name_fits(void **state)
{
    char name[IDENTITY_NAME_BYTES];
    char words[STATUS_BYTES];

    (void)state;
    memset(name, 'n', sizeof(name) - 1);
    name[sizeof(name) - 1] = '\0';
    status_words_until(name, NOW + DAY, NOW, WARN_DAYS, words);
    assert_non_null(strstr(words, " (expires in 1 days)"));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(without_identity_it_is_unsecured),
        cmocka_unit_test(far_from_its_end_it_is_secure),
        cmocka_unit_test(one_second_before_warn_days_it_is_secure),
        cmocka_unit_test(from_warn_days_on_the_days_are_counted),
        cmocka_unit_test(whole_days_are_counted),
        cmocka_unit_test(on_the_last_day_it_is_zero),
        cmocka_unit_test(last_second_is_still_valid),
        cmocka_unit_test(one_second_later_it_is_expired),
        cmocka_unit_test(without_warn_days_only_the_end_is_said),
        cmocka_unit_test(earliest_end_of_the_chain_counts),
        cmocka_unit_test(longest_name_fits),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
