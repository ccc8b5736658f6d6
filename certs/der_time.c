/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Digits into dates. A list of a hundred thousand entries has as many of
 * them, so that strptime() is left alone. */
#include "certs/der_time.h"

enum {
    UTC_TIME = 0x17,
    UTC_TIME_BYTES = 13,         /* 261121050400Z */
    GENERALIZED_TIME_BYTES = 15, /* 20261121050400Z */
    CENTURY_PIVOT = 50,          /* from here on a short year is of 19xx */
};

/* Two digits; -1: they are none. */
static int
take_pair(const uint8_t **at)
{
    int tens = (*at)[0] - '0';
    int ones = (*at)[1] - '0';

    *at += 2;
    return tens < 0 || tens > 9 || ones < 0 || ones > 9 ? -1 : 10 * tens + ones;
}

/* The year, and moves behind it; -1: none. */
static int
take_year(const uint8_t **at, bool is_short)
{
    int first = take_pair(at);
    int second;

    if (is_short)
        return first < 0                ? -1
               : first >= CENTURY_PIVOT ? 1900 + first
                                        : 2000 + first;
    second = take_pair(at);
    return first < 0 || second < 0 ? -1 : 100 * first + second;
}

static bool
is_date(const struct tm *utc, int year)
{
    return year >= 0 && utc->tm_mon >= 0 && utc->tm_mon < 12
           && utc->tm_mday >= 1 && utc->tm_mday <= 31 && utc->tm_hour >= 0
           && utc->tm_hour < 24 && utc->tm_min >= 0 && utc->tm_min < 60
           && utc->tm_sec >= 0 && utc->tm_sec <= 60;
}

static bool
read_time(struct der text, bool is_short, time_t *at)
{
    const uint8_t *digits = text.data;
    struct tm utc = {0};
    int year = take_year(&digits, is_short);

    utc.tm_year = year - 1900;
    utc.tm_mon = take_pair(&digits) - 1;
    utc.tm_mday = take_pair(&digits);
    utc.tm_hour = take_pair(&digits);
    utc.tm_min = take_pair(&digits);
    utc.tm_sec = take_pair(&digits);
    if (!is_date(&utc, year) || *digits != 'Z')
        return false;
    *at = timegm(&utc);
    return true;
}

bool
der_take_time(struct der *in, time_t *at)
{
    struct der rest = *in;
    struct der_element element;
    bool is_short;

    if (!der_take(&rest, &element))
        return false;
    is_short = element.tag == UTC_TIME && element.content.len == UTC_TIME_BYTES;
    if (!is_short
        && (element.tag != DER_GENERALIZED_TIME
            || element.content.len != GENERALIZED_TIME_BYTES))
        return false;
    if (!read_time(element.content, is_short, at))
        return false;
    *in = rest;
    return true;
}
