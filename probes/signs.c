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
is_silent(const VitalsSource *source, const VitalsLimits *limits)
{
    return vitals_source_has_deadline(source) &&
           vitals_source_silence(source) > source->period * limits->balloon_deadline;
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
vitals_signs_layer_is_silent(const VitalsSigns *signs, const VitalsLimits *limits,
                             VitalsLayer layer)
{
    gboolean silent = FALSE;

    for (guint i = 0; vitals_probes[i]; i++) {
        if (vitals_probes[i]->layer != layer || !vitals_source_has_deadline(&signs->sources[i]))
            continue;
        if (!is_silent(&signs->sources[i], limits))
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
