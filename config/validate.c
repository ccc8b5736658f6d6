/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The cross-checks, one function each. They run on configs that already have
 * errors, too: a field that was missing or refused is empty and passes.
 */
#include "config/validate.h"

#include <arpa/inet.h>

#include <string.h>

#include "config/address.h"
#include "config/nearest.h"
#include "config/validate_certificates.h"
#include "config/validate_clients.h"

/* One service under check. */
struct check {
    const struct config *config;
    const struct config_service *service;
    const struct settings *settings;
    struct report *report;
};

static const char *
origin_of(const struct check *check, enum section_kind kind, const char *name)
{
    return settings_origin(
        check->settings, keys_find(kind, name), check->service->name);
}

static void
check_presence(const struct config *config, struct report *report)
{
    if (config->service_count == 0)
        report_error(report, SL_CONFIG_MISSING,
            "there is no [service]: write one with listen and backend, or give"
            " --set service.listen=ADDRESS:PORT --set"
            " service.backend=ADDRESS:PORT");
}

/* [tls NAME] and its like hold for a service that exists. */
static void
check_overrides(const struct config *config, const struct settings *settings,
    struct report *report)
{
    for (const struct section *at = settings->first; at; at = at->next) {
        struct nearest nearest;
        char hint[NEAREST_HINT_BYTES];

        if (keys_section_info(at->kind)->naming != NAMING_SERVICE
            || *at->name == '\0' || config_find_service(config, at->name))
            continue;
        nearest_init(&nearest, at->name);
        for (size_t i = 0; i < config->service_count; i++)
            nearest_consider(&nearest, config->services[i].name);
        nearest_format_hint(&nearest, hint, sizeof(hint));
        report_error(report, SL_CONFIG_UNUSED,
            "%s: [%s %s] holds for no service: there is no [service %s]%s",
            at->origin, keys_section_info(at->kind)->name, at->name, at->name,
            hint);
    }
}

/* 0 for a UNIX socket as well. */
static in_port_t
port_of(const struct address *address)
{
    switch (address->sock.any.sa_family) {
    case AF_INET:
        return ntohs(address->sock.v4.sin_port);
    case AF_INET6:
        return ntohs(address->sock.v6.sin6_port);
    default:
        return 0;
    }
}

/* 0.0.0.0 or [::]. */
static bool
is_wildcard(const struct address *address)
{
    if (address->sock.any.sa_family == AF_INET)
        return address->sock.v4.sin_addr.s_addr == htonl(INADDR_ANY);
    return address->sock.any.sa_family == AF_INET6
           && IN6_IS_ADDR_UNSPECIFIED(&address->sock.v6.sin6_addr);
}

/* The service before `last` (or that one) that listens there, too. `at` is
 * the place of the address in the last one's list. */
static const struct config_service *
earlier_listener(
    const struct config *config, const struct config_service *last, size_t at)
{
    const struct address *wanted = &last->listen.items[at];

    for (const struct config_service *service = config->services;
         service <= last; service++) {
        size_t count = service == last ? at : service->listen.count;

        for (size_t i = 0; i < count; i++) {
            if (address_equal(&service->listen.items[i], wanted))
                return service;
        }
    }
    return NULL;
}

static void
check_listen(const struct check *check)
{
    const struct config_service *service = check->service;
    const char *origin = origin_of(check, SECTION_SERVICE, "listen");

    for (size_t i = 0; i < service->listen.count; i++) {
        const struct address *listen = &service->listen.items[i];
        const struct config_service *other;
        char text[ADDRESS_TEXT_BYTES];

        address_format(listen, text, sizeof(text));
        if (address_is_unix(listen)) {
            report_error(check->report, SL_CONFIG_VALUE,
                "%s: listen = %s: this version accepts TLS on TCP only: write"
                " ADDRESS:PORT",
                origin, text);
            continue;
        }
        /* With port 0 the kernel gives each its own. */
        if (port_of(listen) == 0)
            continue;
        other = earlier_listener(check->config, service, i);
        if (other != NULL)
            report_error(check->report, SL_CONFIG_DUPLICATE,
                "%s: listen = %s is already an address of service '%s'", origin,
                text, other->name);
    }
}

/* Would a connection to backend arrive at that listener of ours? */
static bool
reaches(const struct address *backend, const struct address *listen)
{
    if (port_of(listen) == 0 || port_of(backend) != port_of(listen))
        return false;
    if (address_same_host(backend, listen))
        return true;
    return is_wildcard(listen) && address_is_loopback(backend)
           && (listen->sock.any.sa_family == backend->sock.any.sa_family);
}

static const struct config_service *
find_loop(const struct config *config, const struct address *backend)
{
    for (size_t i = 0; i < config->service_count; i++) {
        const struct config_service *service = &config->services[i];

        for (size_t j = 0; j < service->listen.count; j++) {
            if (reaches(backend, &service->listen.items[j]))
                return service;
        }
    }
    return NULL;
}

static void
check_one_backend(const struct check *check, const struct address *backend)
{
    const char *origin = origin_of(check, SECTION_SERVICE, "backend");
    const struct config_service *loop = find_loop(check->config, backend);
    struct report *report = check->report;
    char text[ADDRESS_TEXT_BYTES];

    address_format(backend, text, sizeof(text));
    if (!address_is_unix(backend) && port_of(backend) == 0)
        report_error(report, SL_CONFIG_VALUE,
            "%s: backend = %s: port 0 cannot be connected to", origin, text);
    else if (is_wildcard(backend))
        report_error(report, SL_CONFIG_VALUE,
            "%s: backend = %s: names no host to connect to: write 127.0.0.1 or"
            " [::1]",
            origin, text);
    else if (loop != NULL)
        report_error(report, SL_CONFIG_CONFLICT,
            "%s: backend = %s is where service '%s' listens: it would connect"
            " to itself without end",
            origin, text, loop->name);
    else if (!address_is_loopback(backend) && !check->service->unsafe_backend)
        report_error(report, SL_CONFIG_UNSAFE,
            "%s: backend = %s is not on this machine, and plaintext would"
            " cross the network: use a loopback address or a UNIX socket, or"
            " write unsafe_backend = yes in the [service] if that network is"
            " safe",
            origin, text);
}

static void
check_backends(const struct check *check)
{
    for (size_t i = 0; i < check->service->backend.count; i++)
        check_one_backend(check, &check->service->backend.items[i]);
}

static void
check_versions(const struct check *check)
{
    const struct config_tls *tls = &check->service->tls;

    if (tls->min_version > tls->max_version)
        report_error(check->report, SL_CONFIG_CONFLICT,
            "%s: service '%s': min_version = 1.3 is above max_version = 1.2",
            origin_of(check, SECTION_TLS, "min_version"), check->service->name);
}

/* Who waits for the server to speak first would be ended instead. */
static void
check_first_byte(const struct check *check)
{
    const struct config_timeouts *timeouts = &check->service->timeouts;

    if (check->service->required_level != LEVEL_NONE
        || timeouts->first_byte_ms == 0
        || timeouts->first_byte_ms < timeouts->handshake_ms)
        return;
    report_warning(check->report, SL_CONFIG_CONFLICT,
        "%s: service '%s': first_byte is not shorter than handshake, which"
        " ends silent clients before they are served: write less, or 0 if none"
        " waits for the server to speak first",
        origin_of(check, SECTION_TIMEOUTS, "first_byte"), check->service->name);
}

static void
check_admin(const struct config *config, const struct settings *settings,
    struct report *report)
{
    const char *text = config->admin.listen;
    const struct section *section =
        settings_find_section(settings, SECTION_ADMIN, "");
    struct address address;
    char why[256] = "write unix:/PATH of a socket, or off";

    if (text == NULL || strcmp(text, "off") == 0
        || (strncmp(text, "unix:/", strlen("unix:/")) == 0
            && address_parse(&address, text, why, sizeof(why)) == 0))
        return;
    report_error(report, SL_CONFIG_VALUE, "%s: [admin] listen = %.120s: %s",
        section != NULL ? section->origin : "", text, why);
}

void
config_validate(const struct config *config, const struct settings *settings,
    struct report *report)
{
    check_presence(config, report);
    check_overrides(config, settings, report);
    check_admin(config, settings, report);
    validate_certificates(config, settings, report);
    for (size_t i = 0; i < config->service_count; i++) {
        const struct check check = {
            .config = config,
            .service = &config->services[i],
            .settings = settings,
            .report = report,
        };

        check_listen(&check);
        check_backends(&check);
        validate_clients(config, check.service, settings, report);
        check_versions(&check);
        check_first_byte(&check);
        validate_service_certificates(config, check.service, settings, report);
    }
}
