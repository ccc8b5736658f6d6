/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Which identity for which name: what is found, and what never is. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "certs/sni.h"

enum {
    MANY = 20000
};

/* How many allocations still succeed; SIZE_MAX: all. */
static size_t left = SIZE_MAX;

/* NOLINTBEGIN(readability-identifier-naming): the linker names them */
void *__real_calloc(size_t count, size_t size);
char *__real_strdup(const char *text);

void *__wrap_calloc(size_t count, size_t size);
char *__wrap_strdup(const char *text);
/* NOLINTEND(readability-identifier-naming) */

static bool
is_refused(void)
{
    if (left == SIZE_MAX)
        return false;
    if (left == 0)
        return true;
    left--;
    return false;
}

void *
__wrap_calloc(size_t count, size_t size)
{
    return is_refused() ? NULL : __real_calloc(count, size);
}

char *
__wrap_strdup(const char *text)
{
    return is_refused() ? NULL : __real_strdup(text);
}

/* --- what is said of a table --------------------------------------------- */

static struct sni *
make_table(void)
{
    struct sni *sni = sni_new();

    assert_non_null(sni);
    return sni;
}

static void
add(struct sni *sni, const char *name, enum key_type type, uint32_t identity)
{
    assert_int_equal(sni_add(sni, name, type, identity), SNI_ADDED);
}

/* A table of one ECDSA identity, number 7, for the name. */
static struct sni *
table_of(const char *name)
{
    struct sni *sni = make_table();

    add(sni, name, KEY_ECDSA, 7);
    return sni;
}

/* From memory of exactly its size, which is not written to. */
static uint32_t
find(const struct sni *sni, const char *host, enum key_type type)
{
    char *copy = __real_strdup(host);
    const struct sni_choice *choice;

    assert_non_null(copy);
    choice = sni_find(sni, copy);
    assert_string_equal(copy, host);
    free(copy);
    return choice != NULL ? choice->by_type[type] : SNI_NONE;
}

static void
assert_found(const char *name, const char *host)
{
    struct sni *sni = table_of(name);

    if (find(sni, host, KEY_ECDSA) != 7)
        fail_msg("\"%s\" is not found for \"%s\"", host, name);
    sni_free(sni);
}

static void
assert_not_found(const char *name, const char *host)
{
    struct sni *sni = table_of(name);

    if (sni_find(sni, host) != NULL)
        fail_msg("\"%s\" is found for \"%s\"", host, name);
    sni_free(sni);
}

/* --- names --------------------------------------------------------------- */

static void
exact_name_is_found(void **state)
{
    (void)state;
    assert_found("web.example", "web.example");
    assert_found("localhost", "localhost");
    assert_found("xn--bcher-kva.example", "xn--bcher-kva.example");
}

static void
other_name_is_not_found(void **state)
{
    (void)state;
    assert_not_found("web.example", "eb.example");
    assert_not_found("web.example", "web.exampl");
    assert_not_found("web.example", "a.web.example");
    assert_not_found("web.example", "example");
}

static void
case_does_not_count(void **state)
{
    (void)state;
    assert_found("web.example", "WEB.eXaMpLe");
    assert_found("*.example.com", "A.Example.COM");
}

static void
final_dot_does_not_count(void **state)
{
    (void)state;
    assert_found("web.example", "web.example.");
    assert_found("*.example.com", "a.example.com.");
    assert_not_found("web.example", "web.example..");
}

static void
wildcard_stands_for_one_label(void **state)
{
    (void)state;
    assert_found("*.example.com", "a.example.com");
    assert_found("*.example.com", "xn--a.example.com");
    assert_not_found("*.example.com", "a.b.example.com");
    assert_not_found("*.example.com", "example.com");
    assert_not_found("*.example.com", ".example.com");
}

static void
exact_name_wins_over_a_wildcard(void **state)
{
    struct sni *sni = make_table();

    (void)state;
    add(sni, "*.example.com", KEY_ECDSA, 1);
    add(sni, "a.example.com", KEY_ECDSA, 2);
    assert_int_equal(find(sni, "a.example.com", KEY_ECDSA), 2);
    assert_int_equal(find(sni, "b.example.com", KEY_ECDSA), 1);
    sni_free(sni);
}

/* Also where only the wildcard has a key of the wanted kind: what is shown
 * must not depend on what the client can do. */
static void
exact_name_hides_the_wildcards_other_keys(void **state)
{
    struct sni *sni = make_table();

    (void)state;
    add(sni, "*.example.com", KEY_RSA, 1);
    add(sni, "a.example.com", KEY_ECDSA, 2);
    assert_int_equal(find(sni, "a.example.com", KEY_RSA), SNI_NONE);
    assert_int_equal(find(sni, "b.example.com", KEY_RSA), 1);
    sni_free(sni);
}

static void
a_star_asked_for_is_a_label_like_others(void **state)
{
    (void)state;
    assert_found("*.example.com", "*.example.com");
    assert_not_found("web.example.com", "*.example.com");
}

static void
nothing_is_found_for_no_name(void **state)
{
    (void)state;
    assert_not_found("web.example", "");
    assert_not_found("web.example", ".");
    assert_not_found("web.example", "..");
}

static void
nothing_is_found_in_an_empty_table(void **state)
{
    struct sni *sni = make_table();

    (void)state;
    assert_null(sni_find(sni, "web.example"));
    assert_int_equal(sni_name_count(sni), 0);
    sni_free(sni);
    sni_free(NULL);
}

static void
any_byte_may_be_asked_for(void **state)
{
    (void)state;
    for (int byte = 1; byte < 256; byte++) {
        char host[] = {(char)byte, '.', 'e', '.', 'f', '\0'};

        if (byte != '.')
            assert_found("*.e.f", host);
        assert_not_found("web.example", host);
    }
}

/* --- lengths ------------------------------------------------------------- */

static void
make_long(char *name, size_t len)
{
    memset(name, 'n', len);
    name[1] = '.';
    name[3] = '.';
    name[len] = '\0';
}

static void
longest_name_is_found(void **state)
{
    char name[257];

    (void)state;
    make_long(name, 255);
    assert_found(name, name);
    name[255] = '.';
    name[256] = '\0';
    {
        char without_dot[256];

        make_long(without_dot, 255);
        assert_found(without_dot, name);
        without_dot[0] = '*';
        assert_found(without_dot, name);
    }
}

static void
name_that_is_too_long_is_not_found(void **state)
{
    char *name = malloc(70000);

    (void)state;
    assert_non_null(name);
    make_long(name, 256);
    assert_not_found("*.n.n", name);
    make_long(name, 69999);
    assert_not_found("*.n.n", name);
    free(name);
}

static void
name_that_is_too_long_is_unusable(void **state)
{
    struct sni *sni = make_table();
    char name[300];

    (void)state;
    make_long(name, 256);
    assert_int_equal(sni_add(sni, name, KEY_RSA, 0), SNI_UNUSABLE);
    assert_int_equal(sni_name_count(sni), 0);
    sni_free(sni);
}

/* --- adding -------------------------------------------------------------- */

static void
what_no_host_could_match_is_unusable(void **state)
{
    static const char *const names[] = {"", "*", "*.", "*.com",
        "w*.example.com", "*b.example.com", "web.*.com", "*.*.com",
        "**.example.com"};
    struct sni *sni = make_table();

    (void)state;
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        if (sni_add(sni, names[i], KEY_ECDSA, 0) != SNI_UNUSABLE)
            fail_msg("\"%s\" was taken", names[i]);
    assert_int_equal(sni_name_count(sni), 0);
    sni_free(sni);
}

static void
first_identity_keeps_its_name(void **state)
{
    struct sni *sni = table_of("web.example");

    (void)state;
    assert_int_equal(sni_add(sni, "web.example", KEY_ECDSA, 8), SNI_TAKEN);
    assert_int_equal(find(sni, "web.example", KEY_ECDSA), 7);
    assert_int_equal(sni_name_count(sni), 1);
    sni_free(sni);
}

static void
each_kind_of_key_has_its_identity(void **state)
{
    struct sni *sni = table_of("web.example");

    (void)state;
    assert_int_equal(find(sni, "web.example", KEY_RSA), SNI_NONE);
    add(sni, "web.example", KEY_RSA, 0);
    add(sni, "web.example", KEY_ED25519, 9);
    assert_int_equal(find(sni, "web.example", KEY_ECDSA), 7);
    assert_int_equal(find(sni, "web.example", KEY_RSA), 0);
    assert_int_equal(find(sni, "web.example", KEY_ED25519), 9);
    assert_int_equal(sni_name_count(sni), 1);
    sni_free(sni);
}

static void
name_is_copied(void **state)
{
    struct sni *sni = make_table();
    char name[] = "web.example";

    (void)state;
    add(sni, name, KEY_ECDSA, 7);
    memset(name, 'x', sizeof(name) - 1);
    assert_int_equal(find(sni, "web.example", KEY_ECDSA), 7);
    sni_free(sni);
}

/* --- many ---------------------------------------------------------------- */

/* Every third is a wildcard. */
static void
format_name(char name[32], uint32_t i)
{
    (void)snprintf(name, 32, i % 3 == 0 ? "*.z%u.example" : "n%u.example", i);
}

static void
format_host(char host[32], uint32_t i)
{
    (void)snprintf(host, 32, i % 3 == 0 ? "A.Z%u.Example" : "N%u.EXAMPLE.", i);
}

static void
each_of_many_names_has_its_identity(void **state)
{
    struct sni *sni = make_table();
    char name[32];

    (void)state;
    for (uint32_t i = 0; i < MANY; i++) {
        format_name(name, i);
        add(sni, name, (enum key_type)(i % KEY_TYPE_COUNT), i);
    }
    assert_int_equal(sni_name_count(sni), MANY);
    for (uint32_t i = 0; i < 2 * MANY; i++) {
        format_host(name, i);
        assert_int_equal(find(sni, name, (enum key_type)(i % KEY_TYPE_COUNT)),
            i < MANY ? i : SNI_NONE);
    }
    sni_free(sni);
}

/* --- memory -------------------------------------------------------------- */

static void
table_is_made_or_not(void **state)
{
    (void)state;
    for (size_t allowed = 0; allowed < 2; allowed++) {
        left = allowed;
        assert_null(sni_new());
        left = SIZE_MAX;
    }
}

/* Whatever is refused, what was added before is found, and adding goes on
 * once there is memory. */
static void
refused_memory_loses_nothing(void **state)
{
    struct sni *sni = make_table();
    uint32_t refused_count = 0;
    char name[32];

    (void)state;
    for (uint32_t i = 0; i < 100; i++) {
        format_name(name, i);
        for (left = 0; sni_add(sni, name, KEY_RSA, i) == SNI_NO_MEMORY;) {
            refused_count++;
            assert_int_equal(sni_name_count(sni), i);
            left = refused_count % 3;
        }
        left = SIZE_MAX;
        for (uint32_t k = 0; k <= i; k++) {
            format_host(name, k);
            assert_int_equal(find(sni, name, KEY_RSA), k);
        }
    }
    assert_true(refused_count > 100);
    sni_free(sni);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(exact_name_is_found),
        cmocka_unit_test(other_name_is_not_found),
        cmocka_unit_test(case_does_not_count),
        cmocka_unit_test(final_dot_does_not_count),
        cmocka_unit_test(wildcard_stands_for_one_label),
        cmocka_unit_test(exact_name_wins_over_a_wildcard),
        cmocka_unit_test(exact_name_hides_the_wildcards_other_keys),
        cmocka_unit_test(a_star_asked_for_is_a_label_like_others),
        cmocka_unit_test(nothing_is_found_for_no_name),
        cmocka_unit_test(nothing_is_found_in_an_empty_table),
        cmocka_unit_test(any_byte_may_be_asked_for),
        cmocka_unit_test(longest_name_is_found),
        cmocka_unit_test(name_that_is_too_long_is_not_found),
        cmocka_unit_test(name_that_is_too_long_is_unusable),
        cmocka_unit_test(what_no_host_could_match_is_unusable),
        cmocka_unit_test(first_identity_keeps_its_name),
        cmocka_unit_test(each_kind_of_key_has_its_identity),
        cmocka_unit_test(name_is_copied),
        cmocka_unit_test(each_of_many_names_has_its_identity),
        cmocka_unit_test(table_is_made_or_not),
        cmocka_unit_test(refused_memory_loses_nothing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
