# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash disable=SC2034,SC2154 # used and set by who sources this
# What quickstart and tests/run share: packages, building, small helpers. Sourced with `set -eu`; $root is
# the checkout.

build_packages=(
    gcc libc6-dev meson ninja-build pkg-config libglib2.0-dev libvirt-dev
    libxml2-dev libmicrohttpd-dev libpcre2-dev libjansson-dev libcurl4-gnutls-dev
    libarchive-dev libpng-dev zlib1g-dev
)
host_packages=(
    libvirt-daemon libvirt-daemon-driver-qemu libvirt-daemon-system libvirt-clients qemu-system-x86
    qemu-utils
)
lab_packages=(busybox-static make cpio kmod xz-utils crash makedumpfile util-linux curl jq qemu-guest-agent)
bench_packages=(prometheus-libvirt-exporter) # what tests/bench/cost compares with; nothing else needs it
test_packages=(clang-format clang-tidy shellcheck prometheus patch)

say() {
    printf '== %s\n' "$*"
}

die() {
    printf '%s: %s\n' "$(basename "$0")" "$*" >&2
    exit 1
}

# However we were called: by sudo with the caller's umask, by cron without HOME, with a closed stdin.
settle_environment() {
    [ "$(id -u)" = 0 ] || die "must be root: sudo $0"
    umask 022
    export HOME="${HOME:-/root}" LC_ALL=C.UTF-8 DEBIAN_FRONTEND=noninteractive
    export PATH="$PATH:/usr/sbin:/sbin"
    exec </dev/null
}

is_installed() {
    [ "$(dpkg-query -W -f='${db:Status-Status}' "$1" 2>/dev/null)" = installed ]
}

# Once per run at most, and only if something is missing.
apt_update() {
    [ -z "${apt_is_fresh:-}" ] || return 0
    apt-get -q -o Acquire::Retries=3 update
    apt_is_fresh=yes
}

apt_install() { # apt_install PACKAGE...: what of it is missing
    local package missing=()
    for package; do
        is_installed "$package" || missing+=("$package")
    done
    [ ${#missing[@]} -gt 0 ] || return 0
    command -v apt-get >/dev/null || die "missing: ${missing[*]}; only Debian's apt-get is known here"
    say "Installing ${missing[*]}"
    apt_update
    apt-get -q -y --no-install-recommends -o Acquire::Retries=3 -o Dpkg::Use-Pty=0 \
        install "${missing[@]}"
}

# A kernel for the lab's guests. A host that boots its own needs the headers only; a container or a microVM
# has none, and there a package that nothing boots does no harm.
install_kernel() {
    local release headers
    if "$root/tests/lab/image" --check >/dev/null 2>&1; then
        return
    fi
    for release in $(find /boot -name 'vmlinuz-*' -printf '%f\n' | sed 's/^vmlinuz-//' | sort -rV); do
        headers=linux-headers-$release
        apt_update
        if apt-cache show "$headers" >/dev/null 2>&1; then
            apt_install "$headers"
            "$root/tests/lab/image" --check >/dev/null 2>&1 && return
        fi
    done
    apt_install linux-image-amd64 linux-headers-amd64
    "$root/tests/lab/image" --check >/dev/null
}

configure() { # configure DIR [MESON OPTION...]
    local dir=$1
    shift
    if [ -e "$dir/build.ninja" ]; then
        meson configure "$dir" "$@" >/dev/null
    else
        meson setup "$dir" "$root" "$@" >"$dir.log" 2>&1 || {
            cat "$dir.log" >&2
            die "meson cannot set up $dir"
        }
        rm -f "$dir.log"
    fi
}

build() { # build DIR [MESON OPTION...]
    configure "$@"
    ninja -C "$1" --quiet
}

wait_until() { # wait_until SECONDS COMMAND...
    local deadline=$((SECONDS + $1))
    shift
    until "$@" >/dev/null 2>&1; do
        [ $SECONDS -lt $deadline ] || return 1
        sleep 0.1
    done
}
