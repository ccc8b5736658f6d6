/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A JSON text that is built front to back, in a buffer that grows up to a
 * bound. Calls never fail: past the bound, or without memory, the text is
 * marked as broken and stays as it is, and only its user has to ask.
 *
 * Values are escaped here: quotes, backslashes and all that is not printable
 * ASCII, since nobody has checked that what peers and files say is UTF-8.
 */
#ifndef SIDELOCK_PROXY_JSON_H
#define SIDELOCK_PROXY_JSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    JSON_ESCAPE_BYTES = 8
};

/* One byte as it stands inside a JSON string; the number of characters. */
size_t json_escape(char out[JSON_ESCAPE_BYTES], char byte);

struct json {
    char *text; /* len bytes, no NUL */
    size_t len;
    size_t cap;
    size_t max;
    bool is_broken;
};

/* max: bytes that the text may have. */
void json_init(struct json *json, size_t max);
void json_deinit(struct json *json);

/* How much longer the text may become, for lists that have to stop. */
size_t json_room(const struct json *json);

/* key is NULL in an array, and for the value that is the whole text. */
void json_begin_object(struct json *json, const char *key);
void json_end_object(struct json *json);
void json_begin_array(struct json *json, const char *key);
void json_end_array(struct json *json);
/* value NULL: null. */
void json_put_string(struct json *json, const char *key, const char *value);
void json_put_int(struct json *json, const char *key, int64_t value);
void json_put_bool(struct json *json, const char *key, bool value);
void json_put_null(struct json *json, const char *key);

#endif
