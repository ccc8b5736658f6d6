/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Ticket keys out of a file, as several machines share them: which files are
 * taken, and which tickets the rings of two files exchange.
 */
#include <sys/stat.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "certs/snapshot.h"
#include "certs/tickets.h"
#include "tests/unit/certs_fixture.h"
#include "tests/unit/config_fixture.h"

static const char path[] = "ticket.keys";

/* base64 of 48 times the same byte: 'a', 'b', 'c', and so on. */
enum {
    LINE_BYTES = 64
};

static const char line_a[] =
    "YWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFh\n";
static const char line_b[] =
    "YmJiYmJiYmJiYmJiYmJiYmJiYmJiYmJiYmJiYmJiYmJiYmJiYmJiYmJiYmJiYmJi\n";

static struct ticket_ring *
load_bytes(const char *text, size_t len, struct report *report)
{
    write_file(path, text, len);
    assert_int_equal(chmod(path, 0600), 0);
    report_init(report);
    return ticket_ring_load(path, report);
}

static struct ticket_ring *
load(const char *text)
{
    struct report report;
    struct ticket_ring *ring = load_bytes(text, strlen(text), &report);

    if (ring == NULL)
        fail_msg("%s", report_first_error(&report));
    assert_no_complaint(&report);
    report_deinit(&report);
    return ring;
}

static void
assert_refused_bytes(const char *text, size_t len, const char *text_part)
{
    struct report report;
    struct ticket_ring *ring = load_bytes(text, len, &report);

    if (ring != NULL)
        fail_msg("was taken, where \"%s\" was expected", text_part);
    assert_reported(&report, SEVERITY_ERROR, text_part);
    assert_reported(&report, SEVERITY_ERROR, "tls.ticket_key_file ticket.keys");
    report_deinit(&report);
}

static void
assert_text_refused(const char *text, const char *text_part)
{
    assert_refused_bytes(text, strlen(text), text_part);
}

/* --- tickets between rings ----------------------------------------------- */

enum {
    CONTENT_BYTES = 64
};

static const uint8_t binding[TICKET_BINDING_BYTES] = "service web";

struct ticket {
    struct ticket_envelope envelope;
    uint8_t content[CONTENT_BYTES];
};

static void
seal(struct ticket *ticket, const struct ticket_ring *ring)
{
    struct ticket_keys *keys = ticket_keys_new(binding);

    assert_non_null(keys);
    memset(ticket->content, 0x5a, CONTENT_BYTES);
    assert_int_equal(ticket_seal(keys, ring, &ticket->envelope, ticket->content,
                         CONTENT_BYTES),
        TICKET_OK);
    ticket_keys_free(keys);
}

/* Opens a copy; with keys of its own when none are given. */
static enum ticket_result
open_with(const struct ticket *ticket, const struct ticket_ring *ring,
    struct ticket_keys *keys)
{
    struct ticket_keys *own = keys == NULL ? ticket_keys_new(binding) : NULL;
    uint8_t content[CONTENT_BYTES];
    uint8_t expected[CONTENT_BYTES];
    enum ticket_result result;

    memcpy(content, ticket->content, CONTENT_BYTES);
    result = ticket_open(keys != NULL ? keys : own, ring, &ticket->envelope,
        content, CONTENT_BYTES);
    memset(expected, 0x5a, CONTENT_BYTES);
    if (result != TICKET_REJECT)
        assert_memory_equal(content, expected, CONTENT_BYTES);
    ticket_keys_free(own);
    return result;
}

/* What the ring of one text makes of a ticket that the ring of another made. */
static enum ticket_result
pass(const char *sealing, const char *opening)
{
    struct ticket_ring *from = load(sealing);
    struct ticket_ring *to = load(opening);
    struct ticket ticket;
    enum ticket_result result;

    seal(&ticket, from);
    result = open_with(&ticket, to, NULL);
    ticket_ring_unref(from);
    ticket_ring_unref(to);
    return result;
}

#define PASS(sealing, opening)                                                 \
    assert_int_equal(pass(sealing, opening), TICKET_OK)

static char *
concatenate(const char *first, const char *second)
{
    static char text[4096];

    (void)snprintf(text, sizeof(text), "%s%s", first, second);
    return text;
}

static void
machines_with_the_same_file_open_each_others_tickets(void **state)
{
    (void)state;
    PASS(line_a, line_a);
}

static void
another_key_does_not_open_it(void **state)
{
    (void)state;
    assert_int_equal(pass(line_a, line_b), TICKET_REJECT);
}

static void
first_line_seals(void **state)
{
    (void)state;
    PASS(concatenate(line_b, line_a), line_b);
    assert_int_equal(pass(concatenate(line_b, line_a), line_a), TICKET_REJECT);
}

/* How keys are exchanged on several machines without a lost ticket: first the
 * new one behind, then in front, then the old one away. */
static void
other_lines_open_and_renew(void **state)
{
    (void)state;
    assert_int_equal(pass(line_a, concatenate(line_b, line_a)), TICKET_RENEW);
    PASS(line_a, concatenate(line_a, line_b));
}

static void
own_ring_does_not_open_a_files_tickets(void **state)
{
    struct ticket_ring *file = load(line_a);
    struct ticket_ring *own = ticket_ring_rotate(NULL);
    struct ticket ticket;

    (void)state;
    assert_non_null(own);
    seal(&ticket, file);
    assert_int_equal(open_with(&ticket, own, NULL), TICKET_REJECT);
    seal(&ticket, own);
    assert_int_equal(open_with(&ticket, file, NULL), TICKET_REJECT);
    ticket_ring_unref(own);
    ticket_ring_unref(file);
}

/* base64 of 48 times the same byte, a line for each of `count`. */
static void
format_lines(char *text, size_t cap, size_t count)
{
    size_t len = 0;

    text[0] = '\0';
    for (size_t i = 0; i < count; i++) {
        static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ";

        assert_true(len + LINE_BYTES + 2 < cap);
        memset(text + len, digits[i % 26], LINE_BYTES);
        len += LINE_BYTES;
        text[len++] = '\n';
        text[len] = '\0';
    }
}

/* Each context keeps a derived key of each of them. */
static void
largest_ring_opens_by_each_of_its_secrets(void **state)
{
    char text[4096];
    struct ticket_ring *ring;
    struct ticket_keys *keys = ticket_keys_new(binding);

    (void)state;
    assert_non_null(keys);
    format_lines(text, sizeof(text), TICKET_SECRETS_MAX);
    ring = load(text);
    for (size_t round = 0; round < 3; round++)
        for (size_t i = 0; i < TICKET_SECRETS_MAX; i++) {
            char line[LINE_BYTES + 2];
            struct ticket_ring *single;
            struct ticket ticket;

            (void)snprintf(line, sizeof(line), "%.*s\n", (int)LINE_BYTES,
                text + i * (LINE_BYTES + 1));
            single = load(line);
            seal(&ticket, single);
            assert_int_equal(open_with(&ticket, ring, keys),
                i == 0 ? TICKET_OK : TICKET_RENEW);
            ticket_ring_unref(single);
        }
    ticket_keys_free(keys);
    ticket_ring_unref(ring);
}

/* A context outlives a ring where only the file changed: its slots are made
 * free for the secrets of the next. */
static void
derived_keys_make_room_for_those_of_another_ring(void **state)
{
    struct ticket_keys *keys = ticket_keys_new(binding);
    char text[4096];
    struct ticket_ring *large;
    struct ticket_ring *next = load(concatenate(line_a, line_b));
    struct ticket_ring *last = load(line_b);
    struct ticket ticket;

    (void)state;
    assert_non_null(keys);
    format_lines(text, sizeof(text), TICKET_SECRETS_MAX);
    large = load(text);
    seal(&ticket, last);
    for (size_t round = 0; round < 3; round++) {
        assert_int_equal(open_with(&ticket, large, keys), TICKET_REJECT);
        assert_int_equal(open_with(&ticket, next, keys), TICKET_RENEW);
        assert_int_equal(open_with(&ticket, last, keys), TICKET_OK);
    }
    ticket_ring_unref(large);
    ticket_ring_unref(next);
    ticket_ring_unref(last);
    ticket_keys_free(keys);
}

/* --- the file ------------------------------------------------------------ */

static void
comments_blanks_and_line_ends_do_not_count(void **state)
{
    char text[512];

    (void)state;
    (void)snprintf(text, sizeof(text),
        "# keys of all machines\r\n\r\n \t\n  %.*s \t\r\n\n# end", LINE_BYTES,
        line_a);
    PASS(text, line_a);
}

static void
last_line_may_be_without_an_end(void **state)
{
    char text[LINE_BYTES + 1] = "";

    (void)state;
    memcpy(text, line_a, LINE_BYTES);
    PASS(text, line_a);
}

/* base64 of so many zero bytes. */
static void
format_key(char *text, size_t bytes)
{
    size_t groups = bytes / 3;
    size_t rest = bytes % 3;

    memset(text, 'A', 4 * groups);
    text += 4 * groups;
    if (rest > 0) {
        memcpy(text, rest == 1 ? "AA==" : "AAA=", 4);
        text += 4;
    }
    text[0] = '\n';
    text[1] = '\0';
}

static void
keys_of_32_to_128_bytes_are_taken(void **state)
{
    char text[512];

    (void)state;
    for (size_t bytes = 0; bytes < 200; bytes++) {
        format_key(text, bytes);
        if (bytes >= 32 && bytes <= 128)
            ticket_ring_unref(load(text));
        else
            assert_text_refused(text, bytes > 0 ? "line 1 is not" : "0 keys");
    }
}

static void
line_that_is_no_base64_is_refused_with_its_number(void **state)
{
    char text[512];

    (void)state;
    assert_text_refused("not base64, but a line of more than 32 bytes\n",
        "line 1 is not the base64 of 32 to 128 bytes");
    (void)snprintf(text, sizeof(text), "# first\n%s\n*%s", line_a, line_b);
    assert_text_refused(text, "line 4 is not");
    (void)snprintf(text, sizeof(text), "%.20s %s", line_a, line_a + 20);
    assert_text_refused(text, "line 1 is not");
}

/* The library once passed over the characters behind the last group of four:
 * the key was taken, and was another one than on other machines. */
static void
line_that_was_cut_off_is_refused(void **state)
{
    (void)state;
    for (size_t cut = 1; cut < 8; cut++) {
        char text[LINE_BYTES + 2];

        (void)snprintf(
            text, sizeof(text), "%.*s\n", LINE_BYTES - (int)cut, line_a);
        if (cut % 4 == 0)
            ticket_ring_unref(load(text));
        else
            assert_text_refused(text, "line 1 is not");
    }
}

static void
padding_stands_at_the_end_only(void **state)
{
    char text[LINE_BYTES + 2];

    (void)state;
    for (size_t at = 0; at < LINE_BYTES - 1; at++) {
        memcpy(text, line_a, sizeof(text));
        text[at] = '=';
        assert_text_refused(text, "line 1 is not");
    }
}

static void
key_is_never_told(void **state)
{
    char text[512];
    struct report report;

    (void)state;
    (void)snprintf(text, sizeof(text), "%.60s*\n", line_a);
    assert_null(load_bytes(text, strlen(text), &report));
    assert_not_reported(&report, "YWFh");
    report_deinit(&report);
}

static void
bytes_that_are_no_text_are_refused(void **state)
{
    char bytes[256];

    (void)state;
    memset(bytes, 0, sizeof(bytes));
    assert_refused_bytes(bytes, 80, "line 1 is not");
    for (size_t i = 0; i < sizeof(bytes); i++)
        bytes[i] = (char)(i + 128);
    assert_refused_bytes(bytes, sizeof(bytes), "is not the base64");
}

static void
file_without_a_key_is_refused(void **state)
{
    (void)state;
    assert_text_refused("", "is empty");
    assert_text_refused("\n", "holds 0 keys");
    assert_text_refused("# nothing yet\n\n", "holds 0 keys, 1 to 16");
}

static void
too_many_keys_are_refused(void **state)
{
    char text[4096];

    (void)state;
    format_lines(text, sizeof(text), TICKET_SECRETS_MAX + 1);
    assert_text_refused(text, "holds 17 keys");
}

static void
file_that_is_not_there_is_refused(void **state)
{
    struct report report;

    (void)state;
    report_init(&report);
    assert_null(ticket_ring_load("nowhere.keys", &report));
    assert_reported(&report, SEVERITY_ERROR, "nowhere.keys");
    assert_int_equal(report_first_code(&report), SL_FILE_MISSING);
    report_deinit(&report);
}

static void
file_that_everybody_can_read_is_refused(void **state)
{
    struct report report;

    (void)state;
    ticket_ring_unref(load(line_a));
    assert_int_equal(chmod(path, 0644), 0);
    report_init(&report);
    assert_null(ticket_ring_load(path, &report));
    assert_reported(&report, SEVERITY_ERROR, "chmod 600 ticket.keys");
    assert_int_equal(report_first_code(&report), SL_KEY_EXPOSED);
    report_deinit(&report);
}

static int
start(void **state)
{
    return fixture_start(state) == 0 ? certs_init() : -1;
}

static int
stop(void **state)
{
    certs_deinit();
    unlink(path);
    return fixture_stop(state);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(machines_with_the_same_file_open_each_others_tickets),
        cmocka_unit_test(another_key_does_not_open_it),
        cmocka_unit_test(first_line_seals),
        cmocka_unit_test(other_lines_open_and_renew),
        cmocka_unit_test(own_ring_does_not_open_a_files_tickets),
        cmocka_unit_test(largest_ring_opens_by_each_of_its_secrets),
        cmocka_unit_test(derived_keys_make_room_for_those_of_another_ring),
        cmocka_unit_test(comments_blanks_and_line_ends_do_not_count),
        cmocka_unit_test(last_line_may_be_without_an_end),
        cmocka_unit_test(keys_of_32_to_128_bytes_are_taken),
        cmocka_unit_test(line_that_is_no_base64_is_refused_with_its_number),
        cmocka_unit_test(line_that_was_cut_off_is_refused),
        cmocka_unit_test(padding_stands_at_the_end_only),
        cmocka_unit_test(key_is_never_told),
        cmocka_unit_test(bytes_that_are_no_text_are_refused),
        cmocka_unit_test(file_without_a_key_is_refused),
        cmocka_unit_test(too_many_keys_are_refused),
        cmocka_unit_test(file_that_is_not_there_is_refused),
        cmocka_unit_test(file_that_everybody_can_read_is_refused),
    };

    return cmocka_run_group_tests(tests, start, stop);
}
