/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Certificates for the tests of certs/: the set of scripts/make-certs.sh
 * --all, made anew in a folder of the test program's own. That is its working
 * directory, so that messages can be compared with their paths.
 */
#ifndef SIDELOCK_TESTS_CERTS_FIXTURE_H
#define SIDELOCK_TESTS_CERTS_FIXTURE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

#include "certs/identity.h"
#include "certs/snapshot.h"
#include "config/config.h"
#include "config/report.h"

enum {
    DAY = 24 * 60 * 60
};

/* Group set-up and tear-down of cmocka. */
int certs_start(void **state);
int certs_stop(void **state);

/* --- files --------------------------------------------------------------- */

struct blob read_file(const char *path);
void write_blob(const char *path, const struct blob *content);
void copy_file(const char *to, const char *from);
/* to becomes the files of a NULL-ended list, one after the other. */
void join_files(const char *to, const char *const *from);
/* The bytes of the first PEM block of the file. */
struct blob read_der(const char *path);
/* Runs the openssl program; a NULL-ended list of its arguments. */
void run_openssl(const char *const *arguments);

/* --- findings ------------------------------------------------------------ */

/* Is there a finding of this severity with the text in it? */
bool has_finding(
    const struct report *report, enum severity severity, const char *text_part);
/* Each fails with all findings printed. */
void assert_reported(
    const struct report *report, enum severity severity, const char *text_part);
void assert_not_reported(const struct report *report, const char *text_part);
bool has_code(const struct report *report, enum guide_code code);
/* No error and no warning. */
void assert_no_complaint(const struct report *report);

/* --- loading ------------------------------------------------------------- */

/* A [certificate]; what is NULL is not set. */
struct pair {
    const char *cert;
    const char *key;
    const char *server_name;
    const char *chain_root;
    const char *keystore;
    const char *password_file;
    const char *password_env;
    const char *password_credential;
    const char *select_subject;
    const char *select_issuer;
    bool allow_exposed_key;
};

/* identity_load with roots that are read for this call. */
struct identity *load_with_roots(
    const struct config_certificate *certificate, struct report *report);

struct identity *load_pair(const struct pair *pair, struct report *report);
/* Loads, and fails the test when it is refused. */
struct identity *load_good(const struct pair *pair);
/* Fails unless it is refused with this text as the first error. */
void assert_pair_refused(const struct pair *pair, const char *text_part);
/* The same, with the code of the field guide. */
void assert_pair_refused_as(
    const struct pair *pair, enum guide_code code, const char *text_part);
/* Fails unless it loads and has this finding. */
void assert_pair_found(
    const struct pair *pair, enum severity severity, const char *text_part);

/*
 * The configuration of one service whose keys, and all other sections, are
 * given as the text of a file; listen and backend are there already. Never
 * NULL.
 */
struct config *make_config(const char *text);
/* A snapshot of such a configuration; never NULL. The last reference frees
 * it. */
struct snapshot *make_snapshot(const char *text);

/*
 * The same after another, which may be NULL. What was found is in the report,
 * which the caller ends; NULL when it was refused.
 */
struct snapshot *load_snapshot(
    const struct snapshot *previous, const char *text, struct report *report);

/* server.pem and server.key, as the end of such a text. */
#define GOOD_CERTIFICATE                                                       \
    "[certificate]\n"                                                          \
    "cert = server.pem\n"                                                      \
    "key = server.key\n"

#endif
