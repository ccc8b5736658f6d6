/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The proofs of an OCSP response, in the order in which they mean something:
 * whose it is, who says it, and whether it is of now. */
#include "certs/ocsp_judge.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "certs/dates.h"
#include "certs/secret.h"
#include "certs/signature.h"

enum {
    /* Those of a response that are tried. Each costs signatures, and who sends
     * them is not known yet. */
    CERTIFICATES_MAX = 8
};

/* --- the parties --------------------------------------------------------- */

int
ocsp_parties_init(struct ocsp_parties *parties, const struct blob *leaf,
    const struct blob *issuer)
{
    int error;

    memset(parties, 0, sizeof(*parties));
    if (!x509_parts_read(&parties->leaf, leaf)
        || !x509_parts_read(&parties->issuer, issuer))
        return -1;
    parties->issuer_cert.der = *issuer;
    parties->issuer_cert.x509 = x509_new(issuer, &error);
    return parties->issuer_cert.x509 != NULL ? 0 : -1;
}

void
ocsp_parties_deinit(struct ocsp_parties *parties)
{
    x509_free(parties->issuer_cert.x509);
    memset(parties, 0, sizeof(*parties));
}

/* --- who signed it ------------------------------------------------------- */

static bool
is_signed_by(const struct ocsp_response *response, const struct x509 *x509)
{
    struct x509_public_key key;

    return x509_public_key(x509, &key) == 0
           && signature_holds(&key, response->algorithm, response->signed_part,
               response->signature);
}

static void
narrow_to(struct ocsp_statement *statement, const struct x509 *signer)
{
    struct certificate_info info;

    x509_fill_info(signer, &info);
    if (info.not_before > statement->since)
        statement->since = info.not_before;
    if (info.not_after < statement->until)
        statement->until = info.not_after;
}

/* By the certificate that came with the response. */
static bool
is_signed_by_delegate(const struct ocsp_response *response,
    struct der certificate, const struct ocsp_parties *parties,
    struct ocsp_statement *statement)
{
    struct chain_cert delegate = {{0}, NULL};
    struct x509_parts parts;
    bool is_signed = false;
    int error;

    if (blob_copy(&delegate.der, certificate.data, certificate.len) != 0)
        return false;
    if (!x509_parts_read(&parts, &delegate.der)
        || !ocsp_names_responder(response, &parts))
        goto free_der;
    delegate.x509 = x509_new(&delegate.der, &error);
    if (delegate.x509 == NULL)
        goto free_der;
    is_signed = x509_may_sign_staples(delegate.x509)
                && chain_cert_is_issued_by(&delegate, &parties->issuer_cert)
                && is_signed_by(response, delegate.x509);
    if (is_signed)
        narrow_to(statement, delegate.x509);
    x509_free(delegate.x509);

free_der:
    blob_free(&delegate.der);
    return is_signed;
}

static bool
is_signed_rightly(const struct ocsp_response *response,
    const struct ocsp_parties *parties, struct ocsp_statement *statement)
{
    struct der rest = response->certificates;
    struct der_element element;

    narrow_to(statement, parties->issuer_cert.x509);
    if (ocsp_names_responder(response, &parties->issuer)
        && is_signed_by(response, parties->issuer_cert.x509))
        return true;
    for (size_t i = 0; i < CERTIFICATES_MAX; i++) {
        if (!der_take_tag(&rest, DER_SEQUENCE, &element))
            break;
        if (is_signed_by_delegate(response, element.whole, parties, statement))
            return true;
    }
    return false;
}

/* --- what it says -------------------------------------------------------- */

static enum ocsp_proof
find_single(struct ocsp_single *single, const struct ocsp_response *response,
    const struct ocsp_parties *parties)
{
    struct der rest = response->singles;

    while (ocsp_take_single(&rest, single))
        if (ocsp_single_is_of(single, &parties->leaf, &parties->issuer))
            return OCSP_PROVEN;
    return rest.len > 0 ? OCSP_DAMAGED : OCSP_OF_ANOTHER;
}

static void
state(struct ocsp_statement *statement, const struct ocsp_response *response,
    const struct ocsp_single *single)
{
    *statement = (struct ocsp_statement){
        .verdict = single->verdict,
        .reason = "",
        .since = single->this_update,
        .until = single->next_update != 0
                     ? single->next_update
                     : single->this_update + OCSP_DEFAULT_SECONDS,
        .has_next_update = single->next_update != 0,
        .nonce = response->nonce,
    };
}

enum ocsp_proof
ocsp_prove(struct ocsp_statement *statement, const struct blob *response,
    const struct ocsp_parties *parties)
{
    struct ocsp_response read;
    struct ocsp_single single;
    enum ocsp_answer answer;
    enum ocsp_proof proof;

    memset(statement, 0, sizeof(*statement));
    answer = ocsp_read(&read, response, &statement->reason);
    if (answer != OCSP_ANSWER)
        return answer == OCSP_NO_ANSWER ? OCSP_SAYS_NOTHING : OCSP_NO_RESPONSE;
    proof = find_single(&single, &read, parties);
    if (proof != OCSP_PROVEN)
        return proof;
    state(statement, &read, &single);
    return is_signed_rightly(&read, parties, statement) ? OCSP_PROVEN
                                                        : OCSP_BY_ANOTHER;
}

/* --- the answer to a question of ours ------------------------------------ */

static void PRINTF_LIKE(2, 3)
    say(struct ocsp_judgement *judgement, const char *fmt, ...)
{
    va_list args;

    va_start(args, fmt);
    (void)vsnprintf(judgement->words, sizeof(judgement->words), fmt, args);
    va_end(args);
}

/* The value is an octet string with our bytes in it. */
static bool
is_our_nonce(struct der value, const uint8_t *nonce)
{
    const struct der ours = {nonce, OCSP_NONCE_BYTES};
    struct der_element element;

    return der_take_tag(&value, DER_OCTET_STRING, &element) && value.len == 0
           && der_equal(element.content, ours);
}

/* Is it of now, and an answer to this question? */
static bool
is_current(const struct ocsp_statement *statement,
    const struct ocsp_case *asked, struct ocsp_judgement *judgement)
{
    char date[DATE_TEXT_BYTES];

    if (statement->nonce.data != NULL
        && !is_our_nonce(statement->nonce, asked->nonce)) {
        say(judgement,
            "the answer is to another question (its nonce is not ours)");
        return false;
    }
    if (statement->since - OCSP_CLOCK_SECONDS > asked->now) {
        date_format(statement->since, date);
        say(judgement,
            "the answer begins only on %s; is this machine's clock right?",
            date);
        return false;
    }
    if (statement->until + OCSP_CLOCK_SECONDS < asked->now) {
        date_format(statement->until, date);
        say(judgement,
            "the answer, or the certificate that signed it, has expired on %s",
            date);
        return false;
    }
    return true;
}

static void
decide(const struct ocsp_statement *statement, const struct ocsp_case *asked,
    struct ocsp_judgement *judgement)
{
    judgement->decision = OCSP_DECIDED_UNUSABLE;
    if (!is_current(statement, asked, judgement))
        return;
    if (statement->has_next_update)
        judgement->next_update = statement->until;
    switch (statement->verdict) {
    case OCSP_GOOD:
        judgement->decision = OCSP_DECIDED_GOOD;
        say(judgement, "the issuer says that the certificate is good");
        break;
    case OCSP_REVOKED:
        judgement->decision = OCSP_DECIDED_REVOKED;
        say(judgement, "the issuer has revoked the certificate");
        break;
    case OCSP_UNKNOWN:
        judgement->decision = OCSP_DECIDED_UNKNOWN;
        say(judgement, "the responder does not know the certificate");
        break;
    }
}

static void
decide_unproven(enum ocsp_proof proof, const struct ocsp_statement *statement,
    struct ocsp_judgement *judgement)
{
    judgement->decision = OCSP_DECIDED_UNUSABLE;
    switch (proof) {
    case OCSP_PROVEN:
        break;
    case OCSP_SAYS_NOTHING:
        say(judgement, "the responder only says \"%s\"", statement->reason);
        break;
    case OCSP_NO_RESPONSE:
        say(judgement, "what came back is no OCSP response, or is cut off");
        break;
    case OCSP_DAMAGED:
        say(judgement, "the answer is damaged");
        break;
    case OCSP_OF_ANOTHER:
        say(judgement, "the answer is about another certificate");
        break;
    case OCSP_BY_ANOTHER:
        say(judgement,
            "neither the issuer nor a responder that it appointed (issued by "
            "it for OCSPSigning) has signed the answer");
        break;
    }
}

void
ocsp_judge(struct ocsp_judgement *judgement, const struct blob *response,
    const struct ocsp_case *asked)
{
    struct ocsp_statement statement;
    struct ocsp_parties parties;
    enum ocsp_proof proof;

    memset(judgement, 0, sizeof(*judgement));
    judgement->decision = OCSP_DECIDED_UNUSABLE;
    if (ocsp_parties_init(&parties, asked->leaf, asked->issuer) != 0) {
        say(judgement, "the certificate or its issuer cannot be read");
        return;
    }
    proof = ocsp_prove(&statement, response, &parties);
    if (proof == OCSP_PROVEN)
        decide(&statement, asked, judgement);
    else
        decide_unproven(proof, &statement, judgement);
    ocsp_parties_deinit(&parties);
}
