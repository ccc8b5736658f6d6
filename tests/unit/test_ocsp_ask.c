/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Asking responders that answer, lie, hang and are not there, on an event loop
 * as a worker's: who is told what, how often anybody is asked, and that no
 * question waits for another responder's silence.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "certs/secret.h"
#include "proxy/clock.h"
#include "proxy/ocsp_ask.h"
#include "proxy/ocsp_responders.h"
#include "proxy/resolver.h"
#include "tests/unit/ocsp_fixture.h"

enum {
    PATIENT_MS = 60 * 1000, /* more than any of it takes */
    SHORT_MS = 50,
    MANY = OCSP_WAITING_MAX + OCSP_ACTIVE_MAX + 8,
};

static struct blob leaf;
static struct blob issuer;

/* One loop, one asker, one responder. */
static struct event_base *base;
static struct ocsp_asker *asker;
static struct responder responder;

/* Who asked, and what came of it. */
struct client {
    struct ocsp_ticket *ticket;
    bool is_asking; /* inside of ocsp_ask */
    unsigned told_count;
    enum ocsp_outcome outcome;
    char words[512];
    time_t until;
};

static int
start_group(void **state)
{
    if (certs_start(state) != 0)
        return -1;
    leaf = read_der("server.pem");
    issuer = read_der("intermediate.pem");
    return 0;
}

static int
stop_group(void **state)
{
    blob_free(&leaf);
    blob_free(&issuer);
    return certs_stop(state);
}

static int
start(void **state)
{
    (void)state;
    base = event_base_new();
    asker = ocsp_asker_new(base);
    if (base == NULL || asker == NULL)
        return -1;
    responder_start(&responder, base);
    return 0;
}

static int
stop(void **state)
{
    (void)state;
    ocsp_asker_free(asker);
    responder_stop(&responder);
    event_base_free(base);
    return 0;
}

static void
note(struct client *client, const struct ocsp_result *result)
{
    client->told_count++;
    client->outcome = result->outcome;
    client->until = result->until;
    (void)snprintf(client->words, sizeof(client->words), "%s", result->words);
}

static void
on_done(const struct ocsp_result *result, void *arg)
{
    struct client *client = arg;

    assert_false(client->is_asking);
    client->ticket = NULL;
    note(client, result);
}

static enum ocsp_ask
ask_with(struct client *client, const struct ocsp_question *question)
{
    struct ocsp_result result;
    enum ocsp_ask answer;

    memset(client, 0, sizeof(*client));
    client->is_asking = true;
    answer = ocsp_ask(asker, question, &client->ticket, &result);
    client->is_asking = false;
    assert_true((answer == OCSP_ASK_WAITING) == (client->ticket != NULL));
    if (answer == OCSP_ASK_DONE)
        note(client, &result);
    return answer;
}

static struct ocsp_question
question_of(struct client *client, const struct blob *of)
{
    const struct ocsp_question question = {
        .leaf = of,
        .issuer = &issuer,
        .url = responder.url,
        .timeout_ms = PATIENT_MS,
        .done = on_done,
        .arg = client,
    };

    return question;
}

static enum ocsp_ask
ask(struct client *client)
{
    const struct ocsp_question question = question_of(client, &leaf);

    return ask_with(client, &question);
}

static enum ocsp_ask
ask_at(struct client *client, const char *url, int64_t timeout_ms)
{
    struct ocsp_question question = question_of(client, &leaf);

    question.url = url;
    question.timeout_ms = timeout_ms;
    return ask_with(client, &question);
}

/* About a certificate that differs by its serial. */
static enum ocsp_ask
ask_about(
    struct client *client, unsigned number, const char *url, int64_t timeout_ms)
{
    struct blob other = {0};
    struct ocsp_question question = question_of(client, &other);
    enum ocsp_ask answer;

    question.url = url;
    question.timeout_ms = timeout_ms;
    assert_int_equal(blob_copy(&other, leaf.data, leaf.len), 0);
    /* Two headers, the version, and the serial's own. */
    assert_int_equal(other.data[13], 2);
    assert_true(other.data[14] >= 3);
    other.data[16] = (uint8_t)(number >> 8);
    other.data[17] = (uint8_t)number;
    answer = ask_with(client, &question);
    blob_free(&other);
    return answer;
}

static void
wait_until_told(const struct client *client)
{
    int64_t end_ms = clock_now_ms() + PATIENT_MS;

    while (client->told_count == 0) {
        assert_true(clock_now_ms() < end_ms);
        assert_int_not_equal(event_base_loop(base, EVLOOP_ONCE), -1);
    }
    assert_int_equal(client->told_count, 1);
}

static void
wait_for_visits(const struct responder *at, size_t count)
{
    int64_t end_ms = clock_now_ms() + PATIENT_MS;

    while (at->visit_count < count) {
        assert_true(clock_now_ms() < end_ms);
        assert_int_not_equal(event_base_loop(base, EVLOOP_ONCE), -1);
    }
}

/* Runs what is due now. */
static void
run_due(void)
{
    for (int i = 0; i < 10; i++)
        assert_int_not_equal(event_base_loop(base, EVLOOP_NONBLOCK), -1);
}

static void
assert_told(
    const struct client *client, enum ocsp_outcome outcome, const char *words)
{
    assert_int_equal(client->told_count, 1);
    if (client->outcome != outcome || strstr(client->words, words) == NULL)
        fail_msg("%d: %s", client->outcome, client->words);
}

/* Asks, waits, and is told this. */
static void
assert_answered(enum ocsp_outcome outcome, const char *words)
{
    struct client client;

    assert_int_equal(ask(&client), OCSP_ASK_WAITING);
    wait_until_told(&client);
    assert_told(&client, outcome, words);
}

/* The same, at once, and nobody was asked. */
static void
assert_known(enum ocsp_outcome outcome, const char *words)
{
    size_t before = responder.visit_count;
    struct client client;

    assert_int_equal(ask(&client), OCSP_ASK_DONE);
    assert_told(&client, outcome, words);
    run_due();
    assert_int_equal(responder.visit_count, before);
}

/* --- a resolver ---------------------------------------------------------- */

/* The look-up that was asked for last. */
static struct {
    resolver_found *found;
    void *arg;
    char name[64];
    unsigned count;
    unsigned cancelled_count;
    bool fails;
} lookup;

/* Something to point at. */
static union {
    struct resolver *resolver;
    struct resolver_query *query;
} stand_in = {(struct resolver *)(void *)&lookup};

/* NOLINTBEGIN(readability-identifier-naming): the linker names them */
struct resolver_query *__wrap_resolver_address(struct resolver *resolver,
    const char *name, resolver_found *found, void *arg);
void __wrap_resolver_cancel(struct resolver_query *query);

struct resolver_query *
__wrap_resolver_address(struct resolver *resolver, const char *name,
    resolver_found *found, void *arg)
{
    assert_ptr_equal(resolver, stand_in.resolver);
    lookup.found = found;
    lookup.arg = arg;
    lookup.count++;
    (void)snprintf(lookup.name, sizeof(lookup.name), "%s", name);
    return lookup.fails ? NULL : stand_in.query;
}

void
__wrap_resolver_cancel(struct resolver_query *query)
{
    if (query == NULL)
        return;
    assert_ptr_equal(query, stand_in.query);
    lookup.cancelled_count++;
}

/* NOLINTEND(readability-identifier-naming) */

/* --- answers ------------------------------------------------------------- */

static void
good_answer_is_remembered(void **state)
{
    struct client client;

    (void)state;
    assert_int_equal(ask(&client), OCSP_ASK_WAITING);
    wait_until_told(&client);
    assert_told(&client, OCSP_OUT_GOOD, "the certificate is good");
    assert_in_range(
        client.until, time(NULL) + 3600 - 60, time(NULL) + 3600); /* not 7 d */
    assert_known(OCSP_OUT_GOOD, "the certificate is good");
    assert_int_equal(responder.visit_count, 1);
}

static void
answer_without_an_end_is_remembered_for_minutes(void **state)
{
    struct client client;

    (void)state;
    responder.spec.has_no_end = true;
    assert_int_equal(ask(&client), OCSP_ASK_WAITING);
    wait_until_told(&client);
    assert_told(&client, OCSP_OUT_GOOD, "good");
    assert_in_range(client.until, time(NULL) + 240, time(NULL) + 300);
}

static void
revocation_is_told_and_remembered(void **state)
{
    (void)state;
    responder.spec.status = "R";
    assert_answered(OCSP_OUT_REVOKED, "has revoked the certificate");
    assert_known(OCSP_OUT_REVOKED, "has revoked the certificate");
}

static void
unknown_is_told(void **state)
{
    (void)state;
    responder.spec.status = "";
    assert_answered(OCSP_OUT_UNKNOWN, "does not know the certificate");
}

static void
words_name_the_responder(void **state)
{
    (void)state;
    assert_answered(OCSP_OUT_GOOD, responder.url);
}

static void
answer_that_another_signed_is_none(void **state)
{
    (void)state;
    responder.spec.signer = "client.pem";
    responder.spec.key = "client.key";
    assert_answered(OCSP_OUT_NO_ANSWER, "neither the issuer nor");
}

static void
answer_of_an_expired_responder_is_none(void **state)
{
    (void)state;
    responder.spec.signer = "ocsp-expired.pem";
    assert_answered(OCSP_OUT_NO_ANSWER, "has expired on");
}

static void
answer_to_another_question_is_none(void **state)
{
    (void)state;
    responder.replays = true;
    assert_answered(OCSP_OUT_NO_ANSWER, "its nonce is not ours");
}

static void
garbage_is_no_answer(void **state)
{
    (void)state;
    responder.text = "HTTP/1.1 200 OK\r\nContent-Length: 7\r\n\r\ngarbage";
    assert_answered(OCSP_OUT_NO_ANSWER, "is no OCSP response");
}

static void
what_is_not_http_is_no_answer(void **state)
{
    (void)state;
    responder.text = "220 mail.example.net ESMTP\r\n";
    assert_answered(OCSP_OUT_NO_ANSWER, "does not speak HTTP/1");
}

static void
status_of_http_is_told(void **state)
{
    (void)state;
    responder.text = "HTTP/1.1 500 Oops\r\n\r\n";
    assert_answered(OCSP_OUT_NO_ANSWER, "HTTP status 500");
}

static void
connection_that_ends_early_is_told(void **state)
{
    (void)state;
    responder.text = "";
    assert_answered(OCSP_OUT_NO_ANSWER, "ends the connection without a reply");
}

/* A failure is remembered for some seconds. */
static void
failure_is_not_asked_for_again_at_once(void **state)
{
    struct client client;

    (void)state;
    responder.text = "HTTP/1.1 500 Oops\r\n\r\n";
    assert_int_equal(ask(&client), OCSP_ASK_WAITING);
    wait_until_told(&client);
    assert_in_range(client.until, time(NULL), time(NULL) + 10);
    assert_known(OCSP_OUT_NO_ANSWER, "HTTP status 500");
}

/* --- no answers ---------------------------------------------------------- */

static void
responder_that_is_not_there_is_told(void **state)
{
    struct client client;
    char url[64];
    int fd = nobodys_url(url);

    (void)state;
    assert_int_equal(ask_at(&client, url, PATIENT_MS), OCSP_ASK_WAITING);
    wait_until_told(&client);
    assert_told(&client, OCSP_OUT_NO_ANSWER, "Connection refused");
    close(fd);
}

static void
hanging_responder_is_given_up(void **state)
{
    struct client client;

    (void)state;
    responder.hangs = true;
    assert_int_equal(
        ask_at(&client, responder.url, SHORT_MS), OCSP_ASK_WAITING);
    wait_until_told(&client);
    assert_told(&client, OCSP_OUT_NO_ANSWER, "gave no answer within 50 ms");
    run_due();
    assert_int_equal(responder_open_count(&responder), 0);
}

static void
what_cannot_be_asked_is_told_at_once(void **state)
{
    static const struct {
        const char *url;
        const char *words;
    } cases[] = {
        {"", "names no OCSP responder"},
        {"https://127.0.0.1/", "only http://"},
        {"http://ocsp.example.net/", "clients.ocsp_url"},
        {"http://[::1", "has no host"},
        {"http://[1.2]/", "no IPv6 address"},
        {"http://127.0.0.1:0/", "port"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct client client;

        assert_int_equal(
            ask_at(&client, cases[i].url, PATIENT_MS), OCSP_ASK_DONE);
        assert_told(&client, OCSP_OUT_NO_ANSWER, cases[i].words);
    }
}

static void
what_is_no_certificate_is_told_at_once(void **state)
{
    uint8_t bytes[] = "no certificate";
    const struct blob other = {bytes, sizeof(bytes)};
    struct client client;
    const struct ocsp_question question = question_of(&client, &other);

    (void)state;
    assert_int_equal(ask_with(&client, &question), OCSP_ASK_DONE);
    assert_told(&client, OCSP_OUT_NO_ANSWER, "cannot be read");
}

/* --- names --------------------------------------------------------------- */

/* Asks the responder by a name, and waits until that is looked up. */
static void
ask_by_name(struct client *client, int64_t timeout_ms)
{
    struct ocsp_question question = question_of(client, &leaf);
    char url[80];

    memset(&lookup, 0, sizeof(lookup));
    (void)snprintf(url, sizeof(url), "http://ocsp.example.net%s",
        strrchr(responder.url, ':'));
    question.url = url;
    question.timeout_ms = timeout_ms;
    question.resolver = stand_in.resolver;
    assert_int_equal(ask_with(client, &question), OCSP_ASK_WAITING);
    assert_int_equal(lookup.count, 0);
    run_due();
    assert_int_equal(lookup.count, 1);
    assert_string_equal(lookup.name, "ocsp.example.net");
}

static void
find(const char *const *texts, size_t count)
{
    struct address addresses[4];
    char why[64];

    for (size_t i = 0; i < count; i++)
        assert_int_equal(
            address_parse(&addresses[i], texts[i], why, sizeof(why)), 0);
    lookup.found(addresses, count, NULL, lookup.arg);
}

static void
name_of_a_responder_is_looked_up(void **state)
{
    struct client client;

    (void)state;
    ask_by_name(&client, PATIENT_MS);
    find((const char *const[]){"127.0.0.1:1"}, 1); /* not the port */
    wait_until_told(&client);
    assert_told(&client, OCSP_OUT_GOOD, "http://ocsp.example.net:");
    assert_int_equal(lookup.cancelled_count, 0);
}

/* A broadcast address is refused at once, as one of a missing family is. */
static void
address_that_cannot_be_reached_is_passed_over(void **state)
{
    struct client client;

    (void)state;
    ask_by_name(&client, PATIENT_MS);
    find((const char *const[]){"255.255.255.255:1", "127.0.0.1:1"}, 2);
    wait_until_told(&client);
    assert_told(&client, OCSP_OUT_GOOD, "good");
}

/* Nobody listens there: that is known only when the loop says so. */
static void
address_that_refuses_is_passed_over(void **state)
{
    struct client client;

    (void)state;
    ask_by_name(&client, PATIENT_MS);
    find(
        (const char *const[]){"127.0.0.9:1", "127.0.0.10:1", "127.0.0.1:1"}, 3);
    wait_until_told(&client);
    assert_told(&client, OCSP_OUT_GOOD, "good");
}

/* Who was reached and says nothing has been asked. */
static void
address_that_replies_badly_is_the_last(void **state)
{
    struct client client;

    (void)state;
    responder.text = "garbage\n";
    ask_by_name(&client, PATIENT_MS);
    find((const char *const[]){"127.0.0.1:1", "127.0.0.9:1"}, 2);
    wait_until_told(&client);
    assert_told(&client, OCSP_OUT_NO_ANSWER, "HTTP");
    assert_int_equal(responder.visit_count, 1);
}

static void
addresses_that_all_refuse_are_told(void **state)
{
    struct client client;

    (void)state;
    ask_by_name(&client, PATIENT_MS);
    find((const char *const[]){"127.0.0.9:1", "127.0.0.10:1"}, 2);
    wait_until_told(&client);
    assert_told(&client, OCSP_OUT_NO_ANSWER, "Connection refused");
}

static void
name_without_an_address_is_told(void **state)
{
    struct client client;

    (void)state;
    ask_by_name(&client, PATIENT_MS);
    lookup.found(NULL, 0, "there is no such name", lookup.arg);
    assert_told(&client, OCSP_OUT_NO_ANSWER, "there is no such name");
    assert_int_equal(lookup.count, 1);
}

static void
lookup_that_cannot_begin_is_told(void **state)
{
    struct client client;
    struct ocsp_question question = question_of(&client, &leaf);

    (void)state;
    memset(&lookup, 0, sizeof(lookup));
    lookup.fails = true;
    question.url = "http://ocsp.example.net/";
    question.resolver = stand_in.resolver;
    assert_int_equal(ask_with(&client, &question), OCSP_ASK_WAITING);
    wait_until_told(&client);
    assert_told(&client, OCSP_OUT_NO_ANSWER, "Cannot allocate memory");
}

static void
lookup_that_takes_too_long_is_given_up(void **state)
{
    struct client client;

    (void)state;
    ask_by_name(&client, SHORT_MS);
    wait_until_told(&client);
    assert_told(
        &client, OCSP_OUT_NO_ANSWER, "its address was not found within 50 ms");
    assert_int_equal(lookup.cancelled_count, 1);
}

static void
lookup_ends_with_its_asker(void **state)
{
    struct client client;

    (void)state;
    ask_by_name(&client, PATIENT_MS);
    ocsp_asker_free(asker);
    asker = NULL;
    assert_int_equal(lookup.cancelled_count, 1);
    assert_int_equal(client.told_count, 0);
}

/* --- who is asked, and how often ----------------------------------------- */

static void
equal_questions_share_one_request(void **state)
{
    struct client clients[3];

    (void)state;
    assert_int_equal(ask(&clients[0]), OCSP_ASK_WAITING);
    assert_int_equal(ask(&clients[1]), OCSP_ASK_WAITING);
    wait_for_visits(&responder, 1);
    assert_int_equal(ask(&clients[2]), OCSP_ASK_WAITING);
    for (size_t i = 0; i < 3; i++) {
        wait_until_told(&clients[i]);
        assert_told(&clients[i], OCSP_OUT_GOOD, "good");
    }
    assert_int_equal(responder.visit_count, 1);
}

static void
other_address_is_another_question(void **state)
{
    struct client clients[2];
    char url[80];

    (void)state;
    (void)snprintf(
        url, sizeof(url), "http://localhost%s", strrchr(responder.url, ':'));
    assert_int_equal(ask(&clients[0]), OCSP_ASK_WAITING);
    assert_int_equal(ask_at(&clients[1], url, PATIENT_MS), OCSP_ASK_WAITING);
    wait_until_told(&clients[0]);
    wait_until_told(&clients[1]);
    assert_told(&clients[1], OCSP_OUT_GOOD, "http://localhost:");
    assert_int_equal(responder.visit_count, 2);
}

static void
who_has_left_is_not_told(void **state)
{
    struct client clients[2];

    (void)state;
    assert_int_equal(ask(&clients[0]), OCSP_ASK_WAITING);
    assert_int_equal(ask(&clients[1]), OCSP_ASK_WAITING);
    ocsp_cancel(clients[0].ticket);
    wait_until_told(&clients[1]);
    run_due();
    assert_int_equal(clients[0].told_count, 0);
}

static void
question_that_nobody_waits_for_is_not_asked(void **state)
{
    struct client client;

    (void)state;
    assert_int_equal(ask(&client), OCSP_ASK_WAITING);
    ocsp_cancel(client.ticket);
    run_due();
    assert_int_equal(responder.visit_count, 0);
    assert_int_equal(client.told_count, 0);
}

/* It was asked already: the next client has the answer. */
static void
answer_that_nobody_waits_for_is_remembered(void **state)
{
    struct client first;
    struct client other;

    (void)state;
    assert_int_equal(ask(&first), OCSP_ASK_WAITING);
    wait_for_visits(&responder, 1);
    ocsp_cancel(first.ticket);
    /* Behind it at the same responder. */
    assert_int_equal(
        ask_about(&other, 1, responder.url, PATIENT_MS), OCSP_ASK_WAITING);
    wait_until_told(&other);
    run_due();
    assert_int_equal(first.told_count, 0);
    assert_known(OCSP_OUT_GOOD, "good");
}

static struct client cancelled;

static void
on_done_cancel_other(const struct ocsp_result *result, void *arg)
{
    on_done(result, arg);
    ocsp_cancel(cancelled.ticket);
}

static void
who_is_told_may_cancel_others(void **state)
{
    struct client client;
    struct ocsp_question question = question_of(&client, &leaf);

    (void)state;
    question.done = on_done_cancel_other;
    assert_int_equal(ask_with(&client, &question), OCSP_ASK_WAITING);
    assert_int_equal(ask(&cancelled), OCSP_ASK_WAITING);
    wait_until_told(&client);
    run_due();
    assert_int_equal(cancelled.told_count, 0);
}

static struct client again;

static void
on_done_ask_again(const struct ocsp_result *result, void *arg)
{
    on_done(result, arg);
    assert_int_equal(ask(&again), OCSP_ASK_DONE);
    assert_int_equal(
        ask_about(&again, 7, responder.url, PATIENT_MS), OCSP_ASK_WAITING);
}

static void
who_is_told_may_ask_again(void **state)
{
    struct client client;
    struct ocsp_question question = question_of(&client, &leaf);

    (void)state;
    question.done = on_done_ask_again;
    assert_int_equal(ask_with(&client, &question), OCSP_ASK_WAITING);
    wait_until_told(&client);
    wait_until_told(&again);
    assert_told(&again, OCSP_OUT_UNKNOWN, "does not know");
}

/* --- many ---------------------------------------------------------------- */

static struct client many[MANY];

/* The first of them hang; a question to somebody else is answered. */
static void
hanging_responder_delays_no_other(void **state)
{
    static struct responder hanging;
    struct client client;

    (void)state;
    responder_start(&hanging, base);
    hanging.hangs = true;
    for (unsigned i = 0; i < 100; i++)
        assert_int_equal(
            ask_about(&many[i], i, hanging.url, PATIENT_MS), OCSP_ASK_WAITING);
    wait_for_visits(&hanging, OCSP_PER_RESPONDER_MAX);
    assert_int_equal(ask(&client), OCSP_ASK_WAITING);
    wait_until_told(&client);
    assert_told(&client, OCSP_OUT_GOOD, "good");
    assert_int_equal(hanging.visit_count, OCSP_PER_RESPONDER_MAX);
    for (unsigned i = 0; i < 100; i++)
        assert_int_equal(many[i].told_count, 0);
    responder_stop(&hanging);
}

/* Also when as many wait for it as may wait at all. */
static void
hanging_responder_takes_not_all_places(void **state)
{
    static struct responder hanging;
    struct client client;
    unsigned number = 0;

    (void)state;
    responder_start(&hanging, base);
    hanging.hangs = true;
    while (number < OCSP_PER_RESPONDER_MAX) {
        (void)ask_about(&many[number], number, hanging.url, PATIENT_MS);
        number++;
    }
    wait_for_visits(&hanging, OCSP_PER_RESPONDER_MAX);
    while (ask_about(&many[number], number, hanging.url, PATIENT_MS)
           == OCSP_ASK_WAITING)
        assert_true(++number < MANY);
    assert_told(&many[number], OCSP_OUT_NO_ANSWER, "too many");
    assert_int_equal(number, OCSP_PER_RESPONDER_MAX + OCSP_WAITING_MAX);
    assert_int_equal(ask(&client), OCSP_ASK_WAITING);
    wait_until_told(&client);
    assert_told(&client, OCSP_OUT_GOOD, "good");
    responder_stop(&hanging);
}

/* As many as fit wait; the next is told at once, and all in time. */
static void
questions_are_bounded(void **state)
{
    size_t waiting_count = 0;
    size_t last = 0;

    (void)state;
    responder.hangs = true;
    for (unsigned i = 0; i < MANY; i++) {
        if (ask_about(&many[i], i, responder.url, SHORT_MS) == OCSP_ASK_WAITING)
            waiting_count++;
        else
            assert_told(&many[i], OCSP_OUT_NO_ANSWER, "too many");
        last = i;
    }
    assert_int_equal(waiting_count, OCSP_WAITING_MAX);
    assert_int_equal(many[last].told_count, 1);
    for (unsigned i = 0; i < MANY; i++) {
        wait_until_told(&many[i]);
        assert_int_equal(many[i].outcome, OCSP_OUT_NO_ANSWER);
    }
    /* The first that are given up make room for some more. */
    assert_true(responder.visit_count <= OCSP_ACTIVE_MAX);
}

/* Asks in vain; false: it is left alone. */
static bool
is_asked(unsigned number)
{
    struct client client;

    (void)ask_about(&client, number, responder.url, SHORT_MS);
    wait_until_told(&client);
    if (strstr(client.words, "within 50 ms") == NULL) {
        assert_told(&client, OCSP_OUT_NO_ANSWER, "is left alone");
        return false;
    }
    wait_for_visits(&responder, number + 1);
    return true;
}

static void
silent_responder_is_left_alone(void **state)
{
    int64_t start_ms = 0;
    unsigned number;

    (void)state;
    responder.hangs = true;
    for (number = 0; number < OCSP_SILENT_FAILURES; number++) {
        start_ms = clock_now_ms();
        assert_true(is_asked(number));
    }
    /* Unless this process stood still until the pause was over. */
    for (; is_asked(number); number++) {
        assert_true(clock_now_ms() - start_ms >= OCSP_PAUSE_MIN_MS);
        start_ms = clock_now_ms();
    }
    run_due();
    assert_int_equal(responder.visit_count, number);
}

/* Another question gets through when the pause is over. */
static void
silent_responder_is_asked_again_later(void **state)
{
    int64_t end_ms = clock_now_ms() + PATIENT_MS;
    struct client client;
    unsigned number = 100;

    silent_responder_is_left_alone(state);
    responder.hangs = false;
    do {
        assert_true(clock_now_ms() < end_ms);
        if (ask_about(&client, number++, responder.url, PATIENT_MS)
            == OCSP_ASK_WAITING)
            wait_until_told(&client);
    } while (client.outcome == OCSP_OUT_NO_ANSWER);
    assert_told(&client, OCSP_OUT_UNKNOWN, "does not know");
    assert_answered(OCSP_OUT_GOOD, "good");
}

/* Nothing leaks, and nobody is told. */
static void
asker_may_go_with_questions_under_way(void **state)
{
    (void)state;
    responder.hangs = true;
    for (unsigned i = 0; i < 40; i++)
        assert_int_equal(ask_about(&many[i], i, responder.url, PATIENT_MS),
            OCSP_ASK_WAITING);
    wait_for_visits(&responder, 1);
    ocsp_asker_free(asker);
    asker = NULL;
    run_due();
    for (unsigned i = 0; i < 40; i++)
        assert_int_equal(many[i].told_count, 0);
}

#define ASK_TEST(name) cmocka_unit_test_setup_teardown(name, start, stop)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        ASK_TEST(good_answer_is_remembered),
        ASK_TEST(answer_without_an_end_is_remembered_for_minutes),
        ASK_TEST(revocation_is_told_and_remembered),
        ASK_TEST(unknown_is_told),
        ASK_TEST(words_name_the_responder),
        ASK_TEST(answer_that_another_signed_is_none),
        ASK_TEST(answer_of_an_expired_responder_is_none),
        ASK_TEST(answer_to_another_question_is_none),
        ASK_TEST(garbage_is_no_answer),
        ASK_TEST(what_is_not_http_is_no_answer),
        ASK_TEST(status_of_http_is_told),
        ASK_TEST(connection_that_ends_early_is_told),
        ASK_TEST(failure_is_not_asked_for_again_at_once),
        ASK_TEST(responder_that_is_not_there_is_told),
        ASK_TEST(hanging_responder_is_given_up),
        ASK_TEST(what_cannot_be_asked_is_told_at_once),
        ASK_TEST(what_is_no_certificate_is_told_at_once),
        ASK_TEST(name_of_a_responder_is_looked_up),
        ASK_TEST(address_that_cannot_be_reached_is_passed_over),
        ASK_TEST(address_that_refuses_is_passed_over),
        ASK_TEST(address_that_replies_badly_is_the_last),
        ASK_TEST(addresses_that_all_refuse_are_told),
        ASK_TEST(name_without_an_address_is_told),
        ASK_TEST(lookup_that_cannot_begin_is_told),
        ASK_TEST(lookup_that_takes_too_long_is_given_up),
        ASK_TEST(lookup_ends_with_its_asker),
        ASK_TEST(equal_questions_share_one_request),
        ASK_TEST(other_address_is_another_question),
        ASK_TEST(who_has_left_is_not_told),
        ASK_TEST(question_that_nobody_waits_for_is_not_asked),
        ASK_TEST(answer_that_nobody_waits_for_is_remembered),
        ASK_TEST(who_is_told_may_cancel_others),
        ASK_TEST(who_is_told_may_ask_again),
        ASK_TEST(hanging_responder_delays_no_other),
        ASK_TEST(hanging_responder_takes_not_all_places),
        ASK_TEST(questions_are_bounded),
        ASK_TEST(silent_responder_is_left_alone),
        ASK_TEST(silent_responder_is_asked_again_later),
        ASK_TEST(asker_may_go_with_questions_under_way),
    };

    return cmocka_run_group_tests(tests, start_group, stop_group);
}
