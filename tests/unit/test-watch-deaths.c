/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/unit/watch-rows.h"

#include <string.h>

/* Guests whose kernel dies, by kind: called in time, by the right name and never called back. */

static void
spin(TestModel *model, guint t)
{
    model->kernel_dead = TRUE;
    model->load[0] = 0.86;
}

/* Two guests that spin on one core: each is starved half of the time. */
static void
spin_starved(TestModel *model, guint t)
{
    spin(model, t);
    model->starvation = 0.5;
}

static void
spin_on_first_of_two(TestModel *model, guint t)
{
    model->kernel_dead = TRUE;
    model->load[0] = 0.96;
    model->load[1] = 0.04;
}

/* Four that spin on two cores that others want too: the one that waits longest gets next to nothing. */
static void
spin_on_four(TestModel *model, guint t)
{
    model->kernel_dead = TRUE;
    for (guint i = 0; i < model->vcpus; i++)
        model->load[i] = 1.0;
    model->starvation = 0.8;
}

/* The other one is idle, and waits for it. */
static void
halt_second_of_two(TestModel *model, guint t)
{
    model->kernel_dead = TRUE;
    model->load[0] = 0.008;
    model->load[1] = 0.0;
}

static void
crash_without_event(TestModel *model, guint t)
{
    model->kernel_dead = TRUE;
    model->state = VITALS_DOMAIN_CRASHED;
}

static void
crash_and_be_destroyed(TestModel *model, guint t)
{
    if (t == 2) {
        model->kernel_dead = TRUE;
        model->state = VITALS_DOMAIN_PAUSED;
        model->reason = VITALS_REASON_CRASHED;
        test_model_event(model, VITALS_EVENT_PAUSED);
        test_model_event(model, VITALS_EVENT_CRASHED);
    }
    if (t == 16) {
        model->libvirt_gone = TRUE; /* no sweep finds it any more */
        test_model_event(model, VITALS_EVENT_STOPPED_CRASHED);
    }
}

static const TestRow rows[] = {
    { "panic-loop", NULL, spin, "kernel-spinning", "kernel-silent", 12 SECONDS },
    { "panic-loop-of-busy", model_be_busy, spin, "kernel-spinning", NULL, 12 SECONDS },
    { "panic-loop-on-busy-host", NULL, spin_starved, "kernel-spinning", "kernel-silent",
      18 SECONDS },
    { "spin-no-process", model_hide_process, spin, "kernel-spinning", NULL, 12 SECONDS },
    { "spin-first-of-two", model_have_two_vcpus, spin_on_first_of_two, "vcpu-hung", NULL,
      12 SECONDS },
    { "spin-all-of-four", model_have_four_vcpus, spin_on_four, "kernel-spinning", NULL,
      16 SECONDS },
    { "halted", NULL, model_halt, "kernel-halted", NULL, 12 SECONDS },
    { "halted-of-busy", model_be_busy, model_halt, "kernel-halted", NULL, 12 SECONDS },
    { "halted-second-of-two", model_have_two_vcpus, halt_second_of_two, "vcpu-hung", NULL,
      12 SECONDS },
    { "halted-both", model_have_two_vcpus, model_halt, "kernel-halted", NULL, 12 SECONDS },
    { "halted-both-of-busy", model_be_busy_on_two, model_halt, "kernel-halted", NULL, 12 SECONDS },
    { "dead-unknown-how", model_hide_vcpus, spin, "kernel-silent", NULL, 12 SECONDS },
    { "crash", NULL, model_crash, "guest-panicked", NULL, 1 SECONDS },
    { "crash-seen-by-state", NULL, crash_without_event, "guest-panicked", NULL, 1 SECONDS },
    { "crash-destroyed", NULL, crash_and_be_destroyed, "guest-panicked", NULL, 1 SECONDS },
    { "crash-runs-on", NULL, model_crash_and_go_on_running, "guest-panicked", NULL, 1 SECONDS },
};

/* One beat of a dead guest may be its last: it has to go on for a while. */
static void
test_recovery_has_to_last(void)
{
    TestModel model;

    test_model_init(&model, 0);
    test_model_run(&model, FAULT_AT);
    spin(&model, 0);
    test_model_run(&model, 15 SECONDS);
    g_assert_cmpstr(model.watch.verdict.cause->id, ==, "kernel-spinning");
    model.kernel_dead = FALSE;
    test_model_run(&model, 3 SECONDS);
    g_assert_cmpstr(model.watch.verdict.cause->id, ==, "kernel-spinning");
    test_model_run(&model, 5 SECONDS);
    g_assert_cmpstr(model.watch.verdict.cause->id, ==, "none");
}

/* Each death keeps its name while we dump it and behind that, however long the dump takes. */
static void
check_name_holds(void (*kill)(TestModel *model, guint t), const char *cause, guint pause,
                 gboolean ours)
{
    TestModel model;

    test_model_init(&model, 7);
    test_model_run(&model, FAULT_AT);
    kill(&model, 0);
    for (guint t = 0; t < 20 SECONDS && !g_str_equal(model.watch.verdict.cause->id, cause); t++)
        test_model_step(&model);
    if (ours)
        vitals_watch_set_capturing(&model.watch, model.now, TRUE);
    model.state = VITALS_DOMAIN_PAUSED;
    model.reason = VITALS_REASON_DUMP;
    test_model_run(&model, pause);
    model.state = VITALS_DOMAIN_RUNNING;
    if (ours)
        vitals_watch_set_capturing(&model.watch, model.now, FALSE);
    /* the sweep that finds it running again */
    if (!ours)
        test_model_run(&model, 1 SECONDS);
    for (guint t = 0; t < 20 SECONDS; t++) {
        g_assert_cmpstr(model.watch.verdict.cause->id, ==, cause);
        test_model_step(&model);
    }
}

static void
test_name_holds(void)
{
    for (guint pause = 1; pause < 60 SECONDS; pause += 7) {
        check_name_holds(spin, "kernel-spinning", pause, TRUE);
        check_name_holds(spin, "kernel-spinning", pause, FALSE);
        check_name_holds(model_halt, "kernel-halted", pause, TRUE);
        check_name_holds(model_halt, "kernel-halted", pause, FALSE);
    }
}

static int
by_size(gconstpointer a, gconstpointer b)
{
    return *(const int *)a - *(const int *)b;
}

/* How long until a death is known, over all the moments it may come at: nothing may be wasted on the way
 * from the deadline to the verdict, whichever answer comes in first. */
static void
measure_latency(gboolean shuffle, void (*kill)(TestModel *model, guint t))
{
    g_autoptr(GArray) delays = g_array_new(FALSE, FALSE, sizeof(int));

    for (guint i = 0; i < 400; i++) {
        TestModel model;
        int t = 0;

        test_model_init(&model, i % 20);
        model.shuffle = shuffle;
        test_model_run(&model, FAULT_AT + i / 20);
        kill(&model, 0);
        for (; model.watch.verdict.cause->health != VITALS_HEALTH_UNRESPONSIVE; t++)
            test_model_step(&model);
        g_array_append_val(delays, t);
    }
    g_array_sort(delays, by_size);
    g_test_message("median %.1f s, max %.1f s", g_array_index(delays, int, 200) / 10.0,
                   g_array_index(delays, int, 399) / 10.0);
    g_assert_cmpint(g_array_index(delays, int, 200), <=, 7 SECONDS);
    g_assert_cmpint(g_array_index(delays, int, 399), <=, 85);
}

static void
test_latency(void)
{
    measure_latency(FALSE, model_halt);
    measure_latency(TRUE, model_halt);
    measure_latency(FALSE, spin);
    measure_latency(TRUE, spin);
}

/* Its kernel goes on, so this is a suspicion and no verdict: @load of the two vCPUs, who is suspected. */
static void
test_suspects(void)
{
    static const struct {
        double load[2];
        double starvation;
        guint32 suspects;
    } suspects[] = {
        { { 0.05, 1.0 }, 0, 2 }, { { 0.0, 1.0 }, 0, 3 },   { { 0.05, 1.0 }, 0.4, 2 },
        { { 0.05, 0.0 }, 0, 2 }, { { 0.0, 0.0 }, 0, 0 },   { { 1.0, 1.0 }, 0, 0 },
        { { 0.05, 0.3 }, 0, 0 }, { { 0.3, 0.3 }, 0.4, 0 },
    };

    for (gsize i = 0; i < G_N_ELEMENTS(suspects); i++) {
        TestModel model;

        test_model_init(&model, 3);
        model_have_two_vcpus(&model);
        memcpy(model.load, suspects[i].load, sizeof suspects[i].load);
        model.starvation = suspects[i].starvation;
        test_model_run(&model, 35 SECONDS);
        g_assert_cmphex(model.watch.signs.suspects, ==, suspects[i].suspects);
        g_assert_cmpint(vitals_watch_doubts_vcpus(&model.watch), ==, suspects[i].suspects != 0);
        g_assert_cmpstr(model.watch.verdict.cause->id, ==, "none");
    }
}

/* Its second CPU is not up yet. */
static void
test_boot_is_no_suspicion(void)
{
    TestModel model;

    test_model_init(&model, 3);
    model_have_two_vcpus(&model);
    model_have_no_driver(&model);
    model.load[0] = 0.9;
    model.load[1] = 0;
    test_model_run(&model, 35 SECONDS);
    g_assert_cmphex(model.watch.signs.suspects, !=, 0);
    g_assert_false(vitals_watch_doubts_vcpus(&model.watch));
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    test_rows_add(rows, G_N_ELEMENTS(rows));
    g_test_add_func("/watch/latency", test_latency);
    g_test_add_func("/watch/suspects", test_suspects);
    g_test_add_func("/watch/boot-is-no-suspicion", test_boot_is_no_suspicion);
    g_test_add_func("/watch/recovery-has-to-last", test_recovery_has_to_last);
    g_test_add_func("/watch/name-holds-behind-dump", test_name_holds);
    return g_test_run();
}
