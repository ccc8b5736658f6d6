/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A line of mountinfo (proc(5)) is
 *
 *   36 35 98:0 /root /mount/point rw,noatime master:1 - ext3 /dev/sda1 rw
 *
 * `root` is what of the file system is seen at the mount point: "/" is all of
 * it, and a folder for certain. The kernel appends "//deleted" to one that is
 * gone. Blanks and the like are \040.
 */
#include "certs/mounts.h"

#include <sys/stat.h>

#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "certs/secret.h"

enum {
    MOUNTINFO_BYTES_MAX = 16 * 1024 * 1024,
    READ_BYTES = 64 * 1024,
    FIELD_ROOT = 3, /* counted from 0; the mount point comes next */
};

#define DELETED "//deleted"

struct mount {
    char *point;
    size_t order; /* later ones lie over earlier ones */
    bool is_part; /* its root is not the whole file system */
    bool is_stale;
    bool is_version;
};

struct mounts {
    struct mount *items; /* by point, then by order */
    size_t count;
    bool is_suspect;
};

/* --- a line ------------------------------------------------------------- */

struct span {
    const char *at;
    size_t len;
};

/* The next field of a line; len 0 at its end. */
static struct span
take_field(struct span *line)
{
    struct span field = {line->at, 0};

    while (field.len < line->len && field.at[field.len] != ' ')
        field.len++;
    line->at += field.len;
    line->len -= field.len;
    if (line->len > 0) {
        line->at++;
        line->len--;
    }
    return field;
}

static struct span
take_line(struct span *text)
{
    struct span line = {text->at, 0};
    const char *end = memchr(text->at, '\n', text->len);

    line.len = end != NULL ? (size_t)(end - text->at) : text->len;
    text->at += line.len;
    text->len -= line.len;
    if (text->len > 0) {
        text->at++;
        text->len--;
    }
    return line;
}

/* Is there \NNN at text? Then *out is its byte. */
static bool
read_octal(const char *text, size_t len, char *out)
{
    unsigned value = 0;
    unsigned char byte;

    if (len < 4 || text[0] != '\\')
        return false;
    for (size_t i = 1; i < 4; i++) {
        if (text[i] < '0' || text[i] > '7')
            return false;
        value = value * 8 + (unsigned)(text[i] - '0');
    }
    if (value == 0 || value > UCHAR_MAX)
        return false;
    byte = (unsigned char)value;
    memcpy(out, &byte, 1);
    return true;
}

/* The field as a string of its own, without escapes. NULL: no memory. */
static char *
unescape(struct span field)
{
    char *text = malloc(field.len + 1);
    size_t used = 0;

    if (text == NULL)
        return NULL;
    for (size_t at = 0; at < field.len; at++) {
        text[used] = field.at[at];
        if (read_octal(field.at + at, field.len - at, &text[used]))
            at += 3;
        used++;
    }
    text[used] = '\0';
    return text;
}

static bool
ends_with(struct span field, const char *end)
{
    size_t len = strlen(end);

    return field.len >= len
           && memcmp(field.at + field.len - len, end, len) == 0;
}

/*
 * Kubernetes keeps each version of a volume in a folder "..2024_05_01_..." and
 * swaps the link ..data between them. A mount made inside one stays there.
 */
static bool
is_in_version(struct span root)
{
    for (size_t i = 0; i + 3 < root.len; i++)
        if (memcmp(root.at + i, "/..", 3) == 0 && root.at[i + 3] >= '0'
            && root.at[i + 3] <= '9')
            return true;
    return false;
}

/* 0; 1: not a line about a mount; -1: no memory. */
static int
parse_line(struct span line, struct mount *mount)
{
    struct span root;
    struct span point;

    for (int i = 0; i < FIELD_ROOT; i++)
        (void)take_field(&line);
    root = take_field(&line);
    point = take_field(&line);
    if (root.len == 0 || point.len == 0 || point.at[0] != '/'
        || memchr(point.at, '\0', point.len) != NULL)
        return 1;
    *mount = (struct mount){
        .point = unescape(point),
        .is_part = root.len != 1 || root.at[0] != '/',
        .is_stale = ends_with(root, DELETED),
        .is_version = is_in_version(root),
    };
    return mount->point == NULL ? -1 : 0;
}

/* --- all lines ---------------------------------------------------------- */

static int
compare(const void *a, const void *b)
{
    const struct mount *left = a;
    const struct mount *right = b;
    int order = strcmp(left->point, right->point);

    if (order != 0)
        return order;
    return left->order < right->order ? -1 : left->order > right->order;
}

static size_t
count_lines(const char *text, size_t len)
{
    size_t count = 1;

    for (size_t i = 0; i < len; i++)
        count += text[i] == '\n';
    return count;
}

static int
parse_lines(struct mounts *mounts, struct span text)
{
    while (text.len > 0) {
        struct mount *mount = &mounts->items[mounts->count];
        int result = parse_line(take_line(&text), mount);

        if (result < 0)
            return -1;
        if (result > 0)
            continue;
        mount->order = mounts->count++;
        mounts->is_suspect = mounts->is_suspect || mount->is_part;
    }
    return 0;
}

struct mounts *
mounts_parse(const char *text, size_t len)
{
    struct mounts *mounts = calloc(1, sizeof(*mounts));

    if (mounts == NULL)
        return NULL;
    mounts->items = calloc(count_lines(text, len), sizeof(*mounts->items));
    if (mounts->items == NULL
        || parse_lines(mounts, (struct span){text, len}) != 0) {
        mounts_free(mounts);
        return NULL;
    }
    qsort(mounts->items, mounts->count, sizeof(*mounts->items), compare);
    return mounts;
}

void
mounts_free(struct mounts *mounts)
{
    if (mounts == NULL)
        return;
    for (size_t i = 0; i < mounts->count; i++)
        free(mounts->items[i].point);
    free(mounts->items);
    free(mounts);
}

bool
mounts_are_suspect(const struct mounts *mounts)
{
    return mounts->is_suspect;
}

/* The topmost mount at exactly that point, or NULL. */
static const struct mount *
find_mount(const struct mounts *mounts, const char *point)
{
    size_t low = 0;
    size_t high = mounts->count;

    while (low < high) { /* the first whose point comes after */
        size_t middle = low + (high - low) / 2;

        if (strcmp(mounts->items[middle].point, point) <= 0)
            low = middle + 1;
        else
            high = middle;
    }
    if (low == 0 || strcmp(mounts->items[low - 1].point, point) != 0)
        return NULL;
    return &mounts->items[low - 1];
}

/* Cuts the last component off; false when it was "/" already. */
static bool
cut_last(char *path)
{
    char *slash = strrchr(path, '/');

    if (slash == NULL || path[1] == '\0')
        return false;
    slash[slash == path ? 1 : 0] = '\0';
    return true;
}

enum mount_verdict
mounts_judge(const struct mounts *mounts, const char *path)
{
    const struct mount *mount = NULL;
    char point[PATH_MAX];
    size_t len = strlen(path);

    if (len >= sizeof(point) || path[0] != '/')
        return MOUNT_LIVE;
    memcpy(point, path, len + 1);
    do {
        mount = find_mount(mounts, point);
    } while (mount == NULL && cut_last(point));
    if (mount == NULL)
        return MOUNT_LIVE;
    if (mount->is_stale)
        return MOUNT_STALE;
    if (strcmp(point, path) == 0 && mount->is_part)
        return MOUNT_POINT;
    return mount->is_version ? MOUNT_VERSION : MOUNT_LIVE;
}

/* --- sources ------------------------------------------------------------ */

/* Without symbolic links; of a path that leads nowhere, as much as exists. */
static bool
resolve(const char *path, char out[PATH_MAX])
{
    char known[PATH_MAX];
    size_t len = strlen(path);

    if (realpath(path, out) != NULL)
        return true;
    if (len >= sizeof(known) || path[0] != '/')
        return false;
    memcpy(known, path, len + 1);
    while (cut_last(known))
        if (realpath(known, out) != NULL)
            return true;
    return false;
}

static bool
is_folder(const char *path)
{
    struct stat st;

    return stat(path, &st) != 0 || S_ISDIR(st.st_mode);
}

static const char *
cause_of(const struct mounts *mounts, const char *path)
{
    char resolved[PATH_MAX];

    if (!resolve(path, resolved))
        return NULL;
    switch (mounts_judge(mounts, resolved)) {
    case MOUNT_STALE:
        return "what is mounted there has been deleted at its source";
    case MOUNT_VERSION:
        return "one version of a Kubernetes volume is mounted (subPath)";
    case MOUNT_POINT:
        if (!is_folder(resolved))
            return "it is mounted as a single file (Kubernetes subPath or a "
                   "bind mount)";
        break;
    case MOUNT_LIVE:
        break;
    }
    return NULL;
}

void
mounts_report(const struct mounts *mounts, const struct sources *sources,
    const char *config_path, struct report *report)
{
    if (!mounts->is_suspect)
        return;
    for (size_t i = 0; i < sources_count(sources); i++) {
        const char *path = sources_path(sources, i);
        const char *cause = cause_of(mounts, path);

        if (cause == NULL)
            continue;
        if (config_path != NULL && strcmp(path, config_path) == 0)
            report_note(report,
                "%s: another file in its place will not be seen here: %s; "
                "mount its folder instead, or restart after each change",
                path, cause);
        else
            report_warning(report, SL_MOUNT_FIXED,
                "%s: will never change here: %s; mount its folder instead, or "
                "restart after each renewal",
                path, cause);
    }
}

/* --- of this process ---------------------------------------------------- */

static int
read_to_end(int fd, struct blob *text)
{
    size_t room = 0;

    for (;;) {
        ssize_t got;

        if (text->len == room) {
            uint8_t *data = NULL;

            room = room == 0 ? READ_BYTES : 2 * room;
            if (room <= MOUNTINFO_BYTES_MAX)
                data = realloc(text->data, room);
            if (data == NULL)
                return -1;
            text->data = data;
        }
        got = read(fd, text->data + text->len, room - text->len);
        if (got <= 0)
            return (int)got;
        text->len += (size_t)got;
    }
}

void
mounts_report_own(const struct sources *sources, const char *config_path,
    struct report *report)
{
    int fd = open("/proc/self/mountinfo", O_RDONLY | O_CLOEXEC);
    struct mounts *mounts = NULL;
    struct blob text = {0};

    if (fd < 0)
        return;
    if (read_to_end(fd, &text) == 0)
        mounts = mounts_parse((const char *)text.data, text.len);
    if (mounts != NULL)
        mounts_report(mounts, sources, config_path, report);
    mounts_free(mounts);
    free(text.data);
    close(fd);
}
