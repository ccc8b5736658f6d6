/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * "Did you mean": finds what a slip of the fingers was meant to be, and says
 * nothing when no word is near.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "config/nearest.h"

static const char *
guess(const char *word)
{
    static const char *const known[] = {
        "listen", "backend", "idle", "ca", "min_version", "max_version"};
    struct nearest nearest;

    nearest_init(&nearest, word);
    for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
        nearest_consider(&nearest, known[i]);
    return nearest.best;
}

static void
each_kind_of_slip_is_seen(void **state)
{
    (void)state;
    assert_string_equal(guess("listn"), "listen");   /* left out */
    assert_string_equal(guess("lissten"), "listen"); /* twice */
    assert_string_equal(guess("lizten"), "listen");  /* another key */
    assert_string_equal(guess("litsen"), "listen");  /* exchanged */
    assert_string_equal(guess("LISTEN"), "listen");  /* other case */
    assert_string_equal(guess("idel"), "idle");
}

static void
the_nearest_of_two_wins(void **state)
{
    (void)state;
    assert_string_equal(guess("mix_version"), "min_version");
    assert_string_equal(guess("mxa_version"), "max_version");
}

static void
another_word_is_no_slip(void **state)
{
    (void)state;
    assert_null(guess("certificate"));
    assert_null(guess("xy"));
    assert_null(guess(""));
}

static void
a_word_of_any_length_is_safe(void **state)
{
    char word[5000];

    (void)state;
    memset(word, 'l', sizeof(word) - 1);
    word[sizeof(word) - 1] = '\0';
    assert_null(guess(word));
}

static void
a_hint_names_the_word_or_is_empty(void **state)
{
    struct nearest nearest;
    char hint[NEAREST_HINT_BYTES];

    (void)state;
    nearest_init(&nearest, "listn");
    nearest_format_hint(&nearest, hint, sizeof(hint));
    assert_string_equal(hint, "");
    nearest_consider(&nearest, "listen");
    nearest_format_hint(&nearest, hint, sizeof(hint));
    assert_string_equal(hint, ": did you mean 'listen'?");
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_kind_of_slip_is_seen),
        cmocka_unit_test(the_nearest_of_two_wins),
        cmocka_unit_test(another_word_is_no_slip),
        cmocka_unit_test(a_word_of_any_length_is_safe),
        cmocka_unit_test(a_hint_names_the_word_or_is_empty),
    };

    return cmocka_run_group_tests_name("config nearest", tests, NULL, NULL);
}
