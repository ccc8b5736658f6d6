/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Taking an http:// address apart, front to back. */
#include "config/http_url.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

enum {
    HTTP_PORT = 80,
    PORT_MAX = 65535,
    PORT_DIGITS = 5,
};

static const char scheme[] = "http://";
static const char digits[] = "0123456789";
static const char name_bytes[] = "abcdefghijklmnopqrstuvwxyz"
                                 "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                 "0123456789-_.";
static const char ipv6_bytes[] = "0123456789abcdefABCDEF:.";

static int
refuse(char *why, size_t why_cap, const char *reason)
{
    (void)snprintf(why, why_cap, "%s", reason);
    return -1;
}

static bool
is_printable(const char *text)
{
    for (; *text != '\0'; text++)
        if (*text <= 0x20 || *text >= 0x7f)
            return false;
    return true;
}

/* The length of the host at the front, or 0 when it is none. */
static size_t
host_length(const char *text)
{
    size_t len;

    if (text[0] != '[')
        return strspn(text, name_bytes);
    len = strspn(text + 1, ipv6_bytes);
    return len > 0 && text[1 + len] == ']' ? len + 2 : 0;
}

/* ":8080" at the front, or nothing; NULL when it is something else. */
static const char *
take_port(struct http_url *url, const char *text)
{
    unsigned long port = 0;
    size_t count;

    url->port = HTTP_PORT;
    if (text[0] != ':')
        return text;
    text++;
    count = strspn(text, digits);
    if (count == 0 || count > PORT_DIGITS)
        return NULL;
    for (size_t i = 0; i < count; i++)
        port = port * 10 + (unsigned long)(text[i] - '0');
    if (port == 0 || port > PORT_MAX)
        return NULL;
    url->port = (uint16_t)port;
    return text + count;
}

static int
take_parts(struct http_url *url, const char *text, char *why, size_t why_cap)
{
    size_t len = host_length(text);

    if (len == 0 || len >= sizeof(url->host))
        return refuse(why, why_cap, "has no host behind http://");
    memcpy(url->host, text, len);
    url->host[len] = '\0';
    text = take_port(url, text + len);
    if (text == NULL)
        return refuse(why, why_cap, "its port is not between 1 and 65535");
    if (strchr("/?", text[0]) == NULL)
        return refuse(
            why, why_cap, "is not like http://HOST:PORT/PATH behind its host");
    (void)snprintf(url->target, sizeof(url->target), "%s%s",
        text[0] == '/' ? "" : "/", text);
    return 0;
}

int
http_url_parse(
    struct http_url *url, const char *text, char *why, size_t why_cap)
{
    size_t scheme_len = sizeof(scheme) - 1;

    memset(url, 0, sizeof(*url));
    if (strlen(text) >= HTTP_URL_BYTES)
        return refuse(why, why_cap, "is longer than 511 characters");
    if (!is_printable(text))
        return refuse(why, why_cap,
            "has a space, or a character that is not of printable ASCII");
    if (strncasecmp(text, "https://", scheme_len + 1) == 0)
        return refuse(why, why_cap,
            "begins with https://, and only http:// is asked (the answers are "
            "signed)");
    if (strncasecmp(text, scheme, scheme_len) != 0)
        return refuse(why, why_cap, "does not begin with http://");
    if (strchr(text, '#') != NULL)
        return refuse(why, why_cap, "has a fragment (#)");
    return take_parts(url, text + scheme_len, why, why_cap);
}
