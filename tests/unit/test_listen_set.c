/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Listening sockets across changes of the configuration: what stays is not
 * touched, what is new is opened beside it, and a change that fails leaves
 * nothing behind.
 */
#include <netinet/in.h>
#include <sys/socket.h>

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "proxy/listen_set.h"
#include "proxy/listener.h"
#include "tests/unit/config_fixture.h"

enum {
    WORKERS = 3,
    LISTENS_MAX = 8,
};

/* The configuration of services that listen on these addresses each; ends
 * with NULL. */
static struct config *
config_of(const char *const *listens)
{
    struct loaded loaded;
    char text[2048] = "";
    size_t len = 0;

    for (int i = 0; listens[i] != NULL; i++)
        len += (size_t)snprintf(text + len, sizeof(text) - len,
            "[service s%d]\nlisten = %s\nbackend = 127.0.0.1:1\n", i,
            listens[i]);
    (void)snprintf(
        text + len, sizeof(text) - len, "[certificate]\ncert = server.pem\n");
    load_text(&loaded, text);
    assert_loaded(&loaded);
    report_deinit(&loaded.report);
    return loaded.config;
}

static int
prepare(struct listen_set *next, const struct listen_set *current,
    const char *const *listens, struct report *report)
{
    struct config *config = config_of(listens);
    struct snapshot_service services[8] = {{.mode = SERVICE_TLS}};
    struct snapshot snapshot = {.config = config, .services = services};
    int result = listen_set_prepare(next, current, &snapshot, report);

    config_free(config);
    return result;
}

/* The set of one service's addresses, from nothing or as a change. */
static struct listen_set
listen_on(const struct listen_set *current, const char *listen)
{
    static const struct listen_set nothing = {.worker_count = WORKERS};
    const char *const listens[] = {listen, NULL};
    struct listen_set set;
    struct report report;

    report_init(&report);
    if (prepare(&set, current != NULL ? current : &nothing, listens, &report)
        != 0)
        fail_msg("%s", report_first_error(&report));
    assert_int_equal(report.count, 0);
    report_deinit(&report);
    return set;
}

static void
assert_refused_with(
    const struct listen_set *current, const char *listen, const char *text_part)
{
    const char *const listens[] = {listen, NULL};
    struct listen_set set;
    struct report report;

    report_init(&report);
    assert_int_equal(prepare(&set, current, listens, &report), -1);
    if (strstr(report_first_error(&report), text_part) == NULL)
        fail_msg(
            "\"%s\" is not in \"%s\"", text_part, report_first_error(&report));
    assert_int_equal(set.count, 0);
    assert_null(set.entries);
    report_deinit(&report);
}

/* As the workers do in the end. */
static void
close_all(struct listen_set *set)
{
    for (size_t i = 0; i < set->count; i++)
        for (size_t w = 0; w < set->worker_count; w++)
            assert_int_equal(close(set->entries[i].fds[w]), 0);
    listen_set_forget(set);
}

static bool
is_open(int fd)
{
    return fcntl(fd, F_GETFD) >= 0;
}

static int
count_open(void)
{
    int count = 0;

    for (int fd = 0; fd < 256; fd++)
        count += is_open(fd) ? 1 : 0;
    return count;
}

static unsigned
port_of(const struct address *address)
{
    return ntohs(address->sock.any.sa_family == AF_INET6
                     ? address->sock.v6.sin6_port
                     : address->sock.v4.sin_port);
}

/* A port that nobody uses at any address, be it for a connection. */
static const char *
text_with_free_port(const char *host, char out[64])
{
    struct listen_set set = listen_on(NULL, "0.0.0.0:0");

    (void)snprintf(out, 64, "%s:%u", host, port_of(&set.entries[0].bound));
    close_all(&set);
    return out;
}

static bool
can_connect(const struct address *address)
{
    int fd = socket(address->sock.any.sa_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    bool can;

    assert_true(fd >= 0);
    can = connect(fd, &address->sock.any, address->len) == 0;
    close(fd);
    return can;
}

/* --- opening ------------------------------------------------------------- */

static void
each_worker_has_a_socket_of_each_address(void **state)
{
    struct listen_set set = listen_on(NULL, "127.0.0.1:0; [::1]:0");

    (void)state;
    assert_int_equal(set.count, 2);
    for (size_t i = 0; i < 2; i++) {
        const struct listen_entry *entry = &set.entries[i];

        assert_true(entry->is_new);
        assert_int_equal(port_of(&entry->address), 0);
        assert_int_not_equal(port_of(&entry->bound), 0);
        for (size_t w = 0; w < WORKERS; w++)
            assert_true(is_open(entry->fds[w]));
        assert_true(can_connect(&entry->bound));
    }
    close_all(&set);
}

static void
view_learns_the_sockets_of_its_worker(void **state)
{
    const char *const listens[] = {
        "127.0.0.1:0; 127.0.0.2:0", "127.0.0.3:0", NULL};
    struct listen_set current = {.worker_count = WORKERS};
    struct view_listen listen[LISTENS_MAX];
    struct view view = {.listens = listen};
    struct listen_set set;
    struct report report;

    (void)state;
    report_init(&report);
    assert_int_equal(prepare(&set, &current, listens, &report), 0);
    report_deinit(&report);
    listen_set_fill_view(&set, 2, &view);
    assert_int_equal(view.listen_count, 3);
    for (size_t i = 0; i < 3; i++) {
        assert_int_equal(listen[i].fd, set.entries[i].fds[2]);
        assert_int_equal(listen[i].service_index, i < 2 ? 0 : 1);
        assert_true(address_equal(&listen[i].address, &set.entries[i].bound));
    }
    close_all(&set);
}

/* Port 0 gives each its own. */
static void
same_address_twice_with_any_port_is_two(void **state)
{
    struct listen_set set = listen_on(NULL, "127.0.0.1:0");
    struct listen_set more;
    const char *const listens[] = {"127.0.0.1:0", "127.0.0.1:0", NULL};
    struct report report;

    (void)state;
    report_init(&report);
    assert_int_equal(prepare(&more, &set, listens, &report), 0);
    report_deinit(&report);
    assert_false(more.entries[0].is_new);
    assert_true(more.entries[1].is_new);
    assert_int_not_equal(
        port_of(&more.entries[0].bound), port_of(&more.entries[1].bound));
    listen_set_forget(&set);
    close_all(&more);
}

/* --- changes ------------------------------------------------------------- */

static void
address_that_stays_keeps_its_sockets(void **state)
{
    struct listen_set before = listen_on(NULL, "127.0.0.1:0; 127.0.0.2:0");
    struct listen_set after = listen_on(&before, "127.0.0.2:0; 127.0.0.3:0");

    (void)state;
    assert_int_equal(after.count, 2);
    assert_false(after.entries[0].is_new);
    assert_memory_equal(
        after.entries[0].fds, before.entries[1].fds, WORKERS * sizeof(int));
    assert_true(
        address_equal(&after.entries[0].bound, &before.entries[1].bound));
    assert_true(after.entries[1].is_new);
    for (size_t w = 0; w < WORKERS; w++)
        close(before.entries[0].fds[w]); /* as the workers do */
    listen_set_forget(&before);
    close_all(&after);
}

static void
rolling_back_closes_only_what_is_new(void **state)
{
    struct listen_set before = listen_on(NULL, "127.0.0.1:0");
    struct listen_set after = listen_on(&before, "127.0.0.1:0; 127.0.0.2:0");
    int new_fd = after.entries[1].fds[0];

    (void)state;
    listen_set_roll_back(&after);
    assert_int_equal(after.count, 0);
    assert_false(is_open(new_fd));
    assert_true(can_connect(&before.entries[0].bound));
    close_all(&before);
}

static void
failed_change_leaves_nothing_open(void **state)
{
    struct listen_set before = listen_on(NULL, "127.0.0.1:0");
    int open_before = count_open();

    (void)state;
    assert_refused_with(&before, "127.0.0.1:0; 127.0.0.2:0; 192.0.2.1:1",
        "cannot listen on 192.0.2.1:1");
    assert_int_equal(count_open(), open_before);
    assert_true(can_connect(&before.entries[0].bound));
    close_all(&before);
}

/* A service that moves to the address of another, and takes its sockets. */
static void
address_may_change_its_service(void **state)
{
    const char *const first[] = {"127.0.0.1:0", "127.0.0.2:0", NULL};
    const char *const second[] = {"127.0.0.2:0", "127.0.0.1:0", NULL};
    struct listen_set nothing = {.worker_count = WORKERS};
    struct listen_set before;
    struct listen_set after;
    struct report report;

    (void)state;
    report_init(&report);
    assert_int_equal(prepare(&before, &nothing, first, &report), 0);
    assert_int_equal(prepare(&after, &before, second, &report), 0);
    report_deinit(&report);
    assert_int_equal(after.entries[0].fds[0], before.entries[1].fds[0]);
    assert_int_equal(after.entries[0].service_index, 0);
    assert_int_equal(after.entries[1].fds[0], before.entries[0].fds[0]);
    assert_int_equal(after.entries[1].service_index, 1);
    listen_set_forget(&before);
    close_all(&after);
}

/* The port is in use, but by ourselves: the change from all addresses to one,
 * or back, was once refused as if another process had it. */
static void
change_between_one_address_and_all_is_possible(void **state)
{
    char one[64];
    char all[64];
    struct listen_set first;
    struct listen_set second;
    struct listen_set third;

    (void)state;
    (void)text_with_free_port("127.0.0.1", one);
    (void)snprintf(all, sizeof(all), "0.0.0.0%s", strchr(one, ':'));
    first = listen_on(NULL, all);
    second = listen_on(&first, one);
    assert_true(second.entries[0].is_new);
    close_all(&first);
    assert_true(can_connect(&second.entries[0].bound));
    third = listen_on(&second, all);
    close_all(&second);
    assert_true(can_connect(&third.entries[0].bound));
    close_all(&third);
}

/* --- what cannot be ------------------------------------------------------ */

static void
port_of_another_process_is_refused_with_a_remedy(void **state)
{
    struct listen_set nothing = {.worker_count = WORKERS};
    struct listen_set other = listen_on(NULL, "127.0.0.1:0");
    char text[64];

    (void)state;
    /* Our own sockets share their ports; only who looks first can tell. */
    (void)snprintf(
        text, sizeof(text), "127.0.0.1:%u", port_of(&other.entries[0].bound));
    assert_refused_with(&nothing, text, "another process has it");
    assert_refused_with(&nothing, text, text);
    close_all(&other);
}

static void
address_of_another_machine_is_refused_with_a_remedy(void **state)
{
    struct listen_set nothing = {.worker_count = WORKERS};

    (void)state;
    assert_refused_with(
        &nothing, "192.0.2.1:4443", "no interface of this machine");
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_worker_has_a_socket_of_each_address),
        cmocka_unit_test(view_learns_the_sockets_of_its_worker),
        cmocka_unit_test(same_address_twice_with_any_port_is_two),
        cmocka_unit_test(address_that_stays_keeps_its_sockets),
        cmocka_unit_test(rolling_back_closes_only_what_is_new),
        cmocka_unit_test(failed_change_leaves_nothing_open),
        cmocka_unit_test(address_may_change_its_service),
        cmocka_unit_test(change_between_one_address_and_all_is_possible),
        cmocka_unit_test(port_of_another_process_is_refused_with_a_remedy),
        cmocka_unit_test(address_of_another_machine_is_refused_with_a_remedy),
    };

    return cmocka_run_group_tests(tests, fixture_start, fixture_stop);
}
