/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Which host a client's certificate names. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "certs/peer_name.h"
#include "tests/unit/client_fixture.h"

static bool
names(const char *fact, const char *host)
{
    const char *const facts[] = {fact, NULL};
    struct client *client = make_client(facts);
    bool is_named = peer_name_matches(client, host);

    client_free(client);
    return is_named;
}

static void
a_dns_name_names_its_host(void **state)
{
    (void)state;
    assert_true(names("dns:web.example.com", "web.example.com"));
    assert_true(names("dns:web.example.com", "WEB.Example.Com."));
    assert_false(names("dns:web.example.com", "web.example.co"));
    assert_false(names("dns:web.example.com", "xweb.example.com"));
    assert_false(names("dns:web.example.com", "example.com"));
}

static void
a_wildcard_stands_for_one_label(void **state)
{
    (void)state;
    assert_true(names("dns:*.example.com", "web.example.com"));
    assert_false(names("dns:*.example.com", "a.web.example.com"));
    assert_false(names("dns:*.example.com", "example.com"));
    assert_false(names("dns:*.com", "example.com"));
    assert_false(names("dns:w*.example.com", "web.example.com"));
}

static void
a_common_name_is_the_whole_name(void **state)
{
    (void)state;
    assert_true(names("cn:web.example.com", "web.example.com"));
    assert_true(names("cn:Web.Example.com.", "wEB.example.com"));
    assert_true(names("cn:web", "web"));
    assert_false(names("cn:web", "web.example.com"));
    assert_false(names("cn:web.example.com", "web"));
    assert_false(names("cn:*.example.com", "web.example.com"));
}

static void
other_facts_name_no_host(void **state)
{
    (void)state;
    assert_false(names("ou:web.example.com", "web.example.com"));
    assert_false(names("uri:web.example.com", "web.example.com"));
    assert_false(names("email:web.example.com", "web.example.com"));
    assert_false(names("ip:10.0.0.1", "10.0.0.1"));
    assert_false(names("cn:web", ""));
    assert_false(names("cn:web", "."));
    assert_false(names("cn:.", "."));
}

static void
any_of_several_will_do(void **state)
{
    const char *const facts[] = {
        "cn:alpha", "dns:beta.example", "dns:gamma.example", NULL};
    struct client *client = make_client(facts);

    (void)state;
    assert_true(peer_name_matches(client, "gamma.example"));
    assert_true(peer_name_matches(client, "alpha"));
    assert_false(peer_name_matches(client, "delta.example"));
    client_free(client);
}

/* Whoever reads up to the first zero byte sees the name of another host. */
static void
a_zero_byte_ends_no_name(void **state)
{
    static const char name[] = "web.example.com\0.evil.example";
    struct made_client *made = made_new();
    struct client *client;
    struct blob der;

    (void)state;
    made_attribute(made, 3, MADE_UTF8, name, sizeof(name) - 1);
    der_add(&made->san, MADE_DNS, name, sizeof(name) - 1);
    der = made_der(made);
    client = client_new(&der);
    assert_non_null(client);
    assert_false(peer_name_matches(client, "web.example.com"));
    client_free(client);
    blob_free(&der);
    made_free(made);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_dns_name_names_its_host),
        cmocka_unit_test(a_wildcard_stands_for_one_label),
        cmocka_unit_test(a_common_name_is_the_whole_name),
        cmocka_unit_test(other_facts_name_no_host),
        cmocka_unit_test(any_of_several_will_do),
        cmocka_unit_test(a_zero_byte_ends_no_name),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
