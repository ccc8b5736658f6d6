/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The admin socket's file: made so that only our user and group can connect,
 * in place of one that a dead process left behind, and removed at the end.
 */
#ifndef SIDELOCK_PROXY_ADMIN_SOCKET_H
#define SIDELOCK_PROXY_ADMIN_SOCKET_H

#include <sys/types.h>

#include "config/address.h"
#include "config/report.h"

struct admin_socket {
    int fd; /* listens, non-blocking */
    struct address address;
    dev_t device; /* of the file, to know it again */
    ino_t inode;
};

/* listen: "unix:PATH". -1 with an error. Main thread, before any other: the
 * process's umask changes for a moment. */
int admin_socket_open(struct admin_socket *sock, const char *listen,
    struct report *report) MUST_CHECK;
/* Removes the file, unless another process has put its own there. */
void admin_socket_close(struct admin_socket *sock);

/* "owner uid 0 gid 0, mode 0755, and we are uid 1000 gid 1000": who may use
 * the path, for messages; "" when it cannot be told. */
void admin_socket_access(const char *path, char *out, size_t cap);

#endif
