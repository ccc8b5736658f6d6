/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Loading certificates with memory refused, the TLS library's included: each
 * allocation is made to fail once, and every time there is either nothing and
 * an error, or all of it. The sanitizer looks for leaks.
 */
#include <sys/stat.h>

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
#include "tests/unit/config_fixture.h"
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

/* Runs attempt with every step-th allocation refused in turn, until it comes
 * to no refusal any more. */
static void
refuse_in_turn(
    void (*attempt)(void *arg), void *arg, size_t step, size_t at_least)
{
    size_t count = 0;

    do {
        left = count;
        count += step;
        refused_count = 0;
        attempt(arg);
        left = SIZE_MAX;
    } while (refused_count > 0);
    assert_true(count > at_least);
}

static void
refuse_each_in_turn(void (*attempt)(void *arg), void *arg, size_t at_least)
{
    refuse_in_turn(attempt, arg, 1, at_least);
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

/* --- whole snapshots ----------------------------------------------------- */

/* Two services, one of which has its certificates by name and in a folder. */
static const char two_services[] = "certificate = ec;rsa\n"
                                   "certificate_dir = folder\n"
                                   "[service mail]\n"
                                   "listen = 127.0.0.1:9443\n"
                                   "backend = 127.0.0.1:9080\n"
                                   "certificate = ec\n"
                                   "required_level = peer\n"
                                   "[clients mail]\n"
                                   "ca = ca.pem\n"
                                   "allow_all = yes\n"
                                   "[tls default]\n"
                                   "ticket_key_file = ticket.keys\n"
                                   "[certificate ec]\n"
                                   "cert = server.pem\n"
                                   "key = server.key\n"
                                   "[certificate rsa]\n"
                                   "cert = server-rsa.pem\n"
                                   "key = server-rsa.key\n";

enum {
    IDENTITIES = 4 /* of two_services */
};

static void
make_files(void)
{
    static const char keys[] =
        "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\n"
        "BBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBB\n";

    if (mkdir("folder", 0755) != 0)
        return; /* another test has made them */
    write_file("ticket.keys", keys, sizeof(keys) - 1);
    assert_int_equal(chmod("ticket.keys", 0600), 0);
    copy_file("folder/ed25519.pem", "server-ed25519.pem");
    copy_file("folder/ed25519.key", "server-ed25519.key");
    copy_file("folder/p384.crt", "server-p384.pem");
    copy_file("folder/p384.key", "server-p384.key");
}

static void
assert_whole(const struct snapshot *snapshot)
{
    assert_int_equal(snapshot->identity_count, IDENTITIES);
    for (size_t i = 0; i < snapshot->identity_count; i++)
        assert_non_null(snapshot->identities[i].identity);
    for (size_t i = 0; i < 2; i++) {
        assert_int_equal(snapshot->services[i].mode, SERVICE_TLS);
        assert_non_null(sni_find(snapshot->services[i].names, "localhost"));
    }
    assert_non_null(snapshot->services[0].ring);
    assert_non_null(snapshot->services[1].admission);
}

/* What loads are refused memory with. */
struct reload {
    const struct snapshot *previous;
    size_t loaded_count; /* loads that came to an end all the same */
    size_t shared_count; /* of the last of them, to which nothing was refused */
};

static void
load_whole(void *arg)
{
    struct reload *reload = arg;
    size_t allowed = left;
    struct config *config;
    struct snapshot *snapshot;
    struct report report;

    left = SIZE_MAX; /* the settings are another test's */
    config = make_config(two_services);
    left = allowed;
    report_init(&report);
    snapshot = snapshot_load(config, reload->previous, time(NULL), &report);
    left = SIZE_MAX;
    if (snapshot == NULL) {
        assert_told(&report);
        config_free(config);
    } else {
        assert_whole(snapshot);
        reload->loaded_count++;
        reload->shared_count = snapshot->shared_count;
    }
    snapshot_unref(snapshot);
    report_deinit(&report);
}

/* A snapshot whose files have come to rest, so that the next load shares its
 * identities. */
static struct snapshot *
make_settled(void)
{
    time_t end = time(NULL) + 60;
    struct snapshot *snapshot;
    size_t settled;

    do {
        assert_true(time(NULL) < end);
        snapshot = make_snapshot(two_services);
        settled = 0;
        for (size_t i = 0; i < snapshot->identity_count; i++)
            settled += snapshot->identities[i].identity->is_settled;
        if (settled < IDENTITIES)
            snapshot_unref(snapshot);
    } while (settled < IDENTITIES);
    return snapshot;
}

/* Most of what it allocates is in the identities and proofs above: those are
 * only sampled here, in steps that are a prime. */
static void
snapshot_is_loaded_whole_or_not_at_all(void **state)
{
    struct reload reload = {.previous = NULL};

    (void)state;
    make_files();
    is_lasting = false;
    refuse_in_turn(load_whole, &reload, 31, 500);
    assert_true(reload.loaded_count > 0);
}

static void
reload_that_shares_is_whole_or_not_at_all(void **state)
{
    struct reload reload = {.previous = NULL};
    struct snapshot *previous;

    (void)state;
    make_files();
    previous = make_settled();
    reload.previous = previous;
    is_lasting = false;
    refuse_each_in_turn(load_whole, &reload, 50);
    assert_true(reload.loaded_count > 0);
    assert_int_equal(reload.shared_count, IDENTITIES);
    assert_whole(previous);
    snapshot_unref(previous);
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
        cmocka_unit_test(snapshot_is_loaded_whole_or_not_at_all),
        cmocka_unit_test(reload_that_shares_is_whole_or_not_at_all),
        cmocka_unit_test(ring_is_made_or_not),
    };

    return cmocka_run_group_tests(tests, certs_start, certs_stop);
}
