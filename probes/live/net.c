/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "probes/probe.h"

/*
 * Packets that the guest sent. Only its kernel can do that, so they prove its life; received ones are
 * sent by others and prove nothing. Silence means nothing either: most guests have nothing to say.
 */
static VitalsPulse
absorb(const VitalsSample *sample, VitalsSigns *signs, VitalsSource *source)
{
    gboolean advanced;

    if (!vitals_sample_has(sample, VITALS_PART_NET))
        return VITALS_PULSE_NONE;

    /* the first look has nothing to compare with; fewer than before is an unplugged interface */
    advanced = source->answer_at != 0 && sample->transmitted > source->value;
    source->value = sample->transmitted;
    source->answer_at = sample->at;
    return advanced ? VITALS_PULSE_BEAT : VITALS_PULSE_NONE;
}

const VitalsProbe vitals_probe_net = {
    .id = "net",
    .layer = VITALS_LAYER_KERNEL,
    .summary = "packets that the guest sent",
    .arms_at = 1,
    .absorb = absorb,
};
