/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The openssl command that verifies from outside. It is there to be copied
 * into a shell, and parts of it are a certificate's text or a path: what is no
 * plain word is left out or quoted.
 */
#include <netinet/in.h>

#include <stdio.h>
#include <string.h>

#include "certs/file.h"
#include "certs/form.h"
#include "certs/names.h"
#include "certs/secret.h"
#include "proxy/check_state.h"

static bool
consists_of(const char *text, const char *others)
{
    for (; *text != '\0'; text++) {
        bool is_word = (*text >= 'a' && *text <= 'z')
                       || (*text >= 'A' && *text <= 'Z')
                       || (*text >= '0' && *text <= '9');

        if (!is_word && strchr(others, *text) == NULL)
            return false;
    }
    return true;
}

/* Where a client on this machine finds the listener. false: its port is not
 * decided yet. */
static bool
format_target(const struct address *listen, char *out, size_t cap)
{
    const struct sockaddr_in *v4 = &listen->sock.v4;
    const struct sockaddr_in6 *v6 = &listen->sock.v6;

    switch (listen->sock.any.sa_family) {
    case AF_INET:
        if (v4->sin_addr.s_addr == htonl(INADDR_ANY))
            (void)snprintf(out, cap, "localhost:%u", ntohs(v4->sin_port));
        else
            address_format(listen, out, cap);
        return v4->sin_port != 0;
    case AF_INET6:
        if (IN6_IS_ADDR_UNSPECIFIED(&v6->sin6_addr))
            (void)snprintf(out, cap, "localhost:%u", ntohs(v6->sin6_port));
        else
            address_format(listen, out, cap);
        return v6->sin6_port != 0;
    default:
        return false;
    }
}

/* A name is asked for and verified; an address is only verified, as a hello
 * names no addresses (RFC 6066, section 3). Neither has a final dot there. */
static void
format_name(const char *server_name, char *out, size_t cap)
{
    size_t len = strlen(server_name);
    char name[IDENTITY_NAME_BYTES];
    const char *host = name;
    const char *label = "";

    if (len > 0 && server_name[len - 1] == '.')
        len--;
    (void)snprintf(name, sizeof(name), "%.*s", (int)len, server_name);
    out[0] = '\0';
    if (name_is_ip(name)) {
        (void)snprintf(out, cap, " -noservername -verify_ip %s", name);
        return;
    }
    if (strncmp(name, "*.", 2) == 0) { /* one of those it covers */
        host = name + 1;
        label = "host";
    }
    if (consists_of(host, "-_."))
        (void)snprintf(out, cap, " -servername %s%s -verify_hostname %s%s",
            label, host, label, host);
}

/* openssl takes no other form for it. */
static bool
is_pem(const char *path)
{
    struct report unheard; /* the load has read it, too */
    struct blob content;
    bool result = false;

    report_init(&unheard);
    if (file_read(&content, path, "certificate.cert", NULL, &unheard) == 0) {
        result = form_of(&content) == FORM_PEM;
        blob_wipe(&content);
    }
    report_deinit(&unheard);
    return result;
}

/* The file to trust, where the system's roots do not do. */
static const char *
find_root(
    const struct config_certificate *settings, const struct identity *identity)
{
    if (settings->chain_root[0] != '\0')
        return settings->chain_root;
    if (identity->chain_count == 1
        && strcmp(identity->info[0].subject, identity->info[0].issuer) == 0)
        return is_pem(settings->cert) ? settings->cert : "CA.pem";
    if (identity->ends_unknown)
        return "CA.pem"; /* where that is, only the user knows */
    return "";
}

static void
format_root(const char *path, char *out, size_t cap)
{
    out[0] = '\0';
    if (path[0] == '\0')
        return;
    if (consists_of(path, "/._-+@%=,:"))
        (void)snprintf(out, cap, " -CAfile %s", path);
    else if (strchr(path, '\'') == NULL)
        (void)snprintf(out, cap, " -CAfile '%s'", path);
}

void
check_command(const struct check *check, size_t service_index,
    const struct identity *identity, char out[CHECK_COMMAND_BYTES])
{
    const struct config_service *service =
        &check->config->services[service_index];
    const struct snapshot *snapshot = check->snapshot;
    const struct config_certificate *settings =
        snapshot->identities[snapshot->services[service_index].first].settings;
    char target[ADDRESS_TEXT_BYTES];
    char name[3 * IDENTITY_NAME_BYTES];
    char root[CHECK_COMMAND_BYTES / 2];

    out[0] = '\0';
    if (!format_target(&service->listen.items[0], target, sizeof(target)))
        return;
    format_name(identity->name, name, sizeof(name));
    format_root(find_root(settings, identity), root, sizeof(root));
    (void)snprintf(out, CHECK_COMMAND_BYTES,
        "openssl s_client -connect %s%s%s%s -verify_return_error -brief "
        "</dev/null",
        target, name, root,
        service->client_certificate == CLIENT_CERT_REQUIRED
            ? " -cert CLIENT.pem -key CLIENT.key"
            : "");
}
