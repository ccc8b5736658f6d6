/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The list in memory: looking up, counting use, telling. */
#include "certs/approved.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <wolfssl/options.h>

#include <wolfssl/wolfcrypt/hash.h>
#include <wolfssl/wolfcrypt/sha256.h>

#include "certs/approved_internal.h"

/* --- looking up ---------------------------------------------------------- */

static uint8_t
digit_value(char digit)
{
    return (uint8_t)(digit <= '9' ? digit - '0' : digit - 'a' + 10);
}

/* Out of 64 digits of lower-case hex. */
void
approved_read_hash(uint8_t hash[APPROVED_HASH_BYTES], const char *digits)
{
    for (size_t i = 0; i < APPROVED_HASH_BYTES; i++)
        hash[i] = (uint8_t)(digit_value(digits[2 * i]) << 4
                            | digit_value(digits[2 * i + 1]));
}

static int
compare_to_hash(const void *hash, const void *element)
{
    const struct approved_entry *const *entry = element;

    return memcmp(hash, (*entry)->hash, APPROVED_HASH_BYTES);
}

static struct approved_entry *
find_hash(
    const struct approved *approved, const uint8_t hash[APPROVED_HASH_BYTES])
{
    struct approved_entry **found;

    if (approved->count == 0)
        return NULL;
    found = bsearch(hash, approved->sorted, approved->count,
        sizeof(struct approved_entry *), compare_to_hash);
    return found != NULL ? *found : NULL;
}

struct approved_entry *
approved_find(const struct approved *approved, const char *fingerprint)
{
    uint8_t hash[APPROVED_HASH_BYTES];

    approved_read_hash(hash, fingerprint);
    return find_hash(approved, hash);
}

size_t
approved_count(const struct approved *approved)
{
    return approved->count;
}

const struct approved_entry *
approved_at(const struct approved *approved, size_t index)
{
    return &approved->entries[index];
}

struct approved_facts
approved_facts(const struct approved_entry *entry)
{
    static const char digits[] = "0123456789abcdef";
    struct approved_facts facts = {
        .comment = entry->comment,
        .line = entry->line,
        .hits = atomic_load_explicit(&entry->use->hits, memory_order_relaxed),
        .last_use = (time_t)atomic_load_explicit(
            &entry->use->last_use, memory_order_relaxed),
    };

    for (size_t i = 0; i < APPROVED_HASH_BYTES; i++) {
        facts.fingerprint[2 * i] = digits[entry->hash[i] >> 4];
        facts.fingerprint[2 * i + 1] = digits[entry->hash[i] & 15];
    }
    return facts;
}

void
approved_show_comment(
    char out[APPROVED_SHOWN_BYTES], const struct approved_facts *facts)
{
    for (const char *at = facts->comment; *at != '\0'; at++) {
        unsigned char c = (unsigned char)*at;

        if (c >= 0x20 && c < 0x7f)
            *out++ = *at;
        else
            out += sprintf(out, "\\x%02x", c);
    }
    *out = '\0';
}

int
approved_hash(const struct approved *approved, uint8_t out[APPROVED_HASH_BYTES])
{
    wc_Sha256 sha;
    int error = wc_InitSha256(&sha);

    if (error != 0)
        return -1;
    for (size_t i = 0; i < approved->count && error == 0; i++)
        error = wc_Sha256Update(
            &sha, approved->sorted[i]->hash, APPROVED_HASH_BYTES);
    if (error == 0)
        error = wc_Sha256Final(&sha, out);
    wc_Sha256Free(&sha);
    return error == 0 ? 0 : -1;
}

/* --- use ----------------------------------------------------------------- */

static struct approved_use *
use_new(void)
{
    struct approved_use *use = malloc(sizeof(*use));

    if (use == NULL)
        return NULL;
    atomic_init(&use->refs, 1);
    atomic_init(&use->hits, 0);
    atomic_init(&use->last_use, 0);
    return use;
}

/* NULL is allowed. */
static void
use_unref(struct approved_use *use)
{
    if (use != NULL && atomic_fetch_sub(&use->refs, 1) == 1)
        free(use);
}

int
approved_take_uses(struct approved *approved, const struct approved *previous)
{
    for (size_t i = 0; i < approved->count; i++) {
        struct approved_entry *entry = &approved->entries[i];
        const struct approved_entry *before =
            previous != NULL ? find_hash(previous, entry->hash) : NULL;

        if (before != NULL) {
            entry->use = before->use;
            atomic_fetch_add(&entry->use->refs, 1);
        } else {
            entry->use = use_new();
        }
        if (entry->use == NULL)
            return -1;
    }
    return 0;
}

void
approved_note_use(struct approved_entry *entry, time_t now)
{
    atomic_fetch_add_explicit(&entry->use->hits, 1, memory_order_relaxed);
    atomic_store_explicit(&entry->use->last_use, now, memory_order_relaxed);
}

void
approved_free(struct approved *approved)
{
    if (approved == NULL)
        return;
    for (size_t i = 0; i < approved->count; i++)
        use_unref(approved->entries[i].use);
    free(approved->entries);
    free(approved->sorted);
    free(approved->text);
    free(approved);
}
