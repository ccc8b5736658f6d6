/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A staple: the OCSP response that a server sends along with its certificate,
 * so that clients need not ask the CA whether it was revoked. It comes from a
 * file that something else refreshes (scripts/refresh-staple.sh); nothing here
 * asks anybody.
 *
 * It is proven before use: a successful answer, about this very certificate,
 * signed by the issuer or by a responder that the issuer appointed, within its
 * dates, and good. One that fails is not sent, which is a warning and nothing
 * worse: a server without a staple serves. Only a certificate that demands one
 * (must-staple) makes its absence an error of `check` (report->is_strict).
 */
#ifndef SIDELOCK_CERTS_STAPLE_H
#define SIDELOCK_CERTS_STAPLE_H

#include <time.h>

#include "certs/identity.h"

enum {
    STAPLE_BYTES_MAX = 16 * 1024, /* what clients' libraries take in */
};

/*
 * Gives the identity its staple, if there is a usable one in the file of
 * certificate.ocsp_staple_file or in that of the certificate with ".ocsp"
 * behind its name. That path is noted in report->sources also when there is
 * no file. Says why a staple that is there is not used. Dates are not judged
 * here: reloads share an identity, while the clock goes on.
 */
void staple_load(struct identity *identity,
    const struct config_certificate *settings, struct report *report);

/*
 * What changes while nothing is loaded: warns when the staple has not begun,
 * has expired or should have been refreshed (less than a quarter of its time is
 * left), and when the certificate demands a staple and none is sent.
 */
void staple_judge(const struct identity *identity,
    const struct config_certificate *settings, time_t now,
    struct report *report);

/* Is there one that may be sent now? */
bool staple_is_current(const struct identity *identity, time_t now);

#endif
