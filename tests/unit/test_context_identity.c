/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Sessions that are resumed under mutual TLS: the ticket carries who the
 * client was, and that is judged again. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "certs_fixture.h"
#include "tls_fixture.h"

#define PEER "[tls]\nresumption = yes\n[clients]\nca = ca.pem\n"
#define SERVICE_PEER                                                           \
    "required_level = peer\n" GOOD_CERTIFICATE PEER "allow_cn = test client\n"
#define SERVICE_OPTIONAL                                                       \
    "client_certificate = optional\n" GOOD_CERTIFICATE PEER                    \
    "allow_cn = test client\n"

static const enum tls_version versions[] = {TLS_VERSION_1_2, TLS_VERSION_1_3};

enum {
    VERSIONS = sizeof(versions) / sizeof(versions[0])
};

/* What a client that has a certificate can resume with. */
static WOLFSSL_SESSION *
known_session(struct context *context, enum tls_version version)
{
    const struct client_spec spec = {
        .version = version, .cert = "client.pem", .key = "client.key"};
    WOLFSSL_SESSION *session;
    struct duo duo;

    duo_start(&duo, context, &spec);
    assert_true(duo.is_done);
    assert_true(peer_settle(&duo.peer, false));
    assert_true(duo.peer.is_verified);
    duo_talk(&duo);
    session = duo_session(&duo);
    assert_non_null(session);
    duo_stop(&duo);
    return session;
}

/* Shows the ticket and no certificate. */
static void
resume(struct duo *duo, struct context *context, enum tls_version version,
    WOLFSSL_SESSION *session)
{
    const struct client_spec spec = {.version = version, .session = session};

    duo_start(duo, context, &spec);
    assert_true(duo->has_offered);
}

static void
identity_comes_back_with_the_ticket(void **state)
{
    (void)state;
    for (size_t i = 0; i < VERSIONS; i++) {
        WOLFSSL_SESSION *session;
        struct service service;
        struct duo duo;

        service_start_with_tickets(&service, SERVICE_PEER);
        session = known_session(service.context, versions[i]);
        resume(&duo, service.context, versions[i], session);
        assert_true(duo.is_done);
        assert_int_not_equal(wolfSSL_session_reused(duo.server), 0);
        assert_true(peer_settle(&duo.peer, true));
        assert_string_equal(
            duo.peer.identity, "CN=test client,O=sidelock development");
        assert_int_equal(duo.peer.by, ADMITTED_BY_CA);
        assert_non_null(duo.peer.path);
        assert_false(duo.peer.is_verified);
        duo_stop(&duo);
        wolfSSL_SESSION_free(session);
        service_stop(&service);
    }
}

/* A ticket that a resumed session brought is as good as the first. */
static void
identity_goes_on_into_the_next_ticket(void **state)
{
    (void)state;
    for (size_t i = 0; i < VERSIONS; i++) {
        WOLFSSL_SESSION *session;
        WOLFSSL_SESSION *next;
        struct service service;
        struct duo duo;

        service_start_with_tickets(&service, SERVICE_PEER);
        session = known_session(service.context, versions[i]);
        resume(&duo, service.context, versions[i], session);
        duo_talk(&duo);
        next = duo_session(&duo);
        duo_stop(&duo);
        resume(&duo, service.context, versions[i], next);
        assert_true(duo.is_done);
        assert_true(peer_settle(&duo.peer, true));
        assert_non_null(duo.peer.identity);
        duo_stop(&duo);
        wolfSSL_SESSION_free(session);
        wolfSSL_SESSION_free(next);
        service_stop(&service);
    }
}

/* A changed rule is another binding: the ticket does not even open. */
static void
ticket_does_not_outlive_the_rules(void **state)
{
    static const char *const others[] = {
        "required_level = peer\n" GOOD_CERTIFICATE PEER "allow_cn = another\n",
        SERVICE_PEER "deny_cn = test client\n",
        SERVICE_PEER "allow_ou = x\nallow = all-of\n",
        SERVICE_PEER "eku = if-present\n",
    };

    (void)state;
    for (size_t i = 0; i < VERSIONS; i++) {
        for (size_t k = 0; k < sizeof(others) / sizeof(others[0]); k++) {
            WOLFSSL_SESSION *session;
            struct service before;
            struct service after;
            struct duo duo;

            service_start_with_tickets(&before, SERVICE_PEER);
            service_start_after(&after, &before, others[k]);
            session = known_session(before.context, versions[i]);
            resume(&duo, after.context, versions[i], session);
            assert_false(duo.is_done);
            assert_false(duo.peer.is_verified);
            duo_stop(&duo);
            wolfSSL_SESSION_free(session);
            service_stop(&after);
            service_stop(&before);
        }
    }
}

/* Where a certificate is a choice, a session without one has no identity. */
static void
session_without_a_certificate_has_no_identity(void **state)
{
    (void)state;
    for (size_t i = 0; i < VERSIONS; i++) {
        WOLFSSL_SESSION *session;
        struct service service;
        struct duo duo;

        service_start_with_tickets(&service, SERVICE_OPTIONAL);
        session = new_session(service.context, versions[i]);
        resume(&duo, service.context, versions[i], session);
        assert_true(duo.is_done);
        assert_int_not_equal(wolfSSL_session_reused(duo.server), 0);
        assert_true(peer_settle(&duo.peer, true));
        assert_null(duo.peer.identity);
        assert_int_equal(duo.peer.by, ADMITTED_BY_NOBODY);
        duo_stop(&duo);
        wolfSSL_SESSION_free(session);
        service_stop(&service);
    }
}

static void
ticket_without_a_certificate_is_none_where_one_is_demanded(void **state)
{
    (void)state;
    for (size_t i = 0; i < VERSIONS; i++) {
        WOLFSSL_SESSION *session;
        struct service before;
        struct service after;
        struct duo duo;

        service_start_with_tickets(&before, SERVICE_OPTIONAL);
        service_start_after(&after, &before, SERVICE_PEER);
        session = new_session(before.context, versions[i]);
        resume(&duo, after.context, versions[i], session);
        assert_false(duo.is_done);
        duo_stop(&duo);
        wolfSSL_SESSION_free(session);
        service_stop(&after);
        service_stop(&before);
    }
}

/* --- the sealed identity itself ------------------------------------------ */

struct sealed {
    struct service service;
    uint8_t bytes[2048];
    size_t len;
};

static void
seal(struct sealed *sealed)
{
    const struct client_spec spec = {
        .version = TLS_VERSION_1_3, .cert = "client.pem", .key = "client.key"};
    struct duo duo;

    service_start(&sealed->service, SERVICE_PEER);
    duo_start(&duo, sealed->service.context, &spec);
    assert_true(duo.is_done);
    sealed->len =
        peer_seal(&duo.peer, false, sealed->bytes, sizeof(sealed->bytes));
    assert_true(sealed->len > 0 && sealed->len < sizeof(sealed->bytes));
    duo_stop(&duo);
}

static bool
opens(const struct sealed *sealed, size_t len)
{
    struct peer peer;
    bool is_good;

    peer_init(&peer);
    peer.admission = sealed->service.snapshot->services[0].admission;
    is_good = peer_resume(&peer, sealed->bytes, len);
    assert_int_equal(is_good, peer.resumed != NULL);
    peer_deinit(&peer);
    return is_good;
}

static void
identity_that_is_cut_is_none(void **state)
{
    struct sealed sealed;

    (void)state;
    seal(&sealed);
    assert_true(opens(&sealed, sealed.len));
    for (size_t len = 0; len < sealed.len; len++)
        assert_false(opens(&sealed, len));
    service_stop(&sealed.service);
}

/* The first eight bytes are when the client proved itself. */
static void
identity_of_yesterday_must_be_proven_again(void **state)
{
    struct sealed sealed;
    uint64_t at = 0;

    (void)state;
    seal(&sealed);
    for (size_t i = 0; i < 8; i++)
        at = at << 8 | sealed.bytes[i];
    at -= DAY + 60;
    for (size_t i = 0; i < 8; i++)
        sealed.bytes[i] = (uint8_t)(at >> (8 * (7 - i)));
    assert_false(opens(&sealed, sealed.len));
    service_stop(&sealed.service);
}

static void
identity_without_room_is_not_sealed(void **state)
{
    const struct client_spec spec = {
        .version = TLS_VERSION_1_3, .cert = "client.pem", .key = "client.key"};
    struct service service;
    struct duo duo;
    uint8_t bytes[64];

    (void)state;
    service_start(&service, SERVICE_PEER);
    duo_start(&duo, service.context, &spec);
    assert_true(peer_seal(&duo.peer, false, bytes, sizeof(bytes)) == SIZE_MAX);
    duo_stop(&duo);
    service_stop(&service);
}

/* The usual certificate of a client fits into a ticket. */
static void
identity_fits_into_a_ticket(void **state)
{
    struct sealed sealed;

    (void)state;
    seal(&sealed);
    assert_true(sealed.len <= WOLFSSL_TICKET_EXTRA_PADDING_SZ - 2);
    service_stop(&sealed.service);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(identity_comes_back_with_the_ticket),
        cmocka_unit_test(identity_goes_on_into_the_next_ticket),
        cmocka_unit_test(ticket_does_not_outlive_the_rules),
        cmocka_unit_test(session_without_a_certificate_has_no_identity),
        cmocka_unit_test(
            ticket_without_a_certificate_is_none_where_one_is_demanded),
        cmocka_unit_test(identity_that_is_cut_is_none),
        cmocka_unit_test(identity_of_yesterday_must_be_proven_again),
        cmocka_unit_test(identity_without_room_is_not_sealed),
        cmocka_unit_test(identity_fits_into_a_ticket),
    };

    return cmocka_run_group_tests_name(
        "context_identity", tests, certs_start, certs_stop);
}
