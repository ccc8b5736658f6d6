/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The hook behind CUSTOM_RAND_GENERATE_BLOCK. */
#include "certs/random.h"

#include <sys/random.h>
#include <sys/types.h>

#include <errno.h>

#if defined(__x86_64__)
#include <immintrin.h>

__attribute__((target("avx"))) static void
clear_upper_halves(void)
{
    _mm256_zeroupper();
}

static void
clear_vector_state(void)
{
    if (__builtin_cpu_supports("avx"))
        clear_upper_halves();
}
#else
static void
clear_vector_state(void)
{
}
#endif

int
sidelock_random_block(unsigned char *output, unsigned int size)
{
    clear_vector_state();
    while (size > 0) {
        ssize_t got = getrandom(output, size, 0);

        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            return -1;
        output += got;
        size -= (unsigned int)got;
    }
    return 0;
}
