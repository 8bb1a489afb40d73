/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "monitor/case.h"
#include "monitor/postmortem/facts.h"
#include "config/text.h"

#include <stdarg.h>

/* What has to be over before a guest is dumped or anything else is done to it. Evidence that is not in its
 * memory has been collected meanwhile. */

#define AGAIN_MS 500

static void look(VitalsCase *item);

/* Says what is waited for, on the timeline, in the log and where the capture is listed. */
G_GNUC_PRINTF(2, 3)
static void
tell(VitalsCase *item, const char *format, ...)
{
    g_autofree char *label = vitals_guest_label(item->guest);
    g_autofree char *text = NULL;
    va_list arguments;

    va_start(arguments, format);
    text = g_strdup_vprintf(format, arguments);
    va_end(arguments);
    vitals_dossier_note(item->dossier, g_get_real_time(), "%s", text);
    g_message("%s: %s", label, text);
    if (!item->capture || item->lost)
        return;
    vitals_case_replace(&item->dossier->view->capture_detail, text);
    vitals_case_show(item);
}

static gboolean
on_patience(gpointer data)
{
    VitalsCase *item = data;

    item->patience = 0;
    look(item);
    return G_SOURCE_REMOVE;
}

static void
look_again(VitalsCase *item)
{
    item->patience = g_timeout_add(AGAIN_MS, on_patience, item);
}

static void
go_on(VitalsCase *item)
{
    gboolean dumps = item->capture && !item->lost;

    item->waits = FALSE;
    if (dumps) {
        vitals_case_replace(&item->dossier->view->capture_detail, "");
        vitals_case_dump(item);
    } else {
        vitals_case_act(item, FALSE);
    }
}

/* ---- the guest's own kdump ---- */

static gboolean
waits_for_kdump(VitalsCase *item)
{
    gint64 patience =
        vitals_settings_duration(item->casebook->settings, item->guest->name, "Capture.GuestKdump");
    gint64 now = g_get_monotonic_time();

    if (item->asked_for || !patience || !vitals_signs_kdump_works(&item->guest->watch.signs))
        return FALSE;
    if (!item->kdump_until) {
        g_autofree char *span = vitals_fact_span((double)patience / G_USEC_PER_SEC);

        item->kdump_until = now + patience;
        tell(item, "the guest's own kdump is at work and is given %s (GuestKdump)", span);
    }
    if (now < item->kdump_until)
        return TRUE;
    vitals_dossier_note(item->dossier, g_get_real_time(),
                        "the time of the guest's own kdump is over");
    return FALSE;
}

/* ---- the NMI ---- */

static void
on_nmi(const GError *error, gpointer data)
{
    VitalsCase *item = data;
    gint64 now = g_get_monotonic_time();

    item->nmi_under_way = FALSE;
    item->nmi_until = error ? now : now + item->nmi_wait;
    if (error)
        tell(item, "inject-nmi failed: %s", error->message);
    else
        tell(item, "inject-nmi done; the guest has %.0f s to panic or to dump itself",
             (double)item->nmi_wait / G_USEC_PER_SEC);
}

static void
send_nmi(VitalsCase *item)
{
    vitals_capture_act(item->casebook->capture, item->guest->uuid, item->guest->id,
                       VITALS_ACTION_INJECT_NMI, on_nmi, item);
}

/* A kernel that told the host of its panic has no crash kernel, which would have come first. */
static gboolean
is_nmi_over(const VitalsCase *item)
{
    return item->nmi_until &&
           (g_get_monotonic_time() >= item->nmi_until || item->guest->watch.signs.crashed_at != 0);
}

static gboolean
waits_for_nmi(VitalsCase *item)
{
    if (!item->nmi_wait || is_nmi_over(item))
        return FALSE;
    if (item->nmi_until)
        return TRUE;
    item->nmi_until = G_MAXINT64;
    item->nmi_under_way = TRUE;
    vitals_dossier_note(item->dossier, g_get_real_time(),
                        "inject-nmi begins, before the dump, as the policy says (NmiFirst)");
    vitals_case_keep_deed(item, send_nmi);
    return TRUE;
}

/* ---- other jobs ---- */

static void
on_job(VitalsJob job, const GError *error, gpointer data)
{
    VitalsCase *item = data;
    gint64 patience = vitals_settings_duration(item->casebook->settings, item->guest->name,
                                               "Capture.JobPatience");
    gint64 now = g_get_monotonic_time();
    const char *name = vitals_job_name(job);

    if (job == VITALS_JOB_NONE) { /* or nobody can tell: the dump will */
        go_on(item);
        return;
    }
    if (!item->job_until) {
        item->job_until = now + patience;
        tell(item, "%s of the guest is under way and is waited for (JobPatience)", name);
    }
    if (now < item->job_until) {
        look_again(item);
    } else {
        g_autofree char *span = vitals_fact_span((double)patience / G_USEC_PER_SEC);
        g_autofree char *reason = g_strdup_printf(
            "%s of the guest was under way and did not end within %s (JobPatience)", name, span);

        item->waits = FALSE;
        vitals_case_refuse_dump(item, reason);
    }
}

/* ---- the whole ---- */

static void
look(VitalsCase *item)
{
    if (item->nmi_under_way)
        look_again(item);
    else if (!vitals_case_check_wanted(item, NULL))
        go_on(item); /* which tells why nothing comes of it */
    else if (waits_for_kdump(item) || waits_for_nmi(item))
        look_again(item);
    else if (item->capture && !item->lost)
        vitals_capture_ask_job(item->casebook->capture, item->guest->uuid, on_job, item);
    else
        go_on(item);
}

void
vitals_case_prepare(VitalsCase *item)
{
    /* nobody touches the guest, so nothing has to be over */
    if ((!item->capture || item->lost) && item->dossier->deed == VITALS_ACTION_NONE &&
        !item->nmi_wait) {
        vitals_case_act(item, FALSE);
        return;
    }
    item->waits = TRUE;
    look(item);
}
