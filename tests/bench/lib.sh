# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash disable=SC2034,SC2154 # used and set by who sources this
# What the benchmarks with real guests share: the program, a libvirtd of their own, a monitor on it. Sourced
# with `set -eu`; $root is the checkout. Everything is gone when the benchmark ends, however it ends.

lab=$root/tests/lab
program=$root/build-bench/monitor/virt-vitals
port=${BENCH_PORT:-10377}
dir=
uri=
monitor=

# What is to be ended before the lab is: pids.
helpers=()

# What it needs of the build besides the program.
bench_targets=()

# Lines of configuration for the monitor, behind its usual ones.
monitor_config=()

finish() {
    set +e
    [ ${#helpers[@]} -eq 0 ] || kill "${helpers[@]}" 2>/dev/null
    [ ${#helpers[@]} -eq 0 ] || kill -CONT "${helpers[@]}" 2>/dev/null
    if [ -n "$monitor" ]; then
        kill -CONT "$monitor" 2>/dev/null
        kill "$monitor" 2>/dev/null
    fi
    if [ -n "$dir" ]; then
        "$lab/libvirtd" stop "$dir" >/dev/null 2>&1
        [ -z "${BENCH_KEEP:-}" ] || cp "$dir"/*.log "$BENCH_KEEP"
        rm -rf "$dir"
    fi
}

# Builds the program as users get it, makes a directory that QEMU may walk, and starts a libvirtd in it.
start_lab() {
    [ "$(id -u)" = 0 ] || { echo "must be root" >&2; exit 2; }
    trap finish EXIT
    trap 'exit 130' INT TERM
    dir=$(mktemp -d /var/tmp/virt-vitals-bench.XXXXXX)
    chmod 755 "$dir"
    [ -d "$root/build-bench" ] || meson setup "$root/build-bench" "$root" >"$dir/build.log"
    ninja -C "$root/build-bench" monitor/virt-vitals "${bench_targets[@]}" >"$dir/build.log" || { cat "$dir/build.log" >&2; exit 2; }
    "$lab/libvirtd" start "$dir" >/dev/null
    uri=$("$lab/libvirtd" uri "$dir")
}

# What runs where libvirt's places are those of the lab's libvirtd, as on a host.
inside() {
    nsenter -m -t "$(cat "$dir/run/virtlogd.pid")" -- "$@"
}

# At shipped defaults, but for the limits that protect a host from us: here guests die in a row.
start_monitor() {
    printf '%s\n' '[Capture]' CaptureCooldown=0 MaxCapturesPerHour=1000 KeepFree=64M \
        '[Policy]' MaxCapturesPerGuestPerDay=1000 "${monitor_config[@]}" >"$dir/virt-vitals.conf"
    # nsenter becomes the program, so this is its own pid
    nsenter -m -t "$(cat "$dir/run/virtlogd.pid")" -- "$program" monitor -c "$uri" \
        --config "$dir/virt-vitals.conf" --state-dir "$dir/state" \
        --web.listen-address "127.0.0.1:$port" >>"$dir/monitor.log" 2>&1 </dev/null &
    monitor=$!
    wait_for 30 api /-/ready >/dev/null
}

now() { # milliseconds
    date +%s%3N
}

virsh_lab() {
    virsh -q -c "$uri" "$@"
}

api() {
    curl -sf --noproxy '*' --max-time 5 "http://127.0.0.1:$port$1"
}

metric() { # metric NAME: without labels
    api /metrics | awk -v n="$1" '$1 == n { print $2 }'
}

wait_for() { # wait_for SECONDS COMMAND...
    local until=$((SECONDS + $1))
    shift
    until "$@"; do
        [ $SECONDS -lt $until ] || return 1
        sleep 0.1
    done
}

qemu_pid() { # qemu_pid GUEST
    cat "$dir/run/libvirt/qemu/$1.pid"
}

# As an admin does it, so that nobody is told of a QEMU that died; one that is stopped could not hear of it.
end_guest() { # end_guest GUEST...
    local one pid
    for one; do
        # one that was defined would be left behind
        virsh_lab undefine "$one" --managed-save --snapshots-metadata >/dev/null 2>&1 || true
        pid=$(qemu_pid "$one" 2>/dev/null) || continue
        kill -CONT "$pid" 2>/dev/null || true
        virsh_lab destroy "$one" >/dev/null 2>&1 || kill -KILL "$pid" 2>/dev/null || true
    done
    for one; do
        wait_for 20 sh -c "! virsh -q -c '$uri' domstate '$one' >/dev/null 2>&1" || true
    done
}

# The machine and the versions, for the head of a table.
machine() {
    printf '%s, %s, %s, %s cores' "$(date -u +%Y-%m-%d)" \
        "$(virsh --version=long | sed -n 's/^Virsh.*libvirt /libvirt /p')" \
        "$(qemu-system-x86_64 --version | sed -n 's/^QEMU emulator version \([^ ]*\).*/QEMU \1/p')" "$(nproc)"
}
