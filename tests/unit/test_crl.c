/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Revocation lists: which are believed, and what they say. */
#include <sys/stat.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "certs/crl.h"
#include "certs/secret.h"
#include "certs/x509_parts.h"
#include "tests/unit/certs_fixture.h"
#include "tests/unit/config_fixture.h"
#include "tests/unit/crl_fixture.h"

enum {
    ITEMS_MAX = 8,
    MANY = 100 * 1000,
};

static const time_t day = DAY;

#define FILES(...) ((const char *const[]){__VA_ARGS__, NULL})
#define SERIALS(...)                                                           \
    .serials = (const unsigned[]){__VA_ARGS__},                                \
    .revoked_count =                                                           \
        sizeof((const unsigned[]){__VA_ARGS__}) / sizeof(unsigned)

/* Extensions as hex: OID, critical, value. */
#define CRITICAL_UNKNOWN "300c0603551d630101ff04020500"
#define PLAIN_UNKNOWN    "30090603551d6304020500"
#define DELTA            "300d0603551d1b0101ff0403020101"
#define SCOPE_EMPTY      "300c0603551d1c0101ff04023000"
#define SCOPE_USERS      "300f0603551d1c0101ff040530038101ff"
#define SCOPE_NO_USERS                                                         \
    "300f0603551d1c0101ff0405300381"                                           \
    "0100"
#define SCOPE_INDIRECT "300f0603551d1c0101ff040530038401ff"
#define SCOPE_POINT    "30140603551d1c0101ff040a3008a006a0048602783a"
#define REASON_KEY     "300a0603551d1504030a0101"
#define REASON_HOLD    "300a0603551d1504030a0106"
#define REASON_REMOVE  "300a0603551d1504030a0108"
#define OTHER_ISSUER   "300c0603551d1d0101ff04023000"

static void
fill(struct string_list *list, char **items, const char *const *files)
{
    list->items = items;
    for (list->count = 0; files[list->count] != NULL; list->count++) {
        assert_true(list->count < ITEMS_MAX);
        items[list->count] = strdup(files[list->count]);
    }
}

static void
clear(struct string_list *list)
{
    for (size_t i = 0; i < list->count; i++)
        free(list->items[i]);
}

static struct crls *
load_with(const char *const *ca, const char *const *files,
    enum crl_policy policy, struct report *report)
{
    char *ca_items[ITEMS_MAX];
    char *items[ITEMS_MAX];
    struct config_clients clients = {.allow_all = true, .crl_policy = policy};
    struct report ca_report;
    struct trust *trust;
    struct crls *crls;

    fill(&clients.ca, ca_items, ca);
    fill(&clients.crl, items, files);
    report_init(&ca_report);
    trust = trust_load(&clients, &ca_report);
    report_deinit(&ca_report);
    assert_non_null(trust);
    crls = crls_load(&clients, trust, time(NULL), report);
    trust_free(trust);
    clear(&clients.ca);
    clear(&clients.crl);
    return crls;
}

static struct crls *
load(const char *const *files, struct report *report)
{
    return load_with(
        FILES("ca.pem", "intermediate.pem"), files, CRL_HARD, report);
}

/* Most tests have no list of the root. */
static void
assert_at_most_absent(const struct report *report)
{
    for (size_t i = 0; i < report->count; i++)
        if (report->items[i].severity != SEVERITY_NOTE
            && report->items[i].code != SL_CRL_ABSENT)
            fail_msg("%s", report->items[i].text);
}

static struct crls *
load_lists(const char *const *files)
{
    struct report report;
    struct crls *crls;

    report_init(&report);
    crls = load(files, &report);
    assert_at_most_absent(&report);
    assert_non_null(crls);
    report_deinit(&report);
    return crls;
}

static void
refused(const char *file, enum guide_code code, const char *text_part)
{
    struct report report;

    report_init(&report);
    assert_null(load(FILES(file), &report));
    assert_reported(&report, SEVERITY_ERROR, text_part);
    assert_true(has_code(&report, code));
    report_deinit(&report);
}

/* Makes it as made.crl, which must be refused. */
static void
made_is_refused(
    const struct crl_spec *spec, enum guide_code code, const char *text_part)
{
    make_crl("made.crl", spec);
    refused("made.crl", code, text_part);
}

static void
noted(const char *const *files, const char *text_part)
{
    struct report report;
    struct crls *crls;

    report_init(&report);
    crls = load(files, &report);
    assert_non_null(crls);
    assert_reported(&report, SEVERITY_NOTE, text_part);
    crls_free(crls);
    report_deinit(&report);
}

/* --- asking -------------------------------------------------------------- */

/* About a certificate of the issuer, with this serial number. */
static struct crl_answer
ask_at(
    const struct crls *crls, const char *issuer, struct der serial, time_t now)
{
    struct blob der = read_der(issuer);
    struct x509_parts parts;
    struct crl_answer answer;

    assert_true(x509_parts_read(&parts, &der));
    answer = crls_ask(crls, parts.subject, serial, now);
    blob_free(&der);
    return answer;
}

static struct crl_answer
ask(const struct crls *crls, uint8_t serial)
{
    return ask_at(
        crls, "intermediate.pem", (struct der){&serial, 1}, time(NULL));
}

/* Loads the files, and asks about the serial number. */
static enum crl_verdict
verdict_of(const char *const *files, uint8_t serial)
{
    struct crls *crls = load_lists(files);
    enum crl_verdict verdict = ask(crls, serial).verdict;

    crls_free(crls);
    return verdict;
}

static enum crl_verdict
ask_about(const struct crls *crls, const char *certificate)
{
    struct blob der = read_der(certificate);
    struct x509_parts parts;
    enum crl_verdict verdict;

    assert_true(x509_parts_read(&parts, &der));
    verdict = crls_ask(crls, parts.issuer, parts.serial, time(NULL)).verdict;
    blob_free(&der);
    return verdict;
}

static void
revoked_certificate_is_found(void **state)
{
    struct crls *crls = load_lists(FILES("crl.pem"));

    (void)state;
    assert_int_equal(crls_count(crls), 2);
    assert_int_equal(ask_about(crls, "client-revoked.pem"), CRL_REVOKED);
    assert_int_equal(ask_about(crls, "client.pem"), CRL_GOOD);
    assert_int_equal(ask_about(crls, "intermediate.pem"), CRL_GOOD);
    assert_int_equal(ask_about(crls, "client-leafonly.pem"), CRL_GOOD);
    crls_free(crls);
}

static void
other_issuer_is_missing(void **state)
{
    struct crls *crls;

    (void)state;
    make_crl("one.crl", &(struct crl_spec){SERIALS(7)});
    crls = load_lists(FILES("one.crl"));
    assert_int_equal(ask(crls, 7).verdict, CRL_REVOKED);
    assert_int_equal(ask_at(crls, "ca.pem",
                         (struct der){(const uint8_t *)"\7", 1}, time(NULL))
                         .verdict,
        CRL_ABSENT);
    crls_free(crls);
}

static void
no_file_knows_nobody(void **state)
{
    struct crls *crls = load_lists((const char *const[]){NULL});

    (void)state;
    assert_int_equal(crls_count(crls), 0);
    assert_int_equal(ask(crls, 7).verdict, CRL_ABSENT);
    assert_int_equal(crls_next_update(crls), 0);
    crls_free(crls);
}

static void
date_and_reason_are_told(void **state)
{
    struct crl_answer answer;
    struct crls *crls;

    (void)state;
    make_crl(
        "reason.crl", &(struct crl_spec){SERIALS(7), .revoked_at = 1700000000,
                          .entry_extensions = REASON_KEY});
    crls = load_lists(FILES("reason.crl"));
    answer = ask(crls, 7);
    assert_int_equal(answer.verdict, CRL_REVOKED);
    assert_int_equal(answer.when, 1700000000);
    assert_string_equal(answer.reason, "keyCompromise");
    crls_free(crls);
}

/* The second form of dates, from 2050 on. */
static void
dates_beyond_2050_are_read(void **state)
{
    struct crls *crls;

    (void)state;
    make_crl(
        "late.crl", &(struct crl_spec){SERIALS(7), .next_update = 2600000000});
    crls = load_lists(FILES("late.crl"));
    assert_int_equal(crls_at(crls, 0).next_update, 2600000000);
    crls_free(crls);
}

static void
hold_counts_as_revoked(void **state)
{
    struct crl_answer answer;
    struct crls *crls;

    (void)state;
    make_crl("hold.crl",
        &(struct crl_spec){SERIALS(7), .entry_extensions = REASON_HOLD});
    crls = load_lists(FILES("hold.crl"));
    answer = ask(crls, 7);
    assert_int_equal(answer.verdict, CRL_REVOKED);
    assert_string_equal(answer.reason, "certificateHold");
    crls_free(crls);
}

/* Some CAs write a number with more zeros than it needs. */
static void
serial_is_compared_as_a_number(void **state)
{
    static const uint8_t padded[] = {0, 0, 7};
    static const uint8_t high[] = {0, 0x80};
    static const uint8_t negative[] = {0x80};
    struct crls *crls;

    (void)state;
    make_crl("one.crl", &(struct crl_spec){SERIALS(7, 0x80)});
    crls = load_lists(FILES("one.crl"));
    assert_int_equal(ask_at(crls, "intermediate.pem",
                         (struct der){padded, sizeof(padded)}, time(NULL))
                         .verdict,
        CRL_REVOKED);
    assert_int_equal(ask_at(crls, "intermediate.pem",
                         (struct der){high, sizeof(high)}, time(NULL))
                         .verdict,
        CRL_REVOKED);
    assert_int_equal(ask_at(crls, "intermediate.pem",
                         (struct der){negative, sizeof(negative)}, time(NULL))
                         .verdict,
        CRL_GOOD);
    crls_free(crls);
}

static void
every_entry_of_many_is_found(void **state)
{
    unsigned *serials = calloc(MANY, sizeof(*serials));
    struct crls *crls;

    (void)state;
    assert_non_null(serials);
    /* All even numbers, in an order far from theirs. */
    for (unsigned i = 0; i < MANY; i++)
        serials[i] = 2 * ((i * 7919U) % MANY);
    make_crl("many.crl",
        &(struct crl_spec){.serials = serials, .revoked_count = MANY});
    crls = load_lists(FILES("many.crl"));
    assert_int_equal(crls_at(crls, 0).revoked_count, MANY);
    for (unsigned i = 0; i < 2 * MANY; i += 997) {
        const uint8_t bytes[] = {
            0, (uint8_t)(i >> 16), (uint8_t)(i >> 8), (uint8_t)i};

        assert_int_equal(ask_at(crls, "intermediate.pem",
                             (struct der){bytes, sizeof(bytes)}, time(NULL))
                             .verdict,
            i % 2 == 0 ? CRL_REVOKED : CRL_GOOD);
    }
    crls_free(crls);
    free(serials);
}

/* A CA that counts long numbers up. */
static void
serials_with_the_same_head_are_told_apart(void **state)
{
    uint8_t serial[] = {0x5a, 1, 2, 3, 4, 5, 6, 7, 8, 9, 0, 0, 0, 0};
    struct crls *crls;

    (void)state;
    make_crl("long.crl", &(struct crl_spec){SERIALS(6, 2, 4, 0, 8),
                             .serial_head = "5a010203040506070809"});
    crls = load_lists(FILES("long.crl"));
    for (uint8_t i = 0; i < 10; i++) {
        serial[sizeof(serial) - 1] = i;
        assert_int_equal(ask_at(crls, "intermediate.pem",
                             (struct der){serial, sizeof(serial)}, time(NULL))
                             .verdict,
            i % 2 == 0 ? CRL_REVOKED : CRL_GOOD);
    }
    assert_int_equal(ask_at(crls, "intermediate.pem",
                         (struct der){serial, sizeof(serial) - 1}, time(NULL))
                         .verdict,
        CRL_GOOD);
    crls_free(crls);
}

/* --- several lists of one issuer ----------------------------------------- */

static void
any_current_list_revokes(void **state)
{
    (void)state;
    make_crl("a.crl", &(struct crl_spec){SERIALS(7), .number = 1});
    make_crl("b.crl", &(struct crl_spec){SERIALS(8), .number = 2});
    assert_int_equal(verdict_of(FILES("a.crl", "b.crl"), 7), CRL_REVOKED);
    assert_int_equal(verdict_of(FILES("a.crl", "b.crl"), 8), CRL_REVOKED);
    assert_int_equal(verdict_of(FILES("b.crl", "a.crl"), 9), CRL_GOOD);
}

static void
current_list_outweighs_a_late_one(void **state)
{
    const time_t now = time(NULL);

    (void)state;
    make_crl("old.crl",
        &(struct crl_spec){SERIALS(7), .number = 1,
            .this_update = now - 9 * day, .next_update = now - 2 * day});
    make_crl("new.crl", &(struct crl_spec){SERIALS(8), .number = 2});
    assert_int_equal(verdict_of(FILES("old.crl", "new.crl"), 7), CRL_GOOD);
    assert_int_equal(verdict_of(FILES("old.crl", "new.crl"), 8), CRL_REVOKED);
    /* Also where the numbers were reset. */
    make_crl("new.crl", &(struct crl_spec){SERIALS(8), .number = 1});
    make_crl("old.crl",
        &(struct crl_spec){SERIALS(7), .number = 2,
            .this_update = now - 9 * day, .next_update = now - 2 * day});
    assert_int_equal(verdict_of(FILES("old.crl", "new.crl"), 7), CRL_GOOD);
    assert_int_equal(verdict_of(FILES("old.crl", "new.crl"), 8), CRL_REVOKED);
}

static void
late_lists_are_stale_since_the_newest_ended(void **state)
{
    const time_t now = time(NULL);
    struct crl_answer answer;
    struct crls *crls;

    (void)state;
    make_crl("a.crl",
        &(struct crl_spec){SERIALS(7), .number = 9,
            .this_update = now - 9 * day, .next_update = now - 2 * day});
    make_crl(
        "b.crl", &(struct crl_spec){SERIALS(8), .number = 300,
                     .this_update = now - 8 * day, .next_update = now - DAY});
    crls = load_lists(FILES("a.crl", "b.crl"));
    answer = ask(crls, 9);
    assert_int_equal(answer.verdict, CRL_STALE);
    assert_int_equal(answer.when, now - DAY);
    assert_int_equal(crls_next_update(crls), now - DAY);
    crls_free(crls);
}

/* A list that is late does not give back what it took. */
static void
late_list_still_revokes(void **state)
{
    const time_t now = time(NULL);

    (void)state;
    make_crl(
        "old.crl", &(struct crl_spec){SERIALS(7), .this_update = now - 9 * day,
                       .next_update = now - 2 * day});
    assert_int_equal(verdict_of(FILES("old.crl"), 7), CRL_REVOKED);
    assert_int_equal(verdict_of(FILES("old.crl"), 8), CRL_STALE);
}

static void
list_of_the_future_is_stale(void **state)
{
    const time_t now = time(NULL);
    struct crl_answer answer;
    struct crls *crls;

    (void)state;
    make_crl(
        "early.crl", &(struct crl_spec){SERIALS(7), .this_update = now + DAY});
    crls = load_lists(FILES("early.crl"));
    answer = ask(crls, 8);
    assert_int_equal(answer.verdict, CRL_STALE);
    assert_int_equal(answer.when, now + DAY);
    crls_free(crls);
    /* Clocks differ a little. */
    make_crl(
        "soon.crl", &(struct crl_spec){SERIALS(7), .this_update = now + 60});
    assert_int_equal(verdict_of(FILES("soon.crl"), 8), CRL_GOOD);
}

static void
list_without_an_end_stays_current(void **state)
{
    struct crls *crls;

    (void)state;
    make_crl("endless.crl", &(struct crl_spec){SERIALS(7), .has_no_end = true});
    crls = load_lists(FILES("endless.crl"));
    assert_int_equal(ask(crls, 8).verdict, CRL_GOOD);
    assert_int_equal(crls_next_update(crls), 0);
    crls_free(crls);
    noted(FILES("endless.crl"), "next update not said");
}

/* --- what is believed ---------------------------------------------------- */

static void
first_version_is_read(void **state)
{
    (void)state;
    make_crl("v1.crl", &(struct crl_spec){SERIALS(7), .is_v1 = true});
    assert_int_equal(verdict_of(FILES("v1.crl"), 7), CRL_REVOKED);
    make_crl("v1.crl", &(struct crl_spec){.is_v1 = true});
    assert_int_equal(verdict_of(FILES("v1.crl"), 7), CRL_GOOD);
}

static void
pem_with_other_blocks_is_read(void **state)
{
    struct crls *crls;

    (void)state;
    make_crl("one.pem", &(struct crl_spec){SERIALS(7), .is_pem = true});
    make_crl("two.pem",
        &(struct crl_spec){.issuer = "ca", .is_pem = true, SERIALS(8)});
    join_files("all.pem", FILES("ca.pem", "one.pem", "ca.key", "two.pem"));
    crls = load_lists(FILES("all.pem"));
    assert_int_equal(crls_count(crls), 2);
    assert_int_equal(ask(crls, 7).verdict, CRL_REVOKED);
    crls_free(crls);
}

static void
list_that_is_there_twice_counts_once(void **state)
{
    struct crls *crls;

    (void)state;
    make_crl("one.crl", &(struct crl_spec){SERIALS(7)});
    copy_file("copy.crl", "one.crl");
    crls = load_lists(FILES("one.crl", "copy.crl", "one.crl"));
    assert_int_equal(crls_count(crls), 1);
    crls_free(crls);
}

static void
wrong_signer_is_refused(void **state)
{
    (void)state;
    made_is_refused(&(struct crl_spec){SERIALS(7), .key = "ca"}, SL_CRL_SIGNER,
        "clients.crl made.crl: list 1 is not signed by its issuer "
        "\"CN=sidelock development intermediate");
}

static void
changed_list_is_refused(void **state)
{
    struct blob content;

    (void)state;
    make_crl("made.crl", &(struct crl_spec){SERIALS(7, 7, 7)});
    content = read_file("made.crl");
    for (size_t i = 0; i + 3 < content.len; i++)
        if (memcmp(content.data + i, "\x02\x01\x07", 3) == 0)
            content.data[i + 2] = 6;
    write_blob("made.crl", &content);
    blob_free(&content);
    refused("made.crl", SL_CRL_SIGNER, "is not signed by its issuer");
}

static void
sha1_is_refused(void **state)
{
    (void)state;
    made_is_refused(&(struct crl_spec){SERIALS(7), .is_sha1 = true},
        SL_CRL_SIGNER, "algorithm 1.2.840.10045.4.1;");
}

static void
unknown_issuer_is_refused(void **state)
{
    (void)state;
    made_is_refused(&(struct crl_spec){SERIALS(7), .issuer = "other-ca"},
        SL_CRL_ISSUER, "which is not in clients.ca; append");
}

static void
lists_that_are_not_whole_are_refused(void **state)
{
    static const struct {
        const char *extensions;
        const char *text;
    } kinds[] = {
        {DELTA, "list 1 is a delta CRL"},
        {SCOPE_INDIRECT, "list 1 is an indirect list"},
        {SCOPE_USERS, "list 1 is only for certificates of users"},
        {SCOPE_POINT, "list 1 is only for the certificates of one "},
        {CRITICAL_UNKNOWN, "list 1 is one with a critical extension"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
        made_is_refused(
            &(struct crl_spec){SERIALS(7), .extensions = kinds[i].extensions},
            SL_CRL_KIND, kinds[i].text);
}

static void
harmless_extensions_are_read(void **state)
{
    static const char *const kinds[] = {
        PLAIN_UNKNOWN, SCOPE_EMPTY, SCOPE_NO_USERS};

    (void)state;
    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
        make_crl(
            "made.crl", &(struct crl_spec){SERIALS(7), .extensions = kinds[i]});
        assert_int_equal(verdict_of(FILES("made.crl"), 7), CRL_REVOKED);
    }
}

static void
entries_that_change_the_meaning_are_refused(void **state)
{
    static const struct {
        const char *extensions;
        const char *text;
    } kinds[] = {
        {REASON_REMOVE, "entries removeFromCRL"},
        {OTHER_ISSUER, "list 1 is an indirect list"},
        {CRITICAL_UNKNOWN, "whose entries have a critical extension"},
        {REASON_KEY "05", "list 1 is damaged"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
        made_is_refused(&(struct crl_spec){SERIALS(7),
                            .entry_extensions = kinds[i].extensions},
            i < 3 ? SL_CRL_KIND : SL_CRL_BROKEN, kinds[i].text);
}

static void
other_files_are_refused(void **state)
{
    (void)state;
    refused("nowhere.crl", SL_FILE_MISSING, "no such file");
    refused("ca.pem", SL_CRL_BROKEN, "ca.pem: no revocation list in it");
    refused("ca.key", SL_CRL_BROKEN, "ca.key: no revocation list in it");
    refused("empty.pem", SL_FILE_KIND, "empty.pem: is empty");
    refused("truststore.p12", SL_FORMAT_UNKNOWN, "it is PKCS#12");
}

/* Whatever is missing at its end, it is not taken for a shorter list. */
static void
cut_files_are_refused(void **state)
{
    struct blob content;
    size_t whole;

    (void)state;
    make_crl("whole.crl", &(struct crl_spec){SERIALS(7, 8)});
    content = read_file("whole.crl");
    whole = content.len;
    for (content.len = 1; content.len < whole; content.len++) {
        write_blob("cut.crl", &content);
        refused("cut.crl", SL_CRL_BROKEN, "clients.crl cut.crl: ");
    }
    blob_free(&content);
    make_crl("whole.pem", &(struct crl_spec){SERIALS(7, 8), .is_pem = true});
    content = read_file("whole.pem");
    content.len -= 40;
    write_blob("cut.pem", &content);
    blob_free(&content);
    refused("cut.pem", SL_PEM_BROKEN, "PEM block 1 is broken");
}

/* --- folders ------------------------------------------------------------- */

static void
folder_is_read(void **state)
{
    struct report report;
    struct crls *crls;

    (void)state;
    assert_int_equal(mkdir("lists", 0700), 0);
    make_crl("lists/a.crl", &(struct crl_spec){SERIALS(7)});
    make_crl("lists/b", &(struct crl_spec){.issuer = "other-ca"});
    copy_file("lists/ca.pem", "ca.pem");
    write_file("lists/README", "text\n", 5);
    assert_int_equal(symlink("a.crl", "lists/0000.r0"), 0);
    assert_int_equal(symlink("nowhere", "lists/dangling"), 0);
    report_init(&report);
    crls = load(FILES("lists"), &report);
    assert_non_null(crls);
    assert_at_most_absent(&report);
    assert_int_equal(crls_count(crls), 1);
    assert_string_equal(crls_at(crls, 0).path, "lists/a.crl");
    assert_reported(&report, SEVERITY_NOTE,
        "clients.crl lists/a.crl: 1 revoked certificate of \"CN=sidelock "
        "development intermediate");
    assert_reported(
        &report, SEVERITY_NOTE, "lists/b: list 1 is passed over: its issuer");
    assert_reported(
        &report, SEVERITY_NOTE, "lists/README: is no revocation list");
    assert_reported(
        &report, SEVERITY_NOTE, "lists/ca.pem: is no revocation list");
    assert_not_reported(&report, "0000.r0");
    crls_free(crls);
    report_deinit(&report);
}

/* What looks like one and is not whole is not passed over. */
static void
folder_with_a_broken_list_is_refused(void **state)
{
    (void)state;
    assert_int_equal(mkdir("broken-lists", 0700), 0);
    write_file("broken-lists/a.crl", "\x30\x82\x40", 3);
    refused("broken-lists", SL_CRL_BROKEN, "broken-lists/a.crl: list 1 is no");
    assert_int_equal(remove("broken-lists/a.crl"), 0);
    make_crl("broken-lists/a", &(struct crl_spec){.key = "ca"});
    refused("broken-lists", SL_CRL_SIGNER, "broken-lists/a: list 1 is not");
}

static void
cas_without_a_list_are_told(void **state)
{
    struct report report;
    struct crls *crls;

    (void)state;
    make_crl("one.crl", &(struct crl_spec){SERIALS(7)});
    report_init(&report);
    crls = load(FILES("one.crl"), &report);
    assert_reported(&report, SEVERITY_WARNING,
        "clients.crl: there is no revocation list of \"CN=sidelock development "
        "root,O=sidelock development\"; whom it has issued a certificate is "
        "refused (crl_policy = hard)");
    assert_true(has_code(&report, SL_CRL_ABSENT));
    crls_free(crls);
    report_deinit(&report);
    report_init(&report);
    crls = load_with(FILES("ca.pem", "intermediate.pem"), FILES("one.crl"),
        CRL_SOFT, &report);
    assert_reported(
        &report, SEVERITY_NOTE, "counts as good (crl_policy = soft)");
    assert_no_complaint(&report);
    crls_free(crls);
    report_deinit(&report);
}

/* --- dates in words ------------------------------------------------------ */

static void
judged(const struct crl_spec *spec, enum crl_policy policy, const char *text)
{
    struct report report;
    struct crls *crls;

    make_crl("judged.crl", spec);
    report_init(&report);
    crls = load_with(
        FILES("intermediate.pem"), FILES("judged.crl"), policy, &report);
    assert_non_null(crls);
    assert_no_complaint(&report);
    crls_judge(crls, time(NULL), 30, &report);
    if (text != NULL)
        assert_reported(&report, SEVERITY_WARNING, text);
    else
        assert_no_complaint(&report);
    crls_free(crls);
    report_deinit(&report);
}

static void
dates_are_judged(void **state)
{
    const time_t now = time(NULL);

    (void)state;
    judged(&(struct crl_spec){.next_update = now + 7 * day}, CRL_HARD, NULL);
    judged(&(struct crl_spec){.this_update = now - 7 * day,
               .next_update = now + DAY / 2},
        CRL_HARD, "runs out on");
    judged(&(struct crl_spec){.this_update = now - 7 * day,
               .next_update = now - DAY},
        CRL_HARD,
        "clients of this CA are refused (crl_policy = hard); fetch it anew");
    judged(&(struct crl_spec){.this_update = now - 7 * day,
               .next_update = now - DAY},
        CRL_SOFT,
        "clients of this CA come in although they may be revoked (crl_policy "
        "= soft)");
    judged(&(struct crl_spec){.this_update = now + DAY,
               .next_update = now + 2 * day},
        CRL_HARD, "does not begin before");
}

/* A list that has a successor may be late. */
static void
successor_silences_the_warning(void **state)
{
    const time_t now = time(NULL);
    struct report report;
    struct crls *crls;

    (void)state;
    make_crl("old.crl", &(struct crl_spec){.number = 1,
                            .this_update = now - 9 * day,
                            .next_update = now - 2 * day});
    make_crl("new.crl", &(struct crl_spec){.number = 2});
    make_crl("root.crl",
        &(struct crl_spec){.issuer = "ca", .next_update = now + 60 * day});
    crls = load_lists(FILES("old.crl", "new.crl", "root.crl"));
    report_init(&report);
    crls_judge(crls, now, 30, &report);
    assert_no_complaint(&report);
    assert_true(crls_next_update(crls) >= now + 30 * day);
    assert_true(crls_next_update(crls) < now + 31 * day);
    report_deinit(&report);
    crls_free(crls);
}

/* --- hash ---------------------------------------------------------------- */

static bool
is_same_hash(const char *const *left, const char *const *right)
{
    struct crls *a = load_lists(left);
    struct crls *b = load_lists(right);
    uint8_t hash_a[CRLS_HASH_BYTES];
    uint8_t hash_b[CRLS_HASH_BYTES];

    assert_int_equal(crls_hash(a, hash_a), 0);
    assert_int_equal(crls_hash(b, hash_b), 0);
    crls_free(a);
    crls_free(b);
    return memcmp(hash_a, hash_b, CRLS_HASH_BYTES) == 0;
}

static void
hash_is_of_the_set(void **state)
{
    (void)state;
    make_crl("a.crl", &(struct crl_spec){SERIALS(7)});
    make_crl("b.crl", &(struct crl_spec){SERIALS(8)});
    copy_file("c.crl", "a.crl");
    assert_true(is_same_hash(FILES("a.crl"), FILES("c.crl")));
    assert_true(is_same_hash(FILES("a.crl", "b.crl"), FILES("b.crl", "a.crl")));
    assert_false(is_same_hash(FILES("a.crl"), FILES("b.crl")));
    assert_false(is_same_hash(FILES("a.crl"), FILES("a.crl", "b.crl")));
}

static void
free_takes_null(void **state)
{
    (void)state;
    crls_free(NULL);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(revoked_certificate_is_found),
        cmocka_unit_test(other_issuer_is_missing),
        cmocka_unit_test(no_file_knows_nobody),
        cmocka_unit_test(date_and_reason_are_told),
        cmocka_unit_test(dates_beyond_2050_are_read),
        cmocka_unit_test(hold_counts_as_revoked),
        cmocka_unit_test(serial_is_compared_as_a_number),
        cmocka_unit_test(every_entry_of_many_is_found),
        cmocka_unit_test(serials_with_the_same_head_are_told_apart),
        cmocka_unit_test(any_current_list_revokes),
        cmocka_unit_test(current_list_outweighs_a_late_one),
        cmocka_unit_test(late_lists_are_stale_since_the_newest_ended),
        cmocka_unit_test(late_list_still_revokes),
        cmocka_unit_test(list_of_the_future_is_stale),
        cmocka_unit_test(list_without_an_end_stays_current),
        cmocka_unit_test(first_version_is_read),
        cmocka_unit_test(pem_with_other_blocks_is_read),
        cmocka_unit_test(list_that_is_there_twice_counts_once),
        cmocka_unit_test(wrong_signer_is_refused),
        cmocka_unit_test(changed_list_is_refused),
        cmocka_unit_test(sha1_is_refused),
        cmocka_unit_test(unknown_issuer_is_refused),
        cmocka_unit_test(lists_that_are_not_whole_are_refused),
        cmocka_unit_test(harmless_extensions_are_read),
        cmocka_unit_test(entries_that_change_the_meaning_are_refused),
        cmocka_unit_test(other_files_are_refused),
        cmocka_unit_test(cut_files_are_refused),
        cmocka_unit_test(folder_is_read),
        cmocka_unit_test(folder_with_a_broken_list_is_refused),
        cmocka_unit_test(cas_without_a_list_are_told),
        cmocka_unit_test(dates_are_judged),
        cmocka_unit_test(successor_silences_the_warning),
        cmocka_unit_test(hash_is_of_the_set),
        cmocka_unit_test(free_takes_null),
    };

    return cmocka_run_group_tests(tests, certs_start, certs_stop);
}
