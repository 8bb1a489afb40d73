/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "probes/verdict.h"

static gboolean
holds_qemu_died(const VitalsSigns *signs, const VitalsLimits *limits)
{
    return signs->died_at ||
           (signs->state == VITALS_DOMAIN_SHUTOFF && signs->reason == VITALS_REASON_FAILED);
}

const VitalsCause vitals_cause_qemu_died = {
    .id = "qemu-died",
    .health = VITALS_HEALTH_CRASHED,
    .layer = VITALS_LAYER_HYPERVISOR,
    .meaning = "The QEMU process ended by itself, without a shutdown of the guest and without "
               "anybody asking libvirt for it: it was killed, or it crashed.",
    .remedy = "Look at the end of the guest's log in /var/log/libvirt/qemu, at the host's "
              "kernel log for an out-of-memory kill and at 'coredumpctl', then start the "
              "guest again.",
    .holds = holds_qemu_died,
};

static gboolean
process_has_been(const VitalsSigns *signs, const VitalsLimits *limits, VitalsProcess process,
                 gint64 at_least)
{
    return vitals_signs_is_fresh(signs, limits, signs->process_at) && signs->process == process &&
           signs->process_at - signs->process_since >= at_least;
}

static gboolean
holds_qemu_gone(const VitalsSigns *signs, const VitalsLimits *limits)
{
    /* libvirt has to have had its say since: a guest that shuts down ends its QEMU too */
    return signs->state == VITALS_DOMAIN_RUNNING &&
           signs->state_at - signs->process_since >= limits->stuck_after &&
           process_has_been(signs, limits, VITALS_PROCESS_GONE, limits->stuck_after);
}

const VitalsCause vitals_cause_qemu_gone = {
    .id = "qemu-gone",
    .health = VITALS_HEALTH_STUCK,
    .layer = VITALS_LAYER_HYPERVISOR,
    .meaning = "The QEMU process has ended although libvirt still counts the guest as running.",
    .remedy = "Look at the end of the guest's log in /var/log/libvirt/qemu and at the host's "
              "kernel log for an out-of-memory kill; restart libvirtd if it does not notice.",
    .holds = holds_qemu_gone,
};

static gboolean
holds_qemu_stopped(const VitalsSigns *signs, const VitalsLimits *limits)
{
    return process_has_been(signs, limits, VITALS_PROCESS_STOPPED, limits->stuck_after);
}

const VitalsCause vitals_cause_qemu_stopped = {
    .id = "qemu-stopped",
    .health = VITALS_HEALTH_STUCK,
    .layer = VITALS_LAYER_HYPERVISOR,
    .meaning = "The QEMU process was stopped by a signal or a debugger; the guest inside gets "
               "no time and its monitor cannot answer.",
    .remedy = "Find out who stopped it, then continue it with 'kill -CONT PID'; nothing in the "
              "guest needs repair.",
    .holds = holds_qemu_stopped,
};

static gboolean
holds_qemu_frozen(const VitalsSigns *signs, const VitalsLimits *limits)
{
    return process_has_been(signs, limits, VITALS_PROCESS_FROZEN, limits->stuck_after);
}

const VitalsCause vitals_cause_qemu_frozen = {
    .id = "qemu-frozen",
    .health = VITALS_HEALTH_STUCK,
    .layer = VITALS_LAYER_HYPERVISOR,
    .meaning = "The control group of the QEMU process is frozen.",
    .remedy = "Find out who froze it and thaw the group.",
    .holds = holds_qemu_frozen,
};

static gboolean
holds_qemu_blocked(const VitalsSigns *signs, const VitalsLimits *limits)
{
    return process_has_been(signs, limits, VITALS_PROCESS_BLOCKED, limits->blocked_after);
}

const VitalsCause vitals_cause_qemu_blocked = {
    .id = "qemu-blocked",
    .health = VITALS_HEALTH_STUCK,
    .layer = VITALS_LAYER_HYPERVISOR,
    .meaning = "The QEMU process hangs inside the host's kernel (uninterruptible sleep), most "
               "often on storage that does not answer.",
    .remedy = "Look at the storage below the guest (NFS, iSCSI, a failing disk) and at the "
              "host's kernel log.",
    .holds = holds_qemu_blocked,
};

static gboolean
holds_monitor_lost(const VitalsSigns *signs, const VitalsLimits *limits)
{
    return vitals_signs_is_fresh(signs, limits, signs->control_at) &&
           signs->control == VITALS_CONTROL_ERROR &&
           (signs->control_told_at || signs->control_for >= limits->stuck_after);
}

const VitalsCause vitals_cause_monitor_lost = {
    .id = "monitor-lost",
    .health = VITALS_HEALTH_STUCK,
    .layer = VITALS_LAYER_HYPERVISOR,
    .meaning = "libvirt lost its connection to QEMU's monitor and can no longer control the "
               "guest, which may well be running.",
    .remedy = "Look at libvirtd's log; the guest has to be shut down from inside and started "
              "again to be managed.",
    .holds = holds_monitor_lost,
};

/* An internal snapshot keeps QEMU's monitor busy for as long as it takes, with the guest paused for it. */
static gboolean
is_paused_for_job(const VitalsSigns *signs)
{
    return signs->state == VITALS_DOMAIN_PAUSED &&
           (signs->reason == VITALS_REASON_SNAPSHOT || signs->reason == VITALS_REASON_SAVE ||
            signs->reason == VITALS_REASON_MIGRATION || signs->reason == VITALS_REASON_DUMP);
}

/* Where threads of QEMU always wait for a CPU a tenth of the time counts all the same. */
#define OCCUPIED_LEAST 10

/* What of the time libvirt's channel has been occupied QEMU could have answered in: not that in which one of its
 * threads was ready and the host gave it no CPU. */
static gint64
could_answer_for(const VitalsSigns *signs)
{
    gint64 starved = signs->starved_total - signs->starved_when_free;

    return MAX(signs->control_for - starved, signs->control_for / OCCUPIED_LEAST);
}

static gboolean
holds_monitor_blocked(const VitalsSigns *signs, const VitalsLimits *limits)
{
    return !is_paused_for_job(signs) && vitals_signs_is_fresh(signs, limits, signs->control_at) &&
           signs->control == VITALS_CONTROL_OCCUPIED &&
           could_answer_for(signs) >= limits->stuck_after;
}

const VitalsCause vitals_cause_monitor_blocked = {
    .id = "monitor-blocked",
    .health = VITALS_HEALTH_STUCK,
    .layer = VITALS_LAYER_HYPERVISOR,
    .meaning = "QEMU does not answer on its monitor.",
    .remedy = "Look at what QEMU's main thread waits for ('cat /proc/PID/stack'), usually "
              "storage or another tool holding it.",
    .holds = holds_monitor_blocked,
};

/* The page stays bad, but what it held is replaced or lost by then. */
#define MEMORY_FAILURE_TELLS (15 * G_TIME_SPAN_MINUTE)

static gboolean
holds_memory_failure(const VitalsSigns *signs, const VitalsLimits *limits)
{
    return signs->memory_failed_at != 0 &&
           signs->now - signs->memory_failed_at < MEMORY_FAILURE_TELLS;
}

const VitalsCause vitals_cause_memory_failure = {
    .id = "memory-failure",
    .health = VITALS_HEALTH_DEGRADED,
    .layer = VITALS_LAYER_HYPERVISOR,
    .meaning = "Memory of the host that this guest uses failed and could not be corrected: what "
               "stood there is "
               "lost, and the guest goes on without it as far as it can.",
    .remedy = "Look at the host's kernel log and at 'ras-mc-ctl --errors' for the module, move the "
              "host's guests "
              "away and replace it; look in this guest's log for what it had to end.",
    .holds = holds_memory_failure,
};
