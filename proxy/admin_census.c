/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The status of a migration: what the census of a service says. */
#include <inttypes.h>
#include <stdlib.h>

#include "proxy/admin_status.h"
#include "proxy/clock.h"

enum {
    SOURCES_SHOWN = 10 /* to people */
};

/* A service's census while it is told. */
struct told {
    const struct config_service *service;
    struct census *census;
    int64_t now_ms;
    time_t now;
};

static bool
read_census(struct told *told, const struct server *server, size_t index)
{
    const struct config *config = server->snapshot->config;

    *told = (struct told){
        .service = &config->services[index],
        .census = census_set_read(&server->census, &config->services[index]),
        .now_ms = clock_now_ms(),
        .now = time(NULL),
    };
    return told->census != NULL;
}

/* Does the service count any of the kinds that this source is known for? */
static bool
is_shown(const struct told *told, const struct census_source *source)
{
    for (int kind = 0; kind < CENSUS_KIND_COUNT; kind++)
        if (source->seen[kind].count > 0
            && census_counts(told->service, (enum census_kind)kind))
            return true;
    return false;
}

/* --- for programs -------------------------------------------------------- */

/* By this machine's clock as it is now. */
static void
put_time(
    struct json *json, const struct told *told, const char *key, int64_t at_ms)
{
    admin_put_time(
        json, key, told->now - (time_t)((told->now_ms - at_ms) / 1000));
}

static void
put_host(struct json *json, const char *key, const struct repeat_host *host)
{
    char text[ADDRESS_TEXT_BYTES];

    repeat_host_format(host, text, sizeof(text));
    json_put_string(json, key, text);
}

static void
put_seen(
    struct json *json, const struct told *told, const struct census_seen *seen)
{
    json_put_int(json, "connections", (int64_t)seen->count);
    if (seen->count == 0) {
        json_put_null(json, "first");
        json_put_null(json, "last");
        return;
    }
    put_time(json, told, "first", seen->first_ms);
    put_time(json, told, "last", seen->last_ms);
}

static void
put_kind(struct json *json, const struct told *told, enum census_kind kind)
{
    const struct census_total *total = &told->census->totals[kind];
    char words[CENSUS_WORDS_BYTES];

    census_words(told->census, kind, told->now_ms, words);
    json_begin_object(json, census_kind_word(kind));
    put_time(json, told, "since", total->since_ms);
    put_seen(json, told, &total->seen);
    json_put_int(json, "open", (int64_t)total->open);
    json_put_int(json, "addresses", (int64_t)total->hosts);
    if (total->seen.count > 0)
        put_host(json, "last_from", &total->last);
    else
        json_put_null(json, "last_from");
    json_put_bool(
        json, "safe", census_is_safe(told->census, kind, told->now_ms));
    json_put_string(json, "text", words);
    json_end_object(json);
}

static void
put_source(struct json *json, const struct told *told,
    const struct census_source *source)
{
    json_begin_object(json, NULL);
    put_host(json, "address", &source->host);
    for (int kind = 0; kind < CENSUS_KIND_COUNT; kind++) {
        if (!census_counts(told->service, (enum census_kind)kind))
            continue;
        json_begin_object(json, census_kind_word((enum census_kind)kind));
        put_seen(json, told, &source->seen[kind]);
        json_end_object(json);
    }
    json_end_object(json);
}

static void
put_sources(struct json *json, const struct told *told)
{
    const struct census *census = told->census;
    size_t left_out = 0;

    json_begin_array(json, "sources");
    for (size_t i = 0; i < census->source_count; i++) {
        if (!is_shown(told, &census->sources[i]))
            continue;
        if (json_room(json) < ADMIN_ROOM_FOR_THE_REST)
            left_out++;
        else
            put_source(json, told, &census->sources[i]);
    }
    json_end_array(json);
    json_put_int(json, "sources_left_out", (int64_t)left_out);
    json_put_bool(json, "has_forgotten_sources", census->has_forgotten);
}

void
admin_put_census(struct json *json, const struct server *server, size_t index)
{
    struct told told;

    if (!read_census(&told, server, index)) {
        json_put_null(json, "census");
        return;
    }
    json_begin_object(json, "census");
    put_time(json, &told, "since", told.census->since_ms);
    for (int kind = 0; kind < CENSUS_KIND_COUNT; kind++)
        if (census_counts(told.service, (enum census_kind)kind))
            put_kind(json, &told, (enum census_kind)kind);
    put_sources(json, &told);
    json_end_object(json);
    free(told.census);
}

/* --- for people ---------------------------------------------------------- */

static void
print_source(
    FILE *out, const struct told *told, const struct census_source *source)
{
    static const char *const words[] = {
        [CENSUS_PLAINTEXT] = "plaintext",
        [CENSUS_NO_CERTIFICATE] = "without a certificate",
        [CENSUS_TLS_1_2] = "TLS 1.2",
    };
    char host[ADDRESS_TEXT_BYTES];
    char age[CENSUS_AGE_BYTES];
    const char *separator = ": ";

    repeat_host_format(&source->host, host, sizeof(host));
    census_format_age(told->now_ms - source->last_ms, age);
    (void)fprintf(out, "  %-12s%s", "source", host);
    for (int kind = 0; kind < CENSUS_KIND_COUNT; kind++) {
        if (source->seen[kind].count == 0
            || !census_counts(told->service, (enum census_kind)kind))
            continue;
        (void)fprintf(out, "%s%" PRIu64 " %s", separator,
            source->seen[kind].count, words[kind]);
        separator = ", ";
    }
    (void)fprintf(out, "; the last %s ago\n", age);
}

static void
print_sources(FILE *out, const struct told *told)
{
    size_t count = 0;

    for (size_t i = 0; i < told->census->source_count; i++) {
        if (!is_shown(told, &told->census->sources[i]))
            continue;
        if (count++ < SOURCES_SHOWN)
            print_source(out, told, &told->census->sources[i]);
    }
    if (count > SOURCES_SHOWN)
        (void)fprintf(out, "  %-12s%zu more sources; --json lists them\n",
            "and", count - SOURCES_SHOWN);
}

void
admin_print_census(FILE *out, const struct server *server, size_t index)
{
    struct told told;
    char words[CENSUS_WORDS_BYTES];

    if (!read_census(&told, server, index))
        return;
    for (int kind = 0; kind < CENSUS_KIND_COUNT; kind++) {
        if (!census_counts(told.service, (enum census_kind)kind))
            continue;
        census_words(told.census, (enum census_kind)kind, told.now_ms, words);
        (void)fprintf(out, "  %-12s%s\n", "migration", words);
    }
    print_sources(out, &told);
    free(told.census);
}
