/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The head of an HTTP/1 request, as much of it as the admin socket needs:
 * method, path, and whether the answer is wanted as text. Pure: no socket.
 *
 *     GET /status HTTP/1.1
 *     Accept: text/plain
 *
 * What follows the head is not looked at; a body is never needed.
 */
#ifndef SIDELOCK_PROXY_ADMIN_REQUEST_H
#define SIDELOCK_PROXY_ADMIN_REQUEST_H

#include <stdbool.h>
#include <stddef.h>

enum {
    ADMIN_HEAD_MAX = 4096, /* bytes of a head */
    ADMIN_PATH_BYTES = 64, /* a longer path is cut: it is none of ours */
};

enum admin_method {
    ADMIN_GET,
    ADMIN_POST,
    ADMIN_OTHER
};

struct admin_request {
    enum admin_method method;
    bool wants_text;             /* Accept names text/plain */
    char path[ADMIN_PATH_BYTES]; /* printable ASCII, without the query */
};

enum admin_parse {
    ADMIN_COMPLETE,
    ADMIN_MORE,     /* so far it may become one */
    ADMIN_BAD,      /* no HTTP/1 request, whatever follows */
    ADMIN_TOO_LONG, /* ADMIN_HEAD_MAX bytes, and no end */
};

/* The verdict does not depend on how many bytes came at once. */
enum admin_parse admin_request_parse(
    struct admin_request *request, const char *data, size_t len);

#endif
