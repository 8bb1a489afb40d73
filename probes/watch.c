/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "probes/watch.h"
#include "probes/probe.h"

#include <string.h>

/* An answer takes a guest a millisecond of CPU, so one that gets most of the CPU it asks for could have
 * given it: of its starvation no more than a fifth of the time counts. One that gets next to nothing could
 * not, and all of it counts. In between, all of it counts up to a share of the time: a kernel that boots by
 * kexec needs seconds of CPU to its balloon's driver, but a dead one that spins on a busy host is starved too,
 * by about half (measured), and has to be found as well. */
#define STARVED_ALTOGETHER 0.9
#define STARVED_MUCH 0.3
#define STARVED_MUCH_COUNTS 0.5
#define STARVED_COUNTS 0.2

/* A beat may have been this much later than it is dated: stamps are whole seconds. */
#define BEAT_ERROR G_USEC_PER_SEC

void
vitals_watch_init(VitalsWatch *watch, gint64 now, const VitalsLimits *limits, gboolean boot_seen)
{
    *watch = (VitalsWatch){
        .limits = *limits,
        .verdict = vitals_verdict_initial(now),
        .signs = { .now = now, .started = now, .boot_seen = boot_seen },
    };
}

void
vitals_watch_resume_silence(VitalsWatch *watch)
{
    VitalsSource *balloon = &watch->signs.sources[vitals_probe_index("balloon")];

    /* it had figures as it had a pulse: if they are gone at the first look, it was reset since */
    balloon->armed = TRUE;
    balloon->had_counters = TRUE;
    watch->signs.resumed_at = watch->signs.now;
}

void
vitals_watch_recall_pulse(VitalsWatch *watch)
{
    watch->signs.pulse_recalled = TRUE;
}

gboolean
vitals_watch_has_pulse(const VitalsWatch *watch)
{
    const VitalsSigns *signs = &watch->signs;

    /* what was recalled and not looked at yet is as it was */
    return (signs->sources[vitals_probe_index("balloon")].armed ||
            (signs->pulse_recalled && !signs->monitor_at)) &&
           !vitals_signs_kernel_is_heard(signs);
}

static void
set_pace(VitalsWatch *watch, const char *probe, gint64 period, guint deadline)
{
    VitalsSource *source = &watch->signs.sources[vitals_probe_index(probe)];

    /* silence at the old pace says nothing by the deadline of the new one */
    if (source->period != period)
        source->run_at_beat = watch->signs.run_clock;
    source->period = period;
    source->deadline = period * deadline;
}

void
vitals_watch_set_balloon_period(VitalsWatch *watch, gint64 period)
{
    set_pace(watch, "balloon", period, watch->limits.balloon_deadline);
}

void
vitals_watch_set_agent_period(VitalsWatch *watch, gint64 period)
{
    set_pace(watch, "agent", period, watch->limits.agent_deadline);
}

/* The shares of CPU and of starvation are counted anew. */
static void
forget_since_beat(VitalsSigns *signs)
{
    signs->starved = 0;
    signs->paused = 0;
    signs->vcpu_ns_at_beat = signs->vcpu_ns;
    memcpy(signs->each_ns_at_beat, signs->each_ns, sizeof signs->each_ns);
    signs->vcpu_at_beat = signs->vcpu_at;
}

/* The guest runs its own programme anew: what armed before proves nothing now. */
static void
start_over(VitalsSigns *signs, gint64 now)
{
    signs->started = now;
    signs->boot_seen = TRUE;
    signs->crashed_at = 0;
    signs->crash_loaded_at = 0;
    signs->died_at = 0;
    signs->watchdog_at = 0;
    signs->looks_at = 0;
    memset(signs->kvm, 0, sizeof signs->kvm);
    signs->kvm_at = 0;
    memset(signs->said, 0, sizeof signs->said);
    signs->console_lied = FALSE;
    signs->booted_at = 0;
    signs->resumed_at = 0;
    signs->pulse_recalled = FALSE;
    signs->fs_frozen_at = 0;
    signs->agent_left_at = 0;
    signs->block_moved_at = 0;
    signs->queues_at = 0;
    signs->queues_busy = FALSE;
    signs->queue_stuck_for = 0;
    signs->lifeless_for = 0;
    signs->still_for = 0;
    signs->quietest_ns = 0;
    signs->run_at_boot = signs->run_clock;
    forget_since_beat(signs);
    for (guint i = 0; i < VITALS_SOURCES_MAX; i++) {
        signs->sources[i].armed = FALSE;
        signs->sources[i].beats = 0;
        signs->sources[i].run_at_beat = signs->run_clock;
        signs->sources[i].had_counters = FALSE;
    }
}

/* Amnesty: what could not be heard in the meantime is not held against the guest. */
static void
forgive_silence(VitalsSigns *signs)
{
    for (guint i = 0; i < VITALS_SOURCES_MAX; i++)
        signs->sources[i].run_at_beat = signs->run_clock;
}

/* What of @starved, of the time @elapsed, is taken off the guest's time. All its vCPUs together @used so much: that
 * they were given, whoever else of them waited meanwhile. */
static gint64
starvation_counted(gint64 elapsed, gint64 starved, gint64 used)
{
    double share = elapsed > 0 ? (double)starved / (double)elapsed : 0.0;
    gint64 counted = MIN(starved, (gint64)((double)elapsed * STARVED_COUNTS));

    if (share >= STARVED_ALTOGETHER)
        return starved;
    if (share >= STARVED_MUCH)
        counted =
            MAX(counted, MIN((gint64)((double)elapsed * STARVED_MUCH_COUNTS), elapsed - used));
    return MIN(counted, starved);
}

/*
 * The guest's own time: it passes while libvirt says that the guest runs, QEMU is neither stopped
 * nor stuck in the kernel (a blocked main thread passes no question on) and the host gives it CPU, and
 * only as far as we were there to see. @before is what held until now.
 */
static void
advance_run_clock(VitalsSigns *signs, const VitalsSigns *before, const VitalsLimits *limits)
{
    guint64 used_ns = signs->vcpu_ns - MIN(signs->vcpu_ns, signs->vcpu_ns_at_clock);
    gint64 elapsed;

    if (before->state_at == 0 || signs->state_at <= before->state_at)
        return;
    signs->vcpu_ns_at_clock = signs->vcpu_ns;
    if (before->state != VITALS_DOMAIN_RUNNING || signs->state != VITALS_DOMAIN_RUNNING ||
        signs->process != VITALS_PROCESS_ALIVE || signs->overdue_since || signs->capturing)
        return;

    elapsed = MIN(signs->state_at - before->state_at, limits->gap_counted);
    signs->run_clock += elapsed - starvation_counted(elapsed, MIN(signs->starve_debt, elapsed),
                                                     (gint64)(used_ns / 1000));
    /* what was starved in time that was not counted is no debt of the time to come */
    signs->starve_debt = CLAMP(signs->starve_debt - elapsed, 0, limits->gap_counted);
}

/* Paused at either end is paused in between: who has less time uses a larger share of it,
 * but never more than all of it. */
static void
count_pause(VitalsSigns *signs, const VitalsSigns *before)
{
    if (before->state_at == 0 || signs->state_at <= before->state_at)
        return;
    if (before->state != VITALS_DOMAIN_RUNNING || signs->state != VITALS_DOMAIN_RUNNING)
        signs->paused += signs->state_at - before->state_at;
}

/*
 * An answer came in between two sweeps, and the second one proves now that the guest was running
 * meanwhile: up to the answer, silence counts. All starvation is taken to have been before it. Which
 * of the two came in first is chance, and must not cost a sample's period.
 */
static void
prove_silence(VitalsSigns *signs, const VitalsSigns *before)
{
    for (guint i = 0; i < VITALS_SOURCES_MAX; i++) {
        VitalsSource *source = &signs->sources[i];
        gint64 proven = signs->run_clock - (signs->state_at - source->answer_at);

        if (source->answer_at > before->state_at && source->answer_at <= signs->state_at)
            source->run_at_answer = MAX(source->run_at_answer, proven);
    }
}

/* @before: what held until now. A probe that can date the new beat has changed its source's. */
static void
note_beat(const VitalsProbe *probe, const VitalsSample *sample, VitalsSigns *signs,
          VitalsSource *source, const VitalsSigns *before, const VitalsLimits *limits)
{
    const VitalsSource *old = &before->sources[source - signs->sources];
    gint64 ahead = sample->at - before->state_at;

    if (source->last_beat == old->last_beat)
        source->last_beat = sample->at;
    /* The run clock stands where the last sweep left it; a beat since then is ahead of it. It never goes
     * back before the last beat: the run clock may have stood still in between. */
    ahead = before->state_at ? CLAMP(ahead, 0, limits->gap_counted) : 0;
    source->run_at_beat =
        MAX(source->run_at_beat, before->run_clock + ahead - (sample->at - source->last_beat));
    source->beats++;
    if (source->beats >= probe->arms_at)
        source->armed = TRUE;

    if (probe->layer == VITALS_LAYER_KERNEL) {
        forget_since_beat(signs);
        /* what is dated before the crash, and only seen after it, does not disprove it */
        if (source->last_beat > signs->crashed_at)
            signs->crashed_at = 0;
    }
}

/* A guest that goes on did not panic, whatever stood on its console; but what its crash kernel writes is no
 * going on. */
static void
doubt_panic(VitalsSigns *signs)
{
    if (!vitals_signs_panic_is_disproven(signs) || vitals_signs_kdump_works(signs))
        return;
    signs->said[VITALS_SAID_PANIC] = (VitalsHeard){ 0 };
    signs->console_lied = TRUE;
}

/* The balloon's figures are the forecast's food; a guest that starts anew has all its memory again. */
static void
follow_memory(VitalsWatch *watch, const VitalsSample *sample, gboolean reset)
{
    VitalsForecastResult result;

    if (reset)
        vitals_forecast_reset(&watch->forecast);
    else if (vitals_sample_has(sample, VITALS_PART_BALLOON) && sample->has_counters)
        vitals_forecast_feed(&watch->forecast, sample->realtime, sample->available, sample->usable);
    result = vitals_forecast_result(&watch->forecast, sample->realtime);
    watch->signs.exhaustion_in = result.seconds > 0 ? result.seconds * G_USEC_PER_SEC : 0;
}

/* Seen so twice at least: one that is traced is stopped for moments, and what is silent for longer is silent. */
static gboolean
was_held(const VitalsSigns *signs)
{
    return (signs->process == VITALS_PROCESS_STOPPED || signs->process == VITALS_PROCESS_FROZEN) &&
           signs->process_at > signs->process_since;
}

static gboolean
decide(VitalsWatch *watch)
{
    VitalsVerdict before = watch->verdict;

    const VitalsSigns *signs = &watch->signs;
    gboolean state_is_ours = signs->state_at < signs->capture_ended &&
                             signs->now - signs->capture_ended <= watch->limits.sample_max_age;

    if (signs->capturing || state_is_ours)
        return FALSE;
    watch->verdict = vitals_verdict_decide(&watch->signs, &watch->limits, before);
    return watch->verdict.cause != before.cause;
}

gboolean
vitals_watch_ingest(VitalsWatch *watch, const VitalsSample *sample)
{
    VitalsSigns *signs = &watch->signs;
    const VitalsSigns before = *signs;
    gboolean reset = FALSE;

    signs->now = MAX(signs->now, sample->at);
    for (guint i = 0; vitals_probes[i]; i++) {
        VitalsSource *source = &signs->sources[i];

        switch (vitals_probes[i]->absorb(sample, signs, source)) {
        case VITALS_PULSE_BEAT:
            note_beat(vitals_probes[i], sample, signs, source, &before, &watch->limits);
            break;
        case VITALS_PULSE_RESET:
            reset = TRUE;
            break;
        case VITALS_PULSE_NONE:
            break;
        }
    }
    advance_run_clock(signs, &before, &watch->limits);
    count_pause(signs, &before);
    prove_silence(signs, &before);
    if (sample->at > before.vcpu_at && vitals_sample_has(sample, VITALS_PART_VCPU) &&
        !vitals_signs_is_quiet(signs, BEAT_ERROR))
        forget_since_beat(signs);
    if (!vitals_signs_is_quiet(signs, 0))
        signs->block_base_at = 0;
    if (was_held(&before) && signs->process == VITALS_PROCESS_ALIVE)
        forgive_silence(signs);
    doubt_panic(signs);
    if (reset)
        start_over(signs, sample->at);
    follow_memory(watch, sample, reset);
    return decide(watch);
}

gboolean
vitals_watch_tick(VitalsWatch *watch, gint64 now)
{
    watch->signs.now = MAX(watch->signs.now, now);
    return decide(watch);
}

void
vitals_watch_call_overdue(VitalsWatch *watch, gint64 since)
{
    if (!watch->signs.overdue_since)
        watch->signs.overdue_since = since;
}

void
vitals_watch_call_returned(VitalsWatch *watch, gint64 now)
{
    watch->signs.now = MAX(watch->signs.now, now);
    watch->signs.overdue_since = 0;
    forgive_silence(&watch->signs);
}

void
vitals_watch_set_capturing(VitalsWatch *watch, gint64 now, gboolean capturing)
{
    watch->signs.now = MAX(watch->signs.now, now);
    if (watch->signs.capturing && !capturing)
        watch->signs.capture_ended = now;
    watch->signs.capturing = capturing;
}

gboolean
vitals_watch_is_suspicious(const VitalsWatch *watch)
{
    return vitals_signs_is_quiet(&watch->signs, 0);
}

/* Each question to the balloon brings news of the monitor, which are good for a little longer than the slowest
 * pace at which one is asked by default. */
#define CONTROL_HOLDS (5 * G_USEC_PER_SEC)

gboolean
vitals_watch_knows_control(const VitalsWatch *watch, gint64 now)
{
    const VitalsSigns *signs = &watch->signs;

    return signs->control_at != 0 && now - signs->control_at < CONTROL_HOLDS &&
           signs->control == VITALS_CONTROL_OK && !signs->overdue_since &&
           !vitals_watch_is_suspicious(watch);
}

/* When the silence of all the kernel's sources is proven, if the guest goes on running; 0 if one has none. */
static gint64
kernel_due(const VitalsSigns *signs)
{
    gint64 left = -1;

    for (guint i = 0; vitals_probes[i]; i++) {
        const VitalsSource *source = &signs->sources[i];

        if (vitals_probes[i]->layer == VITALS_LAYER_KERNEL && vitals_source_has_deadline(source))
            left = MAX(left, source->run_at_beat + source->deadline - signs->run_clock);
    }
    /* a microsecond more, as what has just reached its deadline is not past it */
    return left >= 0 && signs->state == VITALS_DOMAIN_RUNNING ? signs->state_at + left + 1 : 0;
}

gint64
vitals_watch_due(const VitalsWatch *watch)
{
    const VitalsSigns *signs = &watch->signs;
    gint64 kernel = kernel_due(signs);
    gint64 process =
        signs->process == VITALS_PROCESS_STOPPED || signs->process == VITALS_PROCESS_FROZEN
            ? signs->process_since + watch->limits.stuck_after
            : 0;

    if (process > signs->now)
        return process;
    return kernel > signs->now ? kernel : 0;
}

gboolean
vitals_watch_doubts_disks(const VitalsWatch *watch)
{
    const VitalsSigns *signs = &watch->signs;

    return signs->queues_busy ||
           (signs->block_moved_at != 0 && signs->block_at > signs->block_moved_at);
}

gboolean
vitals_watch_doubts_vcpus(const VitalsWatch *watch)
{
    return (vitals_watch_is_suspicious(watch) || watch->signs.suspects != 0) &&
           !vitals_signs_nothing_armed(&watch->signs);
}
