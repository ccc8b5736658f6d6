/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Fuzzes the table of server names (certs/sni.h). The input is lines: the
 * first is the name that a client asks for, each other one a name of the
 * certificate with the line's number. What the table finds is what comparing
 * with each of them in turn (certs/names.h) finds.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "certs/names.h"
#include "certs/sni.h"

enum {
    INPUT_BYTES_MAX = 4096,
    NAMES_MAX = 256,
    HOST_BYTES = 256,
};

/* A name that the table took. */
struct taken {
    const char *name;
    enum key_type type;
    uint32_t identity;
};

struct all {
    struct sni *sni;
    struct taken taken[NAMES_MAX];
    size_t count;
};

/* NOLINTNEXTLINE(readability-identifier-naming): libFuzzer names it */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
require(bool is_true)
{
    if (!is_true)
        abort();
}

/* Cuts the next line off the text; NULL at the end. */
static char *
next_line(char **text)
{
    char *line = *text;
    char *end;

    if (line == NULL)
        return NULL;
    end = strchr(line, '\n');
    *text = end != NULL ? end + 1 : NULL;
    if (end != NULL)
        *end = '\0';
    return line;
}

/* As certificates' names come: in lower case. */
static void
to_lower(char *name)
{
    for (; *name != '\0'; name++)
        if (*name >= 'A' && *name <= 'Z')
            *name |= 0x20;
}

static const struct taken *
find_same(const struct all *all, const char *name, enum key_type type)
{
    for (size_t i = 0; i < all->count; i++)
        if (all->taken[i].type == type && strcmp(all->taken[i].name, name) == 0)
            return &all->taken[i];
    return NULL;
}

static void
add_name(struct all *all, char *name, uint32_t identity)
{
    enum key_type type = (enum key_type)(identity % KEY_TYPE_COUNT);
    const struct taken *same;

    to_lower(name);
    same = find_same(all, name, type);
    switch (sni_add(all->sni, name, type, identity)) {
    case SNI_ADDED:
        require(same == NULL);
        all->taken[all->count++] = (struct taken){name, type, identity};
        break;
    case SNI_TAKEN:
        require(same != NULL);
        break;
    case SNI_UNUSABLE:
        require(same == NULL);
        break;
    case SNI_NO_MEMORY:
        require(false);
    }
}

/* Where a name has empty labels at its end, the two speak of different dots;
 * and an address is no host name (RFC 6066, section 3). */
static bool
is_comparable(const char *name)
{
    size_t len = strlen(name);

    return len > 0 && name[len - 1] != '.';
}

static bool
is_exact(const struct taken *taken, const char *host)
{
    return strlen(taken->name) == strlen(host)
           && name_matches(host, strlen(host), taken->name);
}

/* Does the identity cover the host, as names.h says? */
static void
check_found(const struct all *all, uint32_t identity, const char *host)
{
    for (size_t i = 0; i < all->count; i++) {
        const char *name = all->taken[i].name;

        if (all->taken[i].identity != identity)
            continue;
        require(!is_comparable(name) || name_matches(name, strlen(name), host));
        return;
    }
    require(false);
}

/* Is there, as names.h says, any name that covers the host? */
static bool
is_covered(const struct all *all, const char *host)
{
    for (size_t i = 0; i < all->count; i++) {
        const char *name = all->taken[i].name;

        if (is_comparable(name) && name_matches(name, strlen(name), host))
            return true;
    }
    return false;
}

/* The name itself is there: nothing else may be shown. */
static void
check_exact(
    const struct all *all, const struct sni_choice *choice, const char *host)
{
    uint32_t expected[KEY_TYPE_COUNT] = {SNI_NONE, SNI_NONE, SNI_NONE};
    bool is_there = false;

    for (size_t i = 0; i < all->count; i++)
        if (is_exact(&all->taken[i], host)) {
            expected[all->taken[i].type] = all->taken[i].identity;
            is_there = true;
        }
    if (!is_there)
        return;
    require(choice != NULL);
    require(memcmp(choice->by_type, expected, sizeof(expected)) == 0);
}

static void
check_host(const struct all *all, const char *host)
{
    const struct sni_choice *choice = sni_find(all->sni, host);
    size_t found = 0;

    if (strlen(host) > HOST_BYTES || name_is_ip(host) || !is_comparable(host))
        return;
    require((choice != NULL)
            == (strlen(host) < HOST_BYTES && is_covered(all, host)));
    if (strchr(host, '*') == NULL && strlen(host) < HOST_BYTES)
        check_exact(all, choice, host);
    if (choice == NULL)
        return;
    for (size_t i = 0; i < KEY_TYPE_COUNT; i++)
        if (choice->by_type[i] != SNI_NONE) {
            check_found(all, choice->by_type[i], host);
            found++;
        }
    require(found > 0);
}

/* A final dot and case make no difference, and asking changes nothing. */
static void
check_forms(const struct all *all, char *host)
{
    const struct sni_choice *choice = sni_find(all->sni, host);
    size_t len = strlen(host);

    if (len == 0 || len >= HOST_BYTES || host[len - 1] == '.')
        return;
    host[len] = '.'; /* there is room */
    host[len + 1] = '\0';
    require(sni_find(all->sni, host) == choice);
    host[len] = '\0';
    to_lower(host);
    require(sni_find(all->sni, host) == choice);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct all all = {.sni = sni_new()};
    char *text = calloc(1, size + 1);
    char *rest = text;
    char *host;
    char *line;

    require(all.sni != NULL && text != NULL);
    if (size > 0)
        memcpy(text, data, size);
    if (size > INPUT_BYTES_MAX)
        text[INPUT_BYTES_MAX] = '\0';
    host = calloc(1, strlen(next_line(&rest)) + 2);
    require(host != NULL);
    memcpy(host, text, strlen(text));
    for (uint32_t i = 0; i < NAMES_MAX && (line = next_line(&rest)); i++)
        add_name(&all, line, i);
    require(sni_name_count(all.sni) <= all.count);
    check_host(&all, host);
    check_forms(&all, host);
    for (size_t i = 0; i < all.count; i++)
        check_host(&all, all.taken[i].name);
    sni_free(all.sni);
    free(host);
    free(text);
    return 0;
}
