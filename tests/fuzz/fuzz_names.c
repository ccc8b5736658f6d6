/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Fuzzes the matching of names: the input up to its first NUL is the host that
 * is asked for, the rest is what a certificate holds, as bytes of any kind.
 */
#include <arpa/inet.h>
#include <netinet/in.h>

#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "certs/names.h"

/* NOLINTNEXTLINE(readability-identifier-naming): libFuzzer names it */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
require(bool is_true)
{
    if (!is_true)
        abort();
}

static size_t
without_final_dot(const char *text, size_t len)
{
    return len > 0 && text[len - 1] == '.' ? len - 1 : len;
}

static size_t
count_dots(const char *text, size_t len)
{
    size_t count = 0;

    len = without_final_dot(text, len);
    for (size_t i = 0; i < len; i++)
        count += text[i] == '.';
    return count;
}

static bool
is_equal_but_for_case(const char *a, size_t a_len, const char *b, size_t b_len)
{
    a_len = without_final_dot(a, a_len);
    b_len = without_final_dot(b, b_len);
    return a_len == b_len && strncasecmp(a, b, a_len) == 0;
}

/* What any match must have, however it was found. */
static void
check_match(const char *pattern, size_t len, const char *host)
{
    size_t host_len = strlen(host);

    require(len > 0 && host_len > 0);
    require(memchr(pattern, '\0', len) == NULL);
    /* As many labels on each side: nothing stands for two or for none. */
    require(count_dots(pattern, len) == count_dots(host, host_len));
    if (is_equal_but_for_case(pattern, len, host, host_len))
        return;
    require(len > 2 && pattern[0] == '*' && pattern[1] == '.');
    require(count_dots(pattern, len) >= 2);
    require(host[0] != '.');
    require(!name_is_ip(host));
}

static void
check_name(const char *pattern, size_t len, const char *host)
{
    size_t host_len = strlen(host);

    if (name_matches(pattern, len, host))
        check_match(pattern, len, host);
    /* A host name matches itself, unless it is none or looks like a pattern. */
    if (host_len > 0 && strcmp(host, ".") != 0 && host[0] != '*')
        require(name_matches(host, host_len, host));
}

static void
check_address(const uint8_t *address, size_t len, const char *host)
{
    char text[INET6_ADDRSTRLEN];

    if (name_matches_ip(address, len, host)) {
        require(len == 4 || len == 16);
        require(name_is_ip(host));
    }
    if (len != 4 && len != 16)
        return;
    require(
        inet_ntop(len == 4 ? AF_INET : AF_INET6, address, text, sizeof(text))
        != NULL);
    require(name_matches_ip(address, len, text));
}

/* Memory of exactly len bytes, for the sanitizer to guard. */
static void *
copy(const void *from, size_t len, size_t extra)
{
    char *to = calloc(1, len + extra + (len + extra == 0));

    require(to != NULL);
    if (len > 0)
        memcpy(to, from, len);
    return to;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    size_t host_len = strnlen((const char *)data, size);
    size_t rest = host_len < size ? host_len + 1 : size;
    char *host = copy(data, host_len, 1);
    uint8_t *held = copy(data + rest, size - rest, 0);

    check_name((const char *)held, size - rest, host);
    check_address(held, size - rest, host);
    free(host);
    free(held);
    return 0;
}
