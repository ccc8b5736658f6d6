/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Who may come in is a choice made in words: nothing here has a default that
 * admits anybody. */
#include "config/validate_clients.h"

#include <string.h>
#include <strings.h>

#include "config/http_url.h"

/* One service under check. */
struct check {
    const struct config *config;
    const struct config_service *service;
    const struct settings *settings;
    struct report *report;
};

static bool
asks_clients(const struct config_service *service)
{
    return service->client_certificate == CLIENT_CERT_OPTIONAL
           || service->client_certificate == CLIENT_CERT_REQUIRED;
}

static const char *
origin_of(const struct check *check, enum section_kind kind, const char *name)
{
    return settings_origin(
        check->settings, keys_find(kind, name), check->service->name);
}

static bool
is_written(const char *text)
{
    return text != NULL && *text != '\0';
}

/* It was, but its value was wrong, which has been reported. */
static bool
was_refused(const struct check *check, const char *key)
{
    const struct setting *setting = settings_effective(
        check->settings, keys_find(SECTION_CLIENTS, key), check->service->name);

    return setting != NULL && setting->is_refused;
}

static bool
is_asked_somewhere(const struct config *config)
{
    for (size_t i = 0; i < config->service_count; i++)
        if (asks_clients(&config->services[i]))
            return true;
    return false;
}

/* It says something, and that is not what would hold without it. */
static bool
says_something(const struct setting *setting)
{
    return setting != NULL && *setting->text != '\0'
           && strcasecmp(setting->text, setting->key->fallback) != 0;
}

/* The first key of [clients] that is meant for the service; NULL: none. */
static const struct key *
find_unused(const struct check *check)
{
    const char *name = check->service->name;
    const struct section *own =
        settings_find_section(check->settings, SECTION_CLIENTS, name);
    /* What holds for all services may be meant for another. */
    bool only_own = is_asked_somewhere(check->config);

    for (size_t i = 0; i < config_key_count; i++) {
        const struct key *key = &config_keys[i];

        if (key->section != SECTION_CLIENTS
            || !says_something(settings_effective(check->settings, key, name)))
            continue;
        if (!only_own || (own != NULL && settings_find(own, key) != NULL))
            return key;
    }
    return NULL;
}

/* A CA or a rule that nothing asks for looks like protection and is none. */
static void
check_unused(const struct check *check)
{
    const struct key *key = find_unused(check);

    if (key == NULL)
        return;
    report_warning(check->report, SL_CONFIG_UNUSED,
        "%s: [clients] %s is not used by service '%s', which asks clients for"
        " no certificate: write required_level = peer in its [service]",
        origin_of(check, SECTION_CLIENTS, key->name), key->name,
        check->service->name);
}

static bool
has_rules(const struct config_clients *clients)
{
    for (size_t i = 0; i < RULE_KIND_COUNT; i++)
        if (clients->allow_names[i].count > 0)
            return true;
    return clients->allow_all || is_written(clients->allow_file);
}

/* Certificates that are believed as they are, whoever signed them. */
static bool
has_trusted(const struct config_clients *clients)
{
    return clients->trusted_certs.count > 0 || clients->trusted_keys.count > 0
           || is_written(clients->enroll);
}

/* "required_level = peer", or the key that asks instead. */
static const char *
asking_words(const struct config_service *service)
{
    if (service->required_level == LEVEL_PEER)
        return "required_level = peer";
    return service->client_certificate == CLIENT_CERT_REQUIRED
               ? "client_certificate = required"
               : "client_certificate = optional";
}

static void
check_choice(const struct check *check)
{
    const struct config_service *service = check->service;
    const struct config_clients *clients = &service->clients;
    const char *origin = origin_of(check, SECTION_SERVICE,
        service->required_level == LEVEL_PEER ? "required_level"
                                              : "client_certificate");

    if (clients->ca.count == 0 && !was_refused(check, "ca")
        && (has_rules(clients) || !has_trusted(clients)))
        report_error(check->report, SL_CA_NONE,
            "%s: service '%s' has %s, but no CA says which client certificates"
            " to believe: write ca = FILE in [clients]",
            origin, service->name, asking_words(service));
    if (!has_rules(clients) && !has_trusted(clients)
        && !was_refused(check, "allow_all"))
        report_error(check->report, SL_CONFIG_UNSAFE,
            "%s: service '%s' has %s, but nothing says which clients may come"
            " in: write allow_cn, allow_dns, trusted_certs, enroll or another"
            " rule in [clients], or allow_all = yes to admit every client with"
            " a certificate of its CAs",
            origin, service->name, asking_words(service));
}

static void
check_level(const struct check *check)
{
    const struct config_service *service = check->service;

    if (service->required_level == LEVEL_PEER
        && service->client_certificate != CLIENT_CERT_REQUIRED)
        report_error(check->report, SL_CONFIG_CONFLICT,
            "%s: service '%s': required_level = peer means that clients must"
            " show a certificate: write required_level = tls for a choice, or"
            " leave client_certificate out",
            origin_of(check, SECTION_SERVICE, "client_certificate"),
            service->name);
}

static void
check_passwords(const struct check *check)
{
    const struct config_clients *clients = &check->service->clients;
    int count = is_written(clients->ca_password_file)
                + is_written(clients->ca_password_env)
                + is_written(clients->ca_password_credential);

    if (count > 1)
        report_error(check->report, SL_CONFIG_CONFLICT,
            "%s: [clients] has more than one of ca_password_file,"
            " ca_password_env and ca_password_credential: keep one",
            origin_of(check, SECTION_CLIENTS, "ca"));
}

static void
check_ocsp(const struct check *check)
{
    const struct config_clients *clients = &check->service->clients;
    struct http_url url;
    char why[128];

    if (is_written(clients->ocsp_url)
        && http_url_parse(&url, clients->ocsp_url, why, sizeof(why)) != 0)
        report_error(check->report, SL_CONFIG_VALUE,
            "%s: [clients] ocsp_url = %.120s: it %s: write"
            " http://ADDRESS:PORT/PATH (answers are signed, they need no TLS)",
            origin_of(check, SECTION_CLIENTS, "ocsp_url"), clients->ocsp_url,
            why);
    if (clients->ocsp != OCSP_OFF
        && check->service->tls.resumption == RESUMPTION_YES)
        report_error(check->report, SL_CONFIG_CONFLICT,
            "%s: service '%s': resumption = yes does not go with ocsp, for a"
            " client that resumes shows no certificate to ask about: write"
            " resumption = no",
            origin_of(check, SECTION_TLS, "resumption"), check->service->name);
}

/* Questions go by UDP and TCP to a port. */
static bool
can_be_asked(const struct address *address)
{
    /* Both families have the port in the same place. */
    return !address_is_unix(address) && address->sock.v4.sin_port != 0;
}

static void
check_name_server(const struct check *check)
{
    const struct config_clients *clients = &check->service->clients;
    struct address address;
    char why[128] = "it is asked over the network: write ADDRESS:PORT, as"
                    " 127.0.0.1:53";

    if (!is_written(clients->name_server)
        || (address_parse(&address, clients->name_server, why, sizeof(why)) == 0
            && can_be_asked(&address)))
        return;
    report_error(check->report, SL_CONFIG_VALUE,
        "%s: [clients] name_server = %.120s: %s",
        origin_of(check, SECTION_CLIENTS, "name_server"), clients->name_server,
        why);
}

void
validate_clients(const struct config *config,
    const struct config_service *service, const struct settings *settings,
    struct report *report)
{
    const struct check check = {
        .config = config,
        .service = service,
        .settings = settings,
        .report = report,
    };

    check_level(&check);
    if (!asks_clients(service)) {
        check_unused(&check);
        return;
    }
    check_choice(&check);
    check_passwords(&check);
    check_ocsp(&check);
    check_name_server(&check);
}
