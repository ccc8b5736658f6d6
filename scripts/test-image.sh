#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
#
# ---help---
# Usage: scripts/test-image.sh [--clean]
#
# Builds the container image and proves that it works: its size and settings,
# a TLS request through the program inside it as user 65532, its health
# command, and its exit. With a Docker engine it uses that; without one it
# needs root, makes a Debian 12 base with debootstrap and builds with buildah
# (chroot isolation, a storage of its own). The first run takes some minutes,
# later ones seconds: the base and the layers stay in the cache.
#
#   --clean   first forget the cached base and layers (buildah only)
#
# Environment: SIDELOCK_CACHE=DIR (default: ~/.cache/sidelock)
# ---end---
set -euo pipefail
# shellcheck source=scripts/lib.sh
. "$(dirname "$0")/lib.sh"

max_bytes=$((6 * 1024 * 1024))
image=sidelock-test
base=sidelock-base
store=$CACHE/image
passed=0
failed=0
work=
backend_pid=
proxy_pid=
container=

# check DESCRIPTION COMMAND...: one test.
check() {
    local what=$1
    shift
    if "$@" >"$work/check.out" 2>&1; then
        passed=$((passed + 1))
        say "ok: $what"
    else
        failed=$((failed + 1))
        say "FAILED: $what"
        sed 's/^/    /' "$work/check.out" >&2
    fi
}

# stop_process PID: ends it and returns its exit status.
stop_process() {
    local status=0
    kill -TERM "$1" 2>/dev/null || true
    wait "$1" || status=$?
    return "$status"
}

# What an image says of itself, for --format of either engine.
config_format='{{CONFIG.User}} {{CONFIG.Entrypoint}} {{CONFIG.Cmd}}'
config_format+=' {{CONFIG.Healthcheck.Test}}'

# --- one set of functions for each engine --------------------------------

buildah_() {
    buildah --root "$store/storage" --runroot "$store/run" \
        --storage-driver vfs "$@"
}

# The machine's mirror, with what apt needs to reach it.
write_apt_configuration() {
    local root=$1 mirror=$2
    printf 'deb [signed-by=%s] %s bookworm main\n' \
        /usr/share/keyrings/debian-archive-keyring.gpg "$mirror" \
        >"$root/etc/apt/sources.list"
    apt-config dump --format '%F "%v";%n' Acquire::http Acquire::https \
        Acquire::Retries Acquire::Check-Valid-Until Acquire::Check-Date \
        >"$root/etc/apt/apt.conf.d/90machine"
    if [ -d /etc/apt/auth.conf.d ]; then
        cp -r /etc/apt/auth.conf.d "$root/etc/apt/"
    fi
    if [ -r /etc/ssl/certs/ca-certificates.crt ]; then
        mkdir -p "$root/etc/ssl/certs"
        cp -L /etc/ssl/certs/ca-certificates.crt "$root/etc/ssl/certs/"
    fi
}

make_base() {
    local mirror root=$work/base
    mirror=$(debian_mirrors | head -n 1)
    [ -n "$mirror" ] || die "apt's configuration names no Debian mirror"
    say "making a Debian 12 base with debootstrap, about a minute, once"
    mkdir -p "$root"
    run_logged "$store/debootstrap.log" \
        debootstrap --variant=minbase bookworm "$root" "$mirror"
    write_apt_configuration "$root" "$mirror"
    rm -rf "$root"/var/cache/apt/archives/*.deb "$root"/var/lib/apt/lists/*
    container=$(buildah_ from scratch)
    buildah_ add --quiet "$container" "$root" / >/dev/null
    buildah_ commit --quiet --rm "$container" "$base" >/dev/null
    container=
    rm -rf "$root"
}

buildah_build_stage() {
    run_logged "$store/build.log" buildah_ build --isolation chroot --layers \
        --format docker --pull=never --build-arg "BASE=localhost/$base" \
        "$@" "$ROOT"
}

buildah_build() {
    [ "$(id -u)" -eq 0 ] || die "without a Docker engine this needs root"
    "$ROOT/scripts/setup.sh" --image
    mkdir -p "$store"
    if ! buildah_ inspect --type image "$base" >/dev/null 2>&1; then
        make_base
    fi
    say "building compilers and wolfSSL with buildah (seconds when cached)"
    buildah_build_stage --target tools --tag "$image-tools"
    say "building the image with buildah"
    buildah_build_stage --tag "$image"
    # Layers of vfs are whole copies: keep those of the tools only.
    buildah_ rmi --prune >/dev/null
    container=$(buildah_ from --pull-never "localhost/$image")
    mount=$(buildah_ mount "$container")
}

buildah_files() {
    (cd "$mount" && find . -type f)
}

buildah_size() {
    (cd "$mount" && find . -type f -printf '%s\n')
}

buildah_config() {
    buildah_ inspect --type image --format "${config_format//CONFIG/.Docker.Config}" \
        "$image"
}

buildah_give_certificates() {
    mkdir "$mount/etc/sidelock/tls"
    cp "$work/tls/server.pem" "$work/tls/server.key" "$mount/etc/sidelock/tls/"
    chown -R 65532:65532 "$mount/etc/sidelock/tls"
}

# What the image's ENTRYPOINT and CMD say, as its USER says.
buildah_exec() {
    exec env -i "${settings[@]}" \
        "$(command -v chroot)" --userspec=65532:65532 --groups= "$mount" /sidelock "$@"
}

buildah_start() {
    (buildah_exec -c /etc/sidelock/sidelock.ini) >"$work/proxy.log" 2>&1 &
    proxy_pid=$!
}

buildah_run() {
    (buildah_exec "$@")
}

buildah_stop() {
    local pid=$proxy_pid
    proxy_pid=
    stop_process "$pid"
}

buildah_clean() {
    if [ -n "$container" ]; then
        buildah_ umount "$container" >/dev/null 2>&1 || true
        buildah_ rm "$container" >/dev/null 2>&1 || true
    fi
}

docker_build() {
    say "building the image with docker"
    mkdir -p "$store"
    run_logged "$store/build.log" docker build --tag "$image" "$ROOT"
}

docker_files() {
    local id
    id=$(docker create "$image")
    docker export "$id" | tar -t | grep -v '/$'
    docker rm "$id" >/dev/null
}

docker_size() {
    docker image inspect --format '{{.Size}}' "$image"
}

docker_config() {
    docker image inspect --format "${config_format//CONFIG/.Config}" "$image"
}

docker_give_certificates() {
    chmod 755 "$work" "$work/tls"
    chmod 644 "$work/tls/server.key"
}

docker_start() {
    local setting options=()
    for setting in "${settings[@]}"; do
        options+=(--env "$setting")
    done
    container=$(docker run --detach --network host --read-only \
        --volume "$work/tls:/etc/sidelock/tls:ro" "${options[@]}" "$image")
    docker logs --follow "$container" >"$work/proxy.log" 2>&1 &
}

docker_run() {
    case $1 in
    --version) docker run --rm "$image" "$@" ;;
    *) docker exec "$container" /sidelock "$@" ;;
    esac
}

docker_stop() {
    docker stop "$container" >/dev/null
    [ "$(docker inspect --format '{{.State.ExitCode}}' "$container")" = 0 ]
}

docker_clean() {
    if [ -n "$container" ]; then
        docker rm --force "$container" >/dev/null 2>&1 || true
    fi
}

# --- the tests -------------------------------------------------------------

clean_up() {
    local pid
    for pid in $proxy_pid $backend_pid; do
        stop_process "$pid" || true
    done
    "${engine}_clean"
    if [ -n "$work" ]; then
        rm -rf "$work"
    fi
}

make_certificates() {
    mkdir "$work/tls"
    openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes \
        -keyout "$work/tls/server.key" -out "$work/tls/server.pem" \
        -days 2 -subj /CN=localhost -addext 'subjectAltName=DNS:localhost' \
        -addext 'extendedKeyUsage=serverAuth' 2>/dev/null
}

free_port() {
    /usr/bin/python3 -c 'import socket; s = socket.socket()
s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'
}

start_backend() {
    mkdir "$work/www"
    head -c 1000000 /dev/urandom >"$work/www/data"
    backend_port=$(free_port)
    /usr/bin/python3 -m http.server --bind 127.0.0.1 \
        --directory "$work/www" "$backend_port" >"$work/backend.log" 2>&1 &
    backend_pid=$!
    wait_until 30 curl -sf -o /dev/null "http://127.0.0.1:$backend_port/data" ||
        die "the plain HTTP server did not start: $(cat "$work/backend.log")"
}

fetch() {
    curl -sS --fail --tlsv1.3 --cacert "$work/tls/server.pem" \
        --resolve "localhost:$port:127.0.0.1" "$@" \
        "https://localhost:$port/data"
}

test_size() {
    [ "$1" -gt 0 ] && [ "$1" -le "$max_bytes" ]
}

test_files() {
    local files
    files=$("${engine}_files" | sed 's|^\./||' | sort)
    printf '%s\n' "$files"
    if [ "$engine" = docker ]; then
        # the engine puts its own mount points into a container
        files=$(grep -vE '^(dev/|etc/(hostname|hosts|mtab|resolv.conf)|\.docker)' \
            <<<"$files")
    fi
    [ "$files" = $'etc/sidelock/sidelock.ini\nsidelock' ]
}

test_config() {
    local config
    config=$("${engine}_config")
    printf '%s\n' "$config"
    [ "$config" = "65532:65532 [/sidelock] [-c /etc/sidelock/sidelock.ini]\
 [CMD /sidelock health -c /etc/sidelock/sidelock.ini]" ]
}

test_tls13_bytes() {
    fetch -o "$work/fetched" -v 2>&1 | grep -E 'SSL connection|TLSv1.3' &&
        cmp "$work/fetched" "$work/www/data"
}

test_log() {
    cat "$work/proxy.log"
    grep -q 'TLSv1.3' "$work/proxy.log"
}

run_program() {
    "${engine}_run" "$@"
}

# Without the program behind it, the health command must say no: exit 1.
test_sick() {
    local status=0
    run_program health -c /etc/sidelock/sidelock.ini || status=$?
    [ "$status" -eq 1 ]
}

for argument; do
    case $argument in
    --clean) rm -rf "$store" ;;
    -h | --help) print_help "$0" && exit 0 ;;
    *) usage_error "unknown argument '$argument'" ;;
    esac
done

engine=buildah
if have docker && docker info >/dev/null 2>&1; then
    engine=docker
fi
work=$(mktemp -d "${TMPDIR:-/tmp}/sidelock-image.XXXXXX")
trap clean_up EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

"${engine}_build"
bytes=$("${engine}_size" | awk '{ sum += $1 } END { print sum + 0 }')
say "the image holds $bytes bytes"
check "the image is at most 6 MiB ($max_bytes bytes)" test_size "$bytes"
check "it holds the program, its settings and nothing else" test_files
check "it runs as 65532 and checks its own health" test_config

make_certificates
start_backend
port=$(free_port)
settings=(
    "SIDELOCK_SERVICE_LISTEN=127.0.0.1:$port"
    "SIDELOCK_SERVICE_BACKEND=127.0.0.1:$backend_port"
    SIDELOCK_CERTIFICATE_CERT=/etc/sidelock/tls/server.pem
    SIDELOCK_CERTIFICATE_KEY=/etc/sidelock/tls/server.key
)
check "the program says its version" run_program --version
"${engine}_give_certificates"
"${engine}_start"
check "it serves TLS" wait_until 30 fetch -o /dev/null
check "a megabyte arrives unchanged over TLS 1.3" test_tls13_bytes
check "the log names the connection's protocol" test_log
check "the health command says yes" \
    run_program health -c /etc/sidelock/sidelock.ini
check "it ends with status 0 when told to" "${engine}_stop"
if [ "$engine" = buildah ]; then
    check "the health command says no once it has ended" test_sick
fi

printf '%s passed, %s failed\n' "$passed" "$failed"
[ "$failed" -eq 0 ]
