/* SPDX-License-Identifier: GPL-3.0-or-later */
/* JSON, written. Whether a comma is due shows in the last character. */
#include "proxy/json.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    FIRST_BYTES = 1024
};

size_t
json_escape(char out[JSON_ESCAPE_BYTES], char byte)
{
    unsigned char code = (unsigned char)byte;

    if (code < 0x20 || code > 0x7e)
        return (size_t)snprintf(out, JSON_ESCAPE_BYTES, "\\u%04x", code);
    if (byte == '"' || byte == '\\') {
        out[0] = '\\';
        out[1] = byte;
        return 2;
    }
    out[0] = byte;
    return 1;
}

void
json_init(struct json *json, size_t max)
{
    *json = (struct json){.max = max};
}

void
json_deinit(struct json *json)
{
    free(json->text);
    *json = (struct json){0};
}

size_t
json_room(const struct json *json)
{
    return json->is_broken ? 0 : json->max - json->len;
}

static bool
make_room(struct json *json, size_t more)
{
    size_t cap = json->cap > 0 ? json->cap : FIRST_BYTES;
    char *text;

    if (more > json_room(json)) {
        json->is_broken = true;
        return false;
    }
    if (more <= json->cap - json->len)
        return true;
    while (cap - json->len < more)
        cap *= 2;
    text = realloc(json->text, cap);
    if (text == NULL) {
        json->is_broken = true;
        return false;
    }
    json->text = text;
    json->cap = cap;
    return true;
}

static void
put(struct json *json, const char *text, size_t len)
{
    if (!make_room(json, len))
        return;
    memcpy(json->text + json->len, text, len);
    json->len += len;
}

static void
put_quoted(struct json *json, const char *value)
{
    put(json, "\"", 1);
    for (const char *at = value; *at != '\0'; at++) {
        char escaped[JSON_ESCAPE_BYTES];
        size_t len = json_escape(escaped, *at);

        put(json, escaped, len);
    }
    put(json, "\"", 1);
}

/* What stands before a value: the comma after the one before, the key. */
static void
begin_value(struct json *json, const char *key)
{
    if (json->len > 0 && strchr("{[", json->text[json->len - 1]) == NULL)
        put(json, ",", 1);
    if (key == NULL)
        return;
    put_quoted(json, key);
    put(json, ":", 1);
}

static void
put_word(struct json *json, const char *key, const char *word)
{
    begin_value(json, key);
    put(json, word, strlen(word));
}

void
json_begin_object(struct json *json, const char *key)
{
    put_word(json, key, "{");
}

void
json_end_object(struct json *json)
{
    put(json, "}", 1);
}

void
json_begin_array(struct json *json, const char *key)
{
    put_word(json, key, "[");
}

void
json_end_array(struct json *json)
{
    put(json, "]", 1);
}

void
json_put_string(struct json *json, const char *key, const char *value)
{
    if (value == NULL) {
        json_put_null(json, key);
        return;
    }
    begin_value(json, key);
    put_quoted(json, value);
}

void
json_put_int(struct json *json, const char *key, int64_t value)
{
    char digits[24];

    (void)snprintf(digits, sizeof(digits), "%" PRId64, value);
    put_word(json, key, digits);
}

void
json_put_bool(struct json *json, const char *key, bool value)
{
    put_word(json, key, value ? "true" : "false");
}

void
json_put_null(struct json *json, const char *key)
{
    put_word(json, key, "null");
}
