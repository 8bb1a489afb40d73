/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config/signatures.h"
#include "monitor/console-follower.h"
#include "monitor/console-places.h"
#include "tests/unit/program.h"

#include <glib/gstdio.h>
#include <string.h>
#include <unistd.h>

static VitalsSignatures *signatures;

/* A guest's log, who follows it, and a clock. */
typedef struct {
    char *directory;
    char *path;
    VitalsConsoleFollower *follower;
    int run;
    gint64 now;
    char *buffer;
} Scene;

static void
set_up(Scene *scene, gconstpointer data)
{
    scene->directory = g_dir_make_tmp("test-follower-XXXXXX", NULL);
    scene->path = g_build_filename(scene->directory, "guest.log", NULL);
    scene->now = g_get_real_time(); /* places are as old as the wall clock tells */
    scene->buffer = g_malloc(VITALS_CONSOLE_FETCH_MAX);
    scene->follower = vitals_console_follower_new(signatures, scene->path, scene->run, NULL);
}

static void
tear_down(Scene *scene, gconstpointer data)
{
    vitals_console_follower_free(scene->follower);
    test_remove_tree(scene->directory);
    g_free(scene->directory);
    g_free(scene->path);
    g_free(scene->buffer);
}

static void
append(const Scene *scene, const char *text)
{
    FILE *file = fopen(scene->path, "a");

    g_assert_nonnull(file);
    fputs(text, file);
    fclose(file);
}

/* A round, a quarter of a second after the last one. */
static VitalsSample *
round_of(Scene *scene)
{
    g_autoptr(GError) error = NULL;

    scene->now += G_USEC_PER_SEC / 4;
    vitals_console_follower_fetch(scene->follower, scene->buffer, &error);
    g_assert_no_error(error);
    return vitals_console_follower_digest(scene->follower, scene->buffer, scene->now, scene->now);
}

/* Lets @rounds pass. Returns: (transfer full) (nullable): the last thing of that kind that was said */
static VitalsUtterance *
wait_for(Scene *scene, guint rounds, VitalsSaid what)
{
    VitalsUtterance *found = NULL;

    for (guint i = 0; i < rounds; i++) {
        g_autoptr(VitalsSample) sample = round_of(scene);

        for (guint j = 0; sample && j < sample->n_utterances; j++) {
            if (sample->utterances[j].what != what)
                continue;
            g_free(found);
            found = g_memdup2(&sample->utterances[j], sizeof *found);
        }
    }
    return found;
}

#define OOPS(stamp)                                                                        \
    "[" stamp ".000000] BUG: kernel NULL pointer dereference, address: 0000000000000010\n" \
    "[" stamp ".000100] RIP: 0010:widget_open+0x12/0x80\n"
#define PANIC(stamp) "[" stamp ".100000] Kernel panic - not syncing: Fatal exception\n"

static void
test_panic(Scene *scene, gconstpointer data)
{
    g_autofree VitalsUtterance *begun = NULL;
    g_autofree VitalsUtterance *whole = NULL;
    g_autoptr(VitalsConsoleCounts) counts = NULL;

    append(scene, "[    1.000000] a line\n");
    g_free(wait_for(scene, 4, VITALS_SAID_OTHER));
    append(scene, OOPS("    2") PANIC("    2"));
    begun = wait_for(scene, 1, VITALS_SAID_PANIC);
    g_assert_nonnull(begun);
    g_assert_true(begun->live && begun->begun);
    whole = wait_for(scene, 8, VITALS_SAID_PANIC);
    g_assert_nonnull(whole);
    g_assert_false(whole->begun);
    g_assert_nonnull(strstr(whole->title, "widget_open"));
    counts = vitals_console_follower_counts(scene->follower);
    g_assert_cmpuint(counts->reports->len, ==, 1);
    g_assert_cmpstr(g_array_index(counts->reports, VitalsTally, 0).label, ==,
                    "NULL-POINTER-DEREFERENCE");
}

/* The same fault once more, survived: it is no panic because it once was one. */
static void
test_fault_after_panic(Scene *scene, gconstpointer data)
{
    g_autofree VitalsUtterance *panic = NULL;

    append(scene, "[    1.000000] a line\n");
    g_free(wait_for(scene, 4, VITALS_SAID_OTHER));
    append(scene, OOPS("    2") PANIC("    2"));
    g_free(wait_for(scene, 8, VITALS_SAID_PANIC));
    vitals_console_follower_rebooted(scene->follower);
    g_free(wait_for(scene, 8, VITALS_SAID_OTHER));
    append(scene, OOPS("    3"));
    panic = wait_for(scene, 8, VITALS_SAID_PANIC);
    g_assert_null(panic);
}

/* What the log ended with before us may be how the guest ended; what it went on after is past. */
static void
test_history(Scene *scene, gconstpointer data)
{
    g_autofree VitalsUtterance *old = NULL;
    g_autofree VitalsUtterance *last = NULL;
    g_autoptr(VitalsConsoleFollower) again = NULL;
    VitalsConsoleFollower *first;

    append(scene, OOPS("    2") PANIC("    2") "[    0.000000] Linux version 6.1.0\n"
                                               "Debian GNU/Linux 12 web ttyS0\n\nweb login: \n");
    old = wait_for(scene, 8, VITALS_SAID_PANIC);
    g_assert_null(old);
    append(scene, OOPS("    9") PANIC("    9"));
    first = scene->follower;
    scene->follower = vitals_console_follower_new(signatures, scene->path, scene->run, NULL);
    vitals_console_follower_free(first);
    last = wait_for(scene, 8, VITALS_SAID_PANIC);
    g_assert_nonnull(last);
    g_assert_false(last->live);
}

/* A kernel with a crash kernel, which boots without a word, ends its report in the middle. */
static void
test_handed_over(Scene *scene, gconstpointer data)
{
#define REPORT(second, loaded)                                                        \
    "[ " second ".008915] Kernel panic - not syncing: no more\n[ " second             \
    ".009411] CPU: 0 PID: 7 Comm: worker " loaded "Not tainted 6.1.0 #1\n[ " second   \
    ".010210] Call Trace:\n[ " second ".011057]  dump_stack_lvl+0x44/0x5c\n[ " second \
    ".011483]  panic+0x118/0x2f4\n[ " second ".011618]  give_up+0x9e/0x150\n"
#define END(second) "[ " second ".020000] ---[ end Kernel panic - not syncing: no more ]---\n"
    static const struct {
        const char *text;
        gboolean handed_over;
    } rows[] = {
        { REPORT("  51", "Kdump: loaded "), TRUE },
        { REPORT("  71", ""), FALSE },
        { REPORT("  91", "Kdump: loaded ") END("  91"), FALSE },
        { OOPS("  111") "[  111.100000] CPU: 0 PID: 7 Comm: worker Kdump: loaded Not tainted "
                        "6.1.0\n",
          TRUE },
    };

    append(scene, "[   50.000000] a line\n");
    g_free(wait_for(scene, 4, VITALS_SAID_OTHER));
    for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autofree VitalsUtterance *kdump = NULL;

        append(scene, rows[i].text);
        kdump = wait_for(scene, 12, VITALS_SAID_KDUMP);
        g_test_message("%s", rows[i].text);
        g_assert_cmpint(kdump != NULL, ==, rows[i].handed_over);
        g_assert_true(!kdump || !kdump->begun);
    }
#undef REPORT
#undef END
}

/* The end of the run before, read after the guest was started anew, says nothing about it now. */
static void
test_rebooted(Scene *scene, gconstpointer data)
{
    g_autofree VitalsUtterance *panic = NULL;
    g_autofree VitalsUtterance *next = NULL;

    append(scene, "[   50.000000] a line\n");
    g_free(wait_for(scene, 4, VITALS_SAID_OTHER));
    append(scene, PANIC("   51"));
    vitals_console_follower_rebooted(scene->follower);
    panic = wait_for(scene, 8, VITALS_SAID_PANIC);
    g_assert_null(panic);
    append(scene, PANIC("    1"));
    next = wait_for(scene, 1, VITALS_SAID_PANIC);
    g_assert_nonnull(next);
    g_assert_true(next->live);
}

/* Told once, and not of what was there before us. */
static void
test_booted(Scene *scene, gconstpointer data)
{
    guint booted = 0;

    append(scene, "[    0.000000] Linux version 6.1.0 (a@b) #1 SMP\n[    0.100000] a line\n");
    for (guint i = 0; i < 12; i++) {
        g_autoptr(VitalsSample) sample = round_of(scene);

        g_assert_false(sample && sample->booted);
    }
    append(scene, "[    0.000000] Linux version 6.1.0 (a@b) #1 SMP\n");
    for (guint i = 0; i < 12; i++) {
        g_autoptr(VitalsSample) sample = round_of(scene);

        booted += sample && sample->booted;
    }
    g_assert_cmpuint(booted, ==, 1);
}

static guint
count_boots(Scene *scene)
{
    guint booted = 0;

    for (guint i = 0; i < 12; i++) {
        g_autoptr(VitalsSample) sample = round_of(scene);

        booted += sample && sample->booted;
    }
    return booted;
}

/* By kexec, of a kernel that hides its banner. */
static void
test_booted_quietly(Scene *scene, gconstpointer data)
{
    append(scene, "[   21.000000] a line\n");
    g_assert_cmpuint(count_boots(scene), ==, 0);
    append(scene, "[   22.000000] a line\n[   21.999000] of another CPU\n0.5 s\n");
    g_assert_cmpuint(count_boots(scene), ==, 0);
    append(scene, "[    0.040000] ..MP-BIOS bug: 8254 timer not connected to IO-APIC\n"
                  "[    1.500000] a line\n");
    g_assert_cmpuint(count_boots(scene), ==, 1);
    append(scene, "[   30.000000] a line\n");
    g_assert_cmpuint(count_boots(scene), ==, 0);
    append(scene, "[   31.000000] kexec_core: Starting new kernel\n");
    g_assert_cmpuint(count_boots(scene), ==, 1);
    /* where libvirt told of a reset, nothing is news */
    append(scene, "[   40.000000] a line\n");
    g_assert_cmpuint(count_boots(scene), ==, 0);
    vitals_console_follower_rebooted(scene->follower);
    g_assert_cmpuint(count_boots(scene), ==, 0);
    append(scene, "[    0.500000] a line\n");
    g_assert_cmpuint(count_boots(scene), ==, 0);
}

static void
test_lines(Scene *scene, gconstpointer data)
{
    g_autoptr(VitalsSample) kernel = NULL;
    g_autoptr(VitalsSample) userspace = NULL;
    g_autoptr(VitalsSample) nothing = NULL;

    append(scene, "[    1.000000] a line\n");
    g_free(wait_for(scene, 4, VITALS_SAID_OTHER));
    append(scene, "[    2.000000] a line of the kernel\n");
    kernel = round_of(scene);
    g_assert_nonnull(kernel);
    g_assert_true(kernel->kernel_lines && !kernel->userspace_lines);
    append(scene, "web login: \n");
    nothing = round_of(scene); /* they are told once a second */
    g_assert_null(nothing);
    g_free(wait_for(scene, 2, VITALS_SAID_OTHER));
    userspace = round_of(scene);
    g_assert_nonnull(userspace);
    g_assert_true(!userspace->kernel_lines && userspace->userspace_lines);
}

/* A getty every ten seconds: named by its third time, with pace and count, and counted on. */
static void
test_loop(Scene *scene, gconstpointer data)
{
    g_autoptr(VitalsConsoleCounts) counts = NULL;
    VitalsUtterance *loop = NULL;

    append(scene, "[    1.000000] a line\n");
    g_free(wait_for(scene, 4, VITALS_SAID_OTHER));
    for (guint i = 0; i < 3; i++) {
        g_assert_null(loop);
        append(scene, "agetty[99]: /dev/ttyS1: could not get terminal name: -22\n");
        loop = wait_for(scene, 40, VITALS_SAID_LOOP);
    }
    g_assert_nonnull(loop);
    g_assert_cmpuint(loop->count, ==, 3);
    g_assert_cmpint(ABS(loop->period - 10 * G_USEC_PER_SEC), <, G_USEC_PER_SEC);
    g_assert_cmpstr(loop->title, ==, "agetty[99]: /dev/ttyS1: could not get terminal name: -22");
    g_free(loop);
    append(scene, "agetty[100]: /dev/ttyS1: could not get terminal name: -22\n");
    loop = wait_for(scene, 40, VITALS_SAID_LOOP);
    g_assert_cmpuint(loop->count, ==, 4);
    g_free(loop);
    counts = vitals_console_follower_counts(scene->follower);
    g_assert_cmpuint(counts->loop_repeats, ==, 4);
    g_assert_cmpint(ABS(counts->loop_period - 10 * G_USEC_PER_SEC), <, G_USEC_PER_SEC);
}

static void
append_megabytes(const Scene *scene, guint count)
{
    g_autofree char *block = g_strnfill(1024 * 1024, 'y');

    for (gsize i = 1; i < 1024 * 1024; i += 2)
        block[i] = '\n';
    while (count-- > 0)
        append(scene, block);
}

/* What a guest writes beyond measure is left out, counted and told; what comes behind it is heard. */
static void
test_flood(Scene *scene, gconstpointer data)
{
    g_autoptr(VitalsConsoleCounts) counts = NULL;
    g_autofree VitalsUtterance *flood = NULL;
    g_autofree VitalsUtterance *panic = NULL;

    append(scene, "[    1.000000] a line\n");
    g_free(wait_for(scene, 8, VITALS_SAID_OTHER));
    for (guint i = 0; i < 8; i++) {
        append_megabytes(scene, 8);
        g_free(flood);
        flood = wait_for(scene, 4, VITALS_SAID_FLOOD);
    }
    g_assert_nonnull(flood);
    g_test_message("%s", flood->title);
    counts = vitals_console_follower_counts(scene->follower);
    g_assert_cmpuint(counts->skipped, >, 40 * 1024 * 1024);
    g_assert_cmpuint(counts->bytes, <, 24 * 1024 * 1024);
    g_assert_cmpuint(counts->floods, >, 0);
    append(scene, "\n" PANIC("   17"));
    panic = wait_for(scene, 2, VITALS_SAID_PANIC);
    g_assert_nonnull(panic);
    g_assert_true(panic->live);
}

/* A line in two halves, with a restart of ours in between. */
static void
test_torn(Scene *scene, gconstpointer data)
{
    g_autofree VitalsUtterance *panic = NULL;
    g_auto(VitalsConsolePlace) place = { 0 };

    append(scene, "[    1.000000] a line\n[    2.000000] Kernel pan");
    g_free(wait_for(scene, 1, VITALS_SAID_OTHER));
    place = vitals_console_follower_place(scene->follower);
    vitals_console_follower_free(scene->follower);
    scene->follower = vitals_console_follower_new(signatures, scene->path, scene->run, &place);
    append(scene, "ic - not syncing: torn\n");
    panic = wait_for(scene, 8, VITALS_SAID_PANIC);
    g_assert_nonnull(panic);
    g_assert_nonnull(strstr(panic->title, "torn"));
}

/* Another daemon goes on where this one stands. */
static void
restart(Scene *scene)
{
    g_auto(VitalsConsolePlace) place = vitals_console_follower_place(scene->follower);
    g_autoptr(GHashTable) places = vitals_console_places_new();
    g_autofree char *text = NULL;

    vitals_console_places_set(places, scene->path, &place);
    text = vitals_console_places_text(places);
    g_assert_true(vitals_console_places_write(scene->directory, text, NULL));
    g_hash_table_unref(places);
    places = vitals_console_places_load(scene->directory);
    vitals_console_follower_free(scene->follower);
    scene->follower = vitals_console_follower_new(signatures, scene->path, scene->run,
                                                  g_hash_table_lookup(places, scene->path));
}

static guint64
count_reports(const Scene *scene)
{
    g_autoptr(VitalsConsoleCounts) counts = vitals_console_follower_counts(scene->follower);
    guint64 sum = 0;

    for (guint i = 0; i < counts->reports->len; i++)
        sum += g_array_index(counts->reports, VitalsTally, i).count;
    return sum;
}

/* A report in two halves, the cause of the panic in the first: it is one, with the title of its cause. */
static void
test_restart_in_report(Scene *scene, gconstpointer data)
{
    g_autofree VitalsUtterance *panic = NULL;

    append(scene, "[    1.000000] a line\n");
    g_free(wait_for(scene, 4, VITALS_SAID_OTHER));
    append(scene, OOPS("    2"));
    g_free(wait_for(scene, 2, VITALS_SAID_FAULT));
    g_assert_cmpuint(count_reports(scene), ==, 0);
    restart(scene);
    g_free(wait_for(scene, 2, VITALS_SAID_FAULT));
    append(scene, PANIC("    2"));
    panic = wait_for(scene, 8, VITALS_SAID_PANIC);
    g_assert_nonnull(panic);
    g_assert_nonnull(strstr(panic->title, "widget_open"));
    g_assert_cmpuint(count_reports(scene), ==, 1);
}

/* Likewise where the log was rotated amid it: its beginning is in another file than its end. */
static void
test_restart_behind_rotation(Scene *scene, gconstpointer data)
{
    g_autofree VitalsUtterance *panic = NULL;
    g_autofree char *backup = g_strconcat(scene->path, ".0", NULL);

    append(scene, "[    1.000000] a line\n");
    g_free(wait_for(scene, 4, VITALS_SAID_OTHER));
    append(scene, OOPS("    2"));
    g_free(wait_for(scene, 2, VITALS_SAID_FAULT));
    g_assert_cmpint(g_rename(scene->path, backup), ==, 0);
    append(scene, "[    2.000009] R13: 0000000000000000\n");
    g_assert_null(wait_for(scene, 1, VITALS_SAID_PANIC));
    restart(scene);
    append(scene, PANIC("    2"));
    panic = wait_for(scene, 8, VITALS_SAID_PANIC);
    g_assert_nonnull(panic);
    g_assert_nonnull(strstr(panic->title, "widget_open"));
    g_assert_cmpuint(count_reports(scene), ==, 1);
}

/* What was told before is not told again; what was written while nobody read is told. */
static void
test_restart_between_reports(Scene *scene, gconstpointer data)
{
    g_autofree VitalsUtterance *old = NULL;
    g_autofree VitalsUtterance *missed = NULL;

    append(scene, "[    1.000000] a line\n");
    g_free(wait_for(scene, 4, VITALS_SAID_OTHER));
    append(scene, OOPS("    2"));
    old = wait_for(scene, 8, VITALS_SAID_FAULT);
    g_assert_nonnull(old);
    restart(scene);
    missed = wait_for(scene, 8, VITALS_SAID_FAULT);
    g_assert_null(missed);
    g_assert_cmpuint(count_reports(scene), ==, 0);
    restart(scene);
    append(scene, OOPS("    3"));
    missed = wait_for(scene, 8, VITALS_SAID_FAULT);
    g_assert_nonnull(missed);
    g_assert_false(missed->live);
    g_assert_cmpuint(count_reports(scene), ==, 1);
}

/* The guest was started anew while nobody read: what its last run ended with is no news of this one. */
static void
test_restart_of_guest(Scene *scene, gconstpointer data)
{
    g_autofree VitalsUtterance *fault = NULL;

    append(scene, "[    1.000000] a line\n");
    g_free(wait_for(scene, 4, VITALS_SAID_OTHER));
    append(scene, OOPS("    2"));
    g_free(wait_for(scene, 2, VITALS_SAID_FAULT));
    scene->run++;
    restart(scene);
    append(scene, "[    0.000000] Linux version 6.1.0 (a@b) #1 SMP\n");
    fault = wait_for(scene, 8, VITALS_SAID_FAULT);
    g_assert_null(fault);
    g_assert_cmpuint(count_reports(scene), ==, 0);
}

/* A loop is a loop at once, and its count goes on. */
static void
test_restart_in_loop(Scene *scene, gconstpointer data)
{
    g_autofree VitalsUtterance *loop = NULL;

    append(scene, "[    1.000000] a line\n");
    g_free(wait_for(scene, 4, VITALS_SAID_OTHER));
    for (guint i = 1; i <= 9; i++) {
        g_autofree char *line =
            g_strdup_printf("agetty[%u]: /dev/ttyS1: could not get terminal name: -22\n", i);

        append(scene, line);
        g_free(loop);
        loop = wait_for(scene, 40, VITALS_SAID_LOOP);
        if (i == 4 || i == 8)
            restart(scene);
        if (i >= 3) {
            g_assert_nonnull(loop);
            g_assert_cmpuint(loop->count, ==, i);
            g_assert_cmpstr(loop->title, ==,
                            "agetty[#]: /dev/ttyS1: could not get terminal name: -22");
            g_assert_cmpint(ABS(loop->period - 10 * G_USEC_PER_SEC), <, G_USEC_PER_SEC);
        }
    }
}

int
main(int argc, char **argv)
{
    static const struct {
        const char *path;
        void (*test)(Scene *scene, gconstpointer data);
    } tests[] = {
        { "/console-follower/panic", test_panic },
        { "/console-follower/fault-after-panic", test_fault_after_panic },
        { "/console-follower/history", test_history },
        { "/console-follower/handed-over", test_handed_over },
        { "/console-follower/rebooted", test_rebooted },
        { "/console-follower/booted", test_booted },
        { "/console-follower/booted-quietly", test_booted_quietly },
        { "/console-follower/lines", test_lines },
        { "/console-follower/loop", test_loop },
        { "/console-follower/flood", test_flood },
        { "/console-follower/torn", test_torn },
        { "/console-follower/restart-in-report", test_restart_in_report },
        { "/console-follower/restart-between-reports", test_restart_between_reports },
        { "/console-follower/restart-of-guest", test_restart_of_guest },
        { "/console-follower/restart-in-loop", test_restart_in_loop },
        { "/console-follower/restart-behind-rotation", test_restart_behind_rotation },
    };
    g_autoptr(GPtrArray) items = NULL;
    int status;

    g_test_init(&argc, &argv, NULL);
    items = vitals_signatures_items(NULL, NULL);
    signatures = vitals_signatures_new(items, NULL);
    for (gsize i = 0; i < G_N_ELEMENTS(tests); i++)
        g_test_add(tests[i].path, Scene, NULL, set_up, tests[i].test, tear_down);
    status = g_test_run();
    vitals_signatures_free(signatures);
    return status;
}
