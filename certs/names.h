/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Host names as certificates hold them (RFC 6125): compared without case; a
 * wildcard is the whole left-most label and stands for exactly one label.
 */
#ifndef SIDELOCK_CERTS_NAMES_H
#define SIDELOCK_CERTS_NAMES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Does the certificate's pattern[len] cover the host name? */
bool name_matches(const char *pattern, size_t len, const char *host);

/* Is host an IP address in text, and the same as the certificate's
 * address[len] (4 or 16 bytes)? */
bool name_matches_ip(const uint8_t *address, size_t len, const char *host);

bool name_is_ip(const char *host);

#endif
