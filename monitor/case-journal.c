/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "monitor/case.h"
#include "monitor/incident-files.h"
#include "monitor/manifest.h"

#include <string.h>

/* What the next monitor has to know if this one is killed: how far a case has come, written into its directory,
 * and what was done to guests lately. Both are on the disk before the case goes on. */

/* A deed takes some 100 bytes, and caps keep their number small. */
#define RECOVERIES_MAX (1024 * 1024)

/* @path: (nullable): the incident's directory, for @manifest
 * @recoveries: (nullable) */
typedef struct {
    VitalsCase *item;
    VitalsCaseKept kept;
    char *path;
    char *manifest;
    char *state_dir;
    char *recoveries;
} Page;

static void
page_free(gpointer data)
{
    Page *page = data;

    g_free(page->path);
    g_free(page->manifest);
    g_free(page->state_dir);
    g_free(page->recoveries);
    g_free(page);
}

static gpointer
write_page(VitalsConnection *connection, gpointer data, GError **error)
{
    const Page *page = data;

    if (page->recoveries &&
        !vitals_incident_write_text(page->state_dir, "recoveries.json", page->recoveries, error))
        return NULL;
    if (page->path &&
        !vitals_incident_write_text(page->path, "incident.json", page->manifest, error))
        return NULL;
    return data;
}

/* A disk that is full must not keep the guest from what the policy says. */
static void
on_written(gpointer result, const GError *error, gboolean late, gpointer data)
{
    const Page *page = data;

    if (error)
        g_warning("what the next monitor has to know cannot be written: %s", error->message);
    page->kept(page->item);
}

static char *
manifest_text(const VitalsCase *item)
{
    json_t *manifest = vitals_manifest_new(item->dossier, FALSE);
    char *text = vitals_manifest_text(manifest);

    json_decref(manifest);
    return text;
}

static void
submit(VitalsCase *item, Page *page, VitalsCaseKept kept)
{
    VitalsCall call = {
        .work = write_page, .done = on_written, .data = page, .free_data = page_free
    };

    page->item = item;
    page->kept = kept;
    if (!item->lost) {
        page->path = g_strdup(item->dossier->view->path);
        page->manifest = manifest_text(item);
    }
    vitals_lane_submit(item->casebook->disk, &call);
}

void
vitals_case_keep(VitalsCase *item, VitalsCaseKept kept)
{
    submit(item, g_new0(Page, 1), kept);
}

void
vitals_case_keep_deed(VitalsCase *item, VitalsCaseKept kept)
{
    VitalsCasebook *casebook = item->casebook;
    Page *page = g_new0(Page, 1);
    gint64 now = g_get_monotonic_time();

    vitals_brake_note(casebook->recoveries, item->guest->uuid, now);
    page->state_dir = g_strdup(casebook->state_dir);
    page->recoveries = vitals_brake_text(casebook->recoveries, now, g_get_real_time());
    submit(item, page, kept);
}

void
vitals_case_recall_deeds(VitalsCasebook *casebook)
{
    g_autofree char *path = g_build_filename(casebook->state_dir, "recoveries.json", NULL);
    g_autofree char *text = NULL;
    gsize length = 0;

    if (g_file_get_contents(path, &text, &length, NULL) && length <= RECOVERIES_MAX)
        vitals_brake_take(casebook->recoveries, text, length, g_get_monotonic_time(),
                          g_get_real_time());
}
