/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Identities that are refused for what they are: each with one line that names
 * the file, the cause and what to do. Files that cannot be read as
 * certificates and keys are in test_identity_files.c.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "certs/secret.h"
#include "tests/unit/certs_fixture.h"
#include "tests/unit/config_fixture.h"

static void
refused(const char *cert, const char *key, const char *text_part)
{
    const struct pair pair = {.cert = cert, .key = key};

    assert_pair_refused(&pair, text_part);
}

/* --- the pair ------------------------------------------------------------ */

static void
another_ec_key_of_the_same_curve_is_refused(void **state)
{
    (void)state;
    refused("server.pem", "server-other.key",
        "certificate.key server-other.key: is not the private key of the "
        "certificate server.pem");
}

static void
ec_key_of_another_curve_is_refused(void **state)
{
    (void)state;
    refused("server.pem", "server-p384.key",
        "certificate.key server-p384.key: is not the private key of");
}

static void
another_rsa_key_is_refused(void **state)
{
    (void)state;
    refused("server-rsa.pem", "server-rsa-other.key",
        "certificate.key server-rsa-other.key: is not the private key of the "
        "certificate server-rsa.pem");
}

static void
rsa_key_for_an_ec_certificate_is_refused(void **state)
{
    (void)state;
    refused("server.pem", "server-rsa.key",
        "certificate.key server-rsa.key: is not the private key of");
}

static void
ec_key_for_an_rsa_certificate_is_refused(void **state)
{
    (void)state;
    refused("server-rsa.pem", "server.key",
        "certificate.key server.key: is not the private key of");
}

static void
ec_key_for_an_ed25519_certificate_is_refused(void **state)
{
    (void)state;
    refused("server-ed25519.pem", "server.key",
        "certificate.key server.key: is not the private key of");
}

static void
another_ed25519_key_is_refused(void **state)
{
    const char *const arguments[] = {
        "genpkey", "-algorithm", "ED25519", "-out", "ed25519-other.key", NULL};

    (void)state;
    run_openssl(arguments);
    refused("server-ed25519.pem", "ed25519-other.key",
        "certificate.key ed25519-other.key: is not the private key of");
}

/* A SEC1 key may carry a public key: here that of the certificate, beside
 * the number of another. Comparing public keys would find nothing wrong. */
static void
key_with_a_foreign_public_half_is_refused(void **state)
{
    enum {
        PUBLIC_BYTES = 65
    }; /* an uncompressed point of P-256, at the end */
    struct blob mine = read_der("server-sec1.key");
    struct blob other;
    const char *const to_sec1[] = {"pkey", "-traditional", "-in",
        "server-other.key", "-out", "other-sec1.key", NULL};
    const char *const to_pem[] = {
        "base64", "-in", "forged.der", "-out", "forged.b64", NULL};
    const char *const parts[] = {"begin", "forged.b64", "end", NULL};
    static const char begin[] = "-----BEGIN EC PRIVATE KEY-----\n";
    static const char end[] = "-----END EC PRIVATE KEY-----\n";

    (void)state;
    run_openssl(to_sec1);
    other = read_der("other-sec1.key");
    assert_int_equal(mine.len, other.len);
    memcpy(other.data + other.len - PUBLIC_BYTES,
        mine.data + mine.len - PUBLIC_BYTES, PUBLIC_BYTES);
    write_blob("forged.der", &other);
    blob_free(&mine);
    blob_free(&other);
    run_openssl(to_pem);
    write_file("begin", begin, strlen(begin));
    write_file("end", end, strlen(end));
    join_files("forged.key", parts);
    refused("server.pem", "forged.key",
        "certificate.key forged.key: is not the private key of");
}

static void
weak_rsa_is_refused(void **state)
{
    (void)state;
    refused("server-weak.pem", "server-weak.key",
        "certificate.cert server-weak.pem: its RSA key has 1024 bits, clients "
        "want at least 2048");
}

/* --- names and usage ----------------------------------------------------- */

static void
server_name_that_is_not_covered_is_refused_with_the_names(void **state)
{
    const struct pair pair = {.cert = "server-wrongname.pem",
        .key = "server.key",
        .server_name = "web.example"};

    (void)state;
    assert_pair_refused(&pair,
        "certificate.cert server-wrongname.pem: does not cover certificate."
        "server_name \"web.example\"; it names: other.example");
}

static void
all_names_are_listed_in_their_order(void **state)
{
    const struct pair pair = {.cert = "server.pem",
        .key = "server.key",
        .server_name = "web.example"};

    (void)state;
    assert_pair_refused(&pair, "it names: localhost, 127.0.0.1, ::1");
}

static void
address_that_is_not_covered_is_refused(void **state)
{
    const struct pair pair = {
        .cert = "server.pem", .key = "server.key", .server_name = "127.0.0.2"};

    (void)state;
    assert_pair_refused(
        &pair, "does not cover certificate.server_name \"127.0.0.2\"");
}

/* RFC 6125, 6.4.4: where there are DNS names the CN does not count. */
static void
common_name_does_not_count_beside_dns_names(void **state)
{
    const struct pair pair = {.cert = "cn-and-san.pem",
        .key = "server.key",
        .server_name = "common.example"};
    const char *const arguments[] = {"req", "-x509", "-key", "server.key",
        "-subj", "/CN=common.example", "-addext",
        "subjectAltName=DNS:only.example", "-out", "cn-and-san.pem", NULL};

    (void)state;
    run_openssl(arguments);
    assert_pair_refused(&pair, "it names: only.example");
}

static void
certificate_for_clients_is_refused_with_its_usage(void **state)
{
    (void)state;
    refused("server-clienteku.pem", "server.key",
        "certificate.cert server-clienteku.pem: is not for servers: its "
        "extended key usage is clientAuth, and serverAuth is missing");
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(another_ec_key_of_the_same_curve_is_refused),
        cmocka_unit_test(ec_key_of_another_curve_is_refused),
        cmocka_unit_test(another_rsa_key_is_refused),
        cmocka_unit_test(rsa_key_for_an_ec_certificate_is_refused),
        cmocka_unit_test(ec_key_for_an_rsa_certificate_is_refused),
        cmocka_unit_test(ec_key_for_an_ed25519_certificate_is_refused),
        cmocka_unit_test(another_ed25519_key_is_refused),
        cmocka_unit_test(key_with_a_foreign_public_half_is_refused),
        cmocka_unit_test(weak_rsa_is_refused),
        cmocka_unit_test(
            server_name_that_is_not_covered_is_refused_with_the_names),
        cmocka_unit_test(all_names_are_listed_in_their_order),
        cmocka_unit_test(address_that_is_not_covered_is_refused),
        cmocka_unit_test(common_name_does_not_count_beside_dns_names),
        cmocka_unit_test(certificate_for_clients_is_refused_with_its_usage),
    };

    return cmocka_run_group_tests(tests, certs_start, certs_stop);
}
