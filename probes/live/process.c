/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "probes/probe.h"

/*
 * The QEMU process in the host's /proc: libvirt cannot tell that it is stopped or in D state, the
 * kernel can, and looking costs QEMU nothing.
 */
static VitalsPulse
absorb(const VitalsSample *sample, VitalsSigns *signs, VitalsSource *source)
{
    if (!vitals_sample_has(sample, VITALS_PART_PROCESS))
        return VITALS_PULSE_NONE;

    if (signs->process_at == 0 || signs->process != sample->process)
        signs->process_since = sample->at;
    signs->process = sample->process;
    signs->process_at = sample->at;
    signs->starved += sample->starved;
    signs->starve_debt += sample->starved;
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
