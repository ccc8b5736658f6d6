/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The steps of `authorize` and `revoke`:
 *
 *   enroll.c         asking the process before and after; what is said
 *   enroll_find.c    which certificate and which file are meant
 *   enroll_file.c    the edit
 */
#ifndef SIDELOCK_PROXY_ENROLL_INTERNAL_H
#define SIDELOCK_PROXY_ENROLL_INTERNAL_H

#include "certs/approved.h"
#include "proxy/enroll.h"
#include "proxy/exchange.h"

enum {
    ENROLL_DIGITS_MIN = 8, /* of a beginning */
    ENROLL_NAME_BYTES = 256,
};

/* A file, and what is in it. Several services may share one. */
struct enroll_list {
    const char *path; /* of the configuration */
    struct approved *approved;
};

/* A line of the process's answer. */
struct enroll_known {
    bool is_pending; /* else it is approved */
    const char *service;
    const char *fingerprint;
    const char *subject; /* of a pending one */
};

/* What the process says of its clients. */
struct enroll_answer {
    struct exchange exchange; /* owns the text */
    enum exchange_result result;
    struct enroll_known *known; /* NULL: none */
    size_t count;               /* of them; behind comes one that is empty */
    bool is_whole;
};

/* One of the words, understood. */
struct enroll_change {
    size_t list; /* index */
    char fingerprint[APPROVED_DIGITS + 1];
    char subject[ENROLL_NAME_BYTES]; /* or comment; "" when not known */
    bool was_so;                     /* before the edit */
};

/* One command under way. */
struct enroll {
    const struct enroll_request *request;
    const struct config *config;
    struct report *report;
    struct enroll_list *lists;
    size_t list_count;
    struct enroll_answer before;
    struct enroll_change *changes; /* request->count of them */
};

/* Reads the lists that the request may be about. -1 with errors. */
int enroll_find_lists(struct enroll *enroll) MUST_CHECK;
/* The list of a service, or list_count: none that the request is about. */
size_t enroll_list_of(const struct enroll *enroll, const char *service);
/* Understands the word. -1 with an error. */
int enroll_find(struct enroll *enroll, const char *word,
    struct enroll_change *change) MUST_CHECK;

/* Makes all changes of one list, and notes in each whether it was so. Waits
 * for other commands. -1 with an error, and the file is as it was. */
int enroll_edit(struct enroll *enroll, size_t list) MUST_CHECK;

#endif
