/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "probes/verdict.h"

static gboolean
holds_vcpu_dead(const VitalsSigns *signs, const VitalsLimits *limits)
{
    if (signs->state != VITALS_DOMAIN_RUNNING)
        return FALSE;
    /* a vCPU that uses all of a core, or nothing, is busy or idle, until its kernel misses it */
    if (signs->suspects && vitals_signs_holds(signs, VITALS_SAID_STALL))
        return TRUE;
    return vitals_signs_some_vcpus_dead(signs);
}

const VitalsCause vitals_cause_vcpu_dead = {
    .id = "vcpu-dead",
    .health = VITALS_HEALTH_DEGRADED,
    .layer = VITALS_LAYER_VCPU,
    .meaning =
        "Some of the guest's vCPUs are dead with interrupts off while others live: what needs "
        "them hangs, the rest seems well.",
    .remedy =
        "Take a dump ('virt-vitals capture') for the backtraces of the dead vCPUs, then reset "
        "the guest.",
    .said = VITALS_SAID_STALL,
    .holds = holds_vcpu_dead,
};

/* Too little CPU for so long is a finding; shorter ones are what a busy host does. */
#define STARVED_FOR (60 * G_USEC_PER_SEC)

static gboolean
holds_starved(const VitalsSigns *signs, const VitalsLimits *limits)
{
    return signs->starve_since != 0 && signs->starve_at - signs->starve_since >= STARVED_FOR;
}

const VitalsCause vitals_cause_cpu_starved = {
    .id = "cpu-starved",
    .health = VITALS_HEALTH_DEGRADED,
    .layer = VITALS_LAYER_VCPU,
    .meaning = "The host gives the guest less than half of the CPU time it asks for.",
    .remedy = "Take load off the host or move guests away; see the pressure in /proc/pressure/cpu.",
    .advice = TRUE,
    .holds = holds_starved,
};
