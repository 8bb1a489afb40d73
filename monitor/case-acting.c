/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "monitor/case.h"
#include "config/text.h"

/* Whether the guest is still the one whose memory is wanted: it may have been started anew, or have come
 * back to life, while other guests were dumped. */
gboolean
vitals_case_check_wanted(const VitalsCase *item, GError **error)
{
    const VitalsGuest *guest = item->guest;
    gboolean is_back = !item->asked_for && (guest->episode == VITALS_HEALTH_HEALTHY ||
                                            guest->watch.verdict.better_since);
    const char *why = NULL;

    if (!guest->active)
        why = "the guest ended, and its memory with it, before its turn came";
    else if (is_back && item->kdump_until)
        why = "the guest's own kdump had its turn, and the guest goes on: its dump is where kdump "
              "puts it, mostly in its /var/crash";
    else if (is_back)
        why = "the guest recovered or was reset before its turn came";
    if (why)
        g_set_error_literal(error, VITALS_CAPTURE_ERROR, VITALS_CAPTURE_ERROR_LATE, why);
    return !why;
}

/* libvirtd is restarted in that time; what it was asked for last may not have come to pass. */
#define ACT_AGAIN_MS 1000
#define ACT_PATIENCE (30 * G_TIME_SPAN_SECOND)

static void ask_job(VitalsCase *item);

static gboolean
on_act_again(gpointer data)
{
    VitalsCase *item = data;

    item->patience = 0;
    ask_job(item);
    return G_SOURCE_REMOVE;
}

static gboolean
may_act_again(const VitalsCase *item, const GError *error)
{
    return g_error_matches(error, VITALS_HYPERVISOR_ERROR, VITALS_HYPERVISOR_ERROR_DISCONNECTED) &&
           g_get_monotonic_time() < item->act_until;
}

/* For the report, in plain words; @problem: why it was not done, %NULL if it was. */
static void
set_outcome(VitalsDossier *dossier, const char *problem)
{
    static const char *const done[] = {
        [VITALS_ACTION_NONE] = "left as it is: the policy asks for nothing more",
        [VITALS_ACTION_INJECT_NMI] = "sent an NMI, as the policy says",
        [VITALS_ACTION_RESET] = "reset, as the policy says",
        [VITALS_ACTION_DESTROY] = "destroyed, as the policy says",
        [VITALS_ACTION_RESTART] = "destroyed and started again, as the policy says",
    };

    g_free(dossier->outcome);
    if (!problem)
        dossier->outcome = g_strdup_printf("The guest was %s.", done[dossier->deed]);
    else if (dossier->moot) /* which told why */
        dossier->outcome = g_strdup("Nothing was done to the guest.");
    else
        dossier->outcome =
            g_strdup_printf("The guest was left as it is. No %s, as the policy would have it: %s.",
                            vitals_action_name(dossier->deed), problem);
}

static void
on_acted(const GError *error, gpointer data)
{
    VitalsCase *item = data;
    const char *action = vitals_action_name(item->dossier->deed);
    g_autofree char *label = vitals_guest_label(item->guest);
    g_autofree char *problem = NULL;

    if (may_act_again(item, error)) {
        item->patience = g_timeout_add(ACT_AGAIN_MS, on_act_again, item);
        return;
    }
    vitals_dossier_note(item->dossier, g_get_real_time(), "%s %s%s%s", action,
                        error ? "failed" : "done", error ? ": " : "", error ? error->message : "");
    if (error)
        g_warning("%s of %s failed: %s", action, label, error->message);
    else
        g_message("%s of %s done", action, label);
    item->guest->revived = !error && item->dossier->deed == VITALS_ACTION_RESET;
    problem = error ? vitals_text_printable(error->message, -1) : NULL;
    set_outcome(item->dossier, problem);
    vitals_dossier_note_deed(item->dossier, error ? "failed" : "done");
    vitals_case_keep(item, vitals_case_acted);
}

static void
leave_alone(VitalsCase *item, const char *why)
{
    const char *action = vitals_action_name(item->dossier->deed);
    g_autofree char *label = vitals_guest_label(item->guest);

    vitals_dossier_note(item->dossier, g_get_real_time(), "no %s: %s", action, why);
    g_message("no %s of %s: %s", action, label, why);
    set_outcome(item->dossier, why);
    vitals_dossier_note_deed(item->dossier, "dropped");
    vitals_case_keep(item, vitals_case_acted);
}

/* Whether the guest may be the worse for an action in the middle of that job: one that is destroyed here while its
 * migration ends runs on at the other side, and started anew it would run twice on one disk. A dump that hangs and
 * a backup harm nobody but themselves. */
static gboolean
forbids(VitalsJob job)
{
    return job != VITALS_JOB_NONE && job != VITALS_JOB_DUMP && job != VITALS_JOB_BACKUP;
}

static void
act(VitalsCase *item)
{
    if (!item->act_until)
        item->act_until = g_get_monotonic_time() + ACT_PATIENCE;
    vitals_capture_act(item->casebook->capture, item->guest->uuid, item->guest->id,
                       item->dossier->deed, on_acted, item);
}

/* The dump took its time, or was given up for this very job. */
static void
on_job(VitalsJob job, const GError *error, gpointer data)
{
    VitalsCase *item = data;
    g_autoptr(GError) unwanted = NULL;

    if (forbids(job)) {
        g_autofree char *why =
            g_strdup_printf("%s of the guest is under way", vitals_job_name(job));

        leave_alone(item, why);
    } else if (!vitals_case_check_wanted(item, &unwanted)) {
        leave_alone(item, unwanted->message);
    } else {
        act(item);
    }
}

/* Behind the last wait for the disk, so that nothing lies between the look and the deed. */
static void
ask_job(VitalsCase *item)
{
    vitals_capture_ask_job(item->casebook->capture, item->guest->uuid, on_job, item);
}

/* What an earlier monitor began counts already. Noted before it is written down, as we may be killed behind that. */
static void
begin(VitalsCase *item)
{
    vitals_dossier_note(item->dossier, g_get_real_time(), "%s begins, as the policy says",
                        vitals_action_name(item->dossier->deed));
    vitals_dossier_note_deed(item->dossier, "begun");
    if (item->dossier->inherited)
        vitals_case_keep(item, ask_job);
    else
        vitals_case_keep_deed(item, ask_job);
}

/* The evidence is safe, or cannot be had: does to the guest what the policy says, then writes it down. */
void
vitals_case_act(VitalsCase *item, gboolean dumped)
{
    g_autoptr(GError) error = NULL;

    if (item->dossier->deed == VITALS_ACTION_NONE) {
        if (!*item->dossier
                  ->outcome) /* else the policy asked for more, and there was a reason against it */
            set_outcome(item->dossier, NULL);
        vitals_case_acted(item);
    } else if (!vitals_case_check_wanted(item, &error)) {
        leave_alone(item, error->message);
    } else if (!dumped && item->action_needs_dump) {
        leave_alone(item, "its memory is not saved (RecoverWithoutDump)");
    } else {
        begin(item);
    }
}
