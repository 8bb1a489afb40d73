/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config/signatures.h"
#include "config/text.h"
#include "monitor/cli/verb.h"
#include "probes/console/console.h"

#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

extern const VitalsVerb vitals_verb_scan;

/* Large enough that reading costs little, small enough to stay in the cache. */
enum { CHUNK = 128 * 1024 };

typedef struct {
    char *format;
    char *fail_on;
    char *signatures;
    VitalsConsoleSeverity least;
} Choices;

/* What came of all files. */
typedef struct {
    json_t *reports;
    json_t *loops;
    VitalsConsoleStats stats;
    gboolean found;
    gboolean undecided;
} Outcome;

static void
clear_choices(Choices *choices)
{
    g_free(choices->format);
    g_free(choices->fail_on);
    g_free(choices->signatures);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Choices, clear_choices)

static gboolean
check_choices(Choices *choices)
{
    if (choices->format && !g_str_equal(choices->format, "text") &&
        !g_str_equal(choices->format, "json")) {
        g_printerr("virt-vitals: --format is text or json\n");
        return FALSE;
    }
    choices->least = VITALS_CONSOLE_ERROR;
    for (int i = VITALS_CONSOLE_INFO; choices->fail_on && i <= VITALS_CONSOLE_CRITICAL; i++) {
        choices->least = (VitalsConsoleSeverity)i;
        if (g_str_equal(choices->fail_on, vitals_console_severity_name(choices->least)))
            return TRUE;
    }
    if (!choices->fail_on)
        return TRUE;
    g_printerr("virt-vitals: --fail-on is info, notice, warning, error or critical\n");
    return FALSE;
}

static gboolean
parse_choices(int *argc, char ***argv, Choices *ret_choices)
{
    const GOptionEntry entries[] = {
        { "format", 0, 0, G_OPTION_ARG_STRING, &ret_choices->format, "text or json", "FORMAT" },
        { "fail-on", 0, 0, G_OPTION_ARG_STRING, &ret_choices->fail_on,
          "exit with 1 for this or worse (default: error)", "SEVERITY" },
        { "signatures", 0, 0, G_OPTION_ARG_FILENAME, &ret_choices->signatures,
          "read the signatures in this folder instead of the built-in ones", "DIRECTORY" },
        { NULL },
    };

    if (!vitals_verb_parse(
            &vitals_verb_scan, entries,
            "Looks in saved console logs for crashes, hangs and loops. \"-\" is the\n"
            "standard input.\n\n"
            "Exit status: 0 nothing found, 1 findings, 2 a log or signature could\n"
            "not be read, 3 a log was too noisy to keep all of it.",
            argc, argv))
        return FALSE;
    if (*argc < 2) {
        g_printerr("virt-vitals: no FILE given; see 'virt-vitals scan --help'\n");
        return FALSE;
    }
    return check_choices(ret_choices);
}

static void
note_severity(Outcome *outcome, const Choices *choices, VitalsConsoleSeverity severity)
{
    outcome->found = outcome->found || severity >= choices->least;
}

static json_t *
optional_string(const char *text)
{
    return text ? json_string(text) : json_null();
}

static json_t *
report_json(const VitalsReport *report, const char *source)
{
    const VitalsSignature *signature = report->signature;
    json_t *trace = json_array();

    for (guint i = 0; i < report->trace->len; i++)
        json_array_append_new(trace, json_string(g_ptr_array_index(report->trace, i)));
    return json_pack(
        "{s:s, s:s, s:s, s:o, s:s, s:I, s:I, s:s, s:b, s:I, s:b, s:i, s:o, s:o, s:o, s:o}",
        "source", source, "signature", signature->id, "kind", signature->kind, "function",
        optional_string(report->function), "title", report->title, "line_start",
        (json_int_t)report->line_start, "line_end", (json_int_t)report->line_end, "severity",
        vitals_console_severity_name(signature->severity), "corrupted", report->corrupted, "count",
        (json_int_t)report->count, "panicked", report->panicked, "cascade", (int)report->cascade,
        "cpu", report->cpu < 0 ? json_null() : json_integer(report->cpu), "task",
        optional_string(report->task), "taint", optional_string(report->taint), "trace", trace);
}

/* Logs that tell no time tell no spans either. */
static json_t *
span_json(const VitalsLoop *loop, gint64 span)
{
    return loop->timed ? json_real((double)span / G_USEC_PER_SEC) : json_null();
}

static json_t *
loop_json(const VitalsLoop *loop, const char *source)
{
    return json_pack("{s:s, s:s, s:s, s:I, s:o, s:o, s:I, s:I, s:i, s:I}", "source", source,
                     "template", loop->template_, "severity",
                     vitals_console_severity_name(loop->severity), "count", (json_int_t)loop->count,
                     "period_seconds", span_json(loop, loop->period), "duration_seconds",
                     span_json(loop, loop->last - loop->began), "line_start",
                     (json_int_t)loop->line_first, "line_end", (json_int_t)loop->line_last, "lines",
                     (int)loop->members, "restarts", (json_int_t)loop->restarts);
}

static void
print_report(const VitalsReport *report, const char *source)
{
    const VitalsSignature *signature = report->signature;

    g_print("%s:%" G_GUINT64_FORMAT ": %s: %s%s", source, report->line_start,
            vitals_console_severity_name(signature->severity), report->title,
            report->corrupted ? " (report corrupted)" : "");
    if (report->count > 1)
        g_print(" (%" G_GUINT64_FORMAT " times)", report->count);
    g_print("\n");
    if (signature->explanation)
        g_print("    %s\n", signature->explanation);
    if (signature->remedy)
        g_print("    %s\n", signature->remedy);
}

static void
print_loop(const VitalsLoop *loop, const char *source)
{
    g_print("%s:%" G_GUINT64_FORMAT ": %s: loop: %s (%" G_GUINT64_FORMAT " times", source,
            loop->line_first, vitals_console_severity_name(loop->severity), loop->template_,
            loop->count);
    if (loop->timed) {
        g_autofree char *span =
            vitals_text_span((double)(loop->last - loop->began) / G_USEC_PER_SEC);

        g_print(", every %.1f s for %s", (double)loop->period / G_USEC_PER_SEC, span);
    }
    if (loop->restarts > 0)
        g_print(", restart counter at %" G_GUINT64_FORMAT, loop->restarts);
    g_print(")\n");
}

static int
compare_lines(gconstpointer a, gconstpointer b)
{
    const VitalsReport *first = *(const VitalsReport *const *)a;
    const VitalsReport *second = *(const VitalsReport *const *)b;

    return first->line_start < second->line_start ? -1 : first->line_start > second->line_start;
}

static void
add_stats(VitalsConsoleStats *sum, VitalsConsoleStats stats)
{
    sum->bytes += stats.bytes;
    sum->lines += stats.lines;
    sum->cut_lines += stats.cut_lines;
    sum->kernel_lines += stats.kernel_lines;
    sum->userspace_lines += stats.userspace_lines;
    sum->boots += stats.boots;
    sum->reports_begun += stats.reports_begun;
    sum->reports_dropped += stats.reports_dropped;
}

static void
collect(const VitalsConsole *console, const char *source, const Choices *choices, Outcome *outcome)
{
    g_autoptr(GPtrArray) reports =
        g_ptr_array_copy((GPtrArray *)vitals_console_reports(console), NULL, NULL);
    const GPtrArray *loops = vitals_console_loops(console);
    gboolean json = choices->format && g_str_equal(choices->format, "json");

    g_ptr_array_set_free_func(reports, NULL);
    g_ptr_array_sort(reports, compare_lines);
    for (guint i = 0; i < reports->len; i++) {
        const VitalsReport *report = g_ptr_array_index(reports, i);

        note_severity(outcome, choices, report->signature->severity);
        if (json)
            json_array_append_new(outcome->reports, report_json(report, source));
        else
            print_report(report, source);
    }
    for (guint i = 0; i < loops->len; i++) {
        const VitalsLoop *loop = g_ptr_array_index(loops, i);

        note_severity(outcome, choices, loop->severity);
        if (json)
            json_array_append_new(outcome->loops, loop_json(loop, source));
        else
            print_loop(loop, source);
    }
    add_stats(&outcome->stats, vitals_console_stats(console));
    outcome->undecided = outcome->undecided || vitals_console_stats(console).reports_dropped > 0;
}

static gboolean
feed_file(VitalsConsole *console, int fd)
{
    g_autofree char *buffer = g_malloc(CHUNK);

    for (;;) {
        ssize_t size = read(fd, buffer, CHUNK);

        if (size < 0 && errno == EINTR)
            continue;
        if (size <= 0)
            return size == 0;
        vitals_console_feed(console, buffer, (gsize)size, 0);
    }
}

static gboolean
scan_file(VitalsSignatures *signatures, const char *path, const Choices *choices, Outcome *outcome)
{
    const VitalsConsoleOptions options = { .log_clock = TRUE };
    g_autoptr(VitalsConsole) console = vitals_console_new(signatures, &options, NULL, NULL);
    g_autofree char *shown = vitals_text_printable(path, -1);
    gboolean standard = g_str_equal(path, "-");
    int fd = standard ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC);
    gboolean read_all = fd >= 0 && feed_file(console, fd);

    if (!read_all)
        g_printerr("virt-vitals: %s: %s\n", shown, g_strerror(errno));
    if (fd >= 0 && !standard)
        close(fd);
    if (!read_all)
        return FALSE;
    vitals_console_finish(console);
    collect(console, shown, choices, outcome);
    return TRUE;
}

static void
print_json(const Outcome *outcome)
{
    const VitalsConsoleStats *stats = &outcome->stats;
    g_autofree char *text = NULL;
    json_t *root = json_pack(
        "{s:O, s:O, s:{s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I}}", "reports", outcome->reports,
        "loops", outcome->loops, "stats", "bytes", (json_int_t)stats->bytes, "lines",
        (json_int_t)stats->lines, "cut_lines", (json_int_t)stats->cut_lines, "kernel_lines",
        (json_int_t)stats->kernel_lines, "userspace_lines", (json_int_t)stats->userspace_lines,
        "boots", (json_int_t)stats->boots, "reports_begun", (json_int_t)stats->reports_begun,
        "reports_dropped", (json_int_t)stats->reports_dropped);

    text = json_dumps(root, JSON_INDENT(2));
    g_print("%s\n", text);
    json_decref(root);
}

static int
scan_all(VitalsSignatures *signatures, char **paths, const Choices *choices)
{
    Outcome outcome = { .reports = json_array(), .loops = json_array() };
    gboolean read_all = TRUE;

    for (char **path = paths; *path; path++)
        read_all = scan_file(signatures, *path, choices, &outcome) && read_all;
    if (choices->format && g_str_equal(choices->format, "json"))
        print_json(&outcome);
    json_decref(outcome.reports);
    json_decref(outcome.loops);
    if (!read_all)
        return VITALS_EXIT_USAGE;
    if (outcome.found)
        return VITALS_EXIT_FINDINGS;
    return outcome.undecided ? VITALS_EXIT_UNDECIDED : VITALS_EXIT_OK;
}

static int
run(int argc, char **argv)
{
    g_auto(Choices) choices = { 0 };
    g_autoptr(GError) error = NULL;
    g_autoptr(GPtrArray) items = NULL;
    g_autoptr(VitalsSignatures) signatures = NULL;

    if (!parse_choices(&argc, &argv, &choices))
        return VITALS_EXIT_USAGE;
    items = vitals_signatures_items(choices.signatures, &error);
    signatures = items ? vitals_signatures_new(items, &error) : NULL;
    if (!signatures) {
        g_autofree char *message = vitals_text_printable(error->message, -1);

        g_printerr("virt-vitals: %s\n", message);
        return VITALS_EXIT_USAGE;
    }
    return scan_all(signatures, argv + 1, &choices);
}

const VitalsVerb vitals_verb_scan = {
    .name = "scan",
    .synopsis = "FILE|-…",
    .summary = "find crashes, hangs and loops in saved console logs",
    .run = run,
};
