#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
#
# ---help---
# Usage: scripts/check.sh [--quick] [CHECK...]
#
# Checks the source without running the program: one line for each check, "ok"
# or "FAILED" with what it found. Every check runs, also after one has failed;
# the exit status is 0 only when all are good. Installs what is missing.
#
#   format   C files are as clang-format 14 would write them
#   gcc      the program and its tests compile without a warning: gcc, -O2
#   clang    the same: clang 14, -Og
#   bench    the benchmark's load generator, too: gcc and clang
#   tidy     clang-tidy 14 finds nothing (.clang-tidy)
#   cppcheck cppcheck finds nothing
#   shell    shellcheck finds nothing in the scripts
#   python   the Python files compile
#   licence  every source file names its licence in its first lines
#   arrows   no #include goes against the design (scripts/check-arrows.sh)
#   sizes    functions, files and lines are short (scripts/check-sizes.sh)
#   keys     every key is documented (scripts/check-keys.sh)
#   errors   docs/errors.md is as the program prints it
#            (scripts/check-errors.sh)
#   words    every close reason and log event is (scripts/check-log-words.sh)
#   links    links in Markdown lead somewhere (scripts/check-links.py)
#   planted  the checks of our own find a fault of each kind
#            (scripts/check-planted.sh)
#
#   --quick  only those that take seconds: not gcc, clang, bench and tidy
#   CHECK    only these
# ---end---
set -euo pipefail
# shellcheck source=scripts/lib.sh
. "$(dirname "$0")/lib.sh"

all=(format gcc clang bench tidy cppcheck shell python licence arrows sizes
    keys errors words links planted)
slow=(gcc clang bench tidy)
# A check's status when a package for it is missing, and nothing else.
NOT_POSSIBLE=77
wanted=()
passed=0
failed=0
work=''

cleanup() {
    [ -z "$work" ] || rm -rf "$work"
}

# is_among WORD LIST...
is_among() {
    local word=$1 other
    shift
    for other; do
        [ "$word" != "$other" ] || return 0
    done
    return 1
}

# files PATTERN...: files of the source tree whose names match one of them,
# each with a zero byte behind it.
files() {
    local pattern tests=()
    for pattern; do
        tests+=(-o -name "$pattern")
    done
    find . \( -path ./build -o -path ./.git -o -name __pycache__ \) -prune \
        -o -type f \( "${tests[@]:1}" \) -print0 | sort -z
}

# A check prints what it finds and fails when that is something.

check_format() {
    files '*.[ch]' | xargs -0 clang-format-14 --dry-run -Werror
}

# build NAME COMPILER TYPE: with every warning an error.
build() {
    local dir=build/check-$1
    # Both compilers see one wolfSSL: it is not what is checked here.
    cmake --preset debug -B "$dir" -DCMAKE_C_COMPILER="$2" \
        -DCMAKE_BUILD_TYPE="$3" -DSIDELOCK_WERROR=ON \
        -DSIDELOCK_WOLFSSL_ROOT="$(cmake/build-wolfssl.sh)" \
        >"$work/configure" 2>&1 || { cat "$work/configure" && return 1; }
    # -k 0: all warnings in one run.
    cmake --build "$dir" -- -k 0 >"$work/build" 2>&1 ||
        { grep -v '^\[' "$work/build" && return 1; }
}

check_gcc() {
    build gcc gcc Release
}

check_clang() {
    build clang clang-14 Debug
}

# build_bench COMPILER FLAGS
build_bench() {
    local dir=build/check-bench-$1
    cmake -S tests/bench -B "$dir" -G Ninja -DCMAKE_C_COMPILER="$1" \
        -DCMAKE_C_FLAGS="-Werror $2" \
        -DBENCH_WOLFSSL_ROOT="$(cmake/build-wolfssl.sh)" \
        >"$work/configure" 2>&1 || { cat "$work/configure" && return 1; }
    cmake --build "$dir" -- -k 0 >"$work/build" 2>&1 ||
        { grep -v '^\[' "$work/build" && return 1; }
}

check_bench() {
    local status=0
    printf '#include <openssl/ssl.h>\n' | cc -fsyntax-only -x c - ||
        { echo "libssl-dev is missing" && return "$NOT_POSSIBLE"; }
    build_bench gcc '' || status=1
    # A macro of OpenSSL's headers casts const away, which only clang minds.
    build_bench clang-14 -Wno-error=cast-qual || status=1
    return "$status"
}

# The compile commands are those of the clang build; a configuration is enough.
check_tidy() {
    local commands=build/check-clang/compile_commands.json
    # CMake looks for new files itself, when it is asked to build.
    cmake --preset debug -B build/check-clang -DCMAKE_C_COMPILER=clang-14 \
        -DSIDELOCK_WERROR=ON \
        -DSIDELOCK_WOLFSSL_ROOT="$(cmake/build-wolfssl.sh)" \
        >"$work/configure" 2>&1 || { cat "$work/configure" && return 1; }
    # __NO_CTYPE: tolower() is a call then, not a macro whose branches would
    # count as ours.
    sed -n 's/^ *"file": "\(.*\)",\{0,1\}$/\1/p' "$commands" | sort -u |
        xargs -P "$(nproc)" -n 1 clang-tidy-14 -p build/check-clang --quiet \
            --extra-arg=-D__NO_CTYPE \
            >"$work/tidy" 2>"$work/tidy.errors" && return
    # One line for each: two processes can find the same in one header.
    sed -n -E "s|^$PWD/(.*: (error\|warning): )|\1|p" "$work/tidy" | sort -u
    sed -n '/^Error/p' "$work/tidy.errors"
    echo "more of each: clang-tidy-14 -p build/check-clang FILE"
    return 1
}

check_cppcheck() {
    local queue ids id options=()
    # It does not know the lists of <sys/queue.h>.
    queue=$(printf '#include <sys/queue.h>\n' | cc -M -x c - |
        grep -oE '[^ ]*/sys/queue\.h')
    # Of its two checks for uninitialized data the older one takes an array
    # that is filled through a function for uninitialized; the others are
    # matters of style that we decide otherwise (C declares at the top).
    ids=(legacyUninitvar variableScope redundantContinue knownConditionTrueFalse
        unusedStructMember missingIncludeSystem)
    for id in "${ids[@]}"; do
        options+=(--suppress="$id")
    done
    cppcheck --quiet --std=c11 --language=c --error-exitcode=1 -j "$(nproc)" \
        --enable=warning,style,performance,portability --inline-suppr \
        -I . -D_GNU_SOURCE -D__GNUC__ '-DSIDELOCK_VERSION="0"' \
        '-DSIDELOCK_SOURCE_DIR="."' --include="$queue" "${options[@]}" \
        config certs proxy cmake tests
}

# Scripts by their name or, without one, by their first line.
print_scripts() {
    files '*.sh'
    find . \( -path ./build -o -path ./.git \) -prune -o \
        -type f ! -name '*.*' -perm -u+x -print0 |
        xargs -0 -r grep -lZ -m 1 -E '^#!.*[/ ](ba)?sh$' || true
}

check_shell() {
    print_scripts | xargs -0 shellcheck --external-sources --source-path=.
}

check_python() {
    files '*.py' | xargs -0 /usr/bin/python3 -c '
import sys
status = 0
for name in sys.argv[1:]:
    try:
        with open(name, "rb") as file:
            compile(file.read(), name, "exec")
    except (SyntaxError, ValueError) as error:
        print(f"{name}: {error}")
        status = 1
sys.exit(status)'
}

check_licence() {
    local file status=0
    while IFS= read -r -d '' file; do
        head -n 3 "$file" |
            grep -q 'SPDX-License-Identifier: GPL-3.0-or-later' && continue
        printf '%s: no SPDX-License-Identifier in its first lines\n' "$file"
        status=1
    done < <(files '*.[ch]' '*.sh' '*.py' '*.cmake' '*.js' '*.java' \
        CMakeLists.txt Dockerfile)
    return "$status"
}

check_arrows() {
    scripts/check-arrows.sh
}

check_sizes() {
    scripts/check-sizes.sh
}

check_keys() {
    scripts/check-keys.sh
}

check_errors() {
    scripts/check-errors.sh
}

check_words() {
    scripts/check-log-words.sh
}

check_links() {
    scripts/check-links.py
}

check_planted() {
    scripts/check-planted.sh
}

# run NAME: one check and its line.
run() {
    local start=$SECONDS word status=0
    "check_$1" >"$work/output" 2>&1 || status=$?
    case $status in
    0) word=ok && passed=$((passed + 1)) ;;
    "$NOT_POSSIBLE") word=skipped ;;
    *) word=FAILED && failed=$((failed + 1)) ;;
    esac
    printf '%-9s %-7s %4d s\n' "$1" "$word" "$((SECONDS - start))"
    if [ "$word" != ok ]; then
        sed 's/^/    /' "$work/output"
    fi
}

for argument; do
    case $argument in
    --quick)
        for name in "${all[@]}"; do
            is_among "$name" "${slow[@]}" || wanted+=("$name")
        done
        ;;
    -h | --help) print_help "$0" && exit 0 ;;
    *)
        is_among "$argument" "${all[@]}" ||
            usage_error "unknown check '$argument'"
        wanted+=("$argument")
        ;;
    esac
done
[ "${#wanted[@]}" -gt 0 ] || wanted=("${all[@]}")

cd "$ROOT"
"$ROOT/scripts/setup.sh" --test
work=$(mktemp -d "${TMPDIR:-/tmp}/sidelock-check.XXXXXX")
trap cleanup EXIT
trap 'exit 130' INT
trap 'exit 143' TERM
for name in "${wanted[@]}"; do
    run "$name"
done
printf '%d passed, %d failed\n' "$passed" "$failed"
[ "$failed" -eq 0 ]
