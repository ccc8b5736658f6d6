/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Cipher suites and groups of a context. The library silently skips names that
 * it does not know: each is looked up before. */
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include <wolfssl/options.h>

#include <wolfssl/ssl.h>

#include "certs/context_internal.h"

enum {
    LIST_BYTES = 2048
};

static const struct {
    const char *name;
    int id;
} groups[] = {
    {"X25519MLKEM768", WOLFSSL_X25519MLKEM768},
    {"X25519", WOLFSSL_ECC_X25519},
    {"P-256", WOLFSSL_ECC_SECP256R1},
    {"P-384", WOLFSSL_ECC_SECP384R1},
};

static int
find_group(const char *name)
{
    for (size_t i = 0; i < sizeof(groups) / sizeof(groups[0]); i++)
        if (strcasecmp(name, groups[i].name) == 0)
            return groups[i].id;
    return -1;
}

static int
check_group_names(const struct config_service *service, struct report *report)
{
    const struct string_list *names = &service->tls.groups;

    if (names->count > CONTEXT_GROUPS_MAX) {
        report_error(report, SL_GROUP_UNKNOWN,
            "service %s: tls.groups: more than %d groups", service->name,
            CONTEXT_GROUPS_MAX);
        return -1;
    }
    for (size_t i = 0; i < names->count; i++) {
        if (find_group(names->items[i]) >= 0)
            continue;
        report_error(report, SL_GROUP_UNKNOWN,
            "service %s: tls.groups: unknown group \"%s\"; known are "
            "X25519MLKEM768, X25519, P-256, P-384",
            service->name, names->items[i]);
        return -1;
    }
    return 0;
}

int
context_set_groups(struct context *context, const struct string_list *names,
    struct report *report)
{
    int *ids = context->groups;

    for (size_t i = 0; i < names->count; i++)
        ids[i] = find_group(names->items[i]);
    context->group_count = names->count;
    if (wolfSSL_CTX_set_groups(context->ctx, ids, (int)names->count)
        == WOLFSSL_SUCCESS)
        return 0;
    report_error(report, SL_GROUP_UNKNOWN,
        "tls.groups: the TLS library refuses the list");
    return -1;
}

static void
report_unknown_cipher(
    const char *service_name, const char *name, struct report *report)
{
    char known[LIST_BYTES];

    if (wolfSSL_get_ciphers(known, sizeof(known)) != WOLFSSL_SUCCESS)
        known[0] = '\0';
    for (char *at = known; *at != '\0'; at++)
        if (*at == ':')
            *at = ' ';
    report_error(report, SL_CIPHER_UNKNOWN,
        "service %s: tls.ciphers: unknown cipher \"%s\"; known are: %s",
        service_name, name, known);
}

static int
check_cipher_names(const struct config_service *service, struct report *report)
{
    const struct string_list *names = &service->tls.ciphers;

    for (size_t i = 0; i < names->count; i++) {
        unsigned char first;
        unsigned char second;
        int flags;

        if (wolfSSL_get_cipher_suite_from_name(
                names->items[i], &first, &second, &flags)
            == 0)
            continue;
        report_unknown_cipher(service->name, names->items[i], report);
        return -1;
    }
    return 0;
}

int
context_check_names(const struct config *config, struct report *report)
{
    for (size_t i = 0; i < config->service_count; i++)
        if (check_cipher_names(&config->services[i], report) != 0
            || check_group_names(&config->services[i], report) != 0)
            return -1;
    return 0;
}

static bool
is_chacha(const char *name)
{
    return strstr(name, "CHACHA20") != NULL;
}

enum which {
    ALL,
    CHACHA,
    OTHERS,
};

/* Appends the names to the list, or only some of them. -1: too long. */
static int
append_ciphers(
    char list[LIST_BYTES], const struct string_list *names, enum which which)
{
    size_t len = strlen(list);

    for (size_t i = 0; i < names->count; i++) {
        const char *name = names->items[i];

        if (which != ALL && is_chacha(name) != (which == CHACHA))
            continue;
        len += (size_t)snprintf(
            list + len, LIST_BYTES - len, "%s%s", len > 0 ? ":" : "", name);
        if (len >= LIST_BYTES)
            return -1;
    }
    return 0;
}

int
context_set_ciphers(struct context *context, const struct string_list *names,
    struct report *report)
{
    char list[LIST_BYTES] = "";
    char chacha[LIST_BYTES] = "";

    if (append_ciphers(list, names, ALL) != 0
        || append_ciphers(chacha, names, CHACHA) != 0
        || append_ciphers(chacha, names, OTHERS) != 0) {
        report_error(
            report, SL_CIPHER_UNKNOWN, "tls.ciphers: the list is too long");
        return -1;
    }
    context->chacha_ciphers = strdup(chacha);
    if (context->chacha_ciphers != NULL
        && wolfSSL_CTX_set_cipher_list(context->ctx, list) == WOLFSSL_SUCCESS)
        return 0;
    report_error(report, SL_CIPHER_UNKNOWN,
        "tls.ciphers: the TLS library refuses \"%s\"", list);
    return -1;
}
