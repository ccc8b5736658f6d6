/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Lines as they arrive in a file or a pipe. */
#include <sys/stat.h>

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "proxy/log.h"

enum {
    FILE_BYTES = 64 * 1024
};

static char path[64];
static char content[FILE_BYTES];

static void
open_log(enum log_format format, enum log_level level)
{
    struct config_log config = {
        .level = level, .format = format, .output = path, .connections = true};
    struct report report;

    report_init(&report);
    assert_int_equal(log_open(&config, &report), 0);
    report_deinit(&report);
}

static const char *
read_log(void)
{
    FILE *file = fopen(path, "re");
    size_t len;

    assert_non_null(file);
    len = fread(content, 1, sizeof(content) - 1, file);
    content[len] = '\0';
    (void)fclose(file);
    return content;
}

static int
set_up(void **state)
{
    int fd;

    (void)state;
    (void)snprintf(path, sizeof(path), "/tmp/sidelock-log-XXXXXX");
    fd = mkstemp(path);
    close(fd);
    return fd < 0 ? -1 : 0;
}

static int
tear_down(void **state)
{
    (void)state;
    log_close();
    return unlink(path);
}

static void
write_sample(const char *value)
{
    struct log_line line;

    log_begin(&line, LOG_LEVEL_INFO, "sample");
    log_put_string(&line, "value", value);
    log_put_int(&line, "number", -5);
    log_end(&line);
}

static void
text_lines_are_logfmt(void **state)
{
    (void)state;
    open_log(LOG_FORMAT_TEXT, LOG_LEVEL_INFO);
    write_sample("plain");
    assert_non_null(
        strstr(read_log(), "Z info event=sample value=plain number=-5\n"));
}

static void
json_lines_have_the_same_keys(void **state)
{
    (void)state;
    open_log(LOG_FORMAT_JSON, LOG_LEVEL_INFO);
    write_sample("plain");
    assert_non_null(strstr(read_log(),
        "\"level\":\"info\",\"event\":\"sample\",\"value\":\"plain\","
        "\"number\":-5}\n"));
    assert_int_equal(content[0], '{');
}

static void
what_a_peer_sent_cannot_forge_a_line(void **state)
{
    (void)state;
    open_log(LOG_FORMAT_TEXT, LOG_LEVEL_INFO);
    write_sample("a\nb\" reason=done \x1b[0m\\ \xff");
    assert_non_null(strstr(read_log(),
        "value=\"a\\x0ab\\\" reason=done \\x1b[0m\\\\ \\xff\" number"));
}

static void
json_escapes_what_json_forbids(void **state)
{
    (void)state;
    open_log(LOG_FORMAT_JSON, LOG_LEVEL_INFO);
    write_sample("a\n\"\\\x7f");
    assert_non_null(
        strstr(read_log(), "\"value\":\"a\\u000a\\\"\\\\\\u007f\""));
}

static void
a_line_that_runs_full_still_ends_well(void **state)
{
    char value[3 * LOG_LINE_BYTES];

    (void)state;
    memset(value, 'x', sizeof(value));
    value[sizeof(value) - 1] = '\0';
    open_log(LOG_FORMAT_JSON, LOG_LEVEL_INFO);
    write_sample(value);
    (void)read_log();
    assert_true(strlen(content) <= LOG_LINE_BYTES);
    assert_string_equal(content + strlen(content) - 4, "x\"}\n");
}

static void
levels_below_the_wanted_one_are_silent(void **state)
{
    struct log_line line;

    (void)state;
    open_log(LOG_FORMAT_TEXT, LOG_LEVEL_WARN);
    write_sample("unheard");
    log_begin(&line, LOG_LEVEL_WARN, "heard");
    log_end(&line);
    assert_null(strstr(read_log(), "unheard"));
    assert_non_null(strstr(content, "event=heard"));
}

static void
reopening_writes_to_the_new_file(void **state)
{
    struct report report;
    char moved[80];

    (void)state;
    open_log(LOG_FORMAT_TEXT, LOG_LEVEL_INFO);
    write_sample("before");
    (void)snprintf(moved, sizeof(moved), "%s.1", path);
    assert_int_equal(rename(path, moved), 0);
    report_init(&report);
    assert_int_equal(log_reopen(&report), 0);
    report_deinit(&report);
    write_sample("after");
    assert_null(strstr(read_log(), "before"));
    assert_non_null(strstr(content, "after"));
    assert_int_equal(unlink(moved), 0);
}

static void
a_full_pipe_loses_lines_and_says_so(void **state)
{
    char drain[FILE_BYTES];
    int fd;

    (void)state;
    assert_int_equal(unlink(path), 0);
    assert_int_equal(mkfifo(path, 0600), 0);
    fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    assert_true(fd >= 0);
    open_log(LOG_FORMAT_TEXT, LOG_LEVEL_INFO);
    for (int i = 0; i < 20000; i++)
        write_sample("filling the pipe"); /* returns although nobody reads */
    while (read(fd, drain, sizeof(drain)) > 0)
        continue;
    write_sample("after");
    memset(drain, 0, sizeof(drain));
    assert_true(read(fd, drain, sizeof(drain) - 1) > 0);
    assert_non_null(strstr(drain, "value=after"));
    assert_non_null(strstr(drain, " lost_lines="));
    close(fd);
}

int
main(void)
{
#define PROMISE(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        PROMISE(text_lines_are_logfmt),
        PROMISE(json_lines_have_the_same_keys),
        PROMISE(what_a_peer_sent_cannot_forge_a_line),
        PROMISE(json_escapes_what_json_forbids),
        PROMISE(a_line_that_runs_full_still_ends_well),
        PROMISE(levels_below_the_wanted_one_are_silent),
        PROMISE(reopening_writes_to_the_new_file),
        PROMISE(a_full_pipe_loses_lines_and_says_so),
    };
#undef PROMISE

    return cmocka_run_group_tests_name("log", tests, NULL, NULL);
}
