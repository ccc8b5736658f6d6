/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Changing one key in the text of a settings file: its line gets the new value,
 * everything else stays byte for byte. Pure text; whether the result makes
 * sense is for config_load to say.
 */
#ifndef SIDELOCK_CONFIG_EDIT_H
#define SIDELOCK_CONFIG_EDIT_H

#include <stddef.h>

#include "config/report.h"

struct edit {
    const char *kind;  /* "service" */
    const char *name;  /* "" without one */
    const char *key;   /* "listen" */
    const char *value; /* as a file has it; NULL: the line goes */
};

enum edit_outcome {
    EDIT_CHANGED, /* the line at `line` had the value `was` */
    EDIT_ADDED,   /* there is a line more, at `line` */
    EDIT_REMOVED, /* the line at `line` had the value `was` */
    EDIT_NOTHING, /* it is so already */
};

struct edit_result {
    enum edit_outcome outcome;
    size_t line; /* from 1, in the text that it is about */
    char *was;   /* heap; NULL when there was nothing */
};

/* The edited text, heap; NULL: no memory. result->was is the caller's. */
char *edit_apply(const char *text, const struct edit *edit,
    struct edit_result *result) MUST_CHECK;

/* Cuts "section.key=value" or "section.NAME.key=value" in place; without a
 * '=' the value is NULL. -1: it is neither, or not one line. */
int edit_parse(struct edit *edit, char *text) MUST_CHECK;

#endif
