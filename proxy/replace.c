/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A new file beside the old one, whole on the disk, then the rename. */
#include "proxy/replace.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* --- paths --------------------------------------------------------------- */

/* In the real folder of a file that is not there. */
static char *
target_to_be(const char *path)
{
    char *folder_copy = strdup(path);
    char *name_copy = strdup(path);
    char *folder = NULL;
    char *target = NULL;
    struct stat st;

    if (folder_copy == NULL || name_copy == NULL)
        goto free_copies;
    if (lstat(path, &st) == 0) {
        errno = ENOENT; /* a link that leads nowhere */
        goto free_copies;
    }
    folder = realpath(dirname(folder_copy), NULL);
    if (folder != NULL
        && asprintf(&target, "%s/%s", strcmp(folder, "/") == 0 ? "" : folder,
               basename(name_copy))
               < 0)
        target = NULL;
    free(folder);

free_copies:
    free(folder_copy);
    free(name_copy);
    return target;
}

char *
replace_target(const char *path)
{
    char *target = realpath(path, NULL);

    if (target != NULL || errno != ENOENT)
        return target;
    return target_to_be(path);
}

/* --- reading ------------------------------------------------------------- */

char *
replace_read(const char *path, size_t bytes_max, struct stat *st)
{
    /* It does not wait for somebody to write into a pipe. */
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    FILE *file = fd < 0 ? NULL : fdopen(fd, "r");
    char *text = NULL;
    size_t len;

    if (file == NULL) {
        if (fd >= 0)
            (void)close(fd);
        return NULL;
    }
    if (fstat(fd, st) != 0)
        goto close_file;
    if (!S_ISREG(st->st_mode) || (uintmax_t)st->st_size > bytes_max) {
        errno = S_ISDIR(st->st_mode) ? EISDIR : EFBIG;
        goto close_file;
    }
    text = calloc(1, (size_t)st->st_size + 1);
    if (text == NULL)
        goto close_file;
    len = fread(text, 1, (size_t)st->st_size, file);
    if (len != (size_t)st->st_size || strlen(text) != len) {
        free(text);
        text = NULL;
        errno = ferror(file) != 0 ? EIO : EILSEQ;
    }

close_file:
    (void)fclose(file);
    return text;
}

/* --- writing ------------------------------------------------------------- */

/* On a disk that is nearly full a part fits; why the rest does not, the next
 * call says. */
static int
write_all(int fd, const char *text, size_t len)
{
    while (len > 0) {
        ssize_t count = write(fd, text, len);

        if (count == 0)
            errno = EIO; /* again and again, perhaps */
        if (count <= 0)
            return -1;
        text += count;
        len -= (size_t)count;
    }
    return 0;
}

/* Into `temporary`, a template beside the file. */
static int
write_new(char *temporary, const char *text, const struct stat *like)
{
    int fd = mkostemp(temporary, O_CLOEXEC);
    int error = 0;

    if (fd < 0)
        return errno;
    if (fchown(fd, like->st_uid, like->st_gid) != 0
        || fchmod(fd, like->st_mode & 07777) != 0
        || write_all(fd, text, strlen(text)) != 0 || fsync(fd) != 0)
        error = errno;
    if (close(fd) != 0 && error == 0)
        error = errno;
    if (error != 0)
        (void)unlink(temporary);
    return error;
}

/* The rename, too, is to survive a crash; where that cannot be asked for, the
 * file is replaced all the same. */
static void
sync_folder(const char *target)
{
    char *copy = strdup(target);
    int fd = copy != NULL
                 ? open(dirname(copy), O_RDONLY | O_DIRECTORY | O_CLOEXEC)
                 : -1;

    if (fd >= 0) {
        (void)fsync(fd);
        close(fd);
    }
    free(copy);
}

int
replace_file(const char *target, const char *text, const struct stat *like)
{
    char *temporary;
    int error;

    if (asprintf(&temporary, "%s.XXXXXX", target) < 0)
        return ENOMEM;
    error = write_new(temporary, text, like);
    if (error == 0 && rename(temporary, target) != 0) {
        error = errno;
        (void)unlink(temporary);
    }
    if (error == 0)
        sync_folder(target);
    free(temporary);
    return error;
}
