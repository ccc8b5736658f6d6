/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Chains: what of a file is served, in which order, and whether it is complete.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "certs/chain.h"
#include "certs/secret.h"
#include "tests/unit/certs_fixture.h"
#include "tests/unit/config_fixture.h"

/* --- order --------------------------------------------------------------- */

/* Leaf and intermediate are what is served, in this order. */
static void
serves_leaf_and_intermediate(const char *cert)
{
    const struct pair pair = {.cert = cert, .key = "server.key"};
    struct identity *identity = load_good(&pair);
    struct blob leaf = read_der("server-leafonly.pem");
    struct blob intermediate = read_der("intermediate.pem");

    assert_int_equal(identity->chain_count, 2);
    assert_int_equal(identity->chain[0].len, leaf.len);
    assert_memory_equal(identity->chain[0].data, leaf.data, leaf.len);
    assert_int_equal(identity->chain[1].len, intermediate.len);
    assert_memory_equal(
        identity->chain[1].data, intermediate.data, intermediate.len);
    blob_free(&leaf);
    blob_free(&intermediate);
    identity_unref(identity);
}

static void
found(const char *cert, enum severity severity, const char *text_part)
{
    const struct pair pair = {.cert = cert, .key = "server.key"};

    assert_pair_found(&pair, severity, text_part);
}

static void
wrong_order_is_served_sorted(void **state)
{
    (void)state;
    serves_leaf_and_intermediate("server-wrongorder.pem");
}

static void
wrong_order_is_warned_of(void **state)
{
    (void)state;
    found("server-wrongorder.pem", SEVERITY_WARNING,
        "certificate.cert server-wrongorder.pem: the certificates are out of "
        "order");
}

static void
right_order_is_not_warned_of(void **state)
{
    const struct pair pair = {
        .cert = "server-withroot.pem", .key = "server.key"};
    struct report report;
    struct identity *identity;

    (void)state;
    report_init(&report);
    identity = load_pair(&pair, &report);
    assert_not_reported(&report, "out of order");
    identity_unref(identity);
    report_deinit(&report);
}

static void
root_is_not_served(void **state)
{
    (void)state;
    serves_leaf_and_intermediate("server-withroot.pem");
}

static void
root_is_noted(void **state)
{
    (void)state;
    found("server-withroot.pem", SEVERITY_NOTE,
        "certificate.cert server-withroot.pem: the root is in the file");
}

static void
duplicate_is_served_once(void **state)
{
    (void)state;
    serves_leaf_and_intermediate("server-duplicate.pem");
}

static void
duplicate_is_noted(void **state)
{
    (void)state;
    found("server-duplicate.pem", SEVERITY_NOTE,
        "certificate.cert server-duplicate.pem: certificate 3 (");
    found("server-duplicate.pem", SEVERITY_NOTE, "is there twice");
}

static void
duplicate_leaf_is_served_once(void **state)
{
    const char *const parts[] = {
        "server-leafonly.pem", "server-leafonly.pem", "intermediate.pem", NULL};

    (void)state;
    join_files("two-leaves.pem", parts);
    serves_leaf_and_intermediate("two-leaves.pem");
    found("two-leaves.pem", SEVERITY_NOTE, "certificate 2 (");
}

/* The key says which certificate is the leaf, not the order of the file. */
static void
leaf_is_the_certificate_of_the_key(void **state)
{
    const char *const parts[] = {
        "client-leafonly.pem", "server-leafonly.pem", "intermediate.pem", NULL};

    (void)state;
    join_files("foreign-first.pem", parts);
    serves_leaf_and_intermediate("foreign-first.pem");
}

static void
unrelated_certificate_is_not_served(void **state)
{
    (void)state;
    serves_leaf_and_intermediate("server-unrelated.pem");
}

static void
unrelated_certificate_is_warned_of(void **state)
{
    (void)state;
    found("server-unrelated.pem", SEVERITY_WARNING,
        "certificate.cert server-unrelated.pem: certificate 3 (");
    found("server-unrelated.pem", SEVERITY_WARNING,
        "does not belong to the chain of the leaf and is not served");
}

/* The name of the issuer, the key of another: a link by name only. */
static void
issuer_of_the_right_name_and_the_wrong_key_is_not_served(void **state)
{
    const char *const forge[] = {"req", "-x509", "-key", "server-other.key",
        "-subj", "/O=sidelock development/CN=sidelock development intermediate",
        "-out", "impostor.pem", NULL};
    const char *const parts[] = {
        "server-leafonly.pem", "impostor.pem", "intermediate.pem", NULL};

    (void)state;
    run_openssl(forge);
    join_files("impostor-chain.pem", parts);
    serves_leaf_and_intermediate("impostor-chain.pem");
    found("impostor-chain.pem", SEVERITY_WARNING, "certificate 2 (");
}

static void
self_signed_certificate_is_served(void **state)
{
    const struct pair pair = {
        .cert = "self-signed.pem", .key = "self-signed.key"};
    struct identity *identity = load_good(&pair);

    (void)state;
    assert_int_equal(identity->chain_count, 1);
    identity_unref(identity);
}

/* The chain is sorted before it is judged: dates do not matter to it. */
static void
expired_leaf_keeps_its_chain(void **state)
{
    const struct pair pair = {
        .cert = "server-expired.pem", .key = "server.key"};
    struct identity *identity = load_good(&pair);

    (void)state;
    assert_int_equal(identity->chain_count, 2);
    identity_unref(identity);
}

static void
file_of_too_many_certificates_is_refused(void **state)
{
    const struct pair pair = {.cert = "many.pem", .key = "server.key"};
    struct blob one = read_file("server-leafonly.pem");
    struct blob many = {.data = test_malloc(one.len * (CHAIN_FILE_MAX + 1))};

    (void)state;
    for (size_t i = 0; i <= CHAIN_FILE_MAX; i++) {
        memcpy(many.data + many.len, one.data, one.len);
        many.len += one.len;
    }
    write_blob("many.pem", &many);
    test_free(many.data);
    blob_free(&one);
    assert_pair_refused(
        &pair, "certificate.cert many.pem: holds more than 512 certificates");
}

/* --- completeness -------------------------------------------------------- */

static void
complete_chain_reaches_its_root(void **state)
{
    const struct pair pair = {
        .cert = "server.pem", .key = "server.key", .chain_root = "ca.pem"};
    struct identity *identity = load_good(&pair);

    (void)state;
    identity_unref(identity);
}

static void
chain_with_its_root_reaches_it(void **state)
{
    const struct pair pair = {.cert = "server-withroot.pem",
        .key = "server.key",
        .chain_root = "ca.pem"};
    struct identity *identity = load_good(&pair);

    (void)state;
    identity_unref(identity);
}

static void
one_of_several_roots_is_enough(void **state)
{
    const struct pair pair = {
        .cert = "server.pem", .key = "server.key", .chain_root = "roots.pem"};
    const char *const parts[] = {"other-ca.pem", "ca.pem", NULL};
    struct identity *identity;

    (void)state;
    join_files("roots.pem", parts);
    identity = load_good(&pair);
    identity_unref(identity);
}

static void
missing_intermediate_is_refused_by_name(void **state)
{
    const struct pair pair = {.cert = "server-leafonly.pem",
        .key = "server.key",
        .chain_root = "ca.pem"};

    (void)state;
    assert_pair_refused(&pair,
        "certificate.cert server-leafonly.pem: the chain does not reach "
        "certificate.chain_root ca.pem: the issuer \"CN=sidelock development "
        "intermediate,O=sidelock development\" of \"CN=localhost,O=sidelock "
        "development\" is missing; append its certificate");
}

/* A CA that does not fit shows that somebody meant to give the issuer. */
static void
wrong_intermediate_is_refused_without_a_root_to_reach(void **state)
{
    const struct pair pair = {.cert = "wrong-link.pem", .key = "server.key"};
    const char *const parts[] = {"server-leafonly.pem", "other-ca.pem", NULL};

    (void)state;
    join_files("wrong-link.pem", parts);
    assert_pair_refused(&pair,
        "certificate.cert wrong-link.pem: a link of the chain is missing: the "
        "issuer \"CN=sidelock development intermediate,");
}

static void
chain_to_another_root_is_refused(void **state)
{
    const struct pair pair = {.cert = "server.pem",
        .key = "server.key",
        .chain_root = "other-ca.pem"};

    (void)state;
    assert_pair_refused(&pair,
        "the chain does not reach certificate.chain_root other-ca.pem: the "
        "issuer \"CN=sidelock development root,");
}

static void
file_without_roots_is_refused(void **state)
{
    const struct pair pair = {
        .cert = "server.pem", .key = "server.key", .chain_root = "garbage.pem"};

    (void)state;
    assert_pair_refused(
        &pair, "certificate.chain_root garbage.pem: no certificate in it");
}

static void
unreadable_root_is_refused(void **state)
{
    const struct pair pair = {
        .cert = "server.pem", .key = "server.key", .chain_root = "nowhere.pem"};

    (void)state;
    assert_pair_refused(
        &pair, "certificate.chain_root nowhere.pem: no such file");
}

static void
missing_intermediate_is_noted_without_a_root_to_reach(void **state)
{
    (void)state;
    found("server-leafonly.pem", SEVERITY_NOTE,
        "certificate.cert server-leafonly.pem: the chain ends at the issuer");
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(wrong_order_is_served_sorted),
        cmocka_unit_test(wrong_order_is_warned_of),
        cmocka_unit_test(right_order_is_not_warned_of),
        cmocka_unit_test(root_is_not_served),
        cmocka_unit_test(root_is_noted),
        cmocka_unit_test(duplicate_is_served_once),
        cmocka_unit_test(duplicate_is_noted),
        cmocka_unit_test(duplicate_leaf_is_served_once),
        cmocka_unit_test(leaf_is_the_certificate_of_the_key),
        cmocka_unit_test(unrelated_certificate_is_not_served),
        cmocka_unit_test(unrelated_certificate_is_warned_of),
        cmocka_unit_test(
            issuer_of_the_right_name_and_the_wrong_key_is_not_served),
        cmocka_unit_test(self_signed_certificate_is_served),
        cmocka_unit_test(expired_leaf_keeps_its_chain),
        cmocka_unit_test(file_of_too_many_certificates_is_refused),
        cmocka_unit_test(complete_chain_reaches_its_root),
        cmocka_unit_test(chain_with_its_root_reaches_it),
        cmocka_unit_test(one_of_several_roots_is_enough),
        cmocka_unit_test(missing_intermediate_is_refused_by_name),
        cmocka_unit_test(wrong_intermediate_is_refused_without_a_root_to_reach),
        cmocka_unit_test(chain_to_another_root_is_refused),
        cmocka_unit_test(file_without_roots_is_refused),
        cmocka_unit_test(unreadable_root_is_refused),
        cmocka_unit_test(missing_intermediate_is_noted_without_a_root_to_reach),
    };

    return cmocka_run_group_tests(tests, certs_start, certs_stop);
}
