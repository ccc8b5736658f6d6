#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Measures what sidelock costs, beside the peers that Debian packages: hitch,
# haproxy (TCP mode), nginx (stream) and stunnel, all with one worker, the same
# certificate and the same backend, in turns. Prints one table; see
# docs/benchmark.md for what it holds and `bench.sh --help` for the options.
#
# Installs what is missing (as root), builds the load generator and, unless
# --sidelock names a binary, sidelock itself. Starts nothing that stays.
set -euo pipefail

cd "$(dirname "$0")/.."

BUILD_DIR=build/bench
RELEASE_BINARY=build/release/sidelock
OPEN_FILES_WANTED=20000
OPEN_FILES_NEEDED=11000

say() {
    printf 'bench: %s\n' "$*" >&2
}

fail() {
    say "$*"
    exit 1
}

# A package installed by us must neither start its service now nor at boot.
POLICY=/usr/sbin/policy-rc.d
POLICY_IS_OURS=no

remove_policy() {
    if [ "$POLICY_IS_OURS" = yes ]; then
        rm -f "$POLICY"
    fi
}

forbid_services() {
    if [ ! -e "$POLICY" ]; then
        POLICY_IS_OURS=yes
        printf '#!/bin/sh\nexit 101\n' >"$POLICY"
        chmod 755 "$POLICY"
    fi
}

keep_stopped() {
    local package=$1
    if [ -d /run/systemd/system ] &&
        systemctl is-enabled --quiet "$package" 2>/dev/null; then
        systemctl disable --quiet "$package"
    fi
}

is_installed() {
    [ "$(dpkg-query -W -f '${db:Status-Status}' "$1" 2>/dev/null)" = installed ]
}

install_missing() {
    local package missing=()
    for package in hitch haproxy nginx libnginx-mod-stream stunnel4 \
        libssl-dev openssl cmake gcc make python3; do
        is_installed "$package" || missing+=("$package")
    done
    if [ "${#missing[@]}" -eq 0 ]; then
        return
    fi
    [ "$(id -u)" -eq 0 ] || fail "run as root once to install: ${missing[*]}"
    say "installing ${missing[*]}"
    trap remove_policy EXIT
    forbid_services
    apt-get update -qq >&2
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq \
        --no-install-recommends "${missing[@]}" >&2
    for package in "${missing[@]}"; do
        keep_stopped "$package"
    done
    remove_policy
    trap - EXIT
}

build_generator() {
    local log
    log=$(mktemp)
    if ! { cmake -S tests/bench -B "$BUILD_DIR" &&
        cmake --build "$BUILD_DIR"; } >"$log" 2>&1; then
        cat "$log" >&2
        rm -f "$log"
        fail "the load generator does not build"
    fi
    rm -f "$log"
}

build_sidelock() {
    say "building sidelock"
    cmake --preset release >&2
    cmake --build --preset release >&2
}

# Prints the arguments without those that this script handles itself.
has_option() {
    local wanted=$1 argument
    shift
    for argument in "$@"; do
        case $argument in
        "$wanted" | "$wanted"=*) return 0 ;;
        esac
    done
    return 1
}

raise_open_files() {
    ulimit -n "$OPEN_FILES_WANTED" 2>/dev/null || ulimit -n "$(ulimit -Hn)"
    [ "$(ulimit -n)" -ge "$OPEN_FILES_NEEDED" ] ||
        fail "needs $OPEN_FILES_NEEDED open files, may have $(ulimit -n)"
}

main() {
    if has_option --help "$@" || has_option -h "$@"; then
        exec /usr/bin/python3 tests/bench/bench.py --build "$BUILD_DIR" --help
    fi
    install_missing
    build_generator
    raise_open_files
    local arguments=(--build "$BUILD_DIR")
    if ! has_option --sidelock "$@"; then
        if ! build_sidelock; then
            has_option --peers "$@" || fail "sidelock does not build"
            say "sidelock does not build: only the peers are measured"
        else
            arguments+=(--sidelock "$RELEASE_BINARY")
        fi
    fi
    # -B: leaves no compiled files in the source tree.
    exec /usr/bin/python3 -B tests/bench/bench.py "${arguments[@]}" "$@"
}

main "$@"
