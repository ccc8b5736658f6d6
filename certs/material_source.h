/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One file on its way into a material: what its readers share. */
#ifndef SIDELOCK_CERTS_MATERIAL_SOURCE_H
#define SIDELOCK_CERTS_MATERIAL_SOURCE_H

#include "certs/form.h"
#include "certs/material.h"
#include "certs/unlock.h"

struct source {
    const char *role; /* "certificate.key" */
    const char *path;
    const char *section;      /* "certificate ", with a name, or "clients" */
    const char *section_name; /* or "" */
    const char *key_prefix;   /* of the password's keys: "" or "ca_" */
    bool wants_certs;
    bool wants_keys;
    struct blob content;
    enum form form;
    bool holds_key; /* wanted or not: it must not be open to all */
    /* A block that is neither certificate nor key, for the case that nothing
     * else is there. */
    char other_label[64];
    struct material *material;
    struct password *password;
    struct report *report;
};

/* Each: -1 with an error in the report. */

/* Adds what the content holds of what is wanted, at least one of each. */
int source_read(struct source *source) MUST_CHECK;

/* Takes the key over when keys are wanted; wipes it in any case. */
int source_add_key(struct source *source, struct blob *key) MUST_CHECK;
/* A copy, when certificates are wanted. */
int source_add_cert(struct source *source, struct der der) MUST_CHECK;
/* Decrypts the content of an EncryptedPrivateKeyInfo and adds the key. */
int source_add_encrypted(struct source *source, struct der content) MUST_CHECK;

/* Reports why the password does not open the file. Always -1. */
int source_refuse(struct source *source, enum unlock_result result);
int source_no_memory(struct source *source);

#endif
