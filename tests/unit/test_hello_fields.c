/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The first bytes of a connection, field by field, on hellos that are made up
 * here. Those of real clients are in test_hello.c.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "proxy/hello.h"
#include "tests/unit/hello_fixture.h"

/* --- extensions --------------------------------------------------------- */

static void
put_padding(struct out *out, size_t len)
{
    struct out body = {.len = len};

    put_extension(out, 21, &body);
}

static void
put_name(struct out *list, unsigned type, const void *name, size_t len)
{
    put_number(list, type, 1);
    put_number(list, len, 2);
    put(list, name, len);
}

static void
put_name_list(struct out *extensions, const struct out *list)
{
    struct out body = {.len = 0};

    put_field(&body, list, 2);
    put_extension(extensions, 0, &body);
}

static void
put_host(struct out *extensions, const void *name, size_t len)
{
    struct out list = {.len = 0};

    put_name(&list, 0, name, len);
    put_name_list(extensions, &list);
}

static void
put_versions(struct out *extensions, const uint16_t *versions, size_t count)
{
    struct out list = {.len = 0};
    struct out body = {.len = 0};

    for (size_t i = 0; i < count; i++)
        put_number(&list, versions[i], 2);
    put_field(&body, &list, 1);
    put_extension(extensions, 43, &body);
}

/* --- names --------------------------------------------------------------- */

static enum hello_result
parse_name(struct hello *hello, const void *name, size_t len)
{
    struct out extensions = {.len = 0};

    put_padding(&extensions, 3);
    put_host(&extensions, name, len);
    put_padding(&extensions, 0);
    return parse_with(hello, &extensions);
}

static void
name_of_any_length_is_read(void **state)
{
    char name[HELLO_NAME_BYTES];
    struct hello hello;

    (void)state;
    for (size_t len = 1; len < sizeof(name); len++) {
        memset(name, 'n', len);
        name[len] = '\0';
        assert_int_equal(parse_name(&hello, name, len), HELLO_COMPLETE);
        assert_string_equal(hello.server_name, name);
    }
}

static void
name_of_any_bytes_is_kept_as_sent(void **state)
{
    static const char name[] = "\x01\n\"\\\x7f\x80\xff.\xc3\xa9";
    struct hello hello;

    (void)state;
    assert_int_equal(
        parse_name(&hello, name, sizeof(name) - 1), HELLO_COMPLETE);
    assert_string_equal(hello.server_name, name);
}

static void
name_that_cannot_be_one_is_malformed(void **state)
{
    static const char nuls[] = "\0a\0";
    char name[2 * HELLO_NAME_BYTES];
    struct hello hello;

    (void)state;
    memset(name, 'n', sizeof(name));
    assert_int_equal(parse_name(&hello, name, 0), HELLO_MALFORMED);
    assert_int_equal(
        parse_name(&hello, name, HELLO_NAME_BYTES), HELLO_MALFORMED);
    assert_int_equal(parse_name(&hello, name, sizeof(name)), HELLO_MALFORMED);
    assert_int_equal(parse_name(&hello, nuls, 1), HELLO_MALFORMED);
    assert_int_equal(parse_name(&hello, nuls, 2), HELLO_MALFORMED);
    assert_int_equal(parse_name(&hello, nuls + 1, 2), HELLO_MALFORMED);
}

static void
list_without_a_host_name_has_no_name(void **state)
{
    struct out extensions = {.len = 0};
    struct out list = {.len = 0};
    struct hello hello;

    (void)state;
    put_name_list(&extensions, &list);
    assert_int_equal(parse_with(&hello, &extensions), HELLO_COMPLETE);
    assert_string_equal(hello.server_name, "");
    extensions.len = 0;
    put_name(&list, 7, "other", 5);
    put_name_list(&extensions, &list);
    assert_int_equal(parse_with(&hello, &extensions), HELLO_COMPLETE);
    assert_string_equal(hello.server_name, "");
    extensions.len = 0;
    put_name(&list, 0, "host", 4);
    put_name_list(&extensions, &list);
    assert_int_equal(parse_with(&hello, &extensions), HELLO_COMPLETE);
    assert_string_equal(hello.server_name, "host");
}

/* RFC 6066, section 3: not more than one name of a type. Who reads the first
 * and who the last would otherwise see different names. */
static void
two_names_are_malformed(void **state)
{
    struct out extensions = {.len = 0};
    struct out list = {.len = 0};
    struct hello hello;

    (void)state;
    put_name(&list, 0, "one", 3);
    put_name(&list, 0, "two", 3);
    put_name_list(&extensions, &list);
    assert_int_equal(parse_with(&hello, &extensions), HELLO_MALFORMED);
    extensions.len = 0;
    put_host(&extensions, "one", 3);
    put_host(&extensions, "one", 3);
    assert_int_equal(parse_with(&hello, &extensions), HELLO_MALFORMED);
}

static void
name_list_that_runs_over_its_end_is_malformed(void **state)
{
    struct out extensions = {.len = 0};
    struct out body = {.len = 0};
    struct hello hello;

    (void)state;
    put(&body, "\x00\x09\x00\x00\x05host", 9); /* both lengths one too long */
    put_extension(&extensions, 0, &body);
    assert_int_equal(parse_with(&hello, &extensions), HELLO_MALFORMED);
    extensions.len = body.len = 0;
    put(&body, "\x00\x07\x00\x00\x05hosts", 10); /* the name in the list */
    put_extension(&extensions, 0, &body);
    assert_int_equal(parse_with(&hello, &extensions), HELLO_MALFORMED);
}

/* --- versions ------------------------------------------------------------ */

static void
assert_version(const uint16_t *versions, size_t count, uint16_t expected)
{
    struct out extensions = {.len = 0};
    struct hello hello;

    put_versions(&extensions, versions, count);
    assert_int_equal(parse_with(&hello, &extensions), HELLO_COMPLETE);
    assert_int_equal(hello.max_version, expected);
}

static void
highest_version_counts_and_grease_does_not(void **state)
{
    static const uint16_t rising[] = {0x0302, 0x0303, 0x0304};
    static const uint16_t falling[] = {0xfafa, 0x0304, 0x0303};
    static const uint16_t old[] = {0x0301, 0x0302};
    static const uint16_t grease[] = {0x0a0a, 0xfafa, 0x5a5a};

    (void)state;
    assert_version(rising, 3, 0x0304);
    assert_version(falling, 3, 0x0304);
    assert_version(old, 2, 0x0302);
    assert_version(grease, 3, 0x0303); /* as the hello itself says */
    assert_version(NULL, 0, 0x0303);
}

/* --- shapes -------------------------------------------------------------- */

static void
hello_without_extensions_is_complete(void **state)
{
    struct out none = {.len = 0};
    struct hello hello;

    (void)state;
    assert_int_equal(parse_with(&hello, NULL), HELLO_COMPLETE);
    assert_string_equal(hello.server_name, "");
    assert_int_equal(hello.max_version, 0x0303);
    assert_false(hello.is_fragmented);
    assert_int_equal(parse_with(&hello, &none), HELLO_COMPLETE);
}

static void
extensions_of_unknown_types_are_passed_over(void **state)
{
    struct out extensions = {.len = 0};
    struct out body = {.len = 100};
    struct hello hello;

    (void)state;
    put_extension(&extensions, 0x1a1a, &body);
    put_extension(&extensions, 0xffff, &body);
    put_host(&extensions, "host", 4);
    put_extension(&extensions, 0x2a2a, &body);
    assert_int_equal(parse_with(&hello, &extensions), HELLO_COMPLETE);
    assert_string_equal(hello.server_name, "host");
}

static void
extension_that_is_cut_is_malformed(void **state)
{
    struct out extensions = {.len = 0};
    struct hello hello;

    (void)state;
    put_host(&extensions, "host", 4);
    for (size_t cut = 1; cut < extensions.len; cut++) {
        struct out less = extensions;

        less.len -= cut;
        assert_int_equal(parse_with(&hello, &less), HELLO_MALFORMED);
    }
}

/* Every field's length one larger than what there is. */
static void
field_that_runs_over_the_end_is_malformed(void **state)
{
    static const size_t lengths[] = {34, 40, 45}; /* session id, ciphers (low
                                                     byte), compression */
    struct out extensions = {.len = 0};
    struct out *whole;
    struct hello hello;

    (void)state;
    put_host(&extensions, "host", 4);
    whole = make_hello(&extensions);
    for (size_t i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
        uint8_t *at = whole->data + RECORD_HEADER + MESSAGE_HEADER + lengths[i];
        uint8_t before = *at;

        *at = 0xff;
        assert_int_equal(
            parse(&hello, whole->data, whole->len), HELLO_MALFORMED);
        *at = before;
    }
    assert_int_equal(parse(&hello, whole->data, whole->len), HELLO_COMPLETE);
    free(whole);
}

static void
message_too_short_for_a_hello_is_malformed(void **state)
{
    struct hello hello;

    (void)state;
    for (size_t len = 0; len < 38; len++) { /* all fields empty */
        struct out message = {.len = 0};
        struct out record = {.len = 0};

        put_number(&message, 1, 1);
        put_number(&message, len, 3);
        message.len += len;
        put_record(&record, message.data, message.len);
        assert_int_equal(
            parse(&hello, record.data, record.len), HELLO_MALFORMED);
    }
}

/* --- records ------------------------------------------------------------- */

static void
nothing_yet_wants_more(void **state)
{
    struct hello hello;

    (void)state;
    assert_int_equal(parse(&hello, NULL, 0), HELLO_MORE);
}

static void
hello_may_be_cut_into_two_records_anywhere(void **state)
{
    struct out extensions = {.len = 0};
    struct out message = {.len = 0};
    struct out *whole;
    struct hello hello;

    (void)state;
    put_host(&extensions, "host", 4);
    put_message(&message, &extensions);
    whole = make_hello(&extensions);
    for (size_t cut = 1; cut < message.len; cut++) {
        struct out out = {.len = 0};

        put_record(&out, message.data, cut);
        put_record(&out, message.data + cut, message.len - cut);
        for (size_t len = 0; len < out.len; len++)
            assert_int_equal(parse(&hello, out.data, len), HELLO_MORE);
        assert_int_equal(parse(&hello, out.data, out.len), HELLO_COMPLETE);
        assert_true(hello.is_fragmented);
        assert_string_equal(hello.server_name, "host");
        put(&out, "what follows", 12);
        out.len = hello_join(out.data, out.len);
        assert_int_equal(out.len, whole->len + 12);
        assert_memory_equal(out.data, whole->data, whole->len);
        assert_memory_equal(out.data + whole->len, "what follows", 12);
    }
    free(whole);
}

static void
what_follows_the_hello_is_not_looked_at(void **state)
{
    struct out *out = make_hello(NULL);
    size_t len = out->len;
    struct hello hello;

    (void)state;
    memset(out->data + len, 0xee, 300);
    for (size_t more = 1; more < 300; more++)
        assert_int_equal(parse(&hello, out->data, len + more), HELLO_COMPLETE);
    assert_false(hello.is_fragmented);
    assert_int_equal(hello_join(out->data, len + 300), len + 300);
    assert_int_equal(out->data[len + 299], 0xee);
    free(out);
}

static void
record_of_another_kind_between_is_malformed(void **state)
{
    static const uint8_t change_cipher_spec[] = {20, 3, 3, 0, 1, 1};
    struct out message = {.len = 0};
    struct out out = {.len = 0};
    struct hello hello;

    (void)state;
    put_message(&message, NULL);
    put_record(&out, message.data, 20);
    put(&out, change_cipher_spec, sizeof(change_cipher_spec));
    assert_int_equal(parse(&hello, out.data, out.len), HELLO_MALFORMED);
}

/* RFC 8446, section 5.1: no empty fragments of handshake messages; a client
 * could send them for ever. */
static void
empty_record_is_malformed(void **state)
{
    struct out message = {.len = 0};
    struct out out = {.len = 0};
    struct hello hello;

    (void)state;
    put_record(&out, message.data, 0);
    assert_int_equal(parse(&hello, out.data, out.len), HELLO_MALFORMED);
    out.len = 0;
    put_message(&message, NULL);
    put_record(&out, message.data, 20);
    put_record(&out, message.data, 0);
    assert_int_equal(parse(&hello, out.data, out.len), HELLO_MALFORMED);
}

static void
record_beyond_its_bound_is_malformed(void **state)
{
    static const uint8_t header[] = {22, 3, 1, 0x40, 1};
    struct hello hello;

    (void)state;
    assert_int_equal(parse(&hello, header, sizeof(header)), HELLO_MALFORMED);
}

static void
only_handshake_records_of_version_3_are_tls(void **state)
{
    struct hello hello;

    (void)state;
    for (unsigned first = 0; first < 256; first++) {
        for (unsigned second = 0; second < 256; second++) {
            const uint8_t bytes[] = {(uint8_t)first, (uint8_t)second};
            bool is_tls = first == 22 && second == 3;

            assert_int_equal(parse(&hello, bytes, 1),
                first == 22 ? HELLO_MORE : HELLO_NOT_TLS);
            assert_int_equal(
                parse(&hello, bytes, 2), is_tls ? HELLO_MORE : HELLO_NOT_TLS);
        }
    }
}

/* --- size ---------------------------------------------------------------- */

/* A hello of this many bytes with all its headers. */
static struct out *
make_hello_of(size_t len)
{
    struct out *bare = make_hello(NULL);
    struct out extensions = {.len = 0};
    struct out *out;

    put_padding(&extensions, len - bare->len - 2 - 4);
    free(bare);
    out = make_hello(&extensions);
    assert_int_equal(out->len, len);
    return out;
}

static void
hello_that_just_fits_is_complete(void **state)
{
    struct out *out = make_hello_of(HELLO_BYTES_MAX);
    struct hello hello;

    (void)state;
    assert_int_equal(parse(&hello, out->data, HELLO_BYTES_MAX - 1), HELLO_MORE);
    assert_int_equal(parse(&hello, out->data, HELLO_BYTES_MAX), HELLO_COMPLETE);
    assert_int_equal(
        parse(&hello, out->data, HELLO_BYTES_MAX + 100), HELLO_COMPLETE);
    free(out);
}

static void
hello_of_one_byte_more_is_too_large(void **state)
{
    struct out *out = make_hello_of(HELLO_BYTES_MAX + 1);
    struct hello hello;

    (void)state;
    assert_int_equal(parse(&hello, out->data, HELLO_BYTES_MAX - 1), HELLO_MORE);
    assert_int_equal(
        parse(&hello, out->data, HELLO_BYTES_MAX), HELLO_TOO_LARGE);
    free(out);
}

/* It is not waited for when its length alone says so. */
static void
length_beyond_the_bound_is_too_large_at_once(void **state)
{
    static const uint8_t start[] = {22, 3, 1, 0x40, 0, 1, 0, 0x3f, 0xfd};
    static const uint8_t most[] = {22, 3, 1, 0x40, 0, 1, 0xff, 0xff, 0xff};
    struct hello hello;

    (void)state;
    assert_int_equal(parse(&hello, start, sizeof(start)), HELLO_TOO_LARGE);
    assert_int_equal(parse(&hello, most, sizeof(most)), HELLO_TOO_LARGE);
}

/* --- what else it may be ------------------------------------------------- */

static void
other_protocols_are_named(void **state)
{
    static const struct {
        const char *bytes;
        const char *text_part;
    } known[] = {
        {"get / http/1.0\r\n", "plaintext HTTP"},
        {"POST /x", "plaintext HTTP"},
        {"OPTIONS * ", "plaintext HTTP"},
        {"PRI * HTTP/2.0\r\n\r\nSM", "HTTP/2"},
        {"SSH-2.0-OpenSSH", "SSH"},
        {"ehlo me", "SMTP"},
        {"PROXY TCP4 1.2.3.4", "PROXY"},
        {"\r\n\r\n", "PROXY"},
        {"*1\r\n$4\r\nPING\r\n", "Redis"},
        {"\x80\x2e\x01\x03\x01", "SSL 2.0"},
        {"GE", "not TLS"}, /* too short to tell */
        {"GETTING", "not TLS"},
        {"\x15\x03\x01", "not TLS"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
        size_t len = strlen(known[i].bytes);
        uint8_t *copy = malloc(len);

        assert_non_null(copy);
        memcpy(copy, known[i].bytes, len);
        if (strstr(hello_guess(copy, len), known[i].text_part) == NULL)
            fail_msg("%s: %s", known[i].bytes, hello_guess(copy, len));
        free(copy);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(name_of_any_length_is_read),
        cmocka_unit_test(name_of_any_bytes_is_kept_as_sent),
        cmocka_unit_test(name_that_cannot_be_one_is_malformed),
        cmocka_unit_test(list_without_a_host_name_has_no_name),
        cmocka_unit_test(two_names_are_malformed),
        cmocka_unit_test(name_list_that_runs_over_its_end_is_malformed),
        cmocka_unit_test(highest_version_counts_and_grease_does_not),
        cmocka_unit_test(hello_without_extensions_is_complete),
        cmocka_unit_test(extensions_of_unknown_types_are_passed_over),
        cmocka_unit_test(extension_that_is_cut_is_malformed),
        cmocka_unit_test(field_that_runs_over_the_end_is_malformed),
        cmocka_unit_test(message_too_short_for_a_hello_is_malformed),
        cmocka_unit_test(nothing_yet_wants_more),
        cmocka_unit_test(hello_may_be_cut_into_two_records_anywhere),
        cmocka_unit_test(what_follows_the_hello_is_not_looked_at),
        cmocka_unit_test(record_of_another_kind_between_is_malformed),
        cmocka_unit_test(empty_record_is_malformed),
        cmocka_unit_test(record_beyond_its_bound_is_malformed),
        cmocka_unit_test(only_handshake_records_of_version_3_are_tls),
        cmocka_unit_test(hello_that_just_fits_is_complete),
        cmocka_unit_test(hello_of_one_byte_more_is_too_large),
        cmocka_unit_test(length_beyond_the_bound_is_too_large_at_once),
        cmocka_unit_test(other_protocols_are_named),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
