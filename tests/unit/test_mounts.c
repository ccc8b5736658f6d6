/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Which paths are mounted so that they never change. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "certs/mounts.h"

/* A container's, shortened, with the cases that matter. */
static const char container[] =
    "27 1 254:0 / / rw,relatime - overlay overlay rw\n"
    "28 27 0:25 / /proc rw - proc proc rw\n"
    "29 27 254:1 /docker/hosts /etc/hosts rw shared:4 master:1 - ext4 /dev/v "
    "rw\n"
    "30 27 254:1 /etc/tls /tls ro - ext4 /dev/v rw\n"
    "31 27 0:50 / /secret ro - tmpfs tmpfs ro\n"
    "32 27 0:51 /..2024_05_01_08_11_22.12/tls.crt /sub/tls.crt ro - tmpfs t "
    "ro\n"
    "33 27 0:52 /..2024_05_01_08_11_22.12/pair /part ro - tmpfs tmpfs ro\n"
    "34 27 254:1 /srv/old//deleted /gone ro - ext4 /dev/v rw\n"
    "35 27 254:1 /a/tls.key//deleted /sub/tls.key ro - ext4 /dev/v rw\n"
    "36 34 0:53 / /gone/inner rw - tmpfs tmpfs rw\n"
    "37 27 254:1 /x /with\\040blank\\134and\\011tab ro - ext4 /dev/v rw\n";

static enum mount_verdict
judge(const char *text, const char *path)
{
    struct mounts *mounts = mounts_parse(text, strlen(text));
    enum mount_verdict verdict;

    assert_non_null(mounts);
    verdict = mounts_judge(mounts, path);
    mounts_free(mounts);
    return verdict;
}

static void
files_inside_an_ordinary_mount_are_live(void **state)
{
    (void)state;
    assert_int_equal(judge(container, "/etc/ssl/ca.pem"), MOUNT_LIVE);
    assert_int_equal(judge(container, "/secret/tls.crt"), MOUNT_LIVE);
    assert_int_equal(judge(container, "/tls/tls.crt"), MOUNT_LIVE);
    assert_int_equal(judge(container, "/"), MOUNT_LIVE);
    assert_int_equal(judge(container, "/proc"), MOUNT_LIVE);
}

static void
mounted_file_is_a_mount_point(void **state)
{
    (void)state;
    assert_int_equal(judge(container, "/etc/hosts"), MOUNT_POINT);
    assert_int_equal(judge(container, "/sub/tls.crt"), MOUNT_POINT);
    assert_int_equal(judge(container, "/etc/hosts2"), MOUNT_LIVE);
    assert_int_equal(judge(container, "/etc"), MOUNT_LIVE);
}

static void
what_was_deleted_at_its_source_is_stale(void **state)
{
    (void)state;
    assert_int_equal(judge(container, "/gone/tls.crt"), MOUNT_STALE);
    assert_int_equal(judge(container, "/gone"), MOUNT_STALE);
    assert_int_equal(judge(container, "/sub/tls.key"), MOUNT_STALE);
    assert_int_equal(judge(container, "/gonetoo/tls.crt"), MOUNT_LIVE);
}

static void
mount_inside_a_stale_one_is_judged_by_itself(void **state)
{
    (void)state;
    assert_int_equal(judge(container, "/gone/inner/tls.crt"), MOUNT_LIVE);
}

static void
folder_of_one_version_of_a_volume_is_told_apart(void **state)
{
    (void)state;
    assert_int_equal(judge(container, "/part/tls.crt"), MOUNT_VERSION);
    assert_int_equal(
        judge("1 2 0:5 /..data/x /v ro - tmpfs t ro\n", "/v/y"), MOUNT_LIVE);
    assert_int_equal(
        judge("1 2 0:5 /a..2024/x /v ro - tmpfs t ro\n", "/v/y"), MOUNT_LIVE);
}

static void
escapes_are_undone(void **state)
{
    (void)state;
    assert_int_equal(judge(container, "/with blank\\and\ttab"), MOUNT_POINT);
    assert_int_equal(
        judge(container, "/with\\040blank\\134and\\011tab"), MOUNT_LIVE);
}

static void
broken_escapes_stand_for_themselves(void **state)
{
    (void)state;
    assert_int_equal(
        judge("1 2 0:5 /x /a\\04 ro - t t ro\n", "/a\\04"), MOUNT_POINT);
    assert_int_equal(
        judge("1 2 0:5 /x /a\\777 ro - t t ro\n", "/a\\777"), MOUNT_POINT);
    assert_int_equal(
        judge("1 2 0:5 /x /a\\000b ro - t t ro\n", "/a\\000b"), MOUNT_POINT);
    assert_int_equal(judge("1 2 0:5 /x /a\\", "/a\\"), MOUNT_POINT);
}

static void
upper_one_of_two_mounts_counts(void **state)
{
    (void)state;
    assert_int_equal(judge("9 2 0:5 /x//deleted /a ro - t t ro\n"
                           "5 2 0:6 / /a ro - t t ro\n",
                         "/a/b"),
        MOUNT_LIVE);
    assert_int_equal(judge("5 2 0:6 / /a ro - t t ro\n"
                           "9 2 0:5 /x//deleted /a ro - t t ro\n",
                         "/a/b"),
        MOUNT_STALE);
}

static void
lines_without_sense_are_left_out(void **state)
{
    static const char *const texts[] = {"", "\n", "\n\n", "1 2 3", "1 2 3 /x",
        "1 2 3 /x ", "1 2 3 /x relative - t t rw", "    ", "/a/b/c d e f"};

    (void)state;
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
        assert_int_equal(judge(texts[i], "/a"), MOUNT_LIVE);
}

static void
relative_and_endless_paths_are_not_judged(void **state)
{
    char path[8192];

    (void)state;
    memset(path, 'a', sizeof(path) - 1);
    path[0] = '/';
    path[sizeof(path) - 1] = '\0';
    assert_int_equal(judge(container, path), MOUNT_LIVE);
    assert_int_equal(judge(container, "gone/tls.crt"), MOUNT_LIVE);
    assert_int_equal(judge(container, ""), MOUNT_LIVE);
}

static bool
is_suspect(const char *text)
{
    struct mounts *mounts = mounts_parse(text, strlen(text));
    bool result;

    assert_non_null(mounts);
    result = mounts_are_suspect(mounts);
    mounts_free(mounts);
    return result;
}

static void
whole_file_systems_are_not_suspect(void **state)
{
    (void)state;
    assert_true(is_suspect(container));
    assert_false(is_suspect("1 0 8:1 / / rw - ext4 /dev/a rw\n"
                            "2 1 0:5 / /proc rw - proc proc rw\n"));
    assert_false(is_suspect(""));
}

/* --- reports -------------------------------------------------------------- */

struct folder {
    char path[64];
    char file[96];
    char link[96];
    char text[512]; /* mountinfo in which the file is a mount point */
};

static void
make_folder(struct folder *folder)
{
    FILE *file;

    (void)snprintf(folder->path, sizeof(folder->path), "/tmp/mounts-XXXXXX");
    assert_non_null(mkdtemp(folder->path));
    (void)snprintf(
        folder->file, sizeof(folder->file), "%s/tls.crt", folder->path);
    (void)snprintf(folder->link, sizeof(folder->link), "%s/link", folder->path);
    (void)snprintf(folder->text, sizeof(folder->text),
        "1 0 8:1 / / rw - ext4 a rw\n2 1 8:1 /x %s rw - ext4 a rw\n",
        folder->file);
    file = fopen(folder->file, "we");
    assert_non_null(file);
    assert_int_equal(fclose(file), 0);
    assert_int_equal(symlink("tls.crt", folder->link), 0);
}

static void
remove_folder(const struct folder *folder)
{
    assert_int_equal(unlink(folder->link), 0);
    assert_int_equal(unlink(folder->file), 0);
    assert_int_equal(rmdir(folder->path), 0);
}

/* What is found about two notes of each path. */
static void
report_on(const char *text, const char *const *paths, const char *config_path,
    struct report *report)
{
    struct mounts *mounts = mounts_parse(text, strlen(text));
    struct sources *sources = sources_new();

    assert_non_null(mounts);
    assert_non_null(sources);
    for (; *paths != NULL; paths++) {
        assert_int_equal(sources_note(sources, *paths), 0);
        assert_int_equal(sources_note(sources, *paths), 0);
    }
    report_init(report);
    mounts_report(mounts, sources, config_path, report);
    sources_free(sources);
    mounts_free(mounts);
}

static void
mounted_file_is_warned_about_once_also_through_a_link(void **state)
{
    struct folder folder;
    struct report report;

    (void)state;
    make_folder(&folder);
    report_on(folder.text,
        (const char *const[]){folder.file, folder.link, folder.path, NULL},
        NULL, &report);
    assert_int_equal(report.count, 2);
    assert_int_equal(report.warning_count, 2);
    assert_int_equal(report.items[0].code, SL_MOUNT_FIXED);
    assert_non_null(strstr(report.items[0].text,
        "tls.crt: will never change here: it is mounted as a single file"));
    assert_non_null(strstr(report.items[1].text, "/link: will never change"));
    report_deinit(&report);
    remove_folder(&folder);
}

static void
mounted_folder_is_fine(void **state)
{
    struct folder folder;
    struct report report;

    (void)state;
    make_folder(&folder);
    (void)snprintf(folder.text, sizeof(folder.text),
        "2 1 8:1 /x %s rw - ext4 a rw\n", folder.path);
    report_on(folder.text,
        (const char *const[]){folder.file, folder.path, NULL}, NULL, &report);
    assert_int_equal(report.count, 0);
    report_deinit(&report);
    remove_folder(&folder);
}

static void
settings_that_are_mounted_are_only_noted(void **state)
{
    struct folder folder;
    struct report report;

    (void)state;
    make_folder(&folder);
    report_on(folder.text, (const char *const[]){folder.file, NULL},
        folder.file, &report);
    assert_int_equal(report.count, 1);
    assert_int_equal(report.warning_count, 0);
    report_deinit(&report);
    remove_folder(&folder);
}

/* A folder that was deleted is empty: its files are missing. */
static void
missing_file_of_a_deleted_folder_is_warned_about(void **state)
{
    struct folder folder;
    struct report report;
    char missing[128];

    (void)state;
    make_folder(&folder);
    (void)snprintf(folder.text, sizeof(folder.text),
        "2 1 8:1 /x//deleted %s rw - ext4 a rw\n", folder.path);
    (void)snprintf(missing, sizeof(missing), "%s/no/such", folder.path);
    report_on(folder.text, (const char *const[]){missing, NULL}, NULL, &report);
    assert_int_equal(report.warning_count, 1);
    assert_non_null(strstr(report.items[0].text, "deleted at its source"));
    report_deinit(&report);
    remove_folder(&folder);
}

static void
own_mounts_are_read(void **state)
{
    struct sources *sources = sources_new();
    struct report report;

    (void)state;
    assert_non_null(sources);
    assert_int_equal(sources_note(sources, "/"), 0);
    report_init(&report);
    mounts_report_own(sources, NULL, &report);
    assert_int_equal(report.count, 0);
    report_deinit(&report);
    sources_free(sources);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(files_inside_an_ordinary_mount_are_live),
        cmocka_unit_test(mounted_file_is_a_mount_point),
        cmocka_unit_test(what_was_deleted_at_its_source_is_stale),
        cmocka_unit_test(mount_inside_a_stale_one_is_judged_by_itself),
        cmocka_unit_test(folder_of_one_version_of_a_volume_is_told_apart),
        cmocka_unit_test(escapes_are_undone),
        cmocka_unit_test(broken_escapes_stand_for_themselves),
        cmocka_unit_test(upper_one_of_two_mounts_counts),
        cmocka_unit_test(lines_without_sense_are_left_out),
        cmocka_unit_test(relative_and_endless_paths_are_not_judged),
        cmocka_unit_test(whole_file_systems_are_not_suspect),
        cmocka_unit_test(mounted_file_is_warned_about_once_also_through_a_link),
        cmocka_unit_test(mounted_folder_is_fine),
        cmocka_unit_test(settings_that_are_mounted_are_only_noted),
        cmocka_unit_test(missing_file_of_a_deleted_folder_is_warned_about),
        cmocka_unit_test(own_mounts_are_read),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
