/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The way from a client's certificate to its CA. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "certs/chain.h"
#include "certs/path.h"
#include "certs_fixture.h"

/* What a client shows, and whom we trust. */
struct shown {
    struct chain chain;
    struct blob certs[IDENTITY_CHAIN_MAX];
    struct trust *trust;
};

static void
show(struct shown *shown, const char *file, const char *ca)
{
    char text[512];
    struct config *config;
    struct report report;

    (void)snprintf(text, sizeof(text),
        "required_level = peer\n" GOOD_CERTIFICATE
        "[clients]\nallow_all = yes\nca = %s\n",
        ca);
    config = make_config(text);
    report_init(&report);
    assert_int_equal(chain_read(&shown->chain, file, "test", &report), 0);
    for (size_t i = 0; i < shown->chain.count; i++)
        shown->certs[i] = shown->chain.certs[i].der;
    shown->trust = trust_load(&config->services[0].clients, &report);
    assert_non_null(shown->trust);
    report_deinit(&report);
    config_free(config);
}

static void
hide(struct shown *shown)
{
    trust_free(shown->trust);
    chain_deinit(&shown->chain);
}

static struct path *
path_of(const struct shown *shown)
{
    return path_new(shown->certs, shown->chain.count, shown->trust);
}

static size_t
count_links(const struct path *path)
{
    struct path_link link;
    size_t count = 0;
    size_t at = 0;

    while (path_next(path, &at, &link))
        count++;
    return count;
}

static void
way_leads_over_the_intermediates_to_the_root(void **state)
{
    struct shown shown;
    struct path *path;

    (void)state;
    show(&shown, "client.pem", "ca.pem");
    path = path_of(&shown);
    assert_non_null(path);
    assert_int_equal(count_links(path), shown.chain.count);
    assert_true(path_is_trusted(path, shown.trust));
    assert_true(path_not_after(path) <= shown.trust->info[0].not_after);
    path_free(path);
    hide(&shown);
}

static void
way_to_another_ca_is_none(void **state)
{
    struct shown shown;

    (void)state;
    show(&shown, "client.pem", "other-ca.pem");
    assert_null(path_of(&shown));
    hide(&shown);
}

static void
other_ca_does_not_trust_the_way(void **state)
{
    struct shown shown;
    struct shown other;
    struct path *path;

    (void)state;
    show(&shown, "client.pem", "ca.pem");
    show(&other, "client.pem", "other-ca.pem");
    path = path_of(&shown);
    assert_false(path_is_trusted(path, other.trust));
    path_free(path);
    hide(&other);
    hide(&shown);
}

static void
record_is_the_way_again(void **state)
{
    struct shown shown;
    struct path *path;
    struct path *again;
    struct der record;

    (void)state;
    show(&shown, "client.pem", "ca.pem");
    path = path_of(&shown);
    record = path_record(path);
    again = path_from_record(record.data, record.len);
    assert_non_null(again);
    assert_int_equal(count_links(again), count_links(path));
    assert_int_equal(path_not_after(again), path_not_after(path));
    for (size_t len = 0; len < record.len; len++)
        assert_null(path_from_record(record.data, len));
    path_free(again);
    path_free(path);
    hide(&shown);
}

static void
issuer_of_the_leaf_is_found(void **state)
{
    struct shown shown;
    const struct blob *issuer;

    (void)state;
    show(&shown, "client.pem", "ca.pem");
    issuer = path_find_issuer(shown.certs, shown.chain.count, shown.trust);
    assert_ptr_equal(issuer, &shown.certs[1]);
    assert_null(path_find_issuer(shown.certs, 1, shown.trust));
    hide(&shown);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(way_leads_over_the_intermediates_to_the_root),
        cmocka_unit_test(way_to_another_ca_is_none),
        cmocka_unit_test(other_ca_does_not_trust_the_way),
        cmocka_unit_test(record_is_the_way_again),
        cmocka_unit_test(issuer_of_the_leaf_is_found),
    };

    return cmocka_run_group_tests_name("path", tests, certs_start, certs_stop);
}
