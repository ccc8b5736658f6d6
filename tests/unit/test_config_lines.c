/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Lines of a file: how they may be written, how long they may be, and that
 * what is no line is named with its number. Nothing is cut, nothing guessed.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
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

static void
comments_blank_lines_and_indentation_mean_nothing(void **state)
{
    (void)state;
    load_text(&loaded, "# a comment\n"
                       "  ; another\n"
                       "\n"
                       "\t[service]  \n"
                       "    listen=127.0.0.1:8443\n"
                       "    backend   =   127.0.0.1:8080   \n"
                       "   \t \n"
                       "    [ certificate\t web ]\n"
                       "\tcert\t=\ta.pem");
    assert_loaded(&loaded);
    assert_int_equal(loaded.config->services[0].backend.count, 1);
    assert_string_equal(loaded.config->certificates[0].name, "web");
    assert_string_equal(loaded.config->certificates[0].cert, "a.pem");
}

/* The library gives an indented line to the key above it. */
static void
an_indented_key_is_not_more_of_the_key_before(void **state)
{
    (void)state;
    load_text(&loaded, "[service]\n"
                       "  listen = 127.0.0.1:8443\n"
                       "  backend = 127.0.0.1:8080\n"
                       "[certificate]\n"
                       "  cert = a.pem\n"
                       "  key = b.pem\n");
    assert_loaded(&loaded);
    assert_int_equal(loaded.config->services[0].listen.count, 1);
    assert_string_equal(loaded.config->certificates[0].cert, "a.pem");
    assert_string_equal(loaded.config->certificates[0].key, "b.pem");
}

static void
a_value_does_not_go_on_in_the_next_line(void **state)
{
    (void)state;
    load_good_with(&loaded, "[clients]\n"
                            "ca = a.pem;\n"
                            "    b.pem\n");
    assert_refused(&loaded,
        "test.ini:9: neither [section] nor key = value (a value, lists too, is"
        " written on one line)");
    assert_refused(&loaded, "test.ini:8: [clients] ca = a.pem;: an item");
}

static void
carriage_returns_at_line_ends_are_dropped(void **state)
{
    (void)state;
    load_text(&loaded, "[service]\r\nlisten = 127.0.0.1:8443\r\n"
                       "backend = 127.0.0.1:8080\r\n\r\n"
                       "[certificate]\r\ncert = server.pem\r\n");
    assert_loaded(&loaded);
    assert_string_equal(loaded.config->certificates[0].cert, "server.pem");
}

static void
a_byte_order_mark_is_dropped(void **state)
{
    (void)state;
    load_text(&loaded, "\xef\xbb\xbf"
                       "[service]\nlisten = 127.0.0.1:8443\n"
                       "backend = 127.0.0.1:8080\n[certificate]\ncert = a\n");
    assert_loaded(&loaded);
}

static void
every_value_up_to_the_limit_arrives_whole(void **state)
{
    static const size_t lengths[] = {
        190, 196, 197, 198, 199, 200, 201, 1000, CONFIG_VALUE_MAX};

    for (size_t i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
        char line[CONFIG_VALUE_MAX + 64] = "key = /";
        char *value = line + strlen("key = ");

        memset(value + 1, 'x', lengths[i] - 1);
        value[lengths[i]] = '\0';
        load_good_with(&loaded, line);
        assert_loaded(&loaded);
        assert_string_equal(loaded.config->certificates[0].key, value);
        teardown(state);
    }
}

static void
a_value_over_the_limit_is_refused_by_name(void **state)
{
    char line[CONFIG_VALUE_MAX + 64] = "key = ";

    (void)state;
    memset(line + 6, 'x', CONFIG_VALUE_MAX + 1);
    load_good_with(&loaded, line);
    assert_refused(&loaded,
        "test.ini:7: the value of key has 4096 characters, at most 4095");
}

static void
a_line_over_the_limit_is_refused_and_lines_still_count(void **state)
{
    char lines[3 * INIFILE_LINE_MAX] = "key = ";

    (void)state;
    memset(lines + 6, 'x', 2 * INIFILE_LINE_MAX - 6);
    snprintf(lines + strlen(lines), 16, "\nkyy = 1\n");
    load_good_with(&loaded, lines);
    assert_refused(
        &loaded, "test.ini:7: the line has 8800 characters, at most 4400");
    assert_refused(&loaded, "test.ini:8: unknown key 'kyy'");
    assert_finding_count(&loaded, 2);
}

static void
blanks_do_not_count_for_the_limit(void **state)
{
    char lines[3 * INIFILE_LINE_MAX];

    (void)state;
    memset(lines, ' ', sizeof(lines));
    memcpy(lines + INIFILE_LINE_MAX, "key = k.pem", 11);
    lines[sizeof(lines) - 1] = '\0';
    load_good_with(&loaded, lines);
    assert_loaded(&loaded);
    assert_string_equal(loaded.config->certificates[0].key, "k.pem");
}

static void
a_comment_may_be_of_any_length(void **state)
{
    char lines[3 * INIFILE_LINE_MAX];

    (void)state;
    memset(lines, ';', sizeof(lines) - 1);
    lines[sizeof(lines) - 1] = '\0';
    load_good_with(&loaded, lines);
    assert_loaded(&loaded);
}

static void
text_behind_a_section_is_refused(void **state)
{
    (void)state;
    load_good_with(&loaded, "[log] ; how to log\nlevel = debug\n[tls\n[\n");
    assert_refused(&loaded, "test.ini:7: a section is written [NAME], with"
                            " nothing behind the ']'");
    assert_refused(&loaded, "test.ini:9: a section is written");
    assert_refused(&loaded, "test.ini:10: a section is written");
    assert_finding_count(&loaded, 3);
}

static void
a_line_that_is_nothing_is_refused(void **state)
{
    static const char *const lines[] = {
        "nothing", "cert: x", "= x", "a:b = c", "::1"};

    for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
        load_good_with(&loaded, lines[i]);
        assert_refused(
            &loaded, "test.ini:7: neither [section] nor key = value");
        assert_finding_count(&loaded, 1);
        teardown(state);
    }
}

static void
a_semicolon_after_a_blank_cuts_nothing(void **state)
{
    (void)state;
    load_good_with(&loaded, "[clients]\nca = a.pem ; b.pem\n"
                            "allow_all = yes\n[process]\npid_file = x ; y\n");
    assert_refused(&loaded, "test.ini:11: [process] pid_file = x ; y: this key"
                            " takes one value");
    teardown(state);
    load_good_with(&loaded, "[service b]\nlisten = 127.0.0.1:1 ; [::1]:1\n"
                            "backend = unix:/a ; unix:/b ; unix:/c\n");
    assert_loaded(&loaded);
    assert_int_equal(loaded.config->services[1].listen.count, 2);
    assert_int_equal(loaded.config->services[1].backend.count, 3);
}

static void
control_characters_are_refused(void **state)
{
    (void)state;
    load_good_with(&loaded, "key = a\x01"
                            "b\nserver_name = a\rb\n");
    assert_refused(&loaded, "test.ini:7: the value of key holds a control"
                            " character (byte 0x01)");
    assert_refused(&loaded, "test.ini:8: the value of server_name holds a"
                            " control character (byte 0x0d)");
}

static void
a_key_before_any_section_is_refused(void **state)
{
    (void)state;
    load_text(&loaded, "listen = 127.0.0.1:8443\n");
    assert_refused(&loaded, "test.ini:1: the key stands before any [section]");
}

#define TEST(name) cmocka_unit_test_teardown(name, teardown)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(comments_blank_lines_and_indentation_mean_nothing),
        TEST(an_indented_key_is_not_more_of_the_key_before),
        TEST(a_value_does_not_go_on_in_the_next_line),
        TEST(carriage_returns_at_line_ends_are_dropped),
        TEST(a_byte_order_mark_is_dropped),
        TEST(every_value_up_to_the_limit_arrives_whole),
        TEST(a_value_over_the_limit_is_refused_by_name),
        TEST(a_line_over_the_limit_is_refused_and_lines_still_count),
        TEST(blanks_do_not_count_for_the_limit),
        TEST(a_comment_may_be_of_any_length),
        TEST(text_behind_a_section_is_refused),
        TEST(a_line_that_is_nothing_is_refused),
        TEST(a_semicolon_after_a_blank_cuts_nothing),
        TEST(control_characters_are_refused),
        TEST(a_key_before_any_section_is_refused),
    };

    return cmocka_run_group_tests_name(
        "config lines", tests, fixture_start, fixture_stop);
}
