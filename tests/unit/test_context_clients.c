/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Clients with certificates, at required_level = peer: who comes in, who does
 * not and what is said of them, and that nothing is kept of either.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/unit/certs_fixture.h"
#include "tests/unit/tls_fixture.h"

#define PEER_SERVICE                                                           \
    "required_level = peer\n" GOOD_CERTIFICATE "[clients]\n"                   \
    "allow_all = yes\n"

static const char wants_clients[] = PEER_SERVICE "ca = ca.pem\n";

static const enum tls_version versions[] = {TLS_VERSION_1_2, TLS_VERSION_1_3};

enum {
    VERSIONS = sizeof(versions) / sizeof(versions[0])
};

static struct client_spec
client_of(enum tls_version version, const char *cert)
{
    return (struct client_spec){
        .version = version, .cert = cert, .key = "client.key"};
}

/* With each version, from a fresh context. */
static void
is_rejected(const char *cert, const char *text_part)
{
    for (size_t i = 0; i < VERSIONS; i++) {
        const struct client_spec spec = client_of(versions[i], cert);
        struct service service;

        service_start(&service, wants_clients);
        assert_client_rejected(service.context, &spec, text_part);
        service_stop(&service);
    }
}

static void
known_client_comes_in(void **state)
{
    (void)state;
    for (size_t i = 0; i < VERSIONS; i++) {
        const struct client_spec spec = client_of(versions[i], "client.pem");
        struct service service;

        service_start(&service, wants_clients);
        assert_connects(service.context, &spec);
        service_stop(&service);
    }
}

static void
identity_is_the_subject(void **state)
{
    (void)state;
    for (size_t i = 0; i < VERSIONS; i++) {
        const struct client_spec spec = client_of(versions[i], "client.pem");
        struct service service;
        struct duo duo;

        service_start(&service, wants_clients);
        duo_start(&duo, service.context, &spec);
        assert_true(duo.is_done);
        assert_true(duo.peer.is_verified);
        assert_string_equal(
            duo.peer.identity, "CN=test client,O=sidelock development");
        assert_null(duo.peer.rejected);
        assert_int_equal(duo.peer.code, SL_NONE);
        duo_stop(&duo);
        service_stop(&service);
    }
}

/* The intermediate may as well be known to us as sent by the client. */
static void
client_of_a_known_intermediate_needs_no_chain(void **state)
{
    const struct client_spec spec =
        client_of(TLS_VERSION_1_3, "client-leafonly.pem");
    const char *const files[] = {"ca.pem", "intermediate.pem", NULL};
    struct service service;

    (void)state;
    join_files("both-cas.pem", files);
    service_start(&service, PEER_SERVICE "ca = both-cas.pem\n");
    assert_connects(service.context, &spec);
    service_stop(&service);
}

/* --- who does not come in ------------------------------------------------ */

static void
client_without_certificate_does_not_come_in(void **state)
{
    (void)state;
    for (size_t i = 0; i < VERSIONS; i++) {
        const struct client_spec spec = {.version = versions[i]};
        struct service service;
        struct duo duo;

        service_start(&service, wants_clients);
        duo_start(&duo, service.context, &spec);
        assert_false(duo.is_done);
        assert_int_equal(duo.server_error, NO_PEER_CERT);
        assert_false(duo.peer.is_verified);
        assert_null(duo.peer.identity);
        duo_stop(&duo);
        service_stop(&service);
    }
}

static void
expired_client_is_rejected_with_its_date(void **state)
{
    (void)state;
    is_rejected("client-expired.pem", "certificate refused: expired on 20");
}

static void
client_that_is_not_yet_valid_is_rejected_with_its_date(void **state)
{
    (void)state;
    is_rejected(
        "client-notyet.pem", "certificate refused: not valid before 20");
}

static void
client_of_another_ca_is_rejected(void **state)
{
    (void)state;
    is_rejected("client-otherca.pem", "which issued it, is not in clients.ca");
}

static void
client_without_its_intermediate_is_rejected(void **state)
{
    (void)state;
    is_rejected("client-leafonly.pem", "or the client sent no intermediates");
}

static void
self_signed_client_is_rejected(void **state)
{
    (void)state;
    is_rejected("client-selfsigned.pem", "certificate refused: self-signed");
}

static void
certificate_for_servers_is_rejected_with_its_usage(void **state)
{
    (void)state;
    is_rejected("client-serverEKU.pem",
        "certificate refused: not for clients: its extended key usage is "
        "serverAuth, clientAuth is missing");
}

static void
rejection_names_the_certificate(void **state)
{
    (void)state;
    is_rejected("client-otherca.pem",
        "subject \"CN=test client,O=sidelock development\", issuer "
        "\"CN=another root,O=sidelock development\", serial ");
}

/* A CA that the client brings vouches for nobody. */
static void
client_with_its_own_ca_is_rejected(void **state)
{
    const char *const files[] = {"client-otherca.pem", "other-ca.pem", NULL};

    (void)state;
    join_files("own-ca.pem", files);
    is_rejected("own-ca.pem", "issuer \"CN=another root,");
}

/* The certificate of another: shown, but not proven to be one's own. */
static void
client_with_the_key_of_another_does_not_come_in(void **state)
{
    (void)state;
    for (size_t i = 0; i < VERSIONS; i++) {
        const struct client_spec spec = {.version = versions[i],
            .cert = "client.pem",
            .key = "server-other.key"};
        struct service service;
        struct duo duo;

        service_start(&service, wants_clients);
        duo_start(&duo, service.context, &spec);
        assert_false(duo.is_done);
        assert_int_not_equal(duo.server_error, 0);
        duo_stop(&duo);
        service_stop(&service);
    }
}

static void
ordinary_service_asks_for_no_certificate(void **state)
{
    const struct client_spec spec = client_of(TLS_VERSION_1_3, "client.pem");
    struct service service;
    struct duo duo;

    (void)state;
    service_start(&service, GOOD_CERTIFICATE);
    duo_start(&duo, service.context, &spec);
    assert_true(duo.is_done);
    assert_false(duo.peer.is_verified);
    assert_null(duo.peer.identity);
    duo_stop(&duo);
    service_stop(&service);
}

/* --- nothing is kept ----------------------------------------------------- */

/* After the first client, one without its intermediate is still refused. */
static void
is_forgotten_after(const struct client_spec *first, bool comes_in)
{
    const struct client_spec leaf_only =
        client_of(first->version, "client-leafonly.pem");
    struct service service;
    struct duo duo;

    service_start(&service, wants_clients);
    duo_start(&duo, service.context, first);
    assert_int_equal(duo.is_done, comes_in);
    duo_stop(&duo);
    assert_client_rejected(
        service.context, &leaf_only, "or the client sent no intermediates");
    service_stop(&service);
}

static void
intermediates_are_forgotten_after_a_handshake(void **state)
{
    (void)state;
    for (size_t i = 0; i < VERSIONS; i++) {
        const struct client_spec spec = client_of(versions[i], "client.pem");

        is_forgotten_after(&spec, true);
    }
}

static void
intermediates_are_forgotten_after_a_refusal(void **state)
{
    (void)state;
    for (size_t i = 0; i < VERSIONS; i++) {
        const struct client_spec spec =
            client_of(versions[i], "client-expired.pem");

        is_forgotten_after(&spec, false);
    }
}

/*
 * The library takes in the intermediates first, and for a leaf that it cannot
 * read it calls nobody: what had been noted there of the chain was not, and
 * the intermediate stayed.
 */
static void
intermediates_are_forgotten_after_an_unreadable_leaf(void **state)
{
    const struct client_spec spec = {.version = TLS_VERSION_1_2,
        .cert = "client.pem",
        .key = "client.key",
        .has_broken_leaf = true};

    (void)state;
    is_forgotten_after(&spec, false);
}

/* The handshake of one client among those of others. */
static void
known_client_comes_in_after_others_were_refused(void **state)
{
    const struct client_spec good = client_of(TLS_VERSION_1_3, "client.pem");
    const struct client_spec bad =
        client_of(TLS_VERSION_1_3, "client-otherca.pem");
    struct service service;

    (void)state;
    service_start(&service, wants_clients);
    for (int i = 0; i < 3; i++) {
        assert_client_rejected(
            service.context, &bad, "which issued it, is not in");
        assert_connects(service.context, &good);
    }
    service_stop(&service);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(known_client_comes_in),
        cmocka_unit_test(identity_is_the_subject),
        cmocka_unit_test(client_of_a_known_intermediate_needs_no_chain),
        cmocka_unit_test(client_without_certificate_does_not_come_in),
        cmocka_unit_test(expired_client_is_rejected_with_its_date),
        cmocka_unit_test(
            client_that_is_not_yet_valid_is_rejected_with_its_date),
        cmocka_unit_test(client_of_another_ca_is_rejected),
        cmocka_unit_test(client_without_its_intermediate_is_rejected),
        cmocka_unit_test(self_signed_client_is_rejected),
        cmocka_unit_test(certificate_for_servers_is_rejected_with_its_usage),
        cmocka_unit_test(rejection_names_the_certificate),
        cmocka_unit_test(client_with_its_own_ca_is_rejected),
        cmocka_unit_test(client_with_the_key_of_another_does_not_come_in),
        cmocka_unit_test(ordinary_service_asks_for_no_certificate),
        cmocka_unit_test(intermediates_are_forgotten_after_a_handshake),
        cmocka_unit_test(intermediates_are_forgotten_after_a_refusal),
        cmocka_unit_test(intermediates_are_forgotten_after_an_unreadable_leaf),
        cmocka_unit_test(known_client_comes_in_after_others_were_refused),
    };

    return cmocka_run_group_tests(tests, certs_start, certs_stop);
}
