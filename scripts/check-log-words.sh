#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
#
# ---help---
# Usage: scripts/check-log-words.sh [ROOT]
#
# Compares the words of the log with what users read: every close reason of
# proxy/close_reason.h and every event that the program logs must have its row
# in docs/log.md, and no row may be about one that does not exist. README.md
# must name every close reason, too. Names each difference; exits 1 when there
# is one.
#
# ROOT is the tree to look at, if not this one.
# ---end---
#
# shellcheck disable=SC2016 # the backticks are Markdown
set -euo pipefail
# shellcheck source=scripts/lib.sh
. "$(dirname "$0")/lib.sh"

case ${1-} in
-h | --help) print_help "$0" && exit 0 ;;
-*) usage_error "unknown option '$1'" ;;
esac
cd "${1:-$ROOT}"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# The rows of the X-macro: X(NAME, "word", LEVEL, CODE)
print_reasons() {
    tr -d '[:space:]\134' <proxy/close_reason.h |
        grep -oE 'X\([A-Z_]+,"[a-z_]+",[A-Z]+,[A-Z_]+\)' |
        sed -E 's/.*"([a-z_]+)".*/\1/'
}

# Where an event's name is an argument, log_switch() passes it on.
print_events() {
    cat proxy/*.c | tr '\n' ' ' |
        grep -oE '\b(log_begin|log_switch)\([^;"]*"[a-z_]+"' |
        sed -E 's/.*"([a-z_]+)"$/\1/' | sort -u
}

# print_rows HEADING: the words of a section's tables in docs/log.md. A row may
# be about several.
print_rows() {
    sed -n "/^## $1\$/,/^## /s/^| \(\`[^|]*\) |.*/\1/p" docs/log.md |
        grep -oE '`[a-z_]+`' | tr -d '`'
}

print_readme_words() {
    grep -oE '`[a-z_]+`' README.md | tr -d '`'
}

differences=0

# differ TEXT: one difference for each word of standard input.
differ() {
    local word
    while IFS= read -r word; do
        printf 'check-log-words: %s: %s\n' "$1" "$word" >&2
        differences=$((differences + 1))
    done
}

# compare KIND CODE DOCUMENT
compare() {
    sort -u "$2" >"$work/code"
    sort -u "$3" >"$work/document"
    [ -s "$work/code" ] || differ "none was found in the code" <<<"$1"
    differ "docs/log.md lacks the $1" \
        < <(comm -23 "$work/code" "$work/document")
    differ "docs/log.md has what the program never logs, the $1" \
        < <(comm -13 "$work/code" "$work/document")
}

print_reasons >"$work/reasons"
print_rows "Close reasons" >"$work/reasons.rows"
compare "close reason" "$work/reasons" "$work/reasons.rows"
print_events >"$work/events"
print_rows "Events" >"$work/events.rows"
compare "event" "$work/events" "$work/events.rows"
differ "README.md does not name the close reason" \
    < <(comm -23 <(sort -u "$work/reasons") <(print_readme_words | sort -u))

if [ "$differences" -gt 0 ]; then
    exit 1
fi
printf 'check-log-words: %s close reasons and %s events are documented\n' \
    "$(wc -l <"$work/reasons")" "$(wc -l <"$work/events")"
