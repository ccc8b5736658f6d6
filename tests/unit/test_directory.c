/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Which files of a folder make pairs. What is in them is not looked at. */
#include <sys/stat.h>
#include <sys/wait.h>

#include <fcntl.h>
#include <ftw.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "certs/directory.h"
#include "certs/sources.h"
#include "tests/unit/certs_fixture.h"
#include "tests/unit/config_fixture.h"

static char root[] = "/tmp/sidelock-directory-XXXXXX";

static int
start(void **state)
{
    (void)state;
    if (mkdtemp(root) == NULL)
        return -1;
    return chdir(root);
}

static int
remove_entry(
    const char *path, const struct stat *info, int kind, struct FTW *at)
{
    (void)info;
    (void)kind;
    (void)at;
    return remove(path);
}

static int
stop(void **state)
{
    (void)state;
    if (chdir("/") != 0)
        return -1;
    return nftw(root, remove_entry, 16, FTW_DEPTH | FTW_PHYS);
}

/* A folder in the test's own, with files of any content. A name with a slash
 * at its end is a folder. */
static void
make_folder(const char *path, const char *const *names)
{
    char whole[256];

    assert_int_equal(mkdir(path, 0755), 0);
    for (; *names != NULL; names++) {
        (void)snprintf(whole, sizeof(whole), "%s/%s", path, *names);
        if (whole[strlen(whole) - 1] == '/')
            assert_int_equal(mkdir(whole, 0755), 0);
        else
            write_file(whole, "x", 1);
    }
}

struct read {
    struct directory directory;
    struct report report;
    int result;
};

static void
read_folder(struct read *read, const char *path, const char *const *names)
{
    make_folder(path, names);
    report_init(&read->report);
    read->result = directory_read(&read->directory, path, &read->report);
}

static void
discard(struct read *read)
{
    directory_deinit(&read->directory);
    assert_int_equal(read->directory.count, 0);
    report_deinit(&read->report);
}

/* The folder's pairs, "CERT KEY" or "KEYSTORE PASSWORD" for each. */
static void
assert_pairs(const struct read *read, const char *const *expected)
{
    size_t count = 0;

    if (read->result != 0)
        fail_msg("%s", report_first_error(&read->report));
    for (; expected[count] != NULL; count++) {
        const struct config_certificate *pair = &read->directory.pairs[count];
        char found[512];

        assert_true(count < read->directory.count);
        (void)snprintf(found, sizeof(found), "%s %s",
            pair->keystore[0] != '\0' ? pair->keystore : pair->cert,
            pair->keystore[0] != '\0' ? pair->password_file : pair->key);
        assert_string_equal(found, expected[count]);
    }
    assert_int_equal(read->directory.count, count);
}

#define LIST(...) ((const char *const[]){__VA_ARGS__, NULL})

static void
assert_folder_has(
    const char *path, const char *const *names, const char *const *expected)
{
    struct read read;

    read_folder(&read, path, names);
    assert_pairs(&read, expected);
    discard(&read);
}

static void
assert_folder_is_refused(const char *path, const char *const *names,
    enum guide_code code, const char *text_part)
{
    struct read read;

    read_folder(&read, path, names);
    assert_int_equal(read.result, -1);
    assert_reported(&read.report, SEVERITY_ERROR, text_part);
    assert_reported(&read.report, SEVERITY_ERROR, path);
    assert_int_equal(report_first_code(&read.report), code);
    discard(&read);
}

/* --- pairs --------------------------------------------------------------- */

static void
certificate_has_its_key_beside_it(void **state)
{
    (void)state;
    assert_folder_has("beside",
        LIST("a.crt", "a.key", "b.cer", "b.key", "c.pem", "c.key"),
        LIST("beside/a.crt beside/a.key", "beside/b.cer beside/b.key",
            "beside/c.pem beside/c.key"));
}

static void
pem_without_a_key_beside_it_holds_the_key(void **state)
{
    (void)state;
    assert_folder_has(
        "combined", LIST("a.pem"), LIST("combined/a.pem combined/a.pem"));
}

static void
name_may_have_dots(void **state)
{
    (void)state;
    assert_folder_has("dots", LIST("www.a.example.crt", "www.a.example.key"),
        LIST("dots/www.a.example.crt dots/www.a.example.key"));
}

static void
keystore_has_its_password_beside_it_or_none(void **state)
{
    (void)state;
    assert_folder_has("stores", LIST("a.p12", "a.pass", "b.pfx", "c.p12"),
        LIST("stores/a.p12 stores/a.pass", "stores/b.pfx ", "stores/c.p12 "));
}

static void
folders_of_certbot_and_kubernetes_are_pairs(void **state)
{
    (void)state;
    assert_folder_has("layouts",
        LIST("a.example/", "a.example/fullchain.pem", "a.example/privkey.pem",
            "a.example/cert.pem", "secret/", "secret/tls.crt",
            "secret/tls.key"),
        LIST("layouts/a.example/fullchain.pem layouts/a.example/privkey.pem",
            "layouts/secret/tls.crt layouts/secret/tls.key"));
}

/* Two pairs of one name would be taken for each other by a reload. */
static void
folder_is_one_pair(void **state)
{
    (void)state;
    assert_folder_has("both",
        LIST(
            "a/", "a/fullchain.pem", "a/privkey.pem", "a/tls.crt", "a/tls.key"),
        LIST("both/a/fullchain.pem both/a/privkey.pem"));
}

/* What is missing of it is told by the load. */
static void
half_a_folder_is_a_pair_that_will_not_load(void **state)
{
    (void)state;
    assert_folder_has(
        "half", LIST("a/", "a/tls.key"), LIST("half/a/tls.crt half/a/tls.key"));
}

static void
pairs_come_sorted_by_name(void **state)
{
    (void)state;
    assert_folder_has("sorted", LIST("c.pem", "a.pem", "B.pem", "b.pem"),
        LIST("sorted/B.pem sorted/B.pem", "sorted/a.pem sorted/a.pem",
            "sorted/b.pem sorted/b.pem", "sorted/c.pem sorted/c.pem"));
}

static void
pair_is_named_by_its_path(void **state)
{
    struct read read;

    (void)state;
    read_folder(&read, "named", LIST("a.pem", "b/", "b/tls.crt", "b/tls.key"));
    assert_int_equal(read.result, 0);
    assert_string_equal(read.directory.pairs[0].name, "named/a.pem");
    assert_string_equal(read.directory.pairs[1].name, "named/b");
    discard(&read);
}

/* Every other key is at its default: nothing of a pair is left NULL. */
static void
pair_has_every_setting(void **state)
{
    struct read read;
    const struct config_certificate *pair;

    (void)state;
    read_folder(&read, "settings", LIST("a.pem"));
    assert_int_equal(read.result, 0);
    pair = &read.directory.pairs[0];
    assert_string_equal(pair->keystore, "");
    assert_string_equal(pair->password_file, "");
    assert_string_equal(pair->server_name, "");
    assert_string_equal(pair->chain_root, "");
    assert_int_equal(pair->on_missing, MISSING_FAIL);
    assert_false(pair->allow_exposed_key);
    discard(&read);
}

/* --- what is passed over ------------------------------------------------- */

static void
other_files_are_passed_over(void **state)
{
    (void)state;
    assert_folder_has("others",
        LIST("a.pem", "README", "notes.txt", "a.pem~", "a.pass", "a.ocsp",
            "empty/", "src/", "src/main.c", ".crt", ".key"),
        LIST("others/a.pem others/a.pem"));
}

static void
hidden_names_are_passed_over(void **state)
{
    (void)state;
    assert_folder_has("hidden",
        LIST("a.pem", ".b.pem", ".c.crt", "..data/", "..data/tls.crt",
            "..data/tls.key"),
        LIST("hidden/a.pem hidden/a.pem"));
}

static void
link_to_a_file_is_a_file(void **state)
{
    struct read read;

    (void)state;
    assert_int_equal(mkdir("linked", 0755), 0);
    write_file("target", "x", 1);
    assert_int_equal(symlink("../target", "linked/a.crt"), 0);
    assert_int_equal(symlink("../target", "linked/a.key"), 0);
    assert_int_equal(symlink("../nowhere", "linked/b.crt"), 0);
    report_init(&read.report);
    read.result = directory_read(&read.directory, "linked", &read.report);
    assert_pairs(&read, LIST("linked/a.crt linked/a.key"));
    discard(&read);
}

static void
the_issuer_in_a_secret_is_passed_over(void **state)
{
    (void)state;
    assert_folder_has("issuer", LIST("tls.crt", "tls.key", "ca.crt"),
        LIST("issuer/tls.crt issuer/tls.key"));
    assert_folder_has("issuerpair", LIST("ca.crt", "ca.key"),
        LIST("issuerpair/ca.crt issuerpair/ca.key"));
}

/* --- what is refused ----------------------------------------------------- */

static void
certificate_without_a_key_is_refused(void **state)
{
    (void)state;
    assert_folder_is_refused(
        "nokey", LIST("a.pem", "b.crt"), SL_DIR_UNPAIRED, "no key for b.crt");
    assert_folder_is_refused(
        "nokeycer", LIST("b.x.cer"), SL_DIR_UNPAIRED, "put b.x.key beside it");
}

static void
key_without_a_certificate_is_refused(void **state)
{
    (void)state;
    assert_folder_is_refused("nocert", LIST("a.pem", "b.key"), SL_DIR_UNPAIRED,
        "no certificate for b.key");
}

static void
empty_folder_is_refused(void **state)
{
    (void)state;
    assert_folder_is_refused("none", (const char *const[]){NULL}, SL_DIR_EMPTY,
        "there is no pair in it");
    assert_folder_is_refused(
        "only-others", LIST("README", "a/"), SL_DIR_EMPTY, "no pair in it");
}

static void
assert_unreadable(const char *path, enum guide_code code, const char *text_part)
{
    struct directory directory;
    struct report report;

    report_init(&report);
    assert_int_equal(directory_read(&directory, path, &report), -1);
    assert_reported(&report, SEVERITY_ERROR, text_part);
    assert_int_equal(report_first_code(&report), code);
    directory_deinit(&directory);
    report_deinit(&report);
}

static void
folder_that_cannot_be_read_is_refused(void **state)
{
    (void)state;
    assert_unreadable("nowhere-at-all", SL_FILE_MISSING, "cannot be read");
    write_file("a-file", "x", 1);
    assert_unreadable("a-file", SL_FILE_DENIED, "Not a directory");
}

/* --- the watch ----------------------------------------------------------- */

static bool
notes(const struct sources *sources, const char *path)
{
    for (size_t i = 0; i < sources_count(sources); i++)
        if (strcmp(sources_path(sources, i), path) == 0)
            return true;
    return false;
}

/* A pair that is added or taken away changes the folder's own mark. */
static void
folder_is_noted_also_when_it_is_refused(void **state)
{
    static const struct timespec long_ago[2] = {{.tv_sec = 1}, {.tv_sec = 1}};
    struct sources *sources = sources_new();
    struct directory directory;
    struct report report;

    (void)state;
    assert_non_null(sources);
    make_folder("watched", LIST("a.key"));
    /* So that the next change shows, however soon it comes. */
    assert_int_equal(utimensat(AT_FDCWD, "watched", long_ago, 0), 0);
    report_init(&report);
    report.sources = sources;
    assert_int_equal(directory_read(&directory, "watched", &report), -1);
    directory_deinit(&directory);
    assert_true(notes(sources, "watched"));
    assert_false(sources_have_changed(sources));
    write_file("watched/a.crt", "x", 1);
    assert_true(sources_have_changed(sources));
    report_deinit(&report);
    sources_free(sources);
}

/* What comes into it later does not change the mark of the folder above. */
static void
folder_that_is_filled_later_is_noted(void **state)
{
    struct sources *sources = sources_new();
    struct directory directory;
    struct report report;

    (void)state;
    assert_non_null(sources);
    make_folder("later", LIST("a.pem", "b/", "c/"));
    assert_int_equal(symlink("../not-yet", "later/d.pem"), 0);
    report_init(&report);
    report.sources = sources;
    assert_int_equal(directory_read(&directory, "later", &report), 0);
    directory_deinit(&directory);
    assert_true(notes(sources, "later/b/fullchain.pem"));
    assert_true(notes(sources, "later/c/tls.crt"));
    assert_true(notes(sources, "later/d.pem"));
    assert_false(sources_have_changed(sources));
    write_file("later/c/tls.crt", "x", 1);
    assert_true(sources_have_changed(sources));
    report_deinit(&report);
    sources_free(sources);
}

/* A folder is read in the order of names: what a certificate lacks comes
 * behind it. */
static void
link_behind_what_it_would_complete_is_noted(void **state)
{
    struct sources *sources = sources_new();
    struct directory directory;
    struct report report;

    (void)state;
    assert_non_null(sources);
    make_folder("halves", LIST("a.crt"));
    assert_int_equal(symlink("../key-to-come", "halves/a.key"), 0);
    report_init(&report);
    report.sources = sources;
    assert_int_equal(directory_read(&directory, "halves", &report), -1);
    directory_deinit(&directory);
    assert_int_equal(report_first_code(&report), SL_DIR_UNPAIRED);
    assert_true(notes(sources, "halves/a.key"));
    assert_false(sources_have_changed(sources));
    write_file("key-to-come", "x", 1);
    assert_true(sources_have_changed(sources));
    report_deinit(&report);
    sources_free(sources);
}

/* --- what is closed to us ------------------------------------------------ */

/* As uid and gid 65534, in a child: reads the folder. 0, or the first finding's
 * code; GUIDE_CODE_COUNT when the finding does not say what it is about. */
static int
read_as_nobody(const char *path, const char *text_part, const char *cert)
{
    struct directory directory;
    struct report report;
    bool is_good;

    if (setgid(65534) != 0 || setuid(65534) != 0)
        return GUIDE_CODE_COUNT;
    report_init(&report);
    if (directory_read(&directory, path, &report) != 0)
        return strstr(report_first_error(&report), text_part) != NULL
                   ? (int)report_first_code(&report)
                   : GUIDE_CODE_COUNT;
    is_good = directory.count > 0 && strcmp(directory.pairs[0].cert, cert) == 0;
    return is_good ? 0 : GUIDE_CODE_COUNT;
}

static int
status_as_nobody(const char *path, const char *text_part, const char *cert)
{
    pid_t pid = fork();
    int status;

    assert_true(pid >= 0);
    if (pid == 0)
        _exit(read_as_nobody(path, text_part, cert));
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFEXITED(status));
    return WEXITSTATUS(status);
}

/* What cannot be looked at may be a pair: it is named, not passed over. Its
 * load then says who may read it. */
static void
what_is_behind_a_closed_folder_is_not_passed_over(void **state)
{
    (void)state;
    if (geteuid() != 0)
        skip();
    assert_int_equal(chmod(".", 0711), 0);
    make_folder("archive", LIST("a.pem", "a.key"));
    assert_int_equal(chmod("archive", 0700), 0);
    make_folder("live", LIST("a/", "lost+found/", "z.pem"));
    assert_int_equal(chmod("live/lost+found", 0700), 0);
    assert_int_equal(symlink("../../archive/a.pem", "live/a/fullchain.pem"), 0);
    assert_int_equal(symlink("../../archive/a.key", "live/a/privkey.pem"), 0);
    assert_int_equal(status_as_nobody("live", "", "live/a/fullchain.pem"), 0);
    make_folder("links", LIST("z.pem"));
    assert_int_equal(symlink("../archive/a.pem", "links/a.crt"), 0);
    assert_int_equal(
        status_as_nobody("links", "on the way to a.crt", ""), SL_FILE_DENIED);
    make_folder("listed", LIST("a.pem"));
    assert_int_equal(chmod("listed", 0744), 0);
    assert_int_equal(
        status_as_nobody("listed", "on the way to a.pem", ""), SL_FILE_DENIED);
}

static void
thousands_of_pairs_are_found(void **state)
{
    struct read read;
    char path[64];

    (void)state;
    assert_int_equal(mkdir("thousands", 0755), 0);
    for (int i = 0; i < 3000; i++) {
        (void)snprintf(path, sizeof(path), "thousands/n%04d.pem", i);
        write_file(path, "x", 1);
    }
    report_init(&read.report);
    read.result = directory_read(&read.directory, "thousands", &read.report);
    assert_int_equal(read.result, 0);
    assert_int_equal(read.directory.count, 3000);
    for (int i = 0; i < 3000; i++) {
        (void)snprintf(path, sizeof(path), "thousands/n%04d.pem", i);
        assert_string_equal(read.directory.pairs[i].cert, path);
    }
    discard(&read);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(certificate_has_its_key_beside_it),
        cmocka_unit_test(pem_without_a_key_beside_it_holds_the_key),
        cmocka_unit_test(name_may_have_dots),
        cmocka_unit_test(keystore_has_its_password_beside_it_or_none),
        cmocka_unit_test(folders_of_certbot_and_kubernetes_are_pairs),
        cmocka_unit_test(folder_is_one_pair),
        cmocka_unit_test(half_a_folder_is_a_pair_that_will_not_load),
        cmocka_unit_test(pairs_come_sorted_by_name),
        cmocka_unit_test(pair_is_named_by_its_path),
        cmocka_unit_test(pair_has_every_setting),
        cmocka_unit_test(other_files_are_passed_over),
        cmocka_unit_test(hidden_names_are_passed_over),
        cmocka_unit_test(link_to_a_file_is_a_file),
        cmocka_unit_test(the_issuer_in_a_secret_is_passed_over),
        cmocka_unit_test(certificate_without_a_key_is_refused),
        cmocka_unit_test(key_without_a_certificate_is_refused),
        cmocka_unit_test(empty_folder_is_refused),
        cmocka_unit_test(folder_that_cannot_be_read_is_refused),
        cmocka_unit_test(folder_is_noted_also_when_it_is_refused),
        cmocka_unit_test(folder_that_is_filled_later_is_noted),
        cmocka_unit_test(link_behind_what_it_would_complete_is_noted),
        cmocka_unit_test(what_is_behind_a_closed_folder_is_not_passed_over),
        cmocka_unit_test(thousands_of_pairs_are_found),
    };

    return cmocka_run_group_tests(tests, start, stop);
}
