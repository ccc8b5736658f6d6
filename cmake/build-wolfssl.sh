#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
#
# ---help---
# Usage: cmake/build-wolfssl.sh [--cc COMPILER] [--sanitize LIST] [--tarball FILE]
#
# Builds wolfSSL as a static library in sidelock's cache, once for each set of
# source, flags, compiler and sanitizers, and prints the directory that holds
# include/ and lib/libwolfssl.a. CMake calls it; a second call only prints.
#
#   --cc COMPILER    the C compiler (default: cc)
#   --sanitize LIST  address, thread, or fuzz (clang: address and coverage for
#                    libFuzzer); default: none
#   --tarball FILE   the source (default: the one scripts/setup.sh obtained)
#
# The cache is $SIDELOCK_CACHE, else $XDG_CACHE_HOME/sidelock, else
# ~/.cache/sidelock. Several builds at once are safe; deleting it is, too.
# ---end---
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=scripts/lib.sh
. "$here/../scripts/lib.sh"

cc=cc
sanitize=
tarball=$WOLFSSL_SOURCE
while [ $# -gt 0 ]; do
    case $1 in
    --cc) cc=${2:?} && shift ;;
    --sanitize) sanitize=${2?} && shift ;;
    --tarball) tarball=${2:?} && shift ;;
    -h | --help) print_help "$0" && exit 0 ;;
    *) usage_error "unknown argument '$1'" ;;
    esac
    shift
done

# What the library can do. Everything that a server does not need is off;
# the client side stays, for the proof of a certificate by handshake.
# shellcheck disable=SC2054 # commas that belong to the compiler and configure
configure_flags=(
    --enable-static --disable-shared
    --disable-examples --disable-crypttests --disable-benchmark
    --enable-sp=2048,3072,4096,ec256,ec384
    --enable-tls13 --disable-oldtls --enable-harden-tls=112
    --enable-session-ticket --enable-sni --enable-alpn
    --enable-ocsp --enable-ocspstapling --enable-crl
    --enable-enckeys --enable-pkcs12
    --enable-curve25519 --enable-ed25519 --enable-mlkem
    --enable-aesgcm=small --enable-chacha --enable-poly1305 --enable-hkdf
    --enable-ip-alt-name --disable-dh --disable-sha224 --disable-asn-print
    --disable-sys-ca-certs --disable-errorqueue --disable-oldnames
    --disable-hashdrbg
)
case $(uname -m) in
x86_64) configure_flags+=(--enable-intelasm --enable-sp-asm) ;;
aarch64) configure_flags+=(--enable-armasm --enable-sp-asm) ;;
esac

# These end up in wolfssl/options.h, so that our code sees the same.
defines=(
    -DWOLFSSL_AEAD_ONLY -DNO_AES_192
    -DWOLFSSL_ALWAYS_VERIFY_CB -DWOLFSSL_ALT_NAMES
    -DCUSTOM_RAND_GENERATE_BLOCK=sidelock_random_block
    -DMICRO_SESSION_CACHE -DNO_CLIENT_CACHE -DNO_SESSION_CACHE_REF
    -DWOLFSSL_TLS13_MIDDLEBOX_COMPAT
    # room for a client's identity in its ticket
    -DWOLFSSL_TICKET_EXTRA_PADDING_SZ=640
)

# shellcheck disable=SC2054
cflags=(-g1 -fPIE -ffunction-sections -fdata-sections)
variant=release
case $sanitize in
'')
    cflags+=(-O2 -fstack-protector-strong -fstack-clash-protection)
    # -Wp keeps the macro out of options.h, where it would follow our code.
    # shellcheck disable=SC2054
    cflags+=(-Wp,-D_FORTIFY_SOURCE=2)
    ;;
address)
    variant=asan
    # shellcheck disable=SC2054
    cflags+=(-O1 -fno-omit-frame-pointer -fsanitize=address,undefined)
    ;;
thread)
    variant=tsan
    cflags+=(-O1 -fno-omit-frame-pointer -fsanitize=thread)
    ;;
fuzz)
    variant=fuzz
    cflags+=(-O1 -fno-omit-frame-pointer)
    # shellcheck disable=SC2054
    cflags+=(-fsanitize=fuzzer-no-link,address,undefined)
    ;;
*) usage_error "unknown sanitizer '$sanitize'" ;;
esac

if [ ! -r "$tarball" ]; then
    "$ROOT/scripts/setup.sh" --source-only >&2
fi

# The fast way out needs the archive's hash only, which is kept beside it.
tarball=$(readlink -f "$tarball")
sum_file=$CACHE/wolfssl/.sum-$(stat -c '%d-%i-%s-%Y' "$tarball")
mkdir -p "$CACHE/wolfssl"
[ -s "$sum_file" ] || sha256_of "$tarball" >"$sum_file"

# gcc and cc may be one compiler: what counts is the version it claims.
key=$({
    cat "$sum_file" "$0" "$here/wolfssl_prelude.h"
    "$cc" -dM -E -x c /dev/null | grep -E ' __VERSION__ '
    "$cc" -dumpmachine
    printf '%s\n' "$sanitize"
} | sha256sum | cut -c 1-16)
prefix=$CACHE/wolfssl/$variant-$key

if [ -e "$prefix/lib/libwolfssl.a" ]; then
    touch "$prefix"
    printf '%s\n' "$prefix"
    exit 0
fi

# What no build has used for a month, and the remains of killed builds.
find "$CACHE/wolfssl" -mindepth 1 -maxdepth 1 \( -mtime +30 -o \
    -name '.build-*' -mtime +1 \) -exec rm -rf {} +

# fe_cmov_table_avx2() loads two registers with the legacy form of movd, which
# keeps the upper halves of ymm7 and ymm9, and then reads ymm9 whole: with
# dirty upper halves every second X25519 public key is wrong. The VEX forms
# clear them. Refuses a source that is neither as known nor already corrected.
fix_x25519_assembly() {
    local file=wolfcrypt/src/fe_x25519_asm.S
    local bad7='movd	%ebx, %xmm7' bad9='movd	%rbx, %xmm9'
    local good7='vmovd	%ebx, %xmm7' good9='vmovq	%rbx, %xmm9'
    count() { grep -cE "^[[:space:]]*$1\$" "$file" || true; }

    [ -f "$file" ] || die "$file is missing from the wolfSSL source"
    if [ "$(count "$bad7")/$(count "$bad9")" = 1/1 ]; then
        sed -i -E -e "s/^([[:space:]]*)$bad7\$/\1$good7/" \
            -e "s/^([[:space:]]*)$bad9\$/\1$good9/" "$file"
    fi
    local legacy
    legacy=$(grep -cE '^[[:space:]]*mov[dq][[:space:]].*%xmm' "$file" || true)
    if [ "$(count "$good7")/$(count "$good9")/$legacy" != 1/1/0 ]; then
        die "$file does not look as expected: the X25519 correction" \
            "(VEX loads in fe_cmov_table_avx2) was neither possible nor" \
            "already there; read fix_x25519_assembly in $0"
    fi
}

# Builds in a private directory and moves the result into place in one step,
# so that nobody ever sees half a library.
build() {
    local work=$1 version
    version=$(wolfssl_version_of "$tarball") || true
    version_ge "${version:-0}" "$WOLFSSL_PIN" ||
        die "$tarball holds wolfSSL '${version:-unknown}', older than $WOLFSSL_PIN"
    say "building wolfSSL $version ($variant), about a minute, once"
    mkdir "$work/src" "$work/root"
    tar -xf "$tarball" -C "$work/src" --strip-components=1 --no-same-owner
    cd "$work/src"
    fix_x25519_assembly
    if [ ! -x configure ]; then
        run_logged "$work/autogen.log" ./autogen.sh
    fi
    run_logged "$work/configure.log" ./configure "${configure_flags[@]}" \
        --prefix="$prefix" CC="$cc" CFLAGS="${cflags[*]} ${defines[*]}"
    # Not for configure, whose probes the prelude would mislead.
    run_logged "$work/make.log" make -j"${CMAKE_BUILD_PARALLEL_LEVEL:-$(nproc)}" \
        CPPFLAGS="-include $here/wolfssl_prelude.h" src/libwolfssl.la
    run_logged "$work/install.log" make install-exec install-data \
        DESTDIR="$work/root"
    {
        printf 'wolfssl=%s\nsource=%s\n' "$version" "$(cat "$sum_file")"
        printf 'compiler=%s\n' "$("$cc" --version | head -n 1)"
        printf 'configure=%s\n' "${configure_flags[*]}"
        printf 'cflags=%s\n' "${cflags[*]} ${defines[*]}"
    } >"$work/root$prefix/build-info.txt"
    mv -T "$work/root$prefix" "$prefix"
}

exec 9>"$CACHE/wolfssl/.lock-$variant-$key"
if ! flock --nonblock 9; then
    say "another build makes the same wolfSSL; waiting for it"
    flock 9
fi
if [ ! -e "$prefix/lib/libwolfssl.a" ]; then
    work=$(mktemp -d "$CACHE/wolfssl/.build-XXXXXX")
    # A failed build leaves its logs for whoever was told to read them.
    trap '[ -e "$prefix/lib/libwolfssl.a" ] && rm -rf "$work"' EXIT
    (build "$work")
fi
printf '%s\n' "$prefix"
