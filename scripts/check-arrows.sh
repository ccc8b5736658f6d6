#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
#
# ---help---
# Usage: scripts/check-arrows.sh [ROOT]
#
# Looks at every #include of the program and names each that the design does
# not allow; exits 1 when there is one.
#
#   config/  knows nothing of ours but config/
#   certs/   knows config/
#   proxy/   knows certs/ and config/
#   wolfSSL  only in certs/ and proxy/tls_*.c
#   inih     only in config/
#   libevent only in proxy/
#   proxy/relay.c, pool.c, hello.c and their headers: no socket, no TLS, no
#            event, neither the system's nor a header of ours that is about one
#
# ROOT is the tree to look at, if not this one.
# ---end---
set -euo pipefail
# shellcheck source=scripts/lib.sh
. "$(dirname "$0")/lib.sh"

case ${1-} in
-h | --help) print_help "$0" && exit 0 ;;
-*) usage_error "unknown option '$1'" ;;
esac
cd "${1:-$ROOT}"

shopt -s nullglob
files=({config,certs,proxy}/*.[ch])
[ "${#files[@]}" -gt 0 ] || die "there are no C files below $PWD"

# One line for each forbidden include; the number of files looked at last.
awk '
    function forbid(why) {
        printf "%s:%d: %s: %s\n", FILENAME, FNR, header, why
        wrong++
    }

    FNR == 1 {
        files++
        folder = FILENAME
        sub(/\/.*/, "", folder)
        pure = FILENAME ~ /^proxy\/(relay|pool|hello)\.[ch]$/
        tls = folder == "certs" || FILENAME ~ /^proxy\/tls_[a-z_]+\.c$/
    }

    !/^[ \t]*#[ \t]*include/ { next }

    {
        header = $0
        sub(/^[ \t]*#[ \t]*include[ \t]*/, "", header)
        sub(/[ \t]*(\/[*\/].*)?$/, "", header)
        target = header
        sub(/^"/, "", target)
        sub(/\/.*/, "", target)
    }

    header ~ /^"/ {
        if (header !~ /^"[a-z]+\//)
            forbid("write it from the root: \"folder/file.h\"")
        else if (folder == "config" && target != "config")
            forbid("config/ may know only config/")
        else if (folder == "certs" && target !~ /^(certs|config)$/)
            forbid("certs/ may know only certs/ and config/")
        else if (folder == "proxy" && target !~ /^(proxy|certs|config)$/)
            forbid("proxy/ may know only proxy/, certs/ and config/")
        if (pure && header ~ /"(certs\/|proxy\/(socket|loop|tls_|session|listen|worker|server|view|backend))/)
            forbid("this file is pure logic: no socket, TLS or event")
        next
    }

    header ~ /^<wolfssl\// && !tls {
        forbid("wolfSSL belongs in certs/ and proxy/tls_*.c")
    }
    header ~ /^<ini\.h>/ && folder != "config" {
        forbid("inih belongs in config/")
    }
    header ~ /^<(event2\/|event\.h|ev[a-z]*\.h)/ && folder != "proxy" {
        forbid("libevent belongs in proxy/")
    }
    pure && header ~ /^<(event|ev[a-z]*\.h|wolfssl\/|openssl\/|sys\/(socket|epoll|uio|un|ioctl)\.h|netinet\/|arpa\/|netdb\.h|poll\.h|unistd\.h)/ {
        forbid("this file is pure logic: no socket, TLS or event")
    }

    END {
        if (wrong)
            exit 1
        printf "check-arrows: %d files include only what they may\n", files
    }
' "${files[@]}"
