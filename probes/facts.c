/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "probes/facts.h"

/* Looks a name up in a table that is indexed by an enum; what is out of range is a broken caller. */
#define NAME_OF(table, value) \
    ((gsize)(value) < G_N_ELEMENTS(table) && (table)[value] ? (table)[value] : "invalid")

const char *
vitals_layer_name(VitalsLayer layer)
{
    static const char *const names[VITALS_N_LAYERS] = {
        [VITALS_LAYER_NONE] = "none",           [VITALS_LAYER_HYPERVISOR] = "hypervisor",
        [VITALS_LAYER_VCPU] = "vcpu",           [VITALS_LAYER_KERNEL] = "kernel",
        [VITALS_LAYER_USERSPACE] = "userspace",
    };
    return NAME_OF(names, layer);
}

const char *
vitals_part_name(VitalsPart part)
{
    static const char *const names[VITALS_N_PARTS] = {
        [VITALS_PART_STATE] = "state",     [VITALS_PART_CONTROL] = "control",
        [VITALS_PART_VCPU] = "vcpu",       [VITALS_PART_PROCESS] = "process",
        [VITALS_PART_BALLOON] = "balloon", [VITALS_PART_EVENT] = "event",
        [VITALS_PART_NET] = "net",         [VITALS_PART_AGENT] = "agent",
        [VITALS_PART_BLOCK] = "block",     [VITALS_PART_REGISTERS] = "registers",
        [VITALS_PART_QUEUES] = "queues",   [VITALS_PART_CONSOLE] = "console",
        [VITALS_PART_KVM] = "kvm",
    };
    return NAME_OF(names, part);
}

const char *
vitals_fact_state_name(VitalsFactState state)
{
    static const char *const names[] = {
        [VITALS_FACT_NOT_ASKED] = "not-asked",     [VITALS_FACT_AVAILABLE] = "available",
        [VITALS_FACT_ABSENT] = "absent",           [VITALS_FACT_FAILED] = "failed",
        [VITALS_FACT_UNSUPPORTED] = "unsupported", [VITALS_FACT_TIMED_OUT] = "timed-out",
    };
    return NAME_OF(names, state);
}

const char *
vitals_domain_state_name(VitalsDomainState state)
{
    static const char *const names[] = {
        [VITALS_DOMAIN_NOSTATE] = "nostate",         [VITALS_DOMAIN_RUNNING] = "running",
        [VITALS_DOMAIN_PAUSED] = "paused",           [VITALS_DOMAIN_SHUTDOWN] = "shutdown",
        [VITALS_DOMAIN_SHUTOFF] = "shutoff",         [VITALS_DOMAIN_CRASHED] = "crashed",
        [VITALS_DOMAIN_PMSUSPENDED] = "pmsuspended",
    };
    return NAME_OF(names, state);
}

const char *
vitals_reason_name(VitalsReason reason)
{
    static const char *const names[] = {
        [VITALS_REASON_OTHER] = "other",         [VITALS_REASON_USER] = "user",
        [VITALS_REASON_IO_ERROR] = "io-error",   [VITALS_REASON_WATCHDOG] = "watchdog",
        [VITALS_REASON_CRASHED] = "crashed",     [VITALS_REASON_FAILED] = "failed",
        [VITALS_REASON_MIGRATION] = "migration", [VITALS_REASON_SAVE] = "save",
        [VITALS_REASON_DUMP] = "dump",           [VITALS_REASON_SNAPSHOT] = "snapshot",
        [VITALS_REASON_STARTING] = "starting",
    };
    return NAME_OF(names, reason);
}

const char *
vitals_control_name(VitalsControl control)
{
    static const char *const names[] = {
        [VITALS_CONTROL_OK] = "ok",
        [VITALS_CONTROL_JOB] = "job",
        [VITALS_CONTROL_OCCUPIED] = "occupied",
        [VITALS_CONTROL_ERROR] = "error",
    };
    return NAME_OF(names, control);
}

const char *
vitals_process_name(VitalsProcess process)
{
    static const char *const names[] = {
        [VITALS_PROCESS_ALIVE] = "alive",     [VITALS_PROCESS_STOPPED] = "stopped",
        [VITALS_PROCESS_BLOCKED] = "blocked", [VITALS_PROCESS_FROZEN] = "frozen",
        [VITALS_PROCESS_GONE] = "gone",
    };
    return NAME_OF(names, process);
}

const char *
vitals_agent_name(VitalsAgent agent)
{
    static const char *const names[] = {
        [VITALS_AGENT_ANSWERED] = "answered",
        [VITALS_AGENT_DISCONNECTED] = "disconnected",
        [VITALS_AGENT_UNAVAILABLE] = "unavailable",
        [VITALS_AGENT_REFUSED] = "refused",
    };
    return NAME_OF(names, agent);
}

const char *
vitals_event_name(VitalsEvent event)
{
    static const char *const names[VITALS_N_EVENTS] = {
        [VITALS_EVENT_STARTED] = "started",
        [VITALS_EVENT_REBOOT] = "reboot",
        [VITALS_EVENT_CRASHED] = "crashed",
        [VITALS_EVENT_CRASH_LOADED] = "crash-loaded",
        [VITALS_EVENT_STOPPED] = "stopped",
        [VITALS_EVENT_STOPPED_CRASHED] = "stopped-crashed",
        [VITALS_EVENT_STOPPED_FAILED] = "stopped-failed",
        [VITALS_EVENT_PAUSED] = "paused",
        [VITALS_EVENT_RESUMED] = "resumed",
        [VITALS_EVENT_SUSPENDED] = "suspended",
        [VITALS_EVENT_SHUTDOWN] = "shutdown",
        [VITALS_EVENT_WATCHDOG] = "watchdog",
        [VITALS_EVENT_IO_ERROR] = "io-error",
        [VITALS_EVENT_DEFINED] = "defined",
        [VITALS_EVENT_UNDEFINED] = "undefined",
        [VITALS_EVENT_AGENT_CONNECTED] = "agent-connected",
        [VITALS_EVENT_AGENT_DISCONNECTED] = "agent-disconnected",
        [VITALS_EVENT_CONTROL_ERROR] = "control-error",
        [VITALS_EVENT_MEMORY_FAILURE] = "memory-failure",
        [VITALS_EVENT_CHANGED] = "changed",
    };
    return NAME_OF(names, event);
}

VitalsSample *
vitals_sample_new(gint64 at, gint64 realtime)
{
    VitalsSample *sample = g_new0(VitalsSample, 1);

    g_atomic_ref_count_init(&sample->references);
    sample->at = at;
    sample->realtime = realtime;
    return sample;
}

VitalsSample *
vitals_sample_ref(VitalsSample *sample)
{
    g_atomic_ref_count_inc(&sample->references);
    return sample;
}

void
vitals_sample_unref(VitalsSample *sample)
{
    if (!sample || !g_atomic_ref_count_dec(&sample->references))
        return;
    g_free(sample->vcpu_ns);
    g_free(sample->registers);
    g_free(sample->kvm);
    g_free(sample->queues);
    g_free(sample->utterances);
    g_free(sample);
}
