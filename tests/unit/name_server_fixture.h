/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A name server in the same loop as who asks it, on a loopback port over UDP
 * and TCP. What it says is the test's.
 */
#ifndef SIDELOCK_TESTS_NAME_SERVER_FIXTURE_H
#define SIDELOCK_TESTS_NAME_SERVER_FIXTURE_H

#include <stdbool.h>

#include <event2/event.h>
#include <event2/event_struct.h>

#include "tests/unit/dns_fixture.h"

/* A question that has come. `name` is in lower case, without a final dot. */
struct asked {
    struct dns_question question;
    char name[DNS_NAME_BYTES];
    bool is_tcp;
    size_t number; /* of the questions to this server, from 1 */
};

/* Fills in the reply, which has no record yet. False: says nothing. */
typedef bool answer_fn(const struct asked *asked, struct dns_reply *reply);

struct name_server {
    struct event_base *base;
    answer_fn *answer;
    bool is_forged;   /* before each answer comes one to another question */
    char address[32]; /* ADDRESS:PORT */
    int udp;
    int tcp;
    struct event udp_event;
    struct event tcp_event;
    size_t asked_count;
    size_t asked_by_tcp_count;
};

void name_server_start(
    struct name_server *server, struct event_base *base, answer_fn *answer);
void name_server_stop(struct name_server *server);

#endif
