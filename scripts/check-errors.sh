#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
#
# ---help---
# Usage: scripts/check-errors.sh [--write] [ROOT]
#
# Compares docs/errors.md with the list of codes that it is made of
# (config/guide_list.h), shows each difference, and exits 1 when there is one.
#
#   --write  makes docs/errors.md anew instead
#   ROOT     the tree to check, if not this one
# ---end---
set -euo pipefail
# shellcheck source=scripts/lib.sh
. "$(dirname "$0")/lib.sh"

write=''
case ${1-} in
-h | --help) print_help "$0" && exit 0 ;;
--write) write=1 && shift ;;
-*) usage_error "unknown option '$1'" ;;
esac
cd "${1:-$ROOT}"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# The list as the compiler sees it: what `sidelock explain --markdown` prints.
print_page() {
    printf '%s\n' '#include "config/guide.h"' \
        'int main(void) { guide_print_markdown(stdout); return 0; }' \
        >"$work/print.c"
    "${CC:-cc}" -std=c11 -D_GNU_SOURCE -I. "$work/print.c" \
        config/guide.c config/nearest.c -o "$work/print"
    "$work/print"
}

print_page >"$work/errors.md"
if [ -n "$write" ]; then
    cp "$work/errors.md" docs/errors.md
    exit 0
fi
if ! diff -u docs/errors.md "$work/errors.md"; then
    echo 'check-errors: make it anew: scripts/check-errors.sh --write' >&2
    exit 1
fi
printf 'check-errors: %s codes are documented\n' \
    "$(grep -c '^### SL-' docs/errors.md)"
