/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "probes/probe.h"
#include "probes/verdict.h"

/* What is typed at a prompt, and comes back as lines, was not there when the prompt came. */
#define STOPPED_ANSWERED (10 * G_USEC_PER_SEC)

static gboolean
holds_boot_stopped(const VitalsSigns *signs, const VitalsLimits *limits)
{
    const VitalsSource *userspace = &signs->sources[vitals_probe_index("console-userspace")];

    /* somebody who answers the prompt makes lines of his own */
    return vitals_signs_holds(signs, VITALS_SAID_STOPPED) &&
           userspace->last_beat <= signs->said[VITALS_SAID_STOPPED].at + STOPPED_ANSWERED;
}

const VitalsCause vitals_cause_boot_stopped = {
    .id = "boot-stopped",
    .health = VITALS_HEALTH_DEGRADED,
    .layer = VITALS_LAYER_KERNEL,
    .meaning = "The guest waits for somebody at its console: in its boot loader or firmware, in "
               "an emergency shell or in a debugger.",
    .remedy = "Open its console ('virsh console') and read what it asks for; the lines above the "
              "prompt tell what it could not find or mount.",
    .said = VITALS_SAID_STOPPED,
    .holds = holds_boot_stopped,
};

static gboolean
holds_kernel_stalled(const VitalsSigns *signs, const VitalsLimits *limits)
{
    return vitals_signs_holds(signs, VITALS_SAID_STALL);
}

const VitalsCause vitals_cause_kernel_stalled = {
    .id = "kernel-stalled",
    .health = VITALS_HEALTH_DEGRADED,
    .layer = VITALS_LAYER_KERNEL,
    .meaning = "The guest's kernel reports that a CPU of its makes no progress, while it still "
               "gives signs of life.",
    .remedy = "Read the trace in its console log for what loops; a host that starves the guest "
              "('cpu-starved') makes such reports too.",
    .said = VITALS_SAID_STALL,
    .holds = holds_kernel_stalled,
};

static gboolean
holds_tasks_hung(const VitalsSigns *signs, const VitalsLimits *limits)
{
    return vitals_signs_holds(signs, VITALS_SAID_HUNG_TASK) && !vitals_signs_is_fs_frozen(signs);
}

const VitalsCause vitals_cause_tasks_hung = {
    .id = "tasks-hung",
    .health = VITALS_HEALTH_DEGRADED,
    .layer = VITALS_LAYER_KERNEL,
    .meaning = "The guest's kernel reports tasks that have waited for minutes, most often for "
               "a disk that does not answer.",
    .remedy = "Look at the storage below the guest's disks; the trace in its console log tells "
              "what the tasks wait for.",
    .said = VITALS_SAID_HUNG_TASK,
    .holds = holds_tasks_hung,
};

static gboolean
holds_out_of_memory(const VitalsSigns *signs, const VitalsLimits *limits)
{
    return vitals_signs_holds(signs, VITALS_SAID_OOM);
}

const VitalsCause vitals_cause_out_of_memory = {
    .id = "out-of-memory",
    .health = VITALS_HEALTH_DEGRADED,
    .layer = VITALS_LAYER_USERSPACE,
    .meaning = "The guest ran out of memory, and its kernel killed something for it.",
    .remedy = "Look in its console log for what was killed and what had taken the memory; give "
              "the guest more, or that program less.",
    .said = VITALS_SAID_OOM,
    .holds = holds_out_of_memory,
};

static gboolean
holds_storage_errors(const VitalsSigns *signs, const VitalsLimits *limits)
{
    return vitals_signs_holds(signs, VITALS_SAID_STORAGE);
}

const VitalsCause vitals_cause_storage_errors = {
    .id = "storage-errors",
    .health = VITALS_HEALTH_DEGRADED,
    .layer = VITALS_LAYER_KERNEL,
    .meaning = "The guest reports that one of its disks fails, or that a file system can no "
               "longer be written.",
    .remedy = "Look at the storage below the guest's disks, then check and mount the file "
              "system again.",
    .said = VITALS_SAID_STORAGE,
    .holds = holds_storage_errors,
};

static gboolean
holds_kernel_fault(const VitalsSigns *signs, const VitalsLimits *limits)
{
    return vitals_signs_holds(signs, VITALS_SAID_FAULT);
}

const VitalsCause vitals_cause_kernel_fault = {
    .id = "kernel-fault",
    .health = VITALS_HEALTH_DEGRADED,
    .layer = VITALS_LAYER_KERNEL,
    .meaning = "The guest reports a fault of its kernel (a bug, damaged memory, failing "
               "hardware) and goes on in a state that nobody knows.",
    .remedy = "Keep the report in its console log, update its kernel, and restart the guest "
              "in a quiet hour; what it does until then is not to be relied on.",
    .said = VITALS_SAID_FAULT,
    .holds = holds_kernel_fault,
};

static gboolean
holds_console_loop(const VitalsSigns *signs, const VitalsLimits *limits)
{
    return vitals_signs_holds(signs, VITALS_SAID_LOOP);
}

const VitalsCause vitals_cause_console_loop = {
    .id = "console-loop",
    .health = VITALS_HEALTH_DEGRADED,
    .layer = VITALS_LAYER_USERSPACE,
    .meaning = "The same trouble appears on the guest's console again and again at a steady "
               "pace: something is restarted and fails each time.",
    .remedy = "Look at the line that comes again; for a login service on a serial port that is "
              "not there, disable it (lint rules SER001 to SER005 tell beforehand).",
    .said = VITALS_SAID_LOOP,
    .holds = holds_console_loop,
};

static gboolean
holds_console_flood(const VitalsSigns *signs, const VitalsLimits *limits)
{
    return vitals_signs_holds(signs, VITALS_SAID_FLOOD);
}

const VitalsCause vitals_cause_console_flood = {
    .id = "console-flood",
    .health = VITALS_HEALTH_DEGRADED,
    .layer = VITALS_LAYER_NONE,
    .meaning = "The guest writes more on its console than is read of it; what it says there may "
               "be missed.",
    .remedy = "Find out what writes there; the metric "
              "virt_vitals_console_skipped_bytes_total counts what was left out.",
    .advice = TRUE,
    .said = VITALS_SAID_FLOOD,
    .holds = holds_console_flood,
};
