/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "probes/probe.h"

/*
 * The QEMU process in the host's /proc: libvirt cannot tell that it is stopped or in D state, the
 * kernel can, and looking costs QEMU nothing.
 */
/* The share of starvation is that of about the last half minute, so that a short burst is none. */
#define STARVE_MEMORY (30.0 * G_USEC_PER_SEC)

/* From here on a guest gets less than half of what it asks for. */
#define STARVE_TOO_MUCH 0.5

static void
note_starvation(const VitalsSample *sample, VitalsSigns *signs)
{
    gint64 elapsed = sample->at - signs->starve_at;
    double weight = CLAMP((double)elapsed / STARVE_MEMORY, 0.0, 1.0);
    double share;

    if (signs->starve_at && elapsed > 0) {
        share = CLAMP((double)sample->starved / (double)elapsed, 0.0, 1.0);
        signs->starve_share += weight * (share - signs->starve_share);
    }
    signs->starve_at = sample->at;
    if (signs->starve_share < STARVE_TOO_MUCH)
        signs->starve_since = 0;
    else if (!signs->starve_since)
        signs->starve_since = sample->at;
}

/* One that is traced (strace, a debugger that steps) is stopped again and again, and goes on in between. */
static gboolean
is_another_state(const VitalsSample *sample, const VitalsSigns *signs)
{
    return signs->process_at == 0 || signs->process != sample->process ||
           (sample->process == VITALS_PROCESS_STOPPED && sample->process_ran);
}

static VitalsPulse
absorb(const VitalsSample *sample, VitalsSigns *signs, VitalsSource *source)
{
    if (!vitals_sample_has(sample, VITALS_PART_PROCESS))
        return VITALS_PULSE_NONE;

    if (is_another_state(sample, signs))
        signs->process_since = sample->at;
    signs->process = sample->process;
    signs->process_at = sample->at;
    signs->thread_blocked_for = sample->thread_blocked_for;
    signs->starved += sample->starved;
    signs->starve_debt += sample->starved;
    signs->starved_total += sample->starved;
    signs->window_starved += sample->starved;
    note_starvation(sample, signs);
    source->answer_at = sample->at;
    return sample->process == VITALS_PROCESS_ALIVE ? VITALS_PULSE_BEAT : VITALS_PULSE_NONE;
}

const VitalsProbe vitals_probe_process = {
    .id = "process",
    .layer = VITALS_LAYER_HYPERVISOR,
    .summary = "the QEMU process in /proc",
    .arms_at = 1,
    .absorb = absorb,
};
