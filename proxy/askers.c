/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "proxy/askers.h"

#include <stdlib.h>
#include <string.h>

struct askers_ocsp {
    struct askers_ocsp *next;
    struct ocsp_asker *asker;
    int64_t timeout_ms;
    char name_server[];
};

struct askers_resolver {
    struct askers_resolver *next;
    struct resolver *resolver;
    char name_server[];
};

void
askers_init(struct askers *askers, struct event_base *base)
{
    *askers = (struct askers){.base = base};
}

/* Before the resolvers, which it asks. */
static void
free_ocsp(struct askers_ocsp *at)
{
    while (at != NULL) {
        struct askers_ocsp *next = at->next;

        ocsp_asker_free(at->asker);
        free(at);
        at = next;
    }
}

void
askers_deinit(struct askers *askers)
{
    struct askers_resolver *at = askers->resolvers;

    free_ocsp(askers->ocsp);
    while (at != NULL) {
        struct askers_resolver *next = at->next;

        resolver_free(at->resolver);
        free(at);
        at = next;
    }
    *askers = (struct askers){.base = NULL};
}

struct ocsp_asker *
askers_ocsp(struct askers *askers, int64_t timeout_ms, const char *name_server)
{
    struct askers_ocsp *at = askers->ocsp;
    size_t bytes = strlen(name_server) + 1;

    for (; at != NULL; at = at->next)
        if (at->timeout_ms == timeout_ms
            && strcmp(at->name_server, name_server) == 0)
            return at->asker;
    at = malloc(sizeof(*at) + bytes);
    if (at == NULL)
        return NULL;
    at->asker = ocsp_asker_new(askers->base);
    if (at->asker == NULL) {
        free(at);
        return NULL;
    }
    at->timeout_ms = timeout_ms;
    memcpy(at->name_server, name_server, bytes);
    at->next = askers->ocsp;
    askers->ocsp = at;
    return at->asker;
}

struct resolver *
askers_resolver(struct askers *askers, const char *name_server)
{
    struct askers_resolver *at = askers->resolvers;
    size_t bytes = strlen(name_server) + 1;

    for (; at != NULL; at = at->next)
        if (strcmp(at->name_server, name_server) == 0)
            return at->resolver;
    at = malloc(sizeof(*at) + bytes);
    if (at == NULL)
        return NULL;
    at->resolver = resolver_new(askers->base, name_server);
    if (at->resolver == NULL) {
        free(at);
        return NULL;
    }
    memcpy(at->name_server, name_server, bytes);
    at->next = askers->resolvers;
    askers->resolvers = at;
    return at->resolver;
}
