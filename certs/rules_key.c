/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Rules as somebody writes them, made into keys; and keys as text again. */
#include <stdio.h>
#include <string.h>

#include "certs/rules_internal.h"

enum {
    HOST_BYTES_MAX = 253, /* RFC 1035, section 2.3.4 */
    LABEL_BYTES_MAX = 63,
};

/* --- putting together ---------------------------------------------------- */

void
rules_key_start(struct rule_key *key, enum rule_kind kind, bool is_pattern)
{
    key->kind = kind;
    key->is_pattern = is_pattern;
    key->is_deny = false;
    key->is_too_long = false;
    key->len = 0;
    key->shape = (struct uri_shape){0};
}

void
rules_key_put(struct rule_key *key, const void *data, size_t len)
{
    if (key->is_too_long || len > sizeof(key->data) - key->len) {
        key->is_too_long = true;
        return;
    }
    if (len > 0)
        memcpy(key->data + key->len, data, len);
    key->len += len;
}

void
rules_key_put_lower(struct rule_key *key, const void *data, size_t len)
{
    size_t at = key->len;

    rules_key_put(key, data, len);
    for (; at < key->len; at++)
        if (key->data[at] >= 'A' && key->data[at] <= 'Z')
            key->data[at] |= 0x20;
}

/* --- parsing ------------------------------------------------------------- */

static int
refuse(char *why, size_t why_cap, const char *reason)
{
    (void)snprintf(why, why_cap, "%s", reason);
    return -1;
}

static bool
is_label_character(char c)
{
    char lower = (char)(c | 0x20);

    return (lower >= 'a' && lower <= 'z') || (c >= '0' && c <= '9') || c == '-'
           || c == '_';
}

bool
rules_is_host(const char *name, size_t len)
{
    size_t label = 0;

    if (len > HOST_BYTES_MAX)
        return false;
    for (size_t i = 0; i < len; i++) {
        if (name[i] == '.' ? label == 0 : !is_label_character(name[i]))
            return false;
        label = name[i] == '.' ? 0 : label + 1;
        if (label > LABEL_BYTES_MAX)
            return false;
    }
    return label > 0;
}

static int
parse_dns(
    struct rule_key *key, const struct rule_text *text, char *why, size_t cap)
{
    const char *name = text->data;
    size_t len = text->len;
    bool is_pattern = len >= 2 && name[0] == '*' && name[1] == '.';

    if (name[len - 1] == '.')
        len--; /* "from the root": the same name */
    rules_key_start(key, RULE_DNS, is_pattern);
    if (len >= 2 && name[0] == '*' && name[1] == '*')
        return refuse(why, cap,
            "** is for URIs: write *.example.com, which stands for one label");
    if (is_pattern) {
        name++;
        len--;
    }
    if (memchr(name, '*', len) != NULL)
        return refuse(why, cap,
            "a * is the whole first label or nothing: write *.example.com");
    if (is_pattern ? len < 2 || !rules_is_host(name + 1, len - 1)
                   : !rules_is_host(name, len))
        return refuse(why, cap,
            "it is no host name: write letters, digits, '-' and '.', and other"
            " letters as xn--");
    rules_key_put_lower(key, name, len);
    return 0;
}

static int
parse_email(
    struct rule_key *key, const struct rule_text *text, char *why, size_t cap)
{
    const char *at = memchr(text->data, '@', text->len);
    size_t local;

    rules_key_start(key, RULE_EMAIL, text->data[0] == '@');
    if (at == NULL)
        return refuse(why, cap,
            "it has no '@': write somebody@example.com, or @example.com for"
            " all of a domain");
    local = (size_t)(at - text->data);
    for (size_t i = 0; i < local; i++)
        if (text->data[i] == '*' || text->data[i] <= 0x20
            || text->data[i] > 0x7e)
            return refuse(why, cap,
                "there are no wildcards and no blanks before the '@': write"
                " @example.com for all of a domain");
    if (!rules_is_host(at + 1, text->len - local - 1))
        return refuse(why, cap,
            "behind the '@' is no host name: write somebody@example.com");
    rules_key_put(key, text->data, local);
    rules_key_put_lower(key, at, text->len - local);
    return 0;
}

/* As dn.h writes what is not plain ASCII: it may be written either way. */
static void
put_issuer(struct rule_key *key, const char *text, size_t len)
{
    static const char digits[] = "0123456789abcdef";

    for (size_t i = 0; i < len; i++) {
        uint8_t byte = (uint8_t)text[i];
        char escaped[4] = {'\\', 'x', digits[byte >> 4], digits[byte & 0x0f]};

        if (byte > 0x7e)
            rules_key_put(key, escaped, sizeof(escaped));
        else
            rules_key_put(key, text + i, 1);
    }
}

static int
parse_issuer(
    struct rule_key *key, const struct rule_text *text, char *why, size_t cap)
{
    rules_key_start(key, RULE_ISSUER, false);
    if (memchr(text->data, '=', text->len) == NULL)
        return refuse(why, cap,
            "it is no issuer's name: write it as the log does, such as"
            " CN=Example CA,O=Example");
    put_issuer(key, text->data, text->len);
    return 0;
}

static int
hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c = (char)(c | 0x20);
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static int
parse_serial(
    struct rule_key *key, const struct rule_text *text, char *why, size_t cap)
{
    static const char digits[] = "0123456789abcdef";
    const char *at = memchr(text->data, '@', text->len);
    size_t len = at != NULL ? (size_t)(at - text->data) : text->len;
    bool has_digit = false;

    rules_key_start(key, RULE_SERIAL, at != NULL);
    for (size_t i = 0; i < len; i++) {
        int digit = hex_digit(text->data[i]);

        if (digit < 0 && text->data[i] != ':')
            return refuse(why, cap,
                "it is no serial number: write hexadecimal digits, such as"
                " 0a:1b or 0a1b@CN=Example CA");
        has_digit = has_digit || digit >= 0;
        if (digit > 0 || (digit == 0 && key->len > 0))
            rules_key_put(key, &digits[digit], 1);
    }
    if (!has_digit || (at != NULL && len + 1 == text->len))
        return refuse(why, cap,
            "there is nothing before or behind the '@': write 0a1b, or"
            " 0a1b@CN=Example CA for that of one issuer");
    if (key->len == 0)
        rules_key_put(key, "0", 1);
    if (at != NULL)
        put_issuer(key, at, text->len - len);
    return 0;
}

static int
parse_exact(struct rule_key *key, const struct rule_text *text)
{
    rules_key_start(key, text->kind, false);
    rules_key_put(key, text->data, text->len);
    return 0;
}

static int
parse_kind(
    struct rule_key *key, const struct rule_text *text, char *why, size_t cap)
{
    switch (text->kind) {
    case RULE_DNS:
        return parse_dns(key, text, why, cap);
    case RULE_URI:
        return rules_uri_parse(key, text, why, cap);
    case RULE_IP:
        return rules_ip_parse(key, text, why, cap);
    case RULE_EMAIL:
        return parse_email(key, text, why, cap);
    case RULE_ISSUER:
        return parse_issuer(key, text, why, cap);
    case RULE_SERIAL:
        return parse_serial(key, text, why, cap);
    case RULE_CN:
    case RULE_OU:
    default:
        return parse_exact(key, text);
    }
}

int
rules_key_parse(struct rule_key *key, const struct rule_text *text, char *why,
    size_t why_cap)
{
    if (text->len == 0)
        return refuse(why, why_cap,
            "it is empty: write what the certificate says, or remove it");
    if (text->len > RULE_BYTES_MAX)
        return refuse(why, why_cap, "write at most 1024 bytes");
    for (size_t i = 0; i < text->len; i++)
        if ((uint8_t)text->data[i] < 0x20 || text->data[i] == 0x7f)
            return refuse(
                why, why_cap, "it has a control character: write it without");
    if (parse_kind(key, text, why, why_cap) != 0)
        return -1;
    if (!key->is_too_long)
        return 0;
    return refuse(why, why_cap, "write at most 1024 bytes, \\xNN counted as 4");
}

/* --- and back ------------------------------------------------------------ */

size_t
rules_key_format(const struct rule_key *key, char *out, size_t cap)
{
    size_t star = key->kind == RULE_DNS && key->is_pattern ? 1 : 0;
    size_t len = key->len;

    if (key->kind == RULE_IP)
        return rules_ip_format(key, out, cap);
    if (cap < star + 1)
        return 0;
    if (len > cap - star - 1)
        len = cap - star - 1;
    out[0] = '*';
    memcpy(out + star, key->data, len);
    out[star + len] = '\0';
    return star + len;
}
