/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Files that are refused as certificates and keys: encrypted, of another
 * format, damaged, or not to be read. One line names the file, the cause and
 * what to do.
 */
#include <sys/stat.h>
#include <sys/wait.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "certs/file.h"
#include "certs/secret.h"
#include "tests/unit/certs_fixture.h"
#include "tests/unit/config_fixture.h"

static void
refused(const char *cert, const char *key, const char *text_part)
{
    const struct pair pair = {.cert = cert, .key = key};

    assert_pair_refused(&pair, text_part);
}

/* --- encrypted keys ------------------------------------------------------ */

static void
encrypted_key_is_refused_with_the_command_to_decrypt_it(void **state)
{
    (void)state;
    refused("server.pem", "server-encrypted.key",
        "certificate.key server-encrypted.key: the private key is encrypted");
    refused("server.pem", "server-encrypted.key",
        "openssl pkey -in server-encrypted.key -out plain.key");
}

static void
key_that_is_encrypted_the_old_way_is_refused_likewise(void **state)
{
    (void)state;
    refused("server.pem", "server-legacy-encrypted.key",
        "certificate.key server-legacy-encrypted.key: the private key is "
        "encrypted");
    refused("server.pem", "server-legacy-encrypted.key",
        "openssl pkey -in server-legacy-encrypted.key -out plain.key");
}

/* --- other formats ------------------------------------------------------- */

static void
pkcs12_is_refused_by_its_name(void **state)
{
    (void)state;
    refused("server.p12", "server.key",
        "certificate.cert server.p12: is not PEM: it is PKCS#12; convert it: "
        "openssl pkcs12 -in server.p12");
}

static void
pkcs12_as_key_is_refused_by_its_name(void **state)
{
    (void)state;
    refused("server.pem", "server.p12",
        "certificate.key server.p12: is not PEM: it is PKCS#12; convert it: "
        "openssl pkcs12 -in server.p12");
}

static void
der_is_refused_by_its_name(void **state)
{
    (void)state;
    refused("server.der", "server.key",
        "certificate.cert server.der: is not PEM: it is DER (binary); convert "
        "it: openssl x509 -inform DER -in server.der");
}

static void
der_key_is_refused_by_its_name(void **state)
{
    const char *const arguments[] = {"pkey", "-in", "server.key", "-outform",
        "DER", "-out", "key.der", NULL};

    (void)state;
    run_openssl(arguments);
    refused("server.pem", "key.der",
        "certificate.key key.der: is not PEM: it is DER (binary)");
    refused("server.pem", "key.der", "openssl pkey -inform DER -in key.der");
}

static void
java_keystore_is_refused_by_its_name(void **state)
{
    static const char start[] = "\xfe\xed\xfe\xed\0\0\0\2";

    (void)state;
    write_file("server.jks", start, sizeof(start));
    refused("server.jks", "server.key",
        "certificate.cert server.jks: is not PEM: it is a Java keystore");
}

static void
garbage_is_refused(void **state)
{
    (void)state;
    refused("garbage.pem", "server.key",
        "certificate.cert garbage.pem: no certificate in it");
}

static void
garbage_as_key_is_refused(void **state)
{
    (void)state;
    refused("server.pem", "garbage.pem",
        "certificate.key garbage.pem: no private key in it");
}

static void
key_given_as_certificate_is_refused(void **state)
{
    (void)state;
    refused("server.key", "server.key",
        "certificate.cert server.key: no certificate in it");
}

static void
certificate_given_as_key_is_refused(void **state)
{
    (void)state;
    refused("server.pem", "server.pem",
        "certificate.key server.pem: no private key in it");
}

static void
certificate_that_was_cut_off_is_refused(void **state)
{
    (void)state;
    refused("broken.pem", "server.key",
        "certificate.cert broken.pem: PEM block 1 is broken");
}

static void
key_that_was_cut_off_is_refused(void **state)
{
    struct blob content = read_file("server.key");

    (void)state;
    content.len /= 2;
    write_blob("cut.key", &content);
    blob_free(&content);
    refused("server.pem", "cut.key", "certificate.key cut.key: broken PEM");
}

/* A file that is being written: the leaf is there, its issuer only partly. */
static void
chain_that_was_cut_off_is_refused(void **state)
{
    struct blob content = read_file("server.pem");

    (void)state;
    content.len -= 100;
    write_blob("cut.pem", &content);
    blob_free(&content);
    refused("cut.pem", "server.key",
        "certificate.cert cut.pem: PEM block 2 is broken");
}

static void
base64_that_is_no_certificate_is_refused(void **state)
{
    static const char text[] = "-----BEGIN CERTIFICATE-----\n"
                               "bm90aGluZyBvZiB0aGUga2luZA==\n"
                               "-----END CERTIFICATE-----\n";

    (void)state;
    write_file("words.pem", text, strlen(text));
    refused("words.pem", "server.key",
        "certificate.cert words.pem: certificate 1 cannot be read");
}

/* --- files --------------------------------------------------------------- */

static void
empty_file_is_refused(void **state)
{
    (void)state;
    refused("empty.pem", "server.key", "certificate.cert empty.pem: is empty");
}

static void
empty_key_file_is_refused(void **state)
{
    (void)state;
    refused("server.pem", "empty.pem", "certificate.key empty.pem: is empty");
}

static void
folder_is_refused(void **state)
{
    (void)state;
    assert_int_equal(mkdir("folder", 0755), 0);
    refused("folder", "server.key", "certificate.cert folder: is a folder");
    refused("server.pem", "folder", "certificate.key folder: is a folder");
}

static void
missing_file_is_refused(void **state)
{
    (void)state;
    refused(
        "nowhere.pem", "server.key", "certificate.cert nowhere.pem: no such");
}

static void
missing_key_file_is_refused(void **state)
{
    (void)state;
    refused(
        "server.pem", "nowhere.key", "certificate.key nowhere.key: no such");
}

/* Opening a pipe without a writer would wait for ever. */
static void
pipe_is_refused_at_once(void **state)
{
    (void)state;
    assert_int_equal(mkfifo("pipe", 0644), 0);
    refused(
        "pipe", "server.key", "certificate.cert pipe: is not a regular file");
}

static void
oversized_file_is_refused(void **state)
{
    (void)state;
    write_file("large.pem", "", 0);
    assert_int_equal(truncate("large.pem", FILE_BYTES_MAX + 1), 0);
    refused("large.pem", "server.key",
        "certificate.cert large.pem: is larger than 4 MiB");
}

/* Runs check as uid and gid 65534 in a child; what fails there fails here. */
static void
as_nobody(void (*check)(void))
{
    int status;
    pid_t pid = fork();

    assert_true(pid >= 0);
    if (pid == 0) {
        if (setgid(65534) != 0 || setuid(65534) != 0)
            _exit(2);
        check();
        _exit(0);
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 0);
}

/* The child must not run the rest of the tests: no assertion in it. */
static void
expect_refusal(const struct pair *pair, const char *text_part)
{
    struct report report;

    report_init(&report);
    if (load_pair(pair, &report) != NULL
        || strstr(report_first_error(&report), text_part) == NULL) {
        (void)fprintf(stderr, "not refused with \"%s\" but \"%s\"\n", text_part,
            report_first_error(&report));
        _exit(1);
    }
    report_deinit(&report);
}

static void
expect_key_denied(void)
{
    const struct pair pair = {.cert = "server.pem", .key = "server.key"};

    expect_refusal(&pair,
        "certificate.key server.key: permission denied: owner uid 0 gid 0, "
        "mode 0600, and we are uid 65534 gid 65534");
}

static void
unreadable_file_is_refused_with_owner_and_mode(void **state)
{
    (void)state;
    if (geteuid() != 0)
        skip();
    as_nobody(expect_key_denied);
}

static void
expect_folder_denied(void)
{
    const struct pair pair = {.cert = "closed/server.pem", .key = "server.key"};

    expect_refusal(&pair,
        "certificate.cert closed/server.pem: permission denied on a folder of "
        "the path, and we are uid 65534");
}

static void
file_in_a_closed_folder_is_refused_by_its_folder(void **state)
{
    (void)state;
    if (geteuid() != 0)
        skip();
    assert_int_equal(mkdir("closed", 0700), 0);
    copy_file("closed/server.pem", "server.pem");
    as_nobody(expect_folder_denied);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(
            encrypted_key_is_refused_with_the_command_to_decrypt_it),
        cmocka_unit_test(key_that_is_encrypted_the_old_way_is_refused_likewise),
        cmocka_unit_test(pkcs12_is_refused_by_its_name),
        cmocka_unit_test(pkcs12_as_key_is_refused_by_its_name),
        cmocka_unit_test(der_is_refused_by_its_name),
        cmocka_unit_test(der_key_is_refused_by_its_name),
        cmocka_unit_test(java_keystore_is_refused_by_its_name),
        cmocka_unit_test(garbage_is_refused),
        cmocka_unit_test(garbage_as_key_is_refused),
        cmocka_unit_test(key_given_as_certificate_is_refused),
        cmocka_unit_test(certificate_given_as_key_is_refused),
        cmocka_unit_test(certificate_that_was_cut_off_is_refused),
        cmocka_unit_test(key_that_was_cut_off_is_refused),
        cmocka_unit_test(chain_that_was_cut_off_is_refused),
        cmocka_unit_test(base64_that_is_no_certificate_is_refused),
        cmocka_unit_test(empty_file_is_refused),
        cmocka_unit_test(empty_key_file_is_refused),
        cmocka_unit_test(folder_is_refused),
        cmocka_unit_test(missing_file_is_refused),
        cmocka_unit_test(missing_key_file_is_refused),
        cmocka_unit_test(pipe_is_refused_at_once),
        cmocka_unit_test(oversized_file_is_refused),
        cmocka_unit_test(unreadable_file_is_refused_with_owner_and_mode),
        cmocka_unit_test(file_in_a_closed_folder_is_refused_by_its_folder),
    };

    return cmocka_run_group_tests(tests, certs_start, certs_stop);
}
