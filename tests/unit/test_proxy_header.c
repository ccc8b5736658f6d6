/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The PROXY protocol's header, byte for byte. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "proxy/proxy_header.h"

enum {
    HEAD = 16,
    TAIL_OF_TCP4 = HEAD + 12, /* where the TLVs of a TCP4 header begin */
};

#define SIGNATURE "\r\n\r\n\0\r\nQUIT\n"

struct header {
    uint8_t bytes[PROXY_HEADER_BYTES_MAX];
    size_t len;
};

static struct address
address_of(const char *text)
{
    struct address address;
    char why[128];

    assert_int_equal(address_parse(&address, text, why, sizeof(why)), 0);
    return address;
}

static struct proxy_text
text_of(const char *text)
{
    return (struct proxy_text){text, strlen(text)};
}

static void
build(const struct proxy_facts *facts, struct header *header)
{
    memset(header->bytes, 0xee, sizeof(header->bytes));
    header->len = proxy_header_build(facts, header->bytes);
    assert_in_range(header->len, 1, sizeof(header->bytes));
}

static void
build_between(enum proxy_protocol version, const char *client,
    const char *local, struct header *header)
{
    struct address from = address_of(client);
    struct address to = address_of(local);
    const struct proxy_facts facts = {
        .version = version, .client = &from, .local = &to};

    build(&facts, header);
}

static void
assert_bytes(const struct header *header, const void *bytes, size_t len)
{
    assert_int_equal(header->len, len);
    assert_memory_equal(header->bytes, bytes, len);
}

static void
assert_text(const char *client, const char *local, const char *text)
{
    struct header header;

    build_between(PROXY_V1, client, local, &header);
    assert_bytes(&header, text, strlen(text));
}

/* All behind the addresses of a TCP4 header. */
static void
assert_tlvs(const struct header *header, const void *tlvs, size_t len)
{
    assert_int_equal(header->len, TAIL_OF_TCP4 + len);
    assert_int_equal(header->bytes[HEAD - 2] << 8 | header->bytes[HEAD - 1],
        header->len - HEAD);
    assert_memory_equal(header->bytes + TAIL_OF_TCP4, tlvs, len);
}

static void
build_tls(const struct proxy_facts *facts, struct header *header)
{
    struct address client = address_of("192.0.2.1:4660");
    struct address local = address_of("198.51.100.2:443");
    struct proxy_facts whole = *facts;

    whole.version = PROXY_V2;
    whole.client = &client;
    whole.local = &local;
    build(&whole, header);
}

/* --- version 1 ----------------------------------------------------------- */

static void
version_1_names_both_ends(void **state)
{
    (void)state;
    assert_text("192.0.2.1:56324", "198.51.100.2:443",
        "PROXY TCP4 192.0.2.1 198.51.100.2 56324 443\r\n");
    assert_text("[2001:db8::1]:65535", "[::1]:1",
        "PROXY TCP6 2001:db8::1 ::1 65535 1\r\n");
}

static void
version_1_writes_a_mapped_address_as_what_it_is(void **state)
{
    (void)state;
    assert_text("[::ffff:192.0.2.1]:56324", "[::ffff:127.0.0.1]:443",
        "PROXY TCP4 192.0.2.1 127.0.0.1 56324 443\r\n");
}

static void
version_1_says_when_it_does_not_know(void **state)
{
    const struct proxy_facts facts = {.version = PROXY_V1};
    struct header header;

    (void)state;
    assert_text("unix:/run/a", "unix:/run/b", "PROXY UNKNOWN\r\n");
    assert_text("192.0.2.1:1", "[2001:db8::1]:1", "PROXY UNKNOWN\r\n");
    assert_text("192.0.2.1:1", "unix:/run/b", "PROXY UNKNOWN\r\n");
    build(&facts, &header);
    assert_bytes(&header, "PROXY UNKNOWN\r\n", 15);
}

/* The specification's longest line. */
static void
version_1_is_never_longer_than_it_may_be(void **state)
{
    struct header header;

    (void)state;
    build_between(PROXY_V1, "[ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff]:65535",
        "[ffff:ffff:ffff:ffff:ffff:ffff:ffff:fffe]:65535", &header);
    assert_in_range(header.len, 104, 107);
}

/* --- version 2 ----------------------------------------------------------- */

static void
version_2_names_both_ends_of_ipv4(void **state)
{
    static const char bytes[] = SIGNATURE "\x21\x11\x00\x0c"
                                          "\xc0\x00\x02\x01"
                                          "\xc6\x33\x64\x02"
                                          "\x12\x34\x01\xbb";
    struct header header;

    (void)state;
    build_between(PROXY_V2, "192.0.2.1:4660", "198.51.100.2:443", &header);
    assert_bytes(&header, bytes, sizeof(bytes) - 1);
    build_between(PROXY_V2, "[::ffff:192.0.2.1]:4660",
        "[::ffff:198.51.100.2]:443", &header);
    assert_bytes(&header, bytes, sizeof(bytes) - 1);
}

static void
version_2_names_both_ends_of_ipv6(void **state)
{
    static const char bytes[] = SIGNATURE "\x21\x21\x00\x24"
                                          "\x20\x01\x0d\xb8\0\0\0\0"
                                          "\0\0\0\0\0\0\0\x01"
                                          "\0\0\0\0\0\0\0\0"
                                          "\0\0\0\0\0\0\0\x01"
                                          "\x12\x34\x01\xbb";
    struct header header;

    (void)state;
    build_between(PROXY_V2, "[2001:db8::1]:4660", "[::1]:443", &header);
    assert_bytes(&header, bytes, sizeof(bytes) - 1);
}

static void
version_2_says_when_it_does_not_know(void **state)
{
    static const char bytes[] = SIGNATURE "\x21\x00\x00\x00";
    struct header header;

    (void)state;
    build_between(PROXY_V2, "unix:/run/a", "unix:/run/b", &header);
    assert_bytes(&header, bytes, sizeof(bytes) - 1);
    build_between(PROXY_V2, "192.0.2.1:1", "[2001:db8::1]:1", &header);
    assert_bytes(&header, bytes, sizeof(bytes) - 1);
}

static void
what_tls_has_agreed_is_told(void **state)
{
    static const char tlvs[] = "\x20\x00\x0f\x01\x00\x00\x00\x01"
                               "\x21\x00\x07TLSv1.3"
                               "\x01\x00\x02h2"
                               "\x02\x00\x07"
                               "a.b.org";
    struct proxy_facts facts = {
        .is_tls = true,
        .tls_version = text_of("TLSv1.3"),
        .alpn = text_of("h2"),
        .server_name = text_of("a.b.org"),
    };
    struct header header;

    (void)state;
    build_tls(&facts, &header);
    assert_tlvs(&header, tlvs, sizeof(tlvs) - 1);
}

static void
a_verified_client_is_named(void **state)
{
    static const char tlvs[] = "\x20\x00\x1e\x07\x00\x00\x00\x00"
                               "\x21\x00\x07TLSv1.2"
                               "\x23\x00\x04"
                               "A-B1"
                               "\x22\x00\x05"
                               "alice";
    struct proxy_facts facts = {
        .is_tls = true,
        .has_certificate = true,
        .has_identity = true,
        .is_verified = true,
        .tls_version = text_of("TLSv1.2"),
        .cipher = text_of("A-B1"),
        .common_name = text_of("alice"),
    };
    struct header header;

    (void)state;
    build_tls(&facts, &header);
    assert_tlvs(&header, tlvs, sizeof(tlvs) - 1);
}

/* It has shown its certificate when the session began, not now. */
static void
a_client_that_resumes_is_named(void **state)
{
    static const char tlvs[] = "\x20\x00\x0d\x05\x00\x00\x00\x00"
                               "\x22\x00\x05"
                               "alice";
    struct proxy_facts facts = {
        .is_tls = true,
        .has_identity = true,
        .is_verified = true,
        .common_name = text_of("alice"),
    };
    struct header header;

    (void)state;
    build_tls(&facts, &header);
    assert_tlvs(&header, tlvs, sizeof(tlvs) - 1);
}

static void
nobody_is_named_who_was_not_verified(void **state)
{
    static const char tlvs[] = "\x20\x00\x05\x07\x00\x00\x00\x01";
    static const char anonymous[] = "\x20\x00\x05\x01\x00\x00\x00\x01";
    struct proxy_facts facts = {
        .is_tls = true,
        .has_certificate = true,
        .has_identity = true,
        .common_name = text_of("alice"),
    };
    struct header header;

    (void)state;
    build_tls(&facts, &header);
    assert_tlvs(&header, tlvs, sizeof(tlvs) - 1);
    facts.has_certificate = facts.has_identity = false;
    facts.is_verified = true;
    build_tls(&facts, &header);
    assert_tlvs(&header, anonymous, sizeof(anonymous) - 1);
}

static void
plaintext_has_no_tls(void **state)
{
    struct proxy_facts facts = {.common_name = text_of("alice")};
    struct header header;

    (void)state;
    build_tls(&facts, &header);
    assert_int_equal(header.len, TAIL_OF_TCP4);
}

/* --- what does not fit --------------------------------------------------- */

static void
build_named(size_t name_len, struct header *header)
{
    static char name[PROXY_HEADER_BYTES_MAX];
    struct proxy_facts facts = {
        .is_tls = true,
        .has_identity = true,
        .is_verified = true,
        .common_name = {name, name_len},
        .server_name = text_of("a.b.org"),
    };

    memset(name, 'n', sizeof(name));
    build_tls(&facts, header);
}

static void
a_name_is_told_whole_or_not_at_all(void **state)
{
    static const char without[] = "\x20\x00\x05\x05\x00\x00\x00\x00"
                                  "\x02\x00\x07"
                                  "a.b.org";
    const size_t most = PROXY_HEADER_BYTES_MAX - TAIL_OF_TCP4 - 8 - 3;
    struct header header;

    (void)state;
    build_named(most, &header); /* and no room is left for the other */
    assert_int_equal(header.len, PROXY_HEADER_BYTES_MAX);
    assert_int_equal(header.bytes[TAIL_OF_TCP4 + 8], 0x22);
    build_named(most - 10, &header);
    assert_int_equal(header.len, PROXY_HEADER_BYTES_MAX);
    assert_memory_equal(header.bytes + header.len - 7, "a.b.org", 7);
    build_named(most + 1, &header);
    assert_tlvs(&header, without, sizeof(without) - 1);
}

static void
a_name_with_control_characters_is_left_out(void **state)
{
    static const char tlvs[] = "\x20\x00\x05\x05\x00\x00\x00\x00";
    static const char *const names[] = {"root\0.evil", "root\r\n", "ro\x7fot"};
    struct proxy_facts facts = {
        .is_tls = true, .has_identity = true, .is_verified = true};
    struct header header;

    (void)state;
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        facts.common_name = (struct proxy_text){names[i], 5};
        if (i > 0)
            facts.common_name.len = strlen(names[i]);
        build_tls(&facts, &header);
        assert_tlvs(&header, tlvs, sizeof(tlvs) - 1);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(version_1_names_both_ends),
        cmocka_unit_test(version_1_writes_a_mapped_address_as_what_it_is),
        cmocka_unit_test(version_1_says_when_it_does_not_know),
        cmocka_unit_test(version_1_is_never_longer_than_it_may_be),
        cmocka_unit_test(version_2_names_both_ends_of_ipv4),
        cmocka_unit_test(version_2_names_both_ends_of_ipv6),
        cmocka_unit_test(version_2_says_when_it_does_not_know),
        cmocka_unit_test(what_tls_has_agreed_is_told),
        cmocka_unit_test(a_verified_client_is_named),
        cmocka_unit_test(a_client_that_resumes_is_named),
        cmocka_unit_test(nobody_is_named_who_was_not_verified),
        cmocka_unit_test(plaintext_has_no_tls),
        cmocka_unit_test(a_name_is_told_whole_or_not_at_all),
        cmocka_unit_test(a_name_with_control_characters_is_left_out),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
