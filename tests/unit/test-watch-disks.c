/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/unit/watch-rows.h"

/* What the disks of a guest tell, at work, stuck and before there is a system. */

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

/* It works in bursts, minutes apart. */
static void
lose_balloon_and_rest(TestModel *model, guint t)
{
    model->frozen_stamp = TRUE;
    if (t % (300 SECONDS) < 20 SECONDS)
        model->requests += 150;
}

/* What was heard of it proves nothing for ever. */
static void
lose_balloon_and_die(TestModel *model, guint t)
{
    if (t < 60 SECONDS)
        lose_balloon_at_work(model, t);
    else
        model_halt(model, t);
}

/* A thousand requests were under way, and its disk is slow. */
static void
die_at_work(TestModel *model, guint t)
{
    model_halt(model, t);
    model->requests += t < 20 ? 3 : t < 520 ? 2 : 0;
}

/* A crash is not disproven by what was completed before it, or was under way. */
static void
crash_at_work(TestModel *model, guint t)
{
    model->requests += t < 100 ? 3 : 0;
    if (t > 3)
        model_crash_and_go_on_running(model, t);
    else
        model_crash(model, t);
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

static void
be_started(TestModel *model)
{
    have_disks(model);
    model_have_no_driver(model);
    model->requests = 2;
    vitals_watch_init(&model->watch, model->now, &test_limits, TRUE);
    vitals_watch_set_balloon_period(&model->watch, model->period);
}

/* @booted: it is the first of a firmware or kernel; @kernel: a kernel wrote it */
static void
write_line(TestModel *model, gboolean booted, gboolean kernel)
{
    g_autoptr(VitalsSample) sample = vitals_sample_new(model->now, model->wall);

    sample->parts[VITALS_PART_CONSOLE] = VITALS_FACT_AVAILABLE;
    sample->booted = booted;
    sample->kernel_lines = kernel;
    vitals_watch_ingest(&model->watch, sample);
}

/* A firmware tells of itself, and polls for a key for ever. */
static void
wait_in_menu(TestModel *model, guint t)
{
    if (t == 0)
        write_line(model, TRUE, FALSE);
    model->load[0] = 1.0;
}

static void
hang_in_kernel(TestModel *model, guint t)
{
    if (t == 0)
        write_line(model, FALSE, TRUE);
    model->kernel_dead = TRUE;
    model->load[0] = 0.97;
}

static void
halt_in_kernel(TestModel *model, guint t)
{
    hang_in_kernel(model, t);
    model->load[0] = 0.0;
}

/* The same with other people's guests on its CPU. */
static void
hang_in_kernel_on_busy_host(TestModel *model, guint t)
{
    hang_in_kernel(model, t);
    model->load[0] = 1.0;
    model->starvation = 0.5;
}

/* It ran, was rebooted, and QEMU keeps the last stamp of the run before. */
static void
hang_at_second_boot(TestModel *model, guint t)
{
    if (t == 0) {
        test_model_event(model, VITALS_EVENT_REBOOT);
        test_model_boot(model);
    }
    if (t == 2 SECONDS)
        write_line(model, FALSE, TRUE);
    if (t >= 2 SECONDS) {
        model->kernel_dead = TRUE;
        model->load[0] = 0.97;
    }
}

/* QEMU kept the guest's figures too. */
static void
hang_and_keep_figures(TestModel *model, guint t)
{
    hang_at_second_boot(model, t);
    model->counters = TRUE;
}

/* The same, but it only takes its time. */
static void
reboot_slowly(TestModel *model, guint t)
{
    if (t == 0) {
        test_model_event(model, VITALS_EVENT_REBOOT);
        test_model_boot(model);
    }
    if (t == 2 SECONDS)
        write_line(model, FALSE, TRUE);
    model->counters = TRUE;
    model->frozen_stamp = t < 55 SECONDS;
}

/* Time in which it is paused is none in which its boot could go on. */
static void
be_paused_in_boot(TestModel *model, guint t)
{
    if (t == 0)
        write_line(model, FALSE, TRUE);
    model->load[0] = 0.97;
    model->state = t < 150 SECONDS ? VITALS_DOMAIN_PAUSED : VITALS_DOMAIN_RUNNING;
    model->reason = t < 150 SECONDS ? VITALS_REASON_USER : VITALS_REASON_OTHER;
}

/* At work with all it has, long after its boot. */
static void
compute_without_driver(TestModel *model, guint t)
{
    if (t == 0)
        write_line(model, FALSE, TRUE);
    model->load[0] = t < 130 SECONDS ? 0.3 : 0.99;
}

/* A system without a balloon driver: idle, with some work now and then, or at full load with a disk. */
static void
run_without_driver(TestModel *model, guint t)
{
    if (t == 0)
        write_line(model, FALSE, TRUE);
    model->load[0] = t % (20 SECONDS) < 2 SECONDS ? 0.9 : 0.01;
}

static void
work_without_driver(TestModel *model, guint t)
{
    hang_in_kernel(model, t);
    model->requests = 700 + t;
}

/* A boot loader has shown its menu, and waits. */
static void
load_menu(TestModel *model, guint t)
{
    model->requests = t < 5 ? 2 : 700;
}

static const TestRow rows[] = {
    { "die-at-work", have_disks, die_at_work, "kernel-halted", NULL, 12 SECONDS },
    { "crash-at-work", have_disks, crash_at_work, "guest-panicked", NULL, 1 SECONDS },
    { "at-work", have_disks, be_at_work, "none", NULL, 0 },
    { "balloon-lost-and-died", have_disks, lose_balloon_and_die, "kernel-halted", NULL, 680 SECONDS,
      .lasts = 700 SECONDS },
    { "balloon-lost-and-rests", have_disks, lose_balloon_and_rest, "none", NULL, 0,
      .lasts = 1500 SECONDS },
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
    { "nothing-to-boot", be_started, NULL, "nothing-to-boot", NULL, 0, .lasts = 150 SECONDS },
    { "boot-hung", be_started, hang_in_kernel, "boot-hung", NULL, 125 SECONDS,
      .lasts = 140 SECONDS },
    { "boot-hung-halted", be_started, halt_in_kernel, "boot-hung", NULL, 45 SECONDS,
      .lasts = 140 SECONDS },
    { "boot-hung-on-busy-host", be_started, hang_in_kernel_on_busy_host, "boot-hung", NULL,
      270 SECONDS, .lasts = 290 SECONDS },
    { "boot-hung-again", have_disks, hang_at_second_boot, "boot-hung", NULL, 130 SECONDS,
      .lasts = 150 SECONDS },
    { "boot-hung-keeps-figures", have_disks, hang_and_keep_figures, "boot-hung", NULL, 130 SECONDS,
      .lasts = 150 SECONDS },
    { "reboots-slowly", have_disks, reboot_slowly, "none", NULL, 0, .lasts = 80 SECONDS },
    { "paused-in-boot", be_started, be_paused_in_boot, "no-vital-signs", NULL, 0,
      .lasts = 210 SECONDS },
    { "computes-without-driver", be_started, compute_without_driver, "no-vital-signs", NULL, 0,
      .lasts = 300 SECONDS },
    { "menu-polls", be_started, wait_in_menu, "nothing-to-boot", NULL, 0, .lasts = 300 SECONDS },
    { "runs-without-driver", be_started, run_without_driver, "no-vital-signs", NULL, 0,
      .lasts = 300 SECONDS },
    { "works-without-driver", be_started, work_without_driver, "none", NULL, 0,
      .lasts = 300 SECONDS },
    { "boot-menu", be_started, load_menu, "not-booted", NULL, 0, .lasts = 150 SECONDS },
};

/* What is shown of the disks, whatever the verdict: no claim that nothing proves. */
static void
check_disks(void (*set_up)(TestModel *model), void (*script)(TestModel *model, guint t),
            const char *disks)
{
    TestModel model;

    test_model_init(&model, 0);
    if (set_up)
        set_up(&model);
    test_model_run(&model, FAULT_AT);
    for (guint t = 0; t < 60 SECONDS; t++) {
        if (script)
            script(&model, t);
        test_model_step(&model);
    }
    g_assert_cmpstr(vitals_disks_name(vitals_signs_disks(&model.watch.signs, &test_limits)), ==,
                    disks);
}

static void
test_disks_shown(void)
{
    check_disks(NULL, NULL, "none");
    check_disks(have_disks, NULL, "unknown");
    check_disks(have_disks, be_at_work, "working");
    check_disks(have_disks, be_idle_on_disk, "idle");
    check_disks(have_disks, stick, "stuck");
    check_disks(have_disks, throttle, "stuck");
    check_disks(have_disks, block_thread, "stuck");
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/watch/disks-shown", test_disks_shown);
    test_rows_add(rows, G_N_ELEMENTS(rows));
    return g_test_run();
}
