/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The command line: commands, options, where settings come from, and one line
 * on stderr for each mistake, which names it.
 */
#include <getopt.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "proxy/options.h"

enum {
    ARGUMENTS_MAX = 2 * OPTIONS_SETS_MAX + 10
};

static struct options options;
static char said[4096]; /* on stderr by the last parse() */

/* --- stderr into a string ------------------------------------------------ */

static int
parse_captured(int argc, char **argv)
{
    FILE *capture = tmpfile();
    int before = dup(STDERR_FILENO);
    size_t len;
    int result;

    assert_non_null(capture);
    assert_true(before >= 0);
    (void)fflush(stderr);
    assert_true(dup2(fileno(capture), STDERR_FILENO) >= 0);
    result = options_parse(&options, argc, argv);
    (void)fflush(stderr);
    assert_true(dup2(before, STDERR_FILENO) >= 0);
    close(before);
    rewind(capture);
    len = fread(said, 1, sizeof(said) - 1, capture);
    said[len] = '\0';
    (void)fclose(capture);
    return result;
}

/* Parses the words of a line, which are separated by one space each. */
static int
parse(const char *line)
{
    char *copy = strdup(line);
    char *argv[ARGUMENTS_MAX] = {NULL};
    char *rest = copy;
    static char *before;
    int argc = 0;

    assert_non_null(copy);
    free(before); /* options point into it until the next parse */
    before = copy;
    while (rest != NULL) {
        assert_true(argc < ARGUMENTS_MAX - 1);
        argv[argc++] = strsep(&rest, " ");
    }
    optind = 0; /* glibc: begin anew */
    return parse_captured(argc, argv);
}

static void
assert_refused(const char *line, const char *text_part)
{
    assert_int_equal(parse(line), -1);
    if (strstr(said, text_part) == NULL)
        fail_msg("\"%s\" is not in \"%s\"", text_part, said);
    assert_int_equal(strncmp(said, "sidelock: error: ", 17), 0);
    assert_non_null(strstr(said, "--help"));
    assert_ptr_equal(strchr(said, '\n'), said + strlen(said) - 1);
}

static void
assert_command(const char *line, enum command command)
{
    if (parse(line) != 0)
        fail_msg("%s: %s", line, said);
    assert_int_equal(options.command, command);
    assert_string_equal(said, "");
}

static int
set_up(void **state)
{
    static char *nothing[] = {NULL};

    (void)state;
    environ = nothing;
    return 0;
}

/* --- commands ------------------------------------------------------------ */

static void
commands_are_known_by_name_and_by_option(void **state)
{
    (void)state;
    assert_command("sidelock -c a.ini", COMMAND_RUN);
    assert_command("sidelock run -c a.ini", COMMAND_RUN);
    assert_command("sidelock -c a.ini run", COMMAND_RUN);
    assert_command("sidelock check -c a.ini", COMMAND_CHECK);
    assert_command("sidelock -t -c a.ini", COMMAND_CHECK);
    assert_command("sidelock --check -c a.ini", COMMAND_CHECK);
    assert_false(options.is_json);
    assert_command("sidelock check --json -c a.ini", COMMAND_CHECK);
    assert_true(options.is_json);
    assert_command("sidelock health -c a.ini", COMMAND_HEALTH);
    assert_command("sidelock reload -c a.ini", COMMAND_RELOAD);
    assert_command("sidelock status -c a.ini", COMMAND_STATUS);
    assert_command("sidelock explain", COMMAND_EXPLAIN);
    assert_command("sidelock set -c a.ini tls.alpn=h2 log.level", COMMAND_SET);
    assert_int_equal(options.word_count, 2);
    assert_string_equal(options.words[1], "log.level");
    assert_refused("sidelock set -c a.ini", "section.key=value");
    assert_refused("sidelock set tls.alpn=h2", "-c FILE");
    assert_command("sidelock clients -c a.ini", COMMAND_CLIENTS);
    assert_command("sidelock help", COMMAND_HELP);
    assert_command("sidelock -h", COMMAND_HELP);
    assert_command("sidelock --help", COMMAND_HELP);
    assert_command("sidelock --help-config", COMMAND_HELP_CONFIG);
    assert_command("sidelock version", COMMAND_VERSION);
    assert_command("sidelock -V", COMMAND_VERSION);
    assert_command("sidelock --version", COMMAND_VERSION);
}

/* Whoever asks for help beside a command gets it, and nothing else happens. */
static void
help_and_check_win_over_the_command_beside_them(void **state)
{
    (void)state;
    assert_command("sidelock check --help", COMMAND_HELP);
    assert_command("sidelock reload -c a.ini -h", COMMAND_HELP);
    assert_command("sidelock revoke -c a.ini 0011aabb --help", COMMAND_HELP);
    assert_command("sidelock --help -t", COMMAND_HELP);
    assert_command("sidelock set --help-config", COMMAND_HELP_CONFIG);
    assert_command("sidelock run -c a.ini -V", COMMAND_VERSION);
    assert_command("sidelock run -t -c a.ini", COMMAND_CHECK);
    assert_command("sidelock check -t -c a.ini", COMMAND_CHECK);
    assert_refused("sidelock reload -t -c a.ini", "-t is `check`");
}

static void
unknown_command_is_refused(void **state)
{
    (void)state;
    assert_refused("sidelock serve -c a.ini", "unknown command: serve");
    assert_refused("sidelock Check -c a.ini", "unknown command: Check");
}

static void
second_command_is_refused(void **state)
{
    (void)state;
    assert_refused("sidelock check health -c a.ini", "health");
    assert_refused("sidelock run -c a.ini a.ini", "a.ini");
}

static void
explain_takes_one_code(void **state)
{
    (void)state;
    assert_command("sidelock explain SL-EXPIRED", COMMAND_EXPLAIN);
    assert_string_equal(options.code, "SL-EXPIRED");
    assert_command("sidelock explain", COMMAND_EXPLAIN);
    assert_null(options.code);
    assert_refused("sidelock explain SL-EXPIRED SL-ADMIN", "SL-EXPIRED");
}

static void
clients_are_named_by_fingerprints(void **state)
{
    (void)state;
    assert_command(
        "sidelock authorize -c a.ini 0011aabb sha256:00:11", COMMAND_AUTHORIZE);
    assert_int_equal(options.word_count, 2);
    assert_string_equal(options.words[1], "sha256:00:11");
    assert_null(options.service);
    assert_command(
        "sidelock revoke 0011aabb --service web -c a.ini", COMMAND_REVOKE);
    assert_int_equal(options.word_count, 1);
    assert_string_equal(options.words[0], "0011aabb");
    assert_string_equal(options.service, "web");
    assert_refused("sidelock authorize -c a.ini", "whom?");
    assert_refused("sidelock revoke -c a.ini", "whom?");
    assert_refused("sidelock authorize 0011aabb", "no settings");
    assert_refused("sidelock authorize -c a.ini 00 --json", "--json");
    assert_refused("sidelock clients -c a.ini 0011aabb", "0011aabb");
    assert_refused("sidelock clients -c a.ini --service web", "--service");
    assert_refused("sidelock revoke -c a.ini 00 --service", "needs a value");
    assert_command("sidelock clients --json -c a.ini", COMMAND_CLIENTS);
    assert_true(options.is_json);
}

/* --- options ------------------------------------------------------------- */

static void
options_of_some_commands_are_refused_by_others(void **state)
{
    (void)state;
    assert_command("sidelock status --json -c a.ini", COMMAND_STATUS);
    assert_true(options.is_json);
    assert_command("sidelock --json reload -c a.ini", COMMAND_RELOAD);
    assert_refused("sidelock health --json -c a.ini", "--json");
    assert_refused("sidelock --json -c a.ini", "--json");
    assert_command("sidelock explain --markdown", COMMAND_EXPLAIN);
    assert_true(options.is_markdown);
    assert_refused("sidelock status --markdown -c a.ini", "--markdown");
    assert_refused("sidelock explain --markdown SL-ADMIN", "--markdown");
}

static void
file_is_taken_in_any_form(void **state)
{
    static const char *const lines[] = {"sidelock -c a.ini", "sidelock -ca.ini",
        "sidelock --config a.ini", "sidelock --config=a.ini",
        "sidelock check --config=a.ini"};

    (void)state;
    for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
        assert_int_equal(parse(lines[i]), 0);
        assert_string_equal(options.source.path, "a.ini");
        assert_int_equal(options.source.set_count, 0);
    }
}

static void
settings_are_kept_in_their_order(void **state)
{
    (void)state;
    assert_int_equal(
        parse("sidelock --set service.listen=127.0.0.1:1 --set=log.level=debug "
              "check --set service.listen="),
        0);
    assert_int_equal(options.source.set_count, 3);
    assert_ptr_equal(options.source.sets, options.sets);
    assert_string_equal(options.sets[0], "service.listen=127.0.0.1:1");
    assert_string_equal(options.sets[1], "log.level=debug");
    assert_string_equal(options.sets[2], "service.listen=");
    assert_null(options.source.path);
}

static void
too_many_settings_are_refused(void **state)
{
    size_t cap = (size_t)(OPTIONS_SETS_MAX + 2) * 16;
    char *line = malloc(cap);
    size_t len;

    (void)state;
    assert_non_null(line);
    len = (size_t)snprintf(line, cap, "sidelock");
    for (int i = 0; i < OPTIONS_SETS_MAX; i++)
        len += (size_t)snprintf(line + len, cap - len, " --set a.b=c");
    assert_int_equal(parse(line), 0);
    assert_int_equal(options.source.set_count, OPTIONS_SETS_MAX);
    (void)snprintf(line + len, cap - len, " --set a.b=c");
    assert_refused(line, "too many --set");
    free(line);
}

static void
unknown_option_is_named(void **state)
{
    (void)state;
    assert_refused("sidelock --confg a.ini", "unknown option: --confg");
    assert_refused("sidelock -c a.ini -q", "unknown option: -q");
    assert_refused("sidelock --he", "unknown option: --he"); /* of two */
}

/* The library is then still in the middle of the word: the one before it was
 * once blamed. */
static void
unknown_option_is_named_among_others(void **state)
{
    (void)state;
    assert_refused("sidelock -qt", "unknown option: -q");
    assert_refused("sidelock --version -tqV", "unknown option: -q");
}

static void
option_without_its_value_is_named(void **state)
{
    (void)state;
    assert_refused("sidelock -c", "needs a value: -c");
    assert_refused("sidelock --set", "needs a value: --set");
    assert_refused("sidelock check --config", "needs a value: --config");
}

static void
value_for_an_option_that_takes_none_is_refused(void **state)
{
    (void)state;
    assert_refused("sidelock --help=all", "takes no value: --help=all");
    assert_refused(
        "sidelock --help-config=all", "takes no value: --help-config=all");
}

/* --- where settings come from -------------------------------------------- */

static void
no_settings_at_all_are_refused(void **state)
{
    (void)state;
    assert_refused("sidelock", "no settings");
    assert_refused("sidelock check", "no settings");
    assert_refused("sidelock health", "no settings");
    assert_refused("sidelock reload", "no settings");
    assert_refused("sidelock status", "no settings");
    assert_int_equal(setenv("SIDELOCK_LOG_LEVEL", "debug", 1), 0);
    assert_refused("sidelock", "no settings");
}

static void
environment_is_enough(void **state)
{
    (void)state;
    assert_int_equal(setenv("SIDELOCK_SERVICE_LISTEN", "127.0.0.1:1", 1), 0);
    assert_command("sidelock", COMMAND_RUN);
    assert_null(options.source.path);
    assert_ptr_equal(options.source.environ, environ);
}

static void
environment_may_name_the_file_and_the_option_overrides_it(void **state)
{
    (void)state;
    assert_int_equal(setenv("SIDELOCK_CONFIG", "env.ini", 1), 0);
    assert_command("sidelock check", COMMAND_CHECK);
    assert_string_equal(options.source.path, "env.ini");
    assert_command("sidelock -c a.ini", COMMAND_RUN);
    assert_string_equal(options.source.path, "a.ini");
}

/* --- help ---------------------------------------------------------------- */

static void
help_names_commands_options_and_exit_codes(void **state)
{
    static const char *const wanted[] = {"sidelock check", "sidelock health",
        "sidelock reload", "sidelock status", "sidelock explain",
        "sidelock clients", "sidelock authorize", "sidelock revoke",
        "--service", "--json", "--config", "--set", "--help-config",
        "--version", "Exit codes", "SIDELOCK_SERVICE_LISTEN",
        "SIDELOCK_CONFIG"};
    FILE *out = tmpfile();
    char text[8192];
    size_t len;

    (void)state;
    assert_non_null(out);
    options_print_help(out);
    rewind(out);
    len = fread(text, 1, sizeof(text) - 1, out);
    text[len] = '\0';
    (void)fclose(out);
    for (size_t i = 0; i < sizeof(wanted) / sizeof(wanted[0]); i++)
        if (strstr(text, wanted[i]) == NULL)
            fail_msg("the help is without \"%s\"", wanted[i]);
    for (const char *at = text; *at != '\0'; at += strcspn(at, "\n") + 1)
        assert_true(strcspn(at, "\n") <= 80);
}

int
main(void)
{
#define WITHOUT_ENVIRONMENT(test) cmocka_unit_test_setup(test, set_up)
    const struct CMUnitTest tests[] = {
        WITHOUT_ENVIRONMENT(commands_are_known_by_name_and_by_option),
        WITHOUT_ENVIRONMENT(help_and_check_win_over_the_command_beside_them),
        WITHOUT_ENVIRONMENT(unknown_command_is_refused),
        WITHOUT_ENVIRONMENT(second_command_is_refused),
        WITHOUT_ENVIRONMENT(explain_takes_one_code),
        WITHOUT_ENVIRONMENT(clients_are_named_by_fingerprints),
        WITHOUT_ENVIRONMENT(options_of_some_commands_are_refused_by_others),
        WITHOUT_ENVIRONMENT(file_is_taken_in_any_form),
        WITHOUT_ENVIRONMENT(settings_are_kept_in_their_order),
        WITHOUT_ENVIRONMENT(too_many_settings_are_refused),
        WITHOUT_ENVIRONMENT(unknown_option_is_named),
        WITHOUT_ENVIRONMENT(unknown_option_is_named_among_others),
        WITHOUT_ENVIRONMENT(option_without_its_value_is_named),
        WITHOUT_ENVIRONMENT(value_for_an_option_that_takes_none_is_refused),
        WITHOUT_ENVIRONMENT(no_settings_at_all_are_refused),
        WITHOUT_ENVIRONMENT(environment_is_enough),
        WITHOUT_ENVIRONMENT(
            environment_may_name_the_file_and_the_option_overrides_it),
        WITHOUT_ENVIRONMENT(help_names_commands_options_and_exit_codes),
    };
#undef WITHOUT_ENVIRONMENT

    return cmocka_run_group_tests(tests, NULL, NULL);
}
