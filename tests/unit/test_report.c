/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Findings: counted whatever happens, kept up to a bound, and always one
 * printable line.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "config/report.h"

static void
findings_keep_their_order_and_severity(void **state)
{
    struct report report;

    (void)state;
    report_init(&report);
    report_note(&report, "first %d", 1);
    report_error(&report, SL_CONFIG_VALUE, "second %s", "two");
    report_warning(&report, SL_CONFIG_VALUE, "third");
    assert_int_equal(report.count, 3);
    assert_int_equal(report.error_count, 1);
    assert_int_equal(report.warning_count, 1);
    assert_int_equal(report.lost_count, 0);
    assert_string_equal(report.items[0].text, "first 1");
    assert_int_equal(report.items[0].severity, SEVERITY_NOTE);
    assert_string_equal(report.items[1].text, "second two");
    assert_int_equal(report.items[1].severity, SEVERITY_ERROR);
    assert_string_equal(report.items[2].text, "third");
    assert_int_equal(report.items[2].severity, SEVERITY_WARNING);
    report_deinit(&report);
    assert_int_equal(report.count, 0);
}

static void
the_first_error_is_found_behind_others(void **state)
{
    struct report report;

    (void)state;
    report_init(&report);
    assert_string_equal(report_first_error(&report), "");
    report_warning(&report, SL_CONFIG_VALUE, "a warning");
    assert_string_equal(report_first_error(&report), "");
    report_error(&report, SL_CONFIG_VALUE, "an error");
    report_error(&report, SL_CONFIG_VALUE, "another");
    assert_string_equal(report_first_error(&report), "an error");
    report_deinit(&report);
}

static void
past_the_bound_findings_are_only_counted(void **state)
{
    struct report report;

    (void)state;
    report_init(&report);
    for (int i = 0; i < REPORT_FINDINGS_MAX + 7; i++)
        report_error(&report, SL_CONFIG_VALUE, "number %d", i);
    assert_int_equal(report.count, REPORT_FINDINGS_MAX);
    assert_int_equal(report.lost_count, 7);
    assert_int_equal(report.error_count, REPORT_FINDINGS_MAX + 7);
    assert_string_equal(
        report.items[REPORT_FINDINGS_MAX - 1].text, "number 999");
    report_deinit(&report);
}

static void
notes_are_listed_only_up_to_a_bound(void **state)
{
    struct report report;

    (void)state;
    report_init(&report);
    for (int i = 0; i < REPORT_NOTES_MAX + 3; i++)
        report_note(&report, "note %d", i);
    report_warning(&report, SL_EXPIRED, "a warning still finds room");
    assert_int_equal(report.count, REPORT_NOTES_MAX + 1);
    assert_int_equal(report.lost_count, 3);
    assert_int_equal(report.warning_count, 1);
    report_deinit(&report);
}

/* A reload without memory must not look like a good one. */
static void
errors_that_were_lost_count_in_another_report_as_well(void **state)
{
    struct report from;
    struct report report;

    (void)state;
    report_init(&from);
    report_init(&report);
    for (int i = 0; i < REPORT_FINDINGS_MAX; i++)
        report_error(&from, SL_CONFIG_VALUE, "number %d", i);
    report_error(&from, SL_CONFIG_VALUE, "lost");
    report_warning(&from, SL_CONFIG_VALUE, "lost, too");
    report_add_all(&report, &from);
    assert_int_equal(report.error_count, REPORT_FINDINGS_MAX + 1);
    assert_int_equal(report.warning_count, 1);
    assert_int_equal(report.lost_count, 2);
    report_deinit(&from);
    report_deinit(&report);
}

/* One broken certificate behind a thousand others was once reported as "out
 * of memory", because their findings had filled the report. */
static void
first_error_finds_room_behind_all_others(void **state)
{
    struct report from;
    struct report report;

    (void)state;
    report_init(&from);
    report_init(&report);
    for (int i = 0; i < 2 * REPORT_FINDINGS_MAX; i++)
        report_warning(&report, SL_EXPIRED, "number %d", i);
    report_error(&from, SL_CONFIG_VALUE, "the cause");
    report_error(&from, SL_CONFIG_VALUE, "another");
    report_add_all(&report, &from);
    assert_string_equal(report_first_error(&report), "the cause");
    assert_int_equal(report_first_code(&report), SL_CONFIG_VALUE);
    assert_int_equal(report.count, REPORT_FINDINGS_MAX + 1);
    assert_int_equal(report.lost_count, REPORT_FINDINGS_MAX + 1);
    report_deinit(&from);
    report_deinit(&report);
}

/* Each of ten thousand certificates has its report, and some notes in it. */
static void
notes_of_other_reports_are_bounded_as_well(void **state)
{
    struct report from;
    struct report report;

    (void)state;
    report_init(&from);
    report_init(&report);
    report_note(&from, "one");
    for (int i = 0; i < REPORT_NOTES_MAX + 3; i++)
        report_add_all(&report, &from);
    assert_int_equal(report.count, REPORT_NOTES_MAX);
    assert_int_equal(report.lost_count, 3);
    report_deinit(&from);
    report_deinit(&report);
}

static void
assert_shown_as(const char *text, const char *wanted)
{
    struct report report;

    report_init(&report);
    report_error(&report, SL_CONFIG_VALUE, "%s", text);
    assert_string_equal(report.items[0].text, wanted);
    report_deinit(&report);
}

static void
control_characters_are_escaped(void **state)
{
    (void)state;
    assert_shown_as(
        "a\nb\r\tc\x1b[31m\x7f", "a\\x0ab\\x0d\\x09c\\x1b[31m\\x7f");
    /* U+0085 and U+009B are controls of one character for some terminals. */
    assert_shown_as("a\xc2\x85\xc2\x9b", "a\\xc2\\x85\\xc2\\x9b");
}

static void
other_languages_are_left_as_they_are(void **state)
{
    (void)state;
    assert_shown_as("/etc/\xc3\xa9/\xe2\x82\xac/\xf0\x9f\x94\x92 \"x\" \\",
        "/etc/\xc3\xa9/\xe2\x82\xac/\xf0\x9f\x94\x92 \"x\" \\");
}

static void
broken_utf8_is_escaped(void **state)
{
    (void)state;
    assert_shown_as("\x80", "\\x80");
    assert_shown_as("\xc3", "\\xc3");
    assert_shown_as("\xc3(", "\\xc3(");
    assert_shown_as("\xc0\xaf", "\\xc0\\xaf");                   /* overlong */
    assert_shown_as("\xe0\x80\xaf", "\\xe0\\x80\\xaf");          /* overlong */
    assert_shown_as("\xed\xa0\x80", "\\xed\\xa0\\x80");          /* surrogate */
    assert_shown_as("\xf4\x90\x80\x80", "\\xf4\\x90\\x80\\x80"); /* too big */
    assert_shown_as("\xe2\x82(", "\\xe2\\x82(");
    assert_shown_as("\xff\xfe", "\\xff\\xfe");
}

static void
a_long_finding_ends_in_dots(void **state)
{
    struct report report;
    char text[2 * REPORT_TEXT_BYTES];

    (void)state;
    memset(text, 'x', sizeof(text) - 1);
    text[sizeof(text) - 1] = '\0';
    report_init(&report);
    report_error(&report, SL_CONFIG_VALUE, "%s", text);
    assert_int_equal(strlen(report.items[0].text), REPORT_TEXT_BYTES - 1);
    assert_string_equal(report.items[0].text + REPORT_TEXT_BYTES - 5, "x...");
    report_deinit(&report);
}

static void
severities_have_names(void **state)
{
    (void)state;
    assert_string_equal(severity_name(SEVERITY_NOTE), "note");
    assert_string_equal(severity_name(SEVERITY_WARNING), "warning");
    assert_string_equal(severity_name(SEVERITY_ERROR), "error");
}

static void
escaped_text_is_printable_ascii(void **state)
{
    static const char text[] = "CN=\"a\\b\"\n\0\x7f\x80~ ";
    char out[128];

    (void)state;
    text_escape(out, sizeof(out), text, sizeof(text) - 1);
    assert_string_equal(out, "CN=\\x22a\\x5cb\\x22\\x0a\\x00\\x7f\\x80~ ");
}

static void
escaped_text_is_never_cut_inside_an_escape(void **state)
{
    char out[8];

    (void)state;
    text_escape(out, 8, "abc\nd", 5);
    assert_string_equal(out, "abc\\x0a");
    text_escape(out, 7, "abc\nd", 5);
    assert_string_equal(out, "abc");
    text_escape(out, 4, "abc\nd", 5);
    assert_string_equal(out, "abc");
    text_escape(out, 1, "abc", 3);
    assert_string_equal(out, "");
    out[0] = 'z';
    text_escape(out, 0, "abc", 3);
    assert_int_equal(out[0], 'z');
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(findings_keep_their_order_and_severity),
        cmocka_unit_test(the_first_error_is_found_behind_others),
        cmocka_unit_test(past_the_bound_findings_are_only_counted),
        cmocka_unit_test(notes_are_listed_only_up_to_a_bound),
        cmocka_unit_test(errors_that_were_lost_count_in_another_report_as_well),
        cmocka_unit_test(first_error_finds_room_behind_all_others),
        cmocka_unit_test(notes_of_other_reports_are_bounded_as_well),
        cmocka_unit_test(control_characters_are_escaped),
        cmocka_unit_test(other_languages_are_left_as_they_are),
        cmocka_unit_test(broken_utf8_is_escaped),
        cmocka_unit_test(a_long_finding_ends_in_dots),
        cmocka_unit_test(severities_have_names),
        cmocka_unit_test(escaped_text_is_printable_ascii),
        cmocka_unit_test(escaped_text_is_never_cut_inside_an_escape),
    };

    return cmocka_run_group_tests_name("report", tests, NULL, NULL);
}
