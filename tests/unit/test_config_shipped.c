/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The files that are shipped: sidelock.ini says every key at its default,
 * and both load as they are.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "config/inifile.h"
#include "config/keys.h"
#include "config/settings.h"
#include "config/value.h"
#include "tests/unit/config_fixture.h"

static const char full_ini[] = SIDELOCK_SOURCE_DIR "/config/sidelock.ini";
static const char minimal_ini[] =
    SIDELOCK_SOURCE_DIR "/config/sidelock.minimal.ini";

/* What the shipped file gives for the keys that have no default. */
static const char *const required[] = {"service.listen=0.0.0.0:8443",
    "service.backend=127.0.0.1:8080", "certificate.cert=/etc/sidelock/tls.crt",
    NULL};

static const void *
field_of(const struct config *config, const struct key *key)
{
    const char *base = NULL;

    switch (key->home) {
    case HOME_CONFIG:
        base = (const char *)config;
        break;
    case HOME_SERVICE:
        base = (const char *)&config->services[0];
        break;
    case HOME_CERTIFICATE:
        base = (const char *)&config->certificates[0];
        break;
    }
    return base + key->offset;
}

/* The one thing that the file leaves to be written. */
static const char *const certificate[] = {
    "certificate.cert=/etc/sidelock/tls.crt", NULL};

static void
the_full_file_equals_the_defaults(void **state)
{
    struct loaded full;
    struct loaded defaults;

    (void)state;
    load_overridden(&full, full_ini, certificate, NULL);
    assert_loaded(&full);
    assert_finding_count(&full, 0);
    load_overridden(&defaults, NULL, required, NULL);
    assert_loaded(&defaults);
    for (size_t i = 0; i < config_key_count; i++) {
        const struct key *key = &config_keys[i];

        if (!value_equal(key->type, field_of(full.config, key),
                field_of(defaults.config, key)))
            fail_msg("%s is not at its default in the file", key->name);
    }
    unload(&full);
    unload(&defaults);
}

static void
the_full_file_says_every_key(void **state)
{
    struct settings settings;
    struct report report;

    (void)state;
    settings_init(&settings);
    report_init(&report);
    assert_int_equal(inifile_read(&settings, full_ini, &report), 0);
    for (size_t i = 0; i < config_key_count; i++) {
        const struct key *key = &config_keys[i];

        if (settings_effective(&settings, key, "") == NULL)
            fail_msg("%s is missing in the file", key->name);
    }
    settings_deinit(&settings);
    report_deinit(&report);
}

static void
the_defaults_are_what_the_documentation_promises(void **state)
{
    struct loaded loaded;
    const struct config_service *service;

    (void)state;
    load_overridden(&loaded, NULL, required, NULL);
    assert_loaded(&loaded);
    service = &loaded.config->services[0];
    assert_int_equal(service->required_level, LEVEL_TLS);
    assert_int_equal(service->truncation, TRUNCATION_RESET);
    assert_false(service->unsafe_backend);
    assert_false(service->clients.allow_all);
    assert_int_equal(service->clients.ca.count, 0);
    assert_int_equal(service->tls.min_version, TLS_VERSION_1_2);
    assert_int_equal(service->tls.max_version, TLS_VERSION_1_3);
    assert_int_equal(service->tls.ciphers.count, 9);
    assert_string_equal(
        service->tls.ciphers.items[0], "TLS13-AES128-GCM-SHA256");
    assert_int_equal(service->tls.groups.count, 4);
    assert_string_equal(service->tls.groups.items[0], "X25519MLKEM768");
    assert_int_equal(service->tls.resumption, RESUMPTION_AUTO);
    assert_int_equal(service->timeouts.handshake_ms, 10000);
    assert_int_equal(service->timeouts.connect_ms, 10000);
    assert_int_equal(service->timeouts.idle_ms, 3600000);
    assert_int_equal(service->timeouts.half_closed_ms, 60000);
    assert_int_equal(service->timeouts.lifetime_ms, 0);
    assert_int_equal(service->limits.buffer_bytes, 65536);
    assert_int_equal(loaded.config->process.drain_ms, 30000);
    assert_int_equal(loaded.config->process.drain_delay_ms, 0);
    assert_int_equal(loaded.config->process.workers, 0);
    assert_int_equal(loaded.config->process.max_connections, 0);
    assert_int_equal(loaded.config->reload.warn_days, 30);
    assert_int_equal(loaded.config->log.level, LOG_LEVEL_INFO);
    assert_int_equal(loaded.config->log.format, LOG_FORMAT_TEXT);
    assert_true(loaded.config->log.connections);
    assert_string_equal(loaded.config->log.output, "stderr");
    assert_string_equal(loaded.config->process.pid_file, "");
    unload(&loaded);
}

static void
the_minimal_file_loads(void **state)
{
    struct loaded loaded;

    (void)state;
    load_overridden(&loaded, minimal_ini, NULL, NULL);
    assert_loaded(&loaded);
    assert_finding_count(&loaded, 0);
    assert_string_equal(
        loaded.config->certificates[0].key, "/etc/sidelock/tls.key");
    unload(&loaded);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_full_file_equals_the_defaults),
        cmocka_unit_test(the_full_file_says_every_key),
        cmocka_unit_test(the_defaults_are_what_the_documentation_promises),
        cmocka_unit_test(the_minimal_file_loads),
    };

    return cmocka_run_group_tests_name(
        "config shipped", tests, fixture_start, fixture_stop);
}
