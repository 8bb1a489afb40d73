/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "probes/verdict.h"

static gboolean
holds_memory_exhaustion(const VitalsSigns *signs, const VitalsLimits *limits)
{
    return signs->exhaustion_in > 0;
}

const VitalsCause vitals_cause_memory_exhaustion = {
    /* of no layer: they all live, and it is not known yet which of them will fall first */
    .id = "memory-exhaustion",
    .health = VITALS_HEALTH_DEGRADED,
    .layer = VITALS_LAYER_NONE,
    .meaning = "The guest lives, but something in it has been taking memory steadily and gives "
               "none back; at this pace all of it will be gone at the time the evidence tells.",
    .remedy = "Look inside the guest for what grows ('ps aux --sort -rss', slabtop) and restart "
              "it in a quiet hour before the kernel has to kill something.",
    .holds = holds_memory_exhaustion,
};

/* Rows that are not found by looking at signs. */
static gboolean
holds_never(const VitalsSigns *signs, const VitalsLimits *limits)
{
    return FALSE;
}

const VitalsCause vitals_cause_requested = {
    .id = "requested",
    .health = VITALS_HEALTH_UNKNOWN,
    .layer = VITALS_LAYER_NONE,
    .meaning = "Somebody asked for a dump of this guest; nothing is said of its health.",
    .remedy = "Read the vmcore with crash.",
    .holds = holds_never,
};

static gboolean
holds_always(const VitalsSigns *signs, const VitalsLimits *limits)
{
    return TRUE;
}

const VitalsCause vitals_cause_none = {
    .id = "none",
    .health = VITALS_HEALTH_HEALTHY,
    .layer = VITALS_LAYER_NONE,
    .meaning = "All signs of life are there.",
    .remedy = "Nothing to do.",
    .holds = holds_always,
};
