/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Two small files of lines, read word by word. */
#include "proxy/name_servers.h"

#include <arpa/inet.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum {
    FILE_BYTES_MAX = 256 * 1024,
    ADDRESS_BYTES = 128, /* of an address in text, with brackets and port */
};

static const char blanks[] = " \t\r";

/* Takes a line and what it is to be added to. */
typedef void line_fn(char *line, void *arg);

static void
take_lines(char *text, line_fn *take, void *arg)
{
    char *rest = NULL;

    for (char *line = strtok_r(text, "\n", &rest); line != NULL;
         line = strtok_r(NULL, "\n", &rest)) {
        line[strcspn(line, "#")] = '\0';
        take(line, arg);
    }
}

/* It may have been cut: half an address is another one. */
static void
drop_last_line(char *text)
{
    char *end = strrchr(text, '\n');

    *(end != NULL ? end : text) = '\0';
}

static void
read_lines(const char *path, line_fn *take, void *arg)
{
    size_t len;
    char *text = malloc(FILE_BYTES_MAX + 1);
    FILE *file = text != NULL ? fopen(path, "re") : NULL;

    if (file != NULL) {
        len = fread(text, 1, FILE_BYTES_MAX, file);
        text[len] = '\0';
        (void)fclose(file);
        if (len == FILE_BYTES_MAX)
            drop_last_line(text);
        take_lines(text, take, arg);
    }
    free(text);
}

static int
parse_host(struct address *address, const char *host, unsigned port)
{
    bool is_v6 = strchr(host, ':') != NULL;
    char text[ADDRESS_BYTES];
    char why[128];

    if ((size_t)snprintf(
            text, sizeof(text), is_v6 ? "[%s]:%u" : "%s:%u", host, port)
        >= sizeof(text))
        return -1;
    return address_parse(address, text, why, sizeof(why));
}

/* --- servers ------------------------------------------------------------- */

static void
take_server(char *line, void *arg)
{
    struct name_servers *servers = arg;
    char *rest = NULL;
    const char *word = strtok_r(line, blanks, &rest);
    const char *host = strtok_r(NULL, blanks, &rest);

    if (word == NULL || host == NULL || strcmp(word, "nameserver") != 0
        || servers->count == NAME_SERVERS_MAX)
        return;
    if (parse_host(&servers->items[servers->count], host, NAME_SERVER_PORT)
        == 0)
        servers->count++;
}

void
name_servers_read(struct name_servers *servers, const char *path)
{
    servers->count = 0;
    read_lines(path, take_server, servers);
    if (servers->count == 0
        && parse_host(&servers->items[0], "127.0.0.1", NAME_SERVER_PORT) == 0)
        servers->count = 1;
}

/* --- hosts --------------------------------------------------------------- */

struct hosts_search {
    const char *name;
    size_t name_len;
    struct address *out;
    size_t cap;
    size_t count;
};

/* The port is set later: address_parse knows none that is 0. */
static void
add_host(struct hosts_search *search, const char *host)
{
    struct address *address = &search->out[search->count];

    if (search->count == search->cap || parse_host(address, host, 1) != 0)
        return;
    if (address->sock.any.sa_family == AF_INET)
        address->sock.v4.sin_port = 0;
    else
        address->sock.v6.sin6_port = 0;
    search->count++;
}

static void
take_host(char *line, void *arg)
{
    struct hosts_search *search = arg;
    char *rest = NULL;
    const char *host = strtok_r(line, blanks, &rest);
    const char *word;

    if (host == NULL)
        return;
    while ((word = strtok_r(NULL, blanks, &rest)) != NULL) {
        if (strlen(word) != search->name_len
            || strncasecmp(word, search->name, search->name_len) != 0)
            continue;
        add_host(search, host);
        return;
    }
}

size_t
hosts_find(const char *path, const char *name, struct address *out, size_t cap)
{
    struct hosts_search search = {
        .name = name,
        .name_len = strlen(name),
        .out = out,
        .cap = cap,
    };

    if (search.name_len > 0 && name[search.name_len - 1] == '.')
        search.name_len--;
    read_lines(path, take_host, &search);
    return search.count;
}
