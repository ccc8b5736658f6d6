/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Clients that are let in one by one: who waits for approval, who has it. In
 * three forms: JSON, a table for people, and lines with tabs. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "certs/approved.h"
#include "certs/dates.h"
#include "proxy/admin_answer.h"
#include "proxy/admin_status.h"
#include "proxy/pending.h"

enum {
    SHOWN_DIGITS = 16, /* of fingerprints, to people */
    /* Lines end before the answer would be too long for its reader. */
    LINES_ROOM = 64 * 1024,
};

/* What is to be told, read at one moment. */
struct listing {
    const struct server *server;
    struct pending_entry *entries;
    size_t count;   /* of those that are still pending */
    bool is_broken; /* no memory */
};

static const struct config_service *
service_at(const struct listing *listing, size_t index)
{
    return &listing->server->snapshot->config->services[index];
}

/* The list of a service, or NULL when it has none. */
static const struct approved *
approved_of(const struct server *server, size_t index)
{
    const struct admission *admission =
        server->snapshot->services[index].admission;

    return admission != NULL ? admission->approved : NULL;
}

/* Those that are trusted as they are, or NULL when there are none. */
static const struct pins *
pins_of(const struct server *server, size_t index)
{
    const struct admission *admission =
        server->snapshot->services[index].admission;

    return admission != NULL && pins_count(admission->pins) > 0
               ? admission->pins
               : NULL;
}

/* A handshake that began before a reload may have noted a client that is
 * approved since. */
static bool
is_still_pending(
    const struct server *server, const char *service, const char *fingerprint)
{
    const struct config *config = server->snapshot->config;

    for (size_t i = 0; i < config->service_count; i++) {
        const struct approved *approved = approved_of(server, i);

        if (approved != NULL && strcmp(config->services[i].name, service) == 0)
            return approved_find(approved, fingerprint) == NULL;
    }
    return false;
}

static void
listing_init(struct listing *listing, const struct server *server)
{
    size_t count;

    *listing = (struct listing){.server = server};
    listing->entries = pending_copy(server->pending, &count);
    listing->is_broken = listing->entries == NULL && count > 0;
    for (size_t i = 0; listing->entries != NULL && i < count; i++) {
        const struct pending_entry *entry = &listing->entries[i];

        if (is_still_pending(server, entry->service, entry->fingerprint))
            listing->entries[listing->count++] = *entry;
    }
}

static bool
is_over(const char *service, const char *fingerprint, void *arg)
{
    return !is_still_pending(arg, service, fingerprint);
}

void
admin_sweep_clients(struct server *server)
{
    pending_sweep(server->pending, is_over, server);
}

static bool
is_of(const struct listing *listing, size_t entry, size_t service)
{
    return strcmp(listing->entries[entry].service,
               service_at(listing, service)->name)
           == 0;
}

static size_t
count_pending(const struct listing *listing, size_t service)
{
    size_t count = 0;

    for (size_t i = 0; i < listing->count; i++)
        count += is_of(listing, i, service) ? 1 : 0;
    return count;
}

/* --- for programs -------------------------------------------------------- */

static void
put_pending(struct json *json, const struct pending_entry *entry)
{
    char address[ADDRESS_TEXT_BYTES];

    address_format(&entry->address, address, sizeof(address));
    json_begin_object(json, NULL);
    json_put_string(json, "fingerprint", entry->fingerprint);
    json_put_string(json, "subject", entry->subject);
    json_put_string(json, "issuer", entry->issuer);
    json_put_string(json, "serial", entry->serial);
    admin_put_time(json, "not_after", (time_t)entry->not_after);
    admin_put_time(json, "first_seen", (time_t)entry->first_seen);
    admin_put_time(json, "last_seen", (time_t)entry->last_seen);
    json_put_string(json, "address", address);
    json_put_int(json, "count", (int64_t)entry->count);
    json_end_object(json);
}

static void
put_approved(struct json *json, const struct approved_facts *facts)
{
    json_begin_object(json, NULL);
    json_put_string(json, "fingerprint", facts->fingerprint);
    json_put_string(json, "comment", facts->comment);
    json_put_int(json, "line", facts->line);
    json_put_int(json, "hits", (int64_t)facts->hits);
    if (facts->last_use != 0)
        admin_put_time(json, "last_use", facts->last_use);
    else
        json_put_null(json, "last_use");
    json_end_object(json);
}

static void
put_all_approved(struct json *json, const struct approved *approved)
{
    size_t left_out = 0;

    json_begin_array(json, "approved");
    for (size_t i = 0; i < approved_count(approved); i++) {
        struct approved_facts facts = approved_facts(approved_at(approved, i));

        if (json_room(json) < ADMIN_ROOM_FOR_THE_REST)
            left_out++;
        else
            put_approved(json, &facts);
    }
    json_end_array(json);
    json_put_int(json, "approved_left_out", (int64_t)left_out);
}

static void
put_enrolment(struct json *json, const struct listing *listing, size_t index)
{
    json_put_string(json, "enroll", service_at(listing, index)->clients.enroll);
    json_begin_array(json, "pending");
    for (size_t i = 0; i < listing->count; i++)
        if (is_of(listing, i, index))
            put_pending(json, &listing->entries[i]);
    json_end_array(json);
    put_all_approved(json, approved_of(listing->server, index));
}

static void
put_service(struct json *json, const struct listing *listing, size_t index)
{
    const struct approved *approved = approved_of(listing->server, index);
    const struct pins *pins = pins_of(listing->server, index);

    if (approved == NULL && pins == NULL)
        return;
    json_begin_object(json, NULL);
    json_put_string(json, "name", service_at(listing, index)->name);
    if (pins != NULL)
        admin_put_pins(json, pins);
    if (approved != NULL)
        put_enrolment(json, listing, index);
    json_end_object(json);
}

void
admin_put_clients(struct json *json, const struct server *server)
{
    struct listing listing;

    listing_init(&listing, server);
    json->is_broken |= listing.is_broken;
    json_begin_object(json, NULL);
    json_begin_array(json, "services");
    for (size_t i = 0; i < server->snapshot->config->service_count; i++)
        put_service(json, &listing, i);
    json_end_array(json);
    json_put_int(
        json, "pending_not_listed", (int64_t)pending_lost(server->pending));
    json_put_int(
        json, "pending_made_room", (int64_t)pending_evicted(server->pending));
    json_end_object(json);
    free(listing.entries);
}

/* --- for people ---------------------------------------------------------- */

static void
print_pending(FILE *out, const struct pending_entry *entry)
{
    char address[ADDRESS_TEXT_BYTES];
    char first[DATE_TEXT_BYTES];
    char last[DATE_TEXT_BYTES];
    char until[DATE_TEXT_BYTES];

    address_format(&entry->address, address, sizeof(address));
    date_format((time_t)entry->first_seen, first);
    date_format((time_t)entry->last_seen, last);
    date_format((time_t)entry->not_after, until);
    (void)fprintf(out, "  %.*s  %-20s  %8" PRIu64 "  %s  from %s\n",
        SHOWN_DIGITS, entry->fingerprint, last, entry->count, entry->subject,
        address);
    (void)fprintf(out,
        "  %*s  issuer %s, serial %s, valid until %s, first seen %s\n",
        SHOWN_DIGITS, "", entry->issuer, entry->serial, until, first);
}

static void
print_all_pending(FILE *out, const struct listing *listing, size_t index)
{
    if (count_pending(listing, index) == 0)
        return;
    (void)fprintf(out, "  %-*s  %-20s  %8s  %s\n", SHOWN_DIGITS, "PENDING",
        "LAST SEEN", "TIMES", "SUBJECT");
    for (size_t i = 0; i < listing->count; i++)
        if (is_of(listing, i, index))
            print_pending(out, &listing->entries[i]);
}

static void
print_all_approved(FILE *out, const struct approved *approved)
{
    if (approved_count(approved) == 0)
        return;
    (void)fprintf(out, "  %-*s  %-20s  %8s  %s\n", SHOWN_DIGITS, "APPROVED",
        "LAST USE", "TIMES", "COMMENT");
    for (size_t i = 0; i < approved_count(approved); i++) {
        struct approved_facts facts = approved_facts(approved_at(approved, i));
        char comment[APPROVED_SHOWN_BYTES];
        char last[DATE_TEXT_BYTES] = "never";

        if (facts.last_use != 0)
            date_format(facts.last_use, last);
        approved_show_comment(comment, &facts);
        (void)fprintf(out, "  %.*s  %-20s  %8" PRIu64 "  %s\n", SHOWN_DIGITS,
            facts.fingerprint, last, facts.hits, comment);
    }
}

static void
print_enrolment(FILE *out, const struct listing *listing, size_t index)
{
    const struct approved *approved = approved_of(listing->server, index);

    (void)fprintf(out, "service %s: %zu pending, %zu approved in %s\n",
        service_at(listing, index)->name, count_pending(listing, index),
        approved_count(approved), service_at(listing, index)->clients.enroll);
    print_all_pending(out, listing, index);
    print_all_approved(out, approved);
}

static void
print_losses(FILE *out, const struct pending *pending)
{
    uint64_t lost = pending_lost(pending);
    uint64_t evicted = pending_evicted(pending);

    if (lost > 0)
        (void)fprintf(out,
            "%" PRIu64 " more refused clients were not listed: at most %d new "
            "ones are taken in a minute, %d of them from one host\n",
            lost, PENDING_MINUTE_MAX, PENDING_HOST_MAX);
    if (evicted > 0)
        (void)fprintf(out,
            "%" PRIu64 " of the list of %d made room for others\n", evicted,
            PENDING_MAX);
}

void
admin_print_clients(FILE *out, const struct server *server)
{
    struct listing listing;
    size_t shown = 0;

    listing_init(&listing, server);
    if (listing.is_broken)
        (void)fprintf(out, "out of memory: who is pending cannot be told\n");
    for (size_t i = 0; i < server->snapshot->config->service_count; i++) {
        const struct approved *approved = approved_of(server, i);
        const struct pins *pins = pins_of(server, i);

        if (approved == NULL && pins == NULL)
            continue;
        shown++;
        if (approved != NULL)
            print_enrolment(out, &listing, i);
        else
            (void)fprintf(out, "service %s:\n", service_at(&listing, i)->name);
        if (pins != NULL)
            admin_print_pins(out, pins);
    }
    if (shown == 0)
        (void)fprintf(out,
            "no service has enroll = FILE, trusted_certs or trusted_keys in "
            "its [clients]\n");
    print_losses(out, server->pending);
    free(listing.entries);
}

/* --- for our own commands ------------------------------------------------ */

/* False: the answer is full. */
static bool
list_approved(FILE *out, const char *service, const struct approved *approved)
{
    for (size_t i = 0; i < approved_count(approved); i++) {
        struct approved_facts facts = approved_facts(approved_at(approved, i));

        if (ftell(out) > ADMIN_BODY_MAX - LINES_ROOM)
            return false;
        (void)fprintf(out, "approved\t%s\t%s\t%" PRIu64 "\t%" PRId64 "\n",
            service, facts.fingerprint, facts.hits, (int64_t)facts.last_use);
    }
    return true;
}

void
admin_list_clients(FILE *out, const struct server *server)
{
    struct listing listing;
    bool is_whole;

    listing_init(&listing, server);
    is_whole = !listing.is_broken;
    for (size_t i = 0; i < listing.count; i++)
        (void)fprintf(out, "pending\t%s\t%s\t%s\n", listing.entries[i].service,
            listing.entries[i].fingerprint, listing.entries[i].subject);
    for (size_t i = 0; i < server->snapshot->config->service_count; i++) {
        const struct approved *approved = approved_of(server, i);

        if (approved != NULL && is_whole)
            is_whole =
                list_approved(out, service_at(&listing, i)->name, approved);
    }
    (void)fprintf(out, is_whole ? "whole\n" : "cut\n");
    free(listing.entries);
}
