/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Whom a certificate speaks for: its names, compared, listed and copied. */
#include <arpa/inet.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "certs/names.h"
#include "certs/x509_internal.h"

static bool
has_dns_name(const struct x509 *x509)
{
    for (const DNS_entry *at = x509->cert.altNames; at; at = at->next)
        if (at->type == ASN_DNS_TYPE)
            return true;
    return false;
}

static bool
entry_covers(const DNS_entry *entry, const char *host)
{
    if (entry->type == ASN_IP_TYPE)
        return name_matches_ip(
            (const uint8_t *)entry->name, (size_t)entry->len, host);
    return entry->type == ASN_DNS_TYPE && !name_is_ip(host)
           && name_matches(entry->name, (size_t)entry->len, host);
}

bool
x509_covers(const struct x509 *x509, const char *host)
{
    for (const DNS_entry *at = x509->cert.altNames; at; at = at->next)
        if (entry_covers(at, host))
            return true;
    if (has_dns_name(x509) || x509->cert.subjectCN == NULL)
        return false;
    return name_matches(
        x509->cert.subjectCN, (size_t)x509->cert.subjectCNLen, host);
}

/* False when the entry is of a kind that names no host. */
static bool
format_entry(const DNS_entry *entry, char out[IDENTITY_NAME_BYTES])
{
    if (entry->type == ASN_DNS_TYPE) {
        text_escape(out, IDENTITY_NAME_BYTES, entry->name, (size_t)entry->len);
        return true;
    }
    if (entry->type != ASN_IP_TYPE || (entry->len != 4 && entry->len != 16))
        return false;
    return inet_ntop(entry->len == 4 ? AF_INET : AF_INET6, entry->name, out,
               IDENTITY_NAME_BYTES)
           != NULL;
}

static void
format_cn(const struct x509 *x509, char out[IDENTITY_NAME_BYTES])
{
    out[0] = '\0';
    if (x509->cert.subjectCN != NULL)
        text_escape(out, IDENTITY_NAME_BYTES, x509->cert.subjectCN,
            (size_t)x509->cert.subjectCNLen);
}

/* DNS names before addresses: that is what people call a server. The library
 * lists the entries last first, so the last match is the first written. */
static bool
find_first(const struct x509 *x509, int type, char out[IDENTITY_NAME_BYTES])
{
    bool found = false;

    for (const DNS_entry *at = x509->cert.altNames; at; at = at->next)
        if (at->type == type)
            found = format_entry(at, out);
    return found;
}

void
x509_first_name(const struct x509 *x509, char out[IDENTITY_NAME_BYTES])
{
    if (find_first(x509, ASN_DNS_TYPE, out))
        return;
    format_cn(x509, out);
    if (out[0] == '\0')
        (void)find_first(x509, ASN_IP_TYPE, out);
}

static void
append(char out[X509_NAMES_BYTES], const char *name)
{
    size_t len = strlen(out);
    size_t need = strlen(name) + 2;

    if (len + need + 4 >= X509_NAMES_BYTES) {
        if (len + 5 < X509_NAMES_BYTES && strstr(out, ", ...") == NULL)
            memcpy(out + len, ", ...", 6);
        return;
    }
    (void)snprintf(
        out + len, X509_NAMES_BYTES - len, "%s%s", len > 0 ? ", " : "", name);
}

/* The library lists the entries last first: the one before `next`. */
static const DNS_entry *
entry_written_after(const struct x509 *x509, const DNS_entry *next)
{
    const DNS_entry *at = x509->cert.altNames;

    while (at != NULL && at->next != next)
        at = at->next;
    return at;
}

void
x509_each_name(const struct x509 *x509, x509_name_visit *visit, void *arg)
{
    char name[IDENTITY_NAME_BYTES];
    const DNS_entry *first = entry_written_after(x509, NULL);

    for (const DNS_entry *at = first; at; at = entry_written_after(x509, at))
        if (format_entry(at, name))
            visit(name, arg);
    if (has_dns_name(x509))
        return;
    format_cn(x509, name);
    if (name[0] != '\0')
        visit(name, arg);
}

static void
append_name(const char *name, void *arg)
{
    append(arg, name);
}

void
x509_names(const struct x509 *x509, char out[X509_NAMES_BYTES])
{
    out[0] = '\0';
    x509_each_name(x509, append_name, out);
}

/* --- the names as a list ------------------------------------------------- */

/* What is not written so stands in no hello, and is not looked for. */
static bool
is_host_text(const char *name, size_t len)
{
    static const char others[] = {'-', '_', '.', '*'};

    for (size_t i = 0; i < len; i++) {
        char lower = (char)(name[i] | 0x20);

        if ((lower < 'a' || lower > 'z') && (name[i] < '0' || name[i] > '9')
            && memchr(others, name[i], sizeof(others)) == NULL)
            return false;
    }
    return len > 0;
}

/* A list in the making: pointers first, the text that they lead to behind
 * them. While `names` is NULL it is only measured. */
struct name_list {
    char **names;
    char *text;
    size_t count;
    size_t text_len;
};

static void
add_name(struct name_list *list, const char *name, size_t len)
{
    if (len > 0 && name[len - 1] == '.')
        len--; /* "from the root": the same name */
    if (!is_host_text(name, len))
        return;
    if (list->names != NULL) {
        char *copy = list->text + list->text_len;

        for (size_t i = 0; i < len; i++)
            copy[i] = (char)(name[i] >= 'A' && name[i] <= 'Z' ? name[i] | 0x20
                                                              : name[i]);
        copy[len] = '\0';
        list->names[list->count] = copy;
    }
    list->count++;
    list->text_len += len + 1;
}

static void
add_names(struct name_list *list, const struct x509 *x509)
{
    for (const DNS_entry *at = x509->cert.altNames; at; at = at->next)
        if (at->type == ASN_DNS_TYPE)
            add_name(list, at->name, (size_t)at->len);
    if (!has_dns_name(x509) && x509->cert.subjectCN != NULL)
        add_name(list, x509->cert.subjectCN, (size_t)x509->cert.subjectCNLen);
}

int
x509_dns_names(const struct x509 *x509, char ***names, size_t *count)
{
    struct name_list list = {0};

    add_names(&list, x509);
    *names = NULL;
    *count = list.count;
    if (list.count == 0)
        return 0;
    list.names = malloc(list.count * sizeof(*list.names) + list.text_len);
    if (list.names == NULL)
        return -1;
    list.text = (char *)(list.names + list.count);
    list.count = list.text_len = 0;
    add_names(&list, x509);
    *names = list.names;
    return 0;
}
