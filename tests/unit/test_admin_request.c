/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Heads of requests: good ones, all that may be wrong, and each cut short. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "proxy/admin_request.h"

static struct admin_request request;

static enum admin_parse
parse(const char *text)
{
    return admin_request_parse(&request, text, strlen(text));
}

static void
assert_refused(const char *text)
{
    if (parse(text) != ADMIN_BAD)
        fail_msg("taken: %s", text);
}

static void
a_request_as_curl_sends_it(void **state)
{
    (void)state;
    assert_int_equal(parse("GET /status HTTP/1.1\r\n"
                           "Host: sidelock\r\n"
                           "User-Agent: curl/7.88.1\r\n"
                           "Accept: */*\r\n"
                           "\r\n"),
        ADMIN_COMPLETE);
    assert_int_equal(request.method, ADMIN_GET);
    assert_string_equal(request.path, "/status");
    assert_false(request.wants_text);
}

static void
methods_are_told_apart(void **state)
{
    (void)state;
    assert_int_equal(parse("POST /reload HTTP/1.0\r\n\r\n"), ADMIN_COMPLETE);
    assert_int_equal(request.method, ADMIN_POST);
    assert_int_equal(parse("DELETE / HTTP/1.1\r\n\r\n"), ADMIN_COMPLETE);
    assert_int_equal(request.method, ADMIN_OTHER);
    assert_int_equal(parse("GETX / HTTP/1.1\r\n\r\n"), ADMIN_COMPLETE);
    assert_int_equal(request.method, ADMIN_OTHER);
}

static void
lines_may_end_without_a_return(void **state)
{
    (void)state;
    assert_int_equal(parse("GET /live HTTP/1.1\nHost: x\n\n"), ADMIN_COMPLETE);
    assert_string_equal(request.path, "/live");
}

static void
text_is_wanted_by_accept(void **state)
{
    (void)state;
    assert_int_equal(
        parse("GET / HTTP/1.1\r\naccept:\ttext/html, Text/Plain;q=1\r\n\r\n"),
        ADMIN_COMPLETE);
    assert_true(request.wants_text);
    assert_int_equal(parse("GET / HTTP/1.1\r\nX-Accept: text/plain\r\n\r\n"),
        ADMIN_COMPLETE);
    assert_false(request.wants_text);
}

static void
a_query_is_left_out(void **state)
{
    (void)state;
    assert_int_equal(
        parse("GET /status?a=/b HTTP/1.1\r\n\r\n"), ADMIN_COMPLETE);
    assert_string_equal(request.path, "/status");
}

static void
a_long_path_is_cut(void **state)
{
    char text[400];
    char path[301];

    (void)state;
    memset(path, '/', 300);
    path[300] = '\0';
    (void)snprintf(text, sizeof(text), "GET %s HTTP/1.1\r\n\r\n", path);
    assert_int_equal(parse(text), ADMIN_COMPLETE);
    assert_int_equal(strlen(request.path), ADMIN_PATH_BYTES - 1);
}

static void
what_follows_the_head_does_not_matter(void **state)
{
    (void)state;
    assert_int_equal(
        parse("GET / HTTP/1.1\r\n\r\n\x01\x02 bad \r bytes"), ADMIN_COMPLETE);
}

static void
what_is_no_request_is_refused(void **state)
{
    static const char *const lines[] = {
        "\r\n",
        "GET\r\n",
        "GET /\r\n",
        "GET / HTTP/2\r\n",
        "GET / HTTP/1.1 \r\n",
        "GET  / HTTP/1.1\r\n",
        "get / HTTP/1.1\r\n",
        " GET / HTTP/1.1\r\n",
        "GET status HTTP/1.1\r\n",
        "GET /\t HTTP/1.1\r\n",
        "GET http://x/ HTTP/1.1\r\n",
        "AMETHODTHATISTOOLONG / HTTP/1.1\r\n",
        "GET / HTTP/1.1\r\nno colon\r\n",
        "GET / HTTP/1.1\r\n: no name\r\n",
        "GET / HTTP/1.1\r\nA : space\r\n",
        "GET / HTTP/1.1\r\nA: 1\r\n folded\r\n",
        "GET / HTTP/1.1\rHost: x\r\n",
        "GET / HTTP/1.1\r\nA: \x01\r\n",
        "GET / HTTP/1.1\r\nA: \xff\r\n",
        "\x16\x03\x01",
        "GET /\x7f",
    };

    (void)state;
    for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++)
        assert_refused(lines[i]);
}

static void
a_zero_byte_is_refused(void **state)
{
    static const char text[] = "GET /\0 HTTP/1.1\r\n\r\n";

    (void)state;
    assert_int_equal(
        admin_request_parse(&request, text, sizeof(text) - 1), ADMIN_BAD);
}

static void
a_head_without_an_end_is_waited_for_up_to_the_limit(void **state)
{
    static const char end[] = {'\r', '\n', '\r', '\n'};
    static char text[2 * ADMIN_HEAD_MAX];
    int len = snprintf(text, sizeof(text), "GET / HTTP/1.1\r\nA: ");

    (void)state;
    memset(text + len, 'a', sizeof(text) - (size_t)len);
    assert_int_equal(
        admin_request_parse(&request, text, ADMIN_HEAD_MAX - 1), ADMIN_MORE);
    assert_int_equal(
        admin_request_parse(&request, text, ADMIN_HEAD_MAX), ADMIN_TOO_LONG);
    memcpy(text + ADMIN_HEAD_MAX - sizeof(end), end, sizeof(end));
    assert_int_equal(
        admin_request_parse(&request, text, ADMIN_HEAD_MAX), ADMIN_COMPLETE);
    assert_int_equal(
        admin_request_parse(&request, text, sizeof(text)), ADMIN_COMPLETE);
}

/* One byte more or less in one read must not change what is asked. */
static void
each_part_of_a_request_is_waited_for(void **state)
{
    static const char text[] = "POST /reload HTTP/1.1\r\nHost: x\r\n\r\n";

    (void)state;
    for (size_t len = 0; len < sizeof(text) - 1; len++)
        assert_int_equal(admin_request_parse(&request, text, len), ADMIN_MORE);
    assert_int_equal(
        admin_request_parse(&request, text, sizeof(text) - 1), ADMIN_COMPLETE);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_request_as_curl_sends_it),
        cmocka_unit_test(methods_are_told_apart),
        cmocka_unit_test(lines_may_end_without_a_return),
        cmocka_unit_test(text_is_wanted_by_accept),
        cmocka_unit_test(a_query_is_left_out),
        cmocka_unit_test(a_long_path_is_cut),
        cmocka_unit_test(what_follows_the_head_does_not_matter),
        cmocka_unit_test(what_is_no_request_is_refused),
        cmocka_unit_test(a_zero_byte_is_refused),
        cmocka_unit_test(a_head_without_an_end_is_waited_for_up_to_the_limit),
        cmocka_unit_test(each_part_of_a_request_is_waited_for),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
