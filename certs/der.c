/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Elements of DER: single-byte tags, definite lengths of up to four bytes. */
#include "certs/der.h"

#include <stdio.h>
#include <string.h>

/* Reads tag and length. Returns the header's bytes, or 0. */
static size_t
read_header(struct der in, size_t *content_len)
{
    size_t count;
    size_t len = 0;

    if (in.len < 2 || (in.data[0] & 0x1f) == 0x1f)
        return 0;
    if (in.data[1] < 0x80) {
        *content_len = in.data[1];
        return 2;
    }
    count = in.data[1] & 0x7f;
    if (count == 0 || count > 4 || in.len < 2 + count)
        return 0;
    for (size_t i = 0; i < count; i++)
        len = (len << 8) | in.data[2 + i];
    *content_len = len;
    return 2 + count;
}

bool
der_take(struct der *in, struct der_element *element)
{
    size_t len = 0;
    size_t header = read_header(*in, &len);
    struct der_element taken;

    if (header == 0 || len > in->len - header)
        return false;
    taken = (struct der_element){
        .tag = in->data[0],
        .content = {.data = in->data + header, .len = len},
        .whole = {.data = in->data, .len = header + len},
    };
    in->data += header + len;
    in->len -= header + len;
    *element = taken; /* `in` may be inside */
    return true;
}

bool
der_take_tag(struct der *in, uint8_t tag, struct der_element *element)
{
    return in->len > 0 && in->data[0] == tag && der_take(in, element);
}

bool
der_take_number(struct der *in, uint32_t *number)
{
    struct der rest = *in;
    struct der_element element;
    uint32_t value = 0;

    if (!der_take_tag(&rest, DER_INTEGER, &element) || element.content.len == 0
        || element.content.len > sizeof(value)
        || (element.content.data[0] & 0x80) != 0)
        return false;
    for (size_t i = 0; i < element.content.len; i++)
        value = (value << 8) | element.content.data[i];
    *number = value;
    *in = rest;
    return true;
}

bool
der_skip_unused_bits(struct der *bits)
{
    if (bits->len < 2 || bits->data[0] != 0)
        return false;
    bits->data++;
    bits->len--;
    return true;
}

bool
der_equal(struct der a, struct der b)
{
    return a.len == b.len && (a.len == 0 || memcmp(a.data, b.data, a.len) == 0);
}

static size_t
write_utf8(uint32_t code, uint8_t out[DER_CHARACTER_BYTES])
{
    size_t len = code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
    static const uint8_t leads[] = {0, 0, 0xc0, 0xe0, 0xf0};

    for (size_t i = len; i-- > 1; code >>= 6)
        out[i] = (uint8_t)(0x80 | (code & 0x3f));
    out[0] = (uint8_t)(leads[len] | code);
    return len;
}

size_t
der_take_character(
    struct der *string, uint8_t tag, uint8_t out[DER_CHARACTER_BYTES])
{
    size_t width = tag == DER_BMP_STRING ? 2 : 1;
    uint32_t code = 0;

    if (tag == DER_UNIVERSAL_STRING)
        width = 4;
    if (string->len == 0)
        return 0;
    if (width > string->len) {
        string->len = 0;
        out[0] = 0xff;
        return 1;
    }
    for (size_t i = 0; i < width; i++)
        code = (code << 8) | string->data[i];
    string->data += width;
    string->len -= width;
    out[0] = code > 0x10ffff ? 0xff : (uint8_t)code;
    return width == 1 || code > 0x10ffff ? 1 : write_utf8(code, out);
}

void
der_oid_text(struct der oid, char *out, size_t cap)
{
    unsigned long arc = 0;
    size_t used = 0;

    if (cap == 0)
        return;
    out[0] = '\0';
    for (size_t i = 0; i < oid.len; i++) {
        unsigned long first;
        int len;

        arc = (arc << 7) | (oid.data[i] & 0x7f);
        if (oid.data[i] & 0x80)
            continue;
        /* The first two arcs share one number: 40 * first + second. */
        first = arc / 40 < 2 ? arc / 40 : 2;
        if (used == 0)
            len = snprintf(out, cap, "%lu.%lu", first, arc - 40 * first);
        else
            len = snprintf(out + used, cap - used, ".%lu", arc);
        if (len < 0 || (size_t)len >= cap - used)
            return;
        used += (size_t)len;
        arc = 0;
    }
}
