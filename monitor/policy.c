/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "monitor/policy.h"

/* What is worth an incident: everything that somebody will have to explain. */
static gboolean
is_incident(const VitalsCause *cause)
{
    switch (cause->health) {
    case VITALS_HEALTH_CRASHED:
    case VITALS_HEALTH_UNRESPONSIVE:
    case VITALS_HEALTH_STUCK:
        return TRUE;
    case VITALS_HEALTH_PAUSED:
        return cause->layer != VITALS_LAYER_NONE; /* not by somebody's wish */
    case VITALS_HEALTH_STARTING:
    case VITALS_HEALTH_HEALTHY:
    case VITALS_HEALTH_DEGRADED:
    case VITALS_HEALTH_UNKNOWN:
    case VITALS_N_HEALTHS:
        break;
    }
    return FALSE;
}

static gboolean
wants_capture(const VitalsOccasion *occasion, const VitalsSettings *settings)
{
    const VitalsCause *cause = occasion->cause;

    if (cause->health == VITALS_HEALTH_CRASHED)
        return vitals_settings_has(settings, occasion->guest, "Capture.CaptureOn", "crashed");
    return cause->health == VITALS_HEALTH_UNRESPONSIVE && cause->layer == VITALS_LAYER_KERNEL &&
           vitals_settings_has(settings, occasion->guest, "Capture.CaptureOn", "kernel-dead");
}

/* What cannot be dumped, or not by us. */
static const char *
refusal_of(const VitalsOccasion *occasion)
{
    const VitalsOutline *outline = occasion->outline;

    if (!occasion->active)
        return outline && outline->crash_destroys
                   ? "the guest is gone and its memory with it: on_crash destroys it; lint rule "
                     "CAP003 tells beforehand"
                   : "the guest is gone and its memory with it";
    if (outline && outline->encrypted)
        return "the guest's memory is encrypted: a dump would show nothing";
    if (outline && outline->libvirt_dumps && occasion->cause->health == VITALS_HEALTH_CRASHED)
        return "on_crash makes libvirt dump this guest by itself, into its auto_dump_path";
    return NULL;
}

/* What is left out for now, so that a guest that crashes in a loop cannot fill the disk. */
static const char *
brake_of(const VitalsOccasion *occasion, const VitalsSettings *settings)
{
    gint64 cooldown =
        vitals_settings_duration(settings, occasion->guest, "Capture.CaptureCooldown");
    gint64 hourly = vitals_settings_integer(settings, NULL, "Capture.MaxCapturesPerHour");

    if (vitals_settings_boolean(settings, NULL, "Monitor.DryRun"))
        return "this is a dry run";
    if (occasion->since_capture >= 0 && occasion->since_capture < cooldown)
        return "this guest was dumped a short while ago (CaptureCooldown)";
    if (occasion->captures_last_hour >= hourly)
        return "enough guests were dumped within the last hour (MaxCapturesPerHour)";
    return NULL;
}

VitalsDecision
vitals_policy_decide(const VitalsOccasion *occasion, const VitalsSettings *settings)
{
    VitalsDecision decision = { .result = "none" };

    decision.incident =
        is_incident(occasion->cause) && occasion->episode != occasion->cause->health;
    if (!decision.incident || !wants_capture(occasion, settings))
        return decision;

    decision.refusal = refusal_of(occasion);
    decision.result = "refused";
    if (decision.refusal)
        return decision;
    decision.refusal = brake_of(occasion, settings);
    decision.result = decision.refusal ? "skipped" : "queued";
    decision.capture = !decision.refusal;
    return decision;
}

gboolean
vitals_policy_ends_episode(VitalsHealth health)
{
    return health == VITALS_HEALTH_HEALTHY || health == VITALS_HEALTH_STARTING;
}
