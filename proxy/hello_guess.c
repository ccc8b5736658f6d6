/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a client spoke that did not speak TLS, by its first bytes. */
#include <string.h>
#include <strings.h>

#include "proxy/hello.h"

const char *
hello_guess(const uint8_t *data, size_t len)
{
    static const struct {
        const char *start;
        const char *guess;
    } known[] = {
        {"GET ", "client spoke plaintext HTTP"},
        {"HEAD ", "client spoke plaintext HTTP"},
        {"POST ", "client spoke plaintext HTTP"},
        {"PUT ", "client spoke plaintext HTTP"},
        {"DELETE ", "client spoke plaintext HTTP"},
        {"OPTIONS ", "client spoke plaintext HTTP"},
        {"CONNECT ", "client spoke plaintext HTTP"},
        {"PRI * ", "client spoke plaintext HTTP/2"},
        {"SSH-", "client spoke SSH"},
        {"EHLO", "client spoke plaintext SMTP"},
        {"HELO", "client spoke plaintext SMTP"},
        {"PROXY ", "client sent a PROXY header, which is not expected here"},
        {"\r\n\r\n", "client sent a PROXY header, which is not expected here"},
        {"*", "client spoke plaintext Redis"},
    };

    for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
        size_t start_len = strlen(known[i].start);

        if (len >= start_len
            && strncasecmp((const char *)data, known[i].start, start_len) == 0)
            return known[i].guess;
    }
    if (len >= 3 && (data[0] & 0x80) != 0 && data[2] == 1)
        return "client spoke SSL 2.0, which is broken and not supported";
    return "first bytes are not TLS";
}
