/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a census means: when the next level is safe, and who is in its way. */
#include <inttypes.h>
#include <stdio.h>

#include "proxy/census.h"

const char *
census_kind_word(enum census_kind kind)
{
    static const char *const words[] = {
        [CENSUS_PLAINTEXT] = "plaintext",
        [CENSUS_NO_CERTIFICATE] = "no_certificate",
        [CENSUS_TLS_1_2] = "tls_1_2",
    };

    return words[kind];
}

/* Has one of the kind come since they are counted? */
static bool
has_come(const struct census_total *total)
{
    return total->seen.count > 0 && total->seen.last_ms >= total->since_ms;
}

/* When one of the kind was there last; when none was, when counting began. */
static int64_t
quiet_since(const struct census_total *total)
{
    return has_come(total) ? total->seen.last_ms : total->since_ms;
}

static bool
is_quiet(const struct census *census, enum census_kind kind, int64_t now_ms)
{
    const struct census_total *total = &census->totals[kind];

    return total->open == 0 && now_ms - quiet_since(total) >= CENSUS_SAFE_MS;
}

bool
census_is_safe(
    const struct census *census, enum census_kind kind, int64_t now_ms)
{
    /* Who speaks plaintext shows no certificate either. */
    if (kind == CENSUS_NO_CERTIFICATE
        && census->totals[CENSUS_PLAINTEXT].seen.count > 0
        && !is_quiet(census, CENSUS_PLAINTEXT, now_ms))
        return false;
    return is_quiet(census, kind, now_ms);
}

void
census_format_age(int64_t age_ms, char out[CENSUS_AGE_BYTES])
{
    static const struct {
        const char *name;
        int64_t ms;
    } units[] = {
        {"day", INT64_C(24) * 60 * 60 * 1000},
        {"hour", INT64_C(60) * 60 * 1000},
        {"minute", INT64_C(60) * 1000},
        {"second", 1000},
    };
    size_t i = 0;
    int64_t count;

    while (i < sizeof(units) / sizeof(units[0]) - 1 && age_ms < units[i].ms)
        i++;
    count = age_ms / units[i].ms;
    (void)snprintf(out, CENSUS_AGE_BYTES, "%" PRId64 " %s%s", count,
        units[i].name, count == 1 ? "" : "s");
}

/* Who is counted, and what to write when nobody comes any more. */
static const struct {
    const char *who;
    const char *safe;
} phrases[CENSUS_KIND_COUNT] = {
    [CENSUS_PLAINTEXT] = {"plaintext",
        "safe to require TLS (required_level = tls)"},
    [CENSUS_NO_CERTIFICATE] = {"client without a certificate",
        "safe to require them (required_level = peer)"},
    [CENSUS_TLS_1_2] = {"TLS 1.2",
        "safe to require TLS 1.3 (tls.min_version = 1.3)"},
};

/* ": safe to ...", or why not yet. */
static const char *
conclusion(const struct census *census, enum census_kind kind, int64_t now_ms)
{
    if (census_is_safe(census, kind, now_ms))
        return phrases[kind].safe;
    return is_quiet(census, kind, now_ms)
               ? "but plaintext came, which shows none"
               : "too early to tell";
}

static void
format_none(const struct census *census, enum census_kind kind, int64_t now_ms,
    char out[CENSUS_WORDS_BYTES])
{
    char age[CENSUS_AGE_BYTES];

    census_format_age(now_ms - census->totals[kind].since_ms, age);
    (void)snprintf(out, CENSUS_WORDS_BYTES,
        "no %s for %s, since counting began: %s", phrases[kind].who, age,
        conclusion(census, kind, now_ms));
}

void
census_words(const struct census *census, enum census_kind kind, int64_t now_ms,
    char out[CENSUS_WORDS_BYTES])
{
    const struct census_total *total = &census->totals[kind];
    char host[ADDRESS_TEXT_BYTES];
    char open[48];
    char all[160];
    char age[CENSUS_AGE_BYTES];

    if (!has_come(total) && total->open == 0) {
        format_none(census, kind, now_ms, out);
        return;
    }
    repeat_host_format(&total->last, host, sizeof(host));
    census_format_age(now_ms - total->seen.last_ms, age);
    (void)snprintf(open, sizeof(open), ", %" PRIu64 " still open", total->open);
    (void)snprintf(all, sizeof(all),
        "%" PRIu64 " connection%s from %s%" PRIu64 " address%s in all%s",
        total->seen.count, total->seen.count == 1 ? "" : "s",
        census->has_forgotten ? "about " : "", total->hosts,
        total->hosts == 1 ? "" : "es", total->open > 0 ? open : "");
    if (is_quiet(census, kind, now_ms))
        (void)snprintf(out, CENSUS_WORDS_BYTES,
            "no %s for %s, the last from %s (%s): %s", phrases[kind].who, age,
            host, all, conclusion(census, kind, now_ms));
    else
        (void)snprintf(out, CENSUS_WORDS_BYTES, "last %s %s ago from %s (%s)",
            phrases[kind].who, age, host, all);
}
