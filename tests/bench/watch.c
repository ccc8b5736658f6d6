/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Reads processor time and memory of a process tree from /proc and from the
 * processes' CPU clocks. Holds no descriptors between two readings.
 */
#include "tests/bench/watch.h"

#include <ctype.h>
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "tests/bench/common.h"

#define SETTLE_STEP_NS   (20 * NS_PER_MS)
#define SETTLE_MOVED_NS  (100 * NS_PER_US)
#define SETTLE_STEPS_MAX 50

void
watch_init(struct watch *watch, pid_t root)
{
    *watch = (struct watch){.root = root};
}

/* The parent of a process, or 0 when the process is gone. */
static pid_t
parent_of(pid_t pid)
{
    char path[64];
    char line[512];
    const char *after_name;
    size_t length;
    FILE *file;

    snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
    file = fopen(path, "re");
    if (file == NULL) {
        return 0;
    }
    length = fread(line, 1, sizeof(line) - 1, file);
    fclose(file);
    line[length] = '\0';
    /*
     * "17 (name) S 1 ...": the name may itself hold spaces and parentheses;
     * the state is one letter, the parent follows it.
     */
    after_name = strrchr(line, ')');
    if (after_name == NULL || strlen(after_name) < sizeof(") S ")) {
        return 0;
    }
    return (pid_t)strtol(after_name + strlen(") S "), NULL, 10);
}

static bool
is_listed(const pid_t *pids, int count, pid_t pid)
{
    for (int i = 0; i < count; i++) {
        if (pids[i] == pid) {
            return true;
        }
    }
    return false;
}

/* One pass over /proc: adds the processes whose parent is listed. */
static int
add_children(pid_t *pids, int count)
{
    struct dirent *entry;
    DIR *directory = opendir("/proc");

    if (directory == NULL) {
        die("cannot read /proc");
    }
    while ((entry = readdir(directory)) != NULL) {
        pid_t pid;

        if (!isdigit((unsigned char)entry->d_name[0])) {
            continue;
        }
        pid = (pid_t)strtol(entry->d_name, NULL, 10);
        if (is_listed(pids, count, pid)
            || !is_listed(pids, count, parent_of(pid))) {
            continue;
        }
        if (count == WATCH_PROCESSES_MAX) {
            die("the proxy has more than %d processes", count);
        }
        pids[count++] = pid;
    }
    closedir(directory);
    return count;
}

/* Refreshes the list of processes; none that was seen may be missing. */
static void
watch_scan(struct watch *watch)
{
    pid_t pids[WATCH_PROCESSES_MAX] = {watch->root};
    int count = 1;
    int before;

    if (watch->root == 0) {
        return;
    }
    do {
        before = count;
        count = add_children(pids, count);
    } while (count != before);
    for (int i = 0; i < watch->pid_count; i++) {
        if (!is_listed(pids, count, watch->pids[i])) {
            die("process %d of the proxy has ended", (int)watch->pids[i]);
        }
    }
    memcpy(watch->pids, pids, sizeof(pids));
    watch->pid_count = count;
}

uint64_t
watch_cpu_ns(struct watch *watch)
{
    uint64_t total_ns = 0;

    watch_scan(watch);
    for (int i = 0; i < watch->pid_count; i++) {
        clockid_t clock;
        struct timespec used;

        if (clock_getcpuclockid(watch->pids[i], &clock) != 0
            || clock_gettime(clock, &used) != 0) {
            die("process %d of the proxy has ended", (int)watch->pids[i]);
        }
        total_ns += (uint64_t)used.tv_sec * NS_PER_S + (uint64_t)used.tv_nsec;
    }
    return total_ns;
}

static uint64_t
process_pss_kib(pid_t pid)
{
    char path[64];
    char line[256];
    uint64_t kib = 0;
    bool is_found = false;
    FILE *file;

    snprintf(path, sizeof(path), "/proc/%d/smaps_rollup", (int)pid);
    file = fopen(path, "re");
    if (file == NULL) {
        die("cannot open %s", path);
    }
    while (!is_found && fgets(line, sizeof(line), file) != NULL) {
        is_found = strncmp(line, "Pss:", strlen("Pss:")) == 0;
        if (is_found) {
            kib = strtoull(line + strlen("Pss:"), NULL, 10);
        }
    }
    fclose(file);
    if (!is_found) {
        die("%s holds no Pss line", path);
    }
    return kib;
}

uint64_t
watch_pss_kib(struct watch *watch)
{
    uint64_t total_kib = 0;

    watch_scan(watch);
    for (int i = 0; i < watch->pid_count; i++) {
        total_kib += process_pss_kib(watch->pids[i]);
    }
    return total_kib;
}

bool
watch_settle(struct watch *watch)
{
    uint64_t before_ns = watch_cpu_ns(watch);

    for (int step = 0; step < SETTLE_STEPS_MAX; step++) {
        uint64_t after_ns;

        clock_pause_ns(SETTLE_STEP_NS);
        after_ns = watch_cpu_ns(watch);
        if (after_ns - before_ns < SETTLE_MOVED_NS) {
            return true;
        }
        before_ns = after_ns;
    }
    return false;
}
