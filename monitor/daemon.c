/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "monitor/daemon.h"
#include "monitor/casebook.h"
#include "monitor/collector.h"
#include "monitor/forecasts.h"
#include "monitor/incident.h"
#include "monitor/ledger.h"
#include "monitor/linter.h"
#include "monitor/web/server.h"
#include "config/text.h"

#include <errno.h>
#include <fcntl.h>
#include <gio/gio.h>
#include <sys/file.h>
#include <sys/statvfs.h>
#include <unistd.h>

/* What a lane is waited for at the end; a call that hangs then is left behind with its thread. */
#define END_PATIENCE (300 * G_TIME_SPAN_MILLISECOND)

/* The longest that a forecast lags behind on disk: a day's bucket hardly changes in that time. */
#define FORECASTS_PERIOD (10 * G_TIME_SPAN_MINUTE)

struct VitalsDaemon {
    VitalsHypervisor *hypervisor;
    VitalsSettings *settings;
    char *uri;
    char *state_dir;
    GMainLoop *loop;
    VitalsAbandoned abandoned;
    VitalsCollector *collector;
    VitalsCasebook *casebook;
    VitalsLedger *ledger;
    VitalsForecasts *forecasts;
    gint64 forecasts_written;
    VitalsLane *disk;
    VitalsLinter *linter;
    VitalsWebServer *web;
    gboolean ledger_changed;
    gboolean ledger_writing;
    gboolean ledger_failed;
    gboolean quitting;
    gboolean published; /* since the last cycle */
    guint publish_soon;
    guint64 bytes_free;
    int lock;
};

/* ---- publishing ---- */

static void
publish(VitalsDaemon *daemon)
{
    g_autoptr(VitalsSnapshot) snapshot = vitals_snapshot_new(g_get_real_time());

    snapshot->uri = g_strdup(daemon->uri);
    snapshot->state_bytes_free = daemon->bytes_free;
    vitals_collector_fill(daemon->collector, snapshot);
    vitals_casebook_fill(daemon->casebook, snapshot);
    snapshot->serves_reports = vitals_settings_boolean(daemon->settings, NULL, "Web.ServeReports");
    if (vitals_linter_report(daemon->linter))
        snapshot->lint = vitals_lint_report_ref(vitals_linter_report(daemon->linter));
    vitals_web_server_publish(daemon->web, snapshot);
    daemon->published = TRUE;
}

static gboolean
on_publish_soon(gpointer data)
{
    VitalsDaemon *daemon = data;

    daemon->publish_soon = 0;
    publish(daemon);
    return G_SOURCE_REMOVE;
}

/* What changed is seen at once, not at the next cycle; many changes at once are one. */
static void
publish_soon(VitalsDaemon *daemon)
{
    if (!daemon->publish_soon && !daemon->quitting)
        daemon->publish_soon = g_idle_add(on_publish_soon, daemon);
}

/* ---- the ledger and the forecasts ---- */

/* @text and @forecasts go to the worker where they are to be written, @bytes_free comes back from it. */
typedef struct {
    VitalsDaemon *daemon;
    char *state_dir;
    char *text;
    VitalsForecastsCopy *forecasts;
    guint64 bytes_free;
} Chore;

static void
chore_free(gpointer data)
{
    Chore *chore = data;

    g_free(chore->state_dir);
    g_free(chore->text);
    vitals_forecasts_copy_free(chore->forecasts);
    g_free(chore);
}

static gpointer
do_chore(VitalsConnection *connection, gpointer data, GError **error)
{
    Chore *chore = data;
    struct statvfs info;

    if (chore->text && !vitals_ledger_write(chore->state_dir, chore->text, error))
        return NULL;
    if (chore->forecasts && !vitals_forecasts_write(chore->state_dir, chore->forecasts, error))
        return NULL;
    if (statvfs(chore->state_dir, &info) == 0)
        chore->bytes_free = (guint64)info.f_bavail * info.f_frsize;
    return chore;
}

static void
on_chore_done(gpointer result, const GError *error, gboolean late, gpointer data)
{
    Chore *chore = data;
    VitalsDaemon *daemon = chore->daemon;

    daemon->ledger_writing = FALSE;
    if (!error) {
        daemon->ledger_failed &= chore->text == NULL;
        daemon->bytes_free = chore->bytes_free;
        return;
    }
    daemon->ledger_changed = TRUE; /* it is still to be written; once is enough to be told */
    if (!daemon->ledger_failed)
        g_warning("%s", error->message);
    daemon->ledger_failed = TRUE;
}

/* Returns: (nullable): what to write, when it is time */
static VitalsForecastsCopy *
forecasts_due(VitalsDaemon *daemon)
{
    g_autoptr(GPtrArray) guests = NULL;
    gint64 now = g_get_monotonic_time();

    if (now - daemon->forecasts_written < FORECASTS_PERIOD)
        return NULL;
    daemon->forecasts_written = now;
    guests = vitals_collector_guests(daemon->collector);
    return vitals_forecasts_copy(guests);
}

static void
start_chore(VitalsDaemon *daemon)
{
    Chore *chore;
    VitalsCall call = { .work = do_chore, .done = on_chore_done, .free_data = chore_free };

    if (daemon->ledger_writing)
        return;
    chore = g_new0(Chore, 1);
    chore->daemon = daemon;
    chore->state_dir = g_strdup(daemon->state_dir);
    chore->text = daemon->ledger_changed ? vitals_ledger_text(daemon->ledger) : NULL;
    chore->forecasts = forecasts_due(daemon);
    daemon->ledger_changed = FALSE;
    daemon->ledger_writing = TRUE;
    call.data = chore;
    vitals_lane_submit(daemon->disk, &call);
}

static void
note_guests(VitalsDaemon *daemon)
{
    g_autoptr(GPtrArray) guests = vitals_collector_guests(daemon->collector);

    for (guint i = 0; i < guests->len; i++) {
        const VitalsGuest *guest = g_ptr_array_index(guests, i);

        /* a guest that we know nothing of needs no entry */
        if (vitals_watch_has_pulse(&guest->watch) || guest->episode != VITALS_HEALTH_HEALTHY ||
            guest->unsettled || guest->period_ours || guest->captured)
            daemon->ledger_changed |= vitals_ledger_note(daemon->ledger, guest);
        else
            daemon->ledger_changed |= vitals_ledger_forget(daemon->ledger, guest);
    }
}

/* What the policy wanted to see for longer first. */
static void
consider_again(VitalsDaemon *daemon)
{
    g_autoptr(GPtrArray) guests = vitals_collector_guests(daemon->collector);
    gint64 now = g_get_monotonic_time();

    for (guint i = 0; i < guests->len; i++) {
        VitalsGuest *guest = g_ptr_array_index(guests, i);

        if (guest->consider_at && now >= guest->consider_at)
            vitals_casebook_consider(daemon->casebook, guest);
    }
}

/* ---- lint ---- */

/* What lint had warned of goes into an incident of that guest. */
static void
tell_guest(VitalsDaemon *daemon, VitalsGuest *guest)
{
    const VitalsLintReport *report = vitals_linter_report(daemon->linter);
    GPtrArray *lines = report ? g_hash_table_lookup(report->lines, guest->uuid) : NULL;

    if (!lines)
        return;
    g_clear_pointer(&guest->warnings, g_ptr_array_unref);
    guest->warnings = g_ptr_array_ref(lines);
}

static void
on_linted(gpointer data)
{
    VitalsDaemon *daemon = data;
    g_autoptr(GPtrArray) guests = vitals_collector_guests(daemon->collector);

    for (guint i = 0; i < guests->len; i++)
        tell_guest(daemon, guests->pdata[i]);
    publish_soon(daemon);
}

static void
on_defined(gpointer data)
{
    VitalsDaemon *daemon = data;

    vitals_linter_hurry(daemon->linter);
}

/* ---- listening ---- */

static void
on_appeared(VitalsGuest *guest, gpointer data)
{
    VitalsDaemon *daemon = data;
    g_autofree char *label = vitals_guest_label(guest);

    vitals_ledger_recall(daemon->ledger, guest);
    vitals_forecasts_recall(daemon->forecasts, guest);
    tell_guest(daemon, guest);
    vitals_linter_hurry(daemon->linter);
    g_info("%s: found, run %d", label, guest->id);
}

static void
on_verdict(VitalsGuest *guest, const VitalsCause *before, gpointer data)
{
    VitalsDaemon *daemon = data;
    const VitalsCause *cause = guest->watch.verdict.cause;
    const char *detail = vitals_verdict_detail(&guest->watch.signs, guest->watch.verdict);
    g_autofree char *label = vitals_guest_label(guest);

    g_message("%s: %s, layer %s, cause %s%s%s (was %s)", label, vitals_health_name(cause->health),
              vitals_layer_name(cause->layer), cause->id, *detail ? ": " : "", detail,
              vitals_health_name(before->health));
    /* before the episode that has its incident ends */
    vitals_casebook_outlived(daemon->casebook, guest, before);
    vitals_casebook_consider(daemon->casebook, guest);
    publish_soon(daemon);
}

static void
on_ended(VitalsGuest *guest, gpointer data)
{
    VitalsDaemon *daemon = data;
    g_autofree char *label = vitals_guest_label(guest);

    g_info("%s: ended, run %d", label, guest->id);
    /* a dump of a moment ago counts for the next run too */
    if (guest->captured)
        daemon->ledger_changed |= vitals_ledger_note(daemon->ledger, guest);
    daemon->ledger_changed |= vitals_ledger_forget(daemon->ledger, guest);
    publish_soon(daemon);
}

static void
on_cycle(gpointer data)
{
    VitalsDaemon *daemon = data;

    if (!daemon->collector)
        return; /* the first cycle runs while it is being made */
    consider_again(daemon);
    note_guests(daemon);
    start_chore(daemon);
    vitals_linter_tick(daemon->linter, g_get_monotonic_time());
    /* the sweep that began with the last cycle published what it brought, unless libvirt is away */
    if (!daemon->published)
        publish(daemon);
    daemon->published = FALSE;
}

static void
on_sampled(gpointer data)
{
    publish_soon(data);
}

static void
on_idle(gpointer data)
{
    VitalsDaemon *daemon = data;

    g_main_loop_quit(daemon->loop);
}

static void
on_case_changed(gpointer data)
{
    publish_soon(data);
}

static void
on_capturing(VitalsGuest *guest, gboolean begins, gpointer data)
{
    VitalsDaemon *daemon = data;

    vitals_collector_set_capturing(daemon->collector, guest, begins);
}

/* ---- the whole ---- */

/* Two monitors on one state directory would take each other's unfinished incidents for left ones. */
static gboolean
lock_state(VitalsDaemon *daemon, GError **error)
{
    g_autofree char *path = g_build_filename(daemon->state_dir, "monitor.lock", NULL);

    daemon->lock = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (daemon->lock >= 0 && flock(daemon->lock, LOCK_EX | LOCK_NB) == 0)
        return TRUE;
    if (errno == EWOULDBLOCK)
        g_set_error(error, G_IO_ERROR, G_IO_ERROR_BUSY,
                    "another monitor uses the state directory %s; end it or give --state-dir",
                    daemon->state_dir);
    else
        g_set_error(error, G_IO_ERROR, g_io_error_from_errno(errno), "cannot lock %s: %s", path,
                    g_strerror(errno));
    return FALSE;
}

static gboolean
start(VitalsDaemon *daemon, GError **error)
{
    static const VitalsCollectorListener collector_listener = {
        .appeared = on_appeared,
        .verdict = on_verdict,
        .ended = on_ended,
        .defined = on_defined,
        .sampled = on_sampled,
        .cycle = on_cycle,
        .idle = on_idle,
        .keeps_state = TRUE,
    };
    static const VitalsCaseListener case_listener = {
        .changed = on_case_changed,
        .capturing = on_capturing,
    };

    if (!vitals_incident_prepare(daemon->state_dir, error) || !lock_state(daemon, error))
        return FALSE;
    daemon->web = vitals_web_server_new(
        vitals_settings_string(daemon->settings, NULL, "Web.ListenAddress"),
        vitals_settings_string(daemon->settings, NULL, "Web.TelemetryPath"), error);
    if (!daemon->web)
        return FALSE;

    daemon->ledger = vitals_ledger_load(daemon->state_dir);
    daemon->forecasts = vitals_forecasts_load(daemon->state_dir);
    daemon->forecasts_written = g_get_monotonic_time();
    daemon->disk = vitals_lane_new("ledger", NULL, 1, &daemon->abandoned);
    daemon->casebook = vitals_casebook_new(daemon->hypervisor, daemon->settings, daemon->state_dir,
                                           TRUE, &daemon->abandoned, &case_listener, daemon);
    daemon->linter = vitals_linter_new(daemon->hypervisor, daemon->settings, "/",
                                       &daemon->abandoned, on_linted, daemon);
    daemon->collector = vitals_collector_new(daemon->hypervisor, daemon->settings,
                                             &daemon->abandoned, &collector_listener, daemon);
    return TRUE;
}

VitalsDaemon *
vitals_daemon_new(VitalsHypervisor *hypervisor, const char *uri, VitalsSettings *settings,
                  GError **error)
{
    g_autoptr(VitalsDaemon) daemon = g_new0(VitalsDaemon, 1);

    daemon->lock = -1;
    daemon->hypervisor = hypervisor;
    daemon->uri = g_strdup(uri);
    daemon->settings = vitals_settings_ref(settings);
    daemon->state_dir = g_strdup(vitals_settings_string(settings, NULL, "Monitor.StateDirectory"));
    daemon->loop = g_main_loop_new(NULL, FALSE);
    daemon->abandoned.limit =
        (guint)vitals_settings_integer(settings, NULL, "Monitor.MaxAbandonedCalls");
    return start(daemon, error) ? g_steal_pointer(&daemon) : NULL;
}

void
vitals_daemon_run(VitalsDaemon *daemon)
{
    g_main_loop_run(daemon->loop);
}

void
vitals_daemon_quit(VitalsDaemon *daemon)
{
    if (daemon->quitting)
        return;
    daemon->quitting = TRUE;
    g_clear_handle_id(&daemon->publish_soon, g_source_remove);
    vitals_collector_stop(daemon->collector);
}

guint16
vitals_daemon_port(const VitalsDaemon *daemon)
{
    return vitals_web_server_port(daemon->web);
}

/* The last state of both: periods that were taken back are not ours any more. */
static void
write_memory(VitalsDaemon *daemon)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *text = NULL;
    g_autoptr(GPtrArray) guests = vitals_collector_guests(daemon->collector);
    g_autoptr(VitalsForecastsCopy) forecasts = vitals_forecasts_copy(guests);

    note_guests(daemon);
    text = vitals_ledger_text(daemon->ledger);
    if (!vitals_ledger_write(daemon->state_dir, text, &error) ||
        !vitals_forecasts_write(daemon->state_dir, forecasts, &error))
        g_warning("%s", error->message);
}

void
vitals_daemon_free(VitalsDaemon *daemon)
{
    if (!daemon)
        return;
    if (daemon->collector)
        write_memory(daemon);
    vitals_web_server_free(daemon->web);
    g_clear_handle_id(&daemon->publish_soon, g_source_remove);
    vitals_casebook_free(daemon->casebook, END_PATIENCE);
    vitals_collector_free(daemon->collector, END_PATIENCE);
    vitals_linter_free(daemon->linter, END_PATIENCE);
    vitals_lane_free(daemon->disk, END_PATIENCE);
    vitals_ledger_free(daemon->ledger);
    vitals_forecasts_free(daemon->forecasts);
    vitals_hypervisor_unref(daemon->hypervisor);
    if (daemon->lock >= 0)
        close(daemon->lock);
    g_main_loop_unref(daemon->loop);
    vitals_settings_unref(daemon->settings);
    g_free(daemon->state_dir);
    g_free(daemon->uri);
    g_free(daemon);
}
