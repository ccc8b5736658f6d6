/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Numbers with units. Written without strtoll and friends: those take signs,
 * leading blanks and other bases, none of which a setting should have.
 */
#include "config/units.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

struct unit {
    const char *name;
    int64_t factor;
};

/* From the smallest on: formatting walks them backwards. */
static const struct unit durations[] = {
    {"ms", 1},
    {"s", 1000},
    {"m", INT64_C(60) * 1000},
    {"h", INT64_C(60) * 60 * 1000},
    {"d", INT64_C(24) * 60 * 60 * 1000},
};

static const struct unit sizes[] = {
    {"", 1},
    {"KiB", 1024},
    {"MiB", INT64_C(1024) * 1024},
    {"GiB", INT64_C(1024) * 1024 * 1024},
};

#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))

/* Reads digits from *text on and moves it behind them. */
static int
take_digits(const char **text, int64_t *number)
{
    const char *at = *text;
    int64_t sum = 0;

    if (*at < '0' || *at > '9')
        return -1;
    for (; *at >= '0' && *at <= '9'; at++) {
        if (sum > (INT64_MAX - 9) / 10)
            return -1;
        sum = 10 * sum + (*at - '0');
    }
    *text = at;
    *number = sum;
    return 0;
}

static const struct unit *
unit_find(const struct unit *units, size_t count, const char *name)
{
    for (size_t i = 0; i < count; i++) {
        if (strcmp(units[i].name, name) == 0)
            return &units[i];
    }
    return NULL;
}

static int
multiply(int64_t *product, int64_t number, int64_t factor)
{
    if (number > INT64_MAX / factor)
        return -1;
    *product = number * factor;
    return 0;
}

int
units_parse_duration(
    int64_t *duration_ms, const char *text, char *why, size_t why_cap)
{
    const char *at = text;
    const struct unit *unit;
    int64_t number;

    if (take_digits(&at, &number) < 0)
        goto refuse;
    at += strspn(at, " \t");
    if (*at == '\0' && number == 0) {
        *duration_ms = 0;
        return 0;
    }
    unit = unit_find(durations, COUNT_OF(durations), at);
    if (unit == NULL || multiply(duration_ms, number, unit->factor) < 0)
        goto refuse;
    return 0;

refuse:
    snprintf(why, why_cap,
        "write a whole number and its unit, one of ms, s, m, h, d"
        " (500ms, 10s, 5m), or 0");
    return -1;
}

int
units_parse_size(
    int64_t *size_bytes, const char *text, char *why, size_t why_cap)
{
    const char *at = text;
    const struct unit *unit;
    int64_t number;

    if (take_digits(&at, &number) < 0)
        goto refuse;
    at += strspn(at, " \t");
    unit = unit_find(sizes, COUNT_OF(sizes), at);
    if (unit == NULL || multiply(size_bytes, number, unit->factor) < 0)
        goto refuse;
    return 0;

refuse:
    snprintf(why, why_cap,
        "write a whole number of bytes, or one with KiB, MiB or GiB (64KiB)");
    return -1;
}

int
units_parse_bool(bool *value, const char *text, char *why, size_t why_cap)
{
    /* Pairs: a word at an even place means yes. */
    static const char *const words[] = {
        "yes", "no", "true", "false", "on", "off", "1", "0"};

    for (size_t i = 0; i < COUNT_OF(words); i++) {
        if (strcasecmp(words[i], text) == 0) {
            *value = i % 2 == 0;
            return 0;
        }
    }
    snprintf(why, why_cap, "write yes or no");
    return -1;
}

int
units_parse_number(int64_t *value, const char *text, char *why, size_t why_cap)
{
    const char *at = text;

    if (take_digits(&at, value) == 0 && *at == '\0')
        return 0;
    snprintf(why, why_cap, "write a whole number");
    return -1;
}

static void
format(int64_t value, const struct unit *units, size_t count, char *out,
    size_t cap)
{
    size_t i = count - 1;

    while (i > 0 && value % units[i].factor != 0)
        i--;
    snprintf(out, cap, "%" PRId64 "%s", value / units[i].factor, units[i].name);
}

void
units_format_duration(int64_t duration_ms, char *out, size_t cap)
{
    if (duration_ms == 0)
        snprintf(out, cap, "0");
    else
        format(duration_ms, durations, COUNT_OF(durations), out, cap);
}

void
units_format_size(int64_t size_bytes, char *out, size_t cap)
{
    if (size_bytes == 0)
        snprintf(out, cap, "0");
    else
        format(size_bytes, sizes, COUNT_OF(sizes), out, cap);
}
