/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "probes/signs.h"
#include "probes/probe.h"

gboolean
vitals_source_has_deadline(const VitalsSource *source)
{
    return source->armed && source->period > 0;
}

gint64
vitals_source_silence(const VitalsSource *source)
{
    return source->run_at_answer - source->run_at_beat;
}

gboolean
vitals_signs_layer_has_armed(const VitalsSigns *signs, VitalsLayer layer)
{
    for (guint i = 0; vitals_probes[i]; i++) {
        if (vitals_probes[i]->layer == layer && vitals_source_has_deadline(&signs->sources[i]))
            return TRUE;
    }
    return FALSE;
}

gboolean
vitals_signs_layer_is_silent(const VitalsSigns *signs, VitalsLayer layer)
{
    gboolean silent = FALSE;

    for (guint i = 0; vitals_probes[i]; i++) {
        const VitalsSource *source = &signs->sources[i];

        if (vitals_probes[i]->layer != layer || !vitals_source_has_deadline(source))
            continue;
        if (vitals_source_silence(source) <= source->deadline)
            return FALSE;
        silent = TRUE;
    }
    return silent;
}

gboolean
vitals_signs_is_quiet(const VitalsSigns *signs, gint64 allowance)
{
    for (guint i = 0; vitals_probes[i]; i++) {
        const VitalsSource *source = &signs->sources[i];

        if (vitals_source_has_deadline(source) &&
            signs->run_clock - source->run_at_beat > source->period * 2 + allowance)
            return TRUE;
    }
    return FALSE;
}

/* CPU time of all vCPUs since the kernel fell silent, microseconds. */
static double
used_since_beat(const VitalsSigns *signs)
{
    return (double)(signs->vcpu_ns - signs->vcpu_ns_at_beat) / 1000.0;
}

/* How long each vCPU could run at least since then. Starvation is that of the thread that waited longest: four
 * vCPUs that spin on two cores leave nothing of the time. */
static double
sure_since_beat(const VitalsSigns *signs)
{
    return (double)(signs->vcpu_at - signs->vcpu_at_beat - signs->starved - signs->paused);
}

/* An idle guest uses 8 ms a second. */
#define USED_TELLS (0.5 * G_USEC_PER_SEC)

double
vitals_signs_vcpu_share(const VitalsSigns *signs)
{
    double used = used_since_beat(signs);
    double sure = sure_since_beat(signs);

    /* what it used it used, but that it used nothing takes a while to be sure of */
    if (signs->vcpu_at == 0 || (sure < G_USEC_PER_SEC && used < USED_TELLS))
        return -1.0;
    /* what they used they were given */
    return used / MAX(sure, used / MAX(signs->vcpus, 1));
}

/* Of a vCPU that spins, with ticks of 10 ms and our own jitter taken off. */
#define ALL_IT_WAS_GIVEN 0.8

gint64
vitals_signs_vcpu_used(const VitalsSigns *signs, guint vcpu)
{
    if (signs->vcpu_at == 0 || sure_since_beat(signs) < G_USEC_PER_SEC ||
        vcpu >= MIN(signs->vcpus, VITALS_LOOKED_AT_MAX))
        return -1;
    return (gint64)((signs->each_ns[vcpu] - signs->each_ns_at_beat[vcpu]) / 1000);
}

gboolean
vitals_signs_vcpus_differ(const VitalsSigns *signs)
{
    double sure = sure_since_beat(signs);
    gboolean behaves = FALSE;
    gboolean dead = FALSE;

    for (guint i = 0; i < MIN(signs->vcpus, VITALS_LOOKED_AT_MAX); i++) {
        double used = (double)vitals_signs_vcpu_used(signs, i);

        if (used < 0)
            return FALSE;
        if (used <= 0 || used >= sure * ALL_IT_WAS_GIVEN)
            dead = TRUE;
        else
            behaves = TRUE;
    }
    return dead && behaves;
}

gboolean
vitals_signs_is_fresh(const VitalsSigns *signs, const VitalsLimits *limits, gint64 at)
{
    return at != 0 && signs->now - at <= limits->sample_max_age;
}

/* Sources without a pace (packets) prove life for so long after they were heard. */
#define ALIVE_FOR (60 * G_USEC_PER_SEC)

/* A balloon that fell silent while the guest went on sending, reading and answering is broken, and its silence says
 * nothing from then on. But where all the rest is silent too for so long, the guest died meanwhile: no system that
 * is up sends no packet, touches no disk and answers no agent for that long. */
#define HEARD_FOR (10 * G_TIME_SPAN_MINUTE)

gboolean
vitals_signs_kernel_is_heard(const VitalsSigns *signs)
{
    gint64 silent_since = -1;
    gint64 period = 0;
    gint64 heard = -1;

    for (guint i = 0; vitals_probes[i]; i++) {
        const VitalsSource *source = &signs->sources[i];

        if (vitals_probes[i]->layer < VITALS_LAYER_KERNEL || !source->armed)
            continue;
        if (vitals_probes[i]->layer == VITALS_LAYER_KERNEL && vitals_source_has_deadline(source)) {
            silent_since = MAX(silent_since, source->run_at_beat);
            period = MAX(period, source->period);
        } else {
            heard = MAX(heard, source->run_at_beat);
        }
    }
    /* the last packet may have left at any moment up to the death, as may the last beat */
    return silent_since >= 0 && heard > silent_since + 2 * period &&
           signs->run_clock - heard <= HEARD_FOR;
}

/* An agent that may hang on the frozen file systems itself no longer tells when they are thawed. Windows ends
 * a freeze by itself after a minute; backups of Linux guests take minutes at the most. */
#define FROZEN_FOR (10 * G_TIME_SPAN_MINUTE)

gboolean
vitals_signs_is_fs_frozen(const VitalsSigns *signs)
{
    return signs->fs_frozen_at != 0 && signs->now - signs->fs_frozen_at < FROZEN_FOR;
}

/* Whether a source with a pace has heard the kernel since @at. */
static gboolean
kernel_beat_since(const VitalsSigns *signs, gint64 at)
{
    for (guint i = 0; vitals_probes[i]; i++) {
        if (vitals_probes[i]->layer == VITALS_LAYER_KERNEL &&
            vitals_source_has_deadline(&signs->sources[i]) && signs->sources[i].last_beat > at)
            return TRUE;
    }
    return FALSE;
}

gboolean
vitals_signs_boots_anew(const VitalsSigns *signs, const VitalsLimits *limits)
{
    gint64 at = MAX(signs->booted_at, signs->resumed_at);

    return at != 0 && !kernel_beat_since(signs, at) && signs->now - at < limits->boot_grace;
}

gboolean
vitals_signs_kdump_works(const VitalsSigns *signs)
{
    const VitalsHeard *heard = &signs->said[VITALS_SAID_KDUMP];
    gint64 panic_at = signs->said[VITALS_SAID_PANIC].at;
    gboolean booted =
        panic_at != 0 && signs->said[VITALS_SAID_PANIC].live && signs->booted_at > panic_at;
    gint64 at = MAX(heard->at, signs->crash_loaded_at);

    if (heard->at != 0 && heard->severity >= VITALS_CONSOLE_ERROR)
        return FALSE;
    at = MAX(at, booted ? signs->booted_at : 0);
    return at != 0 && !kernel_beat_since(signs, at);
}

gboolean
vitals_signs_kernel_is_dead(const VitalsSigns *signs, const VitalsLimits *limits)
{
    return signs->state == VITALS_DOMAIN_RUNNING && !signs->overdue_since &&
           vitals_signs_layer_is_silent(signs, VITALS_LAYER_KERNEL) &&
           !vitals_signs_kernel_is_heard(signs) && !vitals_signs_boots_anew(signs, limits);
}

/* Stamps are whole seconds. */
#define DATED_BEFORE (2 * G_USEC_PER_SEC)

gboolean
vitals_signs_agent_left_last(const VitalsSigns *signs)
{
    return signs->agent_left_at != 0 &&
           !kernel_beat_since(signs, signs->agent_left_at + DATED_BEFORE);
}

gboolean
vitals_signs_is_alive(const VitalsSigns *signs, VitalsLayer layer)
{
    for (guint i = 0; vitals_probes[i]; i++) {
        const VitalsSource *source = &signs->sources[i];

        if (vitals_probes[i]->layer >= layer && source->armed && !vitals_probes[i]->passing &&
            signs->now - source->last_beat <= ALIVE_FOR)
            return TRUE;
    }
    return FALSE;
}

gboolean
vitals_signs_nothing_armed(const VitalsSigns *signs)
{
    return !vitals_signs_layer_has_armed(signs, VITALS_LAYER_KERNEL) &&
           !vitals_signs_layer_has_armed(signs, VITALS_LAYER_USERSPACE) &&
           !vitals_signs_is_alive(signs, VITALS_LAYER_KERNEL);
}

gboolean
vitals_signs_kernel_wrote(const VitalsSigns *signs)
{
    return signs->sources[vitals_probe_index("console")].armed;
}

/* Whether an agent that was there holds its port and does not answer, past its deadline. */
static gboolean
agent_is_mute(const VitalsSigns *signs)
{
    return vitals_signs_layer_is_silent(signs, VITALS_LAYER_USERSPACE) &&
           signs->agent == VITALS_AGENT_UNAVAILABLE && !vitals_signs_is_fs_frozen(signs);
}

/* An idle kernel wakes many times a second, and one without a tick still every few seconds. Each ping to an agent
 * wakes one too, whether the agent lives or not. */
#define STILL_FOR G_TIME_SPAN_MINUTE
#define STILL_FOR_PINGED (30 * G_USEC_PER_SEC)

gboolean
vitals_signs_stands_still(const VitalsSigns *signs)
{
    gboolean agent = signs->sources[vitals_probe_index("agent")].armed;

    return signs->state == VITALS_DOMAIN_RUNNING && !signs->overdue_since &&
           !signs->thread_blocked_for &&
           !vitals_signs_layer_has_armed(signs, VITALS_LAYER_KERNEL) &&
           (agent || vitals_signs_kernel_wrote(signs)) &&
           signs->still_for >= (agent_is_mute(signs) ? STILL_FOR_PINGED : STILL_FOR);
}

/* So many windows of vCPU time: what works that hard for itself alone is rare. */
#define LOOKS_DEAD_FOR (30 * G_USEC_PER_SEC)

gboolean
vitals_signs_looks_dead(const VitalsSigns *signs)
{
    if (signs->state != VITALS_DOMAIN_RUNNING || signs->overdue_since ||
        vitals_signs_layer_has_armed(signs, VITALS_LAYER_KERNEL) || !agent_is_mute(signs) ||
        signs->lifeless_for < LOOKS_DEAD_FOR)
        return FALSE;
    for (guint i = 0; vitals_probes[i]; i++) {
        if (vitals_probes[i]->layer >= VITALS_LAYER_KERNEL && !vitals_probes[i]->passing &&
            signs->sources[i].armed &&
            signs->run_clock - signs->sources[i].run_at_beat < LOOKS_DEAD_FOR)
            return FALSE;
    }
    return TRUE;
}

/* Functions are seldom longer; an idle loop or a lock's slow path is much shorter. */
#define ONE_PLACE 512

/* Looks say something for so long. */
#define LOOKS_FRESH (90 * G_USEC_PER_SEC)

VitalsVcpuState
vitals_signs_vcpu_by_registers(const VitalsSigns *signs, guint vcpu)
{
    const VitalsVcpuLooks *looks = &signs->looks[vcpu];
    gboolean one_place = looks->highest_pc - looks->lowest_pc < ONE_PLACE;

    if (looks->count < VITALS_LOOKS_NEEDED || signs->now - signs->looks_at > LOOKS_FRESH)
        return VITALS_VCPU_UNKNOWN;
    if (looks->offline == looks->count)
        return VITALS_VCPU_OFFLINE;
    if (looks->interrupts_off == looks->count && looks->halted == looks->count)
        return VITALS_VCPU_HALTED_DEAD;
    if (looks->halted == 0 && one_place)
        return looks->interrupts_off == looks->count ? VITALS_VCPU_SPINNING_OFF
                                                     : VITALS_VCPU_SPINNING_ON;
    return VITALS_VCPU_WORKING;
}

/* KVM's counters tell less than registers, but cost the guest nothing. */
static VitalsVcpuState
state_by_kvm(const VitalsSigns *signs, guint vcpu)
{
    const VitalsKvmLooks *looks = &signs->kvm[vcpu];

    if (signs->kvm_at == 0 || signs->now - signs->kvm_at > LOOKS_FRESH)
        return VITALS_VCPU_UNKNOWN;
    if (looks->ticks && !looks->polls && looks->alone_ns >= VITALS_KVM_ALONE_NS)
        return VITALS_VCPU_SPINNING_OFF;
    return looks->lives ? VITALS_VCPU_WORKING : VITALS_VCPU_UNKNOWN;
}

VitalsVcpuState
vitals_signs_vcpu_state(const VitalsSigns *signs, guint vcpu)
{
    VitalsVcpuState state = vitals_signs_vcpu_by_registers(signs, vcpu);

    return state == VITALS_VCPU_UNKNOWN ? state_by_kvm(signs, vcpu) : state;
}

guint32
vitals_signs_suspect_vcpus(const VitalsSigns *signs)
{
    guint32 suspects = 0;

    for (guint i = 0; i < VITALS_LOOKED_AT_MAX; i++) {
        VitalsVcpuState state = vitals_signs_vcpu_state(signs, i);

        /* those that died are no suspects any more, but what the verdict is about */
        if (state == VITALS_VCPU_UNKNOWN || state == VITALS_VCPU_SPINNING_ON)
            suspects |= signs->suspects & (1u << i);
    }
    return suspects;
}

gboolean
vitals_signs_some_vcpus_dead(const VitalsSigns *signs)
{
    guint dead = 0;
    guint seen = 0;

    for (guint i = 0; i < VITALS_LOOKED_AT_MAX; i++) {
        VitalsVcpuState state = vitals_signs_vcpu_state(signs, i);

        seen += state != VITALS_VCPU_UNKNOWN && state != VITALS_VCPU_OFFLINE;
        dead += state == VITALS_VCPU_HALTED_DEAD || state == VITALS_VCPU_SPINNING_OFF;
    }
    return dead > 0 && dead < seen;
}

/* ---- what it said ---- */

/* How long each kind holds after it was last said. A fault stays in a kernel until it is booted anew, but
 * nobody wants to hear of it for weeks; a kernel repeats a stall within a minute, a hung task every two. */
static const gint64 holds_for[VITALS_N_SAID] = {
    [VITALS_SAID_PANIC] = G_MAXINT64,
    [VITALS_SAID_STALL] = 3 * G_TIME_SPAN_MINUTE,
    [VITALS_SAID_HUNG_TASK] = 5 * G_TIME_SPAN_MINUTE,
    [VITALS_SAID_OOM] = 5 * G_TIME_SPAN_MINUTE,
    [VITALS_SAID_FAULT] = 15 * G_TIME_SPAN_MINUTE,
    [VITALS_SAID_STORAGE] = 15 * G_TIME_SPAN_MINUTE,
    [VITALS_SAID_STOPPED] = G_MAXINT64,
    [VITALS_SAID_FLOOD] = 10 * G_TIME_SPAN_SECOND,
    [VITALS_SAID_KDUMP] = G_MAXINT64,
    [VITALS_SAID_ASLEEP] = G_MAXINT64,
};

/* A loop is over when it missed its time thrice; what is heard of it lags behind. */
#define LOOP_PERIODS 3
#define LOOP_LAG (15 * G_USEC_PER_SEC)

gboolean
vitals_signs_holds(const VitalsSigns *signs, VitalsSaid said)
{
    const VitalsHeard *heard = &signs->said[said];
    gint64 hold = holds_for[said];

    if (said == VITALS_SAID_LOOP)
        hold = LOOP_PERIODS * MIN(heard->period, G_TIME_SPAN_DAY) + LOOP_LAG;
    return heard->at != 0 && signs->now - heard->at <= hold;
}

gboolean
vitals_signs_told_of_sleep(const VitalsSigns *signs)
{
    gint64 at = signs->said[VITALS_SAID_ASLEEP].at;

    return at != 0 && !kernel_beat_since(signs, at);
}

/* A beat that is dated after the panic by so much is none that was under way. Stamps are whole seconds. */
#define BEATS_AFTER G_USEC_PER_SEC

/* Without a pulse it takes so long, at such a share of a core, or at none: panic() spins, other systems
 * halt, and an idle guest uses a little (fault-matrix, section 1). */
#define PROVEN_WITHOUT_PULSE (15 * G_USEC_PER_SEC)
#define PANIC_SPINS 0.4
#define PANIC_HALTS 0.002

static gboolean
stands_as_after_panic(const VitalsSigns *signs)
{
    gint64 seen = signs->vcpu_at - signs->panic_ns_at;
    double share;

    if (!signs->panic_ns_at || seen < PROVEN_WITHOUT_PULSE)
        return FALSE;
    share = (double)(signs->vcpu_ns - signs->panic_ns) / 1000.0 / (double)seen;
    return share >= PANIC_SPINS || share < PANIC_HALTS;
}

/* As long as a guest may boot by default. */
#define RESUMED_BOOT (2 * G_TIME_SPAN_MINUTE)

/* Whether that panic may be of the life before: an earlier process of ours was about to reset the guest, which
 * would be booting now, and still without a pulse. */
static gboolean
may_be_outlived(const VitalsSigns *signs)
{
    return signs->resumed_at != 0 && !signs->said[VITALS_SAID_PANIC].live &&
           signs->now - signs->resumed_at < RESUMED_BOOT;
}

gboolean
vitals_signs_panic_is_proven(const VitalsSigns *signs)
{
    gint64 panic_at = signs->said[VITALS_SAID_PANIC].at;
    gboolean has_pulse = FALSE;

    if (!panic_at || may_be_outlived(signs))
        return FALSE;
    for (guint i = 0; vitals_probes[i]; i++) {
        const VitalsSource *source = &signs->sources[i];

        if (vitals_probes[i]->layer != VITALS_LAYER_KERNEL || !vitals_source_has_deadline(source))
            continue;
        /* twice its pace, so that a beat that just missed the panic has been followed by none */
        if (source->last_beat > panic_at ||
            source->answer_at < panic_at + 2 * source->period + 2 * BEATS_AFTER)
            return FALSE;
        has_pulse = TRUE;
    }
    return has_pulse || stands_as_after_panic(signs);
}

/* A panicked kernel still serves interrupts and may answer an ECHO request: packets are no sign of life
 * here. */
gboolean
vitals_signs_panic_is_disproven(const VitalsSigns *signs)
{
    gint64 panic_at = signs->said[VITALS_SAID_PANIC].at;

    for (guint i = 0; panic_at && vitals_probes[i]; i++) {
        const VitalsSource *source = &signs->sources[i];

        if ((vitals_probes[i]->layer == VITALS_LAYER_USERSPACE ||
             vitals_source_has_deadline(source)) &&
            vitals_probes[i]->layer >= VITALS_LAYER_KERNEL &&
            source->last_beat > panic_at + BEATS_AFTER)
            return TRUE;
    }
    return FALSE;
}
