/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Byte strings on the heap, and an allocator for those that are secret.
 *
 * Secrets are cut from slabs, one list of free blocks for each size class, so
 * that ten thousand keys take neither a page nor a mapping each: the kernel
 * joins slabs that lie side by side. A slab is never given back; a reload
 * takes the blocks again that the one before has freed. What is larger than
 * the largest class has a mapping of its own, and none of that lives long.
 */
#include "certs/secret.h"

#include <sys/mman.h>
#include <sys/prctl.h>

#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* --- on the heap --------------------------------------------------------- */

int
blob_copy(struct blob *blob, const uint8_t *data, size_t len)
{
    uint8_t *copy = malloc(len > 0 ? len : 1);

    if (copy == NULL)
        return -1;
    memcpy(copy, data, len);
    *blob = (struct blob){.data = copy, .len = len};
    return 0;
}

void
blob_free(struct blob *blob)
{
    free(blob->data);
    *blob = (struct blob){0};
}

void
blob_wipe(struct blob *blob)
{
    if (blob->data != NULL)
        explicit_bzero(blob->data, blob->len);
    blob_free(blob);
}

/* --- pages --------------------------------------------------------------- */

enum {
    SLAB_BYTES = 64 * 1024,
    CLASS_COUNT = 12,
    CLASS_NONE = CLASS_COUNT, /* a mapping of its own */
};

/* With the head. A P-256 key takes 192 bytes, RSA-2048 1536. */
static const size_t class_bytes[CLASS_COUNT] = {
    64, 128, 192, 256, 384, 512, 768, 1024, 1536, 2048, 3072, 4096};

/* Before each secret; the bytes behind it keep the alignment of malloc. */
struct head {
    _Alignas(16) size_t bytes; /* with this head */
    size_t class_index;
};

struct free_block {
    struct head head;
    struct free_block *next;
};

static struct {
    pthread_mutex_t mutex;
    struct free_block *free[CLASS_COUNT];
    uint8_t *fresh[CLASS_COUNT]; /* the part of a slab that was never used */
    size_t fresh_bytes[CLASS_COUNT];
    struct secret_usage usage;
} pool = {.mutex = PTHREAD_MUTEX_INITIALIZER};

static void *
map_pages(size_t bytes)
{
    void *pages = mmap(NULL, bytes, PROT_READ | PROT_WRITE,
        MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    if (pages == MAP_FAILED)
        return NULL;
    /* Best effort: the limit on locked memory is often small, and a kernel
     * built without core dumps knows no such advice. */
    (void)madvise(pages, bytes, MADV_DONTDUMP);
    (void)mlock2(pages, bytes, MLOCK_ONFAULT);
    pool.usage.mapped_bytes += bytes;
    return pages;
}

static struct head *
take_large(size_t bytes)
{
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    struct head *head;

    bytes = (bytes + page - 1) / page * page;
    head = map_pages(bytes);
    if (head == NULL)
        return NULL;
    head->bytes = bytes;
    head->class_index = CLASS_NONE;
    return head;
}

static struct head *
take_fresh(size_t class_index)
{
    size_t bytes = class_bytes[class_index];
    struct head *head;

    if (pool.fresh_bytes[class_index] < bytes) {
        uint8_t *slab = map_pages(SLAB_BYTES);

        if (slab == NULL)
            return NULL;
        pool.fresh[class_index] = slab;
        pool.fresh_bytes[class_index] = SLAB_BYTES;
    }
    head = (struct head *)(void *)pool.fresh[class_index];
    pool.fresh[class_index] += bytes;
    pool.fresh_bytes[class_index] -= bytes;
    head->bytes = bytes;
    head->class_index = class_index;
    return head;
}

static struct head *
take_block(size_t bytes)
{
    size_t class_index = 0;
    struct free_block *block;

    while (class_index < CLASS_COUNT && class_bytes[class_index] < bytes)
        class_index++;
    if (class_index == CLASS_COUNT)
        return take_large(bytes);
    block = pool.free[class_index];
    if (block == NULL)
        return take_fresh(class_index);
    pool.free[class_index] = block->next;
    block->next = NULL;
    return &block->head;
}

static void
give_block(struct head *head)
{
    struct free_block *block = (struct free_block *)head;

    if (head->class_index == CLASS_NONE) {
        pool.usage.mapped_bytes -= head->bytes;
        (void)munmap(head, head->bytes);
        return;
    }
    block->next = pool.free[head->class_index];
    pool.free[head->class_index] = block;
}

/* --- secrets ------------------------------------------------------------- */

int
secret_alloc(struct blob *blob, size_t len)
{
    struct head *head;

    *blob = (struct blob){0};
    if (len > SIZE_MAX / 2)
        return -1;
    pthread_mutex_lock(&pool.mutex);
    head = take_block(sizeof(*head) + len);
    if (head != NULL)
        pool.usage.count++;
    pthread_mutex_unlock(&pool.mutex);
    if (head == NULL)
        return -1;
    *blob = (struct blob){.data = (uint8_t *)(head + 1), .len = len};
    return 0;
}

int
secret_copy(struct blob *blob, const uint8_t *data, size_t len)
{
    if (secret_alloc(blob, len) != 0)
        return -1;
    if (len > 0)
        memcpy(blob->data, data, len);
    return 0;
}

void
secret_free(struct blob *blob)
{
    struct head *head;

    if (blob->data == NULL)
        return;
    head = (struct head *)(void *)blob->data - 1;
    /* All of it: the owner may have made the length smaller. */
    explicit_bzero(blob->data, head->bytes - sizeof(*head));
    *blob = (struct blob){0};
    pthread_mutex_lock(&pool.mutex);
    give_block(head);
    pool.usage.count--;
    pthread_mutex_unlock(&pool.mutex);
}

struct secret_usage
secret_usage(void)
{
    struct secret_usage usage;

    pthread_mutex_lock(&pool.mutex);
    usage = pool.usage;
    pthread_mutex_unlock(&pool.mutex);
    return usage;
}

#ifdef __has_feature /* clang's way to say what gcc says by a macro */
#if __has_feature(address_sanitizer)
#define __SANITIZE_ADDRESS__ 1
#endif
#endif

void
secret_close_process(void)
{
#ifndef __SANITIZE_ADDRESS__
    (void)prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
#endif
}
