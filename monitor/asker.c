/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "monitor/asker.h"
#include "probes/probe.h"

/* Suspicion is looked into at this pace. */
#define ASK_AGAIN G_USEC_PER_SEC

/* A disk with a limit is looked at this often: the limit may be too tight to live with. */
#define LIMITED_PACE (5 * G_USEC_PER_SEC)

/* An agent that lives answers in milliseconds. libvirt adds up to 5 s of its own to synchronise with one
 * that does not, so such pings have workers of their own: they must not keep a balloon waiting. */
#define AGENT_TIMEOUT_S 2
#define AGENT_PATIENCE (10 * G_TIME_SPAN_SECOND)
#define AGENT_WORKERS 2

struct VitalsAsker {
    VitalsSettings *settings;
    VitalsLane *bulk;
    VitalsLane *agent;
    gint64 deadline;
    GHashTable *guests;
    VitalsAnswer answer;
    gpointer data;
};

/* A question to one guest. @balloon, @block: what is asked; @disk_limit: of its definition */
typedef struct {
    VitalsAsker *asker;
    VitalsGuest *guest;
    char *uuid;
    gint64 sent;
    gboolean balloon;
    gboolean block;
    guint64 disk_limit;
} Errand;

static void
errand_free(gpointer data)
{
    Errand *errand = data;

    vitals_guest_unref(errand->guest);
    g_free(errand->uuid);
    g_free(errand);
}

static Errand *
errand_new(VitalsAsker *asker, VitalsGuest *guest)
{
    Errand *errand = g_new0(Errand, 1);

    errand->asker = asker;
    errand->guest = vitals_guest_ref(guest);
    errand->uuid = g_strdup(guest->uuid);
    errand->sent = g_get_monotonic_time();
    return errand;
}

/* ---- the balloon, or the registers ---- */

/* Looks at the registers come in series, close enough together to be one picture; a guest that stays
 * suspicious because it is busy has one in a minute. */
#define LOOK_AGAIN (G_USEC_PER_SEC / 2)
#define SERIES_AGAIN (60 * G_USEC_PER_SEC)

/* KVM's counters on suspicion; and where libvirt did not tell them, which QEMU or its host cannot. */
#define COUNTERS_AGAIN (10 * G_USEC_PER_SEC)
#define COUNTERS_ABSENT_AGAIN (10 * G_TIME_SPAN_MINUTE)

/* Queues in which requests wait are looked at this often. */
#define QUEUES_AGAIN (5 * G_USEC_PER_SEC)

static gpointer
look_deep(VitalsConnection *connection, gpointer data, GError **error)
{
    Errand *errand = data;

    return connection->hypervisor->driver->registers(connection, errand->uuid, error);
}

static gpointer
look_at_queues(VitalsConnection *connection, gpointer data, GError **error)
{
    Errand *errand = data;

    return connection->hypervisor->driver->queues(connection, errand->uuid, error);
}

static gpointer
look_at_counters(VitalsConnection *connection, gpointer data, GError **error)
{
    Errand *errand = data;

    return connection->hypervisor->driver->kvm(connection, errand->uuid, error);
}

static gpointer
ask(VitalsConnection *connection, gpointer data, GError **error)
{
    Errand *errand = data;
    const VitalsDriver *driver = connection->hypervisor->driver;
    g_autoptr(VitalsSample) sample =
        errand->balloon ? driver->balloon(connection, errand->uuid, error)
                        : vitals_sample_new(g_get_monotonic_time(), g_get_real_time());

    if (!sample || !errand->block)
        return g_steal_pointer(&sample);
    /* its monitor is occupied: not now */
    if (errand->balloon && sample->parts[VITALS_PART_BALLOON] == VITALS_FACT_NOT_ASKED)
        return g_steal_pointer(&sample);
    /* disks that do not tell are no reason to throw the balloon's answer away */
    if (!driver->block(connection, errand->uuid, sample, errand->balloon ? NULL : error))
        return errand->balloon ? g_steal_pointer(&sample) : NULL;
    sample->disk_limit = errand->disk_limit;
    return g_steal_pointer(&sample);
}

static void
on_asked(gpointer result, const GError *error, gboolean late, gpointer data)
{
    Errand *errand = data;
    VitalsGuest *guest = errand->guest;
    g_autoptr(VitalsSample) sample = result;

    guest->asking = FALSE;
    if (late) {
        guest->quarantined = FALSE;
        guest->ask_at = 0;
        vitals_guest_call_returned(guest);
    } else if (sample) {
        errand->asker->answer(guest, sample, errand->asker->data);
    }
}

static void
on_ask_overdue(gpointer data)
{
    Errand *errand = data;
    g_autofree char *label = vitals_guest_label(errand->guest);
    /* neither waiting for a worker nor time in which we were not there is QEMU's */
    gint64 since = MAX(errand->sent, g_get_monotonic_time() - errand->asker->deadline);

    errand->guest->quarantined = TRUE;
    vitals_guest_call_overdue(errand->guest, since);
    g_message("%s: QEMU does not answer; it is asked nothing more until it does", label);
}

/* Whether a question to this guest's QEMU is due, and safe as far as can be told without asking. */
static gboolean
may_ask(const VitalsGuest *guest, gint64 now)
{
    const VitalsSigns *signs = &guest->watch.signs;

    return guest->active && !guest->asking && now >= guest->ask_at && guest->outline &&
           (guest->outline->balloon || guest->outline->disks || guest->outline->kvm) &&
           signs->state == VITALS_DOMAIN_RUNNING &&
           (!signs->process_at || signs->process == VITALS_PROCESS_ALIVE) &&
           signs->control != VITALS_CONTROL_OCCUPIED && signs->control != VITALS_CONTROL_ERROR &&
           !signs->capturing;
}

static gboolean
may_look_deep(const VitalsAsker *asker, const VitalsGuest *guest)
{
    return g_str_equal(vitals_settings_string(asker->settings, guest->name, "Probe.DeepProbe"),
                       "on-suspicion") &&
           !vitals_settings_boolean(asker->settings, NULL, "Monitor.DryRun");
}

/* Whether the queues of its disks are looked at this time. */
static gboolean
are_queues_due(const VitalsAsker *asker, VitalsGuest *guest, gint64 now)
{
    gint64 pace = guest->watch.signs.queues_busy ? QUEUES_AGAIN : SERIES_AGAIN;

    if (!vitals_watch_doubts_disks(&guest->watch) || now < guest->queues_asked + pace ||
        vitals_watch_is_suspicious(&guest->watch) || !may_look_deep(asker, guest))
        return FALSE;
    guest->queues_asked = now;
    return TRUE;
}

/* Whether a deadline has just ended: the balloon's answer is what the verdict waits for. */
static gboolean
is_at_deadline(const VitalsGuest *guest)
{
    return vitals_watch_is_suspicious(&guest->watch) && !vitals_watch_due(&guest->watch) &&
           guest->watch.verdict.cause->health != VITALS_HEALTH_UNRESPONSIVE;
}

/* Whether the registers are looked at this time, instead of the balloon. */
static gboolean
is_look_due(const VitalsAsker *asker, VitalsGuest *guest, gint64 now)
{
    if (!vitals_watch_doubts_vcpus(&guest->watch) || now < guest->look_at ||
        !may_look_deep(asker, guest) || is_at_deadline(guest))
        return FALSE;
    if (guest->looks_left == 0)
        guest->looks_left = VITALS_LOOKS_NEEDED;
    guest->looks_left--;
    guest->look_at = now + (guest->looks_left ? LOOK_AGAIN : SERIES_AGAIN);
    return TRUE;
}

/* Whether KVM's counters of its vCPUs are read this time, instead of the balloon. */
static gboolean
are_counters_due(const VitalsAsker *asker, VitalsGuest *guest, gint64 now)
{
    gint64 pace = vitals_settings_duration(asker->settings, guest->name, "Probe.CounterPeriod");
    gboolean suspected = guest->watch.signs.suspects || vitals_watch_is_suspicious(&guest->watch);

    if (!guest->outline->kvm || !pace || is_at_deadline(guest) ||
        (guest->outline->vcpus < 2 && !suspected))
        return FALSE;
    if (suspected)
        pace = MIN(pace, COUNTERS_AGAIN);
    if (!guest->latest[VITALS_PART_KVM])
        pace = MAX(pace, COUNTERS_ABSENT_AGAIN);
    if (guest->kvm_asked && now < guest->kvm_asked + pace - pace / 10)
        return FALSE;
    guest->kvm_asked = now;
    return TRUE;
}

/* When the disks are to be looked at next, if they are now. */
static gint64
block_pace(const VitalsAsker *asker, const VitalsGuest *guest)
{
    gint64 period = vitals_settings_duration(asker->settings, guest->name, "Probe.BlockPeriod");

    if (!guest->outline->disks || !period)
        return 0;
    if (vitals_watch_is_suspicious(&guest->watch))
        return MIN(period, ASK_AGAIN);
    return guest->outline->disk_limit ? MIN(period, LIMITED_PACE) : period;
}

/* Decides what is asked this time, and when it is asked again. */
static void
plan_questions(const VitalsAsker *asker, VitalsGuest *guest, Errand *errand, gint64 now)
{
    gint64 pace = guest->watch.signs.sources[vitals_probe_index("balloon")].period;
    gint64 due = vitals_watch_due(&guest->watch);
    gint64 disks = block_pace(asker, guest);

    /* all a tenth early, so that a cycle that comes a little early does not skip a turn */
    errand->balloon = guest->outline->balloon;
    errand->block = disks && now >= guest->block_asked + disks - disks / 10;
    errand->disk_limit = guest->outline->disk_limit;
    if (errand->block)
        guest->block_asked = now;
    if (pace == 0 || vitals_watch_is_suspicious(&guest->watch))
        pace = ASK_AGAIN;
    if (!errand->balloon)
        pace = disks ? disks : G_TIME_SPAN_MINUTE;
    if (guest->outline->kvm)
        pace = MIN(pace, COUNTERS_AGAIN);
    guest->ask_at = now + pace - pace / 10;
    if (due > now)
        guest->ask_at = MIN(guest->ask_at, due);
}

static void
ask_guest(VitalsAsker *asker, VitalsGuest *guest, gint64 now)
{
    Errand *errand = errand_new(asker, guest);
    VitalsCall call = {
        .work = ask,
        .done = on_asked,
        .overdue = on_ask_overdue,
        .deadline = asker->deadline,
        .data = errand,
        .free_data = errand_free,
        .free_result = (GDestroyNotify)vitals_sample_unref,
    };

    if (is_look_due(asker, guest, now))
        call.work = look_deep;
    else if (are_queues_due(asker, guest, now))
        call.work = look_at_queues;
    else if (are_counters_due(asker, guest, now))
        call.work = look_at_counters;
    if (call.work != ask) {
        guest->asking = TRUE;
        vitals_lane_submit(asker->bulk, &call);
        return;
    }
    plan_questions(asker, guest, errand, now);
    if (!errand->balloon && !errand->block) {
        errand_free(errand);
        return;
    }
    guest->asking = TRUE;
    vitals_lane_submit(asker->bulk, &call);
}

void
vitals_asker_ask(VitalsAsker *asker)
{
    gint64 now = g_get_monotonic_time();
    GHashTableIter iter;
    gpointer guest;

    g_hash_table_iter_init(&iter, asker->guests);
    while (g_hash_table_iter_next(&iter, NULL, &guest)) {
        if (may_ask(guest, now))
            ask_guest(asker, guest, now);
    }
}

/* ---- the guest agent ---- */

static gpointer
ping(VitalsConnection *connection, gpointer data, GError **error)
{
    Errand *errand = data;

    return connection->hypervisor->driver->ping_agent(connection, errand->uuid, AGENT_TIMEOUT_S,
                                                      error);
}

static void
on_pinged(gpointer result, const GError *error, gboolean late, gpointer data)
{
    Errand *errand = data;
    g_autoptr(VitalsSample) sample = result;

    errand->guest->pinging = FALSE;
    if (sample && !late)
        errand->asker->answer(errand->guest, sample, errand->asker->data);
}

static gboolean
may_ping(const VitalsGuest *guest, gint64 now)
{
    const VitalsSigns *signs = &guest->watch.signs;

    return guest->active && !guest->pinging && now >= guest->ping_at && guest->outline &&
           guest->outline->agent && signs->state == VITALS_DOMAIN_RUNNING &&
           signs->process == VITALS_PROCESS_ALIVE && !guest->quarantined && !signs->capturing;
}

static void
ping_guest(VitalsAsker *asker, VitalsGuest *guest, gint64 now)
{
    gint64 period = vitals_settings_duration(asker->settings, guest->name, "Probe.AgentPeriod");
    VitalsCall call = {
        .work = ping,
        .done = on_pinged,
        .deadline = AGENT_PATIENCE,
        .data = errand_new(asker, guest),
        .free_data = errand_free,
        .free_result = (GDestroyNotify)vitals_sample_unref,
    };

    vitals_watch_set_agent_period(&guest->watch, period);
    guest->ping_at = now + (period ? period : G_TIME_SPAN_MINUTE);
    if (!period) {
        errand_free(call.data);
        return;
    }
    /* a kernel that is suspiciously quiet may be heard here, in time for the verdict */
    if (vitals_watch_is_suspicious(&guest->watch))
        guest->ping_at = now + MIN(period, ASK_AGAIN);
    guest->pinging = TRUE;
    vitals_lane_submit(asker->agent, &call);
}

void
vitals_asker_ping(VitalsAsker *asker)
{
    gint64 now = g_get_monotonic_time();
    GHashTableIter iter;
    gpointer guest;

    g_hash_table_iter_init(&iter, asker->guests);
    while (g_hash_table_iter_next(&iter, NULL, &guest)) {
        VitalsGuest *one = guest;

        if (vitals_watch_is_suspicious(&one->watch))
            one->ping_at = MIN(one->ping_at, now);
        if (may_ping(one, now))
            ping_guest(asker, one, now);
    }
}

/* ---- the whole ---- */

VitalsAsker *
vitals_asker_new(VitalsHypervisor *hypervisor, VitalsSettings *settings, VitalsLane *bulk,
                 VitalsAbandoned *abandoned, GHashTable *guests, VitalsAnswer answer, gpointer data)
{
    VitalsAsker *asker = g_new0(VitalsAsker, 1);

    asker->settings = vitals_settings_ref(settings);
    asker->bulk = bulk;
    asker->agent = vitals_lane_new("agent", hypervisor, AGENT_WORKERS, abandoned);
    asker->deadline = vitals_settings_duration(settings, NULL, "Monitor.CallDeadline");
    asker->guests = guests;
    asker->answer = answer;
    asker->data = data;
    return asker;
}

gboolean
vitals_asker_free(VitalsAsker *asker, gint64 patience)
{
    gboolean ended;

    if (!asker)
        return TRUE;
    ended = vitals_lane_free(asker->agent, patience);
    vitals_settings_unref(asker->settings);
    g_free(asker);
    return ended;
}
