/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "monitor/testimony.h"
#include "monitor/whereabouts.h"
#include "config/signatures.h"
#include "config/text.h"
#include "probes/console/console.h"

#include <string.h>

/* Whoever reads a report wants the first causes, not a thousand consequences. */
#define SAID_MAX 30

static void
remark_free(gpointer data)
{
    VitalsRemark *remark = data;

    g_free(remark->title);
    g_free(remark->explanation);
    g_free(remark->remedy);
    g_free(remark->place);
    g_free(remark);
}

static VitalsTestimony *
testimony_new(void)
{
    VitalsTestimony *testimony = g_new0(VitalsTestimony, 1);

    testimony->lines = g_ptr_array_new_with_free_func(g_free);
    testimony->remarks = g_ptr_array_new_with_free_func(remark_free);
    return testimony;
}

void
vitals_testimony_free(VitalsTestimony *testimony)
{
    if (!testimony)
        return;
    g_ptr_array_unref(testimony->lines);
    g_ptr_array_unref(testimony->remarks);
    g_free(testimony->loop);
    vitals_shortage_free(testimony->shortage);
    g_free(testimony);
}

static gboolean
is_same_remark(gconstpointer a, gconstpointer b)
{
    const VitalsRemark *first = a;
    const VitalsRemark *second = b;

    return g_str_equal(first->title, second->title);
}

static int
by_line(gconstpointer a, gconstpointer b)
{
    const VitalsReport *first = *(const VitalsReport *const *)a;
    const VitalsReport *second = *(const VitalsReport *const *)b;

    return first->line_start < second->line_start ? -1 : first->line_start > second->line_start;
}

static void
add_line(GPtrArray *lines, VitalsConsoleSeverity severity, const char *what, guint64 count)
{
    g_autofree char *printable = vitals_text_printable(what, -1);
    g_autofree char *times =
        count > 1 ? g_strdup_printf(" (%" G_GUINT64_FORMAT " times)", count) : g_strdup("");

    if (lines->len < SAID_MAX && severity >= VITALS_CONSOLE_WARNING)
        g_ptr_array_add(lines, g_strdup_printf("%s: %s%s", vitals_console_severity_name(severity),
                                               printable, times));
}

static VitalsWeight
weigh(const VitalsReport *report)
{
    const VitalsSignature *signature = report->signature;

    if (report->panicked || signature->health == VITALS_CONSOLE_CRASHED)
        return VITALS_WEIGHT_END;
    if (signature->severity < VITALS_CONSOLE_ERROR)
        return VITALS_WEIGHT_NONE;
    if (signature->health == VITALS_CONSOLE_UNRESPONSIVE)
        return VITALS_WEIGHT_STALL;
    return signature->severity == VITALS_CONSOLE_CRITICAL ? VITALS_WEIGHT_FAULT
                                                          : VITALS_WEIGHT_NONE;
}

/* What every panic and oops goes through, and one by an NMI of ours, which is not where it came from. */
static gboolean
is_of_reporting(const char *function)
{
    static const char *const names[] = { "dump_stack",
                                         "dump_stack_lvl",
                                         "show_stack",
                                         "panic",
                                         "vpanic",
                                         "nmi_panic",
                                         "die",
                                         "__die",
                                         "oops_end",
                                         "__warn",
                                         "no_context",
                                         "page_fault_oops",
                                         "unknown_nmi_error",
                                         "default_do_nmi",
                                         "do_nmi",
                                         "exc_nmi",
                                         "nmi",
                                         "end_repeat_nmi",
                                         "asm_exc_nmi" };
    g_autofree char *name = g_strndup(function, strcspn(function, ".")); /* panic.cold */

    for (gsize i = 0; i < G_N_ELEMENTS(names); i++) {
        if (g_str_equal(name, names[i]))
            return TRUE;
    }
    return FALSE;
}

/* Returns: (nullable): where it came from, borrowed */
static const char *
function_of(const VitalsReport *report)
{
    for (guint i = 0; !report->function && i < report->trace->len; i++) {
        if (!is_of_reporting(g_ptr_array_index(report->trace, i)))
            return g_ptr_array_index(report->trace, i);
    }
    return report->function;
}

/* A function of a module is printed with it: "gizmo_run+0x10/0x20 [gizmo]". Returns: (transfer full) (nullable) */
static char *
module_of(const VitalsReport *report, const char *function)
{
    g_autofree char *escaped = g_regex_escape_string(function, -1);
    g_autofree char *pattern =
        g_strdup_printf("\\b%s\\+0x[0-9a-f]+(?:/0x[0-9a-f]+)? \\[(\\w{1,64})", escaped);
    g_autoptr(GRegex) regex = g_regex_new(pattern, G_REGEX_RAW, 0, NULL);
    g_autoptr(GMatchInfo) match = NULL;

    return regex && report->text && g_regex_match(regex, report->text, 0, &match)
               ? g_match_info_fetch(match, 1)
               : NULL;
}

static char *
place_of(const VitalsReport *report)
{
    const char *function = function_of(report);
    g_autofree char *module = function ? module_of(report, function) : NULL;
    g_autoptr(GString) place = g_string_new(NULL);
    g_autofree char *whole = NULL;

    if (function)
        g_string_append_printf(place, "in %s", function);
    if (module)
        g_string_append_printf(place, " (module %s)", module);
    if (report->task && *report->task)
        g_string_append_printf(place, "%stask %s", place->len ? ", " : "", report->task);
    whole = place->len ? vitals_text_printable_lines(place->str, -1) : NULL;
    return whole ? g_strdelimit(g_steal_pointer(&whole), "\n\t", ' ') : NULL;
}

/* Told again, a report goes to the end: it is the latest now. */
static void
take_remark(VitalsTestimony *testimony, const VitalsReport *report, guint64 line)
{
    VitalsRemark *remark = g_new0(VitalsRemark, 1);
    guint before;

    remark->title = vitals_text_printable_lines(report->title, -1);
    g_strdelimit(remark->title, "\n\t", ' ');
    remark->weight = weigh(report);
    remark->line = line;
    remark->explanation = g_strdup(report->signature->explanation ?: "");
    remark->remedy = g_strdup(report->signature->remedy ?: "");
    remark->setting = vitals_whereabouts(report->trace);
    remark->place = place_of(report);
    remark->of_memory = g_str_equal(report->signature->kind, "OOM");
    if (g_ptr_array_find_with_equal_func(testimony->remarks, remark, is_same_remark, &before))
        g_ptr_array_remove_index(testimony->remarks, before);
    g_ptr_array_add(testimony->remarks, remark);
}

static void
on_event(const VitalsConsoleEvent *event, gpointer testimony)
{
    gboolean again =
        event->kind == VITALS_CONSOLE_REPORT_REPEATED; /* that one's line comes with it */

    if (event->report && (event->kind == VITALS_CONSOLE_REPORT_ENDED || again ||
                          event->kind == VITALS_CONSOLE_PANICKED))
        take_remark(testimony, event->report, again ? event->line : event->report->line_start);
}

static void
collect_lines(const VitalsConsole *console, GPtrArray *lines)
{
    g_autoptr(GPtrArray) reports =
        g_ptr_array_copy((GPtrArray *)vitals_console_reports(console), NULL, NULL);
    const GPtrArray *loops = vitals_console_loops(console);

    g_ptr_array_set_free_func(reports, NULL);
    g_ptr_array_sort(reports, by_line);
    for (guint i = 0; i < reports->len; i++) {
        const VitalsReport *report = g_ptr_array_index(reports, i);

        add_line(lines, report->signature->severity, report->title, report->count);
    }
    for (guint i = 0; i < loops->len; i++) {
        const VitalsLoop *loop = g_ptr_array_index(loops, i);
        g_autofree char *what = g_strdup_printf("again and again: %s", loop->template_);

        add_line(lines, loop->severity, what, loop->count);
    }
}

static void
take_loop(VitalsTestimony *testimony, const VitalsConsole *console)
{
    const GPtrArray *loops = vitals_console_loops(console);
    const VitalsLoop *worst = NULL;
    g_autofree char *said = NULL;

    for (guint i = 0; i < loops->len; i++) {
        const VitalsLoop *loop = g_ptr_array_index(loops, i);

        if (loop->severity >= VITALS_CONSOLE_WARNING &&
            (!worst || loop->severity > worst->severity))
            worst = loop;
    }
    if (!worst)
        return;
    said = vitals_text_printable(worst->template_, -1);
    testimony->loop = g_strdup_printf("'%s' (%" G_GUINT64_FORMAT " times)", said, worst->count);
}

/* Line by line, as a boot makes what was said before it a matter of the past. */
static void
feed(VitalsConsole *engine, const char *log, gsize length, VitalsTestimony *testimony)
{
    guint64 boots = 0;

    for (const char *end = log + length; log < end;) {
        const char *next = memchr(log, '\n', (gsize)(end - log));
        gsize piece = next ? (gsize)(next + 1 - log) : (gsize)(end - log);

        vitals_console_feed(engine, log, piece, 0);
        if (vitals_console_stats(engine).boots > boots) {
            boots = vitals_console_stats(engine).boots;
            g_ptr_array_set_size(testimony->remarks, 0);
        }
        log += piece;
    }
    vitals_console_finish(engine);
}

VitalsTestimony *
vitals_testimony_read(const char *log, gsize length)
{
    static const VitalsConsoleOptions options = { .log_clock = TRUE };
    VitalsTestimony *testimony = testimony_new();
    g_autoptr(GError) error = NULL;
    g_autoptr(GPtrArray) items = vitals_signatures_items(NULL, &error);
    g_autoptr(VitalsSignatures) signatures = items ? vitals_signatures_new(items, &error) : NULL;
    g_autoptr(VitalsConsole) engine = NULL;

    if (!signatures) {
        g_warning("the console's signatures cannot be read: %s", error->message);
        return testimony;
    }
    engine = vitals_console_new(signatures, &options, on_event, testimony);
    feed(engine, log, length, testimony);
    collect_lines(engine, testimony->lines);
    take_loop(testimony, engine);
    testimony->shortage = vitals_shortage_read(log, length);
    return testimony;
}

const VitalsRemark *
vitals_testimony_best(const VitalsTestimony *testimony)
{
    const VitalsRemark *best = NULL;

    for (guint i = 0; i < testimony->remarks->len; i++) {
        const VitalsRemark *remark = g_ptr_array_index(testimony->remarks, i);

        if (remark->weight == VITALS_WEIGHT_NONE || (best && remark->weight < best->weight))
            continue;
        if (!best || remark->weight > best->weight || remark->weight > VITALS_WEIGHT_FAULT)
            best = remark;
    }
    return best;
}

const VitalsRemark *
vitals_testimony_find(const VitalsTestimony *testimony, const char *title)
{
    for (guint i = 0; i < testimony->remarks->len; i++) {
        const VitalsRemark *remark = g_ptr_array_index(testimony->remarks, i);

        if (g_str_equal(remark->title, title))
            return remark;
    }
    return NULL;
}
