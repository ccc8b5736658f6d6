/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Keeping a worker's listeners in step with its view. */
#include "proxy/listeners.h"

#include <unistd.h>

#include "proxy/log.h"
#include "proxy/session.h"

void
listeners_init(struct listeners *listeners, struct session_host *host)
{
    listeners->host = host;
    TAILQ_INIT(&listeners->list);
}

static struct listener *
find_listener(struct listeners *listeners, int fd)
{
    struct listener *listener;

    TAILQ_FOREACH(listener, &listeners->list, entry)
    {
        if (listener->fd == fd)
            return listener;
    }
    return NULL;
}

static void
start_listener(struct listeners *listeners, const struct view_listen *listen)
{
    struct listener *listener =
        listener_new(listeners->host, listen->fd, listen->service_index);
    struct log_line line;

    if (listener != NULL) {
        TAILQ_INSERT_TAIL(&listeners->list, listener, entry);
        return;
    }
    log_begin(&line, LOG_LEVEL_ERROR, "finding");
    log_put_string(&line, "text", "out of memory: one worker does not listen");
    log_end(&line);
    close(listen->fd);
}

static void
retire(struct listeners *listeners, struct listener *listener)
{
    listener_take_queue(listener);
    TAILQ_REMOVE(&listeners->list, listener, entry);
    listener_free(listener);
}

static bool
is_named(const struct view *view, int fd)
{
    for (size_t i = 0; i < view->listen_count; i++)
        if (view->listens[i].fd == fd)
            return true;
    return false;
}

static void
retire_unnamed(struct listeners *listeners, const struct view *view)
{
    struct listener *listener = TAILQ_FIRST(&listeners->list);

    while (listener != NULL) {
        struct listener *next = TAILQ_NEXT(listener, entry);

        if (!is_named(view, listener->fd))
            retire(listeners, listener);
        listener = next;
    }
}

/* Then clients speak first. */
static bool
always_speaks_tls(const struct view_service *service)
{
    return service->snapshot->mode == SERVICE_TLS
           && service->config->required_level != LEVEL_NONE;
}

void
listeners_adopt(struct listeners *listeners, struct view *view)
{
    retire_unnamed(listeners, view);
    view_unref(listeners->host->view);
    listeners->host->view = view;
    for (size_t i = 0; i < view->listen_count; i++) {
        const struct view_listen *listen = &view->listens[i];
        struct listener *listener = find_listener(listeners, listen->fd);

        listener_set_defer(listen->fd,
            always_speaks_tls(&view->services[listen->service_index]));
        if (listener != NULL)
            listener->service_index = listen->service_index;
        else
            start_listener(listeners, listen);
    }
}

void
listeners_retire(struct listeners *listeners)
{
    struct listener *listener;

    while ((listener = TAILQ_FIRST(&listeners->list)) != NULL)
        retire(listeners, listener);
}

void
listeners_close(struct listeners *listeners)
{
    struct listener *listener;

    while ((listener = TAILQ_FIRST(&listeners->list)) != NULL) {
        TAILQ_REMOVE(&listeners->list, listener, entry);
        listener_free(listener);
    }
}

void
listeners_wake(struct listeners *listeners)
{
    struct listener *listener;

    TAILQ_FOREACH(listener, &listeners->list, entry)
    listener_wake(listener);
}
