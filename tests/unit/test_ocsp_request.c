/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Questions to OCSP responders as openssl reads them, and the addresses they
 * go to.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "certs/ocsp_request.h"
#include "certs/secret.h"
#include "certs/x509.h"
#include "config/http_url.h"
#include "tests/unit/certs_fixture.h"

static struct blob leaf;
static struct blob issuer;

static int
start(void **state)
{
    if (certs_start(state) != 0)
        return -1;
    leaf = read_der("server.pem");
    issuer = read_der("intermediate.pem");
    return 0;
}

static int
stop(void **state)
{
    blob_free(&leaf);
    blob_free(&issuer);
    return certs_stop(state);
}

/* --- the request --------------------------------------------------------- */

/* What openssl writes about a request, ended by a NUL. */
static struct blob
text_of(const char *const *options)
{
    const char *arguments[16] = {"ocsp", "-req_text", "-out", "request.txt"};
    struct blob text;

    for (size_t i = 0; options[i] != NULL; i++)
        arguments[4 + i] = options[i];
    run_openssl(arguments);
    text = read_file("request.txt");
    text.data[text.len - 1] = '\0';
    return text;
}

static void
assert_says(const struct blob *text, const char *part)
{
    if (strstr((const char *)text->data, part) == NULL)
        fail_msg("no \"%s\" in: %s", part, (const char *)text->data);
}

/* The line of the text that begins so. */
static void
line_of(const struct blob *text, const char *name, char line[256])
{
    const char *at = strstr((const char *)text->data, name);

    assert_non_null(at);
    (void)snprintf(line, 256, "%.*s", (int)strcspn(at, "\n"), at);
}

static void
write_request(struct ocsp_request *request)
{
    struct blob content = {request->der, 0};

    assert_int_equal(ocsp_request_make(request, &leaf, &issuer), 0);
    content.len = request->len;
    write_blob("request.der", &content);
}

/* openssl names the certificate by the same hashes and serial. */
static void
openssl_reads_the_question(void **state)
{
    static const char *const names[] = {"Hash Algorithm: sha1",
        "Issuer Name Hash:", "Issuer Key Hash:", "Serial Number:"};
    struct ocsp_request request;
    struct blob ours;
    struct blob theirs;

    (void)state;
    write_request(&request);
    ours = text_of((const char *const[]){"-reqin", "request.der", NULL});
    theirs = text_of((const char *const[]){
        "-issuer", "intermediate.pem", "-cert", "server.pem", NULL});
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        char line[256];

        line_of(&theirs, names[i], line);
        assert_says(&ours, line);
    }
    blob_free(&ours);
    blob_free(&theirs);
}

static void
nonce_is_in_the_question_and_never_the_same(void **state)
{
    struct ocsp_request first;
    struct ocsp_request second;
    struct blob text;
    char hex[8];

    (void)state;
    write_request(&first);
    text = text_of((const char *const[]){"-reqin", "request.der", NULL});
    assert_says(&text, "OCSP Nonce:");
    /* An octet string of 32 bytes, and the first of them. */
    (void)snprintf(hex, sizeof(hex), "0420%02X", first.nonce[0]);
    assert_says(&text, hex);
    blob_free(&text);
    write_request(&second);
    assert_memory_not_equal(first.nonce, second.nonce, OCSP_NONCE_BYTES);
}

/* A copy of the leaf with a serial of that many bytes; the lengths around it
 * are written anew. */
static struct blob
with_serial(size_t len)
{
    static const uint8_t head[] = {
        0x30, 0x82, 0, 0, 0x30, 0x82, 0, 0, 0xa0, 3, 2, 1, 2, 2};
    uint8_t bytes[4096];
    struct blob made = {0};
    size_t serial_at = sizeof(head) - 1;
    size_t serial_len = leaf.data[serial_at + 1];
    size_t rest = leaf.len - serial_at - 2 - serial_len;
    size_t tbs_rest = ((size_t)leaf.data[6] << 8 | leaf.data[7]) + 8 - serial_at
                      - 2 - serial_len;
    size_t all = sizeof(head) + 1 + len + rest - 4;
    size_t tbs = 5 + 2 + len + tbs_rest;

    assert_int_equal(leaf.data[serial_at], 2);
    memcpy(bytes, head, sizeof(head));
    bytes[2] = (uint8_t)(all >> 8);
    bytes[3] = (uint8_t)all;
    bytes[6] = (uint8_t)(tbs >> 8);
    bytes[7] = (uint8_t)tbs;
    bytes[sizeof(head)] = (uint8_t)len;
    memset(bytes + sizeof(head) + 1, 0x7f, len);
    memcpy(bytes + sizeof(head) + 1 + len,
        leaf.data + serial_at + 2 + serial_len, rest);
    assert_int_equal(blob_copy(&made, bytes, all + 4), 0);
    return made;
}

static int
make_with_serial(size_t len, struct ocsp_request *request)
{
    struct blob other = with_serial(len);
    int made = ocsp_request_make(request, &other, &issuer);

    blob_free(&other);
    return made;
}

static void
longest_serial_has_room(void **state)
{
    struct ocsp_request request;

    (void)state;
    for (size_t len = 1; len <= OCSP_SERIAL_BYTES_MAX; len++) {
        assert_int_equal(make_with_serial(len, &request), 0);
        assert_true(request.len < OCSP_REQUEST_BYTES_MAX);
        write_blob("request.der", &(struct blob){request.der, request.len});
        if (len == OCSP_SERIAL_BYTES_MAX || len == 1) {
            struct blob text =
                text_of((const char *const[]){"-reqin", "request.der", NULL});

            assert_says(&text, "Serial Number: 7F");
            blob_free(&text);
        }
    }
    assert_int_equal(make_with_serial(0, &request), -1);
    assert_int_equal(make_with_serial(OCSP_SERIAL_BYTES_MAX + 1, &request), -1);
}

static void
what_is_no_certificate_is_not_asked_about(void **state)
{
    uint8_t bytes[] = "no certificate";
    const struct blob other = {bytes, sizeof(bytes)};
    uint8_t id[OCSP_ID_BYTES];
    struct ocsp_request request;

    (void)state;
    assert_int_equal(ocsp_request_make(&request, &other, &issuer), -1);
    assert_int_equal(ocsp_request_make(&request, &leaf, &other), -1);
    assert_int_equal(ocsp_request_id(id, &other, &issuer, "http://a"), -1);
    assert_int_equal(ocsp_request_id(id, &leaf, &other, "http://a"), -1);
}

static void
questions_are_told_apart_by_certificate_issuer_and_address(void **state)
{
    struct blob other_leaf = read_der("client.pem");
    struct blob other_issuer = read_der("other-ca.pem");
    uint8_t id[5][OCSP_ID_BYTES];

    (void)state;
    assert_int_equal(ocsp_request_id(id[0], &leaf, &issuer, "http://a"), 0);
    assert_int_equal(ocsp_request_id(id[1], &leaf, &issuer, "http://a"), 0);
    assert_int_equal(
        ocsp_request_id(id[2], &other_leaf, &issuer, "http://a"), 0);
    assert_int_equal(
        ocsp_request_id(id[3], &leaf, &other_issuer, "http://a"), 0);
    assert_int_equal(ocsp_request_id(id[4], &leaf, &issuer, "http://b"), 0);
    assert_memory_equal(id[0], id[1], OCSP_ID_BYTES);
    assert_memory_not_equal(id[0], id[4], OCSP_ID_BYTES);
    assert_memory_not_equal(id[0], id[2], OCSP_ID_BYTES);
    assert_memory_not_equal(id[0], id[3], OCSP_ID_BYTES);
    blob_free(&other_leaf);
    blob_free(&other_issuer);
}

/* --- whom to ask --------------------------------------------------------- */

/* A certificate with such an extension; the caller frees it. */
static struct blob
with_access(const char *value)
{
    char extension[2048];

    (void)snprintf(
        extension, sizeof(extension), "authorityInfoAccess=%s", value);
    run_openssl((const char *const[]){"req", "-x509", "-key", "server.key",
        "-subj", "/CN=x", "-addext", extension, "-out", "access.pem", NULL});
    return read_der("access.pem");
}

static void
assert_asked(const char *access, const char *expected)
{
    struct blob certificate = with_access(access);
    char url[HTTP_URL_BYTES];

    ocsp_responder_url(&certificate, url);
    assert_string_equal(url, expected);
    blob_free(&certificate);
}

static void
responder_is_found_in_the_certificate(void **state)
{
    (void)state;
    assert_asked("OCSP;URI:http://ocsp.example.net", "http://ocsp.example.net");
    assert_asked("OCSP;URI:http://[::1]:88/a?b", "http://[::1]:88/a?b");
}

static void
first_that_can_be_asked_is_taken(void **state)
{
    (void)state;
    assert_asked("caIssuers;URI:http://ca.example.net/ca.der,"
                 "OCSP;DNS:ocsp.example.net,"
                 "OCSP;URI:ldap://ldap.example.net,"
                 "OCSP;URI:https://secure.example.net,"
                 "OCSP;URI:http://one.example.net,"
                 "OCSP;URI:http://two.example.net",
        "http://one.example.net");
}

static void
certificate_that_names_no_responder_is_understood(void **state)
{
    uint8_t bytes[] = "no certificate";
    const struct blob other = {bytes, sizeof(bytes)};
    char url[HTTP_URL_BYTES] = "?";

    (void)state;
    ocsp_responder_url(&leaf, url);
    assert_string_equal(url, "");
    assert_asked("caIssuers;URI:http://ca.example.net/ca.der", "");
    assert_asked("OCSP;URI:https://secure.example.net", "");
    ocsp_responder_url(&other, url);
    assert_string_equal(url, "");
}

static void
address_that_is_too_long_is_none(void **state)
{
    char access[1024] = "OCSP;URI:";
    size_t len = strlen(access);

    (void)state;
    memset(access + len, 'a', HTTP_URL_BYTES);
    memcpy(access + len, "http://x/", 9);
    access[len + HTTP_URL_BYTES - 1] = '\0';
    assert_asked(access, access + len);
    access[len + HTTP_URL_BYTES - 1] = 'a';
    access[len + HTTP_URL_BYTES] = '\0';
    assert_asked(access, "");
}

/* --- addresses ----------------------------------------------------------- */

static void
addresses_are_taken_apart(void **state)
{
    static const struct {
        const char *text;
        const char *host;
        uint16_t port;
        const char *target;
    } good[] = {
        {"http://a.b", "a.b", 80, "/"},
        {"HTTP://A.b/", "A.b", 80, "/"},
        {"http://127.0.0.1:8080/ocsp/x", "127.0.0.1", 8080, "/ocsp/x"},
        {"http://[2001:db8::1]:65535", "[2001:db8::1]", 65535, "/"},
        {"http://[::1]?q=http://", "[::1]", 80, "/?q=http://"},
        {"http://h:1?", "h", 1, "/?"},
    };
    char why[128];

    (void)state;
    for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
        struct http_url url;

        assert_int_equal(
            http_url_parse(&url, good[i].text, why, sizeof(why)), 0);
        assert_string_equal(url.host, good[i].host);
        assert_int_equal(url.port, good[i].port);
        assert_string_equal(url.target, good[i].target);
    }
}

static void
what_is_no_address_is_refused_with_the_reason(void **state)
{
    static const struct {
        const char *text;
        const char *why;
    } bad[] = {
        {"", "does not begin with http://"},
        {"ocsp.example.net", "does not begin with http://"},
        {"https://h", "begins with https://"},
        {"http://", "has no host"},
        {"http:///x", "has no host"},
        {"http://[::1", "has no host"},
        {"http://[]", "has no host"},
        {"http://user@h/", "is not like http://"},
        {"http://h\\x", "is not like http://"},
        {"http://h:/", "port"},
        {"http://h:0", "port"},
        {"http://h:65536", "port"},
        {"http://h:123456", "port"},
        {"http://h:8x", "is not like http://"},
        {"http://h/a b", "has a space"},
        {"http://h/\r\nX: y", "has a space"},
        {"http://h/\xc3\xa4", "has a space"},
        {"http://h/#x", "fragment"},
    };
    char long_text[HTTP_URL_BYTES + 1];
    struct http_url url;
    char why[128];

    (void)state;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        assert_int_equal(
            http_url_parse(&url, bad[i].text, why, sizeof(why)), -1);
        if (strstr(why, bad[i].why) == NULL)
            fail_msg("%s: %s", bad[i].text, why);
    }
    memset(long_text, 'h', sizeof(long_text));
    memcpy(long_text, "http://", 7);
    long_text[HTTP_URL_BYTES] = '\0';
    assert_int_equal(http_url_parse(&url, long_text, why, sizeof(why)), -1);
    assert_non_null(strstr(why, "longer"));
    long_text[7 + HTTP_HOST_BYTES] = '\0'; /* of the host only */
    assert_int_equal(http_url_parse(&url, long_text, why, sizeof(why)), -1);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(openssl_reads_the_question),
        cmocka_unit_test(nonce_is_in_the_question_and_never_the_same),
        cmocka_unit_test(longest_serial_has_room),
        cmocka_unit_test(what_is_no_certificate_is_not_asked_about),
        cmocka_unit_test(
            questions_are_told_apart_by_certificate_issuer_and_address),
        cmocka_unit_test(responder_is_found_in_the_certificate),
        cmocka_unit_test(first_that_can_be_asked_is_taken),
        cmocka_unit_test(certificate_that_names_no_responder_is_understood),
        cmocka_unit_test(address_that_is_too_long_is_none),
        cmocka_unit_test(addresses_are_taken_apart),
        cmocka_unit_test(what_is_no_address_is_refused_with_the_reason),
    };

    return cmocka_run_group_tests(tests, start, stop);
}
