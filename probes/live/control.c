/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "probes/probe.h"

/*
 * libvirt's channel to QEMU's monitor. virDomainGetControlInfo reads what libvirt already knows: it
 * says "occupied since N ms" only while somebody's question to QEMU is waiting, so it becomes a
 * detector together with the one balloon question we may have outstanding (fault-matrix, section 2).
 */
/* libvirt tells for how long its channel has been in a job or occupied, but not for how long it has been lost
 * (qemuDomainGetControlInfo() leaves the time at 0 then). */
static void
note_control(VitalsSigns *signs, VitalsControl control, gint64 at, gint64 control_for)
{
    if (signs->control_at == 0 || signs->control != control)
        signs->control_since = at;
    signs->control = control;
    signs->control_for =
        control == VITALS_CONTROL_ERROR ? MAX(control_for, at - signs->control_since) : control_for;
    signs->control_at = at;
    if (control != VITALS_CONTROL_OCCUPIED)
        signs->starved_when_free = signs->starved_total;
    if (control != VITALS_CONTROL_ERROR)
        signs->control_told_at = 0;
}

static VitalsPulse
absorb(const VitalsSample *sample, VitalsSigns *signs, VitalsSource *source)
{
    if (vitals_sample_has(sample, VITALS_PART_EVENT) &&
        sample->event == VITALS_EVENT_CONTROL_ERROR) {
        note_control(signs, VITALS_CONTROL_ERROR, sample->at, 0);
        signs->control_told_at = sample->at;
    }
    if (!vitals_sample_has(sample, VITALS_PART_CONTROL))
        return VITALS_PULSE_NONE;

    note_control(signs, sample->control, sample->at, sample->control_for);
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
