/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "monitor/collector.h"
#include "monitor/asker.h"
#include "monitor/consoles.h"
#include "monitor/definitions.h"
#include "monitor/host.h"
#include "monitor/period.h"

/* Xen says that the new run started before it says that the old one stopped, 40 ms apart (measured):
 * a stop that comes so soon after a start is about the run before. */
#define STOP_IS_OLD G_USEC_PER_SEC

struct VitalsCollector {
    VitalsSettings *settings;
    VitalsCollectorListener listener;
    gpointer data;

    VitalsLane *events;
    VitalsLane *cheap;
    VitalsLane *bulk; /* per-guest questions that may wait for QEMU */
    VitalsLane *proc;
    VitalsHost *host;
    VitalsDefinitions *definitions;
    VitalsPeriod *period;
    VitalsAsker *asker;
    VitalsConsoles *consoles;
    VitalsAbandoned *abandoned;

    GHashTable *guests; /* by UUID */
    gint64 deadline;
    gint64 sample_period;
    guint ticker;
    guint due;
    gboolean stopping;

    gboolean subscribed;
    gboolean subscribing;
    gboolean sweeping;
    gint64 sweep_started;
    gint64 cycle_duration;
    gboolean looking;
    gboolean attempted;
    gboolean connected;
    gboolean ready;
};

/* ---- records ---- */

static void
ingest(VitalsCollector *collector, VitalsGuest *guest, VitalsSample *sample)
{
    const VitalsCause *before = guest->watch.verdict.cause;

    if (vitals_guest_ingest(guest, sample))
        collector->listener.verdict(guest, before, collector->data);
}

static void
on_answer(VitalsGuest *guest, VitalsSample *sample, gpointer data)
{
    VitalsCollector *collector = data;

    if (guest->active && !collector->stopping)
        ingest(collector, guest, sample);
}

static void
follow_console(VitalsCollector *collector, const VitalsGuest *guest)
{
    g_autofree char *label = vitals_guest_label(guest);
    gboolean wanted = guest->active &&
                      vitals_settings_boolean(collector->settings, guest->name, "Console.Follow");
    const char *path = wanted && guest->outline ? guest->outline->console_log : NULL;

    if (wanted && guest->outline && !path &&
        vitals_settings_boolean(collector->settings, guest->name, "Console.Stream"))
        path = guest->outline->console_pty;
    vitals_consoles_follow(collector->consoles, guest->uuid, guest->id, label, path);
}

static void
on_heard(const char *uuid, int id, VitalsSample *sample, VitalsConsoleCounts *counts, gpointer data)
{
    VitalsCollector *collector = data;
    VitalsGuest *guest = g_hash_table_lookup(collector->guests, uuid);

    if (!guest || guest->id != id || !guest->active || collector->stopping)
        return;
    vitals_console_counts_unref(guest->console);
    guest->console = vitals_console_counts_ref(counts);
    if (sample)
        ingest(collector, guest, sample);
}

static void
on_definition(VitalsGuest *guest, gpointer data)
{
    VitalsCollector *collector = data;

    vitals_period_settle(collector->period, guest);
    follow_console(collector, guest);
}

static VitalsGuest *
begin_run(VitalsCollector *collector, const char *uuid, const char *name, int id,
          gboolean boot_seen)
{
    VitalsGuest *guest = vitals_guest_new(collector->settings, uuid, name, id, boot_seen);

    g_hash_table_replace(collector->guests, g_strdup(uuid), guest);
    collector->listener.appeared(guest, collector->data);
    vitals_definitions_fetch(collector->definitions, guest);
    return guest;
}

static void
end_run(VitalsCollector *collector, VitalsGuest *guest)
{
    guest->active = FALSE;
    follow_console(collector, guest);
    collector->listener.ended(guest, collector->data);
}

/* The record of this run; another number than the one we know is another run. */
static VitalsGuest *
guest_of_run(VitalsCollector *collector, const char *uuid, const char *name, int id,
             gboolean boot_seen)
{
    VitalsGuest *guest = g_hash_table_lookup(collector->guests, uuid);

    if (guest && guest->id == id)
        return guest;
    if (guest)
        end_run(collector, guest);
    return begin_run(collector, uuid, name, id, boot_seen);
}

/* ---- events ---- */

static VitalsSample *
event_sample(VitalsEvent event)
{
    VitalsSample *sample = vitals_sample_new(g_get_monotonic_time(), g_get_real_time());

    sample->parts[VITALS_PART_EVENT] = VITALS_FACT_AVAILABLE;
    sample->event = event;
    return sample;
}

static gboolean
is_stop(VitalsEvent event)
{
    return event == VITALS_EVENT_STOPPED || event == VITALS_EVENT_STOPPED_CRASHED ||
           event == VITALS_EVENT_STOPPED_FAILED;
}

static void
on_event(const char *uuid, const char *name, int id, VitalsEvent event, const char *detail,
         gpointer data)
{
    VitalsCollector *collector = data;
    g_autoptr(VitalsSample) sample = event_sample(event);
    VitalsGuest *guest = g_hash_table_lookup(collector->guests, uuid);

    if (collector->stopping)
        return;
    if (collector->listener.defined &&
        (event == VITALS_EVENT_DEFINED || event == VITALS_EVENT_UNDEFINED))
        collector->listener.defined(collector->data);
    if (event == VITALS_EVENT_STARTED && id > 0)
        guest = guest_of_run(collector, uuid, name, id, TRUE);
    if (!guest)
        return;
    if (event == VITALS_EVENT_STARTED && g_str_equal(detail, VITALS_DETAIL_BOOTED))
        guest->booted = vitals_host_ticks();
    if (is_stop(event)) {
        if (sample->at - guest->watch.signs.started < STOP_IS_OLD)
            return;
        /* told before it is judged: there is nothing left to dump */
        guest->active = FALSE;
        follow_console(collector, guest);
    } else {
        guest->seen = sample->at;
    }
    if (event == VITALS_EVENT_REBOOT)
        vitals_consoles_rebooted(collector->consoles, uuid);
    if (event == VITALS_EVENT_CHANGED)
        guest->define_at = sample->at;
    vitals_guest_ref(guest);
    ingest(collector, guest, sample);
    vitals_guest_unref(guest);
}

static void
on_closed(gpointer data)
{
    VitalsCollector *collector = data;

    collector->subscribed = FALSE;
}

static gpointer
subscribe(VitalsConnection *connection, gpointer data, GError **error)
{
    return connection->hypervisor->driver->subscribe(connection, on_event, on_closed, data, error)
               ? data
               : NULL;
}

static void
on_subscribed(gpointer result, const GError *error, gboolean late, gpointer data)
{
    VitalsCollector *collector = data;

    collector->subscribing = FALSE;
    /* a worker that is late closes its connection, and the subscription with it */
    collector->subscribed = result != NULL && !late;
    if (error)
        g_debug("events: %s", error->message);
}

static void
ensure_events(VitalsCollector *collector)
{
    VitalsCall call = {
        .work = subscribe,
        .done = on_subscribed,
        .deadline = collector->deadline,
        .data = collector,
    };

    if (collector->subscribed || collector->subscribing)
        return;
    collector->subscribing = TRUE;
    vitals_lane_submit(collector->events, &call);
}

/* ---- the sweep ---- */

/* A sweep on its way. @spared: (element-type utf8 VitalsSpare): by UUID */
typedef struct {
    VitalsCollector *collector;
    GHashTable *spared;
} SweepErrand;

static void
sweep_errand_free(gpointer data)
{
    SweepErrand *errand = data;

    g_hash_table_unref(errand->spared);
    g_free(errand);
}

static SweepErrand *
sweep_errand_new(VitalsCollector *collector)
{
    SweepErrand *errand = g_new0(SweepErrand, 1);
    gint64 now = g_get_monotonic_time();
    GHashTableIter iter;
    gpointer uuid;
    gpointer guest;

    errand->collector = collector;
    errand->spared = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    g_hash_table_iter_init(&iter, collector->guests);
    while (g_hash_table_iter_next(&iter, &uuid, &guest)) {
        VitalsSpare spared = vitals_guest_spares(guest, now);

        if (spared)
            g_hash_table_insert(errand->spared, g_strdup(uuid), GUINT_TO_POINTER(spared));
    }
    return errand;
}

static gpointer
sweep(VitalsConnection *connection, gpointer data, GError **error)
{
    const SweepErrand *errand = data;

    return connection->hypervisor->driver->sweep(connection, errand->spared, error);
}

/* A definition that was read while libvirt was starting the guest lacks what the start settles, as the names of
 * its ptys. */
static void
note_start(VitalsGuest *guest, const VitalsSample *sample)
{
    gboolean starting =
        sample->state == VITALS_DOMAIN_PAUSED && sample->reason == VITALS_REASON_STARTING;

    if (sample->parts[VITALS_PART_STATE] != VITALS_FACT_AVAILABLE)
        return;
    if (guest->starting && !starting)
        guest->define_at = sample->at;
    guest->starting = starting;
}

static void
take_sighting(VitalsCollector *collector, VitalsSighting *sighting)
{
    VitalsGuest *guest = g_hash_table_lookup(collector->guests, sighting->uuid);

    /* seen before the event that told of its end */
    if (guest && guest->id == sighting->id && !guest->active)
        return;
    /* asked before the event that told of the run we know: this is the run before it */
    if (guest && guest->id != sighting->id && guest->seen > sighting->sample->at)
        return;
    guest = guest_of_run(collector, sighting->uuid, sighting->name, sighting->id, collector->ready);
    guest->seen = MAX(guest->seen, sighting->sample->at);
    note_start(guest, sighting->sample);
    ingest(collector, guest, sighting->sample);
}

static gboolean
is_over(gpointer uuid, gpointer value, gpointer data)
{
    VitalsCollector *collector = data;
    VitalsGuest *guest = value;

    if (guest->seen >= collector->sweep_started)
        return FALSE;
    end_run(collector, guest);
    return TRUE;
}

/* Says so once when it changes, and at the first attempt. */
static void
set_connected(VitalsCollector *collector, gboolean connected, const GError *error)
{
    if (!collector->attempted || collector->connected != connected) {
        if (connected)
            g_message("connected to libvirt");
        else
            g_warning("libvirt: %s; trying again until it answers", error->message);
    }
    collector->attempted = TRUE;
    collector->connected = connected;
}

static void
on_swept(gpointer result, const GError *error, gboolean late, gpointer data)
{
    VitalsCollector *collector = ((SweepErrand *)data)->collector;
    g_autoptr(GPtrArray) sightings = result;

    collector->sweeping = FALSE;
    set_connected(collector, !error, error);
    /* a late answer is of a time that is past: the next sweep is due at once */
    if (!sightings || late || collector->stopping)
        return;
    collector->cycle_duration = g_get_monotonic_time() - collector->sweep_started;
    for (guint i = 0; i < sightings->len; i++)
        take_sighting(collector, g_ptr_array_index(sightings, i));
    g_hash_table_foreach_remove(collector->guests, is_over, collector);
    collector->ready = TRUE;
    collector->listener.sampled(collector->data);
}

static void
on_sweep_overdue(gpointer data)
{
    VitalsCollector *collector = ((SweepErrand *)data)->collector;
    g_autoptr(GError) error =
        g_error_new(VITALS_HYPERVISOR_ERROR, VITALS_HYPERVISOR_ERROR_TIMED_OUT,
                    "no answer within %.1f s", (double)collector->deadline / G_USEC_PER_SEC);

    set_connected(collector, FALSE, error);
}

static void
start_sweep(VitalsCollector *collector)
{
    VitalsCall call = {
        .work = sweep,
        .done = on_swept,
        .overdue = on_sweep_overdue,
        .deadline = collector->deadline,
        .free_data = sweep_errand_free,
        .free_result = (GDestroyNotify)g_ptr_array_unref,
    };

    if (collector->sweeping)
        return;
    call.data = sweep_errand_new(collector);
    collector->sweeping = TRUE;
    collector->sweep_started = g_get_monotonic_time();
    vitals_lane_submit(collector->cheap, &call);
}

/* ---- /proc ---- */

static gpointer
look(VitalsConnection *connection, gpointer data, GError **error)
{
    gpointer *arguments = data;

    return vitals_host_look(arguments[0], arguments[1]);
}

static void
look_free(gpointer data)
{
    gpointer *arguments = data;

    g_ptr_array_unref(arguments[1]);
    g_free(arguments);
}

static void
on_looked(gpointer result, const GError *error, gboolean late, gpointer data)
{
    gpointer *arguments = data;
    VitalsCollector *collector = arguments[2];
    g_autoptr(GPtrArray) sightings = result;

    collector->looking = FALSE;
    if (collector->stopping)
        return;
    for (guint i = 0; sightings && !late && i < sightings->len; i++) {
        VitalsSighting *sighting = g_ptr_array_index(sightings, i);
        VitalsGuest *guest = g_hash_table_lookup(collector->guests, sighting->uuid);

        if (guest && guest->active)
            ingest(collector, guest, sighting->sample);
    }
    /* right behind the look, so that hardly anything can happen to a QEMU in between */
    vitals_asker_ask(collector->asker);
}

static void
start_look(VitalsCollector *collector)
{
    gpointer *arguments;
    GPtrArray *wanted;
    GHashTableIter iter;
    gpointer guest;
    VitalsCall call = {
        .work = look,
        .done = on_looked,
        .deadline = collector->deadline,
        .free_data = look_free,
        .free_result = (GDestroyNotify)g_ptr_array_unref,
    };

    if (collector->looking) {
        vitals_asker_ask(collector->asker); /* /proc itself hangs: what it said last has to do */
        return;
    }
    wanted = g_ptr_array_new_with_free_func((GDestroyNotify)vitals_wanted_free);
    g_hash_table_iter_init(&iter, collector->guests);
    while (g_hash_table_iter_next(&iter, NULL, &guest)) {
        const VitalsGuest *one = guest;

        g_ptr_array_add(wanted, vitals_wanted_new(one->uuid, one->booted));
    }

    arguments = g_new(gpointer, 3);
    arguments[0] = collector->host;
    arguments[1] = wanted;
    arguments[2] = collector;
    call.data = arguments;
    collector->looking = TRUE;
    vitals_lane_submit(collector->proc, &call);
}

/* ---- the cycle ---- */

/* A balloon that falls silent may have been given another pace, or none, by somebody else: that is no
 * death, and the live definition tells. */
static void
doubt(VitalsGuest *guest, gint64 now)
{
    gboolean suspicious = vitals_watch_is_suspicious(&guest->watch);

    if (suspicious && !guest->doubted && guest->outline)
        guest->define_at = now;
    guest->doubted = suspicious;
}

/* A look so long behind a deadline is past it for certain, whatever the jitter of timers. */
#define BEHIND (20 * G_TIME_SPAN_MILLISECOND)

/* The soonest that one look may come behind another. */
#define DUE_SPACING (100 * G_TIME_SPAN_MILLISECOND)

static gboolean
on_due(gpointer data)
{
    VitalsCollector *collector = data;

    collector->due = 0;
    start_sweep(collector);
    start_look(collector);
    return G_SOURCE_REMOVE;
}

/* Where a guest's deadline ends before the next cycle it is looked at right then: what proves the silence has
 * to come in behind its end, and a cycle's period later would be so much lost. */
static void
plan_look(VitalsCollector *collector, gint64 now)
{
    gint64 soonest = now + collector->sample_period;
    GHashTableIter iter;
    gpointer guest;

    g_clear_handle_id(&collector->due, g_source_remove);
    g_hash_table_iter_init(&iter, collector->guests);
    while (g_hash_table_iter_next(&iter, NULL, &guest)) {
        VitalsGuest *one = guest;
        gint64 due = one->active ? vitals_watch_due(&one->watch) + BEHIND : 0;

        if (due <= now || due >= now + collector->sample_period)
            continue;
        soonest = MIN(soonest, MAX(due, now + DUE_SPACING));
    }
    if (soonest < now + collector->sample_period)
        collector->due = g_timeout_add((guint)((soonest - now + 999) / 1000), on_due, collector);
}

static void
tick_guests(VitalsCollector *collector)
{
    gint64 now = g_get_monotonic_time();
    g_autoptr(GList) guests = g_hash_table_get_values(collector->guests);

    for (GList *link = guests; link; link = link->next) {
        VitalsGuest *guest = link->data;
        const VitalsCause *before = guest->watch.verdict.cause;

        if (!guest->active)
            continue;
        if (vitals_watch_tick(&guest->watch, now))
            collector->listener.verdict(guest, before, collector->data);
        doubt(guest, now);
        if (guest->define_at && now >= guest->define_at)
            vitals_definitions_fetch(collector->definitions, guest);
    }
    plan_look(collector, now);
}

static gboolean
on_ticker(gpointer data)
{
    VitalsCollector *collector = data;

    ensure_events(collector);
    start_sweep(collector);
    start_look(collector);
    vitals_asker_ping(collector->asker);
    vitals_consoles_check(collector->consoles);
    tick_guests(collector);
    collector->listener.cycle(collector->data);
    return G_SOURCE_CONTINUE;
}

/* ---- for others ---- */

static int
by_name(gconstpointer a, gconstpointer b)
{
    const VitalsGuest *const *left = a;
    const VitalsGuest *const *right = b;

    return g_strcmp0((*left)->name, (*right)->name);
}

GPtrArray *
vitals_collector_guests(const VitalsCollector *collector)
{
    GPtrArray *guests = g_ptr_array_new();
    GHashTableIter iter;
    gpointer guest;

    g_hash_table_iter_init(&iter, collector->guests);
    while (g_hash_table_iter_next(&iter, NULL, &guest)) {
        if (((VitalsGuest *)guest)->active)
            g_ptr_array_add(guests, guest);
    }
    g_ptr_array_sort(guests, by_name);
    return guests;
}

VitalsGuest *
vitals_collector_find(const VitalsCollector *collector, const char *domain)
{
    g_autoptr(GPtrArray) guests = vitals_collector_guests(collector);

    for (guint i = 0; i < guests->len; i++) {
        VitalsGuest *guest = g_ptr_array_index(guests, i);

        if (g_str_equal(guest->name, domain) || g_ascii_strcasecmp(guest->uuid, domain) == 0)
            return guest;
    }
    return NULL;
}

void
vitals_collector_set_capturing(VitalsCollector *collector, VitalsGuest *guest, gboolean capturing)
{
    vitals_watch_set_capturing(&guest->watch, g_get_monotonic_time(), capturing);
}

void
vitals_collector_fill(const VitalsCollector *collector, VitalsSnapshot *snapshot)
{
    gint64 now = g_get_monotonic_time();
    g_autoptr(GPtrArray) guests = vitals_collector_guests(collector);

    for (guint i = 0; i < guests->len; i++) {
        VitalsGuest *guest = g_ptr_array_index(guests, i);

        g_ptr_array_add(snapshot->guests, vitals_guest_view(guest, now, snapshot->realtime));
        snapshot->quarantined += guest->quarantined;
    }
    snapshot->connected = collector->connected;
    snapshot->ready = collector->ready;
    snapshot->abandoned_calls = collector->abandoned->abandoned;
    snapshot->reconnects_total = vitals_lane_reconnects(collector->cheap);
    snapshot->cycle_duration = collector->cycle_duration;
}

static void
on_periods_undone(gpointer data)
{
    VitalsCollector *collector = data;

    collector->listener.idle(collector->data);
}

void
vitals_collector_stop(VitalsCollector *collector)
{
    g_autoptr(GPtrArray) guests = vitals_collector_guests(collector);

    collector->stopping = TRUE;
    g_clear_handle_id(&collector->ticker, g_source_remove);
    g_clear_handle_id(&collector->due, g_source_remove);
    vitals_period_undo(collector->period, guests, on_periods_undone, collector);
}

VitalsCollector *
vitals_collector_new(VitalsHypervisor *hypervisor, VitalsSettings *settings,
                     VitalsAbandoned *abandoned, const VitalsCollectorListener *listener,
                     gpointer data)
{
    VitalsCollector *collector = g_new0(VitalsCollector, 1);
    guint workers = (guint)vitals_settings_integer(settings, NULL, "Monitor.GuestWorkers");

    collector->settings = vitals_settings_ref(settings);
    collector->listener = *listener;
    collector->data = data;
    collector->abandoned = abandoned;
    collector->deadline = vitals_settings_duration(settings, NULL, "Monitor.CallDeadline");
    collector->sample_period = vitals_settings_duration(settings, NULL, "Monitor.SamplePeriod");
    collector->guests =
        g_hash_table_new_full(g_str_hash, g_str_equal, g_free, (GDestroyNotify)vitals_guest_unref);
    collector->host = vitals_host_new("/");
    collector->events = vitals_lane_new("events", hypervisor, 1, abandoned);
    collector->cheap = vitals_lane_new("cheap", hypervisor, 1, abandoned);
    collector->bulk = vitals_lane_new("guest", hypervisor, workers, abandoned);
    vitals_lane_set_thrifty(collector->bulk);
    collector->proc = vitals_lane_new("proc", NULL, 1, abandoned);
    collector->definitions =
        vitals_definitions_new(collector->cheap, collector->deadline, on_definition, collector);
    collector->period = vitals_period_new(settings, collector->bulk, collector->deadline);
    collector->asker = vitals_asker_new(hypervisor, settings, collector->bulk, abandoned,
                                        collector->guests, on_answer, collector);
    collector->consoles = vitals_consoles_new(
        listener->keeps_state ? vitals_settings_string(settings, NULL, "Monitor.StateDirectory")
                              : NULL,
        abandoned, on_heard, collector);
    collector->ticker =
        g_timeout_add((guint)(collector->sample_period / 1000), on_ticker, collector);
    on_ticker(collector);
    return collector;
}

gboolean
vitals_collector_free(VitalsCollector *collector, gint64 patience)
{
    gboolean ended;
    gboolean looked;

    if (!collector)
        return TRUE;
    g_clear_handle_id(&collector->ticker, g_source_remove);
    g_clear_handle_id(&collector->due, g_source_remove);
    ended = vitals_lane_free(collector->events, patience);
    ended = vitals_lane_free(collector->cheap, patience) && ended;
    ended = vitals_lane_free(collector->bulk, patience) && ended;
    ended = vitals_asker_free(collector->asker, patience) && ended;
    looked = vitals_lane_free(collector->proc, patience);
    /* a thread that hangs on its disk needs nothing of ours */
    vitals_consoles_free(collector->consoles, patience);
    vitals_definitions_free(collector->definitions);
    vitals_period_free(collector->period);
    if (looked) /* a thread that hangs may still use it */
        vitals_host_free(collector->host);
    g_hash_table_unref(collector->guests);
    vitals_settings_unref(collector->settings);
    g_free(collector);
    return ended && looked;
}
