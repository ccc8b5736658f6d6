/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What an answer about a client proves. Who may sign one is the same as for
 * staples (test_staple.c); here it is what becomes of it, the nonce, and time.
 * Each answer is made by openssl as a responder would.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "certs/ocsp_judge.h"
#include "certs/secret.h"
#include "tests/unit/staple_fixture.h"

static const time_t minute = 60;
static const time_t day = DAY;
static struct blob leaf;
static struct blob issuer;
static struct ocsp_request request;

/* Asks anew before each test. */
static int
ask(void **state)
{
    (void)state;
    if (ocsp_request_make(&request, &leaf, &issuer) != 0)
        return -1;
    write_blob("request.der", &(struct blob){request.der, request.len});
    return 0;
}

static int
start(void **state)
{
    if (certs_start(state) != 0)
        return -1;
    leaf = read_der("server.pem");
    issuer = read_der("intermediate.pem");
    return 0;
}

static int
stop(void **state)
{
    blob_free(&leaf);
    blob_free(&issuer);
    return certs_stop(state);
}

static struct ocsp_judgement
judge_blob(const struct blob *response, time_t now)
{
    const struct ocsp_case asked = {
        .leaf = &leaf,
        .issuer = &issuer,
        .nonce = request.nonce,
        .now = now,
    };
    struct ocsp_judgement judgement;

    ocsp_judge(&judgement, response, &asked);
    return judgement;
}

static struct ocsp_judgement
judge_file(const char *path, time_t now)
{
    struct blob response = read_file(path);
    struct ocsp_judgement judgement = judge_blob(&response, now);

    blob_free(&response);
    return judgement;
}

static void
assert_judged(const struct ocsp_judgement *judgement,
    enum ocsp_decision decision, const char *words)
{
    if (judgement->decision != decision
        || strstr(judgement->words, words) == NULL)
        fail_msg("%d: %s", judgement->decision, judgement->words);
}

static void
assert_made(const struct staple_spec *spec, enum ocsp_decision decision,
    const char *words)
{
    struct ocsp_judgement judgement;

    make_staple("answer.ocsp", spec);
    judgement = judge_file("answer.ocsp", time(NULL));
    assert_judged(&judgement, decision, words);
}

static void
assert_unusable_at(time_t now, const char *words)
{
    struct ocsp_judgement judgement = judge_file("answer.ocsp", now);

    assert_judged(&judgement, OCSP_DECIDED_UNUSABLE, words);
    assert_int_equal(judgement.next_update, 0);
}

static void
assert_good_at(time_t now)
{
    struct ocsp_judgement judgement = judge_file("answer.ocsp", now);

    assert_judged(&judgement, OCSP_DECIDED_GOOD, "good");
}

/* --- what it says -------------------------------------------------------- */

static void
good_is_good_until_the_next_update(void **state)
{
    struct ocsp_judgement judgement;
    time_t end = time(NULL) + 7 * day;

    (void)state;
    assert_made(&(struct staple_spec){.request = "request.der"},
        OCSP_DECIDED_GOOD, "the certificate is good");
    judgement = judge_file("answer.ocsp", time(NULL));
    assert_in_range(judgement.next_update, end - minute, end + minute);
}

static void
revoked_is_revoked(void **state)
{
    (void)state;
    assert_made(&(struct staple_spec){.request = "request.der", .status = "R"},
        OCSP_DECIDED_REVOKED, "has revoked the certificate");
}

static void
unknown_is_unknown(void **state)
{
    (void)state;
    assert_made(&(struct staple_spec){.request = "request.der", .status = ""},
        OCSP_DECIDED_UNKNOWN, "does not know");
}

static void
issuer_may_answer_itself(void **state)
{
    (void)state;
    assert_made(&(struct staple_spec){.request = "request.der",
                    .signer = "intermediate.pem",
                    .key = "intermediate.key"},
        OCSP_DECIDED_GOOD, "good");
}

static void
answer_that_another_signed_is_unusable(void **state)
{
    static const struct staple_spec specs[] = {
        {.request = "request.der",
            .signer = "other-ca.pem",
            .key = "other-ca.key"},
        {.request = "request.der", .signer = "client.pem", .key = "client.key"},
        {.request = "request.der", .signer = "ocsp-otherca.pem"},
        {.request = "request.der", .option = "-resp_no_certs"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(specs) / sizeof(specs[0]); i++)
        assert_made(&specs[i], OCSP_DECIDED_UNUSABLE,
            "neither the issuer nor a responder that it appointed");
}

static void
answer_about_another_certificate_is_unusable(void **state)
{
    (void)state;
    assert_made(&(struct staple_spec){.cert = "server-rsa.pem"},
        OCSP_DECIDED_UNUSABLE, "about another certificate");
    assert_made(&(struct staple_spec){.issuer = "other-ca.pem"},
        OCSP_DECIDED_UNUSABLE, "about another certificate");
}

static void
responder_that_only_excuses_itself_is_quoted(void **state)
{
    uint8_t bytes[] = {0x30, 0x03, 0x0a, 0x01, 0x03};
    struct ocsp_judgement judgement =
        judge_blob(&(struct blob){bytes, sizeof(bytes)}, time(NULL));

    (void)state;
    assert_judged(&judgement, OCSP_DECIDED_UNUSABLE, "\"tryLater\"");
}

static void
garbage_is_unusable(void **state)
{
    static const char *const files[] = {
        "garbage.pem", "server.pem", "server.der"};
    struct ocsp_judgement judgement;

    (void)state;
    for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
        judgement = judge_file(files[i], time(NULL));
        assert_judged(&judgement, OCSP_DECIDED_UNUSABLE, "is no OCSP response");
    }
    judgement = judge_blob(&(struct blob){NULL, 0}, time(NULL));
    assert_judged(&judgement, OCSP_DECIDED_UNUSABLE, "is no OCSP response");
}

/* Any byte of an answer without certificates: what is not signed is the
 * signature, its algorithm and the lengths around. */
static void
changed_answer_is_never_good(void **state)
{
    struct blob answer;

    (void)state;
    make_staple("answer.ocsp", &(struct staple_spec){.request = "request.der",
                                   .signer = "intermediate.pem",
                                   .key = "intermediate.key",
                                   .option = "-resp_no_certs"});
    answer = read_file("answer.ocsp");
    for (size_t i = 0; i < answer.len; i++) {
        struct ocsp_judgement judgement;

        answer.data[i] ^= 0x20;
        judgement = judge_blob(&answer, time(NULL));
        answer.data[i] ^= 0x20;
        if (judgement.decision != OCSP_DECIDED_UNUSABLE)
            fail_msg("byte %zu: %s", i, judgement.words);
    }
    blob_free(&answer);
}

static void
parties_that_are_no_certificates_prove_nothing(void **state)
{
    uint8_t bytes[] = "no certificate";
    const struct blob other = {bytes, sizeof(bytes)};
    struct ocsp_case asked = {.leaf = &leaf, .issuer = &other};
    struct ocsp_judgement judgement;

    (void)state;
    ocsp_judge(&judgement, &other, &asked);
    assert_judged(&judgement, OCSP_DECIDED_UNUSABLE, "cannot be read");
    asked.leaf = &other;
    asked.issuer = &issuer;
    ocsp_judge(&judgement, &other, &asked);
    assert_judged(&judgement, OCSP_DECIDED_UNUSABLE, "cannot be read");
}

/* --- the nonce ----------------------------------------------------------- */

/* openssl puts the nonce of the request into its answer. */
static void
answer_to_an_earlier_question_is_unusable(void **state)
{
    (void)state;
    assert_made(&(struct staple_spec){.request = "request.der"},
        OCSP_DECIDED_GOOD, "good");
    assert_int_equal(ask(state), 0);
    assert_unusable_at(time(NULL), "its nonce is not ours");
}

static void
answer_without_a_nonce_is_taken(void **state)
{
    (void)state;
    assert_made(&(struct staple_spec){.option = "-no_nonce"}, OCSP_DECIDED_GOOD,
        "good");
}

/* --- time ---------------------------------------------------------------- */

static void
expired_answer_is_unusable(void **state)
{
    time_t end = time(NULL) + 7 * day;

    (void)state;
    make_staple("answer.ocsp", &(struct staple_spec){.request = "request.der"});
    assert_good_at(end + 4 * minute);
    assert_unusable_at(end + 6 * minute, "has expired on");
}

static void
answer_of_the_future_is_unusable(void **state)
{
    (void)state;
    make_staple("answer.ocsp", &(struct staple_spec){.request = "request.der"});
    assert_good_at(time(NULL) - 4 * minute);
    assert_unusable_at(time(NULL) - 6 * minute, "begins only on");
}

static void
answer_without_an_end_names_none(void **state)
{
    struct ocsp_judgement judgement;

    (void)state;
    make_staple("answer.ocsp",
        &(struct staple_spec){.request = "request.der", .has_no_end = true});
    judgement = judge_file("answer.ocsp", time(NULL));
    assert_judged(&judgement, OCSP_DECIDED_GOOD, "good");
    assert_int_equal(judgement.next_update, 0);
    assert_good_at(time(NULL) + day);
    assert_unusable_at(time(NULL) + day + 6 * minute, "has expired on");
}

static void
responder_whose_certificate_has_ended_is_not_believed(void **state)
{
    (void)state;
    assert_made(&(struct staple_spec){.request = "request.der",
                    .signer = "ocsp-expired.pem"},
        OCSP_DECIDED_UNUSABLE, "the certificate that signed it, has expired");
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(good_is_good_until_the_next_update, ask),
        cmocka_unit_test_setup(revoked_is_revoked, ask),
        cmocka_unit_test_setup(unknown_is_unknown, ask),
        cmocka_unit_test_setup(issuer_may_answer_itself, ask),
        cmocka_unit_test_setup(answer_that_another_signed_is_unusable, ask),
        cmocka_unit_test_setup(
            answer_about_another_certificate_is_unusable, ask),
        cmocka_unit_test(responder_that_only_excuses_itself_is_quoted),
        cmocka_unit_test(garbage_is_unusable),
        cmocka_unit_test_setup(changed_answer_is_never_good, ask),
        cmocka_unit_test(parties_that_are_no_certificates_prove_nothing),
        cmocka_unit_test_setup(answer_to_an_earlier_question_is_unusable, ask),
        cmocka_unit_test_setup(answer_without_a_nonce_is_taken, ask),
        cmocka_unit_test_setup(expired_answer_is_unusable, ask),
        cmocka_unit_test_setup(answer_of_the_future_is_unusable, ask),
        cmocka_unit_test_setup(answer_without_an_end_names_none, ask),
        cmocka_unit_test_setup(
            responder_whose_certificate_has_ended_is_not_believed, ask),
    };

    return cmocka_run_group_tests(tests, start, stop);
}
