/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "monitor/forecasts.h"
#include "monitor/metrics/metric.h"
#include "tests/unit/program.h"

#include <glib/gstdio.h>
#include <string.h>

/* The forecast's way through the daemon: samples in, verdict, view, metric and a restart. */

#define GIB ((guint64)1 << 30)
#define DAY (24 * G_TIME_SPAN_HOUR)

static VitalsSample *
sample_of(gint64 at, guint64 used)
{
    VitalsSample *sample = vitals_sample_new(at, G_GINT64_CONSTANT(1772342220000000) + at);

    sample->parts[VITALS_PART_STATE] = VITALS_FACT_AVAILABLE;
    sample->state = VITALS_DOMAIN_RUNNING;
    sample->parts[VITALS_PART_BALLOON] = VITALS_FACT_AVAILABLE;
    sample->last_update = sample->realtime / G_USEC_PER_SEC;
    sample->has_counters = TRUE;
    sample->actual = sample->available = GIB;
    sample->usable = GIB - used;
    sample->unused = sample->usable / 2;
    return sample;
}

/* A guest that has leaked for @days of the fifty that it takes. */
static VitalsGuest *
leaking_guest(const VitalsSettings *settings, int id, guint days)
{
    VitalsGuest *guest =
        vitals_guest_new(settings, "00000000-0000-4000-8000-000000000001", "leaky", id, TRUE);
    gint64 begin = g_get_monotonic_time();

    vitals_watch_set_balloon_period(&guest->watch, 10 * G_USEC_PER_SEC);
    for (gint64 at = 0; at < days * DAY; at += G_TIME_SPAN_HOUR) {
        g_autoptr(VitalsSample) sample =
            sample_of(begin + at, (guint64)((double)GIB * (double)at / (50.0 * DAY)));

        vitals_guest_ingest(guest, sample);
    }
    return guest;
}

static gint64
seconds_of(const VitalsGuest *guest)
{
    return vitals_forecast_result(&guest->watch.forecast, guest->watch.forecast.time).seconds;
}

static void
test_verdict(void)
{
    g_autoptr(VitalsSettings) settings = vitals_settings_new();
    g_autoptr(VitalsGuest) guest = leaking_guest(settings, 3, 36);
    g_auto(GStrv) evidence = vitals_verdict_evidence(&guest->watch.signs, &guest->watch.limits);
    g_autofree char *all = g_strjoinv("\n", evidence);

    g_assert_cmpint(seconds_of(guest), >=, 13 * 86400);
    g_assert_cmpint(seconds_of(guest), <=, 15 * 86400);
    g_assert_cmpstr(guest->watch.verdict.cause->id, ==, "memory-exhaustion");
    g_assert_cmpint(guest->watch.verdict.cause->health, ==, VITALS_HEALTH_DEGRADED);
    g_assert_nonnull(strstr(all, "memory: all of it will be in use in 1"));
}

/* A restart of the guest gives it all its memory back. */
static void
test_reboot(void)
{
    g_autoptr(VitalsSettings) settings = vitals_settings_new();
    g_autoptr(VitalsGuest) guest = leaking_guest(settings, 3, 36);
    g_autoptr(VitalsSample) event =
        vitals_sample_new(guest->watch.signs.now + 1, guest->watch.forecast.time + 1);

    event->parts[VITALS_PART_EVENT] = VITALS_FACT_AVAILABLE;
    event->event = VITALS_EVENT_REBOOT;
    vitals_guest_ingest(guest, event);
    g_assert_cmpint(seconds_of(guest), ==, -1);
    g_assert_cmpstr(guest->watch.verdict.cause->id, !=, "memory-exhaustion");
}

static void
test_metric(void)
{
    g_autoptr(VitalsSettings) settings = vitals_settings_new();
    g_autoptr(VitalsGuest) leaky = leaking_guest(settings, 3, 36);
    g_autoptr(VitalsGuest) sound = leaking_guest(settings, 4, 5);
    g_autoptr(VitalsSnapshot) snapshot = vitals_snapshot_new(leaky->watch.forecast.time);
    g_autoptr(GBytes) page = NULL;
    g_autofree char *text = NULL;

    g_free(sound->name);
    sound->name = g_strdup("sound");
    g_ptr_array_add(snapshot->guests,
                    vitals_guest_view(leaky, leaky->watch.signs.now, snapshot->realtime));
    g_ptr_array_add(snapshot->guests,
                    vitals_guest_view(sound, sound->watch.signs.now, snapshot->realtime));
    page = vitals_metrics_render(snapshot, 0);
    text = g_strndup(g_bytes_get_data(page, NULL), g_bytes_get_size(page));
    g_assert_nonnull(
        strstr(text, "virt_vitals_guest_memory_exhaustion_seconds{domain=\"leaky\",uuid="));
    g_assert_null(
        strstr(text, "virt_vitals_guest_memory_exhaustion_seconds{domain=\"sound\",uuid="));
}

static void
write_guests(const char *directory, VitalsGuest *guest)
{
    g_autoptr(GPtrArray) guests = g_ptr_array_new();
    g_autoptr(VitalsForecastsCopy) copy = NULL;
    g_autoptr(GError) error = NULL;

    g_ptr_array_add(guests, guest);
    copy = vitals_forecasts_copy(guests);
    g_assert_true(vitals_forecasts_write(directory, copy, &error));
    g_assert_no_error(error);
}

/* We are restarted: the same run goes on where it was, another run begins anew. */
static void
test_restart(void)
{
    g_autofree char *directory = g_dir_make_tmp("vitals-XXXXXX", NULL);
    g_autofree char *path = g_build_filename(directory, "forecasts", NULL);
    g_autoptr(VitalsSettings) settings = vitals_settings_new();
    g_autoptr(VitalsGuest) guest = leaking_guest(settings, 3, 36);
    g_autoptr(VitalsGuest) same = leaking_guest(settings, 3, 0);
    g_autoptr(VitalsGuest) other = leaking_guest(settings, 4, 0);
    g_autoptr(VitalsForecasts) first = NULL;
    g_autoptr(VitalsForecasts) second = NULL;
    g_autoptr(VitalsForecasts) odd = NULL;

    write_guests(directory, guest);
    first = vitals_forecasts_load(directory);
    vitals_forecasts_recall(first, same);
    g_assert_cmpint(ABS(seconds_of(same) - seconds_of(guest)), <, 86400);

    second = vitals_forecasts_load(directory);
    vitals_forecasts_recall(second, other);
    g_assert_cmpint(seconds_of(other), ==, -1);

    g_assert_true(g_file_set_contents(path, "virt-vitals forecasts 1 another-boot\n.\n", -1, NULL));
    odd = vitals_forecasts_load(directory);
    vitals_forecasts_recall(odd, other);
    g_assert_cmpint(seconds_of(other), ==, -1);
    test_remove_tree(directory);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/forecasts/verdict", test_verdict);
    g_test_add_func("/forecasts/reboot", test_reboot);
    g_test_add_func("/forecasts/metric", test_metric);
    g_test_add_func("/forecasts/restart", test_restart);
    return g_test_run();
}
