/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "probes/probe.h"
#include "probes/verdict.h"

#include <string.h>

/*
 * The verdict's table: what a guest may suffer from, and what has to be seen to say so. The first row
 * whose condition holds names the cause, so positive knowledge stands before silence, and what stands
 * lower in the stack before what stands higher.
 */

/*
 * The shares of one core that tell dead kernels apart, measured over the later part of the silence: an idle
 * healthy guest used 0.8 %, one halted with interrupts off exactly 0.0 %, one that spins or sits in
 * panic()'s delay loop 64-99 % on a shared host (fault-matrix, section 1).
 */
#define HALTED_SHARE 0.002
#define SPINNING_SHARE 0.5

/* After we first saw a guest, this long is allowed for its sources to arm before we say that there
 * are none: two paces of a balloon that is asked every ten seconds. */
#define OBSERVING (25 * G_USEC_PER_SEC)

/* Four boots within this time are not what an update does. The slowest loop seen in the lab took 18 s a
 * round; a guest with a long boot may take two minutes. */
#define REBOOT_LOOP_WITHIN (10 * 60 * G_USEC_PER_SEC)

/* Without an agent nothing tells that userspace came back; an expiry longer ago than this says nothing about
 * now: a watchdog that is still not petted expires again and again. */
#define WATCHDOG_TELLS (10 * 60 * G_USEC_PER_SEC)

/* What is typed at a prompt, and comes back as lines, was not there when the prompt came. */
#define STOPPED_ANSWERED (10 * G_USEC_PER_SEC)

/* Too little CPU for so long is a finding; shorter ones are what a busy host does. */
#define STARVED_FOR (60 * G_USEC_PER_SEC)

/* Bytes a second at which one page of 4 KiB takes a minute: nobody limits a disk to that on purpose for long.
 * The guest has to have used its disks before, and to have got nothing for three looks on suspicion. */
#define CRAWL 68
#define CRAWLS_FOR (15 * G_USEC_PER_SEC)

/* Discarding a large disk is one request, and takes its time. */
#define QUEUE_STUCK_FOR (30 * G_USEC_PER_SEC)

static gboolean
kernel_is_dead(const VitalsSigns *signs, const VitalsLimits *limits)
{
    return signs->state == VITALS_DOMAIN_RUNNING && !signs->overdue_since &&
           vitals_signs_layer_is_silent(signs, VITALS_LAYER_KERNEL) &&
           !vitals_signs_kernel_is_heard(signs) && !vitals_signs_boots_anew(signs, limits);
}

static gboolean
process_has_been(const VitalsSigns *signs, const VitalsLimits *limits, VitalsProcess process,
                 gint64 at_least)
{
    return vitals_signs_is_fresh(signs, limits, signs->process_at) && signs->process == process &&
           signs->process_at - signs->process_since >= at_least;
}

static gboolean
holds_panicked(const VitalsSigns *signs, const VitalsLimits *limits)
{
    return signs->crashed_at || signs->state == VITALS_DOMAIN_CRASHED ||
           ((signs->state == VITALS_DOMAIN_PAUSED || signs->state == VITALS_DOMAIN_SHUTOFF) &&
            signs->reason == VITALS_REASON_CRASHED);
}

/* The text alone is enough when the kernel wrote it just now; else the guest has to be silent too. */
static gboolean
holds_kernel_panic(const VitalsSigns *signs, const VitalsLimits *limits)
{
    const VitalsHeard *panic = &signs->said[VITALS_SAID_PANIC];

    return signs->state == VITALS_DOMAIN_RUNNING && panic->at != 0 && !signs->overdue_since &&
           ((panic->live && !signs->console_lied) || vitals_signs_panic_is_proven(signs));
}

static gboolean
holds_boot_stopped(const VitalsSigns *signs, const VitalsLimits *limits)
{
    const VitalsSource *userspace = &signs->sources[vitals_probe_index("console-userspace")];

    /* somebody who answers the prompt makes lines of his own */
    return vitals_signs_holds(signs, VITALS_SAID_STOPPED) &&
           userspace->last_beat <= signs->said[VITALS_SAID_STOPPED].at + STOPPED_ANSWERED;
}

static gboolean
holds_kernel_stalled(const VitalsSigns *signs, const VitalsLimits *limits)
{
    return vitals_signs_holds(signs, VITALS_SAID_STALL);
}

static gboolean
holds_tasks_hung(const VitalsSigns *signs, const VitalsLimits *limits)
{
    return vitals_signs_holds(signs, VITALS_SAID_HUNG_TASK) && !vitals_signs_is_fs_frozen(signs);
}

static gboolean
holds_out_of_memory(const VitalsSigns *signs, const VitalsLimits *limits)
{
    return vitals_signs_holds(signs, VITALS_SAID_OOM);
}

static gboolean
holds_kernel_fault(const VitalsSigns *signs, const VitalsLimits *limits)
{
    return vitals_signs_holds(signs, VITALS_SAID_FAULT);
}

static gboolean
holds_storage_errors(const VitalsSigns *signs, const VitalsLimits *limits)
{
    return vitals_signs_holds(signs, VITALS_SAID_STORAGE);
}

static gboolean
holds_console_loop(const VitalsSigns *signs, const VitalsLimits *limits)
{
    return vitals_signs_holds(signs, VITALS_SAID_LOOP);
}

static gboolean
holds_console_flood(const VitalsSigns *signs, const VitalsLimits *limits)
{
    return vitals_signs_holds(signs, VITALS_SAID_FLOOD);
}

static gboolean
holds_qemu_died(const VitalsSigns *signs, const VitalsLimits *limits)
{
    return signs->died_at ||
           (signs->state == VITALS_DOMAIN_SHUTOFF && signs->reason == VITALS_REASON_FAILED);
}

static gboolean
holds_qemu_gone(const VitalsSigns *signs, const VitalsLimits *limits)
{
    /* libvirt has to have had its say since: a guest that shuts down ends its QEMU too */
    return signs->state == VITALS_DOMAIN_RUNNING &&
           signs->state_at - signs->process_since >= limits->stuck_after &&
           process_has_been(signs, limits, VITALS_PROCESS_GONE, limits->stuck_after);
}

static gboolean
holds_qemu_stopped(const VitalsSigns *signs, const VitalsLimits *limits)
{
    return process_has_been(signs, limits, VITALS_PROCESS_STOPPED, limits->stuck_after);
}

static gboolean
holds_qemu_frozen(const VitalsSigns *signs, const VitalsLimits *limits)
{
    return process_has_been(signs, limits, VITALS_PROCESS_FROZEN, limits->stuck_after);
}

static gboolean
holds_qemu_blocked(const VitalsSigns *signs, const VitalsLimits *limits)
{
    return process_has_been(signs, limits, VITALS_PROCESS_BLOCKED, limits->blocked_after);
}

static gboolean
holds_disk_blocked(const VitalsSigns *signs, const VitalsLimits *limits)
{
    return signs->state == VITALS_DOMAIN_RUNNING &&
           vitals_signs_is_fresh(signs, limits, signs->process_at) &&
           signs->thread_blocked_for >= limits->blocked_after;
}

/* It was at work on its disks, and a limit stands in its definition at which a page takes a minute. */
static gboolean
holds_disk_throttled(const VitalsSigns *signs, const VitalsLimits *limits)
{
    return signs->state == VITALS_DOMAIN_RUNNING && !vitals_signs_is_fs_frozen(signs) &&
           signs->disk_limit > 0 && signs->disk_limit <= CRAWL && signs->block_moved_at != 0 &&
           signs->block_at - signs->block_moved_at >= CRAWLS_FOR;
}

static gboolean
holds_disk_stuck(const VitalsSigns *signs, const VitalsLimits *limits)
{
    return signs->state == VITALS_DOMAIN_RUNNING && signs->queues_at != 0 &&
           vitals_signs_is_fresh(signs, limits, signs->queues_at) &&
           signs->queue_stuck_for >= QUEUE_STUCK_FOR;
}

static gboolean
holds_monitor_lost(const VitalsSigns *signs, const VitalsLimits *limits)
{
    return vitals_signs_is_fresh(signs, limits, signs->control_at) &&
           signs->control == VITALS_CONTROL_ERROR && signs->control_for >= limits->stuck_after;
}

/* An internal snapshot keeps QEMU's monitor busy for as long as it takes, with the guest paused for it. */
static gboolean
is_paused_for_job(const VitalsSigns *signs)
{
    return signs->state == VITALS_DOMAIN_PAUSED &&
           (signs->reason == VITALS_REASON_SNAPSHOT || signs->reason == VITALS_REASON_SAVE ||
            signs->reason == VITALS_REASON_MIGRATION || signs->reason == VITALS_REASON_DUMP);
}

static gboolean
holds_monitor_blocked(const VitalsSigns *signs, const VitalsLimits *limits)
{
    return !is_paused_for_job(signs) && vitals_signs_is_fresh(signs, limits, signs->control_at) &&
           signs->control == VITALS_CONTROL_OCCUPIED && signs->control_for >= limits->stuck_after;
}

static gboolean
holds_no_data(const VitalsSigns *signs, const VitalsLimits *limits)
{
    return !vitals_signs_is_fresh(signs, limits, signs->state_at);
}

static gboolean
paused_for(const VitalsSigns *signs, VitalsReason reason)
{
    return signs->state == VITALS_DOMAIN_PAUSED && signs->reason == reason;
}

static gboolean
holds_io_error(const VitalsSigns *signs, const VitalsLimits *limits)
{
    return paused_for(signs, VITALS_REASON_IO_ERROR);
}

static gboolean
holds_watchdog_pause(const VitalsSigns *signs, const VitalsLimits *limits)
{
    return paused_for(signs, VITALS_REASON_WATCHDOG);
}

static gboolean
holds_paused_by_user(const VitalsSigns *signs, const VitalsLimits *limits)
{
    return paused_for(signs, VITALS_REASON_USER);
}

static gboolean
holds_paused_for_job(const VitalsSigns *signs, const VitalsLimits *limits)
{
    return signs->state == VITALS_DOMAIN_PAUSED;
}

static gboolean
holds_suspended(const VitalsSigns *signs, const VitalsLimits *limits)
{
    return signs->state == VITALS_DOMAIN_PMSUSPENDED;
}

static gboolean
holds_shutting_down(const VitalsSigns *signs, const VitalsLimits *limits)
{
    return signs->state == VITALS_DOMAIN_SHUTDOWN || signs->state == VITALS_DOMAIN_SHUTOFF;
}

static gboolean
holds_kernel_halted(const VitalsSigns *signs, const VitalsLimits *limits)
{
    double share = vitals_signs_vcpu_share(signs);

    return kernel_is_dead(signs, limits) && share >= 0 && share < HALTED_SHARE;
}

static gboolean
holds_kernel_spinning(const VitalsSigns *signs, const VitalsLimits *limits)
{
    return kernel_is_dead(signs, limits) && vitals_signs_vcpu_share(signs) >= SPINNING_SHARE;
}

/* All wait for the one that died: what the kernel does lies below that, so it is no kernel that stopped. */
static gboolean
holds_vcpu_hung(const VitalsSigns *signs, const VitalsLimits *limits)
{
    return kernel_is_dead(signs, limits) &&
           (vitals_signs_vcpus_differ(signs) ||
            (signs->looks_at != 0 && vitals_signs_some_vcpus_dead(signs)));
}

static gboolean
nothing_armed(const VitalsSigns *signs)
{
    return !vitals_signs_layer_has_armed(signs, VITALS_LAYER_KERNEL) &&
           !vitals_signs_layer_has_armed(signs, VITALS_LAYER_USERSPACE) &&
           !vitals_signs_is_alive(signs, VITALS_LAYER_KERNEL);
}

static gboolean
holds_watchdog_expired(const VitalsSigns *signs, const VitalsLimits *limits)
{
    return signs->watchdog_at != 0 && signs->state == VITALS_DOMAIN_RUNNING &&
           !vitals_signs_is_fs_frozen(signs) && signs->now - signs->watchdog_at < WATCHDOG_TELLS;
}

static gboolean
holds_reboot_loop(const VitalsSigns *signs, const VitalsLimits *limits)
{
    gint64 oldest = signs->reboots[VITALS_REBOOTS_KEPT - 1];

    return oldest != 0 && signs->reboots[0] - oldest < REBOOT_LOOP_WITHIN &&
           signs->now - signs->reboots[0] < REBOOT_LOOP_WITHIN;
}

static gboolean
holds_vcpu_dead(const VitalsSigns *signs, const VitalsLimits *limits)
{
    if (signs->state != VITALS_DOMAIN_RUNNING)
        return FALSE;
    /* a vCPU that uses all of a core, or nothing, is busy or idle, until its kernel misses it */
    if (signs->suspects && vitals_signs_holds(signs, VITALS_SAID_STALL))
        return TRUE;
    return signs->looks_at != 0 && vitals_signs_some_vcpus_dead(signs);
}

static gboolean
agent_is_silent(const VitalsSigns *signs, VitalsAgent kind)
{
    return vitals_signs_layer_is_silent(signs, VITALS_LAYER_USERSPACE) && signs->agent == kind &&
           !vitals_signs_is_fs_frozen(signs);
}

static gboolean
holds_agent_gone(const VitalsSigns *signs, const VitalsLimits *limits)
{
    return agent_is_silent(signs, VITALS_AGENT_DISCONNECTED);
}

static gboolean
holds_agent_frozen(const VitalsSigns *signs, const VitalsLimits *limits)
{
    return agent_is_silent(signs, VITALS_AGENT_UNAVAILABLE);
}

static gboolean
holds_starved(const VitalsSigns *signs, const VitalsLimits *limits)
{
    return signs->starve_since != 0 && signs->starve_at - signs->starve_since >= STARVED_FOR;
}

static gboolean
holds_memory_exhaustion(const VitalsSigns *signs, const VitalsLimits *limits)
{
    return signs->exhaustion_in > 0;
}

static gboolean
holds_starting(const VitalsSigns *signs, const VitalsLimits *limits)
{
    return nothing_armed(signs) && signs->boot_seen &&
           signs->now - signs->started < limits->boot_grace;
}

static gboolean
holds_rebooting(const VitalsSigns *signs, const VitalsLimits *limits)
{
    return (signs->rebooted && holds_starting(signs, limits)) ||
           (vitals_signs_layer_is_silent(signs, VITALS_LAYER_KERNEL) &&
            vitals_signs_boots_anew(signs, limits));
}

/* Firmware reads a boot sector or two of each disk; a boot loader with its menu reads far more. */
#define BOOT_SECTORS 64

static gboolean
holds_nothing_to_boot(const VitalsSigns *signs, const VitalsLimits *limits)
{
    return nothing_armed(signs) && signs->boot_seen && signs->balloon_never_answered &&
           signs->block_at > signs->started &&
           signs->sources[vitals_probe_index("block")].value < BOOT_SECTORS;
}

/* Its balloon was asked and has never answered since the guest was started before our eyes. */
static gboolean
holds_not_booted(const VitalsSigns *signs, const VitalsLimits *limits)
{
    return nothing_armed(signs) && signs->boot_seen && signs->balloon_never_answered;
}

static gboolean
holds_observing(const VitalsSigns *signs, const VitalsLimits *limits)
{
    return nothing_armed(signs) && !signs->boot_seen && signs->now - signs->started < OBSERVING;
}

static gboolean
holds_no_vital_signs(const VitalsSigns *signs, const VitalsLimits *limits)
{
    return nothing_armed(signs);
}

/* Rows that are not found by looking at signs. */
static gboolean
holds_never(const VitalsSigns *signs, const VitalsLimits *limits)
{
    return FALSE;
}

static gboolean
holds_always(const VitalsSigns *signs, const VitalsLimits *limits)
{
    return TRUE;
}

const VitalsCause vitals_causes[] = {
    {
        .id = "guest-panicked",
        .health = VITALS_HEALTH_CRASHED,
        .layer = VITALS_LAYER_KERNEL,
        .meaning = "The guest's kernel panicked and told the host so through its panic device.",
        .remedy = "Read the vmcore and the console log of the incident for the panic's text and "
                  "trace, then reset or start the guest again.",
        .said = VITALS_SAID_PANIC,
        .holds = holds_panicked,
    },
    {
        .id = "qemu-died",
        .health = VITALS_HEALTH_CRASHED,
        .layer = VITALS_LAYER_HYPERVISOR,
        .meaning = "The QEMU process ended by itself, without a shutdown of the guest and without "
                   "anybody asking libvirt for it: it was killed, or it crashed.",
        .remedy = "Look at the end of the guest's log in /var/log/libvirt/qemu, at the host's "
                  "kernel log for an out-of-memory kill and at 'coredumpctl', then start the "
                  "guest again.",
        .holds = holds_qemu_died,
    },
    {
        .id = "qemu-gone",
        .health = VITALS_HEALTH_STUCK,
        .layer = VITALS_LAYER_HYPERVISOR,
        .meaning = "The QEMU process has ended although libvirt still counts the guest as running.",
        .remedy = "Look at the end of the guest's log in /var/log/libvirt/qemu and at the host's "
                  "kernel log for an out-of-memory kill; restart libvirtd if it does not notice.",
        .holds = holds_qemu_gone,
    },
    {
        .id = "qemu-stopped",
        .health = VITALS_HEALTH_STUCK,
        .layer = VITALS_LAYER_HYPERVISOR,
        .meaning = "The QEMU process was stopped by a signal or a debugger; the guest inside gets "
                   "no time and its monitor cannot answer.",
        .remedy = "Find out who stopped it, then continue it with 'kill -CONT PID'; nothing in the "
                  "guest needs repair.",
        .holds = holds_qemu_stopped,
    },
    {
        .id = "qemu-frozen",
        .health = VITALS_HEALTH_STUCK,
        .layer = VITALS_LAYER_HYPERVISOR,
        .meaning = "The control group of the QEMU process is frozen.",
        .remedy = "Find out who froze it and thaw the group.",
        .holds = holds_qemu_frozen,
    },
    {
        .id = "qemu-blocked",
        .health = VITALS_HEALTH_STUCK,
        .layer = VITALS_LAYER_HYPERVISOR,
        .meaning = "The QEMU process hangs inside the host's kernel (uninterruptible sleep), most "
                   "often on storage that does not answer.",
        .remedy = "Look at the storage below the guest (NFS, iSCSI, a failing disk) and at the "
                  "host's kernel log.",
        .holds = holds_qemu_blocked,
    },
    {
        .id = "monitor-lost",
        .health = VITALS_HEALTH_STUCK,
        .layer = VITALS_LAYER_HYPERVISOR,
        .meaning = "libvirt lost its connection to QEMU's monitor and can no longer control the "
                   "guest, which may well be running.",
        .remedy = "Look at libvirtd's log; the guest has to be shut down from inside and started "
                  "again to be managed.",
        .holds = holds_monitor_lost,
    },
    {
        .id = "monitor-blocked",
        .health = VITALS_HEALTH_STUCK,
        .layer = VITALS_LAYER_HYPERVISOR,
        .meaning = "QEMU does not answer on its monitor.",
        .remedy = "Look at what QEMU's main thread waits for ('cat /proc/PID/stack'), usually "
                  "storage or another tool holding it.",
        .holds = holds_monitor_blocked,
    },
    {
        .id = "no-data",
        .health = VITALS_HEALTH_UNKNOWN,
        .layer = VITALS_LAYER_NONE,
        .meaning = "libvirt has not told anything about this guest for too long.",
        .remedy = "Check that libvirtd runs and answers ('virsh list').",
        .holds = holds_no_data,
    },
    {
        .id = "io-error",
        .health = VITALS_HEALTH_PAUSED,
        .layer = VITALS_LAYER_VCPU,
        .meaning = "QEMU paused the guest because of an I/O error on one of its disks, usually "
                   "because the storage is full.",
        .remedy = "Repair or enlarge the storage, see 'virsh domblkerror', then 'virsh resume'.",
        .holds = holds_io_error,
    },
    {
        .id = "watchdog-pause",
        .health = VITALS_HEALTH_PAUSED,
        .layer = VITALS_LAYER_VCPU,
        .meaning = "The guest's watchdog expired and its action paused the guest: nothing in the "
                   "guest petted it any more.",
        .remedy = "Treat it as a hang: look at the console, take a dump, then reset the guest.",
        .holds = holds_watchdog_pause,
    },
    {
        .id = "paused-by-user",
        .health = VITALS_HEALTH_PAUSED,
        .layer = VITALS_LAYER_NONE,
        .meaning = "Somebody paused the guest.",
        .remedy = "'virsh resume' when it is to go on.",
        .holds = holds_paused_by_user,
    },
    {
        .id = "paused-for-job",
        .health = VITALS_HEALTH_PAUSED,
        .layer = VITALS_LAYER_NONE,
        .meaning = "The guest is paused while libvirt saves, migrates, dumps or snapshots it.",
        .remedy = "Wait for the job to end; 'virsh domjobinfo' shows it.",
        .holds = holds_paused_for_job,
    },
    {
        .id = "suspended",
        .health = VITALS_HEALTH_PAUSED,
        .layer = VITALS_LAYER_NONE,
        .meaning = "The guest suspended itself to memory.",
        .remedy = "'virsh dompmwakeup' wakes it.",
        .holds = holds_suspended,
    },
    {
        .id = "shutting-down",
        .health = VITALS_HEALTH_HEALTHY,
        .layer = VITALS_LAYER_NONE,
        .meaning = "The guest is on its way down.",
        .remedy = "Nothing to do.",
        .holds = holds_shutting_down,
    },
    {
        .id = "kernel-panic",
        .health = VITALS_HEALTH_CRASHED,
        .layer = VITALS_LAYER_KERNEL,
        .meaning = "The guest's kernel panicked: it wrote so on its console. No panic device told "
                   "the host.",
        .remedy = "Read the panic's text and trace in the incident's console log and vmcore, then "
                  "reset the guest; add a panic device (lint rule CAP001).",
        .said = VITALS_SAID_PANIC,
        .hearsay = TRUE,
        .holds = holds_kernel_panic,
    },
    {
        .id = "vcpu-hung",
        .health = VITALS_HEALTH_UNRESPONSIVE,
        .layer = VITALS_LAYER_VCPU,
        .meaning = "The guest's kernel stopped answering as some of its vCPUs spin or stand still, "
                   "while others still run.",
        .remedy = "Read the vmcore's backtraces of the vCPUs that the evidence names, then reset "
                  "the guest.",
        .said = VITALS_SAID_STALL,
        .holds = holds_vcpu_hung,
    },
    {
        .id = "kernel-halted",
        .health = VITALS_HEALTH_UNRESPONSIVE,
        .layer = VITALS_LAYER_KERNEL,
        .meaning = "The guest's kernel stopped answering and its vCPUs use no time at all: they "
                   "are halted and no interrupt wakes them.",
        .remedy = "Read the vmcore's backtraces for what halted with interrupts off, then reset "
                  "the guest.",
        .said = VITALS_SAID_STALL,
        .holds = holds_kernel_halted,
    },
    {
        .id = "kernel-spinning",
        .health = VITALS_HEALTH_UNRESPONSIVE,
        .layer = VITALS_LAYER_KERNEL,
        .meaning = "The guest's kernel stopped answering while its vCPUs run at full speed: a "
                   "panic that nothing reported, or a loop with interrupts off.",
        .remedy = "Read the vmcore's log and backtraces; add a panic device (lint rule CAP001) so "
                  "that a panic is told apart, then reset the guest.",
        .said = VITALS_SAID_STALL,
        .holds = holds_kernel_spinning,
    },
    {
        .id = "kernel-silent",
        .health = VITALS_HEALTH_UNRESPONSIVE,
        .layer = VITALS_LAYER_KERNEL,
        .meaning = "The guest's kernel stopped answering.",
        .remedy = "Read the vmcore's log and backtraces, then reset the guest.",
        .said = VITALS_SAID_STALL,
        .holds = kernel_is_dead,
    },
    {
        .id = "disk-blocked",
        .health = VITALS_HEALTH_DEGRADED,
        .layer = VITALS_LAYER_HYPERVISOR,
        .meaning =
            "A thread of QEMU has been inside the host's kernel for a request to one of the "
            "guest's disks that is not answered: the guest lives, but what needs that disk hangs.",
        .remedy =
            "Look at the storage below the guest's disks (NFS, a failing or suspended device) "
            "and at the host's kernel log; the guest goes on when it answers.",
        .holds = holds_disk_blocked,
    },
    {
        .id = "disk-throttled",
        .health = VITALS_HEALTH_DEGRADED,
        .layer = VITALS_LAYER_HYPERVISOR,
        .meaning = "A limit in the guest's definition lets next to nothing through to one of its "
                   "disks, and no request of the guest is completed any more.",
        .remedy = "See 'virsh blkdeviotune DOMAIN DISK' for the limit and who set it; 0 lifts it.",
        .holds = holds_disk_throttled,
    },
    {
        .id = "disk-stuck",
        .health = VITALS_HEALTH_DEGRADED,
        .layer = VITALS_LAYER_HYPERVISOR,
        .meaning = "The guest waits for requests to one of its disks that QEMU took and does not "
                   "complete: the guest lives, but what needs that disk hangs.",
        .remedy =
            "Look at the storage below the guest's disks, at 'virsh blkdeviotune' and at jobs "
            "that hold a disk ('virsh blockjob'); the guest goes on when it answers.",
        .holds = holds_disk_stuck,
    },
    {
        .id = "vcpu-dead",
        .health = VITALS_HEALTH_DEGRADED,
        .layer = VITALS_LAYER_VCPU,
        .meaning =
            "Some of the guest's vCPUs are dead with interrupts off while others live: what needs "
            "them hangs, the rest seems well.",
        .remedy =
            "Take a dump ('virt-vitals capture') for the backtraces of the dead vCPUs, then reset "
            "the guest.",
        .said = VITALS_SAID_STALL,
        .holds = holds_vcpu_dead,
    },
    {
        .id = "watchdog-expired",
        .health = VITALS_HEALTH_UNRESPONSIVE,
        .layer = VITALS_LAYER_USERSPACE,
        .meaning =
            "The guest's watchdog expired: what had to pet it did not, while the kernel still "
            "answers.",
        .remedy =
            "Look at the guest's console and at what feeds its watchdog; memory exhaustion and "
            "stuck storage are the usual reasons.",
        .holds = holds_watchdog_expired,
    },
    {
        .id = "reboot-loop",
        .health = VITALS_HEALTH_DEGRADED,
        .layer = VITALS_LAYER_KERNEL,
        .meaning = "The guest reboots again and again.",
        .remedy =
            "Read the end of its console log before each reboot: a panic with a reboot behind it "
            "(panic=N) looks like this from outside when there is no panic device.",
        .holds = holds_reboot_loop,
    },
    {
        .id = "boot-stopped",
        .health = VITALS_HEALTH_DEGRADED,
        .layer = VITALS_LAYER_KERNEL,
        .meaning =
            "The guest waits for somebody at its console: in its boot loader or firmware, in "
            "an emergency shell or in a debugger.",
        .remedy =
            "Open its console ('virsh console') and read what it asks for; the lines above the "
            "prompt tell what it could not find or mount.",
        .said = VITALS_SAID_STOPPED,
        .holds = holds_boot_stopped,
    },
    {
        .id = "kernel-stalled",
        .health = VITALS_HEALTH_DEGRADED,
        .layer = VITALS_LAYER_KERNEL,
        .meaning = "The guest's kernel reports that a CPU of its makes no progress, while it still "
                   "gives signs of life.",
        .remedy = "Read the trace in its console log for what loops; a host that starves the guest "
                  "('cpu-starved') makes such reports too.",
        .said = VITALS_SAID_STALL,
        .holds = holds_kernel_stalled,
    },
    {
        .id = "tasks-hung",
        .health = VITALS_HEALTH_DEGRADED,
        .layer = VITALS_LAYER_KERNEL,
        .meaning = "The guest's kernel reports tasks that have waited for minutes, most often for "
                   "a disk that does not answer.",
        .remedy = "Look at the storage below the guest's disks; the trace in its console log tells "
                  "what the tasks wait for.",
        .said = VITALS_SAID_HUNG_TASK,
        .holds = holds_tasks_hung,
    },
    {
        .id = "out-of-memory",
        .health = VITALS_HEALTH_DEGRADED,
        .layer = VITALS_LAYER_USERSPACE,
        .meaning = "The guest ran out of memory, and its kernel killed something for it.",
        .remedy = "Look in its console log for what was killed and what had taken the memory; give "
                  "the guest more, or that program less.",
        .said = VITALS_SAID_OOM,
        .holds = holds_out_of_memory,
    },
    {
        .id = "storage-errors",
        .health = VITALS_HEALTH_DEGRADED,
        .layer = VITALS_LAYER_KERNEL,
        .meaning = "The guest reports that one of its disks fails, or that a file system can no "
                   "longer be written.",
        .remedy = "Look at the storage below the guest's disks, then check and mount the file "
                  "system again.",
        .said = VITALS_SAID_STORAGE,
        .holds = holds_storage_errors,
    },
    {
        .id = "kernel-fault",
        .health = VITALS_HEALTH_DEGRADED,
        .layer = VITALS_LAYER_KERNEL,
        .meaning = "The guest reports a fault of its kernel (a bug, damaged memory, failing "
                   "hardware) and goes on in a state that nobody knows.",
        .remedy = "Keep the report in its console log, update its kernel, and restart the guest "
                  "in a quiet hour; what it does until then is not to be relied on.",
        .said = VITALS_SAID_FAULT,
        .holds = holds_kernel_fault,
    },
    {
        .id = "console-loop",
        .health = VITALS_HEALTH_DEGRADED,
        .layer = VITALS_LAYER_USERSPACE,
        .meaning = "The same trouble appears on the guest's console again and again at a steady "
                   "pace: something is restarted and fails each time.",
        .remedy = "Look at the line that comes again; for a login service on a serial port that is "
                  "not there, disable it (lint rules SER001 to SER005 tell beforehand).",
        .said = VITALS_SAID_LOOP,
        .holds = holds_console_loop,
    },
    {
        .id = "rebooting",
        .health = VITALS_HEALTH_STARTING,
        .layer = VITALS_LAYER_NONE,
        .meaning = "The guest rebooted a short while ago and has not shown all its signs yet.",
        .remedy = "Wait.",
        .holds = holds_rebooting,
    },
    {
        /* of no layer: they all live, and it is not known yet which of them will fall first */
        .id = "memory-exhaustion",
        .health = VITALS_HEALTH_DEGRADED,
        .layer = VITALS_LAYER_NONE,
        .meaning = "The guest lives, but something in it has been taking memory steadily and gives "
                   "none back; at this pace all of it will be gone at the time the evidence tells.",
        .remedy =
            "Look inside the guest for what grows ('ps aux --sort -rss', slabtop) and restart "
            "it in a quiet hour before the kernel has to kill something.",
        .holds = holds_memory_exhaustion,
    },
    {
        .id = "starting",
        .health = VITALS_HEALTH_STARTING,
        .layer = VITALS_LAYER_NONE,
        .meaning = "The guest started a short while ago and has not shown all its signs yet.",
        .remedy = "Wait.",
        .holds = holds_starting,
    },
    {
        .id = "observing",
        .health = VITALS_HEALTH_UNKNOWN,
        .layer = VITALS_LAYER_NONE,
        .meaning = "We have not watched this guest for long enough to know its signs of life.",
        .remedy = "Wait.",
        .holds = holds_observing,
    },
    {
        .id = "nothing-to-boot",
        .health = VITALS_HEALTH_UNKNOWN,
        .layer = VITALS_LAYER_NONE,
        .meaning =
            "Since it started nothing of an operating system was seen, and next to nothing was "
            "read from its disks: none of them can be booted, or its firmware waits.",
        .remedy = "Look at the guest's screen ('virsh screenshot') and at the boot order in its "
                  "definition.",
        .holds = holds_nothing_to_boot,
    },
    {
        .id = "not-booted",
        .health = VITALS_HEALTH_UNKNOWN,
        .layer = VITALS_LAYER_NONE,
        .meaning =
            "Since it started nothing of an operating system was seen: no bootable disk, a boot "
            "menu that waits, or a system without a balloon driver.",
        .remedy = "Look at the guest's screen ('virsh screenshot') or console.",
        .holds = holds_not_booted,
    },
    {
        .id = "no-vital-signs",
        .health = VITALS_HEALTH_UNKNOWN,
        .layer = VITALS_LAYER_NONE,
        .meaning = "Nothing in this guest shows from outside whether its kernel lives: no balloon "
                   "driver answers.",
        .remedy = "Give it a virtio balloon with a statistics period (lint rule MEM004) and load "
                  "its driver in the guest.",
        .holds = holds_no_vital_signs,
    },
    {
        .id = "agent-gone",
        .health = VITALS_HEALTH_DEGRADED,
        .layer = VITALS_LAYER_USERSPACE,
        .meaning = "The guest agent has left its port, while the kernel lives: it was stopped, or "
                   "userspace is dying.",
        .remedy =
            "Log in, or look at the console: if other services are gone too, the guest needs a "
            "restart; else start qemu-guest-agent again.",
        .advice = TRUE,
        .holds = holds_agent_gone,
    },
    {
        .id = "agent-frozen",
        .health = VITALS_HEALTH_DEGRADED,
        .layer = VITALS_LAYER_USERSPACE,
        .meaning = "The guest agent holds its port and does not answer, while the kernel lives.",
        .remedy = "Look at the console for stuck storage or memory exhaustion; restart "
                  "qemu-guest-agent.",
        .advice = TRUE,
        .holds = holds_agent_frozen,
    },
    {
        .id = "cpu-starved",
        .health = VITALS_HEALTH_DEGRADED,
        .layer = VITALS_LAYER_VCPU,
        .meaning = "The host gives the guest less than half of the CPU time it asks for.",
        .remedy =
            "Take load off the host or move guests away; see the pressure in /proc/pressure/cpu.",
        .advice = TRUE,
        .holds = holds_starved,
    },
    {
        .id = "console-flood",
        .health = VITALS_HEALTH_DEGRADED,
        .layer = VITALS_LAYER_NONE,
        .meaning =
            "The guest writes more on its console than is read of it; what it says there may "
            "be missed.",
        .remedy = "Find out what writes there; the metric "
                  "virt_vitals_console_skipped_bytes_total counts what was left out.",
        .advice = TRUE,
        .said = VITALS_SAID_FLOOD,
        .holds = holds_console_flood,
    },
    {
        .id = "requested",
        .health = VITALS_HEALTH_UNKNOWN,
        .layer = VITALS_LAYER_NONE,
        .meaning = "Somebody asked for a dump of this guest; nothing is said of its health.",
        .remedy = "Read the vmcore with crash.",
        .holds = holds_never,
    },
    {
        .id = "none",
        .health = VITALS_HEALTH_HEALTHY,
        .layer = VITALS_LAYER_NONE,
        .meaning = "All signs of life are there.",
        .remedy = "Nothing to do.",
        .holds = holds_always,
    },
};

const VitalsCause *
vitals_cause_find(const char *id)
{
    for (gsize i = 0; i < G_N_ELEMENTS(vitals_causes); i++) {
        if (strcmp(vitals_causes[i].id, id) == 0)
            return &vitals_causes[i];
    }
    return NULL;
}
