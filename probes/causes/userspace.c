/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "probes/verdict.h"

/* Without an agent nothing tells that userspace came back; an expiry longer ago than this says nothing about
 * now: a watchdog that is still not petted expires again and again. */
#define WATCHDOG_TELLS (10 * 60 * G_USEC_PER_SEC)

static gboolean
holds_watchdog_expired(const VitalsSigns *signs, const VitalsLimits *limits)
{
    /* one that pauses the guest is told of before the pause is */
    return signs->watchdog_at != 0 && signs->state == VITALS_DOMAIN_RUNNING &&
           signs->state_at > signs->watchdog_at && !vitals_signs_is_fs_frozen(signs) &&
           signs->now - signs->watchdog_at < WATCHDOG_TELLS;
}

const VitalsCause vitals_cause_watchdog_expired = {
    .id = "watchdog-expired",
    .health = VITALS_HEALTH_UNRESPONSIVE,
    .layer = VITALS_LAYER_USERSPACE,
    .meaning = "The guest's watchdog expired: what had to pet it did not, while the kernel still "
               "answers.",
    .remedy = "Look at the guest's console and at what feeds its watchdog; memory exhaustion and "
              "stuck storage are the usual reasons.",
    .holds = holds_watchdog_expired,
};

static gboolean
agent_is_silent(const VitalsSigns *signs, VitalsAgent kind)
{
    return vitals_signs_layer_is_silent(signs, VITALS_LAYER_USERSPACE) && signs->agent == kind &&
           !vitals_signs_is_fs_frozen(signs);
}

static gboolean
holds_agent_gone(const VitalsSigns *signs, const VitalsLimits *limits)
{
    return agent_is_silent(signs, VITALS_AGENT_DISCONNECTED);
}

const VitalsCause vitals_cause_agent_gone = {
    .id = "agent-gone",
    .health = VITALS_HEALTH_DEGRADED,
    .layer = VITALS_LAYER_USERSPACE,
    .meaning = "The guest agent has left its port, while the kernel lives: it was stopped, or "
               "userspace is dying.",
    .remedy = "Log in, or look at the console: if other services are gone too, the guest needs a "
              "restart; else start qemu-guest-agent again.",
    .advice = TRUE,
    .holds = holds_agent_gone,
};

static gboolean
holds_agent_frozen(const VitalsSigns *signs, const VitalsLimits *limits)
{
    return agent_is_silent(signs, VITALS_AGENT_UNAVAILABLE);
}

const VitalsCause vitals_cause_agent_frozen = {
    .id = "agent-frozen",
    .health = VITALS_HEALTH_DEGRADED,
    .layer = VITALS_LAYER_USERSPACE,
    .meaning = "The guest agent holds its port and does not answer, while the kernel lives.",
    .remedy = "Look at the console for stuck storage or memory exhaustion; restart "
              "qemu-guest-agent.",
    .advice = TRUE,
    .holds = holds_agent_frozen,
};
