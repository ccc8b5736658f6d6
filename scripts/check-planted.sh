#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
#
# ---help---
# Usage: scripts/check-planted.sh
#
# Proves that our own checks of the source can fail: copies the tree, plants
# one fault after the other, and looks whether the check names it. A copy
# without a fault has to pass first, so that nothing else is the cause.
# ---end---
#
# shellcheck disable=SC2016 # the backticks are Markdown
set -euo pipefail
# shellcheck source=scripts/lib.sh
. "$(dirname "$0")/lib.sh"

case ${1-} in
'') ;;
-h | --help) print_help "$0" && exit 0 ;;
*) usage_error "unknown argument '$1'" ;;
esac

work=$(mktemp -d "${TMPDIR:-/tmp}/sidelock-planted.XXXXXX")
trap 'rm -rf "$work"' EXIT
tree=$work/tree
planted=0
missed=0

# A small tree that keeps every rule: the faults are planted in it.
make_tree() {
    rm -rf "$tree"
    mkdir -p "$tree"/{config,certs,proxy,docs}
    printf '#include <ini.h>\n#include "config/a.h"\n' >"$tree/config/a.c"
    printf 'int a;\n' >"$tree/config/a.h"
    printf '#include <wolfssl/ssl.h>\n#include "config/a.h"\n' \
        >"$tree/certs/b.c"
    printf '#include <event2/event.h>\n#include "certs/b.h"\n' \
        >"$tree/proxy/c.c"
    printf '#include <string.h>\n#include "proxy/stream.h"\n' \
        >"$tree/proxy/relay.c"
    printf '#include <wolfssl/ssl.h>\n' >"$tree/proxy/tls_stream.c"
    printf '    X(DONE, "done", INFO, SL_NONE)  \\\n' >"$tree/proxy/close_reason.h"
    printf '    log_begin(\n        &line, LEVEL, "ready");\n' \
        >"$tree/proxy/log.c"
    cat >"$tree/docs/log.md" <<'END'
# Log
## Events
| `ready` | x |
## Close reasons
| `done` | x |
END
    printf '# Top\n[log](docs/log.md#close-reasons) `done` `proxy/log.c`\n' \
        >"$tree/README.md"
}

# repeat COUNT LINE
repeat() {
    local i
    for ((i = 0; i < $1; i++)); do
        printf '%s\n' "$2"
    done
}

# body LINES: a function of that many lines between its braces.
body() {
    printf 'static void\nlong_one(void)\n{\n'
    repeat "$1" '    x();'
    printf '}\n'
}

run_check() {
    "$ROOT/scripts/$1" "$tree" >"$work/output" 2>&1
}

# expect CHECK WORDS: the fault in the tree is found, and named by WORDS. A new
# tree follows.
expect() {
    planted=$((planted + 1))
    if run_check "$1"; then
        printf '%s does not find: %s\n' "$1" "$2"
        missed=$((missed + 1))
    elif ! grep -qF -- "$2" "$work/output"; then
        printf '%s does not say "%s" but:\n' "$1" "$2"
        cat "$work/output"
        missed=$((missed + 1))
    fi
    make_tree
}

expect_clean() {
    run_check "$1" && return
    printf '%s finds something in a tree without a fault:\n' "$1"
    cat "$work/output"
    exit 1
}

# plant FILE FORMAT: one fault more at the end of a file.
plant() {
    # shellcheck disable=SC2059 # it is a format
    printf "$2" >>"$tree/$1"
}

make_tree
for check in check-arrows.sh check-sizes.sh check-log-words.sh check-links.py; do
    expect_clean "$check"
done

plant config/a.c '#include "certs/b.h"\n'
expect check-arrows.sh 'config/a.c:3: "certs/b.h"'
plant config/a.h '#include "proxy/log.h"\n'
expect check-arrows.sh 'config/a.h:2: "proxy/log.h"'
plant certs/b.c '#  include "proxy/log.h" /* why not */\n'
expect check-arrows.sh 'certs/b.c:3: "proxy/log.h"'
plant proxy/c.c '#include <wolfssl/wolfcrypt/aes.h>\n'
expect check-arrows.sh 'proxy/c.c:3: <wolfssl/wolfcrypt/aes.h>'
plant config/a.c '#include <wolfssl/options.h>\n'
expect check-arrows.sh 'config/a.c:3: <wolfssl/options.h>'
plant certs/b.c '#include <ini.h>\n'
expect check-arrows.sh 'certs/b.c:3: <ini.h>'
plant certs/b.c '#include <event2/event.h>\n'
expect check-arrows.sh 'certs/b.c:3: <event2/event.h>'
plant proxy/relay.c '#include <sys/socket.h>\n'
expect check-arrows.sh 'proxy/relay.c:3: <sys/socket.h>'
plant proxy/relay.c '#include <event2/event.h>\n'
expect check-arrows.sh 'proxy/relay.c:3: <event2/event.h>'
plant proxy/relay.c '#include "proxy/socket.h"\n'
expect check-arrows.sh 'proxy/relay.c:3: "proxy/socket.h"'
plant proxy/c.c '#include "log.h"\n'
expect check-arrows.sh 'proxy/c.c:3: "log.h"'

body 60 >>"$tree/certs/b.c"
expect_clean check-sizes.sh
make_tree
body 61 >>"$tree/certs/b.c"
expect check-sizes.sh 'long_one() has 61 lines'
repeat 451 'int x;' >"$tree/certs/b.c"
expect check-sizes.sh 'certs/b.c: 451 lines'
plant proxy/c.c '%081d\n' # 81 digits
expect check-sizes.sh 'proxy/c.c:3: 81 columns'

plant proxy/close_reason.h '    X(LATE, "late", WARN, SL_NONE) \\\n'
expect check-log-words.sh 'lacks the close reason: late'
plant docs/log.md '| `gone` | x |\n'
expect check-log-words.sh 'the close reason: gone'
plant proxy/c.c 'log_begin(&line, LEVEL, "lost");\n'
expect check-log-words.sh 'lacks the event: lost'
printf '# Top\n' >"$tree/README.md"
expect check-log-words.sh 'README.md does not name the close reason: done'

# The one check that compiles: it needs the files themselves.
cp "$ROOT"/config/{guide,nearest}.[ch] "$ROOT/config/guide_list.h" \
    "$tree/config"
cp "$ROOT/docs/errors.md" "$tree/docs"
expect_clean check-errors.sh
plant docs/errors.md '### SL-GONE\n'
expect check-errors.sh '-### SL-GONE'

plant README.md '[a](docs/none.md)\n'
expect check-links.py 'README.md:3: docs/none.md does not exist'
plant README.md '[a\nb](docs/log.md#nowhere)\n'
expect check-links.py 'docs/log.md#nowhere has no such heading'
plant README.md '[a](#nowhere)\n'
expect check-links.py '#nowhere has no such heading'
plant README.md '`proxy/none.c`\n'
expect check-links.py '`proxy/none.c` does not exist'
plant README.md '[a](../../etc/passwd)\n'
expect check-links.py 'leaves the repository'

if [ "$missed" -gt 0 ]; then
    exit 1
fi
printf 'check-planted: %d faults found\n' "$planted"
