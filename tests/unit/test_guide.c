/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The list of codes: each is whole, and found again by its text. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "config/guide.h"

static void
every_code_is_found_by_its_text(void **state)
{
    (void)state;
    for (int i = SL_NONE + 1; i < GUIDE_CODE_COUNT; i++) {
        enum guide_code code = (enum guide_code)i;
        const char *text = guide_text(code);

        assert_int_equal(strncmp(text, "SL-", 3), 0);
        assert_int_equal(guide_find(text), code);
        assert_int_equal(guide_find(text + 3), code);
    }
}

static void
every_code_has_cause_and_remedy(void **state)
{
    (void)state;
    for (int i = SL_NONE + 1; i < GUIDE_CODE_COUNT; i++) {
        const struct guide_entry *entry = guide_entry((enum guide_code)i);

        assert_true(strlen(entry->what) > 5);
        assert_true(strlen(entry->cause) > 5);
        assert_true(strlen(entry->remedy) > 5);
    }
}

static void
a_note_has_no_code(void **state)
{
    (void)state;
    assert_null(guide_text(SL_NONE));
    assert_null(guide_entry(SL_NONE));
    assert_int_equal(guide_find(""), SL_NONE);
    assert_int_equal(guide_find("SL-"), SL_NONE);
    assert_int_equal(guide_find("SL-NOTHING"), SL_NONE);
}

static void
assert_nearest(const char *word, const char *wanted)
{
    struct nearest nearest;

    nearest_init(&nearest, word);
    guide_consider(&nearest);
    if (wanted == NULL) {
        assert_null(nearest.best);
        return;
    }
    assert_non_null(nearest.best);
    assert_string_equal(nearest.best, wanted);
}

static void
a_slip_is_near_to_its_code_with_or_without_the_prefix(void **state)
{
    (void)state;
    assert_nearest("SL-KEY-MISMTCH", "SL-KEY-MISMATCH");
    assert_nearest("key-mismtch", "KEY-MISMATCH");
    assert_nearest("quite-another-word", NULL);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_code_is_found_by_its_text),
        cmocka_unit_test(every_code_has_cause_and_remedy),
        cmocka_unit_test(a_note_has_no_code),
        cmocka_unit_test(a_slip_is_near_to_its_code_with_or_without_the_prefix),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
