/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The rows, and looking them up. To add a key: add its field to
 * config/config.h, its row here, its lines to config/sidelock.ini and
 * docs/configuration.md (scripts/check-keys.sh compares), and, where other
 * keys bear on it, a check in config/validate.c.
 */
#include "config/keys.h"

#include <string.h>

#include "config/config.h"

#define MS     INT64_C(1)
#define SECOND (1000 * MS)
#define HOUR   (3600 * SECOND)
#define DAY    (24 * HOUR)
#define KIB    INT64_C(1024)
#define MIB    (1024 * KIB)

#define STRUCT_CONFIG      struct config
#define STRUCT_SERVICE     struct config_service
#define STRUCT_CERTIFICATE struct config_certificate

/* Where a field is; the compiler refuses a field of another C type. */
/* NOLINTBEGIN(bugprone-macro-parentheses): a type cannot stand in them */
#define FIELD(place, field, ctype)                                             \
    .home = HOME_##place,                                                      \
    .offset = _Generic(((STRUCT_##place *)NULL)->field, ctype                  \
                       : offsetof(STRUCT_##place, field))
/* NOLINTEND(bugprone-macro-parentheses) */

#define BOOL(place, field)   .type = VALUE_BOOL, FIELD(place, field, bool)
#define NUMBER(place, field) .type = VALUE_NUMBER, FIELD(place, field, int64_t)
#define DURATION(place, field)                                                 \
    .type = VALUE_DURATION, FIELD(place, field, int64_t)
#define SIZE(place, field)   .type = VALUE_SIZE, FIELD(place, field, int64_t)
#define STRING(place, field) .type = VALUE_STRING, FIELD(place, field, char *)
#define STRINGS(place, field)                                                  \
    .type = VALUE_STRINGS, FIELD(place, field, struct string_list)
#define ADDRESSES(place, field)                                                \
    .type = VALUE_ADDRESSES, FIELD(place, field, struct address_list)
#define WORD(place, field, ctype, list)                                        \
    .type = VALUE_WORD, FIELD(place, field, ctype), .words = (list)

static const char plaintext_refusal[] =
    "this version serves no plaintext: write tls, or peer for clients with"
    " certificates";

static const struct word level_words[] = {
    {.text = "tls", .value = LEVEL_TLS},
    {.text = "peer", .value = LEVEL_PEER},
    {.text = "TLSNoPeerAuth", .value = LEVEL_TLS, .is_alias = true},
    {.text = "TLSPeerAuth", .value = LEVEL_PEER, .is_alias = true},
    {.text = "none", .is_alias = true, .refusal = plaintext_refusal},
    {.text = NULL},
};

static const struct word truncation_words[] = {
    {.text = "reset", .value = TRUNCATION_RESET},
    {.text = "pass", .value = TRUNCATION_PASS},
    {.text = NULL},
};

static const struct word alpn_mismatch_words[] = {
    {.text = "refuse", .value = ALPN_REFUSE},
    {.text = "ignore", .value = ALPN_IGNORE},
    {.text = NULL},
};

static const struct word unknown_sni_words[] = {
    {.text = "default", .value = UNKNOWN_SNI_DEFAULT},
    {.text = "refuse", .value = UNKNOWN_SNI_REFUSE},
    {.text = NULL},
};

static const struct word on_missing_words[] = {
    {.text = "fail", .value = MISSING_FAIL},
    {.text = "wait", .value = MISSING_WAIT},
    {.text = "plaintext", .value = MISSING_PLAINTEXT},
    {.text = NULL},
};

static const struct word version_words[] = {
    {.text = "1.2", .value = TLS_VERSION_1_2},
    {.text = "1.3", .value = TLS_VERSION_1_3},
    {.text = NULL},
};

static const struct word log_level_words[] = {
    {.text = "error", .value = LOG_LEVEL_ERROR},
    {.text = "warn", .value = LOG_LEVEL_WARN},
    {.text = "info", .value = LOG_LEVEL_INFO},
    {.text = "debug", .value = LOG_LEVEL_DEBUG},
    {.text = NULL},
};

static const struct word log_format_words[] = {
    {.text = "text", .value = LOG_FORMAT_TEXT},
    {.text = "json", .value = LOG_FORMAT_JSON},
    {.text = NULL},
};

static const struct word workers_words[] = {
    {.text = "auto", .value = 0},
    {.text = NULL},
};

/*
 * AES-128 first: it is the fastest suite here, and its SHA-256 is what the
 * processor helps with. Only suites with AEAD and forward secrecy.
 */
static const char default_ciphers[] =
    "TLS13-AES128-GCM-SHA256;TLS13-AES256-GCM-SHA384;"
    "TLS13-CHACHA20-POLY1305-SHA256;"
    "ECDHE-ECDSA-AES128-GCM-SHA256;ECDHE-RSA-AES128-GCM-SHA256;"
    "ECDHE-ECDSA-AES256-GCM-SHA384;ECDHE-RSA-AES256-GCM-SHA384;"
    "ECDHE-ECDSA-CHACHA20-POLY1305;ECDHE-RSA-CHACHA20-POLY1305";

const struct key config_keys[] = {
    {
        .section = SECTION_SERVICE,
        .name = "listen",
        ADDRESSES(SERVICE, listen),
        .example = "0.0.0.0:8443",
        .min = 1,
        .max = CONFIG_LISTEN_MAX,
        .help = "addresses to accept TLS on",
    },
    {
        .section = SECTION_SERVICE,
        .name = "backend",
        ADDRESSES(SERVICE, backend),
        .example = "127.0.0.1:8080",
        .min = 1,
        .max = CONFIG_BACKEND_MAX,
        .help = "where the plaintext server listens; with several, the first"
                " that answers",
    },
    {
        .section = SECTION_SERVICE,
        .name = "required_level",
        WORD(SERVICE, required_level, enum required_level, level_words),
        .fallback = "tls",
        .help = "tls: clients show no certificate; peer: they must",
    },
    {
        .section = SECTION_SERVICE,
        .name = "unsafe_backend",
        BOOL(SERVICE, unsafe_backend),
        .fallback = "no",
        .help = "yes: the backend may be on another machine, and plaintext"
                " crosses the network",
    },
    {
        .section = SECTION_SERVICE,
        .name = "certificate",
        STRINGS(SERVICE, certificates),
        .fallback = "",
        .max = CONFIG_LIST_MAX,
        .help = "names of the [certificate]s to show, chosen by the name"
                " that the client asks for; empty: the one with the"
                " service's name, else all",
    },
    {
        .section = SECTION_SERVICE,
        .name = "certificate_dir",
        STRING(SERVICE, certificate_dir),
        .fallback = "",
        .help = "folder with more certificates and their keys",
    },
    {
        .section = SECTION_SERVICE,
        .name = "truncation",
        WORD(SERVICE, truncation, enum truncation, truncation_words),
        .fallback = "reset",
        .help = "what the backend sees when a client's stream is cut without"
                " close_notify: reset, or pass for a plain end",
    },
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
        .help = "PEM file with the root that the chain must reach; empty: not"
                " checked",
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
        WORD(CERTIFICATE, on_missing, enum on_missing, on_missing_words),
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
    {
        .section = SECTION_CLIENTS,
        .name = "ca",
        STRINGS(SERVICE, clients.ca),
        .fallback = "",
        .max = CONFIG_LIST_MAX,
        .help = "PEM files of the CAs that vouch for clients, at"
                " required_level = peer",
    },
    {
        .section = SECTION_CLIENTS,
        .name = "allow_all",
        BOOL(SERVICE, clients.allow_all),
        .fallback = "no",
        .help = "yes: every client that one of the CAs vouches for may come"
                " in",
    },
    {
        .section = SECTION_TLS,
        .name = "min_version",
        WORD(SERVICE, tls.min_version, enum tls_version, version_words),
        .fallback = "1.2",
        .help = "oldest TLS version",
    },
    {
        .section = SECTION_TLS,
        .name = "max_version",
        WORD(SERVICE, tls.max_version, enum tls_version, version_words),
        .fallback = "1.3",
        .help = "newest TLS version",
    },
    {
        .section = SECTION_TLS,
        .name = "ciphers",
        STRINGS(SERVICE, tls.ciphers),
        .fallback = default_ciphers,
        .min = 1,
        .max = CONFIG_LIST_MAX,
        .help = "cipher suites of TLS 1.3 and 1.2, best first",
    },
    {
        .section = SECTION_TLS,
        .name = "groups",
        STRINGS(SERVICE, tls.groups),
        .fallback = "X25519MLKEM768;X25519;P-256;P-384",
        .min = 1,
        .max = CONFIG_LIST_MAX,
        .help = "key exchange groups, best first",
    },
    {
        .section = SECTION_TLS,
        .name = "alpn",
        STRINGS(SERVICE, tls.alpn),
        .fallback = "",
        .max = 32,
        .help = "application protocols to offer, best first, such as h2;"
                " http/1.1; empty: none",
    },
    {
        .section = SECTION_TLS,
        .name = "alpn_mismatch",
        WORD(SERVICE, tls.alpn_mismatch, enum alpn_mismatch,
            alpn_mismatch_words),
        .fallback = "refuse",
        .help = "a client without a common protocol: refuse, or ignore it"
                " and go on",
    },
    {
        .section = SECTION_TLS,
        .name = "unknown_sni",
        WORD(SERVICE, tls.unknown_sni, enum unknown_sni, unknown_sni_words),
        .fallback = "default",
        .help = "a client that asks for a name we have no certificate"
                " for: default shows the first, refuse ends it",
    },
    {
        .section = SECTION_TLS,
        .name = "resumption",
        BOOL(SERVICE, tls.resumption),
        .fallback = "yes",
        .help = "let known clients skip the full handshake; never at"
                " required_level = peer",
    },
    {
        .section = SECTION_TLS,
        .name = "ticket_key_file",
        STRING(SERVICE, tls.ticket_key_file),
        .fallback = "",
        .help = "keys for session tickets that several machines share,"
                " one base64 line each, the first seals; empty: own ones"
                " that change hourly",
    },
    {
        .section = SECTION_TIMEOUTS,
        .name = "handshake",
        DURATION(SERVICE, timeouts.handshake_ms),
        .fallback = "10s",
        .min = MS,
        .max = HOUR,
        .help = "from accepting a client to the end of its handshake",
    },
    {
        .section = SECTION_TIMEOUTS,
        .name = "connect",
        DURATION(SERVICE, timeouts.connect_ms),
        .fallback = "10s",
        .min = MS,
        .max = HOUR,
        .help = "for one backend to answer",
    },
    {
        .section = SECTION_TIMEOUTS,
        .name = "idle",
        DURATION(SERVICE, timeouts.idle_ms),
        .fallback = "1h",
        .min = MS,
        .max = 365 * DAY,
        .is_zero_allowed = true,
        .help = "without a byte either way; 0: no limit",
    },
    {
        .section = SECTION_TIMEOUTS,
        .name = "half_closed",
        DURATION(SERVICE, timeouts.half_closed_ms),
        .fallback = "60s",
        .min = MS,
        .max = 365 * DAY,
        .is_zero_allowed = true,
        .help = "without a byte after one side has ended; 0: no limit",
    },
    {
        .section = SECTION_TIMEOUTS,
        .name = "lifetime",
        DURATION(SERVICE, timeouts.lifetime_ms),
        .fallback = "0",
        .min = MS,
        .max = 365 * DAY,
        .is_zero_allowed = true,
        .help = "of a whole connection; 0: no limit",
    },
    {
        .section = SECTION_TIMEOUTS,
        .name = "drain",
        DURATION(CONFIG, process.drain_ms),
        .fallback = "30s",
        .min = MS,
        .max = 7 * DAY,
        .is_zero_allowed = true,
        .help = "for connections to end by themselves after SIGTERM",
    },
    {
        .section = SECTION_TIMEOUTS,
        .name = "drain_delay",
        DURATION(CONFIG, process.drain_delay_ms),
        .fallback = "0",
        .min = MS,
        .max = HOUR,
        .is_zero_allowed = true,
        .help = "after SIGTERM new clients are still accepted for this long",
    },
    {
        .section = SECTION_LIMITS,
        .name = "max_connections",
        NUMBER(CONFIG, process.max_connections),
        .fallback = "0",
        .min = 1,
        .max = 10000000,
        .is_zero_allowed = true,
        .help = "of all services; 0: what the limit of open files allows",
    },
    {
        .section = SECTION_LIMITS,
        .name = "buffer",
        SIZE(SERVICE, limits.buffer_bytes),
        .fallback = "64KiB",
        .min = 16 * KIB,
        .max = MIB,
        .help = "each of a connection's buffers, at most",
    },
    {
        .section = SECTION_RELOAD,
        .name = "watch",
        DURATION(CONFIG, reload.watch_ms),
        .fallback = "10s",
        .min = SECOND,
        .max = DAY,
        .is_zero_allowed = true,
        .help = "look at the files this often, and when clients come, and"
                " take up what changed; 0: only when told to",
    },
    {
        .section = SECTION_RELOAD,
        .name = "warn_days",
        NUMBER(CONFIG, reload.warn_days),
        .fallback = "30",
        .min = 1,
        .max = 3650,
        .is_zero_allowed = true,
        .help = "days before its end when a certificate is warned about",
    },
    {
        .section = SECTION_ADMIN,
        .name = "listen",
        STRING(CONFIG, admin.listen),
        .fallback = "off",
        .min = 1,
        .needs_restart = true,
        .help = "unix:PATH of a socket for sidelock reload and status;"
                " off: none",
    },
    {
        .section = SECTION_LOG,
        .name = "level",
        WORD(CONFIG, log.level, enum log_level, log_level_words),
        .fallback = "info",
        .help = "error, warn, info or debug",
    },
    {
        .section = SECTION_LOG,
        .name = "format",
        WORD(CONFIG, log.format, enum log_format, log_format_words),
        .fallback = "text",
        .help = "text (key=value) or json",
    },
    {
        .section = SECTION_LOG,
        .name = "output",
        STRING(CONFIG, log.output),
        .fallback = "stderr",
        .min = 1,
        .help = "stderr, or the path of a file",
    },
    {
        .section = SECTION_LOG,
        .name = "connections",
        BOOL(CONFIG, log.connections),
        .fallback = "yes",
        .help = "one line per connection that ended well; failures are always"
                " logged",
    },
    {
        .section = SECTION_PROCESS,
        .name = "workers",
        NUMBER(CONFIG, process.workers),
        .fallback = "auto",
        .min = 1,
        .max = 256,
        .is_zero_allowed = true,
        .words = workers_words,
        .needs_restart = true,
        .help = "threads; auto: one per usable CPU",
    },
    {
        .section = SECTION_PROCESS,
        .name = "pid_file",
        STRING(CONFIG, process.pid_file),
        .fallback = "",
        .needs_restart = true,
        .help = "file to write the process id to; empty: none",
    },
};

const size_t config_key_count = sizeof(config_keys) / sizeof(config_keys[0]);

/* By enum section_kind. */
static const struct section_info sections[SECTION_KIND_COUNT] = {
    [SECTION_SERVICE] = {"service", NAMING_OWN},
    [SECTION_CERTIFICATE] = {"certificate", NAMING_OWN},
    [SECTION_CLIENTS] = {"clients", NAMING_SERVICE},
    [SECTION_TLS] = {"tls", NAMING_SERVICE},
    [SECTION_TIMEOUTS] = {"timeouts", NAMING_SERVICE},
    [SECTION_LIMITS] = {"limits", NAMING_SERVICE},
    [SECTION_RELOAD] = {"reload", NAMING_NONE},
    [SECTION_ADMIN] = {"admin", NAMING_NONE},
    [SECTION_LOG] = {"log", NAMING_NONE},
    [SECTION_PROCESS] = {"process", NAMING_NONE},
};

const struct section_info *
keys_section_info(enum section_kind kind)
{
    return &sections[kind];
}

int
keys_find_section(enum section_kind *kind, const char *name)
{
    for (size_t i = 0; i < SECTION_KIND_COUNT; i++) {
        if (strcmp(sections[i].name, name) == 0) {
            *kind = (enum section_kind)i;
            return 0;
        }
    }
    return -1;
}

const struct key *
keys_find(enum section_kind section, const char *name)
{
    for (size_t i = 0; i < config_key_count; i++) {
        if (config_keys[i].section == section
            && strcmp(config_keys[i].name, name) == 0)
            return &config_keys[i];
    }
    return NULL;
}

const struct section_info *
keys_find_home(const char *name)
{
    for (size_t i = 0; i < config_key_count; i++) {
        if (strcmp(config_keys[i].name, name) == 0)
            return &sections[config_keys[i].section];
    }
    return NULL;
}
