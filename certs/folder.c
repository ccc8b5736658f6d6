/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Listing a folder's files, each once. */
#include "certs/folder.h"

#include <sys/stat.h>

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "certs/sources.h"

struct entry {
    char *path;
    bool is_link;
    dev_t device;
    ino_t inode;
};

/* What is known while the folder is read. */
struct listing {
    const char *folder;
    const char *role;
    struct report *report;
    struct entry *entries;
    size_t count;
};

bool
folder_is_there(const char *path)
{
    struct stat st;

    return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

static int
fail_memory(const struct listing *listing)
{
    report_error(listing->report, SL_MEMORY, "%s %s: out of memory",
        listing->role, listing->folder);
    return -1;
}

static int
is_visible(const struct dirent *entry)
{
    return entry->d_name[0] != '.';
}

static bool
is_known(const struct listing *listing, const struct stat *st)
{
    for (size_t i = 0; i < listing->count; i++)
        if (listing->entries[i].inode == st->st_ino
            && listing->entries[i].device == st->st_dev)
            return true;
    return false;
}

/* One that leads nowhere counts as changed when its target appears. One that
 * is closed to us may be a list that nobody would miss. */
static int
pass_over(const struct listing *listing, const char *path, int error)
{
    if (sources_note(listing->report->sources, path) != 0)
        return fail_memory(listing);
    if (error != EACCES)
        return 0;
    report_error(listing->report, SL_FILE_DENIED,
        "%s %s: permission denied on a folder on the way to it, and we are "
        "uid %u gid %u; make the folders searchable (chmod +x), or take it "
        "away",
        listing->role, path, geteuid(), getegid());
    return -1;
}

/* Takes the path over, also when it is not a file to be listed. Of links only
 * those are added that lead to a file which is not yet there. */
static int
add_path(struct listing *listing, char *path, bool wants_links)
{
    struct stat own;
    struct stat st;
    int error = lstat(path, &own) == 0 ? 0 : errno;

    if (error == 0 && S_ISLNK(own.st_mode) != wants_links) {
        free(path);
        return 0;
    }
    if (error == 0 && stat(path, &st) != 0)
        error = errno;
    if (error != 0) {
        int failed = pass_over(listing, path, error);

        free(path);
        return failed;
    }
    if (!S_ISREG(st.st_mode) || is_known(listing, &st)) {
        free(path);
        return 0;
    }
    listing->entries[listing->count++] =
        (struct entry){path, wants_links, st.st_dev, st.st_ino};
    return 0;
}

static int
add_entries(struct listing *listing, struct dirent **names, size_t count,
    bool wants_links)
{
    for (size_t i = 0; i < count; i++) {
        char *path;

        if (asprintf(&path, "%s/%s", listing->folder, names[i]->d_name) < 0)
            return fail_memory(listing);
        if (add_path(listing, path, wants_links) != 0)
            return -1;
    }
    return 0;
}

static int
fill(struct listing *listing, struct dirent **names, size_t count)
{
    if (count > FOLDER_FILES_MAX) {
        report_error(listing->report, SL_FILE_KIND,
            "%s %s: the folder holds more than %d files; name the ones that "
            "are meant",
            listing->role, listing->folder, FOLDER_FILES_MAX);
        return -1;
    }
    listing->entries = calloc(count + 1, sizeof(*listing->entries));
    if (listing->entries == NULL)
        return fail_memory(listing);
    if (add_entries(listing, names, count, false) != 0)
        return -1;
    return add_entries(listing, names, count, true);
}

static int
read_names(struct listing *listing)
{
    struct dirent **names;
    int count = scandir(listing->folder, &names, is_visible, alphasort);
    int failed;

    if (count < 0) {
        report_error(listing->report,
            errno == ENOENT ? SL_FILE_MISSING : SL_FILE_DENIED,
            "%s %s: the folder cannot be read: %s; check its path, owner and "
            "mode",
            listing->role, listing->folder, strerror(errno));
        return -1;
    }
    failed = fill(listing, names, (size_t)count);
    for (int i = 0; i < count; i++)
        free(names[i]);
    free(names);
    return failed;
}

int
folder_read(struct folder *folder, const char *path, const char *role,
    struct report *report)
{
    struct listing listing = {.folder = path, .role = role, .report = report};
    int failed = -1;

    *folder = (struct folder){0};
    if (sources_note(report->sources, path) != 0)
        return fail_memory(&listing);
    failed = read_names(&listing);
    if (failed == 0) {
        folder->paths = calloc(listing.count + 1, sizeof(char *));
        failed = folder->paths != NULL ? 0 : fail_memory(&listing);
    }
    for (size_t i = 0; i < listing.count; i++)
        if (failed == 0)
            folder->paths[folder->count++] = listing.entries[i].path;
        else
            free(listing.entries[i].path);
    free(listing.entries);
    return failed;
}

void
folder_deinit(struct folder *folder)
{
    for (size_t i = 0; i < folder->count; i++)
        free(folder->paths[i]);
    free(folder->paths);
    *folder = (struct folder){0};
}
