/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Alerts that the TLS library would not send by itself. */
#ifndef SIDELOCK_CERTS_ALERT_H
#define SIDELOCK_CERTS_ALERT_H

#include <stdint.h>

struct WOLFSSL;

/* A fatal alert (RFC 8446, section 6.2), as far as the connection takes it.
 * ssl may be NULL. */
void alert_send(struct WOLFSSL *ssl, uint8_t alert);

#endif
