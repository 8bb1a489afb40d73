/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config/signatures.h"
#include "probes/console/console.h"

#include <string.h>

typedef struct {
    VitalsSignatures *signatures;
    VitalsConsole *console;
    guint loops;
    gint64 named;
} Fixture;

static void
on_event(const VitalsConsoleEvent *event, gpointer user)
{
    Fixture *fixture = user;

    if (event->kind != VITALS_CONSOLE_LOOP)
        return;
    if (fixture->loops++ == 0)
        fixture->named = event->time;
}

static void
set_up(Fixture *fixture, gconstpointer log_clock)
{
    const VitalsConsoleOptions options = { .log_clock = log_clock != NULL };
    g_autoptr(GError) error = NULL;
    g_autoptr(GPtrArray) items = vitals_signatures_items(NULL, &error);

    g_assert_no_error(error);
    fixture->signatures = vitals_signatures_new(items, &error);
    g_assert_no_error(error);
    fixture->console = vitals_console_new(fixture->signatures, &options, on_event, fixture);
}

static void
tear_down(Fixture *fixture, gconstpointer log_clock)
{
    vitals_console_free(fixture->console);
    vitals_signatures_free(fixture->signatures);
}

static void G_GNUC_PRINTF(3, 4) say(Fixture *fixture, double seconds, const char *format, ...)
{
    g_autofree char *line = NULL;
    va_list arguments;

    va_start(arguments, format);
    line = g_strdup_vprintf(format, arguments);
    va_end(arguments);
    vitals_console_feed(fixture->console, line, strlen(line), (gint64)(seconds * G_USEC_PER_SEC));
}

static const VitalsLoop *
only_loop(Fixture *fixture)
{
    const GPtrArray *loops = vitals_console_loops(fixture->console);

    g_assert_cmpuint(loops->len, ==, 1);
    return g_ptr_array_index(loops, 0);
}

/* A getty that is started again every ten seconds is known before three periods are over. */
static void
test_getty(Fixture *fixture, gconstpointer log_clock)
{
    const VitalsLoop *loop;

    for (int i = 0; i <= 1000; i++) {
        double now = 100 + i * 10.25;

        say(fixture, now, "systemd[1]: serial-getty@ttyS0.service: Main process exited\n");
        say(fixture, now + 0.1,
            "systemd[1]: serial-getty@ttyS0.service: Scheduled restart job, restart counter is at "
            "%d.\n",
            i + 1);
        say(fixture, now + 0.2, "systemd[1]: Started Serial Getty on ttyS0.\n");
    }
    loop = only_loop(fixture);
    g_assert_cmpint(fixture->named, <=, (gint64)((100 + 3 * 10.25) * G_USEC_PER_SEC));
    g_assert_cmpint(loop->severity, ==, VITALS_CONSOLE_ERROR);
    g_assert_nonnull(strstr(loop->template_, "restart counter is at #"));
    g_assert_cmpuint(loop->count, ==, 1001);
    g_assert_cmpuint(loop->restarts, ==, 1001);
    g_assert_cmpint(loop->period, >, 10 * G_USEC_PER_SEC);
    g_assert_cmpint(loop->period, <, 11 * G_USEC_PER_SEC);
    g_assert_cmpuint(loop->members, ==, 3);
}

/* Ever new lines in between neither drive the loop out nor make loops themselves. */
static void
test_crowd(Fixture *fixture, gconstpointer log_clock)
{
    g_autoptr(GRand) random = g_rand_new_with_seed(11);

    for (int i = 0; i < 20; i++) {
        say(fixture, i * 60, "gizmod failed to open its door\n");
        for (int j = 0; j < 1200; j++)
            say(fixture, i * 60 + j * 0.01, "word %c%c%c%c%c%c\n",
                g_rand_int_range(random, 'a', 'z'), g_rand_int_range(random, 'a', 'z'),
                g_rand_int_range(random, 'a', 'z'), g_rand_int_range(random, 'a', 'z'),
                g_rand_int_range(random, 'a', 'z'), g_rand_int_range(random, 'a', 'z'));
    }
    g_assert_cmpuint(vitals_console_loops(fixture->console)->len, <=, VITALS_LOOPS_MAX);
    g_assert_cmpint(fixture->named, <=, 3 * 60 * G_USEC_PER_SEC);
    g_assert_cmpuint(fixture->loops, >, 0);
}

static void
test_irregular(Fixture *fixture, gconstpointer log_clock)
{
    static const int gaps[] = { 7, 100, 31, 900, 4, 60, 2000, 11, 300 };
    double now = 0;

    for (guint i = 0; i < G_N_ELEMENTS(gaps); i++) {
        now += gaps[i];
        say(fixture, now, "somebody logged in\n");
    }
    /* a burst is one event */
    for (int i = 0; i < 100; i++)
        say(fixture, now + i * 0.001, "pci 0000:00:%02d.0: bar\n", i);
    g_assert_cmpuint(fixture->loops, ==, 0);
}

/* In a saved log time is what the lines say, and begins anew with each boot. */
static void
test_boot(Fixture *fixture, gconstpointer log_clock)
{
    const VitalsLoop *loop;

    for (int i = 0; i < 6; i++) {
        say(fixture, 0, "[    0.000000] Linux version 6.1.0 (gizmo@host) #1 SMP\n");
        say(fixture, 0, "[    1.500000] gizmo found %d doors\n", i);
        say(fixture, 0, "[   20.250000] the door did not open\n");
    }
    loop = only_loop(fixture);
    g_assert_cmpint(loop->severity, ==, VITALS_CONSOLE_ERROR);
    g_assert_true(g_str_has_prefix(loop->template_, "Linux version"));
    g_assert_true(loop->timed);
    g_assert_cmpint(loop->period, >, 20 * G_USEC_PER_SEC);
    g_assert_cmpint(loop->period, <, 21 * G_USEC_PER_SEC);
}

static void
test_untimed(Fixture *fixture, gconstpointer log_clock)
{
    const VitalsLoop *loop;

    for (int i = 0; i < 30; i++)
        say(fixture, 0, "gizmod starts\none\ntwo\nthree\ngizmod failed, next try\n");
    loop = only_loop(fixture);
    g_assert_false(loop->timed);
    g_assert_cmpint(loop->severity, ==, VITALS_CONSOLE_WARNING);
}

/* Loops of different pace run side by side, none of them exactly; each is named within three periods. */
static void
test_interleaved(Fixture *fixture, gconstpointer log_clock)
{
    static const double periods[] = { 10.1, 17, 31, 74 };
    g_autoptr(GRand) random = g_rand_new_with_seed(3);
    gint64 due[G_N_ELEMENTS(periods)] = { 0 };

    for (gint64 now = 0; now < 400 * 10; now++) {
        for (guint i = 0; i < G_N_ELEMENTS(periods); i++) {
            if (now < due[i])
                continue;
            due[i] = now + (gint64)(periods[i] * g_rand_double_range(random, 9.3, 10.7));
            say(fixture, (double)now / 10,
                "systemd[1]: door%c.service: Scheduled restart job, restart counter is at %d.\n",
                'a' + (int)i, (int)now);
        }
        if (now == 3 * 11 * 10)
            g_assert_cmpuint(fixture->loops, >=, 1);
        if (now == 3 * 80 * 10)
            g_assert_cmpuint(vitals_console_loops(fixture->console)->len, ==, 4);
    }
    for (guint i = 0; i < 4; i++) {
        const VitalsLoop *loop = g_ptr_array_index(vitals_console_loops(fixture->console), i);

        g_assert_cmpint(loop->severity, ==, VITALS_CONSOLE_ERROR);
        g_assert_cmpuint(loop->count, >=, 5);
    }
}

/* What healthy systems say again and again is worth a notice at most, also if it has a bad word in it. */
static void
test_periodic(Fixture *fixture, gconstpointer log_clock)
{
    for (int i = 0; i < 48; i++) {
        say(fixture, i * 3600, "CRON[%d]: (root) CMD (run-parts /etc/cron.hourly)\n", 1000 + i);
        for (int j = 0; j < 120; j++)
            say(fixture, i * 3600 + j * 30.0, "dhclient[77]: bound to 10.0.0.%d -- renewal\n", i);
        if (i < 4)
            say(fixture, i * 3600 + 1800, "gizmod[8]: 3 of 4000 mails failed\n");
        say(fixture, i * 3600 + 1801, "gizmod[8]: statistics: 0 errors, error-name=n/a\n");
    }
    for (guint i = 0; i < vitals_console_loops(fixture->console)->len; i++) {
        const VitalsLoop *loop = g_ptr_array_index(vitals_console_loops(fixture->console), i);

        g_test_message("%s", loop->template_);
        g_assert_cmpint(loop->severity, <=, VITALS_CONSOLE_NOTICE);
    }
}

/* Lines of the journal and of the kernel have clocks of their own. */
static void
test_clocks(Fixture *fixture, gconstpointer log_clock)
{
    for (int i = 0; i < 8; i++) {
        say(fixture, 0, "[ %4d.000000] gizmo: door %d\n", 30 + i * 12, i);
        say(fixture, 0, "Nov 21 07:%02d:00 guest gizmod[9]: door\n", i);
        say(fixture, 0, "2026-11-21T07:%02d:01.000Z guest gizmod[9]: window\n", i);
        say(fixture, 0, "gizmod has no clock\n");
    }
    for (guint i = 0; i < vitals_console_loops(fixture->console)->len; i++) {
        const VitalsLoop *loop = g_ptr_array_index(vitals_console_loops(fixture->console), i);

        g_assert_cmpint(loop->period, <=, 62 * G_USEC_PER_SEC);
    }
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add("/console-loop/getty", Fixture, NULL, set_up, test_getty, tear_down);
    g_test_add("/console-loop/crowd", Fixture, NULL, set_up, test_crowd, tear_down);
    g_test_add("/console-loop/irregular", Fixture, NULL, set_up, test_irregular, tear_down);
    g_test_add("/console-loop/boot", Fixture, "", set_up, test_boot, tear_down);
    g_test_add("/console-loop/untimed", Fixture, "", set_up, test_untimed, tear_down);
    g_test_add("/console-loop/interleaved", Fixture, NULL, set_up, test_interleaved, tear_down);
    g_test_add("/console-loop/periodic", Fixture, NULL, set_up, test_periodic, tear_down);
    g_test_add("/console-loop/clocks", Fixture, "", set_up, test_clocks, tear_down);
    return g_test_run();
}
