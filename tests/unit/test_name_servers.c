/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What resolv.conf and hosts say. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "proxy/name_servers.h"

static char path[] = "/tmp/sidelock-unit-XXXXXX";

static void
write_file(const char *text)
{
    FILE *file = fopen(path, "w");

    assert_non_null(file);
    assert_true(fputs(text, file) >= 0);
    assert_int_equal(fclose(file), 0);
}

static void
assert_address(const struct address *address, const char *expected)
{
    char text[ADDRESS_TEXT_BYTES];

    address_format(address, text, sizeof(text));
    assert_string_equal(text, expected);
}

static void
servers_are_read(void **state)
{
    struct name_servers servers;

    (void)state;
    write_file("# nameserver 10.0.0.9\n"
               "search example.org\n"
               "\n"
               "nameserver\t10.0.0.1 # the first\n"
               "nameserver not-an-address\n"
               "nameservers 10.0.0.8\n"
               "  nameserver 2001:db8::1\r\n"
               "options timeout:1\n"
               "nameserver fe80::1%1\n"
               "nameserver 10.0.0.4\n");
    name_servers_read(&servers, path);
    assert_int_equal(servers.count, 3);
    assert_address(&servers.items[0], "10.0.0.1:53");
    assert_address(&servers.items[1], "[2001:db8::1]:53");
    assert_int_equal(servers.items[2].sock.v6.sin6_scope_id, 1);
}

static void
without_any_this_machine_is_asked(void **state)
{
    static const char *const paths[] = {path, "/nowhere/at/all"};
    struct name_servers servers;

    (void)state;
    write_file("search example.org\n");
    for (size_t i = 0; i < 2; i++) {
        name_servers_read(&servers, paths[i]);
        assert_int_equal(servers.count, 1);
        assert_address(&servers.items[0], "127.0.0.1:53");
    }
}

static void
hosts_are_found(void **state)
{
    struct address found[4];

    (void)state;
    write_file("127.0.0.1 localhost\n"
               "10.0.0.1\tweb.example.org web # its name: other\n"
               "#10.0.0.2 web\n"
               "2001:db8::1 Web\n"
               "not-an-address web\n"
               "10.0.0.3 webx\n"
               "10.0.0.4\n"
               "10.0.0.5 last web");
    assert_int_equal(hosts_find(path, "WEB.", found, 4), 3);
    assert_address(&found[0], "10.0.0.1:0");
    assert_address(&found[1], "[2001:db8::1]:0");
    assert_address(&found[2], "10.0.0.5:0");
    assert_int_equal(hosts_find(path, "web", found, 2), 2);
    assert_int_equal(hosts_find(path, "web.example.org", found, 4), 1);
    assert_int_equal(hosts_find(path, "other", found, 4), 0);
    assert_int_equal(hosts_find(path, "", found, 4), 0);
    assert_int_equal(hosts_find("/nowhere/at/all", "web", found, 4), 0);
}

/* Also one that is one line. */
static void
a_file_without_end_is_not_read_to_its_end(void **state)
{
    struct address found[4];
    FILE *file = fopen(path, "w");

    (void)state;
    assert_non_null(file);
    for (int i = 0; i < 30000; i++)
        (void)fprintf(file, "10.0.0.1 x%d\n", i);
    assert_int_equal(fclose(file), 0);
    assert_int_equal(hosts_find(path, "x10", found, 4), 1);
    assert_int_equal(hosts_find(path, "x29999", found, 4), 0);
    assert_int_equal(hosts_find("/dev/zero", "x", found, 4), 0);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(servers_are_read),
        cmocka_unit_test(without_any_this_machine_is_asked),
        cmocka_unit_test(hosts_are_found),
        cmocka_unit_test(a_file_without_end_is_not_read_to_its_end),
    };
    int fd = mkstemp(path);
    int failed;

    if (fd < 0)
        return 1;
    close(fd);
    failed = cmocka_run_group_tests(tests, NULL, NULL);
    unlink(path);
    return failed;
}
