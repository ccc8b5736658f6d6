/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Text to socket address and back, by hand and inet_pton: no resolver, so
 * that reading a configuration never blocks and never depends on a network.
 */
#include "config/address.h"

#include <arpa/inet.h>
#include <net/if.h>

#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

enum {
    HOST_BYTES = 128, /* no host that we accept is nearly as long */
    PORT_MAX = 65535,
};

static const char unix_prefix[] = "unix:";

static int
parse_unix(struct address *address, const char *path, char *why, size_t why_cap)
{
    struct sockaddr_un *local = &address->sock.local;
    size_t len = strlen(path);

    if (len == 0) {
        snprintf(why, why_cap, "unix: needs a path (unix:/run/app.sock)");
        return -1;
    }
    if (len >= sizeof(local->sun_path)) {
        snprintf(why, why_cap,
            "the path of a UNIX socket has at most %zu characters, not %zu",
            sizeof(local->sun_path) - 1, len);
        return -1;
    }
    for (size_t i = 0; i < len; i++) {
        if ((unsigned char)path[i] < 0x20 || path[i] == 0x7f) {
            snprintf(why, why_cap, "the path holds a control character");
            return -1;
        }
    }
    local->sun_family = AF_UNIX;
    memcpy(local->sun_path, path, len + 1);
    address->len = sizeof(*local);
    return 0;
}

static int
parse_port(in_port_t *port, const char *text, char *why, size_t why_cap)
{
    uint32_t number = 0;

    if (*text == '\0') {
        snprintf(why, why_cap, "the port is missing");
        return -1;
    }
    for (const char *at = text; *at != '\0'; at++) {
        if (*at < '0' || *at > '9') {
            snprintf(why, why_cap, "port %.40s is not a number", text);
            return -1;
        }
        number = 10 * number + (uint32_t)(*at - '0');
        if (number > PORT_MAX) {
            snprintf(why, why_cap, "port %.40s is not between 1 and %d", text,
                (int)PORT_MAX);
            return -1;
        }
    }
    *port = htons((uint16_t)number);
    return 0;
}

/* "%eth0" and "%2" behind a link-local address; "" is no zone. */
static int
parse_zone(uint32_t *scope, const char *zone, char *why, size_t why_cap)
{
    uint32_t number = 0;
    const char *at = zone;

    for (; *at >= '0' && *at <= '9' && number < UINT32_MAX / 16; at++)
        number = 10 * number + (uint32_t)(*at - '0');
    if (*at != '\0')
        number = if_nametoindex(zone);
    if (number == 0) {
        snprintf(why, why_cap, "there is no network interface %.40s", zone);
        return -1;
    }
    *scope = number;
    return 0;
}

static int
parse_v6(struct address *address, char *host, char *why, size_t why_cap)
{
    struct sockaddr_in6 *v6 = &address->sock.v6;
    char *zone = strchr(host, '%');

    if (zone != NULL) {
        *zone++ = '\0';
        if (parse_zone(&v6->sin6_scope_id, zone, why, why_cap) < 0)
            return -1;
    }
    if (inet_pton(AF_INET6, host, &v6->sin6_addr) != 1) {
        snprintf(why, why_cap, "[%s] is not an IPv6 address", host);
        return -1;
    }
    v6->sin6_family = AF_INET6;
    address->len = sizeof(*v6);
    return 0;
}

static int
parse_v4(struct address *address, const char *host, char *why, size_t why_cap)
{
    struct sockaddr_in *v4 = &address->sock.v4;

    if (strcasecmp(host, "localhost") == 0)
        host = "127.0.0.1";
    if (*host == '\0' || strcmp(host, "*") == 0)
        host = "0.0.0.0";
    if (inet_pton(AF_INET, host, &v4->sin_addr) != 1) {
        snprintf(why, why_cap,
            "'%.60s' is not an IP address, and names other than localhost are"
            " not looked up: write the address itself",
            host);
        return -1;
    }
    v4->sin_family = AF_INET;
    address->len = sizeof(*v4);
    return 0;
}

/* Cuts text into host and port; is_v6 when the host stood in brackets. */
static int
split(const char *text, char host[HOST_BYTES], const char **port, bool *is_v6)
{
    const char *start = text;
    const char *end = strrchr(text, ':');

    *is_v6 = *text == '[';
    if (*is_v6) {
        start = text + 1;
        end = strchr(start, ']');
        if (end == NULL || end[1] != ':')
            return -1;
    }
    if (end == NULL || (size_t)(end - start) >= HOST_BYTES)
        return -1;
    memcpy(host, start, (size_t)(end - start));
    host[end - start] = '\0';
    *port = end + (*is_v6 ? 2 : 1);
    /* An IPv6 address without brackets: which colon is the port's? */
    return !*is_v6 && strchr(host, ':') != NULL ? -1 : 0;
}

static void
explain_form(const char *text, char *why, size_t why_cap)
{
    struct in6_addr ignored;
    const char *colon = strchr(text, ':');

    if (strstr(text, "://") != NULL)
        snprintf(why, why_cap, "write ADDRESS:PORT, not a URL");
    else if (colon == NULL && inet_pton(AF_INET, text, &ignored) == 1)
        snprintf(why, why_cap, "the port is missing: %s:PORT", text);
    else if (colon != NULL && strchr(colon + 1, ':') != NULL)
        snprintf(why, why_cap,
            "an IPv6 address stands in brackets and needs a port: [::1]:8443");
    else
        snprintf(why, why_cap,
            "write ADDRESS:PORT (127.0.0.1:8443), [IPV6]:PORT ([::1]:8443) or"
            " unix:PATH");
}

int
address_parse(
    struct address *address, const char *text, char *why, size_t why_cap)
{
    char host[HOST_BYTES];
    const char *port_text;
    in_port_t port;
    bool is_v6;

    memset(address, 0, sizeof(*address));
    if (strncmp(text, unix_prefix, strlen(unix_prefix)) == 0)
        return parse_unix(address, text + strlen(unix_prefix), why, why_cap);
    if (strstr(text, "://") != NULL
        || split(text, host, &port_text, &is_v6) < 0) {
        explain_form(text, why, why_cap);
        return -1;
    }
    if (parse_port(&port, port_text, why, why_cap) < 0)
        return -1;
    if (is_v6) {
        address->sock.v6.sin6_port = port;
        return parse_v6(address, host, why, why_cap);
    }
    address->sock.v4.sin_port = port;
    return parse_v4(address, host, why, why_cap);
}

static void
format_v6(const struct sockaddr_in6 *v6, char *out, size_t cap)
{
    char host[INET6_ADDRSTRLEN];
    char zone[16] = "";

    inet_ntop(AF_INET6, &v6->sin6_addr, host, sizeof(host));
    if (v6->sin6_scope_id != 0)
        snprintf(zone, sizeof(zone), "%%%" PRIu32, v6->sin6_scope_id);
    snprintf(
        out, cap, "[%s%s]:%u", host, zone, (unsigned int)ntohs(v6->sin6_port));
}

/*
 * The path of a peer is the peer's choice: whatever would break a line of a
 * log is shown as '?'. An abstract name (unix(7), Linux only) starts with a
 * NUL byte and is shown with '@' in its place, as ss(8) does.
 */
static void
format_unix(const struct address *address, char *out, size_t cap)
{
    const char *path = address->sock.local.sun_path;
    size_t path_at = offsetof(struct sockaddr_un, sun_path);
    size_t room = address->len > path_at ? address->len - path_at : 0;
    size_t used;

    snprintf(out, cap, "%s", unix_prefix);
    used = strlen(out);
    for (size_t i = 0; i < room && used + 1 < cap; i++) {
        unsigned char byte = (unsigned char)path[i];

        if (byte == 0 && (i > 0 || room == 1 || path[1] == '\0'))
            break;
        if (byte == 0)
            out[used++] = '@';
        else
            out[used++] = (char)(byte < 0x20 || byte == 0x7f ? '?' : byte);
    }
    out[used] = '\0';
}

void
address_format(const struct address *address, char *out, size_t cap)
{
    char host[INET_ADDRSTRLEN];

    if (cap == 0)
        return;
    switch (address->sock.any.sa_family) {
    case AF_INET:
        inet_ntop(AF_INET, &address->sock.v4.sin_addr, host, sizeof(host));
        snprintf(out, cap, "%s:%u", host,
            (unsigned int)ntohs(address->sock.v4.sin_port));
        return;
    case AF_INET6:
        format_v6(&address->sock.v6, out, cap);
        return;
    case AF_UNIX:
        format_unix(address, out, cap);
        return;
    default:
        snprintf(out, cap, "unknown");
        return;
    }
}

void
address_from_sockaddr(
    struct address *address, const struct sockaddr *sockaddr, socklen_t len)
{
    memset(address, 0, sizeof(*address));
    if (len > sizeof(address->sock))
        len = sizeof(address->sock);
    memcpy(&address->sock, sockaddr, len);
    address->len = len;
}

bool
address_is_unix(const struct address *address)
{
    return address->sock.any.sa_family == AF_UNIX;
}

bool
address_equal(const struct address *a, const struct address *b)
{
    if (a->sock.any.sa_family != b->sock.any.sa_family)
        return false;
    switch (a->sock.any.sa_family) {
    case AF_INET:
        return a->sock.v4.sin_port == b->sock.v4.sin_port
               && a->sock.v4.sin_addr.s_addr == b->sock.v4.sin_addr.s_addr;
    case AF_INET6:
        return a->sock.v6.sin6_port == b->sock.v6.sin6_port
               && a->sock.v6.sin6_scope_id == b->sock.v6.sin6_scope_id
               && IN6_ARE_ADDR_EQUAL(
                   &a->sock.v6.sin6_addr, &b->sock.v6.sin6_addr);
    case AF_UNIX:
        return memcmp(a->sock.local.sun_path, b->sock.local.sun_path,
                   sizeof(a->sock.local.sun_path))
               == 0;
    default:
        return false;
    }
}

/* The IPv4 address inside, in network order; false when it has none. */
static bool
v4_of(const struct address *address, in_addr_t *host)
{
    const struct in6_addr *v6 = &address->sock.v6.sin6_addr;

    if (address->sock.any.sa_family == AF_INET) {
        *host = address->sock.v4.sin_addr.s_addr;
        return true;
    }
    if (address->sock.any.sa_family != AF_INET6 || !IN6_IS_ADDR_V4MAPPED(v6))
        return false;
    memcpy(host, v6->s6_addr + 12, sizeof(*host));
    return true;
}

bool
address_is_loopback(const struct address *address)
{
    in_addr_t host;

    if (address_is_unix(address))
        return true;
    if (v4_of(address, &host))
        return ntohl(host) >> 24 == IN_LOOPBACKNET;
    return address->sock.any.sa_family == AF_INET6
           && IN6_IS_ADDR_LOOPBACK(&address->sock.v6.sin6_addr);
}

bool
address_same_host(const struct address *a, const struct address *b)
{
    in_addr_t host_a = 0;
    in_addr_t host_b = 0;
    bool a_is_v4 = v4_of(a, &host_a);
    bool b_is_v4 = v4_of(b, &host_b);

    if (a_is_v4 || b_is_v4)
        return a_is_v4 && b_is_v4 && host_a == host_b;
    if (a->sock.any.sa_family != b->sock.any.sa_family)
        return false;
    if (a->sock.any.sa_family == AF_INET6)
        return a->sock.v6.sin6_scope_id == b->sock.v6.sin6_scope_id
               && IN6_ARE_ADDR_EQUAL(
                   &a->sock.v6.sin6_addr, &b->sock.v6.sin6_addr);
    return address_is_unix(a);
}
