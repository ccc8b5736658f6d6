/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Passwords: where they come from, what is told when one is missing, wrong,
 * weak or needless, and that none is ever part of a message.
 */
#include <sys/stat.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "certs/secret.h"
#include "tests/unit/certs_fixture.h"
#include "tests/unit/config_fixture.h"

static const char key_path[] = "server-encrypted.key";

static struct pair
encrypted_pair(void)
{
    return (struct pair){.cert = "server.pem", .key = key_path};
}

static void
opens_with_file(const char *content, size_t len)
{
    struct pair pair = encrypted_pair();

    pair.password_file = "pw";
    write_file("pw", content, len);
    identity_unref(load_good(&pair));
}

static void
wrong_with_file(const char *content)
{
    struct pair pair = encrypted_pair();

    pair.password_file = "pw";
    write_file("pw", content, strlen(content));
    assert_pair_refused_as(&pair, SL_PASSWORD_WRONG,
        "certificate.key server-encrypted.key: is not opened by the password "
        "of certificate.password_file pw, or is damaged; try it: openssl pkey "
        "-noout -in server-encrypted.key");
}

/* --- from a file --------------------------------------------------------- */

static void
first_line_of_a_file_is_the_password(void **state)
{
    static const char lines[] = "sidelock\nanother line\n";

    (void)state;
    opens_with_file(lines, strlen(lines));
}

static void
one_line_end_of_either_kind_is_ignored(void **state)
{
    (void)state;
    opens_with_file("sidelock", 8);
    opens_with_file("sidelock\n", 9);
    opens_with_file("sidelock\r\n", 10);
}

static void
nothing_else_is_ignored(void **state)
{
    (void)state;
    wrong_with_file("sidelock \n");
    wrong_with_file(" sidelock\n");
    wrong_with_file("sidelock\r\r\n");
    wrong_with_file("\nsidelock\n");
    wrong_with_file("Sidelock\n");
}

static void
missing_password_file_is_refused(void **state)
{
    struct pair pair = encrypted_pair();

    (void)state;
    pair.password_file = "nowhere";
    assert_pair_refused_as(&pair, SL_FILE_MISSING,
        "certificate.password_file nowhere: no such file");
}

static void
empty_password_file_is_refused(void **state)
{
    struct pair pair = encrypted_pair();

    (void)state;
    pair.password_file = "empty.pem";
    assert_pair_refused_as(
        &pair, SL_FILE_KIND, "certificate.password_file empty.pem: is empty");
}

static void
overlong_password_is_refused(void **state)
{
    char text[1026];
    struct pair pair = encrypted_pair();

    (void)state;
    memset(text, 'p', sizeof(text));
    write_file("pw", text, sizeof(text));
    pair.password_file = "pw";
    assert_pair_refused_as(&pair, SL_PASSWORD_WRONG,
        "certificate.password_file pw: is longer than 1024 bytes");
}

static void
password_file_that_everybody_can_read_is_noted(void **state)
{
    struct pair pair = encrypted_pair();

    (void)state;
    copy_file("open-pw", "password");
    assert_int_equal(chmod("open-pw", 0644), 0);
    pair.password_file = "open-pw";
    assert_pair_found(&pair, SEVERITY_NOTE,
        "certificate.password_file open-pw: everybody on this machine can read "
        "the password (mode 0644)");
}

/* --- from the environment and systemd ------------------------------------ */

static void
variable_holds_the_password(void **state)
{
    struct pair pair = encrypted_pair();

    (void)state;
    pair.password_env = "SIDELOCK_TEST_PASSWORD";
    assert_int_equal(setenv("SIDELOCK_TEST_PASSWORD", "sidelock", 1), 0);
    identity_unref(load_good(&pair));
    assert_int_equal(setenv("SIDELOCK_TEST_PASSWORD", "other", 1), 0);
    assert_pair_refused_as(&pair, SL_PASSWORD_WRONG,
        "is not opened by the password of certificate.password_env "
        "SIDELOCK_TEST_PASSWORD");
}

static void
missing_variable_is_refused(void **state)
{
    struct pair pair = encrypted_pair();

    (void)state;
    pair.password_env = "SIDELOCK_NOT_THERE";
    assert_pair_refused_as(&pair, SL_PASSWORD_MISSING,
        "certificate.password_env SIDELOCK_NOT_THERE: there is no environment "
        "variable of that name");
}

static void
credential_holds_the_password(void **state)
{
    struct pair pair = encrypted_pair();

    (void)state;
    assert_int_equal(mkdir("credentials", 0700), 0);
    copy_file("credentials/tls", "password");
    assert_int_equal(setenv("CREDENTIALS_DIRECTORY", "credentials", 1), 0);
    pair.password_credential = "tls";
    identity_unref(load_good(&pair));
    pair.password_credential = "other";
    assert_pair_refused_as(&pair, SL_FILE_MISSING,
        "certificate.password_credential credentials/other: no such file");
    assert_int_equal(unsetenv("CREDENTIALS_DIRECTORY"), 0);
}

static void
credential_without_systemd_is_refused(void **state)
{
    struct pair pair = encrypted_pair();

    (void)state;
    pair.password_credential = "tls";
    assert_pair_refused_as(&pair, SL_PASSWORD_MISSING,
        "certificate.password_credential tls: no credentials were handed over "
        "(CREDENTIALS_DIRECTORY is not set); write LoadCredential=tls:/PATH");
}

static void
credential_is_a_name_and_no_path(void **state)
{
    struct pair pair = encrypted_pair();

    (void)state;
    pair.password_credential = "../password";
    assert_pair_refused_as(&pair, SL_PASSWORD_MISSING,
        "certificate.password_credential ../password: is no name of a "
        "credential");
}

/* --- missing, wrong, weak, needless -------------------------------------- */

static void
missing_password_is_told_from_a_wrong_one(void **state)
{
    const struct pair keystore = {.keystore = "server.p12"};
    const struct pair der = {
        .cert = "server.pem", .key = "server-encrypted-key.der"};
    struct pair pair = encrypted_pair();

    (void)state;
    assert_pair_refused_as(&pair, SL_PASSWORD_MISSING,
        "certificate.key server-encrypted.key: the private key is encrypted, "
        "and no password is given; write password_file = FILE (or "
        "password_env, or password_credential) in [certificate default]");
    assert_pair_refused_as(&der, SL_PASSWORD_MISSING,
        "certificate.key server-encrypted-key.der: the private key is "
        "encrypted, and no password is given");
    assert_pair_refused_as(&keystore, SL_PASSWORD_MISSING,
        "certificate.keystore server.p12: the keystore is encrypted, and no "
        "password is given");
}

static void
wrong_password_of_a_keystore_is_refused(void **state)
{
    const struct pair pair = {.keystore = "server.p12", .password_file = "pw"};

    (void)state;
    write_file("pw", "wrong\n", 6);
    assert_pair_refused_as(&pair, SL_PASSWORD_WRONG,
        "certificate.keystore server.p12: is not opened by the password of "
        "certificate.password_file pw, or is damaged; try it: openssl pkcs12 "
        "-noout -in server.p12");
}

/* The key may have a password of its own, as Java once allowed: there is only
 * one in the configuration. */
static void
keystore_without_mac_takes_the_password_of_its_parts(void **state)
{
    const char *const arguments[] = {"pkcs12", "-export", "-in", "server.pem",
        "-inkey", "server.key", "-passout", "pass:sidelock", "-nomac", "-out",
        "nomac.p12", NULL};
    struct pair pair = {.keystore = "nomac.p12", .password_file = "password"};

    (void)state;
    run_openssl(arguments);
    identity_unref(load_good(&pair));
    write_file("pw", "wrong\n", 6);
    pair.password_file = "pw";
    assert_pair_refused_as(&pair, SL_PASSWORD_WRONG, "is not opened by");
}

static void
warns(const struct pair *pair, enum guide_code code, const char *text_part)
{
    struct report report;
    struct identity *identity;

    report_init(&report);
    identity = load_pair(pair, &report);
    assert_non_null(identity);
    assert_true(has_code(&report, code));
    assert_reported(&report, SEVERITY_WARNING, text_part);
    identity_unref(identity);
    report_deinit(&report);
}

static void
well_known_password_is_warned_of(void **state)
{
    const struct pair pair = {
        .keystore = "server-changeit.p12", .password_file = "pw"};

    (void)state;
    write_file("pw", "changeit\n", 9);
    warns(&pair, SL_PASSWORD_WEAK,
        "certificate.keystore server-changeit.p12: its password protects "
        "nothing");
}

static void
empty_password_is_warned_of(void **state)
{
    struct pair pair = {.keystore = "server-nopassword.p12"};

    (void)state;
    warns(&pair, SL_PASSWORD_WEAK,
        "certificate.keystore server-nopassword.p12: its password protects "
        "nothing");
    write_file("pw", "\n", 1);
    pair.password_file = "pw";
    warns(&pair, SL_PASSWORD_WEAK,
        "certificate.keystore server-nopassword.p12: its password protects "
        "nothing");
}

static void
needless_password_is_warned_of(void **state)
{
    const struct pair pem = {
        .cert = "server.pem", .key = "server.key", .password_file = "password"};
    const struct pair keystore = {
        .keystore = "server-plain.p12", .password_file = "password"};

    (void)state;
    warns(&pem, SL_PASSWORD_UNUSED,
        "certificate.password_file password: a password is given, and nothing "
        "is encrypted");
    warns(&keystore, SL_PASSWORD_UNUSED,
        "certificate.password_file password: a password is given, and nothing "
        "is encrypted");
}

/* --- secrecy ------------------------------------------------------------- */

static const char secret[] = "Correct-Horse-77";

/* Whatever is done with it, and whether it fits or not. */
static void
assert_never_told(const struct pair *pair)
{
    struct report report;

    report_init(&report);
    identity_unref(load_pair(pair, &report));
    assert_not_reported(&report, secret);
    report_deinit(&report);
}

static void
password_is_never_part_of_a_message(void **state)
{
    static const char *const keys[] = {"server-encrypted.key", "server.key",
        "server-encrypted-key.der", "server-legacy-encrypted.key",
        "server-pbes1.key", "server-other.key", "garbage.pem", "nowhere.key"};
    static const char *const keystores[] = {"server.p12", "server-legacy.p12",
        "server-plain.p12", "truststore.p12", "secret.p12"};
    char option[64];
    const char *const arguments[] = {"pkcs12", "-export", "-in", "server.pem",
        "-inkey", "server.key", "-passout", option, "-out", "secret.p12", NULL};
    struct pair pair = {.cert = "server.pem"};

    (void)state;
    (void)snprintf(option, sizeof(option), "pass:%s", secret);
    run_openssl(arguments);
    write_file("pw", secret, strlen(secret));
    assert_int_equal(setenv("SIDELOCK_TEST_PASSWORD", secret, 1), 0);
    for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
        pair.key = keys[i];
        pair.password_file = "pw";
        pair.password_env = NULL;
        assert_never_told(&pair);
        pair.password_file = NULL;
        pair.password_env = "SIDELOCK_TEST_PASSWORD";
        assert_never_told(&pair);
    }
    pair = (struct pair){.password_file = "pw"};
    for (size_t i = 0; i < sizeof(keystores) / sizeof(keystores[0]); i++) {
        pair.keystore = keystores[i];
        assert_never_told(&pair);
    }
}

static void
no_password_is_left_in_secret_memory(void **state)
{
    (void)state;
    assert_int_equal(secret_usage().count, 0);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(first_line_of_a_file_is_the_password),
        cmocka_unit_test(one_line_end_of_either_kind_is_ignored),
        cmocka_unit_test(nothing_else_is_ignored),
        cmocka_unit_test(missing_password_file_is_refused),
        cmocka_unit_test(empty_password_file_is_refused),
        cmocka_unit_test(overlong_password_is_refused),
        cmocka_unit_test(password_file_that_everybody_can_read_is_noted),
        cmocka_unit_test(variable_holds_the_password),
        cmocka_unit_test(missing_variable_is_refused),
        cmocka_unit_test(credential_holds_the_password),
        cmocka_unit_test(credential_without_systemd_is_refused),
        cmocka_unit_test(credential_is_a_name_and_no_path),
        cmocka_unit_test(missing_password_is_told_from_a_wrong_one),
        cmocka_unit_test(wrong_password_of_a_keystore_is_refused),
        cmocka_unit_test(keystore_without_mac_takes_the_password_of_its_parts),
        cmocka_unit_test(well_known_password_is_warned_of),
        cmocka_unit_test(empty_password_is_warned_of),
        cmocka_unit_test(needless_password_is_warned_of),
        cmocka_unit_test(password_is_never_part_of_a_message),
        cmocka_unit_test(no_password_is_left_in_secret_memory),
    };

    return cmocka_run_group_tests(tests, certs_start, certs_stop);
}
