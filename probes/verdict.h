/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "probes/signs.h"

typedef enum {
    VITALS_HEALTH_STARTING,
    VITALS_HEALTH_HEALTHY,
    VITALS_HEALTH_DEGRADED,
    VITALS_HEALTH_UNRESPONSIVE,
    VITALS_HEALTH_CRASHED,
    VITALS_HEALTH_STUCK,
    VITALS_HEALTH_PAUSED,
    VITALS_HEALTH_UNKNOWN,
    VITALS_N_HEALTHS,
} VitalsHealth;

/* "starting", "healthy", … */
const char *vitals_health_name(VitalsHealth health);

/**
 * VitalsCause: a row of the verdict's table; in probes/causes, the order in probes/meson.build
 * @id: its name in JSON, metrics and incident paths
 * @health: what it makes of the guest
 * @layer: the lowest layer that stopped
 * @meaning: one or two sentences for the report: what this is
 * @remedy: what to do about it
 * @advice: shown in status and metrics, but no incident: the guest itself has nothing to explain (a busy
 *   host, an agent that an administrator may have stopped)
 * @said: what on the guest's console names it more exactly, whether or not that is how it was found
 * @blind: it says nothing of the guest, only that there is no news of it
 * @hearsay: it rests on that alone: nothing is done to the guest before it is proven
 * @holds: whether the signs say so
 */
typedef struct {
    const char *id;
    VitalsHealth health;
    VitalsLayer layer;
    const char *meaning;
    const char *remedy;
    gboolean advice;
    VitalsSaid said;
    gboolean hearsay;
    gboolean blind;
    gboolean (*holds)(const VitalsSigns *signs, const VitalsLimits *limits);
} VitalsCause;

/* The table, in the order of the build's list and ended by %NULL; the last row always holds. */
extern const VitalsCause *const vitals_causes[];

/**
 * VitalsVerdict: plain data
 * @cause: never %NULL
 * @since: monotonic time of the change to this cause, microseconds
 * @better_since: monotonic time since when the signs have said something better without a break; 0
 *   if they do not: recovery has to last before it is believed
 * @seen: (nullable): while @cause is blind, what held before
 * @seen_since: monotonic time of the change to that
 */
typedef struct {
    const VitalsCause *cause;
    gint64 since;
    gint64 better_since;
    const VitalsCause *seen;
    gint64 seen_since;
} VitalsVerdict;

/* What holds before anything was seen: unknown, "no-data". */
VitalsVerdict vitals_verdict_initial(gint64 now);

/**
 * vitals_verdict_decide:
 * @signs: what is known
 * @limits: the deadlines in force for this guest
 * @before: the verdict that held until now
 *
 * A pure function: the first row of the table whose condition holds names the cause. Getting worse is
 * believed at once, as silence has its deadline already; getting better from "unresponsive" or
 * "stuck" has to last for @limits->recovery. What holds before and behind a time without news held all the while.
 *
 * Returns: the verdict that holds at @signs->now
 */
VitalsVerdict vitals_verdict_decide(const VitalsSigns *signs, const VitalsLimits *limits,
                                    VitalsVerdict before);

/**
 * vitals_verdict_evidence:
 *
 * Returns: (transfer full): one printable line for each sign that speaks for or against the verdict,
 * with its numbers, ended by %NULL
 */
char **vitals_verdict_evidence(const VitalsSigns *signs, const VitalsLimits *limits);

/**
 * vitals_verdict_detail:
 *
 * Returns: (transfer none): what names the cause more exactly, as the guest's console told it: a panic's
 *   title, the line that loops; printable and short, "" if there is nothing. Stays while @signs do.
 */
const char *vitals_verdict_detail(const VitalsSigns *signs, VitalsVerdict verdict);

/**
 * vitals_verdict_is_proven:
 *
 * Returns: %FALSE while the verdict rests on what the guest printed and on nothing else yet
 */
gboolean vitals_verdict_is_proven(const VitalsSigns *signs, VitalsVerdict verdict);

/* Whether that layer is known to be up (1), known to be down (0), or has no armed source (-1). */
int vitals_verdict_layer_up(const VitalsSigns *signs, const VitalsLimits *limits,
                            VitalsVerdict verdict, VitalsLayer layer);

/* The row of that name, or %NULL. */
const VitalsCause *vitals_cause_find(const char *id);
