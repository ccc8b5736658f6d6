/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Marks of files, kept in a list with an index by hash: a load of ten thousand
 * certificates notes twice as many paths. */
#include "certs/sources.h"

#include <sys/stat.h>

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum {
    SLOTS_MIN = 16,
    NANOSECONDS = 1000 * 1000 * 1000,
};

struct mark {
    int error; /* errno of stat(); the rest is zero then */
    dev_t device;
    ino_t inode;
    off_t size;
    int64_t modified_ns;
    int64_t changed_ns;
};

struct source {
    char *path;
    struct mark mark;
};

struct sources {
    struct source *items;
    size_t count;
    size_t *slots; /* index + 1 into items, 0: free; a power of two of them */
    size_t slot_count;
};

static int64_t
nanoseconds(const struct timespec *at)
{
    return (int64_t)at->tv_sec * NANOSECONDS + at->tv_nsec;
}

static struct mark
take_mark(const char *path)
{
    struct mark mark;
    struct stat st;

    memset(&mark, 0, sizeof(mark));
    if (stat(path, &st) != 0) {
        mark.error = errno;
        return mark;
    }
    mark.device = st.st_dev;
    mark.inode = st.st_ino;
    mark.size = st.st_size;
    mark.modified_ns = nanoseconds(&st.st_mtim);
    mark.changed_ns = nanoseconds(&st.st_ctim);
    return mark;
}

static bool
is_same(const struct mark *a, const struct mark *b)
{
    return a->error == b->error && a->device == b->device
           && a->inode == b->inode && a->size == b->size
           && a->modified_ns == b->modified_ns
           && a->changed_ns == b->changed_ns;
}

/* FNV-1a; the paths are the operator's, nobody chooses them against us. */
static size_t
hash(const char *path)
{
    uint64_t value = UINT64_C(14695981039346656037);

    for (; *path != '\0'; path++)
        value = (value ^ (unsigned char)*path) * UINT64_C(1099511628211);
    return (size_t)value;
}

/* The slot that holds the path, or the free one where it belongs. */
static size_t *
find_slot(const struct sources *sources, const char *path)
{
    size_t mask = sources->slot_count - 1;
    size_t at = hash(path) & mask;

    while (sources->slots[at] != 0
           && strcmp(sources->items[sources->slots[at] - 1].path, path) != 0)
        at = (at + 1) & mask;
    return &sources->slots[at];
}

/* Keeps at least half of the slots free, and room for one item more. */
static int
make_room(struct sources *sources)
{
    size_t slot_count = sources->slot_count * 2;
    struct source *items;
    size_t *slots;

    if (sources->slots != NULL && sources->count * 2 < sources->slot_count)
        return 0;
    items = realloc(sources->items, slot_count / 2 * sizeof(*items));
    if (items == NULL)
        return -1;
    sources->items = items;
    slots = calloc(slot_count, sizeof(*slots));
    if (slots == NULL)
        return -1;
    free(sources->slots);
    sources->slots = slots;
    sources->slot_count = slot_count;
    for (size_t i = 0; i < sources->count; i++)
        *find_slot(sources, items[i].path) = i + 1;
    return 0;
}

struct sources *
sources_new(void)
{
    struct sources *sources = calloc(1, sizeof(*sources));

    if (sources == NULL)
        return NULL;
    sources->slot_count = SLOTS_MIN / 2;
    if (make_room(sources) == 0)
        return sources;
    sources_free(sources);
    return NULL;
}

void
sources_free(struct sources *sources)
{
    if (sources == NULL)
        return;
    for (size_t i = 0; i < sources->count; i++)
        free(sources->items[i].path);
    free(sources->items);
    free(sources->slots);
    free(sources);
}

static int
add(struct sources *sources, const char *path, const struct mark *mark)
{
    struct source *item;
    size_t *slot;

    if (make_room(sources) != 0)
        return -1;
    slot = find_slot(sources, path);
    if (*slot != 0)
        return 0;
    item = &sources->items[sources->count];
    item->path = strdup(path);
    if (item->path == NULL)
        return -1;
    item->mark = *mark;
    *slot = ++sources->count;
    return 0;
}

int
sources_note(struct sources *sources, const char *path)
{
    struct mark mark;

    if (sources == NULL || *find_slot(sources, path) != 0)
        return 0;
    mark = take_mark(path);
    return add(sources, path, &mark);
}

size_t
sources_count(const struct sources *sources)
{
    return sources->count;
}

const char *
sources_path(const struct sources *sources, size_t index)
{
    return sources->items[index].path;
}

bool
sources_have_changed(const struct sources *sources)
{
    if (sources == NULL)
        return true;
    for (size_t i = 0; i < sources->count; i++) {
        struct mark now = take_mark(sources->items[i].path);

        if (!is_same(&now, &sources->items[i].mark))
            return true;
    }
    return false;
}

/*
 * Most file systems count time in milliseconds or finer. One whose times are
 * whole seconds cannot tell two changes within a second; nor, for FAT, within
 * two. A time in the future counts as young, too: that clock is not ours.
 */
static bool
hides_changes(const struct mark *mark, int64_t now_ns)
{
    return mark->changed_ns != 0 && mark->changed_ns % NANOSECONDS == 0
           && now_ns - mark->changed_ns < 2 * (int64_t)NANOSECONDS;
}

/* The finalizer of splitmix64: each bit bears on all. */
static uint64_t
mix(uint64_t digest, uint64_t value)
{
    digest = (digest ^ value) + UINT64_C(0x9e3779b97f4a7c15);
    digest = (digest ^ (digest >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    digest = (digest ^ (digest >> 27)) * UINT64_C(0x94d049bb133111eb);
    return digest ^ (digest >> 31);
}

static uint64_t
mix_mark(uint64_t digest, const struct mark *mark)
{
    digest = mix(digest, (uint64_t)mark->error);
    digest = mix(digest, (uint64_t)mark->device);
    digest = mix(digest, (uint64_t)mark->inode);
    digest = mix(digest, (uint64_t)mark->size);
    digest = mix(digest, (uint64_t)mark->modified_ns);
    return mix(digest, (uint64_t)mark->changed_ns);
}

bool
sources_are_fresh(const struct sources *sources)
{
    struct timespec now;

    (void)clock_gettime(CLOCK_REALTIME, &now);
    for (size_t i = 0; i < sources->count; i++)
        if (sources->items[i].mark.changed_ns
            > nanoseconds(&now) - (int64_t)NANOSECONDS)
            return true;
    return false;
}

struct sources_sight
sources_look(const struct sources *sources)
{
    struct sources_sight sight = {0};
    struct timespec now = {0};

    if (sources == NULL) {
        sight.has_changed = true;
        return sight;
    }
    (void)clock_gettime(CLOCK_REALTIME, &now);
    for (size_t i = 0; i < sources->count; i++) {
        struct mark mark = take_mark(sources->items[i].path);

        if (!is_same(&mark, &sources->items[i].mark))
            sight.has_changed = true;
        if (hides_changes(&mark, nanoseconds(&now)))
            sight.hides_changes = true;
        sight.digest = mix_mark(sight.digest, &mark);
    }
    return sight;
}

bool
sources_equal(const struct sources *a, const struct sources *b)
{
    if (a->count != b->count)
        return false;
    for (size_t i = 0; i < a->count; i++) {
        size_t at = *find_slot(b, a->items[i].path);

        if (at == 0 || !is_same(&a->items[i].mark, &b->items[at - 1].mark))
            return false;
    }
    return true;
}

int
sources_add_all(struct sources *sources, const struct sources *from)
{
    for (size_t i = 0; i < from->count; i++)
        if (add(sources, from->items[i].path, &from->items[i].mark) != 0)
            return -1;
    return 0;
}
