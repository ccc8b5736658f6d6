/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Parses the command line of the load generator.
 */
#include "tests/bench/options.h"

#include <arpa/inet.h>

#include <ctype.h>
#include <getopt.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/bench/conn.h"

#define CONNECTIONS_MAX 100000

static const struct option long_options[] = {
    {"connect", required_argument, NULL, 't'},
    {"watch", required_argument, NULL, 'w'},
    {"count", required_argument, NULL, 'n'},
    {"warmup", required_argument, NULL, 'u'},
    {"connections", required_argument, NULL, 'c'},
    {"names", required_argument, NULL, 's'},
    {"message", required_argument, NULL, 'm'},
    {"hold", required_argument, NULL, 'd'},
    {"limit", required_argument, NULL, 'l'},
    {"group", required_argument, NULL, 'g'},
    {"cert", required_argument, NULL, 'e'},
    {"key", required_argument, NULL, 'k'},
    {"cpu", required_argument, NULL, 'p'},
    {"help", no_argument, NULL, 'h'},
    {NULL, 0, NULL, 0},
};

static void
print_usage(const struct mode *modes, FILE *out)
{
    fputs("usage: bench-load MODE --connect ADDRESS:PORT [OPTION...]\n"
          "       bench-load start --connect ADDRESS:PORT -- COMMAND...\n"
          "\nModes (with the number of units, warm-up, connections):\n",
        out);
    for (const struct mode *mode = modes; mode->name != NULL; mode++) {
        fprintf(out, "  %-9s %s (%llu, %llu, %llu)\n", mode->name, mode->help,
            (unsigned long long)mode->defaults.count,
            (unsigned long long)mode->defaults.warmup_count,
            (unsigned long long)mode->defaults.connection_count);
    }
    fputs("\nOptions (numbers may end in K, M or G, powers of 1024):\n"
          "  --watch PID       the proxy: its processor time and memory, with\n"
          "                    all its descendants\n"
          "  --count N         units to measure\n"
          "  --warmup N        units before measuring\n"
          "  --connections N   open at the same time\n"
          "  --names N         ask for n00000.many.test and so on, each once,\n"
          "                    then any of them\n"
          "  --message N       bytes of a message (up to 64K)\n"
          "  --hold MS         length of a timed phase\n"
          "  --limit S         give up after this many seconds\n"
          "  --group NAME      key exchange group\n"
          "  --cert FILE       show this certificate as a client; PEM\n"
          "  --key FILE        its key; PEM\n"
          "  --cpu N           start: run the command on this processor\n"
          "\nThe result is one JSON object on stdout.\n",
        out);
}

__attribute__((noreturn)) static void
refuse(const char *what, const char *value)
{
    fprintf(stderr, "bench: %s: %s (see --help)\n", what, value);
    exit(2);
}

/* The power of two that a unit letter stands for; 0 when it is none. */
static unsigned int
shift_of(char unit)
{
    switch (unit) {
    case 'K':
        return 10;
    case 'M':
        return 20;
    case 'G':
        return 30;
    default:
        return 0;
    }
}

static uint64_t
parse_number(const char *name, const char *text)
{
    unsigned long long value;
    unsigned int shift;
    char *end;

    if (!isdigit((unsigned char)*text)) {
        refuse(name, text);
    }
    value = strtoull(text, &end, 10);
    shift = shift_of(*end);
    if (shift > 0) {
        end++;
    }
    if (*end != '\0' || value > (ULLONG_MAX >> (shift + 1))) {
        refuse(name, text);
    }
    return (uint64_t)value << shift;
}

static void
parse_target(struct sockaddr_in *target, const char *text)
{
    const char *colon = strrchr(text, ':');
    char address[INET_ADDRSTRLEN];
    uint64_t port;

    if (colon == NULL || (size_t)(colon - text) >= sizeof(address)) {
        refuse("--connect takes ADDRESS:PORT", text);
    }
    memcpy(address, text, (size_t)(colon - text));
    address[colon - text] = '\0';
    port = parse_number("--connect takes ADDRESS:PORT", colon + 1);
    target->sin_family = AF_INET;
    if (port == 0 || port > UINT16_MAX
        || inet_pton(AF_INET, address, &target->sin_addr) != 1) {
        refuse("--connect takes ADDRESS:PORT", text);
    }
    target->sin_port = htons((uint16_t)port);
}

static void
apply_option(struct options *options, int option, const char *value)
{
    switch (option) {
    case 't':
        parse_target(&options->target, value);
        break;
    case 'w':
        options->watched = (pid_t)parse_number("--watch", value);
        break;
    case 'n':
        options->count = parse_number("--count", value);
        break;
    case 'u':
        options->warmup_count = parse_number("--warmup", value);
        break;
    case 'c':
        options->connection_count = parse_number("--connections", value);
        break;
    case 's':
        options->name_count = parse_number("--names", value);
        break;
    case 'm':
        options->message_bytes = parse_number("--message", value);
        break;
    case 'd':
        options->hold_ms = parse_number("--hold", value);
        break;
    case 'l':
        options->limit_s = parse_number("--limit", value);
        break;
    case 'g':
        options->group = value;
        break;
    case 'e':
        options->cert = value;
        break;
    case 'k':
        options->key = value;
        break;
    case 'p':
        options->start_cpu = (int)parse_number("--cpu", value);
        break;
    default:
        exit(2); /* getopt has said what is wrong */
    }
}

static void
check(const struct options *options, const struct mode *mode)
{
    if (options->target.sin_port == 0) {
        refuse("--connect is missing", mode->name);
    }
    if (options->connection_count == 0
        || options->connection_count > CONNECTIONS_MAX) {
        refuse("--connections must be 1 to 100000", mode->name);
    }
    if (options->message_bytes == 0
        || options->message_bytes > CONN_PAYLOAD_BYTES) {
        refuse("--message must be 1 to 64K", mode->name);
    }
    if (options->count == 0 && mode->defaults.count > 0) {
        refuse("--count must be at least 1", mode->name);
    }
    if ((options->cert == NULL) != (options->key == NULL)) {
        refuse("--cert and --key belong together", mode->name);
    }
    if (options->limit_s == 0 || options->limit_s > 86400) {
        refuse("--limit must be 1 to 86400", mode->name);
    }
    if (mode->takes_command != (options->command != NULL)) {
        refuse("a command belongs to the mode start only", mode->name);
    }
}

const struct mode *
options_parse(
    struct options *options, const struct mode *modes, int argc, char **argv)
{
    const struct mode *mode = modes;
    int option;

    if (argc < 2 || strcmp(argv[1], "--help") == 0) {
        print_usage(modes, argc < 2 ? stderr : stdout);
        exit(argc < 2 ? 2 : 0);
    }
    while (mode->name != NULL && strcmp(mode->name, argv[1]) != 0) {
        mode++;
    }
    if (mode->name == NULL) {
        refuse("unknown mode", argv[1]);
    }
    *options = mode->defaults;
    options->group = "X25519";
    options->start_cpu = -1;
    argc--;
    argv++;
    while ((option = getopt_long(argc, argv, "+", long_options, NULL)) != -1) {
        if (option == 'h') {
            print_usage(modes, stdout);
            exit(0);
        }
        apply_option(options, option, optarg);
    }
    options->command = optind < argc ? argv + optind : NULL;
    check(options, mode);
    return mode;
}
