/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The table of rules: open addressing, at most half full, linear probing. Who
 * administers the machine chooses what is stored; a client chooses only what
 * is looked up, and can reach no longer a run than the stored rules have made.
 * The hash is seeded nevertheless, since a file of rules may be made out of
 * names that others chose; it need not withstand more than that.
 */
#include <stdlib.h>
#include <string.h>

#include "certs/rules_internal.h"

enum {
    SLOTS_MIN = 64,
    ITEMS_MIN = 32,
    TEXT_MIN = 1024,
};

static uint64_t
mix(uint64_t hash, uint8_t byte)
{
    return (hash ^ byte) * 0x100000001b3;
}

/* FNV-1a from a secret start; the end spreads it to the low bits. */
static uint64_t
hash_key(const struct rules *rules, const struct rule_key *key)
{
    uint64_t hash = rules->seed ^ 0xcbf29ce484222325;

    hash = mix(hash, (uint8_t)key->kind);
    hash =
        mix(hash, (uint8_t)((key->is_pattern ? 1 : 0) | (key->is_deny << 1)));
    for (size_t i = 0; i < key->len; i++)
        hash = mix(hash, key->data[i]);
    hash ^= hash >> 32;
    hash *= 0x9e3779b97f4a7c15;
    return hash ^ (hash >> 29);
}

static bool
is_equal(const struct rules *rules, const struct rule *rule,
    const struct rule_key *key)
{
    return rule->len == key->len && rule->kind == key->kind
           && rule->is_pattern == key->is_pattern
           && rule->is_deny == key->is_deny
           && memcmp(rules->text + rule->offset, key->data, key->len) == 0;
}

const struct rule *
rules_table_find(const struct rules *rules, const struct rule_key *key)
{
    uint64_t hash;

    if (key->is_too_long || rules->slot_count == 0)
        return NULL;
    hash = hash_key(rules, key);
    for (size_t i = hash & (rules->slot_count - 1); rules->slots[i] != 0;
         i = (i + 1) & (rules->slot_count - 1)) {
        const struct rule *rule = &rules->items[rules->slots[i] - 1];

        if (rule->hash == hash && is_equal(rules, rule, key))
            return rule;
    }
    return NULL;
}

static void
place_rule(struct rules *rules, size_t index)
{
    size_t i = rules->items[index].hash & (rules->slot_count - 1);

    while (rules->slots[i] != 0)
        i = (i + 1) & (rules->slot_count - 1);
    rules->slots[i] = (uint32_t)(index + 1);
}

static int
grow_slots(struct rules *rules)
{
    size_t count = rules->slot_count > 0 ? rules->slot_count * 2 : SLOTS_MIN;
    uint32_t *slots;

    if (rules->count * 2 < rules->slot_count)
        return 0;
    slots = calloc(count, sizeof(*slots));
    if (slots == NULL)
        return -1;
    free(rules->slots);
    rules->slots = slots;
    rules->slot_count = count;
    for (size_t i = 0; i < rules->count; i++)
        place_rule(rules, i);
    return 0;
}

static int
grow_items(struct rules *rules)
{
    size_t cap = rules->cap > 0 ? rules->cap * 2 : ITEMS_MIN;
    struct rule *items;

    if (rules->count < rules->cap)
        return 0;
    items = realloc(rules->items, cap * sizeof(*items));
    if (items == NULL)
        return -1;
    rules->items = items;
    rules->cap = cap;
    return 0;
}

static int
grow_text(struct rules *rules, size_t more)
{
    size_t cap = rules->text_cap > 0 ? rules->text_cap : TEXT_MIN;
    uint8_t *text;

    if (rules->text_len + more <= rules->text_cap)
        return 0;
    while (cap < rules->text_len + more)
        cap *= 2;
    text = realloc(rules->text, cap);
    if (text == NULL)
        return -1;
    rules->text = text;
    rules->text_cap = cap;
    return 0;
}

static bool
is_same_shape(const struct uri_shape *a, const struct uri_shape *b)
{
    return a->head_stars == b->head_stars && a->tail_stars == b->tail_stars
           && a->head_count == b->head_count && a->tail_count == b->tail_count
           && a->has_rest == b->has_rest;
}

/* False: there are too many. */
static bool
note_shape(struct rules *rules, const struct uri_shape *shape)
{
    for (size_t i = 0; i < rules->shape_count; i++)
        if (is_same_shape(&rules->shapes[i], shape))
            return true;
    if (rules->shape_count == RULES_URI_SHAPES_MAX)
        return false;
    rules->shapes[rules->shape_count++] = *shape;
    return true;
}

/* What a look-up has to try. */
static bool
note_form(struct rules *rules, const struct rule_key *key)
{
    unsigned *kinds = key->is_deny ? &rules->deny_kinds : &rules->allow_kinds;

    if (key->kind == RULE_URI && key->is_pattern
        && !note_shape(rules, &key->shape))
        return false;
    if (key->kind == RULE_IP && key->len == 1 + 4)
        rules->has_v4_bits[key->data[0]] = true;
    else if (key->kind == RULE_IP)
        rules->has_v6_bits[key->data[0]] = true;
    *kinds |= 1U << key->kind;
    return true;
}

enum rules_added
rules_table_add(struct rules *rules, const struct rule_key *key, uint32_t line)
{
    if (rules_table_find(rules, key) != NULL)
        return RULES_TWICE;
    if (grow_items(rules) != 0 || grow_text(rules, key->len) != 0
        || grow_slots(rules) != 0)
        return RULES_NO_MEMORY;
    if (!note_form(rules, key))
        return RULES_FULL;
    rules->items[rules->count] = (struct rule){
        .hash = hash_key(rules, key),
        .offset = (uint32_t)rules->text_len,
        .line = line,
        .len = (uint16_t)key->len,
        .kind = (uint8_t)key->kind,
        .is_pattern = key->is_pattern,
        .is_deny = key->is_deny,
    };
    memcpy(rules->text + rules->text_len, key->data, key->len);
    rules->text_len += key->len;
    place_rule(rules, rules->count++);
    return RULES_ADDED;
}

void
rules_table_key(
    const struct rules *rules, const struct rule *rule, struct rule_key *key)
{
    rules_key_start(key, (enum rule_kind)rule->kind, rule->is_pattern);
    key->is_deny = rule->is_deny;
    rules_key_put(key, rules->text + rule->offset, rule->len);
}
