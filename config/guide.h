/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The field guide: a stable code for each thing that can go wrong, with cause
 * and remedy. Findings and log lines carry the code; `sidelock explain CODE`
 * prints the row without any network or file.
 */
#ifndef SIDELOCK_CONFIG_GUIDE_H
#define SIDELOCK_CONFIG_GUIDE_H

#include <stdio.h>

#include "config/guide_list.h"
#include "config/nearest.h"

enum guide_code {
    SL_NONE, /* a note: nothing to be done */
#define GUIDE_GROUP(title)
#define GUIDE_ENUM(code, text, what, cause, remedy) code,
    GUIDE_LIST(GUIDE_GROUP, GUIDE_ENUM)
#undef GUIDE_ENUM
#undef GUIDE_GROUP
    GUIDE_CODE_COUNT
};

struct guide_entry {
    const char *text; /* "SL-KEY-MISMATCH" */
    const char *what;
    const char *cause;
    const char *remedy;
};

/* NULL for SL_NONE. */
const struct guide_entry *guide_entry(enum guide_code code);
/* "SL-KEY-MISMATCH"; NULL for SL_NONE. */
const char *guide_text(enum guide_code code);
/* By its text, with or without "SL-", in any case; SL_NONE when unknown. */
enum guide_code guide_find(const char *text);

/* Offers every code to the search for the nearest one to a word that has, or
 * has not, "SL-" in front. */
void guide_consider(struct nearest *nearest);

/* Three lines: what, cause, remedy. */
void guide_print(FILE *out, enum guide_code code);
/* All codes, a line each, under their titles. */
void guide_print_list(FILE *out);
/* All of it as Markdown: docs/errors.md. */
void guide_print_markdown(FILE *out);

#endif
