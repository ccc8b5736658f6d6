/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A fixed set of connections that stay open and do the same job in turn, at
 * most `window` of them at a time. Used where the connections outlive the
 * measurement (bulk transfer, idle connections); one that breaks ends the
 * program.
 */
#ifndef BENCH_GROUP_H
#define BENCH_GROUP_H

#include "tests/bench/run.h"

enum group_task {
    GROUP_OPEN,
    GROUP_TRANSFER,
    GROUP_CLOSE
};

struct group_job {
    const void *header; /* sent first; may be NULL */
    size_t header_bytes;
    uint64_t send_bytes;
    uint64_t receive_bytes;
};

/* Owns its connections between group_open and group_close. */
struct group {
    struct run *run;
    struct conn **conns;
    size_t count;
    size_t window;
    enum group_task task;
    const struct group_job *job;
    size_t next; /* first connection that has not begun the task */
    size_t busy; /* connections in the middle of it */
};

/* Opens `count` connections, handshakes included. */
void group_open(
    struct group *group, struct run *run, size_t count, size_t window);

/* Lets every connection do the job once. */
void group_transfer(struct group *group, const struct group_job *job);

/* Closes all connections from this side and waits for the proxy's end. */
void group_close(struct group *group);

#endif
