/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "probes/probe.h"

/*
 * What KVM counts of each vCPU: how often it halted, and took an interrupt. A vCPU at work takes the ticks of its
 * kernel's clock, a hundred a second or more; one that spins with interrupts off takes none, and does not halt
 * (measured: 18 and 100 a second as the guest had set its timer, 0 of a loop behind cli, in 4 s each). So much CPU
 * time without one is death, for a vCPU that was seen at work with its ticks; one that is given to a program that
 * polls (nohz_full, as for DPDK) has none while it works, and is not judged.
 *
 * One that halted with interrupts off halts and takes nothing, and so does one that is idle in a kernel without
 * ticks, or that was taken off line: these counters cannot tell them apart.
 */

/* So much CPU time within one interval is work that tells. */
#define WORK_NS (2 * G_GUINT64_CONSTANT(1000000000))

/* So often a kernel's clock ticks, at least, per second of CPU time: 100 times with the lowest HZ of Linux, 64 times
 * with Windows' 15.6 ms. */
#define TICKS_PER_SECOND 10

static guint64
grown(guint64 now, guint64 before)
{
    return now > before ? now - before : 0;
}

/* Exits that the guest itself caused: setting its clock is one where KVM does not see its interrupts. */
static guint64
own_exits(const VitalsKvm *kvm)
{
    return grown(kvm->exits, kvm->host_exits);
}

static void
learn_ticks(VitalsKvmLooks *looks, guint64 used, guint64 interrupts, guint64 exits)
{
    guint64 seconds = used / (WORK_NS / 2);

    if (used < WORK_NS)
        return;
    if (interrupts >= seconds * TICKS_PER_SECOND)
        looks->ticks = VITALS_TICKS_BY_INTERRUPTS;
    else if (!looks->ticks && exits >= seconds * TICKS_PER_SECOND)
        looks->ticks = VITALS_TICKS_BY_EXITS;
}

static void
follow(VitalsKvmLooks *looks, const VitalsKvm *now)
{
    guint64 used = grown(now->ns, looks->last.ns);
    guint64 interrupts = grown(now->interrupts, looks->last.interrupts);
    guint64 exits = grown(own_exits(now), own_exits(&looks->last));
    gboolean halted = now->halts > looks->last.halts;

    learn_ticks(looks, used, interrupts, exits);
    /* the host's own watchdog is an exit now and then that does not count as an interrupt of its */
    if (looks->ticks == VITALS_TICKS_BY_EXITS && exits <= used / (WORK_NS / 2))
        exits = 0;
    looks->taken = looks->ticks == VITALS_TICKS_BY_EXITS ? exits : interrupts;
    looks->used_ns = used;
    if (!looks->taken && !halted) {
        looks->alone_ns += used;
        return;
    }
    /* it came back: it does without ticks when it likes, and is not dead when it does so again */
    if (looks->alone_ns >= VITALS_KVM_ALONE_NS)
        looks->polls = TRUE;
    looks->alone_ns = 0;
    looks->lives = TRUE;
}

static void
take(VitalsKvmLooks *looks, const VitalsKvm *now)
{
    gboolean goes_on = looks->last.known && now->known && now->exits >= looks->last.exits;

    looks->lives = FALSE;
    if (goes_on)
        follow(looks, now);
    else
        *looks = (VitalsKvmLooks){ 0 };
    looks->last = *now;
}

static VitalsPulse
absorb(const VitalsSample *sample, VitalsSigns *signs, VitalsSource *source)
{
    static const VitalsKvm unknown = { 0 };

    if (!vitals_sample_has(sample, VITALS_PART_KVM))
        return VITALS_PULSE_NONE;

    source->answer_at = sample->at;
    signs->kvm_at = sample->at;
    for (guint i = 0; i < VITALS_LOOKED_AT_MAX; i++)
        take(&signs->kvm[i], i < sample->n_kvm ? &sample->kvm[i] : &unknown);
    return VITALS_PULSE_NONE;
}

const VitalsProbe vitals_probe_kvm = {
    .id = "kvm",
    .layer = VITALS_LAYER_NONE,
    .summary = "what KVM counts of each vCPU: interrupts, halts and exits",
    .arms_at = 1,
    .absorb = absorb,
};
