/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Fuzzes hello_parse, hello_join and hello_guess (proxy/hello.c). A verdict
 * never depends on how many bytes came at once, a name is a proper string, and
 * a hello that was joined parses to the same.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "proxy/hello.h"

/* NOLINTNEXTLINE(readability-identifier-naming): libFuzzer names it */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
expect(int holds)
{
    if (!holds)
        abort();
}

/* A copy of the exact size, so that reading beyond it is seen. */
static uint8_t *
copy_of(const uint8_t *data, size_t size)
{
    uint8_t *copy = malloc(size > 0 ? size : 1);

    if (copy == NULL)
        abort();
    memcpy(copy, data, size);
    return copy;
}

static enum hello_result
parse(struct hello *hello, const uint8_t *data, size_t size)
{
    uint8_t *copy = copy_of(data, size);
    enum hello_result result = hello_parse(hello, copy, size);

    free(copy);
    return result;
}

static void
check_joined(const struct hello *hello, const uint8_t *data, size_t size)
{
    uint8_t *copy = copy_of(data, size);
    size_t len = hello_join(copy, size);
    struct hello joined;

    expect(len <= size);
    expect(hello_parse(&joined, copy, len) == HELLO_COMPLETE);
    expect(strcmp(joined.server_name, hello->server_name) == 0);
    expect(joined.max_version == hello->max_version);
    expect(!joined.is_fragmented);
    free(copy);
}

/* Earlier, with fewer bytes, the verdict was the same or "more". */
static void
check_prefixes(enum hello_result whole, const uint8_t *data, size_t size)
{
    size_t step = size / 16 + 1;
    struct hello hello;

    for (size_t len = 1; len < size; len += step) {
        enum hello_result result = parse(&hello, data, len);

        expect(result == HELLO_MORE || result == whole);
    }
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct hello hello;
    enum hello_result result;

    if (size == 0 || size > HELLO_BYTES_MAX)
        return 0;
    result = parse(&hello, data, size);
    if (result == HELLO_NOT_TLS)
        expect(hello_guess(data, size) != NULL);
    if (result == HELLO_COMPLETE) {
        expect(
            memchr(hello.server_name, '\0', sizeof(hello.server_name)) != NULL);
        check_joined(&hello, data, size);
    }
    if (result != HELLO_TOO_LARGE)
        check_prefixes(result, data, size);
    return 0;
}
