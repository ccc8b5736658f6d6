/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * URIs in rules and certificates (RFC 3986): the scheme and the host without
 * case, the rest byte for byte. Nothing is decoded or resolved.
 */
#include <stdio.h>
#include <string.h>

#include "certs/rules_internal.h"

static bool
is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool
is_scheme_character(char c)
{
    return is_letter(c) || (c >= '0' && c <= '9') || c == '+' || c == '-'
           || c == '.';
}

/* The first of '/', '?' and '#' from `at` on, or the end. */
static size_t
host_end(const char *text, size_t len, size_t at)
{
    while (at < len && text[at] != '/' && text[at] != '?' && text[at] != '#')
        at++;
    return at;
}

bool
rules_uri_split(struct uri *uri, const char *text, size_t len)
{
    size_t at = 0;

    while (at < len && is_scheme_character(text[at]))
        at++;
    if (at == 0 || at == len || text[at] != ':' || !is_letter(text[0]))
        return false;
    at++;
    *uri = (struct uri){.text = text, .len = len, .root_len = at};
    if (len - at < 2 || memcmp(text + at, "//", 2) != 0)
        return true;
    uri->has_host = true;
    uri->root_len = host_end(text, len, at + 2);
    for (at = uri->root_len; at < len; at++)
        uri->segment_count += text[at] == '/';
    return true;
}

/* The segment that begins behind the '/' at `*at`, which moves to the next. */
static size_t
take_segment(const struct uri *uri, size_t *at)
{
    size_t start = ++*at;

    while (*at < uri->len && uri->text[*at] != '/')
        ++*at;
    return *at - start;
}

static bool
is_dots(const char *text, size_t len)
{
    return (len == 1 && text[0] == '.')
           || (len == 2 && text[0] == '.' && text[1] == '.');
}

bool
rules_uri_is_plain(const struct uri *uri)
{
    size_t at = uri->root_len;

    for (size_t i = 0; i < uri->len; i++)
        if (uri->text[i] <= 0x20 || uri->text[i] > 0x7e
            || strchr("%?#\\*", uri->text[i]) != NULL)
            return false;
    while (at < uri->len) {
        size_t start = at + 1;
        size_t len = take_segment(uri, &at);

        if (len == 0 || is_dots(uri->text + start, len))
            return false;
    }
    return true;
}

static void
put_root(struct rule_key *key, const struct uri *uri)
{
    size_t user = 0; /* whose case counts */

    for (size_t i = 0; i < uri->root_len; i++)
        if (uri->text[i] == '@')
            user = i;
    if (user == 0) {
        rules_key_put_lower(key, uri->text, uri->root_len);
        return;
    }
    rules_key_put(key, uri->text, user);
    rules_key_put_lower(key, uri->text + user, uri->root_len - user);
}

void
rules_uri_put(struct rule_key *key, const struct uri *uri)
{
    put_root(key, uri);
    rules_key_put(key, uri->text + uri->root_len, uri->len - uri->root_len);
}

/* --- patterns ------------------------------------------------------------ */

static void
put_segments(struct rule_key *key, const struct uri *uri, size_t *at,
    unsigned count, uint32_t stars)
{
    for (unsigned i = 0; i < count; i++) {
        size_t start = *at + 1;
        size_t len = take_segment(uri, at);

        rules_key_put(key, "/", 1);
        if ((stars >> i & 1) != 0)
            rules_key_put(key, "*", 1);
        else
            rules_key_put(key, uri->text + start, len);
    }
}

bool
rules_uri_put_shaped(
    struct rule_key *key, const struct uri *uri, const struct uri_shape *shape)
{
    size_t count = (size_t)shape->head_count + shape->tail_count;
    size_t at = uri->root_len;

    if (!uri->has_host || uri->segment_count < count
        || (uri->segment_count > count && !shape->has_rest))
        return false;
    put_root(key, uri);
    put_segments(key, uri, &at, shape->head_count, shape->head_stars);
    if (!shape->has_rest)
        return true;
    rules_key_put(key, "/**", 3);
    for (size_t rest = uri->segment_count - count; rest > 0; rest--)
        (void)take_segment(uri, &at);
    put_segments(key, uri, &at, shape->tail_count, shape->tail_stars);
    return true;
}

/* False: the segment cannot stand in a pattern; why. */
static bool
note_segment(
    struct uri_shape *shape, const char *text, size_t len, const char **why)
{
    uint8_t *count = shape->has_rest ? &shape->tail_count : &shape->head_count;
    uint32_t *stars = shape->has_rest ? &shape->tail_stars : &shape->head_stars;

    *why = "write * for one whole segment, ** for any number of them";
    if (len == 2 && memcmp(text, "**", 2) == 0) {
        *why = "write ** at most once";
        if (shape->has_rest)
            return false;
        shape->has_rest = true;
        return true;
    }
    if (len != 1 && memchr(text, '*', len) != NULL)
        return false;
    *why = "write no empty segment, and no . or .. beside a *";
    if (len == 0 || is_dots(text, len))
        return false;
    *why = "write fewer segments; 32 beside a * are the most";
    if (*count == RULES_URI_SEGMENTS_MAX)
        return false;
    if (text[0] == '*')
        *stars |= (uint32_t)1 << *count;
    ++*count;
    return true;
}

static bool
read_pattern(struct uri_shape *shape, const struct uri *uri, const char **why)
{
    size_t at = uri->root_len;

    *why = "write the scheme and the host in full, such as"
           " spiffe://example.org/**";
    if (!uri->has_host || uri->text[uri->root_len - 1] == '/'
        || memchr(uri->text, '*', uri->root_len) != NULL)
        return false;
    *why = "write neither '?', '#', '%' nor '\\' beside a *";
    if (memchr(uri->text, '?', uri->len) != NULL
        || memchr(uri->text, '#', uri->len) != NULL
        || memchr(uri->text, '%', uri->len) != NULL
        || memchr(uri->text, '\\', uri->len) != NULL)
        return false;
    while (at < uri->len) {
        size_t start = at + 1;
        size_t len = take_segment(uri, &at);

        if (!note_segment(shape, uri->text + start, len, why))
            return false;
    }
    return true;
}

int
rules_uri_parse(struct rule_key *key, const struct rule_text *text, char *why,
    size_t why_cap)
{
    const char *reason = "";
    struct uri uri;

    for (size_t i = 0; i < text->len; i++)
        if (text->data[i] <= 0x20 || text->data[i] > 0x7e) {
            (void)snprintf(why, why_cap,
                "it has blanks or characters that no URI has: write them as %%"
                " and two digits, as the certificate does");
            return -1;
        }
    if (!rules_uri_split(&uri, text->data, text->len)) {
        (void)snprintf(why, why_cap,
            "it is no URI: write scheme and host, such as"
            " spiffe://example.org/web");
        return -1;
    }
    rules_key_start(key, RULE_URI, memchr(text->data, '*', text->len) != NULL);
    if (key->is_pattern && !read_pattern(&key->shape, &uri, &reason)) {
        (void)snprintf(why, why_cap, "this pattern cannot be used: %s", reason);
        return -1;
    }
    rules_uri_put(key, &uri);
    return 0;
}
