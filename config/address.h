/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Addresses as the configuration writes them: "127.0.0.1:8443",
 * "[::1]:8443", "localhost:8080" and "unix:/run/app.sock".
 *
 * Names other than localhost are not resolved: a backend is on this machine,
 * and a look-up that may block or change has no place in front of it.
 */
#ifndef SIDELOCK_CONFIG_ADDRESS_H
#define SIDELOCK_CONFIG_ADDRESS_H

#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <stdbool.h>
#include <stddef.h>

#include "config/report.h"

enum {
    /* "unix:" + sun_path + NUL is the longest text of an address. */
    ADDRESS_TEXT_BYTES = 5 + sizeof(((struct sockaddr_un *)0)->sun_path) + 1,
};

struct address {
    union {
        struct sockaddr any;
        struct sockaddr_in v4;
        struct sockaddr_in6 v6;
        struct sockaddr_un local;
    } sock;
    socklen_t len;
};

/*
 * Parses text. 0, or -1 with the reason (a phrase such as "port 70000 is not
 * between 1 and 65535", no file or line) in why[why_cap].
 */
int address_parse(struct address *address, const char *text, char *why,
    size_t why_cap) MUST_CHECK;

/* Writes the canonical text: address_parse of it gives the same address. */
void address_format(const struct address *address, char *out, size_t cap);

/* Takes what accept or getpeername returned. An unnamed UNIX peer is
 * formatted as "unix:". */
void address_from_sockaddr(
    struct address *address, const struct sockaddr *sockaddr, socklen_t len);

bool address_equal(const struct address *a, const struct address *b);
bool address_is_unix(const struct address *address);

/* 127.0.0.0/8, ::1, their v4-mapped form, and every UNIX socket. */
bool address_is_loopback(const struct address *address);

/* The same host, whatever the port; all UNIX peers are one host. */
bool address_same_host(const struct address *a, const struct address *b);

#endif
