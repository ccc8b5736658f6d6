/* SPDX-License-Identifier: GPL-3.0-or-later */
/* DNS messages: what is asked, and what counts as an answer to it. */
#include <ctype.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "proxy/dns.h"
#include "tests/unit/dns_fixture.h"

static void
ask_for(struct dns_question *question, const char *name, enum dns_type type)
{
    assert_true(dns_ask_for_addresses(question, name, type));
    question->id = 0x1234;
}

static void
ask_who(struct dns_question *question, const char *text)
{
    struct address address;
    char why[128];

    assert_int_equal(address_parse(&address, text, why, sizeof(why)), 0);
    dns_ask_for_names(question, &address);
    question->id = 0x1234;
}

static enum dns_verdict
read_reply(const struct dns_question *question, const struct dns_reply *reply,
    struct dns_answer *answer)
{
    /* Of its size, so that reading beyond is seen. */
    uint8_t *copy = malloc(reply->len > 0 ? reply->len : 1);
    enum dns_verdict verdict;

    assert_non_null(copy);
    memcpy(copy, reply->data, reply->len);
    verdict = dns_answer_read(question, copy, reply->len, answer);
    free(copy);
    return verdict;
}

static void
assert_verdict(const struct dns_question *question,
    const struct dns_reply *reply, enum dns_verdict verdict)
{
    struct dns_answer answer;

    assert_int_equal(read_reply(question, reply, &answer), verdict);
}

/* --- questions ----------------------------------------------------------- */

static void
a_question_is_as_the_standard_has_it(void **state)
{
    static const uint8_t expected[] =
        "\x12\x34\x01\x00\x00\x01\x00\x00\x00\x00\x00\x00"
        "\x03web\x07"
        "example\x03org\x00\x00\x1c\x00\x01";
    uint8_t query[DNS_QUERY_BYTES];
    struct dns_question question;

    (void)state;
    ask_for(&question, "web.example.org.", DNS_AAAA);
    assert_int_equal(dns_query_write(&question, query), sizeof(expected) - 1);
    assert_memory_equal(query, expected, sizeof(expected) - 1);
}

static void
an_address_is_asked_for_backwards(void **state)
{
    static const uint8_t v4[] = "\x03"
                                "255\x01"
                                "2\x03"
                                "100\x02"
                                "10\x07in-addr\x04"
                                "arpa";
    struct dns_question question;

    (void)state;
    ask_who(&question, "10.100.2.255:1");
    assert_int_equal(question.type, DNS_PTR);
    assert_int_equal(question.name_len, sizeof(v4));
    assert_memory_equal(question.name, v4, sizeof(v4));
    ask_who(&question, "[2001:db8::4]:1");
    assert_int_equal(question.name_len, 74);
    assert_memory_equal(question.name,
        "\x01"
        "4\x01"
        "0\x01"
        "0",
        6);
    assert_memory_equal(question.name + 48,
        "\x01"
        "8\x01"
        "b\x01"
        "d",
        6);
    assert_memory_equal(question.name + 64,
        "\x03ip6\x04"
        "arpa",
        10);
}

static void
only_host_names_are_asked_for(void **state)
{
    static const char *const bad[] = {"", ".", "a..b", ".a", "a b", "a/b",
        "b\xc3\xbc", "*.example.org", "a.b..", "a\n"};
    char label[65];
    char name[300];

    (void)state;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        assert_false(dns_is_host_name(bad[i]));
    memset(label, 'x', sizeof(label));
    label[63] = '\0';
    assert_true(dns_is_host_name(label));
    label[63] = 'x';
    label[64] = '\0';
    assert_false(dns_is_host_name(label));
    memset(name, 'x', sizeof(name));
    for (size_t i = 60; i < sizeof(name); i += 60)
        name[i] = '.';
    name[253] = '\0';
    assert_true(dns_is_host_name(name));
    name[253] = 'x';
    name[254] = '\0';
    assert_false(dns_is_host_name(name));
    assert_true(dns_is_host_name("_sip.a-1.example"));
}

static void
assert_upper_case(
    const struct dns_question *question, const struct dns_question *plain)
{
    assert_int_equal(question->name_len, plain->name_len);
    for (size_t i = 0; i < plain->name_len; i++)
        assert_int_equal(question->name[i], toupper(plain->name[i]));
}

static void
letters_get_a_random_case_and_nothing_else_changes(void **state)
{
    uint8_t random[DNS_RANDOM_BYTES];
    struct dns_question plain;
    struct dns_question question;

    (void)state;
    ask_for(&plain, "web-1.example.org", DNS_A);
    question = plain;
    memset(random, 0xff, sizeof(random));
    dns_randomize(&question, random);
    assert_int_equal(question.id, 0xffff);
    assert_upper_case(&question, &plain);
    question = plain;
    memset(random, 0, sizeof(random));
    dns_randomize(&question, random);
    assert_int_equal(question.id, 0);
    assert_memory_equal(question.name, plain.name, plain.name_len);
}

/* --- answers ------------------------------------------------------------- */

static void
addresses_are_taken(void **state)
{
    struct dns_question question;
    struct dns_reply reply;
    struct dns_answer answer;

    (void)state;
    ask_for(&question, "web.example.org", DNS_A);
    reply_to(&reply, &question);
    reply_add(&reply, "web.example.org", DNS_A, "\x0a\x00\x00\x01", 4);
    reply_add(&reply, "WEB.example.ORG", DNS_A, "\x0a\x00\x00\x02", 4);
    assert_int_equal(read_reply(&question, &reply, &answer), DNS_ANSWERED);
    assert_int_equal(answer.address_count, 2);
    assert_memory_equal(answer.addresses[0], "\x0a\x00\x00\x01", 4);
    assert_memory_equal(answer.addresses[1], "\x0a\x00\x00\x02", 4);
}

static void
names_are_taken(void **state)
{
    struct dns_question question;
    struct dns_reply reply;
    struct dns_answer answer;

    (void)state;
    ask_who(&question, "10.0.0.1:1");
    reply_to(&reply, &question);
    reply_add_name(&reply, "1.0.0.10.in-addr.arpa", DNS_PTR, "Web.example.org");
    reply_add_name(&reply, "1.0.0.10.in-addr.arpa", DNS_PTR, "b");
    assert_int_equal(read_reply(&question, &reply, &answer), DNS_ANSWERED);
    assert_int_equal(answer.name_count, 2);
    assert_string_equal(answer.names[0], "Web.example.org");
    assert_string_equal(answer.names[1], "b");
}

/* A dot, a zero byte or a blank within a label: written as text it would be
 * another name. */
static void
names_that_are_none_of_hosts_are_left_out(void **state)
{
    static const char *const bad[] = {"\x07"
                                      "web.org",
        "\x04"
        "a\0bc",
        "\x03"
        "a b",
        ""};
    static const size_t lengths[] = {9, 6, 5, 1};
    struct dns_question question;
    struct dns_reply reply;
    struct dns_answer answer;

    (void)state;
    ask_who(&question, "10.0.0.1:1");
    reply_to(&reply, &question);
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        reply_add(&reply, "1.0.0.10.in-addr.arpa", DNS_PTR, bad[i], lengths[i]);
    assert_int_equal(read_reply(&question, &reply, &answer), DNS_ANSWERED);
    assert_int_equal(answer.name_count, 0);
}

static void
more_than_fits_is_left_out(void **state)
{
    struct dns_question question;
    struct dns_reply reply;
    struct dns_answer answer;

    (void)state;
    ask_who(&question, "10.0.0.1:1");
    reply_to(&reply, &question);
    for (int i = 0; i < 3 * DNS_NAMES_MAX; i++)
        reply_add_name(&reply, "1.0.0.10.in-addr.arpa", DNS_PTR, "a.example");
    assert_int_equal(read_reply(&question, &reply, &answer), DNS_ANSWERED);
    assert_int_equal(answer.name_count, DNS_NAMES_MAX);
    ask_for(&question, "a.example", DNS_A);
    reply_to(&reply, &question);
    for (int i = 0; i < 3 * DNS_ADDRESSES_MAX; i++)
        reply_add(&reply, "a.example", DNS_A, "\x0a\x00\x00\x01", 4);
    assert_int_equal(read_reply(&question, &reply, &answer), DNS_ANSWERED);
    assert_int_equal(answer.address_count, DNS_ADDRESSES_MAX);
}

static void
aliases_are_followed(void **state)
{
    struct dns_question question;
    struct dns_reply reply;
    struct dns_answer answer;

    (void)state;
    ask_for(&question, "www.example.org", DNS_A);
    reply_to(&reply, &question);
    reply_add_name(&reply, "www.example.org", DNS_CNAME, "a.example.net");
    reply_add_name(&reply, "a.example.net", DNS_CNAME, "b.example.net");
    reply_add(&reply, "b.example.net", DNS_A, "\x0a\x00\x00\x01", 4);
    assert_int_equal(read_reply(&question, &reply, &answer), DNS_ANSWERED);
    assert_int_equal(answer.address_count, 1);
    reply_to(&reply, &question);
    for (int i = 0; i < 20; i++)
        reply_add_name(&reply, "www.example.org", DNS_CNAME, "www.example.org");
    assert_verdict(&question, &reply, DNS_FAILED);
}

/* Whoever answers for one zone has nothing to say of another. */
static void
records_of_other_names_do_not_count(void **state)
{
    struct dns_question question;
    struct dns_reply reply;
    struct dns_answer answer;

    (void)state;
    ask_for(&question, "web.example.org", DNS_A);
    reply_to(&reply, &question);
    reply_add(&reply, "evil.example.org", DNS_A, "\x0a\x00\x00\x01", 4);
    reply_add_name(&reply, "evil.example.org", DNS_CNAME, "web.example.org");
    reply_add(&reply, "web.example.org", DNS_AAAA, "0123456789abcdef", 16);
    assert_int_equal(read_reply(&question, &reply, &answer), DNS_ANSWERED);
    assert_int_equal(answer.address_count, 0);
}

static void
no_such_name_is_an_answer(void **state)
{
    struct dns_question question;
    struct dns_reply reply;
    struct dns_answer answer;

    (void)state;
    ask_for(&question, "web.example.org", DNS_A);
    reply_to(&reply, &question);
    reply.data[3] = 3;
    assert_int_equal(read_reply(&question, &reply, &answer), DNS_ANSWERED);
    assert_int_equal(answer.address_count, 0);
}

static void
a_server_that_fails_says_so(void **state)
{
    struct dns_question question;
    struct dns_reply reply;
    struct dns_answer answer;

    (void)state;
    ask_for(&question, "web.example.org", DNS_A);
    reply_to(&reply, &question);
    reply.data[3] = 2;
    assert_int_equal(read_reply(&question, &reply, &answer), DNS_FAILED);
    assert_int_equal(answer.code, 2);
    reply.data[3] = 0;
    reply.data[2] |= 2;
    assert_verdict(&question, &reply, DNS_TRUNCATED);
}

static void
what_answers_another_question_is_foreign(void **state)
{
    struct dns_question question;
    struct dns_reply reply;

    (void)state;
    ask_for(&question, "web.example.org", DNS_A);
    reply_to(&reply, &question);
    for (size_t i = 0; i < reply.len; i++) {
        bool is_flag = i == 2 || i == 3;
        bool is_count = i >= 6 && i < 12;

        if (is_flag || is_count)
            continue;
        reply.data[i] ^= 0x20; /* of a letter: its case */
        assert_verdict(&question, &reply, DNS_FOREIGN);
        reply.data[i] ^= 0x20;
    }
    reply.data[2] &= 0x7f; /* a question, not an answer */
    assert_verdict(&question, &reply, DNS_FOREIGN);
    reply.data[2] |= 0x88; /* an answer to a request of another kind */
    assert_verdict(&question, &reply, DNS_FOREIGN);
    for (reply.len = 1; reply.len < 33; reply.len++)
        assert_verdict(&question, &reply, DNS_FOREIGN);
}

/* --- broken answers ------------------------------------------------------ */

static void
a_record_that_is_cut_breaks_the_answer(void **state)
{
    struct dns_question question;
    struct dns_reply reply;
    size_t whole;

    (void)state;
    ask_who(&question, "10.0.0.1:1");
    reply_to(&reply, &question);
    whole = reply.len + 1;
    reply_add_name(&reply, "1.0.0.10.in-addr.arpa", DNS_PTR, "web.example.org");
    while (--reply.len >= whole)
        assert_verdict(&question, &reply, DNS_FAILED);
}

static void
an_address_of_the_wrong_length_breaks_the_answer(void **state)
{
    struct dns_question question;
    struct dns_reply reply;

    (void)state;
    ask_for(&question, "web.example.org", DNS_AAAA);
    reply_to(&reply, &question);
    reply_add(&reply, "web.example.org", DNS_AAAA, "\x0a\x00\x00\x01", 4);
    assert_verdict(&question, &reply, DNS_FAILED);
}

/* A pointer to itself, to what follows, or round in a circle. */
static void
pointers_lead_to_an_end(void **state)
{
    struct dns_question question;
    struct dns_reply reply;
    struct dns_answer answer;
    uint8_t at;

    (void)state;
    ask_who(&question, "10.0.0.1:1");
    reply_to(&reply, &question);
    at = (uint8_t)reply.len;
    for (uint8_t target = at; target < at + 4; target += 2) {
        const uint8_t circle[] = {
            0xc0, target, 0, 12, 0, 1, 0, 0, 0, 0, 0, 2, 0xc0, target};

        reply_to(&reply, &question);
        reply_append(&reply, circle, sizeof(circle));
        reply.data[7] = 1;
        assert_verdict(&question, &reply, DNS_FAILED);
    }
    reply_to(&reply, &question);
    reply_append(&reply, "\xc0\x0c\0\x0c\0\x01\0\0\0\0\0\x04\x01w\xc0\x15", 16);
    reply.data[7] = 1;
    assert_int_equal(read_reply(&question, &reply, &answer), DNS_ANSWERED);
    assert_int_equal(answer.name_count, 1);
    assert_string_equal(answer.names[0], "w.in-addr.arpa");
}

static void
a_name_that_is_too_long_breaks_the_answer(void **state)
{
    uint8_t name[5 * 64];
    struct dns_question question;
    struct dns_reply reply;

    (void)state;
    memset(name, 'x', sizeof(name));
    for (size_t i = 0; i < sizeof(name); i += 64)
        name[i] = 63;
    name[sizeof(name) - 64] = 0;
    ask_who(&question, "10.0.0.1:1");
    reply_to(&reply, &question);
    reply_add(
        &reply, "1.0.0.10.in-addr.arpa", DNS_PTR, name, sizeof(name) - 63);
    assert_verdict(&question, &reply, DNS_FAILED);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_question_is_as_the_standard_has_it),
        cmocka_unit_test(an_address_is_asked_for_backwards),
        cmocka_unit_test(only_host_names_are_asked_for),
        cmocka_unit_test(letters_get_a_random_case_and_nothing_else_changes),
        cmocka_unit_test(addresses_are_taken),
        cmocka_unit_test(names_are_taken),
        cmocka_unit_test(names_that_are_none_of_hosts_are_left_out),
        cmocka_unit_test(more_than_fits_is_left_out),
        cmocka_unit_test(aliases_are_followed),
        cmocka_unit_test(records_of_other_names_do_not_count),
        cmocka_unit_test(no_such_name_is_an_answer),
        cmocka_unit_test(a_server_that_fails_says_so),
        cmocka_unit_test(what_answers_another_question_is_foreign),
        cmocka_unit_test(a_record_that_is_cut_breaks_the_answer),
        cmocka_unit_test(an_address_of_the_wrong_length_breaks_the_answer),
        cmocka_unit_test(pointers_lead_to_an_end),
        cmocka_unit_test(a_name_that_is_too_long_breaks_the_answer),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
