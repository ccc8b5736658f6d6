/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Marks of files: every kind of replacement shows, and nothing else does. */
#include <sys/stat.h>

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "certs/sources.h"

enum {
    MANY = 20000
};

/* The working directory is a folder of our own. */
static char folder[] = "/tmp/sources-XXXXXX";

static int
start(void **state)
{
    (void)state;
    return mkdtemp(folder) != NULL && chdir(folder) == 0 ? 0 : -1;
}

static int
stop(void **state)
{
    char command[64];

    (void)state;
    (void)snprintf(command, sizeof(command), "rm -rf %s", folder);
    return chdir("/") == 0 && system(command) == 0 ? 0 : -1; /* NOLINT */
}

static void
write_file(const char *path, const char *text)
{
    FILE *file = fopen(path, "we");

    assert_non_null(file);
    assert_true(fputs(text, file) >= 0);
    assert_int_equal(fclose(file), 0);
}

static void
set_times(const char *path, time_t seconds, long nanoseconds)
{
    const struct timespec times[2] = {
        {seconds, nanoseconds}, {seconds, nanoseconds}};

    assert_int_equal(utimensat(AT_FDCWD, path, times, 0), 0);
}

static struct sources *
note(const char *path)
{
    struct sources *sources = sources_new();

    assert_non_null(sources);
    assert_int_equal(sources_note(sources, path), 0);
    assert_false(sources_have_changed(sources));
    return sources;
}

/* Both ways to ask agree; frees. */
static void
assert_changed(struct sources *sources, bool has_changed)
{
    assert_int_equal(sources_have_changed(sources), has_changed);
    assert_int_equal(sources_look(sources).has_changed, has_changed);
    sources_free(sources);
}

/* A load that had no memory for them: the status is asked all the same. */
static void
no_sources_count_as_a_change(void **state)
{
    (void)state;
    assert_changed(NULL, true);
}

static void
reading_a_file_changes_nothing(void **state)
{
    struct sources *sources;
    char byte;
    int fd;

    (void)state;
    write_file("read", "old");
    sources = note("read");
    fd = open("read", O_RDONLY | O_CLOEXEC);
    assert_int_equal(read(fd, &byte, 1), 1);
    close(fd);
    assert_changed(sources, false);
}

static void
rewriting_in_place_with_the_same_size_shows(void **state)
{
    struct sources *sources;

    (void)state;
    write_file("place", "old");
    set_times("place", 1000, 0);
    sources = note("place");
    write_file("place", "new");
    assert_changed(sources, true);
}

/* What cp -p or rsync -t leave: the time of the contents is the old one. */
static void
replacing_with_the_same_size_and_time_shows(void **state)
{
    struct sources *sources;

    (void)state;
    write_file("name", "old");
    set_times("name", 1000, 0);
    sources = note("name");
    write_file("name.new", "new");
    set_times("name.new", 1000, 0);
    assert_int_equal(rename("name.new", "name"), 0);
    assert_changed(sources, true);
}

static void
changing_the_mode_shows(void **state)
{
    struct sources *sources;

    (void)state;
    write_file("mode", "old");
    set_times("mode", 1000, 0);
    sources = note("mode");
    while (!sources_have_changed(sources)) /* the kernel's clock has ticks */
        assert_int_equal(chmod("mode", 0600), 0);
    assert_changed(sources, true);
}

static void
vanishing_and_appearing_show(void **state)
{
    struct sources *sources;

    (void)state;
    sources = note("later");
    write_file("later", "new");
    assert_changed(sources, true);
    sources = note("later");
    assert_int_equal(unlink("later"), 0);
    assert_changed(sources, true);
}

/* Kubernetes: tls.crt -> ..data/tls.crt, ..data -> ..VERSION. */
static void
swapping_a_link_of_the_way_shows(void **state)
{
    struct sources *sources;

    (void)state;
    assert_int_equal(mkdir("..1", 0700), 0);
    assert_int_equal(mkdir("..2", 0700), 0);
    write_file("..1/tls.crt", "old");
    write_file("..2/tls.crt", "new");
    assert_int_equal(symlink("..1", "..data"), 0);
    assert_int_equal(symlink("..data/tls.crt", "tls.crt"), 0);
    sources = note("tls.crt");
    assert_int_equal(symlink("..2", "..data_tmp"), 0);
    assert_int_equal(rename("..data_tmp", "..data"), 0);
    assert_changed(sources, true);
}

static void
new_name_in_a_folder_shows(void **state)
{
    struct sources *sources;

    (void)state;
    assert_int_equal(mkdir("pairs", 0700), 0);
    set_times("pairs", 1000, 0);
    sources = note("pairs");
    write_file("pairs/new.crt", "new");
    assert_changed(sources, true);
}

static void
digest_follows_the_files(void **state)
{
    struct sources *sources;
    struct sources_sight before;
    struct sources_sight after;

    (void)state;
    write_file("digest", "old");
    sources = note("digest");
    before = sources_look(sources);
    assert_true(sources_look(sources).digest == before.digest);
    write_file("digest", "longer");
    after = sources_look(sources);
    assert_true(after.digest != before.digest);
    assert_true(sources_look(sources).digest == after.digest);
    sources_free(sources);
}

static void
same_files_in_another_order_are_another_sight(void **state)
{
    struct sources *both = sources_new();
    struct sources *swapped = sources_new();

    (void)state;
    write_file("a", "a");
    write_file("b", "bb");
    assert_non_null(both);
    assert_non_null(swapped);
    assert_int_equal(sources_note(both, "a"), 0);
    assert_int_equal(sources_note(both, "b"), 0);
    assert_int_equal(sources_note(swapped, "b"), 0);
    assert_int_equal(sources_note(swapped, "a"), 0);
    assert_true(sources_look(both).digest != sources_look(swapped).digest);
    assert_true(sources_equal(both, swapped));
    sources_free(both);
    sources_free(swapped);
}

static void
no_sources_count_as_changed(void **state)
{
    (void)state;
    assert_true(sources_look(NULL).has_changed);
    assert_int_equal(sources_note(NULL, "anything"), 0);
}

static void
path_is_noted_once_with_its_first_mark(void **state)
{
    struct sources *sources;

    (void)state;
    sources = note("twice");
    write_file("twice", "new");
    assert_int_equal(sources_note(sources, "twice"), 0);
    assert_int_equal(sources_count(sources), 1);
    assert_string_equal(sources_path(sources, 0), "twice");
    assert_changed(sources, true);
}

static void
marks_are_taken_over_as_they_are(void **state)
{
    struct sources *from;
    struct sources *sources = sources_new();

    (void)state;
    assert_non_null(sources);
    from = note("moved");
    write_file("moved", "new");
    assert_int_equal(sources_add_all(sources, from), 0);
    assert_true(sources_equal(sources, from));
    assert_int_equal(sources_note(sources, "another"), 0);
    assert_false(sources_equal(sources, from));
    sources_free(from);
    assert_changed(sources, true);
}

static void
many_paths_are_each_known(void **state)
{
    struct sources *sources = sources_new();
    char path[32];

    (void)state;
    assert_non_null(sources);
    for (int round = 0; round < 2; round++) {
        for (int i = 0; i < MANY; i++) {
            (void)snprintf(path, sizeof(path), "missing-%d", i);
            assert_int_equal(sources_note(sources, path), 0);
        }
    }
    assert_int_equal(sources_count(sources), MANY);
    assert_false(sources_have_changed(sources));
    write_file("missing-19999", "new");
    assert_changed(sources, true);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(no_sources_count_as_a_change),
        cmocka_unit_test(reading_a_file_changes_nothing),
        cmocka_unit_test(rewriting_in_place_with_the_same_size_shows),
        cmocka_unit_test(replacing_with_the_same_size_and_time_shows),
        cmocka_unit_test(changing_the_mode_shows),
        cmocka_unit_test(vanishing_and_appearing_show),
        cmocka_unit_test(swapping_a_link_of_the_way_shows),
        cmocka_unit_test(new_name_in_a_folder_shows),
        cmocka_unit_test(digest_follows_the_files),
        cmocka_unit_test(same_files_in_another_order_are_another_sight),
        cmocka_unit_test(no_sources_count_as_changed),
        cmocka_unit_test(path_is_noted_once_with_its_first_mark),
        cmocka_unit_test(marks_are_taken_over_as_they_are),
        cmocka_unit_test(many_paths_are_each_known),
    };

    return cmocka_run_group_tests(tests, start, stop);
}
