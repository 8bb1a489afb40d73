/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "monitor/case.h"
#include "monitor/aftermath.h"
#include "monitor/incident-files.h"

/* @moment, @outcome: %NULL for a recovery */
typedef struct {
    char *directory;
    gint64 realtime;
    char *moment;
    char *outcome;
} Sequel;

static void
sequel_free(gpointer data)
{
    Sequel *sequel = data;

    g_free(sequel->directory);
    g_free(sequel->moment);
    g_free(sequel->outcome);
    g_free(sequel);
}

static gpointer
tell_on_disk(VitalsConnection *connection, gpointer data, GError **error)
{
    Sequel *sequel = data;
    gboolean told = sequel->moment
                        ? vitals_aftermath_add(sequel->directory, sequel->realtime, sequel->moment,
                                               sequel->outcome, error)
                        : vitals_aftermath_recovered(sequel->directory, sequel->realtime, error);

    return told ? sequel : NULL;
}

static void
on_told(gpointer result, const GError *error, gboolean late, gpointer data)
{
    /* it may have been deleted meanwhile */
    if (error && !g_error_matches(error, G_FILE_ERROR, G_FILE_ERROR_NOENT))
        g_warning("what became of the guest could not be added to its incident: %s",
                  error->message);
}

static void
submit(VitalsCasebook *casebook, Sequel *sequel)
{
    VitalsCall call = {
        .work = tell_on_disk, .done = on_told, .data = sequel, .free_data = sequel_free
    };

    vitals_lane_submit(casebook->finishing, &call);
}

void
vitals_case_tell_later(VitalsCasebook *casebook, const char *directory, const char *moment,
                       const char *outcome)
{
    Sequel *sequel = g_new0(Sequel, 1);

    sequel->directory = g_strdup(directory);
    sequel->realtime = g_get_real_time();
    sequel->moment = g_strdup(moment);
    sequel->outcome = g_strdup(outcome);
    submit(casebook, sequel);
}

void
vitals_case_tell_recovery(VitalsCasebook *casebook, const VitalsIncidentView *view)
{
    Sequel *sequel = g_new0(Sequel, 1);

    sequel->directory = g_strdup(view->path);
    sequel->realtime = view->recovered;
    submit(casebook, sequel);
}

/* Returns: (nullable): the newest incident of that guest that nobody merely asked for */
static VitalsIncidentView *
last_incident(const VitalsCasebook *casebook, const char *uuid)
{
    for (guint i = 0; i < casebook->views->len; i++) {
        VitalsIncidentView *view = g_ptr_array_index(casebook->views, i);

        if (g_strcmp0(view->uuid, uuid) == 0 &&
            g_strcmp0(view->health, vitals_health_name(VITALS_HEALTH_UNKNOWN)) != 0)
            return view;
    }
    return NULL;
}

static gboolean
is_under_way(const VitalsIncidentView *view)
{
    g_autofree char *name = g_path_get_basename(view->path);

    return !*view->path || g_str_has_prefix(name, VITALS_INCIDENT_PARTIAL);
}

void
vitals_case_recovered(VitalsCasebook *casebook, const char *uuid)
{
    VitalsIncidentView *view = last_incident(casebook, uuid);

    if (!view || view->recovered)
        return;
    view->recovered = g_get_real_time();
    /* else it is told once that is written */
    if (!is_under_way(view))
        vitals_case_tell_recovery(casebook, view);
    vitals_casebook_changed(casebook);
}
