/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The formats of certificates and keys: every one is known by its content and
 * loads as the same identity, and what is too old to be read is refused with
 * the command that converts it, which then does.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <wolfssl/options.h>

#include <wolfssl/wolfcrypt/pwdbased.h>

#include <cmocka.h>

#include "certs/secret.h"
#include "tests/unit/certs_fixture.h"
#include "tests/unit/config_fixture.h"

/* Loads without a complaint, as server.pem with server.key does. */
static void
loads(const struct pair *pair, size_t chain_count)
{
    struct blob leaf = read_der("server.pem");
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

static void
loads_key(const char *key)
{
    const struct pair pair = {.cert = "server.pem", .key = key};

    loads(&pair, 2);
}

static void
loads_encrypted(const char *key)
{
    const struct pair pair = {
        .cert = "server.pem", .key = key, .password_file = "password"};

    loads(&pair, 2);
}

/* server.key, encrypted as these arguments of "openssl pkcs8" say. */
static void
encrypts_as(const char *const *how)
{
    const char *arguments[24] = {"pkcs8", "-topk8", "-in", "server.key",
        "-passout", "pass:sidelock", "-out", "made.key"};
    size_t count = 8;

    for (; *how != NULL; how++)
        arguments[count++] = *how;
    run_openssl(arguments);
    loads_encrypted("made.key");
}

#define ENCRYPTS_AS(...) encrypts_as((const char *const[]){__VA_ARGS__, NULL})

/* --- DER ----------------------------------------------------------------- */

static void
certificate_as_der_loads(void **state)
{
    const struct pair pair = {.cert = "server.der", .key = "server.key"};

    (void)state;
    loads(&pair, 1);
}

static void
form_is_noted(void **state)
{
    const struct pair pair = {.cert = "server.der", .key = "server-key.der"};
    const struct pair one = {.cert = "combined.pem"};

    (void)state;
    assert_pair_found(
        &pair, SEVERITY_NOTE, "certificate.cert server.der: is DER");
    assert_pair_found(
        &pair, SEVERITY_NOTE, "certificate.key server-key.der: is DER");
    assert_pair_found(&one, SEVERITY_NOTE,
        "certificate.cert combined.pem: chain and key are in one file (PEM)");
}

static void
several_certificates_as_der_load(void **state)
{
    const char *const issuer[] = {"x509", "-in", "intermediate.pem", "-outform",
        "DER", "-out", "intermediate.der", NULL};
    const struct pair pair = {.cert = "chain.der", .key = "server.key"};

    (void)state;
    run_openssl(issuer);
    join_files("chain.der",
        (const char *const[]){"server.der", "intermediate.der", NULL});
    loads(&pair, 2);
}

static void
key_as_der_loads(void **state)
{
    (void)state;
    loads_key("server-key.der");
}

static void
key_as_sec1_der_loads(void **state)
{
    const char *const arguments[] = {
        "ec", "-in", "server.key", "-outform", "DER", "-out", "sec1.der", NULL};

    (void)state;
    run_openssl(arguments);
    loads_key("sec1.der");
}

static void
key_as_pkcs1_der_loads(void **state)
{
    const char *const arguments[] = {"rsa", "-traditional", "-in",
        "server-rsa.key", "-outform", "DER", "-out", "pkcs1.der", NULL};
    const struct pair pair = {.cert = "server-rsa.pem", .key = "pkcs1.der"};

    (void)state;
    run_openssl(arguments);
    identity_unref(load_good(&pair));
}

static void
root_to_reach_may_be_der(void **state)
{
    const char *const arguments[] = {
        "x509", "-in", "ca.pem", "-outform", "DER", "-out", "root.der", NULL};
    const struct pair good = {
        .cert = "server.pem", .key = "server.key", .chain_root = "root.der"};
    const struct pair other = {
        .cert = "server.pem", .key = "server.key", .chain_root = "server.der"};

    (void)state;
    run_openssl(arguments);
    loads(&good, 2);
    assert_pair_refused_as(&other, SL_CHAIN_INCOMPLETE,
        "does not reach certificate.chain_root server.der");
}

/* --- PEM ----------------------------------------------------------------- */

static void
blocks_of_one_file_may_be_in_any_order(void **state)
{
    const struct pair pair = {.cert = "any-order.pem"};

    (void)state;
    join_files("any-order.pem", (const char *const[]){"server-leafonly.pem",
                                    "server.key", "intermediate.pem", NULL});
    loads(&pair, 2);
}

static void
large_rsa_keys_load(void **state)
{
    static const char *const bits[] = {"3072", "4096"};

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        char size[32];
        const char *const arguments[] = {"req", "-x509", "-newkey", size,
            "-nodes", "-subj", "/CN=localhost", "-addext",
            "subjectAltName=DNS:localhost", "-keyout", "large.key", "-out",
            "large.pem", NULL};
        const struct pair pair = {.cert = "large.pem", .key = "large.key"};

        (void)snprintf(size, sizeof(size), "rsa:%s", bits[i]);
        run_openssl(arguments);
        identity_unref(load_good(&pair));
    }
}

static void
curve_that_is_not_supported_is_refused(void **state)
{
    const char *const arguments[] = {"req", "-x509", "-newkey", "ec",
        "-pkeyopt", "ec_paramgen_curve:secp256k1", "-nodes", "-subj", "/CN=x",
        "-keyout", "k1.key", "-out", "k1.pem", NULL};
    const struct pair pair = {.cert = "k1.pem", .key = "k1.key"};

    (void)state;
    run_openssl(arguments);
    assert_pair_refused_as(&pair, SL_KEY_UNSUPPORTED,
        "certificate.cert k1.pem: its ECDSA key is on a curve that is not "
        "supported");
}

/* --- encrypted keys ------------------------------------------------------ */

static void
encrypted_pem_loads(void **state)
{
    (void)state;
    loads_encrypted("server-encrypted.key");
}

static void
encrypted_der_loads(void **state)
{
    (void)state;
    loads_encrypted("server-encrypted-key.der");
}

static void
ciphers_and_hashes_of_pbes2_load(void **state)
{
    (void)state;
    ENCRYPTS_AS("-v2", "aes-128-cbc");
    ENCRYPTS_AS("-v2", "aes-256-cbc", "-v2prf", "hmacWithSHA1");
    ENCRYPTS_AS("-v2", "aes-256-cbc", "-v2prf", "hmacWithSHA384");
    ENCRYPTS_AS("-v2", "aes-256-cbc", "-v2prf", "hmacWithSHA512");
    ENCRYPTS_AS("-v2", "aes-256-cbc", "-iter", "100000");
}

static void
encrypted_rsa_key_loads(void **state)
{
    const char *const arguments[] = {"pkcs8", "-topk8", "-in", "server-rsa.key",
        "-passout", "pass:sidelock", "-out", "rsa-encrypted.key", NULL};
    const struct pair pair = {.cert = "server-rsa.pem",
        .key = "rsa-encrypted.key",
        .password_file = "password"};

    (void)state;
    run_openssl(arguments);
    identity_unref(load_good(&pair));
}

static void
encrypted_key_and_chain_in_one_file_load(void **state)
{
    const struct pair pair = {
        .cert = "one-encrypted.pem", .password_file = "password"};

    (void)state;
    join_files("one-encrypted.pem",
        (const char *const[]){"server-encrypted.key", "server.pem", NULL});
    loads(&pair, 2);
}

/* Runs the command of the message between the marker and `end`. */
static void
run_command(const char *message, const char *marker, const char *extra)
{
    char command[1200];
    const char *start = strstr(message, marker);

    assert_non_null(start);
    (void)snprintf(command, sizeof(command), "%s%s 2>&1", start, extra);
    /* NOLINTNEXTLINE(cert-env33-c): of our own message */
    assert_int_equal(system(command), 0);
}

/* Refused, and the command of its message makes a key that loads. */
static void
refused_until_converted(const char *cert, const char *key)
{
    const struct pair old = {
        .cert = cert, .key = key, .password_file = "password"};
    char path[64];
    const struct pair new = {
        .cert = cert, .key = path, .password_file = "password"};
    struct report report;

    (void)snprintf(path, sizeof(path), "%s.new", key);
    report_init(&report);
    assert_null(load_pair(&old, &report));
    assert_int_equal(report_first_code(&report), SL_KEY_LEGACY);
    run_command(report_first_error(&report), "openssl pkcs8",
        " -passin pass:sidelock -passout pass:sidelock");
    report_deinit(&report);
    identity_unref(load_good(&new));
}

static void
key_of_the_old_kind_is_refused_with_the_command_that_converts_it(void **state)
{
    (void)state;
    refused_until_converted("server.pem", "server-legacy-encrypted.key");
    refused_until_converted("server-rsa.pem", "server-rsa-legacy.key");
}

static void
key_of_another_cipher_is_refused_with_the_command_that_converts_it(void **state)
{
    (void)state;
    refused_until_converted("server.pem", "server-pbes1.key");
    refused_until_converted("server.pem", "server-scrypt.key");
}

/* A file cannot demand hours of work. */
static void
too_many_rounds_are_refused(void **state)
{
    const struct pair key = {.cert = "server.pem",
        .key = "server-encrypted.key",
        .password_file = "password"};
    const struct pair keystore = {
        .keystore = "server.p12", .password_file = "password"};
    int most = wc_PBKDF_max_iterations_set(2000);

    (void)state;
    assert_pair_refused_as(&key, SL_KEY_UNREADABLE,
        "certificate.key server-encrypted.key: its password is hashed so "
        "often");
    assert_pair_refused_as(&keystore, SL_KEYSTORE_BROKEN,
        "certificate.keystore server.p12: its password is hashed so often");
    /* Enough for one part of it, not for all. */
    (void)wc_PBKDF_max_iterations_set(5000);
    assert_pair_refused_as(&keystore, SL_KEYSTORE_BROKEN,
        "certificate.keystore server.p12: its password is hashed so often");
    (void)wc_PBKDF_max_iterations_set(most);
}

/* --- keystores ----------------------------------------------------------- */

static void
keystore_loads(void **state)
{
    const struct pair pair = {
        .keystore = "server.p12", .password_file = "password"};

    (void)state;
    loads(&pair, 2);
}

static void
keystore_named_as_cert_loads(void **state)
{
    const struct pair pair = {
        .cert = "server.p12", .password_file = "password"};

    (void)state;
    loads(&pair, 2);
}

static void
keystore_may_give_the_key_to_a_chain_of_pem(void **state)
{
    const struct pair pair = {
        .cert = "server.pem", .key = "server.p12", .password_file = "password"};

    (void)state;
    loads(&pair, 2);
}

static void
keystore_without_encryption_loads(void **state)
{
    const struct pair pair = {.keystore = "server-plain.p12"};

    (void)state;
    loads(&pair, 2);
}

static void
macs_of_keystores_are_checked(void **state)
{
    static const char *const macs[] = {"sha1", "sha256", "sha384", "sha512"};
    const struct pair pair = {
        .keystore = "mac.p12", .password_file = "password"};

    (void)state;
    for (size_t i = 0; i < 4; i++) {
        const char *const arguments[] = {"pkcs12", "-export", "-in",
            "server.pem", "-inkey", "server.key", "-passout", "pass:sidelock",
            "-macalg", macs[i], "-out", "mac.p12", NULL};

        run_openssl(arguments);
        loads(&pair, 2);
    }
}

static void
password_beyond_ascii_opens_a_keystore(void **state)
{
    static const char password[] = "gr\xc3\xbc\xc3\x9f \xe2\x82\xac "
                                   "\xf0\x9f\x94\x91";
    char option[64];
    const char *const arguments[] = {"pkcs12", "-export", "-in", "server.pem",
        "-inkey", "server.key", "-passout", option, "-out", "wide.p12", NULL};
    const struct pair pair = {
        .keystore = "wide.p12", .password_file = "wide-password"};

    (void)state;
    (void)snprintf(option, sizeof(option), "pass:%s", password);
    run_openssl(arguments);
    write_file("wide-password", password, strlen(password));
    loads(&pair, 2);
}

static void
old_keystore_is_refused_with_the_commands_that_convert_it(void **state)
{
    const struct pair pair = {
        .keystore = "server-legacy.p12", .password_file = "password"};

    (void)state;
    assert_pair_refused_as(&pair, SL_KEYSTORE_LEGACY,
        "certificate.keystore server-legacy.p12: is encrypted in a way that is "
        "not read (RC2, 3DES, PBMAC1 or the like); convert it: umask 077; "
        "openssl pkcs12 -legacy -in server-legacy.p12 -nodes -out "
        "server-legacy.p12.pem; "
        "openssl pkcs12 -export -in server-legacy.p12.pem -out "
        "server-legacy.p12.new; rm server-legacy.p12.pem");
}

/* The commands of that message, with the passwords that they would ask for. */
static void
commands_of_an_old_keystore_work(void **state)
{
    const char *const first[] = {"pkcs12", "-legacy", "-in",
        "server-legacy.p12", "-nodes", "-out", "server-legacy.p12.pem",
        "-passin", "pass:sidelock", NULL};
    const char *const second[] = {"pkcs12", "-export", "-in",
        "server-legacy.p12.pem", "-out", "server-legacy.p12.new", "-passout",
        "pass:sidelock", NULL};
    const struct pair pair = {
        .keystore = "server-legacy.p12.new", .password_file = "password"};

    (void)state;
    run_openssl(first);
    run_openssl(second);
    loads(&pair, 2);
}

static void
keystore_with_only_its_key_encrypted_the_old_way_is_refused(void **state)
{
    const char *const arguments[] = {"pkcs12", "-export", "-in", "server.pem",
        "-inkey", "server.key", "-passout", "pass:sidelock", "-keypbe",
        "PBE-SHA1-3DES", "-out", "old-key.p12", NULL};
    const struct pair pair = {
        .keystore = "old-key.p12", .password_file = "password"};

    (void)state;
    run_openssl(arguments);
    assert_pair_refused_as(&pair, SL_KEYSTORE_LEGACY,
        "certificate.keystore old-key.p12: is encrypted in a way that is not");
}

static void
truststore_is_refused(void **state)
{
    const struct pair pair = {
        .keystore = "truststore.p12", .password_file = "password"};

    (void)state;
    assert_pair_refused_as(&pair, SL_KEYSTORE_KEYLESS,
        "certificate.keystore truststore.p12: the keystore holds no private "
        "key");
}

static void
keystore_without_a_certificate_is_refused(void **state)
{
    const char *const arguments[] = {"pkcs12", "-export", "-nocerts", "-inkey",
        "server.key", "-passout", "pass:sidelock", "-out", "keyonly.p12", NULL};
    const struct pair pair = {
        .keystore = "keyonly.p12", .password_file = "password"};

    (void)state;
    run_openssl(arguments);
    assert_pair_refused_as(&pair, SL_CERT_NONE,
        "certificate.keystore keyonly.p12: no certificate in it");
}

/* Wherever it is cut, it is refused as broken and nothing else. */
static void
keystore_that_was_cut_off_is_refused(void **state)
{
    struct blob whole = read_file("server.p12");
    const struct pair pair = {
        .keystore = "cut.p12", .password_file = "password"};

    (void)state;
    for (size_t len = 1; len < whole.len; len += 97) {
        const struct blob part = {.data = whole.data, .len = len};
        struct report report;

        write_blob("cut.p12", &part);
        report_init(&report);
        assert_null(load_pair(&pair, &report));
        assert_true(report.error_count > 0);
        report_deinit(&report);
    }
    blob_free(&whole);
}

/* One bit anywhere under the MAC. */
static void
damaged_keystore_is_refused(void **state)
{
    struct blob whole = read_file("server.p12");
    const struct pair pair = {
        .keystore = "damaged.p12", .password_file = "password"};

    (void)state;
    for (size_t at = 60; at < whole.len; at += 61) {
        struct report report;

        whole.data[at] ^= 0x10;
        write_blob("damaged.p12", &whole);
        whole.data[at] ^= 0x10;
        report_init(&report);
        assert_null(load_pair(&pair, &report));
        report_deinit(&report);
    }
    blob_free(&whole);
}

static void
keystore_with_indefinite_lengths_is_refused_with_its_command(void **state)
{
    static const char start[] = "\x30\x80\x02\x01\x03\x30\x80";
    const struct pair pair = {
        .keystore = "ber.p12", .password_file = "password"};

    (void)state;
    write_file("ber.p12", start, sizeof(start));
    assert_pair_refused_as(&pair, SL_FORMAT_UNKNOWN,
        "certificate.keystore ber.p12: cannot be read: it is BER");
}

/* --- all ----------------------------------------------------------------- */

static void
nothing_of_all_this_is_left_in_secret_memory(void **state)
{
    (void)state;
    assert_int_equal(secret_usage().count, 0);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(certificate_as_der_loads),
        cmocka_unit_test(form_is_noted),
        cmocka_unit_test(several_certificates_as_der_load),
        cmocka_unit_test(key_as_der_loads),
        cmocka_unit_test(key_as_sec1_der_loads),
        cmocka_unit_test(key_as_pkcs1_der_loads),
        cmocka_unit_test(root_to_reach_may_be_der),
        cmocka_unit_test(blocks_of_one_file_may_be_in_any_order),
        cmocka_unit_test(large_rsa_keys_load),
        cmocka_unit_test(curve_that_is_not_supported_is_refused),
        cmocka_unit_test(encrypted_pem_loads),
        cmocka_unit_test(encrypted_der_loads),
        cmocka_unit_test(ciphers_and_hashes_of_pbes2_load),
        cmocka_unit_test(encrypted_rsa_key_loads),
        cmocka_unit_test(encrypted_key_and_chain_in_one_file_load),
        cmocka_unit_test(
            key_of_the_old_kind_is_refused_with_the_command_that_converts_it),
        cmocka_unit_test(
            key_of_another_cipher_is_refused_with_the_command_that_converts_it),
        cmocka_unit_test(too_many_rounds_are_refused),
        cmocka_unit_test(keystore_loads),
        cmocka_unit_test(keystore_named_as_cert_loads),
        cmocka_unit_test(keystore_may_give_the_key_to_a_chain_of_pem),
        cmocka_unit_test(keystore_without_encryption_loads),
        cmocka_unit_test(macs_of_keystores_are_checked),
        cmocka_unit_test(password_beyond_ascii_opens_a_keystore),
        cmocka_unit_test(
            old_keystore_is_refused_with_the_commands_that_convert_it),
        cmocka_unit_test(commands_of_an_old_keystore_work),
        cmocka_unit_test(
            keystore_with_only_its_key_encrypted_the_old_way_is_refused),
        cmocka_unit_test(truststore_is_refused),
        cmocka_unit_test(keystore_without_a_certificate_is_refused),
        cmocka_unit_test(keystore_that_was_cut_off_is_refused),
        cmocka_unit_test(damaged_keystore_is_refused),
        cmocka_unit_test(
            keystore_with_indefinite_lengths_is_refused_with_its_command),
        cmocka_unit_test(nothing_of_all_this_is_left_in_secret_memory),
    };

    return cmocka_run_group_tests(tests, certs_start, certs_stop);
}
