/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The rows of [certificate]; a part of the table in keys_table.c. */
/* Initializers, not a file of their own. */
/* clang-format off */
    {
        .section = SECTION_CERTIFICATE,
        .name = "cert",
        STRING(CERTIFICATE, cert),
        .fallback = "",
        .help = "file with the certificate and its intermediates: PEM or DER;"
                " this or keystore",
    },
    {
        .section = SECTION_CERTIFICATE,
        .name = "key",
        STRING(CERTIFICATE, key),
        .fallback = "",
        .help = "file with the private key: PEM or DER; empty: it is in the"
                " file of cert",
    },
    {
        .section = SECTION_CERTIFICATE,
        .name = "keystore",
        STRING(CERTIFICATE, keystore),
        .fallback = "",
        .help = "PKCS#12 file with certificate, key and intermediates;"
                " instead of cert and key",
    },
    {
        .section = SECTION_CERTIFICATE,
        .name = "password_file",
        STRING(CERTIFICATE, password_file),
        .fallback = "",
        .help = "file whose first line opens the key or keystore",
    },
    {
        .section = SECTION_CERTIFICATE,
        .name = "password_env",
        STRING(CERTIFICATE, password_env),
        .fallback = "",
        .help = "name of an environment variable that holds that password",
    },
    {
        .section = SECTION_CERTIFICATE,
        .name = "password_credential",
        STRING(CERTIFICATE, password_credential),
        .fallback = "",
        .help = "name of a systemd credential that holds that password",
    },
    {
        .section = SECTION_CERTIFICATE,
        .name = "select_subject",
        STRING(CERTIFICATE, select_subject),
        .fallback = "",
        .help = "of several identities in the files: the one whose"
                " subject has this text in it",
    },
    {
        .section = SECTION_CERTIFICATE,
        .name = "select_issuer",
        STRING(CERTIFICATE, select_issuer),
        .fallback = "",
        .help = "of several identities: the one whose issuer has this"
                " text in it",
    },
    {
        .section = SECTION_CERTIFICATE,
        .name = "server_name",
        STRING(CERTIFICATE, server_name),
        .fallback = "",
        .help = "name that the certificate must cover; empty: any",
    },
    {
        .section = SECTION_CERTIFICATE,
        .name = "chain_root",
        STRING(CERTIFICATE, chain_root),
        .fallback = "",
        .help = "file with the root that the chain must reach: PEM or DER;"
                " empty: not checked",
    },
    {
        .section = SECTION_CERTIFICATE,
        .name = "ocsp_staple_file",
        STRING(CERTIFICATE, ocsp_staple_file),
        .fallback = "",
        .help = "OCSP response to send along; empty: the file of cert"
                " with .ocsp behind its name, if it is there",
    },
    {
        .section = SECTION_CERTIFICATE,
        .name = "on_missing",
        WORD(CERTIFICATE, on_missing, enum on_missing, keys_on_missing_words),
        .fallback = "fail",
        .help = "when it is not good at start: fail, wait for it without"
                " listening, or serve PLAINTEXT",
    },
    {
        .section = SECTION_CERTIFICATE,
        .name = "allow_exposed_key",
        BOOL(CERTIFICATE, allow_exposed_key),
        .fallback = "no",
        .help = "yes: take a private key that everybody on this machine"
                " can read",
    },
