/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Replays a corpus through a fuzzer that was built without libFuzzer: every
 * file of the given folders is handed to LLVMFuzzerTestOneInput() once, from
 * memory of exactly its size, so that AddressSanitizer sees a read beyond it.
 *
 * Fails when a folder cannot be read or holds no file: a corpus that has gone
 * missing must not look like a passed test.
 */
#include <sys/stat.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* NOLINTNEXTLINE(readability-identifier-naming): libFuzzer names it */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Reads exactly size bytes. */
static int
read_all(int fd, uint8_t *data, size_t size)
{
    size_t done = 0;

    while (done < size) {
        ssize_t count = read(fd, data + done, size - done);

        if (count < 0 && errno == EINTR) {
            continue;
        }
        if (count <= 0) {
            return -1;
        }
        done += (size_t)count;
    }
    return 0;
}

static int
replay_descriptor(int fd)
{
    struct stat info;
    uint8_t *data;
    size_t size;
    int result = -1;

    if (fstat(fd, &info) != 0) {
        return -1;
    }
    size = (size_t)info.st_size;
    /* malloc(0) may be NULL; a fuzzer is never given that. */
    data = malloc(size > 0 ? size : 1);
    if (data == NULL) {
        return -1;
    }
    if (read_all(fd, data, size) == 0) {
        (void)LLVMFuzzerTestOneInput(data, size);
        result = 0;
    }
    free(data);
    return result;
}

static int
replay_file(int folder_fd, const char *name)
{
    int fd = openat(folder_fd, name, O_RDONLY | O_CLOEXEC);
    int result;

    if (fd < 0) {
        return -1;
    }
    result = replay_descriptor(fd);
    (void)close(fd);
    return result;
}

/* The number of files replayed, or -1 after saying what is wrong. */
static long
replay_entries(DIR *folder, const char *path)
{
    const struct dirent *entry;
    long count = 0;

    while ((entry = readdir(folder)) != NULL) {
        if (entry->d_name[0] == '.') {
            continue;
        }
        if (replay_file(dirfd(folder), entry->d_name) != 0) {
            (void)fprintf(stderr, "%s/%s: cannot be read: %s\n", path,
                entry->d_name, strerror(errno));
            return -1;
        }
        count++;
    }
    return count;
}

static int
replay_folder(const char *path)
{
    DIR *folder = opendir(path);
    long count;

    if (folder == NULL) {
        (void)fprintf(stderr, "%s: %s\n", path, strerror(errno));
        return -1;
    }
    count = replay_entries(folder, path);
    (void)closedir(folder);
    if (count == 0) {
        (void)fprintf(stderr, "%s: holds no file to replay\n", path);
    }
    if (count <= 0) {
        return -1;
    }
    (void)printf("%s: %ld inputs replayed\n", path, count);
    return 0;
}

int
main(int argc, char **argv)
{
    int status = EXIT_SUCCESS;

    if (argc < 2) {
        (void)fprintf(stderr, "usage: %s FOLDER...\n", argv[0]);
        return 2;
    }
    for (int i = 1; i < argc; i++) {
        if (replay_folder(argv[i]) != 0) {
            status = EXIT_FAILURE;
        }
    }
    return status;
}
