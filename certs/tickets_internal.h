/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Making rings, for tickets.c and tickets_file.c. */
#ifndef SIDELOCK_CERTS_TICKETS_INTERNAL_H
#define SIDELOCK_CERTS_TICKETS_INTERNAL_H

#include "certs/tickets.h"

/* A ring with room for `count` secrets; NULL: no memory. */
struct ticket_ring *ticket_ring_make(size_t count) MUST_CHECK;

/* Fills one place from data[len] of a file. -1: hashing failed. */
int ticket_ring_fill(struct ticket_ring *ring, size_t index,
    const uint8_t *data, size_t len) MUST_CHECK;

#endif
