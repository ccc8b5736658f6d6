/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The inside of rules: a rule as a key, the table of keys, and who fills and
 * asks it.
 *
 *   rules.c        loading, and the hash over all of them
 *   rules_file.c   allow_file, line by line
 *   rules_key.c    a rule's text as a key, and back
 *   rules_ip.c     keys of addresses
 *   rules_uri.c    keys of URIs
 *   rules_table.c  the table
 *   rules_judge.c  a client's facts as keys that are looked up
 */
#ifndef SIDELOCK_CERTS_RULES_INTERNAL_H
#define SIDELOCK_CERTS_RULES_INTERNAL_H

#include "certs/rules.h"

enum {
    RULES_URI_SEGMENTS_MAX = 32, /* on each side of "**" in a pattern */
    RULES_URI_SHAPES_MAX = 64,
    RULES_REASON_BYTES = 256,
    RULES_V4_BITS = 32,
    RULES_V6_BITS = 128,
};

/* --- keys ---------------------------------------------------------------- */

/*
 * Where the wildcards of a URI pattern are. Patterns of one shape are found
 * with one look-up: put the same wildcards into a client's URI, and if a
 * pattern fits, its text has come out.
 */
struct uri_shape {
    uint32_t head_stars; /* bit i: segment i is "*" */
    uint32_t tail_stars; /* the same behind "**" */
    uint8_t head_count;  /* segments before "**", or all of them */
    uint8_t tail_count;
    bool has_rest; /* is there a "**"? */
};

/*
 * What is stored and looked up. By kind, as a name or as a pattern:
 *   CN, OU, ISSUER  the bytes
 *   DNS             lower case, without a final dot; *.x.y: ".x.y"
 *   URI             scheme and host in lower case; the same with wildcards
 *   IP              bits of the prefix, address without the other bits
 *   EMAIL           domain in lower case; any of a domain: "@x.y"
 *   SERIAL          lower case, no leading zeros; of one issuer: "1f@CN=ca"
 */
struct rule_key {
    enum rule_kind kind;
    bool is_pattern;
    bool is_deny;
    bool is_too_long; /* for a rule: there is none like it */
    size_t len;
    uint8_t data[RULE_BYTES_MAX];
    struct uri_shape shape; /* of a URI pattern */
};

void rules_key_start(
    struct rule_key *key, enum rule_kind kind, bool is_pattern);
void rules_key_put(struct rule_key *key, const void *data, size_t len);
/* ASCII letters become small. */
void rules_key_put_lower(struct rule_key *key, const void *data, size_t len);
/* The address as IPv4, if it is one in any form, cut to the prefix. bits < 0:
 * all of it. */
void rules_key_put_ip(
    struct rule_key *key, const uint8_t *address, size_t len, int bits);

/* A rule as somebody writes it: a string of any bytes. -1: it is none, and why
 * says what to write instead. */
struct rule_text {
    enum rule_kind kind;
    const char *data;
    size_t len;
};

int rules_key_parse(struct rule_key *key, const struct rule_text *text,
    char *why, size_t why_cap) MUST_CHECK;
/* Parts of it. */
int rules_ip_parse(struct rule_key *key, const struct rule_text *text,
    char *why, size_t why_cap) MUST_CHECK;
int rules_uri_parse(struct rule_key *key, const struct rule_text *text,
    char *why, size_t why_cap) MUST_CHECK;

/* The key's text, which is parsed to the same key. Returns its length; it is
 * cut at cap. */
size_t rules_key_format(const struct rule_key *key, char *out, size_t cap);
size_t rules_ip_format(const struct rule_key *key, char *out, size_t cap);

/* "example.com": letters, digits, '-' and '_', no empty label. */
bool rules_is_host(const char *name, size_t len);

/* --- URIs ---------------------------------------------------------------- */

struct uri {
    const char *text;
    size_t len;
    size_t root_len; /* scheme and host, before the path */
    bool has_host;   /* "scheme://host", else "scheme:" */
    size_t segment_count;
};

/* False: it does not begin with a scheme. */
bool rules_uri_split(struct uri *uri, const char *text, size_t len);
/* May a wildcard stand for parts of it? Not where two readers could disagree
 * about what they are: "..", an empty segment, '%', a query. */
bool rules_uri_is_plain(const struct uri *uri);
void rules_uri_put(struct rule_key *key, const struct uri *uri);
/* The key that a pattern of this shape has if it fits. False: none does. */
bool rules_uri_put_shaped(
    struct rule_key *key, const struct uri *uri, const struct uri_shape *shape);

/* --- the table ----------------------------------------------------------- */

struct rule {
    uint64_t hash;
    uint32_t offset; /* of its key in the text */
    uint32_t line;   /* of allow_file; 0: from the configuration */
    uint16_t len;
    uint8_t kind;
    bool is_pattern;
    bool is_deny;
};

struct rules {
    uint64_t seed;
    struct rule *items;
    size_t count;
    size_t cap;
    uint8_t *text;
    size_t text_len;
    size_t text_cap;
    uint32_t *slots; /* index of an item + 1, or 0 */
    size_t slot_count;
    unsigned allow_kinds; /* bit: there are rules of this kind */
    unsigned deny_kinds;
    bool has_v4_bits[RULES_V4_BITS + 1]; /* prefixes that are in use */
    bool has_v6_bits[RULES_V6_BITS + 1];
    struct uri_shape shapes[RULES_URI_SHAPES_MAX];
    size_t shape_count;
    bool allow_all;
    enum allow_mode mode;
    char *path; /* of allow_file, or NULL */
    uint8_t hash[RULES_HASH_BYTES];
};

enum rules_added {
    RULES_ADDED,
    RULES_TWICE, /* it is there already */
    RULES_FULL,  /* RULES_URI_SHAPES_MAX is reached */
    RULES_NO_MEMORY,
};

enum rules_added rules_table_add(
    struct rules *rules, const struct rule_key *key, uint32_t line) MUST_CHECK;
/* NULL: there is none. */
const struct rule *rules_table_find(
    const struct rules *rules, const struct rule_key *key);
/* The rule as its key, for printing. */
void rules_table_key(
    const struct rules *rules, const struct rule *rule, struct rule_key *key);

/* --- loading ------------------------------------------------------------- */

/* "cn", "dns" and so on. */
const char *rules_kind_word(enum rule_kind kind);

/* `place` is the key, or the file and its line. 0: added, or there already,
 * which then is counted in *twice. -1 with an error. */
struct rule_place {
    const char *where; /* "clients.allow_cn = ", "clients.allow_file x:7: " */
    uint32_t line;
    bool is_deny;
};

int rules_add(struct rules *rules, const struct rule_place *place,
    const struct rule_text *text, size_t *twice,
    struct report *report) MUST_CHECK;
/* What is in allow_file. */
int rules_file_take(struct rules *rules, const char *text, size_t len,
    struct report *report) MUST_CHECK;
int rules_file_load(struct rules *rules, struct report *report) MUST_CHECK;

#endif
