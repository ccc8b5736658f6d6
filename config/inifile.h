/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Reads an INI file into settings. Problems are errors in the report, with
 * "path:line".
 *
 *   [section] or [section name], then lines `key = value`; comments are lines
 *   that start with ';' or '#'. Blanks at the ends of a line mean nothing, so
 *   lines may be indented, and a value is one line.
 */
#ifndef SIDELOCK_CONFIG_INIFILE_H
#define SIDELOCK_CONFIG_INIFILE_H

#include "config/report.h"
#include "config/settings.h"

enum {
    INIFILE_BYTES_MAX = 1024 * 1024,
    INIFILE_LINE_MAX = 4400, /* characters; a comment may be longer */
};

/* 0, or -1 when the file is no use as a whole; a line that is wrong is an
 * error in the report, and the others still count. */
int inifile_read(struct settings *settings, const char *path,
    struct report *report) MUST_CHECK;

/* The same from memory; path is only for messages. */
int inifile_parse(struct settings *settings, const char *path, const char *text,
    size_t len, struct report *report) MUST_CHECK;

#endif
