/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The program: one command each. */
#include <stdio.h>

#include <event2/event.h>

#include "certs/snapshot.h"
#include "config/config.h"
#include "proxy/check.h"
#include "proxy/control.h"
#include "proxy/enroll.h"
#include "proxy/explain.h"
#include "proxy/health.h"
#include "proxy/options.h"
#include "proxy/server.h"
#include "proxy/set.h"

static void
print_version(void)
{
    (void)printf("sidelock %s (wolfSSL %s, libevent %s)\n", SIDELOCK_VERSION,
        certs_library_version(), event_get_version());
}

static int
explain(const struct options *options)
{
    if (!options->is_markdown)
        return explain_run(options->code);
    guide_print_markdown(stdout);
    return EXIT_GOOD;
}

static int
enroll(const struct options *options)
{
    const struct enroll_request request = {
        .source = &options->source,
        .is_revoke = options->command == COMMAND_REVOKE,
        .service = options->service,
        .words = options->words,
        .count = options->word_count,
    };

    return enroll_run(&request);
}

int
main(int argc, char **argv)
{
    static struct options options;

    if (options_parse(&options, argc, argv) != 0)
        return EXIT_USAGE;
    switch (options.command) {
    case COMMAND_RUN:
        return server_run(&options.source);
    case COMMAND_CHECK:
        return check_run(&options.source, options.is_json);
    case COMMAND_HEALTH:
        return health_run(&options.source);
    case COMMAND_RELOAD:
        return control_reload(&options.source, options.is_json);
    case COMMAND_STATUS:
        return control_status(&options.source, options.is_json);
    case COMMAND_SET:
        return set_run(&options.source, options.words, options.word_count);
    case COMMAND_CLIENTS:
        return control_clients(&options.source, options.is_json);
    case COMMAND_AUTHORIZE:
    case COMMAND_REVOKE:
        return enroll(&options);
    case COMMAND_EXPLAIN:
        return explain(&options);
    case COMMAND_HELP:
        options_print_help(stdout);
        return EXIT_GOOD;
    case COMMAND_HELP_CONFIG:
        config_print_keys(stdout);
        return EXIT_GOOD;
    case COMMAND_VERSION:
        print_version();
        return EXIT_GOOD;
    }
    return EXIT_USAGE;
}
