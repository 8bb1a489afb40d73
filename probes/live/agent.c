/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "probes/probe.h"

/*
 * A ping to the guest agent: its answer proves that userspace runs, and a refusal does so too, as does that
 * somebody in the guest opened its port, which libvirt tells. Only an agent of which one of these was seen since
 * the guest (re)started is missed when it does not answer: many guests have the channel and no agent.
 */
static VitalsPulse
absorb_event(const VitalsSample *sample, VitalsSigns *signs)
{
    if (sample->event == VITALS_EVENT_AGENT_DISCONNECTED)
        signs->agent_left_at = sample->at;
    if (sample->event != VITALS_EVENT_AGENT_CONNECTED)
        return VITALS_PULSE_NONE;
    signs->agent_left_at = 0;
    return VITALS_PULSE_BEAT;
}

static VitalsPulse
absorb(const VitalsSample *sample, VitalsSigns *signs, VitalsSource *source)
{
    if (vitals_sample_has(sample, VITALS_PART_EVENT))
        return absorb_event(sample, signs);
    if (!vitals_sample_has(sample, VITALS_PART_AGENT))
        return VITALS_PULSE_NONE;

    signs->agent = sample->agent;
    signs->agent_at = sample->at;
    source->answer_at = sample->at;
    source->run_at_answer = signs->run_clock;
    if (sample->agent == VITALS_AGENT_DISCONNECTED || sample->agent == VITALS_AGENT_UNAVAILABLE)
        return VITALS_PULSE_NONE;
    signs->agent_left_at = 0;
    signs->fs_frozen_at = sample->fs_frozen ? sample->at : 0;
    signs->watchdog_at = 0;
    return VITALS_PULSE_BEAT;
}

const VitalsProbe vitals_probe_agent = {
    .id = "agent",
    .layer = VITALS_LAYER_USERSPACE,
    .summary = "answers of the guest agent",
    .arms_at = 1,
    .absorb = absorb,
};
