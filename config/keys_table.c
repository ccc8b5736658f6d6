/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The rows. To add a key: add its field to
 * config/config.h, its row here, its lines to config/sidelock.ini and
 * docs/configuration.md (scripts/check-keys.sh compares), and, where other
 * keys bear on it, a check in config/validate.c.
 */
#include "config/config.h"
#include "config/keys.h"
#include "config/keys_fields.h"
#include "config/keys_words.h"

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
        WORD(SERVICE, required_level, enum required_level, keys_level_words),
        .fallback = "tls",
        .help = "none: TLS or plaintext on one port; tls; peer: TLS, and"
                " clients show a certificate",
    },
    {
        .section = SECTION_SERVICE,
        .name = "client_certificate",
        WORD(SERVICE, client_certificate, enum client_certificate,
            keys_client_certificate_words),
        .fallback = "auto",
        .help = "ignore: not asked for; optional: asked for, and verified"
                " when there is one; required; auto: as required_level says",
    },
    {
        .section = SECTION_SERVICE,
        .name = "proxy_protocol",
        WORD(SERVICE, proxy_protocol, enum proxy_protocol,
            keys_proxy_protocol_words),
        .fallback = "off",
        .help = "v1, v2: tell the backend the client's address, v2 also its"
                " identity, in a PROXY header",
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
        WORD(SERVICE, truncation, enum truncation, keys_truncation_words),
        .fallback = "reset",
        .help = "what the backend sees when a client's stream is cut without"
                " close_notify: reset, or pass for a plain end",
    },
#include "config/keys_certificate.h"
#include "config/keys_clients.h"
    {
        .section = SECTION_TLS,
        .name = "min_version",
        WORD(SERVICE, tls.min_version, enum tls_version, keys_version_words),
        .fallback = "1.2",
        .help = "oldest TLS version",
    },
    {
        .section = SECTION_TLS,
        .name = "max_version",
        WORD(SERVICE, tls.max_version, enum tls_version, keys_version_words),
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
            keys_alpn_mismatch_words),
        .fallback = "refuse",
        .help = "a client without a common protocol: refuse, or ignore it"
                " and go on",
    },
    {
        .section = SECTION_TLS,
        .name = "unknown_sni",
        WORD(
            SERVICE, tls.unknown_sni, enum unknown_sni, keys_unknown_sni_words),
        .fallback = "default",
        .help = "a client that asks for a name we have no certificate"
                " for: default shows the first, refuse ends it",
    },
    {
        .section = SECTION_TLS,
        .name = "resumption",
        WORD(SERVICE, tls.resumption, enum resumption, keys_resumption_words),
        .fallback = "auto",
        .help = "let known clients skip the full handshake; auto: yes where"
                " clients show no certificate; yes: there too, their identity"
                " is sealed into the ticket and judged again",
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
        .section = SECTION_TIMEOUTS,
        .name = "first_byte",
        DURATION(SERVICE, timeouts.first_byte_ms),
        .fallback = "500ms",
        .min = MS,
        .max = HOUR,
        .is_zero_allowed = true,
        .help = "at required_level = none: a client that has sent nothing"
                " by then is served plaintext; 0: it is waited for",
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
        .section = SECTION_RELOAD,
        .name = "on_trust_change",
        WORD(CONFIG, reload.on_trust_change, enum on_trust_change,
            keys_on_trust_change_words),
        .fallback = "keep",
        .help = "connections whose client a reload no longer accepts: keep,"
                " or close",
    },
    {
        .section = SECTION_RELOAD,
        .name = "trust_change_spread",
        DURATION(CONFIG, reload.trust_change_spread_ms),
        .fallback = "30s",
        .min = 1,
        .max = DAY,
        .is_zero_allowed = true,
        .help = "such connections are closed spread over this time",
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
        WORD(CONFIG, log.level, enum log_level, keys_log_level_words),
        .fallback = "info",
        .help = "error, warn, info or debug",
    },
    {
        .section = SECTION_LOG,
        .name = "format",
        WORD(CONFIG, log.format, enum log_format, keys_log_format_words),
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
        .words = keys_workers_words,
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
