/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Fuzzes approved lists (certs/approved.h). The first line of the input is a
 * fingerprint, or its beginning; the rest is the file. Who is listed is found.
 * What was added is there, what was removed is not, and no other line is lost
 * by either.
 */
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "certs/approved.h"

/* NOLINTNEXTLINE(readability-identifier-naming): libFuzzer names it */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
require(bool is_true)
{
    if (!is_true)
        abort();
}

static struct approved *
parse(char *text)
{
    struct blob content = {.data = (uint8_t *)text, .len = strlen(text)};
    struct approved *approved;
    struct report report;

    report_init(&report);
    approved = approved_parse(&content, "list", &report);
    require(approved != NULL || report.error_count > 0);
    report_deinit(&report);
    return approved;
}

static void
check_entries(const struct approved *approved)
{
    for (size_t i = 0; i < approved_count(approved); i++) {
        struct approved_facts facts = approved_facts(approved_at(approved, i));

        require(approved_find(approved, facts.fingerprint)
                == approved_at(approved, i));
        require(strlen(facts.comment) < APPROVED_COMMENT_BYTES);
    }
}

/* An edited text has `count` entries, among them the fingerprint or not. */
static void
check_edited(char *text, const char *fingerprint, bool is_in, size_t count)
{
    struct approved *approved = parse(text);

    require(approved != NULL);
    require(approved_count(approved) == count);
    require((approved_find(approved, fingerprint) != NULL) == is_in);
    approved_free(approved);
}

static void
check_edits(
    const char *text, const char *fingerprint, const struct approved *approved)
{
    size_t count = approved_count(approved);
    bool is_in = approved_find(approved, fingerprint) != NULL;
    bool was_there;
    char *more = approved_add(text, fingerprint, "by somebody", &was_there);
    char *less;

    require(more != NULL && was_there == is_in);
    require(strncmp(more, text, strlen(text)) == 0);
    check_edited(more, fingerprint, true, count + !is_in);
    less = approved_remove(more, fingerprint, &was_there);
    require(less != NULL && was_there);
    check_edited(less, fingerprint, false, count - is_in);
    free(more);
    free(less);
}

static void
check(char *text, const char *fingerprint)
{
    struct approved *approved = parse(text);

    if (approved == NULL)
        return;
    check_entries(approved);
    if (strlen(fingerprint) == APPROVED_DIGITS)
        check_edits(text, fingerprint, approved);
    approved_free(approved);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *input = malloc(size + 1);
    char digits[APPROVED_DIGITS + 1];
    char *text;

    require(input != NULL);
    memcpy(input, data, size);
    input[size] = '\0';
    text = strchr(input, '\n');
    if (text != NULL) {
        size_t count =
            approved_read_digits(input, (size_t)(text - input), digits);

        require(count <= APPROVED_DIGITS);
        check(text + 1, count > 0 ? digits : "");
    }
    free(input);
    return 0;
}
