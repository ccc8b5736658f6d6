/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * "Did you mean": the known word that is nearest to a mistyped one.
 */
#ifndef SIDELOCK_CONFIG_NEAREST_H
#define SIDELOCK_CONFIG_NEAREST_H

#include <stddef.h>

enum {
    NEAREST_HINT_BYTES = 128
};

struct nearest {
    const char *word;
    const char *best; /* NULL while no candidate is near enough */
    size_t distance;  /* of best; candidates must be nearer than this */
};

void nearest_init(struct nearest *nearest, const char *word);
/* candidate must live as long as nearest is used. */
void nearest_consider(struct nearest *nearest, const char *candidate);

/* ": did you mean 'listen'?", or "" when nothing was near enough. */
void nearest_format_hint(const struct nearest *nearest, char *out, size_t cap);

#endif
