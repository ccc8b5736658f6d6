/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The file as a whole: what cannot be read is named with its cause, and one
 * pass finds all errors.
 */
#include <sys/stat.h>
#include <sys/wait.h>

#include <grp.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "config/inifile.h"
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
load_bytes(const char *text, size_t len)
{
    const struct config_source source = {.path = "test.ini"};

    write_file("test.ini", text, len);
    load_source(&loaded, &source);
}

static void
a_plain_file_is_read(void **state)
{
    (void)state;
    load_text(&loaded, good_ini);
    assert_loaded(&loaded);
    assert_int_equal(loaded.config->service_count, 1);
    assert_string_equal(loaded.config->services[0].name, "default");
    assert_string_equal(loaded.config->certificates[0].cert, "server.pem");
    assert_finding_count(&loaded, 0);
}

static void
a_nul_byte_is_refused(void **state)
{
    static const char text[] = "[service]\nlisten = 127.0\0.0.1:1\n";

    (void)state;
    load_bytes(text, sizeof(text) - 1);
    assert_refused(&loaded, "test.ini: holds a NUL byte");
    assert_finding_count(&loaded, 1);
}

static void
an_empty_file_lacks_a_service_and_a_certificate(void **state)
{
    (void)state;
    load_text(&loaded, "");
    assert_refused(&loaded, "there is no [service]: write one");
    assert_finding_count(&loaded, 1);
    teardown(state);
    load_text(&loaded, "[service]\nlisten = :0\nbackend = unix:/a\n");
    assert_refused(&loaded, "has no certificate: write a [certificate]");
    assert_finding_count(&loaded, 1);
}

static void
a_file_of_a_mebibyte_is_read_and_one_more_byte_is_not(void **state)
{
    size_t len = INIFILE_BYTES_MAX;
    char *text = malloc(len + 1);

    (void)state;
    assert_non_null(text);
    memset(text, '\n', len + 1);
    /* What follows it are empty lines, so its NUL is left out. */
    for (size_t i = 0; good_ini[i] != '\0'; i++)
        text[i] = good_ini[i];
    load_bytes(text, len);
    assert_loaded(&loaded);
    teardown(state);
    load_bytes(text, len + 1);
    free(text);
    assert_refused(&loaded, "test.ini: is longer than 1048576 bytes");
    assert_finding_count(&loaded, 1);
}

static void
errors_of_one_pass_are_all_reported(void **state)
{
    (void)state;
    load_text(&loaded, "[service]\nlistn = 127.0.0.1:1\n"
                       "backend = 8.8.8.8:53\n[timeouts]\nidle = 5\n"
                       "[tls]\nmin_version = 1.3\nmax_version = 1.2\n");
    assert_refused(&loaded, "test.ini:2: unknown key 'listn'");
    assert_refused(&loaded, "test.ini:1: [service] has no listen");
    assert_refused(&loaded, "test.ini:3: backend = 8.8.8.8:53");
    assert_refused(&loaded, "test.ini:5: [timeouts] idle = 5");
    assert_refused(&loaded, "test.ini:7: service 'default': min_version");
    assert_refused(&loaded, "has no certificate");
    assert_finding_count(&loaded, 6);
}

static void
a_missing_file_is_named_with_the_cause(void **state)
{
    const struct config_source source = {.path = "nosuch.ini"};

    (void)state;
    load_source(&loaded, &source);
    assert_refused(
        &loaded, "nosuch.ini: cannot be read: No such file or directory");
    /* What it would have said is not missed on top. */
    assert_finding_count(&loaded, 1);
}

static void
a_directory_is_named_as_such(void **state)
{
    const struct config_source source = {.path = "/"};

    (void)state;
    load_source(&loaded, &source);
    assert_refused(&loaded, "/: cannot be read: Is a directory");
}

/* Loads as another user, since root may read everything. */
static int
load_as_nobody(const char *path, const char *wanted)
{
    const struct config_source source = {.path = path};
    struct loaded mine;
    int result = 3;
    pid_t pid = fork();

    assert_int_not_equal(pid, -1);
    if (pid == 0) {
        if (setgroups(0, NULL) < 0 || setgid(65534) < 0 || setuid(65534) < 0)
            _exit(2);
        load_source(&mine, &source);
        result = strstr(report_first_error(&mine.report), wanted) == NULL;
        unload(&mine);
        _exit(result);
    }
    assert_int_equal(waitpid(pid, &result, 0), pid);
    return result;
}

static void
a_file_closed_to_us_is_named_with_owner_mode_and_uid(void **state)
{
    (void)state;
    if (geteuid() != 0)
        skip();
    load_text(&loaded, good_ini);
    assert_int_equal(chmod(".", 0755), 0);
    assert_int_equal(chmod("test.ini", 0600), 0);
    assert_int_equal(
        load_as_nobody("test.ini",
            "test.ini: cannot be read: Permission denied (owner"
            " uid 0 gid 0, mode 0600; we are uid 65534 gid 65534)"),
        0);
    assert_int_equal(chmod(".", 0700), 0);
    assert_int_equal(
        load_as_nobody("test.ini", "a directory above it is closed to us"), 0);
}

#define TEST(name) cmocka_unit_test_teardown(name, teardown)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_plain_file_is_read),
        TEST(a_nul_byte_is_refused),
        TEST(an_empty_file_lacks_a_service_and_a_certificate),
        TEST(a_file_of_a_mebibyte_is_read_and_one_more_byte_is_not),
        TEST(errors_of_one_pass_are_all_reported),
        TEST(a_missing_file_is_named_with_the_cause),
        TEST(a_directory_is_named_as_such),
        TEST(a_file_closed_to_us_is_named_with_owner_mode_and_uid),
    };

    return cmocka_run_group_tests_name(
        "config file", tests, fixture_start, fixture_stop);
}
