/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "config/settings.h"
#include "probes/outline.h"
#include "probes/verdict.h"

/**
 * VitalsOccasion: what the policy looks at when a verdict changed
 * @guest: the domain's name, for `[Guest]` sections
 * @cause: the new cause
 * @episode: the health the guest's open incident began with; %VITALS_HEALTH_HEALTHY for none
 * @outline: (nullable): of the definition
 * @active: the domain still exists, so that there is a memory to dump
 * @since_capture: microseconds since its last capture; -1 for never
 * @captures_last_hour: of all guests
 */
typedef struct {
    const char *guest;
    const VitalsCause *cause;
    VitalsHealth episode;
    const VitalsOutline *outline;
    gboolean active;
    gint64 since_capture;
    guint captures_last_hour;
} VitalsOccasion;

/**
 * VitalsDecision: what it leads to
 * @incident: one is opened
 * @capture: the guest is dumped
 * @refusal: (nullable): why it is not, where it otherwise would be; a whole sentence's worth
 * @result: what the incident says of the capture: "queued", "refused", "skipped" or "none"
 */
typedef struct {
    gboolean incident;
    gboolean capture;
    const char *refusal;
    const char *result;
} VitalsDecision;

/* A pure function of its arguments. */
VitalsDecision vitals_policy_decide(const VitalsOccasion *occasion, const VitalsSettings *settings);

/* Whether that health ends an episode: the guest is well, or begins anew. */
gboolean vitals_policy_ends_episode(VitalsHealth health);
