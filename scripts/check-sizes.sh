#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
#
# ---help---
# Usage: scripts/check-sizes.sh [ROOT]
#
# Names each C file that has grown past what is pleasant to read: functions of
# more than 60 lines between their braces, .c files of more than 450 lines,
# lines of more than 80 columns. Exits 1 when there is one. A file of tests is
# a list of cases and may be longer than 450 lines.
#
# ROOT is the tree to look at, if not this one.
# ---end---
set -euo pipefail
# shellcheck source=scripts/lib.sh
. "$(dirname "$0")/lib.sh"

case ${1-} in
-h | --help) print_help "$0" && exit 0 ;;
-*) usage_error "unknown option '$1'" ;;
esac
cd "${1:-$ROOT}"

shopt -s nullglob
files=({config,certs,proxy,cmake}/*.[ch] tests/*/*.[ch])
[ "${#files[@]}" -gt 0 ] || die "there are no C files below $PWD"

# The formatting puts the braces of functions, and of nothing else, into
# lines of their own without indentation.
LC_ALL=C.UTF-8 awk -v function_max=60 -v file_max=450 -v column_max=80 '
    function check_file() {
        if (name ~ /\.c$/ && name !~ /^tests\// && lines > file_max) {
            printf "%s: %d lines; at most %d\n", name, lines, file_max
            wrong++
        }
    }

    FNR == 1 {
        check_file()
        name = FILENAME
        files++
        start = 0
    }
    { lines = FNR }

    length($0) > column_max {
        printf "%s:%d: %d columns; at most %d\n", name, FNR, length($0), \
            column_max
        wrong++
    }

    /^[a-z_].*\(/ { called = $0; sub(/\(.*/, "", called) }
    /^\{$/ { start = FNR }
    /^\}$/ && start {
        if (FNR - start - 1 > function_max) {
            printf "%s:%d: %s() has %d lines; at most %d\n", name, start, \
                called, FNR - start - 1, function_max
            wrong++
        }
        start = 0
        functions++
    }

    END {
        check_file()
        if (wrong)
            exit 1
        printf "check-sizes: %d functions in %d files are short enough\n", \
            functions, files
    }
' "${files[@]}"
