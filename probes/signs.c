/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "probes/signs.h"
#include "probes/probe.h"

gboolean
vitals_source_has_deadline(const VitalsSource *source)
{
    return source->armed && source->period > 0;
}

gint64
vitals_source_silence(const VitalsSource *source)
{
    return source->run_at_answer - source->run_at_beat;
}

static gboolean
is_silent(const VitalsSource *source)
{
    return vitals_source_has_deadline(source) && vitals_source_silence(source) > source->deadline;
}

gboolean
vitals_signs_layer_has_armed(const VitalsSigns *signs, VitalsLayer layer)
{
    for (guint i = 0; vitals_probes[i]; i++) {
        if (vitals_probes[i]->layer == layer && vitals_source_has_deadline(&signs->sources[i]))
            return TRUE;
    }
    return FALSE;
}

gboolean
vitals_signs_layer_is_silent(const VitalsSigns *signs, VitalsLayer layer)
{
    gboolean silent = FALSE;

    for (guint i = 0; vitals_probes[i]; i++) {
        if (vitals_probes[i]->layer != layer || !vitals_source_has_deadline(&signs->sources[i]))
            continue;
        if (!is_silent(&signs->sources[i]))
            return FALSE;
        silent = TRUE;
    }
    return silent;
}

double
vitals_signs_vcpu_share(const VitalsSigns *signs)
{
    double microseconds = (double)(signs->vcpu_at - signs->vcpu_at_beat - signs->starved);

    if (signs->vcpu_at == 0 || microseconds < G_USEC_PER_SEC)
        return -1.0;
    return (double)(signs->vcpu_ns - signs->vcpu_ns_at_beat) / 1000.0 / microseconds;
}

gboolean
vitals_signs_is_fresh(const VitalsSigns *signs, const VitalsLimits *limits, gint64 at)
{
    return at != 0 && signs->now - at <= limits->sample_max_age;
}

/* Sources without a pace (packets) prove life for so long after they were heard. */
#define ALIVE_FOR (60 * G_USEC_PER_SEC)

gboolean
vitals_signs_kernel_is_heard(const VitalsSigns *signs)
{
    gint64 silent_since = -1;
    gint64 period = 0;
    gint64 heard = -1;

    for (guint i = 0; vitals_probes[i]; i++) {
        const VitalsSource *source = &signs->sources[i];

        if (vitals_probes[i]->layer < VITALS_LAYER_KERNEL || !source->armed)
            continue;
        if (vitals_probes[i]->layer == VITALS_LAYER_KERNEL && vitals_source_has_deadline(source)) {
            silent_since = MAX(silent_since, source->run_at_beat);
            period = MAX(period, source->period);
        } else {
            heard = MAX(heard, source->run_at_beat);
        }
    }
    /* the last packet may have left at any moment up to the death, as may the last beat */
    return silent_since >= 0 && heard > silent_since + 2 * period;
}

gboolean
vitals_signs_is_alive(const VitalsSigns *signs, VitalsLayer layer)
{
    for (guint i = 0; vitals_probes[i]; i++) {
        const VitalsSource *source = &signs->sources[i];

        if (vitals_probes[i]->layer >= layer && source->armed &&
            signs->now - source->last_beat <= ALIVE_FOR)
            return TRUE;
    }
    return FALSE;
}

/* Functions are seldom longer; an idle loop or a lock's slow path is much shorter. */
#define ONE_PLACE 512

/* Looks say something for so long. */
#define LOOKS_FRESH (90 * G_USEC_PER_SEC)

VitalsVcpuState
vitals_signs_vcpu_state(const VitalsSigns *signs, guint vcpu)
{
    const VitalsVcpuLooks *looks = &signs->looks[vcpu];
    gboolean one_place = looks->highest_pc - looks->lowest_pc < ONE_PLACE;

    if (looks->count < VITALS_LOOKS_NEEDED || signs->now - signs->looks_at > LOOKS_FRESH)
        return VITALS_VCPU_UNKNOWN;
    if (looks->interrupts_off == looks->count && looks->halted == looks->count)
        return VITALS_VCPU_HALTED_DEAD;
    if (looks->halted == 0 && one_place)
        return looks->interrupts_off == looks->count ? VITALS_VCPU_SPINNING_OFF
                                                     : VITALS_VCPU_SPINNING_ON;
    return VITALS_VCPU_WORKING;
}

gboolean
vitals_signs_some_vcpus_dead(const VitalsSigns *signs)
{
    guint dead = 0;
    guint seen = 0;

    for (guint i = 0; i < VITALS_LOOKED_AT_MAX; i++) {
        VitalsVcpuState state = vitals_signs_vcpu_state(signs, i);

        seen += state != VITALS_VCPU_UNKNOWN;
        dead += state == VITALS_VCPU_HALTED_DEAD || state == VITALS_VCPU_SPINNING_OFF;
    }
    return dead > 0 && dead < seen;
}
