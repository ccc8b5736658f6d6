/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A report collects what was found while settings or certificates were read:
 * each finding is one line for a person, with a severity and, unless it is a
 * note, a code of the field guide (guide.h). Start-up, reload
 * and `check` run the same code and only print its report differently.
 *
 * The caller owns the report. Adding never fails: out of memory, or past
 * REPORT_FINDINGS_MAX findings or REPORT_NOTES_MAX notes, a finding is only
 * counted. The first error finds room behind any number of others.
 */
#ifndef SIDELOCK_CONFIG_REPORT_H
#define SIDELOCK_CONFIG_REPORT_H

#include <stdbool.h>
#include <stddef.h>

#include "config/guide.h"

#define MUST_CHECK __attribute__((warn_unused_result))
#define PRINTF_LIKE(fmt_at, args_at)                                           \
    __attribute__((format(printf, fmt_at, args_at)))

enum {
    REPORT_TEXT_BYTES = 1024,
    REPORT_FINDINGS_MAX = 1000,
    REPORT_NOTES_MAX = 50, /* one per certificate would be noise */
};

enum severity {
    SEVERITY_NOTE,    /* worth a line, nothing to do */
    SEVERITY_WARNING, /* works, but somebody should act */
    SEVERITY_ERROR,   /* this configuration is not used */
};

struct finding {
    enum severity severity;
    enum guide_code code; /* SL_NONE for a note */
    char *text;           /* one line, no newline, control characters escaped */
};

struct sources;

struct report {
    bool is_strict; /* set by `check`, which starts nothing: what start and
                       reload only warn of, since serving goes on, is an
                       error */
    struct sources *sources; /* notes the files that are read, or NULL; the
                                caller's (certs/sources.h) */
    struct finding *items;
    size_t count;
    size_t error_count;
    size_t warning_count;
    size_t note_count;
    size_t lost_count; /* findings that found no room */
};

void report_init(struct report *report);
void report_deinit(struct report *report);

void report_error(struct report *report, enum guide_code code, const char *fmt,
    ...) PRINTF_LIKE(3, 4);
void report_warning(struct report *report, enum guide_code code,
    const char *fmt, ...) PRINTF_LIKE(3, 4);
void report_note(struct report *report, const char *fmt, ...) PRINTF_LIKE(2, 3);

/* "PREFIXerror: TEXT [CODE]" as a line. */
void report_print_finding(
    FILE *out, const char *prefix, const struct finding *finding);

/* Adds copies of all findings of `from`. */
void report_add_all(struct report *report, const struct report *from);

/* The text of the first error, or "" when there is none. */
const char *report_first_error(const struct report *report);
/* Its code, or SL_NONE. */
enum guide_code report_first_code(const struct report *report);

/* "error", "warning" or "note". */
const char *severity_name(enum severity severity);

/*
 * Copies text into out as printable ASCII: a control character, a quote, a
 * backslash or a byte above 0x7e becomes \xNN. Cuts at cap - 1 characters,
 * never inside an escape. For text that a peer or a certificate chose.
 */
void text_escape(char *out, size_t cap, const char *text, size_t len);

/* A copy of text as findings have it: one line of UTF-8 without control
 * characters. For names of files. To be freed; NULL: no memory. */
char *text_one_line(const char *text) MUST_CHECK;

#endif
