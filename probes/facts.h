/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "probes/kvm.h"
#include "probes/registers.h"
#include "probes/said.h"

/*
 * What was learnt of one guest at one instant. A sample is made by a worker, never changed after it
 * was posted, and counted: the main loop judges it, the recorder keeps it, an incident writes it down.
 */

/* The layers of a guest, lowest first: a verdict names the lowest one that stopped. */
typedef enum {
    VITALS_LAYER_NONE,
    VITALS_LAYER_HYPERVISOR, /* the QEMU process and its monitor */
    VITALS_LAYER_VCPU,       /* its vCPU threads */
    VITALS_LAYER_KERNEL,     /* the guest's kernel */
    VITALS_LAYER_USERSPACE,  /* what runs above it */
    VITALS_N_LAYERS,
} VitalsLayer;

/* "none", "hypervisor", "vcpu", "kernel", "userspace" */
const char *vitals_layer_name(VitalsLayer layer);

/* A part of a sample: what one kind of question brings. */
typedef enum {
    VITALS_PART_STATE,     /* libvirt's state and reason: bookkeeping, never blocks */
    VITALS_PART_CONTROL,   /* libvirt's channel to QEMU's monitor: bookkeeping, never blocks */
    VITALS_PART_VCPU,      /* vCPU time, from the host's /proc by way of libvirt: never blocks */
    VITALS_PART_PROCESS,   /* the QEMU process in /proc */
    VITALS_PART_BALLOON,   /* balloon statistics: asks the monitor and may block for ever */
    VITALS_PART_EVENT,     /* something libvirt told us by itself */
    VITALS_PART_NET,       /* packets, counted by the host's end of the wire: never blocks */
    VITALS_PART_AGENT,     /* a ping to the guest agent: waits for the guest, with a time-out */
    VITALS_PART_BLOCK,     /* requests to its disks: asks the monitor and may block for ever */
    VITALS_PART_REGISTERS, /* registers of the vCPUs: asks the monitor, taints the domain */
    VITALS_PART_KVM,     /* what KVM counts of its vCPUs: asks the monitor and may block for ever */
    VITALS_PART_QUEUES,  /* of its virtio disks: asks the monitor, taints the domain */
    VITALS_PART_CONSOLE, /* what the guest wrote on its console: read from a file on the host */
    VITALS_N_PARTS,
} VitalsPart;

/* "state", "control", "vcpu", "process", "balloon", "event", "net", "agent", "block", "registers",
 * "kvm", "queues", "console" */
const char *vitals_part_name(VitalsPart part);

/* What came of asking. Only AVAILABLE has a value; none of the others is good or bad. */
typedef enum {
    VITALS_FACT_NOT_ASKED,
    VITALS_FACT_AVAILABLE,
    VITALS_FACT_ABSENT,      /* the guest has no such thing */
    VITALS_FACT_UNSUPPORTED, /* this hypervisor cannot say */
    VITALS_FACT_FAILED,      /* it should have, and did not */
    VITALS_FACT_TIMED_OUT,   /* no answer within the deadline */
} VitalsFactState;

/* Its name in recordings, "timed-out"; "invalid" for a number that is none, as in all of these. */
const char *vitals_fact_state_name(VitalsFactState state);

/* libvirt's virDomainState, by our own numbers so that the judges need no libvirt. */
typedef enum {
    VITALS_DOMAIN_NOSTATE,
    VITALS_DOMAIN_RUNNING, /* "blocked" of Xen counts as running */
    VITALS_DOMAIN_PAUSED,
    VITALS_DOMAIN_SHUTDOWN, /* on its way down */
    VITALS_DOMAIN_SHUTOFF,
    VITALS_DOMAIN_CRASHED,
    VITALS_DOMAIN_PMSUSPENDED,
} VitalsDomainState;

/* Its name in recordings. */
const char *vitals_domain_state_name(VitalsDomainState state);

/* The reasons that make a difference to somebody; all others are OTHER. */
typedef enum {
    VITALS_REASON_OTHER,
    VITALS_REASON_USER,
    VITALS_REASON_IO_ERROR,
    VITALS_REASON_WATCHDOG,
    VITALS_REASON_CRASHED, /* panicked, paused or shut off because of a crash */
    VITALS_REASON_FAILED,  /* shut off as what ran it (QEMU) ended by itself */
    VITALS_REASON_MIGRATION,
    VITALS_REASON_SAVE,
    VITALS_REASON_DUMP,
    VITALS_REASON_SNAPSHOT,
    VITALS_REASON_STARTING,
} VitalsReason;

/* Its name in recordings. */
const char *vitals_reason_name(VitalsReason reason);

/* virDomainControlState */
typedef enum {
    VITALS_CONTROL_OK,
    VITALS_CONTROL_JOB,
    VITALS_CONTROL_OCCUPIED, /* a monitor command is waiting for QEMU's answer */
    VITALS_CONTROL_ERROR,    /* the monitor is lost */
} VitalsControl;

/* Its name in recordings. */
const char *vitals_control_name(VitalsControl control);

/* What /proc says of the QEMU process, worst of its threads first. */
typedef enum {
    VITALS_PROCESS_ALIVE,
    VITALS_PROCESS_STOPPED, /* SIGSTOP or a debugger: state T or t, every thread */
    VITALS_PROCESS_BLOCKED, /* its main thread in uninterruptible sleep: state D */
    VITALS_PROCESS_FROZEN,  /* its control group is frozen */
    VITALS_PROCESS_GONE,    /* it was there and is not */
} VitalsProcess;

/* Its name in recordings. */
const char *vitals_process_name(VitalsProcess process);

/* What came of a ping to the guest agent; libvirt tells the failures apart by its message alone
 * (fault-matrix, section 1). */
typedef enum {
    VITALS_AGENT_ANSWERED,
    VITALS_AGENT_DISCONNECTED, /* nobody in the guest has the port open: no agent, or it was killed */
    VITALS_AGENT_UNAVAILABLE, /* somebody has, and does not answer: agent or kernel frozen */
    VITALS_AGENT_REFUSED,     /* it answers but knows no ping: it lives all the same */
} VitalsAgent;

/* Its name in recordings. */
const char *vitals_agent_name(VitalsAgent agent);

/* What libvirt tells without being asked, as far as anybody judges or follows it. */
typedef enum {
    VITALS_EVENT_STARTED,
    VITALS_EVENT_REBOOT,
    VITALS_EVENT_CRASHED,
    VITALS_EVENT_CRASH_LOADED, /* it panicked and its own crash kernel takes the dump */
    VITALS_EVENT_STOPPED,
    VITALS_EVENT_STOPPED_CRASHED, /* it ended because it crashed */
    VITALS_EVENT_STOPPED_FAILED,  /* what ran it (QEMU) ended, and nobody had asked it to */
    VITALS_EVENT_PAUSED,
    VITALS_EVENT_RESUMED,
    VITALS_EVENT_SUSPENDED, /* by the guest's own power management */
    VITALS_EVENT_SHUTDOWN,
    VITALS_EVENT_WATCHDOG,
    VITALS_EVENT_IO_ERROR,
    VITALS_EVENT_DEFINED,
    VITALS_EVENT_UNDEFINED,
    VITALS_EVENT_AGENT_CONNECTED,
    VITALS_EVENT_AGENT_DISCONNECTED,
    VITALS_EVENT_CONTROL_ERROR,
    VITALS_EVENT_MEMORY_FAILURE,
    VITALS_EVENT_CHANGED, /* its live definition: a device, a limit, metadata */
    VITALS_N_EVENTS,
} VitalsEvent;

/* Its name in recordings. */
const char *vitals_event_name(VitalsEvent event);

/**
 * VitalsQueue: a queue between the guest and one of its disks
 * @outstanding: requests that were taken from it and not completed
 * @completed: how many ever were; begins anew at 65536
 */
typedef struct {
    guint outstanding;
    guint completed;
} VitalsQueue;

/**
 * VitalsSample:
 * @at: monotonic time in microseconds just before the question went out
 * @realtime: the host's wall clock at the same moment, microseconds since the epoch
 * @parts: what came of each part; the fields below hold a value only where it is AVAILABLE
 * @control_for: how long @control has been so, in microseconds
 * @vcpu_ns: (array length=vcpus): nanoseconds each vCPU has used, in their order
 * @process_ran: the process' main thread had the CPU since the previous sample of this part: if it is stopped it was
 *   not all the time. FALSE where the host's kernel does not count that
 * @starved: microseconds since the previous sample of this part in which the process' threads were
 *   ready to run and the host gave them no CPU (the largest of its threads' run delay)
 * @thread_blocked_for: how long one of the process' other threads has been in one and the same
 *   uninterruptible sleep, microseconds, as far as it was seen; 0 if none is
 * @last_update: the wall-clock second at which the guest last answered the balloon's question; 0 if
 *   it never did (QEMU, docs/interop/virtio-balloon-stats.rst)
 * @has_counters: the guest's own figures came with it; QEMU drops them when the device is reset
 * @actual: what the balloon leaves to the guest, bytes
 * @available: what the guest's kernel sees, bytes; with @has_counters
 * @unused: what it does not use at all, bytes; with @has_counters
 * @usable: what it could use without swapping, bytes; with @has_counters
 * @registers: (array length=n_registers): of the vCPUs, in their order
 * @kvm: (array length=n_kvm): by number of the vCPUs
 * @queues: (array length=n_queues): of all its virtio disks, in their order
 * @booted: the first line that a kernel writes came; that of another one, or somebody repeated it
 * @kernel_lines: its kernel wrote on the console since the last sample of this part, and no report of
 *   trouble
 * @userspace_lines: likewise something that only userspace writes
 * @utterances: (array length=n_utterances): what it said there, in its order
 * @requests: reads, writes and flushes of all its disks that were completed since it started; QEMU
 *   counts them when they end, so those under way are not among them
 * @disk_limit: bytes a second that the tightest limit in the definition leaves to one of its disks; 0 if
 *   there is none; with the part block
 * @fs_frozen: the guest's file systems are frozen, for a snapshot or backup; where @agent answered
 * @transmitted: packets that the guest sent on all its interfaces since it started
 */
typedef struct {
    gatomicrefcount references;
    gint64 at;
    gint64 realtime;
    VitalsFactState parts[VITALS_N_PARTS];

    VitalsDomainState state;
    VitalsReason reason;

    VitalsControl control;
    gint64 control_for;

    guint vcpus;
    guint64 *vcpu_ns;

    gint pid;
    VitalsProcess process;
    gboolean process_ran;
    gint64 starved;
    gint64 thread_blocked_for;

    gint64 last_update;
    gboolean has_counters;
    guint64 actual;
    guint64 available;
    guint64 unused;
    guint64 usable;

    guint64 transmitted;
    guint64 requests;
    guint64 disk_limit;
    VitalsAgent agent;
    gboolean fs_frozen;

    guint n_registers;
    VitalsRegisters *registers;

    guint n_kvm;
    VitalsKvm *kvm;

    guint n_queues;
    VitalsQueue *queues;

    gboolean booted;
    gboolean kernel_lines;
    gboolean userspace_lines;
    guint n_utterances;
    VitalsUtterance *utterances;

    VitalsEvent event;
} VitalsSample;

/* An empty sample of that moment, all parts not asked. Returns: (transfer full) */
VitalsSample *vitals_sample_new(gint64 at, gint64 realtime);
VitalsSample *vitals_sample_ref(VitalsSample *sample);
void vitals_sample_unref(VitalsSample *sample);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(VitalsSample, vitals_sample_unref)

/* Whether that part has a value. */
static inline gboolean
vitals_sample_has(const VitalsSample *sample, VitalsPart part)
{
    return sample->parts[part] == VITALS_FACT_AVAILABLE;
}
