/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A block is found by its lines, its body decoded by the library's base64. */
#include "certs/pem.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <wolfssl/options.h>

#include <wolfssl/wolfcrypt/coding.h>
#include <wolfssl/wolfcrypt/types.h>

static const char begin_mark[] = "-----BEGIN ";
static const char end_mark[] = "-----END ";
static const char dashes[] = "-----";

void
pem_reader_init(struct pem_reader *reader, const struct blob *content)
{
    reader->at = (const char *)content->data;
    reader->left = content->len;
}

static void
skip_to(struct pem_reader *reader, const char *at)
{
    reader->left -= (size_t)(at - reader->at);
    reader->at = at;
}

static const char *
find(const struct pem_reader *reader, const char *text)
{
    if (reader->left == 0)
        return NULL;
    return memmem(reader->at, reader->left, text, strlen(text));
}

/* Reads the label after a mark and moves behind its dashes. */
static bool
take_label(struct pem_reader *reader, char label[PEM_LABEL_BYTES])
{
    const char *end = find(reader, dashes);
    size_t len;

    if (end == NULL)
        return false;
    len = (size_t)(end - reader->at);
    if (len == 0 || len >= PEM_LABEL_BYTES
        || memchr(reader->at, '\n', len) != NULL)
        return false;
    (void)snprintf(label, PEM_LABEL_BYTES, "%.*s", (int)len, reader->at);
    skip_to(reader, end + strlen(dashes));
    return true;
}

/* Header lines (RFC 1421) end with an empty line; only old encrypted keys
 * have them. The start of the base64 inside body[len]. */
static size_t
skip_headers(const char *body, size_t len)
{
    const char *blank;

    if (memmem(body, len, ": ", 2) == NULL)
        return 0;
    blank = memmem(body, len, "\n\n", 2);
    if (blank != NULL)
        return (size_t)(blank - body) + 2;
    blank = memmem(body, len, "\r\n\r\n", 4);
    return blank == NULL ? len : (size_t)(blank - body) + 4;
}

/* The library's decoder stops at padding, and drops characters at the end that
 * make no whole byte: what was damaged there would pass. */
static bool
is_one_base64(const char *body, size_t len)
{
    static const char blanks[] = {'\r', '\n', ' ', '\t'};
    bool is_padded = false;
    size_t count = 0;

    for (size_t i = 0; i < len; i++) {
        if (memchr(blanks, body[i], sizeof(blanks)) != NULL)
            continue;
        if (is_padded && body[i] != '=')
            return false;
        is_padded = body[i] == '=';
        count++;
    }
    return count > 0 && count % 4 == 0;
}

static enum pem_result
decode_body(struct pem_block *block, const char *body, size_t len)
{
    size_t headers = skip_headers(body, len);
    word32 out_len;

    block->is_encrypted =
        memmem(body, headers, "ENCRYPTED", strlen("ENCRYPTED")) != NULL;
    body += headers;
    len -= headers;
    out_len = (word32)(len / 4 * 3 + 4);
    block->der.data = malloc(out_len);
    if (block->der.data == NULL)
        return PEM_NO_MEMORY;
    block->der.len = out_len;
    if (!is_one_base64(body, len)
        || Base64_Decode(
               (const byte *)body, (word32)len, block->der.data, &out_len)
               != 0) {
        blob_wipe(&block->der);
        return PEM_MALFORMED;
    }
    block->der.len = out_len;
    return PEM_BLOCK;
}

enum pem_result
pem_next(struct pem_reader *reader, struct pem_block *block)
{
    char end_label[PEM_LABEL_BYTES];
    const char *begin = find(reader, begin_mark);
    const char *body;
    const char *end;

    *block = (struct pem_block){0};
    if (begin == NULL)
        return PEM_END;
    skip_to(reader, begin + strlen(begin_mark));
    if (!take_label(reader, block->label))
        return PEM_MALFORMED;
    body = reader->at;
    end = find(reader, end_mark);
    if (end == NULL)
        return PEM_MALFORMED;
    skip_to(reader, end + strlen(end_mark));
    if (!take_label(reader, end_label) || strcmp(block->label, end_label) != 0)
        return PEM_MALFORMED;
    return decode_body(block, body, (size_t)(end - body));
}

bool
pem_is_certificate(const char *label)
{
    return strcmp(label, "CERTIFICATE") == 0
           || strcmp(label, "X509 CERTIFICATE") == 0;
}
