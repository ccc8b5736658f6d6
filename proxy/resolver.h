#ifndef R_H
#define R_H
#include <stddef.h>
#include "config/address.h"
struct event_base; struct resolver; struct resolver_query;
struct resolver *resolver_new(struct event_base *, const char *name_server);
void resolver_free(struct resolver *);
typedef void resolver_named(const char *const *names, size_t count, const char *error, void *arg);
struct resolver_query *resolver_names_of(struct resolver *, const struct address *, resolver_named *, void *arg);
void resolver_cancel(struct resolver_query *);
#endif
