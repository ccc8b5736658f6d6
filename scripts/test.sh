#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
#
# ---help---
# Usage: scripts/test.sh [--quick] [--fuzz-seconds N]
#
# Installs what is needed, builds sidelock and runs its tests:
#
#   1. unit tests and the fuzzers' corpora, release build
#   2. the same under AddressSanitizer, LeakSanitizer and UBSan
#   3. the same under ThreadSanitizer
#   4. each fuzzer for some seconds on new inputs (libFuzzer, clang)
#   5. system tests that need threads, under ThreadSanitizer
#   6. all system tests on the release build: real clients, real servers
#   7. beside them the same, except the largest, under AddressSanitizer
#
# Every stage runs, also after one has failed; the exit status is 0 only when
# all have passed.
#
#   --quick           only stages 1 and 6
#   --fuzz-seconds N  for each fuzzer of stage 4 (default: 4; 0: leave it out)
# ---end---
set -euo pipefail
# shellcheck source=scripts/lib.sh
. "$(dirname "$0")/lib.sh"

quick=no
fuzz_seconds=4
beside_log=build/pytest-asan.log
beside_pid=
failures=()

# stage DESCRIPTION COMMAND...: runs it, notes its failure, goes on.
stage() {
    local what=$1
    shift
    say "--- $what"
    "$@" || failures+=("$what")
}

# build PRESET [OPTION...]: quiet unless it fails.
build() {
    local preset=$1
    shift
    mkdir -p build
    run_logged "build/configure-$preset.log" cmake --preset "$preset" &&
        run_logged "build/build-$preset.log" \
            cmake --build "build/$preset" "$@"
}

run_ctest() {
    build "$1" && ctest --test-dir "build/$1" --output-on-failure \
        --label-regex '^(unit|fuzz)$' --no-tests=error --parallel "$(nproc)"
}

# run_pytest PRESET SCALE [OPTION...]
run_pytest() {
    local preset=$1 scale=$2
    shift 2
    build "$preset" || return 1
    SIDELOCK_BINARY=$ROOT/build/$preset/sidelock SIDELOCK_TEST_SCALE=$scale \
        SIDELOCK_REQUIRE_ALL=1 \
        /usr/bin/python3 -m pytest -q tests/system "$@"
}

# What the run beside the others said.
wait_for_beside() {
    local status=0
    wait "$beside_pid" || status=$?
    cat "$beside_log"
    return "$status"
}

# run_fuzzer NAME FOLDER: it starts from its corpus and keeps what it finds out
# of the tree.
run_fuzzer() {
    local name=$1 work=$2/$1
    mkdir "$work"
    say "$name: $fuzz_seconds s"
    run_logged "build/fuzz/$name.log" "build/fuzz/$name" \
        -max_total_time="$fuzz_seconds" -timeout=60 -rss_limit_mb=2048 \
        -artifact_prefix="$ROOT/build/fuzz/$name-" \
        "$work" "tests/fuzz/corpus/${name#fuzz_}" && return 0
    say "the input that broke it is in build/fuzz/$name-*"
    return 1
}

# As many at a time as there are processors.
run_fuzzers() {
    local fuzzer work status=0
    build fuzz --target fuzzers || return 1
    work=$(mktemp -d "${TMPDIR:-/tmp}/sidelock-fuzz.XXXXXX")
    for fuzzer in tests/fuzz/fuzz_*.c; do
        while [ "$(jobs -rp | wc -l)" -ge "$(nproc)" ]; do
            wait -n || true # what failed is in a file
        done
        { run_fuzzer "$(basename "$fuzzer" .c)" "$work" ||
            touch "$work/failed"; } &
    done
    wait
    [ ! -e "$work/failed" ] || status=1
    rm -rf "$work"
    return "$status"
}

while [ $# -gt 0 ]; do
    case $1 in
    --quick) quick=yes ;;
    --fuzz-seconds)
        fuzz_seconds=${2-}
        [[ $fuzz_seconds =~ ^[0-9]+$ ]] ||
            usage_error "--fuzz-seconds needs a number"
        shift
        ;;
    -h | --help) print_help "$0" && exit 0 ;;
    *) usage_error "unknown argument '$1'" ;;
    esac
    shift
done

cd "$ROOT"
"$ROOT/scripts/setup.sh" --test

stage "unit tests, release" run_ctest release
if [ "$quick" = no ]; then
    stage "unit tests, AddressSanitizer" run_ctest asan
    stage "unit tests, ThreadSanitizer" run_ctest tsan
    if [ "$fuzz_seconds" -gt 0 ]; then
        stage "fuzzers on new inputs" run_fuzzers
    fi
    stage "system tests, ThreadSanitizer" run_pytest tsan 16 -m threaded
    # Tests wait most of their time, for programs to start and connections to
    # end: two runs beside each other take hardly longer than one.
    run_pytest asan 16 -m 'not huge and not slow' >"$beside_log" 2>&1 &
    beside_pid=$!
fi
stage "system tests, release" run_pytest release 1
if [ "$quick" = no ]; then
    stage "system tests, AddressSanitizer" wait_for_beside
fi

if [ "${#failures[@]}" -gt 0 ]; then
    for failure in "${failures[@]}"; do
        say "FAILED: $failure"
    done
    exit 1
fi
