/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Rules by the thousand, out of a file. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "certs/rules.h"
#include "tests/unit/certs_fixture.h"
#include "tests/unit/client_fixture.h"

#define FACTS(...) ((const char *const[]){__VA_ARGS__, NULL})

static char path[] = "peers.rules";

static void
write_bytes(const char *text, size_t len)
{
    FILE *file = fopen(path, "w");

    assert_non_null(file);
    assert_int_equal(fwrite(text, 1, len, file), len);
    assert_int_equal(fclose(file), 0);
}

/* NULL: refused. The caller ends the report. */
static struct rules *
load_file(struct report *report)
{
    const struct config_clients clients = {.allow_file = path};

    report_init(report);
    return rules_load(&clients, report);
}

static struct rules *
load_text(const char *text, struct report *report)
{
    write_bytes(text, strlen(text));
    return load_file(report);
}

static void
assert_verdict(const struct rules *rules, const char *const *facts,
    enum rules_verdict expected, const char *expected_why)
{
    struct client *client = make_client(facts);
    char why[RULES_WHY_BYTES];

    assert_int_equal(rules_judge(rules, client, why, sizeof(why)), expected);
    assert_string_equal(why, expected_why);
    client_free(client);
}

static void
every_kind_is_read(void **state)
{
    struct report report;
    struct rules *rules = load_text("# who may come in\n"
                                    "\n"
                                    "cn:scada 7\n"
                                    "  ou: plant \t\r\n"
                                    "dns:*.example.com\n"
                                    "uri:spiffe://example.org/**\n"
                                    "ip:2001:db8::/32\n"
                                    "email:@example.com\n"
                                    "issuer:CN=Plant CA\n"
                                    "serial:0a:1c\n"
                                    "   # not the old one\n"
                                    "deny-cn:scada-6",
        &report);

    (void)state;
    assert_non_null(rules);
    assert_no_complaint(&report);
    assert_reported(&report, SEVERITY_NOTE,
        "clients.allow_file peers.rules: 9 rules loaded");
    assert_int_equal(rules_count(rules), 9);
    assert_true(rules_allow_any_named(rules));
    assert_verdict(rules, FACTS("cn:scada 7"), RULES_ALLOWED,
        "allow_cn scada 7 (peers.rules:3)");
    assert_verdict(rules, FACTS("ou:plant"), RULES_ALLOWED,
        "allow_ou plant (peers.rules:4)");
    assert_verdict(rules, FACTS("dns:a.example.com"), RULES_ALLOWED,
        "allow_dns *.example.com (peers.rules:5)");
    assert_verdict(rules, FACTS("uri:spiffe://example.org/a"), RULES_ALLOWED,
        "allow_uri spiffe://example.org/** (peers.rules:6)");
    assert_verdict(rules, FACTS("ip:2001:db8::5"), RULES_ALLOWED,
        "allow_ip 2001:db8::/32 (peers.rules:7)");
    assert_verdict(rules, FACTS("email:a@example.com"), RULES_ALLOWED,
        "allow_email @example.com (peers.rules:8)");
    assert_verdict(rules, FACTS("issuer:Plant CA"), RULES_ALLOWED,
        "allow_issuer CN=Plant CA (peers.rules:9)");
    assert_verdict(rules, FACTS("serial:0a1c"), RULES_ALLOWED,
        "allow_serial a1c (peers.rules:10)");
    assert_verdict(rules, FACTS("cn:scada-6", "ou:plant"), RULES_DENIED,
        "deny_cn scada-6 (peers.rules:12)");
    rules_free(rules);
    report_deinit(&report);
}

static void
mark_of_windows_is_no_part_of_the_first_rule(void **state)
{
    struct report report;
    struct rules *rules = load_text("\xef\xbb\xbf"
                                    "cn:a\r\n",
        &report);

    (void)state;
    assert_non_null(rules);
    assert_verdict(
        rules, FACTS("cn:a"), RULES_ALLOWED, "allow_cn a (peers.rules:1)");
    rules_free(rules);
    report_deinit(&report);
}

static void
errors_name_the_line(void **state)
{
    struct report report;

    (void)state;
    assert_null(load_text("cn:a\n\ndns:a..b\nscada-7\nCN:x\ndeny-ip:1\n"
                          "ip:10.0.0.1/8\ncn:\n",
        &report));
    assert_int_equal(report.error_count, 6);
    assert_reported(&report, SEVERITY_ERROR,
        "clients.allow_file peers.rules:3: a..b: it is no host name");
    assert_reported(&report, SEVERITY_ERROR,
        "clients.allow_file peers.rules:4: scada-7: it does not begin with the"
        " kind of the rule: write cn:");
    assert_reported(&report, SEVERITY_ERROR, "peers.rules:5: CN:x: ");
    assert_reported(&report, SEVERITY_ERROR, "peers.rules:6: 1: it is no addr");
    assert_reported(
        &report, SEVERITY_ERROR, "peers.rules:7: 10.0.0.1/8: the address has");
    assert_reported(&report, SEVERITY_ERROR, "peers.rules:8: : it is empty");
    report_deinit(&report);
}

/* A rule cannot be smuggled behind what an editor shows. */
static void
zero_byte_is_refused(void **state)
{
    static const char text[] = "cn:a\0cn:b\n";
    struct report report;

    (void)state;
    write_bytes(text, sizeof(text) - 1);
    assert_null(load_file(&report));
    assert_reported(&report, SEVERITY_ERROR,
        "peers.rules:1: a\\x00cn:b: it has a control character");
    report_deinit(&report);
}

static void
a_file_of_something_else_is_given_up_soon(void **state)
{
    char text[3000];
    struct report report;

    (void)state;
    for (size_t i = 0; i < sizeof(text); i++)
        text[i] = i % 3 == 2 ? '\n' : 'x';
    write_bytes(text, sizeof(text));
    assert_null(load_file(&report));
    assert_int_equal(report.error_count, 21);
    assert_reported(
        &report, SEVERITY_ERROR, "peers.rules:20: further lines were not read");
    report_deinit(&report);
}

static void
file_without_a_rule_is_warned_of(void **state)
{
    struct report report;
    struct rules *rules = load_text("# later\n", &report);

    (void)state;
    assert_non_null(rules);
    assert_reported(&report, SEVERITY_WARNING,
        "clients.allow_file peers.rules: it holds no rule");
    assert_false(rules_allow_any_named(rules));
    rules_free(rules);
    report_deinit(&report);
}

static void
missing_and_empty_files_are_refused(void **state)
{
    struct report report;

    (void)state;
    assert_int_equal(remove(path), 0);
    assert_null(load_file(&report));
    assert_true(has_code(&report, SL_FILE_MISSING));
    report_deinit(&report);
    write_bytes("", 0);
    assert_null(load_file(&report));
    assert_true(has_code(&report, SL_FILE_KIND));
    report_deinit(&report);
}

static void
lines_that_are_there_twice_are_noted(void **state)
{
    struct report report;
    struct rules *rules =
        load_text("cn:a\ndns:x.org\ndns:X.ORG.\ncn:a\n", &report);

    (void)state;
    assert_non_null(rules);
    assert_int_equal(rules_count(rules), 2);
    assert_reported(&report, SEVERITY_NOTE,
        "clients.allow_file peers.rules: 2 of the rules were there already,"
        " the first in line 3");
    rules_free(rules);
    report_deinit(&report);
}

static void
rules_of_file_and_configuration_hold_together(void **state)
{
    char name[] = "from-ini";
    char *items[] = {name};
    struct config_clients clients = {.allow_file = path};
    struct report report;
    struct rules *rules;

    (void)state;
    clients.allow_names[RULE_CN] = (struct string_list){items, 1};
    write_bytes("cn:from-file\n", 13);
    report_init(&report);
    rules = rules_load(&clients, &report);
    assert_non_null(rules);
    assert_verdict(
        rules, FACTS("cn:from-ini"), RULES_ALLOWED, "allow_cn from-ini");
    assert_verdict(rules, FACTS("cn:from-file"), RULES_ALLOWED,
        "allow_cn from-file (peers.rules:1)");
    rules_free(rules);
    report_deinit(&report);
}

/* --- thousands ----------------------------------------------------------- */

static void
write_many(unsigned count)
{
    FILE *file = fopen(path, "w");

    assert_non_null(file);
    for (unsigned i = 0; i < count; i++)
        switch (i % 5) {
        case 0:
            assert_true(fprintf(file, "cn:client-%u\n", i) > 0);
            break;
        case 1:
            assert_true(fprintf(file, "dns:*.c%u.example.com\n", i) > 0);
            break;
        case 2:
            assert_true(
                fprintf(file, "uri:spiffe://example.org/ns/%u/**\n", i) > 0);
            break;
        case 3:
            assert_true(
                fprintf(file, "ip:10.%u.%u.0/24\n", i >> 8 & 255, i & 255) > 0);
            break;
        default:
            assert_true(fprintf(file, "deny-serial:%x\n", i) > 0);
            break;
        }
    assert_int_equal(fclose(file), 0);
}

static void
ten_thousand_rules_are_told_apart(void **state)
{
    struct report report;
    struct rules *rules;

    (void)state;
    write_many(10000);
    rules = load_file(&report);
    assert_non_null(rules);
    assert_int_equal(rules_count(rules), 10000);
    assert_verdict(rules, FACTS("cn:client-9995"), RULES_ALLOWED,
        "allow_cn client-9995 (peers.rules:9996)");
    assert_verdict(rules, FACTS("cn:client-9996", "dns:x.c9996.example.com"),
        RULES_ALLOWED, "allow_dns *.c9996.example.com (peers.rules:9997)");
    assert_verdict(rules, FACTS("uri:spiffe://example.org/ns/9997/a/b"),
        RULES_ALLOWED,
        "allow_uri spiffe://example.org/ns/9997/** (peers.rules:9998)");
    assert_verdict(rules, FACTS("ip:10.39.14.77"), RULES_ALLOWED,
        "allow_ip 10.39.14.0/24 (peers.rules:9999)");
    assert_verdict(rules, FACTS("cn:client-0", "serial:270f"), RULES_DENIED,
        "deny_serial 270f (peers.rules:10000)");
    assert_verdict(rules, FACTS("cn:client-10000"), RULES_NO_MATCH,
        "no allow_* rule names it: CN \"client-10000\"");
    rules_free(rules);
    report_deinit(&report);
}

static void
more_than_a_million_lines_are_refused(void **state)
{
    struct report report;
    FILE *file = fopen(path, "w");

    (void)state;
    assert_non_null(file);
    for (int i = 0; i <= RULES_MAX; i++)
        assert_true(fputs("cn:a\n", file) >= 0);
    assert_int_equal(fclose(file), 0);
    assert_null(load_file(&report));
    assert_reported(&report, SEVERITY_ERROR,
        "peers.rules:1000001: there are more than 1000000 rules");
    report_deinit(&report);
}

static void
larger_file_than_64_mib_is_refused(void **state)
{
    struct report report;

    (void)state;
    write_bytes("cn:a\n", 5);
    assert_int_equal(truncate(path, RULES_FILE_BYTES_MAX + 1), 0);
    assert_null(load_file(&report));
    assert_reported(&report, SEVERITY_ERROR, "is larger than 64 MiB");
    report_deinit(&report);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_kind_is_read),
        cmocka_unit_test(mark_of_windows_is_no_part_of_the_first_rule),
        cmocka_unit_test(errors_name_the_line),
        cmocka_unit_test(zero_byte_is_refused),
        cmocka_unit_test(a_file_of_something_else_is_given_up_soon),
        cmocka_unit_test(file_without_a_rule_is_warned_of),
        cmocka_unit_test(missing_and_empty_files_are_refused),
        cmocka_unit_test(lines_that_are_there_twice_are_noted),
        cmocka_unit_test(rules_of_file_and_configuration_hold_together),
        cmocka_unit_test(ten_thousand_rules_are_told_apart),
        cmocka_unit_test(more_than_a_million_lines_are_refused),
        cmocka_unit_test(larger_file_than_64_mib_is_refused),
    };

    return cmocka_run_group_tests(tests, certs_start, certs_stop);
}
