/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Who may come in by which rule, and which rules are none. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "certs/rules_internal.h"
#include "tests/unit/certs_fixture.h"
#include "tests/unit/client_fixture.h"

enum {
    LIST_MAX = 128
};

/* Rules as a rule file writes them, put into the keys of [clients]. */
struct lists {
    struct config_clients clients;
    char *items[2][RULE_KIND_COUNT][LIST_MAX];
};

static void
put_line(struct lists *lists, const char *line)
{
    bool is_deny = strncmp(line, "deny-", 5) == 0;
    const char *word = is_deny ? line + 5 : line;
    const char *colon = strchr(word, ':');
    size_t kind = 0;
    struct string_list *list;

    assert_non_null(colon);
    while (strncmp(rules_kind_word((enum rule_kind)kind), word,
               (size_t)(colon - word))
           != 0)
        assert_true(++kind < RULE_KIND_COUNT);
    list = is_deny ? &lists->clients.deny_names[kind]
                   : &lists->clients.allow_names[kind];
    list->items = lists->items[is_deny][kind];
    assert_true(list->count < LIST_MAX);
    list->items[list->count] = strdup(colon + 1);
    assert_non_null(list->items[list->count++]);
}

static void
free_lists(struct lists *lists)
{
    for (size_t i = 0; i < RULE_KIND_COUNT; i++)
        for (size_t j = 0; j < LIST_MAX; j++) {
            free(lists->items[0][i][j]);
            free(lists->items[1][i][j]);
        }
    free(lists);
}

static struct lists *
make_lists(const char *const *lines)
{
    struct lists *lists = calloc(1, sizeof(*lists));

    assert_non_null(lists);
    for (; *lines != NULL; lines++)
        put_line(lists, *lines);
    return lists;
}

/* Never NULL. */
static struct rules *
load_as(enum allow_mode mode, const char *const *lines)
{
    struct lists *lists = make_lists(lines);
    struct report report;
    struct rules *rules;

    report_init(&report);
    lists->clients.allow = mode;
    rules = rules_load(&lists->clients, &report);
    if (rules == NULL)
        fail_msg("refused: %s", report_first_error(&report));
    report_deinit(&report);
    free_lists(lists);
    return rules;
}

/* Does the one rule name the one fact? */
static bool
names(const char *rule, const char *fact)
{
    const char *const lines[] = {rule, NULL};
    const char *const facts[] = {fact, NULL};
    struct rules *rules = load_as(ALLOW_ANY, lines);
    struct client *client = make_client(facts);
    char why[RULES_WHY_BYTES];
    enum rules_verdict verdict = rules_judge(rules, client, why, sizeof(why));

    client_free(client);
    rules_free(rules);
    return verdict != RULES_NO_MATCH;
}

static void
assert_verdict(const struct rules *rules, const char *const *facts,
    enum rules_verdict expected, const char *expected_why)
{
    struct client *client = make_client(facts);
    char why[RULES_WHY_BYTES];

    assert_int_equal(rules_judge(rules, client, why, sizeof(why)), expected);
    assert_string_equal(why, expected_why);
    client_free(client);
}

#define FACTS(...) ((const char *const[]){__VA_ARGS__, NULL})

struct pair_case {
    const char *rule;
    const char *fact;
    bool is_named;
};

static void
assert_cases(const struct pair_case *cases, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (names(cases[i].rule, cases[i].fact) != cases[i].is_named)
            fail_msg("%s %s %s", cases[i].rule,
                cases[i].is_named ? "does not name" : "names", cases[i].fact);
}

#define ASSERT_CASES(cases)                                                    \
    assert_cases(cases, sizeof(cases) / sizeof((cases)[0]))

/* --- each kind ----------------------------------------------------------- */

static void
common_name_and_unit_are_exact(void **state)
{
    static const struct pair_case cases[] = {
        {"cn:scada-7", "cn:scada-7", true},
        {"cn:scada-7", "cn:Scada-7", false},
        {"cn:scada-7", "cn:scada-70", false},
        {"cn:scada-70", "cn:scada-7", false},
        {"cn:*", "cn:scada-7", false},
        {"cn:*", "cn:*", true},
        {"cn:scada-7", "ou:scada-7", false},
        {"cn:scada-7", "dns:scada-7", false},
        {"cn:Gr\xc3\xbcn", "cn:Gr\xc3\xbcn", true},
        {"ou:plant", "ou:plant", true},
        {"ou:plant", "ou:Plant", false},
        {"ou:plant", "cn:plant", false},
    };

    (void)state;
    ASSERT_CASES(cases);
}

static void
dns_is_without_case_and_a_wildcard_is_one_label(void **state)
{
    static const struct pair_case cases[] = {
        {"dns:web.example.com", "dns:WEB.Example.COM", true},
        {"dns:WEB.example.com", "dns:web.example.com", true},
        {"dns:web.example.com", "dns:web.example.com.", true},
        {"dns:web.example.com.", "dns:web.example.com", true},
        {"dns:web.example.com", "dns:web.example.com..", false},
        {"dns:web.example.com", "cn:web.example.com", false},
        {"dns:*.example.com", "dns:web.example.com", true},
        {"dns:*.example.com", "dns:Web.EXAMPLE.com.", true},
        {"dns:*.example.com", "dns:a.web.example.com", false},
        {"dns:*.example.com", "dns:example.com", false},
        {"dns:*.example.com", "dns:.example.com", false},
        {"dns:*.example.com", "dns:web.example.org", false},
        {"dns:*.example.com", "dns:evil example.com", false},
        {"dns:*.example.com", "dns:e vil.example.com", false},
        {"dns:*.local", "dns:printer.local", true},
    };

    (void)state;
    ASSERT_CASES(cases);
}

static void
wildcard_in_a_certificate_is_met_by_the_same_only(void **state)
{
    static const struct pair_case cases[] = {
        {"dns:*.example.com", "dns:*.example.com", true},
        {"dns:*.example.com", "dns:*.EXAMPLE.com", true},
        {"dns:web.example.com", "dns:*.example.com", false},
        {"dns:*.example.com", "dns:w*.example.com", false},
        {"dns:*.example.com", "dns:**.example.com", false},
        {"dns:*.web.example.com", "dns:*.example.com", false},
    };

    (void)state;
    ASSERT_CASES(cases);
}

static void
uri_is_without_case_up_to_its_path(void **state)
{
    static const struct pair_case cases[] = {
        {"uri:spiffe://example.org/web", "uri:spiffe://example.org/web", true},
        {"uri:spiffe://example.org/web", "uri:SPIFFE://Example.ORG/web", true},
        {"uri:SPIFFE://Example.ORG/web", "uri:spiffe://example.org/web", true},
        {"uri:spiffe://example.org/web", "uri:spiffe://example.org/Web", false},
        {"uri:spiffe://example.org/web", "uri:spiffe://example.org/web/",
            false},
        {"uri:spiffe://example.org/web", "uri:spiffe://example.org/w%65b",
            false},
        {"uri:urn:uuid:ABCD", "uri:URN:uuid:ABCD", true},
        {"uri:urn:uuid:ABCD", "uri:urn:uuid:abcd", false},
        {"uri:https://User@example.org/", "uri:https://User@EXAMPLE.org/",
            true},
        {"uri:https://User@example.org/", "uri:https://user@example.org/",
            false},
    };

    (void)state;
    ASSERT_CASES(cases);
}

static void
star_is_one_segment(void **state)
{
    static const struct pair_case cases[] = {
        {"uri:spiffe://x/ns/*/sa/web", "uri:spiffe://x/ns/a/sa/web", true},
        {"uri:spiffe://x/ns/*/sa/web", "uri:SPIFFE://X/ns/a/sa/web", true},
        {"uri:spiffe://x/ns/*/sa/web", "uri:spiffe://x/ns/a/sa/WEB", false},
        {"uri:spiffe://x/ns/*/sa/web", "uri:spiffe://x/ns/a/b/sa/web", false},
        {"uri:spiffe://x/ns/*/sa/web", "uri:spiffe://x/ns//sa/web", false},
        {"uri:spiffe://x/ns/*/sa/web", "uri:spiffe://x/ns/../sa/web", false},
        {"uri:spiffe://x/ns/*/sa/web", "uri:spiffe://x/ns/a/sa/web/", false},
        {"uri:spiffe://x/ns/*/sa/web", "uri:spiffe://x/ns/%2e/sa/web", false},
        {"uri:spiffe://x/ns/*", "uri:spiffe://x/ns/a?b", false},
        {"uri:spiffe://x/ns/*", "uri:spiffe://x/ns/*", false},
        {"uri:spiffe://x/ns/*/sa/web", "uri:spiffe://x/ns/a/sa/web/b", false},
        {"uri:spiffe://x/*", "uri:spiffe://x/a/b", false},
        {"uri:spiffe://x/*", "uri:spiffe://x", false},
        {"uri:spiffe://x/*", "uri:spiffe://x/", false},
        {"uri:spiffe://x/*", "uri:spiffe://xy/a", false},
        {"uri:spiffe://x/*", "uri:https://x/a", false},
        {"uri:spiffe://x/*/*", "uri:spiffe://x/a/b", true},
    };

    (void)state;
    ASSERT_CASES(cases);
}

static void
two_stars_are_any_number_of_segments(void **state)
{
    static const struct pair_case cases[] = {
        {"uri:spiffe://x/**", "uri:spiffe://x/a", true},
        {"uri:spiffe://x/**", "uri:spiffe://x/a/b/c", true},
        {"uri:spiffe://x/**", "uri:spiffe://x", true},
        {"uri:spiffe://x/**", "uri:spiffe://x/a//b", false},
        {"uri:spiffe://x/**", "uri:spiffe://x/a/", false},
        {"uri:spiffe://x/**", "uri:spiffe://x.evil/a", false},
        {"uri:spiffe://x/ns/**", "uri:spiffe://x/ns/a", true},
        {"uri:spiffe://x/ns/**", "uri:spiffe://x/ns", true},
        {"uri:spiffe://x/ns/**", "uri:spiffe://x/nsa", false},
        {"uri:spiffe://x/ns/**", "uri:spiffe://x/ns/../admin", false},
        {"uri:spiffe://x/**/web", "uri:spiffe://x/a/b/web", true},
        {"uri:spiffe://x/**/web", "uri:spiffe://x/web", true},
        {"uri:spiffe://x/**/web", "uri:spiffe://x/a/web/b", false},
        {"uri:spiffe://x/*/**/web", "uri:spiffe://x/a/web", true},
        {"uri:spiffe://x/*/**/web", "uri:spiffe://x/web", false},
        {"uri:spiffe://x/a/**/*/b", "uri:spiffe://x/a/1/2/3/b", true},
        {"uri:spiffe://x/a/**/*/b", "uri:spiffe://x/a/b", false},
    };

    (void)state;
    ASSERT_CASES(cases);
}

static void
address_is_in_a_network_or_not(void **state)
{
    static const struct pair_case cases[] = {
        {"ip:10.1.2.3", "ip:10.1.2.3", true},
        {"ip:10.1.2.3", "ip:10.1.2.4", false},
        {"ip:10.0.0.0/8", "ip:10.255.255.255", true},
        {"ip:10.0.0.0/8", "ip:11.0.0.0", false},
        {"ip:10.1.2.128/25", "ip:10.1.2.129", true},
        {"ip:10.1.2.128/25", "ip:10.1.2.127", false},
        {"ip:0.0.0.0/0", "ip:192.0.2.1", true},
        {"ip:0.0.0.0/0", "ip:2001:db8::1", false},
        {"ip:::/0", "ip:2001:db8::1", true},
        {"ip:::/0", "ip:192.0.2.1", false},
        {"ip:2001:db8::/33", "ip:2001:db8:7fff::1", true},
        {"ip:2001:db8::/33", "ip:2001:db8:8000::1", false},
        {"ip:2001:db8::1", "ip:2001:DB8:0::1", true},
        {"ip:::ffff:10.1.2.3", "ip:10.1.2.3", true},
        {"ip:10.1.2.3", "ip:::ffff:10.1.2.3", true},
        {"ip:::ffff:10.0.0.0/104", "ip:10.1.2.3", true},
        {"ip:::ffff:10.0.0.0/104", "ip:11.1.2.3", false},
        {"ip:10.1.2.3", "dns:10.1.2.3", false},
    };

    (void)state;
    ASSERT_CASES(cases);
}

static void
email_is_without_case_behind_the_at(void **state)
{
    static const struct pair_case cases[] = {
        {"email:Me@example.com", "email:Me@EXAMPLE.com", true},
        {"email:Me@example.com", "email:me@example.com", false},
        {"email:me@example.com", "email:you@example.com", false},
        {"email:@example.com", "email:anybody@Example.com", true},
        {"email:@example.com", "email:anybody@mail.example.com", false},
        {"email:@example.com", "email:anybody@notexample.com", false},
        {"email:@example.com", "email:a@b@example.com", false},
        {"email:@example.com", "email:@example.com", false},
        {"email:@example.com", "email:a b@example.com", false},
        {"email:@example.com", "email:example.com", false},
    };

    (void)state;
    ASSERT_CASES(cases);
}

static void
issuer_is_exact(void **state)
{
    static const struct pair_case cases[] = {
        {"issuer:CN=Plant CA", "issuer:Plant CA", true},
        {"issuer:CN=Plant CA", "issuer:plant CA", false},
        {"issuer:CN=Plant", "issuer:Plant CA", false},
        {"issuer:CN=Gr\\xc3\\xbcn", "issuer:Gr\xc3\xbcn", true},
        {"issuer:CN=Gr\xc3\xbcn", "issuer:Gr\xc3\xbcn", true},
        {"issuer:CN=a,O=b", "issuer:a,O=b", false},
        {"issuer:CN=a\\x2cO=b", "issuer:a,O=b", true},
    };

    (void)state;
    ASSERT_CASES(cases);
}

static void
serial_number_is_a_number(void **state)
{
    static const struct pair_case cases[] = {
        {"serial:0a1b", "serial:0a1b", true},
        {"serial:A1B", "serial:0a1b", true},
        {"serial:0A:1B", "serial:0a1b", true},
        {"serial:00:00:0a:1b", "serial:0a1b", true},
        {"serial:0a1b", "serial:0a1b00", false},
        {"serial:0", "serial:00", true},
        {"serial:0a1b@CN=ca", "serial:0a1b", true},
        {"serial:0A:1B@CN=ca", "serial:0a1b", true},
        {"serial:0a1b@CN=other", "serial:0a1b", false},
        {"serial:0a1c@CN=ca", "serial:0a1b", false},
    };

    (void)state;
    ASSERT_CASES(cases);
}

/* --- bytes that lie ------------------------------------------------------ */

static enum rules_verdict
judge_raw(const char *rule, uint8_t tag, const char *name, size_t len)
{
    const char *const lines[] = {rule, NULL};
    struct rules *rules = load_as(ALLOW_ANY, lines);
    struct made_client *made = made_new();
    char why[RULES_WHY_BYTES];
    enum rules_verdict verdict;
    struct client *client;
    struct blob der;

    if (tag == MADE_UTF8)
        made_attribute(made, 3, tag, name, len);
    else
        der_add(&made->san, tag, name, len);
    der = made_der(made);
    client = client_new(&der);
    assert_non_null(client);
    verdict = rules_judge(rules, client, why, sizeof(why));
    client_free(client);
    blob_free(&der);
    made_free(made);
    rules_free(rules);
    return verdict;
}

static void
name_with_a_zero_byte_is_not_its_beginning(void **state)
{
    static const struct {
        const char *rule;
        uint8_t tag;
        const char *name;
        size_t len;
    } cases[] = {
        {"cn:good", MADE_UTF8, "good\0evil", 9},
        {"cn:good", MADE_UTF8, "good\0", 5},
        {"dns:good.example", MADE_DNS, "good.example\0", 13},
        {"dns:good.example", MADE_DNS, "good.example\0.evil", 18},
        {"dns:*.example", MADE_DNS, "evil\0.example", 13},
        {"dns:*.example", MADE_DNS, "good.example\0.evil", 18},
        {"uri:spiffe://x/a", MADE_URI, "spiffe://x/a\0b", 14},
        {"uri:spiffe://x/**", MADE_URI, "spiffe://x/a\0b", 14},
        {"uri:spiffe://x/*", MADE_URI, "spiffe://x/a\0b", 14},
        {"email:me@good.example", MADE_EMAIL, "me@good.example\0", 16},
        {"email:@good.example", MADE_EMAIL, "me\0@good.example", 16},
        {"email:@good.example", MADE_EMAIL, "me@good.example\0", 16},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        assert_int_equal(
            judge_raw(cases[i].rule, cases[i].tag, cases[i].name, cases[i].len),
            RULES_NO_MATCH);
}

/* Where a reader could take it for what is denied. */
static void
doubtful_name_is_denied(void **state)
{
    static const struct {
        const char *rule;
        uint8_t tag;
        const char *name;
        size_t len;
    } cases[] = {
        {"deny-dns:*.example", MADE_DNS, "e\0vil.example", 13},
        {"deny-dns:*.example", MADE_DNS, "w*.example", 10},
        {"deny-uri:spiffe://x/**", MADE_URI, "spiffe://x/%61", 14},
        {"deny-uri:spiffe://x/**", MADE_URI, "spiffe://x//a", 13},
        {"deny-uri:spiffe://x/**", MADE_URI, "spiffe://x?a", 12},
        {"deny-uri:spiffe://x/*/b", MADE_URI, "spiffe://x/../b", 15},
        {"deny-email:@evil.example", MADE_EMAIL, "a@b@evil.example", 16},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        assert_int_equal(
            judge_raw(cases[i].rule, cases[i].tag, cases[i].name, cases[i].len),
            RULES_DENIED);
}

/* --- together ------------------------------------------------------------ */

static void
any_rule_that_matches_admits(void **state)
{
    struct rules *rules =
        load_as(ALLOW_ANY, FACTS("cn:a", "dns:*.example.com", "ip:10.0.0.0/8"));

    (void)state;
    assert_true(rules_allow_any_named(rules));
    assert_int_equal(rules_count(rules), 3);
    assert_verdict(rules, FACTS("cn:a"), RULES_ALLOWED, "allow_cn a");
    assert_verdict(rules, FACTS("cn:b", "dns:x.org", "dns:Web.Example.com"),
        RULES_ALLOWED, "allow_dns *.example.com");
    assert_verdict(rules, FACTS("ip:192.0.2.1", "ip:10.1.2.3"), RULES_ALLOWED,
        "allow_ip 10.0.0.0/8");
    assert_verdict(rules, FACTS("cn:b", "dns:x.org", "ip:192.0.2.1"),
        RULES_NO_MATCH,
        "no allow_* rule names it: CN \"b\", DNS \"x.org\","
        " IP \"192.0.2.1\"");
    rules_free(rules);
}

static void
all_of_demands_one_of_each_kind(void **state)
{
    struct rules *rules =
        load_as(ALLOW_ALL_OF, FACTS("cn:a", "cn:b", "ou:plant", "deny-ip:::1"));

    (void)state;
    assert_verdict(rules, FACTS("cn:b", "ou:plant"), RULES_ALLOWED,
        "allow_cn b, allow_ou plant");
    assert_verdict(rules, FACTS("cn:b", "ou:office"), RULES_NO_MATCH,
        "no allow_ou rule names it, and allow = all-of: OU \"office\"");
    assert_verdict(rules, FACTS("ou:plant"), RULES_NO_MATCH,
        "no allow_cn rule names it, and allow = all-of: it has none");
    rules_free(rules);
}

static void
denial_wins_over_everything(void **state)
{
    struct lists *lists = make_lists(FACTS("cn:a", "deny-serial:0a1b"));
    struct report report;
    struct rules *rules;

    (void)state;
    report_init(&report);
    lists->clients.allow_all = true;
    rules = rules_load(&lists->clients, &report);
    assert_non_null(rules);
    assert_verdict(rules, FACTS("cn:a"), RULES_DENIED, "deny_serial a1b");
    assert_verdict(
        rules, FACTS("cn:x", "serial:0a1c"), RULES_ALLOWED, "allow_all");
    rules_free(rules);
    free_lists(lists);
    report_deinit(&report);
}

static void
the_same_rule_can_allow_and_deny(void **state)
{
    struct rules *rules = load_as(ALLOW_ANY, FACTS("cn:a", "deny-cn:a"));

    (void)state;
    assert_int_equal(rules_count(rules), 2);
    assert_verdict(rules, FACTS("cn:a"), RULES_DENIED, "deny_cn a");
    rules_free(rules);
}

static void
without_rules_nobody_is_admitted(void **state)
{
    struct rules *rules = load_as(ALLOW_ANY, FACTS("deny-cn:a"));

    (void)state;
    assert_false(rules_allow_any_named(rules));
    assert_verdict(
        rules, FACTS("cn:b"), RULES_NO_MATCH, "there is no allow_* rule");
    rules_free(rules);
}

/* What stands in a certificate does nothing to a log. */
static void
words_are_escaped_and_bounded(void **state)
{
    struct rules *rules = load_as(ALLOW_ANY, FACTS("cn:a\"b", "dns:x.org"));
    struct made_client *made = made_new();
    struct client *client;
    struct blob der;
    char why[RULES_WHY_BYTES];
    char small[16];

    (void)state;
    assert_verdict(rules, FACTS("cn:a\"b"), RULES_ALLOWED, "allow_cn a\\x22b");
    for (int i = 0; i < 200; i++)
        der_add(&made->san, MADE_DNS, "\x1b[2J\"\n", 6);
    der = made_der(made);
    client = client_new(&der);
    assert_non_null(client);
    assert_int_equal(
        rules_judge(rules, client, why, sizeof(why)), RULES_NO_MATCH);
    assert_non_null(strstr(why, ": DNS \"\\x1b[2J\\x22\\x0a\", DNS "));
    assert_string_equal(why + strlen(why) - 5, ", ...");
    assert_int_equal(
        rules_judge(rules, client, small, sizeof(small)), RULES_NO_MATCH);
    assert_string_equal(small, "no allow_* rule");
    client_free(client);
    blob_free(&der);
    made_free(made);
    rules_free(rules);
}

/* --- rules that are none ------------------------------------------------- */

static void
assert_refused(const char *line, const char *text_part)
{
    struct lists *lists = make_lists(FACTS(line));
    struct report report;

    report_init(&report);
    assert_null(rules_load(&lists->clients, &report));
    assert_reported(&report, SEVERITY_ERROR, text_part);
    assert_true(has_code(&report, SL_CONFIG_VALUE));
    report_deinit(&report);
    free_lists(lists);
}

static void
bad_rules_are_refused_with_the_remedy(void **state)
{
    static const struct {
        const char *line;
        const char *text_part;
    } cases[] = {
        {"cn:", "clients.allow_cn = : it is empty"},
        {"deny-ou:", "clients.deny_ou = : it is empty"},
        {"cn:a\tb", "clients.allow_cn = a\\x09b: it has a control character"},
        {"dns:**.example.com", "** is for URIs: write *.example.com"},
        {"dns:web.*.com", "the whole first label or nothing"},
        {"dns:w*.example.com", "the whole first label or nothing"},
        {"dns:*", "the whole first label or nothing"},
        {"dns:*.", "no host name"},
        {"dns:.", "no host name"},
        {"dns:a..b", "no host name"},
        {"dns:gr\xc3\xbcn.example", "other letters as xn--"},
        {"dns:a b", "no host name"},
        {"ip:10.0.0.0/33", "write a prefix of 0 to 32 bits"},
        {"ip:::/129", "write a prefix of 0 to 128 bits"},
        {"ip:10.0.0.0/", "write a prefix of 0 to 32 bits"},
        {"ip:10.0.0.0/08", "write a prefix of 0 to 32 bits"},
        {"ip:10.1.0.0/8", "write 10.0.0.0/8 for the network, or leave out /8"},
        {"ip:2001:db8::1/32", "write 2001:db8::/32 for the network"},
        {"ip:web.example.com", "it is no address: write 10.1.2.3"},
        {"ip:10.1.2", "it is no address"},
        {"email:example.com", "it has no '@'"},
        {"email:*@example.com", "write @example.com for all of a domain"},
        {"email:me@", "behind the '@' is no host name"},
        {"email:me@you@example.com", "behind the '@' is no host name"},
        {"issuer:Plant CA", "write it as the log does"},
        {"serial:xyz", "it is no serial number"},
        {"serial:", "it is empty"},
        {"serial::", "nothing before or behind the '@'"},
        {"serial:0a@", "nothing before or behind the '@'"},
        {"uri:example.org/web", "write scheme and host"},
        {"uri:spiffe://x/a b", "blanks or characters that no URI has"},
        {"uri:spiffe://*/web", "write the scheme and the host in full"},
        {"uri:spiffe:///*", "write the scheme and the host in full"},
        {"uri:urn:*", "write the scheme and the host in full"},
        {"uri:spiffe://x/web-*", "write * for one whole segment"},
        {"uri:spiffe://x/***", "write * for one whole segment"},
        {"uri:spiffe://x/**/a/**", "write ** at most once"},
        {"uri:spiffe://x//*", "no empty segment"},
        {"uri:spiffe://x/*/", "no empty segment"},
        {"uri:spiffe://x/../*", "no . or .. beside a *"},
        {"uri:spiffe://x/%41/*", "neither '?', '#', '%'"},
        {"uri:spiffe://x/*?a", "neither '?', '#', '%'"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        assert_refused(cases[i].line, cases[i].text_part);
}

/* Who writes one means more than it does, and a deny rule then denies less. */
static void
stars_in_common_names_and_units_are_warned_of(void **state)
{
    struct lists *lists = make_lists(
        FACTS("cn:*.example.com", "deny-ou:x*", "cn:a", "dns:*.example.com"));
    struct report report;
    struct rules *rules;

    (void)state;
    report_init(&report);
    rules = rules_load(&lists->clients, &report);
    assert_non_null(rules);
    assert_reported(&report, SEVERITY_WARNING,
        "clients.allow_cn = *.example.com: the * is no wildcard");
    assert_reported(
        &report, SEVERITY_WARNING, "clients.deny_ou = x*: the * is no");
    assert_int_equal(report.warning_count, 2);
    assert_verdict(rules, FACTS("cn:*.example.com"), RULES_ALLOWED,
        "allow_cn *.example.com");
    assert_verdict(rules, FACTS("cn:a.example.com"), RULES_NO_MATCH,
        "no allow_* rule names it: CN \"a.example.com\"");
    rules_free(rules);
    report_deinit(&report);
    free_lists(lists);
}

static void
longer_rule_than_a_kilobyte_is_refused(void **state)
{
    char line[RULE_BYTES_MAX + 5] = "cn:";

    (void)state;
    memset(line + 3, 'a', RULE_BYTES_MAX + 1);
    assert_refused(line, "write at most 1024 bytes");
    line[3 + RULE_BYTES_MAX] = '\0';
    assert_true(names(line, line));
}

static void
every_bad_rule_is_reported(void **state)
{
    struct lists *lists = make_lists(FACTS("cn:ok", "ip:x", "deny-dns:a..b"));
    struct report report;

    (void)state;
    report_init(&report);
    assert_null(rules_load(&lists->clients, &report));
    assert_int_equal(report.error_count, 2);
    assert_reported(&report, SEVERITY_ERROR, "clients.allow_ip = x: ");
    assert_reported(&report, SEVERITY_ERROR, "clients.deny_dns = a..b: ");
    report_deinit(&report);
    free_lists(lists);
}

/* A rule that is written in two ways is one. */
static void
rule_that_is_written_twice_is_noted(void **state)
{
    struct lists *lists = make_lists(FACTS("dns:A.example", "dns:a.example."));
    struct report report;
    struct rules *rules;

    (void)state;
    report_init(&report);
    rules = rules_load(&lists->clients, &report);
    assert_non_null(rules);
    assert_int_equal(rules_count(rules), 1);
    assert_reported(&report, SEVERITY_NOTE,
        "clients.allow_dns: 1 of the rules is written twice");
    rules_free(rules);
    report_deinit(&report);
    free_lists(lists);
}

/* 65 places for a wildcard: as many look-ups for each URI of a client. */
static void
too_many_different_patterns_are_refused(void **state)
{
    struct lists *lists = calloc(1, sizeof(*lists));
    struct report report;

    (void)state;
    assert_non_null(lists);
    report_init(&report);
    for (int i = 0; i <= RULES_URI_SHAPES_MAX; i++) {
        char line[64] = "uri:spiffe://x";
        size_t len = strlen(line);

        for (int bit = 0; bit < 8; bit++) {
            line[len++] = '/';
            line[len++] = bit == 7 || (i >> bit & 1) != 0 ? '*' : 'a';
        }
        put_line(lists, line);
    }
    assert_null(rules_load(&lists->clients, &report));
    assert_reported(&report, SEVERITY_ERROR, "write patterns that are alike");
    report_deinit(&report);
    free_lists(lists);
}

/* --- the hash ------------------------------------------------------------ */

static void
hash_of(const char *const *lines, enum allow_mode mode, bool allow_all,
    uint8_t out[RULES_HASH_BYTES])
{
    struct lists *lists = make_lists(lines);
    struct report report;
    struct rules *rules;

    report_init(&report);
    lists->clients.allow = mode;
    lists->clients.allow_all = allow_all;
    rules = rules_load(&lists->clients, &report);
    assert_non_null(rules);
    rules_hash(rules, out);
    rules_free(rules);
    report_deinit(&report);
    free_lists(lists);
}

static void
hash_tells_rules_apart(void **state)
{
    uint8_t hashes[8][RULES_HASH_BYTES];
    uint8_t again[RULES_HASH_BYTES];

    (void)state;
    hash_of(FACTS("cn:a"), ALLOW_ANY, false, hashes[0]);
    hash_of(FACTS("cn:b"), ALLOW_ANY, false, hashes[1]);
    hash_of(FACTS("ou:a"), ALLOW_ANY, false, hashes[2]);
    hash_of(FACTS("deny-cn:a"), ALLOW_ANY, false, hashes[3]);
    hash_of(FACTS("cn:a"), ALLOW_ALL_OF, false, hashes[4]);
    hash_of(FACTS("cn:a"), ALLOW_ANY, true, hashes[5]);
    hash_of(FACTS("cn:a", "cn:b"), ALLOW_ANY, false, hashes[6]);
    hash_of(FACTS("cn:ab"), ALLOW_ANY, false, hashes[7]);
    for (size_t i = 0; i < 8; i++)
        for (size_t j = 0; j < i; j++)
            assert_memory_not_equal(hashes[i], hashes[j], RULES_HASH_BYTES);
    hash_of(FACTS("cn:a"), ALLOW_ANY, false, again);
    assert_memory_equal(again, hashes[0], RULES_HASH_BYTES);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(common_name_and_unit_are_exact),
        cmocka_unit_test(dns_is_without_case_and_a_wildcard_is_one_label),
        cmocka_unit_test(wildcard_in_a_certificate_is_met_by_the_same_only),
        cmocka_unit_test(uri_is_without_case_up_to_its_path),
        cmocka_unit_test(star_is_one_segment),
        cmocka_unit_test(two_stars_are_any_number_of_segments),
        cmocka_unit_test(address_is_in_a_network_or_not),
        cmocka_unit_test(email_is_without_case_behind_the_at),
        cmocka_unit_test(issuer_is_exact),
        cmocka_unit_test(serial_number_is_a_number),
        cmocka_unit_test(name_with_a_zero_byte_is_not_its_beginning),
        cmocka_unit_test(doubtful_name_is_denied),
        cmocka_unit_test(any_rule_that_matches_admits),
        cmocka_unit_test(all_of_demands_one_of_each_kind),
        cmocka_unit_test(denial_wins_over_everything),
        cmocka_unit_test(the_same_rule_can_allow_and_deny),
        cmocka_unit_test(without_rules_nobody_is_admitted),
        cmocka_unit_test(words_are_escaped_and_bounded),
        cmocka_unit_test(bad_rules_are_refused_with_the_remedy),
        cmocka_unit_test(stars_in_common_names_and_units_are_warned_of),
        cmocka_unit_test(longer_rule_than_a_kilobyte_is_refused),
        cmocka_unit_test(every_bad_rule_is_reported),
        cmocka_unit_test(rule_that_is_written_twice_is_noted),
        cmocka_unit_test(too_many_different_patterns_are_refused),
        cmocka_unit_test(hash_tells_rules_apart),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
