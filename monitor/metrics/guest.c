/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "monitor/metrics/metric.h"

/* What we make of each guest. Labels are its names and bounded sets of our own words, nothing else. */

static void
add(VitalsExposition *out, const VitalsGuestView *guest, double value)
{
    vitals_exposition_sample(out, (const char *const[]){ guest->name, guest->uuid }, value);
}

static void
add_for(VitalsExposition *out, const VitalsGuestView *guest, const char *what, double value)
{
    vitals_exposition_sample(out, (const char *const[]){ guest->name, guest->uuid, what }, value);
}

static void
emit_health(VitalsExposition *out, const VitalsScrape *scrape)
{
    for (guint i = 0; i < scrape->snapshot->guests->len; i++) {
        const VitalsGuestView *guest = g_ptr_array_index(scrape->snapshot->guests, i);

        for (guint health = 0; health < VITALS_N_HEALTHS; health++)
            add_for(out, guest, vitals_health_name(health), guest->health == health);
    }
}

static void
emit_cause(VitalsExposition *out, const VitalsScrape *scrape)
{
    for (guint i = 0; i < scrape->snapshot->guests->len; i++) {
        const VitalsGuestView *guest = g_ptr_array_index(scrape->snapshot->guests, i);
        const char *values[] = { guest->name, guest->uuid, guest->cause,
                                 vitals_layer_name(guest->layer) };

        vitals_exposition_sample(out, values, 1);
    }
}

static void
emit_since(VitalsExposition *out, const VitalsScrape *scrape)
{
    for (guint i = 0; i < scrape->snapshot->guests->len; i++) {
        const VitalsGuestView *guest = g_ptr_array_index(scrape->snapshot->guests, i);

        add(out, guest, guest->since / 1e6);
    }
}

static void
emit_layers(VitalsExposition *out, const VitalsScrape *scrape)
{
    for (guint i = 0; i < scrape->snapshot->guests->len; i++) {
        const VitalsGuestView *guest = g_ptr_array_index(scrape->snapshot->guests, i);

        for (guint layer = VITALS_LAYER_HYPERVISOR; layer < VITALS_N_LAYERS; layer++) {
            if (guest->layers[layer] >= 0)
                add_for(out, guest, vitals_layer_name(layer), guest->layers[layer]);
        }
    }
}

static void
emit_beats(VitalsExposition *out, const VitalsScrape *scrape)
{
    for (guint i = 0; i < scrape->snapshot->guests->len; i++) {
        const VitalsGuestView *guest = g_ptr_array_index(scrape->snapshot->guests, i);

        for (guint b = 0; b < guest->beats->len; b++) {
            const VitalsBeatView *beat = &g_array_index(guest->beats, VitalsBeatView, b);

            add_for(out, guest, beat->source, beat->realtime / 1e6);
        }
    }
}

static void
emit_quarantined(VitalsExposition *out, const VitalsScrape *scrape)
{
    for (guint i = 0; i < scrape->snapshot->guests->len; i++) {
        const VitalsGuestView *guest = g_ptr_array_index(scrape->snapshot->guests, i);

        add(out, guest, guest->quarantined ? 1 : 0);
    }
}

static void
emit_sample_age(VitalsExposition *out, const VitalsScrape *scrape)
{
    for (guint i = 0; i < scrape->snapshot->guests->len; i++) {
        const VitalsGuestView *guest = g_ptr_array_index(scrape->snapshot->guests, i);

        if (guest->sample_age >= 0)
            add(out, guest, (guest->sample_age + scrape->age) / 1e6);
    }
}

static void
emit_memory_exhaustion(VitalsExposition *out, const VitalsScrape *scrape)
{
    for (guint i = 0; i < scrape->snapshot->guests->len; i++) {
        const VitalsGuestView *guest = g_ptr_array_index(scrape->snapshot->guests, i);

        if (guest->memory_exhaustion_seconds >= 0)
            add(out, guest, (double)guest->memory_exhaustion_seconds);
    }
}

static void
emit_capture_written(VitalsExposition *out, const VitalsScrape *scrape)
{
    for (guint i = 0; i < scrape->snapshot->guests->len; i++) {
        const VitalsGuestView *guest = g_ptr_array_index(scrape->snapshot->guests, i);

        if (guest->capture)
            add(out, guest, guest->capture_done);
    }
}

static void
emit_capture_progress(VitalsExposition *out, const VitalsScrape *scrape)
{
    for (guint i = 0; i < scrape->snapshot->guests->len; i++) {
        const VitalsGuestView *guest = g_ptr_array_index(scrape->snapshot->guests, i);

        if (guest->capture && guest->capture_total > 0)
            add(out, guest, MIN(1.0, (double)guest->capture_done / guest->capture_total));
    }
}

static void
emit_captured(VitalsExposition *out, const VitalsScrape *scrape)
{
    for (guint i = 0; i < scrape->snapshot->guests->len; i++) {
        const VitalsGuestView *guest = g_ptr_array_index(scrape->snapshot->guests, i);

        if (guest->capture)
            add(out, guest, guest->capture_done);
    }
}

static void
emit_capture_size(VitalsExposition *out, const VitalsScrape *scrape)
{
    for (guint i = 0; i < scrape->snapshot->guests->len; i++) {
        const VitalsGuestView *guest = g_ptr_array_index(scrape->snapshot->guests, i);

        if (guest->capture && guest->capture_total > 0)
            add(out, guest, guest->capture_total);
    }
}

static void
emit_capture_left(VitalsExposition *out, const VitalsScrape *scrape)
{
    for (guint i = 0; i < scrape->snapshot->guests->len; i++) {
        const VitalsGuestView *guest = g_ptr_array_index(scrape->snapshot->guests, i);

        if (guest->capture && guest->capture_left >= 0)
            add(out, guest, guest->capture_left);
    }
}

static void
emit_suspect_vcpus(VitalsExposition *out, const VitalsScrape *scrape)
{
    for (guint i = 0; i < scrape->snapshot->guests->len; i++) {
        const VitalsGuestView *guest = g_ptr_array_index(scrape->snapshot->guests, i);

        if (guest->vcpus > 1)
            add(out, guest, guest->suspect_vcpus);
    }
}

static void
emit_disks(VitalsExposition *out, const VitalsScrape *scrape)
{
    for (guint i = 0; i < scrape->snapshot->guests->len; i++) {
        const VitalsGuestView *guest = g_ptr_array_index(scrape->snapshot->guests, i);

        for (guint disks = VITALS_DISKS_NONE + 1; guest->disks && disks < VITALS_N_DISKS; disks++)
            add_for(out, guest, vitals_disks_name(disks), guest->disks == disks);
    }
}

extern const VitalsMetric vitals_metrics_guest[];
const VitalsMetric vitals_metrics_guest[] = {
    {
        .name = "virt_vitals_capture_done_bytes",
        .type = "gauge",
        .help = "Bytes of its memory dumped so far, while a dump is queued or under way.",
        .labels = { VITALS_GUEST_LABELS },
        .emit = emit_captured,
    },
    {
        .name = "virt_vitals_capture_total_bytes",
        .type = "gauge",
        .help = "Bytes of memory that the dump under way is to hold.",
        .labels = { VITALS_GUEST_LABELS },
        .emit = emit_capture_size,
    },
    {
        .name = "virt_vitals_capture_left_seconds",
        .type = "gauge",
        .help = "How long the dump under way will take still, at its pace so far.",
        .labels = { VITALS_GUEST_LABELS },
        .emit = emit_capture_left,
    },
    {
        .name = "virt_vitals_guest_health",
        .type = "gauge",
        .help = "Health of the guest: exactly one state is 1.",
        .labels = { VITALS_GUEST_LABELS, "state" },
        .emit = emit_health,
    },
    {
        .name = "virt_vitals_guest_cause_info",
        .type = "gauge",
        .help = "Always 1: the cause of the verdict and the lowest layer that stopped.",
        .labels = { VITALS_GUEST_LABELS, "cause", "layer" },
        .emit = emit_cause,
    },
    {
        .name = "virt_vitals_guest_verdict_timestamp_seconds",
        .type = "gauge",
        .help = "When the verdict last changed, seconds since the epoch.",
        .labels = { VITALS_GUEST_LABELS },
        .emit = emit_since,
    },
    {
        .name = "virt_vitals_guest_layer_up",
        .type = "gauge",
        .help = "Whether the layer gives signs of life; absent while it has no armed source.",
        .labels = { VITALS_GUEST_LABELS, "layer" },
        .emit = emit_layers,
    },
    {
        .name = "virt_vitals_guest_last_beat_timestamp_seconds",
        .type = "gauge",
        .help = "When the source last gave a sign of life, seconds since the epoch.",
        .labels = { VITALS_GUEST_LABELS, "source" },
        .emit = emit_beats,
    },
    {
        .name = "virt_vitals_guest_quarantined",
        .type = "gauge",
        .help = "Whether a call on behalf of the guest is overdue, so that no other is made.",
        .labels = { VITALS_GUEST_LABELS },
        .emit = emit_quarantined,
    },
    {
        .name = "virt_vitals_sample_age_seconds",
        .type = "gauge",
        .help = "Age of the last complete sample of the guest; absent if there is none.",
        .labels = { VITALS_GUEST_LABELS },
        .emit = emit_sample_age,
    },
    {
        .name = "virt_vitals_guest_memory_exhaustion_seconds",
        .type = "gauge",
        .help = "When all memory will be in use if the trend goes on; absent if there is no trend.",
        .labels = { VITALS_GUEST_LABELS },
        .emit = emit_memory_exhaustion,
    },
    {
        .name = "virt_vitals_capture_written_bytes",
        .type = "gauge",
        .help = "Bytes written of the dump under way or queued; absent if there is none.",
        .labels = { VITALS_GUEST_LABELS },
        .emit = emit_capture_written,
    },
    {
        .name = "virt_vitals_capture_progress_ratio",
        .type = "gauge",
        .help = "How much of the dump under way is written, 0 to 1; absent if that is not known.",
        .labels = { VITALS_GUEST_LABELS },
        .emit = emit_capture_progress,
    },
    {
        .name = "virt_vitals_guest_suspect_vcpus",
        .type = "gauge",
        .help = "vCPUs that used all they were given, or nothing, while others did otherwise: busy "
                "or idle, or dead; absent for a guest with one.",
        .labels = { VITALS_GUEST_LABELS },
        .emit = emit_suspect_vcpus,
    },
    {
        .name = "virt_vitals_guest_disks",
        .type = "gauge",
        .help = "What the guest's disks were found to do: exactly one state is 1; unknown where an "
                "idle disk and a stuck one look alike. Absent for a guest without disks.",
        .labels = { VITALS_GUEST_LABELS, "state" },
        .emit = emit_disks,
    },
    { 0 },
};
