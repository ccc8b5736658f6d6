/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Replies of an OCSP responder: whole, byte by byte, and all that may be wrong
 * with one. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "proxy/ocsp_http.h"

#define OK "HTTP/1.1 200 OK\r\n"

/* Reads a reply in pieces of that many bytes, and its end if `ends`. */
static void
read_in(struct ocsp_http *reply, const char *text, size_t piece, bool ends)
{
    size_t len = strlen(text);

    ocsp_http_init(reply);
    for (size_t at = 0; at < len; at += piece)
        (void)ocsp_http_take(reply, (const uint8_t *)text + at,
            len - at < piece ? len - at : piece);
    if (ends)
        (void)ocsp_http_end(reply);
}

static void
assert_body(const char *text, bool ends, const char *body)
{
    static const size_t pieces[] = {1, 2, 3, 7, SIZE_MAX / 2};
    struct ocsp_http reply;

    for (size_t i = 0; i < sizeof(pieces) / sizeof(pieces[0]); i++) {
        read_in(&reply, text, pieces[i], ends);
        if (reply.state != OCSP_HTTP_DONE)
            fail_msg("state %d, %s: %s", reply.state, reply.fault, text);
        assert_int_equal(reply.body_len, strlen(body));
        assert_memory_equal(reply.body, body, reply.body_len);
        ocsp_http_deinit(&reply);
    }
}

static void
assert_bad(const char *text, bool ends, const char *fault)
{
    static const size_t pieces[] = {1, 5, SIZE_MAX / 2};
    struct ocsp_http reply;

    for (size_t i = 0; i < sizeof(pieces) / sizeof(pieces[0]); i++) {
        read_in(&reply, text, pieces[i], ends);
        if (reply.state != OCSP_HTTP_BAD || strstr(reply.fault, fault) == NULL)
            fail_msg("state %d, %s: %s", reply.state, reply.fault, text);
        ocsp_http_deinit(&reply);
    }
}

/* --- the request --------------------------------------------------------- */

static void
request_is_a_post_that_is_the_only_one(void **state)
{
    char head[OCSP_HTTP_REQUEST_HEAD_BYTES];
    struct http_url url;
    char why[128];
    size_t len;

    (void)state;
    assert_int_equal(
        http_url_parse(&url, "http://[::1]:8080/a?b", why, sizeof(why)), 0);
    len = ocsp_http_request_head(head, &url, 154);
    assert_int_equal(len, strlen(head));
    assert_string_equal(head, "POST /a?b HTTP/1.1\r\n"
                              "Host: [::1]:8080\r\n"
                              "Content-Type: application/ocsp-request\r\n"
                              "Content-Length: 154\r\n"
                              "Accept: application/ocsp-response\r\n"
                              "Connection: close\r\n"
                              "\r\n");
    assert_int_equal(
        http_url_parse(&url, "http://o.example.net", why, sizeof(why)), 0);
    (void)ocsp_http_request_head(head, &url, 1);
    assert_non_null(strstr(head, "POST / HTTP/1.1\r\nHost: o.example.net\r\n"));
}

static void
longest_address_has_room(void **state)
{
    char head[OCSP_HTTP_REQUEST_HEAD_BYTES];
    struct http_url url;

    (void)state;
    memset(&url, 'a', sizeof(url));
    url.host[sizeof(url.host) - 1] = '\0';
    url.target[sizeof(url.target) - 1] = '\0';
    url.port = 65535;
    assert_true(
        ocsp_http_request_head(head, &url, OCSP_HTTP_BODY_MAX) < sizeof(head));
}

/* --- bodies -------------------------------------------------------------- */

static void
body_of_a_stated_length(void **state)
{
    (void)state;
    assert_body(OK "Content-Length: 5\r\n\r\nhello", false, "hello");
    assert_body(
        OK "content-length:5\r\nX: y\r\n\r\nhello more", false, "hello");
    assert_body(OK "Content-Length: \t 5 \t\r\n\r\nhello", true, "hello");
    assert_body(OK "Content-Length: 5\r\nContent-Length: 5\r\n\r\nhello", false,
        "hello");
    assert_body(OK "Content-Length: 0\r\n\r\n", false, "");
}

static void
body_in_chunks(void **state)
{
    (void)state;
    assert_body(OK "Transfer-Encoding: chunked\r\n\r\n"
                   "2\r\nhe\r\n3\r\nllo\r\n0\r\n\r\n",
        false, "hello");
    assert_body(OK "transfer-encoding: Chunked\r\n\r\n"
                   "00A;name=value\r\n0123456789\r\n"
                   "b \r\nabcdefghijk\r\n0\r\nTrailer: x\r\n\r\n",
        false, "0123456789abcdefghijk");
    assert_body(OK "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n", false, "");
}

static void
body_until_the_end_of_the_connection(void **state)
{
    (void)state;
    assert_body(OK "\r\nhello", true, "hello");
    assert_body("HTTP/1.0 200\r\n\r\nhello\r\n", true, "hello\r\n");
    assert_body(OK "\r\n", true, "");
}

static void
lines_may_end_without_a_return(void **state)
{
    (void)state;
    assert_body("HTTP/1.1 200 Fine\nContent-Length: 2\n\nhi", false, "hi");
}

static void
interim_reply_is_passed_over(void **state)
{
    (void)state;
    assert_body("HTTP/1.1 100 Continue\r\nContent-Length: 9\r\n\r\n" OK
                "Content-Length: 2\r\n\r\nhi",
        false, "hi");
}

/* A reply with a body of len bytes that is sent in the given way. */
static void
read_long(struct ocsp_http *reply, size_t len, const char *head)
{
    uint8_t *body = malloc(len);
    char text[128];

    assert_non_null(body);
    memset(body, 'x', len);
    (void)snprintf(text, sizeof(text), OK "%s\r\n", head);
    ocsp_http_init(reply);
    (void)ocsp_http_take(reply, (const uint8_t *)text, strlen(text));
    (void)ocsp_http_take(reply, body, len);
    (void)ocsp_http_end(reply);
    free(body);
}

static void
largest_body_is_taken_and_no_larger_one(void **state)
{
    static const struct {
        const char *head;
        size_t len;
        enum ocsp_http_state end;
    } cases[] = {
        {"", OCSP_HTTP_BODY_MAX, OCSP_HTTP_DONE},
        {"", OCSP_HTTP_BODY_MAX + 1, OCSP_HTTP_BAD},
        {"Content-Length: 65536\r\n", OCSP_HTTP_BODY_MAX, OCSP_HTTP_DONE},
        {"Content-Length: 65537\r\n", OCSP_HTTP_BODY_MAX, OCSP_HTTP_BAD},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct ocsp_http reply;

        read_long(&reply, cases[i].len, cases[i].head);
        assert_int_equal(reply.state, cases[i].end);
        if (cases[i].end == OCSP_HTTP_DONE)
            assert_int_equal(reply.body_len, cases[i].len);
        else
            assert_string_equal(
                reply.fault, "its answer is larger than 64 KiB");
        assert_true(reply.body_cap <= OCSP_HTTP_BODY_MAX);
        ocsp_http_deinit(&reply);
    }
    assert_bad(OK "Transfer-Encoding: chunked\r\n\r\n10001\r\n", false,
        "larger than 64 KiB");
    assert_bad(OK "Transfer-Encoding: chunked\r\n\r\n2\r\nab\r\nffff\r\n",
        false, "larger than 64 KiB");
}

/* --- what is wrong ------------------------------------------------------- */

static void
other_status_is_told_at_once(void **state)
{
    (void)state;
    assert_bad(
        "HTTP/1.1 404 Not Found\r\n", false, "it answers with HTTP status 404");
    assert_bad("HTTP/1.1 301 Moved\r\nLocation: http://x/\r\n\r\n", false,
        "status 301");
    assert_bad("HTTP/1.1 503\r\n", false, "status 503");
    assert_bad("HTTP/1.1 204 No Content\r\n\r\n", false, "status 204");
}

static void
what_is_no_reply_is_told(void **state)
{
    static const char *const texts[] = {"SSH-2.0-x\r\n", "\r\n",
        "HTTP/2 200\r\n", "HTTP/1.x 200\r\n", "HTTP/1.1 20\r\n",
        "HTTP/1.1 2000\r\n", "HTTP/1.1 200OK\r\n", "HTTP/1.1  200\r\n",
        "HTTP/1.1 099\r\n", "HTTP/1.1 -20\r\n", "HTTP/1.\r\n"};

    (void)state;
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
        assert_bad(texts[i], false, "does not speak HTTP/1");
    assert_bad("\x15\x03\x01", false, "control characters");
    assert_bad(OK "A: \x01\r\n", false, "control characters");
}

static void
broken_headers_are_refused(void **state)
{
    (void)state;
    assert_bad(OK "nothing\r\n\r\n", false, "no HTTP header");
    assert_bad(OK ": x\r\n", false, "no HTTP header");
    assert_bad(OK "A : x\r\n", false, "no HTTP header");
    assert_bad(OK "A: x\r\n folded: y\r\n", false, "no HTTP header");
}

static void
length_that_is_none_is_refused(void **state)
{
    static const char *const lengths[] = {"", "x", "-1", "+5", "5x", "0x5",
        "5, 5", "1234567890", "0000000005", "99999999999999999999"};

    (void)state;
    for (size_t i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
        char text[128];

        (void)snprintf(
            text, sizeof(text), OK "Content-Length: %s\r\n", lengths[i]);
        assert_bad(text, false, "Content-Length is none");
    }
    assert_bad(OK "Content-Length: 5\r\nContent-Length: 6\r\n", false,
        "Content-Length is none");
}

static void
coding_that_is_not_understood_is_refused(void **state)
{
    (void)state;
    assert_bad(OK "Transfer-Encoding: gzip, chunked\r\n", false,
        "not just \"chunked\"");
    assert_bad(OK
        "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n",
        false, "not just \"chunked\"");
    assert_bad(OK "Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n",
        false, "both chunked and of a stated length");
}

static void
broken_chunks_are_refused(void **state)
{
    static const char *const sizes[] = {
        "\r\n", "g\r\n", "-1\r\n", "5 x\r\n", "0000000001\r\n"};

    (void)state;
    for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
        char text[128];

        (void)snprintf(text, sizeof(text),
            OK "Transfer-Encoding: chunked\r\n\r\n%s", sizes[i]);
        assert_bad(text, false, "has no size");
    }
    assert_bad(OK "Transfer-Encoding: chunked\r\n\r\n2\r\nhello\r\n", false,
        "longer than its size");
}

static void
reply_that_is_cut_anywhere_is_refused(void **state)
{
    static const char *const texts[] = {OK "Content-Length: 5\r\n\r\nhello",
        OK "Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n"};

    (void)state;
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
        for (size_t len = 0; len < strlen(texts[i]); len++) {
            char *part = strndup(texts[i], len);

            assert_non_null(part);
            assert_bad(part, true,
                len == 0 ? "without a reply" : "before the end of its reply");
            free(part);
        }
}

/* A reply that has `part` in its head over and over. */
static void
assert_head_refused(const char *part, size_t bytes, const char *fault)
{
    size_t part_len = strlen(part);
    char *text = calloc(1, sizeof(OK) + bytes + part_len);
    size_t len;

    assert_non_null(text);
    memcpy(text, OK, sizeof(OK));
    for (len = sizeof(OK) - 1; len < bytes; len += part_len)
        memcpy(text + len, part, part_len + 1);
    assert_bad(text, false, fault);
    free(text);
}

static void
head_is_bounded(void **state)
{
    (void)state;
    assert_head_refused("a", OCSP_HTTP_LINE_BYTES + 40, "longer than 4 KiB");
    assert_head_refused("A: b\r\n", OCSP_HTTP_HEAD_MAX, "longer than 16 KiB");
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(request_is_a_post_that_is_the_only_one),
        cmocka_unit_test(longest_address_has_room),
        cmocka_unit_test(body_of_a_stated_length),
        cmocka_unit_test(body_in_chunks),
        cmocka_unit_test(body_until_the_end_of_the_connection),
        cmocka_unit_test(lines_may_end_without_a_return),
        cmocka_unit_test(interim_reply_is_passed_over),
        cmocka_unit_test(largest_body_is_taken_and_no_larger_one),
        cmocka_unit_test(other_status_is_told_at_once),
        cmocka_unit_test(what_is_no_reply_is_told),
        cmocka_unit_test(broken_headers_are_refused),
        cmocka_unit_test(length_that_is_none_is_refused),
        cmocka_unit_test(coding_that_is_not_understood_is_refused),
        cmocka_unit_test(broken_chunks_are_refused),
        cmocka_unit_test(reply_that_is_cut_anywhere_is_refused),
        cmocka_unit_test(head_is_bounded),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
