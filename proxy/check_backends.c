/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Does somebody answer at the backends? All are asked at once, so that many
 * that are silent take no longer than one. */
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "proxy/backend.h"
#include "proxy/check_state.h"
#include "proxy/clock.h"

enum {
    PATIENCE_MAX_MS = 2000,
    BATCH = 256, /* connections at once: descriptors are limited */
};

struct probe_entry {
    const struct config_service *service;
    const struct address *address;
    int64_t deadline_ms;
    int fd;    /* -1 once it is decided */
    int error; /* 0: somebody answered */
};

/* --- asking -------------------------------------------------------------- */

static void
begin_probe(struct probe_entry *probe, int64_t now_ms)
{
    int64_t patience = probe->service->timeouts.connect_ms;

    if (patience <= 0 || patience > PATIENCE_MAX_MS)
        patience = PATIENCE_MAX_MS;
    probe->deadline_ms = now_ms + patience;
    probe->fd = backend_connect(probe->address);
    probe->error = probe->fd < 0 ? errno : ETIMEDOUT;
}

static void
end_probe(struct probe_entry *probe, int error)
{
    close(probe->fd);
    probe->fd = -1;
    probe->error = error;
}

/* Fills the list for poll(); how long to wait, or -1: nobody is left. */
static int
prepare_poll(const struct probe_entry *probes, struct pollfd *polls,
    size_t count, int64_t now_ms)
{
    int wait_ms = -1;

    for (size_t i = 0; i < count; i++) {
        int64_t left = probes[i].deadline_ms - now_ms;

        polls[i] = (struct pollfd){.fd = probes[i].fd, .events = POLLOUT};
        if (probes[i].fd < 0)
            continue;
        if (left < 0)
            left = 0;
        if (wait_ms < 0 || left < wait_ms)
            wait_ms = (int)left;
    }
    return wait_ms;
}

static void
run_batch(struct probe_entry *probes, size_t count)
{
    struct pollfd polls[BATCH];
    int64_t now_ms = clock_now_us() / 1000;
    int wait_ms;

    for (size_t i = 0; i < count; i++)
        begin_probe(&probes[i], now_ms);
    while ((wait_ms = prepare_poll(probes, polls, count, now_ms)) >= 0) {
        int ready = poll(polls, (nfds_t)count, wait_ms);

        now_ms = clock_now_us() / 1000;
        for (size_t i = 0; i < count; i++) {
            if (probes[i].fd < 0)
                continue;
            if (ready > 0 && polls[i].revents != 0)
                end_probe(&probes[i], backend_connect_error(probes[i].fd));
            else if (now_ms >= probes[i].deadline_ms)
                end_probe(&probes[i], ETIMEDOUT);
        }
    }
}

/* --- telling ------------------------------------------------------------- */

static void
add_row(struct check *check, const struct probe_entry *probe, bool has_other)
{
    struct check_row row = {
        CHECK_SERVICE, probe->service->name, "backend", CHECK_OK, SL_NONE, ""};
    char address[ADDRESS_TEXT_BYTES];

    address_format(probe->address, address, sizeof(address));
    if (probe->error == 0) {
        check_add_row(check, &row, "%s", address);
        return;
    }
    row.outcome = has_other ? CHECK_OK : CHECK_WARNING;
    row.code = has_other ? SL_NONE : SL_BACKEND_DOWN;
    check_add_row(check, &row, "%s: %s%s", address, strerror(probe->error),
        has_other ? "; another one answers" : "");
    if (has_other)
        report_note(&check->report,
            "service %s: backend %s does not answer: %s; another one does",
            row.subject, address, strerror(probe->error));
}

/* The probes of one service. */
static void
tell(struct check *check, const struct probe_entry *probes, size_t count)
{
    bool has_answer = false;
    char address[ADDRESS_TEXT_BYTES];

    for (size_t i = 0; i < count; i++)
        has_answer = has_answer || probes[i].error == 0;
    for (size_t i = 0; i < count; i++)
        add_row(check, &probes[i], has_answer);
    if (has_answer || count == 0)
        return;
    address_format(probes[0].address, address, sizeof(address));
    report_warning(&check->report, SL_BACKEND_DOWN,
        "service %s: backend %s%s does not answer: %s; start it, or correct "
        "service.backend",
        probes[0].service->name, address, count > 1 ? ", as the others," : "",
        strerror(probes[0].error));
}

/* --- all of them --------------------------------------------------------- */

static size_t
count_backends(const struct config *config)
{
    size_t count = 0;

    for (size_t i = 0; i < config->service_count; i++)
        count += config->services[i].backend.count;
    return count;
}

static void
fill(struct probe_entry *probes, const struct config *config)
{
    size_t at = 0;

    for (size_t i = 0; i < config->service_count; i++) {
        const struct config_service *service = &config->services[i];

        for (size_t k = 0; k < service->backend.count; k++) {
            probes[at].service = service;
            probes[at++].address = &service->backend.items[k];
        }
    }
}

void
check_backends(struct check *check)
{
    const struct config *config = check->config;
    size_t count = count_backends(config);
    struct probe_entry *probes = calloc(count > 0 ? count : 1, sizeof(*probes));
    size_t at = 0;

    if (probes == NULL) {
        report_error(&check->report, SL_MEMORY, "out of memory");
        return;
    }
    fill(probes, config);
    for (size_t i = 0; i < count; i += BATCH)
        run_batch(probes + i, count - i < BATCH ? count - i : BATCH);
    for (size_t i = 0; i < config->service_count; i++) {
        tell(check, probes + at, config->services[i].backend.count);
        at += config->services[i].backend.count;
    }
    free(probes);
}
