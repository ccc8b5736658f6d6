/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What the process has to tell about itself: as JSON for programs, in words
 * for people. Both say the same.
 */
#ifndef SIDELOCK_PROXY_ADMIN_STATUS_H
#define SIDELOCK_PROXY_ADMIN_STATUS_H

#include <stdio.h>

#include "certs/status.h"
#include "proxy/json.h"
#include "proxy/server_state.h"

/* The files on disk, compared with what is served. */
enum admin_files {
    ADMIN_FILES_SERVED,
    ADMIN_FILES_CHANGED, /* since they were read last */
    ADMIN_FILES_REFUSED, /* as they are, the last reload failed */
};

enum admin_files admin_files(const struct server *server);

/* A certificate of a service, and what is to be said of it. */
struct admin_certificate {
    const char *name; /* of its [certificate], or its file */
    const struct identity *identity;
    char words[STATUS_BYTES];
    bool is_worrying; /* expired, or soon */
};

/* Calls `visit` for each certificate of the service, first the one that is
 * shown to clients that ask for no name. */
typedef void admin_visit(
    const struct admin_certificate *certificate, void *arg);
void admin_each_certificate(const struct server *server, size_t service_index,
    admin_visit *visit, void *arg);

/* The service's status words. */
void admin_service_words(
    const struct server *server, size_t service_index, char out[STATUS_BYTES]);

/* Why clients should not be sent here, or NULL. */
const char *admin_unready_reason(const struct server *server);

/* Keys that changed and wait for a restart; "" when there is none. */
void admin_restart_keys(const struct server *server, char *out, size_t cap);

/* Is there anything that somebody should look at? */
bool admin_has_warnings(const struct server *server);

enum {
    /* Bytes of JSON kept free of lists of any length (certificates, sources)
     * for all that is bounded. */
    ADMIN_ROOM_FOR_THE_REST = 6 * 1024 * 1024
};

/* Those of a service that are trusted as they are (admin_pins.c). */
void admin_put_pins(struct json *json, const struct pins *pins);
void admin_print_pins(FILE *out, const struct pins *pins);

void admin_put_time(struct json *json, const char *key, time_t at);

/* "clients" of a service: null unless they are asked for a certificate
 * (admin_trust.c). */
void admin_put_trust(
    struct json *json, const struct server *server, size_t service_index);
void admin_print_trust(
    FILE *out, const struct server *server, size_t service_index);

/* "census" of a service: null unless its clients are counted
 * (admin_census.c). */
void admin_put_census(
    struct json *json, const struct server *server, size_t service_index);
void admin_print_census(
    FILE *out, const struct server *server, size_t service_index);

/* Pending and approved clients of each service (admin_clients.c). */
void admin_put_clients(struct json *json, const struct server *server);
void admin_print_clients(FILE *out, const struct server *server);
/* One a line, for our own commands:
 *   pending TAB SERVICE TAB FINGERPRINT TAB SUBJECT
 *   approved TAB SERVICE TAB FINGERPRINT TAB HITS TAB LAST USE (seconds)
 * The last line says whether all of it was there: "whole" or "cut". */
void admin_list_clients(FILE *out, const struct server *server);
/* After a reload: whoever is approved by now, or waits at a service that has
 * no list any more, is no longer pending. */
void admin_sweep_clients(struct server *server);

void admin_put_status(struct json *json, const struct server *server);
void admin_put_reload(struct json *json, const struct server *server);

void admin_print_status(FILE *out, const struct server *server);
void admin_print_reload(FILE *out, const struct server *server);

#endif
