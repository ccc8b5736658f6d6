/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Fuzzes what is read of a certificate, as a client sends it before anybody
 * knows who it is: the facts of x509.h and the names that go into the log.
 * The input is a certificate in DER, and the inside of a distinguished name
 * as well.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "certs/dn.h"
#include "certs/secret.h"
#include "certs/x509.h"

/* NOLINTNEXTLINE(readability-identifier-naming): libFuzzer names it */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
require(bool is_true)
{
    if (!is_true)
        abort();
}

/* It ends, and nothing in it does anything to a terminal or a log. */
static void
check_text(const char *text, size_t cap)
{
    size_t len = strnlen(text, cap);

    require(len < cap);
    for (size_t i = 0; i < len; i++)
        require(text[i] >= 0x20 && text[i] <= 0x7e && text[i] != '"');
}

static void
check_info(const struct x509 *x509)
{
    struct certificate_info info;

    x509_fill_info(x509, &info);
    check_text(info.subject, sizeof(info.subject));
    check_text(info.issuer, sizeof(info.issuer));
    check_text(info.serial, sizeof(info.serial));
    require(strlen(info.fingerprint) == IDENTITY_FINGERPRINT_BYTES - 1);
}

static void
check_names(const struct x509 *x509)
{
    char first[IDENTITY_NAME_BYTES];
    char all[X509_NAMES_BYTES];
    char usages[64];

    x509_first_name(x509, first);
    check_text(first, sizeof(first));
    x509_names(x509, all);
    check_text(all, sizeof(all));
    x509_usages(x509, usages, sizeof(usages));
    check_text(usages, sizeof(usages));
    (void)x509_covers(x509, "localhost");
    (void)x509_covers(x509, "127.0.0.1");
    (void)x509_covers(x509, "::1");
}

static void
check_dns_names(const struct x509 *x509)
{
    char **names;
    size_t count;

    require(x509_dns_names(x509, &names, &count) == 0);
    require((count == 0) == (names == NULL));
    for (size_t i = 0; i < count; i++)
        require(names[i][0] != '\0'
                && names[i][strspn(
                       names[i], "abcdefghijklmnopqrstuvwxyz0123456789-_.*")]
                       == '\0');
    free(names);
}

static void
check_certificate(const struct blob *der)
{
    struct x509_public_key key;
    struct x509 *x509;
    int error;

    x509 = x509_new(der, &error);
    if (x509 == NULL) {
        require(error != 0);
        return;
    }
    check_info(x509);
    check_names(x509);
    check_dns_names(x509);
    (void)x509_is_ca(x509);
    (void)x509_may_sign_certificates(x509);
    (void)x509_is_self_signed(x509);
    require(x509_names_issuer(x509, x509) || !x509_is_self_signed(x509));
    if (x509_public_key(x509, &key) == 0)
        require(key.data != NULL);
    x509_free(x509);
}

/* With room, and with hardly any. */
static void
check_name(const struct blob *inside)
{
    const struct der name = {.data = inside->data, .len = inside->len};
    char wide[IDENTITY_NAME_BYTES];
    char small[8];

    dn_format(name, wide, sizeof(wide));
    check_text(wide, sizeof(wide));
    dn_format(name, small, sizeof(small));
    check_text(small, sizeof(small));
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct blob exact;

    require(blob_copy(&exact, data, size) == 0);
    if (size > 0)
        check_certificate(&exact);
    check_name(&exact);
    blob_free(&exact);
    return 0;
}
