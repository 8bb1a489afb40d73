/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config/signatures.h"
#include "probes/console/console.h"
#include "probes/probe.h"
#include "tests/unit/guest-model.h"

#include <string.h>

/* ---- what a console does to the verdict ---- */

#define SECONDS *10 /* in steps */

static void
say(TestModel *model, VitalsUtterance utterance)
{
    g_autoptr(VitalsSample) sample = vitals_sample_new(model->now, model->wall);

    sample->parts[VITALS_PART_CONSOLE] = VITALS_FACT_AVAILABLE;
    sample->n_utterances = 1;
    sample->utterances = g_memdup2(&utterance, sizeof utterance);
    vitals_watch_ingest(&model->watch, sample);
}

static void
write_lines(TestModel *model, gboolean kernel, gboolean userspace)
{
    g_autoptr(VitalsSample) sample = vitals_sample_new(model->now, model->wall);

    sample->parts[VITALS_PART_CONSOLE] = VITALS_FACT_AVAILABLE;
    sample->kernel_lines = kernel;
    sample->userspace_lines = userspace;
    vitals_watch_ingest(&model->watch, sample);
}

static const VitalsUtterance panic_live = {
    .what = VITALS_SAID_PANIC,
    .severity = VITALS_CONSOLE_CRITICAL,
    .begun = TRUE,
    .live = TRUE,
    .count = 1,
};
static const VitalsUtterance panic_typed = {
    .what = VITALS_SAID_PANIC,
    .severity = VITALS_CONSOLE_CRITICAL,
    .begun = TRUE,
    .count = 1,
};
static const VitalsUtterance panic_title = {
    .what = VITALS_SAID_PANIC,
    .severity = VITALS_CONSOLE_CRITICAL,
    .count = 1,
    .title = "kernel panic: out of ideas",
};

static const char *
cause(const TestModel *model)
{
    return model->watch.verdict.cause->id;
}

static gboolean
is_proven(const TestModel *model)
{
    return vitals_verdict_is_proven(&model->watch.signs, model->watch.verdict);
}

static void
start_healthy(TestModel *model, guint phase)
{
    test_model_init(model, phase);
    test_model_run(model, 60 SECONDS);
    g_assert_cmpstr(cause(model), ==, "none");
}

/* At every moment of its pulse: the verdict at once, the proof within seconds. */
static void
test_panic(void)
{
    for (guint phase = 0; phase < 20; phase++) {
        TestModel model;

        start_healthy(&model, phase);
        model.kernel_dead = TRUE;
        model.load[0] = 0.85;
        say(&model, panic_live);
        g_assert_cmpstr(cause(&model), ==, "kernel-panic");
        g_assert_false(is_proven(&model));
        test_model_run(&model, 1 SECONDS);
        say(&model, panic_title);
        g_assert_cmpstr(vitals_verdict_detail(&model.watch.signs, model.watch.verdict), ==,
                        panic_title.title);
        for (guint i = 0; i < 30 SECONDS; i++) {
            test_model_step(&model);
            g_assert_cmpstr(cause(&model), ==, "kernel-panic");
        }
        g_assert_true(is_proven(&model));
    }
}

/* Somebody writes it to the kernel's log, or the guest is busy and late. */
static void
test_panic_survived(void)
{
    for (guint phase = 0; phase < 20; phase++) {
        TestModel model;

        start_healthy(&model, phase);
        if (phase & 1) {
            model.load[0] = 1.0;
            model.work = G_USEC_PER_SEC;
        }
        say(&model, panic_live);
        for (guint i = 0; i < 10 SECONDS; i++) {
            test_model_step(&model);
            g_assert_true(!g_str_equal(cause(&model), "kernel-panic") || !is_proven(&model));
        }
        g_assert_cmpstr(cause(&model), ==, "none");
        /* it is not believed again */
        say(&model, panic_live);
        g_assert_cmpstr(cause(&model), ==, "none");
        /* but when it is true */
        model.kernel_dead = TRUE;
        model.load[0] = 0.85;
        test_model_run(&model, 20 SECONDS);
        g_assert_cmpstr(cause(&model), ==, "kernel-panic");
    }
}

static void
test_panic_typed(void)
{
    TestModel model;

    start_healthy(&model, 3);
    say(&model, panic_typed);
    say(&model, panic_title);
    for (guint i = 0; i < 60 SECONDS; i++) {
        test_model_step(&model);
        g_assert_cmpstr(cause(&model), ==, "none");
    }
    /* a kernel that does not stamp its lines: silence proves it, and before the pulse's own deadline */
    start_healthy(&model, 3);
    model.kernel_dead = TRUE;
    model.load[0] = 0.85;
    say(&model, panic_typed);
    test_model_run(&model, 8 SECONDS);
    g_assert_cmpstr(cause(&model), ==, "kernel-panic");
}

static void
lose_pulse(TestModel *model, double load)
{
    test_model_init(model, 0);
    model->period = 0;
    model->frozen_stamp = TRUE;
    model->counters = FALSE;
    model->stamp = 0;
    vitals_watch_set_balloon_period(&model->watch, 0);
    model->load[0] = load;
    test_model_run(model, 60 SECONDS);
}

static void
test_panic_without_pulse(void)
{
    TestModel model;

    lose_pulse(&model, 0.008);
    say(&model, panic_live);
    model.load[0] = 0.85;
    test_model_run(&model, 10 SECONDS);
    g_assert_cmpstr(cause(&model), ==, "kernel-panic");
    g_assert_false(is_proven(&model));
    test_model_run(&model, 10 SECONDS);
    g_assert_true(is_proven(&model));

    /* idle, so it lives */
    lose_pulse(&model, 0.008);
    say(&model, panic_live);
    test_model_run(&model, 600 SECONDS);
    g_assert_false(is_proven(&model));
    write_lines(&model, FALSE, TRUE);
    g_assert_cmpstr(cause(&model), !=, "kernel-panic");
}

static void
test_panic_rebooted(void)
{
    TestModel model;

    start_healthy(&model, 0);
    model.kernel_dead = TRUE;
    say(&model, panic_live);
    test_model_run(&model, 3 SECONDS);
    test_model_event(&model, VITALS_EVENT_REBOOT);
    g_assert_cmpstr(cause(&model), ==, "rebooting");
    model.kernel_dead = FALSE;
    test_model_boot(&model);
    test_model_run(&model, 10 SECONDS);
    model.frozen_stamp = FALSE;
    model.load[0] = 0.008;
    test_model_run(&model, 30 SECONDS);
    g_assert_cmpstr(cause(&model), ==, "none");
}

/* A device tells too: nothing has to be proven then. */
static void
test_panic_told_twice(void)
{
    TestModel model;

    start_healthy(&model, 0);
    model.kernel_dead = TRUE;
    say(&model, panic_live);
    say(&model, panic_title);
    test_model_event(&model, VITALS_EVENT_CRASHED);
    g_assert_cmpstr(cause(&model), ==, "guest-panicked");
    g_assert_true(is_proven(&model));
    g_assert_cmpstr(vitals_verdict_detail(&model.watch.signs, model.watch.verdict), ==,
                    panic_title.title);
}

typedef struct {
    VitalsSaid what;
    const char *cause;
    guint seconds; /* that it lasts */
    gint64 period;
} Lasting;

static void
test_lasting(void)
{
    static const Lasting rows[] = {
        { VITALS_SAID_FAULT, "kernel-fault", 900, 0 },
        { VITALS_SAID_STALL, "kernel-stalled", 180, 0 },
        { VITALS_SAID_HUNG_TASK, "tasks-hung", 300, 0 },
        { VITALS_SAID_OOM, "out-of-memory", 300, 0 },
        { VITALS_SAID_STORAGE, "storage-errors", 900, 0 },
        { VITALS_SAID_FLOOD, "console-flood", 10, 0 },
        { VITALS_SAID_LOOP, "console-loop", 45, 10 * G_USEC_PER_SEC },
        { VITALS_SAID_OTHER, "none", 1, 0 },
    };

    for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
        const VitalsUtterance utterance = {
            .what = rows[i].what,
            .severity = VITALS_CONSOLE_ERROR,
            .count = 3,
            .period = rows[i].period,
            .title = "what it said",
        };
        g_auto(GStrv) evidence = NULL;
        g_autofree char *all = NULL;
        TestModel model;

        start_healthy(&model, 0);
        say(&model, utterance);
        g_assert_cmpstr(cause(&model), ==, rows[i].cause);
        evidence = vitals_verdict_evidence(&model.watch.signs, &model.watch.limits);
        all = g_strjoinv("\n", evidence);
        g_assert_nonnull(strstr(all, "'what it said'"));
        if (rows[i].period)
            g_assert_nonnull(strstr(all, ", 3 times, every 10.0 s, for 20 s"));
        test_model_run(&model, rows[i].seconds * 10 - 10);
        g_assert_cmpstr(cause(&model), ==, rows[i].cause);
        test_model_run(&model, 20);
        g_assert_cmpstr(cause(&model), ==, "none");
    }
}

/* One CPU uses all of a core: busy, until the kernel says that it misses it. */
static void
test_stalled_vcpu(void)
{
    const VitalsUtterance stall = {
        .what = VITALS_SAID_STALL,
        .severity = VITALS_CONSOLE_CRITICAL,
        .count = 1,
        .title = "INFO: rcu detected stall in run_fault",
    };
    TestModel model;

    test_model_init(&model, 0);
    model.vcpus = 2;
    model.load[0] = 0.01;
    model.load[1] = 1.0;
    test_model_run(&model, 60 SECONDS);
    g_assert_cmpstr(cause(&model), ==, "none");
    say(&model, stall);
    g_assert_cmpstr(cause(&model), ==, "vcpu-dead");
    g_assert_cmpstr(vitals_verdict_detail(&model.watch.signs, model.watch.verdict), ==,
                    stall.title);
    test_model_run(&model, 181 SECONDS);
    g_assert_cmpstr(cause(&model), ==, "none");
}

static void
test_stopped(void)
{
    const VitalsUtterance prompt = {
        .what = VITALS_SAID_STOPPED,
        .severity = VITALS_CONSOLE_CRITICAL,
        .count = 1,
        .title = "emergency mode",
    };
    TestModel model;

    start_healthy(&model, 0);
    say(&model, prompt);
    test_model_run(&model, 600 SECONDS);
    g_assert_cmpstr(cause(&model), ==, "boot-stopped");
    write_lines(&model, FALSE, TRUE);
    g_assert_cmpstr(cause(&model), ==, "none");
}

/* A kernel that is locked up prints from its interrupts: that is no life. What userspace writes is. */
static void
test_lines(void)
{
    TestModel model;

    start_healthy(&model, 0);
    model.kernel_dead = TRUE;
    model.load[0] = 0.95;
    for (guint i = 0; i < 20; i++) {
        test_model_run(&model, 1 SECONDS);
        write_lines(&model, TRUE, FALSE);
    }
    g_assert_cmpstr(cause(&model), ==, "kernel-spinning");

    start_healthy(&model, 0);
    model.kernel_dead = TRUE;
    for (guint i = 0; i < 30; i++) {
        test_model_run(&model, 1 SECONDS);
        write_lines(&model, FALSE, TRUE);
        g_assert_cmpstr(cause(&model), ==, "none");
    }
}

/* Neither its first lines nor their end change what is known of a guest without a pulse. */
static void
test_lines_of_boot(void)
{
    TestModel model;

    start_healthy(&model, 0);
    test_model_event(&model, VITALS_EVENT_REBOOT);
    model.kernel_dead = TRUE;
    for (guint i = 0; i < 30; i++) {
        write_lines(&model, TRUE, TRUE);
        test_model_run(&model, 1 SECONDS);
        g_assert_cmpstr(cause(&model), ==, "rebooting");
    }
}

/* ---- what the console's engine takes for live ---- */

static VitalsSignatures *signatures;

typedef struct {
    guint begun;
    guint live;
    guint panicked;
    char *title;
} Seen;

static void
on_event(const VitalsConsoleEvent *event, gpointer user)
{
    Seen *seen = user;

    seen->begun += event->kind == VITALS_CONSOLE_REPORT_BEGUN;
    seen->panicked += event->kind == VITALS_CONSOLE_PANICKED;
    if (event->kind == VITALS_CONSOLE_REPORT_BEGUN || event->kind == VITALS_CONSOLE_PANICKED)
        seen->live += event->live;
    if (event->kind == VITALS_CONSOLE_REPORT_ENDED) {
        g_free(seen->title);
        seen->title = g_strdup(event->report->title);
    }
}

/* @at: seconds */
static void
feed(VitalsConsole *console, gint64 at, const char *text)
{
    vitals_console_feed(console, text, strlen(text), at * G_USEC_PER_SEC);
}

#define PANIC(stamp) "[" stamp "] Kernel panic - not syncing: out of ideas\n"

static void
test_live(void)
{
    static const VitalsConsoleOptions options = { 0 };
    static const struct {
        const char *before; /* came at 1000 s */
        gint64 at;
        const char *text;
        guint live;
    } rows[] = {
        { "[  100.000000] a line\n", 1500, PANIC("  600.100000"), 1 },
        { "[  100.000000] a line\n", 1000, PANIC("  100.000100"), 1 },
        { "[  100.000000] a line\n", 1001, PANIC("   99.900000"), 1 }, /* another CPU */
        { "", 1000, PANIC("    3.000000"), 1 },                        /* the first line ever */
        { "[  100.000000] a line\n", 4000, PANIC("  600.100000"), 1 }, /* it was paused */
        { "[  100.000000] a line\n", 1500, "Kernel panic - not syncing: typed\n", 0 },
        { "[  100.000000] a line\n", 1500, PANIC("   50.000000"), 0 }, /* dmesg of this boot */
        { "[  100.000000] a line\n", 1500, PANIC("80000.000000"), 0 }, /* an old log */
        { "[80000.000000] a line\n", 1500, PANIC("  600.100000"), 0 },
    };

    for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
        Seen seen = { 0 };
        g_autoptr(VitalsConsole) console =
            vitals_console_new(signatures, &options, on_event, &seen);

        feed(console, 1000, rows[i].before);
        feed(console, rows[i].at, rows[i].text);
        g_assert_cmpuint(seen.begun, ==, 1);
        if (seen.live != rows[i].live)
            g_error("row %zu: live is %u", i, seen.live);
        vitals_console_finish(console);
        g_free(seen.title);
    }
}

static void
test_replayed(void)
{
    static const VitalsConsoleOptions options = { 0 };
    Seen seen = { 0 };
    g_autoptr(VitalsConsole) console = vitals_console_new(signatures, &options, on_event, &seen);

    vitals_console_set_replaying(console, TRUE);
    feed(console, 1000, "[    1.000000] a line\n[ 9000.000000] another\n" PANIC(" 9001.000000"));
    vitals_console_pause(console, 1000 * G_USEC_PER_SEC);
    vitals_console_set_replaying(console, FALSE);
    g_assert_cmpuint(seen.begun, ==, 1);
    g_assert_cmpuint(seen.live, ==, 0);
    feed(console, 1005, PANIC(" 9010.000000"));
    g_assert_cmpuint(seen.live, ==, 1);
    vitals_console_pause(console, 1010 * G_USEC_PER_SEC);

    /* it starts anew, as libvirt tells, and dies young */
    feed(console, 1020, PANIC("    3.000000"));
    g_assert_cmpuint(seen.live, ==, 1);
    vitals_console_pause(console, 1021 * G_USEC_PER_SEC);
    vitals_console_rebooted(console);
    feed(console, 1030, PANIC("    4.000000"));
    g_assert_cmpuint(seen.live, ==, 2);
    vitals_console_finish(console);
    g_free(seen.title);
}

/* The clock jumped, and nobody told: after a while it is believed again. */
static void
test_live_again(void)
{
    static const VitalsConsoleOptions options = { 0 };
    Seen seen = { 0 };
    g_autoptr(VitalsConsole) console = vitals_console_new(signatures, &options, on_event, &seen);

    feed(console, 1000, "[90000.000000] a line\n");
    feed(console, 1010, "[    5.000000] a line\n");
    feed(console, 1030, "[   25.010000] a line\n");
    feed(console, 1040, PANIC("   35.000000"));
    g_assert_cmpuint(seen.live, ==, 1);
    vitals_console_finish(console);
    g_free(seen.title);
}

/* The panic that follows from a fault is told when its line comes, and the fault names it. */
static void
test_panicked(void)
{
    static const VitalsConsoleOptions options = { 0 };
    Seen seen = { 0 };
    g_autoptr(VitalsConsole) console = vitals_console_new(signatures, &options, on_event, &seen);

    feed(console, 1000,
         "[  100.000000] BUG: kernel NULL pointer dereference, address: 0000000000000010\n"
         "[  100.000100] RIP: 0010:widget_open+0x12/0x80\n");
    g_assert_cmpuint(seen.begun, ==, 1);
    g_assert_cmpuint(seen.panicked, ==, 0);
    feed(console, 1000, PANIC("  100.200000"));
    g_assert_cmpuint(seen.panicked, ==, 1);
    g_assert_cmpuint(seen.live, ==, 2);
    vitals_console_pause(console, 1002 * G_USEC_PER_SEC);
    g_assert_nonnull(strstr(seen.title, "widget_open"));
    g_free(seen.title);
}

/* ---- what reports are to the verdict ---- */

static void
test_kinds(void)
{
    static const struct {
        const char *id;
        VitalsSaid said;
    } rows[] = {
        { "panic", VITALS_SAID_PANIC },
        { "panic-init", VITALS_SAID_PANIC },
        { "panic-oom", VITALS_SAID_PANIC },
        { "bsd-panic", VITALS_SAID_PANIC },
        { "windows-bugcheck", VITALS_SAID_PANIC },
        { "null-dereference", VITALS_SAID_FAULT },
        { "general-protection", VITALS_SAID_FAULT },
        { "oops", VITALS_SAID_FAULT },
        { "kernel-bug", VITALS_SAID_FAULT },
        { "soft-lockup", VITALS_SAID_STALL },
        { "rcu-stall", VITALS_SAID_STALL },
        { "hung-task", VITALS_SAID_HUNG_TASK },
        { "oom-kill", VITALS_SAID_OOM },
        { "oom-nothing", VITALS_SAID_OOM },
        { "fs-read-only", VITALS_SAID_STORAGE },
        { "disk-timeout", VITALS_SAID_STORAGE },
        { "systemd-emergency", VITALS_SAID_STOPPED },
        { "grub-rescue", VITALS_SAID_STOPPED },
        { "no-bootable-device", VITALS_SAID_STOPPED },
        { "warning", VITALS_SAID_OTHER },
        { "kdump-kernel", VITALS_SAID_KDUMP },
        { "kdump-failed", VITALS_SAID_KDUMP },
        { "suspend-to-idle", VITALS_SAID_ASLEEP },
        { "halted", VITALS_SAID_ASLEEP },
        { "oom-cgroup", VITALS_SAID_OTHER },
        { "windows-ems", VITALS_SAID_OTHER },
    };
    const GPtrArray *list = vitals_signatures_list(signatures);

    for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
        const VitalsSignature *found = NULL;

        for (guint j = 0; !found && j < list->len; j++) {
            const VitalsSignature *signature = g_ptr_array_index(list, j);

            found = g_str_equal(signature->id, rows[i].id) ? signature : NULL;
        }
        if (!found || vitals_said_by_report(found) != rows[i].said)
            g_error("%s is not '%s'", rows[i].id, vitals_said_name(rows[i].said));
    }
}

static void
test_title(void)
{
    VitalsUtterance utterance = { 0 };
    g_autofree char *wide = g_strnfill(VITALS_TITLE_MAX - 2, 'a');
    g_autofree char *cut = g_strconcat(wide, "\xc3\xa9\xc3\xa9", NULL);

    vitals_utterance_set_title(&utterance, NULL);
    g_assert_cmpstr(utterance.title, ==, "");
    vitals_utterance_set_title(&utterance, "a\x1b[31m\nb\\x");
    g_assert_null(strchr(utterance.title, '\x1b'));
    g_assert_null(strchr(utterance.title, '\n'));
    vitals_utterance_set_title(&utterance, cut);
    g_assert_true(g_utf8_validate(utterance.title, -1, NULL));
    g_assert_cmpstr(utterance.title, ==, wide);
}

int
main(int argc, char **argv)
{
    g_autoptr(GPtrArray) items = NULL;
    int status;

    g_test_init(&argc, &argv, NULL);
    items = vitals_signatures_items(NULL, NULL);
    signatures = vitals_signatures_new(items, NULL);
    g_test_add_func("/said/panic", test_panic);
    g_test_add_func("/said/panic/survived", test_panic_survived);
    g_test_add_func("/said/panic/typed", test_panic_typed);
    g_test_add_func("/said/panic/without-pulse", test_panic_without_pulse);
    g_test_add_func("/said/panic/rebooted", test_panic_rebooted);
    g_test_add_func("/said/panic/told-twice", test_panic_told_twice);
    g_test_add_func("/said/lasting", test_lasting);
    g_test_add_func("/said/stalled-vcpu", test_stalled_vcpu);
    g_test_add_func("/said/stopped", test_stopped);
    g_test_add_func("/said/lines", test_lines);
    g_test_add_func("/said/lines/of-boot", test_lines_of_boot);
    g_test_add_func("/said/live", test_live);
    g_test_add_func("/said/live/replayed", test_replayed);
    g_test_add_func("/said/live/again", test_live_again);
    g_test_add_func("/said/panicked", test_panicked);
    g_test_add_func("/said/kinds", test_kinds);
    g_test_add_func("/said/title", test_title);
    status = g_test_run();
    vitals_signatures_free(signatures);
    return status;
}
