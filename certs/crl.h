/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SIDELOCK_CERTS_CRL_H
#define SIDELOCK_CERTS_CRL_H
#include <time.h>
#include <stdint.h>
#include "certs/der.h"
#include "certs/trust.h"
struct crls;
struct crls *crls_load(const struct config_clients *, const struct trust *, time_t now, struct report *);
void crls_free(struct crls *);
enum crl_verdict {CRL_GOOD, CRL_REVOKED, CRL_ABSENT, CRL_STALE};
struct crl_answer {enum crl_verdict verdict; time_t when; const char *reason;};
struct crl_answer crls_ask(const struct crls *, struct der issuer, struct der serial, time_t now);
void crls_judge(const struct crls *, time_t now, int64_t warn_days, struct report *);
int crls_hash(const struct crls *, uint8_t out[32]);
#endif
