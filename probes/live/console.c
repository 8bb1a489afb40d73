/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "probes/probe.h"

#include <string.h>

/*
 * What the guest wrote on its console: what it told of itself, and that its kernel wrote at all. Its silence
 * means nothing. Nor does a line make a kernel alive whose pulse stopped: one that is locked up still
 * prints from its interrupts, so its lines are shown and do not count.
 */

/* What comes within this time behind its beginning is the rest of the same report. */
#define REPORT_WITHIN (30 * G_USEC_PER_SEC)

/* A panic is as old as its first line: neither the end of its report nor what a second CPU says of it is
 * another one. What the kernel said itself counts for more than what may be a replay. */
static gboolean
is_another_panic(const VitalsHeard *heard, const VitalsUtterance *utterance, gint64 at)
{
    if (!utterance->begun)
        return FALSE;
    return !heard->at || (utterance->live && !heard->live) || at - heard->at > REPORT_WITHIN;
}

static void
hear(const VitalsUtterance *utterance, gint64 at, VitalsSigns *signs)
{
    VitalsHeard *heard = &signs->said[utterance->what];
    gboolean goes_on = heard->at != 0 && at - heard->at <= REPORT_WITHIN;

    if (!heard->first)
        heard->first = at;
    if (utterance->what != VITALS_SAID_PANIC || is_another_panic(heard, utterance, at)) {
        heard->at = at;
        heard->live = utterance->live;
        signs->panic_ns_at = utterance->what == VITALS_SAID_PANIC ? 0 : signs->panic_ns_at;
    }
    heard->severity = utterance->severity;
    heard->period = utterance->period;
    if (utterance->what == VITALS_SAID_LOOP)
        heard->count = utterance->count;
    else if (!utterance->begun)
        heard->count++;
    if (*utterance->title || !goes_on)
        memcpy(heard->title, utterance->title, sizeof heard->title);
}

/* How busy its vCPUs are after the panic is counted from the first look behind it. */
static void
look_at_vcpus(const VitalsSample *sample, VitalsSigns *signs)
{
    if (!vitals_sample_has(sample, VITALS_PART_VCPU) || signs->panic_ns_at ||
        sample->at <= signs->said[VITALS_SAID_PANIC].at)
        return;
    signs->panic_ns = signs->vcpu_ns;
    signs->panic_ns_at = sample->at;
}

static VitalsPulse
absorb(const VitalsSample *sample, VitalsSigns *signs, VitalsSource *source)
{
    if (signs->said[VITALS_SAID_PANIC].at)
        look_at_vcpus(sample, signs);
    if (!vitals_sample_has(sample, VITALS_PART_CONSOLE))
        return VITALS_PULSE_NONE;

    source->answer_at = sample->at;
    if (sample->booted) {
        signs->booted_at = sample->at;
        signs->run_at_boot = signs->run_clock;
    }
    /* else it is from before the guest started over */
    for (guint i = 0; i < sample->n_utterances && sample->at >= signs->started; i++)
        hear(&sample->utterances[i], sample->at, signs);
    if (sample->kernel_lines) {
        source->last_beat = sample->at;
        source->beats++;
        source->armed = TRUE;
    }
    return VITALS_PULSE_NONE;
}

const VitalsProbe vitals_probe_console = {
    .id = "console",
    .layer = VITALS_LAYER_KERNEL,
    .summary = "what the guest's kernel writes on its console",
    .arms_at = 1,
    .passing = TRUE,
    .absorb = absorb,
};
