/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "probes/probe.h"

#include <string.h>

/*
 * CPU time of the vCPU threads. It advancing proves that the vCPUs are scheduled, not that the guest
 * does anything useful; it standing still is what an idle guest may look like for a while, so this
 * source has no deadline and only says of a dead kernel how it died.
 */
/* One vCPU that does nothing, or nothing else, for so long while others do otherwise is suspicious: the balloon
 * cannot see it (measured: a vCPU that spins leaves the balloon's stamp alone when it is not the first). */
#define WINDOW (10 * G_USEC_PER_SEC)
#define PINNED_SHARE 0.95

/* Of what is left of the window when the host was busy; less than this much of it tells nothing. */
#define WINDOW_LEAST 0.2

/* What is sent to a vCPU that is halted with interrupts off wakes its thread for some microseconds each. The most idle
 * kernel in the lab used a hundred times as much of a window as this, and no kernel falls to a twentieth of what
 * it has taken at least. */
#define STILL_NS 200000
#define STILL_PART 20

/* @used: nanoseconds of all vCPUs in the window */
static gboolean
stood_still(VitalsSigns *signs, double used)
{
    gboolean still = used <= MIN(STILL_NS, (double)signs->quietest_ns / STILL_PART);

    if (!still && (!signs->quietest_ns || used < (double)signs->quietest_ns))
        signs->quietest_ns = (guint64)used;
    return still;
}

/* @still: no vCPU did anything; @lifeless: each did nothing, or nothing else. Of a window that was partly spent in a
 * pause only the rest counts, and of one in which the host gave it next to nothing what it got. */
static void
note_lifeless(VitalsSigns *signs, gboolean still, gboolean lifeless)
{
    gint64 ran = signs->run_clock - signs->window_run;

    signs->still_for = still ? signs->still_for + ran : 0;
    signs->lifeless_for = lifeless ? signs->lifeless_for + ran : 0;
}

static void
find_suspects(const VitalsSample *sample, VitalsSigns *signs)
{
    double window = (double)(sample->at - signs->window_at) * 1000;
    double given = window - (double)signs->window_starved * 1000;
    guint count = MIN(sample->vcpus, VITALS_LOOKED_AT_MAX);
    guint still = 0;
    guint pinned = 0;
    guint32 suspects = 0;
    gboolean all_still;
    double total = 0;

    for (guint i = 0; i < count; i++) {
        double used = (double)sample->vcpu_ns[i] - (double)signs->window_ns[i];
        gboolean is_pinned = used >= PINNED_SHARE * given && used >= WINDOW_LEAST * window;

        total += MAX(used, 0);
        pinned += is_pinned;
        still += used <= 0;
        if (is_pinned || used <= 0)
            suspects |= 1u << i;
    }
    /* an idle guest, or one at work with all it has, is well */
    signs->suspects = still < count && pinned < count ? suspects : 0;
    all_still = stood_still(signs, total);
    note_lifeless(signs, all_still, all_still || still + pinned == count);
}

static void
slide_window(const VitalsSample *sample, VitalsSigns *signs)
{
    if (signs->window_at && sample->at - signs->window_at < WINDOW && signs->vcpus == sample->vcpus)
        return;
    signs->suspects = 0;
    if (signs->window_at && signs->vcpus == sample->vcpus)
        find_suspects(sample, signs);
    else
        signs->still_for = signs->lifeless_for = 0;
    signs->window_at = sample->at;
    signs->window_run = signs->run_clock;
    signs->window_starved = 0;
    for (guint i = 0; i < sample->vcpus && i < VITALS_LOOKED_AT_MAX; i++)
        signs->window_ns[i] = sample->vcpu_ns[i];
}

static VitalsPulse
absorb(const VitalsSample *sample, VitalsSigns *signs, VitalsSource *source)
{
    guint64 total = 0;
    gboolean advanced;

    if (!vitals_sample_has(sample, VITALS_PART_VCPU))
        return VITALS_PULSE_NONE;

    slide_window(sample, signs);
    for (guint i = 0; i < sample->vcpus; i++) {
        total += sample->vcpu_ns[i];
        if (i < VITALS_LOOKED_AT_MAX)
            signs->each_ns[i] = sample->vcpu_ns[i];
    }
    /* the first look has nothing to compare with; a smaller total is an unplugged vCPU */
    advanced = signs->vcpu_at != 0 && total > signs->vcpu_ns;
    if (signs->vcpu_at == 0 || total < signs->vcpu_ns || signs->vcpus != sample->vcpus) {
        signs->vcpu_ns_at_beat = total;
        memcpy(signs->each_ns_at_beat, signs->each_ns, sizeof signs->each_ns);
        signs->vcpu_at_beat = sample->at;
    }
    signs->vcpus = sample->vcpus;
    signs->vcpu_ns = total;
    signs->vcpu_at = sample->at;
    source->answer_at = sample->at;
    return advanced ? VITALS_PULSE_BEAT : VITALS_PULSE_NONE;
}

const VitalsProbe vitals_probe_vcpu = {
    .id = "vcpu",
    .layer = VITALS_LAYER_VCPU,
    .summary = "CPU time of the vCPU threads",
    .arms_at = 1,
    .absorb = absorb,
};
