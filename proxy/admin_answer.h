/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What the admin socket answers:
 *
 *   GET  /status  what is served, and how the process does
 *   GET  /clients      pending and approved clients (docs/enrolment.md)
 *   GET  /clients.tsv  the same as lines with tabs
 *   GET  /live    200: the main thread works
 *   GET  /ready   200, or 503 with the reason
 *   POST /reload  reads everything anew; 200 when it was taken, 422 when not,
 *                 409 during a drain, 403 to all but our own user and root
 *
 * JSON, or words for a person where the request's Accept names text/plain.
 * The header Sidelock-Warnings tells the commands which exit code it is.
 */
#ifndef SIDELOCK_PROXY_ADMIN_ANSWER_H
#define SIDELOCK_PROXY_ADMIN_ANSWER_H

#include <sys/types.h>

#include "proxy/admin_request.h"
#include "proxy/server_state.h"

enum {
    ADMIN_ANSWER_HEAD_BYTES = 256,
    ADMIN_BODY_MAX = 16 * 1024 * 1024,
};

struct admin_answer {
    char head[ADMIN_ANSWER_HEAD_BYTES];
    size_t head_len;
    char *body; /* owned; NULL: empty */
    size_t body_len;
};

/* Acts and answers; uid is the asking process's. A reload happens in here. */
void admin_answer_request(struct admin_answer *answer, struct server *server,
    const struct admin_request *request, uid_t uid);
/* Answers what is no request. */
void admin_answer_garbage(struct admin_answer *answer, enum admin_parse why);
void admin_answer_deinit(struct admin_answer *answer);

#endif
