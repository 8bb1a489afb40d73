/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "probes/probe.h"

/*
 * CPU time of the vCPU threads. It advancing proves that the vCPUs are scheduled, not that the guest
 * does anything useful; it standing still is what an idle guest may look like for a while, so this
 * source has no deadline and only says of a dead kernel how it died.
 */
static VitalsPulse
absorb(const VitalsSample *sample, VitalsSigns *signs, VitalsSource *source)
{
    guint64 total = 0;
    gboolean advanced;

    if (!vitals_sample_has(sample, VITALS_PART_VCPU))
        return VITALS_PULSE_NONE;

    for (guint i = 0; i < sample->vcpus; i++)
        total += sample->vcpu_ns[i];
    /* the first look has nothing to compare with; a smaller total is an unplugged vCPU */
    advanced = signs->vcpu_at != 0 && total > signs->vcpu_ns;
    if (signs->vcpu_at == 0 || total < signs->vcpu_ns || signs->vcpus != sample->vcpus) {
        signs->vcpu_ns_at_beat = total;
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
