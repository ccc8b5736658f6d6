/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The table of keys: that its rows agree with each other, what is printed of
 * it, and which changes it says a reload cannot make.
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
    assert_int_equal(seen_count, 15);
}

static void
values_of_every_type_are_told_apart(void **state)
{
    static const struct {
        enum section_kind section;
        const char *key;
        const char *texts[3];
    } rows[] = {
        {SECTION_SERVICE, "unsafe_backend", {"yes", "no", "no"}},
        {SECTION_PROCESS, "workers", {"1", "2", "auto"}},
        {SECTION_TIMEOUTS, "idle", {"1s", "2s", "1ms"}},
        {SECTION_LIMITS, "buffer", {"64KiB", "16KiB", "1MiB"}},
        {SECTION_LOG, "level", {"info", "warn", "debug"}},
        {SECTION_CERTIFICATE, "cert", {"a", "b", "aa"}},
        {SECTION_TLS, "groups", {"a;b", "a;c", "a"}},
        {SECTION_SERVICE, "listen", {":1;:2", ":1;:3", ":1"}},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        const struct key *key = keys_find(rows[i].section, rows[i].key);
        union value values[4];
        char why[256];

        for (size_t j = 0; j < 4; j++)
            assert_int_equal(value_parse(key, &values[j], rows[i].texts[j % 3],
                                 why, sizeof(why)),
                0);
        assert_true(value_equal(key->type, &values[0], &values[3]));
        assert_false(value_equal(key->type, &values[0], &values[1]));
        assert_false(value_equal(key->type, &values[0], &values[2]));
        for (size_t j = 0; j < 4; j++)
            value_clear(key->type, &values[j]);
    }
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

/* A reload compares only settings of the whole process for it, and keeps
 * those of the start, which no list is among. */
static void
only_keys_of_the_process_need_a_restart(void **state)
{
    (void)state;
    for (size_t i = 0; i < config_key_count; i++) {
        if (!config_keys[i].needs_restart)
            continue;
        assert_int_equal(config_keys[i].home, HOME_CONFIG);
        assert_int_not_equal(config_keys[i].type, VALUE_STRINGS);
        assert_int_not_equal(config_keys[i].type, VALUE_ADDRESSES);
    }
}

/* What was kept of the start compares as the whole does. */
static void
assert_same_from_the_kept_keys(const struct config *running, const char *wanted)
{
    struct config *kept = config_keep_restart_keys(running);
    char keys[128];

    assert_non_null(kept);
    config_restart_keys(kept, running, keys, sizeof(keys));
    assert_string_equal(keys, "");
    config_restart_keys(kept, loaded.config, keys, strlen(wanted) + 1);
    assert_string_equal(keys, wanted);
    config_free(kept);
}

static void
restart_keys(const char *text, char *out, size_t cap)
{
    const char *const sets[] = {text, NULL};
    struct loaded running;

    write_file("test.ini", good_ini, strlen(good_ini));
    load_overridden(&running, "test.ini", NULL, NULL);
    load_overridden(&loaded, "test.ini", sets, NULL);
    config_restart_keys(running.config, loaded.config, out, cap);
    assert_same_from_the_kept_keys(running.config, out);
    unload(&running);
    teardown(NULL);
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
        TEST(every_quantity_keeps_to_its_range),
        TEST(values_of_every_type_are_told_apart),
        TEST(no_field_belongs_to_two_keys),
        TEST(only_keys_of_the_process_need_a_restart),
        TEST(changes_that_need_a_restart_are_named),
        TEST(several_such_changes_are_separated),
        TEST(every_key_is_printed_with_default_and_help),
    };

    return cmocka_run_group_tests_name(
        "config keys", tests, fixture_start, fixture_stop);
}
