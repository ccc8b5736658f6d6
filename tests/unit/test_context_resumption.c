/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Resumption: a ticket opens where all that it was given under is still the
 * same, and nowhere else. Everything else is a full handshake, never an
 * error.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/unit/certs_fixture.h"
#include "tests/unit/tls_fixture.h"

static const enum tls_version versions[] = {TLS_VERSION_1_2, TLS_VERSION_1_3};

enum {
    VERSIONS = sizeof(versions) / sizeof(versions[0])
};

/* Is a session of the first configuration resumed under the second, which has
 * the same ring, as after a reload? */
static bool
crosses_over(enum tls_version version, const char *first, const char *second)
{
    struct service before;
    struct service after;
    WOLFSSL_SESSION *session;
    bool resumed;

    service_start_with_tickets(&before, first);
    service_start_after(&after, &before, second);
    session = new_session(before.context, version);
    resumed = is_resumed(after.context, version, session);
    wolfSSL_SESSION_free(session);
    service_stop(&after);
    service_stop(&before);
    return resumed;
}

static void
stays_out(const char *first, const char *second)
{
    for (size_t i = 0; i < VERSIONS; i++)
        assert_false(crosses_over(versions[i], first, second));
}

static void
session_is_resumed(void **state)
{
    (void)state;
    for (size_t i = 0; i < VERSIONS; i++) {
        struct service service;
        WOLFSSL_SESSION *session;

        service_start_with_tickets(&service, GOOD_CERTIFICATE);
        session = new_session(service.context, versions[i]);
        assert_true(is_resumed(service.context, versions[i], session));
        wolfSSL_SESSION_free(session);
        service_stop(&service);
    }
}

/* Each worker has a context of its own. */
static void
session_is_resumed_by_another_worker(void **state)
{
    (void)state;
    for (size_t i = 0; i < VERSIONS; i++)
        assert_true(
            crosses_over(versions[i], GOOD_CERTIFICATE, GOOD_CERTIFICATE));
}

static void
resumed_session_carries_bytes(void **state)
{
    struct service service;
    struct client_spec spec = {.version = TLS_VERSION_1_3};
    struct duo duo;

    (void)state;
    service_start_with_tickets(&service, GOOD_CERTIFICATE);
    spec.session = new_session(service.context, TLS_VERSION_1_3);
    duo_start(&duo, service.context, &spec);
    assert_true(duo.is_done);
    assert_int_equal(wolfSSL_session_reused(duo.server), 1);
    duo_talk(&duo);
    duo_stop(&duo);
    wolfSSL_SESSION_free(spec.session);
    service_stop(&service);
}

/* A renewed certificate of the same name is no other policy. */
static void
session_survives_a_renewed_certificate(void **state)
{
    (void)state;
    for (size_t i = 0; i < VERSIONS; i++)
        assert_true(crosses_over(versions[i], GOOD_CERTIFICATE,
            "[certificate]\ncert = server-soon.pem\nkey = server.key\n"));
}

/* --- rotation ------------------------------------------------------------ */

static void
rotate(struct service *service)
{
    struct ticket_ring *next = ticket_ring_rotate(service->ring);

    assert_non_null(next);
    ticket_ring_unref(service->ring);
    service->ring = next;
}

static void
session_is_resumed_after_one_rotation(void **state)
{
    (void)state;
    for (size_t i = 0; i < VERSIONS; i++) {
        struct service service;
        WOLFSSL_SESSION *session;

        service_start_with_tickets(&service, GOOD_CERTIFICATE);
        session = new_session(service.context, versions[i]);
        rotate(&service);
        assert_true(is_resumed(service.context, versions[i], session));
        wolfSSL_SESSION_free(session);
        service_stop(&service);
    }
}

static void
session_is_not_resumed_after_two_rotations(void **state)
{
    (void)state;
    for (size_t i = 0; i < VERSIONS; i++) {
        struct service service;
        WOLFSSL_SESSION *session;

        service_start_with_tickets(&service, GOOD_CERTIFICATE);
        session = new_session(service.context, versions[i]);
        rotate(&service);
        rotate(&service);
        assert_false(is_resumed(service.context, versions[i], session));
        wolfSSL_SESSION_free(session);
        service_stop(&service);
    }
}

/* A client that comes back now and then need never shake hands in full. */
static void
lives_on(enum tls_version version)
{
    struct client_spec spec = {.version = version};
    struct service service;

    service_start_with_tickets(&service, GOOD_CERTIFICATE);
    spec.session = new_session(service.context, version);
    for (int i = 0; i < 4; i++) {
        struct duo duo;

        rotate(&service);
        duo_start(&duo, service.context, &spec);
        assert_true(duo.is_done);
        assert_int_equal(wolfSSL_session_reused(duo.server), 1);
        duo_talk(&duo);
        wolfSSL_SESSION_free(spec.session);
        spec.session = duo_session(&duo);
        duo_stop(&duo);
    }
    wolfSSL_SESSION_free(spec.session);
    service_stop(&service);
}

static void
renewed_ticket_lives_on(void **state)
{
    (void)state;
    for (size_t i = 0; i < VERSIONS; i++)
        lives_on(versions[i]);
}

/* --- what a ticket does not cross ---------------------------------------- */

static void
ticket_of_another_ring_is_a_full_handshake(void **state)
{
    (void)state;
    for (size_t i = 0; i < VERSIONS; i++) {
        struct service here;
        struct service there;
        WOLFSSL_SESSION *session;

        service_start_with_tickets(&here, GOOD_CERTIFICATE);
        service_start_with_tickets(&there, GOOD_CERTIFICATE);
        session = new_session(here.context, versions[i]);
        assert_false(is_resumed(there.context, versions[i], session));
        wolfSSL_SESSION_free(session);
        service_stop(&there);
        service_stop(&here);
    }
}

/* Two services of one configuration: the second is tried. */
static void
ticket_does_not_cross_services(void **state)
{
    static const char both[] = GOOD_CERTIFICATE "[service mail]\n"
                                                "listen = 127.0.0.1:9443\n"
                                                "backend = 127.0.0.1:9080\n";

    (void)state;
    for (size_t i = 0; i < VERSIONS; i++) {
        struct service service;
        struct context *second;
        struct report report;
        WOLFSSL_SESSION *session;

        service_start_with_tickets(&service, both);
        report_init(&report);
        second = context_new(service.snapshot, 1,
            service.snapshot->services[1].first, &service.ring, &report);
        assert_non_null(second);
        session = new_session(service.context, versions[i]);
        assert_false(is_resumed(second, versions[i], session));
        wolfSSL_SESSION_free(session);
        context_free(second);
        report_deinit(&report);
        service_stop(&service);
    }
}

static void
ticket_does_not_cross_server_names(void **state)
{
    (void)state;
    stays_out(GOOD_CERTIFICATE "server_name = localhost\n",
        GOOD_CERTIFICATE "server_name = 127.0.0.1\n");
}

static void
ticket_does_not_cross_version_limits(void **state)
{
    (void)state;
    assert_false(crosses_over(TLS_VERSION_1_3, GOOD_CERTIFICATE,
        GOOD_CERTIFICATE "[tls]\nmin_version = 1.3\n"));
}

static void
ticket_does_not_cross_cipher_lists(void **state)
{
    (void)state;
    stays_out(GOOD_CERTIFICATE,
        GOOD_CERTIFICATE "[tls]\nciphers = TLS13-AES128-GCM-SHA256; "
                         "ECDHE-ECDSA-AES128-GCM-SHA256\n");
}

static void
ticket_does_not_cross_group_lists(void **state)
{
    (void)state;
    stays_out(GOOD_CERTIFICATE,
        GOOD_CERTIFICATE "[tls]\ngroups = X25519MLKEM768; P-256\n");
}

/* --- clients with certificates ------------------------------------------- */

#define PEER_SERVICE                                                           \
    "required_level = peer\n" GOOD_CERTIFICATE "[clients]\n"                   \
    "allow_all = yes\n"                                                        \
    "ca = ca.pem\n"

/* Does a client that was let in get anything to resume with? */
static void
issues_nothing_to_resume(enum tls_version version)
{
    struct client_spec spec = {
        .version = version, .cert = "client.pem", .key = "client.key"};
    struct service service;
    struct duo duo;

    service_start_with_tickets(&service, PEER_SERVICE);
    duo_start(&duo, service.context, &spec);
    assert_true(duo.is_done);
    duo_talk(&duo);
    spec.session = duo_session(&duo);
    duo_stop(&duo);
    duo_start(&duo, service.context, &spec);
    assert_true(duo.is_done);
    assert_int_equal(wolfSSL_session_reused(duo.server), 0);
    assert_true(duo.peer.is_verified); /* anew, on this connection */
    duo_stop(&duo);
    wolfSSL_SESSION_free(spec.session);
    service_stop(&service);
}

static void
nothing_is_resumed_where_clients_are_verified(void **state)
{
    (void)state;
    for (size_t i = 0; i < VERSIONS; i++)
        issues_nothing_to_resume(versions[i]);
}

/* The way in that the library leaves open: a ticket from before the level was
 * raised, shown without any certificate. */
static void
ticket_from_before_the_level_was_raised_lets_nobody_in(void **state)
{
    (void)state;
    for (size_t i = 0; i < VERSIONS; i++) {
        struct client_spec spec = {.version = versions[i]};
        struct service before;
        struct service after;
        struct duo duo;

        service_start_with_tickets(&before, GOOD_CERTIFICATE);
        service_start_after(&after, &before, PEER_SERVICE);
        spec.session = new_session(before.context, versions[i]);
        duo_start(&duo, after.context, &spec);
        assert_false(duo.is_done);
        assert_int_equal(duo.server_error, NO_PEER_CERT);
        assert_false(duo.peer.is_verified);
        duo_stop(&duo);
        wolfSSL_SESSION_free(spec.session);
        service_stop(&after);
        service_stop(&before);
    }
}

/* --- off ----------------------------------------------------------------- */

static void
does_not_resume(struct service *service, enum tls_version version)
{
    struct client_spec spec = {.version = version};
    struct duo duo;

    spec.session = new_session(service->context, version);
    duo_start(&duo, service->context, &spec);
    assert_true(duo.is_done);
    assert_int_equal(wolfSSL_session_reused(duo.server), 0);
    duo_stop(&duo);
    wolfSSL_SESSION_free(spec.session);
}

static void
nothing_is_resumed_when_it_is_switched_off(void **state)
{
    (void)state;
    for (size_t i = 0; i < VERSIONS; i++) {
        struct service service;

        service_start_with_tickets(
            &service, GOOD_CERTIFICATE "[tls]\nresumption = no\n");
        does_not_resume(&service, versions[i]);
        service_stop(&service);
    }
}

static void
nothing_is_resumed_without_a_ring(void **state)
{
    (void)state;
    for (size_t i = 0; i < VERSIONS; i++) {
        struct service service;

        service_start(&service, GOOD_CERTIFICATE);
        does_not_resume(&service, versions[i]);
        service_stop(&service);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(session_is_resumed),
        cmocka_unit_test(session_is_resumed_by_another_worker),
        cmocka_unit_test(resumed_session_carries_bytes),
        cmocka_unit_test(session_survives_a_renewed_certificate),
        cmocka_unit_test(session_is_resumed_after_one_rotation),
        cmocka_unit_test(session_is_not_resumed_after_two_rotations),
        cmocka_unit_test(renewed_ticket_lives_on),
        cmocka_unit_test(ticket_of_another_ring_is_a_full_handshake),
        cmocka_unit_test(ticket_does_not_cross_services),
        cmocka_unit_test(ticket_does_not_cross_server_names),
        cmocka_unit_test(ticket_does_not_cross_version_limits),
        cmocka_unit_test(ticket_does_not_cross_cipher_lists),
        cmocka_unit_test(ticket_does_not_cross_group_lists),
        cmocka_unit_test(nothing_is_resumed_where_clients_are_verified),
        cmocka_unit_test(
            ticket_from_before_the_level_was_raised_lets_nobody_in),
        cmocka_unit_test(nothing_is_resumed_when_it_is_switched_off),
        cmocka_unit_test(nothing_is_resumed_without_a_ring),
    };

    return cmocka_run_group_tests(tests, certs_start, certs_stop);
}
