/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The inside of approved lists:
 *
 *   approved.c       the list in memory
 *   approved_load.c  from the file to the list
 *   approved_text.c  lines of the file, and editing them
 */
#ifndef SIDELOCK_CERTS_APPROVED_INTERNAL_H
#define SIDELOCK_CERTS_APPROVED_INTERNAL_H

#include <stdatomic.h>

#include "certs/approved.h"

/* --- the list ------------------------------------------------------------ */

/* How often an entry let somebody in. All lists that were made of the same
 * file one after the other share it. */
struct approved_use {
    atomic_uint refs;
    atomic_ullong hits;
    atomic_llong last_use;
};

struct approved_entry {
    uint8_t hash[APPROVED_HASH_BYTES];
    unsigned line;
    struct approved_use *use;
    const char *comment;
};

/* Entries in the file's order, and pointers to them in that of their hashes. */
struct approved {
    char *text; /* comments end with a NUL */
    struct approved_entry *entries;
    size_t count;
    struct approved_entry **sorted;
};

/* Out of 64 digits of lower-case hex. */
void approved_read_hash(uint8_t hash[APPROVED_HASH_BYTES], const char *digits);
/* Every entry goes on with the counts that it has in `previous`, or begins.
 * -1: no memory. */
int approved_take_uses(
    struct approved *approved, const struct approved *previous) MUST_CHECK;

/* --- the text ------------------------------------------------------------ */

/* Where somebody is in a text. */
struct approved_reader {
    const char *at;
    const char *end;
    unsigned line_number; /* of the line that was read last, from 1 */
};

/* One line, in pieces of the text. */
struct approved_line {
    const char *start;
    const char *end;     /* behind its line end */
    const char *comment; /* between blanks, without the '#' */
    size_t comment_len;
    const char *word; /* what stands before the comment */
    size_t word_len;  /* 0: the line says nothing */
    /* The word's fingerprint; "" when it is none. */
    char fingerprint[APPROVED_DIGITS + 1];
};

/* Behind the mark that some editors put before UTF-8. */
void approved_reader_init(
    struct approved_reader *reader, const char *text, size_t len);
/* False: there is no further line. */
bool approved_next_line(
    struct approved_reader *reader, struct approved_line *line);

#endif
