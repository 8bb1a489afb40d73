/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "monitor/aftermath.h"
#include "monitor/bundle.h"
#include "monitor/incident-files.h"
#include "monitor/output/time.h"
#include "monitor/postmortem/facts.h"
#include "monitor/postmortem/postmortem.h"
#include "monitor/recording.h"
#include "monitor/report.h"
#include "monitor/store.h"

static void
take_sample(VitalsSample *sample, gpointer data)
{
    g_ptr_array_add(data, vitals_sample_ref(sample));
}

static void
ignore_header(const VitalsRecordingHeader *header, gpointer data)
{
}

/* The signals as they were written; fewer or none do for a picture. */
static GPtrArray *
read_samples(const char *directory)
{
    GPtrArray *samples = g_ptr_array_new_with_free_func((GDestroyNotify)vitals_sample_unref);
    g_autofree char *path = g_build_filename(directory, "signals.jsonl", NULL);

    vitals_recording_read(path, ignore_header, take_sample, samples, NULL);
    return samples;
}

static gboolean
write_report(const char *directory, json_t *manifest, const char *time, const char *moment,
             GError **error)
{
    g_autofree char *report = vitals_store_read_report(directory, error);
    g_autofree char *added = report ? vitals_report_add_moment(report, time, moment) : NULL;

    if (!added || !vitals_incident_write_text(directory, "report.txt", added, error))
        return FALSE;
    vitals_bundle_add_file(json_object_get(manifest, "files"), directory, "report.txt");
    return TRUE;
}

static gboolean
write_page(const char *directory, json_t *manifest, GError **error)
{
    g_autoptr(GPtrArray) samples = read_samples(directory);
    g_autofree char *page = vitals_postmortem_page(directory, manifest, samples);

    if (!vitals_incident_write_text(directory, "report.html", page, error))
        return FALSE;
    vitals_bundle_add_file(json_object_get(manifest, "files"), directory, "report.html");
    return TRUE;
}

static gboolean
write_all(const char *directory, json_t *manifest, const char *time, const char *moment,
          GError **error)
{
    json_array_append_new(json_object_get(manifest, "timeline"),
                          json_pack("{s:s, s:s}", "time", time, "text", moment));
    return write_report(directory, manifest, time, moment, error) &&
           write_page(directory, manifest, error) &&
           vitals_incident_write_manifest(directory, manifest, error);
}

static gboolean
write_recovery(const char *directory, json_t *manifest, gint64 realtime, GError **error)
{
    double after = (double)(realtime - vitals_fact_time(manifest, "opened")) / G_USEC_PER_SEC;
    g_autofree char *time = vitals_time_rfc3339(realtime);
    g_autofree char *span = vitals_fact_span(MAX(after, 0));
    g_autofree char *moment =
        g_strdup_printf("recovered: healthy again, %s after the verdict", span);

    json_object_set_new(manifest, "recovered", json_string(time));
    json_object_set_new(manifest, "recovered_after_seconds", json_real(after));
    return write_all(directory, manifest, time, moment, error);
}

gboolean
vitals_aftermath_recovered(const char *directory, gint64 realtime, GError **error)
{
    json_t *manifest = vitals_store_read_manifest(directory, error);
    gboolean told;

    if (!manifest)
        return FALSE;
    told = json_object_get(manifest, "recovered") != NULL ||
           write_recovery(directory, manifest, realtime, error);
    json_decref(manifest);
    return told;
}

gboolean
vitals_aftermath_add(const char *directory, gint64 realtime, const char *moment,
                     const char *outcome, GError **error)
{
    json_t *manifest = vitals_store_read_manifest(directory, error);
    g_autofree char *time = vitals_time_rfc3339(realtime);
    gboolean told;

    if (!manifest)
        return FALSE;
    json_object_set_new(manifest, "outcome", json_string(outcome));
    told = write_all(directory, manifest, time, moment, error);
    json_decref(manifest);
    return told;
}
