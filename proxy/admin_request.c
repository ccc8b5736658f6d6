/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Line by line, front to back, so that a verdict never changes with what
 * comes later. */
#include "proxy/admin_request.h"

#include <string.h>
#include <strings.h>

enum {
    METHOD_MAX = 16
};

/* A part of the head; not ended by a NUL. */
struct span {
    const char *at;
    size_t len;
};

static bool
is_upper(char c)
{
    return c >= 'A' && c <= 'Z';
}

/* Characters of a header's name (RFC 9110, section 5.6.2). */
static bool
is_token(char c)
{
    return is_upper(c) || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9')
           || (c != '\0' && strchr("!#$%&'*+-.^_`|~", c) != NULL);
}

static bool
is_text(char c)
{
    return (c >= 0x20 && c < 0x7f) || c == '\t';
}

static bool
equals(struct span span, const char *text)
{
    return span.len == strlen(text)
           && strncasecmp(span.at, text, span.len) == 0;
}

static bool
contains(struct span span, const char *text)
{
    size_t len = strlen(text);

    for (; span.len >= len; span.at++, span.len--)
        if (strncasecmp(span.at, text, len) == 0)
            return true;
    return false;
}

/* Cuts the span at the first `separator`; false when it has none. */
static bool
split(struct span *span, char separator, struct span *rest)
{
    const char *at = memchr(span->at, separator, span->len);

    if (at == NULL)
        return false;
    rest->at = at + 1;
    rest->len = span->len - (size_t)(at - span->at) - 1;
    span->len = (size_t)(at - span->at);
    return true;
}

static int
take_method(struct admin_request *request, struct span method)
{
    if (method.len == 0 || method.len > METHOD_MAX)
        return -1;
    for (size_t i = 0; i < method.len; i++)
        if (!is_upper(method.at[i]))
            return -1;
    request->method = equals(method, "GET")    ? ADMIN_GET
                      : equals(method, "POST") ? ADMIN_POST
                                               : ADMIN_OTHER;
    return 0;
}

static int
take_path(struct admin_request *request, struct span path)
{
    struct span query;

    if (path.len == 0 || path.at[0] != '/'
        || memchr(path.at, '\t', path.len) != NULL)
        return -1;
    (void)split(&path, '?', &query);
    if (path.len >= sizeof(request->path))
        path.len = sizeof(request->path) - 1;
    memcpy(request->path, path.at, path.len);
    request->path[path.len] = '\0';
    return 0;
}

/* "GET /status HTTP/1.1" */
static int
take_request_line(struct admin_request *request, struct span line)
{
    struct span path;
    struct span version;

    if (!split(&line, ' ', &path) || !split(&path, ' ', &version)
        || !(equals(version, "HTTP/1.1") || equals(version, "HTTP/1.0"))
        || take_method(request, line) != 0)
        return -1;
    return take_path(request, path);
}

/* "Accept: text/plain" */
static int
take_header(struct admin_request *request, struct span name)
{
    struct span value;

    if (!split(&name, ':', &value) || name.len == 0)
        return -1;
    for (size_t i = 0; i < name.len; i++)
        if (!is_token(name.at[i]))
            return -1;
    if (equals(name, "Accept") && contains(value, "text/plain"))
        request->wants_text = true;
    return 0;
}

/* The line at the front of `data`, without its end; MORE when it has none
 * yet, BAD when there is a character in it that no head has. */
static enum admin_parse
next_line(struct span *data, struct span *line)
{
    *line = (struct span){.at = data->at};
    while (line->len < data->len && is_text(data->at[line->len]))
        line->len++;
    data->at += line->len;
    data->len -= line->len;
    if (data->len > 0 && data->at[0] == '\r') {
        data->at++;
        data->len--;
    }
    if (data->len == 0)
        return ADMIN_MORE;
    if (data->at[0] != '\n')
        return ADMIN_BAD;
    data->at++;
    data->len--;
    return ADMIN_COMPLETE;
}

static enum admin_parse
parse(struct admin_request *request, struct span data)
{
    struct span line;
    enum admin_parse result = next_line(&data, &line);

    if (result != ADMIN_COMPLETE)
        return result;
    if (take_request_line(request, line) != 0)
        return ADMIN_BAD;
    while ((result = next_line(&data, &line)) == ADMIN_COMPLETE) {
        if (line.len == 0)
            return ADMIN_COMPLETE;
        if (take_header(request, line) != 0)
            return ADMIN_BAD;
    }
    return result;
}

enum admin_parse
admin_request_parse(struct admin_request *request, const char *data, size_t len)
{
    bool is_full = len >= ADMIN_HEAD_MAX;
    struct span head = {.at = data, .len = is_full ? ADMIN_HEAD_MAX : len};
    enum admin_parse result;

    *request = (struct admin_request){.method = ADMIN_OTHER};
    result = parse(request, head);
    return result == ADMIN_MORE && is_full ? ADMIN_TOO_LONG : result;
}
