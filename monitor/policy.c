/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "monitor/policy.h"

/* The key of each trouble. */
static const char *const keys[VITALS_N_TROUBLES] = {
    [VITALS_TROUBLE_CRASHED] = "Policy.OnCrashed",
    [VITALS_TROUBLE_KERNEL_DEAD] = "Policy.OnKernelDead",
    [VITALS_TROUBLE_USERSPACE_DEAD] = "Policy.OnUserspaceDead",
    [VITALS_TROUBLE_STUCK] = "Policy.OnStuck",
    [VITALS_TROUBLE_PAUSED] = "Policy.OnPaused",
    [VITALS_TROUBLE_DEGRADED] = "Policy.OnDegraded",
};

static const VitalsAction actions[VITALS_N_RESPONSES] = {
    [VITALS_RESPONSE_CAPTURE_INJECT_NMI] = VITALS_ACTION_INJECT_NMI,
    [VITALS_RESPONSE_CAPTURE_RESET] = VITALS_ACTION_RESET,
    [VITALS_RESPONSE_CAPTURE_RESTART] = VITALS_ACTION_RESTART,
    [VITALS_RESPONSE_CAPTURE_DESTROY] = VITALS_ACTION_DESTROY,
};

VitalsResponse
vitals_policy_response(VitalsTrouble trouble, const char *guest, const VitalsOutline *outline,
                       const VitalsSettings *settings)
{
    VitalsResponse response;
    const char *metadata;

    if (!keys[trouble])
        return VITALS_RESPONSE_NOTHING;
    response = vitals_response_find(vitals_settings_string(settings, guest, keys[trouble]));
    if (!outline || outline->wishes[trouble] == VITALS_RESPONSE_UNSET)
        return response;
    metadata = vitals_settings_string(settings, guest, "Policy.MetadataPolicy");
    if (g_str_equal(metadata, "trust"))
        return outline->wishes[trouble];
    return g_str_equal(metadata, "milder") ? MIN(response, outline->wishes[trouble]) : response;
}

VitalsAction
vitals_policy_action(VitalsTrouble trouble, const char *guest, const VitalsOutline *outline,
                     const VitalsSettings *settings)
{
    return actions[vitals_policy_response(trouble, guest, outline, settings)];
}

gboolean
vitals_policy_is_death(const VitalsCause *cause)
{
    VitalsTrouble trouble = vitals_trouble_of(cause);

    return trouble == VITALS_TROUBLE_CRASHED || trouble == VITALS_TROUBLE_KERNEL_DEAD;
}

/* A QEMU that is stopped and continued, or storage that comes and goes, must not fill the disk with
 * incidents that all say the same. Deaths have brakes of their own. */
#define FLAP_GAP (10 * G_TIME_SPAN_MINUTE)

/* So many deaths within CrashLoopWindow are told each, then one in that time: a guest that panics as fast as it
 * boots writes thousands of accounts a day otherwise, and runs ExecOnIncident for each. */
#define DEATHS_TOLD 10

static gboolean
is_flapping(const VitalsOccasion *occasion, VitalsTrouble trouble)
{
    return (trouble == VITALS_TROUBLE_STUCK || trouble == VITALS_TROUBLE_PAUSED) &&
           occasion->since_same >= 0 && occasion->since_same < FLAP_GAP;
}

/* Whether this incident is told of already: by the open episode, or a short while ago. */
static gboolean
is_told(const VitalsOccasion *occasion, VitalsTrouble trouble, const VitalsSettings *settings)
{
    if (trouble != VITALS_TROUBLE_DEGRADED)
        return occasion->episode == occasion->cause->health || is_flapping(occasion, trouble);
    if (occasion->episode != VITALS_HEALTH_HEALTHY && occasion->episode != VITALS_HEALTH_DEGRADED)
        return TRUE; /* it is getting better */
    return occasion->since_same >= 0 &&
           occasion->since_same <
               vitals_settings_duration(settings, occasion->guest, "Policy.DegradedCooldown");
}

/* A guest that says it panicked and beats on is healthy: whether it beats shows within seconds. */
#define HEARSAY_AGAIN G_TIME_SPAN_SECOND

/* How long the verdict still has to hold before anything is done. A panic that the guest reported is
 * no suspicion, and on_crash may soon have taken its memory away. */
static gint64
wait_of(const VitalsOccasion *occasion, VitalsTrouble trouble, const VitalsSettings *settings)
{
    const char *key = trouble == VITALS_TROUBLE_DEGRADED ? "Policy.DegradedFor" : "Policy.ActAfter";

    if (trouble == VITALS_TROUBLE_CRASHED)
        return occasion->hearsay ? HEARSAY_AGAIN : 0;
    return MAX(vitals_settings_duration(settings, occasion->guest, key) - occasion->held, 0);
}

/* The older key only takes away: which of the two dumps that are made by default may be made. */
static gboolean
is_vetoed(const VitalsOccasion *occasion, VitalsTrouble trouble, const VitalsSettings *settings)
{
    return (trouble == VITALS_TROUBLE_CRASHED || trouble == VITALS_TROUBLE_KERNEL_DEAD) &&
           !vitals_settings_has(settings, occasion->guest, "Capture.CaptureOn",
                                vitals_trouble_name(trouble));
}

/* What cannot be dumped, or not by us. */
static const char *
refusal_of(const VitalsOccasion *occasion)
{
    const VitalsOutline *outline = occasion->outline;

    if (!occasion->active)
        return outline && outline->crash_destroys &&
                       occasion->cause->layer != VITALS_LAYER_HYPERVISOR
                   ? "the guest is gone and its memory with it: on_crash destroys it; lint rule "
                     "CAP003 tells beforehand"
                   : "the guest is gone and its memory with it";
    if (occasion->cause->health == VITALS_HEALTH_STUCK)
        return "QEMU does not answer, and only QEMU can write the guest's memory";
    if (outline && outline->encryption)
        return vitals_encryption_refusal(outline->encryption);
    if (outline && outline->libvirt_dumps && occasion->cause->health == VITALS_HEALTH_CRASHED)
        return "on_crash makes libvirt dump this guest by itself, into its auto_dump_path";
    return NULL;
}

/* Each death of the guest within CrashLoopWindow behind the first doubles its cool-down: the tenth
 * dump of one fault says what the first said, but takes as much of the disk. */
static gint64
cooldown_of(const VitalsOccasion *occasion, const VitalsSettings *settings)
{
    gint64 cooldown =
        vitals_settings_duration(settings, occasion->guest, "Capture.CaptureCooldown");

    return cooldown << MIN(occasion->deaths > 1 ? occasion->deaths - 1 : 0, 6);
}

/* What is left out for now, so that a guest that crashes in a loop cannot fill the disk. */
static const char *
brake_of(const VitalsOccasion *occasion, const VitalsSettings *settings)
{
    gint64 daily =
        vitals_settings_integer(settings, occasion->guest, "Policy.MaxCapturesPerGuestPerDay");
    gint64 hourly = vitals_settings_integer(settings, NULL, "Capture.MaxCapturesPerHour");

    if (vitals_settings_boolean(settings, NULL, "Monitor.DryRun"))
        return "this is a dry run";
    if (occasion->since_capture >= 0 && occasion->since_capture < cooldown_of(occasion, settings))
        return "this guest was dumped a short while ago (CaptureCooldown, doubled by each death "
               "within CrashLoopWindow)";
    if (occasion->captures_last_day >= daily)
        return "this guest was dumped often enough today (MaxCapturesPerGuestPerDay)";
    if (occasion->captures_last_hour >= hourly)
        return "enough guests were dumped within the last hour (MaxCapturesPerHour)";
    return NULL;
}

/* Why nothing may be done to the guest, whatever it is. */
static const char *
restraint_of(const VitalsOccasion *occasion, const VitalsSettings *settings)
{
    gint64 loop = vitals_settings_integer(settings, occasion->guest, "Policy.CrashLoopCount");

    if (vitals_settings_boolean(settings, NULL, "Monitor.DryRun"))
        return "this is a dry run";
    if (!occasion->active)
        return "the guest is gone";
    if (loop > 0 && occasion->deaths >= loop)
        return "the guest dies again and again (CrashLoopCount): it does not help";
    if (occasion->recoveries_last_hour >=
        vitals_settings_integer(settings, occasion->guest, "Policy.MaxRecoveriesPerHour"))
        return "it was recovered often enough within the last hour (MaxRecoveriesPerHour)";
    if (occasion->uptime <
        vitals_settings_duration(settings, occasion->guest, "Policy.MinimumUptime"))
        return "it died so soon after its start that another one is likely to end the same "
               "(MinimumUptime)";
    return NULL;
}

/* Why the guest is left as it is. */
static const char *
inaction_of(const VitalsOccasion *occasion, const VitalsDecision *decision,
            const VitalsSettings *settings)
{
    const char *restraint = restraint_of(occasion, settings);

    if (restraint)
        return restraint;
    if (!decision->capture && decision->action_needs_dump)
        return "its memory is not saved (RecoverWithoutDump)";
    return NULL;
}

static void
decide_capture(const VitalsOccasion *occasion, VitalsTrouble trouble,
               const VitalsSettings *settings, VitalsDecision *decision)
{
    decision->refusal = is_vetoed(occasion, trouble, settings)
                            ? "such guests are not dumped here (CaptureOn)"
                            : refusal_of(occasion);
    decision->result = "refused";
    if (decision->refusal)
        return;
    decision->refusal = brake_of(occasion, settings);
    decision->result = decision->refusal ? "skipped" : "queued";
    decision->capture = !decision->refusal;
}

/* An NMI makes a kernel panic that hangs, where it is set up so, and with kdump it saves its own memory: also
 * of a guest that cannot be dumped from outside. Not for the guest whose dump only has to wait. */
static gint64
nmi_wait_of(const VitalsOccasion *occasion, const VitalsDecision *decision,
            const VitalsSettings *settings)
{
    gint64 wait = vitals_settings_duration(settings, occasion->guest, "Policy.NmiFirst");

    if (vitals_trouble_of(occasion->cause) != VITALS_TROUBLE_KERNEL_DEAD ||
        g_str_equal(decision->result, "skipped") || restraint_of(occasion, settings))
        return 0;
    return wait;
}

gboolean
vitals_policy_is_worn_out(const VitalsOccasion *occasion)
{
    return occasion->deaths >= DEATHS_TOLD && occasion->since_same >= 0 &&
           occasion->since_same < FLAP_GAP;
}

static VitalsDecision
decide(const VitalsOccasion *occasion, const VitalsSettings *settings)
{
    VitalsDecision decision = { .result = "none" };
    VitalsTrouble trouble = vitals_trouble_of(occasion->cause);
    VitalsResponse response =
        vitals_policy_response(trouble, occasion->guest, occasion->outline, settings);

    if (response == VITALS_RESPONSE_NOTHING || is_told(occasion, trouble, settings))
        return decision;
    decision.wait = wait_of(occasion, trouble, settings);
    if (decision.wait > 0)
        return decision;

    decision.incident = TRUE;
    if (response < VITALS_RESPONSE_CAPTURE ||
        (response == VITALS_RESPONSE_CAPTURE && is_vetoed(occasion, trouble, settings)))
        return decision;
    decide_capture(occasion, trouble, settings, &decision);
    decision.nmi_wait = nmi_wait_of(occasion, &decision, settings);
    if (actions[response] == VITALS_ACTION_NONE)
        return decision;
    decision.action_needs_dump =
        !vitals_settings_boolean(settings, occasion->guest, "Policy.RecoverWithoutDump");
    decision.inaction = inaction_of(occasion, &decision, settings);
    decision.action = decision.inaction ? VITALS_ACTION_NONE : actions[response];
    return decision;
}

VitalsDecision
vitals_policy_decide(const VitalsOccasion *occasion, const VitalsSettings *settings)
{
    VitalsDecision decision = decide(occasion, settings);

    if (!vitals_policy_is_death(occasion->cause) || !decision.incident || decision.capture ||
        decision.nmi_wait || decision.action != VITALS_ACTION_NONE ||
        !vitals_policy_is_worn_out(occasion))
        return decision;
    /* looked at again, in case that this was the last of its deaths */
    return (VitalsDecision){ .result = "none", .wait = FLAP_GAP - occasion->since_same };
}

/* Whether that capture was begun, however it ended. */
static gboolean
was_captured(const VitalsIncidentView *view)
{
    static const char *const results[] = {
        "ok", "failed", "queued", "running", "interrupted", NULL
    };

    return view->capture_result && g_strv_contains(results, view->capture_result);
}

static gboolean
was_death(const VitalsIncidentView *view)
{
    const VitalsCause *cause = view->cause ? vitals_cause_find(view->cause) : NULL;

    return cause && vitals_policy_is_death(cause);
}

void
vitals_policy_look_back(VitalsOccasion *occasion, const char *uuid, const GPtrArray *incidents,
                        gint64 now, const VitalsSettings *settings)
{
    gint64 window = vitals_settings_duration(settings, occasion->guest, "Policy.CrashLoopWindow");

    occasion->since_same = -1;
    occasion->deaths = occasion->captures_last_day = 0;
    for (guint i = 0; i < incidents->len; i++) {
        const VitalsIncidentView *view = g_ptr_array_index(incidents, i);
        gint64 ago = MAX(now - view->opened, 0);

        if (g_strcmp0(view->uuid, uuid) != 0)
            continue;
        if (occasion->since_same < 0 && g_strcmp0(view->cause, occasion->cause->id) == 0)
            occasion->since_same = ago;
        occasion->deaths += ago < window && was_death(view);
        occasion->captures_last_day += ago < G_TIME_SPAN_DAY && was_captured(view);
    }
}

gboolean
vitals_policy_ends_episode(VitalsHealth health)
{
    return health == VITALS_HEALTH_HEALTHY || health == VITALS_HEALTH_STARTING;
}
