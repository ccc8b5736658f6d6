/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the parts of pins.h share. */
#ifndef SIDELOCK_CERTS_PINS_INTERNAL_H
#define SIDELOCK_CERTS_PINS_INTERNAL_H

#include <stdatomic.h>

#include "certs/pins.h"

enum {
    PINS_MAX = 65536
};

/* Counted: the pins of a reload and of the one before it may share it. */
struct pin_use {
    atomic_uint refs;
    atomic_ullong hits;
    atomic_llong last_used; /* seconds since 1970; 0: never */
};

struct pin_record {
    struct pin pin;
    char *name; /* owned; the pin's */
    uint8_t hash[PINS_HASH_BYTES];
};

struct pins {
    struct pin_record *records; /* in the order of the settings */
    struct pin_record **index;  /* by kind and hash; NULL while reading */
    size_t count;
};

/* False: these are no 64 hex digits. */
bool pin_hash_from_hex(
    uint8_t hash[PINS_HASH_BYTES], const char *text, size_t len);

/* A hash as people write it: "sha256:" and base64 or hex, with or without
 * colons between the bytes, or "sha256//" and base64. */
bool pin_hash_from_text(uint8_t hash[PINS_HASH_BYTES], const char *text);

/* The one of the same kind and hash, or NULL. */
struct pin_record *pins_look_up(
    const struct pins *pins, const struct pin_record *wanted);

/* Adds a copy under that name. -1: no memory. */
int pins_add(struct pins *pins, const struct pin_record *record,
    const char *name) MUST_CHECK;

/* Makes index and counts, these shared with the same pins of before.
 * -1: no memory. */
int pins_arrange(struct pins *pins, const struct pins *previous) MUST_CHECK;

#endif
