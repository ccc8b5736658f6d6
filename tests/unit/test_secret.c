/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Memory for secrets: kept out of core dumps, wiped, shared fairly by many and
 * by threads, and refused cleanly when there is none.
 */
#include <sys/mman.h>

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "certs/secret.h"

/* NOLINTBEGIN(readability-identifier-naming,readability-function-size): the
 * linker names them, and mmap(2) takes that much */
void *__real_mmap(
    void *address, size_t len, int protection, int flags, int fd, off_t offset);
void *__wrap_mmap(
    void *address, size_t len, int protection, int flags, int fd, off_t offset);

static bool refuses_pages;

void *
__wrap_mmap(
    void *address, size_t len, int protection, int flags, int fd, off_t offset)
{
    if (refuses_pages)
        return MAP_FAILED;
    return __real_mmap(address, len, protection, flags, fd, offset);
}
/* NOLINTEND(readability-identifier-naming,readability-function-size) */

static void
is_a_copy_of_any_length(void **state)
{
    uint8_t data[9000];
    struct blob blob;

    (void)state;
    memset(data, 0x5a, sizeof(data));
    for (size_t len = 0; len <= sizeof(data); len += 7) {
        assert_int_equal(secret_copy(&blob, data, len), 0);
        assert_int_equal(blob.len, len);
        assert_memory_equal(blob.data, data, len);
        assert_int_equal((uintptr_t)blob.data % 16, 0);
        secret_free(&blob);
        assert_null(blob.data);
        assert_int_equal(blob.len, 0);
    }
    assert_int_equal(secret_usage().count, 0);
}

/* Also beyond a length that its owner has made smaller. */
static void
is_wiped_when_it_is_released(void **state)
{
    struct blob blob;
    const uint8_t *was;

    (void)state;
    assert_int_equal(secret_alloc(&blob, 100), 0);
    memset(blob.data, 0x5a, 100);
    blob.len = 3;
    was = blob.data;
    secret_free(&blob);
    /* The pages stay; the first bytes link what is free. */
    for (size_t i = sizeof(void *); i < 100; i++)
        assert_int_equal(was[i], 0);
    assert_int_equal(secret_alloc(&blob, 100), 0);
    for (size_t i = 0; i < 100; i++)
        assert_int_equal(blob.data[i], 0);
    secret_free(&blob);
}

/* The flags of the mapping that holds the address, from /proc/self/smaps. */
static void
read_flags(const void *address, char *out, size_t cap)
{
    FILE *file = fopen("/proc/self/smaps", "re");
    char line[512];
    bool is_here = false;

    assert_non_null(file);
    out[0] = '\0';
    while (fgets(line, sizeof(line), file) != NULL) {
        char *rest;
        unsigned long start = strtoul(line, &rest, 16);

        /* "START-END ..." begins a mapping, "Name: ..." tells of it. */
        if (rest != line && *rest == '-')
            is_here = (uintptr_t)address >= start
                      && (uintptr_t)address < strtoul(rest + 1, NULL, 16);
        else if (is_here && strncmp(line, "VmFlags:", 8) == 0)
            (void)snprintf(out, cap, "%s", line);
    }
    assert_int_equal(fclose(file), 0);
}

/* "dd": do not dump (proc(5)). */
static void
stays_out_of_core_dumps(void **state)
{
    static const size_t lens[] = {1, 140, 1200, 4000, 20000};
    char flags[512];
    struct blob blob;

    (void)state;
    for (size_t i = 0; i < sizeof(lens) / sizeof(lens[0]); i++) {
        assert_int_equal(secret_alloc(&blob, lens[i]), 0);
        read_flags(blob.data, flags, sizeof(flags));
        assert_non_null(strstr(flags, " dd "));
        secret_free(&blob);
    }
}

static size_t
count_mappings(void)
{
    FILE *file = fopen("/proc/self/maps", "re");
    char line[512];
    size_t count = 0;

    assert_non_null(file);
    while (fgets(line, sizeof(line), file) != NULL)
        count++;
    assert_int_equal(fclose(file), 0);
    return count;
}

enum {
    MANY = 10000,
    KEY_BYTES = 138, /* a P-256 key as PKCS#8 */
};

static struct blob many[MANY];

static void
ten_thousand_keys_take_little(void **state)
{
    size_t mappings = count_mappings();
    size_t mapped = secret_usage().mapped_bytes;

    (void)state;
    for (size_t i = 0; i < MANY; i++) {
        assert_int_equal(secret_alloc(&many[i], KEY_BYTES), 0);
        memset(many[i].data, (int)(i & 0xff), KEY_BYTES);
    }
    assert_true(secret_usage().mapped_bytes - mapped < 192 * MANY + 65536);
    /* Sanitizers add some of their own. */
    assert_true(count_mappings() - mappings < 500);
    for (size_t i = 0; i < MANY; i++) {
        assert_int_equal(many[i].data[0], i & 0xff);
        assert_int_equal(many[i].data[KEY_BYTES - 1], i & 0xff);
        secret_free(&many[i]);
    }
    /* A second set, as a reload loads it, takes the same pages. */
    mapped = secret_usage().mapped_bytes;
    for (size_t i = 0; i < MANY; i++)
        assert_int_equal(secret_alloc(&many[i], KEY_BYTES), 0);
    for (size_t i = 0; i < MANY; i++)
        secret_free(&many[i]);
    assert_int_equal(secret_usage().mapped_bytes, mapped);
    assert_int_equal(secret_usage().count, 0);
}

static void
large_ones_give_their_pages_back(void **state)
{
    size_t mapped = secret_usage().mapped_bytes;
    struct blob blob;

    (void)state;
    assert_int_equal(secret_alloc(&blob, 100000), 0);
    assert_true(secret_usage().mapped_bytes >= mapped + 100000);
    secret_free(&blob);
    assert_int_equal(secret_usage().mapped_bytes, mapped);
}

static void
is_refused_without_memory(void **state)
{
    static struct blob held[2000];
    size_t count = 0;
    struct blob blob;

    (void)state;
    refuses_pages = true;
    assert_int_equal(secret_alloc(&blob, 100000), -1);
    assert_null(blob.data);
    /* What is mapped already is used up first. */
    while (count < 2000 && secret_alloc(&held[count], 2000) == 0)
        count++;
    assert_true(count < 2000);
    assert_null(held[count].data);
    refuses_pages = false;
    while (count > 0)
        secret_free(&held[--count]);
    assert_int_equal(secret_alloc(&blob, SIZE_MAX), -1);
    assert_int_equal(secret_usage().count, 0);
}

static void
nothing_is_released_without_harm(void **state)
{
    struct blob blob = {0};

    (void)state;
    secret_free(&blob);
    assert_null(blob.data);
}

static void *
use_many(void *arg)
{
    uint8_t mark = *(uint8_t *)arg;
    struct blob blobs[16] = {{0}};

    for (size_t round = 0; round < 4000; round++) {
        struct blob *blob = &blobs[round % 16];

        for (size_t i = 0; i < blob->len; i++)
            if (blob->data[i] != mark)
                abort();
        secret_free(blob);
        if (secret_alloc(blob, 1 + round * 37 % 3000) != 0)
            abort();
        memset(blob->data, mark, blob->len);
    }
    for (size_t i = 0; i < 16; i++)
        secret_free(&blobs[i]);
    return NULL;
}

static void
threads_do_not_meet(void **state)
{
    pthread_t threads[4];
    uint8_t marks[4] = {1, 2, 3, 4};

    (void)state;
    for (size_t i = 0; i < 4; i++)
        assert_int_equal(
            pthread_create(&threads[i], NULL, use_many, &marks[i]), 0);
    for (size_t i = 0; i < 4; i++)
        assert_int_equal(pthread_join(threads[i], NULL), 0);
    assert_int_equal(secret_usage().count, 0);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(is_a_copy_of_any_length),
        cmocka_unit_test(is_wiped_when_it_is_released),
        cmocka_unit_test(stays_out_of_core_dumps),
        cmocka_unit_test(ten_thousand_keys_take_little),
        cmocka_unit_test(large_ones_give_their_pages_back),
        cmocka_unit_test(is_refused_without_memory),
        cmocka_unit_test(nothing_is_released_without_harm),
        cmocka_unit_test(threads_do_not_meet),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
