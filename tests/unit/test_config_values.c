/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What each key may be set to, and the field that it reaches.
 */
#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "config/keys.h"
#include "config/units.h"
#include "config/value.h"
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
    set("certificate.cert=\"\"");
    assert_refused(&loaded, "[certificate] cert = \"\": must not be empty");
}

static void
a_list_has_a_bound(void **state)
{
    char text[64 + 10 * (CONFIG_BACKEND_MAX + 1)] = "service.backend=";

    (void)state;
    for (int i = 0; i < CONFIG_BACKEND_MAX; i++)
        sprintf(text + strlen(text), "%sunix:/%02d", i > 0 ? ";" : "", i);
    assert_int_equal(service_with(text)->backend.count, CONFIG_BACKEND_MAX);
    strcat(text, ";unix:/x");
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
plaintext_is_refused_by_both_its_names(void **state)
{
    (void)state;
    set("service.required_level=none");
    assert_refused(&loaded, "[service] required_level = none: this version"
                            " serves no plaintext: write tls, or peer");
    set("service.required_level=None");
    assert_refused(&loaded, "this version serves no plaintext");
}

static void
a_wrong_word_is_answered_with_the_right_ones(void **state)
{
    (void)state;
    set("service.required_level=mutual");
    assert_refused(&loaded, "required_level = mutual: write one of tls, peer");
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
    assert_false(service_with("tls.resumption=off")->tls.resumption);
    assert_true(service_with("clients.allow_all=1")->clients.allow_all);
    assert_false(config_with("log.connections=no")->log.connections);
    set("tls.resumption=maybe");
    assert_refused(&loaded, "[tls] resumption = maybe: write yes or no");
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
    assert_int_equal(config_with("reload.warn_days=9")->warn_days, 9);
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

static int
parse_quantity(const struct key *key, int64_t value)
{
    union value scratch;
    char text[UNITS_TEXT_BYTES];
    char why[256];

    if (key->type == VALUE_DURATION)
        units_format_duration(value, text, sizeof(text));
    else if (key->type == VALUE_SIZE)
        units_format_size(value, text, sizeof(text));
    else
        snprintf(text, sizeof(text), "%" PRId64, value);
    return value_parse(key, &scratch, text, why, sizeof(why));
}

static void
every_quantity_keeps_to_its_range(void **state)
{
    size_t seen_count = 0;

    (void)state;
    for (size_t i = 0; i < config_key_count; i++) {
        const struct key *key = &config_keys[i];

        if (key->type != VALUE_NUMBER && key->type != VALUE_DURATION
            && key->type != VALUE_SIZE)
            continue;
        seen_count++;
        assert_true(key->min < key->max);
        assert_int_equal(parse_quantity(key, key->min), 0);
        assert_int_equal(parse_quantity(key, key->max), 0);
        assert_int_equal(parse_quantity(key, key->max + 1), -1);
        assert_int_equal(parse_quantity(key, 0), key->is_zero_allowed ? 0 : -1);
        if (key->min > 1)
            assert_int_equal(parse_quantity(key, key->min - 1), -1);
    }
    assert_int_equal(seen_count, 11);
}

static void
a_quantity_out_of_range_is_answered_with_the_range(void **state)
{
    (void)state;
    set("limits.buffer=15KiB");
    assert_refused(&loaded, "[limits] buffer = 15KiB: write 16KiB to 1MiB");
    set("process.workers=257");
    assert_refused(&loaded, "workers = 257: write 1 to 256, or 0");
    set("timeouts.handshake=0");
    assert_refused(&loaded, "handshake = 0: write 1ms to 1h");
}

static void
no_field_belongs_to_two_keys(void **state)
{
    (void)state;
    for (size_t i = 0; i < config_key_count; i++) {
        for (size_t j = i + 1; j < config_key_count; j++) {
            const struct key *a = &config_keys[i];
            const struct key *b = &config_keys[j];

            assert_false(a->home == b->home && a->offset == b->offset);
            assert_false(
                a->section == b->section && strcmp(a->name, b->name) == 0);
        }
    }
}

/* A reload compares only settings of the whole process for it. */
static void
only_keys_of_the_process_need_a_restart(void **state)
{
    (void)state;
    for (size_t i = 0; i < config_key_count; i++) {
        if (config_keys[i].needs_restart)
            assert_int_equal(config_keys[i].home, HOME_CONFIG);
    }
}

static void
restart_keys(const char *text, char *out, size_t cap)
{
    struct loaded running;

    write_file("test.ini", good_ini, strlen(good_ini));
    load_overridden(&running, "test.ini", NULL, NULL);
    set(text);
    config_restart_keys(running.config, loaded.config, out, cap);
    unload(&running);
}

static void
changes_that_need_a_restart_are_named(void **state)
{
    char keys[128];

    (void)state;
    restart_keys("process.workers=3", keys, sizeof(keys));
    assert_string_equal(keys, "process.workers");
    restart_keys("process.pid_file=/x", keys, sizeof(keys));
    assert_string_equal(keys, "process.pid_file");
    restart_keys("process.workers=auto", keys, sizeof(keys));
    assert_string_equal(keys, "");
    restart_keys("service.listen=127.0.0.1:1", keys, sizeof(keys));
    assert_string_equal(keys, "");
    restart_keys("process.workers=3", keys, 8);
    assert_string_equal(keys, "process");
}

static void
several_such_changes_are_separated(void **state)
{
    struct loaded running;
    char keys[128];

    (void)state;
    load_text(&running, good_ini);
    load_good_with(&loaded, "[process]\nworkers = 2\npid_file = /x\n");
    config_restart_keys(running.config, loaded.config, keys, sizeof(keys));
    unload(&running);
    assert_string_equal(keys, "process.workers, process.pid_file");
}

static void
every_key_is_printed_with_default_and_help(void **state)
{
    char *text = NULL;
    size_t len = 0;
    FILE *out = open_memstream(&text, &len);

    (void)state;
    assert_non_null(out);
    config_print_keys(out);
    fclose(out);
    assert_non_null(strstr(text, "\ntls.min_version = 1.2\n    oldest"));
    assert_non_null(strstr(text, "service.listen = (required)\n    addr"));
    assert_non_null(strstr(text, "(a change needs a restart)\n"));
    for (size_t i = 0; i < config_key_count; i++)
        assert_non_null(strstr(text, config_keys[i].help));
    free(text);
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
        TEST(plaintext_is_refused_by_both_its_names),
        TEST(a_wrong_word_is_answered_with_the_right_ones),
        TEST(words_reach_their_fields),
        TEST(truths_reach_their_fields),
        TEST(quantities_reach_their_fields),
        TEST(strings_reach_their_fields),
        TEST(an_empty_key_is_in_the_file_of_the_certificate),
        TEST(every_quantity_keeps_to_its_range),
        TEST(a_quantity_out_of_range_is_answered_with_the_range),
        TEST(no_field_belongs_to_two_keys),
        TEST(only_keys_of_the_process_need_a_restart),
        TEST(changes_that_need_a_restart_are_named),
        TEST(several_such_changes_are_separated),
        TEST(every_key_is_printed_with_default_and_help),
    };

    return cmocka_run_group_tests_name(
        "config values", tests, fixture_start, fixture_stop);
}
