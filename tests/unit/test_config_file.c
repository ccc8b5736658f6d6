/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The file as lines: what an INI file may look like, and that whatever is
 * wrong with one is named with its line, nothing cut, nothing guessed.
 */
#include <sys/stat.h>
#include <sys/wait.h>

#include <errno.h>
#include <grp.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

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
load_bytes(const char *text, size_t len)
{
    const struct config_source source = {.path = "test.ini"};

    write_file("test.ini", text, len);
    load_source(&loaded, &source);
}

static void
a_plain_file_is_read(void **state)
{
    (void)state;
    load_text(&loaded, good_ini);
    assert_loaded(&loaded);
    assert_int_equal(loaded.config->service_count, 1);
    assert_string_equal(loaded.config->services[0].name, "default");
    assert_string_equal(loaded.config->certificates[0].cert, "server.pem");
    assert_finding_count(&loaded, 0);
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
    strcat(lines, "\nkyy = 1\n");
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
a_section_needs_a_name_in_its_brackets(void **state)
{
    (void)state;
    load_good_with(&loaded, "[]\n[  ]\n");
    assert_refused(&loaded, "test.ini:7: unknown section []");
    assert_refused(&loaded, "test.ini:8: unknown section []");
}

static void
a_key_before_any_section_is_refused(void **state)
{
    (void)state;
    load_text(&loaded, "listen = 127.0.0.1:8443\n");
    assert_refused(&loaded, "test.ini:1: the key stands before any [section]");
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
a_nul_byte_is_refused(void **state)
{
    static const char text[] = "[service]\nlisten = 127.0\0.0.1:1\n";

    (void)state;
    load_bytes(text, sizeof(text) - 1);
    assert_refused(&loaded, "test.ini: holds a NUL byte");
    assert_finding_count(&loaded, 1);
}

static void
an_empty_file_lacks_a_service_and_a_certificate(void **state)
{
    (void)state;
    load_text(&loaded, "");
    assert_refused(&loaded, "there is no [service]: write one");
    assert_refused(&loaded, "there is no [certificate]: write one");
    assert_finding_count(&loaded, 2);
}

static void
a_file_of_a_mebibyte_is_read_and_one_more_byte_is_not(void **state)
{
    size_t len = INIFILE_BYTES_MAX;
    char *text = malloc(len + 1);

    (void)state;
    assert_non_null(text);
    memset(text, '\n', len + 1);
    memcpy(text, good_ini, strlen(good_ini));
    load_bytes(text, len);
    assert_loaded(&loaded);
    teardown(state);
    load_bytes(text, len + 1);
    free(text);
    assert_refused(&loaded, "test.ini: is longer than 1048576 bytes");
    assert_finding_count(&loaded, 1);
}

static void
more_sections_than_allowed_are_refused(void **state)
{
    char *text = malloc(64 * (CONFIG_SERVICES_MAX + 2));
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

static void
errors_of_one_pass_are_all_reported(void **state)
{
    (void)state;
    load_text(&loaded, "[service]\nlistn = 127.0.0.1:1\n"
                       "backend = 8.8.8.8:53\n[timeouts]\nidle = 5\n"
                       "[tls]\nmin_version = 1.3\nmax_version = 1.2\n");
    assert_refused(&loaded, "test.ini:2: unknown key 'listn'");
    assert_refused(&loaded, "test.ini:1: [service] has no listen");
    assert_refused(&loaded, "test.ini:3: backend = 8.8.8.8:53");
    assert_refused(&loaded, "test.ini:5: [timeouts] idle = 5");
    assert_refused(&loaded, "test.ini:7: service 'default': min_version");
    assert_refused(&loaded, "there is no [certificate]");
    assert_finding_count(&loaded, 6);
}

static void
a_missing_file_is_named_with_the_cause(void **state)
{
    const struct config_source source = {.path = "nosuch.ini"};

    (void)state;
    load_source(&loaded, &source);
    assert_refused(
        &loaded, "nosuch.ini: cannot be read: No such file or directory");
    /* What it would have said is not missed on top. */
    assert_finding_count(&loaded, 1);
}

static void
a_directory_is_named_as_such(void **state)
{
    const struct config_source source = {.path = "/"};

    (void)state;
    load_source(&loaded, &source);
    assert_refused(&loaded, "/: cannot be read: Is a directory");
}

/* Loads as another user, since root may read everything. */
static int
load_as_nobody(const char *path, const char *wanted)
{
    const struct config_source source = {.path = path};
    struct loaded mine;
    int result = 3;
    pid_t pid = fork();

    assert_int_not_equal(pid, -1);
    if (pid == 0) {
        if (setgroups(0, NULL) < 0 || setgid(65534) < 0 || setuid(65534) < 0)
            _exit(2);
        load_source(&mine, &source);
        result = strstr(report_first_error(&mine.report), wanted) == NULL;
        unload(&mine);
        _exit(result);
    }
    assert_int_equal(waitpid(pid, &result, 0), pid);
    return result;
}

static void
a_file_closed_to_us_is_named_with_owner_mode_and_uid(void **state)
{
    (void)state;
    if (geteuid() != 0)
        skip();
    load_text(&loaded, good_ini);
    assert_int_equal(chmod(".", 0755), 0);
    assert_int_equal(chmod("test.ini", 0600), 0);
    assert_int_equal(
        load_as_nobody("test.ini",
            "test.ini: cannot be read: Permission denied (owner"
            " uid 0 gid 0, mode 0600; we are uid 65534 gid 65534)"),
        0);
    assert_int_equal(chmod(".", 0700), 0);
    assert_int_equal(
        load_as_nobody("test.ini", "a directory above it is closed to us"), 0);
}

#define TEST(name) cmocka_unit_test_teardown(name, teardown)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_plain_file_is_read),
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
        TEST(text_behind_a_section_is_refused),
        TEST(a_section_needs_a_name_in_its_brackets),
        TEST(a_key_before_any_section_is_refused),
        TEST(a_line_that_is_nothing_is_refused),
        TEST(a_semicolon_after_a_blank_cuts_nothing),
        TEST(control_characters_are_refused),
        TEST(a_nul_byte_is_refused),
        TEST(an_empty_file_lacks_a_service_and_a_certificate),
        TEST(a_file_of_a_mebibyte_is_read_and_one_more_byte_is_not),
        TEST(more_sections_than_allowed_are_refused),
        TEST(errors_of_one_pass_are_all_reported),
        TEST(a_missing_file_is_named_with_the_cause),
        TEST(a_directory_is_named_as_such),
        TEST(a_file_closed_to_us_is_named_with_owner_mode_and_uid),
    };

    return cmocka_run_group_tests_name(
        "config file", tests, fixture_start, fixture_stop);
}
