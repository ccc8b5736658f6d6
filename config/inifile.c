/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The file as lines, and inih over them. inih as packaged hands over values
 * cut at its line limit, cuts names of sections, mentions neither empty
 * sections nor line numbers, and takes an indented line for more of the line
 * before. So this reader looks at each line first: it counts and measures,
 * takes section lines itself, drops comments and indentation, and gives inih
 * one `key = value` at a time. Nothing here owns more than the file's text.
 */
#include "config/inifile.h"

#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <ini.h>

enum {
    ORIGIN_BYTES = 512,
    TEXT_BYTES_FIRST = 16 * 1024,
    /* inih's line buffer: our longest line, newline, NUL, and one to spare
     * so that no line ever looks cut to it. */
    INIH_LINE_BYTES = INIFILE_LINE_MAX + 3,
};

struct reader {
    struct settings *settings;
    struct report *report;
    const char *path;
    const char *at; /* next line */
    const char *end;
    size_t line;             /* number of the line last taken */
    bool has_section;        /* some [section] has been seen */
    struct section *section; /* NULL: none, or its keys are to be skipped */
    char origin_text[ORIGIN_BYTES];
    struct origin origin;
};

/* A line without its end and the blanks around it. */
struct line {
    const char *start;
    size_t len;
};

static bool
is_space(char c)
{
    return c == ' ' || c == '\t' || c == '\r';
}

static bool
next_line(struct reader *reader, struct line *line)
{
    const char *start = reader->at;
    const char *end;

    if (start == reader->end)
        return false;
    end = memchr(start, '\n', (size_t)(reader->end - start));
    reader->at = end != NULL ? end + 1 : reader->end;
    if (end == NULL)
        end = reader->end;
    reader->line++;
    snprintf(reader->origin_text, sizeof(reader->origin_text), "%.400s:%zu",
        reader->path, reader->line);

    while (start < end && is_space(*start))
        start++;
    while (end > start && is_space(end[-1]))
        end--;
    line->start = start;
    line->len = (size_t)(end - start);
    return true;
}

static void
line_error(struct reader *reader, const char *text)
{
    report_error(
        reader->report, SL_CONFIG_SYNTAX, "%s: %s", reader->origin_text, text);
}

/* Cuts "service web" in two; name becomes "" when there is only one word. */
static void
split_section(char *text, const char **kind, const char **name)
{
    char *end = text + strlen(text);

    while (is_space(*text))
        text++;
    while (end > text && is_space(end[-1]))
        *--end = '\0';
    *kind = text;
    text += strcspn(text, " \t");
    if (*text != '\0')
        *text++ = '\0';
    *name = text + strspn(text, " \t");
}

static void
refuse_second_section(struct reader *reader, const struct section *section)
{
    char label[SECTION_LABEL_BYTES];

    section_label(section, label, sizeof(label));
    report_error(reader->report, SL_CONFIG_DUPLICATE,
        "%s: %s was already opened at %s", reader->origin_text, label,
        section->origin);
}

static void
open_section(struct reader *reader, const struct line *line)
{
    char text[INIFILE_LINE_MAX + 1];
    const struct section *last = reader->settings->last;
    const char *kind;
    const char *name;

    reader->has_section = true;
    reader->section = NULL;
    if (line->start[line->len - 1] != ']') {
        line_error(reader,
            "a section is written [NAME], with nothing behind the ']' (a"
            " comment stands on a line of its own)");
        return;
    }
    memcpy(text, line->start + 1, line->len - 2);
    text[line->len - 2] = '\0';
    split_section(text, &kind, &name);
    reader->section = settings_open_section(
        reader->settings, kind, name, &reader->origin, reader->report);
    /* The keys of a second one still count: they are checked, too. */
    if (reader->section != NULL && reader->settings->last == last)
        refuse_second_section(reader, reader->section);
}

/* Is it a line for inih? What is wrong with it has been reported. */
static bool
take_line(struct reader *reader, const struct line *line)
{
    static const char form[] = "neither [section] nor key = value (a value,"
                               " lists too, is written on one line)";
    const char *equals;
    const char *colon;

    if (line->len == 0 || *line->start == ';' || *line->start == '#')
        return false;
    if (line->len > INIFILE_LINE_MAX) {
        report_error(reader->report, SL_CONFIG_SYNTAX,
            "%s: the line has %zu characters, at most %d", reader->origin_text,
            line->len, (int)INIFILE_LINE_MAX);
        return false;
    }
    if (*line->start == '[') {
        open_section(reader, line);
        return false;
    }
    /* inih would cut at a colon, too: [::] without its key, for one. */
    equals = memchr(line->start, '=', line->len);
    colon = memchr(line->start, ':', line->len);
    if (equals == NULL || equals == line->start
        || (colon != NULL && colon < equals)) {
        line_error(reader, form);
        return false;
    }
    if (!reader->has_section)
        line_error(reader, "the key stands before any [section]");
    return reader->section != NULL;
}

/* fgets for inih. */
static char *
read_line(char *out, int cap, void *stream)
{
    struct reader *reader = stream;
    struct line line;

    do {
        if (!next_line(reader, &line))
            return NULL;
    } while (!take_line(reader, &line));

    if (line.len + 2 >= (size_t)cap) {
        line_error(reader, "the line is too long for the INI reader");
        return NULL;
    }
    memcpy(out, line.start, line.len);
    memcpy(out + line.len, "\n", 2);
    return out;
}

static int
take_pair(void *arg, const char *section, const char *key, const char *value)
{
    struct reader *reader = arg;

    (void)section; /* ours is in the reader */
    settings_put(reader->section, key, value, &reader->origin, reader->report);
    return 1;
}

/*
 * Debian builds inih with its options as variables. They belong to the whole
 * process; nothing else in it uses inih, and settings are read by one thread.
 */
static void
set_inih_options(void)
{
    ini_use_stack = true;
    ini_max_line = INIH_LINE_BYTES;
    ini_allow_multiline = false;
    ini_allow_inline_comments = false;
    ini_allow_no_value = false;
    ini_stop_on_first_error = false;
}

int
inifile_parse(struct settings *settings, const char *path, const char *text,
    size_t len, struct report *report)
{
    struct reader reader = {
        .settings = settings,
        .report = report,
        .path = path,
        .at = text,
        .end = text + len,
    };

    reader.origin.text = reader.origin_text;
    reader.origin.rank = RANK_FILE;
    if (memchr(text, '\0', len) != NULL) {
        report_error(report, SL_CONFIG_FILE,
            "%s: holds a NUL byte: it is no text file (save UTF-16 as UTF-8)",
            path);
        return -1;
    }
    if (len >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0)
        reader.at += 3; /* a byte order mark */
    set_inih_options();
    if (ini_parse_stream(read_line, &reader, take_pair, &reader) == 0)
        return 0;
    report_error(
        report, SL_CONFIG_SYNTAX, "%s: the INI library refused it", path);
    return -1;
}

/* errno of a file that failed, with what an administrator has to look at. */
static void
report_unreadable(const char *path, int error, struct report *report)
{
    struct stat info;

    if (error != EACCES || stat(path, &info) < 0) {
        report_error(report, SL_CONFIG_FILE, "%s: cannot be read: %s%s", path,
            strerror(error),
            error == EACCES ? " (a directory above it is closed to us)" : "");
        return;
    }
    report_error(report, SL_CONFIG_FILE,
        "%s: cannot be read: %s (owner uid %lu gid %lu, mode %04o; we are uid"
        " %lu gid %lu): chown or chmod it",
        path, strerror(error), (unsigned long)info.st_uid,
        (unsigned long)info.st_gid, (unsigned int)(info.st_mode & 07777),
        (unsigned long)geteuid(), (unsigned long)getegid());
}

/* A file's text, which grows as it is read: its size is not always known. */
struct text {
    char *bytes;
    size_t len;
    size_t cap;
};

static int
text_grow(struct text *text)
{
    size_t cap = text->cap > 0 ? 2 * text->cap : TEXT_BYTES_FIRST;
    char *bytes = realloc(text->bytes, cap);

    if (bytes == NULL)
        return -1;
    text->bytes = bytes;
    text->cap = cap;
    return 0;
}

/* Reads to the end, or to one byte past what is allowed. 0, or -1 with
 * errno. */
static int
read_whole(struct text *text, int fd)
{
    while (text->len <= INIFILE_BYTES_MAX) {
        ssize_t got;

        if (text->len == text->cap && text_grow(text) < 0)
            return -1;
        got = read(fd, text->bytes + text->len, text->cap - text->len);
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            return (int)got;
        text->len += (size_t)got;
    }
    return 0;
}

static int
read_and_parse(
    struct settings *settings, const char *path, int fd, struct report *report)
{
    struct text text = {.bytes = NULL};
    int result = -1;

    if (read_whole(&text, fd) < 0)
        report_unreadable(path, errno, report);
    else if (text.len > INIFILE_BYTES_MAX)
        report_error(report, SL_CONFIG_FILE, "%s: is longer than %d bytes",
            path, (int)INIFILE_BYTES_MAX);
    else
        result = inifile_parse(settings, path, text.bytes, text.len, report);
    free(text.bytes);
    return result;
}

int
inifile_read(struct settings *settings, const char *path, struct report *report)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    int result;

    if (fd < 0) {
        report_unreadable(path, errno, report);
        return -1;
    }
    result = read_and_parse(settings, path, fd, report);
    close(fd);
    return result;
}
