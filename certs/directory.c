/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Finding the pairs of a folder by the names of its files. */
#include "certs/directory.h"

#include <sys/stat.h>

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "certs/sources.h"

static const char role[] = "service.certificate_dir";

static int
fail_memory(const char *path, struct report *report)
{
    report_error(report, SL_MEMORY, "%s %s: out of memory", role, path);
    return -1;
}

static bool
has_ending(const char *name, const char *ending)
{
    size_t len = strlen(name);
    size_t ending_len = strlen(ending);

    return len > ending_len && strcmp(name + len - ending_len, ending) == 0;
}

static bool
has_any_ending(const char *name, const char *const *endings)
{
    for (; *endings != NULL; endings++)
        if (has_ending(name, *endings))
            return true;
    return false;
}

/* DIR/NAME with the ending replaced; NULL: no memory. */
static char *
join(const char *folder, const char *name, size_t name_len, const char *ending)
{
    char *path;

    if (asprintf(&path, "%s/%.*s%s", folder, (int)name_len, name, ending) < 0)
        return NULL;
    return path;
}

/* One behind a folder that is closed to us is one, too: reading it says so,
 * where passing over it would leave out a certificate silently. */
static bool
is_file(const char *path)
{
    struct stat st;

    if (stat(path, &st) != 0)
        return errno == EACCES;
    return S_ISREG(st.st_mode);
}

/* --- what one entry of the folder makes ---------------------------------- */

/* A field of settings takes over the text. */
static int
set_field(char **field, char *text)
{
    if (text == NULL)
        return -1;
    free(*field);
    *field = text;
    return 0;
}

static struct config_certificate *
add_pair(struct directory *directory, const char *name)
{
    struct config_certificate *pairs;
    struct config_certificate *pair;

    if ((directory->count & (directory->count - 1)) == 0) {
        size_t room = directory->count == 0 ? 1 : 2 * directory->count;

        pairs = realloc(directory->pairs, room * sizeof(*pairs));
        if (pairs == NULL)
            return NULL;
        directory->pairs = pairs;
    }
    pair = &directory->pairs[directory->count];
    if (config_certificate_init(pair) != 0)
        return NULL;
    directory->count++;
    pair->name = join(directory->path, name, strlen(name), "");
    return pair->name != NULL ? pair : NULL;
}

static int
add_files(struct directory *directory, const char *name, const char *cert,
    const char *key)
{
    struct config_certificate *pair = add_pair(directory, name);

    if (pair == NULL || set_field(&pair->cert, strdup(cert)) != 0
        || set_field(&pair->key, strdup(key)) != 0)
        return -1;
    return 0;
}

/* One layout of a folder. *is_pair: it has at least a half of it; if not, the
 * watch is told of the certificate that may come. -1: no memory. */
static int
add_layout(struct directory *directory, const char *name,
    const char *const layout[2], bool *is_pair, struct report *report)
{
    char *cert = join(directory->path, name, strlen(name), layout[0]);
    char *key = join(directory->path, name, strlen(name), layout[1]);
    int failed = -1;

    if (cert != NULL && key != NULL
        && sources_note(report->sources, cert) == 0) {
        *is_pair = is_file(cert) || is_file(key);
        failed = *is_pair ? add_files(directory, name, cert, key) : 0;
    }
    free(cert);
    free(key);
    return failed;
}

/* NAME/fullchain.pem or else NAME/tls.crt. -1: no memory; a folder with
 * neither is none of ours. */
static int
add_folder(struct directory *directory, const char *name, struct report *report)
{
    static const char *const layouts[][2] = {
        {"/fullchain.pem", "/privkey.pem"},
        {"/tls.crt", "/tls.key"},
    };
    bool is_pair = false;
    int failed = 0;

    for (size_t i = 0; i < 2 && failed == 0 && !is_pair; i++)
        failed = add_layout(directory, name, layouts[i], &is_pair, report);
    return failed;
}

static int
add_keystore(struct directory *directory, const char *name)
{
    size_t stem_len = (size_t)(strrchr(name, '.') - name);
    struct config_certificate *pair = add_pair(directory, name);
    char *password = join(directory->path, name, stem_len, ".pass");
    int failed = -1;

    if (pair != NULL && password != NULL)
        failed = set_field(
            &pair->keystore, join(directory->path, name, strlen(name), ""));
    if (failed == 0 && is_file(password))
        return set_field(&pair->password_file, password);
    free(password);
    return failed;
}

/* In a Kubernetes secret whose own pair is tls.crt and tls.key: that of the CA,
 * whose key is elsewhere. */
static const char issuer_name[] = "ca.crt";

/* A certificate's file, with its key beside it or in it. */
static int
add_certificate(
    struct directory *directory, const char *name, struct report *report)
{
    size_t stem_len = (size_t)(strrchr(name, '.') - name);
    char *cert = join(directory->path, name, strlen(name), "");
    char *key = join(directory->path, name, stem_len, ".key");
    int failed = -1;

    if (cert == NULL || key == NULL)
        (void)fail_memory(directory->path, report);
    else if (is_file(key))
        failed = add_files(directory, name, cert, key);
    else if (has_ending(name, ".pem"))
        failed = add_files(directory, name, cert, cert);
    else if (strcmp(name, issuer_name) == 0)
        failed = 0;
    else
        report_error(report, SL_DIR_UNPAIRED,
            "%s %s: there is no key for %s: put %.*s.key beside it, or take it "
            "away",
            role, directory->path, name, (int)stem_len, name);
    free(cert);
    free(key);
    return failed;
}

/* A key without any certificate would be forgotten silently. */
static int
check_key(
    const struct directory *directory, const char *name, struct report *report)
{
    static const char *const endings[] = {".crt", ".cer", ".pem"};
    size_t stem_len = (size_t)(strrchr(name, '.') - name);

    for (size_t i = 0; i < sizeof(endings) / sizeof(endings[0]); i++) {
        char *cert = join(directory->path, name, stem_len, endings[i]);
        bool is_there = cert != NULL && is_file(cert);

        free(cert);
        if (is_there)
            return 0;
    }
    report_error(report, SL_DIR_UNPAIRED,
        "%s %s: there is no certificate for %s: put %.*s.crt beside it, or "
        "take it away",
        role, directory->path, name, (int)stem_len, name);
    return -1;
}

/* What an entry is, by its name: the ending says how it is taken. */
static int
add_file(struct directory *directory, const char *name, struct report *report)
{
    static const char *const certificates[] = {".crt", ".cer", ".pem", NULL};
    static const char *const keystores[] = {".p12", ".pfx", NULL};

    if (has_any_ending(name, keystores))
        return add_keystore(directory, name);
    if (has_any_ending(name, certificates))
        return add_certificate(directory, name, report);
    if (has_ending(name, ".key"))
        return check_key(directory, name, report);
    return 0;
}

static int
watch_entry(
    const struct directory *directory, const char *name, struct report *report)
{
    char *path = join(directory->path, name, strlen(name), "");
    int failed = path != NULL ? sources_note(report->sources, path) : -1;

    free(path);
    return failed;
}

/* Gone meanwhile, or a link to what is yet to come: the watch is told of it.
 * Closed to us: it may be a pair, and nobody would miss it. */
static int
pass_over(const struct directory *directory, const char *name, int error,
    struct report *report)
{
    if (watch_entry(directory, name, report) != 0)
        return fail_memory(directory->path, report);
    if (error != EACCES)
        return 0;
    report_error(report, SL_FILE_DENIED,
        "%s %s: permission denied on the way to %s, and we are uid %u gid %u; "
        "make the folders searchable (chmod +x), or take it away",
        role, directory->path, name, geteuid(), getegid());
    return -1;
}

static int
add_entry(struct directory *directory, const char *name, struct report *report)
{
    char *path = join(directory->path, name, strlen(name), "");
    struct stat st;
    int error;

    if (path == NULL)
        return fail_memory(directory->path, report);
    error = stat(path, &st) == 0 ? 0 : errno;
    free(path);
    if (error != 0)
        return pass_over(directory, name, error, report);
    if (S_ISDIR(st.st_mode))
        return add_folder(directory, name, report);
    return add_file(directory, name, report);
}

/* --- the folder ---------------------------------------------------------- */

/* lost+found, closed to all but root, is the file system's own. */
static int
is_visible(const struct dirent *entry)
{
    return entry->d_name[0] != '.' && strcmp(entry->d_name, "lost+found") != 0;
}

static int
read_entries(struct directory *directory, struct report *report)
{
    struct dirent **entries;
    int count = scandir(directory->path, &entries, is_visible, alphasort);
    int failed = 0;

    if (count < 0) {
        report_error(report, errno == ENOENT ? SL_FILE_MISSING : SL_FILE_DENIED,
            "%s %s: the folder cannot be read: %s; check its path, owner and "
            "mode",
            role, directory->path, strerror(errno));
        return -1;
    }
    for (int i = 0; i < count; i++) {
        /* What one that failed lacks may be a link behind it, to what is
         * yet to come. */
        if (failed == 0)
            failed = add_entry(directory, entries[i]->d_name, report);
        else if (watch_entry(directory, entries[i]->d_name, report) != 0)
            (void)fail_memory(directory->path, report);
        free(entries[i]);
    }
    free(entries);
    if (failed == 0)
        return 0;
    if (report->error_count == 0)
        (void)fail_memory(directory->path, report);
    return -1;
}

int
directory_read(
    struct directory *directory, const char *path, struct report *report)
{
    *directory = (struct directory){.path = strdup(path)};
    if (directory->path == NULL || sources_note(report->sources, path) != 0)
        return fail_memory(path, report);
    if (read_entries(directory, report) != 0)
        return -1;
    if (directory->count > 0)
        return 0;
    report_error(report, SL_DIR_EMPTY,
        "%s %s: there is no pair in it: put NAME.crt and NAME.key there, or "
        "NAME/fullchain.pem and NAME/privkey.pem",
        role, path);
    return -1;
}

void
directory_deinit(struct directory *directory)
{
    for (size_t i = 0; i < directory->count; i++)
        config_certificate_deinit(&directory->pairs[i]);
    free(directory->pairs);
    free(directory->path);
    *directory = (struct directory){0};
}
