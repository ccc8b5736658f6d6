/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Fuzzes admin_request_parse() (proxy/admin_request.c). A verdict never
 * depends on how many bytes came at once nor on what follows the head, and a
 * path is a short, printable string.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "proxy/admin_request.h"

/* NOLINTNEXTLINE(readability-identifier-naming): libFuzzer names it */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
require(bool is_true)
{
    if (!is_true)
        abort();
}

/* Parses a copy of the exact size, so that reading beyond it is seen. */
static enum admin_parse
parse(struct admin_request *request, const uint8_t *data, size_t size)
{
    char *copy = malloc(size > 0 ? size : 1);
    enum admin_parse result;

    require(copy != NULL);
    memcpy(copy, data, size);
    result = admin_request_parse(request, copy, size);
    free(copy);
    return result;
}

static void
require_same(const struct admin_request *a, const struct admin_request *b)
{
    require(a->method == b->method);
    require(a->wants_text == b->wants_text);
    require(strcmp(a->path, b->path) == 0);
}

static void
check_path(const struct admin_request *request)
{
    const char *end = memchr(request->path, '\0', sizeof(request->path));

    require(end != NULL && request->path[0] == '/');
    for (const char *at = request->path; at < end; at++)
        require(*at > 0x20 && *at < 0x7f);
}

/* Earlier, with fewer bytes, the verdict was the same or "more". */
static void
check_prefixes(enum admin_parse whole, const struct admin_request *request,
    const uint8_t *data, size_t size)
{
    for (size_t len = 0; len < size; len += size / 32 + 1) {
        struct admin_request early;
        enum admin_parse result = parse(&early, data, len);

        require(result == ADMIN_MORE || result == whole);
        if (result == ADMIN_COMPLETE)
            require_same(&early, request);
    }
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct admin_request request;
    enum admin_parse result = parse(&request, data, size);

    require(result != ADMIN_MORE || size < ADMIN_HEAD_MAX);
    require(result != ADMIN_TOO_LONG || size >= ADMIN_HEAD_MAX);
    if (result == ADMIN_COMPLETE)
        check_path(&request);
    check_prefixes(result, &request, data, size);
    return 0;
}
