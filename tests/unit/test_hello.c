/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The first bytes of a connection, on hellos that real clients sent. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "proxy/hello.h"

enum {
    SAMPLE_BYTES = 8192
};

struct sample {
    uint8_t data[SAMPLE_BYTES];
    size_t len;
};

static void
load(struct sample *sample, const char *name)
{
    char path[512];
    FILE *file;

    (void)snprintf(path, sizeof(path), "%s/tests/fuzz/corpus/hello/%s",
        SIDELOCK_SOURCE_DIR, name);
    file = fopen(path, "re");
    assert_non_null(file);
    sample->len = fread(sample->data, 1, sizeof(sample->data), file);
    (void)fclose(file);
    assert_true(sample->len > 0);
}

static enum hello_result
parse_text(const char *text)
{
    struct hello hello;

    return hello_parse(&hello, (const uint8_t *)text, strlen(text));
}

static void
a_tls13_hello_gives_its_name_and_version(void **state)
{
    struct sample sample;
    struct hello hello;

    (void)state;
    load(&sample, "tls13");
    assert_int_equal(
        hello_parse(&hello, sample.data, sample.len), HELLO_COMPLETE);
    assert_string_equal(hello.server_name, "localhost");
    assert_int_equal(hello.max_version, 0x0304);
    assert_false(hello.is_fragmented);
}

static void
a_tls12_hello_gives_its_name_and_version(void **state)
{
    struct sample sample;
    struct hello hello;

    (void)state;
    load(&sample, "tls12");
    assert_int_equal(
        hello_parse(&hello, sample.data, sample.len), HELLO_COMPLETE);
    assert_string_equal(hello.server_name, "example.test");
    assert_int_equal(hello.max_version, 0x0303);
}

static void
a_hello_without_a_name_is_complete(void **state)
{
    struct sample sample;
    struct hello hello;

    (void)state;
    load(&sample, "no_name");
    assert_int_equal(
        hello_parse(&hello, sample.data, sample.len), HELLO_COMPLETE);
    assert_string_equal(hello.server_name, "");
}

static void
every_beginning_of_a_hello_wants_more(void **state)
{
    struct sample sample;
    struct hello hello;

    (void)state;
    load(&sample, "tls13");
    for (size_t len = 1; len < sample.len; len++)
        assert_int_equal(hello_parse(&hello, sample.data, len), HELLO_MORE);
}

static void
a_hello_in_single_byte_records_is_joined(void **state)
{
    struct sample sample;
    struct sample whole;
    struct hello hello;

    (void)state;
    load(&sample, "fragments_1");
    load(&whole, "tls13");
    assert_int_equal(
        hello_parse(&hello, sample.data, sample.len), HELLO_COMPLETE);
    assert_true(hello.is_fragmented);
    sample.len = hello_join(sample.data, sample.len);
    assert_int_equal(sample.len, whole.len);
    assert_memory_equal(sample.data, whole.data, whole.len);
}

static void
what_follows_the_hello_stays_behind_it(void **state)
{
    struct sample sample;
    struct hello hello;

    (void)state;
    load(&sample, "ccs_after");
    assert_int_equal(
        hello_parse(&hello, sample.data, sample.len), HELLO_COMPLETE);
    assert_int_equal(hello_join(sample.data, sample.len), sample.len);
    assert_int_equal(sample.data[sample.len - 6], 0x14);
}

static void
a_name_with_a_nul_is_malformed(void **state)
{
    struct sample sample;
    struct hello hello;

    (void)state;
    load(&sample, "nul_name");
    assert_int_equal(
        hello_parse(&hello, sample.data, sample.len), HELLO_MALFORMED);
}

static void
a_field_that_runs_over_the_end_is_malformed(void **state)
{
    struct sample sample;
    struct hello hello;

    (void)state;
    load(&sample, "tls13");
    sample.data[5 + 4 + 2 + 32] = 0xff; /* a session id of 255 bytes */
    assert_int_equal(
        hello_parse(&hello, sample.data, sample.len), HELLO_MALFORMED);
}

static void
another_handshake_message_is_malformed(void **state)
{
    struct sample sample;
    struct hello hello;

    (void)state;
    load(&sample, "server_hello");
    assert_int_equal(
        hello_parse(&hello, sample.data, sample.len), HELLO_MALFORMED);
}

static void
a_message_beyond_the_bound_is_too_large(void **state)
{
    struct sample sample;
    struct hello hello;

    (void)state;
    load(&sample, "long_message");
    assert_int_equal(
        hello_parse(&hello, sample.data, sample.len), HELLO_TOO_LARGE);
}

static void
other_protocols_are_told_by_name(void **state)
{
    static const struct {
        const char *bytes;
        const char *guess;
    } known[] = {
        {"GET / HTTP/1.1\r\n", "client spoke plaintext HTTP"},
        {"SSH-2.0-x\r\n", "client spoke SSH"},
        {"EHLO x\r\n", "client spoke plaintext SMTP"},
        {"*1\r\n$4\r\nPING\r\n", "client spoke plaintext Redis"},
        {"\x01\x02\x03", "first bytes are not TLS"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
        assert_int_equal(parse_text(known[i].bytes), HELLO_NOT_TLS);
        assert_string_equal(hello_guess((const uint8_t *)known[i].bytes,
                                strlen(known[i].bytes)),
            known[i].guess);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_tls13_hello_gives_its_name_and_version),
        cmocka_unit_test(a_tls12_hello_gives_its_name_and_version),
        cmocka_unit_test(a_hello_without_a_name_is_complete),
        cmocka_unit_test(every_beginning_of_a_hello_wants_more),
        cmocka_unit_test(a_hello_in_single_byte_records_is_joined),
        cmocka_unit_test(what_follows_the_hello_stays_behind_it),
        cmocka_unit_test(a_name_with_a_nul_is_malformed),
        cmocka_unit_test(a_field_that_runs_over_the_end_is_malformed),
        cmocka_unit_test(another_handshake_message_is_malformed),
        cmocka_unit_test(a_message_beyond_the_bound_is_too_large),
        cmocka_unit_test(other_protocols_are_told_by_name),
    };

    return cmocka_run_group_tests_name("hello", tests, NULL, NULL);
}
