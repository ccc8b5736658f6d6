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
        "certificate.cert sha1.pem: is signed with SHA-1");
}

static void
key_that_everybody_can_read_is_warned_of(void **state)
{
    const struct pair pair = {.cert = "server.pem", .key = "open.key"};

    (void)state;
    copy_file("open.key", "server.key");
    assert_int_equal(chmod("open.key", 0644), 0);
    assert_pair_found(&pair, SEVERITY_WARNING,
        "certificate.key open.key: everybody on this machine can read the "
        "private key (mode 0644); chmod 600 open.key");
}

static void
key_that_the_group_can_read_is_noted(void **state)
{
    const struct pair pair = {.cert = "server.pem", .key = "group.key"};

    (void)state;
    copy_file("group.key", "server.key");
    assert_int_equal(chmod("group.key", 0640), 0);
    assert_pair_found(&pair, SEVERITY_NOTE,
        "certificate.key group.key: its group can read the private key");
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
        cmocka_unit_test(key_that_everybody_can_read_is_warned_of),
        cmocka_unit_test(key_that_the_group_can_read_is_noted),
        cmocka_unit_test(key_bytes_are_never_reported),
    };

    return cmocka_run_group_tests(tests, certs_start, certs_stop);
}
