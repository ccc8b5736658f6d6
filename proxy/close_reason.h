/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Why a connection ended. One list makes the enum, the word in the log and
 * what tests compare with. The second column says how loud the log line is:
 * INFO for ends that are nobody's fault, WARN where somebody should look,
 * DEBUG where a line would only be noise; the last is its code in the field
 * guide, where there is anything to be done.
 */
#ifndef SIDELOCK_PROXY_CLOSE_REASON_H
#define SIDELOCK_PROXY_CLOSE_REASON_H

#include "config/config.h"
#include "config/guide.h"

#define CLOSE_REASON_LIST(X)                                                   \
    X(DONE, "done", INFO, SL_NONE)                                             \
    X(PROBE, "probe", DEBUG, SL_NONE)                                          \
    X(HANDSHAKE_TIMEOUT, "handshake_timeout", INFO, SL_CLIENT_SLOW)            \
    X(NOT_TLS, "not_tls", INFO, SL_CLIENT_PLAINTEXT)                           \
    X(HELLO_MALFORMED, "hello_malformed", INFO, SL_CLIENT_HELLO)               \
    X(HELLO_TOO_LARGE, "hello_too_large", INFO, SL_CLIENT_HELLO)               \
    X(HANDSHAKE_FAILED, "handshake_failed", INFO, SL_CLIENT_TLS)               \
    X(HANDSHAKE_ABORTED, "handshake_aborted", INFO, SL_CLIENT_LEFT)            \
    X(CLIENT_REFUSED, "client_refused", WARN, SL_CLIENT_REFUSED)               \
    X(CLIENT_TRUNCATED, "client_truncated", INFO, SL_CLIENT_TRUNCATED)         \
    X(CLIENT_RESET, "client_reset", INFO, SL_NONE)                             \
    X(CLIENT_TLS_ERROR, "client_tls_error", INFO, SL_CLIENT_TLS)               \
    X(BACKEND_UNREACHABLE, "backend_unreachable", WARN,                        \
        SL_BACKEND_UNREACHABLE)                                                \
    X(BACKEND_TIMEOUT, "backend_timeout", WARN, SL_BACKEND_TIMEOUT)            \
    X(BACKEND_RESET, "backend_reset", WARN, SL_BACKEND_RESET)                  \
    X(IDLE_TIMEOUT, "idle_timeout", INFO, SL_NONE)                             \
    X(HALF_CLOSED_TIMEOUT, "half_closed_timeout", INFO, SL_NONE)               \
    X(LIFETIME, "lifetime", INFO, SL_NONE)                                     \
    X(TRUST, "trust_changed", WARN, SL_CLIENT_NO_LONGER)                       \
    X(CLIENT_EXPIRED, "client_expired", INFO, SL_CLIENT_NO_LONGER)             \
    X(DRAIN_EXPIRED, "drain_expired", WARN, SL_NONE)                           \
    X(STOPPED, "stopped", WARN, SL_NONE)                                       \
    X(NO_MEMORY, "no_memory", WARN, SL_MEMORY)                                 \
    X(INTERNAL_ERROR, "internal_error", WARN, SL_INTERNAL)

enum close_reason {
    CLOSE_NONE, /* still open */
#define CLOSE_REASON_ENUM(name, word, level, code) CLOSE_##name,
    CLOSE_REASON_LIST(CLOSE_REASON_ENUM)
#undef CLOSE_REASON_ENUM
    CLOSE_REASON_COUNT
};

/* The word in the log; "open" for CLOSE_NONE. */
const char *close_reason_word(enum close_reason reason);
enum log_level close_reason_level(enum close_reason reason);
enum guide_code close_reason_code(enum close_reason reason);

#endif
