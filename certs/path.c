/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Finding the way, once, and keeping it as
 *   anchor[16] not_after[8] links[1]
 *   { issuer_len[2] issuer serial_len[1] serial }*
 * The numbers are big-endian.
 */
#include "certs/path.h"

#include <stdlib.h>
#include <string.h>

#include "certs/signature.h"
#include "certs/x509.h"
#include "certs/x509_parts.h"

enum {
    NOT_AFTER_AT = PATH_ANCHOR_BYTES,
    COUNT_AT = NOT_AFTER_AT + 8,
    LINKS_AT = COUNT_AT + 1,
    SERIAL_MAX = 255,
    LINKS_MAX = 16, /* more than the library takes of a client */
};

struct path {
    bool breaks_constraints; /* whoever asks refuses: it is not kept */
    size_t len;
    uint8_t bytes[];
};

/* While the way is looked for. */
struct walk {
    const struct blob *chain;
    size_t count;
    const struct trust *trust;
    const struct blob *way[LINKS_MAX + 1]; /* from the leaf to the CA */
    size_t way_count;
    size_t len;
    time_t not_after;
    uint8_t bytes[PATH_BYTES_MAX];
};

/* --- bytes --------------------------------------------------------------- */

static void
put_number(uint8_t *out, uint64_t value, size_t len)
{
    for (size_t i = 0; i < len; i++)
        out[i] = (uint8_t)(value >> (8 * (len - 1 - i)));
}

static uint64_t
get_number(const uint8_t *in, size_t len)
{
    uint64_t value = 0;

    for (size_t i = 0; i < len; i++)
        value = value << 8 | in[i];
    return value;
}

static bool
put_link(struct walk *walk, const struct x509_parts *parts, bool is_trusted)
{
    size_t len = 1 + 2 + parts->issuer.len + 1 + parts->serial.len;
    uint8_t *at = walk->bytes + walk->len;

    if (parts->serial.len > SERIAL_MAX || len > PATH_BYTES_MAX - walk->len)
        return false;
    *at++ = is_trusted;
    put_number(at, parts->issuer.len, 2);
    memcpy(at + 2, parts->issuer.data, parts->issuer.len);
    at += 2 + parts->issuer.len;
    *at = (uint8_t)parts->serial.len;
    memcpy(at + 1, parts->serial.data, parts->serial.len);
    walk->len += len;
    walk->bytes[COUNT_AT]++;
    return true;
}

/* "ab01.." to bytes. */
static void
put_anchor(uint8_t out[PATH_ANCHOR_BYTES], const char *fingerprint)
{
    for (size_t i = 0; i < PATH_ANCHOR_BYTES; i++) {
        char pair[] = {fingerprint[2 * i], fingerprint[2 * i + 1], '\0'};

        out[i] = (uint8_t)strtoul(pair, NULL, 16);
    }
}

/* --- the way ------------------------------------------------------------- */

/* Did the key of `issuer` sign `certificate`? */
static bool
has_signed(const struct blob *issuer, const struct blob *certificate)
{
    struct x509_public_key key;
    struct x509_signed part;
    int error;
    struct x509 *x509 = x509_new(issuer, &error);
    bool holds =
        x509 != NULL && x509_public_key(x509, &key) == 0
        && x509_parts_signed(&part, certificate)
        && signature_holds(&key, part.algorithm, part.data, part.signature);

    x509_free(x509);
    return holds;
}

static bool
is_named(const struct blob *certificate, struct der name)
{
    struct x509_parts parts;

    return x509_parts_read(&parts, certificate)
           && der_equal(parts.subject, name);
}

/* Is it of another name, or has it the key of that name? The first one tells
 * which that is. */
static bool
fits_key(const struct blob *certificate, struct der name, struct der *key)
{
    struct x509_parts parts;

    if (!x509_parts_read(&parts, certificate))
        return false;
    if (!der_equal(parts.subject, name))
        return true;
    if (key->data == NULL)
        *key = parts.key_info;
    return der_equal(*key, parts.key_info);
}

/* A renewed CA may keep its key, and many clients send their root, too. */
static bool
has_one_key(const struct walk *walk, struct der name)
{
    struct der key = {0};

    for (size_t i = 0; i < walk->trust->ca_count; i++)
        if (!fits_key(&walk->trust->ca[i], name, &key))
            return false;
    for (size_t i = 1; i < walk->count; i++)
        if (!fits_key(&walk->chain[i], name, &key))
            return false;
    return true;
}

/* The library has verified that one of that name signed it. Verifying again
 * costs, and only where several keys have the name it must be told which:
 * clients may show a namesake that is not revoked. */
static bool
has_issued(const struct walk *walk, const struct blob *issuer,
    const struct blob *certificate, struct der name)
{
    return is_named(issuer, name)
           && (has_one_key(walk, name) || has_signed(issuer, certificate));
}

/* The CA that issued the certificate; its index, or -1. Of a renewed one with
 * the same key that which lasts longest. */
static int
find_ca(
    const struct walk *walk, const struct blob *certificate, struct der name)
{
    const struct trust *trust = walk->trust;
    int found = -1;

    for (size_t i = 0; i < trust->ca_count; i++)
        if (has_issued(walk, &trust->ca[i], certificate, name)
            && (found < 0
                || trust->info[i].not_after > trust->info[found].not_after))
            found = (int)i;
    return found;
}

static const struct blob *
find_shown(
    const struct walk *walk, const struct blob *certificate, struct der name)
{
    for (size_t i = 1; i < walk->count; i++)
        if (has_issued(walk, &walk->chain[i], certificate, name))
            return &walk->chain[i];
    return NULL;
}

static void
note_end(struct walk *walk, time_t not_after)
{
    if (walk->not_after == 0 || not_after < walk->not_after)
        walk->not_after = not_after;
}

/* RFC 5280 leaves open what the usages of a CA are for; others take them for
 * a limit to what it may issue, and so does who wrote them. */
static bool
note_shown(struct walk *walk, const struct blob *certificate)
{
    struct certificate_info info;
    int error;
    struct x509 *x509 = x509_new(certificate, &error);
    bool is_fit = x509 != NULL && x509_vouches_for_clients(x509);

    if (is_fit) {
        x509_fill_info(x509, &info);
        note_end(walk, info.not_after);
    }
    x509_free(x509);
    return is_fit;
}

/* A CA of the trust needs nobody above it. But a list of one that is trusted,
 * too, may name it. */
static bool
walk_on(struct walk *walk, const struct blob *certificate)
{
    for (size_t i = 0; i < LINKS_MAX; i++) {
        struct x509_parts parts;
        int ca;

        if (!x509_parts_read(&parts, certificate))
            return false;
        if (der_equal(parts.subject, parts.issuer))
            return true;
        ca = find_ca(walk, certificate, parts.issuer);
        if (ca < 0)
            return true;
        if (!put_link(walk, &parts, true))
            return false;
        certificate = &walk->trust->ca[ca];
    }
    return true;
}

/* From the leaf upwards, to the first CA that is trusted. */
static bool
walk_up(struct walk *walk)
{
    const struct blob *certificate = &walk->chain[0];

    for (size_t i = 0; i < LINKS_MAX && certificate != NULL; i++) {
        struct x509_parts parts;
        int ca;

        if (!x509_parts_read(&parts, certificate)
            || !put_link(walk, &parts, false))
            return false;
        walk->way[walk->way_count++] = certificate;
        ca = find_ca(walk, certificate, parts.issuer);
        if (ca >= 0) {
            put_anchor(walk->bytes, walk->trust->info[ca].fingerprint);
            note_end(walk, walk->trust->info[ca].not_after);
            walk->way[walk->way_count++] = &walk->trust->ca[ca];
            return walk_on(walk, &walk->trust->ca[ca]);
        }
        certificate = find_shown(walk, certificate, parts.issuer);
        if (certificate != NULL && !note_shown(walk, certificate))
            return false;
    }
    return false;
}

/* --- the path ------------------------------------------------------------ */

static struct path *
keep(const uint8_t *bytes, size_t len)
{
    struct path *path = malloc(sizeof(*path) + len);

    if (path == NULL)
        return NULL;
    path->breaks_constraints = false;
    path->len = len;
    memcpy(path->bytes, bytes, len);
    return path;
}

struct path *
path_new(const struct blob *chain, size_t count, const struct trust *trust)
{
    struct walk walk = {
        .chain = chain, .count = count, .trust = trust, .len = LINKS_AT};
    struct path *path;

    if (count == 0 || !walk_up(&walk))
        return NULL;
    put_number(walk.bytes + NOT_AFTER_AT, (uint64_t)walk.not_after, 8);
    path = keep(walk.bytes, walk.len);
    if (path != NULL)
        path->breaks_constraints =
            !x509_keeps_constraints(walk.way, walk.way_count);
    return path;
}

struct path *
path_new_unproven(const struct blob *leaf)
{
    struct walk walk = {.len = LINKS_AT};
    struct x509_parts parts;

    if (!x509_parts_read(&parts, leaf) || !put_link(&walk, &parts, false))
        return NULL;
    return keep(walk.bytes, walk.len);
}

void
path_free(struct path *path)
{
    free(path);
}

struct der
path_record(const struct path *path)
{
    return (struct der){path->bytes, path->len};
}

struct path *
path_from_record(const uint8_t *data, size_t len)
{
    struct path *path;
    struct path_link link;
    size_t count = 0;
    size_t at = 0;

    if (len <= LINKS_AT || len > PATH_BYTES_MAX)
        return NULL;
    path = keep(data, len);
    if (path == NULL)
        return NULL;
    while (path_next(path, &at, &link))
        count++;
    if (at == len - LINKS_AT && count == data[COUNT_AT])
        return path;
    path_free(path);
    return NULL;
}

time_t
path_not_after(const struct path *path)
{
    return (time_t)get_number(path->bytes + NOT_AFTER_AT, 8);
}

bool
path_next(const struct path *path, size_t *at, struct path_link *link)
{
    const uint8_t *data = path->bytes + LINKS_AT + *at;
    size_t left = path->len - LINKS_AT - *at;
    size_t issuer_len;
    size_t serial_len;

    if (left < 1 + 2)
        return false;
    link->is_trusted = *data++ != 0;
    left--;
    issuer_len = (size_t)get_number(data, 2);
    if (left < 2 + issuer_len + 1)
        return false;
    serial_len = data[2 + issuer_len];
    if (left < 2 + issuer_len + 1 + serial_len)
        return false;
    link->issuer = (struct der){data + 2, issuer_len};
    link->serial = (struct der){data + 2 + issuer_len + 1, serial_len};
    *at += 1 + 2 + issuer_len + 1 + serial_len;
    return true;
}

bool
path_breaks_constraints(const struct path *path)
{
    return path->breaks_constraints;
}

bool
path_is_trusted(const struct path *path, const struct trust *trust)
{
    uint8_t anchor[PATH_ANCHOR_BYTES];

    for (size_t i = 0; i < trust->ca_count; i++) {
        put_anchor(anchor, trust->info[i].fingerprint);
        if (memcmp(anchor, path->bytes, sizeof(anchor)) == 0)
            return true;
    }
    return false;
}

const struct blob *
path_find_issuer(
    const struct blob *chain, size_t count, const struct trust *trust)
{
    struct walk walk = {.chain = chain, .count = count, .trust = trust};
    struct x509_parts parts;
    int ca;

    if (count == 0 || !x509_parts_read(&parts, &chain[0]))
        return NULL;
    ca = find_ca(&walk, &chain[0], parts.issuer);
    return ca >= 0 ? &trust->ca[ca]
                   : find_shown(&walk, &chain[0], parts.issuer);
}
