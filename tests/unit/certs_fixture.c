/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The scaffolding of the tests of certs/: a folder of certificates. */
#include "tests/unit/certs_fixture.h"

#include <sys/stat.h>
#include <sys/wait.h>

#include <fcntl.h>
#include <ftw.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "certs/pem.h"
#include "certs/roots.h"
#include "certs/secret.h"
#include "tests/unit/config_fixture.h"

static char directory[] = "/tmp/sidelock-certs-XXXXXX";

/* --- programs ------------------------------------------------------------ */

/* 0 when the program ends with status 0. Its standard output is dropped. */
static int
run(const char *const *arguments)
{
    int status;
    pid_t pid = fork();

    if (pid < 0)
        return -1;
    if (pid == 0) {
        int null = open("/dev/null", O_WRONLY);

        /* The program only reads its arguments. */
        union {
            const char *const *given;
            char *const *wanted;
        } argv = {.given = arguments};

        if (null < 0 || dup2(null, STDOUT_FILENO) < 0)
            _exit(127);
        (void)execvp(argv.wanted[0], argv.wanted);
        _exit(127);
    }
    if (waitpid(pid, &status, 0) != pid)
        return -1;
    return WIFEXITED(status) && WEXITSTATUS(status) == 0 ? 0 : -1;
}

void
run_openssl(const char *const *arguments)
{
    const char *argv[32] = {"openssl"};
    size_t count = 1;

    for (; arguments[count - 1] != NULL; count++) {
        assert_true(count < 31);
        argv[count] = arguments[count - 1];
    }
    assert_int_equal(run(argv), 0);
}

int
certs_start(void **state)
{
    static const char script[] = SIDELOCK_SOURCE_DIR "/scripts/make-certs.sh";
    /* ctest makes them once for all tests. */
    const char *made = getenv("SIDELOCK_UNIT_CERTS");
    const char *const make[] = {script, directory, "--all", NULL};
    const char *const copy[] = {"/bin/cp", "-aT", made, directory, NULL};

    (void)state;
    /* Keys that tests write are open to nobody. */
    (void)umask(S_IRWXG | S_IRWXO);
    if (mkdtemp(directory) == NULL || run(made != NULL ? copy : make) != 0)
        return -1;
    /* Tests that take away their rights look into it, too. */
    if (chmod(directory, 0755) != 0 || chdir(directory) != 0)
        return -1;
    return certs_init();
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

int
certs_stop(void **state)
{
    (void)state;
    certs_deinit();
    if (chdir("/") != 0)
        return -1;
    return nftw(directory, remove_entry, 16, FTW_DEPTH | FTW_PHYS);
}

/* --- files --------------------------------------------------------------- */

struct blob
read_file(const char *path)
{
    FILE *file = fopen(path, "rb");
    struct stat info;
    struct blob content;

    assert_non_null(file);
    assert_int_equal(fstat(fileno(file), &info), 0);
    content.len = (size_t)info.st_size;
    content.data = malloc(content.len + 1);
    assert_non_null(content.data);
    assert_int_equal(fread(content.data, 1, content.len, file), content.len);
    content.data[content.len] = '\0';
    assert_int_equal(fclose(file), 0);
    return content;
}

void
write_blob(const char *path, const struct blob *content)
{
    write_file(path, (const char *)content->data, content->len);
}

void
copy_file(const char *to, const char *from)
{
    join_files(to, (const char *const[]){from, NULL});
}

void
join_files(const char *to, const char *const *from)
{
    FILE *file = fopen(to, "wb");

    assert_non_null(file);
    for (; *from != NULL; from++) {
        struct blob content = read_file(*from);

        assert_int_equal(
            fwrite(content.data, 1, content.len, file), content.len);
        blob_free(&content);
    }
    assert_int_equal(fclose(file), 0);
}

struct blob
read_der(const char *path)
{
    struct blob content = read_file(path);
    struct pem_reader reader;
    struct pem_block block;

    pem_reader_init(&reader, &content);
    assert_int_equal(pem_next(&reader, &block), PEM_BLOCK);
    blob_free(&content);
    return block.der;
}

/* --- findings ------------------------------------------------------------ */

static void
print_findings(const struct report *report)
{
    for (size_t i = 0; i < report->count; i++)
        print_error("%s: %s\n", severity_name(report->items[i].severity),
            report->items[i].text);
}

bool
has_finding(
    const struct report *report, enum severity severity, const char *text_part)
{
    for (size_t i = 0; i < report->count; i++)
        if (report->items[i].severity == severity
            && strstr(report->items[i].text, text_part) != NULL)
            return true;
    return false;
}

void
assert_reported(
    const struct report *report, enum severity severity, const char *text_part)
{
    if (has_finding(report, severity, text_part))
        return;
    print_findings(report);
    fail_msg("no %s with \"%s\"", severity_name(severity), text_part);
}

void
assert_not_reported(const struct report *report, const char *text_part)
{
    for (size_t i = 0; i < report->count; i++) {
        if (strstr(report->items[i].text, text_part) == NULL)
            continue;
        print_findings(report);
        fail_msg("a finding with \"%s\"", text_part);
    }
}

bool
has_code(const struct report *report, enum guide_code code)
{
    for (size_t i = 0; i < report->count; i++)
        if (report->items[i].code == code)
            return true;
    return false;
}

void
assert_no_complaint(const struct report *report)
{
    if (report->error_count == 0 && report->warning_count == 0)
        return;
    print_findings(report);
    fail_msg(
        "%zu errors, %zu warnings", report->error_count, report->warning_count);
}

/* --- loading ------------------------------------------------------------- */

static char *
copy_text(const char *text)
{
    char *copy = strdup(text != NULL ? text : "");

    assert_non_null(copy);
    return copy;
}

/* Every text of a config_certificate, in the order of free_texts. */
static void
copy_texts(struct config_certificate *certificate, const struct pair *pair)
{
    certificate->name = copy_text("default");
    certificate->cert = copy_text(pair->cert);
    certificate->key = copy_text(pair->key);
    certificate->server_name = copy_text(pair->server_name);
    certificate->chain_root = copy_text(pair->chain_root);
    certificate->keystore = copy_text(pair->keystore);
    certificate->password_file = copy_text(pair->password_file);
    certificate->password_env = copy_text(pair->password_env);
    certificate->password_credential = copy_text(pair->password_credential);
    certificate->select_subject = copy_text(pair->select_subject);
    certificate->select_issuer = copy_text(pair->select_issuer);
    certificate->ocsp_staple_file = copy_text(NULL);
}

static void
free_texts(struct config_certificate *certificate)
{
    free(certificate->name);
    free(certificate->cert);
    free(certificate->key);
    free(certificate->server_name);
    free(certificate->chain_root);
    free(certificate->keystore);
    free(certificate->password_file);
    free(certificate->password_env);
    free(certificate->password_credential);
    free(certificate->select_subject);
    free(certificate->select_issuer);
    free(certificate->ocsp_staple_file);
}

struct identity *
load_with_roots(
    const struct config_certificate *certificate, struct report *report)
{
    struct roots *roots = roots_new();
    struct identity *identity = NULL;

    if (roots != NULL)
        identity = identity_load(certificate, roots, report);
    else
        report_error(report, SL_MEMORY, "out of memory");
    roots_free(roots);
    return identity;
}

struct identity *
load_pair(const struct pair *pair, struct report *report)
{
    struct config_certificate certificate = {
        .allow_exposed_key = pair->allow_exposed_key};
    struct identity *identity;

    copy_texts(&certificate, pair);
    identity = load_with_roots(&certificate, report);
    free_texts(&certificate);
    return identity;
}

struct identity *
load_good(const struct pair *pair)
{
    struct report report;
    struct identity *identity;

    report_init(&report);
    identity = load_pair(pair, &report);
    if (identity == NULL) {
        print_findings(&report);
        fail_msg(
            "%s was refused", pair->cert != NULL ? pair->cert : pair->keystore);
    }
    report_deinit(&report);
    return identity;
}

void
assert_pair_refused(const struct pair *pair, const char *text_part)
{
    struct report report;
    struct identity *identity;

    report_init(&report);
    identity = load_pair(pair, &report);
    if (identity != NULL)
        fail_msg("%s was not refused",
            pair->cert != NULL ? pair->cert : pair->keystore);
    if (strstr(report_first_error(&report), text_part) == NULL) {
        print_findings(&report);
        fail_msg("the first error is without \"%s\"", text_part);
    }
    report_deinit(&report);
}

void
assert_pair_refused_as(
    const struct pair *pair, enum guide_code code, const char *text_part)
{
    struct report report;

    assert_pair_refused(pair, text_part);
    report_init(&report);
    assert_null(load_pair(pair, &report));
    assert_string_equal(
        guide_text(report_first_code(&report)), guide_text(code));
    report_deinit(&report);
}

void
assert_pair_found(
    const struct pair *pair, enum severity severity, const char *text_part)
{
    struct report report;
    struct identity *identity;

    report_init(&report);
    identity = load_pair(pair, &report);
    assert_reported(&report, severity, text_part);
    assert_non_null(identity);
    identity_unref(identity);
    report_deinit(&report);
}

struct config *
make_config(const char *text)
{
    static const char start[] = "[service]\n"
                                "listen = 127.0.0.1:8443\n"
                                "backend = 127.0.0.1:8080\n";
    size_t cap = sizeof(start) + strlen(text);
    char *whole = malloc(cap);
    struct loaded loaded;

    assert_non_null(whole);
    (void)snprintf(whole, cap, "%s%s", start, text);
    load_text(&loaded, whole);
    free(whole);
    assert_loaded(&loaded);
    report_deinit(&loaded.report);
    return loaded.config;
}

struct snapshot *
make_snapshot(const char *text)
{
    struct report report;
    struct snapshot *snapshot = load_snapshot(NULL, text, &report);

    if (snapshot == NULL) {
        print_findings(&report);
        fail_msg("the snapshot was refused");
    }
    report_deinit(&report);
    return snapshot;
}

struct snapshot *
load_snapshot(
    const struct snapshot *previous, const char *text, struct report *report)
{
    struct config *config = make_config(text);
    struct snapshot *snapshot;

    report_init(report);
    snapshot = snapshot_load(config, previous, time(NULL), report);
    if (snapshot == NULL)
        config_free(config); /* still ours */
    return snapshot;
}
