/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Fuzzes hello_parse(), hello_join() and hello_guess() (proxy/hello.c). A
 * verdict never depends on how many bytes came at once nor on what follows
 * the hello, a name is a proper string, a list of protocols is whole, and a
 * hello that was joined parses to the same.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "proxy/hello.h"

/* NOLINTNEXTLINE(readability-identifier-naming): libFuzzer names it */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
require(bool is_true)
{
    if (!is_true)
        abort();
}

/* A copy of the exact size, so that reading beyond it is seen. */
static uint8_t *
copy_of(const uint8_t *data, size_t size)
{
    uint8_t *copy = malloc(size > 0 ? size : 1);

    require(copy != NULL);
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
require_same(const struct hello *a, const struct hello *b)
{
    require(strcmp(a->server_name, b->server_name) == 0);
    require(a->max_version == b->max_version);
    require(a->group_count == b->group_count);
    require(memcmp(a->groups, b->groups, a->group_count * sizeof(a->groups[0]))
            == 0);
    require(a->suite_keys == b->suite_keys);
    require(a->signature_keys == b->signature_keys);
    require(a->prefers_chacha == b->prefers_chacha);
    require(a->alpn_len == b->alpn_len);
    require(memcmp(a->alpn, b->alpn, a->alpn_len) == 0);
}

/* Of whole names only, none of them empty; each of them can be chosen. */
static void
check_alpn(const struct hello *hello)
{
    size_t at = 0;

    require(hello->alpn_len <= HELLO_ALPN_BYTES);
    while (at < hello->alpn_len) {
        size_t len = hello->alpn[at];
        char name[256] = "";
        char *names[] = {name};

        require(len > 0 && len < hello->alpn_len - at);
        memcpy(name, hello->alpn + at + 1, len);
        if (strlen(name) == len)
            require(hello_choose_alpn(hello, names, 1) == name);
        at += 1 + len;
    }
    require(at == hello->alpn_len);
}

static void
check_fields(const struct hello *hello)
{
    const unsigned all = HELLO_USES_ECDSA | HELLO_USES_RSA | HELLO_USES_ED25519;

    require(
        memchr(hello->server_name, '\0', sizeof(hello->server_name)) != NULL);
    require(hello->group_count <= HELLO_GROUPS_MAX);
    require((hello->suite_keys & ~all) == 0);
    require((hello->signature_keys & ~all) == 0);
    /* Whoever knows suites for ECDSA may have a key of Ed25519 as well. */
    require((hello->suite_keys & HELLO_USES_ECDSA) != 0
            || (hello->suite_keys & HELLO_USES_ED25519) == 0);
    check_alpn(hello);
}

static void
check_joined(const struct hello *hello, const uint8_t *data, size_t size)
{
    uint8_t *copy = copy_of(data, size);
    size_t len = hello_join(copy, size);
    struct hello joined;

    require(len <= size);
    require(hello->is_fragmented || len == size);
    require(hello_parse(&joined, copy, len) == HELLO_COMPLETE);
    require_same(&joined, hello);
    require(!joined.is_fragmented);
    free(copy);
}

/* What follows is not looked at. */
static void
check_followed(const struct hello *hello, const uint8_t *data, size_t size)
{
    uint8_t *copy = malloc(size + 64);
    struct hello followed;

    require(copy != NULL);
    memcpy(copy, data, size);
    memset(copy + size, 0xa5, 64);
    require(hello_parse(&followed, copy, size + 64) == HELLO_COMPLETE);
    require_same(&followed, hello);
    free(copy);
}

/* Earlier, with fewer bytes, the verdict was the same or "more". */
static void
check_prefixes(enum hello_result whole, const struct hello *hello,
    const uint8_t *data, size_t size)
{
    size_t step = size / 16 + 1;

    for (size_t len = 1; len < size; len += step) {
        struct hello early;
        enum hello_result result = parse(&early, data, len);

        require(result == HELLO_MORE || result == whole);
        if (result == HELLO_COMPLETE)
            require_same(&early, hello);
    }
}

static void
check_guess(const uint8_t *data, size_t size)
{
    uint8_t *copy = copy_of(data, size);

    require(strlen(hello_guess(copy, size)) > 0);
    free(copy);
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
        check_guess(data, size);
    if (result == HELLO_COMPLETE) {
        check_fields(&hello);
        check_joined(&hello, data, size);
        check_followed(&hello, data, size);
    }
    check_prefixes(result, &hello, data, size);
    return 0;
}
