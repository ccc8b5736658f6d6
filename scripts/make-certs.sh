#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
#
# ---help---
# Usage: scripts/make-certs.sh DIR [--name NAME]... [--all]
#
# Makes certificates for development in DIR (created when missing) with the
# openssl program, and prints one line for each file. Never use them where
# anything is at stake: the keys of the CAs lie beside them.
#
#   ca.pem, intermediate.pem     the root, and what it lets issue the rest
#   server.pem, server-rsa.pem, server-ed25519.pem
#                                servers, one for each kind of key
#   client.pem                   a client that is let in
#   client-expired.pem, client-notyet.pem, client-serverEKU.pem,
#   client-revoked.pem           clients that are not
#   crl.pem                      the revocation lists of both CAs, good for as
#                                long as a leaf; client-revoked.pem is on it
#   server.p12, client.p12       server.pem and client.pem with their keys
#
# Keys are beside them, as NAME.key; that of client-*.pem is client.key.
#
#   --name NAME  one more DNS name (*.example.net, too) or IP address of the
#                server certificates, which are always good for localhost,
#                127.0.0.1 and ::1
#   --all        also makes the certificates of the tests: servers expired,
#                mismatched, out of order, keys encrypted and so on
#
# A second run keeps the CA and the intermediate as long as they last, so that
# clients that trust ca.pem go on doing so, and issues all others anew: that is
# how to renew them. Files are replaced at the end, when all have been made.
#
# Certificates with another validity (server-expired.pem and the like) are for
# server.key or client.key unless a key of their own name is there. The
# password of all that is encrypted is "sidelock".
# ---end---
set -euo pipefail
# shellcheck source=scripts/lib.sh
. "$(dirname "$0")/lib.sh"

PASSWORD=sidelock
LEAF_DAYS=397 # the longest that clients of today accept
RENEW_SECONDS=$((LEAF_DAYS * 24 * 60 * 60))

dir=''
names=()
all=no
work=''
made=() # "FILE what it is", in order

cleanup() {
    [ -z "$work" ] || rm -rf "$work"
}

# date_at WHEN: as certificates write it.
date_at() {
    date -u -d "$1" +%Y%m%d%H%M%SZ
}

ssl() {
    run_logged "$work/openssl.log" openssl "$@" ||
        die "openssl $1 failed; the lines above name the cause"
}

# made_file FILE WHAT...
made_file() {
    made+=("$(printf '%-28s %s' "$1" "${*:2}")")
}

# --- keys ------------------------------------------------------------------

# make_key NAME ec|p384|rsa|rsa1024|ed25519
make_key() {
    local how
    case $2 in
    ec) how=(-algorithm EC -pkeyopt ec_paramgen_curve:P-256) ;;
    p384) how=(-algorithm EC -pkeyopt ec_paramgen_curve:P-384) ;;
    rsa) how=(-algorithm RSA -pkeyopt rsa_keygen_bits:2048) ;;
    rsa1024) how=(-algorithm RSA -pkeyopt rsa_keygen_bits:1024) ;;
    ed25519) how=(-algorithm ED25519) ;;
    esac
    ssl genpkey "${how[@]}" -out "$work/$1.key"
}

# --- certificates ----------------------------------------------------------

# What openssl is told, instead of the configuration of the machine. The paths
# are relative, so that DIR may have any name.
write_config() {
    cat >"$work/openssl.cnf" <<END
[req]
distinguished_name = subject
prompt = no
[subject]
CN = unused
[ca]
default_ca = issuer
[issuer]
database = db/index.txt
new_certs_dir = db
crlnumber = db/crlnumber
rand_serial = yes
unique_subject = no
policy = any
default_md = sha256
email_in_dn = no
[any]
O = optional
CN = supplied
[crl]
authorityKeyIdentifier = keyid
END
    mkdir "$work/db"
    : >"$work/db/index.txt"
    # The number of a list grows (RFC 5280, section 5.2.3), also from run to
    # run.
    printf '%010x\n' "$(date +%s)" >"$work/db/crlnumber"
    export OPENSSL_CONF=$work/openssl.cnf
    cd "$work"
}

# extensions KIND [SAN]: the text of a certificate's extensions.
extensions() {
    echo "subjectKeyIdentifier = hash"
    case $1 in
    root | intermediate)
        echo "basicConstraints = critical, CA:TRUE"
        echo "keyUsage = critical, keyCertSign, cRLSign"
        ;;
    server | client)
        echo "basicConstraints = critical, CA:FALSE"
        echo "keyUsage = critical, digitalSignature"
        echo "extendedKeyUsage = ${1}Auth"
        ;;
    must-staple)
        echo "basicConstraints = critical, CA:FALSE"
        echo "extendedKeyUsage = serverAuth"
        echo "tlsfeature = status_request"
        ;;
    ocsp)
        echo "basicConstraints = critical, CA:FALSE"
        echo "keyUsage = critical, digitalSignature"
        echo "extendedKeyUsage = OCSPSigning"
        echo "noCheck = ignored"
        ;;
    esac
    # A root names no other key than its own.
    [ "$1" = root ] || echo "authorityKeyIdentifier = keyid"
    [ -z "${2-}" ] || echo "subjectAltName = $2"
}

# issue FILE KEY ISSUER KIND CN [--san SAN] [--from WHEN] [--to WHEN] [--md MD]:
# makes $work/FILE.pem. ISSUER is a name, or "self".
issue() {
    local file=$1 key=$2 issuer=$3 kind=$4 cn=$5
    local san='' from='-1 day' to="+$LEAF_DAYS days" md=sha256
    local -a signer
    shift 5
    while [ $# -gt 0 ]; do
        case $1 in
        --san) san=$2 ;;
        --from) from=$2 ;;
        --to) to=$2 ;;
        --md) md=$2 ;;
        esac
        shift 2
    done
    if [ "$issuer" = self ]; then
        signer=(-selfsign -keyfile "$work/$key.key")
    else
        signer=(-cert "$work/$issuer.pem" -keyfile "$work/$issuer.key")
    fi
    # Ed25519 has its digest built in and takes no other.
    [ "$key" != server-ed25519 ] || [ "$issuer" != self ] || md=default
    extensions "$kind" "$san" >"$work/extensions"
    ssl req -new -key "$work/$key.key" -out "$work/request" \
        -subj "/O=sidelock development/CN=$cn"
    ssl ca -batch -notext "${signer[@]}" -md "$md" \
        -startdate "$(date_at "$from")" -enddate "$(date_at "$to")" \
        -extfile "$work/extensions" -in "$work/request" \
        -out "$work/$file.pem"
}

# issue_chained FILE ...: the same, with the intermediate after the leaf.
issue_chained() {
    issue "$@"
    cat "$work/intermediate.pem" >>"$work/$1.pem"
}

# first_of FILE: the first certificate of a file.
first_of() {
    sed '/-----END CERTIFICATE-----/q' "$1"
}

# --- the sets --------------------------------------------------------------

# san_of NAME...: the same as openssl writes it.
san_of() {
    local name san=''
    for name in "$@"; do
        case $name in
        *:*) san+=,IP:$name ;;
        *[!0-9.]*) san+=,DNS:$name ;;
        *) san+=,IP:$name ;;
        esac
    done
    printf '%s' "${san#,}"
}

# may_keep NAME: are a CA's certificate and key there, do they belong together
# and does it outlast what it would issue now?
may_keep() {
    [ -r "$dir/$1.pem" ] && [ -r "$dir/$1.key" ] &&
        openssl x509 -in "$dir/$1.pem" -noout \
            -checkend "$RENEW_SECONDS" >/dev/null 2>&1 &&
        [ "$(openssl x509 -in "$dir/$1.pem" -noout -pubkey 2>&1)" = \
            "$(openssl pkey -in "$dir/$1.key" -pubout 2>&1)" ]
}

make_authorities() {
    if may_keep ca && may_keep intermediate && openssl verify \
        -CAfile "$dir/ca.pem" "$dir/intermediate.pem" >/dev/null 2>&1; then
        cp "$dir"/{ca,intermediate}.{pem,key} "$work/"
        made_file ca.pem "the root, kept: what clients trust"
        made_file intermediate.pem "the intermediate, kept: it issues the rest"
    else
        make_key ca ec
        issue ca ca self root "sidelock development root" --to '+10 years'
        make_key intermediate ec
        issue intermediate intermediate ca intermediate \
            "sidelock development intermediate" --to '+5 years'
        made_file ca.pem "the root: what clients trust"
        made_file intermediate.pem "the intermediate: it issues the rest"
    fi
    made_file ca.key "its key"
    made_file intermediate.key "its key"
}

# make_pair NAME TYPE WHAT: a server's certificate with its key.
make_pair() {
    make_key "$1" "$2"
    issue_chained "$1" "$1" intermediate server "$server_cn" --san "$san"
    made_file "$1.pem" "$3"
    made_file "$1.key" "its key"
}

# make_keystore NAME FILE WHAT PASSWORD [ARGUMENT...]: of NAME.pem and NAME.key.
make_keystore() {
    ssl pkcs12 -export -in "$work/$1.pem" -inkey "$work/$1.key" \
        -passout "pass:$4" "${@:5}" -out "$work/$2"
    made_file "$2" "$3"
}

# issue_client FILE WHAT [ARGUMENT...]: a variant of client.pem.
issue_client() {
    issue_chained "$1" client intermediate client "test client" "${@:3}"
    made_file "$1.pem" "$2"
}

# list_revoked ISSUER: its list of what has been revoked up to now.
list_revoked() {
    ssl ca -gencrl -cert "$work/$1.pem" -keyfile "$work/$1.key" \
        -crldays "$LEAF_DAYS" -crlexts crl -out "$work/crl"
    cat "$work/crl" >>"$work/crl.pem"
}

# The root's list is empty, and made first: openssl keeps one record of all
# that was revoked, whoever had issued it.
make_revoked() {
    issue_client client-revoked "client, revoked by crl.pem"
    list_revoked ca
    ssl ca -revoke "$work/client-revoked.pem" -crl_reason keyCompromise \
        -cert "$work/intermediate.pem" -keyfile "$work/intermediate.key"
    list_revoked intermediate
    made_file crl.pem "revocation lists of intermediate.pem and ca.pem"
}

make_basic_clients() {
    make_key client ec
    issue_client client "client (clientAuth), with the intermediate"
    made_file client.key "its key"
    issue_client client-expired "client, ended yesterday" \
        --from '-60 days' --to '-1 day'
    issue_client client-notyet "client, begins in 30 days" \
        --from '+30 days' --to '+60 days'
    issue_chained client-serverEKU client intermediate server "test client"
    made_file client-serverEKU.pem \
        "client whose extended key usage is serverAuth only"
    make_revoked
}

make_basic() {
    make_authorities
    make_pair server ec "server, ECDSA P-256, with the intermediate: $san"
    make_pair server-rsa rsa "the same with RSA-2048"
    make_pair server-ed25519 ed25519 "the same with Ed25519"
    make_basic_clients
    make_keystore server server.p12 "server.pem and server.key as PKCS#12" \
        "$PASSWORD"
    make_keystore client client.p12 "client.pem and client.key as PKCS#12" \
        "$PASSWORD"
}

# issue_server FILE WHAT [ARGUMENT...]: a variant of server.pem.
issue_server() {
    issue_chained "$1" server intermediate server "$server_cn" \
        --san "$san" "${@:3}"
    made_file "$1.pem" "$2"
}

make_server_dates() {
    issue_server server-expired "ended yesterday" \
        --from '-60 days' --to '-1 day'
    issue_server server-notyet "begins in 30 days" \
        --from '+30 days' --to '+60 days'
    issue_server server-soon "ends in 10 days and an hour" \
        --to '+10 days +1 hour'
}

make_server_contents() {
    issue_chained server-wrongname server intermediate server other.example \
        --san DNS:other.example
    made_file server-wrongname.pem "for other.example only"
    issue_chained server-cnonly server intermediate server "$server_cn"
    made_file server-cnonly.pem "names the server in its CN only, without SAN"
    issue_chained server-clienteku server intermediate client "$server_cn" \
        --san "$san"
    made_file server-clienteku.pem "its extended key usage is clientAuth only"
    issue_server sha1 "signed with SHA-1" --md sha1
    issue self-signed server self server "$server_cn" --san "$san"
    made_file self-signed.pem "issued by itself"
    cp "$work/server.key" "$work/self-signed.key"
    made_file self-signed.key "its key: server.key"
}

make_server_keys() {
    local kind
    for kind in p384 rsa1024; do
        make_key "server-$kind" "$kind"
        issue_chained "server-$kind" "server-$kind" intermediate server \
            "$server_cn" --san "$san"
    done
    mv "$work/server-rsa1024.pem" "$work/server-weak.pem"
    mv "$work/server-rsa1024.key" "$work/server-weak.key"
    made_file server-p384.pem "ECDSA P-384"
    made_file server-p384.key "its key"
    made_file server-weak.pem "RSA-1024, too weak"
    made_file server-weak.key "its key"
    make_key server-other ec
    made_file server-other.key "another key like server.key; no certificate"
    make_key server-rsa-other rsa
    made_file server-rsa-other.key "another key like server-rsa.key"
}

# The same certificates, put together wrongly or needlessly.
make_server_files() {
    local leaf=$work/leaf
    first_of "$work/server.pem" >"$leaf"
    cp "$leaf" "$work/server-leafonly.pem"
    made_file server-leafonly.pem "server.pem without the intermediate"
    cat "$work/intermediate.pem" "$leaf" >"$work/server-wrongorder.pem"
    made_file server-wrongorder.pem "the intermediate first"
    cat "$work/server.pem" "$work/ca.pem" >"$work/server-withroot.pem"
    made_file server-withroot.pem "with the root at its end"
    cat "$leaf" "$work/intermediate.pem" "$work/intermediate.pem" \
        >"$work/server-duplicate.pem"
    made_file server-duplicate.pem "the intermediate twice"
    cat "$work/server.pem" "$work/other-ca.pem" >"$work/server-unrelated.pem"
    made_file server-unrelated.pem "with other-ca.pem at its end"
    cat "$work/server.key" "$work/server.pem" >"$work/combined.pem"
    made_file combined.pem "server.key and server.pem in one file"
}

make_server_forms() {
    ssl pkcs8 -topk8 -v2 aes-256-cbc -in "$work/server.key" \
        -passout "pass:$PASSWORD" -out "$work/server-encrypted.key"
    made_file server-encrypted.key "server.key, encrypted (PKCS#8, PBES2)"
    ssl ec -aes128 -in "$work/server.key" -passout "pass:$PASSWORD" \
        -out "$work/server-legacy-encrypted.key"
    made_file server-legacy-encrypted.key \
        "server.key, encrypted the old way (Proc-Type)"
    ssl ec -in "$work/server.key" -out "$work/server-sec1.key"
    made_file server-sec1.key "server.key as SEC1 (EC PRIVATE KEY)"
    ssl pkey -traditional -in "$work/server-rsa.key" \
        -out "$work/server-pkcs1.key"
    made_file server-pkcs1.key "server-rsa.key as PKCS#1 (RSA PRIVATE KEY)"
    ssl x509 -in "$work/server.pem" -outform DER -out "$work/server.der"
    made_file server.der "the leaf of server.pem as DER"
}

# Encrypted keys that are read, and those that are too old.
make_encrypted_keys() {
    local -a to=(-topk8 -in "$work/server.key" -passout "pass:$PASSWORD")
    ssl pkcs8 "${to[@]}" -v2 aes-128-cbc -v2prf hmacWithSHA512 \
        -outform DER -out "$work/server-encrypted-key.der"
    made_file server-encrypted-key.der "server.key, encrypted, as DER"
    ssl pkcs8 -topk8 -nocrypt -in "$work/server.key" -outform DER \
        -out "$work/server-key.der"
    made_file server-key.der "server.key as DER"
    ssl pkcs8 "${to[@]}" -v1 PBE-SHA1-3DES -out "$work/server-pbes1.key"
    made_file server-pbes1.key "server.key, encrypted with 3DES (PBES1)"
    ssl pkcs8 "${to[@]}" -scrypt -out "$work/server-scrypt.key"
    made_file server-scrypt.key "server.key, encrypted under scrypt"
    ssl rsa -des3 -traditional -in "$work/server-rsa.key" \
        -passout "pass:$PASSWORD" -out "$work/server-rsa-legacy.key"
    made_file server-rsa-legacy.key \
        "server-rsa.key, encrypted the old way (Proc-Type)"
    printf '%s\n' "$PASSWORD" >"$work/password"
    made_file password "the password, as a password_file"
}

make_keystores() {
    make_keystore server server-legacy.p12 \
        "server.p12, encrypted with RC2 and 3DES" "$PASSWORD" -legacy -certpbe PBE-SHA1-RC2-40
    make_keystore server server-changeit.p12 \
        "the same, its password is changeit" changeit
    make_keystore server server-nopassword.p12 \
        "the same, its password is empty" ''
    make_keystore server server-plain.p12 "the same, without encryption" '' \
        -keypbe NONE -certpbe NONE -nomac
    ssl pkcs12 -export -nokeys -in "$work/ca.pem" -passout "pass:$PASSWORD" \
        -out "$work/truststore.p12"
    made_file truststore.p12 "ca.pem as PKCS#12, without a key"
}

# Several identities in one file: they differ in subject or issuer.
make_bundle() {
    issue bundle-subject server-rsa intermediate server other.example \
        --san DNS:other.example
    made_file bundle-subject.pem "other.example, for server-rsa.key"
    issue bundle-issuer server-p384 other-ca server "$server_cn" --san "$san"
    made_file bundle-issuer.pem "issued by other-ca.pem, for server-p384.key"
    cat "$work"/server.{pem,key} "$work/server-rsa.key" \
        "$work"/bundle-{subject,issuer}.pem "$work/server-p384.key" \
        >"$work/bundle.pem"
    made_file bundle.pem "three identities with their keys"
}

make_bad_files() {
    : >"$work/empty.pem"
    made_file empty.pem "nothing"
    printf 'This file holds no certificate.\n\1\2\377\n' >"$work/garbage.pem"
    made_file garbage.pem "text and bytes that are no PEM"
    head -n 5 "$work/server.pem" >"$work/broken.pem"
    made_file broken.pem "the first lines of server.pem"
}

make_clients() {
    issue client-otherca client other-ca client "test client"
    made_file client-otherca.pem "client, issued by other-ca.pem"
    first_of "$work/client.pem" >"$work/client-leafonly.pem"
    made_file client-leafonly.pem "client.pem without the intermediate"
    issue client-selfsigned client self client "test client"
    made_file client-selfsigned.pem "client, issued by itself"
    issue client-expiredca client ca-expired client "test client"
    made_file client-expiredca.pem "client, issued by ca-expired.pem"
}

make_other_authorities() {
    make_key other-ca ec
    issue other-ca other-ca self root "another root" --to '+10 years'
    made_file other-ca.pem "a root of its own"
    made_file other-ca.key "its key"
    make_key ca-expired ec
    issue ca-expired ca-expired self root "expired root" \
        --from '-2 years' --to '-1 day'
    made_file ca-expired.pem "a root that ended yesterday"
    made_file ca-expired.key "its key"
}

# Who signs OCSP responses in the issuer's place, or must not.
make_responders() {
    local what='a responder that the intermediate appointed'
    make_key ocsp ec
    issue ocsp ocsp intermediate ocsp "OCSP responder"
    made_file ocsp.pem "$what"
    made_file ocsp.key "its key"
    issue ocsp-expired ocsp intermediate ocsp "OCSP responder" \
        --from '-60 days' --to '-1 day'
    made_file ocsp-expired.pem "the same, ended yesterday"
    issue ocsp-otherca ocsp other-ca ocsp "OCSP responder"
    made_file ocsp-otherca.pem "the same, issued by other-ca.pem"
    make_key ocsp-rsa rsa
    issue ocsp-rsa ocsp-rsa intermediate ocsp "OCSP responder"
    made_file ocsp-rsa.pem "$what, RSA-2048"
    made_file ocsp-rsa.key "its key"
    issue_chained server-muststaple server intermediate must-staple \
        "$server_cn" --san "$san"
    made_file server-muststaple.pem "demands a staple (must-staple)"
}

make_all() {
    make_other_authorities
    make_responders
    make_server_dates
    make_server_contents
    make_server_keys
    make_server_files
    make_server_forms
    make_encrypted_keys
    make_keystores
    make_bundle
    make_bad_files
    make_clients
}

# --- start -----------------------------------------------------------------

# Into DIR, in the order in which they were made, without a moment at which a
# file is half there.
install_files() {
    local line file
    for line in "${made[@]}"; do
        file=${line%% *}
        case $file in
        *.key | *.p12 | *key.der | combined.pem | bundle.pem | password)
            chmod 600 "$work/$file"
            ;;
        *) chmod 644 "$work/$file" ;;
        esac
        mv -fT "$work/$file" "$dir/$file"
        printf '%s\n' "$line"
    done
}

check_name() {
    case $1 in
    '' | *[!A-Za-z0-9.:*_-]*)
        usage_error "--name needs a DNS name or an IP address, not '$1'"
        ;;
    esac
}

while [ $# -gt 0 ]; do
    case $1 in
    --name)
        check_name "${2-}"
        names+=("$2")
        shift
        ;;
    --all) all=yes ;;
    -h | --help) print_help "$0" && exit 0 ;;
    -*) usage_error "unknown option '$1'" ;;
    *)
        [ -z "$dir" ] || usage_error "one DIR, not '$dir' and '$1'"
        dir=$1
        ;;
    esac
    shift
done
[ -n "$dir" ] || usage_error "the DIR to write into is missing"
have openssl || die "the openssl program is missing; apt-get install openssl"

server_cn=${names[0]-localhost}
san=$(san_of "${names[@]}" localhost 127.0.0.1 ::1)

umask 077
(umask 022 && mkdir -p "$dir") || die "cannot create the folder $dir"
dir=$(cd "$dir" && pwd)
trap cleanup EXIT
trap 'exit 1' INT TERM HUP
work=$(mktemp -d "$dir/.make-certs.XXXXXX") ||
    die "cannot write into the folder $dir"
write_config
make_basic
[ "$all" = no ] || make_all
install_files
