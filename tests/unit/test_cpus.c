/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * How many CPUs are usable, on machines made up of an affinity mask and the
 * files of a cgroup.
 */
#include <errno.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "proxy/cpus.h"

#define OWN_FOLDER "/proc/self/cgroup"
#define V2(folder) "/sys/fs/cgroup" folder "/cpu.max"
#define V1_QUOTA   "/sys/fs/cgroup/cpu/cpu.cfs_quota_us"
#define V1_PERIOD  "/sys/fs/cgroup/cpu/cpu.cfs_period_us"

enum {
    FILES_MAX = 4
};

struct machine {
    int affinity; /* CPUs in the mask; 0: it cannot be read */
    struct {
        const char *path;
        const char *content;
    } files[FILES_MAX];
};

static const struct machine *machine;

/* NOLINTBEGIN(readability-identifier-naming): the linker names them */
FILE *__wrap_fopen(const char *path, const char *mode);
int __wrap_sched_getaffinity(pid_t pid, size_t len, cpu_set_t *set);
/* NOLINTEND(readability-identifier-naming) */

FILE *
__wrap_fopen(const char *path, const char *mode)
{
    (void)mode;
    for (size_t i = 0; i < FILES_MAX; i++) {
        const char *content = machine->files[i].content;
        FILE *file;

        if (machine->files[i].path == NULL
            || strcmp(machine->files[i].path, path) != 0)
            continue;
        file = tmpfile();
        assert_non_null(file);
        assert_true(fputs(content, file) >= 0);
        rewind(file);
        return file;
    }
    errno = ENOENT;
    return NULL;
}

int
__wrap_sched_getaffinity(pid_t pid, size_t len, cpu_set_t *set)
{
    assert_int_equal(pid, 0);
    assert_int_equal(len, sizeof(*set));
    if (machine->affinity == 0) {
        errno = EINVAL;
        return -1;
    }
    CPU_ZERO(set);
    for (int i = 0; i < machine->affinity; i++)
        CPU_SET((size_t)i * 2, set);
    return 0;
}

static size_t
count_on(const struct machine *made_up)
{
    machine = made_up;
    return cpus_usable();
}

static void
affinity_counts_where_there_is_no_quota(void **state)
{
    static const struct machine plain = {.affinity = 6};
    static const struct machine unlimited = {.affinity = 6,
        .files = {{OWN_FOLDER, "0::/a\n"}, {V2("/a"), "max 100000\n"}}};
    static const struct machine unlimited_v1 = {
        .affinity = 6, .files = {{V1_QUOTA, "-1\n"}, {V1_PERIOD, "100000\n"}}};

    (void)state;
    assert_int_equal(count_on(&plain), 6);
    assert_int_equal(count_on(&unlimited), 6);
    assert_int_equal(count_on(&unlimited_v1), 6);
}

static void
quota_is_rounded_up(void **state)
{
    static const struct machine half = {
        .affinity = 6, .files = {{V2(""), "50000 100000\n"}}};
    static const struct machine one = {
        .affinity = 6, .files = {{V2(""), "100000 100000\n"}}};
    static const struct machine more = {
        .affinity = 6, .files = {{V2(""), "100001 100000\n"}}};

    (void)state;
    assert_int_equal(count_on(&half), 1);
    assert_int_equal(count_on(&one), 1);
    assert_int_equal(count_on(&more), 2);
}

static void
quota_beyond_the_affinity_changes_nothing(void **state)
{
    static const struct machine wide = {
        .affinity = 2, .files = {{V2(""), "800000 100000\n"}}};
    static const struct machine huge = {
        .affinity = 2, .files = {{V2(""), "9223372036854775807 1\n"}}};

    (void)state;
    assert_int_equal(count_on(&wide), 2);
    assert_int_equal(count_on(&huge), 2);
}

static void
tightest_quota_up_to_the_root_counts(void **state)
{
    static const struct machine own = {.affinity = 8,
        .files = {{OWN_FOLDER, "0::/a/b/c\n"},
            {V2("/a/b/c"), "200000 100000\n"}, {V2("/a"), "400000 100000\n"}}};
    static const struct machine parent = {.affinity = 8,
        .files = {{OWN_FOLDER, "0::/a/b/c\n"}, {V2("/a/b/c"), "max 100000\n"},
            {V2("/a/b"), "300000 100000\n"}, {V2("/a"), "400000 100000\n"}}};
    static const struct machine root = {.affinity = 8,
        .files = {{OWN_FOLDER, "0::/a\n"}, {V2("/a"), "700000 100000\n"},
            {V2(""), "500000 100000\n"}}};

    (void)state;
    assert_int_equal(count_on(&own), 2);
    assert_int_equal(count_on(&parent), 3);
    assert_int_equal(count_on(&root), 5);
}

static void
quota_of_the_first_version_counts(void **state)
{
    static const struct machine old = {.affinity = 8,
        .files = {{OWN_FOLDER, "12:cpu,cpuacct:/a\n"}, {V1_QUOTA, "250000\n"},
            {V1_PERIOD, "100000\n"}}};

    (void)state;
    assert_int_equal(count_on(&old), 3);
}

static void
unreadable_files_limit_nothing(void **state)
{
    static const char *const contents[] = {"", "\n", "x\n", "100000\n",
        "100000 0\n", "0 100000\n", "-5 100000\n", "100000 x\n",
        "99999999999999999999999 100000\n"};

    (void)state;
    for (size_t i = 0; i < sizeof(contents) / sizeof(contents[0]); i++) {
        const struct machine broken = {.affinity = 4,
            .files = {{V2(""), contents[i]}, {OWN_FOLDER, "0::\n"},
                {V1_QUOTA, contents[i]}}};

        if (count_on(&broken) != 4)
            fail_msg("\"%s\" is a limit", contents[i]);
    }
}

/* A path that is longer than any: it is cut, and leads nowhere. */
static void
endless_folder_ends(void **state)
{
    char line[8192];
    const struct machine deep = {.affinity = 4, .files = {{OWN_FOLDER, line}}};

    (void)state;
    (void)strcpy(line, "0::");
    for (size_t i = 3; i < sizeof(line) - 1; i++)
        line[i] = i % 2 == 0 ? 'x' : '/';
    line[sizeof(line) - 1] = '\0';
    assert_int_equal(count_on(&deep), 4);
}

static void
there_is_always_one(void **state)
{
    static const struct machine unknown = {.affinity = 0};

    (void)state;
    assert_int_equal(count_on(&unknown), 1);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(affinity_counts_where_there_is_no_quota),
        cmocka_unit_test(quota_is_rounded_up),
        cmocka_unit_test(quota_beyond_the_affinity_changes_nothing),
        cmocka_unit_test(tightest_quota_up_to_the_root_counts),
        cmocka_unit_test(quota_of_the_first_version_counts),
        cmocka_unit_test(unreadable_files_limit_nothing),
        cmocka_unit_test(endless_folder_ends),
        cmocka_unit_test(there_is_always_one),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
