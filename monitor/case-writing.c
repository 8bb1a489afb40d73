/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "monitor/case.h"
#include "config/text.h"

static gpointer
begin_on_disk(VitalsConnection *connection, gpointer data, GError **error)
{
    VitalsCase *item = data;

    return vitals_incident_begin(item->dossier, error) ? item : NULL;
}

static gpointer
finish_on_disk(VitalsConnection *connection, gpointer data, GError **error)
{
    VitalsCase *item = data;

    return vitals_incident_finish(item->dossier, error) ? item : NULL;
}

static void
on_finished(gpointer result, const GError *error, gboolean late, gpointer data)
{
    VitalsCase *item = data;
    VitalsIncidentView *view = item->dossier->view;

    if (error) {
        g_autofree char *message = vitals_text_printable(error->message, -1);

        g_critical("incident %s could not be finished: %s; what was written stays in %s", view->id,
                   message, view->path);
    } else {
        view->partial = FALSE;
        g_message("incident %s: %s", view->path, view->title);
        vitals_hook_submit(item->casebook->hook, view->path);
    }
    vitals_case_show(item);
    if (!error && item->shown->recovered)
        vitals_case_tell_recovery(item->casebook, item->shown);
    vitals_case_close(item);
}

static void
finish(gpointer data)
{
    VitalsCase *item = data;
    VitalsCall call = { .work = finish_on_disk, .done = on_finished, .data = item };

    vitals_lane_submit(item->casebook->finishing, &call);
}

void
vitals_case_finish_if_whole(VitalsCase *item)
{
    if (!item->acted || !item->evident || item->examining)
        return;
    vitals_case_hear(item);
    vitals_evidence_end(item->casebook->evidence, item->dossier, finish, item);
}

void
vitals_case_acted(VitalsCase *item)
{
    item->acted = TRUE;
    item->guest->unsettled = FALSE;
    vitals_casebook_changed(item->casebook);
    if (item->lost)
        vitals_case_close(item);
    else
        vitals_case_finish_if_whole(item);
}

static void
on_evidence_complete(gpointer data)
{
    VitalsCase *item = data;

    item->evident = TRUE;
    vitals_case_finish_if_whole(item);
}

/* What only a guest that is not being dumped can tell has been told. */
static void
on_may_dump(gpointer data)
{
    VitalsCase *item = data;

    vitals_case_prepare(item);
}

/* Nothing can be written, so nothing is dumped. What the policy does to guests goes on. */
static void
lose(VitalsCase *item, const GError *error)
{
    VitalsIncidentView *view = item->dossier->view;
    g_autofree char *message = vitals_text_printable(error->message, -1);

    g_critical("the incident cannot be written: %s; %s", message, view->title);
    item->lost = TRUE;
    item->guest->capture = NULL;
    vitals_case_replace(&view->capture_detail, message);
    if (item->capture) {
        item->casebook->pending--;
        vitals_case_replace(&view->capture_result, "failed");
    }
    vitals_case_show(item);
    vitals_case_prepare(item);
}

static void
on_begun(gpointer result, const GError *error, gboolean late, gpointer data)
{
    static const VitalsEvidenceListener listener = { .may_dump = on_may_dump,
                                                     .complete = on_evidence_complete };
    VitalsCase *item = data;

    if (error) {
        lose(item, error);
        return;
    }
    vitals_case_show(item);
    vitals_evidence_collect(item->casebook->evidence, item->guest, item->casebook->settings,
                            item->dossier, &listener, item);
}

void
vitals_case_begin(VitalsCase *item)
{
    VitalsCall call = { .work = begin_on_disk, .done = on_begun, .data = item };

    vitals_lane_submit(item->casebook->disk, &call);
}
