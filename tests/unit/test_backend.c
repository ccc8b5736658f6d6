/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Which backend is tried, in which order, after which failures. */
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "proxy/backend.h"
#include "proxy/log.h"

static struct address addresses[3];

static struct backend_set
make_set(void)
{
    static const struct address_list list = {addresses, 3};
    struct backend_set set;
    char why[128];

    assert_int_equal(
        address_parse(&addresses[0], "127.0.0.1:1", why, sizeof(why)), 0);
    assert_int_equal(
        address_parse(&addresses[1], "127.0.0.1:2", why, sizeof(why)), 0);
    assert_int_equal(
        address_parse(&addresses[2], "unix:/x", why, sizeof(why)), 0);
    backend_set_init(&set, &list);
    return set;
}

static void
the_first_is_preferred(void **state)
{
    struct backend_set set = make_set();

    (void)state;
    assert_int_equal(backend_set_next(&set, 0, 1000), 0);
    assert_int_equal(backend_set_next(&set, 1U << 0, 1000), 1);
    assert_int_equal(backend_set_next(&set, 7, 1000), -1);
}

static void
one_that_failed_is_passed_over_for_a_while(void **state)
{
    struct backend_set set = make_set();

    (void)state;
    backend_set_note_failure(&set, 0, "refused", 1000);
    assert_int_equal(backend_set_next(&set, 0, 1001), 1);
    assert_int_equal(backend_set_next(&set, 0, 1000 + BACKEND_PAUSE_MIN_MS), 0);
}

static void
when_all_are_down_they_are_tried_all_the_same(void **state)
{
    struct backend_set set = make_set();

    (void)state;
    for (size_t i = 0; i < 3; i++)
        backend_set_note_failure(&set, i, "refused", 1000);
    assert_int_equal(backend_set_next(&set, 0, 1001), 0);
    assert_int_equal(backend_set_next(&set, 1, 1001), 1);
    assert_int_equal(backend_set_next(&set, 7, 1001), -1);
}

static void
the_pause_grows_to_its_bound_and_ends_with_success(void **state)
{
    struct backend_set set = make_set();
    int64_t now_ms = 1000;

    (void)state;
    for (int i = 0; i < 20; i++) {
        backend_set_note_failure(&set, 0, "refused", now_ms);
        now_ms = set.backends[0].paused_until_ms;
    }
    assert_int_equal(set.backends[0].pause_ms, BACKEND_PAUSE_MAX_MS);
    backend_set_note_success(&set, 0);
    assert_int_equal(backend_set_next(&set, 0, 0), 0);
}

static void
failures_within_a_pause_do_not_lengthen_the_next(void **state)
{
    struct backend_set set = make_set();

    (void)state;
    for (int i = 0; i < 50; i++)
        backend_set_note_failure(&set, 0, "refused", 1000);
    assert_int_equal(set.backends[0].pause_ms, BACKEND_PAUSE_MIN_MS);
}

static void
a_doubled_pause_starts_small_again_after_success(void **state)
{
    struct backend_set set = make_set();

    (void)state;
    backend_set_note_failure(&set, 0, "refused", 1000);
    backend_set_note_failure(&set, 0, "refused", 1000 + BACKEND_PAUSE_MIN_MS);
    assert_int_equal(
        set.backends[0].pause_ms, (int64_t)2 * BACKEND_PAUSE_MIN_MS);
    backend_set_note_success(&set, 0);
    backend_set_note_failure(&set, 0, "refused", 9000);
    assert_int_equal(set.backends[0].pause_ms, BACKEND_PAUSE_MIN_MS);
}

static void
a_paused_one_is_the_last_resort(void **state)
{
    struct backend_set set = make_set();

    (void)state;
    backend_set_note_failure(&set, 0, "refused", 1000);
    assert_int_equal(backend_set_next(&set, 0, 1001), 1);
    assert_int_equal(backend_set_next(&set, 1U << 1, 1001), 2);
    assert_int_equal(backend_set_next(&set, 1U << 1 | 1U << 2, 1001), 0);
}

/* --- connecting ---------------------------------------------------------- */

/* A socket of the loopback address that does not listen yet; its address. */
static int
bind_somewhere(struct address *address)
{
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    char why[128];

    assert_true(fd >= 0);
    assert_int_equal(
        address_parse(address, "127.0.0.1:1", why, sizeof(why)), 0);
    address->sock.v4.sin_port = 0;
    assert_int_equal(bind(fd, &address->sock.any, address->len), 0);
    assert_int_equal(getsockname(fd, &address->sock.any, &address->len), 0);
    return fd;
}

/* Waits until the attempt has come out; its errno. */
static int
outcome(int fd)
{
    struct pollfd poller = {.fd = fd, .events = POLLOUT};

    assert_int_equal(poll(&poller, 1, 20 * 1000), 1);
    return backend_connect_error(fd);
}

static void
connects_without_blocking_over_tcp(void **state)
{
    struct address address;
    int listener = bind_somewhere(&address);
    int no_delay = 0;
    socklen_t len = sizeof(no_delay);
    int fd;

    (void)state;
    assert_int_equal(listen(listener, 1), 0);
    fd = backend_connect(&address);
    assert_true(fd >= 0);
    assert_int_equal(outcome(fd), 0);
    assert_int_not_equal(fcntl(fd, F_GETFL) & O_NONBLOCK, 0);
    assert_int_not_equal(fcntl(fd, F_GETFD) & FD_CLOEXEC, 0);
    assert_int_equal(
        getsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &no_delay, &len), 0);
    assert_int_not_equal(no_delay, 0);
    close(fd);
    close(listener);
}

static void
a_refusal_is_told(void **state)
{
    struct address address;
    int silent = bind_somewhere(&address);
    int fd = backend_connect(&address);

    (void)state;
    assert_int_equal(fd < 0 ? errno : outcome(fd), ECONNREFUSED);
    if (fd >= 0)
        close(fd);
    close(silent);
}

static void
connects_to_a_unix_socket(void **state)
{
    char folder[] = "/tmp/sidelock-backend-XXXXXX";
    char text[64];
    char why[128];
    struct address address;
    int listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    int fd;

    (void)state;
    assert_non_null(mkdtemp(folder));
    (void)snprintf(text, sizeof(text), "unix:%s/s", folder);
    assert_int_equal(address_parse(&address, text, why, sizeof(why)), 0);
    assert_int_equal(backend_connect(&address), -1);
    assert_int_equal(errno, ENOENT);
    assert_int_equal(bind(listener, &address.sock.any, address.len), 0);
    assert_int_equal(backend_connect(&address), -1);
    assert_int_equal(errno, ECONNREFUSED);
    assert_int_equal(listen(listener, 1), 0);
    fd = backend_connect(&address);
    assert_true(fd >= 0);
    assert_int_equal(outcome(fd), 0);
    close(fd);
    close(listener);
    assert_int_equal(unlink(text + strlen("unix:")), 0);
    assert_int_equal(rmdir(folder), 0);
}

/* --- the log ------------------------------------------------------------- */

static char log_path[] = "/tmp/sidelock-backend-log-XXXXXX";

static int
open_log(void **state)
{
    struct config_log config = {
        .level = LOG_LEVEL_INFO, .format = LOG_FORMAT_TEXT, .output = log_path};
    struct report report;
    int fd = mkostemp(log_path, O_CLOEXEC);

    (void)state;
    if (fd < 0 || close(fd) != 0)
        return -1;
    report_init(&report);
    if (log_open(&config, &report) != 0)
        return -1;
    report_deinit(&report);
    return 0;
}

static int
close_log(void **state)
{
    (void)state;
    log_close();
    return unlink(log_path);
}

/* How many lines have the event since the last call. */
static unsigned
count_events(const char *event)
{
    static char text[16 * 1024];
    FILE *file = fopen(log_path, "re");
    unsigned count = 0;
    size_t len;

    assert_non_null(file);
    len = fread(text, 1, sizeof(text) - 1, file);
    text[len] = '\0';
    (void)fclose(file);
    for (const char *at = text; (at = strstr(at, event)) != NULL; at++)
        count++;
    return count;
}

static void
empty_log(void)
{
    assert_int_equal(truncate(log_path, 0), 0);
}

static void
a_switch_is_logged_once(void **state)
{
    struct backend_set set = make_set();

    (void)state;
    empty_log();
    for (int i = 0; i < 5; i++)
        backend_set_note_failure(
            &set, 0, "Connection refused", (int64_t)1000 * i);
    for (int i = 0; i < 5; i++)
        backend_set_note_success(&set, 0);
    assert_int_equal(
        count_events(" warn event=backend_down backend=127.0.0.1:1 "
                     "error=\"Connection refused\"\n"),
        1);
    assert_int_equal(
        count_events(" info event=backend_up backend=127.0.0.1:1\n"), 1);
    assert_int_equal(count_events("event="), 2);
}

/* Each connection would be a line otherwise, or two. */
static void
one_that_flaps_does_not_fill_the_log(void **state)
{
    struct backend_set set = make_set();

    (void)state;
    empty_log();
    for (int i = 0; i < BACKEND_TELL_MS; i++) {
        backend_set_note_failure(&set, 0, "refused", i);
        backend_set_note_success(&set, 0);
    }
    assert_int_equal(count_events("event=backend_down"), 1);
    assert_int_equal(count_events("event=backend_up"), 1);
}

/* Its last failure came too soon after the one before to be told; now it is
 * down for good. */
static void
one_that_stays_down_is_told_in_the_end(void **state)
{
    struct backend_set set = make_set();

    (void)state;
    backend_set_note_failure(&set, 0, "refused", 0);
    backend_set_note_success(&set, 0);
    empty_log();
    backend_set_note_failure(&set, 0, "refused", 1);
    assert_int_equal(count_events("event="), 0);
    backend_set_note_failure(&set, 0, "refused", BACKEND_TELL_MS);
    backend_set_note_failure(&set, 0, "refused", (int64_t)2 * BACKEND_TELL_MS);
    assert_int_equal(count_events("event=backend_down"), 1);
    assert_int_equal(count_events("event="), 1);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_first_is_preferred),
        cmocka_unit_test(one_that_failed_is_passed_over_for_a_while),
        cmocka_unit_test(when_all_are_down_they_are_tried_all_the_same),
        cmocka_unit_test(the_pause_grows_to_its_bound_and_ends_with_success),
        cmocka_unit_test(failures_within_a_pause_do_not_lengthen_the_next),
        cmocka_unit_test(a_doubled_pause_starts_small_again_after_success),
        cmocka_unit_test(a_paused_one_is_the_last_resort),
        cmocka_unit_test(connects_without_blocking_over_tcp),
        cmocka_unit_test(a_refusal_is_told),
        cmocka_unit_test(connects_to_a_unix_socket),
        cmocka_unit_test(a_switch_is_logged_once),
        cmocka_unit_test(one_that_flaps_does_not_fill_the_log),
        cmocka_unit_test(one_that_stays_down_is_told_in_the_end),
    };

    return cmocka_run_group_tests_name("backend", tests, open_log, close_log);
}
