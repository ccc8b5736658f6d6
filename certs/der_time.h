/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Dates in DER, in the two forms that RFC 5280 allows (section 4.1.2.5): to
 * the second and in UTC. */
#ifndef SIDELOCK_CERTS_DER_TIME_H
#define SIDELOCK_CERTS_DER_TIME_H

#include <stdbool.h>
#include <time.h>

#include "certs/der.h"

/* Takes a UTCTime or GeneralizedTime off `in`. False: there is none, or it is
 * no such date; `in` is then unchanged. */
bool der_take_time(struct der *in, time_t *at);

#endif
