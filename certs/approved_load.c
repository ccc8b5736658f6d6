/* SPDX-License-Identifier: GPL-3.0-or-later */
/* From the file to the list: every line is one that can be read, or nothing of
 * it is taken. */
#include <sys/stat.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "certs/approved_internal.h"
#include "certs/file.h"
#include "certs/sources.h"

enum {
    ERRORS_MAX = 20, /* then nobody reads on */
    SHOWN_BYTES = 100,
};

static const char role[] = "clients.enroll";

static void
report_memory(const char *name, struct report *report)
{
    report_error(report, SL_MEMORY, "%s: out of memory", name);
}

/* --- reading ------------------------------------------------------------- */

/* How many there may be is bounded by the file's size. */
static struct approved_entry *
add_entry(struct approved *approved)
{
    size_t count = approved->count;
    struct approved_entry *entries;

    if ((count & (count - 1)) == 0) {
        size_t room = count == 0 ? 1 : 2 * count;

        entries = realloc(approved->entries, room * sizeof(*entries));
        if (entries == NULL)
            return NULL;
        approved->entries = entries;
    }
    approved->count++;
    approved->entries[count] = (struct approved_entry){0};
    return &approved->entries[count];
}

/* The comment becomes a string where it stands. */
static const char *
take_comment(struct approved *approved, const struct approved_line *line)
{
    char *comment = approved->text + (line->comment - approved->text);
    size_t len = line->comment_len;

    if (len >= APPROVED_COMMENT_BYTES)
        len = APPROVED_COMMENT_BYTES - 1;
    if (len == 0)
        return "";
    comment[len] = '\0';
    return comment;
}

static void
report_line(const char *name, unsigned number, const struct approved_line *line,
    struct report *report)
{
    char shown[SHOWN_BYTES];

    text_escape(shown, sizeof(shown), line->word, line->word_len);
    report_error(report, SL_ENROLL,
        "%s:%u: %s: no fingerprint: write sha256: and 64 hexadecimal digits, "
        "as sidelock clients prints them",
        name, number, shown);
}

/* Each line as an entry; -1 with errors. */
static int
read_lines(struct approved *approved, size_t len, const char *name,
    struct report *report)
{
    struct approved_reader reader;
    struct approved_line line;
    unsigned error_count = 0;

    approved_reader_init(&reader, approved->text, len);
    while (error_count < ERRORS_MAX && approved_next_line(&reader, &line)) {
        struct approved_entry *entry;

        if (line.word_len == 0)
            continue;
        if (line.fingerprint[0] == '\0') {
            report_line(name, reader.line_number, &line, report);
            error_count++;
            continue;
        }
        entry = add_entry(approved);
        if (entry == NULL) {
            report_memory(name, report);
            return -1;
        }
        approved_read_hash(entry->hash, line.fingerprint);
        entry->line = reader.line_number;
        entry->comment = take_comment(approved, &line);
    }
    return error_count == 0 ? 0 : -1;
}

/* --- the order ----------------------------------------------------------- */

static int
compare_hashes(const void *a, const void *b)
{
    const struct approved_entry *const *left = a;
    const struct approved_entry *const *right = b;

    return memcmp((*left)->hash, (*right)->hash, APPROVED_HASH_BYTES);
}

/* Of equal ones the first line comes first. */
static int
compare_entries(const void *a, const void *b)
{
    const struct approved_entry *const *left = a;
    const struct approved_entry *const *right = b;
    int order = compare_hashes(a, b);

    if (order != 0)
        return order;
    return (*left)->line < (*right)->line ? -1 : 1;
}

static void
sort(struct approved *approved)
{
    for (size_t i = 0; i < approved->count; i++)
        approved->sorted[i] = &approved->entries[i];
    if (approved->count > 1)
        qsort(approved->sorted, approved->count,
            sizeof(struct approved_entry *), compare_entries);
}

/* Takes out what is there for a second time: line 0 marks it. */
static void
drop_twice(struct approved *approved, const char *name, struct report *report)
{
    size_t count = 0;
    unsigned first = 0;

    for (size_t i = 1; i < approved->count; i++) {
        struct approved_entry *entry = approved->sorted[i];

        if (compare_hashes(&approved->sorted[i - 1], &entry) != 0)
            continue;
        if (first == 0 || entry->line < first)
            first = entry->line;
        entry->line = 0;
    }
    if (first == 0)
        return;
    for (size_t i = 0; i < approved->count; i++)
        if (approved->entries[i].line != 0)
            approved->entries[count++] = approved->entries[i];
    report_note(report,
        "%s: %zu of the lines name a certificate that was there already, the "
        "first is line %u",
        name, approved->count - count, first);
    approved->count = count;
    sort(approved);
}

static int
put_in_order(struct approved *approved, const char *name, struct report *report)
{
    approved->sorted =
        calloc(approved->count + 1, sizeof(struct approved_entry *));
    if (approved->sorted == NULL)
        return -1;
    sort(approved);
    drop_twice(approved, name, report);
    return 0;
}

/* --- loading ------------------------------------------------------------- */

static struct approved *
parse(const struct blob *content, const char *name,
    const struct approved *previous, struct report *report)
{
    struct approved *approved = calloc(1, sizeof(*approved));

    if (approved == NULL)
        goto no_memory;
    approved->text = malloc(content->len + 1);
    if (approved->text == NULL)
        goto no_memory;
    if (content->len > 0)
        memcpy(approved->text, content->data, content->len);
    approved->text[content->len] = '\0';
    if (read_lines(approved, content->len, name, report) != 0)
        goto free_approved;
    if (put_in_order(approved, name, report) == 0
        && approved_take_uses(approved, previous) == 0)
        return approved;

no_memory:
    report_memory(name, report);
free_approved:
    approved_free(approved);
    return NULL;
}

struct approved *
approved_parse(
    const struct blob *content, const char *name, struct report *report)
{
    return parse(content, name, NULL, report);
}

/* Nothing is there yet, or all were revoked: that is a list, too. */
static bool
is_empty(const char *path)
{
    struct stat st;

    if (stat(path, &st) != 0)
        return errno == ENOENT;
    return S_ISREG(st.st_mode) && st.st_size == 0;
}

static int
read_content(struct blob *content, const char *path, struct report *report)
{
    mode_t mode;

    *content = (struct blob){0};
    if (sources_note(report->sources, path) != 0) {
        report_memory(path, report);
        return -1;
    }
    if (is_empty(path))
        return 0;
    if (file_read(content, path, role, &mode, report) != 0)
        return -1;
    if ((mode & S_IWOTH) != 0)
        report_warning(report, SL_ENROLL_WRITABLE,
            "%s %s: mode %04o lets everybody on this machine approve clients; "
            "chmod o-w the file",
            role, path, mode);
    return 0;
}

struct approved *
approved_load(
    const char *path, const struct approved *previous, struct report *report)
{
    struct approved *approved;
    struct blob content;
    char *name;

    if (read_content(&content, path, report) != 0)
        return NULL;
    if (asprintf(&name, "%s %s", role, path) < 0) {
        report_memory(path, report);
        blob_free(&content);
        return NULL;
    }
    approved = parse(&content, name, previous, report);
    if (approved != NULL)
        report_note(report, "%s: %zu certificate%s approved", name,
            approved->count, approved->count == 1 ? "" : "s");
    free(name);
    blob_free(&content);
    return approved;
}
