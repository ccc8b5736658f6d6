/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A file is opened once and judged by its descriptor, so that what is checked
 * is what is read. */
#include "certs/file.h"

#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "certs/sources.h"

/* Who may read it, and who we are: what an administrator compares. */
static void
report_denied(const char *path, const char *role, struct report *report)
{
    struct stat st;

    if (stat(path, &st) == 0)
        report_error(report, SL_FILE_DENIED,
            "%s %s: permission denied: owner uid %u gid %u, mode %04o, and we "
            "are uid %u gid %u; chown or chmod the file, or run as its owner",
            role, path, st.st_uid, st.st_gid, st.st_mode & 07777, geteuid(),
            getegid());
    else
        report_error(report, SL_FILE_DENIED,
            "%s %s: permission denied on a folder of the path, and we are uid "
            "%u gid %u; make the folders searchable (chmod +x)",
            role, path, geteuid(), getegid());
}

static void
report_open_error(
    const char *path, const char *role, int error, struct report *report)
{
    if (error == EACCES)
        report_denied(path, role, report);
    else if (error == ENOENT)
        report_error(report, SL_FILE_MISSING,
            "%s %s: no such file; check the path, relative ones start where "
            "sidelock was started",
            role, path);
    else
        report_error(report, SL_FILE_READ, "%s %s: cannot be opened: %s", role,
            path, strerror(error));
}

/* A file on its way in. */
struct request {
    const char *path;
    const char *role;
    off_t bytes_max;
    struct report *report;
};

static int
check_kind(const struct stat *st, const struct request *request)
{
    const char *path = request->path;
    const char *role = request->role;
    struct report *report = request->report;

    if (S_ISDIR(st->st_mode))
        report_error(report, SL_FILE_KIND,
            "%s %s: is a folder; name the file inside it", role, path);
    else if (!S_ISREG(st->st_mode))
        report_error(
            report, SL_FILE_KIND, "%s %s: is not a regular file", role, path);
    else if (st->st_size == 0)
        report_error(report, SL_FILE_KIND,
            "%s %s: is empty; was it cut off while being written?", role, path);
    else if (st->st_size > request->bytes_max)
        report_error(report, SL_FILE_KIND, "%s %s: is larger than %d MiB", role,
            path, (int)(request->bytes_max >> 20));
    else
        return 0;
    return -1;
}

static int
read_all(int fd, struct blob *content, size_t size)
{
    content->data = malloc(size);
    if (content->data == NULL) {
        errno = ENOMEM;
        return -1;
    }
    while (content->len < size) {
        ssize_t got =
            read(fd, content->data + content->len, size - content->len);

        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return -1;
        if (got == 0)
            break; /* it shrank: the rest of the checks will tell */
        content->len += (size_t)got;
    }
    return 0;
}

static int
read_file(struct blob *content, const struct request *request, mode_t *mode)
{
    const char *path = request->path;
    const char *role = request->role;
    struct report *report = request->report;
    struct stat st;
    int fd;

    *content = (struct blob){0};
    if (sources_note(report->sources, path) != 0) {
        report_error(report, SL_MEMORY, "%s %s: out of memory", role, path);
        return -1;
    }
    fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    if (fd < 0) {
        report_open_error(path, role, errno, report);
        return -1;
    }
    if (fstat(fd, &st) != 0) {
        report_error(
            report, SL_FILE_READ, "%s %s: %s", role, path, strerror(errno));
        goto close_file;
    }
    if (check_kind(&st, request) != 0)
        goto close_file;
    if (read_all(fd, content, (size_t)st.st_size) != 0) {
        report_error(report, SL_FILE_READ, "%s %s: cannot be read: %s", role,
            path, strerror(errno));
        goto wipe;
    }
    if (mode != NULL)
        *mode = st.st_mode & 07777;
    close(fd);
    return 0;

wipe:
    blob_wipe(content);
close_file:
    close(fd);
    return -1;
}

int
file_read(struct blob *content, const char *path, const char *role,
    mode_t *mode, struct report *report)
{
    const struct request request = {.path = path,
        .role = role,
        .bytes_max = FILE_BYTES_MAX,
        .report = report};

    return read_file(content, &request, mode);
}

int
file_read_large(struct blob *content, const char *path, const char *role,
    struct report *report)
{
    const struct request request = {.path = path,
        .role = role,
        .bytes_max = FILE_BYTES_LARGE,
        .report = report};

    return read_file(content, &request, NULL);
}
