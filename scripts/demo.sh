#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
#
# ---help---
# Usage: scripts/demo.sh [--keep]
#
# Shows what sidelock does, with real programs: Python's plain HTTP server
# behind it, curl and openssl in front of it. Each step prints what it proves;
# the demonstration ends with status 1 when a proof fails.
#
# Installs what is missing (as root), builds the program, makes certificates
# in a temporary folder, uses free ports of 127.0.0.1 only, and leaves nothing
# behind but the build. The first run takes some minutes, the next ones
# seconds.
#
#   --keep   leave it running at the end, and say how to reach and stop it
# ---end---
set -euo pipefail
# shellcheck source=scripts/lib.sh
. "$(dirname "$0")/lib.sh"

FILE_MIB=64
RATE=10M # bytes a second: the long download takes more than six seconds
PATIENCE=30

step=0
title='the start'
keep=no
reported=no
work=''
server_pid=''
sidelock_pid=''
download_pid=''
binary=$ROOT/build/release/sidelock

bold='' green='' red='' plain=''
if [ -t 1 ] && [ -z "${NO_COLOR-}" ]; then
    bold=$'\e[1m' green=$'\e[32m' red=$'\e[31m' plain=$'\e[0m'
fi

# --- talking ---------------------------------------------------------------

# begin TITLE...: the next step.
begin() {
    step=$((step + 1))
    title=$*
    printf '\n%s[%d/%d] %s%s\n' "$bold" "$step" "${#steps[@]}" "$title" "$plain"
}

tell() {
    printf '      %s\n' "$*"
}

# Standard input, indented.
show() {
    sed 's/^/      /'
}

proved() {
    printf '      %sproved:%s %s\n' "$green" "$plain" "$*"
}

fail() {
    reported=yes
    printf '\n%sfailed in step %d (%s):%s %s\n' "$red" "$step" "$title" \
        "$plain" "$*" >&2
    exit 1
}

# --- processes -------------------------------------------------------------

is_gone() {
    ! kill -0 "$1" 2>/dev/null
}

# stop PID: ends a process of ours, by force when it takes too long, and
# returns its exit status.
stop() {
    local status=0
    kill -TERM "$1" 2>/dev/null || true
    wait_until 15 is_gone "$1" || kill -KILL "$1" 2>/dev/null || true
    wait "$1" 2>/dev/null || status=$?
    return "$status"
}

show_logs() {
    local file
    for file in "$work"/*.log; do
        [ -s "$file" ] || continue
        printf -- '--- the end of %s\n' "${file##*/}" >&2
        tail -n 20 "$file" >&2
    done
}

# On every way out: what we started is stopped, what we wrote is removed.
clean_up() {
    local status=$? pid
    trap - EXIT
    # Over 128: somebody ended it.
    if [ "$status" -ne 0 ] && [ "$status" -le 128 ]; then
        [ "$reported" = yes ] ||
            printf '\nended in step %d (%s), status %d\n' "$step" "$title" \
                "$status" >&2
        [ -z "$work" ] || show_logs
    fi
    for pid in $download_pid $sidelock_pid $server_pid; do
        stop "$pid" || true
    done
    [ -z "$work" ] || rm -rf "$work"
    exit "$status"
}

# --- sidelock's log --------------------------------------------------------

log_has() {
    grep -q -- "$1" "$work/sidelock.log"
}

# log_wait WORDS: until a line of the log has them.
log_wait() {
    wait_until "$PATIENCE" log_has "$1" ||
        fail "sidelock did not log '$1' within $PATIENCE seconds"
}

# log_value KEY WORDS: the key's value in the last line with these words.
log_value() {
    grep -- "$2" "$work/sidelock.log" | tail -n 1 |
        sed -n -E "s/.* $1=(\"([^\"]*)\"|([^ ]*)).*/\2\3/p"
}

# --- clients ---------------------------------------------------------------

# No settings of the user, no proxy: straight to 127.0.0.1.
curl_() {
    curl -q -4 --noproxy '*' --silent --show-error --fail --max-time 120 "$@"
}

# curl_tls PORT PATH [OPTION...]: over TLS, trusting our CA only.
curl_tls() {
    curl_ --cacert "$work/tls/ca.pem" "https://localhost:$1/$2" "${@:3}"
}

# The serial that a new connection is shown.
served_serial() {
    openssl s_client -connect "127.0.0.1:$port" -servername localhost \
        -CAfile "$work/tls/ca.pem" -verify_return_error \
        </dev/null 2>>"$work/openssl.log" |
        openssl x509 -noout -serial 2>>"$work/openssl.log" | cut -d = -f 2
}

file_serial() {
    openssl x509 -in "$1" -noout -serial | cut -d = -f 2
}

# --- the steps -------------------------------------------------------------

install_needs() {
    begin "Install what is needed"
    "$ROOT/scripts/setup.sh" --demo 2>&1 | show
}

build_sidelock() {
    begin "Build sidelock"
    tell "the first time this compiles wolfSSL with its assembly, too"
    "$ROOT/cmake/build-wolfssl.sh" 2>&1 >/dev/null | show
    (cd "$ROOT" && run_logged "$work/build.log" cmake --preset release &&
        run_logged "$work/build.log" \
            cmake --build build/release --target sidelock) ||
        fail "it does not build"
    "$binary" --version | show
    tell "$binary, $(($(stat -c %s "$binary") / 1024)) KiB," \
        "needs no shared library"
    rm "$work/build.log"
}

make_certificates() {
    begin "Make a throwaway CA, a server's and a client's certificate"
    "$ROOT/scripts/make-certs.sh" "$work/tls" >"$work/certs.txt"
    grep -E '^(ca|server|client)\.(pem|key) ' "$work/certs.txt" | show
}

start_server() {
    begin "Start an unmodified plaintext server"
    mkdir "$work/www"
    printf 'Hello from a server that knows no TLS.\n' >"$work/www/hello"
    head -c "$((FILE_MIB * 1024 * 1024))" /dev/urandom >"$work/www/big"
    setsid /usr/bin/python3 -u -m http.server 0 --bind 127.0.0.1 \
        --directory "$work/www" >"$work/server.log" 2>&1 &
    server_pid=$!
    wait_until "$PATIENCE" grep -q '^Serving HTTP' "$work/server.log" ||
        fail "the HTTP server did not start"
    server_port=$(sed -n -E 's/^Serving HTTP on .* port ([0-9]+) .*/\1/p' \
        "$work/server.log")
    tell "python3 -m http.server, on 127.0.0.1:$server_port"
    tell "\$ curl http://127.0.0.1:$server_port/hello"
    curl_ "http://127.0.0.1:$server_port/hello" | show
}

# Two at once, so that they are not the same.
choose_ports() {
    read -r port members_port < <(/usr/bin/python3 -c 'import socket
both = [socket.create_server(("127.0.0.1", 0)) for _ in range(2)]
print(*[one.getsockname()[1] for one in both])')
}

write_settings() {
    cat >"$work/sidelock.ini" <<END
[service web]
listen = 127.0.0.1:$port
backend = 127.0.0.1:$server_port
certificate = server

[service members]
listen = 127.0.0.1:$members_port
backend = 127.0.0.1:$server_port
certificate = server
required_level = peer

[certificate server]
cert = $work/tls/server.pem
key = $work/tls/server.key
server_name = localhost

[clients members]
ca = $work/tls/ca.pem
allow_all = yes

[timeouts]
drain = 10s

[reload]
watch = 0

[admin]
listen = unix:$work/admin.sock
END
}

start_sidelock() {
    begin "Put sidelock in front of it"
    choose_ports
    write_settings
    show <"$work/sidelock.ini"
    "$binary" check -c "$work/sidelock.ini" >"$work/check.txt" ||
        { show <"$work/check.txt" && fail "sidelock check finds a fault"; }
    setsid "$binary" -c "$work/sidelock.ini" >"$work/sidelock.log" 2>&1 &
    sidelock_pid=$!
    log_wait event=ready
    old_serial=$(log_value serial 'event=status service=web')
    [ "$old_serial" = "$(file_serial "$work/tls/server.pem")" ] ||
        fail "the log's serial $old_serial is not that of server.pem"
    tell "web:     https://localhost:$port/"
    tell "members: https://localhost:$members_port/ (clients with certificates)"
    tell "status:  $(log_value status 'event=status service=web'), serial" \
        "$old_serial"
}

fetch_over_tls() {
    begin "Fetch through it over TLS 1.3"
    tell "\$ curl --tlsv1.3 --cacert ca.pem https://localhost:$port/hello"
    curl_tls "$port" hello --tlsv1.3 -v -o "$work/hello" 2>"$work/curl.log" ||
        fail "curl could not fetch"
    show <"$work/hello"
    sed -n -E 's/^\* +(SSL connection using .*|SSL certificate verify ok.*)/\1/p' \
        "$work/curl.log" | tr -d '\r' | show
    cmp -s "$work/hello" "$work/www/hello" || fail "other bytes arrived"
    grep -q 'SSL connection using TLSv1.3' "$work/curl.log" ||
        fail "this was not TLS 1.3"
    log_wait 'event=connection.*reason=done'
    tell "negotiated: $(log_value tls reason=done)" \
        "$(log_value cipher reason=done), key exchange" \
        "$(log_value group reason=done)"
    rm "$work/curl.log"
    proved "the server speaks TLS 1.3 now, and nobody touched it"
}

ask_for_certificates() {
    begin "Let in who has a certificate, and nobody else"
    tell "\$ curl --cert client.pem --key client.key" \
        "https://localhost:$members_port/hello"
    curl_tls "$members_port" hello --cert "$work/tls/client.pem" \
        --key "$work/tls/client.key" | show
    log_wait 'service=members.*reason=done'
    tell "log: $(log_value tls 'service=members.*reason=done')" \
        "$(log_value identity 'service=members.*reason=done')"
    if curl_tls "$members_port" hello >/dev/null 2>&1; then
        fail "a client without a certificate came in"
    fi
    log_wait 'service=members.*reason=client_refused'
    tell "without one: refused," \
        "$(log_value detail 'service=members.*reason=client_refused')"
    proved "only clients of our CA reach the members' service"
}

downloaded_bytes() {
    stat -c %s "$work/download" 2>/dev/null || echo 0
}

has_begun() {
    [ "$(downloaded_bytes)" -gt 1000000 ]
}

reload_during_download() {
    local new_serial served bytes
    begin "Replace the certificate during a long download"
    curl_tls "$port" big --limit-rate "$RATE" -o "$work/download" &
    download_pid=$!
    wait_until "$PATIENCE" has_begun || fail "the download did not begin"
    tell "a download of $FILE_MIB MiB, $RATE bytes a second, is on its way"
    "$ROOT/scripts/make-certs.sh" "$work/tls" >/dev/null
    new_serial=$(file_serial "$work/tls/server.pem")
    [ "$new_serial" != "$old_serial" ] || fail "the certificate is the old one"
    tell "server.pem and server.key are replaced; \$ kill -HUP $sidelock_pid"
    kill -HUP "$sidelock_pid"
    log_wait 'event=reload outcome='
    log_has 'event=reload outcome=success' ||
        fail "the reload failed: $(log_value error event=reload)"
    tell "log: reload, outcome=$(log_value outcome event=reload)," \
        "$(log_value duration_ms event=reload) ms," \
        "generation $(log_value generation event=reload)"
    served=$(served_serial) || fail "no certificate came back"
    tell "a new connection is shown serial $served"
    tell "                          it was $old_serial"
    [ "$served" = "$new_serial" ] || fail "that is not the new certificate"

    # What sidelock itself says of the old connection, now.
    kill -USR2 "$sidelock_pid"
    log_wait 'event=dump.* gen=1$'
    bytes=$(downloaded_bytes)
    is_gone "$download_pid" && fail "the download has ended too early"
    [ "$bytes" -lt "$((FILE_MIB * 1024 * 1024))" ] ||
        fail "the download has ended too early"
    download_conn=$(log_value conn 'event=dump.* gen=1$')
    tell "the download goes on: $((bytes / 1024 / 1024)) of $FILE_MIB MiB," \
        "connection $download_conn," \
        "state=$(log_value state 'event=dump.* gen=1$'), still of generation 1"
    proved "new clients get the new certificate, old connections live on"
}

finish_download() {
    local wanted got
    begin "Let the download end"
    wait "$download_pid" || fail "curl ended with status $?"
    download_pid=''
    wanted=$(sha256_of "$work/www/big")
    got=$(sha256_of "$work/download")
    tell "SHA-256 of the file     $wanted"
    tell "SHA-256 of the download $got"
    [ "$wanted" = "$got" ] || fail "the bytes differ"
    log_wait "event=connection conn=$download_conn .*reason=done gen=1\$"
    proved "the reload cost it not a byte"
}

break_the_key() {
    local served before
    begin "Try a key that does not belong to the certificate"
    before=$(served_serial) || fail "no certificate came back"
    (umask 077 && openssl genpkey -algorithm EC \
        -pkeyopt ec_paramgen_curve:P-256 2>>"$work/openssl.log" \
        >"$work/tls/server.key.other")
    cp -p "$work/tls/server.key" "$work/tls/server.key.good"
    mv "$work/tls/server.key.other" "$work/tls/server.key"
    tell "\$ sidelock reload -c sidelock.ini"
    "$binary" reload -c "$work/sidelock.ini" >"$work/reload.txt" &&
        fail "the reload did not fail: $(cat "$work/reload.txt")"
    fold -s -w 72 "$work/reload.txt" | show
    grep -q 'SL-KEY-MISMATCH' "$work/reload.txt" ||
        fail "that is not why it was to fail"
    served=$(served_serial) || fail "no certificate came back"
    tell "a new connection is shown serial $served"
    [ "$served" = "$before" ] || fail "that is not the serial of before"
    mv "$work/tls/server.key.good" "$work/tls/server.key"
    proved "a reload that cannot work changes nothing"
}

say_status() {
    begin "Ask for the status words"
    tell "\$ sidelock reload -c sidelock.ini; sidelock status -c sidelock.ini"
    "$binary" reload -c "$work/sidelock.ini" >"$work/reload.txt" ||
        fail "the reload failed: $(cat "$work/reload.txt")"
    "$binary" status -c "$work/sidelock.ini" >"$work/status.txt" ||
        fail "sidelock status warns: $(cat "$work/status.txt")"
    fold -s -w 72 "$work/status.txt" | show
    tell "\$ sidelock health -c sidelock.ini"
    "$binary" health -c "$work/sidelock.ini" >"$work/health.txt" ||
        fail "sidelock health finds no service: $(cat "$work/health.txt")"
    show <"$work/health.txt"
    [ "$(grep -c 'Secure to localhost' "$work/health.txt")" -eq 2 ] ||
        fail "the words are not 'Secure to localhost'"
    proved "both services show what they should, to whoever connects now"
}

stop_all() {
    local status=0
    begin "Stop"
    stop "$sidelock_pid" || status=$?
    sidelock_pid=''
    log_has 'event=drain state=finished' || fail "sidelock did not drain"
    [ "$status" -eq 0 ] || fail "sidelock ended with status $status"
    tell "sidelock has drained and ended with status 0"
    stop "$server_pid" || true
    server_pid=''
    rm -rf "$work"
    work=''
    tell "the server has ended, the temporary folder is gone"
    proved "it leaves as cleanly as it came"
}

leave_running() {
    begin "Leave it running"
    show <<END
reach it     curl --cacert $work/tls/ca.pem https://localhost:$port/hello
with a       curl --cacert $work/tls/ca.pem --cert $work/tls/client.pem \\
certificate      --key $work/tls/client.key https://localhost:$members_port/hello
its log      tail -f $work/sidelock.log
renew, then  scripts/make-certs.sh $work/tls
reload       build/release/sidelock reload -c $work/sidelock.ini
status       build/release/sidelock status -c $work/sidelock.ini
stop all     kill $sidelock_pid $server_pid; rm -r $work
END
    sidelock_pid=''
    server_pid=''
    work=''
}

for argument; do
    case $argument in
    --keep) keep=yes ;;
    -h | --help) print_help "$0" && exit 0 ;;
    *) usage_error "unknown argument '$argument'" ;;
    esac
done

steps=(install_needs build_sidelock make_certificates start_server
    start_sidelock fetch_over_tls ask_for_certificates reload_during_download
    finish_download break_the_key say_status)
if [ "$keep" = yes ]; then
    steps+=(leave_running)
else
    steps+=(stop_all)
fi

trap clean_up EXIT
trap 'exit 130' INT
trap 'exit 143' TERM
trap 'exit 129' HUP
work=$(mktemp -d "${TMPDIR:-/tmp}/sidelock-demo.XXXXXX")
for run in "${steps[@]}"; do
    "$run"
done
printf '\n%sAll %d steps succeeded.%s\n' "$bold" "$step" "$plain"
