/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "certs/alert.h"

#include <wolfssl/options.h>

#include <wolfssl/ssl.h>

/* The library's own function, which its static form exports to us. Its public
 * ones know only close_notify and what follows from its own errors, and a
 * client that is refused by a rule of ours should read access_denied. */
/* NOLINTNEXTLINE(readability-identifier-naming): the library names it */
int SendAlert(WOLFSSL *ssl, int severity, int type);

void
alert_send(struct WOLFSSL *ssl, uint8_t alert)
{
    if (ssl != NULL)
        (void)SendAlert(ssl, alert_fatal, alert);
}
