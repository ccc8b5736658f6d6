/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Telling formats apart, and the commands that convert them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "certs/form.h"
#include "certs/secret.h"

static enum form
form_of_bytes(const char *bytes, size_t len)
{
    struct blob content;
    enum form form;

    assert_int_equal(blob_copy(&content, (const uint8_t *)bytes, len), 0);
    form = form_of(&content);
    blob_free(&content);
    return form;
}

static void
unknown_content_is_not_explained(void **state)
{
    char out[FORM_TEXT_BYTES] = "unset";

    (void)state;
    assert_int_equal(form_of_bytes("", 0), FORM_UNKNOWN);
    assert_int_equal(form_of_bytes("\x30\x82", 2), FORM_UNKNOWN);
    assert_int_equal(form_of_bytes("words", 5), FORM_UNKNOWN);
    form_explain(FORM_UNKNOWN, "some/file", out);
    assert_string_equal(out, "");
}

static void
pem_may_begin_after_other_text(void **state)
{
    static const char text[] = "Bag Attributes\n-----BEGIN CERTIFICATE-----\n";

    (void)state;
    assert_int_equal(form_of_bytes(text, strlen(text)), FORM_PEM);
}

static void
java_keystores_of_both_kinds_are_known(void **state)
{
    char out[FORM_TEXT_BYTES];

    (void)state;
    assert_int_equal(form_of_bytes("\xfe\xed\xfe\xed", 4), FORM_JKS);
    assert_int_equal(form_of_bytes("\xce\xce\xce\xce", 4), FORM_JKS);
    form_explain(FORM_JKS, "some/file", out);
    assert_non_null(strstr(out, "-srckeystore some/file -destkeystore "
                                "some/file.p12 -deststoretype pkcs12"));
}

static void
quotes_only_where_a_shell_needs_it(void **state)
{
    char out[64];

    (void)state;
    form_quote("/etc/tls/a-b_c.1+2@x.pem", out, sizeof(out));
    assert_string_equal(out, "/etc/tls/a-b_c.1+2@x.pem");
    form_quote("/my keys/a$b", out, sizeof(out));
    assert_string_equal(out, "'/my keys/a$b'");
    form_quote("it's", out, sizeof(out));
    assert_string_equal(out, "'it'\\''s'");
    form_quote("-in", out, sizeof(out));
    assert_string_equal(out, "'-in'");
    form_quote("", out, sizeof(out));
    assert_string_equal(out, "''");
}

/* A path is as long as people make it; the text is cut. */
static void
long_paths_are_cut(void **state)
{
    char path[4096];
    char out[FORM_TEXT_BYTES];
    char small[10];

    (void)state;
    memset(path, '\'', sizeof(path) - 1);
    path[sizeof(path) - 1] = '\0';
    for (int form = FORM_UNKNOWN; form <= FORM_UTF16; form++) {
        form_explain((enum form)form, path, out);
        assert_true(strlen(out) < sizeof(out));
        assert_true(form_name((enum form)form)[0] != '\0');
    }
    form_quote(path, small, sizeof(small));
    assert_true(strlen(small) < sizeof(small));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(unknown_content_is_not_explained),
        cmocka_unit_test(pem_may_begin_after_other_text),
        cmocka_unit_test(java_keystores_of_both_kinds_are_known),
        cmocka_unit_test(quotes_only_where_a_shell_needs_it),
        cmocka_unit_test(long_paths_are_cut),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
