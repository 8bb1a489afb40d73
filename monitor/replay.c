/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "monitor/replay.h"
#include "monitor/policy.h"

/* The recording's pace is learnt from so many samples before they are judged. */
#define LOOKAHEAD 64

/* Within a gap time passes at the sample period for so many steps, then in ever longer ones: nothing
 * but deadlines can change there, and a gap may last for years. */
#define EVEN_STEPS 60

/* @ahead: (element-type VitalsSample): read, not judged yet; %NULL once the watch runs */
typedef struct {
    const VitalsSettings *settings;
    VitalsReplay *replay;
    VitalsRecordingHeader header;
    GPtrArray *ahead;
    VitalsWatch watch;
    gint64 period;
    gint64 realtime;
    gint64 realtime_at;
} Player;

static void
change_free(gpointer data)
{
    VitalsReplayChange *change = data;

    g_strfreev(change->evidence);
    g_free(change);
}

void
vitals_replay_free(VitalsReplay *replay)
{
    if (!replay)
        return;
    g_free(replay->domain);
    g_ptr_array_unref(replay->changes);
    g_free(replay);
}

static void
note_change(Player *player, const VitalsCause *before)
{
    const VitalsWatch *watch = &player->watch;
    VitalsReplay *replay = player->replay;
    VitalsReplayChange *change;

    if (replay->changes->len >= VITALS_REPLAY_CHANGES_MAX) {
        replay->left_off++;
        return;
    }
    change = g_new0(VitalsReplayChange, 1);
    change->at = watch->signs.now;
    change->realtime = player->realtime + (watch->signs.now - player->realtime_at);
    change->cause = watch->verdict.cause;
    change->before = before;
    change->response = vitals_policy_response(vitals_trouble_of(change->cause), replay->domain,
                                              NULL, player->settings);
    change->evidence = vitals_verdict_evidence(&watch->signs, &watch->limits);
    g_ptr_array_add(replay->changes, change);
}

/* Time passes until @until, as it does between two sweeps. */
static void
pass_time(Player *player, gint64 until)
{
    gint64 step = player->period;
    gint64 now = player->watch.signs.now;

    for (guint i = 0; now + step < until; i++) {
        const VitalsCause *before = player->watch.verdict.cause;

        now += step;
        if (vitals_watch_tick(&player->watch, now))
            note_change(player, before);
        if (i >= EVEN_STEPS)
            step *= 2;
    }
}

/* A question that was overdue stands in the recording as a balloon that timed out, and its late end as
 * any other state of it. */
static void
follow_calls(Player *player, const VitalsSample *sample)
{
    VitalsFactState balloon = sample->parts[VITALS_PART_BALLOON];

    if (balloon == VITALS_FACT_TIMED_OUT)
        vitals_watch_call_overdue(&player->watch, sample->at);
    else if (balloon != VITALS_FACT_NOT_ASKED && player->watch.signs.overdue_since)
        vitals_watch_call_returned(&player->watch, sample->at);
}

static void
play(Player *player, VitalsSample *sample)
{
    const VitalsCause *before;

    pass_time(player, sample->at);
    if (sample->realtime) {
        player->realtime = sample->realtime;
        player->realtime_at = sample->at;
    }
    player->replay->last = MAX(player->replay->last, sample->at);
    before = player->watch.verdict.cause;
    follow_calls(player, sample);
    if (vitals_watch_ingest(&player->watch, sample))
        note_change(player, before);
}

static int
compare_times(gconstpointer a, gconstpointer b)
{
    gint64 left = *(const gint64 *)a;
    gint64 right = *(const gint64 *)b;

    return (left > right) - (left < right);
}

/* The usual time between two states; 0 if there are not enough of them to say. */
static gint64
pace_of(const GPtrArray *samples)
{
    g_autoptr(GArray) gaps = g_array_new(FALSE, FALSE, sizeof(gint64));
    const VitalsSample *before = NULL;

    for (guint i = 0; i < samples->len; i++) {
        const VitalsSample *sample = g_ptr_array_index(samples, i);
        gint64 gap = before ? sample->at - before->at : 0;

        if (!vitals_sample_has(sample, VITALS_PART_STATE))
            continue;
        if (before)
            g_array_append_val(gaps, gap);
        before = sample;
    }
    if (gaps->len < 3)
        return 0;
    g_array_sort(gaps, compare_times);
    return g_array_index(gaps, gint64, gaps->len / 2);
}

static gint64
period_or(gint64 told, const Player *player, const char *name)
{
    return told >= 0 ? told
                     : vitals_settings_duration(player->settings, player->replay->domain, name);
}

/* The watch begins with the first sample; what was read ahead is judged. */
static void
begin(Player *player)
{
    g_autoptr(GPtrArray) samples = g_steal_pointer(&player->ahead);
    const VitalsRecordingHeader *header = &player->header;
    VitalsReplay *replay = player->replay;
    VitalsLimits limits;

    if (samples->len == 0)
        return;
    if (!replay->domain)
        replay->domain = g_strdup(header->domain ? header->domain : "");
    limits = vitals_guest_limits(player->settings, replay->domain);
    /* facts of a recording that looked seldom last until the next look */
    limits.sample_max_age = MAX(limits.sample_max_age, 3 * pace_of(samples));
    replay->first = replay->last = ((VitalsSample *)samples->pdata[0])->at;
    vitals_watch_init(&player->watch, replay->first, &limits, header->boot_seen);
    if (header->pulse_recalled)
        vitals_watch_recall_pulse(&player->watch);
    vitals_watch_set_balloon_period(
        &player->watch, period_or(header->balloon_period, player, "Probe.BalloonPeriod"));
    vitals_watch_set_agent_period(&player->watch,
                                  period_or(header->agent_period, player, "Probe.AgentPeriod"));
    for (guint i = 0; i < samples->len; i++)
        play(player, g_ptr_array_index(samples, i));
}

static void
on_header(const VitalsRecordingHeader *header, gpointer data)
{
    Player *player = data;

    vitals_recording_header_clear(&player->header);
    player->header = *header;
    player->header.domain = g_strdup(header->domain);
}

static void
on_sample(VitalsSample *sample, gpointer data)
{
    Player *player = data;

    player->replay->samples++;
    if (!player->ahead) {
        play(player, sample);
        return;
    }
    g_ptr_array_add(player->ahead, vitals_sample_ref(sample));
    if (player->ahead->len >= LOOKAHEAD)
        begin(player);
}

VitalsReplay *
vitals_replay_file(const char *path, const char *domain, const VitalsSettings *settings,
                   GError **error)
{
    g_autoptr(VitalsReplay) replay = g_new0(VitalsReplay, 1);
    Player player = {
        .settings = settings,
        .replay = replay,
        .header = { .balloon_period = -1, .agent_period = -1 },
        .ahead = g_ptr_array_new_with_free_func((GDestroyNotify)vitals_sample_unref),
        .period = vitals_settings_duration(settings, NULL, "Monitor.SamplePeriod"),
    };
    gboolean read;

    replay->domain = g_strdup(domain);
    replay->changes = g_ptr_array_new_with_free_func(change_free);
    read = vitals_recording_read(path, on_header, on_sample, &player, error);
    if (read && player.ahead)
        begin(&player);
    g_clear_pointer(&player.ahead, g_ptr_array_unref);
    vitals_recording_header_clear(&player.header);
    return read ? g_steal_pointer(&replay) : NULL;
}
