/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Which certificate is served, and with which key: the one whose key is there,
 * proven by signature, and that select_subject and select_issuer leave.
 */
#ifndef SIDELOCK_CERTS_SELECT_H
#define SIDELOCK_CERTS_SELECT_H

#include "certs/material.h"

/*
 * Finds the certificate that is meant (chain.certs[*leaf]) and puts its key
 * first. Of several identities the others are left out, and what lies in a
 * keystore is put in order. -1 with an error in the report.
 */
int select_identity(struct material *material,
    const struct config_certificate *certificate, size_t *leaf,
    struct report *report) MUST_CHECK;

#endif
