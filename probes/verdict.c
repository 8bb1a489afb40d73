/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "probes/verdict.h"
#include "probes/probe.h"
#include "config/text.h"

/* vCPU time that advanced within this time proves scheduled vCPUs; an idle guest uses 8 ms a second
 * and the kernel counts in ticks of 10 ms. */
#define VCPU_FRESH (10 * G_USEC_PER_SEC)

const char *
vitals_health_name(VitalsHealth health)
{
    static const char *const names[VITALS_N_HEALTHS] = {
        [VITALS_HEALTH_STARTING] = "starting", [VITALS_HEALTH_HEALTHY] = "healthy",
        [VITALS_HEALTH_DEGRADED] = "degraded", [VITALS_HEALTH_UNRESPONSIVE] = "unresponsive",
        [VITALS_HEALTH_CRASHED] = "crashed",   [VITALS_HEALTH_STUCK] = "stuck",
        [VITALS_HEALTH_PAUSED] = "paused",     [VITALS_HEALTH_UNKNOWN] = "unknown",
    };
    return (guint)health < VITALS_N_HEALTHS ? names[health] : "invalid";
}

VitalsVerdict
vitals_verdict_initial(gint64 now)
{
    return (VitalsVerdict){ .cause = vitals_cause_find("no-data"), .since = now };
}

/* Silence is broken by a single beat and a process may be continued for a moment: recovery from
 * these has to last. */
static gboolean
recovers_slowly(const VitalsCause *from, const VitalsCause *to)
{
    return (from->health == VITALS_HEALTH_UNRESPONSIVE || from->health == VITALS_HEALTH_STUCK) &&
           (to->health == VITALS_HEALTH_HEALTHY || to->health == VITALS_HEALTH_UNKNOWN);
}

/* @before: what held until @now. While there is no news of the guest nobody knows that it changed. */
static VitalsVerdict
change_to(const VitalsCause *cause, VitalsVerdict before, gint64 now)
{
    VitalsVerdict verdict = { .cause = cause, .since = now };

    if (cause->blind) {
        verdict.seen = before.cause;
        verdict.seen_since = before.since;
    } else if (before.cause->blind && cause == before.seen) {
        verdict.since = before.seen_since;
    }
    return verdict;
}

VitalsVerdict
vitals_verdict_decide(const VitalsSigns *signs, const VitalsLimits *limits, VitalsVerdict before)
{
    const VitalsCause *const *row = vitals_causes;
    const VitalsCause *cause;

    while (!(*row)->holds(signs, limits))
        row++;
    cause = *row;

    if (cause == before.cause) {
        before.better_since = 0;
        return before;
    }
    if (recovers_slowly(before.cause, cause)) {
        if (!before.better_since)
            before.better_since = signs->now;
        if (signs->now - before.better_since < limits->recovery)
            return before;
    }
    return change_to(cause, before, signs->now);
}

const char *
vitals_verdict_detail(const VitalsSigns *signs, VitalsVerdict verdict)
{
    return signs->said[verdict.cause->said].title;
}

gboolean
vitals_verdict_is_proven(const VitalsSigns *signs, VitalsVerdict verdict)
{
    return !verdict.cause->hearsay || vitals_signs_panic_is_proven(signs);
}

int
vitals_verdict_layer_up(const VitalsSigns *signs, const VitalsLimits *limits, VitalsVerdict verdict,
                        VitalsLayer layer)
{
    const VitalsSource *vcpu = &signs->sources[vitals_probe_index("vcpu")];

    if (verdict.cause->layer == layer && layer != VITALS_LAYER_NONE)
        return 0;
    /* what is not sampled any more is not known any more */
    if (!vitals_signs_is_fresh(signs, limits, signs->state_at))
        return -1;
    /* above the layer that stopped nothing can be told; a degraded one goes on */
    if (verdict.cause->layer != VITALS_LAYER_NONE && layer > verdict.cause->layer &&
        verdict.cause->health != VITALS_HEALTH_DEGRADED)
        return -1;

    switch (layer) {
    case VITALS_LAYER_HYPERVISOR:
        return signs->process_at || signs->control_at ? 1 : -1;
    case VITALS_LAYER_VCPU:
        return vcpu->armed && signs->now - vcpu->last_beat <= VCPU_FRESH ? 1 : -1;
    case VITALS_LAYER_KERNEL:
    case VITALS_LAYER_USERSPACE:
        if (vitals_signs_layer_has_armed(signs, layer))
            return vitals_signs_layer_is_silent(signs, layer) ? -1 : 1;
        return vitals_signs_is_alive(signs, layer) ? 1 : -1;
    case VITALS_LAYER_NONE:
    case VITALS_N_LAYERS:
        break;
    }
    return -1;
}

static double
seconds(gint64 microseconds)
{
    return (double)microseconds / G_USEC_PER_SEC;
}

static void
append_source(GPtrArray *lines, const VitalsSigns *signs, const VitalsLimits *limits, guint index)
{
    const VitalsProbe *probe = vitals_probes[index];
    const VitalsSource *source = &signs->sources[index];

    if (probe->layer != VITALS_LAYER_KERNEL && probe->layer != VITALS_LAYER_USERSPACE)
        return;
    if (!source->armed)
        g_ptr_array_add(lines, g_strdup_printf("%s: %s: not armed, says nothing", probe->id,
                                               source->answer_at ? "no steady beat since the guest "
                                                                   "(re)started"
                                                                 : "never answered"));
    else if (!source->period)
        g_ptr_array_add(lines, g_strdup_printf("%s: last beat %.1f s ago; its silence says nothing",
                                               probe->id, seconds(signs->now - source->last_beat)));
    else
        g_ptr_array_add(
            lines, g_strdup_printf("%s: last beat %.1f s ago, silent for %.1f s in which the guest "
                                   "could run; deadline %.1f s",
                                   probe->id, seconds(signs->now - source->last_beat),
                                   seconds(MAX(vitals_source_silence(source), 0)),
                                   seconds(source->deadline)));
}

static void
append_vcpus(GPtrArray *lines, const VitalsSigns *signs)
{
    static const char *const states[] = {
        [VITALS_VCPU_WORKING] = "works",
        [VITALS_VCPU_OFFLINE] = "is not used by the guest's kernel",
        [VITALS_VCPU_HALTED_DEAD] = "halted with interrupts off",
        [VITALS_VCPU_SPINNING_OFF] = "spins with interrupts off",
        [VITALS_VCPU_SPINNING_ON] = "runs in one place",
    };

    for (guint i = 0; i < VITALS_LOOKED_AT_MAX; i++) {
        VitalsVcpuState state = vitals_signs_vcpu_by_registers(signs, i);

        if (state != VITALS_VCPU_UNKNOWN)
            g_ptr_array_add(lines,
                            g_strdup_printf("registers: vCPU %u %s, at 0x%" G_GINT64_MODIFIER "x",
                                            i, states[state], signs->looks[i].lowest_pc));
        else if (signs->suspects & (1u << i))
            g_ptr_array_add(lines,
                            g_strdup_printf("vcpu: vCPU %u is at 0 or 100 %% while others are "
                                            "not: busy, or dead",
                                            i));
    }
}

/* Between the last two looks, which on suspicion lie ten seconds apart. */
static void
append_kvm(GPtrArray *lines, const VitalsSigns *signs)
{
    for (guint i = 0; signs->kvm_at && i < VITALS_LOOKED_AT_MAX; i++) {
        const VitalsKvmLooks *looks = &signs->kvm[i];
        double alone = (double)looks->alone_ns / 1e9;

        if (!looks->last.known)
            continue;
        if (looks->lives)
            g_ptr_array_add(lines, g_strdup_printf("kvm: vCPU %u took %" G_GUINT64_FORMAT
                                                   " interrupts while it used %.2f s: it lives",
                                                   i, looks->taken, (double)looks->used_ns / 1e9));
        else if (looks->alone_ns && looks->ticks && !looks->polls)
            g_ptr_array_add(lines, g_strdup_printf("kvm: vCPU %u has used %.2f s without taking "
                                                   "an interrupt",
                                                   i, alone));
        else if (!looks->used_ns)
            g_ptr_array_add(lines, g_strdup_printf("kvm: vCPU %u neither ran nor was woken: idle, "
                                                   "off line or halted with interrupts off",
                                                   i));
    }
}

/* Of a kernel that is silent: which of its vCPUs did what since. */
static void
append_vcpu_use(GPtrArray *lines, const VitalsSigns *signs)
{
    g_autoptr(GString) line = g_string_new("vcpu: since the kernel fell silent");

    if (signs->vcpus < 2 || !vitals_signs_layer_is_silent(signs, VITALS_LAYER_KERNEL))
        return;
    for (guint i = 0; i < MIN(signs->vcpus, VITALS_LOOKED_AT_MAX); i++) {
        gint64 used = vitals_signs_vcpu_used(signs, i);

        if (used < 0)
            return;
        g_string_append_printf(line, "%s vCPU %u used %.2f s", i ? "," : "", i, seconds(used));
    }
    g_ptr_array_add(lines, g_string_free(g_steal_pointer(&line), FALSE));
}

/* How often, and since when: what the guest counted itself may reach further back than what we heard. */
static void
append_pace(GString *line, const VitalsSigns *signs, const VitalsHeard *heard)
{
    double pace = seconds(heard->period);
    double span = MAX(seconds(signs->now - heard->first), pace * ((double)heard->count - 1));
    g_autofree char *since = vitals_text_span(span);

    g_string_append_printf(line, ", every %.1f s, for %s", pace, since);
}

static char *
heard_line(const VitalsSigns *signs, VitalsSaid said)
{
    const VitalsHeard *heard = &signs->said[said];
    g_autoptr(GString) line = g_string_new("console: ");

    g_string_append(line, vitals_said_name(said));
    if (*heard->title)
        g_string_append_printf(line, ", '%s'", heard->title);
    g_string_append_printf(line, ", %.1f s ago", seconds(signs->now - heard->at));
    if (heard->count > 1)
        g_string_append_printf(line, ", %" G_GUINT64_FORMAT " times", heard->count);
    if (heard->period)
        append_pace(line, signs, heard);
    if (said == VITALS_SAID_PANIC && !vitals_signs_panic_is_proven(signs))
        g_string_append(line, heard->live ? ", not proven yet by silence"
                                          : ", not proven: it may have been replayed or typed");
    return g_string_free(g_steal_pointer(&line), FALSE);
}

static void
append_heard(GPtrArray *lines, const VitalsSigns *signs)
{
    for (guint said = VITALS_SAID_NOTHING + 1; said < VITALS_N_SAID; said++) {
        if (signs->said[said].at)
            g_ptr_array_add(lines, heard_line(signs, said));
    }
    if (signs->console_lied)
        g_ptr_array_add(lines, g_strdup("console: it told of a panic that the guest survived"));
}

static void
append_hypervisor(GPtrArray *lines, const VitalsSigns *signs)
{
    if (signs->process_at)
        g_ptr_array_add(lines, g_strdup_printf("process: QEMU is %s for %.1f s",
                                               vitals_process_name(signs->process),
                                               seconds(signs->process_at - signs->process_since)));
    if (signs->control_at && signs->control != VITALS_CONTROL_OK)
        g_ptr_array_add(lines,
                        g_strdup_printf("control: libvirt's monitor channel is %s for %.1f s",
                                        vitals_control_name(signs->control),
                                        seconds(signs->control_for)));
    else if (signs->control_at)
        g_ptr_array_add(lines, g_strdup("control: libvirt's monitor channel is free"));
    if (signs->overdue_since)
        g_ptr_array_add(lines,
                        g_strdup_printf("monitor: our question to QEMU is unanswered for %.1f s",
                                        seconds(signs->now - signs->overdue_since)));
}

static void
append_vcpu(GPtrArray *lines, const VitalsSigns *signs)
{
    double share = vitals_signs_vcpu_share(signs);

    if (share < 0)
        g_ptr_array_add(lines, g_strdup_printf("vcpu: %u vCPU, not seen for long enough since the "
                                               "kernel's last beat",
                                               signs->vcpus));
    else
        g_ptr_array_add(lines,
                        g_strdup_printf("vcpu: %u vCPU, %.1f %% of a core for %.1f s, %.1f s "
                                        "of it starved",
                                        signs->vcpus, share * 100,
                                        seconds(signs->vcpu_at - signs->vcpu_at_beat),
                                        seconds(signs->starved)));
}

static void
append_disks(GPtrArray *lines, const VitalsSigns *signs)
{
    if (signs->thread_blocked_for)
        g_ptr_array_add(lines, g_strdup_printf("process: a thread of QEMU has been in one "
                                               "uninterruptible sleep for %.1f s",
                                               seconds(signs->thread_blocked_for)));
    if (signs->queues_at)
        g_ptr_array_add(
            lines,
            g_strdup_printf("queues: %s of its disks' queues, %.1f s without one "
                            "completed",
                            signs->queues_busy ? "requests wait in one" : "no requests wait in any",
                            seconds(signs->queue_stuck_for)));
    if (signs->block_moved_at)
        g_ptr_array_add(lines,
                        g_strdup_printf("block: requests were last seen completed %.1f s ago; idle "
                                        "and stuck disks look alike from here",
                                        seconds(signs->now - signs->block_moved_at)));
    if (signs->disk_limit)
        g_ptr_array_add(lines,
                        g_strdup_printf("block: a disk is limited to %" G_GUINT64_FORMAT " bytes/s",
                                        signs->disk_limit));
}

static char *
memory_line(double lead)
{
    gboolean in_days = lead >= 2 * 86400.0;

    return g_strdup_printf("memory: all of it will be in use in %.1f %s if the trend goes on",
                           lead / (in_days ? 86400 : 60), in_days ? "days" : "min");
}

char **
vitals_verdict_evidence(const VitalsSigns *signs, const VitalsLimits *limits)
{
    GPtrArray *lines = g_ptr_array_new();

    if (signs->state_at)
        g_ptr_array_add(lines, g_strdup_printf("state: libvirt says %s (%s), %.1f s ago",
                                               vitals_domain_state_name(signs->state),
                                               vitals_reason_name(signs->reason),
                                               seconds(signs->now - signs->state_at)));
    if (signs->crashed_at)
        g_ptr_array_add(lines, g_strdup_printf("event: libvirt reported a crash %.1f s ago",
                                               seconds(signs->now - signs->crashed_at)));
    if (signs->died_at)
        g_ptr_array_add(lines, g_strdup_printf("event: libvirt reported that QEMU ended by itself "
                                               "%.1f s ago",
                                               seconds(signs->now - signs->died_at)));
    append_hypervisor(lines, signs);
    if (signs->memory_failed_at)
        g_ptr_array_add(lines, g_strdup_printf("event: memory of the host failed below the guest "
                                               "%.1f s ago",
                                               seconds(signs->now - signs->memory_failed_at)));
    if (vitals_signs_kdump_works(signs))
        g_ptr_array_add(lines, g_strdup("kdump: the guest's own crash kernel took over"));
    if (signs->resumed_at)
        g_ptr_array_add(lines,
                        g_strdup_printf("monitor: it was dead already for an earlier monitor, "
                                        "which ended %.1f s ago before it was done with it",
                                        seconds(signs->now - signs->resumed_at)));
    if (signs->booted_at)
        g_ptr_array_add(lines, g_strdup_printf("console: a kernel began to boot %.1f s ago",
                                               seconds(signs->now - signs->booted_at)));
    if (signs->watchdog_at)
        g_ptr_array_add(lines, g_strdup_printf("event: the guest's watchdog expired %.1f s ago",
                                               seconds(signs->now - signs->watchdog_at)));
    if (signs->agent_at)
        g_ptr_array_add(lines, g_strdup_printf("agent: the last ping was %s, %.1f s ago",
                                               vitals_agent_name(signs->agent),
                                               seconds(signs->now - signs->agent_at)));
    if (signs->agent_left_at)
        g_ptr_array_add(lines, g_strdup_printf("agent: its port was closed in the guest %.1f s ago",
                                               seconds(signs->now - signs->agent_left_at)));
    if (vitals_signs_is_fs_frozen(signs))
        g_ptr_array_add(lines, g_strdup_printf("agent: the guest's file systems are frozen, as it "
                                               "said %.1f s ago",
                                               seconds(signs->now - signs->fs_frozen_at)));
    if (signs->vcpu_at)
        append_vcpu(lines, signs);
    append_disks(lines, signs);
    if (signs->exhaustion_in)
        g_ptr_array_add(lines, memory_line(seconds(signs->exhaustion_in)));
    append_vcpu_use(lines, signs);
    append_vcpus(lines, signs);
    append_kvm(lines, signs);
    append_heard(lines, signs);
    for (guint i = 0; vitals_probes[i]; i++)
        append_source(lines, signs, limits, i);

    g_ptr_array_add(lines, NULL);
    return (char **)g_ptr_array_free(lines, FALSE);
}
