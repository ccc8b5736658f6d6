/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Where CAs may come from: truststores, folders, the system's own. */
#include <sys/stat.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "certs/secret.h"
#include "certs/sources.h"
#include "certs/trust.h"
#include "tests/unit/certs_fixture.h"
#include "tests/unit/config_fixture.h"

/* The test's own: items of clients.ca, and where the password is from. */
struct wish {
    const char *ca[4];
    const char *password_file;
    const char *password_env;
    const char *password_credential;
    bool is_closed; /* without allow_all */
};

static char *
copy_text(const char *text)
{
    char *copy = strdup(text != NULL ? text : "");

    assert_non_null(copy);
    return copy;
}

static struct trust *
load(const struct wish *wish, struct report *report)
{
    char *items[4];
    struct config_clients clients = {
        .ca = {.items = items},
        .ca_password_file = copy_text(wish->password_file),
        .ca_password_env = copy_text(wish->password_env),
        .ca_password_credential = copy_text(wish->password_credential),
        .allow_all = !wish->is_closed,
    };
    struct trust *trust;

    for (; clients.ca.count < 4 && wish->ca[clients.ca.count] != NULL;
         clients.ca.count++)
        items[clients.ca.count] = copy_text(wish->ca[clients.ca.count]);
    trust = trust_load(&clients, report);
    for (size_t i = 0; i < clients.ca.count; i++)
        free(items[i]);
    free(clients.ca_password_file);
    free(clients.ca_password_env);
    free(clients.ca_password_credential);
    assert_int_equal(secret_usage().count, 0);
    return trust;
}

/* Loads so many CAs, and says this. */
static void
loads(const struct wish *wish, size_t count, enum severity severity,
    const char *text_part)
{
    struct report report;
    struct trust *trust;

    report_init(&report);
    trust = load(wish, &report);
    if (trust == NULL) {
        fail_msg("%s", report_first_error(&report));
        return;
    }
    assert_int_equal(trust->ca_count, count);
    assert_reported(&report, severity, text_part);
    if (severity == SEVERITY_NOTE)
        assert_no_complaint(&report);
    trust_free(trust);
    report_deinit(&report);
}

static void
refused(const struct wish *wish, enum guide_code code, const char *text_part)
{
    struct report report;

    report_init(&report);
    assert_null(load(wish, &report));
    assert_reported(&report, SEVERITY_ERROR, text_part);
    assert_true(has_code(&report, code));
    report_deinit(&report);
}

/* A truststore of the files' certificates, encrypted with the password. */
static void
make_truststore(
    const char *path, const char *const *files, const char *password)
{
    const char *const export[] = {"pkcs12", "-export", "-nokeys", "-in",
        "store.pem", "-passout", password, "-out", path, NULL};

    join_files("store.pem", files);
    run_openssl(export);
}

#define FILES(...) ((const char *const[]){__VA_ARGS__, NULL})

/* --- truststores --------------------------------------------------------- */

static void
truststore_is_opened_by_each_kind_of_password(void **state)
{
    static const char note[] = "clients.ca two.p12: 2 CAs: ";

    (void)state;
    make_truststore(
        "two.p12", FILES("ca.pem", "other-ca.pem"), "pass:sidelock");
    loads(&(struct wish){.ca = {"two.p12"}, .password_file = "password"}, 2,
        SEVERITY_NOTE, note);
    assert_int_equal(setenv("STORE_PASSWORD", "sidelock", 1), 0);
    loads(&(struct wish){.ca = {"two.p12"}, .password_env = "STORE_PASSWORD"},
        2, SEVERITY_NOTE, note);
    assert_int_equal(setenv("CREDENTIALS_DIRECTORY", ".", 1), 0);
    loads(&(struct wish){.ca = {"two.p12"}, .password_credential = "password"},
        2, SEVERITY_NOTE, note);
    assert_int_equal(unsetenv("CREDENTIALS_DIRECTORY"), 0);
}

static void
missing_password_is_told(void **state)
{
    (void)state;
    make_truststore("one.p12", FILES("ca.pem"), "pass:sidelock");
    refused(&(struct wish){.ca = {"one.p12"}}, SL_PASSWORD_MISSING,
        "clients.ca one.p12: the keystore is encrypted, and no password is "
        "given; write ca_password_file = FILE (or ca_password_env, or "
        "ca_password_credential) in [clients]");
    refused(
        &(struct wish){.ca = {"one.p12"}, .password_env = "NO_SUCH_VARIABLE"},
        SL_PASSWORD_MISSING,
        "clients.ca_password_env NO_SUCH_VARIABLE: there is no environment");
    refused(&(struct wish){.ca = {"one.p12"}, .password_credential = "a/b"},
        SL_PASSWORD_MISSING,
        "clients.ca_password_credential a/b: is no name of a credential: it "
        "has a slash; for a path write ca_password_file");
}

static void
wrong_password_is_told(void **state)
{
    (void)state;
    make_truststore("one.p12", FILES("ca.pem"), "pass:another");
    refused(&(struct wish){.ca = {"one.p12"}, .password_file = "password"},
        SL_PASSWORD_WRONG,
        "clients.ca one.p12: is not opened by the password of "
        "clients.ca_password_file password");
}

static void
weak_passwords_are_told(void **state)
{
    static const char text[] = "one.p12: its password protects nothing";

    (void)state;
    write_file("known", "changeit\n", strlen("changeit\n"));
    make_truststore("one.p12", FILES("ca.pem"), "pass:changeit");
    loads(&(struct wish){.ca = {"one.p12"}, .password_file = "known"}, 1,
        SEVERITY_WARNING, text);
    make_truststore("one.p12", FILES("ca.pem"), "pass:");
    loads(&(struct wish){.ca = {"one.p12"}}, 1, SEVERITY_WARNING, text);
}

static void
unused_password_is_told(void **state)
{
    (void)state;
    loads(&(struct wish){.ca = {"ca.pem"}, .password_file = "password"}, 1,
        SEVERITY_WARNING,
        "clients.ca_password_file password: a password is given, and no file "
        "of clients.ca is encrypted");
}

static void
keystore_with_a_key_brings_its_cas_only_if_all_are(void **state)
{
    (void)state;
    refused(&(struct wish){.ca = {"client.p12"}, .password_file = "password"},
        SL_CA_NOT,
        "clients.ca client.p12: \"CN=test client,O=sidelock development\" is "
        "no CA certificate");
}

static void
old_truststore_is_told_how_to_convert(void **state)
{
    (void)state;
    refused(&(struct wish){.ca = {"server-legacy.p12"},
                .password_file = "password"},
        SL_KEYSTORE_LEGACY,
        "openssl pkcs12 -legacy -in server-legacy.p12 -nokeys -out "
        "server-legacy.p12.pem");
}

/* --- folders ------------------------------------------------------------- */

static void
folder_is_read(void **state)
{
    struct report report;
    struct trust *trust;

    (void)state;
    assert_int_equal(mkdir("cas", 0700), 0);
    copy_file("cas/a.pem", "ca.pem");
    copy_file("cas/same.pem", "ca.pem");
    join_files("cas/b.crt", FILES("intermediate.pem", "other-ca.pem"));
    copy_file("cas/list.pem", "crl.pem");
    copy_file("cas/ca.key", "ca.key");
    copy_file("cas/.hidden.pem", "server.pem");
    assert_int_equal(mkdir("cas/below", 0700), 0);
    copy_file("cas/below/x.pem", "server.pem");
    assert_int_equal(symlink("a.pem", "cas/01234567.0"), 0);
    assert_int_equal(symlink("nowhere", "cas/dangling.pem"), 0);
    report_init(&report);
    report.sources = sources_new();
    trust = load(&(struct wish){.ca = {"cas"}}, &report);
    assert_non_null(trust);
    assert_no_complaint(&report);
    assert_int_equal(trust->ca_count, 3);
    assert_reported(&report, SEVERITY_NOTE,
        "clients.ca cas: 3 CAs (and 1 again): \"CN=sidelock development root,");
    assert_reported(&report, SEVERITY_NOTE,
        "clients.ca cas: 2 other files are passed over: \"ca.key\", "
        "\"list.pem\"");
    /* The folder, its five files, and the link that leads nowhere. */
    assert_int_equal(sources_count(report.sources), 7);
    assert_false(sources_have_changed(report.sources));
    copy_file("cas/nowhere", "ca.pem");
    assert_true(sources_have_changed(report.sources));
    sources_free(report.sources);
    trust_free(trust);
    report_deinit(&report);
}

static void
what_is_no_ca_in_a_folder_is_passed_over(void **state)
{
    (void)state;
    assert_int_equal(mkdir("mixed", 0700), 0);
    copy_file("mixed/a.pem", "ca.pem");
    copy_file("mixed/b.pem", "client-leafonly.pem");
    loads(&(struct wish){.ca = {"mixed"}}, 1, SEVERITY_WARNING,
        "clients.ca mixed: 1 certificate is no CA and passed over: \"CN=test "
        "client,O=sidelock development\"");
}

static void
folder_without_a_ca_is_refused(void **state)
{
    (void)state;
    assert_int_equal(mkdir("none", 0700), 0);
    refused(&(struct wish){.ca = {"ca.pem", "none"}}, SL_CA_NONE,
        "clients.ca none: there is no CA certificate in it");
    write_file("none/README", "text\n", strlen("text\n"));
    refused(&(struct wish){.ca = {"none"}}, SL_CA_NONE, "clients.ca none: ");
}

static void
damaged_certificate_in_a_folder_is_refused(void **state)
{
    (void)state;
    assert_int_equal(mkdir("damaged", 0700), 0);
    copy_file("damaged/a.pem", "ca.pem");
    copy_file("damaged/b.pem", "broken.pem");
    refused(&(struct wish){.ca = {"damaged"}}, SL_PEM_BROKEN,
        "clients.ca damaged/b.pem: PEM block 1 is broken");
}

static void
truststore_in_a_folder_is_read(void **state)
{
    (void)state;
    assert_int_equal(mkdir("stores", 0700), 0);
    make_truststore("stores/a.p12", FILES("ca.pem"), "pass:changeit");
    write_file("known", "changeit\n", strlen("changeit\n"));
    loads(&(struct wish){.ca = {"stores"}, .password_file = "known"}, 1,
        SEVERITY_WARNING, "clients.ca stores: its password protects nothing");
}

static void
same_ca_of_two_items_counts_once(void **state)
{
    (void)state;
    assert_int_equal(mkdir("again", 0700), 0);
    copy_file("again/a.pem", "ca.pem");
    loads(&(struct wish){.ca = {"ca.pem", "again"}}, 1, SEVERITY_NOTE,
        "clients.ca again: 0 CAs (and 1 again)");
}

/* --- the system's -------------------------------------------------------- */

static void
system_is_warned_of(void **state)
{
    struct report report;
    struct trust *trust;

    (void)state;
    if (access("/etc/ssl/certs/ca-certificates.crt", R_OK) != 0)
        skip();
    report_init(&report);
    trust = load(&(struct wish){.ca = {"system"}}, &report);
    assert_non_null(trust);
    assert_true(trust->ca_count > 20);
    assert_true(has_code(&report, SL_CA_SYSTEM));
    assert_reported(&report, SEVERITY_WARNING,
        "with allow_all = yes every one of them comes in");
    assert_reported(&report, SEVERITY_NOTE, " and others");
    assert_int_equal(report.warning_count, 1);
    trust_free(trust);
    report_deinit(&report);
    report_init(&report);
    trust = load(&(struct wish){.ca = {"system"}, .is_closed = true}, &report);
    assert_non_null(trust);
    assert_not_reported(&report, "allow_all");
    trust_free(trust);
    report_deinit(&report);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(truststore_is_opened_by_each_kind_of_password),
        cmocka_unit_test(missing_password_is_told),
        cmocka_unit_test(wrong_password_is_told),
        cmocka_unit_test(weak_passwords_are_told),
        cmocka_unit_test(unused_password_is_told),
        cmocka_unit_test(keystore_with_a_key_brings_its_cas_only_if_all_are),
        cmocka_unit_test(old_truststore_is_told_how_to_convert),
        cmocka_unit_test(folder_is_read),
        cmocka_unit_test(what_is_no_ca_in_a_folder_is_passed_over),
        cmocka_unit_test(folder_without_a_ca_is_refused),
        cmocka_unit_test(damaged_certificate_in_a_folder_is_refused),
        cmocka_unit_test(truststore_in_a_folder_is_read),
        cmocka_unit_test(same_ca_of_two_items_counts_once),
        cmocka_unit_test(system_is_warned_of),
    };

    return cmocka_run_group_tests(tests, certs_start, certs_stop);
}
