/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Fuzzes identity_load() with a keystore, or what else stands in the file, a
 * file with its password, and a choice among identities:
 *
 *   byte 0   bit 0: with a password; bit 1: as cert and not as keystore;
 *            bits 2 and 3: select_subject, select_issuer
 *   byte 1   length of the password file
 *   the password file, then the keystore
 *
 * It loads whole or is refused with an error, and nothing secret is left.
 */
#include <sys/mman.h>

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <wolfssl/options.h>

#include <wolfssl/wolfcrypt/pwdbased.h>

#include "certs/identity.h"
#include "certs/roots.h"
#include "certs/secret.h"

/* NOLINTNEXTLINE(readability-identifier-naming): libFuzzer names it */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum {
    WITH_PASSWORD = 1,
    AS_CERT = 2,
    SELECT_SUBJECT = 4,
    SELECT_ISSUER = 8,
    ROUNDS_MAX = 5000, /* time is better spent on other inputs */
    PATH_BYTES = 64,
};

/* A file in memory, with a path. */
struct memory_file {
    int fd;
    char path[PATH_BYTES];
};

static void
require(bool is_true)
{
    if (!is_true)
        abort();
}

static void
make_file(struct memory_file *file)
{
    file->fd = memfd_create("fuzz", MFD_CLOEXEC);
    require(file->fd >= 0);
    (void)snprintf(
        file->path, sizeof(file->path), "/proc/self/fd/%d", file->fd);
}

static void
fill_file(const struct memory_file *file, const uint8_t *data, size_t size)
{
    require(ftruncate(file->fd, 0) == 0);
    require(pwrite(file->fd, data, size, 0) == (ssize_t)size);
}

static void
check_load(const struct config_certificate *certificate)
{
    struct roots *roots = roots_new();
    struct identity *identity;
    struct report report;

    require(roots != NULL);
    report_init(&report);
    identity = identity_load(certificate, roots, &report);
    roots_free(roots);
    require((identity == NULL) == (report.error_count > 0));
    if (identity != NULL) {
        require(identity->chain_count > 0 && identity->key.len > 0);
        require(secret_usage().count == 1);
    }
    identity_unref(identity);
    require(secret_usage().count == 0);
    report_deinit(&report);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct memory_file keystore = {.fd = -1};
    static struct memory_file password = {.fd = -1};
    static char none[] = "";
    static char name[] = "fuzz";
    static char subject[] = "other";
    static char issuer[] = "intermediate";
    struct config_certificate certificate = {.name = name,
        .cert = none,
        .key = none,
        .server_name = none,
        .chain_root = none,
        .allow_exposed_key = true};
    size_t password_len;

    if (keystore.fd < 0) {
        make_file(&keystore);
        make_file(&password);
        (void)wc_PBKDF_max_iterations_set(ROUNDS_MAX);
    }
    if (size < 2)
        return 0;
    password_len = data[1] < size - 2 ? data[1] : size - 2;
    fill_file(&password, data + 2, password_len);
    fill_file(&keystore, data + 2 + password_len, size - 2 - password_len);
    certificate.password_file = data[0] & WITH_PASSWORD ? password.path : none;
    certificate.select_subject = data[0] & SELECT_SUBJECT ? subject : none;
    certificate.select_issuer = data[0] & SELECT_ISSUER ? issuer : none;
    certificate.keystore = data[0] & AS_CERT ? none : keystore.path;
    if (data[0] & AS_CERT)
        certificate.cert = keystore.path;
    check_load(&certificate);
    return 0;
}
