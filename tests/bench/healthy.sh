# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash disable=SC2034,SC2154 # used and set by tests/bench/detection, which sources this
# The healthy states of tests/bench/detection, and what brings a guest into them.

# NAME | guests | domain options | what is done | seconds to watch. Nothing of it may open an incident or be
# called unresponsive, crashed or stuck.
healthy='
idle|1||nothing|60
idle, 4 vCPUs|1|vcpus=4|nothing|60
all CPU in user space|1||order busy|60
all CPU in user space, 2 vCPUs|1|vcpus=2|order busy-all|60
memory-bound|1||order memory|60
disk-bound|1|disk=@/disk.raw|order disk-read|60
fork bomb|1||order fork-bomb|90
fork bomb, 2 vCPUs|1|vcpus=2|order fork-bomb|90
4 busy guests on the host|4||order busy|90
8 busy guests on the host|8|memory=160|order busy|90
paused and resumed|1||pause_and_resume|45
saved and restored|1||save_and_restore|45
snapshot|1|disk=@/snapshot.qcow2|take_snapshots|45
snapshot beside its disk, and committed|1|disk=@/snapshot.qcow2|commit_snapshot|45
dumped by somebody else|1|memory=1024|dump_for_long|45
dumped live by somebody else|1|memory=512|dump_live|45
memory taken and given back|1||set_balloon|45
devices plugged and unplugged|1||plug_devices|45
a vCPU taken off line|1|vcpus=2|take_vcpu|60
a vCPU taken off line, deep probe|1|name=deep vcpus=2|take_vcpu|60
reboot|1||order reboot|60
reboot that takes long|1|disk=@/disk.raw cmdline=loglevel=7 cmdline=vitals.second=wait|order reboot|80
another kernel by kexec|1|disk=@/kexec.raw memory=512 cmdline=loglevel=7|kexec_guest|60
shut down|1||order poweroff|20
suspended to memory and woken|1||suspend_and_wake|45
suspended to idle, as its console tells|1|cmdline=loglevel=7|sleep_to_idle|45
suspended to idle, as its agent tells|1|agent=yes|sleep_to_idle|45
halted from within|1||halt_it|45
slow boot on a busy host|1|cmdline=vitals.after=1|load_host|60
boot menu|1|boot=menu|nothing|60
no balloon|1|balloon=none|nothing|90
no balloon, and an agent at work|1|balloon=none agent=yes|order busy|60
no balloon, and an agent stopped|1|balloon=none agent=yes|order agent-stop|90
balloon without a period|1|balloon=unset|nothing|60
an agent|1|agent=yes|nothing|60
agent stopped in order|1|agent=yes|order agent-kill|60
libvirtd killed and restarted|1||restart_libvirtd|45
the monitor stopped for a minute|1||stop_monitor|45
the monitor restarted|1||restart_monitor|45
saved and started|1||save_managed|30
reset by the admin|1||reset_it|30
put back to a snapshot|1|disk=@/snapshot.qcow2|revert_snapshot|30
disk backed up|1|disk=@/snapshot.qcow2|back_up|20
paused every other second|1||pause_often|20
period of the balloon changed by somebody|1||change_period|20
hardly any CPU|1||few_cpu|60
lowest priority on a busy host|1||idle_class|60
clock set|1||set_clock|20
kernel shows its stacks|1||show_stacks|20
'

# ---- somebody at work with it ----

pause_and_resume() {
    virsh_lab suspend "${guests[0]}"
    sleep 20
    virsh_lab resume "${guests[0]}"
}
save_and_restore() {
    virsh_lab save "${guests[0]}" "$dir/saved" >/dev/null
    sleep 10
    virsh_lab restore "$dir/saved" >/dev/null
}
take_snapshots() {
    virsh_lab snapshot-create-as "${guests[0]}" first >/dev/null
    sleep 5
    virsh_lab snapshot-create-as "${guests[0]}" second >/dev/null
}
# With its memory, and without; what the guest wrote since then is put back into its disk at the end.
commit_snapshot() {
    virsh_lab snapshot-create-as "${guests[0]}" first --memspec "$dir/memory.save,snapshot=external" \
        --diskspec "vda,file=$dir/first.qcow2" --live >/dev/null
    sleep 5
    virsh_lab snapshot-create-as "${guests[0]}" second --disk-only --diskspec "vda,file=$dir/second.qcow2" >/dev/null
    sleep 5
    virsh_lab blockcommit "${guests[0]}" vda --active --pivot >/dev/null
    rm -f "$dir/memory.save"
}
dump_live() {
    virsh_lab dump --live --memory-only "${guests[0]}" "$dir/dump" >/dev/null
    virsh_lab dump --live --bypass-cache "${guests[0]}" "$dir/dump" >/dev/null
    rm -f "$dir/dump"
}
set_balloon() {
    virsh_lab setmem "${guests[0]}" 160M --live
    sleep 10
    virsh_lab setmem "${guests[0]}" 256M --live
}
plug_devices() {
    local i
    echo "<interface type='ethernet'><model type='virtio'/><mac address='52:54:00:0b:0b:0b'/></interface>" \
        >"$dir/interface.xml"
    for ((i = 0; i < 3; i++)); do
        virsh_lab attach-disk "${guests[0]}" "$dir/plug.raw" vdb --live >/dev/null
        virsh_lab attach-device "${guests[0]}" "$dir/interface.xml" --live >/dev/null
        sleep 5
        virsh_lab detach-disk "${guests[0]}" vdb --live >/dev/null
        virsh_lab detach-device "${guests[0]}" "$dir/interface.xml" --live >/dev/null
        sleep 2
    done
}
# Its kernel parks it halted with interrupts off, as a dead one.
take_vcpu() {
    order_guest "${guests[0]}" 'echo 0 >/sys/devices/system/cpu/cpu1/online'
}
# The host is told nothing of it.
sleep_to_idle() { order_guest "${guests[0]}" 'echo freeze >/sys/power/state'; }
halt_it() { order_guest "${guests[0]}" 'halt -f'; }
dump_for_long() {
    local i
    for ((i = 0; i < 3; i++)); do
        virsh_lab dump --memory-only --format kdump-zlib "${guests[0]}" "$dir/dump" >/dev/null
    done
    rm -f "$dir/dump"
}
suspend_and_wake() {
    order_guest "${guests[0]}" sleep-s3
    sleep 20
    virsh_lab dompmwakeup "${guests[0]}" >/dev/null
}
# Nothing is reset, and nobody told, but by a console that is not quiet: one that is, on a host where this boot takes
# more than the balloon's deadline, looks dead.
kexec_guest() {
    local file
    for file in 'vmlinuz count=16' 'initrd skip=16 count=16'; do
        order_guest "${guests[0]}" "dd if=/dev/vda of=/tmp/$file bs=1M"
    done
    : >"$dir/${guests[0]}.log"
    # shellcheck disable=SC2016 # for the guest's shell
    order_guest "${guests[0]}" 'kexec /tmp/vmlinuz /tmp/initrd "$(cat /proc/cmdline)"'
    wait_for 120 says "${guests[0]}" 'VITALS-LAB up' || echo "${guests[0]}: did not boot" >&2
}
stop_monitor() {
    kill -STOP "$monitor"
    sleep 60
    kill -CONT "$monitor"
}

# ---- an admin ----

# From then on it is persistent, and may be shut off without being forgotten.
keep_definition() {
    virsh_lab dumpxml --inactive "${guests[0]}" >"$dir/${guests[0]}.xml"
    virsh_lab define "$dir/${guests[0]}.xml" >/dev/null
}
save_managed() {
    keep_definition
    virsh_lab managedsave "${guests[0]}" >/dev/null
    sleep 10
    virsh_lab start "${guests[0]}"
}
reset_it() {
    virsh_lab reset "${guests[0]}"
    sleep 20
    virsh_lab reset "${guests[0]}"
}
revert_snapshot() {
    virsh_lab snapshot-create-as "${guests[0]}" first >/dev/null
    sleep 15
    virsh_lab snapshot-revert "${guests[0]}" first
    sleep 15
    virsh_lab snapshot-revert "${guests[0]}" first --paused
    sleep 5
    virsh_lab resume "${guests[0]}"
}
back_up() {
    echo "<domainbackup><disks><disk name='vda' type='file'><target file='$dir/backup.qcow2'/>
        <driver type='qcow2'/></disk></disks></domainbackup>" >"$dir/backup.xml"
    virsh_lab backup-begin "${guests[0]}" "$dir/backup.xml" >/dev/null
    sleep 10
    rm -f "$dir/backup.qcow2"
}
pause_often() {
    local i
    for ((i = 0; i < 30; i++)); do
        virsh_lab suspend "${guests[0]}"
        sleep 1
        virsh_lab resume "${guests[0]}"
        sleep 1
    done
}
change_period() {
    local period
    for period in 60 0 1 20; do
        virsh_lab dommemstat "${guests[0]}" --period "$period" --live >/dev/null
        sleep 15
    done
}

# ---- the host ----

# Its share of the CPU, of 100000; in a group of our own, as not every libvirt has one.
limit_cpu() { # limit_cpu QUOTA
    local group=/sys/fs/cgroup/cpu/virt-vitals-bench
    [ -d /sys/fs/cgroup/cpu ] || group=/sys/fs/cgroup/virt-vitals-bench
    mkdir -p "$group"
    qemu_pid "${guests[0]}" >"$group/cgroup.procs"
    if [ -e "$group/cpu.cfs_quota_us" ]; then
        echo "$1" >"$group/cpu.cfs_quota_us"
    else
        echo "$1 100000" >"$group/cpu.max"
    fi
}
# An empty one can be removed; its QEMU may need a moment to end.
end_limits() {
    local group
    for group in /sys/fs/cgroup/{cpu/,}virt-vitals-bench; do
        [ ! -d "$group" ] || wait_for 10 rmdir "$group" 2>/dev/null || true
    done
}
few_cpu() { limit_cpu 5000; }
idle_class() { # beside busy loops
    chrt -a -i -p 0 "$(qemu_pid "${guests[0]}")"
    load_host
}

# ---- the guest itself ----

# shellcheck disable=SC2016 # for the guest's shell
set_clock() {
    order_guest "${guests[0]}" 'date -s @$(($(date +%s) + 3600))'
    sleep 10
    order_guest "${guests[0]}" 'date -s @$(($(date +%s) - 7200))'
}
show_stacks() {
    order_guest "${guests[0]}" 'echo l >/proc/sysrq-trigger'
    sleep 3
    order_guest "${guests[0]}" 'echo t >/proc/sysrq-trigger'
    sleep 3
    order_guest "${guests[0]}" 'echo w >/proc/sysrq-trigger; echo m >/proc/sysrq-trigger'
}
