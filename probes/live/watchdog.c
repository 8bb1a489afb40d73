/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "probes/probe.h"

/*
 * The guest's watchdog device: libvirt tells when it expired, which it does because something in
 * userspace no longer petted it. It is never heard while all is well, so it proves no life; and its
 * event says "pause" also where the action is a dump (measured), so the action is not looked at.
 */
static VitalsPulse
absorb(const VitalsSample *sample, VitalsSigns *signs, VitalsSource *source)
{
    if (vitals_sample_has(sample, VITALS_PART_EVENT) && sample->event == VITALS_EVENT_WATCHDOG)
        signs->watchdog_at = sample->at;
    return VITALS_PULSE_NONE;
}

const VitalsProbe vitals_probe_watchdog = {
    .id = "watchdog",
    .layer = VITALS_LAYER_NONE,
    .summary = "expiries of the guest's watchdog",
    .arms_at = 1,
    .absorb = absorb,
};
