/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Names that are proven, addresses of names, and servers that misbehave. */
#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "proxy/clock.h"
#include "proxy/resolver.h"
#include "tests/unit/name_server_fixture.h"

enum {
    PATIENCE_MS = 60 * 1000,
};

#define CLIENT       "10.9.8.7"
#define CLIENT_PTR   "7.8.9.10.in-addr.arpa"
#define CLIENT_BYTES "\x0a\x09\x08\x07"
#define OTHER_BYTES  "\x0a\x09\x08\x06"

static struct event_base *base;
static struct name_server server;
static struct resolver *resolver;
static size_t descriptors;

/* How long this process stood still: a beat comes ten times a second. */
static struct event *beat;
static int64_t beat_ms;
static int64_t still_ms;

/* What a callback was told. */
struct told {
    size_t calls;
    size_t count;
    char names[RESOLVER_NAMES_MAX][64];
    struct address addresses[RESOLVER_ADDRESSES_MAX];
    char error[256]; /* "" for none */
    int64_t at_ms;
    int64_t asked_ms;
    struct resolver_query *cancels; /* another query */
    struct told *asks;              /* and asks again, for this */
};

static size_t
count_descriptors(void)
{
    DIR *folder = opendir("/proc/self/fd");
    size_t count = 0;

    assert_non_null(folder);
    while (readdir(folder) != NULL)
        count++;
    closedir(folder);
    return count;
}

static struct address
address_of(const char *text)
{
    struct address address;
    char why[128];

    assert_int_equal(address_parse(&address, text, why, sizeof(why)), 0);
    return address;
}

static void
note_error(struct told *told, size_t count, const char *error)
{
    told->calls++;
    told->count = count;
    told->at_ms = clock_now_ms();
    if (error != NULL)
        (void)snprintf(told->error, sizeof(told->error), "%s", error);
}

static void
on_named(const char *const *names, size_t count, const char *error, void *arg)
{
    struct told *told = arg;

    note_error(told, count, error);
    assert_in_range(count, 0, RESOLVER_NAMES_MAX);
    for (size_t i = 0; i < count; i++)
        (void)snprintf(told->names[i], sizeof(told->names[i]), "%s", names[i]);
    resolver_cancel(told->cancels);
    if (told->asks != NULL) {
        struct address address = address_of(CLIENT ":1");

        assert_non_null(
            resolver_names_of(resolver, &address, on_named, told->asks));
    }
}

static void
on_found(
    const struct address *addresses, size_t count, const char *error, void *arg)
{
    struct told *told = arg;

    note_error(told, count, error);
    assert_in_range(count, 0, RESOLVER_ADDRESSES_MAX);
    memcpy(told->addresses, addresses, count * sizeof(addresses[0]));
}

static struct resolver_query *
ask_names(const char *text, struct told *told)
{
    struct address address = address_of(text);
    struct resolver_query *query =
        resolver_names_of(resolver, &address, on_named, told);

    assert_non_null(query);
    assert_int_equal(told->calls, 0);
    return query;
}

static void
wait_told(const struct told *told)
{
    int64_t end_ms = clock_now_ms() + PATIENCE_MS;

    while (told->calls == 0) {
        assert_true(clock_now_ms() < end_ms);
        assert_int_equal(event_base_loop(base, EVLOOP_ONCE), 0);
    }
    assert_int_equal(told->calls, 1);
}

/* What the server has not read yet. */
static void
serve_what_waits(void)
{
    for (int i = 0; i < 4; i++)
        assert_int_equal(event_base_loop(base, EVLOOP_NONBLOCK), 0);
}

/* It takes a query's time, too. */
static bool
has_stood_still(void)
{
    return still_ms > RESOLVER_TIMEOUT_MS / 5;
}

static struct resolver_query *
ask_addresses(const char *name, struct told *told)
{
    struct resolver_query *query =
        resolver_address(resolver, name, on_found, told);

    assert_non_null(query);
    assert_int_equal(told->calls, 0);
    return query;
}

/* Asks until this process did not stand still meanwhile. */
static void
ask(struct resolver_query *(*ask_for)(const char *text, struct told *told),
    const char *text, struct told *told)
{
    const size_t asked_count = server.asked_count;
    const size_t by_tcp_count = server.asked_by_tcp_count;

    do {
        serve_what_waits();
        server.asked_count = asked_count;
        server.asked_by_tcp_count = by_tcp_count;
        *told = (struct told){.asked_ms = clock_now_ms()};
        beat_ms = told->asked_ms;
        still_ms = 0;
        ask_for(text, told);
        wait_told(told);
    } while (has_stood_still());
}

static void
names_of(const char *text, struct told *told)
{
    ask(ask_names, text, told);
}

static void
addresses_of(const char *name, struct told *told)
{
    ask(ask_addresses, name, told);
}

static void
assert_names(const struct told *told, size_t count, const char *first)
{
    assert_string_equal(told->error, "");
    assert_int_equal(told->count, count);
    if (count > 0)
        assert_string_equal(told->names[0], first);
}

static void
assert_error(const struct told *told, const char *part)
{
    assert_int_equal(told->count, 0);
    assert_non_null(strstr(told->error, part));
}

/* --- what servers say ---------------------------------------------------- */

static bool
says(const struct asked *asked, unsigned type, const char *name)
{
    return asked->question.type == type && strcmp(asked->name, name) == 0;
}

static bool
no_such_name(struct dns_reply *reply)
{
    reply->data[3] |= 3;
    return true;
}

/* web.test is CLIENT, by an alias; liar.test is not. */
static bool
answer_well(const struct asked *asked, struct dns_reply *reply)
{
    if (says(asked, DNS_PTR, CLIENT_PTR)) {
        reply_add_name(reply, CLIENT_PTR, DNS_PTR, "liar.test");
        reply_add_name(reply, CLIENT_PTR, DNS_PTR, "gone.test");
        reply_add_name(reply, CLIENT_PTR, DNS_PTR, "Web.test");
    } else if (says(asked, DNS_PTR, "6.8.9.10.in-addr.arpa")) {
        reply_add_name(reply, "6.8.9.10.in-addr.arpa", DNS_PTR, "web.test");
    } else if (says(asked, DNS_A, "web.test")) {
        reply_add_name(reply, "web.test", DNS_CNAME, "real.test");
        reply_add(reply, "real.test", DNS_A, OTHER_BYTES, 4);
        reply_add(reply, "real.test", DNS_A, CLIENT_BYTES, 4);
    } else if (says(asked, DNS_A, "liar.test")) {
        reply_add(reply, "liar.test", DNS_A, "\x0a\x09\x08\x05", 4);
    } else if (asked->question.type == DNS_PTR
               && strstr(asked->name, "8.b.d.0.1.0.0.2.ip6.arpa") != NULL) {
        reply_add_name(reply, asked->name, DNS_PTR, "six.test");
    } else if (says(asked, DNS_AAAA, "six.test")) {
        reply_add(reply, "six.test", DNS_AAAA,
            "\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\x01", 16);
    } else if (says(asked, DNS_A, "six.test")) {
        reply_add(reply, "six.test", DNS_A, CLIENT_BYTES, 4);
    } else {
        return no_such_name(reply);
    }
    return true;
}

static bool
say_nothing(const struct asked *asked, struct dns_reply *reply)
{
    (void)asked;
    (void)reply;
    return false;
}

/* As some name servers do. */
static bool
say_nothing_of_v6(const struct asked *asked, struct dns_reply *reply)
{
    return asked->question.type != DNS_AAAA && answer_well(asked, reply);
}

static bool
say_nothing_of_v4(const struct asked *asked, struct dns_reply *reply)
{
    return asked->question.type != DNS_A && answer_well(asked, reply);
}

static bool
answer_failure(const struct asked *asked, struct dns_reply *reply)
{
    (void)asked;
    reply->data[3] |= 2;
    return true;
}

static bool
answer_by_tcp_only(const struct asked *asked, struct dns_reply *reply)
{
    if (asked->is_tcp)
        return answer_well(asked, reply);
    reply->data[2] |= 2;
    return true;
}

static bool
break_tcp(const struct asked *asked, struct dns_reply *reply)
{
    reply->data[2] |= 2;
    return !asked->is_tcp;
}

static bool
answer_the_second_time(const struct asked *asked, struct dns_reply *reply)
{
    return asked->number > 1 && answer_well(asked, reply);
}

static bool
answer_rubbish(const struct asked *asked, struct dns_reply *reply)
{
    (void)asked;
    reply_add(reply, "web.test", DNS_A, "x", 1);
    reply->len -= 3;
    return true;
}

/* --- set-up -------------------------------------------------------------- */

static void
on_beat(evutil_socket_t fd, short events, void *arg)
{
    int64_t now_ms = clock_now_ms();

    (void)fd;
    (void)events;
    (void)arg;
    if (now_ms - beat_ms > still_ms)
        still_ms = now_ms - beat_ms;
    beat_ms = now_ms;
}

static int
start(void **state)
{
    const struct timeval tenth = {.tv_usec = 100000};

    (void)state;
    base = event_base_new();
    assert_non_null(base);
    beat = event_new(base, -1, EV_PERSIST, on_beat, NULL);
    assert_non_null(beat);
    assert_int_equal(event_add(beat, &tenth), 0);
    name_server_start(&server, base, answer_well);
    resolver = resolver_new(base, server.address);
    assert_non_null(resolver);
    descriptors = count_descriptors();
    return 0;
}

static int
stop(void **state)
{
    (void)state;
    if (resolver != NULL)
        assert_int_equal(count_descriptors(), descriptors);
    resolver_free(resolver);
    name_server_stop(&server);
    event_free(beat);
    event_base_free(base);
    return 0;
}

/* --- names --------------------------------------------------------------- */

static void
a_name_that_leads_back_is_told(void **state)
{
    struct told told;

    (void)state;
    names_of(CLIENT ":1", &told);
    assert_names(&told, 1, "Web.test");
    assert_int_equal(server.asked_count, 4);
}

static void
an_ipv6_address_has_names_too(void **state)
{
    struct told told;

    (void)state;
    names_of("[2001:db8::1]:1", &told);
    assert_names(&told, 1, "six.test");
    names_of("[2001:db8::2]:1", &told);
    assert_error(&told, "six.test has other addresses");
}

static void
a_mapped_address_is_an_ipv4_address(void **state)
{
    struct told told;

    (void)state;
    names_of("[::ffff:" CLIENT "]:1", &told);
    assert_names(&told, 1, "Web.test");
}

static void
a_name_that_leads_elsewhere_is_not_told(void **state)
{
    struct told told;

    (void)state;
    server.answer = answer_well;
    names_of("10.9.8.6:1", &told);
    assert_names(&told, 1, "web.test");
    names_of("10.9.8.5:1", &told);
    assert_names(&told, 0, NULL);
}

static void
a_unix_socket_has_no_name(void **state)
{
    struct told told;

    (void)state;
    names_of("unix:/run/x", &told);
    assert_error(&told, "UNIX");
    assert_int_equal(server.asked_count, 0);
}

/* --- addresses ----------------------------------------------------------- */

static void
addresses_are_found(void **state)
{
    struct address v4 = address_of(CLIENT ":1");
    struct address v6 = address_of("[2001:db8::1]:1");
    struct told told;

    (void)state;
    addresses_of("six.test", &told);
    assert_string_equal(told.error, "");
    assert_int_equal(told.count, 2);
    assert_true(address_same_host(&told.addresses[0], &v4));
    assert_true(address_same_host(&told.addresses[1], &v6));
    assert_int_equal(told.addresses[0].sock.v4.sin_port, 0);
    addresses_of("nobody.test", &told);
    assert_error(&told, "no such name");
}

static void
an_address_is_its_own_answer(void **state)
{
    struct address v4 = address_of(CLIENT ":1");
    struct address v6 = address_of("[2001:db8::1]:1");
    struct told told;

    (void)state;
    addresses_of(CLIENT, &told);
    assert_int_equal(told.count, 1);
    assert_true(address_same_host(&told.addresses[0], &v4));
    addresses_of("2001:db8::1", &told);
    assert_int_equal(told.count, 1);
    assert_true(address_same_host(&told.addresses[0], &v6));
    addresses_of("localhost", &told);
    assert_in_range(told.count, 1, 2);
    assert_true(address_is_loopback(&told.addresses[0]));
    assert_int_equal(server.asked_count, 0);
}

static void
what_is_no_host_name_is_not_asked_for(void **state)
{
    char name[400];
    struct told told;

    (void)state;
    memset(name, 'x', sizeof(name));
    name[sizeof(name) - 1] = '\0';
    addresses_of(name, &told);
    assert_error(&told, "no host name");
    addresses_of("a b", &told);
    assert_error(&told, "no host name");
    addresses_of("", &told);
    assert_error(&told, "no host name");
    assert_int_equal(server.asked_count, 0);
}

/* --- servers that misbehave ---------------------------------------------- */

static void
a_server_that_fails_is_named(void **state)
{
    struct told told;

    (void)state;
    server.answer = answer_failure;
    names_of(CLIENT ":1", &told);
    assert_error(&told, "SERVFAIL");
    assert_non_null(strstr(told.error, server.address));
    server.answer = answer_rubbish;
    names_of(CLIENT ":1", &told);
    assert_error(&told, "broken");
}

static void
a_server_that_is_not_there_is_named(void **state)
{
    struct told told;

    (void)state;
    name_server_stop(&server);
    names_of(CLIENT ":1", &told);
    assert_error(&told, "Connection refused");
    descriptors = count_descriptors() + 2; /* as stop expects it */
    name_server_start(&server, base, answer_well);
}

static void
a_forgery_is_not_taken(void **state)
{
    struct told told;

    (void)state;
    server.is_forged = true;
    names_of("10.9.8.6:1", &told);
    assert_names(&told, 1, "web.test");
    assert_int_equal(server.asked_count, 2); /* each question once */
}

static void
a_long_answer_comes_over_tcp(void **state)
{
    struct told told;

    (void)state;
    server.answer = answer_by_tcp_only;
    names_of("10.9.8.6:1", &told);
    assert_names(&told, 1, "web.test");
    assert_int_equal(server.asked_by_tcp_count, 2);
    server.answer = break_tcp;
    names_of(CLIENT ":1", &told);
    assert_error(&told, "broken");
}

static void
who_does_not_answer_is_asked_again(void **state)
{
    struct told told;

    (void)state;
    server.answer = answer_the_second_time;
    names_of("10.9.8.6:1", &told);
    assert_names(&told, 1, "web.test");
}

/* Its IPv4 address comes first anyway. */
static void
silence_about_ipv6_is_not_waited_for(void **state)
{
    struct told told;

    (void)state;
    server.answer = say_nothing_of_v6;
    addresses_of("six.test", &told);
    assert_string_equal(told.error, "");
    assert_int_equal(told.count, 1);
    assert_int_equal(told.addresses[0].sock.any.sa_family, AF_INET);
    assert_in_range(told.at_ms - told.asked_ms, RESOLVER_V6_MS - 50,
        RESOLVER_TIMEOUT_MS - 50);
}

/* Who has no IPv4 is waited for in vain, and reached all the same. */
static void
silence_about_ipv4_ends_with_the_query(void **state)
{
    struct told told;

    (void)state;
    server.answer = say_nothing_of_v4;
    addresses_of("six.test", &told);
    assert_string_equal(told.error, "");
    assert_int_equal(told.count, 1);
    assert_int_equal(told.addresses[0].sock.any.sa_family, AF_INET6);
}

static void
silence_ends(void **state)
{
    int64_t start_ms = clock_now_ms();
    struct told told;

    (void)state;
    server.answer = say_nothing;
    names_of(CLIENT ":1", &told);
    assert_error(&told, "no name server has answered within 5 s");
    assert_in_range(told.at_ms - start_ms, RESOLVER_TIMEOUT_MS - 50, INT64_MAX);
    serve_what_waits();
    assert_in_range(server.asked_count, 2, 4);
}

/* --- many ---------------------------------------------------------------- */

enum {
    ALL = RESOLVER_ACTIVE_MAX + RESOLVER_WAITING_MAX
};

static struct told told_many[ALL + 1];
static struct resolver_query *queries[ALL];

/* As many as fit, and one more. */
static void
ask_too_many(void)
{
    server.answer = say_nothing;
    server.asked_count = 0;
    beat_ms = clock_now_ms();
    still_ms = 0;
    memset(told_many, 0, sizeof(told_many));
    for (size_t i = 0; i < ALL; i++)
        queries[i] = ask_names("10.9.8.6:1", &told_many[i]);
    ask_names(CLIENT ":1", &told_many[ALL]);
    wait_told(&told_many[ALL]);
    assert_error(&told_many[ALL], "too many");
    while (server.asked_count < RESOLVER_ACTIVE_MAX)
        assert_int_equal(event_base_loop(base, EVLOOP_ONCE), 0);
}

static void
cancel_the_rest(void)
{
    for (size_t i = 0; i < ALL; i++)
        if (told_many[i].calls == 0)
            resolver_cancel(queries[i]);
}

static void
too_many_are_told_so_and_others_wait(void **state)
{
    (void)state;
    for (ask_too_many(); has_stood_still(); ask_too_many()) {
        cancel_the_rest();
        serve_what_waits();
    }
    assert_int_equal(server.asked_count, RESOLVER_ACTIVE_MAX);
    server.answer = answer_well;
    resolver_cancel(queries[0]); /* the first that waits has its turn */
    queries[0] = NULL;
    wait_told(&told_many[RESOLVER_ACTIVE_MAX]);
    assert_names(&told_many[RESOLVER_ACTIVE_MAX], 1, "web.test");
    wait_told(&told_many[ALL - 1]);
    assert_int_equal(told_many[0].calls, 0);
    cancel_the_rest();
}

static void
a_callback_may_cancel_and_ask(void **state)
{
    struct told first = {0};
    struct told second = {0};
    struct told third = {0};

    (void)state;
    ask_names("10.9.8.6:1", &first);
    first.asks = &third;
    server.answer = answer_well;
    first.cancels = ask_names("10.9.8.6:1", &second);
    wait_told(&first);
    wait_told(&third);
    assert_names(&third, 1, "Web.test");
    assert_int_equal(second.calls, 0);
}

static void
nobody_is_called_by_a_resolver_that_is_freed(void **state)
{
    struct told told[RESOLVER_ACTIVE_MAX + 10] = {{0}};

    (void)state;
    for (size_t i = 0; i < sizeof(told) / sizeof(told[0]); i++)
        ask_names(CLIENT ":1", &told[i]);
    assert_non_null(resolver_address(resolver, "127.0.0.1", on_found, told));
    assert_int_equal(event_base_loop(base, EVLOOP_ONCE), 0);
    resolver_free(resolver);
    resolver = NULL;
    assert_int_equal(event_base_loop(base, EVLOOP_NONBLOCK), 0);
    for (size_t i = 0; i < sizeof(told) / sizeof(told[0]); i++)
        assert_in_range(told[i].calls, 0, i == 0 ? 1 : 0);
    assert_int_equal(count_descriptors(), descriptors);
}

static void
a_server_must_be_an_address(void **state)
{
    (void)state;
    assert_null(resolver_new(base, "ns.example.org:53"));
    assert_null(resolver_new(base, "unix:/run/x"));
    resolver_free(resolver_new(base, ""));
    resolver_free(NULL);
    resolver_cancel(NULL);
}

#define WITH_SERVER(test) cmocka_unit_test_setup_teardown(test, start, stop)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_SERVER(a_name_that_leads_back_is_told),
        WITH_SERVER(an_ipv6_address_has_names_too),
        WITH_SERVER(a_mapped_address_is_an_ipv4_address),
        WITH_SERVER(a_name_that_leads_elsewhere_is_not_told),
        WITH_SERVER(a_unix_socket_has_no_name),
        WITH_SERVER(addresses_are_found),
        WITH_SERVER(an_address_is_its_own_answer),
        WITH_SERVER(what_is_no_host_name_is_not_asked_for),
        WITH_SERVER(a_server_that_fails_is_named),
        WITH_SERVER(a_server_that_is_not_there_is_named),
        WITH_SERVER(a_forgery_is_not_taken),
        WITH_SERVER(a_long_answer_comes_over_tcp),
        WITH_SERVER(who_does_not_answer_is_asked_again),
        WITH_SERVER(silence_about_ipv6_is_not_waited_for),
        WITH_SERVER(silence_about_ipv4_ends_with_the_query),
        WITH_SERVER(silence_ends),
        WITH_SERVER(too_many_are_told_so_and_others_wait),
        WITH_SERVER(a_callback_may_cancel_and_ask),
        WITH_SERVER(nobody_is_called_by_a_resolver_that_is_freed),
        WITH_SERVER(a_server_must_be_an_address),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
