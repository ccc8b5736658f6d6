/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The approved list: certificates that somebody let in one by one, as a file.
 * One line for each, the SHA-256 of its DER, and behind '#' what a person may
 * want to know of it; blank lines and lines that begin with '#' say nothing:
 *
 *   sha256:1f0c...  # subject "CN=printer-7", approved 2026-11-21 by root
 *
 * The digits may be of either case and have colons between bytes; "sha256:"
 * may be missing. A file that is not there is an empty list, and is watched
 * like one that is.
 *
 * A list belongs to one snapshot and does not change; threads read it side by
 * side. Only the use of an entry moves. It is shared with the list that a
 * reload makes of the same file, so that no use is lost between them.
 */
#ifndef SIDELOCK_CERTS_APPROVED_H
#define SIDELOCK_CERTS_APPROVED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

#include "certs/identity.h"
#include "config/report.h"

enum {
    APPROVED_DIGITS = 64,         /* of a fingerprint */
    APPROVED_COMMENT_BYTES = 512, /* what is kept of a longer one is cut */
    APPROVED_SHOWN_BYTES = 4 * APPROVED_COMMENT_BYTES,
    APPROVED_HASH_BYTES = 32,
};

struct approved;
struct approved_entry;

/* Entries that `previous` has, too, go on with its counts; it may be NULL.
 * NULL with each bad line, up to a limit, as an error in the report. */
struct approved *approved_load(const char *path,
    const struct approved *previous, struct report *report) MUST_CHECK;
/* The same out of a text; `name` is what errors call it. */
struct approved *approved_parse(const struct blob *content, const char *name,
    struct report *report) MUST_CHECK;
void approved_free(struct approved *approved);

/* fingerprint: 64 digits of lower-case hex. NULL: it is not approved. In a
 * time that grows with the logarithm of the list's length. */
struct approved_entry *approved_find(
    const struct approved *approved, const char *fingerprint);
/* Somebody came in by it. Any thread. */
void approved_note_use(struct approved_entry *entry, time_t now);

/* Different certificates, in the file's order. */
size_t approved_count(const struct approved *approved);
const struct approved_entry *approved_at(
    const struct approved *approved, size_t index);

/* An entry in words. */
struct approved_facts {
    char fingerprint[APPROVED_DIGITS + 1];
    const char *comment; /* inside the list, as it is in the file; or "" */
    unsigned line;
    uint64_t hits;   /* since the process started */
    time_t last_use; /* 0: never */
};

struct approved_facts approved_facts(const struct approved_entry *entry);
/* The comment as printable ASCII: other bytes as \xNN. Its quotes stay. */
void approved_show_comment(
    char out[APPROVED_SHOWN_BYTES], const struct approved_facts *facts);

/* Another value for other certificates; comments and order make no difference.
 * -1: the library failed. */
int approved_hash(const struct approved *approved,
    uint8_t out[APPROVED_HASH_BYTES]) MUST_CHECK;

/*
 * A fingerprint, or its beginning, as people write it, as lower-case hex.
 * Returns the number of digits, 0: it is none.
 */
size_t approved_read_digits(
    const char *text, size_t len, char out[APPROVED_DIGITS + 1]);

/* --- editing (approved_text.c) ------------------------------------------- */

/* The text of a list with one line more, at its end, or unchanged when the
 * certificate is in it: *was_there. comment: one line, or "".
 * Everything else stays byte for byte. Heap; NULL: no memory. */
char *approved_add(const char *text, const char *fingerprint,
    const char *comment, bool *was_there) MUST_CHECK;
/* The text without the lines of that certificate. */
char *approved_remove(
    const char *text, const char *fingerprint, bool *was_there) MUST_CHECK;

#endif
