/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Answers of OCSP responders that are still worth something, by what was
 * asked. Bounded: the one that was not looked at for longest goes first. Pure:
 * the caller tells the time.
 */
#ifndef SIDELOCK_PROXY_OCSP_CACHE_H
#define SIDELOCK_PROXY_OCSP_CACHE_H

#include <stdint.h>

#include "proxy/ocsp_ask.h"

enum {
    OCSP_KEY_BYTES = 32, /* a hash: spread evenly */
    OCSP_CACHE_MAX = 10000,
};

struct ocsp_cache;

/* NULL: no memory. */
struct ocsp_cache *ocsp_cache_new(void) MUST_CHECK;
void ocsp_cache_free(struct ocsp_cache *cache);

/* NULL: nothing is known. It is gone with the next ocsp_cache_put. */
const struct ocsp_result *ocsp_cache_find(struct ocsp_cache *cache,
    const uint8_t key[OCSP_KEY_BYTES], int64_t now_ms);

/* Keeps a copy until then, in place of what was known. Without memory nothing
 * is known. */
void ocsp_cache_put(struct ocsp_cache *cache, const uint8_t key[OCSP_KEY_BYTES],
    const struct ocsp_result *result, int64_t until_ms);

size_t ocsp_cache_count(const struct ocsp_cache *cache);

#endif
