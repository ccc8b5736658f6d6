/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * PKCS#12 (RFC 7292): all certificates and all keys in it. The TLS library's
 * own reader hands out one key only, and does not say what it misses.
 */
#ifndef SIDELOCK_CERTS_KEYSTORE_H
#define SIDELOCK_CERTS_KEYSTORE_H

#include "certs/material_source.h"

/* Adds what the source's content holds. Without a password that is given the
 * empty one is tried. -1 with an error in the report. */
int keystore_read(struct source *source) MUST_CHECK;

#endif
