/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Whose signature is under a list. */
#include "certs/crl_internal.h"
#include "certs/signature.h"
#include "certs/x509.h"
#include "certs/x509_parts.h"

static bool
is_signed_by(const struct crl_parts *parts, const struct blob *ca)
{
    struct x509_public_key key;
    struct x509 *x509;
    bool is_signed;
    int error;

    x509 = x509_new(ca, &error);
    if (x509 == NULL)
        return false;
    is_signed = x509_may_sign_crls(x509) && x509_public_key(x509, &key) == 0
                && signature_holds(&key, parts->algorithm, parts->signed_part,
                    parts->signature);
    x509_free(x509);
    return is_signed;
}

/* CAs of one name may have several keys. */
enum crl_signer
crl_find_signer(const struct trust *trust, const struct crl_parts *parts)
{
    enum crl_signer signer = CRL_SIGNER_NONE;
    struct x509_parts ca;

    for (size_t i = 0; i < trust->ca_count; i++) {
        if (!x509_parts_read(&ca, &trust->ca[i])
            || !der_equal(ca.subject, parts->issuer))
            continue;
        if (is_signed_by(parts, &trust->ca[i]))
            return CRL_SIGNER_KNOWN;
        signer = CRL_SIGNER_WRONG;
    }
    return signer;
}
