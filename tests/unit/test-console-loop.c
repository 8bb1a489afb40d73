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
    g_assert_cmpstr(loop->template_, ==,
                    "systemd[1]: serial-getty@ttyS0.service: Scheduled restart job, restart "
                    "counter is at #.");
    g_assert_cmpint(loop->last - loop->began, >, 10240 * (gint64)G_USEC_PER_SEC);
    g_assert_cmpint(loop->last - loop->began, <, 10260 * (gint64)G_USEC_PER_SEC);
    g_assert_cmpuint(loop->count, ==, 1001);
    g_assert_cmpuint(loop->restarts, ==, 1001);
    g_assert_cmpint(loop->period, >, 10 * G_USEC_PER_SEC);
    g_assert_cmpint(loop->period, <, 11 * G_USEC_PER_SEC);
    g_assert_cmpuint(loop->members, ==, 3);
}

/* What is always the same is shown, and from the first time on only what stays so later. */
static void
test_names(Fixture *fixture, gconstpointer log_clock)
{
    const VitalsLoop *loop;

    for (int i = 0; i < 6; i++) {
        say(fixture, 100 + i * 10, "agetty[%d]: /dev/ttyS1: could not get terminal name: -22\n",
            812 + i * 7);
        if (fixture->loops > 0)
            g_assert_cmpstr(only_loop(fixture)->template_, ==,
                            "agetty[#]: /dev/ttyS1: could not get terminal name: -22");
    }
    /* another one has the same trouble */
    for (int i = 6; i < 9; i++) {
        say(fixture, 100 + i * 10, "agetty[%d]: /dev/ttyS1: could not get terminal name: -22\n", i);
        say(fixture, 101 + i * 10, "agetty[99]: /dev/ttyS2: could not get terminal name: -22\n");
    }
    loop = only_loop(fixture);
    g_assert_cmpstr(loop->template_, ==, "agetty[#]: /dev/ttyS#: could not get terminal name: -22");
}

/* Of two that begin together neither is named for both. */
static void
test_pair(Fixture *fixture, gconstpointer log_clock)
{
    for (int i = 0; i < 3; i++) {
        say(fixture, 100 + i * 10, "agetty[%d]: /dev/ttyS1: could not get terminal name: -22\n", i);
        say(fixture, 100.1 + i * 10, "agetty[7]: /dev/ttyS2: could not get terminal name: -22\n");
    }
    g_assert_cmpstr(only_loop(fixture)->template_, ==,
                    "agetty[#]: /dev/ttyS#: could not get terminal name: -22");
}

/* Amid so many lines that not all of their words are kept nothing is shown that may change. */
static void
test_crowded_names(Fixture *fixture, gconstpointer log_clock)
{
    const VitalsLoop *loop;
    guint named = 0;

    for (int i = 0; i < 8; i++) {
        for (int j = 0; j < 600; j++)
            say(fixture, 100 + i * 10 + j * 0.001, "gizmod: door %c%c opened\n", 'a' + j % 26,
                'a' + j / 26);
        say(fixture, 101 + i * 10 - 0.1,
            "agetty[%d]: /dev/ttyS1: could not get terminal name: -22\n", i);
        for (guint j = 0; j < vitals_console_loops(fixture->console)->len; j++) {
            loop = g_ptr_array_index(vitals_console_loops(fixture->console), j);
            if (!strstr(loop->template_, "agetty"))
                continue;
            named++;
            g_assert_null(strstr(loop->template_, "agetty[1"));
            g_assert_null(strstr(loop->template_, "agetty[2"));
            g_assert_true(named == 1 || strstr(loop->template_, "/dev/ttyS1: could not get"));
        }
    }
    g_assert_cmpuint(named, ==, 6);
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

/* Who goes on with a loop elsewhere shows what was known of it there, at its first line. */
static void
test_resume(Fixture *fixture, gconstpointer log_clock)
{
    static const char line[] = "agetty[90]: tty1: invalid \\argument 0x77\n";
    const VitalsConsoleOptions options = { 0 };
    g_autoptr(VitalsConsole) next = NULL;
    g_autoptr(GArray) rhythms = NULL;
    const VitalsLoop *loop;

    for (int i = 0; i < 5; i++)
        say(fixture, 100 + i * 10, "agetty[%d]: tty1: invalid \\argument 0x%x\n", 40 + i, i);
    rhythms = vitals_console_rhythms(fixture->console);
    next = vitals_console_new(fixture->signatures, &options, NULL, NULL);
    vitals_console_resume(next, rhythms, 0);
    vitals_console_feed(next, line, strlen(line), 150 * G_USEC_PER_SEC);
    g_assert_cmpuint(vitals_console_loops(next)->len, ==, 1);
    loop = g_ptr_array_index(vitals_console_loops(next), 0);
    g_assert_cmpstr(loop->template_, ==, "agetty[#]: tty1: invalid \\\\argument #");
    g_assert_cmpuint(loop->count, ==, 6);
    g_assert_cmpint(loop->began, ==, 100 * G_USEC_PER_SEC);
}

/* A template is what all lines say, whatever they say. */
static void
test_template(void)
{
    static const struct {
        const char *first;
        const char *second;
        const char *both;
    } rows[] = {
        { "", "", "" },
        { "port 1 of 20", "port 1 of 30", "port 1 of #" },
        { "0xab12", "0xab13", "#" },
        { "##1#2", "##3#2", "####2" }, /* one of them stands for a number */
        { "1 22 333", "333 22 1", "# 22 #" },
        { "door 7", "door", "door" },
        { "door 7", "window", "" },
        { "12 doors", "# doors", "" },
    };

    for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
        VitalsTemplate template;
        g_autofree char *text = NULL;

        vitals_template_begin(&template, rows[i].first, strlen(rows[i].first));
        g_assert_cmpint(vitals_template_merge(&template, rows[i].second, strlen(rows[i].second)),
                        ==, strcmp(rows[i].first, rows[i].both) != 0);
        text = g_strndup(template.text, template.length);
        g_assert_cmpstr(text, ==, rows[i].both);
        /* again changes nothing, where it fits */
        g_assert_false(*text &&
                       vitals_template_merge(&template, rows[i].second, strlen(rows[i].second)));
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
    g_test_add("/console-loop/names", Fixture, NULL, set_up, test_names, tear_down);
    g_test_add("/console-loop/crowded-names", Fixture, NULL, set_up, test_crowded_names, tear_down);
    g_test_add("/console-loop/pair", Fixture, NULL, set_up, test_pair, tear_down);
    g_test_add("/console-loop/resume", Fixture, NULL, set_up, test_resume, tear_down);
    g_test_add_func("/console-loop/template", test_template);
    g_test_add("/console-loop/crowd", Fixture, NULL, set_up, test_crowd, tear_down);
    g_test_add("/console-loop/irregular", Fixture, NULL, set_up, test_irregular, tear_down);
    g_test_add("/console-loop/boot", Fixture, "", set_up, test_boot, tear_down);
    g_test_add("/console-loop/untimed", Fixture, "", set_up, test_untimed, tear_down);
    g_test_add("/console-loop/interleaved", Fixture, NULL, set_up, test_interleaved, tear_down);
    g_test_add("/console-loop/periodic", Fixture, NULL, set_up, test_periodic, tear_down);
    g_test_add("/console-loop/clocks", Fixture, "", set_up, test_clocks, tear_down);
    return g_test_run();
}
