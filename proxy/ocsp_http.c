/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Line by line, and a body of one of three kinds. */
#include "proxy/ocsp_http.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum {
    HTTP_PORT = 80,
    FIRST_BODY_BYTES = 4096, /* room for nearly every answer */
    STATUS_OK = 200,
    STATUS_INTERIM_MAX = 199,
    LENGTH_DIGITS_MAX = 9, /* also leading zeros are no reason for more */
    DECIMAL = 10,
    HEX = 16,
};

/* --- the request --------------------------------------------------------- */

size_t
ocsp_http_request_head(char out[OCSP_HTTP_REQUEST_HEAD_BYTES],
    const struct http_url *url, size_t body_len)
{
    char port[16] = "";
    int len;

    if (url->port != HTTP_PORT)
        (void)snprintf(port, sizeof(port), ":%u", (unsigned)url->port);
    len = snprintf(out, OCSP_HTTP_REQUEST_HEAD_BYTES,
        "POST %s HTTP/1.1\r\n"
        "Host: %s%s\r\n"
        "Content-Type: application/ocsp-request\r\n"
        "Content-Length: %zu\r\n"
        "Accept: application/ocsp-response\r\n"
        "Connection: close\r\n"
        "\r\n",
        url->target, url->host, port, body_len);
    return len > 0 ? (size_t)len : 0;
}

/* --- the reply ----------------------------------------------------------- */

void
ocsp_http_init(struct ocsp_http *reply)
{
    memset(reply, 0, sizeof(*reply));
}

void
ocsp_http_deinit(struct ocsp_http *reply)
{
    free(reply->body);
    reply->body = NULL;
}

void
ocsp_http_fail(struct ocsp_http *reply, const char *fault)
{
    reply->state = OCSP_HTTP_BAD;
    (void)snprintf(reply->fault, sizeof(reply->fault), "%s", fault);
}

/* --- lines --------------------------------------------------------------- */

/* The number of digits of that base at the front; the number is in *value. */
static size_t
take_number(const char *text, unsigned base, size_t *value)
{
    static const char digits[] = "0123456789abcdef";
    size_t count = 0;

    *value = 0;
    for (; count <= LENGTH_DIGITS_MAX && text[count] != '\0'; count++) {
        char c = text[count];
        const char *digit;

        if (c >= 'A' && c <= 'F')
            c = (char)(c - 'A' + 'a');
        digit = memchr(digits, c, base);
        if (digit == NULL)
            break;
        *value = *value * base + (size_t)(digit - digits);
    }
    return count;
}

/* "HTTP/1.1 200 OK"; what the number is said to mean may be missing. */
static void
take_status_line(struct ocsp_http *reply)
{
    const char *text = reply->line;
    size_t status;

    if (strncmp(text, "HTTP/1.", 7) != 0 || text[7] < '0' || text[7] > '9'
        || text[8] != ' ' || take_number(text + 9, DECIMAL, &status) != 3
        || (text[12] != '\0' && text[12] != ' ') || status < 100) {
        ocsp_http_fail(reply, "what answers there does not speak HTTP/1");
        return;
    }
    reply->status = (int)status;
    reply->state = OCSP_HTTP_HEADERS;
    if (reply->status <= STATUS_INTERIM_MAX || reply->status == STATUS_OK)
        return;
    reply->state = OCSP_HTTP_BAD;
    (void)snprintf(reply->fault, sizeof(reply->fault),
        "it answers with HTTP status %d", reply->status);
}

static void
take_length(struct ocsp_http *reply, const char *value)
{
    size_t length;
    size_t count = take_number(value, DECIMAL, &length);

    if (count == 0 || value[count] != '\0' || count > LENGTH_DIGITS_MAX
        || (reply->has_length && length != reply->left))
        ocsp_http_fail(reply, "its Content-Length is none");
    else if (length > OCSP_HTTP_BODY_MAX)
        ocsp_http_fail(reply, "its answer is larger than 64 KiB");
    reply->has_length = true;
    reply->left = length;
}

/* Cuts white space off both ends. */
static char *
trim(char *text)
{
    size_t len;

    text += strspn(text, " \t");
    len = strlen(text);
    while (len > 0 && strchr(" \t", text[len - 1]) != NULL)
        len--;
    text[len] = '\0';
    return text;
}

static void
take_header(struct ocsp_http *reply)
{
    char *colon = strchr(reply->line, ':');
    char *value;

    if (colon == NULL || colon == reply->line
        || strcspn(reply->line, " \t") < (size_t)(colon - reply->line)) {
        ocsp_http_fail(reply, "a line of its reply's head is no HTTP header");
        return;
    }
    *colon = '\0';
    value = trim(colon + 1);
    if (reply->status <= STATUS_INTERIM_MAX)
        return;
    if (strcasecmp(reply->line, "Content-Length") == 0)
        take_length(reply, value);
    if (strcasecmp(reply->line, "Transfer-Encoding") != 0)
        return;
    if (reply->is_chunked || strcasecmp(value, "chunked") != 0)
        ocsp_http_fail(reply, "its Transfer-Encoding is not just \"chunked\"");
    reply->is_chunked = true;
}

/* The head is over: what comes next? */
static void
take_head_end(struct ocsp_http *reply)
{
    if (reply->status <= STATUS_INTERIM_MAX)
        reply->state = OCSP_HTTP_STATUS;
    else if (reply->is_chunked && reply->has_length)
        ocsp_http_fail(
            reply, "its reply is both chunked and of a stated length");
    else if (reply->is_chunked)
        reply->state = OCSP_HTTP_CHUNK_SIZE;
    else if (!reply->has_length)
        reply->state = OCSP_HTTP_BODY_TO_END;
    else
        reply->state = reply->left > 0 ? OCSP_HTTP_BODY : OCSP_HTTP_DONE;
}

/* "1a0", perhaps with an extension behind a semicolon. */
static void
take_chunk_size(struct ocsp_http *reply)
{
    size_t count = take_number(reply->line, HEX, &reply->left);
    const char *rest = reply->line + count;

    rest += strspn(rest, " \t");
    if (count == 0 || count > LENGTH_DIGITS_MAX
        || (*rest != '\0' && *rest != ';'))
        ocsp_http_fail(reply, "a chunk of its reply has no size");
    else if (reply->left > OCSP_HTTP_BODY_MAX - reply->body_len)
        ocsp_http_fail(reply, "its answer is larger than 64 KiB");
    else
        reply->state = reply->left > 0 ? OCSP_HTTP_CHUNK : OCSP_HTTP_TRAILERS;
}

static void
take_line(struct ocsp_http *reply)
{
    bool is_empty = reply->line_len == 0;

    if (reply->state == OCSP_HTTP_STATUS)
        take_status_line(reply);
    else if (reply->state == OCSP_HTTP_HEADERS && is_empty)
        take_head_end(reply);
    else if (reply->state == OCSP_HTTP_HEADERS)
        take_header(reply);
    else if (reply->state == OCSP_HTTP_CHUNK_SIZE)
        take_chunk_size(reply);
    else if (reply->state == OCSP_HTTP_CHUNK_END && is_empty)
        reply->state = OCSP_HTTP_CHUNK_SIZE;
    else if (reply->state == OCSP_HTTP_CHUNK_END)
        ocsp_http_fail(reply, "a chunk of its reply is longer than its size");
    else if (is_empty) /* the end of the trailers */
        reply->state = OCSP_HTTP_DONE;
}

/* Of a line, which may end with a return or without. */
static void
take_line_byte(struct ocsp_http *reply, uint8_t byte)
{
    if (++reply->head_len > OCSP_HTTP_HEAD_MAX) {
        ocsp_http_fail(reply, "its reply's head is longer than 16 KiB");
        return;
    }
    if (byte != '\n') {
        if (reply->line_len == sizeof(reply->line) - 1)
            ocsp_http_fail(
                reply, "a line of its reply's head is longer than 4 KiB");
        else if ((byte < 0x20 && byte != '\t' && byte != '\r') || byte == 0x7f)
            ocsp_http_fail(
                reply, "there are control characters in its reply's head");
        else
            reply->line[reply->line_len++] = (char)byte;
        return;
    }
    if (reply->line_len > 0 && reply->line[reply->line_len - 1] == '\r')
        reply->line_len--;
    reply->line[reply->line_len] = '\0';
    take_line(reply);
    reply->line_len = 0;
}

/* --- bodies -------------------------------------------------------------- */

static int
make_room(struct ocsp_http *reply, size_t len)
{
    size_t cap = reply->body_cap > 0 ? reply->body_cap : FIRST_BODY_BYTES;
    uint8_t *body;

    while (cap < reply->body_len + len)
        cap *= 2;
    if (cap == reply->body_cap)
        return 0;
    body = realloc(reply->body, cap);
    if (body == NULL)
        return -1;
    reply->body = body;
    reply->body_cap = cap;
    return 0;
}

/* Returns how many bytes were taken. */
static size_t
take_body(struct ocsp_http *reply, const uint8_t *data, size_t len)
{
    bool has_end = reply->state != OCSP_HTTP_BODY_TO_END;

    if (has_end && len > reply->left)
        len = reply->left;
    if (len > OCSP_HTTP_BODY_MAX - reply->body_len) {
        ocsp_http_fail(reply, "its answer is larger than 64 KiB");
        return 0;
    }
    if (make_room(reply, len) != 0) {
        ocsp_http_fail(reply, "there is no memory for its answer");
        return 0;
    }
    memcpy(reply->body + reply->body_len, data, len);
    reply->body_len += len;
    if (!has_end)
        return len;
    reply->left -= len;
    if (reply->left == 0)
        reply->state = reply->state == OCSP_HTTP_CHUNK ? OCSP_HTTP_CHUNK_END
                                                       : OCSP_HTTP_DONE;
    return len;
}

static bool
is_in_body(const struct ocsp_http *reply)
{
    return reply->state == OCSP_HTTP_BODY || reply->state == OCSP_HTTP_CHUNK
           || reply->state == OCSP_HTTP_BODY_TO_END;
}

enum ocsp_http_state
ocsp_http_take(struct ocsp_http *reply, const uint8_t *data, size_t len)
{
    size_t at = 0;

    while (at < len && reply->state != OCSP_HTTP_DONE
           && reply->state != OCSP_HTTP_BAD) {
        if (is_in_body(reply))
            at += take_body(reply, data + at, len - at);
        else
            take_line_byte(reply, data[at++]);
    }
    return reply->state;
}

enum ocsp_http_state
ocsp_http_end(struct ocsp_http *reply)
{
    if (reply->state == OCSP_HTTP_BODY_TO_END)
        reply->state = OCSP_HTTP_DONE;
    else if (reply->state != OCSP_HTTP_DONE && reply->state != OCSP_HTTP_BAD)
        ocsp_http_fail(
            reply, reply->head_len == 0
                       ? "it ends the connection without a reply"
                       : "it ends the connection before the end of its reply");
    return reply->state;
}
