/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Names of sections and keys: unknown ones are answered with the nearest,
 * second ones with where the first is.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "config/inifile.h"
#include "tests/unit/config_fixture.h"

static struct loaded loaded;

static int
teardown(void **state)
{
    (void)state;
    unload(&loaded);
    memset(&loaded, 0, sizeof(loaded));
    return 0;
}

/* The library cuts names of sections after 49 characters. */
static void
the_longest_name_of_a_section_arrives_whole(void **state)
{
    char lines[256];
    char name[CONFIG_NAME_MAX + 1];

    (void)state;
    memset(name, 'n', CONFIG_NAME_MAX);
    name[CONFIG_NAME_MAX] = '\0';
    snprintf(lines, sizeof(lines), "[certificate %s]\ncert = b.pem\n", name);
    load_good_with(&loaded, lines);
    assert_loaded(&loaded);
    assert_string_equal(loaded.config->certificates[1].name, name);
}

static void
an_overlong_name_of_a_section_is_refused(void **state)
{
    char lines[256];
    char name[CONFIG_NAME_MAX + 2];

    (void)state;
    memset(name, 'n', CONFIG_NAME_MAX + 1);
    name[CONFIG_NAME_MAX + 1] = '\0';
    snprintf(lines, sizeof(lines), "[certificate %s]\ncert = b.pem\n", name);
    load_good_with(&loaded, lines);
    assert_refused(&loaded, "test.ini:7: 'nnnnn");
    assert_refused(&loaded, "is no name for a [certificate]: use at most 63");
}

static void
names_hold_letters_digits_and_three_marks(void **state)
{
    (void)state;
    load_good_with(&loaded, "[certificate a-b_c.D9]\ncert = x\n");
    assert_loaded(&loaded);
    assert_string_equal(loaded.config->certificates[1].name, "a-b_c.D9");
    teardown(state);
    load_good_with(&loaded, "[certificate a/b]\ncert = x\n");
    assert_refused(&loaded, "test.ini:7: 'a/b' is no name");
    teardown(state);
    load_good_with(&loaded, "[certificate a b]\ncert = x\n");
    assert_refused(&loaded, "test.ini:7: 'a b' is no name");
}

static void
an_unknown_section_is_named_with_the_nearest(void **state)
{
    (void)state;
    load_good_with(&loaded, "[timeout]\nidle = 5m\n[frobnicate]\n");
    assert_refused(&loaded,
        "test.ini:7: unknown section [timeout]: did you mean"
        " 'timeouts'?");
    assert_refused(&loaded, "test.ini:9: unknown section [frobnicate]");
    /* Its keys are not complained about one by one. */
    assert_finding_count(&loaded, 2);
}

static void
an_unknown_key_is_named_with_the_nearest(void **state)
{
    (void)state;
    load_good_with(&loaded, "[timeouts]\nhandshaek = 5s\nxyzzy = 1\n");
    assert_refused(&loaded, "test.ini:8: unknown key 'handshaek' in [timeouts]:"
                            " did you mean 'handshake'?");
    assert_refused(&loaded, "test.ini:9: unknown key 'xyzzy' in [timeouts]");
    assert_finding_count(&loaded, 2);
}

static void
a_key_of_another_section_is_sent_there(void **state)
{
    (void)state;
    load_good_with(&loaded, "idle = 5m\n");
    assert_refused(&loaded, "test.ini:7: unknown key 'idle' in [certificate]:"
                            " it belongs to [timeouts]");
}

static void
a_second_key_is_refused_with_both_lines(void **state)
{
    (void)state;
    load_good_with(&loaded, "cert = other.pem\n");
    assert_refused(&loaded, "test.ini:7: cert was already set at test.ini:6");
    teardown(state);
    load_text(&loaded, "[service]\nlisten = 127.0.0.1:1\n"
                       "listen = 127.0.0.1:2\nbackend = unix:/a\n"
                       "[certificate]\ncert = a\n");
    assert_refused(&loaded, "test.ini:3: listen was already set at test.ini:2:"
                            " separate the items of a list by ';'");
}

static void
a_second_section_is_refused_with_both_lines(void **state)
{
    (void)state;
    load_good_with(&loaded, "[service]\nrequired_level = oops\n");
    assert_refused(
        &loaded, "test.ini:7: [service] was already opened at test.ini:1");
    /* The keys in it are checked as well. */
    assert_refused(&loaded, "test.ini:8: [service] required_level = oops");
}

static void
no_name_and_the_name_default_are_the_same(void **state)
{
    (void)state;
    load_good_with(&loaded, "[certificate default]\n");
    assert_refused(
        &loaded, "test.ini:7: [certificate] was already opened at test.ini:5");
}

static void
an_empty_section_counts(void **state)
{
    (void)state;
    load_good_with(&loaded, "[service web]\n");
    assert_refused(&loaded, "test.ini:7: [service web] has no listen: add a"
                            " line such as listen = 0.0.0.0:8443");
    assert_refused(&loaded, "test.ini:7: [service web] has no backend");
    assert_finding_count(&loaded, 2);
}

static void
sections_of_the_process_take_no_name(void **state)
{
    (void)state;
    load_good_with(&loaded, "[log web]\nlevel = debug\n");
    assert_refused(&loaded, "test.ini:7: [log] takes no name");
    assert_finding_count(&loaded, 1);
}

static void
a_section_needs_a_name_in_its_brackets(void **state)
{
    (void)state;
    load_good_with(&loaded, "[]\n[  ]\n");
    assert_refused(&loaded, "test.ini:7: unknown section []");
    assert_refused(&loaded, "test.ini:8: unknown section []");
}

static void
more_sections_than_allowed_are_refused(void **state)
{
    char *text = malloc((size_t)64 * (CONFIG_SERVICES_MAX + 2));
    size_t used = 0;

    (void)state;
    assert_non_null(text);
    for (int i = 0; i < CONFIG_SERVICES_MAX + 1; i++)
        used += (size_t)sprintf(
            text + used, "[certificate c%d]\ncert = a.pem\n", i);
    load_text(&loaded, text);
    free(text);
    assert_refused(&loaded,
        "test.ini:513: there are more than 256 [certificate] sections");
}

#define TEST(name) cmocka_unit_test_teardown(name, teardown)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(the_longest_name_of_a_section_arrives_whole),
        TEST(an_overlong_name_of_a_section_is_refused),
        TEST(names_hold_letters_digits_and_three_marks),
        TEST(an_unknown_section_is_named_with_the_nearest),
        TEST(an_unknown_key_is_named_with_the_nearest),
        TEST(a_key_of_another_section_is_sent_there),
        TEST(a_second_key_is_refused_with_both_lines),
        TEST(a_second_section_is_refused_with_both_lines),
        TEST(no_name_and_the_name_default_are_the_same),
        TEST(an_empty_section_counts),
        TEST(sections_of_the_process_take_no_name),
        TEST(a_section_needs_a_name_in_its_brackets),
        TEST(more_sections_than_allowed_are_refused),
    };

    return cmocka_run_group_tests_name(
        "config names", tests, fixture_start, fixture_stop);
}
