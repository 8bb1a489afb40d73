/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "probes/probe.h"

/*
 * libvirt's state, and the events it sends by itself. Both are bookkeeping: a frozen QEMU still
 * "runs" (measured), so they prove no life, but what they say of a crash, a pause or a restart wins
 * over any silence.
 */

/* A reset makes libvirt tell of two or three reboots at once (measured). */
#define REBOOT_MERGE G_USEC_PER_SEC

static void
note_reboot(const VitalsSample *sample, VitalsSigns *signs)
{
    signs->rebooted = TRUE;
    if (signs->reboots[0] && sample->at - signs->reboots[0] < REBOOT_MERGE)
        return;
    for (guint i = VITALS_REBOOTS_KEPT - 1; i > 0; i--)
        signs->reboots[i] = signs->reboots[i - 1];
    signs->reboots[0] = sample->at;
}

/* A start or a migration that comes to nothing ends like a QEMU that died, and nobody loses a guest by it. */
static gboolean
had_run(const VitalsSigns *signs)
{
    if (signs->state == VITALS_DOMAIN_PAUSED)
        return signs->reason != VITALS_REASON_MIGRATION && signs->reason != VITALS_REASON_STARTING;
    return signs->state == VITALS_DOMAIN_RUNNING || signs->state == VITALS_DOMAIN_PMSUSPENDED;
}

static VitalsPulse
absorb_event(const VitalsSample *sample, VitalsSigns *signs)
{
    switch (sample->event) {
    case VITALS_EVENT_STARTED:
        return VITALS_PULSE_RESET;
    case VITALS_EVENT_REBOOT:
        note_reboot(sample, signs);
        return VITALS_PULSE_RESET;
    case VITALS_EVENT_CRASH_LOADED: /* a panic like any other, but the memory is being saved within */
        signs->crash_loaded_at = signs->crashed_at = sample->at;
        return VITALS_PULSE_NONE;
    case VITALS_EVENT_CRASHED:
    case VITALS_EVENT_STOPPED_CRASHED:
        signs->crashed_at = sample->at;
        return VITALS_PULSE_NONE;
    case VITALS_EVENT_STOPPED_FAILED:
        if (had_run(signs))
            signs->died_at = sample->at;
        return VITALS_PULSE_NONE;
    case VITALS_EVENT_MEMORY_FAILURE:
        signs->memory_failed_at = sample->at;
        return VITALS_PULSE_NONE;
    default: /* the others stand on the timeline and change nothing here */
        return VITALS_PULSE_NONE;
    }
}

static VitalsPulse
absorb(const VitalsSample *sample, VitalsSigns *signs, VitalsSource *source)
{
    if (vitals_sample_has(sample, VITALS_PART_EVENT))
        return absorb_event(sample, signs);

    if (vitals_sample_has(sample, VITALS_PART_STATE)) {
        signs->state = sample->state;
        signs->reason = sample->reason;
        signs->state_at = sample->at;
    }
    return VITALS_PULSE_NONE;
}

const VitalsProbe vitals_probe_state = {
    .id = "state",
    .layer = VITALS_LAYER_NONE,
    .summary = "libvirt's state and events",
    .arms_at = 1,
    .absorb = absorb,
};
