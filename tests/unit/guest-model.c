/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/unit/guest-model.h"

#include "probes/probe.h"

const VitalsLimits test_limits = {
    .balloon_deadline = 4,
    .boot_grace = 120 * G_USEC_PER_SEC,
    .stuck_after = 3 * G_USEC_PER_SEC,
    .blocked_after = 10 * G_USEC_PER_SEC,
    .sample_max_age = 30 * G_USEC_PER_SEC,
    .recovery = 4 * G_USEC_PER_SEC,
    .gap_counted = 2 * G_USEC_PER_SEC,
    .agent_deadline = 3,
};

void
test_model_init(TestModel *model, guint phase)
{
    *model = (TestModel){
        .now = 1000 * G_USEC_PER_SEC,
        /* the stamp's seconds begin somewhere else in each phase */
        .wall = G_GINT64_CONSTANT(1700000000) * G_USEC_PER_SEC + phase * 370000,
        .state = VITALS_DOMAIN_RUNNING,
        .vcpus = 1,
        .load = { 0.008 },
        .stamp = 1699999998,
        .counters = TRUE,
        .period = 2 * G_USEC_PER_SEC,
        .poll_in = phase * TEST_STEP,
    };
    vitals_watch_init(&model->watch, model->now, &test_limits, FALSE);
    vitals_watch_set_balloon_period(&model->watch, model->period);
}

void
test_model_boot(TestModel *model)
{
    model->counters = FALSE;
    model->polled = FALSE;
    model->frozen_stamp = TRUE; /* until its driver is there */
    model->load[0] = 0.53;
}

static gboolean
can_run(const TestModel *model)
{
    return model->state == VITALS_DOMAIN_RUNNING &&
           (model->process == VITALS_PROCESS_ALIVE || model->process == VITALS_PROCESS_BLOCKED ||
            model->traced);
}

/* QEMU asks a period after the last answer; the guest answers when it had the CPU time for it. */
static void
balloon_step(TestModel *model, double given)
{
    if (!model->period || model->frozen_stamp ||
        (model->process != VITALS_PROCESS_ALIVE && !model->traced))
        return;
    if (!model->polled) {
        model->poll_in -= TEST_STEP;
        if (model->poll_in > 0)
            return;
        model->polled = TRUE;
        model->owed = model->work;
    }
    model->owed -= (gint64)(given * TEST_STEP);
    if (model->kernel_dead || model->owed > 0)
        return;
    model->polled = FALSE;
    model->poll_in = model->period;
    model->stamp = model->wall / G_USEC_PER_SEC;
    model->counters = TRUE;
}

static void
guest_step(TestModel *model)
{
    double given = 1.0 - model->starvation;

    if (!can_run(model))
        return;
    for (guint i = 0; i < model->vcpus; i++)
        model->vcpu_ns[i] += (guint64)(model->load[i] * given * TEST_STEP * 1000);
    model->starved += (gint64)(model->starvation * TEST_STEP);
    balloon_step(model, given);
}

/* ---- what we would see ---- */

static void
feed(TestModel *model, VitalsSample *sample)
{
    vitals_watch_ingest(&model->watch, sample);
    if (model->witness)
        vitals_watch_ingest(model->witness, sample);
}

static void
put_control(const TestModel *model, VitalsSample *sample)
{
    sample->parts[VITALS_PART_CONTROL] = VITALS_FACT_AVAILABLE;
    sample->control = model->control;
    /* libvirt does not tell since when its channel is lost */
    sample->control_for =
        model->control == VITALS_CONTROL_JOB || model->control == VITALS_CONTROL_OCCUPIED
            ? model->now - model->control_since
            : 0;
}

static void
put_vcpus(const TestModel *model, VitalsSample *sample)
{
    if (model->no_vcpu)
        return;
    sample->parts[VITALS_PART_VCPU] = VITALS_FACT_AVAILABLE;
    sample->vcpus = model->vcpus;
    sample->vcpu_ns = g_new(guint64, model->vcpus);
    /* most counters of the kernel are in ticks of ten milliseconds */
    for (guint i = 0; i < model->vcpus; i++)
        sample->vcpu_ns[i] =
            model->exact ? model->vcpu_ns[i] : model->vcpu_ns[i] / 10000000 * 10000000;
}

static void
sweep(TestModel *model)
{
    g_autoptr(VitalsSample) sample = vitals_sample_new(model->now, model->wall);

    if (model->libvirt_gone)
        return;
    sample->parts[VITALS_PART_STATE] = VITALS_FACT_AVAILABLE;
    sample->state = model->state;
    sample->reason = model->reason;
    if (!vitals_watch_knows_control(&model->watch, model->now))
        put_control(model, sample);
    if (model->no_process)
        put_vcpus(model, sample);
    feed(model, sample);
}

static void
look(TestModel *model)
{
    g_autoptr(VitalsSample) sample = vitals_sample_new(model->now, model->wall);

    sample->parts[VITALS_PART_PROCESS] =
        model->no_process ? VITALS_FACT_ABSENT : VITALS_FACT_AVAILABLE;
    sample->process = model->process;
    sample->process_ran = model->traced;
    sample->starved = model->starved;
    if (!model->thread_blocked)
        model->thread_blocked_at = model->now;
    sample->thread_blocked_for = model->now - model->thread_blocked_at;
    model->starved = 0;
    if (!model->no_process)
        put_vcpus(model, sample);
    feed(model, sample);
}

/* The collector's rules of asking (monitor/collector.c, may_ask()). */
static gboolean
may_ask(const TestModel *model)
{
    const VitalsSigns *signs = &model->watch.signs;

    return model->now >= model->ask_at && !model->libvirt_gone &&
           signs->state == VITALS_DOMAIN_RUNNING && model->state == VITALS_DOMAIN_RUNNING &&
           (!signs->process_at || signs->process == VITALS_PROCESS_ALIVE) &&
           model->process == VITALS_PROCESS_ALIVE && signs->control == VITALS_CONTROL_OK &&
           !signs->capturing;
}

static void
ask(TestModel *model)
{
    g_autoptr(VitalsSample) sample = NULL;
    gint64 pace = model->period;

    if (!may_ask(model))
        return;
    if (pace == 0 || vitals_watch_is_suspicious(&model->watch))
        pace = G_USEC_PER_SEC;
    model->ask_at = model->now + pace - pace / 10;
    sample = vitals_sample_new(model->now, model->wall);
    put_control(model, sample);
    if (model->control != VITALS_CONTROL_OK) {
        feed(model, sample);
        return;
    }
    sample->parts[VITALS_PART_BALLOON] =
        model->job_held ? VITALS_FACT_ABSENT : VITALS_FACT_AVAILABLE;
    sample->last_update = model->stamp;
    sample->has_counters = model->counters;
    sample->usable = 1 << 20;
    if (model->disks &&
        (model->now >= model->look_at || vitals_watch_is_suspicious(&model->watch))) {
        model->look_at = model->now + 5 * G_USEC_PER_SEC;
        sample->parts[VITALS_PART_BLOCK] = VITALS_FACT_AVAILABLE;
        sample->requests = model->requests;
        sample->disk_limit = model->disk_limit;
    }
    feed(model, sample);
}

/* What the collector does in a turn, and when it will come back before the next one. */
static void
cycle(TestModel *model)
{
    if (model->shuffle) {
        ask(model);
        look(model);
        sweep(model);
    } else {
        sweep(model);
        look(model);
        ask(model);
    }
    vitals_watch_tick(&model->watch, model->now);
    if (model->witness)
        vitals_watch_tick(model->witness, model->now);
    model->due = vitals_watch_due(&model->watch);
    if (model->due && model->due < model->ask_at)
        model->ask_at = model->due;
}

void
test_model_step(TestModel *model)
{
    model->now += TEST_STEP;
    model->wall += TEST_STEP;
    model->step++;
    guest_step(model);
    if (model->absent)
        return;
    if (model->step % 10 == 0)
        cycle(model);
    else if (model->due && model->now > model->due)
        cycle(model);
}

void
test_model_run(TestModel *model, guint steps)
{
    while (steps-- > 0)
        test_model_step(model);
}

void
test_model_event(TestModel *model, VitalsEvent event)
{
    g_autoptr(VitalsSample) sample = vitals_sample_new(model->now, model->wall);

    sample->parts[VITALS_PART_EVENT] = VITALS_FACT_AVAILABLE;
    sample->event = event;
    feed(model, sample);
}
