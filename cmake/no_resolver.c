/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Name resolution that always fails, for a static program. libevent's helpers
 * for DNS names, which sidelock does not use, are kept by the linker and are
 * renamed to call these (cmake/libraries.cmake); without them glibc's resolver
 * and its loader of shared modules would be in the program.
 */
#include <netdb.h>
#include <stddef.h>

int sidelock_no_getaddrinfo(const char *node, const char *service,
    const struct addrinfo *hints, struct addrinfo **result);
void sidelock_no_freeaddrinfo(struct addrinfo *result);
struct servent *sidelock_no_getservbyname(
    const char *name, const char *protocol);
struct protoent *sidelock_no_getprotobynumber(int protocol);

int
sidelock_no_getaddrinfo(const char *node, const char *service,
    const struct addrinfo *hints, struct addrinfo **result)
{
    (void)node;
    (void)service;
    (void)hints;
    *result = NULL;
    return EAI_FAIL;
}

void
sidelock_no_freeaddrinfo(struct addrinfo *result)
{
    (void)result;
}

struct servent *
sidelock_no_getservbyname(const char *name, const char *protocol)
{
    (void)name;
    (void)protocol;
    return NULL;
}

struct protoent *
sidelock_no_getprotobynumber(int protocol)
{
    (void)protocol;
    return NULL;
}
