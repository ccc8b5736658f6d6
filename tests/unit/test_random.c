/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Random numbers, and X25519. The library's base multiplication for AVX2 reads
 * registers whose upper halves other code of it leaves dirty; about half of
 * the public keys are wrong then. Two cures are held here, each by itself.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

#include <wolfssl/options.h>

#include <wolfssl/wolfcrypt/curve25519.h>

#include <cmocka.h>

#include "certs/random.h"
#include "certs/snapshot.h"

enum {
    ROUNDS = 4000,
    KEY_BYTES = CURVE25519_KEYSIZE,
};

#if defined(__x86_64__)
/* Leaves ones in the upper halves of all sixteen registers. Not written as a
 * C function: an optimizing compiler clears them again before it returns. */
void dirty_upper_halves(void);

__asm__(".text\n"
        ".type dirty_upper_halves, @function\n"
        "dirty_upper_halves:\n"
        "vpcmpeqd %ymm0, %ymm0, %ymm0\n"
        "vpcmpeqd %ymm1, %ymm1, %ymm1\n"
        "vpcmpeqd %ymm2, %ymm2, %ymm2\n"
        "vpcmpeqd %ymm3, %ymm3, %ymm3\n"
        "vpcmpeqd %ymm4, %ymm4, %ymm4\n"
        "vpcmpeqd %ymm5, %ymm5, %ymm5\n"
        "vpcmpeqd %ymm6, %ymm6, %ymm6\n"
        "vpcmpeqd %ymm7, %ymm7, %ymm7\n"
        "vpcmpeqd %ymm8, %ymm8, %ymm8\n"
        "vpcmpeqd %ymm9, %ymm9, %ymm9\n"
        "vpcmpeqd %ymm10, %ymm10, %ymm10\n"
        "vpcmpeqd %ymm11, %ymm11, %ymm11\n"
        "vpcmpeqd %ymm12, %ymm12, %ymm12\n"
        "vpcmpeqd %ymm13, %ymm13, %ymm13\n"
        "vpcmpeqd %ymm14, %ymm14, %ymm14\n"
        "vpcmpeqd %ymm15, %ymm15, %ymm15\n"
        "ret\n"
        ".size dirty_upper_halves, . - dirty_upper_halves\n");

/* The upper half of register 9, which the faulty code read. */
__attribute__((target("avx2"))) static bool
upper_half_is_clear(void)
{
    uint8_t upper[16];
    static const uint8_t zero[16];

    __asm__ volatile("vextracti128 $1, %%ymm9, %0" : "=m"(upper));
    return memcmp(upper, zero, sizeof(zero)) == 0;
}

static bool
has_avx2(void)
{
    return __builtin_cpu_supports("avx2");
}
#else
static void
dirty_upper_halves(void)
{
}

static bool
upper_half_is_clear(void)
{
    return true;
}

static bool
has_avx2(void)
{
    return false;
}
#endif

static void
block_clears_the_upper_halves(void **state)
{
    unsigned char block[32];
    bool is_clear;
    int failed;

    (void)state;
    if (!has_avx2())
        skip();
    dirty_upper_halves();
    assert_false(upper_half_is_clear()); /* or there is nothing to find */
    dirty_upper_halves();
    failed = sidelock_random_block(block, sizeof(block));
    is_clear = upper_half_is_clear();
    assert_int_equal(failed, 0);
    assert_true(is_clear);
}

/* The point that the library's portable code computes: it knows the base
 * point only as any other. */
static void
expected_public(const uint8_t private_key[KEY_BYTES], uint8_t out[KEY_BYTES])
{
    uint8_t scalar[KEY_BYTES];
    static const uint8_t base[KEY_BYTES] = {9};

    memcpy(scalar, private_key, KEY_BYTES);
    assert_int_equal(wc_curve25519_generic(
                         KEY_BYTES, out, KEY_BYTES, scalar, KEY_BYTES, base),
        0);
}

static void
dirty(void)
{
    if (has_avx2())
        dirty_upper_halves();
}

/* The other cure, in the library itself: right without our hook before it.
 * (A whole key generation would not show it: what the C library does in
 * between clears the registers, on this machine.) */
static void
base_multiplication_is_right_with_dirty_registers(void **state)
{
    uint8_t private_key[KEY_BYTES];
    uint8_t public_key[KEY_BYTES];
    uint8_t expected[KEY_BYTES];

    (void)state;
    for (int i = 0; i < ROUNDS; i++) {
        int error;

        assert_int_equal(sidelock_random_block(private_key, KEY_BYTES), 0);
        private_key[0] &= 248;
        private_key[31] = (uint8_t)((private_key[31] & 127) | 64);
        dirty();
        error = wc_curve25519_make_pub(
            KEY_BYTES, public_key, KEY_BYTES, private_key);
        assert_int_equal(error, 0);
        expected_public(private_key, expected);
        assert_memory_equal(public_key, expected, KEY_BYTES);
    }
}

static void
block_fills_all_of_it(void **state)
{
    enum {
        LARGE = 1 << 20
    }; /* more than the kernel gives at once to a program with signals */
    unsigned char *block = test_calloc(1, LARGE);
    static const unsigned char zero[64];

    (void)state;
    assert_int_equal(sidelock_random_block(block, LARGE), 0);
    assert_memory_not_equal(block, zero, sizeof(zero));
    assert_memory_not_equal(block + LARGE - sizeof(zero), zero, sizeof(zero));
    test_free(block);
}

static void
block_writes_no_more_than_asked(void **state)
{
    unsigned char block[3] = {1, 2, 3};

    (void)state;
    assert_int_equal(sidelock_random_block(block + 1, 0), 0);
    assert_int_equal(block[1], 2);
    assert_int_equal(sidelock_random_block(block + 1, 1), 0);
    assert_int_equal(block[0], 1);
    assert_int_equal(block[2], 3);
}

static void
blocks_differ(void **state)
{
    unsigned char a[32];
    unsigned char b[32];

    (void)state;
    assert_int_equal(sidelock_random_block(a, sizeof(a)), 0);
    assert_int_equal(sidelock_random_block(b, sizeof(b)), 0);
    assert_memory_not_equal(a, b, sizeof(a));
}

static int
start(void **state)
{
    (void)state;
    return certs_init();
}

static int
stop(void **state)
{
    (void)state;
    certs_deinit();
    return 0;
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(block_clears_the_upper_halves),
        cmocka_unit_test(base_multiplication_is_right_with_dirty_registers),
        cmocka_unit_test(block_fills_all_of_it),
        cmocka_unit_test(block_writes_no_more_than_asked),
        cmocka_unit_test(blocks_differ),
    };

    return cmocka_run_group_tests(tests, start, stop);
}
