/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "monitor/examiner.h"
#include "monitor/tool.h"

struct VitalsExaminer {
    VitalsSettings *settings;
    VitalsLane *lane;
    gboolean filters;
};

typedef struct {
    VitalsTriageOrder *order;
    VitalsExamined examined;
    gpointer data;
} Examination;

static void
examination_free(gpointer data)
{
    Examination *examination = data;

    vitals_triage_order_free(examination->order);
    g_free(examination);
}

static gpointer
examine(VitalsConnection *connection, gpointer data, GError **error)
{
    const Examination *examination = data;

    return vitals_triage_run(examination->order);
}

static void
on_examined(gpointer result, const GError *error, gboolean late, gpointer data)
{
    const Examination *examination = data;

    examination->examined(result, examination->data);
}

VitalsExaminer *
vitals_examiner_new(VitalsSettings *settings, VitalsAbandoned *abandoned)
{
    VitalsExaminer *examiner = g_new0(VitalsExaminer, 1);
    g_autofree char *program =
        vitals_tool_find(vitals_settings_string(settings, NULL, "Triage.Makedumpfile"));

    examiner->settings = vitals_settings_ref(settings);
    examiner->lane = vitals_lane_new("triage", NULL, 1, abandoned);
    examiner->filters = program != NULL;
    return examiner;
}

gboolean
vitals_examiner_free(VitalsExaminer *examiner, gint64 patience)
{
    gboolean ended;

    if (!examiner)
        return TRUE;
    ended = vitals_lane_free(examiner->lane, patience);
    vitals_settings_unref(examiner->settings);
    g_free(examiner);
    return ended;
}

gboolean
vitals_examiner_filters(const VitalsExaminer *examiner, const char *guest)
{
    return examiner->filters &&
           vitals_settings_integer(examiner->settings, guest, "Triage.FilterLevel") > 0;
}

static VitalsTriageOrder *
order_for(const VitalsSettings *settings, const char *guest, const VitalsOutline *outline)
{
    VitalsTriageOrder *order = g_new0(VitalsTriageOrder, 1);

    order->makedumpfile = g_strdup(vitals_settings_string(settings, NULL, "Triage.Makedumpfile"));
    order->crash = g_strdup(vitals_settings_string(settings, NULL, "Triage.Crash"));
    order->vmlinux_path = g_strdup(vitals_settings_string(settings, NULL, "Triage.VmlinuxPath"));
    order->level = (guint)vitals_settings_integer(settings, guest, "Triage.FilterLevel");
    order->keep_free = vitals_settings_size(settings, NULL, "Capture.KeepFree");
    order->tool_seconds =
        (guint)(vitals_settings_duration(settings, NULL, "Triage.ToolTimeout") / G_USEC_PER_SEC);
    order->windows = outline && outline->windows;
    return order;
}

void
vitals_examiner_submit(VitalsExaminer *examiner, const char *guest, const VitalsOutline *outline,
                       char *path, VitalsExamined examined, gpointer data)
{
    Examination *examination = g_new0(Examination, 1);
    VitalsCall call = {
        .work = examine,
        .done = on_examined,
        .data = examination,
        .free_data = examination_free,
        .free_result = (GDestroyNotify)vitals_triage_free,
    };

    examination->order = order_for(examiner->settings, guest, outline);
    examination->order->path = path;
    examination->examined = examined;
    examination->data = data;
    vitals_lane_submit(examiner->lane, &call);
}
