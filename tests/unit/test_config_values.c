/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What each key may be set to, and the field that it reaches.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "tests/unit/config_fixture.h"

static struct loaded loaded;

static int
teardown(void **state)
{
    (void)state;
    unload(&loaded);
    memset(&loaded, 0, sizeof(loaded));
    return 0;
}

static void
set(const char *text)
{
    const char *const sets[] = {text, NULL};

    teardown(NULL);
    write_file("test.ini", good_ini, strlen(good_ini));
    load_overridden(&loaded, "test.ini", sets, NULL);
}

static const struct config_service *
service_with(const char *text)
{
    set(text);
    assert_loaded(&loaded);
    return &loaded.config->services[0];
}

static const struct config *
config_with(const char *text)
{
    set(text);
    assert_loaded(&loaded);
    return loaded.config;
}

static void
addresses_keep_their_order(void **state)
{
    const struct config_service *service =
        service_with("service.backend=127.0.0.1:3;[::1]:2;unix:/run/a");
    char text[ADDRESS_TEXT_BYTES];

    (void)state;
    assert_int_equal(service->backend.count, 3);
    address_format(&service->backend.items[0], text, sizeof(text));
    assert_string_equal(text, "127.0.0.1:3");
    address_format(&service->backend.items[1], text, sizeof(text));
    assert_string_equal(text, "[::1]:2");
    address_format(&service->backend.items[2], text, sizeof(text));
    assert_string_equal(text, "unix:/run/a");
}

static void
a_wrong_address_of_a_list_is_named(void **state)
{
    (void)state;
    set("service.listen=127.0.0.1:1;127.0.0.1:99999;127.0.0.1:3");
    assert_refused(&loaded, "'127.0.0.1:99999': port 99999 is not between");
    assert_finding_count(&loaded, 1);
}

static void
a_required_list_must_not_be_empty(void **state)
{
    (void)state;
    set("service.listen=");
    assert_refused(&loaded, "[service] listen = : must not be empty");
    set("service.backend= ");
    assert_refused(&loaded, "[service] backend = : must not be empty");
    set("tls.ciphers=");
    assert_refused(&loaded, "[tls] ciphers = : must not be empty");
    set("admin.listen=\"\"");
    assert_refused(&loaded, "[admin] listen = \"\": must not be empty");
}

static void
a_list_has_a_bound(void **state)
{
    char text[64 + 24 * (CONFIG_BACKEND_MAX + 1)] = "service.backend=";

    (void)state;
    for (int i = 0; i < CONFIG_BACKEND_MAX; i++)
        snprintf(text + strlen(text), 24, "%sunix:/%02d", i > 0 ? ";" : "", i);
    assert_int_equal(service_with(text)->backend.count, CONFIG_BACKEND_MAX);
    snprintf(text + strlen(text), 16, ";unix:/x");
    set(text);
    assert_refused(&loaded, "the list has 17 items, at most 16");
}

static void
levels_have_two_sets_of_names(void **state)
{
    static const struct {
        const char *text;
        enum required_level level;
    } rows[] = {
        {"service.required_level=tls", LEVEL_TLS},
        {"service.required_level=TLS", LEVEL_TLS},
        {"service.required_level=TLSNoPeerAuth", LEVEL_TLS},
        {"service.required_level=none", LEVEL_NONE},
        {"service.required_level=None", LEVEL_NONE},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        assert_int_equal(
            service_with(rows[i].text)->required_level, rows[i].level);
    teardown(NULL);
    load_good_with(&loaded, "[clients]\nca = a\nallow_all = yes\n"
                            "[service b]\nlisten = :1\nbackend = unix:/a\n"
                            "required_level = peer\n"
                            "[service c]\nlisten = :2\nbackend = unix:/a\n"
                            "required_level = TLSPeerAuth\n");
    assert_loaded(&loaded);
    assert_int_equal(loaded.config->services[1].required_level, LEVEL_PEER);
    assert_int_equal(loaded.config->services[2].required_level, LEVEL_PEER);
}

static void
a_wrong_word_is_answered_with_the_right_ones(void **state)
{
    (void)state;
    set("service.required_level=mutual");
    assert_refused(&loaded, "required_level = mutual: write one of none, tls,"
                            " peer");
    set("log.level=warning");
    assert_refused(&loaded, "write one of error, warn, info, debug");
    set("tls.min_version=1.1");
    assert_refused(&loaded, "write one of 1.2, 1.3");
    set("log.format=");
    assert_refused(&loaded, "write one of text, json");
}

static void
words_reach_their_fields(void **state)
{
    (void)state;
    assert_int_equal(
        service_with("service.truncation=pass")->truncation, TRUNCATION_PASS);
    assert_int_equal(
        service_with("tls.min_version=1.3")->tls.min_version, TLS_VERSION_1_3);
    assert_int_equal(
        service_with("tls.max_version=1.2")->tls.max_version, TLS_VERSION_1_2);
    assert_int_equal(
        config_with("log.level=error")->log.level, LOG_LEVEL_ERROR);
    assert_int_equal(config_with("log.level=warn")->log.level, LOG_LEVEL_WARN);
    assert_int_equal(
        config_with("log.level=debug")->log.level, LOG_LEVEL_DEBUG);
    assert_int_equal(
        config_with("log.format=json")->log.format, LOG_FORMAT_JSON);
}

static void
truths_reach_their_fields(void **state)
{
    (void)state;
    assert_true(service_with("service.unsafe_backend=yes")->unsafe_backend);
    assert_int_equal(
        service_with("tls.resumption=off")->tls.resumption, RESUMPTION_NO);
    assert_true(service_with("clients.allow_all=1")->clients.allow_all);
    assert_false(config_with("log.connections=no")->log.connections);
    set("service.unsafe_backend=maybe");
    assert_refused(
        &loaded, "[service] unsafe_backend = maybe: write yes or no");
}

static void
quantities_reach_their_fields(void **state)
{
    (void)state;
    assert_int_equal(
        service_with("timeouts.handshake=1s")->timeouts.handshake_ms, 1000);
    assert_int_equal(
        service_with("timeouts.connect=2s")->timeouts.connect_ms, 2000);
    assert_int_equal(service_with("timeouts.idle=3s")->timeouts.idle_ms, 3000);
    assert_int_equal(
        service_with("timeouts.half_closed=4s")->timeouts.half_closed_ms, 4000);
    assert_int_equal(
        service_with("timeouts.lifetime=5s")->timeouts.lifetime_ms, 5000);
    assert_int_equal(config_with("timeouts.drain=6s")->process.drain_ms, 6000);
    assert_int_equal(
        config_with("timeouts.drain_delay=7s")->process.drain_delay_ms, 7000);
    assert_int_equal(
        service_with("limits.buffer=17KiB")->limits.buffer_bytes, 17408);
    assert_int_equal(
        config_with("limits.max_connections=8")->process.max_connections, 8);
    assert_int_equal(config_with("reload.warn_days=9")->reload.warn_days, 9);
    assert_int_equal(config_with("process.workers=10")->process.workers, 10);
    assert_int_equal(config_with("process.workers=0")->process.workers, 0);
    assert_int_equal(config_with("process.workers=auto")->process.workers, 0);
}

static void
strings_reach_their_fields(void **state)
{
    const struct config_service *service;

    (void)state;
    assert_string_equal(config_with("log.output=/a")->log.output, "/a");
    assert_string_equal(
        config_with("process.pid_file=/b")->process.pid_file, "/b");
    set("certificate.server_name=\"x\"");
    assert_loaded(&loaded);
    assert_string_equal(loaded.config->certificates[0].server_name, "x");
    set("certificate.chain_root=/c");
    assert_loaded(&loaded);
    assert_string_equal(loaded.config->certificates[0].chain_root, "/c");
    service = service_with("tls.groups=P-256 ; X25519");
    assert_int_equal(service->tls.groups.count, 2);
    assert_string_equal(service->tls.groups.items[1], "X25519");
    service = service_with("tls.ciphers=TLS13-AES128-GCM-SHA256");
    assert_int_equal(service->tls.ciphers.count, 1);
    service = service_with("clients.ca=\"a;b.pem\";c.pem");
    assert_int_equal(service->clients.ca.count, 2);
    assert_string_equal(service->clients.ca.items[0], "a;b.pem");
}

static void
an_empty_key_is_in_the_file_of_the_certificate(void **state)
{
    (void)state;
    set("certificate.cert=both.pem");
    assert_loaded(&loaded);
    assert_string_equal(loaded.config->certificates[0].key, "both.pem");
}

static void
a_quantity_out_of_range_is_answered_with_the_range(void **state)
{
    (void)state;
    set("limits.buffer=15KiB");
    assert_refused(&loaded, "[limits] buffer = 15KiB: write 16KiB to 1MiB");
    set("process.workers=257");
    assert_refused(&loaded, "workers = 257: write 1 to 256, or 0");
    set("reload.trust_change_spread=2d");
    assert_refused(&loaded, "spread = 2d: write 1ms to 1d, or 0");
    set("timeouts.handshake=0");
    assert_refused(&loaded, "handshake = 0: write 1ms to 1h");
}

#define TEST(name) cmocka_unit_test_teardown(name, teardown)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(addresses_keep_their_order),
        TEST(a_wrong_address_of_a_list_is_named),
        TEST(a_required_list_must_not_be_empty),
        TEST(a_list_has_a_bound),
        TEST(levels_have_two_sets_of_names),
        TEST(a_wrong_word_is_answered_with_the_right_ones),
        TEST(words_reach_their_fields),
        TEST(truths_reach_their_fields),
        TEST(quantities_reach_their_fields),
        TEST(strings_reach_their_fields),
        TEST(an_empty_key_is_in_the_file_of_the_certificate),
        TEST(a_quantity_out_of_range_is_answered_with_the_range),
    };

    return cmocka_run_group_tests_name(
        "config values", tests, fixture_start, fixture_stop);
}
