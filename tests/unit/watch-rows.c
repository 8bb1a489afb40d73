/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/unit/watch-rows.h"

static gboolean
is_alarm(const VitalsCause *cause)
{
    return cause->health == VITALS_HEALTH_UNRESPONSIVE || cause->health == VITALS_HEALTH_CRASHED ||
           cause->health == VITALS_HEALTH_STUCK ||
           (cause->health == VITALS_HEALTH_PAUSED && cause->layer != VITALS_LAYER_NONE);
}

static void
complain(const TestRow *row, guint phase, guint offset, guint t, const TestModel *model,
         const char *what)
{
    g_auto(GStrv) evidence = vitals_verdict_evidence(&model->watch.signs, &test_limits);
    g_autofree char *lines = g_strjoinv("\n  ", evidence);

    g_test_message("%s: phase 0.%u s, fault at +0.%u s, %.1f s after it: %s: %s\n  %s", row->name,
                   phase, offset, t / 10.0, what, model->watch.verdict.cause->id, lines);
    g_test_fail();
}

/* Returns: whether the row held */
static gboolean
run_row(const TestRow *row, guint phase, guint offset, gboolean shuffle)
{
    guint lasts = row->lasts ? row->lasts : 60 SECONDS;
    gboolean called = FALSE;
    TestModel model;

    test_model_init(&model, phase);
    model.shuffle = shuffle;
    if (row->set_up)
        row->set_up(&model);
    test_model_run(&model, FAULT_AT + offset);
    for (guint t = 0; t < lasts; t++) {
        const VitalsCause *cause;

        if (row->script)
            row->script(&model, t);
        cause = model.watch.verdict.cause;
        if (is_alarm(cause) && !called) {
            called = TRUE;
            if (!row->within || t > row->within ||
                (g_strcmp0(cause->id, row->cause) != 0 && g_strcmp0(cause->id, row->first) != 0)) {
                complain(row, phase, offset, t, &model, "wrong or late");
                return FALSE;
            }
        } else if (called && is_alarm(vitals_cause_find(row->cause)) && !is_alarm(cause)) {
            complain(row, phase, offset, t, &model, "called back");
            return FALSE;
        }
        test_model_step(&model);
    }
    if (g_str_equal(model.watch.verdict.cause->id, row->cause) && called == (row->within > 0))
        return TRUE;
    complain(row, phase, offset, lasts, &model, "at the end");
    return FALSE;
}

static void
test_row(gconstpointer data)
{
    const TestRow *row = data;

    for (guint phase = 0; phase < 20; phase++) {
        for (guint offset = 0; offset<20; offset += row->lasts> 90 SECONDS ? 10 : 1) {
            if (!run_row(row, phase, offset, FALSE) || !run_row(row, phase, offset, TRUE))
                return;
        }
    }
}

void
test_rows_add(const TestRow *rows, gsize count)
{
    for (gsize i = 0; i < count; i++) {
        g_autofree char *path = g_strconcat("/watch/", rows[i].name, NULL);

        g_test_add_data_func(path, &rows[i], test_row);
    }
}

/* ---- what rows of several topics do to the model ---- */

void
model_halt(TestModel *model, guint t)
{
    model->kernel_dead = TRUE;
    model->load[0] = model->load[1] = 0.0;
}

void
model_crash(TestModel *model, guint t)
{
    if (t != 3)
        return;
    model->kernel_dead = TRUE;
    model->state = VITALS_DOMAIN_CRASHED;
    model->reason = VITALS_REASON_CRASHED;
    test_model_event(model, VITALS_EVENT_CRASHED);
}

/* The guest's last stamp is from before the crash, but is seen after it. */
void
model_crash_and_go_on_running(TestModel *model, guint t)
{
    model->kernel_dead = TRUE;
    model->load[0] = 0.9;
    if (t == 0)
        test_model_event(model, VITALS_EVENT_CRASHED);
}

/* Ten seconds apart, as the daemon asks. */
void
model_ping(TestModel *model, guint t, VitalsAgent agent, gboolean fs_frozen)
{
    g_autoptr(VitalsSample) sample = vitals_sample_new(model->now, model->wall);

    if (t % 100 != 0)
        return;
    vitals_watch_set_agent_period(&model->watch, 10 * G_USEC_PER_SEC);
    sample->parts[VITALS_PART_AGENT] = VITALS_FACT_AVAILABLE;
    sample->agent = agent;
    sample->fs_frozen = fs_frozen;
    vitals_watch_ingest(&model->watch, sample);
}

void
model_be_busy(TestModel *model)
{
    model->load[0] = 0.97;
}

void
model_have_two_vcpus(TestModel *model)
{
    model->vcpus = 2;
}

void
model_have_four_vcpus(TestModel *model)
{
    model->vcpus = 4;
}

void
model_be_busy_on_two(TestModel *model)
{
    model->vcpus = 2;
    model->load[0] = model->load[1] = 0.97;
}

void
model_have_no_driver(TestModel *model)
{
    model->frozen_stamp = TRUE;
    model->counters = FALSE;
    model->stamp = 0;
}

void
model_hide_vcpus(TestModel *model)
{
    model->no_vcpu = TRUE;
}

void
model_hide_process(TestModel *model)
{
    model->no_process = TRUE;
}
