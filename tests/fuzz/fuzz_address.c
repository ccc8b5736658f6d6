/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Fuzzes address_parse(), address_format() and address_from_sockaddr().
 *
 * The input is taken as text: what parses is written as text that parses to
 * the same address, and what does not has a reason. It is taken as the bytes
 * of a socket address as well: whatever the kernel may hand out is written
 * without a control character.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config/address.h"

/* NOLINTNEXTLINE(readability-identifier-naming): libFuzzer names it */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
require(bool is_true)
{
    if (!is_true)
        abort();
}

static void
check_text(const char *text)
{
    struct address address;
    struct address again;
    char out[ADDRESS_TEXT_BYTES];
    char why[256] = "";

    if (address_parse(&address, text, why, sizeof(why)) < 0) {
        require(why[0] != '\0');
        return;
    }
    address_format(&address, out, sizeof(out));
    require(address_parse(&again, out, why, sizeof(why)) == 0);
    require(address_equal(&address, &again));
    require(address_same_host(&address, &again));
    require(address.len == again.len);
    require(address_is_loopback(&address) == address_is_loopback(&again));
}

static void
check_bytes(const uint8_t *data, size_t size)
{
    union {
        struct sockaddr any;
        struct sockaddr_storage storage;
    } peer = {.storage = {.ss_family = AF_UNSPEC}};
    struct address address;
    char out[ADDRESS_TEXT_BYTES];

    if (size > sizeof(struct sockaddr_un))
        size = sizeof(struct sockaddr_un);
    memcpy(&peer, data, size);
    address_from_sockaddr(&address, &peer.any, (socklen_t)size);
    address_format(&address, out, sizeof(out));
    require(strlen(out) < sizeof(out));
    for (const char *at = out; *at != '\0'; at++)
        require((unsigned char)*at >= 0x20 && *at != 0x7f);
    (void)address_is_loopback(&address);
    (void)address_same_host(&address, &address);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text = malloc(size + 1);

    require(text != NULL);
    memcpy(text, data, size);
    text[size] = '\0';
    check_text(text);
    free(text);
    if (size > 0)
        check_bytes(data, size);
    return 0;
}
