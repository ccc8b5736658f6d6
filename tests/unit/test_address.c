/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Addresses: what may be written, the reason why something may not, and that
 * text and address are two forms of the same.
 */
#include <arpa/inet.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "config/address.h"

static struct address
parsed(const char *text)
{
    struct address address;
    char why[256] = "";

    if (address_parse(&address, text, why, sizeof(why)) < 0)
        fail_msg("%s was refused: %s", text, why);
    return address;
}

static void
assert_text(const char *text, const char *canonical)
{
    struct address address = parsed(text);
    struct address again;
    char out[ADDRESS_TEXT_BYTES];

    address_format(&address, out, sizeof(out));
    assert_string_equal(out, canonical);
    again = parsed(out);
    assert_true(address_equal(&address, &again));
    assert_int_equal(address.len, again.len);
}

static void
refuse(const char *text, const char *reason_part)
{
    struct address address;
    char why[256] = "";

    if (address_parse(&address, text, why, sizeof(why)) == 0)
        fail_msg("'%s' was accepted", text);
    if (strstr(why, reason_part) == NULL)
        fail_msg("'%s': the reason is: %s", text, why);
}

static void
ipv4_is_read_and_written(void **state)
{
    struct address address = parsed("192.0.2.7:8443");

    (void)state;
    assert_int_equal(address.sock.v4.sin_family, AF_INET);
    assert_int_equal(address.sock.v4.sin_addr.s_addr, inet_addr("192.0.2.7"));
    assert_int_equal(address.sock.v4.sin_port, htons(8443));
    assert_int_equal(address.len, sizeof(struct sockaddr_in));
    assert_text("192.0.2.7:8443", "192.0.2.7:8443");
    assert_text("192.0.2.7:08443", "192.0.2.7:8443");
}

static void
ipv6_stands_in_brackets(void **state)
{
    struct address address = parsed("[2001:db8::1]:443");

    (void)state;
    assert_int_equal(address.sock.v6.sin6_family, AF_INET6);
    assert_int_equal(address.sock.v6.sin6_port, htons(443));
    assert_int_equal(address.len, sizeof(struct sockaddr_in6));
    assert_text("[2001:DB8:0:0::1]:443", "[2001:db8::1]:443");
    assert_text("[::]:0", "[::]:0");
    assert_text("[::ffff:127.0.0.1]:1", "[::ffff:127.0.0.1]:1");
}

static void
an_ipv6_zone_may_be_number_or_name(void **state)
{
    struct address by_name = parsed("[fe80::1%lo]:443");

    (void)state;
    assert_int_not_equal(by_name.sock.v6.sin6_scope_id, 0);
    assert_text("[fe80::1%7]:443", "[fe80::1%7]:443");
    refuse("[fe80::1%nosuchlink]:443", "no network interface nosuchlink");
    refuse("[fe80::1%]:443", "no network interface");
    refuse("[fe80::1%99999999999]:443", "no network interface");
}

static void
localhost_is_ipv4_loopback(void **state)
{
    (void)state;
    assert_text("localhost:8080", "127.0.0.1:8080");
    assert_text("LocalHost:8080", "127.0.0.1:8080");
}

static void
no_host_and_a_star_mean_every_ipv4_address(void **state)
{
    (void)state;
    assert_text(":8443", "0.0.0.0:8443");
    assert_text("*:8443", "0.0.0.0:8443");
}

static void
a_unix_path_is_taken_as_it_is(void **state)
{
    struct address address = parsed("unix:/run/a b:c.sock");

    (void)state;
    assert_true(address_is_unix(&address));
    assert_string_equal(address.sock.local.sun_path, "/run/a b:c.sock");
    assert_text("unix:/run/a b:c.sock", "unix:/run/a b:c.sock");
    assert_text("unix:relative", "unix:relative");
}

static void
the_longest_unix_path_fits_and_one_more_does_not(void **state)
{
    char text[5 + 108 + 1] = "unix:";

    (void)state;
    memset(text + 5, 'x', 108);
    text[5 + 108] = '\0';
    refuse(text, "at most 107 characters, not 108");
    text[5 + 107] = '\0';
    assert_text(text, text);
}

static void
unix_paths_that_cannot_be_are_refused(void **state)
{
    (void)state;
    refuse("unix:", "needs a path");
    refuse("unix:/run/a\nb", "control character");
    refuse("unix:/run/\x7f", "control character");
}

static void
ports_are_numbers_in_range(void **state)
{
    (void)state;
    assert_text("127.0.0.1:0", "127.0.0.1:0");
    assert_text("127.0.0.1:65535", "127.0.0.1:65535");
    refuse("127.0.0.1:65536", "port 65536 is not between 1 and 65535");
    refuse("127.0.0.1:70000", "port 70000 is not between 1 and 65535");
    refuse("127.0.0.1:99999999999999999999", "is not between");
    refuse("127.0.0.1:http", "port http is not a number");
    refuse("127.0.0.1:-1", "port -1 is not a number");
    refuse("127.0.0.1:80 ", "is not a number");
    refuse("127.0.0.1:", "port is missing");
    refuse("[::1]:", "port is missing");
}

static void
names_are_not_looked_up(void **state)
{
    (void)state;
    refuse("example.org:443", "not looked up");
    refuse("127.0.0.1.example:443", "not looked up");
    refuse("256.0.0.1:443", "is not an IP address");
    refuse("127.1:443", "is not an IP address");
    refuse("0x7f.0.0.1:443", "is not an IP address");
}

static void
what_is_no_address_is_refused_with_the_form(void **state)
{
    (void)state;
    refuse("", "write ADDRESS:PORT");
    refuse("8443", "write ADDRESS:PORT");
    refuse("127.0.0.1", "port is missing: 127.0.0.1:PORT");
    refuse("::1:8443", "brackets");
    refuse("::1", "brackets");
    refuse("[::1]", "brackets");
    refuse("[::1]8443", "brackets");
    refuse("[::1", "brackets");
    refuse("[]:1", "not an IPv6 address");
    refuse("[127.0.0.1]:1", "not an IPv6 address");
    refuse("http://127.0.0.1:80", "not a URL");
}

static void
an_overlong_host_is_refused(void **state)
{
    char text[4096];

    (void)state;
    memset(text, '1', sizeof(text));
    memcpy(text + sizeof(text) - 4, ":80", 4);
    refuse(text, "write ADDRESS:PORT");
}

static void
equality_is_of_family_host_port_and_zone(void **state)
{
    static const char *const texts[] = {"127.0.0.1:1", "127.0.0.1:2",
        "127.0.0.2:1", "[::1]:1", "[::1]:2", "[::2]:1", "[fe80::1%1]:1",
        "[fe80::1%2]:1", "[::ffff:127.0.0.1]:1", "unix:/a", "unix:/b"};

    (void)state;
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        for (size_t j = 0; j < sizeof(texts) / sizeof(texts[0]); j++) {
            struct address a = parsed(texts[i]);
            struct address b = parsed(texts[j]);

            assert_int_equal(address_equal(&a, &b), i == j);
        }
    }
}

static void
loopback_is_what_never_leaves_the_machine(void **state)
{
    static const char *const inside[] = {"127.0.0.1:1", "127.255.255.255:1",
        "[::1]:1", "[::ffff:127.0.0.1]:1", "unix:/a"};
    static const char *const outside[] = {"128.0.0.1:1", "126.255.255.255:1",
        "0.0.0.0:1", "[::]:1", "[::2]:1", "[::ffff:10.0.0.1]:1",
        "[fe80::1%1]:1"};

    (void)state;
    for (size_t i = 0; i < sizeof(inside) / sizeof(inside[0]); i++) {
        struct address address = parsed(inside[i]);

        assert_true(address_is_loopback(&address));
    }
    for (size_t i = 0; i < sizeof(outside) / sizeof(outside[0]); i++) {
        struct address address = parsed(outside[i]);

        assert_false(address_is_loopback(&address));
    }
}

static void
the_same_host_has_any_port(void **state)
{
    struct address v4 = parsed("192.0.2.1:1");
    struct address v4_port = parsed("192.0.2.1:2");
    struct address v4_other = parsed("192.0.2.2:1");
    struct address mapped = parsed("[::ffff:192.0.2.1]:1");
    struct address v6 = parsed("[2001:db8::1]:1");
    struct address v6_port = parsed("[2001:db8::1]:2");
    struct address v6_other = parsed("[2001:db8::2]:1");
    struct address local = parsed("unix:/a");
    struct address local_other = parsed("unix:/b");

    (void)state;
    assert_true(address_same_host(&v4, &v4_port));
    assert_true(address_same_host(&v4, &mapped));
    assert_true(address_same_host(&v6, &v6_port));
    assert_true(address_same_host(&local, &local_other));
    assert_false(address_same_host(&v4, &v4_other));
    assert_false(address_same_host(&v6, &v6_other));
    assert_false(address_same_host(&v4, &v6));
    assert_false(address_same_host(&v6, &local));
}

static void
an_unnamed_unix_peer_has_no_path(void **state)
{
    struct sockaddr_un peer = {.sun_family = AF_UNIX};
    struct address address;
    char out[ADDRESS_TEXT_BYTES];

    (void)state;
    /* What accept returns for it: the family and nothing else. */
    address_from_sockaddr(&address, (struct sockaddr *)&peer,
        offsetof(struct sockaddr_un, sun_path));
    address_format(&address, out, sizeof(out));
    assert_string_equal(out, "unix:");
}

static void
a_unix_peer_cannot_break_the_line(void **state)
{
    struct sockaddr_un peer = {.sun_family = AF_UNIX};
    struct address address;
    char out[ADDRESS_TEXT_BYTES];
    static const char abstract[] = "\0ab\nc";

    (void)state;
    memcpy(peer.sun_path, abstract, sizeof(abstract) - 1);
    address_from_sockaddr(&address, (struct sockaddr *)&peer,
        (socklen_t)(offsetof(struct sockaddr_un, sun_path) + sizeof(abstract)
                    - 1));
    address_format(&address, out, sizeof(out));
    assert_string_equal(out, "unix:@ab?c");
}

static void
a_path_that_fills_the_field_is_written_whole(void **state)
{
    struct sockaddr_un peer = {.sun_family = AF_UNIX};
    struct address address;
    char out[ADDRESS_TEXT_BYTES];

    (void)state;
    /* unix(7): the kernel accepts a path without NUL at its end. */
    memset(peer.sun_path, 'x', sizeof(peer.sun_path));
    address_from_sockaddr(
        &address, (struct sockaddr *)&peer, sizeof(struct sockaddr_un));
    address_format(&address, out, sizeof(out));
    assert_int_equal(strlen(out), 5 + sizeof(peer.sun_path));
}

static void
an_address_of_another_family_is_unknown(void **state)
{
    struct sockaddr other = {.sa_family = AF_APPLETALK};
    struct address address;
    char out[ADDRESS_TEXT_BYTES];

    (void)state;
    address_from_sockaddr(&address, &other, sizeof(other));
    address_format(&address, out, sizeof(out));
    assert_string_equal(out, "unknown");
    assert_false(address_is_loopback(&address));
    assert_false(address_same_host(&address, &address));
    assert_false(address_equal(&address, &address));
}

static void
short_room_cuts_the_text(void **state)
{
    struct address v4 = parsed("127.0.0.1:8443");
    struct address local = parsed("unix:/run/app.sock");
    char out[8] = "zzzzzzz";

    (void)state;
    address_format(&v4, out, sizeof(out));
    assert_string_equal(out, "127.0.0");
    address_format(&local, out, sizeof(out));
    assert_string_equal(out, "unix:/r");
    address_format(&local, out, 3);
    assert_string_equal(out, "un");
    address_format(&v4, out, 0);
    assert_string_equal(out, "un");
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ipv4_is_read_and_written),
        cmocka_unit_test(ipv6_stands_in_brackets),
        cmocka_unit_test(an_ipv6_zone_may_be_number_or_name),
        cmocka_unit_test(localhost_is_ipv4_loopback),
        cmocka_unit_test(no_host_and_a_star_mean_every_ipv4_address),
        cmocka_unit_test(a_unix_path_is_taken_as_it_is),
        cmocka_unit_test(the_longest_unix_path_fits_and_one_more_does_not),
        cmocka_unit_test(unix_paths_that_cannot_be_are_refused),
        cmocka_unit_test(ports_are_numbers_in_range),
        cmocka_unit_test(names_are_not_looked_up),
        cmocka_unit_test(what_is_no_address_is_refused_with_the_form),
        cmocka_unit_test(an_overlong_host_is_refused),
        cmocka_unit_test(equality_is_of_family_host_port_and_zone),
        cmocka_unit_test(loopback_is_what_never_leaves_the_machine),
        cmocka_unit_test(the_same_host_has_any_port),
        cmocka_unit_test(an_unnamed_unix_peer_has_no_path),
        cmocka_unit_test(a_unix_peer_cannot_break_the_line),
        cmocka_unit_test(a_path_that_fills_the_field_is_written_whole),
        cmocka_unit_test(an_address_of_another_family_is_unknown),
        cmocka_unit_test(short_room_cuts_the_text),
    };

    return cmocka_run_group_tests_name("address", tests, NULL, NULL);
}
