/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Files that are refused as certificates and keys: of another format, damaged,
 * or not to be read. One line names the file, the cause and what to do.
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

/* --- other formats ------------------------------------------------------- */

static void
refused_as(const char *cert, const char *key, enum guide_code code,
    const char *text_part)
{
    const struct pair pair = {.cert = cert, .key = key};

    assert_pair_refused_as(&pair, code, text_part);
}

static void
java_keystore_is_refused_with_its_command(void **state)
{
    static const char start[] = "\xfe\xed\xfe\xed\0\0\0\2";
    const struct pair pair = {
        .keystore = "server.jks", .password_file = "password"};

    (void)state;
    write_file("server.jks", start, sizeof(start));
    refused_as("server.jks", "server.key", SL_FORMAT_UNKNOWN,
        "certificate.cert server.jks: cannot be read: it is a Java keystore");
    assert_pair_refused_as(&pair, SL_FORMAT_UNKNOWN,
        "keytool -importkeystore -srckeystore server.jks -destkeystore "
        "server.jks.p12 -deststoretype pkcs12");
}

static void
certificate_request_is_refused_by_its_name(void **state)
{
    const char *const der[] = {"req", "-new", "-key", "server.key", "-subj",
        "/CN=x", "-outform", "DER", "-out", "request.der", NULL};

    (void)state;
    run_openssl(der);
    refused_as("request.der", "server.key", SL_FORMAT_UNKNOWN,
        "certificate.cert request.der: cannot be read: it is a request");
}

static void
public_key_is_refused_by_its_name(void **state)
{
    const char *const pem[] = {
        "pkey", "-in", "server.key", "-pubout", "-out", "public.pem", NULL};
    const char *const der[] = {"pkey", "-in", "server.key", "-pubout",
        "-outform", "DER", "-out", "public.der", NULL};

    (void)state;
    run_openssl(pem);
    refused_as("server.pem", "public.pem", SL_KEY_NONE,
        "certificate.key public.pem: no private key in it (but a block PUBLIC "
        "KEY)");
    run_openssl(der);
    refused_as("server.pem", "public.der", SL_FORMAT_UNKNOWN,
        "certificate.key public.der: cannot be read: it is a public key");
}

static void
pkcs7_is_refused_with_its_command(void **state)
{
    const char *const arguments[] = {"crl2pkcs7", "-nocrl", "-certfile",
        "server.pem", "-outform", "DER", "-out", "server.p7b", NULL};

    (void)state;
    run_openssl(arguments);
    refused_as("server.p7b", "server.key", SL_FORMAT_UNKNOWN,
        "openssl pkcs7 -inform DER -in server.p7b -print_certs");
}

/* With the command for PEM, which reads no DER, nor the other way round. */
static void
pkcs7_in_pem_is_refused_with_its_command(void **state)
{
    const char *const arguments[] = {"crl2pkcs7", "-nocrl", "-certfile",
        "server.pem", "-out", "server-pem.p7b", NULL};

    (void)state;
    run_openssl(arguments);
    refused_as("server-pem.p7b", "server.key", SL_FORMAT_UNKNOWN,
        "openssl pkcs7 -in server-pem.p7b -print_certs");
}

static void
openssh_key_is_refused_with_its_command(void **state)
{
    static const char text[] = "-----BEGIN OPENSSH PRIVATE KEY-----\n"
                               "b3BlbnNzaC1rZXktdjEA\n"
                               "-----END OPENSSH PRIVATE KEY-----\n";

    (void)state;
    write_file("ssh.key", text, strlen(text));
    refused_as("server.pem", "ssh.key", SL_FORMAT_UNKNOWN,
        "ssh-keygen -p -m PKCS8 -f ssh.key");
}

/* What PowerShell's redirection makes of PEM. */
static void
wide_text_is_refused_with_its_command(void **state)
{
    static const char text[] = "\xff\xfe-\0-\0-\0-\0-\0";

    (void)state;
    write_file("wide.pem", text, sizeof(text));
    refused_as("wide.pem", "server.key", SL_FORMAT_UNKNOWN,
        "iconv -f UTF-16 -t ASCII -o wide.pem.pem wide.pem");
}

static void
certificate_as_der_given_as_key_is_refused(void **state)
{
    (void)state;
    refused_as("server.pem", "server.der", SL_KEY_NONE,
        "certificate.key server.der: no private key in it");
}

static void
key_as_der_given_as_certificate_is_refused(void **state)
{
    (void)state;
    refused_as("server-key.der", "server.key", SL_CERT_NONE,
        "certificate.cert server-key.der: no certificate in it");
}

static void
damaged_key_is_refused(void **state)
{
    static const char text[] = "-----BEGIN PRIVATE KEY-----\n"
                               "bm90aGluZyBvZiB0aGUga2luZA==\n"
                               "-----END PRIVATE KEY-----\n";

    (void)state;
    write_file("words.key", text, strlen(text));
    refused_as("server.pem", "words.key", SL_KEY_UNREADABLE,
        "certificate.key words.key: the private key cannot be read");
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
    refused("server.pem", "cut.key",
        "certificate.key cut.key: PEM block 1 is broken");
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

/* The first bytes of DER and PKCS#12 say how many there are. */
static void
binary_that_was_cut_off_is_refused(void **state)
{
    (void)state;
    copy_file("cut.der", "server.der");
    assert_int_equal(truncate("cut.der", 200), 0);
    refused("cut.der", "server.key",
        "certificate.cert cut.der: cannot be read: it is shorter than it says "
        "itself; was it cut off");
    copy_file("cut-key.der", "server-key.der");
    assert_int_equal(truncate("cut-key.der", 100), 0);
    refused("server.pem", "cut-key.der",
        "certificate.key cut-key.der: cannot be read: it is shorter than");
    copy_file("cut.p12", "server.p12");
    assert_int_equal(truncate("cut.p12", 1000), 0);
    refused("cut.p12", "server.key",
        "certificate.cert cut.p12: cannot be read: it is shorter than");
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(java_keystore_is_refused_with_its_command),
        cmocka_unit_test(certificate_request_is_refused_by_its_name),
        cmocka_unit_test(public_key_is_refused_by_its_name),
        cmocka_unit_test(pkcs7_is_refused_with_its_command),
        cmocka_unit_test(pkcs7_in_pem_is_refused_with_its_command),
        cmocka_unit_test(openssh_key_is_refused_with_its_command),
        cmocka_unit_test(wide_text_is_refused_with_its_command),
        cmocka_unit_test(certificate_as_der_given_as_key_is_refused),
        cmocka_unit_test(key_as_der_given_as_certificate_is_refused),
        cmocka_unit_test(damaged_key_is_refused),
        cmocka_unit_test(garbage_is_refused),
        cmocka_unit_test(garbage_as_key_is_refused),
        cmocka_unit_test(key_given_as_certificate_is_refused),
        cmocka_unit_test(certificate_given_as_key_is_refused),
        cmocka_unit_test(certificate_that_was_cut_off_is_refused),
        cmocka_unit_test(binary_that_was_cut_off_is_refused),
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
