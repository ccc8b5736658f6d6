/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What the files of a [certificate] hold, whatever their format: certificates
 * and private keys, decrypted, as two lists. Which of them belong together
 * and which are meant is for select.h.
 */
#ifndef SIDELOCK_CERTS_MATERIAL_H
#define SIDELOCK_CERTS_MATERIAL_H

#include "certs/chain.h"

enum {
    MATERIAL_KEYS_MAX = 32
};

struct material {
    struct chain chain;                  /* in the order of the file */
    struct blob keys[MATERIAL_KEYS_MAX]; /* DER; secret */
    size_t key_count;
    /* Where they are from; borrowed of the config. */
    const char *cert_role;
    const char *cert_path;
    const char *key_role;
    const char *key_path;
    bool is_unordered; /* a keystore: the order in it says nothing */
};

/* At least one certificate and one key, or -1 with an error in the report. */
int material_load(struct material *material,
    const struct config_certificate *certificate,
    struct report *report) MUST_CHECK;
void material_deinit(struct material *material);

#endif
