/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "monitor/snapshot.h"

static void
free_guest(gpointer view)
{
    vitals_guest_view_free(view);
}

static void
free_incident(gpointer view)
{
    vitals_incident_view_free(view);
}

VitalsSnapshot *
vitals_snapshot_new(gint64 realtime)
{
    VitalsSnapshot *snapshot = g_new0(VitalsSnapshot, 1);

    g_atomic_ref_count_init(&snapshot->references);
    snapshot->realtime = realtime;
    snapshot->guests = g_ptr_array_new_with_free_func(free_guest);
    snapshot->incidents = g_ptr_array_new_with_free_func(free_incident);
    snapshot->incidents_total = g_array_new(FALSE, TRUE, sizeof(VitalsTally));
    snapshot->captures_total = g_array_new(FALSE, TRUE, sizeof(VitalsTally));
    return snapshot;
}

VitalsSnapshot *
vitals_snapshot_ref(VitalsSnapshot *snapshot)
{
    g_atomic_ref_count_inc(&snapshot->references);
    return snapshot;
}

void
vitals_snapshot_unref(VitalsSnapshot *snapshot)
{
    if (!snapshot || !g_atomic_ref_count_dec(&snapshot->references))
        return;
    g_free(snapshot->uri);
    g_ptr_array_unref(snapshot->guests);
    vitals_lint_report_unref(snapshot->lint);
    g_ptr_array_unref(snapshot->incidents);
    g_array_unref(snapshot->incidents_total);
    g_array_unref(snapshot->captures_total);
    g_free(snapshot);
}

VitalsConsoleCounts *
vitals_console_counts_new(void)
{
    VitalsConsoleCounts *counts = g_new0(VitalsConsoleCounts, 1);

    g_atomic_ref_count_init(&counts->references);
    counts->reports = g_array_new(FALSE, TRUE, sizeof(VitalsTally));
    return counts;
}

VitalsConsoleCounts *
vitals_console_counts_ref(VitalsConsoleCounts *counts)
{
    g_atomic_ref_count_inc(&counts->references);
    return counts;
}

void
vitals_console_counts_unref(VitalsConsoleCounts *counts)
{
    if (!counts || !g_atomic_ref_count_dec(&counts->references))
        return;
    g_array_unref(counts->reports);
    g_bytes_unref(counts->end);
    g_free(counts);
}

VitalsGuestView *
vitals_guest_view_new(void)
{
    VitalsGuestView *view = g_new0(VitalsGuestView, 1);

    view->health = VITALS_HEALTH_UNKNOWN;
    view->cause = "none";
    view->sample_age = -1;
    view->memory_exhaustion_seconds = -1;
    for (guint i = 0; i < VITALS_N_LAYERS; i++)
        view->layers[i] = -1;
    view->evidence = g_new0(char *, 1);
    view->beats = g_array_new(FALSE, TRUE, sizeof(VitalsBeatView));
    return view;
}

void
vitals_guest_view_free(VitalsGuestView *view)
{
    if (!view)
        return;
    g_free(view->detail);
    vitals_console_counts_unref(view->console);
    g_free(view->name);
    g_free(view->uuid);
    g_strfreev(view->evidence);
    g_array_unref(view->beats);
    g_free(view->vcpu_seconds);
    g_free(view);
}

VitalsIncidentView *
vitals_incident_view_new(void)
{
    return g_new0(VitalsIncidentView, 1);
}

VitalsIncidentView *
vitals_incident_view_copy(const VitalsIncidentView *view)
{
    VitalsIncidentView *copy = g_new0(VitalsIncidentView, 1);

    copy->id = g_strdup(view->id);
    copy->domain = g_strdup(view->domain);
    copy->uuid = g_strdup(view->uuid);
    copy->health = g_strdup(view->health);
    copy->layer = g_strdup(view->layer);
    copy->cause = g_strdup(view->cause);
    copy->title = g_strdup(view->title);
    copy->opened = view->opened;
    copy->recovered = view->recovered;
    copy->path = g_strdup(view->path);
    copy->capture_result = g_strdup(view->capture_result);
    copy->capture_format = g_strdup(view->capture_format);
    copy->capture_detail = g_strdup(view->capture_detail);
    copy->capture_path = g_strdup(view->capture_path);
    copy->capture_bytes = view->capture_bytes;
    copy->partial = view->partial;
    copy->interrupted = view->interrupted;
    return copy;
}

void
vitals_incident_view_free(VitalsIncidentView *view)
{
    if (!view)
        return;
    g_free(view->id);
    g_free(view->domain);
    g_free(view->uuid);
    g_free(view->health);
    g_free(view->layer);
    g_free(view->cause);
    g_free(view->title);
    g_free(view->path);
    g_free(view->capture_result);
    g_free(view->capture_format);
    g_free(view->capture_detail);
    g_free(view->capture_path);
    g_free(view);
}
