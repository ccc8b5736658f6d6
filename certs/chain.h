/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A file's certificates, put into the order in which they are served: the
 * leaf, then each issuer after what it issued. Links are proven by signature,
 * not only by name.
 */
#ifndef SIDELOCK_CERTS_CHAIN_H
#define SIDELOCK_CERTS_CHAIN_H

#include <stdbool.h>
#include <stddef.h>

#include "certs/form.h"
#include "certs/identity.h"
#include "certs/pem.h"
#include "certs/roots.h"
#include "certs/x509.h"

enum {
    CHAIN_FILE_MAX = 512
}; /* certificates that one file may hold */

struct chain_cert {
    struct blob der;
    struct x509 *x509;
};

struct chain {
    const char *role; /* the key that names its file, for messages */
    struct chain_cert *certs;
    size_t count;
    bool had_root;     /* arranging left out the root that it leads to */
    bool left_out_ca;  /* arranging left out a CA that did not fit */
    bool ends_unknown; /* at an issuer that this system does not know */
};

/*
 * Reads all certificates of a file, PEM or DER, in the order of the file. At
 * least one, or -1 with an error in the report. `role` is the key's name.
 */
int chain_read(struct chain *chain, const char *path, const char *role,
    struct report *report) MUST_CHECK;
void chain_deinit(struct chain *chain);

/* The same step by step. An empty chain; -1: no memory. */
int chain_init(struct chain *chain, const char *role) MUST_CHECK;
/* Takes the bytes over, also when it fails: -1 with an error in the report. */
int chain_add(struct chain *chain, struct blob *der, const char *path,
    struct report *report) MUST_CHECK;
void chain_cert_free(struct chain_cert *cert);

/* Reports why there is nothing to read. Always -1, but chain_refuse_form, which
 * is 0 when the form does not explain it. */
int chain_refuse_block(enum pem_result result, size_t number, const char *role,
    const char *path, struct report *report);
int chain_refuse_form(
    enum form form, const char *role, const char *path, struct report *report);
int chain_refuse_empty(
    const char *role, const char *path, struct report *report);

/* Keeps these certificates, in this order, and frees the others. -1: no
 * memory, and nothing has changed. */
int chain_keep(
    struct chain *chain, const size_t *order, size_t count) MUST_CHECK;

/* By name, by the right to sign, and by signature. */
bool chain_cert_is_issued_by(
    const struct chain_cert *cert, const struct chain_cert *issuer);

/*
 * Reduces the chain to what is served: certs[leaf] first. Certificates that
 * do not belong are left out with a warning; a root that clients have anyway
 * and duplicates, with a note. -1 with an error when the chain is too long.
 */
int chain_arrange(struct chain *chain, size_t leaf, const char *path,
    struct report *report) MUST_CHECK;

/*
 * Does the arranged chain reach a certificate that clients know? With
 * root_path it must reach one in that file, or -1 with an error that names the
 * missing issuer. Without ("") the system's roots are consulted; what is not
 * found there is only noted, unless the file holds the leaf and a CA that did
 * not issue it: then the link between them is missing.
 */
int chain_check_complete(struct chain *chain, const char *path,
    const char *root_path, struct roots *roots,
    struct report *report) MUST_CHECK;

#endif
