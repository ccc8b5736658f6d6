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

void
validate_certificates(const struct config *config,
    const struct settings *settings, struct report *report)
{
    const struct key *key = keys_find(SECTION_CERTIFICATE, "cert");

    for (size_t i = 0; i < config->certificate_count; i++) {
        const struct config_certificate *certificate = &config->certificates[i];
        const struct section *section = settings_find_section(
            settings, SECTION_CERTIFICATE, certificate->name);
        const struct setting *setting =
            section != NULL ? settings_find(section, key) : NULL;
        const char *origin = setting != NULL   ? setting->origin
                             : section != NULL ? section->origin
                                               : "";

        check_source(certificate, origin, report);
        check_password(certificate, origin, report);
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
