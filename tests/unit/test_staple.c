/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Staples: which response is sent along, and what is said of one that is not.
 * Each is made by openssl as a responder would.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "certs/secret.h"
#include "certs/sources.h"
#include "certs/staple.h"
#include "tests/unit/config_fixture.h"
#include "tests/unit/staple_fixture.h"

/* In seconds. */
static const time_t minute = 60;
static const time_t day = DAY;

/* An identity with what became of a staple for it. */
struct outcome {
    struct identity *identity;
    struct report report;
};

static const struct pair server = {.cert = "server.pem", .key = "server.key"};

static struct config_certificate
settings_of(const struct pair *pair, const char *path)
{
    /* Nobody writes to them. */
    union {
        const char *given;
        char *wanted;
    } cert = {pair->cert}, root = {pair->chain_root}, staple = {path};
    static char nothing[] = "";
    const struct config_certificate settings = {
        .cert = cert.wanted,
        .keystore = nothing,
        .chain_root = root.wanted != NULL ? root.wanted : nothing,
        .ocsp_staple_file = staple.wanted != NULL ? staple.wanted : nothing,
    };

    return settings;
}

/* As at that time. path may be NULL: beside the certificate. */
static void
load(struct outcome *outcome, const struct pair *pair, const char *path,
    time_t now)
{
    const struct config_certificate settings = settings_of(pair, path);

    report_init(&outcome->report);
    outcome->identity = load_good(pair);
    staple_load(outcome->identity, &settings, &outcome->report);
    staple_judge(outcome->identity, &settings, now, &outcome->report);
}

static void
release(struct outcome *outcome)
{
    identity_unref(outcome->identity);
    report_deinit(&outcome->report);
}

static void
assert_stapled(const struct pair *pair, const char *path, time_t now)
{
    struct outcome outcome;
    struct blob content;

    load(&outcome, pair, path, now);
    assert_no_complaint(&outcome.report);
    content = read_file(path);
    assert_int_equal(outcome.identity->staple.len, content.len);
    assert_memory_equal(
        outcome.identity->staple.data, content.data, content.len);
    assert_true(staple_is_current(outcome.identity, now));
    blob_free(&content);
    release(&outcome);
}

/* Not used, with a warning of this code and text, and nothing worse. */
static void
assert_not_stapled(const struct pair *pair, const char *path, time_t now,
    enum guide_code code, const char *text_part)
{
    struct outcome outcome;

    load(&outcome, pair, path, now);
    assert_false(staple_is_current(outcome.identity, now));
    assert_reported(&outcome.report, SEVERITY_WARNING, text_part);
    assert_int_equal(outcome.report.count, 1);
    assert_int_equal(outcome.report.items[0].code, code);
    release(&outcome);
}

static void
made_is_stapled(const struct staple_spec *spec)
{
    make_staple("made.ocsp", spec);
    assert_stapled(&server, "made.ocsp", time(NULL));
}

static void
made_is_refused(
    const struct staple_spec *spec, enum guide_code code, const char *text_part)
{
    make_staple("made.ocsp", spec);
    assert_not_stapled(&server, "made.ocsp", time(NULL), code, text_part);
}

/* --- who signed it ------------------------------------------------------- */

static void
staple_that_the_issuer_signed_is_used(void **state)
{
    (void)state;
    made_is_stapled(&(struct staple_spec){
        .signer = "intermediate.pem", .key = "intermediate.key"});
}

static void
staple_that_an_appointed_responder_signed_is_used(void **state)
{
    (void)state;
    made_is_stapled(&(struct staple_spec){0});
}

static void
responder_with_an_rsa_key_is_understood(void **state)
{
    (void)state;
    made_is_stapled(
        &(struct staple_spec){.signer = "ocsp-rsa.pem", .key = "ocsp-rsa.key"});
}

static void
responder_that_is_named_by_its_key_is_found(void **state)
{
    (void)state;
    made_is_stapled(&(struct staple_spec){.option = "-resp_key_id"});
    made_is_stapled(&(struct staple_spec){.signer = "intermediate.pem",
        .key = "intermediate.key",
        .option = "-resp_key_id"});
}

static void
issuer_that_sends_no_certificate_is_known(void **state)
{
    (void)state;
    made_is_stapled(&(struct staple_spec){.signer = "intermediate.pem",
        .key = "intermediate.key",
        .option = "-resp_no_certs"});
}

static void
certificate_may_be_named_by_sha256(void **state)
{
    (void)state;
    made_is_stapled(&(struct staple_spec){.digest = "-sha256"});
}

static void
responder_that_sends_no_certificate_is_unknown(void **state)
{
    (void)state;
    made_is_refused(&(struct staple_spec){.option = "-resp_no_certs"},
        SL_STAPLE_SIGNER, "neither the issuer");
}

static void
signer_without_ocsp_signing_is_refused(void **state)
{
    (void)state;
    made_is_refused(
        &(struct staple_spec){.signer = "client.pem", .key = "client.key"},
        SL_STAPLE_SIGNER, "issued by it for OCSPSigning");
}

static void
responder_of_another_ca_is_refused(void **state)
{
    (void)state;
    made_is_refused(&(struct staple_spec){.signer = "ocsp-otherca.pem"},
        SL_STAPLE_SIGNER, "neither the issuer");
}

static void
staple_ends_with_the_certificate_of_who_signed_it(void **state)
{
    (void)state;
    made_is_refused(&(struct staple_spec){.signer = "ocsp-expired.pem"},
        SL_STAPLE_EXPIRED, "has expired on");
}

static void
another_ca_is_refused(void **state)
{
    (void)state;
    made_is_refused(
        &(struct staple_spec){.signer = "other-ca.pem", .key = "other-ca.key"},
        SL_STAPLE_SIGNER, "neither the issuer");
}

/* One bit of what was signed, and one of the signature. */
static void
changed_staple_is_refused(void **state)
{
    struct blob content;
    const char *id = "made.ocsp";

    (void)state;
    make_staple(id, &(struct staple_spec){.signer = "intermediate.pem",
                        .key = "intermediate.key",
                        .option = "-resp_no_certs"});
    content = read_file(id);
    content.data[content.len - 1] ^= 1;
    write_blob(id, &content);
    assert_not_stapled(
        &server, id, time(NULL), SL_STAPLE_SIGNER, "neither the issuer");
    blob_free(&content);
}

static void
issuer_is_found_among_the_roots(void **state)
{
    const struct pair leaf_only = {.cert = "server-leafonly.pem",
        .key = "server.key",
        .chain_root = "roots.pem"};

    (void)state;
    join_files("roots.pem",
        (const char *const[]){"other-ca.pem", "intermediate.pem", NULL});
    make_staple("made.ocsp", &(struct staple_spec){0});
    assert_stapled(&leaf_only, "made.ocsp", time(NULL));
}

static void
staple_without_the_issuer_at_hand_is_refused_with_the_remedy(void **state)
{
    const struct pair leaf_only = {
        .cert = "server-leafonly.pem", .key = "server.key"};

    (void)state;
    make_staple("made.ocsp", &(struct staple_spec){0});
    assert_not_stapled(&leaf_only, "made.ocsp", time(NULL), SL_STAPLE_SIGNER,
        "append it to the file of the certificate");
}

/* --- what it says -------------------------------------------------------- */

static void
staple_of_another_certificate_is_refused(void **state)
{
    (void)state;
    made_is_refused(&(struct staple_spec){.cert = "server-rsa.pem"},
        SL_STAPLE_OTHER, "about another certificate");
}

/* It is the only one, and cannot be read: that is no word on which it is. */
static void
staple_whose_date_is_broken_is_damaged(void **state)
{
    static const uint8_t time_head[] = {0x18, 0x0f};
    struct blob content;
    uint8_t *at;

    (void)state;
    make_staple("made.ocsp", &(struct staple_spec){0});
    content = read_file("made.ocsp");
    /* producedAt, then thisUpdate */
    at = memmem(content.data, content.len, time_head, sizeof(time_head));
    assert_non_null(at);
    at++;
    at = memmem(at, content.len - (size_t)(at - content.data), time_head,
        sizeof(time_head));
    assert_non_null(at);
    at[sizeof(time_head)] = 'x';
    write_file("made.ocsp", (const char *)content.data, content.len);
    blob_free(&content);
    assert_not_stapled(&server, "made.ocsp", time(NULL), SL_STAPLE_BROKEN,
        "the OCSP response is damaged");
}

/* The same serial number, but another issuer is said to have given it. */
static void
staple_for_another_issuer_is_refused(void **state)
{
    (void)state;
    made_is_refused(&(struct staple_spec){.issuer = "other-ca.pem"},
        SL_STAPLE_OTHER, "about another certificate");
}

static void
ours_may_be_the_second_of_several(void **state)
{
    (void)state;
    made_is_stapled(&(struct staple_spec){
        .cert = "server-rsa.pem", .cert_2 = "server.pem"});
}

/* The other one is not ours to mind. */
static void
revoked_neighbour_does_no_harm(void **state)
{
    (void)state;
    made_is_stapled(&(struct staple_spec){
        .cert = "server-rsa.pem", .status = "R", .cert_2 = "server.pem"});
}

static void
revoked_certificate_is_told_loudly(void **state)
{
    (void)state;
    made_is_refused(&(struct staple_spec){.status = "R"}, SL_STAPLE_REVOKED,
        "the certificate is REVOKED");
}

static void
unknown_certificate_is_refused(void **state)
{
    (void)state;
    made_is_refused(&(struct staple_spec){.status = ""}, SL_STAPLE_BROKEN,
        "does not know the certificate");
}

/* --- its dates ----------------------------------------------------------- */

/* Within some seconds: how long it took to make it. */
static void
assert_sent_until(time_t end)
{
    struct outcome outcome;

    load(&outcome, &server, "made.ocsp", time(NULL));
    assert_true(staple_is_current(outcome.identity, end - minute));
    assert_false(staple_is_current(outcome.identity, end + 1));
    release(&outcome);
}

static void
expired_staple_is_refused(void **state)
{
    (void)state;
    make_staple("made.ocsp", &(struct staple_spec){0});
    assert_sent_until(time(NULL) + 7 * day);
    assert_not_stapled(&server, "made.ocsp", time(NULL) + 7 * day + 1,
        SL_STAPLE_EXPIRED, "has expired on");
}

static void
staple_of_the_future_is_refused(void **state)
{
    (void)state;
    make_staple("made.ocsp", &(struct staple_spec){0});
    assert_not_stapled(&server, "made.ocsp", time(NULL) - 10 * minute,
        SL_STAPLE_EXPIRED, "begins only on");
}

static void
clock_that_is_somewhat_behind_does_no_harm(void **state)
{
    (void)state;
    make_staple("made.ocsp", &(struct staple_spec){0});
    assert_stapled(&server, "made.ocsp", time(NULL) - 4 * minute);
}

static void
staple_without_an_end_lasts_a_day(void **state)
{
    (void)state;
    make_staple("made.ocsp", &(struct staple_spec){.has_no_end = true});
    assert_sent_until(time(NULL) + day);
    assert_not_stapled(&server, "made.ocsp", time(NULL) + day + 1,
        SL_STAPLE_EXPIRED, "has expired on");
}

/* --- what is no staple --------------------------------------------------- */

static void
response_that_is_an_error_is_refused_by_name(void **state)
{
    static const struct {
        uint8_t status;
        const char *name;
    } errors[] = {{1, "\"malformedRequest\""}, {2, "\"internalError\""},
        {3, "\"tryLater\""}, {4, "\"another error\""}, {5, "\"sigRequired\""},
        {6, "\"unauthorized\""}, {7, "\"another error\""}};

    (void)state;
    for (size_t i = 0; i < sizeof(errors) / sizeof(errors[0]); i++) {
        uint8_t bytes[] = {0x30, 0x03, 0x0a, 0x01, errors[i].status};
        const struct blob content = {bytes, sizeof(bytes)};

        write_blob("error.ocsp", &content);
        assert_not_stapled(&server, "error.ocsp", time(NULL), SL_STAPLE_BROKEN,
            errors[i].name);
    }
}

static void
file_of_something_else_is_refused(void **state)
{
    static const char *const files[] = {
        "garbage.pem", "server.pem", "server.der", "server.key"};

    (void)state;
    for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++)
        assert_not_stapled(&server, files[i], time(NULL), SL_STAPLE_BROKEN,
            "is no OCSP response in DER");
}

static void
staple_that_is_cut_off_anywhere_is_refused(void **state)
{
    struct blob whole;

    (void)state;
    make_staple("made.ocsp", &(struct staple_spec){0});
    whole = read_file("made.ocsp");
    for (size_t len = 1; len < whole.len; len += len < 8 ? 1 : 61) {
        const struct blob part = {whole.data, len};

        write_blob("cut.ocsp", &part);
        assert_not_stapled(&server, "cut.ocsp", time(NULL), SL_STAPLE_BROKEN,
            "is no OCSP response in DER, or is cut off");
    }
    blob_free(&whole);
}

static void
staple_with_something_behind_it_is_refused(void **state)
{
    (void)state;
    make_staple("made.ocsp", &(struct staple_spec){0});
    join_files(
        "longer.ocsp", (const char *const[]){"made.ocsp", "garbage.pem", NULL});
    assert_not_stapled(&server, "longer.ocsp", time(NULL), SL_STAPLE_BROKEN,
        "is no OCSP response in DER");
}

static void
file_that_is_far_too_large_is_refused(void **state)
{
    struct blob content = {calloc(1, STAPLE_BYTES_MAX + 1), 0};

    (void)state;
    assert_non_null(content.data);
    content.len = STAPLE_BYTES_MAX + 1;
    write_blob("large.ocsp", &content);
    assert_not_stapled(&server, "large.ocsp", time(NULL), SL_STAPLE_BROKEN,
        "larger than 16 KiB");
    blob_free(&content);
}

static void
empty_file_is_warned_of(void **state)
{
    (void)state;
    assert_not_stapled(
        &server, "empty.pem", time(NULL), SL_FILE_KIND, "is empty");
}

/* --- where it is --------------------------------------------------------- */

static void
named_file_that_is_missing_is_warned_of(void **state)
{
    (void)state;
    assert_not_stapled(&server, "missing.ocsp", time(NULL), SL_FILE_MISSING,
        "certificate.ocsp_staple_file missing.ocsp: no such file");
}

static void
file_beside_the_certificate_is_taken_unasked(void **state)
{
    struct outcome outcome;

    (void)state;
    make_staple("server.pem.ocsp", &(struct staple_spec){0});
    load(&outcome, &server, NULL, time(NULL));
    assert_no_complaint(&outcome.report);
    assert_true(outcome.identity->staple.len > 0);
    release(&outcome);
    assert_int_equal(unlink("server.pem.ocsp"), 0);
}

static void
without_a_file_beside_the_certificate_nothing_is_said(void **state)
{
    struct outcome outcome;

    (void)state;
    load(&outcome, &server, NULL, time(NULL));
    assert_int_equal(outcome.report.count, 0);
    assert_int_equal(outcome.identity->staple.len, 0);
    release(&outcome);
}

/* So that its appearance is seen. */
static void
absent_file_is_among_the_sources(void **state)
{
    const struct config_certificate settings = settings_of(&server, NULL);
    struct identity *identity = load_good(&server);
    struct report report;

    (void)state;
    report_init(&report);
    report.sources = sources_new();
    assert_non_null(report.sources);
    staple_load(identity, &settings, &report);
    assert_int_equal(sources_count(report.sources), 1);
    assert_string_equal(sources_path(report.sources, 0), "server.pem.ocsp");
    assert_false(sources_have_changed(report.sources));
    write_file("server.pem.ocsp", "x", 1);
    assert_true(sources_have_changed(report.sources));
    assert_int_equal(unlink("server.pem.ocsp"), 0);
    sources_free(report.sources);
    report_deinit(&report);
    identity_unref(identity);
}

/* --- while the process runs ---------------------------------------------- */

/* Judges an identity with the usual staple, that long after it was made. */
static void
judge_after(time_t seconds, struct report *report)
{
    const struct config_certificate settings =
        settings_of(&server, "made.ocsp");
    struct outcome outcome;
    time_t now = time(NULL);

    make_staple("made.ocsp", &(struct staple_spec){0});
    load(&outcome, &server, "made.ocsp", now);
    report_init(report);
    staple_judge(outcome.identity, &settings, now + seconds, report);
    assert_true(staple_is_current(outcome.identity, now + seconds)
                == (seconds <= 7 * day));
    release(&outcome);
}

static void
fresh_staple_is_not_spoken_of(void **state)
{
    struct report report;

    (void)state;
    judge_after(5 * day, &report);
    assert_int_equal(report.count, 0);
    report_deinit(&report);
}

static void
staple_that_should_have_been_refreshed_is_warned_of(void **state)
{
    struct report report;

    (void)state;
    judge_after(6 * day, &report);
    assert_reported(&report, SEVERITY_WARNING, "less than a quarter");
    assert_int_equal(report.items[0].code, SL_STAPLE_EXPIRED);
    report_deinit(&report);
}

static void
staple_that_ran_out_is_warned_of(void **state)
{
    struct report report;

    (void)state;
    judge_after(8 * day, &report);
    assert_reported(&report, SEVERITY_WARNING, "has expired on");
    assert_reported(&report, SEVERITY_WARNING, "is not sent");
    report_deinit(&report);
}

/* --- must-staple --------------------------------------------------------- */

static const struct pair must_staple = {
    .cert = "server-muststaple.pem", .key = "server.key"};

/* What is said of it, with a staple or without (path NULL). */
static void
judge_must_staple(const char *path, bool is_strict, struct report *report)
{
    const struct config_certificate settings = settings_of(&must_staple, path);
    struct outcome outcome;

    load(&outcome, &must_staple, path, time(NULL));
    report_init(report);
    report->is_strict = is_strict;
    staple_judge(outcome.identity, &settings, time(NULL), report);
    release(&outcome);
}

static void
must_staple_without_staple_is_warned_of(void **state)
{
    struct report report;

    (void)state;
    judge_must_staple(NULL, false, &report);
    assert_reported(&report, SEVERITY_WARNING, "demands a staple");
    assert_int_equal(report.items[0].code, SL_STAPLE_MISSING);
    report_deinit(&report);
}

static void
must_staple_without_staple_is_an_error_of_check(void **state)
{
    struct report report;

    (void)state;
    judge_must_staple(NULL, true, &report);
    assert_reported(&report, SEVERITY_ERROR, "demands a staple");
    assert_int_equal(report_first_code(&report), SL_STAPLE_MISSING);
    report_deinit(&report);
}

static void
must_staple_with_a_useless_staple_is_an_error_of_check(void **state)
{
    struct report report;

    (void)state;
    make_staple("made.ocsp", &(struct staple_spec){0}); /* of server.pem */
    judge_must_staple("made.ocsp", true, &report);
    assert_reported(&report, SEVERITY_ERROR, "demands a staple");
    report_deinit(&report);
}

static void
must_staple_with_its_staple_is_good(void **state)
{
    struct report report;

    (void)state;
    make_staple(
        "made.ocsp", &(struct staple_spec){.cert = "server-muststaple.pem"});
    judge_must_staple("made.ocsp", true, &report);
    assert_int_equal(report.count, 0);
    report_deinit(&report);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(staple_that_the_issuer_signed_is_used),
        cmocka_unit_test(staple_that_an_appointed_responder_signed_is_used),
        cmocka_unit_test(responder_with_an_rsa_key_is_understood),
        cmocka_unit_test(responder_that_is_named_by_its_key_is_found),
        cmocka_unit_test(issuer_that_sends_no_certificate_is_known),
        cmocka_unit_test(certificate_may_be_named_by_sha256),
        cmocka_unit_test(responder_that_sends_no_certificate_is_unknown),
        cmocka_unit_test(signer_without_ocsp_signing_is_refused),
        cmocka_unit_test(responder_of_another_ca_is_refused),
        cmocka_unit_test(staple_ends_with_the_certificate_of_who_signed_it),
        cmocka_unit_test(another_ca_is_refused),
        cmocka_unit_test(changed_staple_is_refused),
        cmocka_unit_test(issuer_is_found_among_the_roots),
        cmocka_unit_test(
            staple_without_the_issuer_at_hand_is_refused_with_the_remedy),
        cmocka_unit_test(staple_of_another_certificate_is_refused),
        cmocka_unit_test(staple_whose_date_is_broken_is_damaged),
        cmocka_unit_test(staple_for_another_issuer_is_refused),
        cmocka_unit_test(ours_may_be_the_second_of_several),
        cmocka_unit_test(revoked_neighbour_does_no_harm),
        cmocka_unit_test(revoked_certificate_is_told_loudly),
        cmocka_unit_test(unknown_certificate_is_refused),
        cmocka_unit_test(expired_staple_is_refused),
        cmocka_unit_test(staple_of_the_future_is_refused),
        cmocka_unit_test(clock_that_is_somewhat_behind_does_no_harm),
        cmocka_unit_test(staple_without_an_end_lasts_a_day),
        cmocka_unit_test(response_that_is_an_error_is_refused_by_name),
        cmocka_unit_test(file_of_something_else_is_refused),
        cmocka_unit_test(staple_that_is_cut_off_anywhere_is_refused),
        cmocka_unit_test(staple_with_something_behind_it_is_refused),
        cmocka_unit_test(file_that_is_far_too_large_is_refused),
        cmocka_unit_test(empty_file_is_warned_of),
        cmocka_unit_test(named_file_that_is_missing_is_warned_of),
        cmocka_unit_test(file_beside_the_certificate_is_taken_unasked),
        cmocka_unit_test(without_a_file_beside_the_certificate_nothing_is_said),
        cmocka_unit_test(absent_file_is_among_the_sources),
        cmocka_unit_test(fresh_staple_is_not_spoken_of),
        cmocka_unit_test(staple_that_should_have_been_refreshed_is_warned_of),
        cmocka_unit_test(staple_that_ran_out_is_warned_of),
        cmocka_unit_test(must_staple_without_staple_is_warned_of),
        cmocka_unit_test(must_staple_without_staple_is_an_error_of_check),
        cmocka_unit_test(
            must_staple_with_a_useless_staple_is_an_error_of_check),
        cmocka_unit_test(must_staple_with_its_staple_is_good),
    };

    return cmocka_run_group_tests(tests, certs_start, certs_stop);
}
