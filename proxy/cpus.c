/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A container with a quota of half a CPU sees all CPUs of its machine; as
 * many workers would only take turns and hold more memory.
 */
#include "proxy/cpus.h"

#include <errno.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    PATH_BYTES = 4096
};

static size_t
affinity_count(void)
{
    cpu_set_t set;

    if (sched_getaffinity(0, sizeof(set), &set) != 0)
        return 1;
    return (size_t)CPU_COUNT(&set);
}

/* quota microseconds of every period, as CPUs rounded up; 0: no limit. */
static size_t
quota_cpus(long long quota_us, long long period_us)
{
    if (quota_us <= 0 || period_us <= 0)
        return 0;
    return (size_t)(quota_us / period_us + (quota_us % period_us != 0));
}

/* Reads one line of a file; false when there is none. */
static int
read_line(const char *path, char *line, int cap)
{
    FILE *file = fopen(path, "re");
    char *got;

    if (file == NULL)
        return 0;
    got = fgets(line, cap, file);
    (void)fclose(file);
    return got != NULL;
}

/* Reads a decimal number and moves behind it; -1 when there is none. */
static long long
take_number(const char **at)
{
    char *end;
    long long number;

    errno = 0;
    number = strtoll(*at, &end, 10);
    if (end == *at || errno != 0)
        return -1;
    *at = end;
    return number;
}

/* cgroup v2: "max 100000" or "50000 100000". */
static size_t
quota_v2(const char *folder)
{
    char path[PATH_BYTES];
    char line[128];
    const char *at = line;
    long long quota_us;

    (void)snprintf(path, sizeof(path), "/sys/fs/cgroup%s/cpu.max", folder);
    if (!read_line(path, line, sizeof(line)))
        return 0;
    quota_us = take_number(&at);
    return quota_cpus(quota_us, take_number(&at));
}

/* A file of one number; -1 when there is none. */
static long long
read_number(const char *path)
{
    char line[64];
    const char *at = line;

    return read_line(path, line, sizeof(line)) ? take_number(&at) : -1;
}

static size_t
quota_v1(void)
{
    return quota_cpus(read_number("/sys/fs/cgroup/cpu/cpu.cfs_quota_us"),
        read_number("/sys/fs/cgroup/cpu/cpu.cfs_period_us"));
}

/* The tightest quota from our own cgroup up to the root of what we see. */
static size_t
quota_v2_of_ancestors(void)
{
    char line[PATH_BYTES - 64];
    char *folder = line + strlen("0::");
    size_t least = quota_v2("");

    if (!read_line("/proc/self/cgroup", line, sizeof(line))
        || strncmp(line, "0::/", 4) != 0)
        return least;
    folder[strcspn(folder, "\n")] = '\0';
    while (folder[0] != '\0') {
        size_t quota = quota_v2(folder);

        if (quota != 0 && (least == 0 || quota < least))
            least = quota;
        *strrchr(folder, '/') = '\0';
    }
    return least;
}

size_t
cpus_usable(void)
{
    size_t count = affinity_count();
    size_t quota = quota_v2_of_ancestors();

    if (quota == 0)
        quota = quota_v1();
    if (quota != 0 && quota < count)
        count = quota;
    return count > 0 ? count : 1;
}
