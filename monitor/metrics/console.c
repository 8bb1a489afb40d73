/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "monitor/metrics/metric.h"

/* What the guests say on their consoles. Kinds are words of the signatures. */

typedef double (*Figure)(const VitalsConsoleCounts *counts);

static double
bytes_of(const VitalsConsoleCounts *counts)
{
    return (double)counts->bytes;
}

static double
skipped_of(const VitalsConsoleCounts *counts)
{
    return (double)counts->skipped;
}

static double
loops_of(const VitalsConsoleCounts *counts)
{
    return (double)counts->loops;
}

static double
floods_of(const VitalsConsoleCounts *counts)
{
    return (double)counts->floods;
}

static double
repeats_of(const VitalsConsoleCounts *counts)
{
    return (double)counts->loop_repeats;
}

static double
pace_of(const VitalsConsoleCounts *counts)
{
    return (double)counts->loop_period / G_USEC_PER_SEC;
}

static void
emit(VitalsExposition *out, const VitalsScrape *scrape, Figure figure)
{
    for (guint i = 0; i < scrape->snapshot->guests->len; i++) {
        const VitalsGuestView *guest = g_ptr_array_index(scrape->snapshot->guests, i);
        const char *values[] = { guest->name, guest->uuid };

        if (guest->console)
            vitals_exposition_sample(out, values, figure(guest->console));
    }
}

static void
emit_reports(VitalsExposition *out, const VitalsScrape *scrape)
{
    for (guint i = 0; i < scrape->snapshot->guests->len; i++) {
        const VitalsGuestView *guest = g_ptr_array_index(scrape->snapshot->guests, i);
        guint kinds = guest->console ? guest->console->reports->len : 0;

        for (guint j = 0; j < kinds; j++) {
            const VitalsTally *kind = &g_array_index(guest->console->reports, VitalsTally, j);
            const char *values[] = { guest->name, guest->uuid, kind->label };

            vitals_exposition_sample(out, values, (double)kind->count);
        }
    }
}

static void
emit_bytes(VitalsExposition *out, const VitalsScrape *scrape)
{
    emit(out, scrape, bytes_of);
}

static void
emit_skipped(VitalsExposition *out, const VitalsScrape *scrape)
{
    emit(out, scrape, skipped_of);
}

static void
emit_loops(VitalsExposition *out, const VitalsScrape *scrape)
{
    emit(out, scrape, loops_of);
}

static void
emit_repeats(VitalsExposition *out, const VitalsScrape *scrape)
{
    emit(out, scrape, repeats_of);
}

static void
emit_pace(VitalsExposition *out, const VitalsScrape *scrape)
{
    emit(out, scrape, pace_of);
}

static void
emit_floods(VitalsExposition *out, const VitalsScrape *scrape)
{
    emit(out, scrape, floods_of);
}

extern const VitalsMetric vitals_metrics_console[];
const VitalsMetric vitals_metrics_console[] = {
    {
        .name = "virt_vitals_console_reports_total",
        .type = "counter",
        .help = "Reports of trouble that the guest wrote on its console, by their kind.",
        .labels = { VITALS_GUEST_LABELS, "kind" },
        .emit = emit_reports,
    },
    {
        .name = "virt_vitals_console_read_bytes_total",
        .type = "counter",
        .help = "Bytes read of the guest's console.",
        .labels = { VITALS_GUEST_LABELS },
        .emit = emit_bytes,
    },
    {
        .name = "virt_vitals_console_skipped_bytes_total",
        .type = "counter",
        .help = "Bytes of the guest's console that were left out, as they were too many.",
        .labels = { VITALS_GUEST_LABELS },
        .emit = emit_skipped,
    },
    {
        .name = "virt_vitals_console_loops_total",
        .type = "counter",
        .help = "Lines found to come again and again on the guest's console.",
        .labels = { VITALS_GUEST_LABELS },
        .emit = emit_loops,
    },
    {
        .name = "virt_vitals_console_loop_repeats",
        .type = "gauge",
        .help =
            "How often the worst loop that goes on on the guest's console has come; 0 for none.",
        .labels = { VITALS_GUEST_LABELS },
        .emit = emit_repeats,
    },
    {
        .name = "virt_vitals_console_loop_period_seconds",
        .type = "gauge",
        .help = "The pace of that loop; 0 for none.",
        .labels = { VITALS_GUEST_LABELS },
        .emit = emit_pace,
    },
    {
        .name = "virt_vitals_console_flood_seconds_total",
        .type = "counter",
        .help = "Seconds in which the guest flooded its console.",
        .labels = { VITALS_GUEST_LABELS },
        .emit = emit_floods,
    },
    { 0 },
};
