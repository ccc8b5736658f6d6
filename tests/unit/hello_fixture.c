/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Putting hellos together. */
#include "tests/unit/hello_fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

void
put(struct out *out, const void *data, size_t len)
{
    assert_true(len <= sizeof(out->data) - out->len);
    memcpy(out->data + out->len, data, len);
    out->len += len;
}

void
put_number(struct out *out, size_t number, int len)
{
    while (len-- > 0) {
        uint8_t byte = (uint8_t)(number >> (8 * len));

        put(out, &byte, 1);
    }
}

void
put_field(struct out *out, const struct out *field, int length_len)
{
    put_number(out, field->len, length_len);
    put(out, field->data, field->len);
}

void
put_extension(struct out *out, unsigned type, const struct out *body)
{
    put_number(out, type, 2);
    put_field(out, body, 2);
}

void
put_message_with(
    struct out *out, const struct out *suites, const struct out *extensions)
{
    static const uint8_t random[32];
    struct out body = {.len = 0};

    put_number(&body, 0x0303, 2);
    put(&body, random, sizeof(random));
    put(&body, "\x04sid4", 5);
    put_field(&body, suites, 2);
    put(&body, "\x01\x00", 2);
    if (extensions != NULL)
        put_field(&body, extensions, 2);
    put_number(out, 1, 1);
    put_field(out, &body, 3);
}

void
put_message(struct out *out, const struct out *extensions)
{
    struct out suites = {.len = 0};

    put(&suites, "\x2a\x2a\x13\x01", 4);
    put_message_with(out, &suites, extensions);
}

void
put_record(struct out *out, const uint8_t *data, size_t len)
{
    put(out, "\x16\x03\x01", 3);
    put_number(out, len, 2);
    put(out, data, len);
}

struct out *
make_hello(const struct out *extensions)
{
    struct out message = {.len = 0};
    struct out *out = calloc(1, sizeof(*out));

    assert_non_null(out);
    put_message(&message, extensions);
    put_record(out, message.data, message.len);
    return out;
}

enum hello_result
parse(struct hello *hello, const uint8_t *data, size_t len)
{
    uint8_t *copy = malloc(len > 0 ? len : 1);
    enum hello_result result;

    assert_non_null(copy);
    if (len > 0)
        memcpy(copy, data, len);
    memset(hello, 0x5a, sizeof(*hello));
    result = hello_parse(hello, copy, len);
    free(copy);
    return result;
}

enum hello_result
parse_with(struct hello *hello, const struct out *extensions)
{
    struct out *out = make_hello(extensions);
    enum hello_result result = parse(hello, out->data, out->len);

    free(out);
    return result;
}
