/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The first bytes of a connection, on hellos that real clients sent. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
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

static const struct {
    const char *file;
    const char *name;
    uint16_t max_version;
    bool is_fragmented;
} real[] = {
    {"tls13", "localhost", 0x0304, false},
    {"tls12", "example.test", 0x0303, false},
    {"no_name", "", 0x0304, false},
    {"curl", "www.example.com", 0x0304, false},
    {"gnutls", "localhost", 0x0304, false},
    {"node", "node.example", 0x0304, false},
    {"openssl_alpn", "", 0x0304, false},
    {"openssl_tls10", "", 0x0301, false},
    {"python", "py.example", 0x0304, false},
    {"mlkem", "pq.example", 0x0304, false},
    {"mlkem_3_records", "pq.example", 0x0304, true},
};

static void
hellos_of_real_clients_give_name_and_version(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(real) / sizeof(real[0]); i++) {
        struct sample sample;
        struct hello hello;

        load(&sample, real[i].file);
        assert_int_equal(
            hello_parse(&hello, sample.data, sample.len), HELLO_COMPLETE);
        assert_string_equal(hello.server_name, real[i].name);
        assert_int_equal(hello.max_version, real[i].max_version);
        assert_int_equal(hello.is_fragmented, real[i].is_fragmented);
    }
}

static bool
is_in_alpn(const struct hello *hello, const char *name)
{
    char *copy = strdup(name);
    bool is_in;

    assert_non_null(copy);
    is_in = hello_choose_alpn(hello, &copy, 1) == copy;
    free(copy);
    return is_in;
}

/* What they can verify, and which protocols they speak. */
static void
hellos_of_real_clients_give_what_they_offer(void **state)
{
    static const struct {
        const char *file;
        unsigned suite_keys;
        unsigned signature_keys;
        const char *protocol; /* or NULL: none at all */
    } offers[] = {
        {"curl", 7, 7, "h2"},
        {"gnutls", 7, 7, NULL},
        {"node", 7, 7, NULL},
        {"openssl_alpn", 7, 7, "h2"},
        {"openssl_tls10", 0, 0, NULL},
        {"python", 7, 7, NULL},
        {"mlkem", 7, 7, NULL},
        {"mlkem_3_records", 7, 7, NULL},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(offers) / sizeof(offers[0]); i++) {
        struct sample sample;
        struct hello hello;

        load(&sample, offers[i].file);
        assert_int_equal(
            hello_parse(&hello, sample.data, sample.len), HELLO_COMPLETE);
        assert_int_equal(hello.suite_keys, offers[i].suite_keys);
        assert_int_equal(hello.signature_keys, offers[i].signature_keys);
        assert_false(hello.prefers_chacha);
        if (offers[i].protocol == NULL)
            assert_int_equal(hello.alpn_len, 0);
        else
            assert_true(is_in_alpn(&hello, offers[i].protocol));
    }
}

static void
every_beginning_of_a_hello_wants_more(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(real) / sizeof(real[0]); i++) {
        struct sample sample;
        struct hello hello;

        load(&sample, real[i].file);
        for (size_t len = 0; len < sample.len; len++)
            assert_int_equal(hello_parse(&hello, sample.data, len), HELLO_MORE);
    }
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
one_byte_of_all_can_begin_a_hello(void **state)
{
    (void)state;
    for (unsigned byte = 0; byte <= UINT8_MAX; byte++)
        assert_int_equal(hello_may_begin_with((uint8_t)byte), byte == 0x16);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(hellos_of_real_clients_give_name_and_version),
        cmocka_unit_test(hellos_of_real_clients_give_what_they_offer),
        cmocka_unit_test(one_byte_of_all_can_begin_a_hello),
        cmocka_unit_test(every_beginning_of_a_hello_wants_more),
        cmocka_unit_test(a_hello_in_single_byte_records_is_joined),
        cmocka_unit_test(what_follows_the_hello_stays_behind_it),
        cmocka_unit_test(a_name_with_a_nul_is_malformed),
        cmocka_unit_test(a_field_that_runs_over_the_end_is_malformed),
        cmocka_unit_test(another_handshake_message_is_malformed),
        cmocka_unit_test(a_message_beyond_the_bound_is_too_large),
    };

    return cmocka_run_group_tests_name("hello", tests, NULL, NULL);
}
