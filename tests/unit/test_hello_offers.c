/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What a hello says of the certificates, ciphers and protocols that its client
 * can use, and which protocol is chosen.
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

enum {
    SIGNATURE_ALGORITHMS = 13,
    ALPN = 16,
    ECDSA = HELLO_USES_ECDSA,
    RSA = HELLO_USES_RSA,
    ED25519 = HELLO_USES_ED25519,
};

#define NUMBERS(...)                                                           \
    (const uint16_t[]){__VA_ARGS__},                                           \
        sizeof((const uint16_t[]){__VA_ARGS__}) / sizeof(uint16_t)

static void
put_numbers(struct out *out, const uint16_t *numbers, size_t count)
{
    for (size_t i = 0; i < count; i++)
        put_number(out, numbers[i], 2);
}

/* --- suites -------------------------------------------------------------- */

static void
parse_suites(struct hello *hello, const uint16_t *suites, size_t count)
{
    struct out list = {.len = 0};
    struct out message = {.len = 0};
    struct out record = {.len = 0};

    put_numbers(&list, suites, count);
    put_message_with(&message, &list, NULL);
    put_record(&record, message.data, message.len);
    assert_int_equal(parse(hello, record.data, record.len), HELLO_COMPLETE);
}

static unsigned
suite_keys(const uint16_t *suites, size_t count)
{
    struct hello hello;

    parse_suites(&hello, suites, count);
    return hello.suite_keys;
}

static bool
prefers_chacha(const uint16_t *suites, size_t count)
{
    struct hello hello;

    parse_suites(&hello, suites, count);
    return hello.prefers_chacha;
}

static void
suites_say_which_keys_the_client_takes(void **state)
{
    (void)state;
    assert_int_equal(suite_keys(NUMBERS(0xc02b)), ECDSA | ED25519);
    assert_int_equal(suite_keys(NUMBERS(0xc02c)), ECDSA | ED25519);
    assert_int_equal(suite_keys(NUMBERS(0xcca9)), ECDSA | ED25519);
    assert_int_equal(suite_keys(NUMBERS(0xc02f)), RSA);
    assert_int_equal(suite_keys(NUMBERS(0xc030)), RSA);
    assert_int_equal(suite_keys(NUMBERS(0xcca8)), RSA);
    assert_int_equal(
        suite_keys(NUMBERS(0xc030, 0xc02c)), ECDSA | ED25519 | RSA);
}

static void
suites_of_other_kinds_say_nothing_of_keys(void **state)
{
    /* TLS 1.3, GREASE, RSA key exchange, CBC, the renegotiation signal */
    (void)state;
    assert_int_equal(suite_keys(NUMBERS(0x1301, 0x1302, 0x1303)), 0);
    assert_int_equal(suite_keys(NUMBERS(0x2a2a, 0xfafa)), 0);
    assert_int_equal(suite_keys(NUMBERS(0x009c, 0xc013, 0xc009, 0x00ff)), 0);
    assert_int_equal(suite_keys(NULL, 0), 0);
}

static void
last_suite_counts_as_the_first_does(void **state)
{
    uint16_t many[1000];

    (void)state;
    for (size_t i = 0; i < 1000; i++)
        many[i] = 0x0001;
    many[999] = 0xc02f;
    assert_int_equal(suite_keys(many, 1000), RSA);
}

static void
chacha_first_is_preferred(void **state)
{
    (void)state;
    assert_true(prefers_chacha(NUMBERS(0x1303, 0x1301)));
    assert_true(prefers_chacha(NUMBERS(0xcca8, 0xc02f)));
    assert_true(prefers_chacha(NUMBERS(0xcca9)));
}

static void
chacha_behind_another_is_not_preferred(void **state)
{
    (void)state;
    assert_false(prefers_chacha(NUMBERS(0x1301, 0x1303)));
    assert_false(prefers_chacha(NUMBERS(0xc02f, 0xcca8)));
    assert_false(prefers_chacha(NULL, 0));
}

/* Chrome puts a GREASE suite in front of all others. */
static void
grease_is_not_the_first_suite(void **state)
{
    (void)state;
    assert_true(prefers_chacha(NUMBERS(0x2a2a, 0x1303, 0x1301)));
    assert_true(prefers_chacha(NUMBERS(0x0a0a, 0xfafa, 0x1303)));
    assert_false(prefers_chacha(NUMBERS(0xeaea, 0x1301, 0x1303)));
    assert_false(prefers_chacha(NUMBERS(0xeaea)));
}

/* Half a suite behind the last one is the TLS library's to refuse. */
static void
odd_byte_behind_the_suites_is_passed_over(void **state)
{
    struct out list = {.len = 0};
    struct out message = {.len = 0};
    struct out record = {.len = 0};
    struct hello hello;

    (void)state;
    put(&list, "\xc0\x2f\xc0", 3);
    put_message_with(&message, &list, NULL);
    put_record(&record, message.data, message.len);
    assert_int_equal(parse(&hello, record.data, record.len), HELLO_COMPLETE);
    assert_int_equal(hello.suite_keys, RSA);
}

/* --- signature algorithms ------------------------------------------------ */

static void
put_signatures(struct out *extensions, const uint16_t *numbers, size_t count)
{
    struct out list = {.len = 0};
    struct out body = {.len = 0};

    put_numbers(&list, numbers, count);
    put_field(&body, &list, 2);
    put_extension(extensions, SIGNATURE_ALGORITHMS, &body);
}

static unsigned
signature_keys(const uint16_t *numbers, size_t count)
{
    struct out extensions = {.len = 0};
    struct hello hello;

    put_signatures(&extensions, numbers, count);
    assert_int_equal(parse_with(&hello, &extensions), HELLO_COMPLETE);
    return hello.signature_keys;
}

static void
signature_algorithms_say_which_keys_the_client_verifies(void **state)
{
    (void)state;
    assert_int_equal(signature_keys(NUMBERS(0x0403)), ECDSA);
    assert_int_equal(signature_keys(NUMBERS(0x0503)), ECDSA);
    assert_int_equal(signature_keys(NUMBERS(0x0401)), RSA);
    assert_int_equal(signature_keys(NUMBERS(0x0501)), RSA);
    assert_int_equal(signature_keys(NUMBERS(0x0601)), RSA);
    assert_int_equal(signature_keys(NUMBERS(0x0804)), RSA);
    assert_int_equal(signature_keys(NUMBERS(0x0805)), RSA);
    assert_int_equal(signature_keys(NUMBERS(0x0806)), RSA);
    assert_int_equal(signature_keys(NUMBERS(0x0807)), ED25519);
    assert_int_equal(
        signature_keys(NUMBERS(0x0804, 0x0807, 0x0403)), ECDSA | RSA | ED25519);
}

static void
algorithms_that_we_do_not_sign_with_say_nothing(void **state)
{
    /* SHA-1, GREASE, RSA-PSS keys, Ed448 */
    (void)state;
    assert_int_equal(signature_keys(NUMBERS(0x0201, 0x0203)), 0);
    assert_int_equal(signature_keys(NUMBERS(0x3a3a)), 0);
    assert_int_equal(signature_keys(NUMBERS(0x0809, 0x080a, 0x080b)), 0);
    assert_int_equal(signature_keys(NUMBERS(0x0808)), 0);
    assert_int_equal(signature_keys(NULL, 0), 0);
}

static void
hello_without_signature_algorithms_does_not_say(void **state)
{
    struct hello hello;

    (void)state;
    assert_int_equal(parse_with(&hello, NULL), HELLO_COMPLETE);
    assert_int_equal(hello.signature_keys, 0);
}

/* --- protocols ----------------------------------------------------------- */

/* A list as it is sent: a length byte before each name. */
static void
put_alpn_bytes(struct out *extensions, const void *names, size_t len)
{
    struct out list = {.len = 0};
    struct out body = {.len = 0};

    put(&list, names, len);
    put_field(&body, &list, 2);
    put_extension(extensions, ALPN, &body);
}

static void
parse_alpn(struct hello *hello, const void *names, size_t len)
{
    struct out extensions = {.len = 0};

    put_alpn_bytes(&extensions, names, len);
    assert_int_equal(parse_with(hello, &extensions), HELLO_COMPLETE);
}

#define PARSE_ALPN(hello, names) parse_alpn(hello, names, sizeof(names) - 1)

static void
protocols_are_kept_as_sent(void **state)
{
    static const char names[] = "\x02h2\x08http/1.1\x01\xff";
    struct hello hello;

    (void)state;
    PARSE_ALPN(&hello, names);
    assert_int_equal(hello.alpn_len, sizeof(names) - 1);
    assert_memory_equal(hello.alpn, names, sizeof(names) - 1);
}

static void
hello_without_protocols_has_none(void **state)
{
    struct hello hello;

    (void)state;
    assert_int_equal(parse_with(&hello, NULL), HELLO_COMPLETE);
    assert_int_equal(hello.alpn_len, 0);
    PARSE_ALPN(&hello, "");
    assert_int_equal(hello.alpn_len, 0);
}

/* The TLS library refuses such a hello; what is kept here is well-formed. */
static void
only_whole_names_are_kept(void **state)
{
    struct hello hello;

    (void)state;
    PARSE_ALPN(&hello, "\x02h2\x09http/1.1");
    assert_int_equal(hello.alpn_len, 3);
    PARSE_ALPN(&hello, "\x02h2\0\x02h3");
    assert_int_equal(hello.alpn_len, 3);
    PARSE_ALPN(&hello, "\xff");
    assert_int_equal(hello.alpn_len, 0);
}

static void
names_beyond_the_room_are_dropped_whole(void **state)
{
    char names[2 * HELLO_ALPN_BYTES];
    struct hello hello;

    (void)state;
    memset(names, 'n', sizeof(names));
    names[0] = (char)255;
    names[256] = (char)254;
    names[256 + 255] = 1; /* its name would be the byte behind the room */
    parse_alpn(&hello, names, 256 + 255 + 2);
    assert_int_equal(hello.alpn_len, 511);
    names[256] = (char)255; /* fits exactly */
    names[512] = 1;
    parse_alpn(&hello, names, 514);
    assert_int_equal(hello.alpn_len, 512);
}

static void
first_list_of_protocols_counts(void **state)
{
    struct out extensions = {.len = 0};
    struct hello hello;

    (void)state;
    put_alpn_bytes(&extensions, "\x02h2", 3);
    put_alpn_bytes(&extensions, "\x02h3\x02h4", 6);
    assert_int_equal(parse_with(&hello, &extensions), HELLO_COMPLETE);
    assert_int_equal(hello.alpn_len, 3);
    assert_memory_equal(hello.alpn, "\x02h2", 3);
}

/* --- the choice of a protocol -------------------------------------------- */

static const char *
choose(const void *names, size_t len, const char *first, const char *second)
{
    char *ours[2] = {strdup(first), strdup(second)};
    struct hello hello;
    const char *chosen;
    const char *result = NULL;

    parse_alpn(&hello, names, len);
    chosen = hello_choose_alpn(&hello, ours, 2);
    if (chosen == ours[0])
        result = first;
    else if (chosen == ours[1])
        result = second;
    else
        assert_null(chosen);
    free(ours[0]);
    free(ours[1]);
    return result;
}

#define CHOOSE(names, first, second)                                           \
    choose(names, sizeof(names) - 1, first, second)

static void
our_order_of_protocols_decides(void **state)
{
    (void)state;
    assert_string_equal(CHOOSE("\x08http/1.1\x02h2", "h2", "http/1.1"), "h2");
    assert_string_equal(
        CHOOSE("\x08http/1.1\x02h2", "http/1.1", "h2"), "http/1.1");
    assert_string_equal(CHOOSE("\x08http/1.1", "h2", "http/1.1"), "http/1.1");
}

static void
nothing_in_common_chooses_nothing(void **state)
{
    (void)state;
    assert_null(CHOOSE("\x02h3", "h2", "http/1.1"));
    assert_null(CHOOSE("", "h2", "http/1.1"));
}

/* Names are bytes: no case, no beginnings, no parts (RFC 7301, 3.1). */
static void
only_the_whole_name_is_the_same(void **state)
{
    (void)state;
    assert_null(CHOOSE("\x02H2", "h2", "http/1.1"));
    assert_null(CHOOSE("\x01h\x03h2c", "h2", "http/1.1"));
    assert_null(CHOOSE("\x04\x02h2x", "h2", "http/1.1"));
    assert_null(CHOOSE("\x03h2\0", "h2", "http/1.1"));
}

static void
no_protocols_of_ours_choose_nothing(void **state)
{
    struct hello hello;

    (void)state;
    PARSE_ALPN(&hello, "\x02h2");
    assert_null(hello_choose_alpn(&hello, NULL, 0));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(suites_say_which_keys_the_client_takes),
        cmocka_unit_test(suites_of_other_kinds_say_nothing_of_keys),
        cmocka_unit_test(last_suite_counts_as_the_first_does),
        cmocka_unit_test(chacha_first_is_preferred),
        cmocka_unit_test(chacha_behind_another_is_not_preferred),
        cmocka_unit_test(grease_is_not_the_first_suite),
        cmocka_unit_test(odd_byte_behind_the_suites_is_passed_over),
        cmocka_unit_test(
            signature_algorithms_say_which_keys_the_client_verifies),
        cmocka_unit_test(algorithms_that_we_do_not_sign_with_say_nothing),
        cmocka_unit_test(hello_without_signature_algorithms_does_not_say),
        cmocka_unit_test(protocols_are_kept_as_sent),
        cmocka_unit_test(hello_without_protocols_has_none),
        cmocka_unit_test(only_whole_names_are_kept),
        cmocka_unit_test(names_beyond_the_room_are_dropped_whole),
        cmocka_unit_test(first_list_of_protocols_counts),
        cmocka_unit_test(our_order_of_protocols_decides),
        cmocka_unit_test(nothing_in_common_chooses_nothing),
        cmocka_unit_test(only_the_whole_name_is_the_same),
        cmocka_unit_test(no_protocols_of_ours_choose_nothing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
