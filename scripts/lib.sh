# shellcheck shell=bash
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Helpers that every script of sidelock shares. Source it, do not run it:
#
#   . "$(dirname "$0")/lib.sh"
#
# It sets ROOT (the top of the repository), CACHE (where sources, libraries
# and images are kept between runs) and the functions below. Everything that
# tells the user something goes to standard error, so that a script's standard
# output stays free for its result.

ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
# Without HOME (a bare container, a service) the cache is root's.
CACHE=${SIDELOCK_CACHE:-${XDG_CACHE_HOME:-${HOME:-/root}/.cache}/sidelock}
SCRIPT=$(basename "$0" .sh)
case $CACHE in
/*) ;;
*) CACHE=$PWD/$CACHE ;;
esac
export ROOT CACHE SCRIPT

# The wolfSSL source in use: a link that scripts/setup.sh sets.
# shellcheck disable=SC2034
WOLFSSL_SOURCE=$CACHE/sources/wolfssl-source

# The least wolfSSL version that sidelock accepts, and the SHA-256 of its
# source archive as Debian signs it.
# shellcheck disable=SC2034
WOLFSSL_PIN=5.9.2
# shellcheck disable=SC2034
WOLFSSL_PIN_SHA256=2f4ef3d4fd387a9b3191d36a6316d69116c46ff69bb9583b6c82b36d7b8ca114

# say TEXT...: one line of progress.
say() {
    printf '%s: %s\n' "$SCRIPT" "$*" >&2
}

# die TEXT...: one line of error, then exit 1.
die() {
    printf '%s: error: %s\n' "$SCRIPT" "$*" >&2
    exit 1
}

# usage_error TEXT...: a wrong argument, exit 2.
usage_error() {
    printf '%s: %s (see --help)\n' "$SCRIPT" "$*" >&2
    exit 2
}

# print_help FILE: the comment block at the top of a script is its help.
print_help() {
    sed -n '/^# ---help---$/,/^# ---end---$/{//d;s/^# \{0,1\}//;p}' "$1"
}

have() {
    command -v "$1" >/dev/null 2>&1
}

# run_logged LOG COMMAND...: runs quietly, shows the log's end when it fails.
run_logged() {
    local log=$1 status=0
    shift
    "$@" >"$log" 2>&1 || status=$?
    if [ "$status" -ne 0 ]; then
        tail -n 30 "$log" >&2
        say "failed with status $status: $*"
        say "the whole output is in $log"
    fi
    return "$status"
}

# wait_until SECONDS COMMAND...: repeats the command until it succeeds; fails
# when it has not by then.
wait_until() {
    local deadline=$((SECONDS + $1))
    shift
    until "$@" >/dev/null 2>&1; do
        [ "$SECONDS" -lt "$deadline" ] || return 1
        sleep 0.05
    done
}

# version_ge A B: is version A the same as B or newer?
version_ge() {
    [ "$(printf '%s\n%s\n' "$2" "$1" | sort -V | head -n 1)" = "$2" ]
}

sha256_of() {
    sha256sum "$1" | cut -d ' ' -f 1
}

# wolfssl_version_of TARBALL: the version that a source archive claims.
wolfssl_version_of() {
    tar -xOf "$1" --wildcards --no-wildcards-match-slash '*/configure.ac' \
        2>/dev/null |
        sed -n 's/^AC_INIT(\[wolfssl\],\[\([0-9.]*\)\].*/\1/p'
}

# replace_link TARGET LINK: points LINK at TARGET in one step.
replace_link() {
    local fresh
    fresh=$(mktemp -u "$2.XXXXXX")
    ln -s "$1" "$fresh"
    mv -T "$fresh" "$2"
}

# The base addresses of the Debian mirrors in apt's own configuration, in
# either format of sources; security and foreign archives are left out.
debian_mirrors() {
    local codename
    codename=$(. /etc/os-release && printf '%s' "${VERSION_CODENAME-}")
    apt-get update --print-uris 2>/dev/null |
        sed -n "s|^'\(.*\)/dists/\([^/]*\)/InRelease'.*|\2 \1|p" |
        sed -n -E "s/^(${codename:-stable}(-updates)?|(old)?stable|testing|unstable|sid) //p" |
        grep -v -- '-security/\?$' | awk '!seen[$0]++'
}
