/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Opening and keeping listening sockets across reloads. */
#include "proxy/listen_set.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "proxy/listener.h"
#include "proxy/log.h"

/* How many of the first `count` entries have the address. More than one only
 * with port 0, which gives each its own. */
static size_t
count_equal(
    const struct listen_set *set, size_t count, const struct address *address)
{
    size_t equal = 0;

    for (size_t i = 0; i < count; i++)
        equal += address_equal(&set->entries[i].address, address) ? 1 : 0;
    return equal;
}

/* The entry of the address that has `skip` others of it before itself. */
static const struct listen_entry *
find_entry(
    const struct listen_set *set, const struct address *address, size_t skip)
{
    for (size_t i = 0; i < set->count; i++)
        if (address_equal(&set->entries[i].address, address) && skip-- == 0)
            return &set->entries[i];
    return NULL;
}

static bool
is_any(const struct address *address)
{
    if (address->sock.any.sa_family == AF_INET6)
        return IN6_IS_ADDR_UNSPECIFIED(&address->sock.v6.sin6_addr);
    return address->sock.v4.sin_addr.s_addr == htonl(INADDR_ANY);
}

/* Do the two take the same port in part, one of them on all interfaces? */
static bool
overlaps(const struct address *a, const struct address *b)
{
    if (a->sock.any.sa_family != b->sock.any.sa_family
        || (!is_any(a) && !is_any(b)))
        return false;
    if (a->sock.any.sa_family == AF_INET6)
        return a->sock.v6.sin6_port == b->sock.v6.sin6_port;
    return a->sock.v4.sin_port == b->sock.v4.sin_port;
}

/* Is the port of the address in our own hands? */
static bool
overlaps_any(const struct listen_set *set, const struct address *address)
{
    for (size_t i = 0; i < set->count; i++)
        if (overlaps(&set->entries[i].bound, address))
            return true;
    return false;
}

static void
close_fds(int *fds, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (fds[i] >= 0)
            close(fds[i]);
}

static void
read_bound(struct listen_entry *entry)
{
    struct sockaddr_storage bound;
    socklen_t len = sizeof(bound);

    entry->bound = entry->address;
    if (getsockname(entry->fds[0], (struct sockaddr *)&bound, &len) == 0)
        address_from_sockaddr(&entry->bound, (struct sockaddr *)&bound, len);
}

/*
 * An address that an earlier reload gave up, or that a process on its way out
 * still holds, is free a moment later: worth a short wait.
 */
static int
probe_patiently(const struct address *address)
{
    static const struct timespec nap = {0, 20000000};
    int looks = 25;

    while (listener_probe(address) != 0) {
        if (errno != EADDRINUSE || --looks == 0)
            return -1;
        (void)nanosleep(&nap, NULL);
    }
    return 0;
}

/* One socket per worker; the first decides the port where 0 was asked for. A
 * port that we hold ourselves on other interfaces is not probed: that would
 * only find us. */
static int
open_sockets(struct listen_entry *entry, size_t worker_count, bool is_held)
{
    if (!is_held && probe_patiently(&entry->address) != 0)
        return -1;
    for (size_t i = 0; i < worker_count; i++) {
        entry->fds[i] = listener_open(i == 0 ? &entry->address : &entry->bound);
        if (entry->fds[i] < 0)
            return -1;
        if (i == 0)
            read_bound(entry);
    }
    return 0;
}

static void
report_open_error(
    const struct listen_entry *entry, int error, struct report *report)
{
    const char *remedy = "";
    char address[ADDRESS_TEXT_BYTES];

    if (error == EADDRINUSE)
        remedy = "; another process has it: find it with `ss -ltnp`, or choose "
                 "another port";
    else if (error == EACCES)
        remedy = "; ports below 1024 need root or CAP_NET_BIND_SERVICE";
    else if (error == EADDRNOTAVAIL)
        remedy = "; no interface of this machine has that address";
    address_format(&entry->address, address, sizeof(address));
    report_error(report, SL_LISTEN, "cannot listen on %s: %s%s", address,
        strerror(error), remedy);
}

static int
fill_entry(struct listen_entry *entry, const struct listen_entry *kept,
    size_t worker_count, bool is_held, struct report *report)
{
    entry->fds = malloc(worker_count * sizeof(*entry->fds));
    if (entry->fds == NULL) {
        report_error(
            report, SL_MEMORY, "out of memory while opening listen addresses");
        return -1;
    }
    if (kept != NULL) {
        memcpy(entry->fds, kept->fds, worker_count * sizeof(*entry->fds));
        entry->bound = kept->bound;
        return 0;
    }
    for (size_t i = 0; i < worker_count; i++)
        entry->fds[i] = -1;
    entry->is_new = true;
    if (open_sockets(entry, worker_count, is_held) == 0)
        return 0;
    report_open_error(entry, errno, report);
    return -1;
}

static size_t
count_addresses(const struct config *config)
{
    size_t count = 0;

    for (size_t i = 0; i < config->service_count; i++)
        count += config->services[i].listen.count;
    return count;
}

static int
fill_service(struct listen_set *next, const struct listen_set *current,
    const struct config *config, size_t service_index, struct report *report)
{
    const struct address_list *list = &config->services[service_index].listen;

    for (size_t i = 0; i < list->count; i++) {
        struct listen_entry *entry = &next->entries[next->count];
        size_t before = count_equal(next, next->count, &list->items[i]);
        bool is_held = overlaps_any(current, &list->items[i])
                       || overlaps_any(next, &list->items[i]);

        entry->address = list->items[i];
        entry->service_index = service_index;
        next->count++;
        if (fill_entry(entry, find_entry(current, &entry->address, before),
                next->worker_count, is_held, report)
            != 0)
            return -1;
    }
    return 0;
}

int
listen_set_prepare(struct listen_set *next, const struct listen_set *current,
    const struct snapshot *snapshot, struct report *report)
{
    const struct config *config = snapshot->config;
    size_t count;

    *next = (struct listen_set){.worker_count = current->worker_count};
    count = count_addresses(config);
    next->entries = calloc(count > 0 ? count : 1, sizeof(*next->entries));
    if (next->entries == NULL) {
        report_error(
            report, SL_MEMORY, "out of memory while opening listen addresses");
        return -1;
    }
    for (size_t i = 0; i < config->service_count; i++) {
        if (snapshot->services[i].mode == SERVICE_WAITING)
            continue;
        if (fill_service(next, current, config, i, report) != 0) {
            listen_set_roll_back(next);
            return -1;
        }
    }
    return 0;
}

void
listen_set_fill_view(
    const struct listen_set *set, size_t worker_index, struct view *view)
{
    for (size_t i = 0; i < set->count; i++) {
        struct view_listen *listen = &view->listens[i];

        listen->fd = set->entries[i].fds[worker_index];
        listen->service_index = set->entries[i].service_index;
        listen->address = set->entries[i].bound;
    }
    view->listen_count = set->count;
}

void
listen_set_roll_back(struct listen_set *next)
{
    for (size_t i = 0; i < next->count; i++)
        if (next->entries[i].is_new && next->entries[i].fds != NULL)
            close_fds(next->entries[i].fds, next->worker_count);
    listen_set_forget(next);
}

void
listen_set_forget(struct listen_set *set)
{
    for (size_t i = 0; i < set->count; i++)
        free(set->entries[i].fds);
    free(set->entries);
    *set = (struct listen_set){.worker_count = set->worker_count};
}

void
listen_set_log(
    const struct listen_set *set, const struct config *config, bool only_new)
{
    for (size_t i = 0; i < set->count; i++) {
        const struct listen_entry *entry = &set->entries[i];
        char address[ADDRESS_TEXT_BYTES];
        struct log_line line;

        if (only_new && !entry->is_new)
            continue;
        address_format(&entry->bound, address, sizeof(address));
        log_begin(&line, LOG_LEVEL_INFO, "listening");
        log_put_string(
            &line, "service", config->services[entry->service_index].name);
        log_put_string(&line, "address", address);
        log_end(&line);
    }
}
