/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Reading files of roots into lists of DER. */
#include "certs/roots.h"

#include <stdlib.h>
#include <string.h>

#include "certs/der.h"
#include "certs/file.h"
#include "certs/form.h"
#include "certs/pem.h"
#include "certs/secret.h"
#include "certs/sources.h"

enum {
    FILES_MAX = 64 /* kept; further ones are read each time */
};

struct roots {
    struct root_file files[FILES_MAX];
    size_t count;
};

static const char role[] = "certificate.chain_root";

struct roots *
roots_new(void)
{
    return calloc(1, sizeof(struct roots));
}

static void
free_file(struct root_file *file)
{
    for (size_t i = 0; i < file->count; i++)
        blob_free(&file->certs[i]);
    free(file->certs);
    free(file->path);
    *file = (struct root_file){0};
}

void
roots_free(struct roots *roots)
{
    if (roots == NULL)
        return;
    for (size_t i = 0; i < FILES_MAX; i++)
        free_file(&roots->files[i]);
    free(roots);
}

/* Takes the bytes over, also when it fails. */
static int
add(struct root_file *file, struct blob *der)
{
    struct blob *certs = file->certs;

    /* Room doubles whenever the count reaches a power of two. */
    if ((file->count & (file->count - 1)) == 0)
        certs = realloc(
            certs, (file->count == 0 ? 1 : 2 * file->count) * sizeof(*certs));
    if (certs == NULL) {
        blob_free(der);
        return -1;
    }
    file->certs = certs;
    file->certs[file->count++] = *der;
    *der = (struct blob){0};
    return 0;
}

static int
read_der(struct root_file *file, const struct blob *content)
{
    struct der in = {.data = content->data, .len = content->len};
    struct der_element whole;

    while (der_take_tag(&in, DER_SEQUENCE, &whole)) {
        struct blob cert;

        if (blob_copy(&cert, whole.whole.data, whole.whole.len) != 0
            || add(file, &cert) != 0)
            return -1;
    }
    return 0;
}

static int
read_pem(struct root_file *file, const struct blob *content)
{
    struct pem_reader reader;
    struct pem_block block;
    enum pem_result result;
    int failed = 0;

    pem_reader_init(&reader, content);
    while (failed == 0 && (result = pem_next(&reader, &block)) != PEM_END) {
        if (result == PEM_NO_MEMORY)
            failed = -1;
        else if (result == PEM_BLOCK && strcmp(block.label, "CERTIFICATE") == 0)
            failed = add(file, &block.der);
        blob_wipe(&block.der);
    }
    return failed;
}

static int
read_file(struct root_file *file, const char *path, struct report *report)
{
    struct blob content;
    int failed;

    if (file_read(&content, path, role, NULL, report) != 0)
        return -1;
    failed = form_of(&content) == FORM_CERTIFICATE ? read_der(file, &content)
                                                   : read_pem(file, &content);
    blob_free(&content);
    file->path = strdup(path);
    if (failed != 0 || file->path == NULL) {
        report_error(report, SL_MEMORY, "%s %s: out of memory", role, path);
        return -1;
    }
    if (file->count > 0)
        return 0;
    report_error(report, SL_CERT_NONE,
        "%s %s: no certificate in it (PEM or DER)", role, path);
    return -1;
}

const struct root_file *
roots_open(struct roots *roots, const char *path, struct report *report)
{
    struct root_file *file;

    if (sources_note(report->sources, path) != 0) {
        report_error(report, SL_MEMORY, "%s %s: out of memory", role, path);
        return NULL;
    }
    for (size_t i = 0; i < roots->count; i++)
        if (strcmp(roots->files[i].path, path) == 0)
            return &roots->files[i];
    if (roots->count == FILES_MAX)
        free_file(&roots->files[--roots->count]);
    file = &roots->files[roots->count];
    if (read_file(file, path, report) != 0) {
        free_file(file);
        return NULL;
    }
    roots->count++;
    return file;
}
