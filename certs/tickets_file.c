/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Ticket keys that several machines share, out of a file. */
#include <sys/stat.h>

#include <string.h>

#include <wolfssl/options.h>

#include <wolfssl/wolfcrypt/coding.h>
#include <wolfssl/wolfcrypt/types.h>

#include "certs/file.h"
#include "certs/tickets_internal.h"

enum {
    KEY_BYTES_MIN = 32,
    KEY_BYTES_MAX = 128,
};

static const char role[] = "tls.ticket_key_file";

/* The lines that count, one after the other. */
struct lines {
    const char *at;
    size_t left;
    unsigned number;
};

static bool
is_blank(char byte)
{
    return byte == ' ' || byte == '\t' || byte == '\r';
}

/* False at the end. Blanks around a line do not belong to it. */
static bool
next_line(struct lines *lines, const char **line, size_t *len)
{
    while (lines->left > 0) {
        const char *end = memchr(lines->at, '\n', lines->left);
        size_t taken =
            end != NULL ? (size_t)(end - lines->at) + 1 : lines->left;

        *line = lines->at;
        *len = end != NULL ? taken - 1 : taken;
        lines->at += taken;
        lines->left -= taken;
        lines->number++;
        while (*len > 0 && is_blank((*line)[*len - 1]))
            (*len)--;
        while (*len > 0 && is_blank(**line)) {
            (*line)++;
            (*len)--;
        }
        if (*len > 0 && **line != '#')
            return true;
    }
    return false;
}

static size_t
count_lines(const struct blob *content)
{
    struct lines lines = {(const char *)content->data, content->len, 0};
    const char *line;
    size_t len;
    size_t count = 0;

    while (next_line(&lines, &line, &len))
        count++;
    return count;
}

/* Whole groups of four and nothing else: the library passes over blanks and
 * over what is left behind the last group, so that a line that was cut off
 * would become another key than the other machines have. */
static bool
is_base64(const char *line, size_t len)
{
    size_t padding = 0;

    while (padding < 2 && padding < len && line[len - 1 - padding] == '=')
        padding++;
    for (size_t i = 0; i < len - padding; i++) {
        char lower = (char)(line[i] | 0x20);

        if ((lower < 'a' || lower > 'z') && (line[i] < '0' || line[i] > '9')
            && line[i] != '+' && line[i] != '/')
            return false;
    }
    return len % 4 == 0;
}

static int
add_line(struct ticket_ring *ring, size_t index, const char *line, size_t len)
{
    uint8_t key[KEY_BYTES_MAX + 4];
    word32 key_len = sizeof(key);
    int failed = -1;

    if (len <= sizeof(key) / 3 * 4 && is_base64(line, len)
        && Base64_Decode((const byte *)line, (word32)len, key, &key_len) == 0
        && key_len >= KEY_BYTES_MIN && key_len <= KEY_BYTES_MAX)
        failed = ticket_ring_fill(ring, index, key, key_len);
    explicit_bzero(key, sizeof(key));
    return failed;
}

static int
add_lines(struct ticket_ring *ring, const struct blob *content,
    const char *path, struct report *report)
{
    struct lines lines = {(const char *)content->data, content->len, 0};
    const char *line;
    size_t len;

    for (size_t i = 0; next_line(&lines, &line, &len); i++) {
        if (add_line(ring, i, line, len) == 0)
            continue;
        report_error(report, SL_TICKET_FILE,
            "%s %s: line %u is not the base64 of %d to %d bytes; make a key: "
            "openssl rand -base64 48",
            role, path, lines.number, (int)KEY_BYTES_MIN, (int)KEY_BYTES_MAX);
        return -1;
    }
    return 0;
}

static struct ticket_ring *
read_ring(const struct blob *content, const char *path, struct report *report)
{
    size_t count = count_lines(content);
    struct ticket_ring *ring;

    if (count == 0 || count > TICKET_SECRETS_MAX) {
        report_error(report, SL_TICKET_FILE,
            "%s %s: holds %zu keys, 1 to %d are taken; make one: openssl rand "
            "-base64 48",
            role, path, count, (int)TICKET_SECRETS_MAX);
        return NULL;
    }
    ring = ticket_ring_make(count);
    if (ring == NULL) {
        report_error(report, SL_MEMORY, "%s %s: out of memory", role, path);
        return NULL;
    }
    if (add_lines(ring, content, path, report) == 0)
        return ring;
    ticket_ring_unref(ring);
    return NULL;
}

struct ticket_ring *
ticket_ring_load(const char *path, struct report *report)
{
    struct ticket_ring *ring = NULL;
    struct blob content;
    mode_t mode;

    if (file_read(&content, path, role, &mode, report) != 0)
        return NULL;
    if ((mode & S_IROTH) != 0)
        report_error(report, SL_KEY_EXPOSED,
            "%s %s: everybody on this machine can read it (mode %04o), and "
            "with it all resumed sessions; chmod 600 %s",
            role, path, (unsigned)mode, path);
    else
        ring = read_ring(&content, path, report);
    blob_wipe(&content);
    return ring;
}
