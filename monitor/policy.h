/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "config/settings.h"
#include "monitor/hypervisor.h"
#include "monitor/snapshot.h"
#include "probes/outline.h"
#include "probes/response.h"

/**
 * VitalsOccasion: what the policy looks at when a verdict changed, or was waited for
 * @guest: the domain's name, for `[Guest]` sections
 * @cause: the cause that holds
 * @held: how long it has held, microseconds
 * @episode: the health the guest's open incident began with; %VITALS_HEALTH_HEALTHY for none
 * @outline: (nullable): of the definition
 * @active: the domain still exists, so that there is a memory to dump
 * @hearsay: the verdict rests on what the guest printed, and silence does not prove it yet
 * @since_same: microseconds since its last incident with this cause; -1 for never
 * @since_capture: microseconds since its last capture; -1 for never
 * @captures_last_day: of this guest
 * @captures_last_hour: of all guests
 * @recoveries_last_hour: how often something was done to this guest
 * @uptime: microseconds that it could run since its start; %G_MAXINT64 if we did not see it start
 * @deaths: how often its kernel died within CrashLoopWindow, without this time
 */
typedef struct {
    const char *guest;
    const VitalsCause *cause;
    gint64 held;
    VitalsHealth episode;
    const VitalsOutline *outline;
    gboolean active;
    gboolean hearsay;
    gint64 since_same;
    gint64 since_capture;
    guint captures_last_day;
    guint captures_last_hour;
    guint recoveries_last_hour;
    gint64 uptime;
    guint deaths;
} VitalsOccasion;

/**
 * VitalsDecision: what it leads to
 * @wait: microseconds after which to ask again if the verdict still holds; 0 for not at all
 * @incident: one is opened
 * @capture: the guest is dumped
 * @refusal: (nullable): why it is not, where it otherwise would be; a whole sentence's worth
 * @result: what the incident says of the capture: "queued", "refused", "skipped" or "none"
 * @nmi_wait: microseconds that the guest is given after an NMI, before its dump; 0 for no NMI
 * @action: what is done to the guest behind that
 * @action_needs_dump: only if the dump succeeds; never without one
 * @inaction: (nullable): why nothing is done, where it otherwise would be
 * @inherited: the action was decided by an earlier monitor, see monitor/legacy.h
 */
typedef struct {
    gint64 wait;
    gboolean incident;
    gboolean capture;
    const char *refusal;
    const char *result;
    gint64 nmi_wait;
    VitalsAction action;
    gboolean action_needs_dump;
    const char *inaction;
    gboolean inherited;
} VitalsDecision;

/**
 * vitals_policy_response:
 *
 * What `[Policy]` says about that trouble of that guest, together with what the domain's own metadata
 * wishes as far as MetadataPolicy lets it.
 */
VitalsResponse vitals_policy_response(VitalsTrouble trouble, const char *guest,
                                      const VitalsOutline *outline, const VitalsSettings *settings);

/* What is done to the guest behind its dump, by that. */
VitalsAction vitals_policy_action(VitalsTrouble trouble, const char *guest,
                                  const VitalsOutline *outline, const VitalsSettings *settings);

/* Whether that cause is the end of a guest's kernel. */
gboolean vitals_policy_is_death(const VitalsCause *cause);

/**
 * vitals_policy_look_back:
 * @occasion: (inout): its guest and cause are given; sets @since_same, @captures_last_day, @deaths
 * @incidents: (element-type VitalsIncidentView): newest first
 * @now: wall clock, microseconds
 *
 * Fills in what the guest's earlier incidents say: they outlive its runs, and ours.
 */
void vitals_policy_look_back(VitalsOccasion *occasion, const char *uuid, const GPtrArray *incidents,
                             gint64 now, const VitalsSettings *settings);

/* Whether the guest died so often of late that one more death is not worth an incident by itself; of an occasion
 * that was looked back from. */
gboolean vitals_policy_is_worn_out(const VitalsOccasion *occasion);

/* A pure function of its arguments. */
VitalsDecision vitals_policy_decide(const VitalsOccasion *occasion, const VitalsSettings *settings);

/* Whether that health ends an episode: the guest is well, or begins anew. */
gboolean vitals_policy_ends_episode(VitalsHealth health);
