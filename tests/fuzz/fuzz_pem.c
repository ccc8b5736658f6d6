/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Fuzzes pem_next() and form_explain() with a whole file.
 *
 * A reader always comes to its end, hands out nothing but what the file can
 * hold, and what it decoded decodes to the same again when it is written
 * anew.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <wolfssl/options.h>

#include <wolfssl/wolfcrypt/coding.h>

#include "certs/form.h"
#include "certs/pem.h"

/* NOLINTNEXTLINE(readability-identifier-naming): libFuzzer names it */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
require(bool is_true)
{
    if (!is_true)
        abort();
}

/* The block as a file of its own. */
static struct blob
write_block(const struct pem_block *block)
{
    word32 encoded_len = (word32)(block->der.len * 2 + 64);
    size_t cap = encoded_len + 4 * (size_t)PEM_LABEL_BYTES;
    uint8_t *encoded = malloc(encoded_len);
    char *text = malloc(cap);
    int len;

    require(encoded != NULL && text != NULL);
    require(Base64_Encode(
                block->der.data, (word32)block->der.len, encoded, &encoded_len)
            == 0);
    len = snprintf(text, cap, "-----BEGIN %s-----\n%.*s-----END %s-----\n",
        block->label, (int)encoded_len, (const char *)encoded, block->label);
    require(len > 0 && (size_t)len < cap);
    free(encoded);
    return (struct blob){.data = (uint8_t *)text, .len = (size_t)len};
}

static void
check_block(const struct pem_block *block, size_t size)
{
    struct pem_reader reader;
    struct pem_block again;
    struct blob file;

    require(memchr(block->label, '\0', PEM_LABEL_BYTES) != NULL);
    require(block->der.data != NULL && block->der.len < size);
    /* A label with a NUL in it cannot be written as text. */
    if (block->label[0] == '\0' || block->der.len == 0)
        return;
    file = write_block(block);
    pem_reader_init(&reader, &file);
    require(pem_next(&reader, &again) == PEM_BLOCK);
    require(strcmp(again.label, block->label) == 0);
    require(again.der.len == block->der.len);
    require(memcmp(again.der.data, block->der.data, block->der.len) == 0);
    blob_wipe(&again.der);
    require(pem_next(&reader, &again) == PEM_END);
    blob_free(&file);
}

static void
check_explanation(const struct blob *content)
{
    char text[FORM_TEXT_BYTES];
    enum form form = form_of(content);

    form_explain(form, "path", text);
    require(memchr(text, '\0', sizeof(text)) != NULL);
    require(form_name(form)[0] != '\0');
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct pem_reader reader;
    struct pem_block block;
    enum pem_result result;
    struct blob content;
    size_t count = 0;

    require(blob_copy(&content, data, size) == 0);
    pem_reader_init(&reader, &content);
    while ((result = pem_next(&reader, &block)) != PEM_END) {
        require(++count <= size);
        require(result != PEM_NO_MEMORY);
        if (result == PEM_BLOCK)
            check_block(&block, size);
        else
            require(block.der.data == NULL);
        blob_wipe(&block.der);
    }
    check_explanation(&content);
    blob_free(&content);
    return 0;
}
