/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/unit/watch-rows.h"

/* Guests without a balloon: what their agent, their console and their vCPUs tell together. */

#define DIES_AT 100 SECONDS

static void
write_kernel_line(TestModel *model, VitalsSaid said)
{
    g_autoptr(VitalsSample) sample = vitals_sample_new(model->now, model->wall);

    sample->parts[VITALS_PART_CONSOLE] = VITALS_FACT_AVAILABLE;
    sample->kernel_lines = TRUE;
    if (said) {
        sample->utterances = g_new0(VitalsUtterance, 1);
        sample->n_utterances = 1;
        sample->utterances[0].what = said;
    }
    vitals_watch_ingest(&model->watch, sample);
}

static void
spin_with_agent(TestModel *model, guint t)
{
    model_ping(model, t, t < DIES_AT ? VITALS_AGENT_ANSWERED : VITALS_AGENT_UNAVAILABLE, FALSE);
    model->load[0] = t < DIES_AT ? 0.1 : 0.98;
}

static void
halt_with_agent(TestModel *model, guint t)
{
    spin_with_agent(model, t);
    model->load[0] = t < DIES_AT ? 0.1 : 0.0;
}

/* Each ping still wakes the thread of its vCPU. */
static void
halt_and_be_woken(TestModel *model, guint t)
{
    halt_with_agent(model, t);
    if (t >= DIES_AT)
        model->load[0] = 0.00001;
}

static void
have_exact_times(TestModel *model)
{
    model_have_no_driver(model);
    model->exact = TRUE;
}

/* The agent alone is stopped; what it does not read wakes its kernel all the same. */
static void
stop_agent(TestModel *model, guint t)
{
    spin_with_agent(model, t);
    model->load[0] = 0.01;
}

static void
stop_agent_at_work(TestModel *model, guint t)
{
    spin_with_agent(model, t);
    model->load[0] = t % (30 SECONDS) < 20 SECONDS ? 0.99 : 0.5;
}

static void
stop_agent_and_read(TestModel *model, guint t)
{
    spin_with_agent(model, t);
    model->requests += 150;
}

/* It computes, and its agent answers. */
static void
be_busy_with_agent(TestModel *model, guint t)
{
    model_ping(model, t, VITALS_AGENT_ANSWERED, FALSE);
    model->load[0] = 0.99;
}

static void
halt_with_console(TestModel *model, guint t)
{
    if (t == 0)
        write_kernel_line(model, VITALS_SAID_NOTHING);
    model->load[0] = t < DIES_AT ? 0.01 : 0.0;
}

/* As idle as a kernel can be: half a millisecond of each second. */
static void
be_idle_with_console(TestModel *model, guint t)
{
    halt_with_console(model, t);
    model->load[0] = 0.0005;
}

static void
sleep_with_console(TestModel *model, guint t)
{
    halt_with_console(model, t);
    if (t == DIES_AT)
        write_kernel_line(model, VITALS_SAID_ASLEEP);
}

/* It stands still as the host gives it nothing. */
static void
starve_with_console(TestModel *model, guint t)
{
    halt_with_console(model, t);
    model->load[0] = 0.5;
    model->starvation = t < DIES_AT ? 0.0 : 1.0;
}

static void
pause_with_console(TestModel *model, guint t)
{
    gboolean paused = t >= DIES_AT && t < DIES_AT + 120 SECONDS;

    be_idle_with_console(model, t);
    model->load[0] = 0.01;
    model->state = paused ? VITALS_DOMAIN_PAUSED : VITALS_DOMAIN_RUNNING;
    model->reason = paused ? VITALS_REASON_USER : VITALS_REASON_OTHER;
}

/* A storage that hangs holds QEMU's threads up, and its vCPUs with them. */
static void
hang_in_storage(TestModel *model, guint t)
{
    halt_with_console(model, t);
    model->thread_blocked = t >= DIES_AT;
}

static void
have_disks(TestModel *model)
{
    model_have_no_driver(model);
    model->disks = TRUE;
    model->requests = 100;
}

static const TestRow rows[] = {
    { "no-balloon-halted-agent", model_have_no_driver, halt_with_agent, "kernel-halted", NULL,
      DIES_AT + 45 SECONDS, .lasts = 240 SECONDS },
    { "no-balloon-halted-woken", have_exact_times, halt_and_be_woken, "kernel-halted", NULL,
      DIES_AT + 45 SECONDS, .lasts = 240 SECONDS },
    { "no-balloon-idle-exact", have_exact_times, be_idle_with_console, "no-vital-signs", NULL, 0,
      .lasts = 240 SECONDS },
    { "no-balloon-spins-agent", model_have_no_driver, spin_with_agent, "kernel-suspect", NULL, 0,
      .lasts = 240 SECONDS },
    { "no-balloon-agent-stopped", model_have_no_driver, stop_agent, "agent-frozen", NULL, 0,
      .lasts = 240 SECONDS },
    { "no-balloon-agent-stopped-at-work", model_have_no_driver, stop_agent_at_work, "agent-frozen",
      NULL, 0, .lasts = 240 SECONDS },
    { "no-balloon-agent-stopped-reads", have_disks, stop_agent_and_read, "agent-frozen", NULL, 0,
      .lasts = 240 SECONDS },
    { "no-balloon-busy-agent", model_have_no_driver, be_busy_with_agent, "none", NULL, 0,
      .lasts = 240 SECONDS },
    { "no-balloon-halted-console", model_have_no_driver, halt_with_console, "kernel-halted", NULL,
      DIES_AT + 75 SECONDS, .lasts = 240 SECONDS },
    { "no-balloon-idle-console", model_have_no_driver, be_idle_with_console, "no-vital-signs", NULL,
      0, .lasts = 300 SECONDS },
    { "no-balloon-asleep-console", model_have_no_driver, sleep_with_console, "asleep", NULL, 0,
      .lasts = 240 SECONDS },
    { "no-balloon-starved", model_have_no_driver, starve_with_console, "no-vital-signs", NULL, 0,
      .lasts = 240 SECONDS },
    { "no-balloon-paused", model_have_no_driver, pause_with_console, "no-vital-signs", NULL, 0,
      .lasts = 240 SECONDS },
    { "no-balloon-storage-hangs", model_have_no_driver, hang_in_storage, "disk-blocked", NULL, 0,
      .lasts = 240 SECONDS },
};

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    test_rows_add(rows, G_N_ELEMENTS(rows));
    return g_test_run();
}
