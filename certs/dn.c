/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Printing distinguished names. */
#include "certs/dn.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

enum {
    PARTS_MAX = 32, /* relative names that are shown; the rest is "..." */
    OID_TEXT_BYTES = 64,
};

/* Text that grows up to cap and remembers that something did not fit. */
struct text {
    char *out;
    size_t cap;
    size_t used;
    bool is_cut;
};

static void
text_put(struct text *text, const char *piece, size_t len)
{
    if (text->is_cut || len >= text->cap - text->used) {
        text->is_cut = true;
        return;
    }
    memcpy(text->out + text->used, piece, len);
    text->used += len;
    text->out[text->used] = '\0';
}

static void
text_put_byte(struct text *text, uint8_t byte)
{
    static const char digits[] = "0123456789abcdef";
    char piece[4] = {'\\', 'x', digits[byte >> 4], digits[byte & 0x0f]};
    char plain = (char)byte;

    if (byte < 0x20 || byte > 0x7e || strchr(",+\"\\", byte) != NULL)
        text_put(text, piece, sizeof(piece));
    else
        text_put(text, &plain, 1);
}

static const char *
attribute_name(struct der oid, char *buf, size_t cap)
{
    static const struct {
        const char *oid;
        const char *name;
    } known[] = {
        {"2.5.4.3", "CN"},
        {"2.5.4.4", "SN"},
        {"2.5.4.5", "serialNumber"},
        {"2.5.4.6", "C"},
        {"2.5.4.7", "L"},
        {"2.5.4.8", "ST"},
        {"2.5.4.9", "street"},
        {"2.5.4.10", "O"},
        {"2.5.4.11", "OU"},
        {"2.5.4.12", "title"},
        {"2.5.4.42", "GN"},
        {"0.9.2342.19200300.100.1.1", "UID"},
        {"0.9.2342.19200300.100.1.25", "DC"},
        {"1.2.840.113549.1.9.1", "emailAddress"},
    };

    der_oid_text(oid, buf, cap);
    for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
        if (strcmp(known[i].oid, buf) == 0)
            return known[i].name;
    }
    return buf;
}

static void
put_value(struct text *text, const struct der_element *value)
{
    struct der rest = value->content;
    uint8_t character[DER_CHARACTER_BYTES];
    size_t len;

    while ((len = der_take_character(&rest, value->tag, character)) > 0)
        for (size_t i = 0; i < len; i++)
            text_put_byte(text, character[i]);
}

/* One relative name: a set of one or more attributes. */
static void
put_part(struct text *text, struct der set)
{
    struct der_element attribute;
    bool is_first = true;

    while (der_take_tag(&set, DER_SEQUENCE, &attribute)) {
        struct der inside = attribute.content;
        struct der_element oid;
        struct der_element value;
        char buf[OID_TEXT_BYTES];
        const char *name;

        if (!der_take_tag(&inside, DER_OID, &oid)
            || !der_take(&inside, &value)) {
            text->is_cut = true;
            return;
        }
        name = attribute_name(oid.content, buf, sizeof(buf));
        if (!is_first)
            text_put(text, "+", 1);
        text_put(text, name, strlen(name));
        text_put(text, "=", 1);
        put_value(text, &value);
        is_first = false;
    }
    if (set.len > 0)
        text->is_cut = true;
}

bool
dn_format(struct der name, char *out, size_t cap)
{
    static const char more[] = "...";
    struct text text = {out, cap - sizeof(more) + 1, 0, false};
    struct der parts[PARTS_MAX];
    struct der_element part;
    size_t count = 0;

    out[0] = '\0';
    while (count < PARTS_MAX && der_take_tag(&name, DER_SET, &part))
        parts[count++] = part.content;
    if (count == 0)
        text_put(&text, "(empty)", 7);
    for (size_t i = count; i-- > 0;) {
        put_part(&text, parts[i]);
        if (i > 0)
            text_put(&text, ",", 1);
    }
    if (!text.is_cut && name.len == 0)
        return true;
    memcpy(out + text.used, more, sizeof(more));
    return false;
}
