/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "probes/probe.h"

/*
 * The balloon's last-update: the host's own stamp of the moment at which the guest's balloon driver
 * last answered. QEMU asks again only when it was answered, so a dead kernel's stamp stands still: a
 * heartbeat without an agent (QEMU, docs/interop/virtio-balloon-stats.rst; measured: fault-matrix).
 */

/*
 * When the guest answered. The stamp is wall-clock time in whole seconds and the wall clock may be
 * set, so it is only believed within the time between the last look and this one.
 */
static gint64
beat_time(const VitalsSample *sample, const VitalsSource *source)
{
    gint64 stamp = CLAMP(sample->last_update, 0, G_MAXINT64 / G_USEC_PER_SEC);
    gint64 age = sample->realtime - stamp * G_USEC_PER_SEC;

    return CLAMP(sample->at - age, source->answer_at, sample->at);
}

/* The latest answer is from before the start that we saw. QEMU keeps the stamp over a reset, and in some cases the
 * guest's figures too (measured). */
static gboolean
is_dated_before_start(const VitalsSample *sample, const VitalsSigns *signs)
{
    gint64 stamp = CLAMP(sample->last_update, 0, G_MAXINT64 / G_USEC_PER_SEC);

    return signs->boot_seen &&
           sample->at - (sample->realtime - stamp * G_USEC_PER_SEC) < signs->started;
}

/* An event told of a start, and what the guest answered before that is seen only now. */
static gboolean
is_of_last_run(const VitalsSample *sample, const VitalsSigns *signs)
{
    return !sample->has_counters && is_dated_before_start(sample, signs);
}

static VitalsPulse
judge(const VitalsSample *sample, const VitalsSigns *signs, VitalsSource *source)
{
    guint64 stamp = (guint64)sample->last_update;

    /* no driver has answered yet: whoever took it for armed (vitals_watch_resume_silence()) was wrong */
    if (stamp == 0 && source->value == 0) {
        source->armed = FALSE;
        return VITALS_PULSE_NONE;
    }
    /* QEMU forgets the guest's figures, but not the stamp, when the device is reset: the guest is
     * rebooting, or its crash kernel took over, whether or not an event said so. The stamp may have
     * moved once more since the last look, before the reset: that is no beat of this run. */
    if (source->had_counters && !sample->has_counters) {
        source->value = stamp;
        return VITALS_PULSE_RESET;
    }
    if (stamp != source->value) {
        gboolean first = source->value == 0 || is_of_last_run(sample, signs);

        source->value = stamp;
        /* The first stamp of a run is no beat: a driver without its service, or a guest without a
         * period, sets it once and never again. */
        if (first || stamp == 0) {
            source->run_at_beat = signs->run_clock;
            return VITALS_PULSE_NONE;
        }
        source->last_beat = beat_time(sample, source);
        return VITALS_PULSE_BEAT;
    }
    return VITALS_PULSE_NONE;
}

/* The first answer to us, of a guest whose pulse somebody knew before: a reset since then took its figures away. */
static void
recall_pulse(const VitalsSample *sample, VitalsSigns *signs, VitalsSource *source)
{
    if (!signs->pulse_recalled || source->answer_at != 0)
        return;
    signs->pulse_recalled = sample->has_counters;
    if (!sample->has_counters)
        return;
    source->armed = TRUE;
    source->last_beat = beat_time(sample, source);
    source->run_at_beat = signs->run_clock;
}

/* A booting guest on a loaded host was quiet for 8 s with its driver loaded (fault-matrix). */
#define YOUNG_SILENCE (30 * G_USEC_PER_SEC)

/* It stopped before it was steady. A Linux kernel, as only one of those writes so on its console, whose driver gave
 * its figures once gives them whenever it is asked. */
static gboolean
died_young(const VitalsSigns *signs, const VitalsSource *source)
{
    return !source->armed && source->period > 0 && source->had_counters && signs->boot_seen &&
           vitals_signs_kernel_wrote(signs) &&
           source->run_at_answer - source->run_at_beat > YOUNG_SILENCE;
}

static VitalsPulse
absorb(const VitalsSample *sample, VitalsSigns *signs, VitalsSource *source)
{
    VitalsPulse pulse;

    if (!vitals_sample_has(sample, VITALS_PART_BALLOON))
        return VITALS_PULSE_NONE;

    signs->monitor_at = sample->at;
    signs->balloon_never_answered =
        sample->last_update == 0 || is_dated_before_start(sample, signs);
    recall_pulse(sample, signs, source);
    pulse = judge(sample, signs, source);
    source->had_counters = sample->has_counters;
    source->answer_at = sample->at;
    source->run_at_answer = signs->run_clock;
    if (!signs->balloon_never_answered && died_young(signs, source)) {
        source->armed = TRUE;
        /* a reset would have taken its figures, so they are of this boot */
        source->last_beat = MAX(source->last_beat, signs->booted_at + 1);
    }
    return pulse;
}

const VitalsProbe vitals_probe_balloon = {
    .id = "balloon",
    .layer = VITALS_LAYER_KERNEL,
    .summary = "the stamp of the balloon driver's last answer",
    .arms_at = 2,
    .absorb = absorb,
};
