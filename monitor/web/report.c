/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "monitor/web/report.h"
#include "monitor/incident-files.h"
#include "monitor/store.h"

static const struct {
    const char *key;
    const char *name;
    const char *type;
} reports[] = {
    { "report", "report.html", "text/html; charset=utf-8" },
    { "report_text", "report.txt", "text/plain; charset=utf-8" },
};

/* What is being written has no name that stays. */
gboolean
vitals_web_report_is_served(const VitalsSnapshot *snapshot, const VitalsIncidentView *incident)
{
    g_autofree char *name = incident->path ? g_path_get_basename(incident->path) : NULL;

    return snapshot->serves_reports && name && g_strcmp0(name, incident->id) == 0 &&
           !g_str_has_prefix(name, VITALS_INCIDENT_PARTIAL);
}

void
vitals_web_report_link(json_t *document, const VitalsSnapshot *snapshot)
{
    json_t *list = json_object_get(document, "incidents");

    for (guint i = 0; i < snapshot->incidents->len; i++) {
        const VitalsIncidentView *incident = g_ptr_array_index(snapshot->incidents, i);

        for (guint j = 0; j < G_N_ELEMENTS(reports); j++) {
            g_autofree char *id =
                g_uri_escape_string(incident->id ? incident->id : "", NULL, FALSE);
            g_autofree char *path = g_strconcat(VITALS_WEB_REPORTS, id, "/", reports[j].name, NULL);

            json_object_set_new(json_array_get(list, i), reports[j].key,
                                vitals_web_report_is_served(snapshot, incident) ? json_string(path)
                                                                                : json_null());
        }
    }
}

int
vitals_web_report_open(const VitalsSnapshot *snapshot, const char *asked, gsize *ret_size,
                       const char **ret_type)
{
    for (guint i = 0; i < snapshot->incidents->len; i++) {
        const VitalsIncidentView *incident = g_ptr_array_index(snapshot->incidents, i);

        for (guint j = 0;
             vitals_web_report_is_served(snapshot, incident) && j < G_N_ELEMENTS(reports); j++) {
            g_autofree char *path = g_strconcat(incident->id, "/", reports[j].name, NULL);

            if (!g_str_equal(path, asked))
                continue;
            *ret_type = reports[j].type;
            return vitals_store_open(incident->path, reports[j].name, VITALS_STORE_REPORT_MAX,
                                     ret_size, NULL);
        }
    }
    return -1;
}
