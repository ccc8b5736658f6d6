/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The CAs that vouch for clients: loading, counting, fingerprint. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "certs/trust.h"
#include "tests/unit/certs_fixture.h"

/* [clients] of a NULL-ended list of files. */
static struct trust *
load(const char *const *files, bool allow_all, struct report *report)
{
    char *items[8];
    struct config_clients clients = {
        .ca = {.items = items}, .allow_all = allow_all};
    struct trust *trust;

    for (; files[clients.ca.count] != NULL; clients.ca.count++)
        items[clients.ca.count] = strdup(files[clients.ca.count]);
    trust = trust_load(&clients, report);
    for (size_t i = 0; i < clients.ca.count; i++)
        free(items[i]);
    return trust;
}

static struct trust *
load_good_trust(const char *const *files, bool allow_all)
{
    struct report report;
    struct trust *trust;

    report_init(&report);
    trust = load(files, allow_all, &report);
    assert_non_null(trust);
    assert_no_complaint(&report);
    report_deinit(&report);
    return trust;
}

static void
refused(const char *file, const char *text_part)
{
    const char *const files[] = {file, NULL};
    struct report report;

    report_init(&report);
    assert_null(load(files, true, &report));
    assert_reported(&report, SEVERITY_ERROR, text_part);
    report_deinit(&report);
}

/* Has the set of the left the fingerprint of the set of the right? */
static bool
is_same_trust(const char *const *left, const char *const *right)
{
    struct trust *a = load_good_trust(left, true);
    struct trust *b = load_good_trust(right, true);
    bool is_same =
        memcmp(a->fingerprint, b->fingerprint, TRUST_FINGERPRINT_BYTES) == 0;

    trust_free(a);
    trust_free(b);
    return is_same;
}

#define FILES(...) ((const char *const[]){__VA_ARGS__, NULL})

static void
one_file_is_loaded(void **state)
{
    struct trust *trust = load_good_trust(FILES("ca.pem"), true);

    (void)state;
    assert_int_equal(trust->ca_count, 1);
    assert_non_null(
        strstr(trust->info[0].subject, "CN=sidelock development root"));
    trust_free(trust);
}

static void
all_certificates_of_a_file_are_loaded(void **state)
{
    struct trust *trust;

    (void)state;
    join_files(
        "bundle.pem", FILES("ca.pem", "intermediate.pem", "other-ca.pem"));
    trust = load_good_trust(FILES("bundle.pem"), true);
    assert_int_equal(trust->ca_count, 3);
    trust_free(trust);
}

static void
all_files_are_loaded(void **state)
{
    struct trust *trust;

    (void)state;
    join_files("two.pem", FILES("ca.pem", "intermediate.pem"));
    trust = load_good_trust(FILES("two.pem", "other-ca.pem"), true);
    assert_int_equal(trust->ca_count, 3);
    trust_free(trust);
}

static void
cas_of_each_file_are_named(void **state)
{
    struct report report;
    struct trust *trust;

    (void)state;
    join_files("two.pem", FILES("ca.pem", "intermediate.pem"));
    report_init(&report);
    trust = load(FILES("two.pem", "other-ca.pem"), true, &report);
    assert_reported(&report, SEVERITY_NOTE,
        "clients.ca two.pem: 2 CAs: \"CN=sidelock development root,O=sidelock "
        "development\", \"CN=sidelock development intermediate,O=sidelock "
        "development\"");
    assert_reported(&report, SEVERITY_NOTE, "clients.ca other-ca.pem: 1 CA: ");
    trust_free(trust);
    report_deinit(&report);
}

/* --- fingerprint --------------------------------------------------------- */

static void
fingerprint_is_of_the_set(void **state)
{
    (void)state;
    assert_true(is_same_trust(FILES("ca.pem"), FILES("ca.pem")));
}

static void
fingerprint_changes_with_another_ca(void **state)
{
    (void)state;
    assert_false(is_same_trust(FILES("ca.pem"), FILES("other-ca.pem")));
}

static void
fingerprint_changes_with_one_more_ca(void **state)
{
    (void)state;
    assert_false(
        is_same_trust(FILES("ca.pem"), FILES("ca.pem", "other-ca.pem")));
}

static void
fingerprint_does_not_change_with_the_order_of_files(void **state)
{
    (void)state;
    assert_true(is_same_trust(
        FILES("ca.pem", "other-ca.pem"), FILES("other-ca.pem", "ca.pem")));
}

static void
fingerprint_does_not_change_with_the_order_in_a_file(void **state)
{
    (void)state;
    join_files("forth.pem", FILES("ca.pem", "other-ca.pem"));
    join_files("back.pem", FILES("other-ca.pem", "ca.pem"));
    assert_true(is_same_trust(FILES("forth.pem"), FILES("back.pem")));
}

static void
fingerprint_does_not_change_with_how_files_divide_it(void **state)
{
    (void)state;
    join_files("whole.pem", FILES("ca.pem", "other-ca.pem"));
    assert_true(
        is_same_trust(FILES("whole.pem"), FILES("ca.pem", "other-ca.pem")));
}

/* The same set, said twice, is the same set. */
static void
fingerprint_does_not_change_with_a_repetition(void **state)
{
    (void)state;
    assert_true(is_same_trust(FILES("ca.pem"), FILES("ca.pem", "ca.pem")));
}

static void
fingerprint_changes_with_the_rules(void **state)
{
    struct trust *strict = load_good_trust(FILES("ca.pem"), false);
    struct trust *open = load_good_trust(FILES("ca.pem"), true);

    (void)state;
    assert_memory_not_equal(
        strict->fingerprint, open->fingerprint, TRUST_FINGERPRINT_BYTES);
    trust_free(strict);
    trust_free(open);
}

/* --- refusals ------------------------------------------------------------ */

static void
missing_file_is_refused(void **state)
{
    (void)state;
    refused("nowhere.pem", "clients.ca nowhere.pem: no such file");
}

static void
empty_file_is_refused(void **state)
{
    (void)state;
    refused("empty.pem", "clients.ca empty.pem: is empty");
}

static void
file_without_certificate_is_refused(void **state)
{
    (void)state;
    refused("garbage.pem", "clients.ca garbage.pem: no certificate in it");
    refused("ca.key", "clients.ca ca.key: no certificate in it");
}

static void
cut_file_is_refused(void **state)
{
    (void)state;
    refused("broken.pem", "clients.ca broken.pem: PEM block 1 is broken");
}

static void
ca_as_der_is_loaded(void **state)
{
    const char *const arguments[] = {
        "x509", "-in", "ca.pem", "-outform", "DER", "-out", "ca.der", NULL};
    struct report report;
    struct trust *trust;

    (void)state;
    run_openssl(arguments);
    report_init(&report);
    trust = load(FILES("ca.der"), true, &report);
    assert_non_null(trust);
    assert_int_equal(trust->ca_count, 1);
    trust_free(trust);
    report_deinit(&report);
}

/* One bad file among good ones refuses them all. */
static void
one_bad_file_refuses_all(void **state)
{
    struct report report;

    (void)state;
    report_init(&report);
    assert_null(load(FILES("ca.pem", "garbage.pem"), true, &report));
    report_deinit(&report);
}

/* Clients may be known by themselves. */
static void
no_file_is_nobody(void **state)
{
    struct trust *trust = load_good_trust((const char *const[]){NULL}, false);

    (void)state;
    assert_int_equal(trust->ca_count, 0);
    trust_free(trust);
}

/* The library would let it vouch for others all the same. */
static void
certificate_that_is_no_ca_is_refused(void **state)
{
    (void)state;
    refused("client-leafonly.pem",
        "clients.ca client-leafonly.pem: \"CN=test client,O=sidelock "
        "development\" is no CA certificate");
}

static void
free_takes_null(void **state)
{
    (void)state;
    trust_free(NULL);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_file_is_loaded),
        cmocka_unit_test(all_certificates_of_a_file_are_loaded),
        cmocka_unit_test(all_files_are_loaded),
        cmocka_unit_test(cas_of_each_file_are_named),
        cmocka_unit_test(fingerprint_is_of_the_set),
        cmocka_unit_test(fingerprint_changes_with_another_ca),
        cmocka_unit_test(fingerprint_changes_with_one_more_ca),
        cmocka_unit_test(fingerprint_does_not_change_with_the_order_of_files),
        cmocka_unit_test(fingerprint_does_not_change_with_the_order_in_a_file),
        cmocka_unit_test(fingerprint_does_not_change_with_how_files_divide_it),
        cmocka_unit_test(fingerprint_does_not_change_with_a_repetition),
        cmocka_unit_test(fingerprint_changes_with_the_rules),
        cmocka_unit_test(missing_file_is_refused),
        cmocka_unit_test(empty_file_is_refused),
        cmocka_unit_test(file_without_certificate_is_refused),
        cmocka_unit_test(cut_file_is_refused),
        cmocka_unit_test(ca_as_der_is_loaded),
        cmocka_unit_test(one_bad_file_refuses_all),
        cmocka_unit_test(no_file_is_nobody),
        cmocka_unit_test(certificate_that_is_no_ca_is_refused),
        cmocka_unit_test(free_takes_null),
    };

    return cmocka_run_group_tests(tests, certs_start, certs_stop);
}
