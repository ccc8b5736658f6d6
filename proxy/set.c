/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The file is read, edited in memory, checked as a whole, and replaced by a
 * rename: whoever reads it meanwhile sees the old one or the new one. */
#include "proxy/set.h"

#include <sys/stat.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "certs/context.h"
#include "config/edit.h"
#include "config/inifile.h"
#include "config/keys.h"
#include "config/value.h"
#include "proxy/options.h"
#include "proxy/replace.h"

static int
fail(const char *path, const char *what, int error)
{
    (void)fprintf(stderr, "sidelock: error: %s: %s: %s [%s]\n", path, what,
        strerror(error), guide_text(SL_CONFIG_FILE));
    return EXIT_ERROR;
}

/* --- editing ------------------------------------------------------------- */

static void
print_change(FILE *out, const char *path, const struct edit *edit,
    const struct edit_result *result)
{
    const char *blank = *edit->name != '\0' ? " " : "";

    switch (result->outcome) {
    case EDIT_CHANGED:
        (void)fprintf(out, "%s:%zu: [%s%s%s] %s = %s (was %s)\n", path,
            result->line, edit->kind, blank, edit->name, edit->key, edit->value,
            *result->was != '\0' ? result->was : "empty");
        break;
    case EDIT_ADDED:
        (void)fprintf(out, "%s:%zu: [%s%s%s] %s = %s (new)\n", path,
            result->line, edit->kind, blank, edit->name, edit->key,
            edit->value);
        break;
    case EDIT_REMOVED:
        (void)fprintf(out, "%s:%zu: [%s%s%s] %s is taken away (was %s)\n", path,
            result->line, edit->kind, blank, edit->name, edit->key,
            result->was);
        break;
    case EDIT_NOTHING:
        (void)fprintf(out, "%s: [%s%s%s] %s is so already\n", path, edit->kind,
            blank, edit->name, edit->key);
        break;
    }
}

static bool
needs_restart(const struct edit *edit)
{
    enum section_kind kind;
    const struct key *key = NULL;

    if (keys_find_section(&kind, edit->kind) == 0)
        key = keys_find(kind, edit->key);
    return key != NULL && key->needs_restart;
}

/* What the edits of one command add up to. */
struct edits {
    const char *path;
    char *text;
    FILE *words;   /* what there is to say when all is good */
    bool is_wrong; /* a value cannot be one: */
    char *wrong;   /* the first such, in words; NULL: no memory for them */
    size_t changed_count;
    bool has_restart;
};

/* Settings of a variable or --set hide the file's: what is written must be
 * good without them, too. */
static void
judge_value(struct edits *edits, const struct edit *edit)
{
    enum section_kind kind;
    const struct key *key = NULL;
    union value value;
    char why[256];

    if (keys_find_section(&kind, edit->kind) == 0)
        key = keys_find(kind, edit->key);
    if (key == NULL || edit->value == NULL || edits->is_wrong)
        return;
    memset(&value, 0, sizeof(value));
    if (value_parse(key, &value, edit->value, why, sizeof(why)) == 0) {
        value_clear(key->type, &value);
        return;
    }
    edits->is_wrong = true;
    if (asprintf(&edits->wrong, "[%s] %s = %s: %s", edit->kind, edit->key,
            edit->value, why)
        < 0)
        edits->wrong = NULL;
}

/* One edit, in memory. */
static int
apply(struct edits *edits, const char *word)
{
    char *copy = strdup(word);
    struct edit_result result;
    struct edit edit;
    char *text;

    if (copy == NULL)
        return fail(edits->path, "cannot be edited", ENOMEM);
    if (edit_parse(&edit, copy) != 0) {
        (void)fprintf(stderr,
            "sidelock: error: %s: write section.key=value or "
            "section.NAME.key=value, or section.key to take it away [%s]\n",
            word, guide_text(SL_CONFIG_SYNTAX));
        free(copy);
        return EXIT_USAGE;
    }
    text = edit_apply(edits->text, &edit, &result);
    if (text != NULL) {
        print_change(edits->words, edits->path, &edit, &result);
        free(edits->text);
        edits->text = text;
        judge_value(edits, &edit);
        if (result.outcome != EDIT_NOTHING)
            edits->changed_count++;
        if (result.outcome != EDIT_NOTHING && needs_restart(&edit))
            edits->has_restart = true;
    }
    free(result.was);
    free(copy);
    return text != NULL ? EXIT_GOOD
                        : fail(edits->path, "cannot be edited", ENOMEM);
}

/* Would a start take these settings? *watch_ms is what they say of it. */
static int
check(const struct config_source *source, const struct edits *edits,
    int64_t *watch_ms)
{
    struct config_source edited = *source;
    struct config *config;
    struct report report;

    edited.text = edits->text;
    report_init(&report);
    config = config_load(&edited, &report);
    if (config != NULL && context_check_names(config, &report) != 0) {
        config_free(config);
        config = NULL;
    }
    for (size_t i = 0; i < report.count; i++)
        if (report.items[i].severity != SEVERITY_NOTE)
            report_print_finding(stderr, "sidelock: ", &report.items[i]);
    report_deinit(&report);
    if (config == NULL) {
        (void)fprintf(stderr,
            "sidelock: nothing was written, %s is as it was\n", edits->path);
        return EXIT_ERROR;
    }
    *watch_ms = config->reload.watch_ms;
    config_free(config);
    if (!edits->is_wrong)
        return EXIT_GOOD;
    (void)fprintf(stderr,
        "sidelock: error: %s: %s [%s]\n"
        "sidelock: nothing was written, %s is as it was\n",
        edits->path, edits->wrong != NULL ? edits->wrong : "a bad value",
        guide_text(SL_CONFIG_VALUE), edits->path);
    return EXIT_ERROR;
}

/* --- writing ------------------------------------------------------------- */

/* Behind symbolic links: the links stay. */
static int
replace(const char *path, const char *text, const struct stat *like)
{
    char *target = replace_target(path);
    int error = target != NULL ? replace_file(target, text, like) : errno;

    free(target);
    return error;
}

static void
print_next_step(const struct edits *edits, int64_t watch_ms)
{
    FILE *out = edits->words;

    if (edits->has_restart)
        (void)fprintf(out, "this needs a restart to take effect\n");
    else if (watch_ms > 0)
        (void)fprintf(out,
            "a running sidelock takes it up by itself; at once with: "
            "sidelock reload -c %s\n",
            edits->path);
    else
        (void)fprintf(
            out, "next: sidelock reload -c %s, or kill -HUP\n", edits->path);
}

/* All edits; written when they are good together. */
static int
apply_all(struct edits *edits, const struct config_source *source,
    char *const *words, size_t count)
{
    struct stat st;
    int64_t watch_ms = 0;
    int exit_code = EXIT_GOOD;
    int error;

    edits->text = replace_read(edits->path, INIFILE_BYTES_MAX, &st);
    if (edits->text == NULL)
        return fail(edits->path, "cannot be read", errno);
    for (size_t i = 0; i < count && exit_code == EXIT_GOOD; i++)
        exit_code = apply(edits, words[i]);
    if (exit_code != EXIT_GOOD || edits->changed_count == 0)
        return exit_code;
    exit_code = check(source, edits, &watch_ms);
    if (exit_code != EXIT_GOOD)
        return exit_code;
    error = replace(edits->path, edits->text, &st);
    if (error != 0)
        return fail(edits->path, "cannot be replaced", error);
    print_next_step(edits, watch_ms);
    return EXIT_GOOD;
}

int
set_run(const struct config_source *source, char *const *words, size_t count)
{
    char *said = NULL;
    size_t len;
    struct edits edits = {
        .path = source->path, .words = open_memstream(&said, &len)};
    int exit_code;

    if (edits.words == NULL)
        return fail(edits.path, "cannot be edited", ENOMEM);
    exit_code = apply_all(&edits, source, words, count);
    if (fclose(edits.words) == 0 && exit_code == EXIT_GOOD)
        (void)fputs(said, stdout);
    free(said);
    free(edits.wrong);
    free(edits.text);
    return exit_code;
}
