/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/unit/watch-rows.h"

/* QEMU or libvirt's hold on it is lost, while the guest inside may be well. */

static void
stop_qemu(TestModel *model, guint t)
{
    model->process = VITALS_PROCESS_STOPPED;
}

static void
stop_and_continue(TestModel *model, guint t)
{
    model->process = t < 20 SECONDS ? VITALS_PROCESS_STOPPED : VITALS_PROCESS_ALIVE;
}

/* By strace: at about every second look it is stopped, and by chance at many in a row. */
static void
trace_qemu(TestModel *model, guint t)
{
    guint second = t / 10 % 20;

    model->traced = TRUE;
    model->process = second < 8 || second % 2 ? VITALS_PROCESS_STOPPED : VITALS_PROCESS_ALIVE;
}

static void
die_while_traced(TestModel *model, guint t)
{
    model->traced = TRUE;
    model->process = t / 10 % 3 == 2 ? VITALS_PROCESS_STOPPED : VITALS_PROCESS_ALIVE;
    model_halt(model, t);
}

static void
freeze_and_thaw(TestModel *model, guint t)
{
    model->process = t < 20 SECONDS ? VITALS_PROCESS_FROZEN : VITALS_PROCESS_ALIVE;
}

static void
stop_for_a_moment(TestModel *model, guint t)
{
    model->process = t < 15 ? VITALS_PROCESS_STOPPED : VITALS_PROCESS_ALIVE;
}

static void
block_qemu(TestModel *model, guint t)
{
    model->process = VITALS_PROCESS_BLOCKED;
}

static void
block_and_go_on(TestModel *model, guint t)
{
    model->process = t < 9 SECONDS ? VITALS_PROCESS_BLOCKED : VITALS_PROCESS_ALIVE;
    /* when it goes on, its timer fires, but the guest needs a moment to answer */
    model->work = G_USEC_PER_SEC;
}

static void
occupy(TestModel *model, guint t)
{
    if (t == 0)
        model->control_since = model->now;
    model->control = VITALS_CONTROL_OCCUPIED;
}

/* At the lowest priority beside others that want all of the CPU, so that each answer takes seconds. */
static void
answer_slowly_while_starved(TestModel *model, guint t)
{
    gboolean asked = t % 80 < 60;

    if (t % 80 == 0)
        model->control_since = model->now;
    model->control = asked ? VITALS_CONTROL_OCCUPIED : VITALS_CONTROL_OK;
    model->starvation = 0.95;
}

/* Its threads wait for a CPU all the time, and its monitor for something else. */
static void
occupy_while_starved(TestModel *model, guint t)
{
    occupy(model, t);
    model->starvation = 0.95;
}

static void
lose_monitor(TestModel *model, guint t)
{
    model->control = VITALS_CONTROL_ERROR;
}

static void
lose_monitor_and_be_told(TestModel *model, guint t)
{
    model->control = VITALS_CONTROL_ERROR;
    if (t == 0)
        test_model_event(model, VITALS_EVENT_CONTROL_ERROR);
}

/* As libvirtd has it again when it was restarted. */
static void
lose_monitor_for_a_while(TestModel *model, guint t)
{
    if (t == 0)
        test_model_event(model, VITALS_EVENT_CONTROL_ERROR);
    model->control = t < 10 SECONDS ? VITALS_CONTROL_ERROR : VITALS_CONTROL_OK;
}

/* libvirt looked between the end of one command and the begin of the next. */
static void
lose_monitor_for_a_moment(TestModel *model, guint t)
{
    model->control = t / 10 % 2 ? VITALS_CONTROL_OK : VITALS_CONTROL_ERROR;
}

static void
lose_memory(TestModel *model, guint t)
{
    if (t == 0)
        test_model_event(model, VITALS_EVENT_MEMORY_FAILURE);
}

static void
kill_qemu(TestModel *model, guint t)
{
    model->process = VITALS_PROCESS_GONE;
}

/* libvirt has noticed, and its sweeps find the guest no more. */
static void
lose_qemu(TestModel *model, guint t)
{
    if (t != 2)
        return;
    model->libvirt_gone = TRUE;
    test_model_event(model, VITALS_EVENT_STOPPED_FAILED);
}

/* Between the end of QEMU and libvirt's word of it. */
static void
lose_qemu_in_a_sweep(TestModel *model, guint t)
{
    model->state = VITALS_DOMAIN_SHUTOFF;
    model->reason = VITALS_REASON_FAILED;
}

static void
lose_panicked_qemu(TestModel *model, guint t)
{
    model_crash(model, t);
    if (t == 20)
        test_model_event(model, VITALS_EVENT_STOPPED_FAILED);
}

/* It was to come here, and stayed where it was. */
static void
fail_to_arrive(TestModel *model, guint t)
{
    model->state = VITALS_DOMAIN_PAUSED;
    model->reason = VITALS_REASON_MIGRATION;
    if (t == 20)
        test_model_event(model, VITALS_EVENT_STOPPED_FAILED);
}

/* While nobody tells us, a guest that went down in peace looks like one whose QEMU was killed. */
static void
shut_down_without_libvirt(TestModel *model, guint t)
{
    model->libvirt_gone = TRUE;
    if (t > 3 SECONDS)
        model->process = VITALS_PROCESS_GONE;
}

static const TestRow rows[] = {
    { "qemu-stopped", NULL, stop_qemu, "qemu-stopped", NULL, 5 SECONDS },
    { "qemu-stopped-and-continued", NULL, stop_and_continue, "none", "qemu-stopped", 5 SECONDS },
    { "qemu-traced", NULL, trace_qemu, "none", NULL, 0 },
    { "dead-while-traced", NULL, die_while_traced, "kernel-halted", NULL, 40 SECONDS },
    { "qemu-frozen-and-thawed", NULL, freeze_and_thaw, "none", "qemu-frozen", 5 SECONDS },
    { "qemu-blocked", NULL, block_qemu, "qemu-blocked", NULL, 12 SECONDS },
    { "monitor-occupied", NULL, occupy, "monitor-blocked", NULL, 5 SECONDS },
    { "monitor-slow-as-it-is-starved", NULL, answer_slowly_while_starved, "none", NULL, 0 },
    { "monitor-occupied-and-starved", NULL, occupy_while_starved, "monitor-blocked", NULL,
      34 SECONDS },
    { "monitor-lost", NULL, lose_monitor, "monitor-lost", NULL, 5 SECONDS },
    { "monitor-lost-and-told", NULL, lose_monitor_and_be_told, "monitor-lost", NULL, 1 SECONDS },
    { "monitor-lost-for-a-while", NULL, lose_monitor_for_a_while, "none", "monitor-lost",
      1 SECONDS },
    { "monitor-lost-for-a-moment", NULL, lose_monitor_for_a_moment, "none", NULL, 0 },
    { "memory-failure", NULL, lose_memory, "memory-failure", NULL, 0 },
    { "memory-failure-long-ago", NULL, lose_memory, "none", NULL, 0, .lasts = 1000 SECONDS },
    { "qemu-killed", NULL, kill_qemu, "qemu-gone", NULL, 5 SECONDS },
    { "qemu-lost", NULL, lose_qemu, "qemu-died", NULL, 1 SECONDS },
    { "qemu-lost-in-a-sweep", NULL, lose_qemu_in_a_sweep, "qemu-died", NULL, 2 SECONDS },
    { "qemu-lost-after-crash", NULL, lose_panicked_qemu, "guest-panicked", NULL, 1 SECONDS },
    { "failed-to-arrive", NULL, fail_to_arrive, "paused-for-job", NULL, 0 },
    { "stopped-for-a-moment", NULL, stop_for_a_moment, "none", NULL, 0 },
    { "blocked-for-a-while", NULL, block_and_go_on, "none", NULL, 0 },
    { "shut-down-without-libvirt", NULL, shut_down_without_libvirt, "no-data", NULL, 0 },
};

/* An answer that comes after all ends the quarantine, and what was silent has its time anew. */
static void
test_overdue_call(void)
{
    TestModel model;

    test_model_init(&model, 3);
    test_model_run(&model, FAULT_AT);
    vitals_watch_call_overdue(&model.watch, model.now - 5 * G_USEC_PER_SEC);
    model.libvirt_gone = FALSE;
    model.kernel_dead = TRUE;
    test_model_run(&model, 40 SECONDS);
    g_assert_cmpstr(model.watch.verdict.cause->id, ==, "none");
    vitals_watch_call_returned(&model.watch, model.now);
    test_model_run(&model, 6 SECONDS);
    g_assert_cmpstr(model.watch.verdict.cause->id, ==, "none");
    test_model_run(&model, 6 SECONDS);
    g_assert_cmpint(model.watch.verdict.cause->health, ==, VITALS_HEALTH_UNRESPONSIVE);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    test_rows_add(rows, G_N_ELEMENTS(rows));
    g_test_add_func("/watch/overdue-call", test_overdue_call);
    return g_test_run();
}
