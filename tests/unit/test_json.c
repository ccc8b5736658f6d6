/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Texts that are JSON whatever is put into them, up to their bound. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "proxy/json.h"

/* The linker passes what json.c asks for through here (test_json.wrap). */
/* NOLINTBEGIN(readability-identifier-naming): the linker's names */
void *__real_realloc(void *old, size_t size);
void *__wrap_realloc(void *old, size_t size);
/* NOLINTEND(readability-identifier-naming) */

static bool is_memory_short;
static struct json json;

void *
__wrap_realloc(void *old, size_t size)
{
    return is_memory_short ? NULL : __real_realloc(old, size);
}

static int
set_up(void **state)
{
    (void)state;
    json_init(&json, 1 << 20);
    return 0;
}

static int
tear_down(void **state)
{
    (void)state;
    json_deinit(&json);
    return 0;
}

static void
assert_text(const char *wanted)
{
    assert_false(json.is_broken);
    assert_int_equal(json.len, strlen(wanted));
    assert_memory_equal(json.text, wanted, json.len);
}

static void
values_of_an_object_are_separated(void **state)
{
    (void)state;
    json_begin_object(&json, NULL);
    json_put_string(&json, "a", "x");
    json_put_int(&json, "b", INT64_MIN);
    json_put_bool(&json, "c", true);
    json_put_bool(&json, "d", false);
    json_put_null(&json, "e");
    json_put_string(&json, "f", NULL);
    json_end_object(&json);
    assert_text("{\"a\":\"x\",\"b\":-9223372036854775808,\"c\":true,"
                "\"d\":false,\"e\":null,\"f\":null}");
}

static void
arrays_and_objects_nest(void **state)
{
    (void)state;
    json_begin_object(&json, NULL);
    json_begin_array(&json, "none");
    json_end_array(&json);
    json_begin_array(&json, "some");
    json_put_int(&json, NULL, 1);
    json_begin_object(&json, NULL);
    json_end_object(&json);
    json_begin_object(&json, NULL);
    json_put_string(&json, "k", "");
    json_end_object(&json);
    json_end_array(&json);
    json_end_object(&json);
    assert_text("{\"none\":[],\"some\":[1,{},{\"k\":\"\"}]}");
}

/* The last character decides about the comma, but a value may end in any. */
static void
a_value_that_looks_like_a_bracket_is_followed_by_a_comma(void **state)
{
    (void)state;
    json_begin_array(&json, NULL);
    json_put_string(&json, NULL, "{");
    json_put_string(&json, NULL, "[");
    json_put_string(&json, NULL, ",");
    json_end_array(&json);
    assert_text("[\"{\",\"[\",\",\"]");
}

static void
what_could_end_or_forge_a_string_is_escaped(void **state)
{
    (void)state;
    json_put_string(&json, NULL, "\"\\\n\x01\x1f \x7f\xff~");
    assert_text("\"\\\"\\\\\\u000a\\u0001\\u001f \\u007f\\u00ff~\"");
}

static void
every_byte_is_escaped_to_printable_ascii(void **state)
{
    (void)state;
    for (int byte = 0; byte < 256; byte++) {
        char out[JSON_ESCAPE_BYTES];
        size_t len = json_escape(out, (char)byte);

        assert_in_range(len, 1, JSON_ESCAPE_BYTES);
        for (size_t i = 0; i < len; i++)
            assert_in_range((unsigned char)out[i], 0x20, 0x7e);
    }
}

static void
a_text_stops_at_its_bound(void **state)
{
    struct json small;

    (void)state;
    json_init(&small, 10);
    json_put_string(&small, NULL, "12345678");
    assert_false(small.is_broken);
    assert_int_equal(json_room(&small), 0);
    json_put_int(&small, NULL, 1);
    assert_true(small.is_broken);
    assert_int_equal(small.len, 10);
    assert_int_equal(json_room(&small), 0);
    json_deinit(&small);
}

static void
a_broken_text_stays_broken(void **state)
{
    struct json small;

    (void)state;
    json_init(&small, 4);
    json_put_string(&small, NULL, "long");
    assert_true(small.is_broken);
    json_put_int(&small, NULL, 1);
    assert_true(small.is_broken);
    assert_true(small.len <= 4);
    json_deinit(&small);
}

static void
without_memory_a_text_is_broken(void **state)
{
    (void)state;
    json_put_string(&json, NULL, "begun");
    is_memory_short = true;
    for (int i = 0; i < 1000; i++)
        json_put_int(&json, NULL, i);
    is_memory_short = false;
    assert_true(json.is_broken);
    assert_memory_equal(json.text, "\"begun\",0,1", 11);
}

static void
a_long_text_grows(void **state)
{
    (void)state;
    json_begin_array(&json, NULL);
    for (int i = 0; i < 50000; i++)
        json_put_int(&json, NULL, i % 10);
    json_end_array(&json);
    assert_false(json.is_broken);
    assert_int_equal(json.len, 2 * 50000 + 1);
    assert_memory_equal(json.text, "[0,1,2,", 7);
    assert_memory_equal(json.text + json.len - 4, "8,9]", 4);
}

int
main(void)
{
#define WITH_TEXT(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        WITH_TEXT(values_of_an_object_are_separated),
        WITH_TEXT(arrays_and_objects_nest),
        WITH_TEXT(a_value_that_looks_like_a_bracket_is_followed_by_a_comma),
        WITH_TEXT(what_could_end_or_forge_a_string_is_escaped),
        cmocka_unit_test(every_byte_is_escaped_to_printable_ascii),
        cmocka_unit_test(a_text_stops_at_its_bound),
        cmocka_unit_test(a_broken_text_stays_broken),
        WITH_TEXT(without_memory_a_text_is_broken),
        WITH_TEXT(a_long_text_grows),
    };
#undef WITH_TEXT

    return cmocka_run_group_tests(tests, NULL, NULL);
}
