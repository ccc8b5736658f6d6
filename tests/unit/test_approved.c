/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The approved list: what is read, what is found, what counts, what is
 * edited. */
#include <sys/stat.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "certs/approved.h"
#include "certs/sources.h"
#include "tests/unit/certs_fixture.h"
#include "tests/unit/config_fixture.h"

static const char path[] = "enroll.txt";

/* Four times the same 16 digits. */
#define FOUR(digits)  digits digits digits digits
#define THREE(digits) digits digits digits
#define HEX_A         FOUR("00112233445566aa")
#define HEX_B         FOUR("ffeeddccbbaa9988")
#define HEX_C         FOUR("7777777777777777")

static struct approved *
load_after(const struct approved *previous, const char *text)
{
    struct approved *approved;
    struct report report;

    write_file(path, text, strlen(text));
    report_init(&report);
    approved = approved_load(path, previous, &report);
    if (approved == NULL)
        fail_msg("%s", report_first_error(&report));
    assert_no_complaint(&report);
    report_deinit(&report);
    return approved;
}

static struct approved *
load(const char *text)
{
    return load_after(NULL, text);
}

static void
assert_refused_with(const char *text, size_t len, const char *text_part)
{
    struct report report;

    write_file(path, text, len);
    report_init(&report);
    assert_null(approved_load(path, NULL, &report));
    assert_reported(&report, SEVERITY_ERROR, text_part);
    assert_true(has_code(&report, SL_ENROLL));
    report_deinit(&report);
}

/* --- reading ------------------------------------------------------------- */

static void
lines_are_read_in_every_form(void **state)
{
    static const char text[] =
        "\xef\xbb\xbf# who may print\r\n"
        "\n"
        "  sha256:" HEX_A "  # subject \"CN=printer-7\", approved\r\n"
        "SHA256:" THREE("FF:EE:DD:CC:BB:AA:99:88:") "FF:EE:DD:CC:BB:AA:99:88#"
                                                    "second\n" HEX_C;
    struct approved *approved = load(text);
    struct approved_facts facts;

    (void)state;
    assert_int_equal(approved_count(approved), 3);
    facts = approved_facts(approved_at(approved, 0));
    assert_string_equal(facts.fingerprint, HEX_A);
    assert_string_equal(facts.comment, "subject \"CN=printer-7\", approved");
    assert_int_equal(facts.line, 3);
    assert_int_equal(facts.hits, 0);
    assert_int_equal(facts.last_use, 0);
    facts = approved_facts(approved_at(approved, 1));
    assert_string_equal(facts.fingerprint, HEX_B);
    assert_string_equal(facts.comment, "second");
    facts = approved_facts(approved_at(approved, 2));
    assert_string_equal(facts.fingerprint, HEX_C);
    assert_string_equal(facts.comment, "");
    approved_free(approved);
}

static void
who_is_on_the_list_is_found_and_nobody_else(void **state)
{
    struct approved *approved = load(HEX_B "\n" HEX_A "\n");

    (void)state;
    assert_non_null(approved_find(approved, HEX_A));
    assert_ptr_equal(approved_find(approved, HEX_B), approved_at(approved, 0));
    assert_null(approved_find(approved, HEX_C));
    assert_null(approved_find(approved, FOUR("00112233445566ab")));
    approved_free(approved);
}

static void
every_one_of_many_is_found(void **state)
{
    enum {
        MANY = 2000
    };
    char *text = malloc((size_t)MANY * (APPROVED_DIGITS + 1) + 1);
    struct approved *approved;
    char *at = text;

    (void)state;
    assert_non_null(text);
    for (unsigned i = 0; i < MANY; i++) /* in no order */
        at += sprintf(at, "%08x%056x\n", i * 2654435761U, i);
    approved = load(text);
    assert_int_equal(approved_count(approved), MANY);
    for (unsigned i = 0; i < MANY; i++) {
        char hex[APPROVED_DIGITS + 1];

        (void)snprintf(hex, sizeof(hex), "%08x%056x", i * 2654435761U, i);
        assert_ptr_equal(
            approved_find(approved, hex), approved_at(approved, i));
        (void)snprintf(hex, sizeof(hex), "%08x%056x", i * 2654435761U, i + 1);
        assert_null(approved_find(approved, hex));
    }
    approved_free(approved);
    free(text);
}

static void
no_file_and_an_empty_one_are_empty_lists(void **state)
{
    struct approved *approved;
    struct sources *sources = sources_new();
    struct report report;

    (void)state;
    (void)unlink(path);
    report_init(&report);
    report.sources = sources;
    approved = approved_load(path, NULL, &report);
    assert_non_null(approved);
    assert_int_equal(approved_count(approved), 0);
    assert_null(approved_find(approved, HEX_A));
    assert_no_complaint(&report);
    assert_int_equal(sources_count(sources), 1);
    assert_false(sources_have_changed(sources));
    approved_free(approved);
    approved = load("");
    assert_true(sources_have_changed(sources)); /* it has come */
    assert_int_equal(approved_count(approved), 0);
    approved_free(approved);
    approved = load("# nobody\n\n");
    assert_int_equal(approved_count(approved), 0);
    approved_free(approved);
    report_deinit(&report);
    sources_free(sources);
}

static void
a_certificate_that_is_there_twice_counts_once(void **state)
{
    struct approved *approved =
        load(HEX_B "\n" HEX_A "#1\n" HEX_A "#2\nsha256:" HEX_A "#3\n" HEX_C);

    (void)state;
    assert_int_equal(approved_count(approved), 3);
    assert_string_equal(
        approved_facts(approved_find(approved, HEX_A)).comment, "1");
    assert_ptr_equal(approved_find(approved, HEX_C), approved_at(approved, 2));
    approved_free(approved);
}

static void
a_bad_line_is_named_and_nothing_is_taken(void **state)
{
    static const char with_zero[] = HEX_A "\n" FOUR("00112233445566\0a");

    (void)state;
    assert_refused_with(HEX_A "\nnonsense # x\n", 76,
        "clients.enroll enroll.txt:2: nonsense: no fingerprint");
    assert_refused_with(HEX_A "0", 65, ":1: ");
    assert_refused_with(HEX_A, 63, ":1: ");
    assert_refused_with("sha1:" HEX_A, 69, ":1: ");
    assert_refused_with("sha256:", 7, ":1: ");
    assert_refused_with(HEX_A " " HEX_B, 129, ":1: ");
    assert_refused_with(":" HEX_A, 65, ":1: ");
    assert_refused_with("0:" HEX_A, 65, ":1: ");
    assert_refused_with("00::" HEX_A, 66, ":1: ");
    assert_refused_with(with_zero, sizeof(with_zero) - 1, ":2: ");
    assert_refused_with("\x1b[2J\n", 5, "\\x1b[2J");
}

static void
no_more_than_twenty_bad_lines_are_named(void **state)
{
    struct report report;
    char text[100];

    (void)state;
    for (size_t i = 0; i < sizeof(text); i++)
        text[i] = i % 2 == 0 ? 'x' : '\n';
    write_file(path, text, sizeof(text));
    report_init(&report);
    assert_null(approved_load(path, NULL, &report));
    assert_int_equal(report.error_count, 20);
    report_deinit(&report);
}

static void
a_long_comment_is_cut(void **state)
{
    char text[2000];
    struct approved *approved;
    int len = snprintf(text, sizeof(text), "%s # ", HEX_A);

    (void)state;
    memset(text + len, 'x', 1000);
    (void)snprintf(text + len + 1000, 100, "\n%s #y", HEX_B);
    approved = load(text);
    assert_int_equal(strlen(approved_facts(approved_at(approved, 0)).comment),
        APPROVED_COMMENT_BYTES - 1);
    assert_string_equal(approved_facts(approved_at(approved, 1)).comment, "y");
    approved_free(approved);
}

static void
who_may_write_the_list_is_looked_at(void **state)
{
    struct approved *approved;
    struct report report;

    (void)state;
    write_file(path, HEX_A, 64);
    assert_int_equal(chmod(path, 0666), 0);
    report_init(&report);
    approved = approved_load(path, NULL, &report);
    assert_non_null(approved);
    assert_true(has_code(&report, SL_ENROLL_WRITABLE));
    assert_reported(&report, SEVERITY_WARNING, "0666");
    approved_free(approved);
    report_deinit(&report);
    assert_int_equal(unlink(path), 0);
}

static void
a_folder_is_no_list(void **state)
{
    struct report report;

    (void)state;
    report_init(&report);
    assert_null(approved_load("/tmp", NULL, &report));
    assert_true(has_code(&report, SL_FILE_KIND));
    report_deinit(&report);
}

/* --- use ----------------------------------------------------------------- */

/* Also what is counted in the old list after the new one was loaded. */
static void
use_is_counted_across_reloads(void **state)
{
    struct approved *first = load(HEX_A "\n" HEX_B "\n");
    struct approved *second;
    struct approved_facts facts;

    (void)state;
    approved_note_use(approved_find(first, HEX_A), 1000);
    approved_note_use(approved_find(first, HEX_A), 2000);
    second = load_after(first, HEX_C "\n" HEX_A "\n");
    approved_note_use(approved_find(first, HEX_A), 3000);
    approved_free(first);
    facts = approved_facts(approved_find(second, HEX_A));
    assert_int_equal(facts.hits, 3);
    assert_int_equal(facts.last_use, 3000);
    facts = approved_facts(approved_find(second, HEX_C));
    assert_int_equal(facts.hits, 0);
    approved_free(second);
}

static void
the_hash_tells_the_certificates(void **state)
{
    uint8_t hashes[4][APPROVED_HASH_BYTES];
    static const char *const texts[] = {HEX_A "\n" HEX_B,
        "# x\n" HEX_B " # y\nSHA256:" HEX_A "\n" HEX_A, HEX_A, ""};

    (void)state;
    for (size_t i = 0; i < 4; i++) {
        struct approved *approved = load(texts[i]);

        assert_int_equal(approved_hash(approved, hashes[i]), 0);
        approved_free(approved);
    }
    assert_memory_equal(hashes[0], hashes[1], APPROVED_HASH_BYTES);
    assert_memory_not_equal(hashes[0], hashes[2], APPROVED_HASH_BYTES);
    assert_memory_not_equal(hashes[2], hashes[3], APPROVED_HASH_BYTES);
}

/* --- fingerprints -------------------------------------------------------- */

static void
beginnings_are_read(void **state)
{
    static const struct {
        const char *text;
        const char *digits; /* "": refused */
    } cases[] = {
        {"0011aabb", "0011aabb"},
        {"SHA256:0011AABB", "0011aabb"},
        {"00:11:AA:b", "0011aab"},
        {"sha256:" HEX_B, HEX_B},
        {"", ""},
        {"sha256:", ""},
        {"00:", ""},
        {":00", ""},
        {"00::11", ""},
        {"0:011", ""},
        {"0011 aabb", ""},
        {"0011-aabb", ""},
        {"0x11aabb", ""},
        {HEX_B "0", ""},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        char digits[APPROVED_DIGITS + 1];
        size_t count =
            approved_read_digits(cases[i].text, strlen(cases[i].text), digits);

        assert_int_equal(count, strlen(cases[i].digits));
        if (count > 0)
            assert_string_equal(digits, cases[i].digits);
    }
}

/* --- editing ------------------------------------------------------------- */

static void
assert_added(const char *text, const char *comment, const char *wanted)
{
    bool was_there = true;
    char *edited = approved_add(text, HEX_A, comment, &was_there);

    assert_non_null(edited);
    assert_string_equal(edited, wanted);
    assert_int_equal(was_there, strcmp(text, wanted) == 0);
    free(edited);
}

static void
a_line_is_added_at_the_end(void **state)
{
    (void)state;
    assert_added("", "", "sha256:" HEX_A "\n");
    assert_added("# a\n" HEX_B "#b\n\n", "c",
        "# a\n" HEX_B "#b\n\nsha256:" HEX_A "  # c\n");
    assert_added(HEX_B, "c", HEX_B "\nsha256:" HEX_A "  # c\n");
    assert_added(
        HEX_B "\r\n#x", "c", HEX_B "\r\n#x\r\nsha256:" HEX_A "  # c\r\n");
    assert_added("#" HEX_A, "", "#" HEX_A "\nsha256:" HEX_A "\n");
}

static void
what_is_there_is_not_added_again(void **state)
{
    (void)state;
    assert_added(HEX_A, "c", HEX_A);
    assert_added("\n SHA256:" HEX_A " # b\n", "c", "\n SHA256:" HEX_A " # b\n");
    assert_added("\xef\xbb\xbf" HEX_A, "c", "\xef\xbb\xbf" HEX_A);
}

static void
assert_removed(const char *text, const char *wanted)
{
    bool was_there = true;
    char *edited = approved_remove(text, HEX_A, &was_there);

    assert_non_null(edited);
    assert_string_equal(edited, wanted);
    assert_int_equal(was_there, strcmp(text, wanted) != 0);
    free(edited);
}

static void
lines_are_taken_away(void **state)
{
    (void)state;
    assert_removed(
        "# a\n" HEX_A " # b\n\n" HEX_B " # c", "# a\n\n" HEX_B " # c");
    assert_removed(HEX_A "\r\n" HEX_B "\r\nsha256:" HEX_A, HEX_B "\r\n");
    assert_removed("\xef\xbb\xbf" HEX_A "\n", "\xef\xbb\xbf");
    assert_removed("# " HEX_A "\nnonsense\n", "# " HEX_A "\nnonsense\n");
    assert_removed("", "");
}

static int
stop(void **state)
{
    (void)unlink(path);
    return fixture_stop(state);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lines_are_read_in_every_form),
        cmocka_unit_test(who_is_on_the_list_is_found_and_nobody_else),
        cmocka_unit_test(every_one_of_many_is_found),
        cmocka_unit_test(no_file_and_an_empty_one_are_empty_lists),
        cmocka_unit_test(a_certificate_that_is_there_twice_counts_once),
        cmocka_unit_test(a_bad_line_is_named_and_nothing_is_taken),
        cmocka_unit_test(no_more_than_twenty_bad_lines_are_named),
        cmocka_unit_test(a_long_comment_is_cut),
        cmocka_unit_test(who_may_write_the_list_is_looked_at),
        cmocka_unit_test(a_folder_is_no_list),
        cmocka_unit_test(use_is_counted_across_reloads),
        cmocka_unit_test(the_hash_tells_the_certificates),
        cmocka_unit_test(beginnings_are_read),
        cmocka_unit_test(a_line_is_added_at_the_end),
        cmocka_unit_test(what_is_there_is_not_added_again),
        cmocka_unit_test(lines_are_taken_away),
    };

    return cmocka_run_group_tests(tests, fixture_start, stop);
}
