#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
#
# ---help---
# Usage: scripts/setup.sh [GROUP...]
#
# Installs the Debian packages that sidelock needs and obtains the source of
# wolfSSL. When everything is there it ends within a second. Needs root only
# when a package is missing. No service of an installed package is started.
#
#   --build-only   compilers and libraries: all that builds the program
#   --demo         the above, and what scripts/demo.sh uses
#   --test         the above, and what the tests and checks use (the default)
#   --image        the build, and what scripts/test-image.sh uses
#   --bench        the build, and what scripts/bench.sh uses
#   --source-only  no package; only the wolfSSL source (needs no root)
#
# The wolfSSL source is taken from the sid suite of the Debian mirror that this
# machine already uses, through an apt state directory of its own: the system's
# sources stay as they are. apt verifies Debian's signatures, and the archive
# of the pinned version has to have the pinned SHA-256.
#
# Environment:
#   WOLFSSL_TARBALL=FILE   use this source archive (wolfSSL 5.9.2 or newer)
#   SIDELOCK_CACHE=DIR     where sources and libraries are kept
#                          (default: $XDG_CACHE_HOME/sidelock, ~/.cache/sidelock)
# ---end---
set -euo pipefail
# shellcheck source=scripts/lib.sh
. "$(dirname "$0")/lib.sh"

build_packages=(
    gcc libc6-dev make cmake ninja-build pkg-config
    autoconf automake libtool libevent-dev libinih-dev
)
demo_packages=(curl openssl python3 procps)
test_packages=(
    clang-14 clang-format clang-tidy libclang-rt-14-dev llvm
    cppcheck shellcheck libcmocka-dev libssl-dev python3-pytest
    python3-cryptography
    curl openssl gnutls-bin nodejs redis-server nginx-light haproxy
    faketime procps iproute2
)
image_packages=(debootstrap buildah curl openssl python3)
bench_packages=(
    hitch haproxy nginx-light libnginx-mod-stream stunnel4
    wrk nghttp2-client openssl libssl-dev curl python3
    python3-cryptography
)

# What Debian would start, now and at each boot, for some of them.
declare -A units_of=(
    [redis-server]=redis-server.service
    [nginx-light]=nginx.service
    [hitch]=hitch.service
    [haproxy]=haproxy.service
    [stunnel4]="stunnel4.service stunnel.target"
)

# missing_packages NAME...: those of them that are not installed.
missing_packages() {
    local installed name
    # It fails when it does not know one of them, and lists the others.
    installed=$({ dpkg-query -W -f '${Package} ${db:Status-Status}\n' "$@" \
        2>/dev/null || true; } | sed -n 's/ installed$//p')
    for name; do
        grep -qxF -- "$name" <<<"$installed" || printf '%s\n' "$name"
    done | sort -u
}

# While packages are being installed, a policy tells their scripts to start no
# service. Another policy that was there is put back, even after a kill.
policy=/usr/sbin/policy-rc.d
policy_saved=$policy.before-sidelock
policy_mark='# written by scripts/setup.sh of sidelock, for the moment'

policy_forbid_starts() {
    if [ -e "$policy" ] && ! grep -qxF "$policy_mark" "$policy"; then
        mv "$policy" "$policy_saved"
    fi
    trap policy_restore EXIT
    trap 'exit 130' INT
    trap 'exit 143' TERM
    printf '#!/bin/sh\n%s\nexit 101\n' "$policy_mark" >"$policy"
    chmod 755 "$policy"
}

policy_restore() {
    if [ -e "$policy" ] && grep -qxF "$policy_mark" "$policy"; then
        rm "$policy"
    fi
    if [ -e "$policy_saved" ]; then
        mv "$policy_saved" "$policy"
    fi
}

# disable_units PACKAGE...: what we installed for tests starts at no boot.
disable_units() {
    local name unit
    for name; do
        [ -n "${units_of[$name]-}" ] || continue
        for unit in ${units_of[$name]}; do
            if have systemctl; then
                systemctl disable --quiet "$unit" >/dev/null 2>&1 || true
            fi
            if have update-rc.d; then
                update-rc.d "${unit%.*}" disable >/dev/null 2>&1 || true
            fi
        done
        say "$name is installed for tests: its service is disabled"
    done
}

apt_install() {
    DEBIAN_FRONTEND=noninteractive apt-get -qq -y \
        -o Dpkg::Use-Pty=0 -o DPkg::Lock::Timeout=300 \
        -o Dpkg::Options::=--force-confold \
        --no-install-recommends install "$@"
}

install_packages() {
    local missing log=$CACHE/setup-apt.log
    mapfile -t missing < <(missing_packages "$@")
    if [ "${#missing[@]}" -eq 0 ]; then
        say "all Debian packages are installed"
        return
    fi
    have apt-get || die "this needs Debian 12's apt-get to install: ${missing[*]}"
    if [ "$(id -u)" -ne 0 ]; then
        die "not root, and these packages are missing; run as root:" \
            "apt-get install --no-install-recommends ${missing[*]}"
    fi
    say "installing ${#missing[@]} Debian packages: ${missing[*]}"
    run_logged "$log" apt-get -qq -o DPkg::Lock::Timeout=300 update ||
        die "the package lists could not be updated"
    policy_forbid_starts
    run_logged "$log" apt_install "${missing[@]}" ||
        die "apt-get could not install: ${missing[*]}"
    policy_restore
    trap - EXIT INT TERM
    disable_units "${missing[@]}"
    say "packages installed"
}

# private_apt DIR COMMAND...: apt-get with its state in DIR. Proxies, logins
# and the like come from the machine's apt.conf.d and auth.conf.d as usual.
private_apt() {
    local dir=$1
    shift
    apt-get -q -y -o Dir::Etc::SourceList="$dir/sources.list" \
        -o Dir::Etc::SourceParts=/dev/null \
        -o Dir::Etc::Preferences=/dev/null \
        -o Dir::Etc::PreferencesParts=/dev/null \
        -o Dir::State::Lists="$dir/lists" -o Dir::Cache="$dir/cache" "$@"
}

# download_from MIRROR DIR: apt's newest wolfSSL source of sid into DIR/out.
download_from() {
    local mirror=$1 dir=$2
    local keyring=/usr/share/keyrings/debian-archive-keyring.gpg
    [ -r "$keyring" ] ||
        die "$keyring is missing: apt-get install debian-archive-keyring"
    rm -rf "$dir"
    mkdir -p "$dir/lists/partial" "$dir/cache/archives/partial" "$dir/out"
    if [ "$(id -u)" -eq 0 ] && id -u _apt >/dev/null 2>&1; then
        # apt gives up root's rights for what it reads from the network.
        chown _apt "$dir/lists/partial" "$dir/cache/archives/partial" "$dir/out"
    fi
    printf 'deb-src [signed-by=%s] %s sid main\n' "$keyring" "$mirror" \
        >"$dir/sources.list"
    private_apt "$dir" --error-on=any update || return 1
    (cd "$dir/out" &&
        private_apt "$dir" source --download-only --tar-only wolfssl)
}

# check_pin FILE VERSION: refuses a source that is too old, or is the pinned
# version but not the pinned archive.
check_pin() {
    version_ge "$2" "$WOLFSSL_PIN" ||
        die "wolfSSL $2 is older than $WOLFSSL_PIN, the least that sidelock" \
            "accepts; bring a newer one with WOLFSSL_TARBALL=FILE"
    [ "$2" != "$WOLFSSL_PIN" ] ||
        [ "$(sha256_of "$1")" = "$WOLFSSL_PIN_SHA256" ] ||
        die "$1 does not have the pinned SHA-256 $WOLFSSL_PIN_SHA256"
}

# debian_version FILE: 5.9.2 of wolfssl_5.9.2.orig.tar.gz
debian_version() {
    local name
    name=$(basename "$1")
    name=${name#wolfssl_}
    printf '%s\n' "${name%%.orig.tar.*}"
}

# Prints the archive of an earlier run that is still as it was, the pinned
# version before newer ones.
cached_source() {
    local file
    for file in "$sources/wolfssl_$WOLFSSL_PIN".orig.tar.* \
        $(printf '%s\n' "$sources"/wolfssl_*.orig.tar.* | sort -rV); do
        case $file in
        *.sha256) continue ;;
        esac
        if [ -f "$file" ] && [ -f "$file.sha256" ] &&
            [ "$(sha256_of "$file")" = "$(cat "$file.sha256")" ] &&
            version_ge "$(debian_version "$file")" "$WOLFSSL_PIN"; then
            printf '%s\n' "$file"
            return
        fi
    done
}

# keep_source FILE: checks a downloaded archive and moves it into the cache.
keep_source() {
    local file=$1 version target
    version=$(debian_version "$file")
    check_pin "$file" "$version"
    target=$sources/$(basename "$file")
    cp "$file" "$target.part"
    chmod 644 "$target.part"
    mv "$target.part" "$target"
    sha256_of "$target" >"$target.sha256"
    if [ "$version" = "$WOLFSSL_PIN" ]; then
        say "wolfSSL $version: signed by Debian, SHA-256 as pinned"
    else
        say "the archive has moved on from wolfSSL $WOLFSSL_PIN: using" \
            "$version, signed by Debian (SHA-256 $(cat "$target.sha256"))"
    fi
    replace_link "$(basename "$target")" "$WOLFSSL_SOURCE"
}

download_source() {
    local mirror found work log=$CACHE/setup-source.log
    have apt-get || die "no apt-get here; bring the source: WOLFSSL_TARBALL=FILE"
    work=$(mktemp -d "${TMPDIR:-/tmp}/sidelock-apt.XXXXXX")
    chmod 755 "$work"
    # shellcheck disable=SC2064 # the value of now is meant
    trap "rm -rf '$work'" EXIT
    : >"$log"
    while read -r mirror; do
        say "fetching the wolfSSL source from Debian's archive (30 MB)"
        if download_from "$mirror" "$work/apt" >>"$log" 2>&1; then
            found=$(find "$work/apt/out" -name 'wolfssl_*.orig.tar.*' \
                ! -name '*.asc' | head -n 1)
            [ -z "$found" ] || break
        fi
    done < <(debian_mirrors)
    if [ -z "${found-}" ]; then
        tail -n 5 "$log" >&2
        die "no mirror in apt's configuration gave the source of wolfSSL" \
            "(whole output: $log); bring it yourself: WOLFSSL_TARBALL=FILE"
    fi
    keep_source "$found"
    rm -rf "$work"
    trap - EXIT
}

# The user's own archive: any wolfSSL from the pinned version on.
use_own_source() {
    local version sum target
    [ -r "$1" ] || die "WOLFSSL_TARBALL=$1 cannot be read"
    version=$(wolfssl_version_of "$1") || version=
    [ -n "$version" ] || die "WOLFSSL_TARBALL=$1 is no wolfSSL source archive"
    version_ge "$version" "$WOLFSSL_PIN" ||
        die "WOLFSSL_TARBALL=$1 is wolfSSL $version, older than $WOLFSSL_PIN"
    sum=$(sha256_of "$1")
    target=$sources/own-$version-${sum:0:16}.tar
    if [ ! -e "$target" ]; then
        cp "$1" "$target.part"
        mv "$target.part" "$target"
    fi
    replace_link "$(basename "$target")" "$WOLFSSL_SOURCE"
    say "wolfSSL $version: your archive $1 (SHA-256 $sum)"
}

obtain_source() {
    local file
    mkdir -p "$sources"
    if [ -n "${WOLFSSL_TARBALL-}" ]; then
        use_own_source "$WOLFSSL_TARBALL"
        return
    fi
    file=$(cached_source)
    if [ -z "$file" ]; then
        download_source
        return
    fi
    check_pin "$file" "$(debian_version "$file")"
    replace_link "$(basename "$file")" "$WOLFSSL_SOURCE"
    say "wolfSSL $(debian_version "$file"): the source is in the cache"
}

packages=()
source_only=no
for argument; do
    case $argument in
    --build-only) packages+=("${build_packages[@]}") ;;
    --demo) packages+=("${build_packages[@]}" "${demo_packages[@]}") ;;
    --test)
        packages+=("${build_packages[@]}" "${demo_packages[@]}"
            "${test_packages[@]}")
        ;;
    --image) packages+=("${build_packages[@]}" "${image_packages[@]}") ;;
    --bench) packages+=("${build_packages[@]}" "${bench_packages[@]}") ;;
    --source-only) source_only=yes ;;
    -h | --help) print_help "$0" && exit 0 ;;
    *) usage_error "unknown argument '$argument'" ;;
    esac
done
if [ "${#packages[@]}" -eq 0 ] && [ "$source_only" = no ]; then
    packages=("${build_packages[@]}" "${demo_packages[@]}" "${test_packages[@]}")
fi

sources=$CACHE/sources
mkdir -p "$CACHE"
exec 8>"$CACHE/.setup-lock"
flock 8
if [ "${#packages[@]}" -gt 0 ]; then
    install_packages "${packages[@]}"
fi
obtain_source
