/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Pins in the order of the settings, with an index by hash. */
#include "certs/pins.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <wolfssl/options.h>

#include <wolfssl/wolfcrypt/hash.h>
#include <wolfssl/wolfcrypt/sha256.h>

#include "certs/dates.h"
#include "certs/pins_internal.h"

/* --- counts -------------------------------------------------------------- */

static struct pin_use *
use_new(void)
{
    struct pin_use *use = calloc(1, sizeof(*use));

    if (use == NULL)
        return NULL;
    atomic_init(&use->refs, 1);
    atomic_init(&use->hits, 0);
    atomic_init(&use->last_used, 0);
    return use;
}

static struct pin_use *
use_ref(struct pin_use *use)
{
    atomic_fetch_add_explicit(&use->refs, 1, memory_order_relaxed);
    return use;
}

static void
use_unref(struct pin_use *use)
{
    if (use != NULL
        && atomic_fetch_sub_explicit(&use->refs, 1, memory_order_acq_rel) == 1)
        free(use);
}

void
pin_note_use(const struct pin *pin, time_t now)
{
    atomic_fetch_add_explicit(&pin->use->hits, 1, memory_order_relaxed);
    atomic_store_explicit(
        &pin->use->last_used, (long long)now, memory_order_relaxed);
}

unsigned long long
pin_hits(const struct pin *pin)
{
    return atomic_load_explicit(&pin->use->hits, memory_order_relaxed);
}

time_t
pin_last_used(const struct pin *pin)
{
    return (time_t)atomic_load_explicit(
        &pin->use->last_used, memory_order_relaxed);
}

/* --- hashes -------------------------------------------------------------- */

static int
digit_value(char digit)
{
    if (digit >= '0' && digit <= '9')
        return digit - '0';
    if (digit >= 'a' && digit <= 'f')
        return digit - 'a' + 10;
    if (digit >= 'A' && digit <= 'F')
        return digit - 'A' + 10;
    return -1;
}

bool
pin_hash_from_hex(uint8_t hash[PINS_HASH_BYTES], const char *text, size_t len)
{
    if (len != 2 * (size_t)PINS_HASH_BYTES)
        return false;
    for (size_t i = 0; i < PINS_HASH_BYTES; i++) {
        int high = digit_value(text[2 * i]);
        int low = digit_value(text[2 * i + 1]);

        if (high < 0 || low < 0)
            return false;
        hash[i] = (uint8_t)(16 * high + low);
    }
    return true;
}

/* Certificates before keys. */
static int
compare_records(const struct pin_record *a, const struct pin_record *b)
{
    if (a->pin.is_key != b->pin.is_key)
        return a->pin.is_key ? 1 : -1;
    return memcmp(a->hash, b->hash, PINS_HASH_BYTES);
}

static int
compare_indexed(const void *a, const void *b)
{
    return compare_records(
        *(struct pin_record *const *)a, *(struct pin_record *const *)b);
}

/* By bisection when there is an index; while the pins are read, one by one. */
struct pin_record *
pins_look_up(const struct pins *pins, const struct pin_record *wanted)
{
    struct pin_record *const *found;

    if (pins->index != NULL) {
        found = bsearch(&wanted, pins->index, pins->count,
            sizeof(struct pin_record *), compare_indexed);
        return found != NULL ? *found : NULL;
    }
    for (size_t i = 0; i < pins->count; i++)
        if (compare_records(&pins->records[i], wanted) == 0)
            return &pins->records[i];
    return NULL;
}

static struct pin *
find(const struct pins *pins, bool is_key, const char *hex)
{
    struct pin_record wanted = {.pin = {.is_key = is_key}};
    struct pin_record *found;

    if (hex == NULL || !pin_hash_from_hex(wanted.hash, hex, strlen(hex)))
        return NULL;
    found = pins_look_up(pins, &wanted);
    return found != NULL ? &found->pin : NULL;
}

struct pin *
pins_find(const struct pins *pins, const char *fingerprint_hex,
    const char *key_hash_hex)
{
    struct pin *pin;

    if (pins == NULL)
        return NULL;
    pin = find(pins, false, fingerprint_hex);
    return pin != NULL ? pin : find(pins, true, key_hash_hex);
}

/* --- the set ------------------------------------------------------------- */

static int
make_index(struct pins *pins)
{
    struct pin_record **index =
        calloc(pins->count + 1, sizeof(struct pin_record *));

    if (index == NULL)
        return -1;
    for (size_t i = 0; i < pins->count; i++)
        index[i] = &pins->records[i];
    qsort(index, pins->count, sizeof(struct pin_record *), compare_indexed);
    pins->index = index;
    return 0;
}

int
pins_arrange(struct pins *pins, const struct pins *previous)
{
    for (size_t i = 0; i < pins->count; i++) {
        struct pin_record *record = &pins->records[i];
        const struct pin_record *old =
            previous != NULL ? pins_look_up(previous, record) : NULL;

        record->pin.use = old != NULL ? use_ref(old->pin.use) : use_new();
        if (record->pin.use == NULL)
            return -1;
    }
    return make_index(pins);
}

int
pins_add(struct pins *pins, const struct pin_record *record, const char *name)
{
    struct pin_record *records = pins->records;
    char *copy;

    /* Room doubles whenever the count reaches a power of two. */
    if ((pins->count & (pins->count - 1)) == 0)
        records = realloc(records,
            (pins->count == 0 ? 1 : 2 * pins->count) * sizeof(*records));
    if (records == NULL)
        return -1;
    pins->records = records;
    copy = strdup(name);
    if (copy == NULL)
        return -1;
    records[pins->count] = *record;
    records[pins->count].name = copy;
    records[pins->count].pin.name = copy;
    pins->count++;
    return 0;
}

void
pins_free(struct pins *pins)
{
    if (pins == NULL)
        return;
    for (size_t i = 0; i < pins->count; i++) {
        use_unref(pins->records[i].pin.use);
        free(pins->records[i].name);
    }
    free(pins->records);
    free(pins->index);
    free(pins);
}

size_t
pins_count(const struct pins *pins)
{
    return pins->count;
}

struct pin *
pins_at(const struct pins *pins, size_t index)
{
    return &pins->records[index].pin;
}

int
pins_hash(const struct pins *pins, uint8_t out[PINS_HASH_BYTES])
{
    wc_Sha256 sha;
    int error = wc_InitSha256(&sha);

    for (size_t i = 0; i < pins->count && error == 0; i++) {
        uint8_t kind = pins->index[i]->pin.is_key ? 1 : 0;

        error = wc_Sha256Update(&sha, &kind, sizeof(kind));
        if (error == 0)
            error =
                wc_Sha256Update(&sha, pins->index[i]->hash, PINS_HASH_BYTES);
    }
    if (error == 0)
        error = wc_Sha256Final(&sha, out);
    wc_Sha256Free(&sha);
    return error == 0 ? 0 : -1;
}

void
pins_judge(const struct pins *pins, time_t now, int64_t warn_days,
    struct report *report)
{
    const struct date_judge judge = {.now = now,
        .warn_days = warn_days,
        .report = report,
        .is_of_clients = true};

    char where[IDENTITY_NAME_BYTES];

    for (size_t i = 0; i < pins->count; i++) {
        if (pins->records[i].pin.is_key)
            continue;
        (void)snprintf(where, sizeof(where), "clients.trusted_certs %s",
            pins->records[i].name);
        dates_judge(
            &judge, &pins->records[i].pin.info, where, "a trusted certificate");
    }
}
