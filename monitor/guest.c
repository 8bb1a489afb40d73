/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "monitor/guest.h"
#include "probes/probe.h"
#include "config/text.h"

/* Better signs are believed after two paces of a balloon asked every two seconds: one beat may be
 * the last. */
#define RECOVERY (4 * G_USEC_PER_SEC)

VitalsLimits
vitals_guest_limits(const VitalsSettings *settings, const char *name)
{
    return (VitalsLimits){
        .balloon_deadline =
            (guint)vitals_settings_integer(settings, name, "Verdict.BalloonDeadline"),
        .agent_deadline = (guint)vitals_settings_integer(settings, name, "Verdict.AgentDeadline"),
        .boot_grace = vitals_settings_duration(settings, name, "Verdict.BootGrace"),
        .stuck_after = vitals_settings_duration(settings, name, "Verdict.StuckAfter"),
        .blocked_after = vitals_settings_duration(settings, name, "Verdict.BlockedAfter"),
        .sample_max_age = vitals_settings_duration(settings, NULL, "Verdict.SampleMaxAge"),
        .recovery = RECOVERY,
        .gap_counted = 2 * vitals_settings_duration(settings, NULL, "Monitor.SamplePeriod"),
    };
}

VitalsGuest *
vitals_guest_new(const VitalsSettings *settings, const char *uuid, const char *name, int id,
                 gboolean boot_seen)
{
    VitalsGuest *guest = g_new0(VitalsGuest, 1);
    VitalsLimits limits = vitals_guest_limits(settings, name);
    gint64 now = g_get_monotonic_time();

    g_ref_count_init(&guest->references);
    guest->uuid = g_strdup(uuid);
    guest->name = g_strdup(name);
    guest->id = id;
    guest->active = TRUE;
    guest->seen = now;
    guest->episode = VITALS_HEALTH_HEALTHY;
    guest->recorder =
        vitals_recorder_new(vitals_settings_duration(settings, NULL, "Recorder.SignalsKept"));
    vitals_watch_init(&guest->watch, now, &limits, boot_seen);
    return guest;
}

VitalsGuest *
vitals_guest_ref(VitalsGuest *guest)
{
    g_ref_count_inc(&guest->references);
    return guest;
}

void
vitals_guest_unref(VitalsGuest *guest)
{
    if (!guest || !g_ref_count_dec(&guest->references))
        return;
    g_free(guest->uuid);
    g_free(guest->name);
    g_free(guest->xml);
    vitals_console_counts_unref(guest->console);
    g_clear_pointer(&guest->warnings, g_ptr_array_unref);
    vitals_outline_free(guest->outline);
    vitals_recorder_free(guest->recorder);
    for (guint part = 0; part < VITALS_N_PARTS; part++)
        vitals_sample_unref(guest->latest[part]);
    g_free(guest);
}

gboolean
vitals_guest_ingest(VitalsGuest *guest, VitalsSample *sample)
{
    for (guint part = 0; part < VITALS_N_PARTS; part++) {
        if (!vitals_sample_has(sample, part))
            continue;
        vitals_sample_unref(guest->latest[part]);
        guest->latest[part] = vitals_sample_ref(sample);
    }
    vitals_recorder_add(guest->recorder, sample);
    return vitals_watch_ingest(&guest->watch, sample);
}

/* Whether the kernel told the time of its vCPUs at the last look at its QEMU. */
static gboolean
is_vcpu_time_seen(const VitalsGuest *guest, gint64 now)
{
    const VitalsSample *sample = guest->latest[VITALS_PART_PROCESS];

    return sample && vitals_sample_has(sample, VITALS_PART_VCPU) &&
           now - sample->at <= guest->watch.limits.gap_counted;
}

VitalsSpare
vitals_guest_spares(const VitalsGuest *guest, gint64 now)
{
    VitalsSpare spares = VITALS_SPARE_NOTHING;

    if (is_vcpu_time_seen(guest, now))
        spares |= VITALS_SPARE_VCPUS;
    if (guest->outline && guest->outline->balloon && !guest->asking &&
        vitals_watch_knows_control(&guest->watch, now))
        spares |= VITALS_SPARE_CONTROL;
    return spares;
}

/* Keeps in mind that a question to QEMU hangs, or has ended: a replay has to know it too. */
static void
record_call(VitalsGuest *guest, gint64 at, VitalsFactState state)
{
    gint64 ago = g_get_monotonic_time() - at;
    g_autoptr(VitalsSample) sample = vitals_sample_new(at, g_get_real_time() - ago);

    sample->parts[VITALS_PART_BALLOON] = state;
    vitals_recorder_add(guest->recorder, sample);
}

void
vitals_guest_call_overdue(VitalsGuest *guest, gint64 since)
{
    record_call(guest, since, VITALS_FACT_TIMED_OUT);
    vitals_watch_call_overdue(&guest->watch, since);
}

void
vitals_guest_call_returned(VitalsGuest *guest)
{
    gint64 now = g_get_monotonic_time();

    record_call(guest, now, VITALS_FACT_FAILED);
    vitals_watch_call_returned(&guest->watch, now);
}

char *
vitals_guest_label(const VitalsGuest *guest)
{
    return vitals_text_printable(guest->name, -1);
}

/* ---- the view ---- */

static void
view_vcpus(const VitalsGuest *guest, VitalsGuestView *view)
{
    const VitalsSample *sample = guest->latest[VITALS_PART_VCPU];

    if (!sample)
        return;
    view->vcpus = sample->vcpus;
    view->vcpu_seconds = g_new(double, sample->vcpus);
    for (guint i = 0; i < sample->vcpus; i++)
        view->vcpu_seconds[i] = (double)sample->vcpu_ns[i] / 1e9;
}

static void
view_memory(const VitalsGuest *guest, VitalsGuestView *view)
{
    const VitalsSample *sample = guest->latest[VITALS_PART_BALLOON];

    if (guest->outline)
        view->memory_maximum = guest->outline->memory;
    if (!sample)
        return;
    view->memory_actual = sample->actual;
    view->last_update = sample->last_update;
    view->has_counters = sample->has_counters;
    view->memory_available = sample->available;
    view->memory_unused = sample->unused;
    view->memory_usable = sample->usable;
}

static void
view_forecast(const VitalsGuest *guest, VitalsGuestView *view, gint64 realtime)
{
    VitalsForecastResult result = vitals_forecast_result(&guest->watch.forecast, realtime);

    view->memory_exhaustion_seconds = result.seconds;
    view->memory_exhaustion_confidence = result.confidence;
}

static void
view_beats(const VitalsGuest *guest, VitalsGuestView *view, gint64 now, gint64 realtime)
{
    for (guint i = 0; vitals_probes[i]; i++) {
        const VitalsSource *source = &guest->watch.signs.sources[i];
        VitalsBeatView beat = {
            .source = vitals_probes[i]->id,
            .layer = vitals_probes[i]->layer,
            .realtime = realtime - (now - source->last_beat),
        };

        if (source->armed)
            g_array_append_val(view->beats, beat);
    }
}

VitalsGuestView *
vitals_guest_view(const VitalsGuest *guest, gint64 now, gint64 realtime)
{
    const VitalsWatch *watch = &guest->watch;
    VitalsGuestView *view = vitals_guest_view_new();

    view->name = g_strdup(guest->name);
    view->uuid = g_strdup(guest->uuid);
    view->health = watch->verdict.cause->health;
    view->layer = watch->verdict.cause->layer;
    view->cause = watch->verdict.cause->id;
    view->detail = g_strdup(vitals_verdict_detail(&watch->signs, watch->verdict));
    view->since = realtime - (now - watch->verdict.since);
    if (watch->signs.state_at) {
        view->sample_age = now - watch->signs.state_at;
        view->sampled = realtime - view->sample_age;
    }
    for (guint layer = VITALS_LAYER_HYPERVISOR; layer < VITALS_N_LAYERS; layer++)
        view->layers[layer] =
            vitals_verdict_layer_up(&watch->signs, &watch->limits, watch->verdict, layer);
    g_strfreev(view->evidence);
    view->evidence = vitals_verdict_evidence(&watch->signs, &watch->limits);
    view->suspect_vcpus = (guint)__builtin_popcount(vitals_signs_suspect_vcpus(&watch->signs));
    view->disks = vitals_signs_disks(&watch->signs, &watch->limits);
    view->quarantined = guest->quarantined;
    view->state = watch->signs.state;
    view->reason = watch->signs.reason;
    view->capture = guest->capture;
    view->capture_done = guest->capture_done;
    view->capture_total = guest->capture_total;
    view->capture_left = vitals_guest_capture_left(guest, now);
    view->console = guest->console ? vitals_console_counts_ref(guest->console) : NULL;
    view_vcpus(guest, view);
    view_memory(guest, view);
    view_forecast(guest, view, realtime);
    view_beats(guest, view, now, realtime);
    return view;
}

double
vitals_guest_capture_left(const VitalsGuest *guest, gint64 now)
{
    if (!guest->capture_done || guest->capture_done > guest->capture_total)
        return -1;
    return (double)(now - guest->capture_began) / G_USEC_PER_SEC *
           (double)(guest->capture_total - guest->capture_done) / (double)guest->capture_done;
}
