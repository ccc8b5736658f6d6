/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What is wrong with an identity and yet no reason to refuse it. */
#include <sys/stat.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "certs/secret.h"
#include "tests/unit/certs_fixture.h"

static void
found(const char *cert, enum severity severity, const char *text_part)
{
    const struct pair pair = {.cert = cert, .key = "server.key"};

    assert_pair_found(&pair, severity, text_part);
}

static void
certificate_without_names_is_warned_of(void **state)
{
    (void)state;
    found("server-cnonly.pem", SEVERITY_WARNING,
        "certificate.cert server-cnonly.pem: has no subject alternative name");
}

static void
certificate_without_names_speaks_for_its_common_name(void **state)
{
    const struct pair pair = {.cert = "server-cnonly.pem",
        .key = "server.key",
        .server_name = "localhost"};
    struct identity *identity = load_good(&pair);

    (void)state;
    identity_unref(identity);
}

static void
sha1_is_warned_of(void **state)
{
    (void)state;
    found("sha1.pem", SEVERITY_WARNING,
        "certificate.cert sha1.pem: the leaf is signed with SHA-1");
}

static void
key_that_everybody_can_read_is_refused(void **state)
{
    const struct pair pair = {.cert = "server.pem", .key = "open.key"};

    (void)state;
    copy_file("open.key", "server.key");
    assert_int_equal(chmod("open.key", 0644), 0);
    assert_pair_refused_as(&pair, SL_KEY_EXPOSED,
        "certificate.key open.key: everybody on this machine can read the "
        "private key (mode 0644); chmod 600 open.key, or write "
        "allow_exposed_key = yes");
}

static void
key_that_everybody_can_read_is_warned_of_where_that_is_allowed(void **state)
{
    const struct pair pair = {
        .cert = "server.pem", .key = "open.key", .allow_exposed_key = true};

    (void)state;
    copy_file("open.key", "server.key");
    assert_int_equal(chmod("open.key", 0644), 0);
    assert_pair_found(&pair, SEVERITY_WARNING,
        "certificate.key open.key: everybody on this machine can read the "
        "private key (mode 0644)");
}

/* The key that is served is another file, and this one is exposed still. */
static void
key_in_an_open_certificate_file_is_refused(void **state)
{
    const struct pair pair = {.cert = "open.pem", .key = "server.key"};

    (void)state;
    copy_file("open.pem", "combined.pem");
    assert_int_equal(chmod("open.pem", 0644), 0);
    assert_pair_refused_as(&pair, SL_KEY_EXPOSED,
        "certificate.cert open.pem: everybody on this machine can read");
}

static void
keystore_that_everybody_can_read_is_refused(void **state)
{
    const struct pair pair = {
        .keystore = "open.p12", .password_file = "password"};

    (void)state;
    copy_file("open.p12", "server.p12");
    assert_int_equal(chmod("open.p12", 0604), 0);
    assert_pair_refused_as(&pair, SL_KEY_EXPOSED,
        "certificate.keystore open.p12: everybody on this machine can read");
}

/* Kubernetes' fsGroup makes secrets 0440. */
static void
key_that_the_group_can_read_is_warned_of(void **state)
{
    const struct pair pair = {.cert = "server.pem", .key = "group.key"};

    (void)state;
    copy_file("group.key", "server.key");
    assert_int_equal(chmod("group.key", 0440), 0);
    assert_pair_found(&pair, SEVERITY_WARNING,
        "certificate.key group.key: its group can read the private key (mode "
        "0440)");
}

static void
command_quotes_a_path_as_a_shell_wants_it(void **state)
{
    const struct pair pair = {.cert = "server.pem", .key = "it's open.key"};

    (void)state;
    copy_file("it's open.key", "server.key");
    assert_int_equal(chmod("it's open.key", 0644), 0);
    assert_pair_refused(&pair, "chmod 600 'it'\\''s open.key',");
}

/* Nothing of a key may reach a report, whatever is wrong with it. */
static void
key_bytes_are_never_reported(void **state)
{
    const struct pair pair = {.cert = "server.key", .key = "server.key"};
    struct blob key = read_file("server.key");
    struct report report;
    char line[65] = "";

    (void)state;
    /* The first line of base64. */
    memcpy(line, strchr((char *)key.data, '\n') + 1, 64);
    blob_free(&key);
    report_init(&report);
    assert_null(load_pair(&pair, &report));
    assert_not_reported(&report, line);
    report_deinit(&report);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(certificate_without_names_is_warned_of),
        cmocka_unit_test(certificate_without_names_speaks_for_its_common_name),
        cmocka_unit_test(sha1_is_warned_of),
        cmocka_unit_test(key_that_everybody_can_read_is_refused),
        cmocka_unit_test(
            key_that_everybody_can_read_is_warned_of_where_that_is_allowed),
        cmocka_unit_test(key_in_an_open_certificate_file_is_refused),
        cmocka_unit_test(keystore_that_everybody_can_read_is_refused),
        cmocka_unit_test(key_that_the_group_can_read_is_warned_of),
        cmocka_unit_test(command_quotes_a_path_as_a_shell_wants_it),
        cmocka_unit_test(key_bytes_are_never_reported),
    };

    return cmocka_run_group_tests(tests, certs_start, certs_stop);
}
