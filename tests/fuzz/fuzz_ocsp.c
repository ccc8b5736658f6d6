/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Fuzzes the judge of OCSP answers about clients (certs/ocsp_judge.c). The
 * input is leaf, issuer and answer, each behind two bytes with its length.
 * Whatever it is: the words are a printable phrase, and only what is within
 * its dates decides anything. The input is also looked at as a certificate
 * that is asked about.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "certs/ocsp_judge.h"
#include "certs/secret.h"

/* NOLINTNEXTLINE(readability-identifier-naming): libFuzzer names it */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const time_t now = 1800000000; /* January 2027 */

static void
require(bool is_true)
{
    if (!is_true)
        abort();
}

static void
check_text(const char *text, size_t cap)
{
    const char *end = memchr(text, '\0', cap);

    require(end != NULL);
    for (; text < end; text++)
        require(*text >= 0x20 && *text < 0x7f);
}

/* Cuts the next part off, as a copy of the exact size. */
static struct blob
take_part(struct der *rest)
{
    struct blob part = {0};
    size_t len = 0;

    if (rest->len >= 2) {
        len = (size_t)rest->data[0] << 8 | rest->data[1];
        rest->data += 2;
        rest->len -= 2;
    }
    if (len > rest->len)
        len = rest->len;
    require(blob_copy(&part, rest->data, len) == 0);
    rest->data += len;
    rest->len -= len;
    return part;
}

static void
check_url(const struct blob *leaf)
{
    char url[HTTP_URL_BYTES];

    ocsp_responder_url(leaf, url);
    check_text(url, sizeof(url));
    require(url[0] == '\0' || strncasecmp(url, "http://", 7) == 0);
}

static void
check_judgement(const struct ocsp_judgement *judgement)
{
    check_text(judgement->words, sizeof(judgement->words));
    require(judgement->words[0] != '\0');
    if (judgement->decision == OCSP_DECIDED_UNUSABLE)
        require(judgement->next_update == 0);
    else if (judgement->next_update != 0)
        require(judgement->next_update >= now - OCSP_CLOCK_SECONDS);
}

static void
judge(const struct blob *leaf, const struct blob *issuer,
    const struct blob *answer)
{
    struct ocsp_request request;
    const struct ocsp_case asked = {
        .leaf = leaf, .issuer = issuer, .nonce = request.nonce, .now = now};
    struct ocsp_judgement judgement;
    uint8_t id[OCSP_ID_BYTES];

    memset(request.nonce, 'n', sizeof(request.nonce));
    ocsp_judge(&judgement, answer, &asked);
    check_judgement(&judgement);
    if (ocsp_request_make(&request, leaf, issuer) == 0) {
        require(request.len <= sizeof(request.der));
        require(request.der[0] == DER_SEQUENCE);
        require(ocsp_request_id(id, leaf, issuer, "") == 0);
    }
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct der rest = {data, size};
    struct blob leaf = take_part(&rest);
    struct blob issuer = take_part(&rest);
    struct blob answer = take_part(&rest);

    check_url(&leaf);
    judge(&leaf, &issuer, &answer);
    blob_free(&leaf);
    blob_free(&issuer);
    blob_free(&answer);
    return 0;
}
