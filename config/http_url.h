/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The address of something to be asked over plain HTTP, such as an OCSP
 * responder: "http://HOST[:PORT][/PATH][?QUERY]". Pure: nothing is resolved.
 */
#ifndef SIDELOCK_CONFIG_HTTP_URL_H
#define SIDELOCK_CONFIG_HTTP_URL_H

#include <stddef.h>
#include <stdint.h>

#include "config/report.h"

enum {
    HTTP_URL_BYTES = 512,  /* of the text, with its NUL */
    HTTP_HOST_BYTES = 254, /* a name of DNS, with its NUL */
};

struct http_url {
    char host[HTTP_HOST_BYTES]; /* a name, "192.0.2.1" or "[2001:db8::1]" */
    uint16_t port;
    char target[HTTP_URL_BYTES]; /* path and query, begins with "/" */
};

/*
 * Takes text apart. Every byte of it must be printable ASCII, and of its host
 * a letter, digit, '-', '_', '.' or an IPv6 address in brackets; there is no
 * user and no fragment. -1: it is none; the reason is a phrase such as "begins
 * with https://, and only http:// is asked" in why[why_cap].
 */
int http_url_parse(struct http_url *url, const char *text, char *why,
    size_t why_cap) MUST_CHECK;

#endif
