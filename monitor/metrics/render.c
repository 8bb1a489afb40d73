/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "monitor/metrics/metric.h"

GBytes *
vitals_metrics_render(const VitalsSnapshot *snapshot, gint64 age)
{
    g_autoptr(VitalsExposition) out = vitals_exposition_new();
    VitalsScrape scrape = { .snapshot = snapshot, .age = MAX(age, 0) };

    for (const VitalsMetric *const *group = vitals_metric_groups; *group; group++) {
        for (const VitalsMetric *metric = *group; metric->name; metric++) {
            vitals_exposition_family(out, metric->name, metric->type, metric->help, metric->labels);
            metric->emit(out, &scrape);
        }
    }
    return vitals_exposition_finish(out);
}
