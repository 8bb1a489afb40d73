/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "monitor/testimony.h"
#include "config/signatures.h"
#include "config/text.h"
#include "probes/console/console.h"

/* Whoever reads a report wants the first causes, not a thousand consequences. */
#define SAID_MAX 30

static int
by_line(gconstpointer a, gconstpointer b)
{
    const VitalsReport *first = *(const VitalsReport *const *)a;
    const VitalsReport *second = *(const VitalsReport *const *)b;

    return first->line_start < second->line_start ? -1 : first->line_start > second->line_start;
}

static void
add(GPtrArray *said, VitalsConsoleSeverity severity, const char *what, guint64 count)
{
    g_autofree char *printable = vitals_text_printable(what, -1);
    g_autofree char *times =
        count > 1 ? g_strdup_printf(" (%" G_GUINT64_FORMAT " times)", count) : g_strdup("");

    if (said->len < SAID_MAX && severity >= VITALS_CONSOLE_WARNING)
        g_ptr_array_add(said, g_strdup_printf("%s: %s%s", vitals_console_severity_name(severity),
                                              printable, times));
}

static void
collect(const VitalsConsole *console, GPtrArray *said)
{
    g_autoptr(GPtrArray) reports =
        g_ptr_array_copy((GPtrArray *)vitals_console_reports(console), NULL, NULL);
    const GPtrArray *loops = vitals_console_loops(console);

    g_ptr_array_set_free_func(reports, NULL);
    g_ptr_array_sort(reports, by_line);
    for (guint i = 0; i < reports->len; i++) {
        const VitalsReport *report = g_ptr_array_index(reports, i);

        add(said, report->signature->severity, report->title, report->count);
    }
    for (guint i = 0; i < loops->len; i++) {
        const VitalsLoop *loop = g_ptr_array_index(loops, i);
        g_autofree char *what = g_strdup_printf("again and again: %s", loop->template_);

        add(said, loop->severity, what, loop->count);
    }
}

GPtrArray *
vitals_testimony_read(const char *console, gsize length)
{
    static const VitalsConsoleOptions options = { .log_clock = TRUE };
    GPtrArray *said = g_ptr_array_new_with_free_func(g_free);
    g_autoptr(GError) error = NULL;
    g_autoptr(GPtrArray) items = vitals_signatures_items(NULL, &error);
    g_autoptr(VitalsSignatures) signatures = items ? vitals_signatures_new(items, &error) : NULL;
    g_autoptr(VitalsConsole) engine = NULL;

    if (!signatures) {
        g_warning("the console's signatures cannot be read: %s", error->message);
        return said;
    }
    engine = vitals_console_new(signatures, &options, NULL, NULL);
    vitals_console_feed(engine, console, length, 0);
    vitals_console_finish(engine);
    collect(engine, said);
    return said;
}
