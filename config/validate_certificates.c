/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One of cert and keystore, one password at most, and a certificate for each
 * service. Runs on configs that already have errors, too. */
#include "config/validate_certificates.h"

#include <string.h>

enum {
    ALPN_NAME_MAX = 255 /* bytes (RFC 7301, section 3.1) */
};

static bool
is_written(const char *value)
{
    return value != NULL && *value != '\0';
}

static void
check_source(const struct config_certificate *certificate, const char *origin,
    struct report *report)
{
    if (certificate->cert == NULL || certificate->keystore == NULL)
        return; /* refused, which has been reported */
    if (!is_written(certificate->cert) && !is_written(certificate->keystore))
        report_error(report, SL_CONFIG_MISSING,
            "%s: certificate '%s' has no cert: add a line such as cert ="
            " /etc/sidelock/tls.crt, or keystore = FILE for PKCS#12",
            origin, certificate->name);
    if (is_written(certificate->keystore)
        && (is_written(certificate->cert) || is_written(certificate->key)))
        report_error(report, SL_CONFIG_CONFLICT,
            "%s: certificate '%s' has a keystore and a cert or key: write one"
            " of the two",
            origin, certificate->name);
}

static void
check_password(const struct config_certificate *certificate, const char *origin,
    struct report *report)
{
    int count = is_written(certificate->password_file)
                + is_written(certificate->password_env)
                + is_written(certificate->password_credential);

    if (count > 1)
        report_error(report, SL_CONFIG_CONFLICT,
            "%s: certificate '%s': write only one of password_file,"
            " password_env and password_credential",
            origin, certificate->name);
}

/* Where the key is written, or else its section. */
static const char *
origin_of(const struct section *section, const char *key)
{
    const struct setting *setting;

    if (section == NULL)
        return "";
    setting = settings_find(section, keys_find(SECTION_CERTIFICATE, key));
    return setting != NULL ? setting->origin : section->origin;
}

/* Certificates name hosts in ASCII only (RFC 5280, section 7.2). */
static void
check_server_name(const struct config_certificate *certificate,
    const char *origin, struct report *report)
{
    const char *name = certificate->server_name;

    for (const char *at = name; at != NULL && *at != '\0'; at++) {
        if ((unsigned char)*at < 0x80)
            continue;
        report_error(report, SL_NAME_FORM,
            "%s: certificate '%s': server_name = %s is not in its A-form, as"
            " certificates have it (xn--...): write what `idn2 %s` prints",
            origin, certificate->name, name, name);
        return;
    }
}

void
validate_certificates(const struct config *config,
    const struct settings *settings, struct report *report)
{
    for (size_t i = 0; i < config->certificate_count; i++) {
        const struct config_certificate *certificate = &config->certificates[i];
        const struct section *section = settings_find_section(
            settings, SECTION_CERTIFICATE, certificate->name);
        const char *origin = origin_of(section, "cert");

        check_source(certificate, origin, report);
        check_password(certificate, origin, report);
        check_server_name(
            certificate, origin_of(section, "server_name"), report);
    }
}

static void
check_alpn(const struct config_service *service, const char *origin,
    struct report *report)
{
    const struct string_list *names = &service->tls.alpn;

    for (size_t i = 0; i < names->count; i++) {
        const char *name = names->items[i];

        if (strlen(name) <= ALPN_NAME_MAX && strchr(name, ',') == NULL)
            continue;
        report_error(report, SL_ALPN_VALUE,
            "%s: tls.alpn: \"%.80s\" is no protocol name: use at most %d bytes"
            " without a comma",
            origin, name, (int)ALPN_NAME_MAX);
    }
}

void
validate_service_certificates(const struct config *config,
    const struct config_service *service, const struct settings *settings,
    struct report *report)
{
    const struct key *alpn = keys_find(SECTION_TLS, "alpn");

    check_alpn(service, settings_origin(settings, alpn, service->name), report);
    if (service->certificates.count > 0 || config->certificate_count > 0
        || is_written(service->certificate_dir))
        return;
    report_error(report, SL_CONFIG_MISSING,
        "service '%s' has no certificate: write a [certificate] with cert and"
        " key, or give --set certificate.cert=FILE --set"
        " certificate.key=FILE",
        service->name);
}
