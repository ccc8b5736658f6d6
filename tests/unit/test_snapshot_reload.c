/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Reloads: all or nothing, and never worse than before. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
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

/* Refused, for this reason among others. */
static void
assert_reload_refused(const char *before, const char *after, const char *why)
{
    struct snapshot *previous = before != NULL ? make_snapshot(before) : NULL;
    struct report report;

    assert_null(load_snapshot(previous, after, &report));
    assert_reported(&report, SEVERITY_ERROR, why);
    report_deinit(&report);
    snapshot_unref(previous);
}

static void
assert_reload_taken(const char *before, const char *after)
{
    struct snapshot *previous = before != NULL ? make_snapshot(before) : NULL;
    struct report report;
    struct snapshot *snapshot = load_snapshot(previous, after, &report);

    assert_int_equal(report.error_count, 0);
    assert_non_null(snapshot);
    report_deinit(&report);
    snapshot_unref(snapshot);
    snapshot_unref(previous);
}

/* --- never worse --------------------------------------------------------- */

static void
expired_certificate_is_taken_at_first(void **state)
{
    (void)state;
    assert_reload_taken(NULL, EXPIRED_CERTIFICATE);
}

static void
current_certificate_is_not_replaced_by_an_expired_one(void **state)
{
    (void)state;
    assert_reload_refused(GOOD_CERTIFICATE, EXPIRED_CERTIFICATE,
        "certificate.cert server-expired.pem: is expired or not yet valid and "
        "would replace a valid certificate");
}

static void
current_certificate_is_not_replaced_by_one_of_the_future(void **state)
{
    (void)state;
    assert_reload_refused(GOOD_CERTIFICATE, FUTURE_CERTIFICATE,
        "certificate.cert server-notyet.pem: is expired or not yet valid and "
        "would replace a valid certificate");
}

static void
expired_certificate_may_be_replaced_by_any(void **state)
{
    (void)state;
    assert_reload_taken(EXPIRED_CERTIFICATE, GOOD_CERTIFICATE);
    assert_reload_taken(EXPIRED_CERTIFICATE, EXPIRED_CERTIFICATE);
    assert_reload_taken(EXPIRED_CERTIFICATE, FUTURE_CERTIFICATE);
}

static void
current_certificate_is_replaced_by_a_current_one(void **state)
{
    (void)state;
    assert_reload_taken(GOOD_CERTIFICATE,
        "[certificate]\ncert = server-rsa.pem\nkey = server-rsa.key\n");
}

/* Another name of the section is no way around it. */
static void
service_is_not_turned_to_an_expired_certificate(void **state)
{
    (void)state;
    assert_reload_refused(GOOD_CERTIFICATE,
        "certificate = other\n"
        "[certificate other]\n"
        "cert = server-expired.pem\n"
        "key = server.key\n",
        "service default: its new certificate \"other\" is expired");
}

static void
expired_certificate_may_come_with_a_new_service(void **state)
{
    (void)state;
    assert_reload_taken("certificate = default\n" GOOD_CERTIFICATE,
        "certificate = default\n" GOOD_CERTIFICATE "[service mail]\n"
        "listen = 127.0.0.1:9443\n"
        "backend = 127.0.0.1:9080\n"
        "certificate = old\n"
        "[certificate old]\n"
        "cert = server-expired.pem\n"
        "key = server.key\n");
}

/* --- all or nothing ------------------------------------------------------ */

static void
mismatched_pair_is_refused(void **state)
{
    (void)state;
    assert_reload_refused(GOOD_CERTIFICATE,
        "[certificate]\ncert = server.pem\nkey = server-other.key\n",
        "certificate.key server-other.key: is not the private key of");
}

static void
one_bad_certificate_refuses_all(void **state)
{
    (void)state;
    assert_reload_refused(GOOD_CERTIFICATE,
        "certificate = default\n" GOOD_CERTIFICATE "[certificate other]\n"
        "cert = garbage.pem\n"
        "key = server.key\n",
        "certificate.cert garbage.pem: no certificate in it");
}

/* A snapshot whose files have come to rest, so that a reload shares its
 * identities. */
static struct snapshot *
make_settled(const char *text)
{
    time_t end = time(NULL) + 60;

    for (;;) {
        struct snapshot *snapshot = make_snapshot(text);
        size_t settled = 0;

        for (size_t i = 0; i < snapshot->identity_count; i++)
            settled += snapshot->identities[i].identity->is_settled;
        if (settled == snapshot->identity_count)
            return snapshot;
        snapshot_unref(snapshot);
        assert_true(time(NULL) < end);
    }
}

/* Only a service's first certificate has to serve every version of TLS; one
 * that was second was once taken for the first without that proof. */
static void
certificate_that_becomes_the_first_is_proven_as_such(void **state)
{
    static const char pairs[] = "[certificate ecdsa]\n"
                                "cert = server.pem\n"
                                "key = server.key\n"
                                "[certificate rsa]\n"
                                "cert = server-rsa.pem\n"
                                "key = server-rsa.key\n"
                                "[tls]\n"
                                "ciphers = TLS13-AES128-GCM-SHA256 ; "
                                "ECDHE-ECDSA-AES128-GCM-SHA256\n";
    struct snapshot *previous;
    struct snapshot *snapshot;
    struct report report;
    char before[1024];
    char after[1024];

    (void)state;
    (void)snprintf(
        before, sizeof(before), "certificate = ecdsa ; rsa\n%s", pairs);
    (void)snprintf(
        after, sizeof(after), "certificate = rsa ; ecdsa\n%s", pairs);
    assert_reload_refused(NULL, after, "a trial handshake over TLS 1.2");
    previous = make_settled(before);
    snapshot = load_snapshot(previous, before, &report);
    assert_non_null(snapshot);
    assert_int_equal(snapshot->shared_count, 2);
    report_deinit(&report);
    snapshot_unref(snapshot);
    assert_null(load_snapshot(previous, after, &report));
    assert_reported(&report, SEVERITY_ERROR, "a trial handshake over TLS 1.2");
    report_deinit(&report);
    snapshot_unref(previous);
}

static void
bad_trust_refuses_all(void **state)
{
    (void)state;
    assert_reload_refused(GOOD_CERTIFICATE,
        "required_level = peer\n" GOOD_CERTIFICATE
        "[clients]\nca = garbage.pem\nallow_all = yes\n",
        "clients.ca garbage.pem: no certificate in it");
}

/* The one before is only read. */
static void
refused_load_leaves_the_one_before(void **state)
{
    struct snapshot *previous = make_snapshot(GOOD_CERTIFICATE);
    const struct identity *identity = previous->identities[0].identity;
    struct report report;

    (void)state;
    assert_null(load_snapshot(previous, EXPIRED_CERTIFICATE, &report));
    report_deinit(&report);
    assert_ptr_equal(previous->identities[0].identity, identity);
    assert_true(identity_is_current(identity, time(NULL)));
    assert_int_equal(atomic_load(&previous->refs), 1);
    snapshot_unref(previous);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(expired_certificate_is_taken_at_first),
        cmocka_unit_test(current_certificate_is_not_replaced_by_an_expired_one),
        cmocka_unit_test(
            current_certificate_is_not_replaced_by_one_of_the_future),
        cmocka_unit_test(expired_certificate_may_be_replaced_by_any),
        cmocka_unit_test(current_certificate_is_replaced_by_a_current_one),
        cmocka_unit_test(service_is_not_turned_to_an_expired_certificate),
        cmocka_unit_test(expired_certificate_may_come_with_a_new_service),
        cmocka_unit_test(mismatched_pair_is_refused),
        cmocka_unit_test(one_bad_certificate_refuses_all),
        cmocka_unit_test(certificate_that_becomes_the_first_is_proven_as_such),
        cmocka_unit_test(bad_trust_refuses_all),
        cmocka_unit_test(refused_load_leaves_the_one_before),
    };

    return cmocka_run_group_tests(tests, certs_start, certs_stop);
}
