/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The files that a start makes: may it? Nothing is made here, and nothing is
 * more than a warning, for a supervisor may make a folder before the start. */
#include <sys/stat.h>

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "proxy/check_state.h"

/* Could a file be made at the path? 0, or why not (errno). */
static int
probe_folder(const char *path)
{
    const char *slash = strrchr(path, '/');
    char folder[4096];
    int len;

    if (slash == NULL)
        len = snprintf(folder, sizeof(folder), ".");
    else
        len = snprintf(
            folder, sizeof(folder), "%.*s", (int)(slash - path) + 1, path);
    if (len >= (int)sizeof(folder))
        return ENAMETOOLONG;
    return access(folder, W_OK | X_OK) == 0 ? 0 : errno;
}

/* Could the file at the path be opened for writing? */
static int
probe_file(const char *path)
{
    struct stat st;

    if (stat(path, &st) != 0)
        return errno == ENOENT ? probe_folder(path) : errno;
    if (S_ISDIR(st.st_mode))
        return EISDIR;
    return access(path, W_OK) == 0 ? 0 : errno;
}

/* Could a socket be made there? One that is there may be that of the sidelock
 * to be replaced. */
static int
probe_socket(const char *path)
{
    struct stat st;

    if (lstat(path, &st) == 0 && !S_ISSOCK(st.st_mode))
        return EEXIST;
    return probe_folder(path);
}

/* A setting that names such a file. */
struct made {
    const char *name; /* of its row */
    const char *key;
    enum guide_code code;
};

static void
tell(struct check *check, const struct made *made, const char *value, int error)
{
    struct check_row row = {
        CHECK_PROCESS, "", made->name, CHECK_OK, SL_NONE, ""};

    if (error != 0) {
        row.outcome = CHECK_WARNING;
        row.code = made->code;
        report_warning(&check->report, made->code,
            "%s %s: cannot be made: %s; a start would fail; make its folder "
            "for the user that sidelock runs as (systemd: RuntimeDirectory=, "
            "LogsDirectory=)",
            made->key, value, strerror(error));
    }
    check_add_row(check, &row, "%s", value);
}

void
check_files(struct check *check)
{
    static const struct made log = {"log", "log.output", SL_LOG_OUTPUT};
    static const struct made pid = {
        "pid file", "process.pid_file", SL_PID_FILE};
    static const struct made admin = {"admin", "admin.listen", SL_ADMIN};
    const struct config *config = check->config;
    const char *path = config->log.output;

    if (strcmp(path, "stderr") != 0)
        tell(check, &log, path, probe_file(path));
    path = config->process.pid_file;
    if (*path != '\0')
        tell(check, &pid, path, probe_file(path));
    path = config->admin.listen;
    if (strcmp(path, "off") != 0)
        tell(check, &admin, path, probe_socket(path + strlen("unix:")));
}
