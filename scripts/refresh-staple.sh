#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
#
# ---help---
# Usage: scripts/refresh-staple.sh CERT [--issuer FILE] [--out FILE] [--url URL]
#
# Fetches an OCSP response for the first certificate in CERT (PEM) with the
# openssl program, proves it, and puts it where sidelock looks for it: CERT.ocsp.
# sidelock takes it at the next reload, or by itself where it watches its files.
# Made for a timer: run it about four times in the life of a response.
#
#   --issuer FILE  the issuer's certificate (PEM); default: the second one in
#                  CERT
#   --out FILE     where the response goes; default: CERT.ocsp
#   --url URL      the responder; default: the one that the certificate names
#
# The file is replaced in one step, by a response that is signed by the issuer
# or a responder that it appointed, about this certificate, and within its
# dates. When there is none to be had, the old file stays.
#
# Exit status: 0 the file holds a response that says "good"; 1 none was to be
# had and nothing has changed; 2 wrong arguments; 3 the response says that the
# certificate is REVOKED (the file holds that response, sidelock warns of it and
# sends none).
# ---end---
set -euo pipefail
# shellcheck source=scripts/lib.sh
. "$(dirname "$0")/lib.sh"

FETCH_SECONDS=30
LOCK_SECONDS=90

cert=''
issuer=''
out=''
url=''
work=''
fresh=''

cleanup() {
    [ -z "$fresh" ] || rm -f "$fresh"
    [ -z "$work" ] || rm -rf "$work"
}

# nth_certificate N FILE: the PEM block of the file's certificate number N.
nth_certificate() {
    awk -v wanted="$1" '
        /^-----BEGIN (X509 )?CERTIFICATE-----/ { number++ }
        number == wanted
        /^-----END (X509 )?CERTIFICATE-----/ && number == wanted { exit }
    ' "$2"
}

# take_certificate N FROM TO: that certificate as a file of its own.
take_certificate() {
    nth_certificate "$1" "$2" >"$work/block"
    openssl x509 -in "$work/block" -out "$3" >"$work/log" 2>&1
}

# Without --url: the first one over HTTP that the certificate names.
find_url() {
    [ -z "$url" ] || return 0
    url=$(openssl x509 -in "$work/leaf.pem" -noout -ocsp_uri |
        grep -m 1 '^https\?://') ||
        die "$cert names no OCSP responder; its CA may run none, then there" \
            "is nothing to staple; else name it with --url"
}

# fetch: the responder's answer as $work/response.
fetch() {
    # A nonce would only forbid the responder to answer from its store.
    timeout "$FETCH_SECONDS" openssl ocsp -no_nonce -noverify \
        -issuer "$work/issuer.pem" -cert "$work/leaf.pem" -url "$url" \
        -respout "$work/response" >"$work/log" 2>&1 || return 1
    [ -s "$work/response" ]
}

# prove: is the response signed by the right one and about our certificate?
# $work/log then says what the responder thinks of it.
prove() {
    openssl ocsp -respin "$work/response" -no_nonce -no-CApath -no-CAstore \
        -CAfile "$work/issuer.pem" -partial_chain \
        -issuer "$work/issuer.pem" -cert "$work/leaf.pem" \
        >"$work/log" 2>&1 &&
        grep -q '^Response verify OK' "$work/log" &&
        ! grep -q 'Status times invalid' "$work/log"
}

# verdict: good, revoked or unknown, or nothing when it is not about ours.
verdict() {
    sed -n "s|^$work/leaf.pem: \([a-z]*\)\$|\1|p" "$work/log"
}

# refuse WHAT...: the end, with what openssl said, and the old file in place.
refuse() {
    sed 's/^/  /' "$work/log" >&2
    if [ -e "$out" ]; then
        die "$* ($url); $out stays as it was"
    fi
    die "$* ($url); there is no $out"
}

# install_response WHAT: puts the response in place, unless it is there already.
install_response() {
    local until
    until=$(sed -n 's/^[[:space:]]*Next Update: //p' "$work/log")
    if cmp -s "$work/response" "$out"; then
        say "$out is up to date: $1 until ${until:-somebody asks again}"
        return
    fi
    fresh=$(mktemp "$folder/.$(basename "$out").XXXXXX") ||
        die "cannot write into the folder $folder"
    cat "$work/response" >"$fresh"
    chmod 644 "$fresh"
    sync "$fresh"
    mv -fT "$fresh" "$out"
    fresh=''
    say "$out: $1 until ${until:-somebody asks again}"
}

while [ $# -gt 0 ]; do
    case $1 in
    --issuer | --out | --url)
        [ -n "${2-}" ] || usage_error "$1 needs a value"
        printf -v "${1#--}" '%s' "$2"
        shift
        ;;
    -h | --help) print_help "$0" && exit 0 ;;
    -*) usage_error "unknown option '$1'" ;;
    *)
        [ -z "$cert" ] || usage_error "one CERT, not '$cert' and '$1'"
        cert=$1
        ;;
    esac
    shift
done
[ -n "$cert" ] || usage_error "the CERT to fetch a response for is missing"
have openssl || die "the openssl program is missing; apt-get install openssl"
have flock || die "the flock program is missing; apt-get install util-linux"
[ -r "$cert" ] || die "$cert cannot be read"
out=${out:-$cert.ocsp}
folder=$(dirname "$out")
[ -d "$folder" ] || die "$folder is no folder"

trap cleanup EXIT
trap 'exit 1' INT TERM HUP
work=$(mktemp -d)

# Two timers at once would only fetch twice; the folder itself is the lock, so
# that nothing is left behind.
exec 9<"$folder"
flock -w "$LOCK_SECONDS" 9 || die "another run for $folder does not end"

take_certificate 1 "$cert" "$work/leaf.pem" ||
    die "$cert: no certificate in it (PEM is wanted)"
if [ -n "$issuer" ]; then
    [ -r "$issuer" ] || die "$issuer cannot be read"
    take_certificate 1 "$issuer" "$work/issuer.pem" ||
        die "$issuer: no certificate in it (PEM is wanted)"
else
    take_certificate 2 "$cert" "$work/issuer.pem" ||
        die "$cert holds no issuer behind the certificate; name it: --issuer FILE"
fi
find_url
fetch || refuse "no answer from the responder"
prove || refuse "the answer cannot be used"
case $(verdict) in
good) install_response good ;;
revoked)
    install_response REVOKED
    say "warning: the CA says that $cert is REVOKED; have another issued"
    exit 3
    ;;
*) refuse "the responder does not know the certificate" ;;
esac
