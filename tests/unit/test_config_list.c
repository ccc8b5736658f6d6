/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The text of a value: quotes, separators, and comments where none may be.
 * The packaged INI library would cut "a ; b" to "a"; nothing here is ever cut
 * silently.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "config/list.h"

static char why[256];

static void
assert_items(const char *text, size_t count, const char *const *items)
{
    struct string_list list;

    if (list_split(&list, text, why, sizeof(why)) < 0)
        fail_msg("'%s' was refused: %s", text, why);
    assert_int_equal(list.count, count);
    for (size_t i = 0; i < count; i++)
        assert_string_equal(list.items[i], items[i]);
    list_free_items(&list);
    assert_null(list.items);
}

#define ITEMS(...)                                                             \
    sizeof((const char *const[]){__VA_ARGS__}) / sizeof(char *),               \
        (const char *const[])                                                  \
    {                                                                          \
        __VA_ARGS__                                                            \
    }

static void
refuse_list(const char *text, const char *reason_part)
{
    struct string_list list;

    if (list_split(&list, text, why, sizeof(why)) == 0)
        fail_msg("'%s' was accepted", text);
    if (strstr(why, reason_part) == NULL)
        fail_msg("'%s': the reason is: %s", text, why);
    assert_int_equal(list.count, 0);
    assert_null(list.items);
}

static void
assert_value(const char *text, const char *wanted)
{
    char *value;

    if (list_unquote(&value, text, why, sizeof(why)) < 0)
        fail_msg("'%s' was refused: %s", text, why);
    assert_string_equal(value, wanted);
    free(value);
}

static void
refuse_value(const char *text, const char *reason_part)
{
    char *value;

    if (list_unquote(&value, text, why, sizeof(why)) == 0)
        fail_msg("'%s' was accepted", text);
    if (strstr(why, reason_part) == NULL)
        fail_msg("'%s': the reason is: %s", text, why);
}

static void
items_are_separated_by_semicolons_and_trimmed(void **state)
{
    (void)state;
    assert_items("a", ITEMS("a"));
    assert_items("a;b", ITEMS("a", "b"));
    assert_items("a ; b", ITEMS("a", "b"));
    assert_items("  a b ;\tc  ", ITEMS("a b", "c"));
}

static void
nothing_is_the_empty_list(void **state)
{
    struct string_list list;

    (void)state;
    assert_int_equal(list_split(&list, "", why, sizeof(why)), 0);
    assert_int_equal(list.count, 0);
    assert_int_equal(list_split(&list, " \t", why, sizeof(why)), 0);
    assert_int_equal(list.count, 0);
}

static void
an_empty_item_is_refused(void **state)
{
    static const char *const texts[] = {
        ";", "a;", ";a", "a;;b", "a; ;b", "a;\"\";b"};

    (void)state;
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
        refuse_list(texts[i], "empty");
}

static void
quotes_keep_what_would_mean_something(void **state)
{
    (void)state;
    assert_items("\"a;b\";c", ITEMS("a;b", "c"));
    assert_items(" \" a \" ; \"x # y\"", ITEMS(" a ", "x # y"));
    assert_items("\"say \"\"yes;no\"\"\";b", ITEMS("say \"yes;no\"", "b"));
    assert_value("\"a ; b # c\"", "a ; b # c");
    assert_value(" \"a\" ", "a");
    assert_value("\"\"", "");
    assert_value("a\"b", "a\"b");
}

static void
quotes_are_whole_or_refused(void **state)
{
    (void)state;
    refuse_list("\"a", "never closed");
    refuse_list("\"a;b", "never closed");
    refuse_list("\"a\"b", "follows the closing quote");
    refuse_list("\"a\" b;c", "follows the closing quote");
    refuse_value("\"", "never closed");
    refuse_value("\"a\"\"", "never closed");
    refuse_value("\"a\" b", "follows the closing quote");
}

static void
a_comment_behind_a_value_is_refused_not_cut(void **state)
{
    (void)state;
    refuse_value("10s ; ten seconds", "line of its own");
    refuse_value("10s # ten seconds", "line of its own");
    refuse_value("10s\t# ten seconds", "line of its own");
    refuse_value("; ten seconds", "line of its own");
    refuse_value("# ten seconds", "line of its own");
    refuse_list("a # comment", "line of its own");
    refuse_list("a;b # comment", "line of its own");
}

static void
marks_without_a_blank_before_them_are_text(void **state)
{
    (void)state;
    assert_value("/srv/a#b", "/srv/a#b");
    assert_value("/srv/a;b", "/srv/a;b");
    assert_items("a#1;b", ITEMS("a#1", "b"));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(items_are_separated_by_semicolons_and_trimmed),
        cmocka_unit_test(nothing_is_the_empty_list),
        cmocka_unit_test(an_empty_item_is_refused),
        cmocka_unit_test(quotes_keep_what_would_mean_something),
        cmocka_unit_test(quotes_are_whole_or_refused),
        cmocka_unit_test(a_comment_behind_a_value_is_refused_not_cut),
        cmocka_unit_test(marks_without_a_blank_before_them_are_text),
    };

    return cmocka_run_group_tests_name("config list", tests, NULL, NULL);
}
