/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Loading certificates with memory refused, the TLS library's included: each
 * allocation is made to fail once, and every time there is either nothing and
 * an error, or all of it. The sanitizer looks for leaks.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "certs/context.h"
#include "certs/staple.h"
#include "tests/unit/certs_fixture.h"
#include "tests/unit/staple_fixture.h"

/* How many allocations still succeed; SIZE_MAX: all. */
static size_t left = SIZE_MAX;
/* After the one that fails, do the others fail as well? */
static bool is_lasting;
static size_t refused_count;

/* NOLINTBEGIN(readability-identifier-naming): the linker names them */
void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *old, size_t size);
char *__real_strdup(const char *text);
char *__real_strndup(const char *text, size_t max);

void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_realloc(void *old, size_t size);
char *__wrap_strdup(const char *text);
char *__wrap_strndup(const char *text, size_t max);
/* NOLINTEND(readability-identifier-naming) */

static bool
is_refused(void)
{
    if (left == SIZE_MAX)
        return false;
    if (left > 0) {
        left--;
        return false;
    }
    if (!is_lasting)
        left = SIZE_MAX;
    refused_count++;
    errno = ENOMEM;
    return true;
}

void *
__wrap_malloc(size_t size)
{
    return is_refused() ? NULL : __real_malloc(size);
}

void *
__wrap_calloc(size_t count, size_t size)
{
    return is_refused() ? NULL : __real_calloc(count, size);
}

void *
__wrap_realloc(void *old, size_t size)
{
    return is_refused() ? NULL : __real_realloc(old, size);
}

char *
__wrap_strdup(const char *text)
{
    return is_refused() ? NULL : __real_strdup(text);
}

char *
__wrap_strndup(const char *text, size_t max)
{
    return is_refused() ? NULL : __real_strndup(text, max);
}

/* What is refused is refused with an error. */
static void
assert_told(const struct report *report)
{
    assert_true(report->error_count > 0);
    assert_string_not_equal(report_first_error(report), "");
}

/* Runs attempt with each allocation refused in turn, until it comes to no
 * refusal any more. */
static void
refuse_each_in_turn(void (*attempt)(void *arg), void *arg, size_t at_least)
{
    size_t count = 0;

    do {
        left = count++;
        refused_count = 0;
        attempt(arg);
        left = SIZE_MAX;
    } while (refused_count > 0);
    assert_true(count > at_least);
}

static void
load_identity(void *arg)
{
    char cert[] = "server.pem";
    char key[] = "server.key";
    char empty[] = "";
    const struct config_certificate certificate = {.name = empty,
        .cert = cert,
        .key = key,
        .server_name = empty,
        .chain_root = empty};
    struct report report;
    struct identity *identity;

    (void)arg;
    report_init(&report);
    identity = load_with_roots(&certificate, &report);
    left = SIZE_MAX;
    if (identity == NULL)
        assert_told(&report);
    else
        assert_int_equal(identity->chain_count, 2);
    identity_unref(identity);
    report_deinit(&report);
}

static void
identity_is_loaded_whole_or_not_at_all(void **state)
{
    (void)state;
    is_lasting = false;
    refuse_each_in_turn(load_identity, NULL, 20);
}

static void
identity_is_refused_when_memory_stays_short(void **state)
{
    (void)state;
    is_lasting = true;
    refuse_each_in_turn(load_identity, NULL, 20);
}

/* Without memory it serves without a staple, and says so. */
static void
load_staple(void *arg)
{
    char cert[] = "server.pem";
    char empty[] = "";
    const struct config_certificate settings = {.cert = cert,
        .keystore = empty,
        .chain_root = empty,
        .ocsp_staple_file = empty};
    const struct pair pair = {.cert = "server.pem", .key = "server.key"};
    size_t allowed = left;
    struct report report;
    struct identity *identity;

    (void)arg;
    left = SIZE_MAX;
    identity = load_good(&pair);
    report_init(&report);
    left = allowed;
    staple_load(identity, &settings, &report);
    left = SIZE_MAX;
    assert_true((identity->staple.len > 0)
                == (report.warning_count == 0 && report.lost_count == 0));
    assert_int_equal(report.error_count, 0);
    report_deinit(&report);
    identity_unref(identity);
}

static void
staple_is_loaded_or_warned_of(void **state)
{
    (void)state;
    make_staple("server.pem.ocsp", &(struct staple_spec){0});
    is_lasting = false;
    refuse_each_in_turn(load_staple, NULL, 10);
    is_lasting = true;
    refuse_each_in_turn(load_staple, NULL, 10);
    assert_int_equal(unlink("server.pem.ocsp"), 0);
}

static void
load_trust(void *arg)
{
    char first[] = "ca.pem";
    char second[] = "other-ca.pem";
    char *items[] = {first, second};
    const struct config_clients clients = {
        .ca = {.items = items, .count = 2}, .allow_all = true};
    struct report report;
    struct trust *trust;

    (void)arg;
    report_init(&report);
    trust = trust_load(&clients, &report);
    left = SIZE_MAX;
    if (trust == NULL)
        assert_told(&report);
    else
        assert_int_equal(trust->ca_count, 2);
    trust_free(trust);
    report_deinit(&report);
}

static void
trust_is_loaded_whole_or_not_at_all(void **state)
{
    (void)state;
    is_lasting = false;
    refuse_each_in_turn(load_trust, NULL, 10);
}

static void
build_context(void *arg)
{
    const struct snapshot *snapshot = arg;
    struct ticket_ring *ring = NULL;
    struct report report;
    struct context *context;

    report_init(&report);
    context =
        context_new(snapshot, 0, snapshot->services[0].first, &ring, &report);
    left = SIZE_MAX;
    if (context == NULL)
        assert_told(&report);
    context_free(context);
    report_deinit(&report);
}

static void
context_is_built_or_refused(void **state)
{
    struct snapshot *snapshot =
        make_snapshot("required_level = peer\n" GOOD_CERTIFICATE
                      "[clients]\nca = ca.pem\nallow_all = yes\n");

    (void)state;
    is_lasting = false;
    refuse_each_in_turn(build_context, snapshot, 10);
    snapshot_unref(snapshot);
}

static void
prove_context(void *arg)
{
    struct report report;

    report_init(&report);
    if (context_prove(arg, 0, 0, &report) != 0) {
        left = SIZE_MAX;
        assert_told(&report);
    }
    report_deinit(&report);
}

static void
proof_ends_in_an_error_or_well(void **state)
{
    struct snapshot *snapshot = make_snapshot(GOOD_CERTIFICATE);

    (void)state;
    is_lasting = false;
    refuse_each_in_turn(prove_context, snapshot, 50);
    snapshot_unref(snapshot);
}

static void
make_ring(void *arg)
{
    struct ticket_ring *ring = ticket_ring_rotate(NULL);
    struct ticket_ring *next = NULL;

    (void)arg;
    if (ring != NULL)
        next = ticket_ring_rotate(ring);
    ticket_ring_unref(ring);
    ticket_ring_unref(next);
}

static void
ring_is_made_or_not(void **state)
{
    (void)state;
    is_lasting = false;
    refuse_each_in_turn(make_ring, NULL, 2);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(identity_is_loaded_whole_or_not_at_all),
        cmocka_unit_test(identity_is_refused_when_memory_stays_short),
        cmocka_unit_test(staple_is_loaded_or_warned_of),
        cmocka_unit_test(trust_is_loaded_whole_or_not_at_all),
        cmocka_unit_test(context_is_built_or_refused),
        cmocka_unit_test(proof_ends_in_an_error_or_well),
        cmocka_unit_test(ring_is_made_or_not),
    };

    return cmocka_run_group_tests(tests, certs_start, certs_stop);
}
