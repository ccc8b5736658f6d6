/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * OCSP responders in the event loop of the test that asks them: each behaves
 * in a stated way. Answers are openssl's, to the very request that came.
 */
#ifndef SIDELOCK_TESTS_OCSP_FIXTURE_H
#define SIDELOCK_TESTS_OCSP_FIXTURE_H

#include <stdbool.h>
#include <stddef.h>

#include <event2/event.h>
#include <event2/event_struct.h>

#include "tests/unit/staple_fixture.h"

enum {
    RESPONDER_REQUESTS_MAX = 64
};

struct responder;

/* A connection to it. */
struct visit {
    struct responder *responder;
    struct event event;
    int fd; /* -1: over */
    size_t len;
    char data[2048];
};

struct responder {
    struct event_base *base;
    struct event event;
    int fd;
    char url[64];
    bool hangs;       /* takes the request and says nothing */
    const char *text; /* says this instead of an answer, and ends */
    bool replays;     /* answers a request of its own, with another nonce */
    struct staple_spec spec; /* of the answer */
    size_t visit_count;
    struct visit visits[RESPONDER_REQUESTS_MAX];
};

/* Listens on a port of 127.0.0.1; set its behaviour before the loop runs. */
void responder_start(struct responder *responder, struct event_base *base);
void responder_stop(struct responder *responder);
/* Connections that it holds now. */
size_t responder_open_count(const struct responder *responder);

/* An address where nobody listens, nor will while the socket is open that is
 * returned. */
int nobodys_url(char url[64]);

#endif
