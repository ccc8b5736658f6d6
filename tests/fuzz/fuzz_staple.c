/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Fuzzes what is read of an OCSP response, and the parts of the certificates
 * in it: whatever is handed out lies inside the input.
 */
#include <stdint.h>
#include <stdlib.h>

#include "certs/ocsp.h"
#include "certs/secret.h"

/* NOLINTNEXTLINE(readability-identifier-naming): libFuzzer names it */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const time_t time_max = (time_t)1 << 38; /* beyond the year 9999 */

static void
require(bool is_true)
{
    if (!is_true)
        abort();
}

static void
check_inside(struct der part, const struct blob *whole)
{
    if (part.len == 0)
        return;
    require(part.data >= whole->data && part.len <= whole->len
            && (size_t)(part.data - whole->data) <= whole->len - part.len);
}

static bool
is_time(time_t at)
{
    return at > -time_max && at < time_max;
}

static void
check_parts(const struct x509_parts *parts, const struct blob *whole)
{
    check_inside(parts->serial, whole);
    check_inside(parts->issuer, whole);
    check_inside(parts->subject, whole);
    check_inside(parts->key, whole);
    check_inside(parts->extensions, whole);
    (void)x509_parts_demand_staple(parts);
}

static void
check_singles(struct der singles, const struct x509_parts *parts,
    const struct blob *whole)
{
    struct ocsp_single single;

    while (ocsp_take_single(&singles, &single)) {
        check_inside(single.hash, whole);
        check_inside(single.name_hash, whole);
        check_inside(single.key_hash, whole);
        check_inside(single.serial, whole);
        require(is_time(single.this_update) && is_time(single.next_update));
        (void)ocsp_single_is_of(&single, parts, parts);
    }
}

static void
check_certificates(
    const struct ocsp_response *response, const struct blob *whole)
{
    struct der rest = response->certificates;
    struct x509_parts parts = {.key = {0}};
    struct der_element element;

    check_singles(response->singles, &parts, whole);
    while (der_take_tag(&rest, DER_SEQUENCE, &element)) {
        struct blob certificate;

        require(blob_copy(&certificate, element.whole.data, element.whole.len)
                == 0);
        if (x509_parts_read(&parts, &certificate)) {
            check_parts(&parts, &certificate);
            (void)ocsp_names_responder(response, &parts);
            check_singles(response->singles, &parts, whole);
        }
        blob_free(&certificate);
    }
}

static void
check_response(const struct blob *der)
{
    struct ocsp_response response;
    const char *reason = NULL;
    enum ocsp_answer answer = ocsp_read(&response, der, &reason);

    require(reason != NULL);
    require((answer == OCSP_NO_ANSWER) == (reason[0] != '\0'));
    if (answer != OCSP_ANSWER)
        return;
    check_inside(response.signed_part, der);
    check_inside(response.responder, der);
    check_inside(response.singles, der);
    check_inside(response.algorithm, der);
    check_inside(response.signature, der);
    check_inside(response.certificates, der);
    check_certificates(&response, der);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct x509_parts parts;
    struct blob exact;

    require(blob_copy(&exact, data, size) == 0);
    check_response(&exact);
    if (x509_parts_read(&parts, &exact))
        check_parts(&parts, &exact);
    blob_free(&exact);
    return 0;
}
