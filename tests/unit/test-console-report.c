/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config/signatures.h"
#include "probes/console/assembly.h"
#include "probes/console/console.h"

#include <string.h>

static VitalsSignatures *signatures;

static VitalsConsole *
scan(const char *bytes, gsize length, gsize piece)
{
    const VitalsConsoleOptions options = { .log_clock = TRUE };
    VitalsConsole *console = vitals_console_new(signatures, &options, NULL, NULL);

    for (gsize at = 0; at < length; at += piece)
        vitals_console_feed(console, bytes + at, MIN(piece, length - at), 0);
    vitals_console_finish(console);
    return console;
}

static int
compare_lines(gconstpointer a, gconstpointer b)
{
    const VitalsReport *first = *(const VitalsReport *const *)a;
    const VitalsReport *second = *(const VitalsReport *const *)b;

    return first->line_start < second->line_start ? -1 : first->line_start > second->line_start;
}

/* One line for each report in the order of the log, as in the fixtures' .expect. */
static char *
describe(const VitalsConsole *console)
{
    const GPtrArray *reports = vitals_console_reports(console);
    g_autoptr(GPtrArray) sorted = g_ptr_array_new();
    GString *out = g_string_new(NULL);

    for (guint i = 0; i < reports->len; i++)
        g_ptr_array_add(sorted, g_ptr_array_index(reports, i));
    g_ptr_array_sort(sorted, compare_lines);
    for (guint i = 0; i < sorted->len; i++) {
        const VitalsReport *report = g_ptr_array_index(sorted, i);

        g_string_append_printf(out, "%s|%s|%s|%" G_GUINT64_FORMAT "|%s\n", report->signature->kind,
                               vitals_console_severity_name(report->signature->severity),
                               report->corrupted ? "corrupted" : "whole", report->count,
                               report->title);
    }
    return g_string_free(out, FALSE);
}

static char *
fixture_path(const char *name, const char *suffix)
{
    const char *root = g_getenv("VITALS_SOURCE_ROOT");
    g_autofree char *file = g_strconcat(name, suffix, NULL);

    return g_build_filename(root ? root : ".", "tests", "console", file, NULL);
}

static void
test_fixture(gconstpointer name)
{
    g_autofree char *log = fixture_path(name, ".log");
    g_autofree char *expect = fixture_path(name, ".expect");
    g_autofree char *bytes = NULL;
    g_autofree char *expected = NULL;
    g_autoptr(GRand) random = g_rand_new_with_seed(3);
    gsize length;

    g_assert_true(g_file_get_contents(log, &bytes, &length, NULL));
    g_assert_true(g_file_get_contents(expect, &expected, NULL, NULL));
    for (int round = 0; round < 30; round++) {
        gsize piece = round == 0 ? length : (gsize)g_rand_int_range(random, 1, 200);
        g_autoptr(VitalsConsole) console = scan(bytes, length, piece);
        g_autofree char *described = describe(console);

        g_assert_cmpstr(described, ==, expected);
        if (g_str_equal(name, "healthy"))
            g_assert_cmpuint(vitals_console_loops(console)->len, ==, 0);
    }
}

/* What a consequence is stays with its cause. */
static void
test_cascade(void)
{
    g_autofree char *log = fixture_path("use-after-free", ".log");
    g_autofree char *bytes = NULL;
    g_autoptr(VitalsConsole) console = NULL;
    const VitalsReport *report;
    gsize length;

    g_assert_true(g_file_get_contents(log, &bytes, &length, NULL));
    console = scan(bytes, length, length);
    report = g_ptr_array_index(vitals_console_reports(console), 0);
    g_assert_true(report->panicked);
    g_assert_cmpuint(report->cascade, >, 0);
    g_assert_cmpuint(report->line_start, ==, 3);
    g_assert_cmpint(report->cpu, ==, 2);
    g_assert_cmpstr(report->task, ==, "gizmod");
    g_assert_cmpstr(report->taint, ==, "Not tainted");
    g_assert_cmpstr(report->function, ==, "gizmo_close_door");
}

/* A panic behind a mere remark has its own name, and its own trace. */
static void
test_remark(void)
{
    static const char log[] =
        "[   35.755491] Uhhuh. NMI received for unknown reason 21 on CPU 0.\n"
        "[   35.755768] Kernel panic - not syncing: NMI: Not continuing\n"
        "[   35.755931] CPU: 0 PID: 118 Comm: gizmod Kdump: loaded Not tainted 6.1.0-9-x #1\n"
        "[   35.756221] Call Trace:\n"
        "[   35.756400]  panic+0x118/0x2f4\n"
        "[   35.756500]  nmi_panic.cold+0xc/0xc\n"
        "[   35.756600]  gizmo_spin+0xd/0x10 [gizmo]\n";
    g_autoptr(VitalsConsole) console = scan(log, strlen(log), strlen(log));
    const GPtrArray *reports = vitals_console_reports(console);
    const VitalsReport *panic;

    g_assert_cmpuint(reports->len, ==, 2);
    panic = g_ptr_array_index(reports, 1);
    g_assert_cmpint(panic->signature->health, ==, VITALS_CONSOLE_CRASHED);
    g_assert_nonnull(strstr(panic->title, "panic"));
    g_assert_cmpstr(panic->task, ==, "gizmod");
    g_assert_true(panic->handed_over);
}

/* A quiet kernel tells of its boot by its clock alone: what it says then is no consequence of the boot before. */
static void
test_reboot(void)
{
    static const char log[] =
        "[    5.576835] Kernel panic - not syncing: gizmo: gone for good\n"
        "[    5.577368] CPU: 0 PID: 113 Comm: gizmod Not tainted 6.1.0-9-x #1\n"
        "[    5.594737] Call Trace:\n"
        "[    5.596022]  panic+0x118/0x2f4\n"
        "[    5.609981]  gizmo_spin+0xd/0x10 [gizmo]\n"
        "[    0.072000] Kernel panic - not syncing: no gizmo found at boot\n"
        "[    0.072000] CPU: 0 PID: 0 Comm: swapper/0 Not tainted 6.1.0-9-x #1\n"
        "[    0.072000] Call Trace:\n"
        "[    0.072000]  panic+0x118/0x2f4\n"
        "[    0.072000]  gizmo_find+0x803/0x83b\n";
    g_autoptr(VitalsConsole) console = scan(log, strlen(log), strlen(log));
    const GPtrArray *reports = vitals_console_reports(console);
    const VitalsReport *first;
    const VitalsReport *second;

    g_assert_cmpuint(reports->len, ==, 2);
    first = g_ptr_array_index(reports, 0);
    second = g_ptr_array_index(reports, 1);
    g_assert_nonnull(strstr(first->title, "gone for good"));
    g_assert_cmpuint(first->cascade, ==, 0);
    g_assert_nonnull(strstr(second->title, "no gizmo found at boot"));
    g_assert_cmpuint(second->line_start, ==, 6);
}

/* A guest that invents titles is told "enough". */
static void
test_many(void)
{
    g_autoptr(GString) bytes = g_string_new(NULL);
    g_autoptr(VitalsConsole) console = NULL;

    for (int i = 0; i < 2 * VITALS_REPORTS_MAX; i++)
        g_string_append_printf(bytes, "panic: gizmo%c%c lost\n\n", 'a' + i / 26, 'a' + i % 26);
    console = scan(bytes->str, bytes->len, bytes->len);
    g_assert_cmpuint(vitals_console_reports(console)->len, <=, VITALS_REPORTS_MAX);
}

/* What a guest writes cannot break out of a title. */
static void
test_smuggling(void)
{
    static const char bytes[] = "[    1.000000] Kernel panic - not syncing: \033[2Jgone\r\nnext\n"
                                "[    1.000000] BUG: gizmo \xe2\x80\xae\xc2\x9bmirrored text\n";
    g_autoptr(VitalsConsole) console = scan(bytes, sizeof bytes - 1, 7);
    const GPtrArray *reports = vitals_console_reports(console);

    g_assert_cmpuint(reports->len, >, 0);
    for (guint i = 0; i < reports->len; i++) {
        const VitalsReport *report = g_ptr_array_index(reports, i);

        g_assert_null(strpbrk(report->title, "\033\n\r"));
        g_assert_true(g_utf8_validate(report->title, -1, NULL));
    }
}

typedef struct {
    guint counts[VITALS_CONSOLE_FLOOD + 1];
} Events;

static void
count_event(const VitalsConsoleEvent *event, gpointer user)
{
    Events *events = user;

    events->counts[event->kind]++;
}

static void
test_events(void)
{
    const VitalsConsoleOptions options = { .flood = 1000 };
    Events events = { 0 };
    g_autoptr(VitalsConsole) console =
        vitals_console_new(signatures, &options, count_event, &events);
    g_autofree char *flood = g_strnfill(5000, '\n');

    vitals_console_feed(console, "[    7.000000] hello\n", 21, 1);
    g_assert_cmpuint(events.counts[VITALS_CONSOLE_KERNEL], ==, 1);
    g_assert_cmpuint(events.counts[VITALS_CONSOLE_USERSPACE], ==, 0);
    vitals_console_feed(console, "hello\n", 6, 2);
    vitals_console_feed(console, "[    7.000000] gizmod[1]: hello\n", 32, 2);
    g_assert_cmpuint(events.counts[VITALS_CONSOLE_USERSPACE], ==, 2);
    g_assert_cmpuint(events.counts[VITALS_CONSOLE_KERNEL], ==, 1);

    /* a prompt has no end of line */
    vitals_console_feed(console, "(initramfs) ", 12, 3);
    g_assert_cmpuint(events.counts[VITALS_CONSOLE_REPORT_ENDED], ==, 0);
    vitals_console_pause(console, 4);
    g_assert_cmpuint(events.counts[VITALS_CONSOLE_REPORT_BEGUN], ==, 1);
    g_assert_cmpuint(events.counts[VITALS_CONSOLE_REPORT_ENDED], ==, 1);

    g_assert_cmpuint(events.counts[VITALS_CONSOLE_FLOOD], ==, 0);
    vitals_console_feed(console, flood, 5000, 5);
    vitals_console_feed(console, flood, 5000, 6);
    g_assert_cmpuint(events.counts[VITALS_CONSOLE_FLOOD], ==, 1);
}

int
main(int argc, char **argv)
{
    static const char *const fixtures[] = {
        "healthy", "hung-tasks", "init-dies",   "openbsd",
        "stall",   "torn",       "two-at-once", "use-after-free"
    };
    g_autoptr(GError) error = NULL;
    g_autoptr(GPtrArray) items = NULL;
    int status;

    g_test_init(&argc, &argv, NULL);
    items = vitals_signatures_items(NULL, &error);
    signatures = vitals_signatures_new(items, &error);
    g_assert_no_error(error);
    for (guint i = 0; i < G_N_ELEMENTS(fixtures); i++) {
        g_autofree char *path = g_strconcat("/console-report/", fixtures[i], NULL);

        g_test_add_data_func(path, fixtures[i], test_fixture);
    }
    g_test_add_func("/console-report/cascade", test_cascade);
    g_test_add_func("/console-report/remark", test_remark);
    g_test_add_func("/console-report/reboot", test_reboot);
    g_test_add_func("/console-report/many", test_many);
    g_test_add_func("/console-report/smuggling", test_smuggling);
    g_test_add_func("/console-report/events", test_events);
    status = g_test_run();
    vitals_signatures_free(signatures);
    return status;
}
