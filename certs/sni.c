/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Open addressing with linear probing, at most half full. */
#include "certs/sni.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

enum {
    SLOTS_MIN = 16,
    HOST_BYTES = 256, /* a host name and NUL */
};

struct entry {
    char *name; /* NULL: free */
    struct sni_choice choice;
};

struct sni {
    struct entry *slots;
    size_t slot_count; /* a power of two */
    size_t count;
};

/* FNV-1a. What is looked up is the client's, but what is in the table is the
 * operator's: a client cannot make a chain of entries longer. */
static size_t
hash(const char *name)
{
    uint64_t value = UINT64_C(14695981039346656037);

    for (; *name != '\0'; name++)
        value = (value ^ (unsigned char)*name) * UINT64_C(1099511628211);
    return (size_t)(value ^ value >> 32);
}

/* The entry of the name, or the free one where it belongs. */
static struct entry *
find_entry(struct entry *slots, size_t slot_count, const char *name)
{
    size_t at = hash(name) & (slot_count - 1);

    while (slots[at].name != NULL && strcmp(slots[at].name, name) != 0)
        at = (at + 1) & (slot_count - 1);
    return &slots[at];
}

static int
grow(struct sni *sni)
{
    size_t slot_count = 2 * sni->slot_count;
    struct entry *slots;

    if (2 * (sni->count + 1) <= sni->slot_count)
        return 0;
    slots = calloc(slot_count, sizeof(*slots));
    if (slots == NULL)
        return -1;
    for (size_t i = 0; i < sni->slot_count; i++)
        if (sni->slots[i].name != NULL)
            *find_entry(slots, slot_count, sni->slots[i].name) = sni->slots[i];
    free(sni->slots);
    sni->slots = slots;
    sni->slot_count = slot_count;
    return 0;
}

struct sni *
sni_new(void)
{
    struct sni *sni = calloc(1, sizeof(*sni));

    if (sni == NULL)
        return NULL;
    sni->slot_count = SLOTS_MIN;
    sni->slots = calloc(sni->slot_count, sizeof(*sni->slots));
    if (sni->slots != NULL)
        return sni;
    free(sni);
    return NULL;
}

void
sni_free(struct sni *sni)
{
    if (sni == NULL)
        return;
    for (size_t i = 0; i < sni->slot_count; i++)
        free(sni->slots[i].name);
    free(sni->slots);
    free(sni);
}

/* "*.example" would stand for a whole top-level domain, and a star elsewhere
 * stands for nothing. */
static bool
is_usable(const char *name)
{
    const char *rest = strncmp(name, "*.", 2) == 0 ? name + 2 : name;

    if (*rest == '\0' || strlen(name) >= HOST_BYTES || strchr(rest, '*'))
        return false;
    return rest == name || strchr(rest, '.') != NULL;
}

static struct entry *
add_entry(struct sni *sni, const char *name)
{
    struct entry *entry = find_entry(sni->slots, sni->slot_count, name);

    if (entry->name != NULL)
        return entry;
    entry->name = strdup(name);
    if (entry->name == NULL)
        return NULL;
    sni->count++;
    for (size_t i = 0; i < KEY_TYPE_COUNT; i++)
        entry->choice.by_type[i] = SNI_NONE;
    return entry;
}

enum sni_result
sni_add(
    struct sni *sni, const char *name, enum key_type type, uint32_t identity)
{
    struct entry *entry;

    if (!is_usable(name))
        return SNI_UNUSABLE;
    if (grow(sni) != 0)
        return SNI_NO_MEMORY;
    entry = add_entry(sni, name);
    if (entry == NULL)
        return SNI_NO_MEMORY;
    if (entry->choice.by_type[type] != SNI_NONE)
        return SNI_TAKEN;
    entry->choice.by_type[type] = identity;
    return SNI_ADDED;
}

void
sni_replace(
    struct sni *sni, const char *name, enum key_type type, uint32_t identity)
{
    struct entry *entry = find_entry(sni->slots, sni->slot_count, name);

    if (entry->name != NULL)
        entry->choice.by_type[type] = identity;
}

static const struct sni_choice *
look_up(const struct sni *sni, const char *name)
{
    const struct entry *entry = find_entry(sni->slots, sni->slot_count, name);

    return entry->name != NULL ? &entry->choice : NULL;
}

const struct sni_choice *
sni_find(const struct sni *sni, const char *host)
{
    char name[1 + HOST_BYTES] = "*"; /* room to put the wildcard in front */
    size_t len = strlen(host);
    const struct sni_choice *choice;
    char *dot;

    if (len > 0 && host[len - 1] == '.')
        len--;
    if (len == 0 || len >= HOST_BYTES)
        return NULL;
    for (size_t i = 0; i < len; i++)
        name[1 + i] = (char)tolower((unsigned char)host[i]);
    name[1 + len] = '\0';
    choice = look_up(sni, name + 1);
    dot = strchr(name + 1, '.');
    if (choice != NULL || dot == NULL || dot == name + 1)
        return choice;
    dot[-1] = '*';
    return look_up(sni, dot - 1);
}

size_t
sni_name_count(const struct sni *sni)
{
    return sni->count;
}
