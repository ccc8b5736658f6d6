/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Building and releasing a worker's share of a snapshot. */
#include "proxy/view.h"

#include <stdlib.h>

#include "proxy/log.h"

static void
free_contexts(const struct view *view, struct view_service *service)
{
    for (size_t i = 0;
         service->contexts != NULL && i < view->snapshot->identity_count; i++)
        context_free(service->contexts[i]);
    free(service->contexts);
}

static void
view_free(struct view *view)
{
    for (size_t i = 0; i < view->service_count; i++) {
        free_contexts(view, &view->services[i]);
        census_table_unref(view->services[i].census);
    }
    free(view->services);
    free(view->listens);
    snapshot_unref(view->snapshot);
    free(view);
}

static struct context *
make_context(struct view *view, size_t service_index, uint32_t identity_index,
    struct report *report)
{
    struct context **slot =
        &view->services[service_index].contexts[identity_index];

    if (*slot == NULL)
        *slot = context_new(
            view->snapshot, service_index, identity_index, view->ring, report);
    return *slot;
}

struct context *
view_context(struct view *view, size_t service_index, uint32_t identity_index)
{
    struct context *context =
        view->services[service_index].contexts[identity_index];
    struct report report;

    if (context != NULL)
        return context;
    report_init(&report);
    context = make_context(view, service_index, identity_index, &report);
    log_report(&report);
    report_deinit(&report);
    return context;
}

static int
build_service(struct view *view, size_t index, struct report *report)
{
    const struct snapshot *snapshot = view->snapshot;
    struct view_service *service = &view->services[index];

    service->config = &snapshot->config->services[index];
    service->snapshot = &snapshot->services[index];
    service->contexts =
        calloc(snapshot->identity_count, sizeof(struct context *));
    if (service->contexts == NULL) {
        report_error(
            report, SL_MEMORY, "out of memory while preparing a worker");
        return -1;
    }
    backend_set_init(&service->backends, &service->config->backend);
    if (service->snapshot->mode != SERVICE_TLS)
        return 0;
    return make_context(view, index, service->snapshot->first, report) != NULL
               ? 0
               : -1;
}

static int
build_services(struct view *view, struct report *report)
{
    size_t count = view->snapshot->config->service_count;

    view->service_count = count;
    for (size_t i = 0; i < count; i++)
        if (build_service(view, i, report) != 0)
            return -1;
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
    view->ring = ring;
    view->snapshot = snapshot_ref(snapshot);
    view->services =
        calloc(snapshot->config->service_count, sizeof(*view->services));
    view->listens = calloc(listen_count, sizeof(*view->listens));
    if (view->services == NULL || view->listens == NULL)
        goto no_memory;
    if (build_services(view, report) == 0)
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
