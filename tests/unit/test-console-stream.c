/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The engine as a whole on streams: cut anywhere, or written by somebody who means harm. */
#include "config/signatures.h"
#include "probes/console/console.h"

#include <malloc.h>
#include <string.h>

/* Far more than the engine needs, far less than what is fed. */
enum { MEMORY_MAX = 6 * 1024 * 1024 };

static VitalsSignatures *signatures;

static void
note_event(const VitalsConsoleEvent *event, gpointer user)
{
    GString *out = user;

    /* beats come once for each piece */
    if (event->kind == VITALS_CONSOLE_KERNEL || event->kind == VITALS_CONSOLE_USERSPACE)
        return;
    g_string_append_printf(out, "%d %" G_GUINT64_FORMAT, event->kind, event->line);
    if (event->report)
        g_string_append_printf(
            out, " %s %d %" G_GUINT64_FORMAT "-%" G_GUINT64_FORMAT " %" G_GUINT64_FORMAT " %u %s",
            event->report->title, event->report->corrupted, event->report->line_start,
            event->report->line_end, event->report->count, event->report->cascade,
            event->report->text ? event->report->text : "");
    if (event->loop)
        g_string_append_printf(out, " %s %" G_GUINT64_FORMAT, event->loop->template_,
                               event->loop->count);
    g_string_append_c(out, '\n');
}

static gsize
choose_piece(GRand *random, gsize most)
{
    static const gint32 sizes[] = { 1, 3, 100, G_MAXINT32 - 1 };
    gint32 size = sizes[g_rand_int_range(random, 0, G_N_ELEMENTS(sizes))];

    return (gsize)g_rand_int_range(random, 1, MIN(size, (gint32)most) + 1);
}

/* @random: %NULL to feed everything at once */
static char *
read_log(const char *bytes, gsize length, GRand *random)
{
    const VitalsConsoleOptions options = { .log_clock = TRUE };
    GString *out = g_string_new(NULL);
    g_autoptr(VitalsConsole) console = vitals_console_new(signatures, &options, note_event, out);
    VitalsConsoleStats stats;

    for (gsize at = 0; at < length;) {
        gsize piece = random ? choose_piece(random, length - at) : length;
        /* a copy of its own size: whoever reads beyond it is caught by the address sanitizer */
        g_autofree char *copy = g_memdup2(bytes + at, piece);

        vitals_console_feed(console, copy, piece, 0);
        at += piece;
    }
    vitals_console_finish(console);
    stats = vitals_console_stats(console);
    g_string_append_printf(out, "%" G_GUINT64_FORMAT " %" G_GUINT64_FORMAT " %" G_GUINT64_FORMAT,
                           stats.lines, stats.kernel_lines, stats.userspace_lines);
    return g_string_free(out, FALSE);
}

static char *
load_fixtures(gsize *ret_length)
{
    static const char *const names[] = { "hung-tasks", "openbsd",     "stall",
                                         "torn",       "two-at-once", "use-after-free" };
    const char *root = g_getenv("VITALS_SOURCE_ROOT");
    GString *all = g_string_new(NULL);

    for (guint i = 0; i < G_N_ELEMENTS(names); i++) {
        g_autofree char *file = g_strconcat(names[i], ".log", NULL);
        g_autofree char *path = g_build_filename(root ? root : ".", "tests", "console", file, NULL);
        g_autofree char *bytes = NULL;
        gsize length;

        g_assert_true(g_file_get_contents(path, &bytes, &length, NULL));
        g_string_append_len(all, bytes, (gssize)length);
    }
    *ret_length = all->len;
    return g_string_free(all, FALSE);
}

/* Also with bytes that end lines, begin escape sequences or are no text put in anywhere. */
static void
test_splits(void)
{
    static const char spice[] = "\r\n\033[m\t\xc3\xff<[]";
    g_autoptr(GRand) random = g_rand_new_with_seed(21);
    gsize length;
    g_autofree char *bytes = load_fixtures(&length);

    for (int round = 0; round < 60; round++) {
        g_autofree char *whole = read_log(bytes, length, NULL);
        g_autofree char *split = read_log(bytes, length, random);

        g_assert_cmpstr(split, ==, whole);
        for (int change = 0; change < 20; change++)
            bytes[g_rand_int_range(random, 0, (gint32)length)] =
                spice[g_rand_int_range(random, 0, sizeof spice)];
    }
}

typedef struct {
    const char *name;
    const char *piece; /* `%` becomes another letter each time */
    gsize bytes;
} Storm;

#define STORM(name, piece)            \
    {                                 \
        name, piece, sizeof piece - 1 \
    }

static const Storm storms[] = {
    STORM("one line", "gizmo "),
    STORM("escape sequences", "\033[31m\033]0;"),
    STORM("carriage returns", "\rBUG: %%%%%%%\r"),
    STORM("no text", "\0\377\302\0"),
    STORM("ever new lines", "gizmo %%%%%%%%%% door\n"),
    STORM("ever new reports", "BUG: gizmo %%%%%%%%%% door\n"),
    STORM("ever new functions",
          "[    1.000000] kernel BUG at gizmo.c:1!\n[    1.000000] Call Trace:\n"
          "[    1.000000]  %%%%%%%%%+0x1/0x2\n[    2.000000] ---[ end trace ]---\n"),
    STORM("stamps", "[    1.000000]"),
};

static void
check_shown(const char *text)
{
    g_assert_true(g_utf8_validate(text, -1, NULL));
    for (const char *at = text; *at; at++)
        g_assert_false(g_ascii_iscntrl(*at));
}

static void
test_storm(gconstpointer user)
{
    const Storm *storm = user;
    const VitalsConsoleOptions options = { .log_clock = TRUE };
    g_autoptr(GRand) random = g_rand_new_with_seed(8);
    g_autofree char *block = g_malloc(64 * 1024);
    g_autoptr(VitalsConsole) console = vitals_console_new(signatures, &options, NULL, NULL);
    gsize before = mallinfo2().uordblks;

    for (int round = 0; round < 64; round++) {
        for (gsize at = 0; at < 64 * 1024; at++) {
            char c = storm->piece[at % storm->bytes];

            block[at] = c == '%' ? (char)g_rand_int_range(random, 'a', 'z') : c;
        }
        vitals_console_feed(console, block, 64 * 1024, 0);
    }
    vitals_console_finish(console);
    g_assert_cmpuint(mallinfo2().uordblks, <, before + MEMORY_MAX);
    for (guint i = 0; i < vitals_console_reports(console)->len; i++) {
        const VitalsReport *report = g_ptr_array_index(vitals_console_reports(console), i);

        check_shown(report->title);
        if (report->function)
            check_shown(report->function);
    }
    for (guint i = 0; i < vitals_console_loops(console)->len; i++) {
        const VitalsLoop *loop = g_ptr_array_index(vitals_console_loops(console), i);

        check_shown(loop->template_);
    }
}

int
main(int argc, char **argv)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GPtrArray) items = NULL;
    int status;

    g_test_init(&argc, &argv, NULL);
    items = vitals_signatures_items(NULL, &error);
    g_assert_no_error(error);
    signatures = vitals_signatures_new(items, &error);
    g_assert_no_error(error);
    g_test_add_func("/console-stream/splits", test_splits);
    for (guint i = 0; i < G_N_ELEMENTS(storms); i++) {
        g_autofree char *path = g_strconcat("/console-stream/storm/", storms[i].name, NULL);

        g_test_add_data_func(path, &storms[i], test_storm);
    }
    status = g_test_run();
    vitals_signatures_free(signatures);
    return status;
}
