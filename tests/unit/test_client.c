/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a client's certificate says: nothing left out, nothing cut, and the
 * same again out of a record. */
#include <ctype.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include <cmocka.h>

#include "certs/client_internal.h"
#include "certs/rules.h"
#include "certs/x509.h"
#include "tests/unit/certs_fixture.h"
#include "tests/unit/client_fixture.h"

/* The client of a made certificate, which ends here; NULL: refused. */
static struct client *
finish(struct made_client *made)
{
    struct blob der = made_der(made);
    struct client *client = client_new(&der);

    blob_free(&der);
    made_free(made);
    return client;
}

static void
assert_fact(const struct client *client, size_t i, enum rule_kind kind,
    const void *data, size_t len)
{
    struct client_fact fact;

    assert_in_range(i, 0, client_fact_count(client) - 1);
    fact = client_fact_at(client, i);
    assert_int_equal(fact.kind, kind);
    assert_int_equal(fact.len, len);
    assert_memory_equal(fact.data, data, len);
}

static void
assert_text_fact(const struct client *client, size_t i, enum rule_kind kind,
    const char *text)
{
    assert_fact(client, i, kind, text, strlen(text));
}

static struct client *
client_of_file(const char *path)
{
    struct blob der = read_der(path);
    struct client *client = client_new(&der);

    blob_free(&der);
    return client;
}

/* --- what a certificate says --------------------------------------------- */

/* The library's reading of the same file is the measure. */
static void
agrees_with_the_library(void **state)
{
    struct blob der = read_der("client.pem");
    struct client *client = client_new(&der);
    struct certificate_info info;
    char lower[IDENTITY_FINGERPRINT_BYTES];
    int error;
    struct x509 *x509 = x509_new(&der, &error);

    (void)state;
    assert_non_null(client);
    assert_non_null(x509);
    x509_fill_info(x509, &info);
    assert_string_equal(client_subject(client), info.subject);
    assert_string_equal(client_issuer(client), info.issuer);
    assert_int_equal(client_not_before(client), info.not_before);
    assert_int_equal(client_not_after(client), info.not_after);
    assert_int_equal(strcasecmp(client_serial(client), info.serial), 0);
    assert_int_equal(
        strcasecmp(client_fingerprint(client), info.fingerprint), 0);
    for (size_t i = 0; i < sizeof(lower); i++)
        lower[i] = (char)tolower(info.fingerprint[i]);
    assert_string_equal(client_fingerprint(client), lower);
    assert_string_equal(client_usages(client), "clientAuth");
    assert_true(client_is_for_clients(client));
    assert_true(client_has_usages(client));
    x509_free(x509);
    client_free(client);
    blob_free(&der);
}

/* openssl writes the key alone; that file's hash is the pin. */
static void
key_hash_is_that_of_the_public_key(void **state)
{
    static const char *const extract[] = {"pkey", "-in", "client.key",
        "-pubout", "-outform", "DER", "-out", "client-key.der", NULL};
    static const char *const digest[] = {"dgst", "-sha256", "-r", "-out",
        "client-key.sha256", "client-key.der", NULL};
    struct client *client = client_of_file("client.pem");
    struct blob text;

    (void)state;
    assert_non_null(client);
    run_openssl(extract);
    run_openssl(digest);
    text = read_file("client-key.sha256");
    assert_memory_equal(client_key_hash(client), text.data, 64);
    blob_free(&text);
    client_free(client);
}

static void
every_name_is_a_fact_in_order(void **state)
{
    static const char *const facts[] = {"ou:plant", "cn:scada-7", "cn:second",
        "uri:spiffe://x/y", "dns:a.example.com", "ip:10.1.2.3",
        "email:me@example.com", "dns:b.example.com", "ip:2001:db8::1", NULL};
    static const uint8_t v4[] = {10, 1, 2, 3};
    static const uint8_t v6[16] = {0x20, 0x01, 0x0d, 0xb8, [15] = 1};
    struct client *client = make_client(facts);

    (void)state;
    assert_int_equal(client_fact_count(client), 11);
    assert_text_fact(client, 0, RULE_OU, "plant");
    assert_text_fact(client, 1, RULE_CN, "scada-7");
    assert_text_fact(client, 2, RULE_CN, "second");
    assert_text_fact(client, 3, RULE_URI, "spiffe://x/y");
    assert_text_fact(client, 4, RULE_DNS, "a.example.com");
    assert_fact(client, 5, RULE_IP, v4, sizeof(v4));
    assert_text_fact(client, 6, RULE_EMAIL, "me@example.com");
    assert_text_fact(client, 7, RULE_DNS, "b.example.com");
    assert_fact(client, 8, RULE_IP, v6, sizeof(v6));
    assert_text_fact(client, 9, RULE_ISSUER, "CN=ca");
    assert_text_fact(client, 10, RULE_SERIAL, "0a1b");
    assert_string_equal(
        client_subject(client), "CN=second,CN=scada-7,OU=plant");
    client_free(client);
}

/* "good\0.evil" is not "good", and is not shown as such. */
static void
zero_byte_does_not_end_a_name(void **state)
{
    static const char name[] = "good\0.evil";
    struct made_client *made = made_new();
    struct client *client;

    (void)state;
    made_attribute(made, 3, MADE_UTF8, name, sizeof(name) - 1);
    der_add(&made->san, MADE_DNS, name, sizeof(name) - 1);
    client = finish(made);
    assert_non_null(client);
    assert_fact(client, 0, RULE_CN, name, sizeof(name) - 1);
    assert_fact(client, 1, RULE_DNS, name, sizeof(name) - 1);
    assert_string_equal(client_subject(client), "CN=good\\x00.evil");
    client_free(client);
}

static void
wide_common_name_is_utf8(void **state)
{
    struct made_client *made = made_new();
    struct client *client;

    (void)state;
    made_attribute(made, 3, MADE_BMP, "\0G\0r\0\xfc\0n", 8);
    client = finish(made);
    assert_non_null(client);
    assert_text_fact(client, 0, RULE_CN, "Gr\xc3\xbcn");
    client_free(client);
}

/* An attribute beside another in one relative name. */
static void
every_attribute_of_a_relative_name_is_read(void **state)
{
    static const uint8_t pair[] = {0x31, 0x14, 0x30, 0x08, 0x06, 0x03, 0x55,
        0x04, 0x03, 0x0c, 0x01, 'a', 0x30, 0x08, 0x06, 0x03, 0x55, 0x04, 0x0b,
        0x0c, 0x01, 'b'};
    struct made_client *made = made_new();
    struct client *client;

    (void)state;
    memcpy(made->subject.data, pair, sizeof(pair));
    made->subject.len = sizeof(pair);
    client = finish(made);
    assert_non_null(client);
    assert_text_fact(client, 0, RULE_CN, "a");
    assert_text_fact(client, 1, RULE_OU, "b");
    client_free(client);
}

static void
serial_number_is_without_leading_zeros(void **state)
{
    static const uint8_t serial[] = {0x00, 0x9f, 0x01};
    struct made_client *made = made_new();
    struct client *client;

    (void)state;
    made->serial = serial;
    made->serial_len = sizeof(serial);
    client = finish(made);
    assert_non_null(client);
    assert_string_equal(client_serial(client), "9f01");
    client_free(client);
}

static void
dates_of_both_forms_are_read(void **state)
{
    static const struct {
        const char *text;
        time_t at;
    } dates[] = {
        {"491231235959Z", 2524607999},
        {"500101000000Z", -631152000},
        {"20500101000000Z", 2524608000},
        {"99991231235959Z", 253402300799},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(dates) / sizeof(dates[0]); i++) {
        struct made_client *made = made_new();
        struct client *client;

        made->not_after = dates[i].text;
        client = finish(made);
        assert_non_null(client);
        assert_true(client_not_after(client) == dates[i].at);
        assert_true(client_not_before(client) == 1577934245);
        client_free(client);
    }
}

static void
usages_are_named(void **state)
{
    static const char both[] = "\x30\x1d\x06\x08\x2b\x06\x01\x05\x05\x07\x03"
                               "\x01\x06\x08\x2b\x06\x01\x05\x05\x07\x03\x02"
                               "\x06\x07\x2b\x06\x01\x04\x01\x82\x37";
    static const char any[] = "\x30\x06\x06\x04\x55\x1d\x25\x00";
    static const struct {
        const char *der;
        size_t len;
        const char *words;
        bool has_usages;
        bool is_for_clients;
    } cases[] = {
        {both, sizeof(both) - 1, "serverAuth, clientAuth, another usage", true,
            true},
        {any, sizeof(any) - 1, "any", true, true},
        {both, 0, "none", false, false},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct made_client *made = made_new();
        struct client *client;

        made->usages = cases[i].der;
        made->usages_len = cases[i].len;
        client = finish(made);
        assert_non_null(client);
        assert_string_equal(client_usages(client), cases[i].words);
        assert_int_equal(client_has_usages(client), cases[i].has_usages);
        assert_int_equal(
            client_is_for_clients(client), cases[i].is_for_clients);
        client_free(client);
    }
}

static void
server_certificate_is_not_for_clients(void **state)
{
    struct client *client = client_of_file("client-serverEKU.pem");

    (void)state;
    assert_non_null(client);
    assert_true(client_has_usages(client));
    assert_false(client_is_for_clients(client));
    assert_string_equal(client_usages(client), "serverAuth");
    client_free(client);
}

/* --- what is refused ----------------------------------------------------- */

static void
what_is_no_certificate_is_refused(void **state)
{
    static uint8_t noise[] = {0x30, 0x03, 0x02, 0x01, 0x01};
    const struct blob blob = {noise, sizeof(noise)};
    const struct blob empty = {NULL, 0};

    (void)state;
    assert_null(client_new(&blob));
    assert_null(client_new(&empty));
}

/* Half a certificate has half of the names. */
static void
every_cut_is_refused(void **state)
{
    struct blob der = read_der("client.pem");

    (void)state;
    for (size_t len = 0; len < der.len; len++) {
        struct blob cut;
        struct client *client;

        assert_int_equal(blob_copy(&cut, der.data, len), 0);
        client = client_new(&cut);
        assert_null(client);
        blob_free(&cut);
    }
    blob_free(&der);
}

static void
second_extension_of_a_kind_is_refused(void **state)
{
    struct made_client *made = made_new();

    (void)state;
    der_add(&made->san, MADE_DNS, "a.example", 9);
    made_extension(made, 0x11, "\x30\x03\x82\x01x", 5);
    assert_null(finish(made));
}

static void
broken_names_are_refused(void **state)
{
    struct made_client *made = made_new();

    (void)state;
    made_extension(made, 0x11, "\x30\x04\x82\x03xy", 6);
    assert_null(finish(made));
    made = made_new();
    memcpy(made->subject.data, "\x31\x05\x30\x03\x06\x01\x55", 7);
    made->subject.len = 7; /* a type without a value */
    assert_null(finish(made));
}

static void
usages_without_a_usage_are_refused(void **state)
{
    struct made_client *made = made_new();

    (void)state;
    made->usages = "\x30\x00";
    made->usages_len = 2;
    assert_null(finish(made));
}

/* Thousands of names are more than a ticket holds. */
static void
thousands_of_names_are_refused(void **state)
{
    struct made_client *made = made_new();

    (void)state;
    for (int i = 0; i < 3000; i++) {
        char name[32];
        int len = snprintf(name, sizeof(name), "%d.example", i);

        der_add(&made->san, MADE_DNS, name, (size_t)len);
    }
    assert_null(finish(made));
}

static void
as_many_names_as_fit_are_kept(void **state)
{
    struct made_client *made = made_new();
    struct client *client;

    (void)state;
    for (int i = 0; i < 1000; i++)
        der_add(&made->san, MADE_DNS, "a.example.com", 13);
    client = finish(made);
    assert_non_null(client);
    assert_int_equal(client_fact_count(client), 1002);
    assert_in_range(client_record(client).len, 16000, CLIENT_RECORD_BYTES_MAX);
    client_free(client);
}

static void
names_that_rules_do_not_look_at_take_no_room(void **state)
{
    struct made_client *made = made_new();
    struct client *client;

    (void)state;
    for (int i = 0; i < 1000; i++)
        der_add(&made->san, MADE_OTHER_NAME, "\x06\x01\x01\xa0\x02\x0c\0", 7);
    der_add(&made->san, MADE_IP, "10.0.0.1", 8); /* as text, which is none */
    der_add(&made->san, MADE_DNS, "", 0);
    client = finish(made);
    assert_non_null(client);
    assert_int_equal(client_fact_count(client), 2);
    client_free(client);
}

/* What is shown is cut; what rules see is longer than any rule. */
static void
long_issuer_equals_no_shorter_one(void **state)
{
    struct made_client *made = made_new();
    char issuer[2001];
    struct client *client;
    struct client_fact fact;

    (void)state;
    memset(issuer, '+', sizeof(issuer) - 1); /* \x2b each */
    issuer[sizeof(issuer) - 1] = '\0';
    made->issuer = issuer;
    client = finish(made);
    assert_non_null(client);
    assert_int_equal(strlen(client_issuer(client)), 254);
    assert_string_equal(client_issuer(client) + 247, "\\x2b...");
    fact = client_fact_at(client, 0);
    assert_int_equal(fact.kind, RULE_ISSUER);
    assert_true(fact.len > RULE_BYTES_MAX);
    client_free(client);
}

/* --- records ------------------------------------------------------------- */

static void
assert_same(const struct client *a, const struct client *b)
{
    struct blob left = client_record(a);
    struct blob right = client_record(b);

    assert_int_equal(left.len, right.len);
    assert_memory_equal(left.data, right.data, left.len);
    assert_int_equal(client_fact_count(a), client_fact_count(b));
    for (size_t i = 0; i < client_fact_count(a); i++) {
        struct client_fact fact = client_fact_at(a, i);

        assert_fact(b, i, fact.kind, fact.data, fact.len);
    }
    assert_string_equal(client_subject(a), client_subject(b));
    assert_string_equal(client_issuer(a), client_issuer(b));
    assert_string_equal(client_serial(a), client_serial(b));
    assert_string_equal(client_fingerprint(a), client_fingerprint(b));
    assert_string_equal(client_key_hash(a), client_key_hash(b));
    assert_string_equal(client_usages(a), client_usages(b));
    assert_true(client_not_after(a) == client_not_after(b));
}

static void
record_holds_all_of_it(void **state)
{
    struct client *client = client_of_file("client.pem");
    struct blob record;
    struct client *again;

    (void)state;
    assert_non_null(client);
    record = client_record(client);
    assert_in_range(record.len, 1, 400);
    again = client_from_record(record.data, record.len);
    assert_non_null(again);
    assert_same(client, again);
    client_free(again);
    client_free(client);
}

/* Copies of exactly the size, for the sanitizer to guard. */
static struct client *
client_of_bytes(const uint8_t *data, size_t len)
{
    struct blob exact;
    struct client *client;

    assert_int_equal(blob_copy(&exact, data, len), 0);
    client = client_from_record(exact.data, exact.len);
    blob_free(&exact);
    return client;
}

static void
cut_record_is_refused_or_has_fewer_names(void **state)
{
    static const char *const facts[] = {"cn:x", "dns:yy.example", NULL};
    struct client *client = make_client(facts);
    struct blob record = client_record(client);
    size_t whole = record.len;
    size_t dns_bytes = 3 + strlen("yy.example");
    size_t cn_bytes = 3 + 1;

    (void)state;
    for (size_t len = 0; len < whole; len++) {
        struct client *cut = client_of_bytes(record.data, len);
        bool is_between =
            len == whole - dns_bytes || len == whole - dns_bytes - cn_bytes;

        assert_int_equal(cut != NULL, is_between);
        client_free(cut);
    }
    client_free(client);
}

/* Each byte changed: nothing is read out of bounds, and a kind that does not
 * exist is not handed out. */
static void
changed_record_does_no_harm(void **state)
{
    static const char *const facts[] = {"cn:x", "ip:10.0.0.1", NULL};
    struct client *client = make_client(facts);
    struct blob record = client_record(client);

    (void)state;
    for (size_t i = 0; i < record.len; i++)
        for (int bit = 0; bit < 8; bit++) {
            struct client *other;

            record.data[i] ^= (uint8_t)(1 << bit);
            other = client_of_bytes(record.data, record.len);
            record.data[i] ^= (uint8_t)(1 << bit);
            for (size_t j = 0; other && j < client_fact_count(other); j++)
                assert_in_range(client_fact_at(other, j).kind, 0, RULE_SERIAL);
            client_free(other);
        }
    client_free(client);
}

static void
record_of_another_version_is_refused(void **state)
{
    static const char *const facts[] = {"cn:x", NULL};
    struct client *client = make_client(facts);
    struct blob record = client_record(client);

    (void)state;
    record.data[0] = CLIENT_RECORD_VERSION + 1;
    assert_null(client_from_record(record.data, record.len));
    client_free(client);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(agrees_with_the_library),
        cmocka_unit_test(key_hash_is_that_of_the_public_key),
        cmocka_unit_test(every_name_is_a_fact_in_order),
        cmocka_unit_test(zero_byte_does_not_end_a_name),
        cmocka_unit_test(wide_common_name_is_utf8),
        cmocka_unit_test(every_attribute_of_a_relative_name_is_read),
        cmocka_unit_test(serial_number_is_without_leading_zeros),
        cmocka_unit_test(dates_of_both_forms_are_read),
        cmocka_unit_test(usages_are_named),
        cmocka_unit_test(server_certificate_is_not_for_clients),
        cmocka_unit_test(what_is_no_certificate_is_refused),
        cmocka_unit_test(every_cut_is_refused),
        cmocka_unit_test(second_extension_of_a_kind_is_refused),
        cmocka_unit_test(broken_names_are_refused),
        cmocka_unit_test(usages_without_a_usage_are_refused),
        cmocka_unit_test(thousands_of_names_are_refused),
        cmocka_unit_test(as_many_names_as_fit_are_kept),
        cmocka_unit_test(names_that_rules_do_not_look_at_take_no_room),
        cmocka_unit_test(long_issuer_equals_no_shorter_one),
        cmocka_unit_test(record_holds_all_of_it),
        cmocka_unit_test(cut_record_is_refused_or_has_fewer_names),
        cmocka_unit_test(changed_record_does_no_harm),
        cmocka_unit_test(record_of_another_version_is_refused),
    };

    return cmocka_run_group_tests(tests, certs_start, certs_stop);
}
