/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Files with several identities: which one is served, and that nothing is
 * guessed. bundle.pem holds localhost and other.example of one issuer, and
 * localhost of another.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "certs/der.h"
#include "certs/secret.h"
#include "tests/unit/certs_fixture.h"
#include "tests/unit/config_fixture.h"

/* Loads, as the certificate of this file. */
static void
selects(const struct pair *pair, const char *leaf_path, size_t chain_count)
{
    struct blob leaf = read_der(leaf_path);
    struct report report;
    struct identity *identity;

    report_init(&report);
    identity = load_pair(pair, &report);
    assert_no_complaint(&report);
    assert_non_null(identity);
    assert_int_equal(identity->chain_count, chain_count);
    assert_int_equal(identity->chain[0].len, leaf.len);
    assert_memory_equal(identity->chain[0].data, leaf.data, leaf.len);
    identity_unref(identity);
    report_deinit(&report);
    blob_free(&leaf);
}

/* --- in PEM -------------------------------------------------------------- */

static void
several_identities_without_a_choice_are_refused_and_listed(void **state)
{
    const struct pair pair = {.cert = "bundle.pem"};

    (void)state;
    assert_pair_refused_as(&pair, SL_SELECT_SEVERAL,
        "certificate.cert bundle.pem: holds 3 identities that could be meant; "
        "write select_subject or select_issuer so that one is left of: "
        "\"CN=localhost,O=sidelock development\" issued by \"CN=sidelock "
        "development intermediate,O=sidelock development\"; "
        "\"CN=other.example,O=sidelock development\" issued by");
}

static void
subject_selects_without_regard_to_case(void **state)
{
    const struct pair pair = {
        .cert = "bundle.pem", .select_subject = "cn=OTHER.example"};

    (void)state;
    selects(&pair, "bundle-subject.pem", 2);
    assert_pair_found(&pair, SEVERITY_NOTE,
        "certificate.cert bundle.pem: of the identities in it "
        "\"CN=other.example,O=sidelock development\" is served");
}

static void
issuer_selects(void **state)
{
    const struct pair pair = {
        .cert = "bundle.pem", .select_issuer = "another root"};

    (void)state;
    selects(&pair, "bundle-issuer.pem", 1);
}

static void
subject_and_issuer_select_together(void **state)
{
    const struct pair pair = {.cert = "bundle.pem",
        .select_subject = "localhost",
        .select_issuer = "intermediate"};

    (void)state;
    selects(&pair, "server.pem", 2);
}

static void
choice_that_leaves_several_lists_only_those(void **state)
{
    const struct pair pair = {
        .cert = "bundle.pem", .select_subject = "localhost"};
    struct report report;

    (void)state;
    assert_pair_refused_as(&pair, SL_SELECT_SEVERAL, "holds 2 identities");
    report_init(&report);
    assert_null(load_pair(&pair, &report));
    assert_not_reported(&report, "other.example");
    report_deinit(&report);
}

static void
choice_that_leaves_none_lists_all(void **state)
{
    const struct pair pair = {
        .cert = "bundle.pem", .select_subject = "third.example"};

    (void)state;
    assert_pair_refused_as(&pair, SL_SELECT_NONE,
        "certificate.cert bundle.pem: no certificate with its key has "
        "select_subject \"third.example\" and select_issuer \"\" in its names; "
        "there is: \"CN=localhost");
    assert_pair_refused_as(&pair, SL_SELECT_NONE, "CN=other.example");
}

static void
choice_holds_for_a_single_identity_too(void **state)
{
    const struct pair fitting = {.cert = "server.pem",
        .key = "server.key",
        .select_subject = "localhost"};
    const struct pair other = {.cert = "server.pem",
        .key = "server.key",
        .select_subject = "other.example"};

    (void)state;
    selects(&fitting, "server.pem", 2);
    assert_pair_refused_as(&other, SL_SELECT_NONE, "no certificate with");
}

/* The keys of all of them in the other file. */
static void
key_that_proves_against_the_chosen_leaf_is_taken(void **state)
{
    const struct pair pair = {
        .cert = "all.pem", .key = "all.key", .select_subject = "other.example"};

    (void)state;
    join_files("all.pem",
        (const char *const[]){"server.pem", "bundle-subject.pem", NULL});
    join_files(
        "all.key", (const char *const[]){"server-other.key", "server.key",
                       "server-p384.key", "server-rsa.key", NULL});
    selects(&pair, "bundle-subject.pem", 2);
}

/* A renewed certificate put before the one that it replaces. */
static void
first_of_two_certificates_for_one_key_is_taken(void **state)
{
    const struct pair pair = {.cert = "renewed.pem", .key = "server.key"};
    struct blob leaf = read_der("server.pem");
    struct identity *identity;

    (void)state;
    join_files("renewed.pem",
        (const char *const[]){"server.pem", "server-soon.pem", NULL});
    identity = load_good(&pair);
    assert_int_equal(identity->chain[0].len, leaf.len);
    assert_memory_equal(identity->chain[0].data, leaf.data, leaf.len);
    identity_unref(identity);
    blob_free(&leaf);
    assert_pair_found(&pair, SEVERITY_WARNING, "does not belong to the chain");
}

static void
authority_with_its_key_is_no_candidate(void **state)
{
    const struct pair pair = {.cert = "with-ca.pem"};

    (void)state;
    join_files(
        "with-ca.pem", (const char *const[]){"ca.pem", "ca.key", "server.pem",
                           "server.key", "intermediate.key", NULL});
    selects(&pair, "server.pem", 2);
}

static void
more_keys_than_anybody_has_are_refused(void **state)
{
    const char *parts[40];
    const struct pair pair = {.cert = "server.pem", .key = "many.key"};

    (void)state;
    for (size_t i = 0; i < 33; i++)
        parts[i] = "server-other.key";
    parts[33] = NULL;
    join_files("many.key", parts);
    assert_pair_refused_as(&pair, SL_SELECT_SEVERAL,
        "certificate.key many.key: holds more than 32 private keys");
}

/* --- in PKCS#12 ---------------------------------------------------------- */

/* Grows to the front: an element's length is known when its content is there.
 */
struct writer {
    uint8_t bytes[65536];
    size_t start;
};

static void
prepend(struct writer *writer, const uint8_t *data, size_t len)
{
    assert_true(writer->start >= len);
    writer->start -= len;
    memcpy(writer->bytes + writer->start, data, len);
}

/* Makes all that was written since `end` the content of an element. */
static void
wrap(struct writer *writer, size_t end, uint8_t tag)
{
    size_t len = end - writer->start;
    const uint8_t head[] = {tag, 0x82, (uint8_t)(len >> 8), (uint8_t)len};

    prepend(writer, head, sizeof(head));
}

/* The safes of a keystore: what the MAC would be over. */
static struct der
safes_of(const struct blob *keystore)
{
    struct der in = {.data = keystore->data, .len = keystore->len};
    struct der_element pfx;
    struct der_element part;
    struct der_element inside;
    struct der_element list;
    uint32_t version;

    assert_true(der_take_tag(&in, DER_SEQUENCE, &pfx));
    assert_true(der_take_number(&pfx.content, &version));
    assert_true(der_take_tag(&pfx.content, DER_SEQUENCE, &part));
    assert_true(der_take_tag(&part.content, DER_OID, &inside));
    assert_true(der_take_tag(&part.content, DER_CONTEXT_0, &inside));
    assert_true(der_take_tag(&inside.content, DER_OCTET_STRING, &part));
    assert_true(der_take_tag(&part.content, DER_SEQUENCE, &list));
    return list.content;
}

static void export(const char *cert, const char *key, const char *out)
{
    const char *const arguments[] = {"pkcs12", "-export", "-in", cert, "-inkey",
        key, "-passout", "pass:sidelock", "-nomac", "-out", out, NULL};

    run_openssl(arguments);
}

/* openssl makes keystores of one key only: here the safes of two in one. */
static void
join_keystores(const char *first, const char *second, const char *to)
{
    static const uint8_t head[] = {
        0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x07, 0x01};
    static const uint8_t version[] = {0x02, 0x01, 0x03};
    static struct writer writer;
    size_t end = sizeof(writer.bytes);
    struct blob one = read_file(first);
    struct blob two = read_file(second);
    struct der safes = safes_of(&two);
    struct blob whole;

    writer.start = end;
    prepend(&writer, safes.data, safes.len);
    safes = safes_of(&one);
    prepend(&writer, safes.data, safes.len);
    wrap(&writer, end, DER_SEQUENCE);
    wrap(&writer, end, DER_OCTET_STRING);
    wrap(&writer, end, DER_CONTEXT_0);
    prepend(&writer, head, sizeof(head));
    wrap(&writer, end, DER_SEQUENCE);
    prepend(&writer, version, sizeof(version));
    wrap(&writer, end, DER_SEQUENCE);
    whole.data = writer.bytes + writer.start;
    whole.len = end - writer.start;
    write_blob(to, &whole);
    blob_free(&one);
    blob_free(&two);
}

static void
make_double_keystore(void)
{
    export("server.pem", "server.key", "one.p12");
    export("bundle-subject.pem", "server-rsa.key", "two.p12");
    join_keystores("one.p12", "two.p12", "double.p12");
}

static void
several_identities_in_a_keystore_are_refused_and_listed(void **state)
{
    const struct pair pair = {
        .keystore = "double.p12", .password_file = "password"};

    (void)state;
    make_double_keystore();
    assert_pair_refused_as(&pair, SL_SELECT_SEVERAL,
        "certificate.keystore double.p12: holds 2 identities that could be "
        "meant");
}

static void
each_identity_of_a_keystore_can_be_selected(void **state)
{
    struct pair pair = {.keystore = "double.p12",
        .password_file = "password",
        .select_subject = "other.example"};

    (void)state;
    make_double_keystore();
    selects(&pair, "bundle-subject.pem", 2);
    pair.select_subject = "localhost";
    selects(&pair, "server.pem", 2);
}

static void
order_in_a_keystore_does_not_matter(void **state)
{
    const char *const arguments[] = {"pkcs12", "-export", "-in",
        "server-leafonly.pem", "-certfile", "reversed.pem", "-inkey",
        "server.key", "-passout", "pass:sidelock", "-out", "reversed.p12",
        NULL};
    const struct pair pair = {
        .keystore = "reversed.p12", .password_file = "password"};

    (void)state;
    join_files("reversed.pem",
        (const char *const[]){"ca.pem", "intermediate.pem", NULL});
    run_openssl(arguments);
    selects(&pair, "server.pem", 2);
}

static void
no_key_is_left_in_secret_memory(void **state)
{
    (void)state;
    assert_int_equal(secret_usage().count, 0);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(
            several_identities_without_a_choice_are_refused_and_listed),
        cmocka_unit_test(subject_selects_without_regard_to_case),
        cmocka_unit_test(issuer_selects),
        cmocka_unit_test(subject_and_issuer_select_together),
        cmocka_unit_test(choice_that_leaves_several_lists_only_those),
        cmocka_unit_test(choice_that_leaves_none_lists_all),
        cmocka_unit_test(choice_holds_for_a_single_identity_too),
        cmocka_unit_test(key_that_proves_against_the_chosen_leaf_is_taken),
        cmocka_unit_test(first_of_two_certificates_for_one_key_is_taken),
        cmocka_unit_test(authority_with_its_key_is_no_candidate),
        cmocka_unit_test(more_keys_than_anybody_has_are_refused),
        cmocka_unit_test(
            several_identities_in_a_keystore_are_refused_and_listed),
        cmocka_unit_test(each_identity_of_a_keystore_can_be_selected),
        cmocka_unit_test(order_in_a_keystore_does_not_matter),
        cmocka_unit_test(no_key_is_left_in_secret_memory),
    };

    return cmocka_run_group_tests(tests, certs_start, certs_stop);
}
