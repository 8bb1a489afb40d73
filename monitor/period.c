/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "monitor/period.h"

/* An end that takes longer than this is no clean end any more. */
#define UNDO_PATIENCE_MS 3000

/* After a failure that may pass the definition is read again, as somebody else may have set a period
 * meanwhile, and then ours is tried again. */
#define TRY_AGAIN (5 * G_USEC_PER_SEC)

/* A guest without a period falls silent and would be taken for dead: what only waits for an answer to another
 * question, which takes milliseconds, does not wait long. */
#define TRY_SOON (G_USEC_PER_SEC / 2)

struct VitalsPeriod {
    VitalsSettings *settings;
    VitalsLane *lane;
    gint64 deadline;
    guint pending;
    guint timeout;
    void (*done)(gpointer data);
    gpointer data;
};

typedef struct {
    VitalsPeriod *period;
    VitalsGuest *guest;
    char *uuid;
    guint seconds;
} Change;

static void
change_free(gpointer data)
{
    Change *change = data;

    vitals_guest_unref(change->guest);
    g_free(change->uuid);
    g_free(change);
}

static gpointer
apply(VitalsConnection *connection, gpointer data, GError **error)
{
    Change *change = data;

    return connection->hypervisor->driver->set_balloon_period(connection, change->uuid,
                                                              change->seconds, error)
               ? change
               : NULL;
}

static void
on_overdue(gpointer data)
{
    Change *change = data;

    change->guest->quarantined = TRUE;
    vitals_guest_call_overdue(change->guest, g_get_monotonic_time());
}

static void
on_set(gpointer result, const GError *error, gboolean late, gpointer data)
{
    Change *change = data;
    VitalsGuest *guest = change->guest;
    g_autofree char *label = vitals_guest_label(guest);

    guest->asking = FALSE;
    if (late) {
        guest->quarantined = FALSE;
        vitals_guest_call_returned(guest);
    }
    if (error) {
        g_info("%s: %s", label, error->message);
        if (!g_error_matches(error, VITALS_HYPERVISOR_ERROR, VITALS_HYPERVISOR_ERROR_UNSUPPORTED))
            guest->define_at = g_get_monotonic_time() + TRY_AGAIN;
        return;
    }
    guest->period_ours = TRUE;
    vitals_watch_set_balloon_period(&guest->watch, change->seconds * G_USEC_PER_SEC);
    g_message("%s: balloon statistics every %u s (was not set)", label, change->seconds);
}

static void
submit(VitalsPeriod *period, VitalsGuest *guest, guint seconds, VitalsDone done)
{
    Change *change = g_new0(Change, 1);
    VitalsCall call = {
        .work = apply,
        .done = done,
        .overdue = on_overdue,
        .deadline = period->deadline,
        .data = change,
        .free_data = change_free,
    };

    change->period = period;
    change->guest = vitals_guest_ref(guest);
    change->uuid = g_strdup(guest->uuid);
    change->seconds = seconds;
    guest->asking = TRUE; /* one question to a QEMU at a time */
    vitals_lane_submit(period->lane, &call);
}

void
vitals_period_settle(VitalsPeriod *period, VitalsGuest *guest)
{
    const VitalsOutline *outline = guest->outline;
    gint64 wanted = vitals_settings_duration(period->settings, guest->name, "Probe.BalloonPeriod");
    /* libvirt's period is in whole seconds */
    guint seconds = (guint)((wanted + G_USEC_PER_SEC - 1) / G_USEC_PER_SEC);

    if (!outline->balloon)
        return;
    if (outline->balloon_period > 0) {
        vitals_watch_set_balloon_period(&guest->watch, outline->balloon_period * G_USEC_PER_SEC);
        return;
    }
    /* nobody beats now, also if somebody did before */
    vitals_watch_set_balloon_period(&guest->watch, 0);
    if (seconds == 0 || vitals_settings_boolean(period->settings, NULL, "Monitor.DryRun"))
        return;
    if (guest->asking) {
        guest->define_at = g_get_monotonic_time() + (guest->quarantined ? TRY_AGAIN : TRY_SOON);
        return;
    }
    submit(period, guest, seconds, on_set);
}

/* ---- taking it back ---- */

static void
finish(VitalsPeriod *period)
{
    g_clear_handle_id(&period->timeout, g_source_remove);
    if (period->done)
        period->done(period->data);
    period->done = NULL;
}

static gboolean
on_patience_over(gpointer data)
{
    VitalsPeriod *period = data;

    period->timeout = 0;
    g_warning("%u guest(s) did not answer when their balloon period was to be taken back",
              period->pending);
    finish(period);
    return G_SOURCE_REMOVE;
}

static void
on_undone(gpointer result, const GError *error, gboolean late, gpointer data)
{
    Change *change = data;
    VitalsPeriod *period = change->period;

    if (!error)
        change->guest->period_ours = FALSE;
    if (--period->pending == 0)
        finish(period);
}

static gboolean
on_nothing_to_undo(gpointer data)
{
    VitalsPeriod *period = data;

    period->timeout = 0;
    finish(period);
    return G_SOURCE_REMOVE;
}

void
vitals_period_undo(VitalsPeriod *period, GPtrArray *guests, void (*done)(gpointer data),
                   gpointer data)
{
    period->done = done;
    period->data = data;
    for (guint i = 0; i < guests->len; i++) {
        VitalsGuest *guest = g_ptr_array_index(guests, i);

        if (!guest->period_ours || guest->quarantined ||
            guest->watch.verdict.cause->health == VITALS_HEALTH_STUCK)
            continue;
        period->pending++;
        submit(period, guest, 0, on_undone);
    }
    period->timeout = period->pending ? g_timeout_add(UNDO_PATIENCE_MS, on_patience_over, period)
                                      : g_timeout_add(0, on_nothing_to_undo, period);
}

VitalsPeriod *
vitals_period_new(VitalsSettings *settings, VitalsLane *lane, gint64 deadline)
{
    VitalsPeriod *period = g_new0(VitalsPeriod, 1);

    period->settings = vitals_settings_ref(settings);
    period->lane = lane;
    period->deadline = deadline;
    return period;
}

void
vitals_period_free(VitalsPeriod *period)
{
    if (!period)
        return;
    g_clear_handle_id(&period->timeout, g_source_remove);
    vitals_settings_unref(period->settings);
    g_free(period);
}
