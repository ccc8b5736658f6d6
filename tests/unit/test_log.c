/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Lines as they arrive in a file or a pipe. */
#include <sys/socket.h>
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

/* --- sinks that fail ----------------------------------------------------- */

/* What comes after the word in the log; 0 when it is not there. */
static unsigned
number_after(const char *text, const char *word)
{
    const char *at = strstr(text, word);

    return at == NULL ? 0 : (unsigned)strtoul(at + strlen(word), NULL, 10);
}

static unsigned
count_lines(const char *text)
{
    unsigned count = 0;

    for (; (text = strchr(text, '\n')) != NULL; text++)
        count++;
    return count;
}

/* Reads what is there now into content. */
static void
drain(int fd)
{
    size_t len = 0;
    ssize_t got;

    while ((got = read(fd, content + len, sizeof(content) - 1 - len)) > 0) {
        len += (size_t)got;
        if (len == sizeof(content) - 1)
            break;
    }
    content[len] = '\0';
}

/* Writes more lines than fit; the others are counted, none is cut, and the
 * first that gets through again tells how many. */
static void
loses_lines_and_says_so(int fd)
{
    enum {
        LINES = 5000
    };
    unsigned arrived = 0;

    for (int i = 0; i < LINES; i++)
        write_sample("filling it up"); /* returns although nobody reads */
    do {
        drain(fd);
        arrived += count_lines(content);
        assert_true(content[0] == '\0' || content[strlen(content) - 1] == '\n');
        assert_null(strstr(content, "lost_lines"));
    } while (content[0] != '\0');
    assert_in_range(arrived, 10, LINES - 1);
    write_sample("after");
    write_sample("later");
    drain(fd);
    assert_int_equal(number_after(content, " lost_lines="), LINES - arrived);
    assert_int_equal(count_lines(content), 2);
    assert_null(strstr(strstr(content, "value=later"), "lost_lines"));
}

static void
a_full_pipe_loses_lines_and_says_so(void **state)
{
    int fd;

    (void)state;
    assert_int_equal(unlink(path), 0);
    assert_int_equal(mkfifo(path, 0600), 0);
    fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    assert_true(fd >= 0);
    assert_int_equal(fcntl(fd, F_SETPIPE_SZ, 16 * 1024), 16 * 1024);
    open_log(LOG_FORMAT_TEXT, LOG_LEVEL_INFO);
    loses_lines_and_says_so(fd);
    close(fd);
}

/* As under systemd, whose journal is a socket. */
static void
a_full_socket_as_stderr_loses_lines_and_says_so(void **state)
{
    struct config_log config = {.level = LOG_LEVEL_INFO,
        .format = LOG_FORMAT_TEXT,
        .output = (char[]){"stderr"}};
    struct report report;
    int before = dup(STDERR_FILENO);
    int small = 4096;
    int fds[2];

    (void)state;
    assert_int_equal(
        socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds), 0);
    assert_int_equal(
        setsockopt(fds[1], SOL_SOCKET, SO_SNDBUF, &small, sizeof(small)), 0);
    assert_int_equal(fcntl(fds[0], F_SETFL, O_NONBLOCK), 0);
    assert_true(dup2(fds[1], STDERR_FILENO) >= 0);
    report_init(&report);
    assert_int_equal(log_open(&config, &report), 0);
    report_deinit(&report);
    loses_lines_and_says_so(fds[0]);
    assert_true(dup2(before, STDERR_FILENO) >= 0);
    close(before);
    close(fds[0]);
    close(fds[1]);
}

/* A container's runtime makes the pipe, and we are another user. */
static void
a_full_pipe_of_another_user_loses_lines_and_says_so(void **state)
{
    struct config_log config = {.level = LOG_LEVEL_INFO,
        .format = LOG_FORMAT_TEXT,
        .output = (char[]){"stderr"}};
    struct report report;
    int before = dup(STDERR_FILENO);
    uid_t uid = geteuid();
    int fds[2];

    (void)state;
    assert_int_equal(pipe2(fds, O_CLOEXEC), 0);
    assert_int_equal(fcntl(fds[0], F_SETPIPE_SZ, 16 * 1024), 16 * 1024);
    assert_int_equal(fcntl(fds[0], F_SETFL, O_NONBLOCK), 0);
    assert_int_equal(fchmod(fds[1], 0), 0);
    assert_true(dup2(fds[1], STDERR_FILENO) >= 0);
    assert_int_equal(seteuid(uid == 0 ? 65534 : uid), 0);
    report_init(&report);
    assert_int_equal(log_open(&config, &report), 0);
    report_deinit(&report);
    assert_int_equal(seteuid(uid), 0);
    loses_lines_and_says_so(fds[0]);
    assert_int_equal(fcntl(fds[1], F_GETFL) & O_NONBLOCK, 0);
    assert_true(dup2(before, STDERR_FILENO) >= 0);
    close(before);
    close(fds[0]);
    close(fds[1]);
}

/* Our stderr may be somebody else's terminal or pipe, too. */
static void
stderr_stays_as_blocking_as_it_was(void **state)
{
    struct config_log config = {.level = LOG_LEVEL_INFO,
        .format = LOG_FORMAT_TEXT,
        .output = (char[]){"stderr"}};
    struct report report;
    int before = dup(STDERR_FILENO);
    int fds[2];

    (void)state;
    assert_int_equal(pipe2(fds, O_CLOEXEC), 0);
    assert_true(dup2(fds[1], STDERR_FILENO) >= 0);
    report_init(&report);
    assert_int_equal(log_open(&config, &report), 0);
    report_deinit(&report);
    write_sample("to the pipe");
    assert_int_equal(fcntl(fds[1], F_GETFL) & O_NONBLOCK, 0);
    assert_true(dup2(before, STDERR_FILENO) >= 0);
    close(before);
    close(fds[1]);
    log_close();
    drain(fds[0]);
    assert_non_null(strstr(content, "value=\"to the pipe\""));
    close(fds[0]);
}

static void
a_file_that_cannot_be_opened_leaves_the_old_one(void **state)
{
    struct config_log config = {.level = LOG_LEVEL_ERROR,
        .format = LOG_FORMAT_JSON,
        .output = (char[]){"/tmp/sidelock-none/x.log"}};
    struct report report;

    (void)state;
    open_log(LOG_FORMAT_TEXT, LOG_LEVEL_INFO);
    report_init(&report);
    assert_int_equal(log_reconfigure(&config, &report), -1);
    assert_non_null(
        strstr(report_first_error(&report), "/tmp/sidelock-none/x.log"));
    report_deinit(&report);
    write_sample("still here");
    assert_non_null(
        strstr(read_log(), "info event=sample value=\"still here\""));
}

static void
reconfiguring_changes_level_format_and_file(void **state)
{
    char other[] = "/tmp/sidelock-other-XXXXXX";
    struct config_log config = {
        .level = LOG_LEVEL_DEBUG, .format = LOG_FORMAT_JSON, .output = other};
    struct report report;
    int fd = mkstemp(other);

    (void)state;
    assert_true(fd >= 0);
    open_log(LOG_FORMAT_TEXT, LOG_LEVEL_WARN);
    write_sample("unheard");
    report_init(&report);
    assert_int_equal(log_reconfigure(&config, &report), 0);
    report_deinit(&report);
    assert_true(log_is_wanted(LOG_LEVEL_DEBUG));
    write_sample("there");
    assert_string_equal(read_log(), "");
    drain(fd);
    assert_int_equal(content[0], '{');
    assert_non_null(strstr(content, "\"value\":\"there\""));
    close(fd);
    assert_int_equal(unlink(other), 0);
}

static void
findings_are_logged_as_loud_as_they_are(void **state)
{
    struct report report;

    (void)state;
    open_log(LOG_FORMAT_TEXT, LOG_LEVEL_INFO);
    report_init(&report);
    report_note(&report, "a note");
    report_warning(&report, SL_CONFIG_VALUE, "a warning");
    report_error(&report, SL_CONFIG_VALUE, "an error");
    log_report(&report);
    report_deinit(&report);
    (void)read_log();
    assert_non_null(strstr(content, "info event=finding text=\"a note\"\n"));
    assert_non_null(strstr(content,
        "warn event=finding code=SL-CONFIG-VALUE text=\"a warning\"\n"));
    assert_non_null(strstr(content,
        "error event=finding code=SL-CONFIG-VALUE text=\"an error\"\n"));
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
        PROMISE(a_full_socket_as_stderr_loses_lines_and_says_so),
        PROMISE(a_full_pipe_of_another_user_loses_lines_and_says_so),
        PROMISE(stderr_stays_as_blocking_as_it_was),
        PROMISE(a_file_that_cannot_be_opened_leaves_the_old_one),
        PROMISE(reconfiguring_changes_level_format_and_file),
        PROMISE(findings_are_logged_as_loud_as_they_are),
    };
#undef PROMISE

    return cmocka_run_group_tests_name("log", tests, NULL, NULL);
}
