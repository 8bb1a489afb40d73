/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/unit/watch-rows.h"

/* What healthy guests, busy hosts and we ourselves do: never an alarm. */

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

static void
boot_on_console(TestModel *model)
{
    g_autoptr(VitalsSample) sample = vitals_sample_new(model->now, model->wall);

    sample->parts[VITALS_PART_CONSOLE] = VITALS_FACT_AVAILABLE;
    sample->booted = sample->kernel_lines = TRUE;
    vitals_watch_ingest(&model->watch, sample);
}

/* No device is reset and no event sent: only the console shows that another kernel took over. */
static void
kexec(TestModel *model, guint t)
{
    model->frozen_stamp = t < 36 SECONDS;
    model->load[0] = 0.53;
    if (t == 20)
        boot_on_console(model);
    if (t == 36 SECONDS)
        test_model_boot(model);
    if (t == 37 SECONDS)
        model->frozen_stamp = FALSE;
}

/* Its console is quiet, and the seconds of CPU that the other kernel needs to its driver are twice as long on a host
 * that gives the guest half of what it asks for. */
static void
kexec_quietly_on_busy_host(TestModel *model, guint t)
{
    model->frozen_stamp = t < 9 SECONDS;
    model->load[0] = t < 9 SECONDS ? 1.0 : 0.008;
    model->starvation = t < 11 SECONDS ? 0.5 : 0.0;
    if (t == 9 SECONDS) {
        test_model_boot(model);
        model->frozen_stamp = FALSE;
    }
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
        model_halt(model, t);
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
    model_halt(model, t);
}

static void
have_no_period(TestModel *model)
{
    model->period = 0;
    vitals_watch_set_balloon_period(&model->watch, 0);
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

/* Its driver came, and its kernel wrote on the console; @beats: stamps of it before it dies. */
static void
die_young(TestModel *model, guint t, guint beats, gboolean writes)
{
    if (t == 0) {
        test_model_event(model, VITALS_EVENT_STARTED);
        test_model_boot(model);
    }
    if (t == 5 && writes)
        boot_on_console(model);
    if (t == 5 SECONDS) {
        model->counters = TRUE;
        model->stamp = model->wall / G_USEC_PER_SEC;
    }
    model->frozen_stamp = t < 5 SECONDS || t > 5 SECONDS + beats * 25;
    model->load[0] = t < 8 SECONDS ? 0.53 : 1.0;
}

static void
die_at_drivers(TestModel *model, guint t)
{
    die_young(model, t, 0, TRUE);
}

static void
die_behind_drivers(TestModel *model, guint t)
{
    die_young(model, t, 1, TRUE);
}

static void
be_windows_without_service(TestModel *model, guint t)
{
    die_young(model, t, 0, FALSE);
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

/* What holds before and behind a time without news held all the while. */
static void
test_since_without_news(void)
{
    TestModel model;
    gint64 since;

    test_model_init(&model, 3);
    test_model_run(&model, FAULT_AT);
    model_halt(&model, 0);
    test_model_run(&model, 20 SECONDS);
    g_assert_cmpstr(model.watch.verdict.cause->id, ==, "kernel-halted");
    since = model.watch.verdict.since;
    model.libvirt_gone = TRUE;
    test_model_run(&model, 50 SECONDS);
    g_assert_cmpstr(model.watch.verdict.cause->id, ==, "no-data");
    g_assert_cmpint(model.watch.verdict.since, >, since);
    model.libvirt_gone = FALSE;
    test_model_run(&model, 2 SECONDS);
    g_assert_cmpstr(model.watch.verdict.cause->id, ==, "kernel-halted");
    g_assert_cmpint(model.watch.verdict.since, ==, since);
    /* another verdict is another one */
    model.libvirt_gone = TRUE;
    test_model_run(&model, 50 SECONDS);
    model.libvirt_gone = FALSE;
    model.state = VITALS_DOMAIN_CRASHED;
    test_model_run(&model, 2 SECONDS);
    g_assert_cmpint(model.watch.verdict.since, >, since);
}

/* A monitor comes anew to a guest that died meanwhile, one whose pulse the former one knew. */
static const char *
verdict_of_found(void (*prepare)(TestModel *model), gboolean recalled)
{
    TestModel model;

    test_model_init(&model, 3);
    prepare(&model);
    g_assert_false(vitals_watch_has_pulse(&model.watch));
    if (recalled)
        vitals_watch_recall_pulse(&model.watch);
    g_assert_true(vitals_watch_has_pulse(&model.watch) == recalled);
    test_model_run(&model, 15 SECONDS);
    return model.watch.verdict.cause->id;
}

static void
be_resetting(TestModel *model)
{
    test_model_boot(model);
}

static void
be_well(TestModel *model)
{
}

static void
test_pulse_recalled(void)
{
    g_assert_cmpstr(verdict_of_found(be_long_dead, TRUE), ==, "kernel-spinning");
    g_assert_cmpstr(verdict_of_found(be_long_dead, FALSE), ==, "observing");
    g_assert_cmpstr(verdict_of_found(be_resetting, TRUE), ==, "observing");
    g_assert_cmpstr(verdict_of_found(be_well, TRUE), ==, "none");
}

/* It was dead for the process before ours, which reset it before it ended: now it sits in its boot menu, and its
 * balloon device has forgotten the guest's figures. */
static void
test_resumed_in_menu(void)
{
    TestModel model;

    test_model_init(&model, 3);
    vitals_watch_resume_silence(&model.watch);
    test_model_boot(&model);
    for (guint t = 0; t < 400 SECONDS; t++) {
        test_model_step(&model);
        g_assert_cmpint(model.watch.verdict.cause->health, !=, VITALS_HEALTH_UNRESPONSIVE);
    }
    /* it boots after all, and dies another time */
    model.frozen_stamp = FALSE;
    test_model_run(&model, FAULT_AT);
    model_halt(&model, 0);
    test_model_run(&model, 12 SECONDS);
    g_assert_cmpstr(model.watch.verdict.cause->id, ==, "kernel-halted");
}

/* Likewise one whose balloon has no driver: its panic was heard on the console. */
static void
test_resumed_without_driver(void)
{
    TestModel model;

    test_model_init(&model, 3);
    vitals_watch_resume_silence(&model.watch);
    model_have_no_driver(&model);
    for (guint t = 0; t < 400 SECONDS; t++) {
        test_model_step(&model);
        g_assert_cmpint(model.watch.verdict.cause->health, !=, VITALS_HEALTH_UNRESPONSIVE);
    }
}

/* And one that nobody has reset is dead still. */
static void
test_resumed_dead(void)
{
    TestModel model;

    test_model_init(&model, 3);
    vitals_watch_resume_silence(&model.watch);
    model_halt(&model, 0);
    test_model_run(&model, 135 SECONDS);
    g_assert_cmpstr(model.watch.verdict.cause->id, ==, "kernel-halted");
}

static const TestRow rows[] = {
    { "halted-clock-set-back", NULL, hang_as_clock_is_set, "kernel-halted", NULL, 12 SECONDS },
    { "kexec-and-hang", NULL, kexec_and_hang, "kernel-spinning", NULL, 125 SECONDS,
      .lasts = 140 SECONDS },
    { "hang-behind-dmesg", NULL, hang_behind_dmesg, "kernel-halted", NULL, 16 SECONDS },
    { "dead-at-its-drivers", NULL, die_at_drivers, "kernel-spinning", NULL, 45 SECONDS },
    { "dead-behind-its-drivers", NULL, die_behind_drivers, "kernel-spinning", NULL, 50 SECONDS },
    { "driver-without-service", NULL, be_windows_without_service, "starting", NULL, 0 },
    { "starved-then-dead", NULL, starve_then_hang, "kernel-spinning", NULL, 34 SECONDS },
    { "idle", NULL, NULL, "none", .lasts = 600 SECONDS },
    { "busy", model_be_busy, NULL, "none", NULL, 0 },
    { "busy-on-two", model_be_busy_on_two, NULL, "none", NULL, 0 },
    { "reboot", NULL, reboot, "none", NULL, 0 },
    { "reboot-unannounced", NULL, reboot_unannounced, "none", NULL, 0 },
    { "kexec", NULL, kexec, "none", NULL, 0 },
    { "kexec-quietly-on-busy-host", NULL, kexec_quietly_on_busy_host, "none", NULL, 0 },
    { "boot-slowly", NULL, boot_slowly, "none", NULL, 0 },
    { "hang-in-boot", NULL, hang_in_boot, "rebooting", NULL, 0 },
    { "starved", NULL, starve, "none", NULL, 0 },
    { "fork-bomb", NULL, bomb, "none", NULL, 0 },
    { "answers-late", NULL, answer_late, "none", NULL, 0 },
    { "job-held", NULL, hold_job, "none", NULL, 0 },
    { "libvirt-gone-and-back", NULL, lose_libvirt, "none", NULL, 0 },
    { "libvirt-gone-a-minute", NULL, lose_libvirt_for_long, "none", .lasts = 90 SECONDS },
    { "we-are-late", NULL, be_late, "none", .lasts = 90 SECONDS },
    { "we-are-late-and-it-starves", NULL, be_late_while_starved, "none", .lasts = 90 SECONDS },
    { "host-slept", NULL, sleep_host, "none", NULL, 0 },
    { "clock-set-back", NULL, set_clock_back, "none", NULL, 0 },
    { "no-period", have_no_period, NULL, "no-vital-signs", NULL, 0 },
    { "no-driver", model_have_no_driver, NULL, "no-vital-signs", NULL, 0 },
    { "windows-without-service", have_windows_without_service, move_once, "no-vital-signs", NULL,
      0 },
    { "long-dead", be_long_dead, NULL, "no-vital-signs", NULL, 0 },
    { "dumped-by-us", NULL, dump, "none", NULL, 0 },
    { "libvirt-gone-after-dump", NULL, lose_libvirt_after_dump, "no-data", NULL, 0 },
};

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/watch/resumed-in-menu", test_resumed_in_menu);
    g_test_add_func("/watch/resumed-without-driver", test_resumed_without_driver);
    g_test_add_func("/watch/resumed-dead", test_resumed_dead);
    test_rows_add(rows, G_N_ELEMENTS(rows));
    g_test_add_func("/watch/since-without-news", test_since_without_news);
    g_test_add_func("/watch/pulse-recalled", test_pulse_recalled);
    return g_test_run();
}
