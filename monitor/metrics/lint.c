/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "monitor/metrics/metric.h"

/* What lint finds in the definitions of all guests, running or not. */

static void
emit_findings(VitalsExposition *out, const VitalsScrape *scrape)
{
    const VitalsLintReport *report = scrape->snapshot->lint;

    for (guint i = 0; report && i < report->rows->len; i++) {
        const VitalsLintRow *row = report->rows->pdata[i];
        const char *const values[] = { row->domain, row->uuid, row->rule, row->severity };

        vitals_exposition_sample(out, values, row->count);
    }
}

static void
emit_linted(VitalsExposition *out, const VitalsScrape *scrape)
{
    if (scrape->snapshot->lint)
        vitals_exposition_sample(out, NULL, scrape->snapshot->lint->linted);
}

static void
emit_time(VitalsExposition *out, const VitalsScrape *scrape)
{
    if (scrape->snapshot->lint)
        vitals_exposition_sample(out, NULL, (double)scrape->snapshot->lint->realtime / 1e6);
}

extern const VitalsMetric vitals_metrics_lint[];

const VitalsMetric vitals_metrics_lint[] = {
    {
        .name = "virt_vitals_lint_findings",
        .type = "gauge",
        .help = "Findings of a lint rule in the definition of a guest, running or not; without "
                "a domain, in the host itself.",
        .labels = { "domain", "uuid", "rule", "severity" },
        .emit = emit_findings,
    },
    {
        .name = "virt_vitals_lint_definitions",
        .type = "gauge",
        .help = "Definitions that lint judged last.",
        .emit = emit_linted,
    },
    {
        .name = "virt_vitals_lint_timestamp_seconds",
        .type = "gauge",
        .help = "When lint judged all definitions last, seconds since the epoch.",
        .emit = emit_time,
    },
    { 0 },
};
