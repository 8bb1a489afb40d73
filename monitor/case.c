/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "monitor/case.h"
#include "monitor/diagnosis.h"
#include "monitor/output/time.h"
#include "monitor/reasons.h"
#include "monitor/recording.h"
#include "probes/probe.h"
#include "config/text.h"

#include <string.h>

/* ---- opening ---- */

/* One thing that the guest said, however often. */
typedef struct {
    const VitalsUtterance *first;
    gint64 began;
    gint64 last;
    guint times;
} Saying;

/* What began is told when it is whole, and a loop when it was found: its count follows in later samples. */
static void
gather_sayings(GArray *sayings, const VitalsSample *sample)
{
    for (guint i = 0; i < sample->n_utterances; i++) {
        Saying saying = { &sample->utterances[i], sample->realtime, sample->realtime, 1 };
        gboolean known = !*saying.first->title;

        for (guint j = 0; j < sayings->len && !known; j++) {
            Saying *before = &g_array_index(sayings, Saying, j);

            known = before->first->what == saying.first->what &&
                    g_str_equal(before->first->title, saying.first->title);
            if (known) {
                before->last = sample->realtime;
                before->times++;
            }
        }
        if (!known)
            g_array_append_val(sayings, saying);
    }
}

static void
note_saying(VitalsDossier *dossier, const Saying *saying)
{
    g_autofree char *last = vitals_time_rfc3339(saying->last);
    g_autofree char *times =
        saying->times > 1
            ? g_strdup_printf(", told %u times until %s", saying->times, strchr(last, 'T') + 1)
            : g_strdup("");

    vitals_dossier_note(dossier, saying->began, "the guest's console: %s: %s%s",
                        vitals_said_name(saying->first->what), saying->first->title, times);
}

static void
note_samples(VitalsDossier *dossier)
{
    g_autoptr(GArray) sayings = g_array_new(FALSE, FALSE, sizeof(Saying));

    for (guint i = 0; i < dossier->samples->len; i++) {
        const VitalsSample *sample = g_ptr_array_index(dossier->samples, i);

        if (vitals_sample_has(sample, VITALS_PART_EVENT))
            vitals_dossier_note(dossier, sample->realtime, "libvirt event: %s",
                                vitals_event_name(sample->event));
        gather_sayings(sayings, sample);
    }
    for (guint i = 0; i < sayings->len; i++)
        note_saying(dossier, &g_array_index(sayings, Saying, i));
}

/* Until when each layer lived, as far as anybody could see. */
static void
note_beats(VitalsDossier *dossier, const VitalsSigns *signs)
{
    gint64 began = dossier->view->opened - g_get_monotonic_time();

    for (VitalsLayer layer = VITALS_LAYER_HYPERVISOR; layer < VITALS_N_LAYERS; layer++) {
        gint64 beat = vitals_reasons_last_beat(signs, layer);

        if (beat)
            vitals_dossier_note(dossier, began + beat, "last sign of life of layer %s",
                                vitals_layer_name(layer));
    }
}

static void
note_verdict(VitalsDossier *dossier, const VitalsGuest *guest, const VitalsCause *cause)
{
    const VitalsSigns *signs = &guest->watch.signs;
    gint64 beat = vitals_reasons_last_beat(signs, VITALS_LAYER_KERNEL);
    gint64 realtime = dossier->view->opened;

    if (beat)
        dossier->last_beat = realtime - (g_get_monotonic_time() - beat);
    note_beats(dossier, signs);
    vitals_dossier_note(dossier, realtime, "verdict: %s, layer %s, cause %s",
                        vitals_health_name(cause->health), vitals_layer_name(cause->layer),
                        cause->id);
}

static VitalsIncidentView *
fill_view(VitalsIncidentView *view, const VitalsGuest *guest, const VitalsCause *cause)
{
    const char *detail = guest->watch.signs.said[cause->said].title;
    g_autofree char *label = vitals_guest_label(guest);

    view->id = g_strdup("");
    view->domain = g_strdup(guest->name);
    view->uuid = g_strdup(guest->uuid);
    view->health = g_strdup(vitals_health_name(cause->health));
    view->layer = g_strdup(vitals_layer_name(cause->layer));
    view->cause = g_strdup(cause->id);
    view->title = g_strdup_printf("%s: %s, %s%s%s", label, view->health, view->cause,
                                  *detail ? ": " : "", detail);
    view->opened = g_get_real_time();
    view->path = g_strdup("");
    view->partial = TRUE;
    view->capture_format = g_strdup("");
    view->capture_path = g_strdup("");
    return view;
}

/* A guest that starves says so in no other sign of life. */
static void
add_memory(VitalsDossier *dossier)
{
    const VitalsSample *sample = vitals_diagnosis_memory(dossier->samples);
    g_autofree char *unused = NULL;
    g_autofree char *usable = NULL;
    g_autofree char *all = NULL;
    guint count = dossier->evidence ? g_strv_length(dossier->evidence) : 0;

    if (!sample)
        return;
    unused = g_format_size_full(sample->unused, G_FORMAT_SIZE_IEC_UNITS);
    usable = g_format_size_full(sample->usable, G_FORMAT_SIZE_IEC_UNITS);
    all = g_format_size_full(sample->available, G_FORMAT_SIZE_IEC_UNITS);
    dossier->evidence = g_renew(char *, dossier->evidence, count + 2);
    dossier->evidence[count] = g_strdup_printf(
        "memory: %s of %s usable, %s free, at its last report", usable, all, unused);
    dossier->evidence[count + 1] = NULL;
}

void
vitals_case_hear(VitalsCase *item)
{
    const VitalsConsoleCounts *counts = item->guest->console;
    VitalsDossier *dossier = item->dossier;

    if (!counts || !counts->end)
        return;
    g_bytes_unref(dossier->console_end);
    dossier->console_end = g_bytes_ref(counts->end);
}

VitalsCase *
vitals_case_new(VitalsCasebook *casebook, VitalsGuest *guest, const VitalsCause *cause)
{
    VitalsCase *item = g_new0(VitalsCase, 1);
    VitalsDossier *dossier = vitals_dossier_new(casebook->state_dir);

    item->casebook = casebook;
    item->guest = vitals_guest_ref(guest);
    item->dossier = dossier;
    fill_view(dossier->view, guest, cause);
    dossier->domain_id = guest->id;
    dossier->xml = g_strdup(guest->xml);
    /* the guest may be gone, and its outline with it, before the incident is written */
    dossier->outline = guest->xml ? vitals_outline_new("definition", guest->xml, NULL) : NULL;
    if (guest->warnings) {
        g_ptr_array_unref(dossier->predictions);
        dossier->predictions = g_ptr_array_ref(guest->warnings);
        dossier->is_linted = TRUE;
    }
    dossier->evidence = vitals_verdict_evidence(&guest->watch.signs, &guest->watch.limits);
    dossier->reasons = vitals_reasons(guest, cause, dossier->view->opened);
    dossier->meaning = cause->meaning;
    dossier->remedy = cause->remedy;
    dossier->console_tail =
        vitals_settings_size(casebook->settings, guest->name, "Capture.ConsoleTail");
    vitals_case_hear(item);
    dossier->signals_header = vitals_recording_header_line(guest);
    g_ptr_array_unref(dossier->samples);
    dossier->samples = vitals_recorder_list(guest->recorder);
    add_memory(dossier);
    note_samples(dossier);
    note_verdict(dossier, guest, cause);
    return item;
}

void
vitals_case_free(VitalsCase *item)
{
    g_clear_handle_id(&item->patience, g_source_remove);
    vitals_guest_unref(item->guest);
    vitals_dossier_free(item->dossier);
    g_free(item);
}
