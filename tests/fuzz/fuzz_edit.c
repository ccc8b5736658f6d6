/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Fuzzes edit_parse() and edit_apply() (config/edit.c). The first line of the
 * input is a word as `sidelock set` takes it, the rest is the file. What was
 * set is set: the same edit a second time changes nothing. Everything before
 * the line that changed stays.
 */
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "config/edit.h"

/* NOLINTNEXTLINE(readability-identifier-naming): libFuzzer names it */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
require(bool is_true)
{
    if (!is_true)
        abort();
}

/* Names that stand in no section line, or a key that is none, cannot be found
 * again; config_load() refuses them. */
static bool
is_plain(const struct edit *edit)
{
    static const char odd[] = "[];#= \t\r\n";

    return edit->value != NULL && strpbrk(edit->kind, odd) == NULL
           && strpbrk(edit->name, odd) == NULL
           && strpbrk(edit->key, odd) == NULL && strlen(edit->kind) < 60
           && strlen(edit->name) < 60 && strpbrk(edit->value, "\r\n") == NULL;
}

static void
check_edit(const char *text, const struct edit *edit)
{
    struct edit_result first;
    struct edit_result second;
    char *once = edit_apply(text, edit, &first);
    char *twice;

    require(once != NULL);
    twice = edit_apply(once, edit, &second);
    require(twice != NULL);
    if (is_plain(edit)) {
        require(second.outcome == EDIT_NOTHING);
        require(strcmp(once, twice) == 0);
    }
    if (edit->value != NULL && first.outcome == EDIT_ADDED)
        require(strlen(once) > strlen(text));
    free(first.was);
    free(second.was);
    free(once);
    free(twice);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *input = malloc(size + 1);
    struct edit edit;
    char *text;

    require(input != NULL);
    memcpy(input, data, size);
    input[size] = '\0';
    text = strchr(input, '\n');
    if (text != NULL && size < 4000) {
        *text++ = '\0';
        if (edit_parse(&edit, input) == 0)
            check_edit(text, &edit);
    }
    free(input);
    return 0;
}
