/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * As much of HTTP/1.1 (RFC 9112) as a question to an OCSP responder needs: the
 * head of one POST, and a reader of the reply that takes its bytes as they
 * come. Pure: no socket, no clock. Everything of a reply is bounded; it is
 * believed in nothing but how long it is, since the answer in it is signed.
 *
 * There are no redirects: an address in the configuration or in a certificate
 * is the one that is asked.
 */
#ifndef SIDELOCK_PROXY_OCSP_HTTP_H
#define SIDELOCK_PROXY_OCSP_HTTP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "config/http_url.h"

enum {
    OCSP_HTTP_REQUEST_HEAD_BYTES = 1280, /* the longest head, with its NUL */
    OCSP_HTTP_LINE_BYTES = 4096,
    OCSP_HTTP_HEAD_MAX = 16 * 1024, /* bytes of all lines of a reply */
    OCSP_HTTP_BODY_MAX = 64 * 1024,
    OCSP_HTTP_FAULT_BYTES = 128,
};

/* Writes the head of a POST with a body of that length. Returns its length. */
size_t ocsp_http_request_head(char out[OCSP_HTTP_REQUEST_HEAD_BYTES],
    const struct http_url *url, size_t body_len);

enum ocsp_http_state {
    OCSP_HTTP_STATUS, /* the status line comes next */
    OCSP_HTTP_HEADERS,
    OCSP_HTTP_BODY,        /* `left` bytes of it */
    OCSP_HTTP_BODY_TO_END, /* until the responder ends the connection */
    OCSP_HTTP_CHUNK_SIZE,
    OCSP_HTTP_CHUNK, /* `left` bytes of it */
    OCSP_HTTP_CHUNK_END,
    OCSP_HTTP_TRAILERS,
    OCSP_HTTP_DONE, /* body is whole */
    OCSP_HTTP_BAD,  /* fault says why */
};

struct ocsp_http {
    enum ocsp_http_state state;
    int status; /* 0: none has come */
    bool has_length;
    bool is_chunked;
    size_t left;
    size_t head_len; /* bytes of lines so far */
    size_t line_len;
    uint8_t *body; /* on the heap, grows; or NULL */
    size_t body_len;
    size_t body_cap;
    char line[OCSP_HTTP_LINE_BYTES];
    char fault[OCSP_HTTP_FAULT_BYTES]; /* a phrase, printable */
};

void ocsp_http_init(struct ocsp_http *reply);
void ocsp_http_deinit(struct ocsp_http *reply);

/* Takes the next bytes; what follows the reply is dropped. Returns the state,
 * which does not depend on how many bytes came at once. */
enum ocsp_http_state ocsp_http_take(
    struct ocsp_http *reply, const uint8_t *data, size_t len);

/* The responder has ended the connection: DONE or BAD. */
enum ocsp_http_state ocsp_http_end(struct ocsp_http *reply);

/* Something else has ended it: BAD. */
void ocsp_http_fail(struct ocsp_http *reply, const char *fault);

#endif
