/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "monitor/casebook.h"
#include "monitor/case.h"
#include "monitor/policy.h"
#include "monitor/reasons.h"
#include "monitor/store.h"

/* The API lists so many; the rest stays on disk for `virt-vitals incidents`. */
#define LISTED_MAX 1000

/* ---- the list ---- */

void
vitals_case_replace(char **place, const char *text)
{
    g_free(*place);
    *place = g_strdup(text);
}

void
vitals_case_show(VitalsCase *item)
{
    VitalsIncidentView *view = item->dossier->view;
    VitalsIncidentView *shown = item->shown;

    vitals_case_replace(&shown->id, view->id);
    vitals_case_replace(&shown->path, view->path);
    vitals_case_replace(&shown->title, view->title);
    vitals_case_replace(&shown->capture_result, view->capture_result);
    vitals_case_replace(&shown->capture_format, view->capture_format);
    vitals_case_replace(&shown->capture_detail, view->capture_detail);
    vitals_case_replace(&shown->capture_path, view->capture_path);
    shown->capture_bytes = view->capture_bytes;
    shown->partial = view->partial;
    shown->interrupted = view->interrupted;
    vitals_casebook_changed(item->casebook);
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

void
vitals_casebook_changed(VitalsCasebook *casebook)
{
    if (casebook->listener.changed)
        casebook->listener.changed(casebook->data);
}

static void
list(VitalsCase *item)
{
    VitalsCasebook *casebook = item->casebook;

    item->shown = vitals_incident_view_copy(item->dossier->view);
    g_ptr_array_insert(casebook->views, 0, item->shown);
    while (casebook->views->len > LISTED_MAX && !casebook->cases->len)
        g_ptr_array_remove_index(casebook->views, casebook->views->len - 1);
    g_ptr_array_add(casebook->cases, item);
}

void
vitals_case_close(VitalsCase *item)
{
    VitalsCasebook *casebook = item->casebook;
    const char *result = item->shown->capture_result;

    if (!g_str_equal(result, "none"))
        tally(casebook->captures_total, result);
    g_ptr_array_remove_fast(casebook->cases, item);
    vitals_casebook_changed(casebook);
    if (casebook->listener.closed)
        casebook->listener.closed(item->shown, casebook->data);
    vitals_case_free(item);
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
            vitals_casebook_changed(casebook);
            return;
        }
    }
}

/* ---- opening ---- */

static void
open_case(VitalsCasebook *casebook, VitalsGuest *guest, const VitalsCause *cause,
          const VitalsDecision *decision)
{
    VitalsCase *item = vitals_case_new(casebook, guest, cause);
    VitalsIncidentView *view = item->dossier->view;

    item->capture = decision->capture;
    item->asked_for = cause->health == VITALS_HEALTH_UNKNOWN;
    casebook->pending += decision->capture;
    item->nmi_wait = decision->nmi_wait;
    item->dossier->deed = decision->action;
    item->dossier->inherited = decision->inherited;
    item->action_needs_dump = decision->action_needs_dump;
    if (decision->inaction) {
        vitals_dossier_note(item->dossier, view->opened, "the guest is left as it is: %s",
                            decision->inaction);
        g_free(item->dossier->outcome);
        item->dossier->outcome =
            g_strdup_printf("The guest was left as it is: %s.", decision->inaction);
    }
    view->capture_result = g_strdup(decision->result);
    view->capture_detail = g_strdup(decision->refusal ? decision->refusal : "");
    if (decision->capture)
        guest->capture = "queued";
    guest->revived = FALSE;
    guest->unsettled = decision->capture || decision->action != VITALS_ACTION_NONE;
    list(item);
    tally(casebook->incidents_total, cause->id);
    vitals_case_begin(item);
    vitals_casebook_changed(casebook);
}

/* The case of that guest that still waits for something before its dump. Returns: (nullable) */
static VitalsCase *
waiting_case(const VitalsCasebook *casebook, const VitalsGuest *guest)
{
    for (guint i = 0; i < casebook->cases->len; i++) {
        VitalsCase *item = g_ptr_array_index(casebook->cases, i);

        if (item->guest == guest && item->waits)
            return item;
    }
    return NULL;
}

/* A guest that panics while its case waits (it was sent an NMI, or its kdump is at work) suffers no second
 * fault: what was found belongs to the first. */
static gboolean
joins_waiting_case(VitalsCasebook *casebook, VitalsGuest *guest, const VitalsCause *cause)
{
    VitalsCase *item = waiting_case(casebook, guest);

    if (!item || vitals_trouble_of(cause) == VITALS_TROUBLE_NONE)
        return FALSE;
    guest->episode = cause->health;
    guest->consider_at = 0;
    vitals_dossier_note(item->dossier, g_get_real_time(), "verdict: %s, layer %s, cause %s",
                        vitals_health_name(cause->health), vitals_layer_name(cause->layer),
                        cause->id);
    return TRUE;
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

/* What an earlier monitor began is brought to its end, if it is still what the policy says. */
static void
consider_legacy(VitalsCasebook *casebook, const VitalsGuest *guest, VitalsDecision *decision)
{
    const VitalsCause *cause = guest->watch.verdict.cause;
    VitalsAction action = vitals_policy_action(vitals_trouble_of(cause), guest->name,
                                               guest->outline, casebook->settings);

    if (vitals_policy_is_death(cause) && decision->incident &&
        !vitals_settings_boolean(casebook->settings, NULL, "Monitor.DryRun"))
        vitals_legacy_apply(casebook->legacy, guest, action, decision);
}

/* One that was dead for an earlier monitor counts as well until its silence is proven anew: that is no recovery. */
static void
consider_recovery(VitalsCasebook *casebook, VitalsGuest *guest)
{
    const VitalsSigns *signs = &guest->watch.signs;

    if (signs->resumed_at &&
        vitals_reasons_last_beat(signs, VITALS_LAYER_KERNEL) <= signs->resumed_at)
        guest->consider_at = g_get_monotonic_time() + G_USEC_PER_SEC;
    else
        vitals_case_recovered(casebook, guest->uuid);
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
    if (joins_waiting_case(casebook, guest, cause))
        return;
    vitals_policy_look_back(&occasion, guest->uuid, casebook->views, g_get_real_time(),
                            casebook->settings);
    decision = vitals_policy_decide(&occasion, casebook->settings);
    consider_legacy(casebook, guest, &decision);
    guest->consider_at = decision.wait ? g_get_monotonic_time() + decision.wait : 0;
    if (vitals_policy_ends_episode(cause->health))
        guest->episode = VITALS_HEALTH_HEALTHY;
    if (cause->health == VITALS_HEALTH_HEALTHY)
        consider_recovery(casebook, guest);
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
    VitalsOccasion occasion = { .guest = guest->name, .cause = before };

    if (!before->hearsay || waiting_case(casebook, guest) ||
        guest->episode != VITALS_HEALTH_HEALTHY || (guest->active && !started_over) ||
        vitals_policy_response(vitals_trouble_of(before), guest->name, guest->outline,
                               casebook->settings) == VITALS_RESPONSE_NOTHING)
        return;
    vitals_policy_look_back(&occasion, guest->uuid, casebook->views, g_get_real_time(),
                            casebook->settings);
    if (vitals_policy_is_worn_out(&occasion))
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
    return casebook->cases->len > 0 || vitals_hook_is_busy(casebook->hook);
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

/* What an earlier monitor left unfinished is whole now, as far as it can be: the command runs for it too. */
static void
recover(VitalsCasebook *casebook)
{
    g_autoptr(GPtrArray) paths = g_ptr_array_new_with_free_func(g_free);
    guint recovered = vitals_incident_recover(casebook->state_dir, paths);

    if (recovered)
        g_message("%u incident(s) that an earlier monitor left unfinished are kept, marked as "
                  "interrupted",
                  recovered);
    for (guint i = 0; i < paths->len; i++) {
        vitals_legacy_take(casebook->legacy, g_ptr_array_index(paths, i));
        vitals_hook_submit(casebook->hook, g_ptr_array_index(paths, i));
    }
    if (!vitals_settings_boolean(casebook->settings, NULL, "Monitor.DryRun"))
        vitals_legacy_each_restart(casebook->legacy, vitals_case_restart_begin, casebook);
}

VitalsCasebook *
vitals_casebook_new(VitalsHypervisor *hypervisor, VitalsSettings *settings, const char *state_dir,
                    gboolean owner, VitalsAbandoned *abandoned, const VitalsCaseListener *listener,
                    gpointer data)
{
    VitalsCasebook *casebook = g_new0(VitalsCasebook, 1);

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
    casebook->cases = g_ptr_array_new();
    casebook->incidents_total = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    casebook->captures_total = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    g_queue_init(&casebook->captured_at);
    casebook->hook = vitals_hook_new(settings);
    casebook->recoveries = vitals_brake_new();
    casebook->legacy = vitals_legacy_new();
    casebook->restarts = g_ptr_array_new_with_free_func((GDestroyNotify)vitals_case_restart_free);
    vitals_case_recall_deeds(casebook);
    if (owner)
        recover(casebook);
    casebook->views = load_list(state_dir);
    if (owner)
        casebook->keeper =
            vitals_storekeeper_new(settings, state_dir, abandoned, on_removed, casebook);
    return casebook;
}

/* Nobody looks any more whether what it waited for is over. */
static void
leave_case(gpointer data, gpointer unused)
{
    VitalsCase *item = data;

    g_clear_handle_id(&item->patience, g_source_remove);
}

static void
free_case(gpointer item, gpointer unused)
{
    vitals_case_free(item);
}

void
vitals_casebook_free(VitalsCasebook *casebook, gint64 patience)
{
    gboolean written;

    if (!casebook)
        return;
    g_ptr_array_foreach(casebook->cases, leave_case, NULL);
    vitals_capture_free(casebook->capture, patience);
    vitals_evidence_free(casebook->evidence, patience);
    vitals_examiner_free(casebook->examiner, patience);
    written = vitals_lane_free(casebook->disk, patience);
    written = vitals_lane_free(casebook->finishing, patience) && written;
    vitals_hook_free(casebook->hook, patience);
    vitals_storekeeper_free(casebook->keeper, patience);
    /* What is unfinished now is finished or marked by the next monitor; a worker that hangs on its disk
     * still holds the case it was given. */
    if (written)
        g_ptr_array_foreach(casebook->cases, free_case, NULL);
    g_ptr_array_unref(casebook->cases);
    g_ptr_array_unref(casebook->views);
    g_hash_table_unref(casebook->incidents_total);
    g_hash_table_unref(casebook->captures_total);
    g_queue_clear_full(&casebook->captured_at, g_free);
    vitals_brake_free(casebook->recoveries);
    vitals_legacy_free(casebook->legacy);
    g_ptr_array_unref(casebook->restarts);
    g_free(casebook->state_dir);
    vitals_settings_unref(casebook->settings);
    g_free(casebook);
}
