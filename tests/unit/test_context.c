/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * TLS contexts, by handshakes in memory: versions, ciphers, groups. Clients
 * with certificates are in test_context_clients.c, resumption is in
 * test_context_resumption.c.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/unit/certs_fixture.h"
#include "tests/unit/tls_fixture.h"

/* --- versions ------------------------------------------------------------ */

static const struct client_spec speaks_12 = {.version = TLS_VERSION_1_2};
static const struct client_spec speaks_13 = {.version = TLS_VERSION_1_3};

/* The context does not come to terms with the client. */
static void
does_not_connect(struct context *context, const struct client_spec *spec)
{
    struct duo duo;

    duo_start(&duo, context, spec);
    assert_false(duo.is_done);
    assert_int_not_equal(duo.server_error, 0);
    duo_stop(&duo);
}

static void
speaks_tls_12_and_13(void **state)
{
    struct service service;

    (void)state;
    service_start(&service, GOOD_CERTIFICATE);
    assert_connects(service.context, &speaks_12);
    assert_connects(service.context, &speaks_13);
    service_stop(&service);
}

static void
least_version_is_kept(void **state)
{
    struct service service;

    (void)state;
    service_start(&service, GOOD_CERTIFICATE "[tls]\nmin_version = 1.3\n");
    assert_connects(service.context, &speaks_13);
    does_not_connect(service.context, &speaks_12);
    service_stop(&service);
}

static void
greatest_version_is_kept(void **state)
{
    struct service service;

    (void)state;
    service_start(&service, GOOD_CERTIFICATE "[tls]\nmax_version = 1.2\n");
    assert_connects(service.context, &speaks_12);
    does_not_connect(service.context, &speaks_13);
    service_stop(&service);
}

/* --- identities ---------------------------------------------------------- */

static void
serves(const char *text)
{
    struct service service;

    service_start(&service, text);
    assert_connects(service.context, &speaks_12);
    assert_connects(service.context, &speaks_13);
    service_stop(&service);
}

static void
rsa_shakes_hands(void **state)
{
    (void)state;
    serves("[certificate]\ncert = server-rsa.pem\nkey = server-rsa.key\n");
}

static void
ed25519_shakes_hands(void **state)
{
    (void)state;
    serves(
        "[certificate]\ncert = server-ed25519.pem\nkey = server-ed25519.key\n");
}

static void
p384_shakes_hands(void **state)
{
    (void)state;
    serves("[certificate]\ncert = server-p384.pem\nkey = server-p384.key\n");
}

static void
chain_in_wrong_order_satisfies_a_client(void **state)
{
    (void)state;
    serves("[certificate]\ncert = server-wrongorder.pem\nkey = server.key\n");
}

/* --- ciphers and groups -------------------------------------------------- */

static void
negotiates(const char *text, const struct client_spec *spec, const char *cipher)
{
    struct service service;
    struct duo duo;

    service_start(&service, text);
    duo_start(&duo, service.context, spec);
    assert_true(duo.is_done);
    assert_string_equal(wolfSSL_get_cipher_name(duo.server), cipher);
    duo_stop(&duo);
    service_stop(&service);
}

static void
first_cipher_of_the_list_is_taken(void **state)
{
    (void)state;
    negotiates(GOOD_CERTIFICATE "[tls]\nciphers = TLS13-AES256-GCM-SHA384; "
                                "TLS13-AES128-GCM-SHA256; "
                                "ECDHE-ECDSA-AES128-GCM-SHA256\n",
        &speaks_13, "TLS13-AES256-GCM-SHA384");
    negotiates(GOOD_CERTIFICATE "[tls]\nciphers = TLS13-AES128-GCM-SHA256; "
                                "TLS13-AES256-GCM-SHA384; "
                                "ECDHE-ECDSA-AES128-GCM-SHA256\n",
        &speaks_13, "TLS13-AES128-GCM-SHA256");
}

static void
cipher_that_is_not_in_the_list_is_not_spoken(void **state)
{
    const struct client_spec chacha_only = {.version = TLS_VERSION_1_3,
        .ciphers = "TLS13-CHACHA20-POLY1305-SHA256"};
    struct service service;

    (void)state;
    service_start(&service, GOOD_CERTIFICATE
        "[tls]\nciphers = TLS13-AES128-GCM-SHA256\nmin_version = 1.3\n");
    does_not_connect(service.context, &chacha_only);
    service_stop(&service);
}

static void
only_groups_of_the_list_are_taken(void **state)
{
    const struct client_spec p256 = {
        .version = TLS_VERSION_1_3, .group = WOLFSSL_ECC_SECP256R1};
    const struct client_spec p384 = {
        .version = TLS_VERSION_1_3, .group = WOLFSSL_ECC_SECP384R1};
    struct service service;

    (void)state;
    service_start(&service, GOOD_CERTIFICATE "[tls]\ngroups = X25519; P-256\n");
    assert_connects(service.context, &p256);
    does_not_connect(service.context, &p384);
    service_stop(&service);
}

static void
hybrid_group_is_taken(void **state)
{
    const struct client_spec hybrid = {
        .version = TLS_VERSION_1_3, .group = WOLFSSL_X25519MLKEM768};
    struct service service;

    (void)state;
    service_start(&service, GOOD_CERTIFICATE);
    assert_connects(service.context, &hybrid);
    service_stop(&service);
}

/* The snapshot of such a text is refused with these texts in its errors. */
static void
refused(const char *text, const char *first_part, const char *second_part)
{
    struct config *config = make_config(text);
    struct report report;

    report_init(&report);
    assert_null(snapshot_load(config, NULL, time(NULL), &report));
    assert_reported(&report, SEVERITY_ERROR, first_part);
    assert_reported(&report, SEVERITY_ERROR, second_part);
    report_deinit(&report);
    config_free(config);
}

/* The library would skip it without a word. */
static void
unknown_cipher_is_refused_and_the_known_ones_listed(void **state)
{
    (void)state;
    refused(GOOD_CERTIFICATE
        "[tls]\nciphers = TLS13-AES128-GCM-SHA256; AES128-ROT13\n",
        "tls.ciphers: unknown cipher \"AES128-ROT13\"; known are: ",
        "TLS13-CHACHA20-POLY1305-SHA256");
}

static void
unknown_group_is_refused_and_the_known_ones_listed(void **state)
{
    (void)state;
    refused(GOOD_CERTIFICATE "[tls]\ngroups = X25519; P-257\n",
        "tls.groups: unknown group \"P-257\"; known are X25519MLKEM768, "
        "X25519, P-256, P-384",
        "P-257");
}

/* Not only when its certificate has come. */
static void
unknown_names_of_a_service_that_waits_are_refused(void **state)
{
    (void)state;
    refused("[certificate]\ncert = none-yet.pem\non_missing = wait\n"
            "[tls]\nciphers = ROT13\n",
        "service default: tls.ciphers: unknown cipher", "ROT13");
    refused("[certificate]\ncert = none-yet.pem\non_missing = wait\n"
            "[tls]\ngroups = P-257\n",
        "service default: tls.groups: unknown group", "P-257");
}

/* The last proof: names that the library knows, and no handshake comes of. */
static void
ciphers_that_do_not_fit_the_key_are_refused(void **state)
{
    (void)state;
    refused(GOOD_CERTIFICATE
        "[tls]\nmax_version = 1.2\nciphers = ECDHE-RSA-AES128-GCM-SHA256\n",
        "service default: a trial handshake over TLS 1.2", "tls.ciphers");
    refused(GOOD_CERTIFICATE "[tls]\nciphers = TLS13-AES128-GCM-SHA256\n",
        "service default: a trial handshake over TLS 1.2",
        "a suite for this version");
}

/* --- life ---------------------------------------------------------------- */

static void
connection_outlives_its_context(void **state)
{
    struct service service;
    struct duo duo;

    (void)state;
    service_start(&service, GOOD_CERTIFICATE);
    duo_start(&duo, service.context, &speaks_13);
    assert_true(duo.is_done);
    context_free(service.context);
    duo_talk(&duo);
    duo_stop(&duo);
    service.context = NULL;
    service_stop(&service);
}

static void
free_takes_null(void **state)
{
    (void)state;
    context_free(NULL);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(speaks_tls_12_and_13),
        cmocka_unit_test(least_version_is_kept),
        cmocka_unit_test(greatest_version_is_kept),
        cmocka_unit_test(rsa_shakes_hands),
        cmocka_unit_test(ed25519_shakes_hands),
        cmocka_unit_test(p384_shakes_hands),
        cmocka_unit_test(chain_in_wrong_order_satisfies_a_client),
        cmocka_unit_test(first_cipher_of_the_list_is_taken),
        cmocka_unit_test(cipher_that_is_not_in_the_list_is_not_spoken),
        cmocka_unit_test(only_groups_of_the_list_are_taken),
        cmocka_unit_test(hybrid_group_is_taken),
        cmocka_unit_test(unknown_cipher_is_refused_and_the_known_ones_listed),
        cmocka_unit_test(unknown_group_is_refused_and_the_known_ones_listed),
        cmocka_unit_test(unknown_names_of_a_service_that_waits_are_refused),
        cmocka_unit_test(ciphers_that_do_not_fit_the_key_are_refused),
        cmocka_unit_test(connection_outlives_its_context),
        cmocka_unit_test(free_takes_null),
    };

    return cmocka_run_group_tests(tests, certs_start, certs_stop);
}
