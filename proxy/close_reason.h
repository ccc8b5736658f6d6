/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Why a connection ended. One list makes the enum, the word in the log and
 * what tests compare with. The second column says how loud the log line is:
 * INFO for ends that are nobody's fault, WARN where somebody should look,
 * DEBUG where a line would only be noise.
 */
#ifndef SIDELOCK_PROXY_CLOSE_REASON_H
#define SIDELOCK_PROXY_CLOSE_REASON_H

#include "config/config.h"

#define CLOSE_REASON_LIST(X)                                                   \
    X(DONE, "done", INFO)                                                      \
    X(PROBE, "probe", DEBUG)                                                   \
    X(HANDSHAKE_TIMEOUT, "handshake_timeout", INFO)                            \
    X(NOT_TLS, "not_tls", INFO)                                                \
    X(HELLO_MALFORMED, "hello_malformed", INFO)                                \
    X(HELLO_TOO_LARGE, "hello_too_large", INFO)                                \
    X(HANDSHAKE_FAILED, "handshake_failed", INFO)                              \
    X(HANDSHAKE_ABORTED, "handshake_aborted", INFO)                            \
    X(CLIENT_REFUSED, "client_refused", WARN)                                  \
    X(CLIENT_TRUNCATED, "client_truncated", INFO)                              \
    X(CLIENT_RESET, "client_reset", INFO)                                      \
    X(CLIENT_TLS_ERROR, "client_tls_error", INFO)                              \
    X(BACKEND_UNREACHABLE, "backend_unreachable", WARN)                        \
    X(BACKEND_TIMEOUT, "backend_timeout", WARN)                                \
    X(BACKEND_RESET, "backend_reset", WARN)                                    \
    X(IDLE_TIMEOUT, "idle_timeout", INFO)                                      \
    X(HALF_CLOSED_TIMEOUT, "half_closed_timeout", INFO)                        \
    X(LIFETIME, "lifetime", INFO)                                              \
    X(DRAIN_EXPIRED, "drain_expired", WARN)                                    \
    X(STOPPED, "stopped", WARN)                                                \
    X(NO_MEMORY, "no_memory", WARN)                                            \
    X(INTERNAL_ERROR, "internal_error", WARN)

enum close_reason {
    CLOSE_NONE, /* still open */
#define CLOSE_REASON_ENUM(name, word, level) CLOSE_##name,
    CLOSE_REASON_LIST(CLOSE_REASON_ENUM)
#undef CLOSE_REASON_ENUM
    CLOSE_REASON_COUNT
};

/* The word in the log; "open" for CLOSE_NONE. */
const char *close_reason_word(enum close_reason reason);
enum log_level close_reason_level(enum close_reason reason);

#endif
