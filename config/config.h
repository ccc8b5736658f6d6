/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The settings as plain data: what an INI file, the environment and --set
 * say, after defaults, units and cross-checks. Nothing here opens a socket or
 * reads a certificate.
 *
 * Sources, later ones win: defaults, file, environment, --set.
 *   file         [service web] / listen = 0.0.0.0:8443
 *   environment  SIDELOCK_SERVICE_LISTEN, SIDELOCK_SERVICE__WEB__LISTEN
 *   --set        service.listen=..., service.web.listen=...
 *
 * [service] and [certificate] may be repeated under names; without a name
 * they are called "default". [clients], [tls], [timeouts] and [limits]
 * without a name hold for every service; with the name of a service they
 * override single keys for that service. Each service therefore carries its
 * own effective copy, and no reader has to know about overriding.
 *
 * A config is immutable after config_load and owned by its caller.
 */
#ifndef SIDELOCK_CONFIG_CONFIG_H
#define SIDELOCK_CONFIG_CONFIG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "config/address.h"
#include "config/report.h"

enum {
    CONFIG_NAME_MAX = 63,    /* characters of a section's name */
    CONFIG_VALUE_MAX = 4095, /* characters of a value */
    CONFIG_LISTEN_MAX = 64,  /* listen addresses of one service */
    CONFIG_BACKEND_MAX = 16, /* backends of one service */
    CONFIG_LIST_MAX = 256,   /* items of any other list */
    CONFIG_SERVICES_MAX = 256,
};

struct string_list {
    char **items;
    size_t count;
};

struct address_list {
    struct address *items;
    size_t count;
};

enum required_level {
    LEVEL_TLS,  /* TLS (D2000: TLSNoPeerAuth) */
    LEVEL_PEER, /* TLS, clients prove who they are (D2000: TLSPeerAuth) */
    LEVEL_NONE, /* TLS or plaintext, as the client likes (D2000: None) */
};

/* After config_load never CLIENT_CERT_AUTO. */
enum client_certificate {
    CLIENT_CERT_AUTO,     /* required at LEVEL_PEER, else ignored */
    CLIENT_CERT_IGNORE,   /* clients are not asked */
    CLIENT_CERT_OPTIONAL, /* asked; whoever shows one must be acceptable */
    CLIENT_CERT_REQUIRED,
};

/* The header that tells a backend who is calling (PROXY protocol). */
enum proxy_protocol {
    PROXY_OFF,
    PROXY_V1,
    PROXY_V2,
};

enum truncation {
    TRUNCATION_RESET, /* the backend sees a reset: a cut upload is no upload */
    TRUNCATION_PASS,  /* the backend sees a plain end of stream */
};

/* A client that offers protocols, but none of ours. */
enum alpn_mismatch {
    ALPN_REFUSE, /* alert no_application_protocol (RFC 7301, section 3.2) */
    ALPN_IGNORE, /* goes on without a protocol */
};

/* A client that asks for a name that no certificate covers. */
enum unknown_sni {
    UNKNOWN_SNI_DEFAULT, /* sees the service's first certificate */
    UNKNOWN_SNI_REFUSE,  /* alert unrecognized_name (RFC 6066, section 3) */
};

/* A certificate that is not good when the process starts. */
enum on_missing {
    MISSING_FAIL,      /* the process does not start */
    MISSING_WAIT,      /* its service does not listen before it is good */
    MISSING_PLAINTEXT, /* its service serves without TLS until it is good */
};

/* TLS versions as on the wire (RFC 8446, section 4.2.1). */
enum tls_version {
    TLS_VERSION_1_2 = 0x0303,
    TLS_VERSION_1_3 = 0x0304,
};

enum log_level {
    LOG_LEVEL_ERROR,
    LOG_LEVEL_WARN,
    LOG_LEVEL_INFO,
    LOG_LEVEL_DEBUG,
};

enum log_format {
    LOG_FORMAT_TEXT,
    LOG_FORMAT_JSON
};

/* What a rule about clients looks at. */
enum rule_kind {
    RULE_CN,
    RULE_OU,
    RULE_DNS,
    RULE_URI,
    RULE_IP,
    RULE_EMAIL,
    RULE_ISSUER,
    RULE_SERIAL,
};

enum {
    RULE_KIND_COUNT = RULE_SERIAL + 1
};

enum allow_mode {
    ALLOW_ANY,    /* one rule that matches admits */
    ALLOW_ALL_OF, /* one of each kind that there are rules of must match */
};

/* A client of whose CA no valid CRL is at hand. */
enum crl_policy {
    CRL_HARD, /* is refused */
    CRL_SOFT, /* comes in, with a warning */
};

/* A client whose CA does not answer whether it is revoked. */
enum ocsp_mode {
    OCSP_OFF, /* nobody is asked */
    OCSP_SOFT,
    OCSP_HARD, /* is refused */
};

/* A client certificate without the extended key usage clientAuth. */
enum eku_mode {
    EKU_REQUIRED,   /* is refused */
    EKU_IF_PRESENT, /* is refused only if it has others */
};

enum peer_name {
    PEER_NAME_OFF,
    PEER_NAME_REVERSE_DNS, /* the certificate names the host it comes from */
};

/* [clients]: who may come in with a certificate. */
struct config_clients {
    struct string_list ca;  /* files, folders, "system" */
    char *ca_password_file; /* of PKCS#12 truststores; of these three at most */
    char *ca_password_env;  /* one is not "" */
    char *ca_password_credential;
    struct string_list trusted_certs; /* files of exact certificates */
    struct string_list trusted_keys;  /* sha256: of public keys */
    char *enroll;                     /* file of approved certificates, or "" */
    struct string_list crl;           /* files and folders */
    enum crl_policy crl_policy;
    enum ocsp_mode ocsp;
    char *ocsp_url; /* "": as the certificate says */
    int64_t ocsp_timeout_ms;
    bool allow_all; /* any client whom one of the CAs vouches for */
    struct string_list allow_names[RULE_KIND_COUNT];
    struct string_list deny_names[RULE_KIND_COUNT];
    enum allow_mode allow;
    char *allow_file; /* more rules, or "" */
    enum eku_mode eku;
    enum peer_name peer_name;
    char *name_server;  /* ADDRESS:PORT, or "": of this machine */
    bool end_on_expiry; /* a session ends with its client's certificate */
};

enum resumption {
    RESUMPTION_AUTO, /* yes where clients show no certificate */
    RESUMPTION_NO,
    RESUMPTION_YES,
};

/* [tls] */
struct config_tls {
    enum tls_version min_version;
    enum tls_version max_version;
    struct string_list ciphers; /* as wolfSSL names them, best first */
    struct string_list groups;  /* X25519MLKEM768, X25519, P-256, P-384 */
    struct string_list alpn;    /* protocols offered, best first; or none */
    enum alpn_mismatch alpn_mismatch;
    enum unknown_sni unknown_sni;
    enum resumption resumption;
    char *ticket_key_file; /* keys shared with other machines, or "" */
};

/* [timeouts], in milliseconds; 0 is "none" where the key allows it. */
struct config_timeouts {
    int64_t handshake_ms;   /* accept to end of handshake */
    int64_t connect_ms;     /* one backend attempt */
    int64_t idle_ms;        /* no byte either way */
    int64_t half_closed_ms; /* no byte after one side has ended */
    int64_t lifetime_ms;    /* whole connection */
    int64_t first_byte_ms;  /* at LEVEL_NONE: then it is plaintext */
};

/* [limits] */
struct config_limits {
    int64_t buffer_bytes; /* each of a connection's buffers, at most */
};

struct config_service {
    char *name;
    struct address_list listen;
    struct address_list backend; /* in order of preference */
    enum required_level required_level;
    enum client_certificate client_certificate;
    enum proxy_protocol proxy_protocol;
    bool unsafe_backend; /* a backend that is not on this machine */
    /* Names of its [certificate]s; the first is for clients that name none.
     * Empty only with a certificate_dir. */
    struct string_list certificates;
    char *certificate_dir; /* folder with more of them, or "" */
    enum truncation truncation;
    struct config_clients clients;
    struct config_tls tls;
    struct config_timeouts timeouts;
    struct config_limits limits;
};

struct config_certificate {
    char *name;
    char *cert;                /* chain, leaf first; "" with a keystore */
    char *key;                 /* may be the same file; "" with a keystore */
    char *keystore;            /* PKCS#12, or "" */
    char *password_file;       /* of these three at most one is not "" */
    char *password_env;        /* name of an environment variable */
    char *password_credential; /* name of a systemd credential */
    char *select_subject;      /* part of the subject of the one meant, or "" */
    char *select_issuer;       /* part of its issuer, or "" */
    char *server_name;      /* name that the leaf must cover, or "" for any */
    char *chain_root;       /* PEM root(s) that the chain must reach, or "" */
    char *ocsp_staple_file; /* "": the file of cert with .ocsp, if it is
                                  there */
    enum on_missing on_missing;
    bool allow_exposed_key; /* a key that everybody can read */
};

/* Settings of the whole process. */
struct config_process {
    int64_t workers; /* 0: as many as usable CPUs */
    char *pid_file;  /* or "" */
    int64_t drain_ms;
    int64_t drain_delay_ms;
    int64_t max_connections; /* 0: what the descriptor limit allows */
};

struct config_log {
    enum log_level level;
    enum log_format format;
    char *output;     /* "stderr" or a path */
    bool connections; /* one line per connection that ended well */
};

/* [admin] */
struct config_admin {
    char *listen; /* "off", or unix:PATH */
};

/* Sessions whose client a reload no longer accepts. */
enum on_trust_change {
    TRUST_CHANGE_KEEP,
    TRUST_CHANGE_CLOSE,
};

/* [reload] */
struct config_reload {
    int64_t watch_ms; /* between two looks at the files; 0: none */
    int64_t warn_days;
    enum on_trust_change on_trust_change;
    int64_t trust_change_spread_ms; /* over which they are closed */
};

struct config {
    struct config_service *services;
    size_t service_count;
    struct config_certificate *certificates;
    size_t certificate_count;
    struct config_process process; /* [process], drain* from [timeouts],
                                      max_connections from [limits] */
    struct config_log log;
    struct config_admin admin;
    struct config_reload reload;
};

/* Where settings come from. path may be NULL: no file. */
struct config_source {
    const char *path;
    const char *text;        /* what the file holds, if it is not to be read */
    const char *const *sets; /* "section.key=value", as given after --set */
    size_t set_count;
    char *const *environ; /* NULL-terminated, or NULL: none */
};

/*
 * Reads, converts and cross-checks. Returns the config, or NULL with at least
 * one error in the report; as many errors as can be found in one pass are
 * reported, each with its origin ("sidelock.ini:12", "--set", "environment").
 */
struct config *config_load(
    const struct config_source *source, struct report *report) MUST_CHECK;
/* The settings as far as they can be read, whatever else is wrong with them:
 * for finding the process to ask about them, and for nothing else. NULL: not
 * even that. */
struct config *config_load_anyway(
    const struct config_source *source) MUST_CHECK;
void config_free(struct config *config);

/* A certificate's settings with every key but the name at its default, for
 * pairs that are found in a folder. -1: no memory, and nothing is held. */
int config_certificate_init(struct config_certificate *certificate) MUST_CHECK;
void config_certificate_deinit(struct config_certificate *certificate);
/* Do all settings but the name agree? */
bool config_certificate_equal(
    const struct config_certificate *a, const struct config_certificate *b);

/* Do the two services have the same [tls]? */
bool config_tls_equal(
    const struct config_service *a, const struct config_service *b);

const struct config_certificate *config_find_certificate(
    const struct config *config, const char *name);
const struct config_service *config_find_service(
    const struct config *config, const char *name);

/*
 * Names, separated by ", ", the keys that differ between the two and that a
 * reload cannot change ("process.workers"). "" when there is none.
 */
void config_restart_keys(const struct config *running,
    const struct config *loaded, char *out, size_t cap);

/* A config without services that holds the keys which a reload cannot change;
 * all others are empty. NULL: no memory. */
struct config *config_keep_restart_keys(
    const struct config *running) MUST_CHECK;

/* Every key with default, whether it can be reloaded, and help, for --help. */
void config_print_keys(FILE *out);

#endif
