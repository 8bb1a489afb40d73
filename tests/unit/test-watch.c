/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "probes/watch.h"

#include "tests/unit/guest-model.h"

#include <string.h>

/*
 * The fault table: what happens to a guest, and what the watch must say of it, how soon, and in
 * healthy rows never. Every row is run with every tenth of a second between the guest's stamps and our
 * questions, and with the fault at every tenth of our cycle.
 */

#define FAULT_AT 300 /* steps: half a minute in which everything arms */
#define SECONDS *10  /* steps of a tenth */

/**
 * Row:
 * @name: for the message
 * @set_up: (nullable): before anything runs
 * @script: (nullable): called after each step from the fault on; @t is in tenths of a second since it
 * @cause: what holds at the end
 * @first: (nullable): what may be said first instead
 * @within: tenths after which the fault must have been called; 0 for a healthy row
 * @lasts: tenths that it runs for, from the fault on; 60 s if 0
 */
typedef struct {
    const char *name;
    void (*set_up)(TestModel *model);
    void (*script)(TestModel *model, guint t);
    const char *cause;
    const char *first;
    guint within;
    guint lasts;
} Row;

static gboolean
is_alarm(const VitalsCause *cause)
{
    return cause->health == VITALS_HEALTH_UNRESPONSIVE || cause->health == VITALS_HEALTH_CRASHED ||
           cause->health == VITALS_HEALTH_STUCK ||
           (cause->health == VITALS_HEALTH_PAUSED && cause->layer != VITALS_LAYER_NONE);
}

/* ---- deaths ---- */

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
halt(TestModel *model, guint t)
{
    model->kernel_dead = TRUE;
    model->load[0] = model->load[1] = 0.0;
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
crash(TestModel *model, guint t)
{
    if (t != 3)
        return;
    model->kernel_dead = TRUE;
    model->state = VITALS_DOMAIN_CRASHED;
    model->reason = VITALS_REASON_CRASHED;
    test_model_event(model, VITALS_EVENT_CRASHED);
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

/* The guest's last stamp is from before the crash, but is seen after it. */
static void
crash_and_go_on_running(TestModel *model, guint t)
{
    model->kernel_dead = TRUE;
    model->load[0] = 0.9;
    if (t == 0)
        test_model_event(model, VITALS_EVENT_CRASHED);
}

/* ---- QEMU ---- */

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

static void
lose_monitor(TestModel *model, guint t)
{
    if (t == 0)
        model->control_since = model->now;
    model->control = VITALS_CONTROL_ERROR;
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
    crash(model, t);
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

/* ---- pauses ---- */

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

static void
pause_by_watchdog(TestModel *model, guint t)
{
    model->state = VITALS_DOMAIN_PAUSED;
    model->reason = VITALS_REASON_WATCHDOG;
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

/* Ten seconds apart, as the daemon asks. */
static void
ping(TestModel *model, guint t, VitalsAgent agent, gboolean fs_frozen)
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
    ping(model, t, t < 30 SECONDS ? VITALS_AGENT_ANSWERED : VITALS_AGENT_UNAVAILABLE,
         t >= 10 SECONDS);
    if (t == 25 SECONDS)
        test_model_event(model, VITALS_EVENT_WATCHDOG);
    if (t == 140 SECONDS)
        say_hung_task(model);
}

static void
hang_agent(TestModel *model, guint t)
{
    ping(model, t, t < 30 SECONDS ? VITALS_AGENT_ANSWERED : VITALS_AGENT_UNAVAILABLE, FALSE);
}

/* A frozen file system is no alibi for a kernel. */
static void
halt_while_fs_frozen(TestModel *model, guint t)
{
    ping(model, t, t == 0 ? VITALS_AGENT_ANSWERED : VITALS_AGENT_UNAVAILABLE, TRUE);
    if (t >= 5)
        halt(model, t);
}

static void
suspend(TestModel *model, guint t)
{
    model->state = VITALS_DOMAIN_PMSUSPENDED;
}

/* ---- life ---- */

static void
be_busy(TestModel *model)
{
    model->load[0] = 0.97;
}

static void
have_two_vcpus(TestModel *model)
{
    model->vcpus = 2;
}

static void
have_four_vcpus(TestModel *model)
{
    model->vcpus = 4;
}

static void
be_busy_on_two(TestModel *model)
{
    model->vcpus = 2;
    model->load[0] = model->load[1] = 0.97;
}

static void
boot_for(TestModel *model, guint t, guint tenths)
{
    if (t == 0)
        test_model_boot(model);
    model->frozen_stamp = t < tenths;
}

static void
reboot(TestModel *model, guint t)
{
    if (t == 0 || t == 7)
        test_model_event(model, VITALS_EVENT_REBOOT);
    boot_for(model, t, 36 SECONDS);
}

static void
reboot_unannounced(TestModel *model, guint t)
{
    boot_for(model, t, 36 SECONDS);
}

/* No device is reset and no event sent: only the console shows that another kernel took over. */
static void
kexec(TestModel *model, guint t)
{
    model->frozen_stamp = t < 36 SECONDS;
    model->load[0] = 0.53;
    if (t == 20) {
        g_autoptr(VitalsSample) sample = vitals_sample_new(model->now, model->wall);

        sample->parts[VITALS_PART_CONSOLE] = VITALS_FACT_AVAILABLE;
        sample->booted = sample->kernel_lines = TRUE;
        vitals_watch_ingest(&model->watch, sample);
    }
    if (t == 36 SECONDS)
        test_model_boot(model);
    if (t == 37 SECONDS)
        model->frozen_stamp = FALSE;
}

/* The other kernel hangs before it has a driver. */
static void
kexec_and_hang(TestModel *model, guint t)
{
    if (t < 30 SECONDS)
        kexec(model, t);
    model->kernel_dead = t >= 30 SECONDS;
}

/* Somebody looked at the boot's messages on the console, and the guest dies. */
static void
hang_behind_dmesg(TestModel *model, guint t)
{
    if (t == 20)
        kexec(model, t);
    model->frozen_stamp = FALSE;
    if (t >= 60)
        halt(model, t);
}

/* A host so busy that a booting guest's driver, once there, is quiet for eight seconds. */
static void
boot_slowly(TestModel *model, guint t)
{
    reboot(model, t);
    if (t > 38 SECONDS && t < 50 SECONDS) {
        model->starvation = 0.7;
        model->work = 2 * G_USEC_PER_SEC;
    } else {
        model->starvation = 0.0;
        model->work = 0;
    }
}

static void
hang_in_boot(TestModel *model, guint t)
{
    if (t == 0)
        test_model_event(model, VITALS_EVENT_REBOOT);
    test_model_boot(model);
    model->kernel_dead = TRUE;
}

static void
starve(TestModel *model, guint t)
{
    model->starvation = 0.8;
    model->load[0] = 0.97;
    model->work = G_USEC_PER_SEC;
}

/* Not asked often enough to be proven dead, late, and then dead indeed. */
static void
starve_then_hang(TestModel *model, guint t)
{
    model->starvation = t < 20 SECONDS ? 0.8 : 0.0;
    model->work = t < 20 SECONDS ? G_USEC_PER_SEC / 2 : 0;
    model->absent = t < 20 SECONDS;
    model->kernel_dead = t >= 22 SECONDS;
    model->load[0] = model->kernel_dead ? 0.9 : 0.3;
}

/* Measured: the balloon's worst gap was 5 s; the ping failed altogether. */
static void
bomb(TestModel *model, guint t)
{
    model->load[0] = 0.75;
    model->work = 3 * G_USEC_PER_SEC;
}

/* As late as an answer may be: the stamp's seconds make it look a second later still. */
static void
answer_late(TestModel *model, guint t)
{
    model->work = 4900000;
}

static void
hold_job(TestModel *model, guint t)
{
    model->job_held = t % 7 < 6;
}

static void
lose_libvirt(TestModel *model, guint t)
{
    model->libvirt_gone = t < 20 SECONDS;
}

static void
lose_libvirt_for_long(TestModel *model, guint t)
{
    model->libvirt_gone = t < 60 SECONDS;
}

static void
be_late(TestModel *model, guint t)
{
    model->absent = t < 60 SECONDS;
}

static void
be_late_while_starved(TestModel *model, guint t)
{
    model->absent = t < 60 SECONDS;
    model->starvation = t < 60 SECONDS ? 0.8 : 0.0;
}

static void
sleep_host(TestModel *model, guint t)
{
    if (t == 0)
        model->wall += 3 * G_TIME_SPAN_HOUR;
}

static void
set_clock_back(TestModel *model, guint t)
{
    if (t == 0)
        model->wall -= 5 * G_TIME_SPAN_HOUR;
}

static void
hang_as_clock_is_set(TestModel *model, guint t)
{
    if (t == 0)
        model->wall -= 5 * G_TIME_SPAN_HOUR;
    halt(model, t);
}

static void
have_no_period(TestModel *model)
{
    model->period = 0;
    vitals_watch_set_balloon_period(&model->watch, 0);
}

static void
have_no_driver(TestModel *model)
{
    model->frozen_stamp = TRUE;
    model->counters = FALSE;
    model->stamp = 0;
}

static void
have_windows_without_service(TestModel *model)
{
    model->frozen_stamp = TRUE;
}

static void
move_once(TestModel *model, guint t)
{
    if (t == 0)
        model->stamp += 17;
}

static void
be_long_dead(TestModel *model)
{
    model->kernel_dead = TRUE;
    model->load[0] = 0.9;
}

static void
hide_vcpus(TestModel *model)
{
    model->no_vcpu = TRUE;
}

static void
hide_process(TestModel *model)
{
    model->no_process = TRUE;
}

/* We dump it: libvirt says paused, and QEMU's timers stand still. */
static void
dump(TestModel *model, guint t)
{
    if (t == 0)
        vitals_watch_set_capturing(&model->watch, model->now, TRUE);
    if (t == 30 SECONDS)
        vitals_watch_set_capturing(&model->watch, model->now, FALSE);
    model->state = t < 30 SECONDS ? VITALS_DOMAIN_PAUSED : VITALS_DOMAIN_RUNNING;
    model->reason = VITALS_REASON_DUMP;
}

static void
lose_libvirt_after_dump(TestModel *model, guint t)
{
    if (t == 0)
        vitals_watch_set_capturing(&model->watch, model->now, TRUE);
    if (t == 5 SECONDS)
        vitals_watch_set_capturing(&model->watch, model->now, FALSE);
    model->libvirt_gone = TRUE;
}

/* ---- disks ---- */

static void
have_disks(TestModel *model)
{
    model->disks = TRUE;
    model->requests = 100;
}

static void
be_at_work(TestModel *model, guint t)
{
    model->requests += 3;
}

/* Its driver is broken, but nothing else is. */
static void
lose_balloon_at_work(TestModel *model, guint t)
{
    model->frozen_stamp = TRUE;
    model->requests += 150;
}

/* A thousand requests were under way, and its disk is slow. */
static void
die_at_work(TestModel *model, guint t)
{
    halt(model, t);
    model->requests += t < 20 ? 3 : t < 520 ? 2 : 0;
}

/* A crash is not disproven by what was completed before it, or was under way. */
static void
crash_at_work(TestModel *model, guint t)
{
    model->requests += t < 100 ? 3 : 0;
    if (t > 3)
        crash_and_go_on_running(model, t);
    else
        crash(model, t);
}

static void
throttle(TestModel *model, guint t)
{
    if (t == 0)
        model->requests += 50;
    model->disk_limit = 1;
}

static void
throttle_idle(TestModel *model, guint t)
{
    model->disk_limit = 1;
}

/* Slow, and at work all the same. */
static void
throttle_a_little(TestModel *model, guint t)
{
    if (t == 0)
        model->requests += 50;
    model->disk_limit = 100000;
}

/* A look each five seconds, by way of the deep probe. */
static void
look_at_queue(TestModel *model, guint t, guint outstanding, guint completed)
{
    g_autoptr(VitalsSample) sample = vitals_sample_new(model->now, model->wall);

    if (t % 50 != 0)
        return;
    sample->parts[VITALS_PART_QUEUES] = VITALS_FACT_AVAILABLE;
    sample->n_queues = 2;
    sample->queues = g_new0(VitalsQueue, 2);
    sample->queues[1] = (VitalsQueue){ outstanding, completed };
    vitals_watch_ingest(&model->watch, sample);
}

static void
stick(TestModel *model, guint t)
{
    look_at_queue(model, t, 3, 65535);
}

static void
be_idle_on_disk(TestModel *model, guint t)
{
    look_at_queue(model, t, 0, 80);
}

static void
be_slow_on_disk(TestModel *model, guint t)
{
    look_at_queue(model, t, 256, t / 100);
}

/* Its only request was waited for each time, but it was another one. */
static void
stick_for_a_while(TestModel *model, guint t)
{
    look_at_queue(model, t, 1, t < 28 SECONDS ? 7 : 8);
}

static void
block_thread(TestModel *model, guint t)
{
    model->thread_blocked = TRUE;
}

static void
block_thread_for_a_while(TestModel *model, guint t)
{
    model->thread_blocked = t < 9 SECONDS;
}

/* ---- what never booted ---- */

static void
be_started(TestModel *model)
{
    have_disks(model);
    have_no_driver(model);
    model->requests = 2;
    vitals_watch_init(&model->watch, model->now, &test_limits, TRUE);
    vitals_watch_set_balloon_period(&model->watch, model->period);
}

/* A boot loader has shown its menu, and waits. */
static void
load_menu(TestModel *model, guint t)
{
    model->requests = t < 5 ? 2 : 700;
}

static const Row rows[] = {
    /* deaths */
    { "panic-loop", NULL, spin, "kernel-spinning", "kernel-silent", 12 SECONDS },
    { "panic-loop-of-busy", be_busy, spin, "kernel-spinning", NULL, 12 SECONDS },
    { "panic-loop-on-busy-host", NULL, spin_starved, "kernel-spinning", "kernel-silent",
      14 SECONDS },
    { "spin-no-process", hide_process, spin, "kernel-spinning", NULL, 12 SECONDS },
    { "spin-first-of-two", have_two_vcpus, spin_on_first_of_two, "vcpu-hung", NULL, 12 SECONDS },
    { "spin-all-of-four", have_four_vcpus, spin_on_four, "kernel-spinning", NULL, 16 SECONDS },
    { "halted", NULL, halt, "kernel-halted", NULL, 12 SECONDS },
    { "halted-of-busy", be_busy, halt, "kernel-halted", NULL, 12 SECONDS },
    { "halted-second-of-two", have_two_vcpus, halt_second_of_two, "vcpu-hung", NULL, 12 SECONDS },
    { "halted-both", have_two_vcpus, halt, "kernel-halted", NULL, 12 SECONDS },
    { "halted-both-of-busy", be_busy_on_two, halt, "kernel-halted", NULL, 12 SECONDS },
    { "halted-clock-set-back", NULL, hang_as_clock_is_set, "kernel-halted", NULL, 12 SECONDS },
    { "dead-unknown-how", hide_vcpus, spin, "kernel-silent", NULL, 12 SECONDS },
    { "kexec-and-hang", NULL, kexec_and_hang, "kernel-spinning", NULL, 125 SECONDS,
      .lasts = 140 SECONDS },
    { "hang-behind-dmesg", NULL, hang_behind_dmesg, "kernel-halted", NULL, 16 SECONDS },
    { "halted-while-fs-frozen", NULL, halt_while_fs_frozen, "kernel-halted", NULL, 12 SECONDS },
    { "starved-then-dead", NULL, starve_then_hang, "kernel-spinning", NULL, 34 SECONDS },
    { "crash", NULL, crash, "guest-panicked", NULL, 1 SECONDS },
    { "crash-seen-by-state", NULL, crash_without_event, "guest-panicked", NULL, 1 SECONDS },
    { "crash-destroyed", NULL, crash_and_be_destroyed, "guest-panicked", NULL, 1 SECONDS },
    { "crash-runs-on", NULL, crash_and_go_on_running, "guest-panicked", NULL, 1 SECONDS },
    /* QEMU */
    { "qemu-stopped", NULL, stop_qemu, "qemu-stopped", NULL, 5 SECONDS },
    { "qemu-stopped-and-continued", NULL, stop_and_continue, "none", "qemu-stopped", 5 SECONDS },
    { "qemu-frozen-and-thawed", NULL, freeze_and_thaw, "none", "qemu-frozen", 5 SECONDS },
    { "qemu-blocked", NULL, block_qemu, "qemu-blocked", NULL, 12 SECONDS },
    { "monitor-occupied", NULL, occupy, "monitor-blocked", NULL, 5 SECONDS },
    { "monitor-lost", NULL, lose_monitor, "monitor-lost", NULL, 5 SECONDS },
    { "qemu-killed", NULL, kill_qemu, "qemu-gone", NULL, 5 SECONDS },
    { "qemu-lost", NULL, lose_qemu, "qemu-died", NULL, 1 SECONDS },
    { "qemu-lost-in-a-sweep", NULL, lose_qemu_in_a_sweep, "qemu-died", NULL, 2 SECONDS },
    { "qemu-lost-after-crash", NULL, lose_panicked_qemu, "guest-panicked", NULL, 1 SECONDS },
    { "failed-to-arrive", NULL, fail_to_arrive, "paused-for-job", NULL, 0 },
    { "io-error", NULL, pause_by_io_error, "io-error", NULL, 2 SECONDS },
    { "internal-snapshot", NULL, take_internal_snapshot, "paused-for-job", NULL, 0 },
    { "watchdog-expired", NULL, let_watchdog_expire, "watchdog-expired", NULL, 2 SECONDS },
    { "watchdog-pause", NULL, pause_by_watchdog, "watchdog-pause", NULL, 2 SECONDS },
    { "die-at-work", have_disks, die_at_work, "kernel-halted", NULL, 12 SECONDS },
    { "crash-at-work", have_disks, crash_at_work, "guest-panicked", NULL, 1 SECONDS },
    /* never an alarm */
    { "at-work", have_disks, be_at_work, "none", NULL, 0 },
    { "balloon-lost-at-work", have_disks, lose_balloon_at_work, "none", NULL, 0 },
    { "throttled", have_disks, throttle, "disk-throttled", NULL, 0 },
    { "throttled-idle", have_disks, throttle_idle, "none", NULL, 0 },
    { "throttled-a-little", have_disks, throttle_a_little, "none", NULL, 0 },
    { "disk-stuck", NULL, stick, "disk-stuck", NULL, 0 },
    { "disk-idle", NULL, be_idle_on_disk, "none", NULL, 0 },
    { "disk-slow", NULL, be_slow_on_disk, "none", NULL, 0 },
    { "disk-stuck-for-a-while", NULL, stick_for_a_while, "none", NULL, 0, .lasts = 50 SECONDS },
    { "thread-blocked", NULL, block_thread, "disk-blocked", NULL, 0 },
    { "thread-blocked-for-a-while", NULL, block_thread_for_a_while, "none", NULL, 0 },
    { "idle", NULL, NULL, "none", .lasts = 600 SECONDS },
    { "busy", be_busy, NULL, "none", NULL, 0 },
    { "busy-on-two", be_busy_on_two, NULL, "none", NULL, 0 },
    { "stopped-for-a-moment", NULL, stop_for_a_moment, "none", NULL, 0 },
    { "blocked-for-a-while", NULL, block_and_go_on, "none", NULL, 0 },
    { "paused", NULL, pause_by_user, "paused-by-user", NULL, 0 },
    { "paused-and-resumed", NULL, pause_and_resume, "none", NULL, 0 },
    { "saved-and-restored", NULL, pause_for_job, "none", NULL, 0 },
    { "migrated", NULL, pause_for_migration, "none", NULL, 0 },
    { "snapshot", NULL, pause_for_snapshot, "none", NULL, 0 },
    { "dumped-by-others", NULL, pause_for_dump, "none", NULL, 0 },
    { "paused-for-unknown", NULL, pause_for_unknown, "none", NULL, 0 },
    { "fs-frozen", NULL, freeze_fs, "none", NULL, 0, .lasts = 200 SECONDS },
    { "agent-hangs", NULL, hang_agent, "agent-frozen", NULL, 0, .lasts = 100 SECONDS },
    { "suspended", NULL, suspend, "suspended", NULL, 0 },
    { "reboot", NULL, reboot, "none", NULL, 0 },
    { "reboot-unannounced", NULL, reboot_unannounced, "none", NULL, 0 },
    { "kexec", NULL, kexec, "none", NULL, 0 },
    { "boot-slowly", NULL, boot_slowly, "none", NULL, 0 },
    { "hang-in-boot", NULL, hang_in_boot, "rebooting", NULL, 0 },
    { "starved", NULL, starve, "none", NULL, 0 },
    { "fork-bomb", NULL, bomb, "none", NULL, 0 },
    { "answers-late", NULL, answer_late, "none", NULL, 0 },
    { "job-held", NULL, hold_job, "none", NULL, 0 },
    { "libvirt-gone-and-back", NULL, lose_libvirt, "none", NULL, 0 },
    { "libvirt-gone-a-minute", NULL, lose_libvirt_for_long, "none", .lasts = 90 SECONDS },
    { "shut-down-without-libvirt", NULL, shut_down_without_libvirt, "no-data", NULL, 0 },
    { "we-are-late", NULL, be_late, "none", .lasts = 90 SECONDS },
    { "we-are-late-and-it-starves", NULL, be_late_while_starved, "none", .lasts = 90 SECONDS },
    { "host-slept", NULL, sleep_host, "none", NULL, 0 },
    { "clock-set-back", NULL, set_clock_back, "none", NULL, 0 },
    { "no-period", have_no_period, NULL, "no-vital-signs", NULL, 0 },
    { "nothing-to-boot", be_started, NULL, "nothing-to-boot", NULL, 0, .lasts = 150 SECONDS },
    { "boot-menu", be_started, load_menu, "not-booted", NULL, 0, .lasts = 150 SECONDS },
    { "no-driver", have_no_driver, NULL, "no-vital-signs", NULL, 0 },
    { "windows-without-service", have_windows_without_service, move_once, "no-vital-signs", NULL,
      0 },
    { "long-dead", be_long_dead, NULL, "no-vital-signs", NULL, 0 },
    { "dumped-by-us", NULL, dump, "none", NULL, 0 },
    { "libvirt-gone-after-dump", NULL, lose_libvirt_after_dump, "no-data", NULL, 0 },
};

static void
complain(const Row *row, guint phase, guint offset, guint t, const TestModel *model,
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
run_row(const Row *row, guint phase, guint offset, gboolean shuffle)
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
    const Row *row = data;

    for (guint phase = 0; phase < 20; phase++) {
        for (guint offset = 0; offset<20; offset += row->lasts> 90 SECONDS ? 10 : 1) {
            if (!run_row(row, phase, offset, FALSE) || !run_row(row, phase, offset, TRUE))
                return;
        }
    }
}

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
    measure_latency(FALSE, halt);
    measure_latency(TRUE, halt);
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
        have_two_vcpus(&model);
        memcpy(model.load, suspects[i].load, sizeof suspects[i].load);
        model.starvation = suspects[i].starvation;
        test_model_run(&model, 35 SECONDS);
        g_assert_cmphex(model.watch.signs.suspects, ==, suspects[i].suspects);
        g_assert_cmpstr(model.watch.verdict.cause->id, ==, "none");
    }
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autofree char *path = g_strconcat("/watch/", rows[i].name, NULL);

        g_test_add_data_func(path, &rows[i], test_row);
    }
    g_test_add_func("/watch/latency", test_latency);
    g_test_add_func("/watch/suspects", test_suspects);
    g_test_add_func("/watch/overdue-call", test_overdue_call);
    g_test_add_func("/watch/recovery-has-to-last", test_recovery_has_to_last);
    return g_test_run();
}
