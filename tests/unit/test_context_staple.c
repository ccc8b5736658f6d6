/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Sending the staple: to clients that ask, with both TLS versions, and only as
 * long as it is good.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "certs/secret.h"
#include "tests/unit/staple_fixture.h"
#include "tests/unit/tls_fixture.h"

static const enum tls_version versions[] = {TLS_VERSION_1_2, TLS_VERSION_1_3};

enum {
    VERSIONS = sizeof(versions) / sizeof(versions[0])
};

/* What a client is sent that asks; the caller frees it. */
static struct blob
ask(struct service *service, enum tls_version version)
{
    struct blob staple = {0};
    const struct client_spec client = {.version = version, .staple = &staple};

    assert_connects(service->context, &client);
    return staple;
}

static void
assert_sent(struct service *service, const char *path)
{
    struct blob content = read_file(path);

    for (size_t i = 0; i < VERSIONS; i++) {
        struct blob staple = ask(service, versions[i]);

        assert_int_equal(staple.len, content.len);
        assert_memory_equal(staple.data, content.data, content.len);
        blob_free(&staple);
    }
    blob_free(&content);
}

static void
assert_not_sent(struct service *service)
{
    for (size_t i = 0; i < VERSIONS; i++)
        assert_int_equal(ask(service, versions[i]).len, 0);
}

static void
start_stapled(struct service *service)
{
    make_staple("server.pem.ocsp", &(struct staple_spec){0});
    service_start(service, GOOD_CERTIFICATE);
    assert_true(service->snapshot->identities[0].identity->staple.len > 0);
}

static void
stop(struct service *service)
{
    service_stop(service);
    assert_int_equal(unlink("server.pem.ocsp"), 0);
}

static void
client_that_asks_is_sent_the_staple(void **state)
{
    struct service service;

    (void)state;
    start_stapled(&service);
    assert_sent(&service, "server.pem.ocsp");
    stop(&service);
}

static void
client_that_does_not_ask_is_sent_none(void **state)
{
    struct service service;

    (void)state;
    start_stapled(&service);
    for (size_t i = 0; i < VERSIONS; i++)
        assert_connects(
            service.context, &(struct client_spec){.version = versions[i]});
    stop(&service);
}

static void
client_that_asks_in_vain_is_served(void **state)
{
    struct service service;

    (void)state;
    service_start(&service, GOOD_CERTIFICATE);
    assert_not_sent(&service);
    service_stop(&service);
}

/* Between two reloads. */
static void
staple_that_ran_out_meanwhile_is_not_sent(void **state)
{
    struct service service;
    struct identity *identity;

    (void)state;
    start_stapled(&service);
    identity = service.snapshot->identities[0].identity;
    identity->staple_until = time(NULL) - 1;
    assert_not_sent(&service);
    identity->staple_until = time(NULL) + DAY;
    assert_sent(&service, "server.pem.ocsp");
    stop(&service);
}

/* An idle connection does not carry a copy of it about. */
static void
copy_is_gone_after_the_handshake(void **state)
{
    (void)state;
    for (size_t i = 0; i < VERSIONS; i++) {
        struct blob staple = {0};
        const struct client_spec client = {
            .version = versions[i], .staple = &staple};
        struct service service;
        unsigned char *copy;
        struct duo duo;

        start_stapled(&service);
        duo_start(&duo, service.context, &client);
        assert_true(duo.is_done);
        assert_true(staple.len > 0);
        duo_talk(&duo);
        assert_int_equal(
            wolfSSL_get_tlsext_status_ocsp_resp(duo.server, &copy), 0);
        duo_stop(&duo);
        blob_free(&staple);
        stop(&service);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(client_that_asks_is_sent_the_staple),
        cmocka_unit_test(client_that_does_not_ask_is_sent_none),
        cmocka_unit_test(client_that_asks_in_vain_is_served),
        cmocka_unit_test(staple_that_ran_out_meanwhile_is_not_sent),
        cmocka_unit_test(copy_is_gone_after_the_handshake),
    };

    return cmocka_run_group_tests(tests, certs_start, certs_stop);
}
