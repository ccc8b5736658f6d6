/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Writing the PROXY protocol's two forms; numbers are its specification's. */
#include "proxy/proxy_header.h"

#include <arpa/inet.h>
#include <netinet/in.h>

#include <stdio.h>
#include <string.h>

enum {
    COMMAND_PROXY = 0x21, /* version 2, on behalf of somebody else */

    FAMILY_UNKNOWN = 0x00,
    FAMILY_TCP4 = 0x11,
    FAMILY_TCP6 = 0x21,

    TLV_ALPN = 0x01,
    TLV_AUTHORITY = 0x02,
    TLV_SSL = 0x20,
    TLV_SSL_VERSION = 0x21,
    TLV_SSL_CN = 0x22,
    TLV_SSL_CIPHER = 0x23,

    SSL_IS_USED = 0x01,
    SSL_CERTIFICATE_SHOWN = 0x02,
    SSL_CERTIFICATE_OF_SESSION = 0x04,

    SIGNATURE_BYTES = 12,
    HEAD_BYTES = SIGNATURE_BYTES + 4,
    TLV_HEAD_BYTES = 3,
};

/* Both ends of the client's connection, as numbers in network order. */
struct ends {
    uint8_t family;
    size_t address_bytes; /* of each */
    uint8_t client[16];
    uint8_t local[16];
    in_port_t client_port;
    in_port_t local_port;
};

/* The header as it grows. */
struct writer {
    uint8_t *data;
    size_t len;
};

/* --- addresses ----------------------------------------------------------- */

/* An IPv4 client of an IPv6 socket is an IPv4 client. Bytes of the address; 0:
 * not an IP address. */
static size_t
take_end(const struct address *address, uint8_t out[16], in_port_t *port)
{
    const struct sockaddr_in6 *v6 = &address->sock.v6;

    if (address->sock.any.sa_family == AF_INET) {
        memcpy(out, &address->sock.v4.sin_addr, 4);
        *port = address->sock.v4.sin_port;
        return 4;
    }
    if (address->sock.any.sa_family != AF_INET6)
        return 0;
    *port = v6->sin6_port;
    if (IN6_IS_ADDR_V4MAPPED(&v6->sin6_addr)) {
        memcpy(out, v6->sin6_addr.s6_addr + 12, 4);
        return 4;
    }
    memcpy(out, &v6->sin6_addr, 16);
    return 16;
}

static void
take_ends(const struct proxy_facts *facts, struct ends *ends)
{
    size_t local_bytes;

    *ends = (struct ends){.family = FAMILY_UNKNOWN};
    if (facts->client == NULL || facts->local == NULL)
        return;
    ends->address_bytes =
        take_end(facts->client, ends->client, &ends->client_port);
    local_bytes = take_end(facts->local, ends->local, &ends->local_port);
    if (local_bytes != ends->address_bytes)
        ends->address_bytes = 0;
    if (ends->address_bytes != 0)
        ends->family = ends->address_bytes == 4 ? FAMILY_TCP4 : FAMILY_TCP6;
}

/* --- version 1 ----------------------------------------------------------- */

static size_t
build_text(const struct ends *ends, uint8_t out[PROXY_HEADER_BYTES_MAX])
{
    bool is_v4 = ends->family == FAMILY_TCP4;
    int family = is_v4 ? AF_INET : AF_INET6;
    char client[INET6_ADDRSTRLEN];
    char local[INET6_ADDRSTRLEN];
    int len;

    if (ends->family == FAMILY_UNKNOWN
        || inet_ntop(family, ends->client, client, sizeof(client)) == NULL
        || inet_ntop(family, ends->local, local, sizeof(local)) == NULL)
        len =
            snprintf((char *)out, PROXY_HEADER_BYTES_MAX, "PROXY UNKNOWN\r\n");
    else
        len = snprintf((char *)out, PROXY_HEADER_BYTES_MAX,
            "PROXY %s %s %s %u %u\r\n", is_v4 ? "TCP4" : "TCP6", client, local,
            ntohs(ends->client_port), ntohs(ends->local_port));
    return (size_t)len;
}

/* --- version 2 ----------------------------------------------------------- */

static void
put(struct writer *writer, const void *data, size_t len)
{
    memcpy(writer->data + writer->len, data, len);
    writer->len += len;
}

static void
put_u8(struct writer *writer, uint8_t value)
{
    writer->data[writer->len++] = value;
}

static void
set_u16(uint8_t *at, size_t value)
{
    at[0] = (uint8_t)(value >> 8);
    at[1] = (uint8_t)value;
}

static void
put_ends(struct writer *writer, const struct ends *ends)
{
    if (ends->family == FAMILY_UNKNOWN)
        return;
    put(writer, ends->client, ends->address_bytes);
    put(writer, ends->local, ends->address_bytes);
    put(writer, &ends->client_port, sizeof(ends->client_port));
    put(writer, &ends->local_port, sizeof(ends->local_port));
}

static bool
is_printable(const struct proxy_text *text)
{
    const uint8_t *data = text->data;

    for (size_t i = 0; i < text->len; i++)
        if (data[i] < 0x20 || data[i] == 0x7f)
            return false;
    return true;
}

static void
put_text(struct writer *writer, uint8_t type, const struct proxy_text *text)
{
    size_t room = PROXY_HEADER_BYTES_MAX - writer->len;

    if (text->len == 0 || room < TLV_HEAD_BYTES
        || text->len > room - TLV_HEAD_BYTES || !is_printable(text))
        return;
    put_u8(writer, type);
    set_u16(writer->data + writer->len, text->len);
    writer->len += 2;
    put(writer, text->data, text->len);
}

/* The specification's "verify": 0 says that a certificate was verified, and
 * so cannot be said of a client without one. */
static void
put_ssl(struct writer *writer, const struct proxy_facts *facts)
{
    size_t start = writer->len;
    uint8_t flags = SSL_IS_USED;
    uint8_t verify[4] = {0, 0, 0, 1};

    if (facts->has_certificate)
        flags |= SSL_CERTIFICATE_SHOWN;
    if (facts->has_identity)
        flags |= SSL_CERTIFICATE_OF_SESSION;
    if (facts->has_identity && facts->is_verified)
        verify[3] = 0;
    put_u8(writer, TLV_SSL);
    writer->len += 2;
    put_u8(writer, flags);
    put(writer, verify, sizeof(verify));
    put_text(writer, TLV_SSL_VERSION, &facts->tls_version);
    put_text(writer, TLV_SSL_CIPHER, &facts->cipher);
    if (verify[3] == 0)
        put_text(writer, TLV_SSL_CN, &facts->common_name);
    set_u16(writer->data + start + 1, writer->len - start - TLV_HEAD_BYTES);
}

static size_t
build_binary(const struct proxy_facts *facts, const struct ends *ends,
    uint8_t out[PROXY_HEADER_BYTES_MAX])
{
    static const uint8_t signature[SIGNATURE_BYTES] = "\r\n\r\n\0\r\nQUIT\n";
    struct writer writer = {.data = out};

    put(&writer, signature, sizeof(signature));
    put_u8(&writer, COMMAND_PROXY);
    put_u8(&writer, ends->family);
    writer.len = HEAD_BYTES;
    put_ends(&writer, ends);
    if (facts->is_tls)
        put_ssl(&writer, facts);
    put_text(&writer, TLV_ALPN, &facts->alpn);
    put_text(&writer, TLV_AUTHORITY, &facts->server_name);
    set_u16(out + HEAD_BYTES - 2, writer.len - HEAD_BYTES);
    return writer.len;
}

size_t
proxy_header_build(
    const struct proxy_facts *facts, uint8_t out[PROXY_HEADER_BYTES_MAX])
{
    struct ends ends;

    take_ends(facts, &ends);
    if (facts->version == PROXY_V1)
        return build_text(&ends, out);
    return build_binary(facts, &ends, out);
}
