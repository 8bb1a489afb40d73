/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "probes/probe.h"

/*
 * libvirt's channel to QEMU's monitor. virDomainGetControlInfo reads what libvirt already knows: it
 * says "occupied since N ms" only while somebody's question to QEMU is waiting, so it becomes a
 * detector together with the one balloon question we may have outstanding (fault-matrix, section 2).
 */
static VitalsPulse
absorb(const VitalsSample *sample, VitalsSigns *signs, VitalsSource *source)
{
    if (!vitals_sample_has(sample, VITALS_PART_CONTROL))
        return VITALS_PULSE_NONE;

    signs->control = sample->control;
    signs->control_for = sample->control_for;
    signs->control_at = sample->at;
    source->answer_at = sample->at;
    if (sample->control == VITALS_CONTROL_OCCUPIED || sample->control == VITALS_CONTROL_ERROR)
        return VITALS_PULSE_NONE;
    return VITALS_PULSE_BEAT;
}

const VitalsProbe vitals_probe_control = {
    .id = "control",
    .layer = VITALS_LAYER_HYPERVISOR,
    .summary = "libvirt's channel to QEMU's monitor",
    .arms_at = 1,
    .absorb = absorb,
};
