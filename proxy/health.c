/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One probe per service, and a line in the status words of what came back. */
#include "proxy/health.h"

#include <arpa/inet.h>
#include <sys/socket.h>
#include <sys/time.h>

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "certs/probe.h"
#include "certs/snapshot.h"
#include "certs/status.h"
#include "proxy/options.h"

enum {
    PROBE_SECONDS = 5
};

/* Where to reach an address that may mean "any": the loopback. */
static struct address
reachable(const struct address *listen)
{
    struct address address = *listen;

    if (address.sock.any.sa_family == AF_INET
        && address.sock.v4.sin_addr.s_addr == htonl(INADDR_ANY))
        address.sock.v4.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (address.sock.any.sa_family == AF_INET6
        && IN6_IS_ADDR_UNSPECIFIED(&address.sock.v6.sin6_addr))
        address.sock.v6.sin6_addr = in6addr_loopback;
    return address;
}

/* A blocking connection whose every wait is bounded; -1 with errno. */
static int
connect_bounded(const struct address *address)
{
    struct timeval patience = {.tv_sec = PROBE_SECONDS, .tv_usec = 0};
    int fd = socket(address->sock.any.sa_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    int error;

    if (fd < 0)
        return -1;
    (void)setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
    (void)setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience));
    if (connect(fd, &address->sock.any, address->len) == 0)
        return fd;
    error = errno;
    close(fd);
    errno = error;
    return -1;
}

/* The name that the service's first certificate must cover; "" for any. */
static const char *
expected_name(const struct config *config, const struct config_service *service)
{
    if (service->certificates.count == 0)
        return "";
    return config_find_certificate(config, service->certificates.items[0])
        ->server_name;
}

static int
print_probe(const struct config *config, const struct config_service *service,
    const char *where, const struct probe *probe)
{
    const char *server_name = expected_name(config, service);
    char words[STATUS_BYTES];

    if (!probe->has_leaf) {
        (void)printf("%s %s Unsecured: no TLS certificate came back: %s\n",
            service->name, where, probe->failure);
        return EXIT_ERROR;
    }
    status_words_until(server_name[0] != '\0' ? server_name : probe->name,
        probe->not_after, time(NULL), config->reload.warn_days, words);
    (void)printf("%s %s %s, serial %s\n", service->name, where, words,
        probe->leaf.serial);
    return EXIT_GOOD;
}

static int
probe_service(const struct config *config, const struct config_service *service)
{
    const char *server_name = expected_name(config, service);
    struct address address = reachable(&service->listen.items[0]);
    char where[ADDRESS_TEXT_BYTES];
    struct probe probe;
    int fd = connect_bounded(&address);

    address_format(&address, where, sizeof(where));
    if (fd < 0) {
        (void)printf("%s %s Unsecured: nobody listens: %s\n", service->name,
            where, strerror(errno));
        return EXIT_ERROR;
    }
    probe_server(fd, server_name, &probe);
    close(fd);
    return print_probe(config, service, where, &probe);
}

static int
probe_all(const struct config *config)
{
    int exit_code = EXIT_GOOD;

    for (size_t i = 0; i < config->service_count; i++)
        if (probe_service(config, &config->services[i]) != EXIT_GOOD)
            exit_code = EXIT_ERROR;
    return exit_code;
}

int
health_run(const struct config_source *source)
{
    struct config *config;
    struct report report;
    int exit_code;

    report_init(&report);
    config = config_load(source, &report);
    if (config == NULL || certs_init() != 0) {
        (void)fprintf(
            stderr, "sidelock: error: %s\n", report_first_error(&report));
        config_free(config);
        report_deinit(&report);
        return EXIT_ERROR;
    }
    exit_code = probe_all(config);
    config_free(config);
    report_deinit(&report);
    certs_deinit();
    return exit_code;
}
