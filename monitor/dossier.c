/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "monitor/dossier.h"
#include "monitor/recorder.h"
#include "config/text.h"

#include <unistd.h>

static void
moment_free(gpointer data)
{
    VitalsMoment *moment = data;

    g_free(moment->text);
    g_free(moment);
}

static void
piece_note_free(gpointer data)
{
    VitalsPieceNote *note = data;

    g_free(note->reason);
    g_free(note);
}

VitalsDossier *
vitals_dossier_new(const char *state_dir)
{
    VitalsDossier *dossier = g_new0(VitalsDossier, 1);

    dossier->state_dir = g_strdup(state_dir);
    dossier->view = vitals_incident_view_new();
    dossier->timeline = g_ptr_array_new_with_free_func(moment_free);
    dossier->pieces = g_ptr_array_new_with_free_func(piece_note_free);
    dossier->predictions = g_ptr_array_new_with_free_func(g_free);
    dossier->risks = g_ptr_array_new_with_free_func(g_free);
    dossier->lint_diff = g_strdup("");
    dossier->outcome = g_strdup("");
    dossier->testimony = g_ptr_array_new_with_free_func(g_free);
    dossier->log_said = g_ptr_array_new_with_free_func(g_free);
    dossier->samples = g_ptr_array_new_with_free_func((GDestroyNotify)vitals_sample_unref);
    dossier->claim = -1;
    return dossier;
}

void
vitals_dossier_free(VitalsDossier *dossier)
{
    if (!dossier)
        return;
    g_free(dossier->state_dir);
    vitals_incident_view_free(dossier->view);
    vitals_outline_free(dossier->outline);
    g_bytes_unref(dossier->console_end);
    g_bytes_unref(dossier->console);
    g_free(dossier->xml);
    g_strfreev(dossier->evidence);
    g_free(dossier->signals_header);
    g_ptr_array_unref(dossier->samples);
    g_ptr_array_unref(dossier->timeline);
    g_ptr_array_unref(dossier->pieces);
    json_decref(dossier->reasons);
    g_ptr_array_unref(dossier->testimony);
    g_ptr_array_unref(dossier->log_said);
    vitals_shortage_free(dossier->shortage);
    g_ptr_array_unref(dossier->predictions);
    g_ptr_array_unref(dossier->risks);
    g_free(dossier->lint_diff);
    g_free(dossier->outcome);
    vitals_vmcore_free(dossier->vmcore);
    vitals_triage_free(dossier->triage);
    if (dossier->claim >= 0)
        close(dossier->claim);
    g_free(dossier);
}

void
vitals_dossier_note_deed(VitalsDossier *dossier, const char *state)
{
    dossier->deed_state = dossier->deed == VITALS_ACTION_NONE ? NULL : state;
    dossier->deed_at = g_get_real_time();
}

void
vitals_dossier_note(VitalsDossier *dossier, gint64 realtime, const char *format, ...)
{
    VitalsMoment *moment = g_new0(VitalsMoment, 1);
    guint at = dossier->timeline->len;
    g_autofree char *text = NULL;
    va_list arguments;

    va_start(arguments, format);
    text = g_strdup_vprintf(format, arguments);
    va_end(arguments);
    moment->text = vitals_text_printable(text, -1);
    moment->realtime = realtime;

    while (at > 0 &&
           ((VitalsMoment *)g_ptr_array_index(dossier->timeline, at - 1))->realtime > realtime)
        at--;
    g_ptr_array_insert(dossier->timeline, (int)at, moment);
}
