/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Fuzzes the reader of an OCSP responder's reply (proxy/ocsp_http.c): what it
 * says does not depend on how many bytes came at once, and everything of it is
 * bounded. The same bytes are read as the text of an http:// address.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "proxy/ocsp_http.h"

/* NOLINTNEXTLINE(readability-identifier-naming): libFuzzer names it */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
require(bool is_true)
{
    if (!is_true)
        abort();
}

static void
check_text(const char *text, size_t cap)
{
    const char *end = memchr(text, '\0', cap);

    require(end != NULL);
    for (; text < end; text++)
        require(*text >= 0x20 && *text < 0x7f);
}

/* Takes copies of the exact size, so that reading beyond one is seen. */
static void
read_in(struct ocsp_http *reply, const uint8_t *data, size_t size, size_t piece)
{
    ocsp_http_init(reply);
    for (size_t at = 0; at < size; at += piece) {
        size_t len = size - at < piece ? size - at : piece;
        uint8_t *copy = malloc(len);

        require(copy != NULL);
        memcpy(copy, data + at, len);
        require(ocsp_http_take(reply, copy, len) == reply->state);
        free(copy);
    }
}

static void
check_reply(const struct ocsp_http *reply)
{
    require(reply->body_len <= OCSP_HTTP_BODY_MAX);
    require(reply->body_len <= reply->body_cap);
    require(reply->head_len <= OCSP_HTTP_HEAD_MAX + 1);
    check_text(reply->fault, sizeof(reply->fault));
    require((reply->state == OCSP_HTTP_BAD) == (reply->fault[0] != '\0'));
    require(reply->state != OCSP_HTTP_DONE || reply->status == 200);
}

static void
require_same(const struct ocsp_http *a, const struct ocsp_http *b)
{
    require(a->state == b->state);
    require(a->status == b->status);
    require(strcmp(a->fault, b->fault) == 0);
    if (a->state == OCSP_HTTP_BAD)
        return;
    require(a->body_len == b->body_len);
    require(a->body_len == 0 || memcmp(a->body, b->body, a->body_len) == 0);
}

static void
check_url(const uint8_t *data, size_t size)
{
    char *text = calloc(1, size + 1);
    char head[OCSP_HTTP_REQUEST_HEAD_BYTES];
    struct http_url url;
    char why[128] = "";
    int parsed;

    require(text != NULL);
    memcpy(text, data, size);
    parsed = http_url_parse(&url, text, why, sizeof(why));
    free(text);
    require((parsed == 0) == (why[0] == '\0'));
    if (parsed != 0)
        return;
    check_text(url.host, sizeof(url.host));
    check_text(url.target, sizeof(url.target));
    require(url.host[0] != '\0' && url.target[0] == '/' && url.port != 0);
    require(strpbrk(url.host, " /?#@") == NULL);
    require(strchr(url.target, ' ') == NULL);
    require(ocsp_http_request_head(head, &url, 1) == strlen(head));
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct ocsp_http whole;
    struct ocsp_http pieces;

    read_in(&whole, data, size, size > 0 ? size : 1);
    read_in(&pieces, data, size, size > 0 ? data[0] % 7 + 1 : 1);
    check_reply(&whole);
    require_same(&whole, &pieces);
    (void)ocsp_http_end(&whole);
    (void)ocsp_http_end(&pieces);
    check_reply(&whole);
    require(whole.state == OCSP_HTTP_DONE || whole.state == OCSP_HTTP_BAD);
    require_same(&whole, &pieces);
    ocsp_http_deinit(&whole);
    ocsp_http_deinit(&pieces);
    check_url(data, size);
    return 0;
}
