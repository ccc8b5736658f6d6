/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What this machine says of names: which servers to ask (resolv.conf(5)), and
 * the addresses that it knows by itself (hosts(5)). The files are read when
 * they are asked for, at most 256 KiB of each.
 */
#ifndef SIDELOCK_PROXY_NAME_SERVERS_H
#define SIDELOCK_PROXY_NAME_SERVERS_H

#include <stddef.h>

#include "config/address.h"

enum {
    NAME_SERVERS_MAX = 3, /* as the C library has it */
    NAME_SERVER_PORT = 53,
};

struct name_servers {
    size_t count; /* not 0 */
    struct address items[NAME_SERVERS_MAX];
};

/* Those of the file; one on this machine, if there are none. */
void name_servers_read(struct name_servers *servers, const char *path);

/* The addresses of a name, with port 0; at most `cap`. A final dot makes no
 * difference. */
size_t hosts_find(
    const char *path, const char *name, struct address *out, size_t cap);

#endif
