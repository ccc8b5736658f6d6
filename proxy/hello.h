/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The first bytes of a connection, read before any TLS object exists: is it
 * TLS at all, is the ClientHello whole, which name does it ask for. Silent
 * clients, other protocols and garbage therefore never reach the TLS library.
 *
 * The message may be spread over several records (RFC 8446, section 5.1) and
 * over any number of reads: the caller gathers, up to HELLO_BYTES_MAX, and
 * asks again. Everything beyond the fields of struct hello is left to the TLS
 * library, which reads the same bytes again.
 */
#ifndef SIDELOCK_PROXY_HELLO_H
#define SIDELOCK_PROXY_HELLO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    /* Records and all. Real hellos with a post-quantum share take 2 KB. */
    HELLO_BYTES_MAX = 16 * 1024,
    HELLO_GROUPS_MAX = 64,
    HELLO_NAME_BYTES = 256, /* a host name (RFC 6066, section 3) and NUL */
    HELLO_ALPN_BYTES = 512, /* of the list of protocols; the rest is dropped */
};

enum hello_result {
    HELLO_COMPLETE,
    HELLO_MORE,      /* good so far; more bytes are needed */
    HELLO_NOT_TLS,   /* some other protocol: see hello_guess */
    HELLO_MALFORMED, /* a TLS record, but no ClientHello we can read */
    HELLO_TOO_LARGE, /* needs more than HELLO_BYTES_MAX */
};

/* Kinds of certificates that a client can use. */
enum {
    HELLO_USES_ECDSA = 1 << 0,
    HELLO_USES_RSA = 1 << 1,
    HELLO_USES_ED25519 = 1 << 2,
};

struct hello {
    char server_name[HELLO_NAME_BYTES]; /* as sent, "" when none; may hold
                                           any byte but NUL */
    uint16_t max_version;               /* the highest offered, e.g. 0x0304 */
    uint16_t groups[HELLO_GROUPS_MAX];  /* as offered; the first so many */
    size_t group_count;      /* 0: the hello does not speak of groups */
    unsigned suite_keys;     /* HELLO_USES_* by its TLS 1.2 suites */
    unsigned signature_keys; /* by its signature algorithms; 0: not said */
    bool prefers_chacha;     /* its first suite is a ChaCha20 one */
    uint8_t alpn[HELLO_ALPN_BYTES]; /* as sent: length byte, name, ... */
    size_t alpn_len;                /* 0: it does not speak of protocols */
    bool is_fragmented;             /* it came in more than one record */
};

/* Can a record with a ClientHello begin with this byte? */
bool hello_may_begin_with(uint8_t first);

/* Reads data[len]; fills hello only on HELLO_COMPLETE. Keeps nothing. */
enum hello_result hello_parse(
    struct hello *hello, const uint8_t *data, size_t len);

/* The first of the names that the client offers, too; NULL: none. */
const char *hello_choose_alpn(
    const struct hello *hello, char *const *names, size_t count);

/*
 * Puts a complete hello that came in several records into one, in place: the
 * TLS library does not read a handshake header that is cut by a record's end.
 * What follows the hello stays behind it. The new length.
 */
size_t hello_join(uint8_t *data, size_t len);

/* What the bytes of HELLO_NOT_TLS look like, in words for the log. */
const char *hello_guess(const uint8_t *data, size_t len);

#endif
