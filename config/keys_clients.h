/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The rows of [clients]; a part of the table in keys_table.c. */
/* Initializers, not a file of their own. */
/* clang-format off */
    {
        .section = SECTION_CLIENTS,
        .name = "ca",
        STRINGS(SERVICE, clients.ca),
        .fallback = "",
        .max = CONFIG_LIST_MAX,
        .help = "CAs that vouch for clients: files (PEM, DER, PKCS#12),"
                " folders, or system",
    },
    {
        .section = SECTION_CLIENTS,
        .name = "ca_password_file",
        STRING(SERVICE, clients.ca_password_file),
        .fallback = "",
        .help = "first line of a file: the password of PKCS#12 files in"
                " ca",
    },
    {
        .section = SECTION_CLIENTS,
        .name = "ca_password_env",
        STRING(SERVICE, clients.ca_password_env),
        .fallback = "",
        .help = "the same, name of an environment variable",
    },
    {
        .section = SECTION_CLIENTS,
        .name = "ca_password_credential",
        STRING(SERVICE, clients.ca_password_credential),
        .fallback = "",
        .help = "the same, name of a systemd credential",
    },
    {
        .section = SECTION_CLIENTS,
        .name = "trusted_certs",
        STRINGS(SERVICE, clients.trusted_certs),
        .fallback = "",
        .max = CONFIG_LIST_MAX,
        .help = "files with certificates that may come in exactly as"
                " they are, self-signed ones too",
    },
    {
        .section = SECTION_CLIENTS,
        .name = "trusted_keys",
        STRINGS(SERVICE, clients.trusted_keys),
        .fallback = "",
        .max = CONFIG_LIST_MAX,
        .help = "sha256:BASE64 of public keys that may come in, whoever"
                " signed them",
    },
    {
        .section = SECTION_CLIENTS,
        .name = "enroll",
        STRING(SERVICE, clients.enroll),
        .fallback = "",
        .help = "file of approved certificates; unknown ones are"
                " refused and listed by sidelock clients",
    },
    {
        .section = SECTION_CLIENTS,
        .name = "crl",
        STRINGS(SERVICE, clients.crl),
        .fallback = "",
        .max = CONFIG_LIST_MAX,
        .help = "revocation lists: files and folders, PEM or DER",
    },
    {
        .section = SECTION_CLIENTS,
        .name = "crl_policy",
        WORD(SERVICE, clients.crl_policy, enum crl_policy,
            keys_crl_policy_words),
        .fallback = "hard",
        .help = "a client of whose CA no valid list is at hand: hard"
                " refuses it, soft lets it in",
    },
    {
        .section = SECTION_CLIENTS,
        .name = "ocsp",
        WORD(SERVICE, clients.ocsp, enum ocsp_mode, keys_ocsp_words),
        .fallback = "off",
        .help = "ask the CA whether a client is revoked; without an"
                " answer hard refuses it, soft lets it in",
    },
    {
        .section = SECTION_CLIENTS,
        .name = "ocsp_url",
        STRING(SERVICE, clients.ocsp_url),
        .fallback = "",
        .help = "where to ask: http://ADDRESS:PORT/; empty: where the"
                " certificate says",
    },
    {
        .section = SECTION_CLIENTS,
        .name = "ocsp_timeout",
        DURATION(SERVICE, clients.ocsp_timeout_ms),
        .fallback = "5s",
        .min = 100 * MS,
        .max = HOUR,
        .help = "for the answer",
    },
    {
        .section = SECTION_CLIENTS,
        .name = "allow_all",
        BOOL(SERVICE, clients.allow_all),
        .fallback = "no",
        .help = "yes: every client that one of the CAs vouches for may"
                " come in",
    },
    {
        .section = SECTION_CLIENTS,
        .name = "allow_cn",
        STRINGS(SERVICE, clients.allow_names[RULE_CN]),
        .fallback = "",
        .max = CONFIG_LIST_MAX,
        .help = "who may come in, by common names (exact, with case)",
    },
    {
        .section = SECTION_CLIENTS,
        .name = "allow_ou",
        STRINGS(SERVICE, clients.allow_names[RULE_OU]),
        .fallback = "",
        .max = CONFIG_LIST_MAX,
        .help = "who may come in, by organizational units (exact, with"
                " case)",
    },
    {
        .section = SECTION_CLIENTS,
        .name = "allow_dns",
        STRINGS(SERVICE, clients.allow_names[RULE_DNS]),
        .fallback = "",
        .max = CONFIG_LIST_MAX,
        .help = "who may come in, by DNS names; *.example.com stands"
                " for one label",
    },
    {
        .section = SECTION_CLIENTS,
        .name = "allow_uri",
        STRINGS(SERVICE, clients.allow_names[RULE_URI]),
        .fallback = "",
        .max = CONFIG_LIST_MAX,
        .help = "who may come in, by URIs such as"
                " spiffe://example.org/**; * is one segment, ** any"
                " number",
    },
    {
        .section = SECTION_CLIENTS,
        .name = "allow_ip",
        STRINGS(SERVICE, clients.allow_names[RULE_IP]),
        .fallback = "",
        .max = CONFIG_LIST_MAX,
        .help = "who may come in, by IP addresses and networks",
    },
    {
        .section = SECTION_CLIENTS,
        .name = "allow_email",
        STRINGS(SERVICE, clients.allow_names[RULE_EMAIL]),
        .fallback = "",
        .max = CONFIG_LIST_MAX,
        .help = "who may come in, by e-mail addresses, or @example.com",
    },
    {
        .section = SECTION_CLIENTS,
        .name = "allow_issuer",
        STRINGS(SERVICE, clients.allow_names[RULE_ISSUER]),
        .fallback = "",
        .max = CONFIG_LIST_MAX,
        .help = "who may come in, by issuers, as the log writes them",
    },
    {
        .section = SECTION_CLIENTS,
        .name = "allow_serial",
        STRINGS(SERVICE, clients.allow_names[RULE_SERIAL]),
        .fallback = "",
        .max = CONFIG_LIST_MAX,
        .help = "who may come in, by serial numbers, hexadecimal",
    },
    {
        .section = SECTION_CLIENTS,
        .name = "allow",
        WORD(SERVICE, clients.allow, enum allow_mode, keys_allow_words),
        .fallback = "any",
        .help = "any: one allow_ rule that matches is enough; all-of:"
                " one of each kind written",
    },
    {
        .section = SECTION_CLIENTS,
        .name = "allow_file",
        STRING(SERVICE, clients.allow_file),
        .fallback = "",
        .help = "file with more rules, one a line, such as cn:scada-7"
                " or deny-serial:0a1b",
    },
    {
        .section = SECTION_CLIENTS,
        .name = "deny_cn",
        STRINGS(SERVICE, clients.deny_names[RULE_CN]),
        .fallback = "",
        .max = CONFIG_LIST_MAX,
        .help = "who may not come in, whatever else admits it, by"
                " common names",
    },
    {
        .section = SECTION_CLIENTS,
        .name = "deny_ou",
        STRINGS(SERVICE, clients.deny_names[RULE_OU]),
        .fallback = "",
        .max = CONFIG_LIST_MAX,
        .help = "who may not come in, whatever else admits it, by"
                " organizational units",
    },
    {
        .section = SECTION_CLIENTS,
        .name = "deny_dns",
        STRINGS(SERVICE, clients.deny_names[RULE_DNS]),
        .fallback = "",
        .max = CONFIG_LIST_MAX,
        .help = "who may not come in, whatever else admits it, by DNS"
                " names",
    },
    {
        .section = SECTION_CLIENTS,
        .name = "deny_uri",
        STRINGS(SERVICE, clients.deny_names[RULE_URI]),
        .fallback = "",
        .max = CONFIG_LIST_MAX,
        .help = "who may not come in, whatever else admits it, by URIs"
                " such as spiffe://example.org/**",
    },
    {
        .section = SECTION_CLIENTS,
        .name = "deny_ip",
        STRINGS(SERVICE, clients.deny_names[RULE_IP]),
        .fallback = "",
        .max = CONFIG_LIST_MAX,
        .help = "who may not come in, whatever else admits it, by IP"
                " addresses and networks",
    },
    {
        .section = SECTION_CLIENTS,
        .name = "deny_email",
        STRINGS(SERVICE, clients.deny_names[RULE_EMAIL]),
        .fallback = "",
        .max = CONFIG_LIST_MAX,
        .help = "who may not come in, whatever else admits it, by"
                " e-mail addresses, or @example.com",
    },
    {
        .section = SECTION_CLIENTS,
        .name = "deny_issuer",
        STRINGS(SERVICE, clients.deny_names[RULE_ISSUER]),
        .fallback = "",
        .max = CONFIG_LIST_MAX,
        .help = "who may not come in, whatever else admits it, by"
                " issuers, as the log writes them",
    },
    {
        .section = SECTION_CLIENTS,
        .name = "deny_serial",
        STRINGS(SERVICE, clients.deny_names[RULE_SERIAL]),
        .fallback = "",
        .max = CONFIG_LIST_MAX,
        .help = "who may not come in, whatever else admits it, by"
                " serial numbers, hexadecimal",
    },
    {
        .section = SECTION_CLIENTS,
        .name = "eku",
        WORD(SERVICE, clients.eku, enum eku_mode, keys_eku_words),
        .fallback = "required",
        .help = "extended key usage clientAuth: required, or if-present",
    },
    {
        .section = SECTION_CLIENTS,
        .name = "peer_name",
        WORD(SERVICE, clients.peer_name, enum peer_name, keys_peer_name_words),
        .fallback = "off",
        .help = "reverse-dns: the certificate must name the host that"
                " connects",
    },
    {
        .section = SECTION_CLIENTS,
        .name = "name_server",
        STRING(SERVICE, clients.name_server),
        .fallback = "",
        .help = "ADDRESS:PORT to ask for names; empty: as this machine"
                " does",
    },
    {
        .section = SECTION_CLIENTS,
        .name = "end_on_client_expiry",
        BOOL(SERVICE, clients.end_on_expiry),
        .fallback = "no",
        .help = "yes: a connection ends when its client's certificate"
                " does",
    },
