/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A reader of DER (X.690) that walks from element to element and never past
 * the end. The TLS library parses certificates; this finds what its parser
 * does not hand out: whole names, the public key, the kind of a file.
 */
#ifndef SIDELOCK_CERTS_DER_H
#define SIDELOCK_CERTS_DER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    DER_BOOLEAN = 0x01,
    DER_INTEGER = 0x02,
    DER_BIT_STRING = 0x03,
    DER_OCTET_STRING = 0x04,
    DER_OID = 0x06,
    DER_ENUMERATED = 0x0a,
    DER_UTC_TIME = 0x17,
    DER_GENERALIZED_TIME = 0x18,
    DER_UNIVERSAL_STRING = 0x1c,
    DER_BMP_STRING = 0x1e,
    DER_SEQUENCE = 0x30,
    DER_SET = 0x31,
    DER_CONTEXT_0 = 0xa0,
};

/* Borrowed bytes. */
struct der {
    const uint8_t *data;
    size_t len;
};

struct der_element {
    uint8_t tag;
    struct der content;
    struct der whole; /* with tag and length */
};

/* Takes the next element off `in`. False: there is none, or it is broken;
 * `in` is then unchanged. `in` may be element->content: then the first element
 * inside is taken, and what follows it is out of reach. */
bool der_take(struct der *in, struct der_element *element);

/* The same, and the element must have this tag. */
bool der_take_tag(struct der *in, uint8_t tag, struct der_element *element);

/* A number from 0 to INT32_MAX. */
bool der_take_number(struct der *in, uint32_t *number);

/* Drops the count of unused bits from a bit string's content. False: they are
 * no whole octets. */
bool der_skip_unused_bits(struct der *bits);

bool der_equal(struct der a, struct der b);

enum {
    DER_CHARACTER_BYTES = 4
};

/*
 * Takes the next character off a string of the type `tag`; 0: it has ended.
 * One of two or four bytes becomes UTF-8, others are handed out byte for byte.
 * What is no character becomes a byte that UTF-8 does not have. Returns the
 * bytes in `out`.
 */
size_t der_take_character(
    struct der *string, uint8_t tag, uint8_t out[DER_CHARACTER_BYTES]);

/* "2.5.4.3"; cut to fit. */
void der_oid_text(struct der oid, char *out, size_t cap);

#endif
