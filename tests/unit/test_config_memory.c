/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Loading with memory refused: each allocation is made to fail once, and
 * every time the load ends with an error and without a leak (which the
 * sanitizer looks for).
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/unit/config_fixture.h"

/* How many allocations still succeed; SIZE_MAX: all. */
static size_t left = SIZE_MAX;
/* After the one that fails, do the others fail as well? */
static bool is_lasting;
static size_t refused_count;

/* NOLINTBEGIN(readability-identifier-naming): the linker names them */
void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *old, size_t size);
char *__real_strdup(const char *text);
char *__real_strndup(const char *text, size_t max);

void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_realloc(void *old, size_t size);
char *__wrap_strdup(const char *text);
char *__wrap_strndup(const char *text, size_t max);
/* NOLINTEND(readability-identifier-naming) */

static bool
is_refused(void)
{
    if (left == SIZE_MAX)
        return false;
    if (left > 0) {
        left--;
        return false;
    }
    if (!is_lasting)
        left = SIZE_MAX;
    refused_count++;
    errno = ENOMEM;
    return true;
}

void *
__wrap_malloc(size_t size)
{
    return is_refused() ? NULL : __real_malloc(size);
}

void *
__wrap_calloc(size_t count, size_t size)
{
    return is_refused() ? NULL : __real_calloc(count, size);
}

void *
__wrap_realloc(void *old, size_t size)
{
    return is_refused() ? NULL : __real_realloc(old, size);
}

char *
__wrap_strdup(const char *text)
{
    return is_refused() ? NULL : __real_strdup(text);
}

char *
__wrap_strndup(const char *text, size_t max)
{
    return is_refused() ? NULL : __real_strndup(text, max);
}

/* Every kind of value, section and source. */
static const char rich_ini[] =
    "[service web]\nlisten = 127.0.0.1:1;[::1]:1\nbackend = unix:/a;:2\n"
    "unsafe_backend = yes\nrequired_level = peer\ncertificate = one\n"
    "[service b]\nlisten = 127.0.0.1:3\nbackend = \"unix:/a\"\n"
    "[certificate one]\ncert = 1.pem\n"
    "[certificate b]\ncert = 2.pem\nkey = 2.key\n"
    "[clients]\nca = a.pem;\"b.pem\"\nallow_all = yes\n"
    "[timeouts web]\nidle = 5m\n[log]\nformat = json\n";
static const char *const sets[] = {"service.b.required_level=tls",
    "process.workers=2", "service.web.backend=127.0.0.1:2", NULL};
static char min_version[] = "SIDELOCK_TLS__WEB__MIN_VERSION=1.3";
static char service_link[] = "SIDELOCK_PORT=tcp://10.0.0.1:443";
static char *const variables[] = {min_version, service_link, NULL};

/* Loads with the allocation after `good_count` others refused. False when it
 * came to no refusal. */
static bool
load_refused_after(size_t good_count)
{
    const struct config_source source = {
        .path = "test.ini",
        .sets = sets,
        .set_count = 3,
        .environ = variables,
    };
    struct loaded loaded;

    left = good_count;
    refused_count = 0;
    load_source(&loaded, &source);
    left = SIZE_MAX;
    if (refused_count > 0 && loaded.config != NULL)
        /* Only a note can get lost without harm. */
        assert_int_equal(loaded.report.lost_count, 1);
    if (loaded.config == NULL) {
        assert_true(loaded.report.error_count > 0);
        assert_string_not_equal(report_first_error(&loaded.report), "");
    }
    if (refused_count == 0)
        assert_loaded(&loaded);
    unload(&loaded);
    return refused_count > 0;
}

static void
refuse_each_in_turn(size_t at_least)
{
    size_t count = 0;

    write_file("test.ini", rich_ini, strlen(rich_ini));
    while (load_refused_after(count))
        count++;
    assert_true(count >= at_least);
}

static void
one_refused_allocation_ends_in_an_error(void **state)
{
    (void)state;
    is_lasting = false;
    refuse_each_in_turn(100);
}

static void
memory_that_stays_short_ends_in_an_error(void **state)
{
    (void)state;
    is_lasting = true;
    refuse_each_in_turn(100);
}

/* With nothing left even for the finding, the error is still counted. */
static void
an_error_without_memory_for_its_text_is_counted(void **state)
{
    struct report report;

    (void)state;
    is_lasting = true;
    report_init(&report);
    left = 0;
    report_error(&report, SL_CONFIG_VALUE, "something");
    left = 1;
    report_error(&report, SL_CONFIG_VALUE, "something else");
    left = SIZE_MAX;
    assert_int_equal(report.count, 0);
    assert_int_equal(report.lost_count, 2);
    assert_int_equal(report.error_count, 2);
    assert_string_equal(report_first_error(&report), "out of memory");
    report_deinit(&report);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_refused_allocation_ends_in_an_error),
        cmocka_unit_test(memory_that_stays_short_ends_in_an_error),
        cmocka_unit_test(an_error_without_memory_for_its_text_is_counted),
    };

    return cmocka_run_group_tests_name(
        "config memory", tests, fixture_start, fixture_stop);
}
