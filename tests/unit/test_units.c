/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Quantities: what may be written, what it means, what is refused and how it
 * is written back.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "config/units.h"

static char why[256];

static void
assert_duration(const char *text, int64_t wanted_ms)
{
    int64_t duration_ms = -1;

    assert_int_equal(
        units_parse_duration(&duration_ms, text, why, sizeof(why)), 0);
    assert_int_equal(duration_ms, wanted_ms);
}

static void
refuse_duration(const char *text)
{
    int64_t duration_ms;

    memset(why, 0, sizeof(why));
    assert_int_equal(
        units_parse_duration(&duration_ms, text, why, sizeof(why)), -1);
    assert_non_null(strstr(why, "ms, s, m, h, d"));
}

static void
every_unit_of_time_is_understood(void **state)
{
    (void)state;
    assert_duration("500ms", 500);
    assert_duration("10s", 10000);
    assert_duration("5m", 300000);
    assert_duration("1h", 3600000);
    assert_duration("2d", 172800000);
    assert_duration("10 s", 10000);
}

static void
only_zero_needs_no_unit_of_time(void **state)
{
    (void)state;
    assert_duration("0", 0);
    assert_duration("0s", 0);
    refuse_duration("10");
    refuse_duration("1");
}

static void
what_is_no_duration_is_refused(void **state)
{
    static const char *const texts[] = {"", " ", "s", "-1s", "+1s", "1.5s",
        "1h30m", "10S", "10sec", "0x10s", "1e3s", " 1s", "1s ", "ten"};

    (void)state;
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
        refuse_duration(texts[i]);
}

static void
a_duration_that_overflows_is_refused(void **state)
{
    (void)state;
    refuse_duration("9223372036854775807d");
    refuse_duration("106751991168d");
    refuse_duration("99999999999999999999ms");
}

static void
every_unit_of_size_is_understood(void **state)
{
    static const struct {
        const char *text;
        int64_t bytes;
    } rows[] = {{"0", 0}, {"65536", 65536}, {"64KiB", 65536}, {"1MiB", 1048576},
        {"2GiB", 2147483648}};

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        int64_t bytes = -1;

        assert_int_equal(
            units_parse_size(&bytes, rows[i].text, why, sizeof(why)), 0);
        assert_int_equal(bytes, rows[i].bytes);
    }
}

static void
what_is_no_size_is_refused(void **state)
{
    static const char *const texts[] = {"", "KiB", "-1", "64K", "64KB", "64kib",
        "1.5MiB", "9223372036854775807GiB"};

    (void)state;
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        int64_t bytes;

        memset(why, 0, sizeof(why));
        assert_int_equal(
            units_parse_size(&bytes, texts[i], why, sizeof(why)), -1);
        assert_non_null(strstr(why, "KiB, MiB or GiB"));
    }
}

static void
yes_and_no_have_their_usual_names(void **state)
{
    static const char *const yes[] = {"yes", "YES", "true", "on", "1"};
    static const char *const no[] = {"no", "No", "false", "off", "0"};

    (void)state;
    for (size_t i = 0; i < sizeof(yes) / sizeof(yes[0]); i++) {
        bool value = false;

        assert_int_equal(units_parse_bool(&value, yes[i], why, sizeof(why)), 0);
        assert_true(value);
        assert_int_equal(units_parse_bool(&value, no[i], why, sizeof(why)), 0);
        assert_false(value);
    }
}

static void
what_is_neither_yes_nor_no_is_refused(void **state)
{
    static const char *const texts[] = {"", "y", "yess", "2", "00", "none"};

    (void)state;
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        bool value;

        assert_int_equal(
            units_parse_bool(&value, texts[i], why, sizeof(why)), -1);
        assert_string_equal(why, "write yes or no");
    }
}

static void
a_number_is_digits_only(void **state)
{
    static const char *const wrong[] = {
        "", "-1", "+1", "1 ", "0x1", "1.0", "9223372036854775808"};
    int64_t value = -1;

    (void)state;
    assert_int_equal(units_parse_number(&value, "4096", why, sizeof(why)), 0);
    assert_int_equal(value, 4096);
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
        assert_int_equal(
            units_parse_number(&value, wrong[i], why, sizeof(why)), -1);
}

static void
quantities_are_written_in_the_largest_fitting_unit(void **state)
{
    static const struct {
        int64_t value;
        const char *duration;
        const char *size;
    } rows[] = {
        {0, "0", "0"},
        {1, "1ms", "1"},
        {1500, "1500ms", "1500"},
        {65536, "65536ms", "64KiB"},
        {90000, "90s", "90000"},
        {3600000, "1h", "3600000"},
        {172800000, "2d", "168750KiB"},
        {1073741824, "1073741824ms", "1GiB"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        char text[UNITS_TEXT_BYTES];

        units_format_duration(rows[i].value, text, sizeof(text));
        assert_string_equal(text, rows[i].duration);
        assert_duration(text, rows[i].value);
        units_format_size(rows[i].value, text, sizeof(text));
        assert_string_equal(text, rows[i].size);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_unit_of_time_is_understood),
        cmocka_unit_test(only_zero_needs_no_unit_of_time),
        cmocka_unit_test(what_is_no_duration_is_refused),
        cmocka_unit_test(a_duration_that_overflows_is_refused),
        cmocka_unit_test(every_unit_of_size_is_understood),
        cmocka_unit_test(what_is_no_size_is_refused),
        cmocka_unit_test(yes_and_no_have_their_usual_names),
        cmocka_unit_test(what_is_neither_yes_nor_no_is_refused),
        cmocka_unit_test(a_number_is_digits_only),
        cmocka_unit_test(quantities_are_written_in_the_largest_fitting_unit),
    };

    return cmocka_run_group_tests_name("units", tests, NULL, NULL);
}
