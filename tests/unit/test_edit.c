/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One key's line changes, and nothing else. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "config/edit.h"

static void
assert_edit(const char *text, const char *word, enum edit_outcome outcome,
    const char *wanted)
{
    struct edit_result result;
    struct edit edit;
    char *copy = strdup(word);
    char *edited;

    assert_non_null(copy);
    assert_int_equal(edit_parse(&edit, copy), 0);
    edited = edit_apply(text, &edit, &result);
    assert_non_null(edited);
    assert_string_equal(edited, wanted);
    assert_int_equal(result.outcome, outcome);
    free(result.was);
    free(edited);
    free(copy);
}

static void
a_value_is_replaced_in_its_line(void **state)
{
    (void)state;
    assert_edit("[tls]\n  groups =  a ; b \n; end\n", "tls.groups=c",
        EDIT_CHANGED, "[tls]\n  groups =  c \n; end\n");
    assert_edit(
        "[tls]\nalpn=\n", "tls.alpn = h2 ", EDIT_CHANGED, "[tls]\nalpn= h2\n");
    assert_edit("[tls]\nalpn = h2\n", "tls.alpn=h2", EDIT_NOTHING,
        "[tls]\nalpn = h2\n");
}

/* Or the first section would be there twice. */
static void
a_byte_order_mark_is_no_part_of_the_first_line(void **state)
{
    (void)state;
    assert_edit("\xef\xbb\xbf[tls]\nalpn = x\n", "tls.alpn=h2", EDIT_CHANGED,
        "\xef\xbb\xbf[tls]\nalpn = h2\n");
    assert_edit("\xef\xbb\xbf[tls]\n", "tls.alpn=h2", EDIT_ADDED,
        "\xef\xbb\xbf[tls]\nalpn = h2\n");
}

static void
a_comment_is_no_key(void **state)
{
    (void)state;
    assert_edit("[tls]\n#alpn = x\n;alpn = y\n", "tls.alpn=h2", EDIT_ADDED,
        "[tls]\n#alpn = x\n;alpn = y\nalpn = h2\n");
}

static void
the_key_of_another_section_stays(void **state)
{
    (void)state;
    assert_edit("[log]\nlevel = info\n[service a]\nlevel = x\n",
        "log.level=debug", EDIT_CHANGED,
        "[log]\nlevel = debug\n[service a]\nlevel = x\n");
    assert_edit("[tls a]\nalpn = x\n\n[tls]\n", "tls.alpn=h2", EDIT_ADDED,
        "[tls a]\nalpn = x\n\n[tls]\nalpn = h2\n");
}

static void
a_section_without_a_name_is_the_default(void **state)
{
    (void)state;
    assert_edit("[service]\nlisten = :1\n", "service.default.listen=:2",
        EDIT_CHANGED, "[service]\nlisten = :2\n");
    assert_edit("[ service  default ]\nlisten = :1\n", "service.listen=:2",
        EDIT_CHANGED, "[ service  default ]\nlisten = :2\n");
}

static void
what_is_not_there_is_added(void **state)
{
    (void)state;
    assert_edit("", "log.level=debug", EDIT_ADDED, "[log]\nlevel = debug\n");
    assert_edit("[tls]", "log.level=debug", EDIT_ADDED,
        "[tls]\n\n[log]\nlevel = debug\n");
    assert_edit("[tls]\n", "tls.web.alpn=h2", EDIT_ADDED,
        "[tls]\n\n[tls web]\nalpn = h2\n");
    assert_edit(
        "[tls]\r\n", "tls.alpn=h2", EDIT_ADDED, "[tls]\r\nalpn = h2\r\n");
}

static void
a_line_is_taken_away(void **state)
{
    (void)state;
    assert_edit("[tls]\nalpn = h2\ngroups = x\n", "tls.alpn", EDIT_REMOVED,
        "[tls]\ngroups = x\n");
    assert_edit("[tls]\n", "tls.alpn", EDIT_NOTHING, "[tls]\n");
}

static void
what_is_no_full_name_is_refused(void **state)
{
    static const char *const words[] = {"", "=", "listen=1", ".listen=1",
        "service.=1", "service..listen=1", "tls.alpn=h2\n[log]",
        "service.#listen=1", "service.web.;listen=1", "service.#listen"};

    (void)state;
    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
        struct edit edit;
        char *copy = strdup(words[i]);

        assert_non_null(copy);
        assert_int_equal(edit_parse(&edit, copy), -1);
        free(copy);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_value_is_replaced_in_its_line),
        cmocka_unit_test(a_byte_order_mark_is_no_part_of_the_first_line),
        cmocka_unit_test(a_comment_is_no_key),
        cmocka_unit_test(the_key_of_another_section_stays),
        cmocka_unit_test(a_section_without_a_name_is_the_default),
        cmocka_unit_test(what_is_not_there_is_added),
        cmocka_unit_test(a_line_is_taken_away),
        cmocka_unit_test(what_is_no_full_name_is_refused),
    };

    return cmocka_run_group_tests_name("edit", tests, NULL, NULL);
}
