#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Measures what sidelock costs beside the peers that Debian packages: hitch,
# haproxy (TCP mode), nginx (stream) and stunnel, each with one worker, the
# same certificate and the same backend, in turns. Prints one table; what it
# holds is in docs/benchmark.md, the options are in `bench.sh --help`.
#
# Installs what is missing (as root), builds the load generator and, unless
# --sidelock names a binary, sidelock itself. Leaves nothing running.
set -euo pipefail
# shellcheck source=scripts/lib.sh
. "$(dirname "$0")/lib.sh"

build_dir=$ROOT/build/bench
release_binary=$ROOT/build/release/sidelock
# 5,000 connections take two descriptors each in a proxy.
open_files_wanted=20000
open_files_needed=11000

# has_option NAME ARGUMENT...: is the option among the arguments?
has_option() {
    local wanted=$1 argument
    shift
    for argument; do
        case $argument in
        "$wanted" | "$wanted"=*) return 0 ;;
        esac
    done
    return 1
}

build_sidelock() {
    say "building sidelock"
    (cd "$ROOT" && run_logged "$CACHE/bench-release.log" \
        cmake --preset release) &&
        (cd "$ROOT" && run_logged "$CACHE/bench-release.log" \
            cmake --build --preset release)
}

# build_generator WOLFSSL: the latter is the directory of wolfSSL, or empty.
build_generator() {
    run_logged "$CACHE/bench-build.log" cmake -S "$ROOT/tests/bench" \
        -B "$build_dir" -DBENCH_WOLFSSL_ROOT="$1" &&
        run_logged "$CACHE/bench-build.log" cmake --build "$build_dir"
}

raise_open_files() {
    ulimit -n "$open_files_wanted" 2>/dev/null || ulimit -n "$(ulimit -Hn)"
    [ "$(ulimit -n)" -ge "$open_files_needed" ] ||
        die "$open_files_needed open files are needed, $(ulimit -n) are" \
            "allowed; raise the hard limit (ulimit -Hn) or run as root"
}

# Python is Debian's; -B: no compiled files in the source tree.
run_bench() {
    exec /usr/bin/python3 -B "$ROOT/tests/bench/bench.py" \
        --build "$build_dir" "$@"
}

if has_option --help "$@" || has_option -h "$@"; then
    run_bench --help
fi
"$ROOT/scripts/setup.sh" --bench
ours=()
if has_option --sidelock "$@"; then
    wolfssl=$("$ROOT/cmake/build-wolfssl.sh")
elif build_sidelock; then
    wolfssl=$("$ROOT/cmake/build-wolfssl.sh")
    ours=(--sidelock "$release_binary")
elif has_option --peers "$@"; then
    say "sidelock does not build: only the peers are measured"
    wolfssl=
else
    die "sidelock does not build"
fi
build_generator "$wolfssl" || die "the load generator does not build"
raise_open_files
run_bench "${ours[@]}" "$@"
