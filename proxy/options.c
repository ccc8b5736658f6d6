/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Arguments and the help that teaches them. */
#include "proxy/options.h"

#include <getopt.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const struct {
    const char *word;
    enum command command;
} commands[] = {
    {"run", COMMAND_RUN},
    {"check", COMMAND_CHECK},
    {"health", COMMAND_HEALTH},
    {"reload", COMMAND_RELOAD},
    {"status", COMMAND_STATUS},
    {"explain", COMMAND_EXPLAIN},
    {"set", COMMAND_SET},
    {"clients", COMMAND_CLIENTS},
    {"authorize", COMMAND_AUTHORIZE},
    {"revoke", COMMAND_REVOKE},
    {"help", COMMAND_HELP},
    {"version", COMMAND_VERSION},
};

static const char help[] =
    "sidelock puts TLS in front of a plaintext server on this machine.\n"
    "\n"
    "Usage:\n"
    "  sidelock [run] -c FILE [--set KEY=VALUE]...   serve, in the foreground\n"
    "  sidelock check -c FILE [--json]     prove settings and certificates\n"
    "  sidelock health -c FILE             ask what a running one serves\n"
    "  sidelock reload -c FILE             have it read everything anew, and\n"
    "                                      wait for the outcome\n"
    "  sidelock status -c FILE [--json]    what is secured and until when\n"
    "  sidelock set -c FILE KEY=VALUE...   change settings in the file\n"
    "  sidelock clients -c FILE [--json]   who waits to be let in, and who is\n"
    "  sidelock authorize -c FILE FINGERPRINT...   let them in "
    "(clients.enroll)\n"
    "  sidelock revoke -c FILE FINGERPRINT...      and out again\n"
    "  sidelock explain [CODE]             cause and remedy of an error\n"
    "\n"
    "Try it (a server on port 8080, TLS on 8443):\n"
    "  sidelock --set service.listen=127.0.0.1:8443 \\\n"
    "           --set service.backend=127.0.0.1:8080 \\\n"
    "           --set certificate.cert=server.pem \\\n"
    "           --set certificate.key=server.key\n"
    "  curl --cacert ca.pem https://localhost:8443/\n"
    "\n"
    "The same as a file (sidelock.ini):\n"
    "  [service]\n"
    "  listen = 0.0.0.0:8443\n"
    "  backend = 127.0.0.1:8080\n"
    "  [certificate]\n"
    "  cert = /etc/sidelock/server.pem\n"
    "  key = /etc/sidelock/server.key\n"
    "  [admin]\n"
    "  listen = unix:/run/sidelock/admin.sock\n"
    "\n"
    "With [admin], after a certificate was renewed:\n"
    "  sidelock reload -c sidelock.ini && echo installed\n"
    "  sidelock status -c sidelock.ini\n"
    "  curl --unix-socket /run/sidelock/admin.sock http://sidelock/status\n"
    "A setting from a script, checked before it is written:\n"
    "  sidelock set -c sidelock.ini tls.min_version=1.3\n"
    "A client that nobody knows yet, with [clients] enroll = FILE:\n"
    "  sidelock clients -c sidelock.ini\n"
    "  sidelock authorize -c sidelock.ini 1f0c55aa9b0c1d2e\n"
    "And when a message ends in a code:\n"
    "  sidelock explain SL-KEY-MISMATCH\n"
    "\n"
    "Options:\n"
    "  -c, --config FILE    the INI file (or $SIDELOCK_CONFIG)\n"
    "      --set KEY=VALUE  section.key=value or section.NAME.key=value;\n"
    "                       overrides file and environment; repeatable\n"
    "  -t                   the same as `check`\n"
    "      --json           `check`, `reload`, `status` and `clients` answer\n"
    "                       for programs\n"
    "      --service NAME   whose file `authorize` and `revoke` change, where\n"
    "                       services have files of their own\n"
    "      --markdown       `explain` prints docs/errors.md\n"
    "  -h, --help           this text\n"
    "      --help-config    every key, with its default and meaning\n"
    "  -V, --version        versions of sidelock and its libraries\n"
    "\n"
    "Environment: SIDELOCK_SECTION_KEY=value, for instance\n"
    "  SIDELOCK_SERVICE_LISTEN=0.0.0.0:8443\n"
    "  SIDELOCK_CERTIFICATE_CERT=/etc/tls/tls.crt\n"
    "\n"
    "Signals: HUP reloads settings and certificates (all or nothing), TERM\n"
    "and INT drain and a second one ends at once, USR1 reopens the log, USR2\n"
    "logs the open connections.\n"
    "\n"
    "Exit codes: 0 good; 1 an error, the drain ran out of time, a reload\n"
    "failed, or nobody answered; 2 wrong usage, or good with warnings "
    "(`check`,\n"
    "`reload`, `status`).\n";

void
options_print_help(FILE *out)
{
    (void)fputs(help, out);
}

static int
complain(const char *what, const char *about)
{
    (void)fprintf(stderr,
        "sidelock: error: %s%s%s; `sidelock --help` shows the usage\n", what,
        about != NULL ? ": " : "", about != NULL ? about : "");
    return -1;
}

static int
take_command(struct options *options, const char *word)
{
    for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++) {
        if (strcmp(word, commands[i].word) == 0) {
            options->command = commands[i].command;
            return 0;
        }
    }
    return complain("unknown command", word);
}

static int
add_set(struct options *options, const char *text)
{
    if (options->source.set_count == OPTIONS_SETS_MAX)
        return complain("too many --set options", NULL);
    options->sets[options->source.set_count++] = text;
    return 0;
}

enum {
    OPTION_SET = 256,
    OPTION_HELP_CONFIG,
    OPTION_JSON,
    OPTION_SERVICE,
    OPTION_MARKDOWN,
};

static const char short_options[] = ":c:htV";

/*
 * What getopt_long did not understand. An unknown letter may stand in the
 * middle of a word, which argv does not tell; a known one stands for a long
 * option that was given a value with '='.
 */
static int
complain_of_option(char **argv)
{
    char letter[] = {'-', (char)optopt, '\0'};

    if (optopt == 0)
        return complain("unknown option", argv[optind - 1]);
    if (optopt >= OPTION_SET || strchr(short_options, optopt) != NULL)
        return complain("this option takes no value", argv[optind - 1]);
    return complain("unknown option", letter);
}

static int
take_option(struct options *options, int option, char **argv)
{
    switch (option) {
    case 'c':
        options->source.path = optarg;
        return 0;
    case OPTION_SET:
        return add_set(options, optarg);
    case 't':
        if (options->command == COMMAND_RUN)
            options->command = COMMAND_CHECK;
        return 0;
    case 'h':
        options->command = COMMAND_HELP;
        return 0;
    case 'V':
        options->command = COMMAND_VERSION;
        return 0;
    case OPTION_HELP_CONFIG:
        options->command = COMMAND_HELP_CONFIG;
        return 0;
    case OPTION_JSON:
        options->is_json = true;
        return 0;
    case OPTION_SERVICE:
        options->service = optarg;
        return 0;
    case OPTION_MARKDOWN:
        options->is_markdown = true;
        return 0;
    case ':':
        return complain("this option needs a value", argv[optind - 1]);
    default:
        return complain_of_option(argv);
    }
}

/* Commands that take any number of words, but at least one. */
static int
check_words(const struct options *options)
{
    if (options->command == COMMAND_SET && options->word_count == 0)
        return complain("set what? write section.key=value", NULL);
    if (options->command == COMMAND_SET && options->source.path == NULL)
        return complain("set needs the file: -c FILE", NULL);
    if (options->word_count == 0)
        return complain("whom? `sidelock clients` shows fingerprints", NULL);
    return 0;
}

/* Words that are no option: one command, and what it is about. */
static int
take_words(struct options *options, int argc, char **argv)
{
    bool is_dry = options->command == COMMAND_CHECK; /* by -t */
    int left = argc - optind;

    if (left == 0)
        return 0;
    if (take_command(options, argv[optind]) != 0)
        return -1;
    if (is_dry && options->command == COMMAND_RUN)
        options->command = COMMAND_CHECK;
    if (is_dry && options->command != COMMAND_CHECK)
        return complain(
            "-t is `check`, and this is another command", argv[optind]);
    if (options->command == COMMAND_SET || options->command == COMMAND_AUTHORIZE
        || options->command == COMMAND_REVOKE) {
        options->words = argv + optind + 1;
        options->word_count = (size_t)left - 1;
        return check_words(options);
    }
    if (options->command == COMMAND_EXPLAIN && left == 2)
        options->code = argv[optind + 1];
    else if (left > 1)
        return complain("one command at a time, please", argv[optind + 1]);
    return 0;
}

/* Options that only some commands have. */
static int
check_options(const struct options *options)
{
    if (options->is_json && options->command != COMMAND_CHECK
        && options->command != COMMAND_RELOAD
        && options->command != COMMAND_STATUS
        && options->command != COMMAND_CLIENTS)
        return complain("only `check`, `reload`, `status` and `clients` have "
                        "this option",
            "--json");
    if (options->service != NULL && options->command != COMMAND_AUTHORIZE
        && options->command != COMMAND_REVOKE)
        return complain(
            "only `authorize` and `revoke` have this option", "--service");
    if (options->is_markdown && options->command != COMMAND_EXPLAIN)
        return complain("only `explain` has this option", "--markdown");
    if (options->is_markdown && options->code != NULL)
        return complain("--markdown is about all codes", options->code);
    return 0;
}

static int
check_source(const struct options *options)
{
    bool reads_settings = options->command == COMMAND_RUN
                          || options->command == COMMAND_CHECK
                          || options->command == COMMAND_HEALTH
                          || options->command == COMMAND_RELOAD
                          || options->command == COMMAND_STATUS
                          || options->command == COMMAND_CLIENTS
                          || options->command == COMMAND_AUTHORIZE
                          || options->command == COMMAND_REVOKE;

    if (!reads_settings || options->source.path != NULL
        || options->source.set_count > 0)
        return 0;
    for (char *const *at = options->source.environ; *at != NULL; at++)
        if (strncmp(*at, "SIDELOCK_SERVICE", strlen("SIDELOCK_SERVICE")) == 0)
            return 0;
    return complain(
        "no settings: give -c FILE, --set or SIDELOCK_SERVICE_...", NULL);
}

/* Options that ask about the program, whatever stands beside them. */
static bool
asks_about_program(const struct options *options)
{
    return options->command == COMMAND_HELP
           || options->command == COMMAND_HELP_CONFIG
           || options->command == COMMAND_VERSION;
}

int
options_parse(struct options *options, int argc, char **argv)
{
    static const struct option longs[] = {
        {"config", required_argument, NULL, 'c'},
        {"set", required_argument, NULL, OPTION_SET},
        {"check", no_argument, NULL, 't'},
        {"help", no_argument, NULL, 'h'},
        {"help-config", no_argument, NULL, OPTION_HELP_CONFIG},
        {"json", no_argument, NULL, OPTION_JSON},
        {"service", required_argument, NULL, OPTION_SERVICE},
        {"markdown", no_argument, NULL, OPTION_MARKDOWN},
        {"version", no_argument, NULL, 'V'},
        {NULL, 0, NULL, 0},
    };
    int option;

    *options = (struct options){.command = COMMAND_RUN};
    options->source.sets = options->sets;
    options->source.environ = environ;
    options->source.path = getenv("SIDELOCK_CONFIG");
    while ((option = getopt_long(argc, argv, short_options, longs, NULL)) != -1)
        if (take_option(options, option, argv) != 0)
            return -1;
    if (asks_about_program(options))
        return 0;
    if (take_words(options, argc, argv) != 0 || check_options(options) != 0)
        return -1;
    return check_source(options);
}
