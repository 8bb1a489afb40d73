/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "monitor/metrics/metric.h"

/* What the daemon says of itself and of its way to libvirt. */

static void
add(VitalsExposition *out, double value)
{
    vitals_exposition_sample(out, NULL, value);
}

static void
emit_build(VitalsExposition *out, const VitalsScrape *scrape)
{
    vitals_exposition_sample(out, (const char *const[]){ VITALS_VERSION }, 1);
}

static void
emit_connected(VitalsExposition *out, const VitalsScrape *scrape)
{
    add(out, scrape->snapshot->connected ? 1 : 0);
}

static void
emit_reconnects(VitalsExposition *out, const VitalsScrape *scrape)
{
    add(out, scrape->snapshot->reconnects_total);
}

static void
emit_guests(VitalsExposition *out, const VitalsScrape *scrape)
{
    add(out, scrape->snapshot->guests->len);
}

static void
emit_quarantined(VitalsExposition *out, const VitalsScrape *scrape)
{
    add(out, scrape->snapshot->quarantined);
}

static void
emit_abandoned(VitalsExposition *out, const VitalsScrape *scrape)
{
    add(out, scrape->snapshot->abandoned_calls);
}

static void
emit_cycle(VitalsExposition *out, const VitalsScrape *scrape)
{
    add(out, scrape->snapshot->cycle_duration / 1e6);
}

static void
emit_snapshot_age(VitalsExposition *out, const VitalsScrape *scrape)
{
    add(out, scrape->age / 1e6);
}

static void
emit_state_free(VitalsExposition *out, const VitalsScrape *scrape)
{
    add(out, scrape->snapshot->state_bytes_free);
}

static guint64
tally_find(const GArray *tallies, const char *label)
{
    for (guint i = 0; i < tallies->len; i++) {
        const VitalsTally *tally = &g_array_index(tallies, VitalsTally, i);

        if (g_strcmp0(tally->label, label) == 0)
            return tally->count;
    }
    return 0;
}

static void
emit_incidents(VitalsExposition *out, const VitalsScrape *scrape)
{
    for (guint i = 0; i < scrape->snapshot->incidents_total->len; i++) {
        const VitalsTally *tally =
            &g_array_index(scrape->snapshot->incidents_total, VitalsTally, i);

        vitals_exposition_sample(out, &tally->label, tally->count);
    }
}

/* Those that did not happen yet are 0: increase() sees the first one only if the series was there. */
static void
emit_captures(VitalsExposition *out, const VitalsScrape *scrape)
{
    static const char *const results[] = {
        "ok", "failed", "refused", "interrupted", "skipped", NULL
    };

    for (guint i = 0; results[i]; i++)
        vitals_exposition_sample(out, &results[i],
                                 tally_find(scrape->snapshot->captures_total, results[i]));
    for (guint i = 0; i < scrape->snapshot->captures_total->len; i++) {
        const VitalsTally *tally = &g_array_index(scrape->snapshot->captures_total, VitalsTally, i);

        if (!g_strv_contains(results, tally->label))
            vitals_exposition_sample(out, &tally->label, tally->count);
    }
}

extern const VitalsMetric vitals_metrics_daemon[];
const VitalsMetric vitals_metrics_daemon[] = {
    {
        .name = "virt_vitals_build_info",
        .type = "gauge",
        .help = "Always 1: the version that runs.",
        .labels = { "version" },
        .emit = emit_build,
    },
    {
        .name = "virt_vitals_libvirt_connected",
        .type = "gauge",
        .help = "Whether libvirt's last answer is fresh.",
        .emit = emit_connected,
    },
    {
        .name = "virt_vitals_libvirt_reconnects_total",
        .type = "counter",
        .help = "How often a connection to libvirt was made anew.",
        .emit = emit_reconnects,
    },
    {
        .name = "virt_vitals_guests",
        .type = "gauge",
        .help = "Number of guests that are watched.",
        .emit = emit_guests,
    },
    {
        .name = "virt_vitals_quarantined_guests",
        .type = "gauge",
        .help = "Guests on whose behalf a call is overdue.",
        .emit = emit_quarantined,
    },
    {
        .name = "virt_vitals_abandoned_calls",
        .type = "gauge",
        .help = "Calls to libvirt that were given up and have not returned.",
        .emit = emit_abandoned,
    },
    {
        .name = "virt_vitals_cycle_duration_seconds",
        .type = "gauge",
        .help = "How long the last sweep of all guests took.",
        .emit = emit_cycle,
    },
    {
        .name = "virt_vitals_snapshot_age_seconds",
        .type = "gauge",
        .help = "How long ago the daemon last published what it knows.",
        .emit = emit_snapshot_age,
    },
    {
        .name = "virt_vitals_state_free_bytes",
        .type = "gauge",
        .help = "Free space where incidents and dumps are written.",
        .emit = emit_state_free,
    },
    {
        .name = "virt_vitals_incidents_total",
        .type = "counter",
        .help = "Incidents opened since the daemon started.",
        .labels = { "cause" },
        .emit = emit_incidents,
    },
    {
        .name = "virt_vitals_captures_total",
        .type = "counter",
        .help = "Captures finished since the daemon started.",
        .labels = { "result" },
        .emit = emit_captures,
    },
    { 0 },
};
