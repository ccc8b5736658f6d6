/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Choosing a backend and connecting to it. */
#include "proxy/backend.h"

#include <sys/socket.h>

#include <errno.h>
#include <unistd.h>

#include "proxy/log.h"
#include "proxy/socket.h"

void
backend_set_init(struct backend_set *set, const struct address_list *list)
{
    *set = (struct backend_set){.count = list->count};
    for (size_t i = 0; i < list->count; i++) {
        set->backends[i].address = &list->items[i];
        set->backends[i].told_ms = -BACKEND_TELL_MS;
    }
}

int
backend_set_next(
    const struct backend_set *set, backend_mask tried, int64_t now_ms)
{
    int fallback = -1;

    for (size_t i = 0; i < set->count; i++) {
        const struct backend *backend = &set->backends[i];

        if (tried & (1U << i))
            continue;
        if (backend->paused_until_ms <= now_ms)
            return (int)i;
        if (fallback < 0)
            fallback = (int)i;
    }
    return fallback;
}

static void
log_switch(enum log_level level, const char *event,
    const struct backend *backend, const char *why)
{
    char text[ADDRESS_TEXT_BYTES];
    struct log_line line;

    address_format(backend->address, text, sizeof(text));
    log_begin(&line, level, event);
    log_put_string(&line, "backend", text);
    log_put_string(&line, "error", why);
    log_end(&line);
}

static void
tell_down(struct backend *backend, const char *why, int64_t now_ms)
{
    if (backend->is_told_down || now_ms - backend->told_ms < BACKEND_TELL_MS)
        return;
    backend->is_told_down = true;
    backend->told_ms = now_ms;
    log_switch(LOG_LEVEL_WARN, "backend_down", backend, why);
}

void
backend_set_note_failure(
    struct backend_set *set, size_t index, const char *why, int64_t now_ms)
{
    struct backend *backend = &set->backends[index];

    if (backend->pause_ms == 0) {
        backend->pause_ms = BACKEND_PAUSE_MIN_MS;
    } else if (backend->paused_until_ms <= now_ms) {
        backend->pause_ms *= 2;
        if (backend->pause_ms > BACKEND_PAUSE_MAX_MS)
            backend->pause_ms = BACKEND_PAUSE_MAX_MS;
    }
    backend->paused_until_ms = now_ms + backend->pause_ms;
    tell_down(backend, why, now_ms);
}

void
backend_set_note_success(struct backend_set *set, size_t index)
{
    struct backend *backend = &set->backends[index];

    backend->pause_ms = 0;
    backend->paused_until_ms = 0;
    if (!backend->is_told_down)
        return;
    backend->is_told_down = false;
    log_switch(LOG_LEVEL_INFO, "backend_up", backend, NULL);
}

int
backend_connect(const struct address *address)
{
    int fd = socket(address->sock.any.sa_family,
        SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    int error;

    if (fd < 0)
        return -1;
    if (!address_is_loopback(address))
        socket_tune(fd);
    else if (!address_is_unix(address))
        socket_set_nodelay(fd);
    if (connect(fd, &address->sock.any, address->len) == 0
        || errno == EINPROGRESS)
        return fd;
    error = errno;
    close(fd);
    errno = error;
    return -1;
}

int
backend_connect_error(int fd)
{
    int error = 0;
    socklen_t len = sizeof(error);

    if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &len) != 0)
        return errno;
    return error;
}
