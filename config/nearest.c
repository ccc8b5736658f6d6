/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Levenshtein distance with neighbours exchanged counted as one edit
 * (optimal string alignment), letters compared without case: what a typing
 * person gets wrong.
 */
#include "config/nearest.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

/* Longer words are compared as far as this; no known word is longer. */
enum {
    WORD_MAX = 64
};

static size_t
smaller(size_t a, size_t b)
{
    return a < b ? a : b;
}

static int
letter(const char *word, size_t at)
{
    return tolower((unsigned char)word[at]);
}

static size_t
edit_distance(const char *a, const char *b)
{
    size_t rows[3][WORD_MAX + 1];
    size_t *before = rows[0];
    size_t *previous = rows[1];
    size_t *row = rows[2];
    size_t len_a = strnlen(a, WORD_MAX);
    size_t len_b = strnlen(b, WORD_MAX);

    for (size_t j = 0; j <= len_b; j++)
        before[j] = row[j] = j;
    for (size_t i = 1; i <= len_a; i++) {
        size_t *spare = before;

        before = previous;
        previous = row;
        row = spare;
        row[0] = i;
        for (size_t j = 1; j <= len_b; j++) {
            size_t is_other = letter(a, i - 1) != letter(b, j - 1);

            row[j] = smaller(previous[j - 1] + is_other,
                smaller(previous[j], row[j - 1]) + 1);
            if (i > 1 && j > 1 && letter(a, i - 1) == letter(b, j - 2)
                && letter(a, i - 2) == letter(b, j - 1))
                row[j] = smaller(row[j], before[j - 2] + 1);
        }
    }
    return row[len_b];
}

void
nearest_init(struct nearest *nearest, const char *word)
{
    nearest->word = word;
    nearest->best = NULL;
    /* A third of the letters may be wrong; more is another word. */
    nearest->distance = (strnlen(word, WORD_MAX) + 2) / 3 + 1;
}

void
nearest_consider(struct nearest *nearest, const char *candidate)
{
    size_t distance = edit_distance(nearest->word, candidate);

    if (distance >= nearest->distance)
        return;
    nearest->best = candidate;
    nearest->distance = distance;
}

void
nearest_format_hint(const struct nearest *nearest, char *out, size_t cap)
{
    if (nearest->best == NULL)
        snprintf(out, cap, "%s", "");
    else
        snprintf(out, cap, ": did you mean '%s'?", nearest->best);
}
