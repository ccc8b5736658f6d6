/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Building and releasing a worker's share of a snapshot. */
#include "proxy/view.h"

#include <stdlib.h>

static void
view_free(struct view *view)
{
    for (size_t i = 0; i < view->service_count; i++)
        context_free(view->services[i].context);
    free(view->services);
    free(view->listens);
    snapshot_unref(view->snapshot);
    free(view);
}

static int
build_services(
    struct view *view, struct ticket_ring *const *ring, struct report *report)
{
    const struct config *config = view->snapshot->config;

    for (size_t i = 0; i < config->service_count; i++) {
        struct view_service *service = &view->services[i];

        service->config = &config->services[i];
        service->context = context_new(view->snapshot, i, ring, report);
        if (service->context == NULL)
            return -1;
        backend_set_init(&service->backends, &service->config->backend);
        view->service_count++;
    }
    return 0;
}

struct view *
view_new(struct snapshot *snapshot, struct ticket_ring *const *ring,
    size_t listen_count, struct report *report)
{
    struct view *view = calloc(1, sizeof(*view));

    if (view == NULL)
        goto no_memory;
    view->refs = 1;
    view->snapshot = snapshot_ref(snapshot);
    view->services =
        calloc(snapshot->config->service_count, sizeof(*view->services));
    view->listens = calloc(listen_count, sizeof(*view->listens));
    if (view->services == NULL || view->listens == NULL)
        goto no_memory;
    if (build_services(view, ring, report) == 0)
        return view;
    view_free(view);
    return NULL;

no_memory:
    report_error(report, SL_MEMORY, "out of memory while preparing a worker");
    if (view != NULL)
        view_free(view);
    return NULL;
}

struct view *
view_ref(struct view *view)
{
    view->refs++;
    return view;
}

void
view_unref(struct view *view)
{
    if (view != NULL && --view->refs == 0)
        view_free(view);
}
