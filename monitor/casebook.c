/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "monitor/casebook.h"
#include "monitor/brake.h"
#include "monitor/evidence.h"
#include "monitor/examiner.h"
#include "monitor/hook.h"
#include "monitor/incident.h"
#include "monitor/policy.h"
#include "monitor/reasons.h"
#include "monitor/recording.h"
#include "monitor/store.h"
#include "monitor/storekeeper.h"
#include "probes/probe.h"
#include "config/text.h"

/* The API lists so many; the rest stays on disk for `virt-vitals incidents`. */
#define LISTED_MAX 1000

/* What a dump holds beside memory: headers, notes, page descriptors, firmware. */
#define DUMP_OVERHEAD (64 * 1024 * 1024)

struct VitalsCasebook {
    VitalsSettings *settings;
    char *state_dir;
    VitalsAbandoned *abandoned;
    VitalsLane *disk;
    VitalsLane *finishing; /* hashing a dump takes minutes, which nobody's beginning waits for */
    VitalsCapture *capture;
    VitalsEvidence *evidence;
    VitalsHook *hook; /* NULL if there is no command */
    VitalsExaminer *examiner;
    VitalsStorekeeper *keeper; /* NULL if the directory is another process's */
    VitalsCaseListener listener;
    gpointer data;
    GPtrArray *views; /* newest first */
    GHashTable *incidents_total;
    GHashTable *captures_total;
    GQueue captured_at; /* monotonic times within the last hour */
    VitalsBrake *recoveries;
    guint open;
    guint pending; /* dumps that were granted and have not ended */
};

/* One incident under way. @shown is its place in the list; the dossier goes to the disk's worker and
 * comes back. */
typedef struct {
    VitalsCasebook *casebook;
    VitalsGuest *guest;
    VitalsDossier *dossier;
    VitalsIncidentView *shown;
    gboolean capture;
    gboolean asked_for;
    gboolean began; /* its dump */
    VitalsAction action;
    gboolean action_needs_dump;
    gint64 last_logged;
    gboolean acted;     /* dump and action are over */
    gboolean evident;   /* all other evidence is in */
    gboolean examining; /* its dump */
} Case;

static void
case_free(Case *item)
{
    vitals_guest_unref(item->guest);
    vitals_dossier_free(item->dossier);
    g_free(item);
}

static void
tally(GHashTable *table, const char *label)
{
    guint64 *count = g_hash_table_lookup(table, label);

    if (!count) {
        count = g_new0(guint64, 1);
        g_hash_table_insert(table, g_strdup(label), count);
    }
    ++*count;
}

static void
changed(VitalsCasebook *casebook)
{
    if (casebook->listener.changed)
        casebook->listener.changed(casebook->data);
}

/* ---- the list ---- */

static void
replace(char **place, const char *text)
{
    g_free(*place);
    *place = g_strdup(text);
}

/* Brings the entry in the list up to date with the dossier. */
static void
show(Case *item)
{
    VitalsIncidentView *view = item->dossier->view;
    VitalsIncidentView *shown = item->shown;

    replace(&shown->id, view->id);
    replace(&shown->path, view->path);
    replace(&shown->capture_result, view->capture_result);
    replace(&shown->capture_format, view->capture_format);
    replace(&shown->capture_detail, view->capture_detail);
    replace(&shown->capture_path, view->capture_path);
    shown->capture_bytes = view->capture_bytes;
    shown->partial = view->partial;
    changed(item->casebook);
}

static void
list(Case *item)
{
    VitalsCasebook *casebook = item->casebook;

    item->shown = vitals_incident_view_copy(item->dossier->view);
    g_ptr_array_insert(casebook->views, 0, item->shown);
    while (casebook->views->len > LISTED_MAX && !casebook->open)
        g_ptr_array_remove_index(casebook->views, casebook->views->len - 1);
    casebook->open++;
}

static void
close_case(Case *item)
{
    VitalsCasebook *casebook = item->casebook;
    const char *result = item->shown->capture_result;

    if (!g_str_equal(result, "none"))
        tally(casebook->captures_total, result);
    casebook->open--;
    changed(casebook);
    if (casebook->listener.closed)
        casebook->listener.closed(item->shown, casebook->data);
    case_free(item);
    if (casebook->keeper)
        vitals_storekeeper_tidy(casebook->keeper);
}

/* An incident that was deleted is forgotten. */
static void
on_removed(const char *id, gpointer data)
{
    VitalsCasebook *casebook = data;

    for (guint i = 0; i < casebook->views->len; i++) {
        const VitalsIncidentView *view = g_ptr_array_index(casebook->views, i);

        if (g_str_equal(view->id, id)) {
            g_ptr_array_remove_index(casebook->views, i);
            changed(casebook);
            return;
        }
    }
}

/* ---- writing ---- */

static gpointer
begin_on_disk(VitalsConnection *connection, gpointer data, GError **error)
{
    Case *item = data;

    return vitals_incident_begin(item->dossier, error) ? item : NULL;
}

static gpointer
finish_on_disk(VitalsConnection *connection, gpointer data, GError **error)
{
    Case *item = data;

    return vitals_incident_finish(item->dossier, error) ? item : NULL;
}

static void
on_finished(gpointer result, const GError *error, gboolean late, gpointer data)
{
    Case *item = data;
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
    show(item);
    close_case(item);
}

static void
finish_if_whole(Case *item)
{
    VitalsCall call = { .work = finish_on_disk, .done = on_finished, .data = item };

    if (item->acted && item->evident && !item->examining)
        vitals_lane_submit(item->casebook->finishing, &call);
}

static void
finish(Case *item)
{
    item->acted = TRUE;
    finish_if_whole(item);
}

static void
on_evidence_complete(gpointer data)
{
    Case *item = data;

    item->evident = TRUE;
    finish_if_whole(item);
}

/* ---- acting ---- */

/* Whether the guest is still the one whose memory is wanted: it may have been started anew, or have come
 * back to life, while other guests were dumped. */
static gboolean
check_still_wanted(const Case *item, GError **error)
{
    const char *why = NULL;

    if (!item->guest->active)
        why = "the guest ended, and its memory with it, before its turn came";
    else if (!item->asked_for && (item->guest->episode == VITALS_HEALTH_HEALTHY ||
                                  item->guest->watch.verdict.better_since))
        why = "the guest recovered or was reset before its turn came";
    if (why)
        g_set_error_literal(error, VITALS_CAPTURE_ERROR, VITALS_CAPTURE_ERROR_LATE, why);
    return !why;
}

static void
on_acted(const GError *error, gpointer data)
{
    Case *item = data;
    const char *action = vitals_action_name(item->action);
    g_autofree char *label = vitals_guest_label(item->guest);

    vitals_dossier_note(item->dossier, g_get_real_time(), "%s %s%s%s", action,
                        error ? "failed" : "done", error ? ": " : "", error ? error->message : "");
    if (error)
        g_warning("%s of %s failed: %s", action, label, error->message);
    else
        g_message("%s of %s done", action, label);
    finish(item);
}

/* The evidence is safe, or cannot be had: does to the guest what the policy says, then writes it down. */
static void
act_and_finish(Case *item, gboolean dumped)
{
    const char *action = vitals_action_name(item->action);
    g_autoptr(GError) error = NULL;

    if (item->action == VITALS_ACTION_NONE) {
        finish(item);
    } else if (!dumped && item->action_needs_dump) {
        vitals_dossier_note(item->dossier, g_get_real_time(),
                            "no %s: its memory is not saved (RecoverWithoutDump)", action);
        finish(item);
    } else if (!check_still_wanted(item, &error)) {
        vitals_dossier_note(item->dossier, g_get_real_time(), "no %s: %s", action, error->message);
        finish(item);
    } else {
        vitals_dossier_note(item->dossier, g_get_real_time(), "%s begins, as the policy says",
                            action);
        vitals_brake_note(item->casebook->recoveries, item->guest->uuid, g_get_monotonic_time());
        vitals_capture_act(item->casebook->capture, item->guest->uuid, item->guest->id,
                           item->action, on_acted, item);
    }
}

/* ---- dumping ---- */

static gboolean
on_dump_wanted(gpointer data, GError **error)
{
    return check_still_wanted(data, error);
}

static void
on_dump_started(gpointer data)
{
    Case *item = data;
    VitalsCasebook *casebook = item->casebook;

    item->began = TRUE;
    item->guest->capture = "dumping";
    item->guest->capture_began = g_get_monotonic_time();
    replace(&item->dossier->view->capture_result, "running");
    vitals_dossier_note(item->dossier, g_get_real_time(), "dump begins");
    if (casebook->listener.capturing)
        casebook->listener.capturing(item->guest, TRUE, casebook->data);
    show(item);
}

static void
on_dump_progress(guint64 done, guint64 total, gpointer data)
{
    Case *item = data;
    gint64 now = g_get_monotonic_time();

    item->guest->capture_done = done;
    item->guest->capture_total = total;
    changed(item->casebook);
    /* a line every ten seconds is enough to see in a log that it goes on */
    if (now - item->last_logged >= 10 * G_USEC_PER_SEC) {
        g_autofree char *label = vitals_guest_label(item->guest);

        item->last_logged = now;
        g_message("dumping %s: %.0f %% of %.1f GiB, about %.0f s left", label,
                  (double)done * 100 / (double)total, (double)total / (1 << 30),
                  vitals_guest_capture_left(item->guest, now));
    }
}

static void
on_examined(VitalsTriage *triage, gpointer data)
{
    Case *item = data;

    item->dossier->triage = triage;
    item->examining = FALSE;
    vitals_dossier_note(item->dossier, g_get_real_time(), "the dump is examined");
    finish_if_whole(item);
}

/* The guest need not wait for it, nor the next dump. */
static void
examine(Case *item)
{
    item->examining = TRUE;
    vitals_examiner_submit(item->casebook->examiner, item->guest->name, item->dossier->outline,
                           vitals_incident_path_of_dump(item->dossier), on_examined, item);
}

static void
note_captured(VitalsCasebook *casebook, VitalsGuest *guest)
{
    gint64 *at = g_new(gint64, 1);

    *at = guest->captured = g_get_monotonic_time();
    g_queue_push_tail(&casebook->captured_at, at);
}

static void
on_dump_ended(VitalsDumpFormat format, double seconds, const GError *error, gpointer data)
{
    Case *item = data;
    VitalsCasebook *casebook = item->casebook;
    VitalsDossier *dossier = item->dossier;
    gboolean late = g_error_matches(error, VITALS_CAPTURE_ERROR, VITALS_CAPTURE_ERROR_LATE);
    gboolean refused =
        late || g_error_matches(error, VITALS_CAPTURE_ERROR, VITALS_CAPTURE_ERROR_SPACE);
    g_autofree char *label = vitals_guest_label(item->guest);
    g_autofree char *reason = vitals_text_printable(error ? error->message : "", -1);

    item->guest->capture = NULL;
    item->guest->capture_done = item->guest->capture_total = 0;
    dossier->dump_seconds = seconds;
    replace(&dossier->view->capture_format, vitals_dump_format_name(format));
    replace(&dossier->view->capture_result, !error ? "ok" : refused ? "refused" : "failed");
    replace(&dossier->view->capture_detail, reason);
    vitals_dossier_note(dossier, g_get_real_time(), "dump %s after %.1f s%s%s",
                        !error    ? "ends"
                        : refused ? "refused"
                                  : "failed",
                        seconds, error ? ": " : "", reason);
    if (error)
        g_warning("dump of %s %s: %s", label, refused ? "refused" : "failed", reason);
    else
        g_message("dump of %s took %.1f s", label, seconds);
    casebook->pending--;
    if (!refused)
        note_captured(casebook, item->guest);
    if (casebook->listener.capturing && item->began)
        casebook->listener.capturing(item->guest, FALSE, casebook->data);
    /* the list says "running" until everything that belongs to the incident is in its place */
    changed(casebook);
    if (!error)
        examine(item);
    act_and_finish(item, !error);
}

/* What is filtered afterwards is written as it is, which keeps the guest standing still for a fraction
 * of the time; QEMU compresses where that is all there will be, or where there is no room for both. */
static void
choose_formats(const VitalsCasebook *casebook, const VitalsGuest *guest, VitalsDump *dump)
{
    const char *format =
        vitals_settings_string(casebook->settings, guest->name, "Capture.DumpFormat");
    gboolean filters = vitals_examiner_filters(casebook->examiner, guest->name);

    if (g_str_equal(format, "elf") || g_str_equal(format, "kdump-zlib")) {
        dump->formats[dump->n_formats++] =
            g_str_equal(format, "elf") ? VITALS_DUMP_ELF : VITALS_DUMP_KDUMP_ZLIB;
        return;
    }
    dump->formats[dump->n_formats++] = filters ? VITALS_DUMP_ELF : VITALS_DUMP_KDUMP_ZLIB;
    dump->formats[dump->n_formats++] = filters ? VITALS_DUMP_KDUMP_ZLIB : VITALS_DUMP_ELF;
}

static void
submit_dump(Case *item)
{
    static const VitalsDumpListener listener = {
        .wanted = on_dump_wanted,
        .started = on_dump_started,
        .progress = on_dump_progress,
        .ended = on_dump_ended,
    };
    VitalsCasebook *casebook = item->casebook;
    const VitalsOutline *outline = item->guest->outline;
    VitalsDump *dump = g_new0(VitalsDump, 1);

    dump->uuid = g_strdup(item->guest->uuid);
    dump->id = item->guest->id;
    dump->label = vitals_guest_label(item->guest);
    dump->path = vitals_incident_path_of_dump(item->dossier);
    dump->state_dir = g_strdup(casebook->state_dir);
    dump->keep_free = vitals_settings_size(casebook->settings, NULL, "Capture.KeepFree");
    /* zlib cannot make a page larger than it is, so every format ends below this */
    dump->expected =
        DUMP_OVERHEAD + (outline ? outline->memory + outline->memory / 64 + outline->video : 0);
    choose_formats(casebook, item->guest, dump);
    vitals_capture_submit(casebook->capture, dump, &listener, item);
}

/* What only a guest that is not being dumped can tell has been told. */
static void
on_may_dump(gpointer data)
{
    Case *item = data;

    if (item->capture)
        submit_dump(item);
    else
        act_and_finish(item, FALSE);
}

static void
on_begun(gpointer result, const GError *error, gboolean late, gpointer data)
{
    static const VitalsEvidenceListener listener = { .may_dump = on_may_dump,
                                                     .complete = on_evidence_complete };
    Case *item = data;
    VitalsIncidentView *view = item->dossier->view;

    if (error) {
        g_autofree char *message = vitals_text_printable(error->message, -1);

        g_critical("the incident cannot be written: %s; %s", message, view->title);
        item->guest->capture = NULL;
        replace(&view->capture_detail, message);
        if (item->capture) {
            item->casebook->pending--;
            replace(&view->capture_result, "failed");
        }
        show(item);
        close_case(item);
        return;
    }
    show(item);
    vitals_evidence_collect(item->casebook->evidence, item->guest, item->casebook->settings,
                            item->dossier, &listener, item);
}

/* ---- opening ---- */

/* What began is told when it is whole, and a loop when it was found: its count follows in later samples. */
static void
note_utterances(VitalsDossier *dossier, const VitalsSample *sample)
{
    for (guint i = 0; i < sample->n_utterances; i++) {
        const VitalsUtterance *utterance = &sample->utterances[i];

        if (*utterance->title)
            vitals_dossier_note(dossier, sample->realtime, "the guest's console: %s: %s",
                                vitals_said_name(utterance->what), utterance->title);
    }
}

static void
note_samples(VitalsDossier *dossier)
{
    for (guint i = 0; i < dossier->samples->len; i++) {
        const VitalsSample *sample = g_ptr_array_index(dossier->samples, i);

        if (vitals_sample_has(sample, VITALS_PART_EVENT))
            vitals_dossier_note(dossier, sample->realtime, "libvirt event: %s",
                                vitals_event_name(sample->event));
        note_utterances(dossier, sample);
    }
}

static void
note_verdict(VitalsDossier *dossier, const VitalsGuest *guest, const VitalsCause *cause)
{
    const VitalsSigns *signs = &guest->watch.signs;
    const VitalsSource *balloon = &signs->sources[vitals_probe_index("balloon")];
    gint64 realtime = dossier->view->opened;

    if (balloon->last_beat) {
        dossier->last_beat = realtime - (g_get_monotonic_time() - balloon->last_beat);
        vitals_dossier_note(dossier, dossier->last_beat, "last sign of life of the kernel");
    }
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

static Case *
new_case(VitalsCasebook *casebook, VitalsGuest *guest, const VitalsCause *cause)
{
    Case *item = g_new0(Case, 1);
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
    dossier->signals_header = vitals_recording_header_line(guest);
    g_ptr_array_unref(dossier->samples);
    dossier->samples = vitals_recorder_list(guest->recorder);
    note_samples(dossier);
    note_verdict(dossier, guest, cause);
    return item;
}

static void
open_case(VitalsCasebook *casebook, VitalsGuest *guest, const VitalsCause *cause,
          const VitalsDecision *decision)
{
    Case *item = new_case(casebook, guest, cause);
    VitalsIncidentView *view = item->dossier->view;
    VitalsCall call = { .work = begin_on_disk, .done = on_begun, .data = item };

    item->capture = decision->capture;
    item->asked_for = cause->health == VITALS_HEALTH_UNKNOWN;
    casebook->pending += decision->capture;
    item->action = decision->action;
    item->action_needs_dump = decision->action_needs_dump;
    if (decision->inaction)
        vitals_dossier_note(item->dossier, view->opened, "the guest is left as it is: %s",
                            decision->inaction);
    view->capture_result = g_strdup(decision->result);
    view->capture_detail = g_strdup(decision->refusal ? decision->refusal : "");
    if (decision->capture)
        guest->capture = "queued";
    list(item);
    tally(casebook->incidents_total, cause->id);
    vitals_lane_submit(casebook->disk, &call);
    changed(casebook);
}

static guint
captures_last_hour(VitalsCasebook *casebook)
{
    gint64 *oldest;

    while ((oldest = g_queue_peek_head(&casebook->captured_at)) &&
           g_get_monotonic_time() - *oldest > G_TIME_SPAN_HOUR)
        g_free(g_queue_pop_head(&casebook->captured_at));
    return g_queue_get_length(&casebook->captured_at);
}

void
vitals_casebook_consider(VitalsCasebook *casebook, VitalsGuest *guest)
{
    const VitalsCause *cause = guest->watch.verdict.cause;
    VitalsOccasion occasion = {
        .guest = guest->name,
        .cause = cause,
        .held = g_get_monotonic_time() - guest->watch.verdict.since,
        .hearsay = !vitals_verdict_is_proven(&guest->watch.signs, guest->watch.verdict),
        .episode = guest->episode,
        .outline = guest->outline,
        .active = guest->active,
        .since_capture = guest->captured ? g_get_monotonic_time() - guest->captured : -1,
        .captures_last_hour = captures_last_hour(casebook) + casebook->pending,
        .recoveries_last_hour = vitals_brake_count(casebook->recoveries, guest->uuid,
                                                   g_get_monotonic_time(), G_TIME_SPAN_HOUR),
        .uptime = guest->watch.signs.boot_seen ? guest->watch.signs.run_clock : G_MAXINT64,
    };
    VitalsDecision decision;

    /* it is heard again, and the verdict only waits for that to last: looked at again next time */
    if (guest->watch.verdict.better_since) {
        guest->consider_at = g_get_monotonic_time();
        return;
    }
    vitals_policy_look_back(&occasion, guest->uuid, casebook->views, g_get_real_time(),
                            casebook->settings);
    decision = vitals_policy_decide(&occasion, casebook->settings);
    guest->consider_at = decision.wait ? g_get_monotonic_time() + decision.wait : 0;
    if (vitals_policy_ends_episode(cause->health))
        guest->episode = VITALS_HEALTH_HEALTHY;
    if (!decision.incident)
        return;
    guest->episode = cause->health;
    open_case(casebook, guest, cause, &decision);
}

void
vitals_casebook_outlived(VitalsCasebook *casebook, VitalsGuest *guest, const VitalsCause *before)
{
    static const VitalsDecision decision = {
        .incident = TRUE,
        .result = "skipped",
        .refusal = "the guest started over or ended before silence had proven its panic",
    };
    const VitalsSigns *signs = &guest->watch.signs;
    gboolean started_over = signs->rebooted && signs->now - signs->started < G_USEC_PER_SEC;

    if (!before->hearsay || guest->episode != VITALS_HEALTH_HEALTHY ||
        (guest->active && !started_over) ||
        vitals_policy_response(vitals_trouble_of(before), guest->name, guest->outline,
                               casebook->settings) == VITALS_RESPONSE_NOTHING)
        return;
    open_case(casebook, guest, before, &decision);
}

void
vitals_casebook_capture(VitalsCasebook *casebook, VitalsGuest *guest)
{
    static const VitalsDecision decision = { .incident = TRUE,
                                             .capture = TRUE,
                                             .result = "queued" };

    open_case(casebook, guest, vitals_cause_find("requested"), &decision);
}

gboolean
vitals_casebook_is_busy(const VitalsCasebook *casebook)
{
    return casebook->open > 0;
}

/* ---- the whole ---- */

static void
fill_tally(GHashTable *table, GArray *tallies)
{
    GHashTableIter iter;
    gpointer label;
    gpointer count;

    g_hash_table_iter_init(&iter, table);
    while (g_hash_table_iter_next(&iter, &label, &count)) {
        /* labels are ids of causes and results: interned, they outlive every snapshot */
        VitalsTally one = { .label = g_intern_string(label), .count = *(guint64 *)count };

        g_array_append_val(tallies, one);
    }
}

void
vitals_casebook_fill(const VitalsCasebook *casebook, VitalsSnapshot *snapshot)
{
    for (guint i = 0; i < casebook->views->len; i++)
        g_ptr_array_add(snapshot->incidents,
                        vitals_incident_view_copy(g_ptr_array_index(casebook->views, i)));
    fill_tally(casebook->incidents_total, snapshot->incidents_total);
    fill_tally(casebook->captures_total, snapshot->captures_total);
}

static GPtrArray *
load_list(const char *state_dir)
{
    g_autoptr(GPtrArray) problems = g_ptr_array_new_with_free_func(g_free);
    g_autoptr(GError) error = NULL;
    GPtrArray *views = vitals_store_list(state_dir, problems, &error);

    for (guint i = 0; i < problems->len; i++)
        g_warning("%s", (const char *)g_ptr_array_index(problems, i));
    if (!views)
        views = g_ptr_array_new_with_free_func((GDestroyNotify)vitals_incident_view_free);
    while (views->len > LISTED_MAX)
        g_ptr_array_remove_index(views, views->len - 1);
    return views;
}

VitalsCasebook *
vitals_casebook_new(VitalsHypervisor *hypervisor, VitalsSettings *settings, const char *state_dir,
                    gboolean owner, VitalsAbandoned *abandoned, const VitalsCaseListener *listener,
                    gpointer data)
{
    VitalsCasebook *casebook = g_new0(VitalsCasebook, 1);
    guint recovered = owner ? vitals_incident_recover(state_dir) : 0;

    if (recovered)
        g_message("%u incident(s) that an earlier monitor left unfinished are kept, marked as "
                  "interrupted",
                  recovered);
    casebook->settings = vitals_settings_ref(settings);
    casebook->state_dir = g_strdup(state_dir);
    casebook->abandoned = abandoned;
    casebook->disk = vitals_lane_new("disk", NULL, 1, abandoned);
    casebook->finishing = vitals_lane_new("finishing", NULL, 1, abandoned);
    casebook->capture = vitals_capture_new(hypervisor, abandoned);
    casebook->examiner = vitals_examiner_new(settings, abandoned);
    casebook->evidence = vitals_evidence_new(hypervisor, casebook->disk);
    if (listener)
        casebook->listener = *listener;
    casebook->data = data;
    casebook->views = load_list(state_dir);
    casebook->incidents_total = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    casebook->captures_total = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    g_queue_init(&casebook->captured_at);
    casebook->hook = owner ? vitals_hook_new(settings) : NULL;
    casebook->recoveries = vitals_brake_new();
    if (owner)
        casebook->keeper =
            vitals_storekeeper_new(settings, state_dir, abandoned, on_removed, casebook);
    return casebook;
}

gboolean
vitals_casebook_free(VitalsCasebook *casebook, gint64 patience)
{
    gboolean ended;

    if (!casebook)
        return TRUE;
    ended = vitals_capture_free(casebook->capture, patience);
    ended = vitals_evidence_free(casebook->evidence, patience) && ended;
    ended = vitals_examiner_free(casebook->examiner, patience) && ended;
    ended = vitals_lane_free(casebook->disk, patience) && ended;
    ended = vitals_lane_free(casebook->finishing, patience) && ended;
    ended = vitals_hook_free(casebook->hook, patience) && ended;
    ended = vitals_storekeeper_free(casebook->keeper, patience) && ended;
    g_ptr_array_unref(casebook->views);
    g_hash_table_unref(casebook->incidents_total);
    g_hash_table_unref(casebook->captures_total);
    g_queue_clear_full(&casebook->captured_at, g_free);
    vitals_brake_free(casebook->recoveries);
    g_free(casebook->state_dir);
    vitals_settings_unref(casebook->settings);
    g_free(casebook);
    return ended;
}
