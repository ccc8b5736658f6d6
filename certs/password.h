/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The password of a key, keystore or truststore: the first line of a file, an environment
 * variable, or a credential that systemd hands over. It lives in secret
 * memory and is never part of a message; messages name where it came from.
 */
#ifndef SIDELOCK_CERTS_PASSWORD_H
#define SIDELOCK_CERTS_PASSWORD_H

#include <stdbool.h>

#include "certs/identity.h"

enum {
    PASSWORD_BYTES_MAX = 1024,
    PASSWORD_ORIGIN_BYTES = 512,
};

struct password {
    struct blob text; /* secret; any bytes; empty unless is_given */
    bool is_given;    /* also when it is given as empty */
    bool was_used;    /* something was encrypted, and it opened that */
    long work;        /* rounds of key derivation that were spent on it */
    /* "certificate.password_file /etc/p", for messages. */
    char origin[PASSWORD_ORIGIN_BYTES];
};

/* The three keys of a section, of which at most one is not "". */
struct password_keys {
    const char *prefix; /* of their names: "certificate.", "clients.ca_" */
    const char *file;
    const char *env;
    const char *credential;
};

/* Without any of the three the password is not given, which is no error. -1
 * with an error in the report. */
int password_read(struct password *password, const struct password_keys *keys,
    struct report *report) MUST_CHECK;
void password_deinit(struct password *password);

/* None, or the one that everybody tries first. */
bool password_is_weak(const struct password *password);

#endif
