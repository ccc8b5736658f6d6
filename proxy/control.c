/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Commands that print what the process answers. */
#include "proxy/control.h"

#include <stdio.h>

#include "proxy/exchange.h"
#include "proxy/options.h"

static int
print_answer(const struct exchange *exchange)
{
    exchange_print(exchange);
    if (exchange->status != 200)
        return EXIT_ERROR;
    return exchange->has_warnings ? EXIT_WARNINGS : EXIT_GOOD;
}

static int
run(const struct config_source *source, const char *request, bool is_json)
{
    struct config *config = config_load_anyway(source);
    struct report report;
    struct exchange exchange = {
        .request = request, .is_json = is_json, .report = &report};
    int exit_code = EXIT_ERROR;

    report_init(&report);
    if (config == NULL)
        report_error(&report, SL_CONFIG_FILE,
            "%s cannot be read: correct the path after -c, or its mode",
            source->path != NULL ? source->path : "the configuration");
    else if (exchange_ask(&exchange, config) == EXCHANGE_ANSWERED)
        exit_code = print_answer(&exchange);
    for (size_t i = 0; i < report.count; i++)
        report_print_finding(stderr, "sidelock: ", &report.items[i]);
    exchange_deinit(&exchange);
    report_deinit(&report);
    config_free(config);
    return exit_code;
}

int
control_reload(const struct config_source *source, bool is_json)
{
    return run(source, "POST /reload", is_json);
}

int
control_status(const struct config_source *source, bool is_json)
{
    return run(source, "GET /status", is_json);
}

int
control_clients(const struct config_source *source, bool is_json)
{
    int exit_code = run(source, "GET /clients", is_json);

    /* What the process warns of is no matter of clients. */
    return exit_code == EXIT_WARNINGS ? EXIT_GOOD : exit_code;
}
