/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Certificates of clients, put together byte by byte: with names that no
 * program would write, and without a signature that anybody could verify.
 */
#ifndef SIDELOCK_TESTS_CLIENT_FIXTURE_H
#define SIDELOCK_TESTS_CLIENT_FIXTURE_H

#include "certs/client.h"
#include "certs/secret.h"

enum {
    /* Tags of a subject's attributes and of names in the SAN. */
    MADE_UTF8 = 0x0c,
    MADE_BMP = 0x1e,
    MADE_OTHER_NAME = 0xa0,
    MADE_EMAIL = 0x81,
    MADE_DNS = 0x82,
    MADE_URI = 0x86,
    MADE_IP = 0x87,
};

/* DER that grows at its end. */
struct der_maker {
    uint8_t data[64 * 1024];
    size_t len;
};

/* Wraps everything from `start` on into an element. */
void der_wrap(struct der_maker *maker, size_t start, uint8_t tag);
void der_add(
    struct der_maker *maker, uint8_t tag, const void *data, size_t len);

/* What NULL or 0 leaves open: CN=ca, 0a1b, clientAuth. */
struct made_client {
    struct der_maker subject; /* attributes: made_attribute */
    struct der_maker san;     /* names: der_add with MADE_* */
    struct der_maker more;    /* further extensions */
    const char *issuer;       /* its CN */
    const uint8_t *serial;
    size_t serial_len;
    const char *usages; /* DER of the extension's value, or "" for none */
    size_t usages_len;
    const char *not_after; /* UTCTime, or GeneralizedTime when longer */
};

struct made_client *made_new(void);
void made_free(struct made_client *made);
/* oid: the last byte of 2.5.4.x, 3 for CN, 11 for OU. */
void made_attribute(struct made_client *made, uint8_t oid, uint8_t tag,
    const void *value, size_t len);
void made_extension(
    struct made_client *made, uint8_t oid, const void *value, size_t len);
/* The certificate; blob_free. */
struct blob made_der(const struct made_client *made);

/*
 * A client of facts as a rule file writes them, ended by NULL: "cn:x",
 * "dns:y", "ip:10.0.0.1", "issuer:ca" (its CN), "serial:0a1b". Never NULL.
 */
struct client *make_client(const char *const *facts);

#endif
