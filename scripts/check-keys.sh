#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Compares the table of keys (config/keys.c) with what users read: every key
# must stand in its section of config/sidelock.ini and of
# docs/configuration.md, at its default, and neither may have a key that the
# table lacks. Names each difference; exits 1 when there is one.
#
# check-keys.sh [ROOT]: the tree to check, if not this one.
set -euo pipefail

root=$(cd "${1:-$(dirname "$0")/..}" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# The table as the compiler sees it: lines "section.key = default".
print_table() {
    printf '%s\n' '#include "config/config.h"' \
        'int main(void) { config_print_keys(stdout); return 0; }' \
        >"$work/print.c"
    "${CC:-cc}" -std=c11 -D_GNU_SOURCE -I"$root" "$work/print.c" \
        "$root"/config/*.c -linih -o "$work/print"
    "$work/print" | sed -n '/^[a-z]/s/ *$//p'
}

# The INI file in the same form.
print_ini() {
    sed -n -E '
        /^\[([a-z_]+)\]$/ { s//\1/; h; }
        /^([a-z_]+) =/ { G; s/^(.*)\n(.*)$/\2.\1/; s/ *$//; p; }
    ' "$root/config/sidelock.ini"
}

# The rows of the tables under "### [section]" in the same form.
print_docs() {
    # shellcheck disable=SC2016 # the backticks are Markdown
    sed -n -E '
        /^### \[([a-z_]+)\]$/ { s//\1/; h; }
        /^## / { s/.*//; h; }
        /^\| `([a-z_]+)` \| ([^|]*) \|.*/ {
            s//\1 = \2/; G
            /\n$/d
            s/^(.*)\n(.*)$/\2.\1/
            s/= required$/= (required)/
            s/ \(empty\)$//
            s/`//g
            p
        }
    ' "$root/docs/configuration.md"
}

# names FILE: its keys alone.
names() {
    sed 's/ =.*//' "$1" | sort
}

differences=0

# differ TEXT FILE: one difference per line of the file.
differ() {
    local key
    while IFS= read -r key; do
        printf 'check-keys: %s: %s\n' "$1" "$key" >&2
        differences=$((differences + 1))
    done <"$2"
}

# compare WHERE FILE: with the table.
compare() {
    names "$2" >"$work/names"
    comm -23 "$work/table.names" "$work/names" >"$work/missing"
    comm -13 "$work/table.names" "$work/names" >"$work/unknown"
    # A key without a default has an example in the file.
    grep -v '= (required)$' "$work/table" | sort >"$work/wanted"
    sort "$2" | comm -23 "$work/wanted" - | sed 's/ =.*//' |
        grep -vxF -f "$work/missing" >"$work/other" || true
    differ "$1 does not document" "$work/missing"
    differ "$1 documents what the program does not know" "$work/unknown"
    differ "$1 does not give the default of" "$work/other"
}

print_table >"$work/table"
names "$work/table" >"$work/table.names"
print_ini >"$work/ini"
print_docs >"$work/docs"
compare config/sidelock.ini "$work/ini"
compare docs/configuration.md "$work/docs"

if [ "$differences" -gt 0 ]; then
    exit 1
fi
printf 'check-keys: %s keys are documented\n' "$(wc -l <"$work/table")"
