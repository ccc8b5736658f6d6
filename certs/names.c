/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Matching of names; pure text. */
#include "certs/names.h"

#include <arpa/inet.h>
#include <netinet/in.h>

#include <string.h>
#include <strings.h>

/* A final dot means "from the root" and makes no difference here. */
static size_t
without_final_dot(const char *name, size_t len)
{
    return len > 0 && name[len - 1] == '.' ? len - 1 : len;
}

static bool
equal(const char *a, size_t a_len, const char *b, size_t b_len)
{
    return a_len == b_len && strncasecmp(a, b, a_len) == 0;
}

bool
name_matches(const char *pattern, size_t len, const char *host)
{
    size_t host_len = without_final_dot(host, strlen(host));
    const char *dot;
    size_t rest;

    len = without_final_dot(pattern, len);
    if (len == 0 || host_len == 0 || memchr(pattern, '\0', len) != NULL)
        return false;
    if (len < 3 || pattern[0] != '*' || pattern[1] != '.')
        return equal(pattern, len, host, host_len);
    /* "*.example" would stand for a whole top-level domain. */
    if (memchr(pattern + 2, '.', len - 2) == NULL || name_is_ip(host))
        return false;
    dot = memchr(host, '.', host_len);
    if (dot == NULL || dot == host)
        return false;
    rest = host_len - (size_t)(dot - host);
    return equal(pattern + 1, len - 1, dot, rest);
}

static size_t
parse_ip(const char *host, uint8_t out[16])
{
    if (inet_pton(AF_INET, host, out) == 1)
        return 4;
    return inet_pton(AF_INET6, host, out) == 1 ? 16 : 0;
}

bool
name_matches_ip(const uint8_t *address, size_t len, const char *host)
{
    uint8_t parsed[16];
    size_t parsed_len = parse_ip(host, parsed);

    return parsed_len != 0 && parsed_len == len
           && memcmp(parsed, address, len) == 0;
}

bool
name_is_ip(const char *host)
{
    uint8_t parsed[16];

    return parse_ip(host, parsed) != 0;
}
