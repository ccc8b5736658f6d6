/* SPDX-License-Identifier: GPL-3.0-or-later */
/* PEM: blocks out of text, and what is made of text without any. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "certs/pem.h"
#include "certs/secret.h"

/* "hello" and "world!" */
#define HELLO                                                                  \
    "-----BEGIN GREETING-----\n"                                               \
    "aGVsbG8=\n"                                                               \
    "-----END GREETING-----\n"
#define WORLD                                                                  \
    "-----BEGIN PLANET-----\n"                                                 \
    "d29ybGQh\n"                                                               \
    "-----END PLANET-----\n"

/* A reader over memory of exactly the text's length. */
struct text {
    struct blob content;
    struct pem_reader reader;
};

static void
open_bytes(struct text *text, const char *from, size_t len)
{
    assert_int_equal(blob_copy(&text->content, (const uint8_t *)from, len), 0);
    pem_reader_init(&text->reader, &text->content);
}

static void
open_text(struct text *text, const char *from)
{
    open_bytes(text, from, strlen(from));
}

static void
close_text(struct text *text)
{
    blob_free(&text->content);
}

static void
next_is(struct text *text, const char *label, const char *der)
{
    struct pem_block block;

    assert_int_equal(pem_next(&text->reader, &block), PEM_BLOCK);
    assert_string_equal(block.label, label);
    assert_int_equal(block.der.len, strlen(der));
    assert_memory_equal(block.der.data, der, strlen(der));
    assert_false(block.is_encrypted);
    blob_wipe(&block.der);
}

static void
next_fails(struct text *text, enum pem_result result)
{
    struct pem_block block;

    assert_int_equal(pem_next(&text->reader, &block), result);
    assert_null(block.der.data);
}

/* The first block of the text is broken. */
static void
is_malformed(const char *from)
{
    struct text text;

    open_text(&text, from);
    next_fails(&text, PEM_MALFORMED);
    close_text(&text);
}

static void
block_is_decoded(void **state)
{
    struct text text;

    (void)state;
    open_text(&text, HELLO);
    next_is(&text, "GREETING", "hello");
    next_fails(&text, PEM_END);
    close_text(&text);
}

static void
blocks_come_in_their_order(void **state)
{
    struct text text;

    (void)state;
    open_text(&text, HELLO WORLD HELLO);
    next_is(&text, "GREETING", "hello");
    next_is(&text, "PLANET", "world!");
    next_is(&text, "GREETING", "hello");
    next_fails(&text, PEM_END);
    close_text(&text);
}

static void
text_around_blocks_is_ignored(void **state)
{
    struct text text;

    (void)state;
    open_text(&text, "before\n" HELLO "between --- - -----\n" WORLD "after");
    next_is(&text, "GREETING", "hello");
    next_is(&text, "PLANET", "world!");
    next_fails(&text, PEM_END);
    close_text(&text);
}

static void
line_ends_may_be_of_either_kind(void **state)
{
    struct text text;

    (void)state;
    open_text(&text, "-----BEGIN GREETING-----\r\naGVs\r\nbG8=\r\n"
                     "-----END GREETING-----\r\n");
    next_is(&text, "GREETING", "hello");
    close_text(&text);
}

static void
last_line_needs_no_end(void **state)
{
    struct text text;

    (void)state;
    open_bytes(&text, HELLO, strlen(HELLO) - 1);
    next_is(&text, "GREETING", "hello");
    close_text(&text);
}

static void
text_without_blocks_ends_at_once(void **state)
{
    struct text text;

    (void)state;
    open_text(&text, "nothing of the kind\n");
    next_fails(&text, PEM_END);
    close_text(&text);
    open_text(&text, "");
    next_fails(&text, PEM_END);
    close_text(&text);
}

static void
block_without_its_end_is_malformed(void **state)
{
    (void)state;
    is_malformed("-----BEGIN GREETING-----\naGVsbG8=\n");
    is_malformed("-----BEGIN GREETING-----\naGVsbG8=\n-----END GREET");
    is_malformed("-----BEGIN GREETING-----");
    is_malformed("-----BEGIN GREE");
    is_malformed("-----BEGIN ");
}

static void
block_with_another_end_is_malformed(void **state)
{
    (void)state;
    is_malformed("-----BEGIN GREETING-----\naGVsbG8=\n-----END PLANET-----\n");
}

static void
block_without_content_is_malformed(void **state)
{
    (void)state;
    is_malformed("-----BEGIN GREETING----------END GREETING-----\n");
}

static void
bad_base64_is_malformed(void **state)
{
    (void)state;
    is_malformed(
        "-----BEGIN GREETING-----\naG!sbG8=\n-----END GREETING-----\n");
    is_malformed("-----BEGIN GREETING-----\naGVsb\n-----END GREETING-----\n");
}

static void
overlong_label_is_malformed(void **state)
{
    char label[2 * PEM_LABEL_BYTES];
    char text[5 * PEM_LABEL_BYTES];

    (void)state;
    memset(label, 'A', sizeof(label) - 1);
    label[sizeof(label) - 1] = '\0';
    (void)snprintf(text, sizeof(text),
        "-----BEGIN %s-----\naGVsbG8=\n-----END %s-----\n", label, label);
    is_malformed(text);
}

/* As of two blocks whose middle lines were lost. */
static void
base64_after_padding_is_malformed(void **state)
{
    (void)state;
    is_malformed("-----BEGIN GREETING-----\naGVsbG8=\nd29ybGQh\n"
                 "-----END GREETING-----\n");
}

/* A block that was cut off swallows none of those behind it: the reader says
 * that it is broken. */
static void
cut_block_does_not_take_the_next_ones_end(void **state)
{
    (void)state;
    is_malformed("-----BEGIN GREETING-----\naGVs\n" WORLD);
}

static void
encrypted_block_is_known_by_its_headers(void **state)
{
    struct text text;
    struct pem_block block;

    (void)state;
    open_text(&text, "-----BEGIN EC PRIVATE KEY-----\n"
                     "Proc-Type: 4,ENCRYPTED\n"
                     "DEK-Info: AES-128-CBC,00112233445566778899AABBCCDDEEFF\n"
                     "\n"
                     "aGVsbG8=\n"
                     "-----END EC PRIVATE KEY-----\n");
    assert_int_equal(pem_next(&text.reader, &block), PEM_BLOCK);
    assert_string_equal(block.label, "EC PRIVATE KEY");
    assert_true(block.is_encrypted);
    blob_wipe(&block.der);
    close_text(&text);
}

static void
nothing_is_kept_of_a_block_before(void **state)
{
    struct text text;
    struct pem_block block;

    (void)state;
    open_text(&text, HELLO);
    assert_int_equal(pem_next(&text.reader, &block), PEM_BLOCK);
    blob_wipe(&block.der);
    assert_int_equal(pem_next(&text.reader, &block), PEM_END);
    assert_int_equal(block.label[0], '\0');
    assert_null(block.der.data);
    close_text(&text);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(block_is_decoded),
        cmocka_unit_test(blocks_come_in_their_order),
        cmocka_unit_test(text_around_blocks_is_ignored),
        cmocka_unit_test(line_ends_may_be_of_either_kind),
        cmocka_unit_test(last_line_needs_no_end),
        cmocka_unit_test(text_without_blocks_ends_at_once),
        cmocka_unit_test(block_without_its_end_is_malformed),
        cmocka_unit_test(block_with_another_end_is_malformed),
        cmocka_unit_test(block_without_content_is_malformed),
        cmocka_unit_test(bad_base64_is_malformed),
        cmocka_unit_test(base64_after_padding_is_malformed),
        cmocka_unit_test(overlong_label_is_malformed),
        cmocka_unit_test(cut_block_does_not_take_the_next_ones_end),
        cmocka_unit_test(encrypted_block_is_known_by_its_headers),
        cmocka_unit_test(nothing_is_kept_of_a_block_before),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
