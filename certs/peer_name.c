/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Matching a host's name with what a certificate says. */
#include "certs/peer_name.h"

#include <string.h>
#include <strings.h>

#include "certs/names.h"

static bool
is_named_by(struct client_fact fact, const char *name, size_t len)
{
    const char *text = (const char *)fact.data;

    if (fact.kind == RULE_DNS)
        return name_matches(text, fact.len, name);
    if (fact.kind != RULE_CN || memchr(text, '\0', fact.len) != NULL)
        return false;
    return (fact.len == len || (fact.len == len + 1 && text[len] == '.'))
           && strncasecmp(text, name, len) == 0;
}

bool
peer_name_matches(const struct client *client, const char *name)
{
    size_t len = strlen(name);

    if (len > 0 && name[len - 1] == '.')
        len--;
    if (len == 0)
        return false;
    for (size_t i = 0; i < client_fact_count(client); i++)
        if (is_named_by(client_fact_at(client, i), name, len))
            return true;
    return false;
}
