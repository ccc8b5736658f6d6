/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Whatever a peer sends, a log line parses strictly, as JSON or as logfmt,
 * and gives back what was put in; at most its end is missing.
 */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "proxy/log.h"

enum {
    FIELDS_MAX = 16,
    VALUE_BYTES = 2 * LOG_LINE_BYTES,
    RANDOM_LINES = 2000,
};

static char path[] = "/tmp/sidelock-lines-XXXXXX";
static int fd = -1;

/* The last line that was written, taken apart. */
struct field {
    char key[32];
    char value[VALUE_BYTES];
    bool is_number;
};

static struct {
    char text[LOG_LINE_BYTES + 1];
    size_t len;
    const char *at;
    struct field fields[FIELDS_MAX];
    size_t count;
} line;

/* --- writing ------------------------------------------------------------- */

static void
open_log(enum log_format format)
{
    struct config_log config = {
        .level = LOG_LEVEL_INFO, .format = format, .output = path};
    struct report report;

    report_init(&report);
    assert_int_equal(log_open(&config, &report), 0);
    report_deinit(&report);
    assert_int_equal(ftruncate(fd, 0), 0);
}

static void
read_line(void)
{
    ssize_t len = pread(fd, line.text, sizeof(line.text), 0);

    assert_in_range(len, 1, LOG_LINE_BYTES);
    line.len = (size_t)len;
    line.text[len] = '\0';
    assert_int_equal(strlen(line.text), line.len);
    assert_ptr_equal(strchr(line.text, '\n'), line.text + line.len - 1);
    line.text[--line.len] = '\0';
    assert_int_equal(ftruncate(fd, 0), 0);
}

/* --- parsing, strictly --------------------------------------------------- */

static void
expect(char c)
{
    if (*line.at != c)
        fail_msg("no '%c' at \"%.20s\" of %s", c, line.at, line.text);
    line.at++;
}

static unsigned
take_hex(int digits)
{
    unsigned number = 0;

    while (digits-- > 0) {
        const char *found = strchr("0123456789abcdef", *line.at);

        assert_true(found != NULL && *found != '\0');
        number = number * 16 + (unsigned)(found - "0123456789abcdef");
        line.at++;
    }
    return number;
}

/* Behind a backslash. */
static char
take_escape(bool is_json)
{
    char c = *line.at++;
    unsigned code;

    if (c == '"' || c == '\\')
        return c;
    assert_int_equal(c, is_json ? 'u' : 'x');
    code = take_hex(is_json ? 4 : 2);
    assert_in_range(code, 1, 255);
    return (char)code;
}

static void
take_quoted(char *out, size_t cap, bool is_json)
{
    size_t len = 0;

    expect('"');
    while (*line.at != '"') {
        char c = *line.at++;

        assert_true(len < cap - 1);
        assert_in_range(c, 0x20, 0x7e);
        if (c == '\\')
            c = take_escape(is_json);
        out[len++] = c;
    }
    expect('"');
    out[len] = '\0';
}

static void
take_bare(char *out, size_t cap, const char *ends)
{
    size_t len = strcspn(line.at, ends);

    assert_in_range(len, 1, cap - 1);
    memcpy(out, line.at, len);
    out[len] = '\0';
    line.at += len;
}

static bool
is_integer(const char *text)
{
    size_t sign = text[0] == '-' ? 1 : 0;
    size_t digits = strspn(text + sign, "0123456789");

    return digits > 0 && text[sign + digits] == '\0'
           && (digits == 1 || text[sign] != '0');
}

static struct field *
new_field(void)
{
    struct field *field = &line.fields[line.count++];

    assert_true(line.count <= FIELDS_MAX);
    field->is_number = false;
    return field;
}

static void
parse_json(void)
{
    char separator = '{';

    while (*line.at == separator) {
        struct field *field = new_field();

        line.at++;
        take_quoted(field->key, sizeof(field->key), true);
        expect(':');
        field->is_number = *line.at != '"';
        if (field->is_number)
            take_bare(field->value, sizeof(field->value), ",}");
        else
            take_quoted(field->value, sizeof(field->value), true);
        assert_true(!field->is_number || is_integer(field->value));
        separator = ',';
    }
    expect('}');
    assert_int_equal(*line.at, '\0');
}

/* The first two words have no keys. */
static void
parse_logfmt(void)
{
    static const char *const first[] = {"ts", "level"};

    for (size_t i = 0; i < 2; i++) {
        struct field *field = new_field();

        memcpy(field->key, first[i], strlen(first[i]) + 1);
        take_bare(field->value, sizeof(field->value), " ");
        if (*line.at == ' ')
            line.at++;
    }
    while (*line.at != '\0') {
        struct field *field = new_field();

        take_bare(field->key, sizeof(field->key), "= \"");
        expect('=');
        if (*line.at == '"')
            take_quoted(field->value, sizeof(field->value), false);
        else
            take_bare(field->value, sizeof(field->value), " \"=\\");
        if (*line.at == '\0')
            return;
        expect(' ');
        assert_int_not_equal(*line.at, '\0');
    }
}

static void
parse(enum log_format format)
{
    read_line();
    line.at = line.text;
    line.count = 0;
    if (format == LOG_FORMAT_JSON)
        parse_json();
    else
        parse_logfmt();
}

static void
assert_field(size_t index, const char *key, const char *value)
{
    assert_true(index < line.count);
    assert_string_equal(line.fields[index].key, key);
    assert_string_equal(line.fields[index].value, value);
}

/* --- tests --------------------------------------------------------------- */

static const enum log_format formats[] = {LOG_FORMAT_TEXT, LOG_FORMAT_JSON};

static void
line_begins_with_time_level_and_event(void **state)
{
    (void)state;
    for (size_t f = 0; f < 2; f++) {
        struct log_line written;
        const char *ts;

        open_log(formats[f]);
        log_begin(&written, LOG_LEVEL_WARN, "something");
        log_end(&written);
        parse(formats[f]);
        assert_int_equal(line.count, 3);
        assert_string_equal(line.fields[0].key, "ts");
        ts = line.fields[0].value;
        assert_int_equal(strlen(ts), strlen("2026-11-21T05:04:36.123Z"));
        assert_true(
            ts[4] == '-' && ts[10] == 'T' && ts[19] == '.' && ts[23] == 'Z');
        assert_field(1, "level", "warn");
        assert_field(2, "event", "something");
    }
}

static void
every_byte_comes_back(void **state)
{
    (void)state;
    for (size_t f = 0; f < 2; f++) {
        open_log(formats[f]);
        for (unsigned byte = 1; byte < 256; byte++) {
            const char alone[] = {(char)byte, '\0'};
            const char among[] = {'a', (char)byte, 'b', '\0'};
            struct log_line written;

            log_begin(&written, LOG_LEVEL_INFO, "bytes");
            log_put_string(&written, "alone", alone);
            log_put_string(&written, "among", among);
            log_put_string(&written, "none", "");
            log_put_string(&written, "absent", NULL);
            log_end(&written);
            parse(formats[f]);
            assert_int_equal(line.count, 6);
            assert_field(3, "alone", alone);
            assert_field(4, "among", among);
            assert_field(5, "none", "");
        }
    }
}

static void
numbers_are_numbers(void **state)
{
    static const int64_t numbers[] = {
        0, 1, -1, 1234567890123, INT64_MAX, INT64_MIN};

    (void)state;
    for (size_t f = 0; f < 2; f++) {
        open_log(formats[f]);
        for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
            struct log_line written;

            log_begin(&written, LOG_LEVEL_INFO, "numbers");
            log_put_int(&written, "n", numbers[i]);
            log_end(&written);
            parse(formats[f]);
            assert_int_equal(line.count, 4);
            assert_string_equal(line.fields[3].key, "n");
            assert_int_equal(
                strtoll(line.fields[3].value, NULL, 10), numbers[i]);
            assert_int_equal(
                line.fields[3].is_number, formats[f] == LOG_FORMAT_JSON);
        }
    }
}

/* A value of any length, of bytes of any length when escaped, and more fields
 * behind it: what no longer fits is missing whole but for one value's end. */
static void
line_of_any_length_parses(void **state)
{
    static const char *const bytes[] = {"x", "\"", "\n", "\xff"};

    (void)state;
    for (size_t i = 0; i < 8; i++) {
        char value[VALUE_BYTES];

        open_log(formats[i % 2]);
        for (size_t len = 0; len < LOG_LINE_BYTES + 100; len++) {
            struct log_line written;
            size_t got;

            memset(value, bytes[i / 2][0], len);
            value[len] = '\0';
            log_begin(&written, LOG_LEVEL_INFO, "long");
            log_put_string(&written, "value", value);
            log_put_int(&written, "number", INT64_MIN);
            log_put_string(&written, "more", "ab cd");
            log_end(&written);
            parse(formats[i % 2]);
            assert_in_range(line.count, 4, 6);
            got = strlen(line.fields[3].value);
            assert_true(got == len || line.count == 4);
            assert_int_equal(strncmp(line.fields[3].value, value, got), 0);
        }
    }
}

static uint32_t
next_random(void)
{
    static uint32_t random = 7;

    random = random * 1664525U + 1013904223U;
    return random >> 8;
}

/* Mostly short; of letters, of anything, or of what has to be escaped. */
static void
make_random(char *out)
{
    static const char nasty[] = "\"\\=\n {}[]:,\x7f\x80";
    size_t len = next_random() % (next_random() % 4 == 0 ? 3000 : 40);
    unsigned kind = next_random() % 3;

    for (size_t i = 0; i < len; i++) {
        uint32_t random = next_random();

        if (kind == 0)
            out[i] = (char)('a' + random % 26);
        else if (kind == 1)
            out[i] = (char)(random % 255 + 1);
        else
            out[i] = nasty[random % (sizeof(nasty) - 1)];
    }
    out[len] = '\0';
}

static void
lines_of_random_fields_come_back(void **state)
{
    static const char *const keys[] = {"k0", "k1", "k2", "k3", "k4", "k5"};
    static char values[6][VALUE_BYTES];

    (void)state;
    for (int i = 0; i < RANDOM_LINES; i++) {
        enum log_format format = formats[i % 2];
        struct log_line written;

        open_log(format);
        log_begin(&written, LOG_LEVEL_ERROR, "random");
        for (size_t k = 0; k < 6; k++) {
            make_random(values[k]);
            log_put_string(&written, keys[k], values[k]);
        }
        log_end(&written);
        parse(format);
        assert_in_range(line.count, 4, 9);
        for (size_t k = 3; k < line.count; k++) {
            const char *got = line.fields[k].value;

            assert_string_equal(line.fields[k].key, keys[k - 3]);
            if (k + 1 < line.count)
                assert_string_equal(got, values[k - 3]);
            else
                assert_int_equal(strncmp(got, values[k - 3], strlen(got)), 0);
        }
    }
}

static void
unwanted_line_costs_nothing_and_writes_nothing(void **state)
{
    struct log_line written;

    (void)state;
    open_log(LOG_FORMAT_TEXT);
    assert_false(log_is_wanted(LOG_LEVEL_DEBUG));
    log_begin(&written, LOG_LEVEL_DEBUG, "unheard");
    log_put_string(&written, "a", "b");
    log_put_int(&written, "n", 1);
    assert_int_equal(written.len, 0);
    log_end(&written);
    assert_int_equal(lseek(fd, 0, SEEK_END), 0);
}

static int
set_up(void **state)
{
    (void)state;
    fd = mkostemp(path, O_CLOEXEC);
    return fd < 0 ? -1 : 0;
}

static int
tear_down(void **state)
{
    (void)state;
    log_close();
    close(fd);
    return unlink(path);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(line_begins_with_time_level_and_event),
        cmocka_unit_test(every_byte_comes_back),
        cmocka_unit_test(numbers_are_numbers),
        cmocka_unit_test(line_of_any_length_parses),
        cmocka_unit_test(lines_of_random_fields_come_back),
        cmocka_unit_test(unwanted_line_costs_nothing_and_writes_nothing),
    };

    return cmocka_run_group_tests(tests, set_up, tear_down);
}
