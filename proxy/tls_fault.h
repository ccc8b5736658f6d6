/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a TLS failure means, in words: the alert that the client sent, or
 * what the library found wrong with what the client sent. */
#ifndef SIDELOCK_PROXY_TLS_FAULT_H
#define SIDELOCK_PROXY_TLS_FAULT_H

#include <stddef.h>

#include "config/guide.h"

struct WOLFSSL;

/* error is the library's code for the failed call on ssl. The field guide's
 * code for it. */
enum guide_code tls_fault_words(
    struct WOLFSSL *ssl, int error, char *out, size_t cap);

/* The same for an alert that the client sent, by its number. */
enum guide_code tls_fault_alert(int code, char *out, size_t cap);

/* The text of an errno. */
void tls_fault_errno(int error, char *out, size_t cap);

#endif
