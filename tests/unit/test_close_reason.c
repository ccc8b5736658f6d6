/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Every close reason has a word of its own and a level. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "proxy/close_reason.h"

static void
each_reason_has_a_word_of_its_own(void **state)
{
    (void)state;
    assert_string_equal(close_reason_word(CLOSE_NONE), "open");
    for (int i = 0; i < CLOSE_REASON_COUNT; i++) {
        const char *word = close_reason_word((enum close_reason)i);

        assert_non_null(word);
        assert_int_equal(
            strspn(word, "abcdefghijklmnopqrstuvwxyz_"), strlen(word));
        for (int k = 0; k < i; k++)
            assert_string_not_equal(
                word, close_reason_word((enum close_reason)k));
    }
}

static void
words_fit_their_reasons(void **state)
{
    (void)state;
    assert_string_equal(close_reason_word(CLOSE_DONE), "done");
    assert_string_equal(
        close_reason_word(CLOSE_HALF_CLOSED_TIMEOUT), "half_closed_timeout");
    assert_string_equal(
        close_reason_word(CLOSE_INTERNAL_ERROR), "internal_error");
}

/* What a load balancer does all day must not fill the log, and what only the
 * operator can mend must be seen in it. */
static void
loud_is_what_somebody_should_look_at(void **state)
{
    (void)state;
    assert_int_equal(close_reason_level(CLOSE_PROBE), LOG_LEVEL_DEBUG);
    assert_int_equal(close_reason_level(CLOSE_DONE), LOG_LEVEL_INFO);
    assert_int_equal(close_reason_level(CLOSE_NOT_TLS), LOG_LEVEL_INFO);
    assert_int_equal(
        close_reason_level(CLOSE_BACKEND_UNREACHABLE), LOG_LEVEL_WARN);
    assert_int_equal(close_reason_level(CLOSE_NO_MEMORY), LOG_LEVEL_WARN);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_reason_has_a_word_of_its_own),
        cmocka_unit_test(words_fit_their_reasons),
        cmocka_unit_test(loud_is_what_somebody_should_look_at),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
