/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The edit of one list: read, changed and replaced while nobody else does. */
#include <sys/file.h>

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "certs/file.h"
#include "proxy/clock.h"
#include "proxy/enroll_internal.h"
#include "proxy/replace.h"

enum {
    LOCK_MS = 10 * 1000, /* an edit takes no time */
    LOCK_STEP_MS = 20,
    NEW_MODE = 0644,
    WHO_BYTES = 64,
};

static int
fail(const struct enroll *enroll, const char *path, int error)
{
    report_error(enroll->report, SL_ENROLL_FILE,
        "clients.enroll %s: cannot be changed: %s%s", path,
        error == EWOULDBLOCK ? "somebody else has kept its folder locked for "
                               "10 s: try again; lsof on the folder tells who"
                             : strerror(error),
        error == EACCES || error == EPERM
            ? "; run the command as the file's owner, who may write its "
              "folder, or as root"
        : error == EROFS ? "; change the file where it comes from"
                         : "");
    return -1;
}

/* --- the lock ------------------------------------------------------------ */

/* Of the folder: the file itself is replaced. -1 with errno. */
static int
lock_folder(const char *target)
{
    const struct timespec step = {.tv_nsec = LOCK_STEP_MS * 1000000L};
    int64_t deadline_ms = clock_now_ms() + LOCK_MS;
    char *copy = strdup(target);
    int fd = copy != NULL
                 ? open(dirname(copy), O_RDONLY | O_DIRECTORY | O_CLOEXEC)
                 : -1;

    free(copy);
    if (fd < 0)
        return -1;
    while (flock(fd, LOCK_EX | LOCK_NB) != 0) {
        if (errno != EWOULDBLOCK || clock_now_ms() > deadline_ms) {
            close(fd);
            return -1;
        }
        (void)nanosleep(&step, NULL);
    }
    return fd;
}

/* --- the text ------------------------------------------------------------ */

/* Who runs the command, for the comment: a plain name, or the number. */
static void
put_who(char who[WHO_BYTES])
{
    static const char plain[] = "abcdefghijklmnopqrstuvwxyz"
                                "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-@";
    const char *name = geteuid() == 0 ? getenv("SUDO_USER") : NULL;

    if (name == NULL || *name == '\0')
        name = getenv("USER");
    if (name == NULL || *name == '\0')
        name = getenv("LOGNAME");
    if (name == NULL || *name == '\0' || strlen(name) >= WHO_BYTES
        || name[strspn(name, plain)] != '\0')
        (void)snprintf(who, WHO_BYTES, getuid() == 0 ? "root" : "uid %u",
            (unsigned)getuid());
    else
        (void)snprintf(who, WHO_BYTES, "%s", name);
}

static void
put_comment(char *out, size_t cap, const struct enroll_change *change)
{
    char who[WHO_BYTES];
    char day[16];
    time_t now = time(NULL);
    struct tm utc;

    put_who(who);
    gmtime_r(&now, &utc);
    (void)strftime(day, sizeof(day), "%Y-%m-%d", &utc);
    if (change->subject[0] != '\0')
        (void)snprintf(out, cap, "subject \"%s\", approved %s by %s",
            change->subject, day, who);
    else
        (void)snprintf(out, cap, "approved %s by %s", day, who);
}

/* *text becomes the text after the change. -1: no memory. */
static int
change_text(char **text, bool is_revoke, struct enroll_change *change)
{
    char comment[APPROVED_COMMENT_BYTES];
    bool was_there;
    char *edited;

    put_comment(comment, sizeof(comment), change);
    edited = is_revoke ? approved_remove(*text, change->fingerprint, &was_there)
                       : approved_add(
                           *text, change->fingerprint, comment, &was_there);
    if (edited == NULL)
        return -1;
    change->was_so = was_there != is_revoke;
    free(*text);
    *text = edited;
    return 0;
}

/* All changes of the list. 0 or an errno. */
static int
change_all(struct enroll *enroll, size_t list, char **text, bool *has_changed)
{
    for (size_t i = 0; i < enroll->request->count; i++) {
        struct enroll_change *change = &enroll->changes[i];

        if (change->list != list)
            continue;
        if (change_text(text, enroll->request->is_revoke, change) != 0)
            return ENOMEM;
        *has_changed |= !change->was_so;
    }
    /* A longer one would not be read again. */
    return strlen(*text) <= FILE_BYTES_MAX ? 0 : EFBIG;
}

/* --- the file ------------------------------------------------------------ */

/* 0 or an errno. */
static int
edit_target(struct enroll *enroll, size_t list, const char *target)
{
    struct stat like = {
        .st_mode = NEW_MODE, .st_uid = geteuid(), .st_gid = getegid()};
    char *text = replace_read(target, FILE_BYTES_MAX, &like);
    bool has_changed = false;
    int error;

    if (text == NULL && errno == ENOENT)
        text = strdup("");
    if (text == NULL)
        return errno;
    error = change_all(enroll, list, &text, &has_changed);
    if (error == 0 && has_changed)
        error = replace_file(target, text, &like);
    free(text);
    return error;
}

static bool
is_concerned(const struct enroll *enroll, size_t list)
{
    for (size_t i = 0; i < enroll->request->count; i++)
        if (enroll->changes[i].list == list)
            return true;
    return false;
}

int
enroll_edit(struct enroll *enroll, size_t list)
{
    const char *path = enroll->lists[list].path;
    char *target;
    int error;
    int lock;

    if (!is_concerned(enroll, list))
        return 0;
    target = replace_target(path);
    if (target == NULL)
        return fail(enroll, path, errno);
    lock = lock_folder(target);
    error = lock >= 0 ? edit_target(enroll, list, target) : errno;
    if (lock >= 0)
        close(lock);
    free(target);
    return error == 0 ? 0 : fail(enroll, path, error);
}
