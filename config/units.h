/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Quantities as a person writes them: "500ms", "10s", "64KiB", "yes".
 *
 * A parser returns 0, or -1 with the reason in why[why_cap]: a phrase that
 * says what may be written instead, without file or line.
 */
#ifndef SIDELOCK_CONFIG_UNITS_H
#define SIDELOCK_CONFIG_UNITS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "config/report.h"

enum {
    UNITS_TEXT_BYTES = 32
};

/* "0", "500ms", "10s", "5m", "1h", "2d". Only 0 needs no unit. */
int units_parse_duration(int64_t *duration_ms, const char *text, char *why,
    size_t why_cap) MUST_CHECK;

/* "65536", "64KiB", "1MiB", "1GiB". */
int units_parse_size(int64_t *size_bytes, const char *text, char *why,
    size_t why_cap) MUST_CHECK;

/* yes, true, on, 1; no, false, off, 0; in any case of letters. */
int units_parse_bool(
    bool *value, const char *text, char *why, size_t why_cap) MUST_CHECK;

/* Decimal digits. */
int units_parse_number(
    int64_t *value, const char *text, char *why, size_t why_cap) MUST_CHECK;

/* In the largest unit that divides the value; the parsers read it back. */
void units_format_duration(int64_t duration_ms, char *out, size_t cap);
void units_format_size(int64_t size_bytes, char *out, size_t cap);

#endif
