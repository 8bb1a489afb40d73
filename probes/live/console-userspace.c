/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "probes/probe.h"

/*
 * Lines on the guest's console that only userspace writes: a service manager, a login prompt, a program.
 * They prove that it ran at that moment; most guests write none for days.
 */
static VitalsPulse
absorb(const VitalsSample *sample, VitalsSigns *signs, VitalsSource *source)
{
    if (!vitals_sample_has(sample, VITALS_PART_CONSOLE))
        return VITALS_PULSE_NONE;
    source->answer_at = sample->at;
    return sample->userspace_lines ? VITALS_PULSE_BEAT : VITALS_PULSE_NONE;
}

const VitalsProbe vitals_probe_console_userspace = {
    .id = "console-userspace",
    .layer = VITALS_LAYER_USERSPACE,
    .summary = "lines of userspace on the guest's console",
    .arms_at = 1,
    .passing = TRUE,
    .absorb = absorb,
};
