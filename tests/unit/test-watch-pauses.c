/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/unit/watch-rows.h"

/* Guests that are paused, suspended, snapshotted or frozen, by whom and for whatever. */

static void
pause_by_user(TestModel *model, guint t)
{
    model->state = VITALS_DOMAIN_PAUSED;
    model->reason = VITALS_REASON_USER;
}

static void
pause_and_resume(TestModel *model, guint t)
{
    model->state = t < 30 SECONDS ? VITALS_DOMAIN_PAUSED : VITALS_DOMAIN_RUNNING;
    model->reason = VITALS_REASON_USER;
}

static void
pause_by_io_error(TestModel *model, guint t)
{
    model->state = VITALS_DOMAIN_PAUSED;
    model->reason = VITALS_REASON_IO_ERROR;
}

/* Userspace is dead, the kernel lives, and the watchdog's action is none. */
static void
let_watchdog_expire(TestModel *model, guint t)
{
    if (t == 3)
        test_model_event(model, VITALS_EVENT_WATCHDOG);
}

/* An internal snapshot: the guest is paused for it, and QEMU's monitor busy all the time. */
static void
take_internal_snapshot(TestModel *model, guint t)
{
    model->state = VITALS_DOMAIN_PAUSED;
    model->reason = VITALS_REASON_SNAPSHOT;
    model->control = VITALS_CONTROL_OCCUPIED;
}

/* Its event comes first, and libvirt's last answer still says that the guest runs. */
static void
pause_by_watchdog(TestModel *model, guint t)
{
    if (t == 0)
        test_model_event(model, VITALS_EVENT_WATCHDOG);
    model->state = VITALS_DOMAIN_PAUSED;
    model->reason = VITALS_REASON_WATCHDOG;
}

/* The kernel freezes its processes, then its devices, among them the agent's port, then itself. */
static void
suspend_to_idle(TestModel *model, guint t)
{
    if (t == 0)
        test_model_event(model, VITALS_EVENT_AGENT_DISCONNECTED);
    model_halt(model, t);
}

static void
suspend_to_idle_and_wake(TestModel *model, guint t)
{
    suspend_to_idle(model, t);
    model->kernel_dead = t < 30 SECONDS;
    model->load[0] = t < 30 SECONDS ? 0.0 : 0.008;
}

static void
say_asleep(TestModel *model, guint t)
{
    if (t == 0) {
        g_autoptr(VitalsSample) sample = vitals_sample_new(model->now, model->wall);

        sample->parts[VITALS_PART_CONSOLE] = VITALS_FACT_AVAILABLE;
        sample->n_utterances = 1;
        sample->utterances = g_new0(VitalsUtterance, 1);
        sample->utterances[0].what = VITALS_SAID_ASLEEP;
        vitals_watch_ingest(&model->watch, sample);
    }
    model_halt(model, t);
}

/* It says so, and hangs on its way. */
static void
say_asleep_and_spin(TestModel *model, guint t)
{
    say_asleep(model, t);
    model->load[0] = 1.0;
}

/* Somebody ended the agent, long before. */
static void
halt_without_agent(TestModel *model, guint t)
{
    if (t == 0)
        test_model_event(model, VITALS_EVENT_AGENT_DISCONNECTED);
    if (t >= 10 SECONDS)
        model_halt(model, t);
}

static void
spin_without_agent(TestModel *model, guint t)
{
    suspend_to_idle(model, t);
    model->load[0] = 1.0;
}

static void
pause_for_job(TestModel *model, guint t)
{
    model->state = t < 30 SECONDS ? VITALS_DOMAIN_PAUSED : VITALS_DOMAIN_RUNNING;
    model->reason = VITALS_REASON_SAVE;
}

static void
pause_for_migration(TestModel *model, guint t)
{
    pause_for_job(model, t);
    model->reason = VITALS_REASON_MIGRATION;
}

static void
pause_for_snapshot(TestModel *model, guint t)
{
    pause_for_job(model, t);
    model->reason = VITALS_REASON_SNAPSHOT;
}

/* Somebody else's dump: nobody told us that it begins. */
static void
pause_for_dump(TestModel *model, guint t)
{
    pause_for_job(model, t);
    model->reason = VITALS_REASON_DUMP;
}

/* A live dump of memory only says neither (measured). */
static void
pause_for_unknown(TestModel *model, guint t)
{
    pause_for_job(model, t);
    model->reason = VITALS_REASON_OTHER;
}

static void
say_hung_task(TestModel *model)
{
    g_autoptr(VitalsSample) sample = vitals_sample_new(model->now, model->wall);

    sample->parts[VITALS_PART_CONSOLE] = VITALS_FACT_AVAILABLE;
    sample->n_utterances = 1;
    sample->utterances = g_new0(VitalsUtterance, 1);
    sample->utterances[0].what = VITALS_SAID_HUNG_TASK;
    vitals_watch_ingest(&model->watch, sample);
}

/* Whatever writes waits, the one that pets the watchdog and in the end the agent too. */
static void
freeze_fs(TestModel *model, guint t)
{
    model_ping(model, t, t < 30 SECONDS ? VITALS_AGENT_ANSWERED : VITALS_AGENT_UNAVAILABLE,
               t >= 10 SECONDS);
    if (t == 25 SECONDS)
        test_model_event(model, VITALS_EVENT_WATCHDOG);
    if (t == 140 SECONDS)
        say_hung_task(model);
}

static void
hang_agent(TestModel *model, guint t)
{
    model_ping(model, t, t < 30 SECONDS ? VITALS_AGENT_ANSWERED : VITALS_AGENT_UNAVAILABLE, FALSE);
}

/* It opened its port, and was stopped before it was ever asked. */
static void
hang_agent_at_once(TestModel *model, guint t)
{
    if (t == 0)
        test_model_event(model, VITALS_EVENT_AGENT_CONNECTED);
    model_ping(model, t, VITALS_AGENT_UNAVAILABLE, FALSE);
}

/* The port is there, and nothing in the guest ever opened it. */
static void
have_no_agent(TestModel *model, guint t)
{
    model_ping(model, t, VITALS_AGENT_DISCONNECTED, FALSE);
}

/* A frozen file system is no alibi for a kernel. */
static void
halt_while_fs_frozen(TestModel *model, guint t)
{
    model_ping(model, t, t == 0 ? VITALS_AGENT_ANSWERED : VITALS_AGENT_UNAVAILABLE, TRUE);
    if (t >= 5)
        model_halt(model, t);
}

static void
suspend(TestModel *model, guint t)
{
    model->state = VITALS_DOMAIN_PMSUSPENDED;
}

static const TestRow rows[] = {
    { "suspended-to-idle", NULL, suspend_to_idle, "asleep", NULL, 0 },
    { "suspended-to-idle-and-woken", NULL, suspend_to_idle_and_wake, "none", NULL, 0 },
    { "asleep-as-it-said", NULL, say_asleep, "asleep", NULL, 0 },
    { "hung-on-the-way-to-sleep", NULL, say_asleep_and_spin, "kernel-spinning", NULL, 12 SECONDS },
    { "agent-killed-then-halted", NULL, halt_without_agent, "kernel-halted", NULL, 22 SECONDS },
    { "agent-killed-then-spin", NULL, spin_without_agent, "kernel-spinning", NULL, 12 SECONDS },
    { "halted-while-fs-frozen", NULL, halt_while_fs_frozen, "kernel-halted", NULL, 12 SECONDS },
    { "io-error", NULL, pause_by_io_error, "io-error", NULL, 2 SECONDS },
    { "internal-snapshot", NULL, take_internal_snapshot, "paused-for-job", NULL, 0 },
    { "watchdog-expired", NULL, let_watchdog_expire, "watchdog-expired", NULL, 2 SECONDS },
    { "watchdog-pause", NULL, pause_by_watchdog, "watchdog-pause", NULL, 2 SECONDS },
    { "paused", NULL, pause_by_user, "paused-by-user", NULL, 0 },
    { "paused-and-resumed", NULL, pause_and_resume, "none", NULL, 0 },
    { "saved-and-restored", NULL, pause_for_job, "none", NULL, 0 },
    { "migrated", NULL, pause_for_migration, "none", NULL, 0 },
    { "snapshot", NULL, pause_for_snapshot, "none", NULL, 0 },
    { "dumped-by-others", NULL, pause_for_dump, "none", NULL, 0 },
    { "paused-for-unknown", NULL, pause_for_unknown, "none", NULL, 0 },
    { "fs-frozen", NULL, freeze_fs, "none", NULL, 0, .lasts = 200 SECONDS },
    { "agent-hangs-at-once", NULL, hang_agent_at_once, "agent-frozen", NULL, 0 },
    { "no-agent", NULL, have_no_agent, "none", NULL, 0, .lasts = 100 SECONDS },
    { "agent-hangs", NULL, hang_agent, "agent-frozen", NULL, 0, .lasts = 100 SECONDS },
    { "suspended", NULL, suspend, "suspended", NULL, 0 },
};

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    test_rows_add(rows, G_N_ELEMENTS(rows));
    return g_test_run();
}
