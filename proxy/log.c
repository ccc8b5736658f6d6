/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Log lines and their sink. The sink's descriptor is one atomic: a reload or
 * a rotation opens the new file and puts it in the old one's place with dup3,
 * so a worker that is about to write never meets a closed descriptor.
 */
#include "proxy/log.h"

#include <sys/socket.h>
#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "proxy/json.h"

/* Room kept for what log_end appends. */
enum {
    LINE_TAIL_BYTES = 64
};

static atomic_int sink_fd = STDERR_FILENO;
static atomic_bool sink_is_socket;
static atomic_bool sink_may_block;
/* Then: from looking for room to using it. */
static pthread_mutex_t sink_turn = PTHREAD_MUTEX_INITIALIZER;
static atomic_int sink_level = LOG_LEVEL_INFO;
static atomic_bool sink_is_json;
static atomic_ullong lost_lines;

/* Main thread only: where the sink points, NULL for stderr. */
static char *sink_path;

static const char *const level_names[] = {
    [LOG_LEVEL_ERROR] = "error",
    [LOG_LEVEL_WARN] = "warn",
    [LOG_LEVEL_INFO] = "info",
    [LOG_LEVEL_DEBUG] = "debug",
};

/*
 * A descriptor for stderr that may be made non-blocking without changing the
 * mode of the terminal or pipe that other processes share: a fresh open of
 * the same object. Sockets cannot be opened so; they take MSG_DONTWAIT. Nor
 * can what belongs to another user, as a container's pipe does: there we look
 * for room before each line.
 */
static int
open_stderr(void)
{
    struct stat st;
    int fd;

    atomic_store(&sink_is_socket, false);
    atomic_store(&sink_may_block, false);
    if (fstat(STDERR_FILENO, &st) != 0)
        return open("/dev/null", O_WRONLY | O_CLOEXEC);
    if (S_ISSOCK(st.st_mode)) {
        atomic_store(&sink_is_socket, true);
        return fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 3);
    }
    fd = open("/proc/self/fd/2",
        O_WRONLY | O_APPEND | O_NONBLOCK | O_CLOEXEC | O_NOCTTY);
    if (fd >= 0)
        return fd;
    atomic_store(&sink_may_block, true);
    return fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 3);
}

static int
open_file(const char *path, struct report *report)
{
    int fd = open(path,
        O_WRONLY | O_APPEND | O_CREAT | O_NONBLOCK | O_CLOEXEC | O_NOCTTY,
        0640);

    if (fd < 0)
        report_error(report, SL_LOG_OUTPUT,
            "cannot open the log %s: %s; create its folder or set log.output",
            path, strerror(errno));
    return fd;
}

/* Puts fd in the sink's place; consumes fd. */
static void
install_fd(int fd)
{
    int current = atomic_load(&sink_fd);

    if (current <= STDERR_FILENO) {
        atomic_store(&sink_fd, fd);
        return;
    }
    (void)dup3(fd, current, O_CLOEXEC);
    close(fd);
}

static int
open_sink(const char *path, struct report *report)
{
    int fd;

    if (path == NULL) {
        fd = open_stderr();
        if (fd < 0)
            report_error(report, SL_LOG_OUTPUT,
                "cannot duplicate stderr for the log: %s", strerror(errno));
    } else {
        fd = open_file(path, report);
        if (fd >= 0) {
            atomic_store(&sink_is_socket, false);
            atomic_store(&sink_may_block, false);
        }
    }
    if (fd < 0)
        return -1;
    install_fd(fd);
    return 0;
}

int
log_open(const struct config_log *config, struct report *report)
{
    const char *path =
        strcmp(config->output, "stderr") == 0 ? NULL : config->output;
    char *copy = NULL;

    if (path != NULL && (copy = strdup(path)) == NULL) {
        report_error(report, SL_MEMORY, "out of memory while opening the log");
        return -1;
    }
    if (open_sink(path, report) != 0) {
        free(copy);
        return -1;
    }
    free(sink_path);
    sink_path = copy;
    atomic_store(&sink_level, (int)config->level);
    atomic_store(&sink_is_json, config->format == LOG_FORMAT_JSON);
    return 0;
}

int
log_reconfigure(const struct config_log *config, struct report *report)
{
    return log_open(config, report);
}

int
log_reopen(struct report *report)
{
    if (sink_path == NULL)
        return 0;
    return open_sink(sink_path, report);
}

void
log_close(void)
{
    int fd = atomic_exchange(&sink_fd, STDERR_FILENO);

    if (fd > STDERR_FILENO)
        close(fd);
    free(sink_path);
    sink_path = NULL;
}

bool
log_is_wanted(enum log_level level)
{
    return (int)level
           <= atomic_load_explicit(&sink_level, memory_order_relaxed);
}

static void
put_raw(struct log_line *line, const char *text, size_t len)
{
    size_t room = sizeof(line->text) - LINE_TAIL_BYTES - line->len;

    if (len > room)
        len = room;
    memcpy(line->text + line->len, text, len);
    line->len += len;
}

static void
put_text(struct log_line *line, const char *text)
{
    put_raw(line, text, strlen(text));
}

/* One byte as it stands inside a quoted value: JSON knows \u00NN, logfmt gets
 * \xNN; both keep quotes and backslashes apart. */
static size_t
escape(char out[JSON_ESCAPE_BYTES], char byte, bool is_json)
{
    unsigned char code = (unsigned char)byte;

    if (is_json || (code >= 0x20 && code <= 0x7e))
        return json_escape(out, byte);
    return (size_t)snprintf(out, JSON_ESCAPE_BYTES, "\\x%02x", code);
}

static void
put_escaped(struct log_line *line, const char *value)
{
    for (const char *at = value; *at != '\0'; at++) {
        char escaped[JSON_ESCAPE_BYTES];

        if (sizeof(line->text) - LINE_TAIL_BYTES - line->len < sizeof(escaped))
            return;
        put_raw(line, escaped, escape(escaped, *at, line->is_json));
    }
}

static bool
needs_quotes(const char *value)
{
    if (*value == '\0')
        return true;
    for (const char *at = value; *at != '\0'; at++) {
        unsigned char c = (unsigned char)*at;

        if (c <= ' ' || c > 0x7e || c == '"' || c == '\\' || c == '=')
            return true;
    }
    return false;
}

/* A field that cannot begin is left out whole, so that a line which ran full
 * still parses. */
static bool
has_room_for(const struct log_line *line, const char *key)
{
    return strlen(key) + 32 < sizeof(line->text) - LINE_TAIL_BYTES - line->len;
}

static void
put_key(struct log_line *line, const char *key)
{
    if (line->is_json) {
        put_raw(line, ",\"", 2);
        put_text(line, key);
        put_raw(line, "\":", 2);
        return;
    }
    put_raw(line, " ", 1);
    put_text(line, key);
    put_raw(line, "=", 1);
}

static void
format_now(char out[32])
{
    struct timespec now;
    struct tm utc;
    size_t len;

    clock_gettime(CLOCK_REALTIME, &now);
    gmtime_r(&now.tv_sec, &utc);
    len = strftime(out, 32, "%Y-%m-%dT%H:%M:%S", &utc);
    (void)snprintf(out + len, 32 - len, ".%03ldZ", now.tv_nsec / 1000000);
}

void
log_begin(struct log_line *line, enum log_level level, const char *event)
{
    char now[32];

    line->len = 0;
    line->is_wanted = log_is_wanted(level);
    if (!line->is_wanted)
        return;
    line->is_json = atomic_load_explicit(&sink_is_json, memory_order_relaxed);
    format_now(now);
    if (line->is_json) {
        put_text(line, "{\"ts\":\"");
        put_text(line, now);
        put_text(line, "\",\"level\":\"");
        put_text(line, level_names[level]);
        put_text(line, "\"");
    } else {
        put_text(line, now);
        put_text(line, " ");
        put_text(line, level_names[level]);
    }
    log_put_string(line, "event", event);
}

void
log_put_string(struct log_line *line, const char *key, const char *value)
{
    bool quotes;

    if (!line->is_wanted || value == NULL || !has_room_for(line, key))
        return;
    put_key(line, key);
    quotes = line->is_json || needs_quotes(value);
    if (quotes)
        put_raw(line, "\"", 1);
    put_escaped(line, value);
    if (quotes && line->len < sizeof(line->text))
        line->text[line->len++] = '"'; /* the tail's room: never cut off */
}

void
log_put_int(struct log_line *line, const char *key, int64_t value)
{
    char digits[24];

    if (!line->is_wanted || !has_room_for(line, key))
        return;
    (void)snprintf(digits, sizeof(digits), "%" PRId64, value);
    put_key(line, key);
    put_text(line, digits);
}

/* A line is shorter than PIPE_BUF: a pipe with any room has room for it. */
_Static_assert(LOG_LINE_BYTES <= PIPE_BUF, "a line is written at once");

static ssize_t
write_if_room(int fd, const char *text, size_t len)
{
    struct pollfd sink = {.fd = fd, .events = POLLOUT};
    ssize_t written = -1;

    pthread_mutex_lock(&sink_turn);
    if (poll(&sink, 1, 0) > 0)
        written = write(fd, text, len);
    else
        errno = EAGAIN;
    pthread_mutex_unlock(&sink_turn);
    return written;
}

static ssize_t
write_now(const char *text, size_t len)
{
    int fd = atomic_load_explicit(&sink_fd, memory_order_relaxed);

    if (atomic_load_explicit(&sink_is_socket, memory_order_relaxed))
        return send(fd, text, len, MSG_DONTWAIT | MSG_NOSIGNAL);
    if (atomic_load_explicit(&sink_may_block, memory_order_relaxed))
        return write_if_room(fd, text, len);
    return write(fd, text, len);
}

/* True when the line went out whole. */
static bool
write_line(const char *text, size_t len)
{
    ssize_t written;

    do {
        written = write_now(text, len);
    } while (written < 0 && errno == EINTR);
    return written == (ssize_t)len;
}

static void
put_lost(struct log_line *line, unsigned long long lost)
{
    char text[48];
    int len = snprintf(text, sizeof(text),
        line->is_json ? ",\"lost_lines\":%llu" : " lost_lines=%llu", lost);

    memcpy(line->text + line->len, text, (size_t)len);
    line->len += (size_t)len;
}

void
log_end(struct log_line *line)
{
    unsigned long long lost;

    if (!line->is_wanted)
        return;
    lost = atomic_exchange_explicit(&lost_lines, 0, memory_order_relaxed);
    if (lost > 0)
        put_lost(line, lost);
    if (line->is_json)
        line->text[line->len++] = '}';
    line->text[line->len++] = '\n';
    if (!write_line(line->text, line->len))
        atomic_fetch_add_explicit(&lost_lines, lost + 1, memory_order_relaxed);
}

void
log_report(const struct report *report)
{
    static const enum log_level levels[] = {
        [SEVERITY_NOTE] = LOG_LEVEL_INFO,
        [SEVERITY_WARNING] = LOG_LEVEL_WARN,
        [SEVERITY_ERROR] = LOG_LEVEL_ERROR,
    };

    for (size_t i = 0; i < report->count; i++) {
        struct log_line line;

        log_begin(&line, levels[report->items[i].severity], "finding");
        log_put_string(&line, "code", guide_text(report->items[i].code));
        log_put_string(&line, "text", report->items[i].text);
        log_end(&line);
    }
    if (report->lost_count > 0) {
        struct log_line line;

        log_begin(&line, LOG_LEVEL_INFO, "finding");
        log_put_string(&line, "text", "further findings are not listed");
        log_put_int(&line, "count", (int64_t)report->lost_count);
        log_end(&line);
    }
}
