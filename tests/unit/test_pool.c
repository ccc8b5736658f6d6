/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Chunks and the pool that keeps a few of them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "proxy/pool.h"

enum {
    FILL_BYTES = 16 * 1024
};

static void
a_given_chunk_is_taken_again(void **state)
{
    struct pool pool;
    struct chunk *first;
    struct chunk *second;

    (void)state;
    pool_init(&pool, FILL_BYTES);
    first = pool_take(&pool);
    assert_non_null(first);
    chunk_fill(first, 100);
    pool_give(&pool, first);
    second = pool_take(&pool);
    assert_ptr_equal(first, second);
    assert_int_equal(chunk_waiting(second), 0);
    pool_give(&pool, second);
    assert_int_equal(pool.taken_count, 0);
    pool_deinit(&pool);
}

static void
a_drained_chunk_has_all_its_room_again(void **state)
{
    struct pool pool;
    struct chunk *chunk;

    (void)state;
    pool_init(&pool, FILL_BYTES);
    chunk = pool_take(&pool);
    assert_non_null(chunk);
    chunk_fill(chunk, 10);
    chunk_drain(chunk, 4);
    assert_int_equal(chunk_waiting(chunk), 6);
    assert_ptr_equal(chunk_head(chunk), chunk->data + 4);
    chunk_drain(chunk, 6);
    assert_int_equal(chunk_room(chunk), chunk->capacity);
    pool_give(&pool, chunk);
    pool_deinit(&pool);
}

static void
sealing_has_room_beyond_what_a_reader_fills(void **state)
{
    struct pool pool;
    struct chunk *chunk;

    (void)state;
    pool_init(&pool, FILL_BYTES);
    chunk = pool_take(&pool);
    assert_non_null(chunk);
    assert_int_equal(chunk_fill_room(&pool, chunk), FILL_BYTES);
    chunk_fill(chunk, FILL_BYTES);
    assert_int_equal(chunk_fill_room(&pool, chunk), 0);
    assert_int_equal(chunk_room(chunk), POOL_EXTRA_BYTES);
    pool_give(&pool, chunk);
    pool_deinit(&pool);
}

static void
only_a_few_chunks_are_kept(void **state)
{
    struct chunk *chunks[3 * POOL_KEPT_MAX];
    size_t count = sizeof(chunks) / sizeof(chunks[0]);
    struct pool pool;

    (void)state;
    pool_init(&pool, FILL_BYTES);
    for (size_t i = 0; i < count; i++) {
        chunks[i] = pool_take(&pool);
        assert_non_null(chunks[i]);
    }
    assert_int_equal(pool.taken_count, count);
    for (size_t i = 0; i < count; i++)
        pool_give(&pool, chunks[i]);
    assert_int_equal(pool.free_count, POOL_KEPT_MAX);
    assert_int_equal(pool.taken_count, 0);
    pool_deinit(&pool);
}

static void
chunks_of_an_old_size_are_not_kept(void **state)
{
    struct pool pool;
    struct chunk *old;
    struct chunk *new;

    (void)state;
    pool_init(&pool, FILL_BYTES);
    old = pool_take(&pool);
    assert_non_null(old);
    pool_resize(&pool, (size_t)2 * FILL_BYTES);
    pool_give(&pool, old);
    assert_int_equal(pool.free_count, 0);
    new = pool_take(&pool);
    assert_non_null(new);
    assert_int_equal(new->capacity, pool.chunk_bytes);
    assert_int_equal(pool.fill_bytes, 2 * FILL_BYTES);
    pool_give(&pool, new);
    pool_deinit(&pool);
}

/* A reload may raise limits.buffer while somebody holds a chunk: a reader once
 * filled it as if it had the new size. */
static void
an_old_chunk_is_not_filled_beyond_its_own_size(void **state)
{
    struct pool pool;
    struct chunk *old;

    (void)state;
    pool_init(&pool, FILL_BYTES);
    old = pool_take(&pool);
    assert_non_null(old);
    pool_resize(&pool, (size_t)4 * FILL_BYTES);
    assert_int_equal(chunk_fill_room(&pool, old), FILL_BYTES);
    chunk_fill(old, 10);
    assert_int_equal(chunk_fill_room(&pool, old), FILL_BYTES - 10);
    pool_resize(&pool, FILL_BYTES / 2);
    assert_int_equal(chunk_fill_room(&pool, old), FILL_BYTES / 2 - 10);
    pool_give(&pool, old);
    pool_deinit(&pool);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_given_chunk_is_taken_again),
        cmocka_unit_test(a_drained_chunk_has_all_its_room_again),
        cmocka_unit_test(sealing_has_room_beyond_what_a_reader_fills),
        cmocka_unit_test(only_a_few_chunks_are_kept),
        cmocka_unit_test(chunks_of_an_old_size_are_not_kept),
        cmocka_unit_test(an_old_chunk_is_not_filled_beyond_its_own_size),
    };

    return cmocka_run_group_tests_name("pool", tests, NULL, NULL);
}
