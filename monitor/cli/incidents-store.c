/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "monitor/cli/incidents-store.h"
#include "monitor/bundle.h"
#include "monitor/cli/verb.h"
#include "monitor/retention.h"
#include "monitor/store.h"
#include "config/text.h"

static int
fail(const GError *error)
{
    g_printerr("virt-vitals: %s\n", error->message);
    return VITALS_EXIT_UNDECIDED;
}

int
vitals_incidents_keep(const VitalsIncidentView *incident, gboolean keep)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *id = vitals_text_printable(incident->id, -1);

    if (!vitals_retention_keep(incident->path, keep, &error))
        return fail(error);
    g_print("%s: %s\n", id, keep ? "is kept whatever the limits say" : "may be deleted");
    return VITALS_EXIT_OK;
}

int
vitals_incidents_verify(const VitalsIncidentView *incident)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GPtrArray) lines = NULL;
    g_autofree char *id = vitals_text_printable(incident->id, -1);
    json_t *manifest = vitals_store_read_manifest(incident->path, &error);
    const json_t *files = json_object_get(manifest, "files");

    if (!manifest)
        return fail(error);
    if (!files) {
        g_printerr("virt-vitals: %s: its manifest has no checksums: it was not finished, or is by "
                   "an earlier version\n",
                   id);
        json_decref(manifest);
        return VITALS_EXIT_UNDECIDED;
    }
    lines = vitals_bundle_verify(incident->path, files);
    for (guint i = 0; i < lines->len; i++)
        g_print("%s: %s\n", id, (const char *)g_ptr_array_index(lines, i));
    if (lines->len == 0)
        g_print("%s: all %" G_GSIZE_FORMAT " files are as they were written\n", id,
                json_array_size(files));
    json_decref(manifest);
    return lines->len > 0 ? VITALS_EXIT_FINDINGS : VITALS_EXIT_OK;
}

int
vitals_incidents_export(const VitalsIncidentView *incident, const char *output,
                        gboolean without_dump)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *ordinary = g_strconcat(incident->id, ".tar.zst", NULL);
    const char *path = output ? output : ordinary;
    g_autofree char *shown = vitals_text_printable(path, -1);

    if (incident->partial) {
        g_printerr("virt-vitals: that incident is still being written; export it later\n");
        return VITALS_EXIT_UNDECIDED;
    }
    if (!vitals_bundle_export(incident->path, incident->id, path, !without_dump, &error)) {
        if (g_error_matches(error, G_FILE_ERROR, G_FILE_ERROR_EXIST))
            g_prefix_error(&error, "nothing is overwritten, give another name with --output: ");
        return fail(error);
    }
    g_print("%s\n", shown);
    return VITALS_EXIT_OK;
}

int
vitals_incidents_prune(const VitalsSettings *settings, const char *state_dir, gboolean dry_run)
{
    VitalsRetention limits = vitals_retention_from(settings);
    g_autoptr(GError) error = NULL;
    g_autoptr(GPtrArray) gone = vitals_retention_apply(state_dir, &limits, dry_run, &error);
    guint64 bytes = 0;
    g_autofree char *size = NULL;

    if (!gone)
        return fail(error);
    for (guint i = 0; i < gone->len; i++) {
        const VitalsHolding *holding = g_ptr_array_index(gone, i);
        g_autofree char *id = vitals_text_printable(holding->id, -1);

        bytes += holding->bytes;
        g_print("%s  (%s)\n", id, holding->excess);
    }
    size = g_format_size_full(bytes, G_FORMAT_SIZE_IEC_UNITS);
    g_print("%u incident(s), %s %s\n", gone->len, size, dry_run ? "would be deleted" : "deleted");
    return VITALS_EXIT_OK;
}
