/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Where passwords come from. */
#include "certs/password.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "certs/file.h"
#include "certs/secret.h"

enum {
    OTHERS_READ = 0004,
    PATH_BYTES = 4096,
    ROLE_BYTES = 64,
};

static int
take_text(struct password *password, const char *text, size_t len,
    struct report *report)
{
    if (len > PASSWORD_BYTES_MAX) {
        report_error(report, SL_PASSWORD_WRONG,
            "%s: is longer than %d bytes; is it a password?", password->origin,
            PASSWORD_BYTES_MAX);
        return -1;
    }
    if (secret_copy(&password->text, (const uint8_t *)text, len) != 0) {
        report_error(report, SL_MEMORY, "%s: out of memory", password->origin);
        return -1;
    }
    password->is_given = true;
    return 0;
}

/* Without the line end, of either kind. */
static size_t
first_line_len(const struct blob *content)
{
    const uint8_t *end = memchr(content->data, '\n', content->len);
    size_t len = end != NULL ? (size_t)(end - content->data) : content->len;

    return end != NULL && len > 0 && content->data[len - 1] == '\r' ? len - 1
                                                                    : len;
}

static int
read_file(struct password *password, const char *role, const char *path,
    struct report *report)
{
    struct blob content;
    mode_t mode;
    int failed;

    (void)snprintf(
        password->origin, sizeof(password->origin), "%s %s", role, path);
    if (file_read(&content, path, role, &mode, report) != 0)
        return -1;
    failed = take_text(
        password, (const char *)content.data, first_line_len(&content), report);
    blob_wipe(&content);
    if (failed == 0 && (mode & OTHERS_READ) != 0)
        report_note(report,
            "%s: everybody on this machine can read the password (mode "
            "%04o); chmod 600 %s",
            password->origin, mode, path);
    return failed;
}

static int
read_variable(struct password *password, const struct password_keys *keys,
    struct report *report)
{
    const char *text = getenv(keys->env);

    (void)snprintf(password->origin, sizeof(password->origin),
        "%spassword_env %s", keys->prefix, keys->env);
    if (text != NULL)
        return take_text(password, text, strlen(text), report);
    report_error(report, SL_PASSWORD_MISSING,
        "%s: there is no environment variable of that name; set it where "
        "sidelock is started",
        password->origin);
    return -1;
}

/* What the names of the keys begin with inside their section. */
static const char *
name_prefix(const struct password_keys *keys)
{
    const char *dot = strrchr(keys->prefix, '.');

    return dot != NULL ? dot + 1 : keys->prefix;
}

/* systemd.exec(5): a folder that only this service sees. */
static int
read_credential(struct password *password, const struct password_keys *keys,
    struct report *report)
{
    const char *name = keys->credential;
    char role[ROLE_BYTES];
    const char *folder = getenv("CREDENTIALS_DIRECTORY");
    char path[PATH_BYTES];

    (void)snprintf(role, sizeof(role), "%spassword_credential", keys->prefix);
    if (strchr(name, '/') != NULL) {
        report_error(report, SL_PASSWORD_MISSING,
            "%s %s: is no name of a credential: it has a slash; for a path "
            "write %spassword_file",
            role, name, name_prefix(keys));
        return -1;
    }
    if (folder == NULL) {
        report_error(report, SL_PASSWORD_MISSING,
            "%s %s: no credentials were handed over (CREDENTIALS_DIRECTORY is "
            "not set); write LoadCredential=%s:/PATH into the systemd unit",
            role, name, name);
        return -1;
    }
    if ((size_t)snprintf(path, sizeof(path), "%s/%s", folder, name)
        >= sizeof(path)) {
        report_error(report, SL_PASSWORD_MISSING,
            "%s %s: the path of the credential is too long", role, name);
        return -1;
    }
    return read_file(password, role, path, report);
}

static bool
is_written(const char *value)
{
    return value != NULL && value[0] != '\0';
}

int
password_read(struct password *password, const struct password_keys *keys,
    struct report *report)
{
    char role[ROLE_BYTES];

    *password = (struct password){0};
    (void)snprintf(role, sizeof(role), "%spassword_file", keys->prefix);
    if (is_written(keys->file))
        return read_file(password, role, keys->file, report);
    if (is_written(keys->env))
        return read_variable(password, keys, report);
    if (is_written(keys->credential))
        return read_credential(password, keys, report);
    return 0;
}

void
password_deinit(struct password *password)
{
    secret_free(&password->text);
    *password = (struct password){0};
}

bool
password_is_weak(const struct password *password)
{
    static const char known[] = "changeit";

    return password->text.len == 0
           || (password->text.len == strlen(known)
               && memcmp(password->text.data, known, strlen(known)) == 0);
}
