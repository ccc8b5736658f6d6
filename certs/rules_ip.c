/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Addresses and networks in rules. An IPv4 address in IPv6 form, such as
 * ::ffff:10.1.2.3, is that IPv4 address, in rules and in certificates.
 */
#include <arpa/inet.h>
#include <netinet/in.h>

#include <stdio.h>
#include <string.h>

#include "certs/rules_internal.h"

enum {
    V4_BYTES = 4,
    V6_BYTES = 16,
    MAPPED_BITS = 96, /* in front of an IPv4 address */
};

static bool
is_mapped(const uint8_t *address, size_t len)
{
    static const uint8_t prefix[12] = {[10] = 0xff, [11] = 0xff};

    return len == V6_BYTES && memcmp(address, prefix, sizeof(prefix)) == 0;
}

void
rules_key_put_ip(
    struct rule_key *key, const uint8_t *address, size_t len, int bits)
{
    uint8_t copy[V6_BYTES];
    uint8_t prefix;

    if (is_mapped(address, len) && (bits < 0 || bits >= MAPPED_BITS)) {
        address += V6_BYTES - V4_BYTES;
        len = V4_BYTES;
        bits = bits < 0 ? bits : bits - MAPPED_BITS;
    }
    if (bits < 0 || (size_t)bits > len * 8)
        bits = (int)len * 8;
    memcpy(copy, address, len);
    for (size_t i = 0; i < len; i++) {
        int kept = bits - (int)i * 8;

        if (kept < 8)
            copy[i] = (uint8_t)(kept <= 0 ? 0 : copy[i] & 0xff00 >> kept);
    }
    prefix = (uint8_t)bits;
    rules_key_put(key, &prefix, 1);
    rules_key_put(key, copy, len);
}

static int
refuse_text(char *why, size_t cap)
{
    (void)snprintf(why, cap,
        "it is no address: write 10.1.2.3, 10.0.0.0/8 or 2001:db8::/32");
    return -1;
}

static bool
parse_bits(const char *text, int max, int *bits)
{
    *bits = 0;
    if (*text == '\0' || (text[0] == '0' && text[1] != '\0'))
        return false;
    for (; *text >= '0' && *text <= '9' && *bits <= max; text++)
        *bits = *bits * 10 + (*text - '0');
    return *text == '\0' && *bits <= max;
}

/* The address in the rule must be what is left of it by the prefix. */
static int
put_network(struct rule_key *key, const uint8_t *address, size_t len, int bits)
{
    struct rule_key whole;

    rules_key_start(&whole, RULE_IP, false);
    rules_key_put_ip(&whole, address, len, -1);
    rules_key_start(key, RULE_IP, false);
    rules_key_put_ip(key, address, len, bits);
    /* A prefix into the zeros before a mapped address leaves it IPv6. */
    return key->len == whole.len
                   && memcmp(key->data + 1, whole.data + 1, key->len - 1) == 0
               ? 0
               : -1;
}

int
rules_ip_parse(
    struct rule_key *key, const struct rule_text *text, char *why, size_t cap)
{
    char copy[INET6_ADDRSTRLEN + 4];
    char right[INET6_ADDRSTRLEN + 4];
    uint8_t address[V6_BYTES];
    size_t len = V4_BYTES;
    char *slash;
    int bits = -1;

    if (text->len >= sizeof(copy))
        return refuse_text(why, cap);
    memcpy(copy, text->data, text->len);
    copy[text->len] = '\0';
    slash = strchr(copy, '/');
    if (slash != NULL)
        *slash = '\0';
    if (inet_pton(AF_INET, copy, address) != 1) {
        len = V6_BYTES;
        if (inet_pton(AF_INET6, copy, address) != 1)
            return refuse_text(why, cap);
    }
    if (slash != NULL && !parse_bits(slash + 1, (int)len * 8, &bits)) {
        (void)snprintf(why, cap, "write a prefix of 0 to %d bits behind the /",
            (int)len * 8);
        return -1;
    }
    if (put_network(key, address, len, bits) == 0)
        return 0;
    (void)rules_ip_format(key, right, sizeof(right));
    (void)snprintf(why, cap,
        "the address has bits behind its prefix: write %s for the network, or"
        " leave out /%d",
        right, bits);
    return -1;
}

size_t
rules_ip_format(const struct rule_key *key, char *out, size_t cap)
{
    size_t len = key->len - 1;
    size_t used;

    if (cap == 0
        || inet_ntop(len == V4_BYTES ? AF_INET : AF_INET6, key->data + 1, out,
               (socklen_t)cap)
               == NULL)
        return 0;
    used = strlen(out);
    if (key->data[0] < len * 8)
        (void)snprintf(out + used, cap - used, "/%u", key->data[0]);
    return strlen(out);
}
