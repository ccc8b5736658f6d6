/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Distinguished names as text: two different ones never look the same. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "certs/dn.h"

/* One attribute each: a set, a sequence, the OID 2.5.4.x, a string. */
#define ATTRIBUTE(oid, tag, len, text) "\x06\x03\x55\x04" oid tag len text
#define CN                             "\x03"
#define O                              "\x0a"

static void
prints(const char *bytes, size_t len, const char *expected)
{
    const struct der name = {.data = (const uint8_t *)bytes, .len = len};
    char out[64];

    dn_format(name, out, sizeof(out));
    assert_string_equal(out, expected);
}

static void
most_specific_part_is_first(void **state)
{
    static const char name[] = "\x31\x0b\x30\x09" ATTRIBUTE(O, "\x0c", "\x02",
        "me") "\x31\x0c\x30\x0a" ATTRIBUTE(CN, "\x0c", "\x03", "web");

    (void)state;
    prints(name, sizeof(name) - 1, "CN=web,O=me");
}

static void
parts_of_several_attributes_are_joined(void **state)
{
    static const char name[] = "\x31\x16\x30\x09" ATTRIBUTE(
        O, "\x0c", "\x02", "me") "\x30\x09" ATTRIBUTE(CN, "\x0c", "\x02", "it");

    (void)state;
    prints(name, sizeof(name) - 1, "O=me+CN=it");
}

/* "web,O=me" in one part is not the parts "web" and "me". */
static void
structure_inside_a_value_is_escaped(void **state)
{
    static const char name[] =
        "\x31\x11\x30\x0f" ATTRIBUTE(CN, "\x0c", "\x08", "web,O=me");

    (void)state;
    prints(name, sizeof(name) - 1, "CN=web\\x2cO=me");
}

static void
what_is_not_printable_is_escaped(void **state)
{
    static const char name[] =
        "\x31\x0f\x30\x0d" ATTRIBUTE(CN, "\x0c", "\x06", "\x1b\\\"+\xc3\x00");

    (void)state;
    prints(name, sizeof(name) - 1, "CN=\\x1b\\x5c\\x22\\x2b\\xc3\\x00");
}

/* Its bytes are pairs; the first of each is zero for plain letters. */
static void
wide_strings_are_read(void **state)
{
    static const char name[] =
        "\x31\x0d\x30\x0b" ATTRIBUTE(CN, "\x1e", "\x04", "\0a\0b");

    (void)state;
    prints(name, sizeof(name) - 1, "CN=ab");
}

/* As bytes the first would look like "ab". */
static void
wide_character_is_not_its_bytes(void **state)
{
    static const char name[] =
        "\x31\x0f\x30\x0d" ATTRIBUTE(CN, "\x1e", "\x06", "ab\x00\xe4\x00,");
    static const char wider[] =
        "\x31\x0d\x30\x0b" ATTRIBUTE(CN, "\x1c", "\x04", "\0\1\xf6\x00");

    (void)state;
    prints(name, sizeof(name) - 1, "CN=\\xe6\\x85\\xa2\\xc3\\xa4\\x2c");
    prints(wider, sizeof(wider) - 1, "CN=\\xf0\\x9f\\x98\\x80");
}

static void
half_a_wide_character_is_shown(void **state)
{
    static const char name[] =
        "\x31\x0c\x30\x0a" ATTRIBUTE(CN, "\x1e", "\x03", "\0ab");

    (void)state;
    prints(name, sizeof(name) - 1, "CN=a\\xff");
}

static void
unknown_attribute_is_called_by_its_number(void **state)
{
    static const char name[] =
        "\x31\x0a\x30\x08" ATTRIBUTE("\x7f", "\x0c", "\x01", "x");

    (void)state;
    prints(name, sizeof(name) - 1, "2.5.4.127=x");
}

static void
name_without_parts_is_called_empty(void **state)
{
    (void)state;
    prints("", 0, "(empty)");
}

static void
long_name_is_cut_visibly(void **state)
{
    static const char name[] = "\x31\x3b\x30\x39" ATTRIBUTE(CN, "\x0c", "\x32",
        "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa");
    const struct der whole = {
        .data = (const uint8_t *)name, .len = sizeof(name) - 1};
    char out[16];

    (void)state;
    dn_format(whole, out, sizeof(out));
    assert_string_equal(out, "CN=aaaaaaaaa...");
}

static void
broken_rest_is_shown_as_such(void **state)
{
    static const char name[] =
        "\x31\x0b\x30\x09" ATTRIBUTE(O, "\x0c", "\x02", "me") "\x31\x7f";

    (void)state;
    prints(name, sizeof(name) - 1, "O=me...");
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(most_specific_part_is_first),
        cmocka_unit_test(parts_of_several_attributes_are_joined),
        cmocka_unit_test(structure_inside_a_value_is_escaped),
        cmocka_unit_test(what_is_not_printable_is_escaped),
        cmocka_unit_test(wide_strings_are_read),
        cmocka_unit_test(wide_character_is_not_its_bytes),
        cmocka_unit_test(half_a_wide_character_is_shown),
        cmocka_unit_test(unknown_attribute_is_called_by_its_number),
        cmocka_unit_test(name_without_parts_is_called_empty),
        cmocka_unit_test(long_name_is_cut_visibly),
        cmocka_unit_test(broken_rest_is_shown_as_such),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
