/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * ClientHellos put together field by field, right or wrong, for the tests of
 * proxy/hello.h.
 */
#ifndef SIDELOCK_TESTS_HELLO_FIXTURE_H
#define SIDELOCK_TESTS_HELLO_FIXTURE_H

#include <stddef.h>
#include <stdint.h>

#include "proxy/hello.h"

enum {
    OUT_BYTES = 64 * 1024,
    RECORD_HEADER = 5,
    MESSAGE_HEADER = 4,
};

/* Bytes being put together. */
struct out {
    uint8_t data[OUT_BYTES];
    size_t len;
};

void put(struct out *out, const void *data, size_t len);
/* A number of so many bytes. */
void put_number(struct out *out, size_t number, int len);
/* A field with its length in front. */
void put_field(struct out *out, const struct out *field, int length_len);
void put_extension(struct out *out, unsigned type, const struct out *body);

/* The message with these suites, two bytes each; extensions may be NULL: none,
 * not even an empty list. */
void put_message_with(
    struct out *out, const struct out *suites, const struct out *extensions);
/* The same with a GREASE suite and one of TLS 1.3. */
void put_message(struct out *out, const struct out *extensions);
void put_record(struct out *out, const uint8_t *data, size_t len);
/* One record with such a hello, to be freed. */
struct out *make_hello(const struct out *extensions);

/* From memory of exactly this size, so that a read beyond it is seen. */
enum hello_result parse(struct hello *hello, const uint8_t *data, size_t len);
enum hello_result parse_with(struct hello *hello, const struct out *extensions);

#endif
