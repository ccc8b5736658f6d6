/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Loading an identity: what kinds of certificates and keys are taken, and
 * what is known of them afterwards. What is refused is in
 * test_identity_refused.c, chains are in test_identity_chain.c.
 */
#include <sys/stat.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "certs/secret.h"
#include "tests/unit/certs_fixture.h"
#include "tests/unit/config_fixture.h"

static void
loads_as(const char *cert, const char *key, enum key_type type)
{
    const struct pair pair = {.cert = cert, .key = key};
    struct identity *identity = load_good(&pair);

    assert_int_equal(identity->key_type, type);
    assert_true(identity->key.len > 0);
    identity_unref(identity);
}

static void
ecdsa_p256_loads(void **state)
{
    (void)state;
    loads_as("server.pem", "server.key", KEY_ECDSA);
}

static void
ecdsa_p384_loads(void **state)
{
    (void)state;
    loads_as("server-p384.pem", "server-p384.key", KEY_ECDSA);
}

static void
rsa_loads(void **state)
{
    (void)state;
    loads_as("server-rsa.pem", "server-rsa.key", KEY_RSA);
}

static void
ed25519_loads(void **state)
{
    (void)state;
    loads_as("server-ed25519.pem", "server-ed25519.key", KEY_ED25519);
}

static void
sec1_key_loads(void **state)
{
    (void)state;
    loads_as("server.pem", "server-sec1.key", KEY_ECDSA);
}

static void
pkcs1_key_loads(void **state)
{
    (void)state;
    loads_as("server-rsa.pem", "server-pkcs1.key", KEY_RSA);
}

/* As "openssl ecparam -genkey" writes it: the curve in a block of its own. */
static void
key_after_its_parameters_loads(void **state)
{
    static const char parameters[] = "-----BEGIN EC PARAMETERS-----\n"
                                     "BggqhkjOPQMBBw==\n"
                                     "-----END EC PARAMETERS-----\n";
    const char *const parts[] = {"parameters", "server-sec1.key", NULL};

    (void)state;
    write_file("parameters", parameters, strlen(parameters));
    join_files("ecparam.key", parts);
    loads_as("server.pem", "ecparam.key", KEY_ECDSA);
}

static void
combined_file_serves_as_both(void **state)
{
    (void)state;
    loads_as("combined.pem", "combined.pem", KEY_ECDSA);
}

static void
key_is_looked_for_in_the_certificate_file_when_none_is_named(void **state)
{
    (void)state;
    loads_as("combined.pem", "", KEY_ECDSA);
}

static void
self_signed_loads(void **state)
{
    (void)state;
    loads_as("self-signed.pem", "self-signed.key", KEY_ECDSA);
}

static void
text_around_the_blocks_is_ignored(void **state)
{
    const struct pair pair = {.cert = "commented.pem", .key = "server.key"};
    const char *const parts[] = {"comment", "server.pem", "comment", NULL};
    static const char comment[] = "subject=CN = web\nissuer=CN = ca\n\n";
    struct identity *identity;

    (void)state;
    write_file("comment", comment, strlen(comment));
    join_files("commented.pem", parts);
    identity = load_good(&pair);
    assert_int_equal(identity->chain_count, 2);
    identity_unref(identity);
}

/* What an editor of another system leaves of a file. */
static void
write_with_crlf(const char *to, const char *from)
{
    struct blob content = read_file(from);
    struct blob wide = {.data = test_malloc(content.len * 2), .len = 0};

    for (size_t i = 0; i < content.len; i++) {
        if (content.data[i] == '\n')
            wide.data[wide.len++] = '\r';
        wide.data[wide.len++] = content.data[i];
    }
    write_blob(to, &wide);
    test_free(wide.data);
    blob_free(&content);
}

static void
lines_may_end_with_carriage_returns(void **state)
{
    (void)state;
    write_with_crlf("crlf.pem", "server.pem");
    write_with_crlf("crlf.key", "server.key");
    loads_as("crlf.pem", "crlf.key", KEY_ECDSA);
}

static void
last_line_may_have_no_end(void **state)
{
    struct blob content = read_file("server.pem");

    (void)state;
    content.len--;
    write_blob("unfinished.pem", &content);
    blob_free(&content);
    loads_as("unfinished.pem", "server.key", KEY_ECDSA);
}

static void
good_pair_gives_no_complaint(void **state)
{
    const struct pair pair = {.cert = "server.pem",
        .key = "server.key",
        .server_name = "localhost",
        .chain_root = "ca.pem"};
    struct report report;
    struct identity *identity;

    (void)state;
    report_init(&report);
    identity = load_pair(&pair, &report);
    assert_non_null(identity);
    assert_no_complaint(&report);
    identity_unref(identity);
    report_deinit(&report);
}

/* --- names --------------------------------------------------------------- */

static void
is_called(const struct pair *pair, const char *name)
{
    struct identity *identity = load_good(pair);

    assert_string_equal(identity->name, name);
    identity_unref(identity);
}

static void
name_is_the_server_name_when_set(void **state)
{
    const struct pair pair = {
        .cert = "server.pem", .key = "server.key", .server_name = "127.0.0.1"};

    (void)state;
    is_called(&pair, "127.0.0.1");
}

static void
name_is_else_the_first_dns_name(void **state)
{
    const struct pair pair = {
        .cert = "server-two-names.pem", .key = "server.key"};
    const char *const arguments[] = {"req", "-x509", "-key", "server.key",
        "-subj", "/CN=common", "-addext",
        "subjectAltName=IP:127.0.0.1,DNS:first.example,DNS:second.example",
        "-out", "server-two-names.pem", NULL};

    (void)state;
    run_openssl(arguments);
    is_called(&pair, "first.example");
}

static void
name_is_else_the_common_name(void **state)
{
    const struct pair pair = {.cert = "server-cnonly.pem", .key = "server.key"};

    (void)state;
    is_called(&pair, "localhost");
}

/* A name goes to terminals and into the log. */
static void
name_is_escaped(void **state)
{
    const struct pair pair = {.cert = "escape.pem", .key = "server.key"};
    const char *const arguments[] = {"req", "-x509", "-utf8", "-key",
        "server.key", "-subj", "/CN=evil\033[2J\"name", "-out", "escape.pem",
        NULL};

    (void)state;
    run_openssl(arguments);
    is_called(&pair, "evil\\x1b[2J\\x22name");
}

/* --- what is known of the certificates ----------------------------------- */

static void
chain_is_described_leaf_first(void **state)
{
    const struct pair pair = {.cert = "server.pem", .key = "server.key"};
    struct identity *identity = load_good(&pair);

    (void)state;
    assert_int_equal(identity->chain_count, 2);
    assert_non_null(strstr(identity->info[0].subject, "CN=localhost"));
    assert_string_equal(identity->info[0].issuer, identity->info[1].subject);
    assert_non_null(
        strstr(identity->info[1].issuer, "CN=sidelock development root"));
    identity_unref(identity);
}

/* --- its names ------------------------------------------------------------ */

static bool
has_name(const struct identity *identity, const char *name)
{
    for (size_t i = 0; i < identity->name_count; i++)
        if (strcmp(identity->names[i], name) == 0)
            return true;
    return false;
}

/* A certificate of its own with this subject, and with this SAN unless NULL;
 * for server.key. */
static struct identity *
load_named(const char *subject, const char *san)
{
    const struct pair pair = {.cert = "named.pem", .key = "server.key"};
    const char *const with_san[] = {"req", "-x509", "-key", "server.key",
        "-subj", subject, "-out", "named.pem", "-addext", san, NULL};
    const char *const without[] = {"req", "-x509", "-key", "server.key",
        "-subj", subject, "-out", "named.pem", NULL};

    run_openssl(san != NULL ? with_san : without);
    return load_good(&pair);
}

static void
names_are_those_of_the_san_in_lower_case(void **state)
{
    struct identity *identity = load_named("/CN=common.example",
        "subjectAltName=DNS:One.Example,DNS:*.two.EXAMPLE,IP:127.0.0.1,"
        "DNS:xn--bcher-kva.example");

    (void)state;
    assert_int_equal(identity->name_count, 3);
    assert_true(has_name(identity, "one.example"));
    assert_true(has_name(identity, "*.two.example"));
    assert_true(has_name(identity, "xn--bcher-kva.example"));
    identity_unref(identity);
}

static void
name_is_the_cn_without_a_dns_name_in_the_san(void **state)
{
    struct identity *identity =
        load_named("/CN=Common.example", "subjectAltName=IP:127.0.0.1");

    (void)state;
    assert_int_equal(identity->name_count, 1);
    assert_true(has_name(identity, "common.example"));
    identity_unref(identity);
}

static void
names_that_are_no_hosts_are_left_out(void **state)
{
    struct identity *identity = load_named("/CN=A person",
        "subjectAltName=DNS:good.example,DNS:with blank,DNS:a/b,DNS:[x]");

    (void)state;
    assert_int_equal(identity->name_count, 1);
    assert_true(has_name(identity, "good.example"));
    identity_unref(identity);
}

static void
certificate_without_a_host_has_no_names(void **state)
{
    struct identity *identity = load_named("/CN=A person", NULL);

    (void)state;
    assert_int_equal(identity->name_count, 0);
    assert_null(identity->names);
    identity_unref(identity);
}

/* The text that openssl prints after "=" for an option of "x509". */
static void
ask_openssl(const char *option, char *out, size_t cap)
{
    char command[128];
    FILE *pipe;
    char *value;

    (void)snprintf(command, sizeof(command),
        "openssl x509 -in server.pem -noout -sha256 %s", option);
    /* NOLINTNEXTLINE(cert-env33-c): of constants */
    pipe = popen(command, "r");
    assert_non_null(pipe);
    assert_non_null(fgets(out, (int)cap, pipe));
    assert_int_equal(pclose(pipe), 0);
    value = strchr(out, '=') + 1;
    value[strcspn(value, "\n")] = '\0';
    memmove(out, value, strlen(value) + 1);
}

static void
serial_is_what_openssl_prints(void **state)
{
    const struct pair pair = {.cert = "server.pem", .key = "server.key"};
    struct identity *identity = load_good(&pair);
    char expected[128];

    (void)state;
    ask_openssl("-serial", expected, sizeof(expected));
    assert_string_equal(identity->info[0].serial, expected);
    identity_unref(identity);
}

static void
fingerprint_is_what_openssl_prints(void **state)
{
    const struct pair pair = {.cert = "server.pem", .key = "server.key"};
    struct identity *identity = load_good(&pair);
    char expected[256];
    char *to = expected;

    (void)state;
    ask_openssl("-fingerprint", expected, sizeof(expected));
    for (const char *from = expected; *from != '\0'; from++)
        if (*from != ':')
            *to++ = *from;
    *to = '\0';
    assert_string_equal(identity->info[0].fingerprint, expected);
    identity_unref(identity);
}

static void
dates_are_what_openssl_prints(void **state)
{
    const struct pair pair = {.cert = "server.pem", .key = "server.key"};
    struct identity *identity = load_good(&pair);
    char expected[128];
    struct tm end = {.tm_isdst = 0};

    (void)state;
    ask_openssl("-enddate", expected, sizeof(expected));
    assert_non_null(strptime(expected, "%b %d %H:%M:%S %Y GMT", &end));
    assert_int_equal(identity->info[0].not_after, timegm(&end));
    identity_unref(identity);
}

static void
end_is_the_earliest_of_the_chain(void **state)
{
    struct certificate_info info[] = {
        {.not_after = 300}, {.not_after = 100}, {.not_after = 200}};
    struct identity identity = {.chain_count = 3, .info = info};

    (void)state;
    assert_int_equal(identity_not_after(&identity), 100);
}

static void
is_current_only_while_all_of_the_chain_is(void **state)
{
    struct certificate_info info[] = {{.not_before = 100, .not_after = 300},
        {.not_before = 150, .not_after = 200}};
    struct identity identity = {.chain_count = 2, .info = info};

    (void)state;
    assert_false(identity_is_current(&identity, 149));
    assert_true(identity_is_current(&identity, 150));
    assert_true(identity_is_current(&identity, 200));
    assert_false(identity_is_current(&identity, 201));
}

static void
free_takes_null(void **state)
{
    (void)state;
    identity_unref(NULL);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ecdsa_p256_loads),
        cmocka_unit_test(ecdsa_p384_loads),
        cmocka_unit_test(rsa_loads),
        cmocka_unit_test(ed25519_loads),
        cmocka_unit_test(sec1_key_loads),
        cmocka_unit_test(pkcs1_key_loads),
        cmocka_unit_test(key_after_its_parameters_loads),
        cmocka_unit_test(combined_file_serves_as_both),
        cmocka_unit_test(
            key_is_looked_for_in_the_certificate_file_when_none_is_named),
        cmocka_unit_test(self_signed_loads),
        cmocka_unit_test(text_around_the_blocks_is_ignored),
        cmocka_unit_test(lines_may_end_with_carriage_returns),
        cmocka_unit_test(last_line_may_have_no_end),
        cmocka_unit_test(good_pair_gives_no_complaint),
        cmocka_unit_test(name_is_the_server_name_when_set),
        cmocka_unit_test(name_is_else_the_first_dns_name),
        cmocka_unit_test(name_is_else_the_common_name),
        cmocka_unit_test(name_is_escaped),
        cmocka_unit_test(chain_is_described_leaf_first),
        cmocka_unit_test(names_are_those_of_the_san_in_lower_case),
        cmocka_unit_test(name_is_the_cn_without_a_dns_name_in_the_san),
        cmocka_unit_test(names_that_are_no_hosts_are_left_out),
        cmocka_unit_test(certificate_without_a_host_has_no_names),
        cmocka_unit_test(serial_is_what_openssl_prints),
        cmocka_unit_test(fingerprint_is_what_openssl_prints),
        cmocka_unit_test(dates_are_what_openssl_prints),
        cmocka_unit_test(end_is_the_earliest_of_the_chain),
        cmocka_unit_test(is_current_only_while_all_of_the_chain_is),
        cmocka_unit_test(free_takes_null),
    };

    return cmocka_run_group_tests(tests, certs_start, certs_stop);
}
