/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Finding the path free, or freeing it; then bind and listen. */
#include "proxy/admin_socket.h"

#include <sys/socket.h>
#include <sys/stat.h>

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum {
    BACKLOG = 64,
    SOCKET_UMASK = 0117, /* leaves 0660 */
};

static const char *
path_of(const struct admin_socket *sock)
{
    return sock->address.sock.local.sun_path;
}

void
admin_socket_access(const char *path, char *out, size_t cap)
{
    struct stat st;

    out[0] = '\0';
    if (stat(path, &st) == 0)
        (void)snprintf(out, cap,
            "owner uid %u gid %u, mode %04o, and we are uid %u gid %u",
            st.st_uid, st.st_gid, st.st_mode & 07777, geteuid(), getegid());
}

/* The folder that the socket is to be in. */
static void
folder_of(const char *path, char out[ADDRESS_TEXT_BYTES])
{
    char *slash;

    (void)snprintf(out, ADDRESS_TEXT_BYTES, "%s", path);
    slash = strrchr(out, '/');
    slash[slash == out ? 1 : 0] = '\0';
}

static void
report_bind_error(const char *path, int error, struct report *report)
{
    char folder[ADDRESS_TEXT_BYTES];
    char access[128];

    folder_of(path, folder);
    admin_socket_access(folder, access, sizeof(access));
    if (error == ENOENT)
        report_error(report, SL_ADMIN,
            "admin.listen unix:%s: its folder %s does not exist; create it for "
            "the user that sidelock runs as (systemd: RuntimeDirectory=)",
            path, folder);
    else if (error == EACCES)
        report_error(report, SL_ADMIN,
            "admin.listen unix:%s: we may not create a file in %s: %s; chown "
            "or chmod the folder",
            path, folder, access);
    else
        report_error(report, SL_ADMIN,
            "admin.listen unix:%s: cannot be listened on: %s", path,
            strerror(error));
}

static void
report_in_use(int fd, const char *path, struct report *report)
{
    struct ucred peer = {0};
    socklen_t len = sizeof(peer);

    (void)getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &len);
    report_error(report, SL_ADMIN,
        "admin.listen unix:%s: another process (%d) answers there; stop it, "
        "or give each process a path of its own",
        path, (int)peer.pid);
}

/* Nobody answers at a socket whose process is dead. */
static int
remove_stale(const struct address *address, struct report *report)
{
    const char *path = address->sock.local.sun_path;
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    int error = 0;

    if (fd < 0 || connect(fd, &address->sock.any, address->len) != 0)
        error = errno;
    if (fd >= 0 && (error == 0 || error == EAGAIN)) {
        report_in_use(fd, path, report);
        close(fd);
        return -1;
    }
    if (fd >= 0)
        close(fd);
    if (error == ENOENT || (error == ECONNREFUSED && unlink(path) == 0))
        return 0;
    report_error(report, SL_ADMIN,
        "admin.listen unix:%s: a socket is there already, and whether it is in "
        "use cannot be told: %s; remove it if nobody needs it",
        path, strerror(error == ECONNREFUSED ? errno : error));
    return -1;
}

static int
free_path(const struct address *address, struct report *report)
{
    const char *path = address->sock.local.sun_path;
    struct stat st;

    if (lstat(path, &st) != 0)
        return 0; /* bind knows better what is wrong, if anything is */
    if (S_ISSOCK(st.st_mode))
        return remove_stale(address, report);
    report_error(report, SL_ADMIN,
        "admin.listen unix:%s: something is there that is no socket; it is "
        "left alone; remove it or choose another path",
        path);
    return -1;
}

/* The mode is right from the first moment on. */
static int
bind_private(const struct admin_socket *sock)
{
    mode_t before = umask(SOCKET_UMASK);
    int result = bind(sock->fd, &sock->address.sock.any, sock->address.len);
    int error = errno;

    (void)umask(before);
    errno = error;
    return result;
}

int
admin_socket_open(
    struct admin_socket *sock, const char *listen_text, struct report *report)
{
    struct stat st;
    char why[256];

    sock->fd = -1;
    if (address_parse(&sock->address, listen_text, why, sizeof(why)) != 0) {
        report_error(report, SL_ADMIN, "admin.listen %s: %s", listen_text, why);
        return -1;
    }
    if (free_path(&sock->address, report) != 0)
        return -1;
    sock->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (sock->fd < 0 || bind_private(sock) != 0) {
        report_bind_error(path_of(sock), errno, report);
        goto close_socket;
    }
    if (lstat(path_of(sock), &st) == 0) {
        sock->device = st.st_dev;
        sock->inode = st.st_ino;
    }
    if (listen(sock->fd, BACKLOG) == 0)
        return 0;
    report_bind_error(path_of(sock), errno, report);
    (void)unlink(path_of(sock));

close_socket:
    if (sock->fd >= 0)
        close(sock->fd);
    sock->fd = -1;
    return -1;
}

void
admin_socket_close(struct admin_socket *sock)
{
    struct stat st;

    if (sock->fd < 0)
        return;
    close(sock->fd);
    sock->fd = -1;
    if (lstat(path_of(sock), &st) == 0 && st.st_dev == sock->device
        && st.st_ino == sock->inode)
        (void)unlink(path_of(sock));
}
