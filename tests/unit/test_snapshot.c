/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Snapshots: what they hold, who owns what, and which dates are warned of. What
 * a reload refuses is in test_snapshot_reload.c.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/unit/certs_fixture.h"

#define EXPIRED_CERTIFICATE                                                    \
    "[certificate]\n"                                                          \
    "cert = server-expired.pem\n"                                              \
    "key = server.key\n"
#define FUTURE_CERTIFICATE                                                     \
    "[certificate]\n"                                                          \
    "cert = server-notyet.pem\n"                                               \
    "key = server.key\n"

/* --- what it holds ------------------------------------------------------- */

static void
generations_are_counted(void **state)
{
    struct snapshot *first = make_snapshot(GOOD_CERTIFICATE);
    struct report report;
    struct snapshot *second;

    (void)state;
    assert_int_equal(first->generation, 1);
    second = load_snapshot(first, GOOD_CERTIFICATE, &report);
    assert_int_equal(second->generation, 2);
    report_deinit(&report);
    snapshot_unref(first);
    snapshot_unref(second);
}

static void
refused_load_counts_no_generation(void **state)
{
    struct snapshot *first = make_snapshot(GOOD_CERTIFICATE);
    struct report report;
    struct snapshot *second;

    (void)state;
    assert_null(load_snapshot(first, EXPIRED_CERTIFICATE, &report));
    report_deinit(&report);
    assert_int_equal(first->generation, 1);
    second = load_snapshot(first, GOOD_CERTIFICATE, &report);
    assert_int_equal(second->generation, 2);
    report_deinit(&report);
    snapshot_unref(first);
    snapshot_unref(second);
}

static void
config_is_owned_after_success(void **state)
{
    struct config *config = make_config(GOOD_CERTIFICATE);
    struct report report;
    struct snapshot *snapshot;

    (void)state;
    report_init(&report);
    snapshot = snapshot_load(config, NULL, time(NULL), &report);
    assert_non_null(snapshot);
    assert_ptr_equal(snapshot->config, config);
    snapshot_unref(snapshot); /* the sanitizer looks for the rest */
    report_deinit(&report);
}

static void
config_stays_the_callers_after_failure(void **state)
{
    struct config *config =
        make_config("[certificate]\ncert = garbage.pem\nkey = server.key\n");
    struct report report;

    (void)state;
    report_init(&report);
    assert_null(snapshot_load(config, NULL, time(NULL), &report));
    assert_string_equal(config->certificates[0].cert, "garbage.pem");
    config_free(config);
    report_deinit(&report);
}

static void
each_reference_keeps_it(void **state)
{
    struct snapshot *snapshot = make_snapshot(GOOD_CERTIFICATE);

    (void)state;
    assert_ptr_equal(snapshot_ref(snapshot), snapshot);
    snapshot_unref(snapshot);
    assert_int_equal(snapshot->identities[0].identity->chain_count, 2);
    snapshot_unref(snapshot);
}

static void
unref_takes_null(void **state)
{
    (void)state;
    snapshot_unref(NULL);
}

static const char two_of_each[] = "certificate = rsa\n"
                                  "[service mail]\n"
                                  "listen = 127.0.0.1:9443\n"
                                  "backend = 127.0.0.1:9080\n"
                                  "certificate = ec\n"
                                  "required_level = peer\n"
                                  "[certificate ec]\n"
                                  "cert = server.pem\n"
                                  "key = server.key\n"
                                  "[certificate rsa]\n"
                                  "cert = server-rsa.pem\n"
                                  "key = server-rsa.key\n"
                                  "[clients]\n"
                                  "ca = ca.pem\n"
                                  "allow_all = yes\n";

static void
each_service_has_its_identity(void **state)
{
    struct snapshot *snapshot = make_snapshot(two_of_each);

    (void)state;
    assert_int_equal(snapshot_identity(snapshot, 0)->key_type, KEY_RSA);
    assert_int_equal(snapshot_identity(snapshot, 1)->key_type, KEY_ECDSA);
    snapshot_unref(snapshot);
}

static void
trust_is_there_where_clients_are_verified(void **state)
{
    struct snapshot *snapshot = make_snapshot(two_of_each);

    (void)state;
    assert_null(snapshot->services[0].admission);
    assert_non_null(snapshot->services[1].admission);
    assert_int_equal(snapshot->services[1].admission->trust->ca_count, 1);
    snapshot_unref(snapshot);
}

/* --- dates --------------------------------------------------------------- */

/* Loads at first, and this is found. */
static void
found(const char *text, enum severity severity, const char *text_part)
{
    struct report report;
    struct snapshot *snapshot = load_snapshot(NULL, text, &report);

    assert_non_null(snapshot);
    assert_reported(&report, severity, text_part);
    report_deinit(&report);
    snapshot_unref(snapshot);
}

static void
expired_certificate_is_warned_of(void **state)
{
    (void)state;
    found(EXPIRED_CERTIFICATE, SEVERITY_WARNING,
        "certificate.cert server-expired.pem: the leaf (CN=localhost,O=sidelock"
        " development) has expired on ");
}

static void
certificate_that_is_not_yet_valid_is_warned_of(void **state)
{
    (void)state;
    found(FUTURE_CERTIFICATE, SEVERITY_WARNING,
        "certificate.cert server-notyet.pem: the leaf (CN=localhost,O=sidelock "
        "development) is not valid before ");
}

static void
certificate_that_soon_expires_is_warned_of(void **state)
{
    (void)state;
    found("[certificate]\ncert = server-soon.pem\nkey = server.key\n",
        SEVERITY_WARNING, "expires in 10 days, on ");
}

static void
warning_begins_with_warn_days(void **state)
{
    struct report report;
    struct snapshot *snapshot = load_snapshot(NULL,
        "[certificate]\ncert = server-soon.pem\nkey = server.key\n"
        "[reload]\nwarn_days = 9\n",
        &report);

    (void)state;
    assert_non_null(snapshot);
    assert_no_complaint(&report);
    report_deinit(&report);
    snapshot_unref(snapshot);
}

static void
current_certificate_is_not_warned_of(void **state)
{
    struct report report;
    struct snapshot *snapshot = load_snapshot(NULL, GOOD_CERTIFICATE, &report);

    (void)state;
    assert_non_null(snapshot);
    assert_no_complaint(&report);
    report_deinit(&report);
    snapshot_unref(snapshot);
}

static void
expired_ca_of_clients_is_warned_of(void **state)
{
    (void)state;
    found("required_level = peer\n" GOOD_CERTIFICATE
          "[clients]\nca = ca-expired.pem\nallow_all = yes\n",
        SEVERITY_WARNING,
        "(CN=expired root,O=sidelock development) has "
        "expired on ");
}

static void
library_has_a_version(void **state)
{
    char *end;

    (void)state;
    assert_true(strtol(certs_library_version(), &end, 10) >= 5);
    assert_int_equal(*end, '.');
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(generations_are_counted),
        cmocka_unit_test(refused_load_counts_no_generation),
        cmocka_unit_test(config_is_owned_after_success),
        cmocka_unit_test(config_stays_the_callers_after_failure),
        cmocka_unit_test(each_reference_keeps_it),
        cmocka_unit_test(unref_takes_null),
        cmocka_unit_test(each_service_has_its_identity),
        cmocka_unit_test(trust_is_there_where_clients_are_verified),
        cmocka_unit_test(expired_certificate_is_warned_of),
        cmocka_unit_test(certificate_that_is_not_yet_valid_is_warned_of),
        cmocka_unit_test(certificate_that_soon_expires_is_warned_of),
        cmocka_unit_test(warning_begins_with_warn_days),
        cmocka_unit_test(current_certificate_is_not_warned_of),
        cmocka_unit_test(expired_ca_of_clients_is_warned_of),
        cmocka_unit_test(library_has_a_version),
    };

    return cmocka_run_group_tests(tests, certs_start, certs_stop);
}
