/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "monitor/report.h"
#include "monitor/memory-use.h"
#include "monitor/output/time.h"
#include "monitor/postmortem/facts.h"
#include "config/text.h"

#include <string.h>

/* How much of the console a report quotes; the whole tail is in console.log. */
#define QUOTED_LINES 25
#define REPORT_LINES 60

/* How many vCPUs, and of each how many functions, it tells of; the rest is in backtrace.txt. */
#define STACKS_TOLD 16
#define FRAMES_TOLD 10

static gboolean
is_captured(const VitalsDossier *dossier)
{
    return g_str_equal(dossier->view->capture_result, "ok");
}

GPtrArray *
vitals_report_missing(const VitalsDossier *dossier)
{
    GPtrArray *missing = g_ptr_array_new_with_free_func(g_free);
    const VitalsOutline *outline = dossier->outline;

    for (guint i = 0; i < dossier->pieces->len; i++) {
        const VitalsPieceNote *note = g_ptr_array_index(dossier->pieces, i);

        if (note->reason)
            g_ptr_array_add(missing,
                            g_strdup_printf("%s: %s: %s", note->file, note->name, note->reason));
    }
    if (!outline) {
        g_ptr_array_add(missing, g_strdup("domain.xml: libvirt did not give the definition"));
        return missing;
    }
    if (is_captured(dossier) && dossier->vmcore && !dossier->vmcore->vmcoreinfo)
        g_ptr_array_add(
            missing,
            outline->vmcoreinfo
                ? g_strdup("vmcoreinfo: the definition offers it, but the guest's kernel had not "
                           "stored it (driver qemu_fw_cfg not loaded): makedumpfile and 'crash "
                           "--osrelease' cannot read this dump, crash needs the kernel's symbols")
                : g_strdup("vmcoreinfo: the definition does not offer it: makedumpfile and 'crash "
                           "--osrelease' cannot read this dump, crash needs the kernel's symbols; "
                           "lint rule CAP007 tells beforehand"));
    if (!outline->console_log)
        g_ptr_array_add(missing, g_strdup("console.log: no console of the guest is logged to a "
                                          "file; lint rule SER009 tells beforehand"));
    if (!outline->panic_device && g_str_equal(dossier->view->layer, "kernel"))
        g_ptr_array_add(missing,
                        g_strdup("panic device: the guest has none, so a panic and a hang look "
                                 "alike from outside; lint rule CAP001 tells beforehand"));
    return missing;
}

/* ---- report.txt ---- */

static void
append_heading(GString *text, const char *heading)
{
    g_string_append_printf(text, "\n%s\n", heading);
    for (gsize i = 0; i < strlen(heading); i++)
        g_string_append_c(text, '-');
    g_string_append_c(text, '\n');
}

static void
append_capture(GString *text, const VitalsDossier *dossier)
{
    const VitalsIncidentView *view = dossier->view;

    append_heading(text, "Memory dump");
    if (!is_captured(dossier)) {
        g_string_append_printf(text, "%s", view->capture_result);
        if (*view->capture_detail) {
            g_autofree char *detail = vitals_text_printable(view->capture_detail, -1);

            g_string_append_printf(text, ": %s", detail);
        }
        g_string_append_c(text, '\n');
        return;
    }
    {
        g_autofree char *size = g_format_size_full(view->capture_bytes, G_FORMAT_SIZE_IEC_UNITS);

        g_string_append_printf(text, "vmcore: %s, %s, written in %.1f s\n", size,
                               view->capture_format, dossier->dump_seconds);
    }
    if (dossier->vmcore && dossier->vmcore->release)
        g_string_append_printf(text, "kernel: %s\n", dossier->vmcore->release);
    else if (dossier->triage && dossier->triage->release)
        g_string_append_printf(text,
                               "kernel: %s, by its banner in the dump, which crash confirms\n",
                               dossier->triage->release);
    g_string_append_printf(
        text, "%s\n",
        dossier->triage && dossier->triage->advice
            ? dossier->triage->advice
            : "Open it with 'crash VMLINUX vmcore' and the kernel's debug symbols.");
}

static void
append_lines(GString *text, const GPtrArray *lines)
{
    for (guint i = 0; i < lines->len; i++)
        g_string_append_printf(text, "- %s\n", (const char *)g_ptr_array_index(lines, i));
}

/* Who called whom, innermost first, as far as it fits a screen. */
static void
append_stacks(GString *text, const VitalsDossier *dossier)
{
    const GPtrArray *stacks = dossier->triage ? dossier->triage->stacks : NULL;

    if (!stacks || stacks->len == 0)
        return;
    append_heading(text, "What its vCPUs were at, as the dump has it");
    for (guint i = 0; i < MIN(stacks->len, STACKS_TOLD); i++) {
        const VitalsStack *stack = g_ptr_array_index(stacks, i);

        g_string_append_printf(text, "vCPU %u, task %s%s%s%s%s:", stack->cpu, stack->task,
                               stack->module ? ", module " : "", stack->module ? stack->module : "",
                               stack->interrupts_off ? ", interrupts off" : "",
                               stack->idle ? ", idle" : "");
        for (guint j = 0; j < MIN(stack->frames->len, FRAMES_TOLD); j++)
            g_string_append_printf(text, "%s %s", j ? " <-" : "",
                                   (const char *)g_ptr_array_index(stack->frames, j));
        g_string_append(text, stack->frames->len ? "\n" : " in a program\n");
    }
    if (stacks->len > STACKS_TOLD)
        g_string_append_printf(text, "and %u more in backtrace.txt\n", stacks->len - STACKS_TOLD);
}

/* Its crash report where it has one, and else its end. */
static void
append_console(GString *text, const VitalsDossier *dossier, const char *console)
{
    guint from = (guint)vitals_fact_number(dossier->reasons, "console_line", 0);
    g_auto(GStrv) lines = NULL;
    guint count;
    guint end;

    append_heading(text, from ? "Its report on the console" : "Last lines of the console");
    if (!console || !*console) {
        g_string_append(text, "nothing\n");
        return;
    }
    lines = g_strsplit(console, "\n", -1);
    count = g_strv_length(lines);
    if (from == 0 || from > count)
        from = count > QUOTED_LINES ? count - QUOTED_LINES + 1 : 1;
    end = MIN(count, from - 1 + REPORT_LINES);
    for (guint i = from - 1; i < end; i++) {
        if (*lines[i])
            g_string_append_printf(text, "| %s\n", lines[i]);
    }
    if (end < count)
        g_string_append(text, "the rest is in console.log\n");
}

static void
append_memory(GString *text, const VitalsDossier *dossier)
{
    json_t *memory;

    if (!dossier->shortage)
        return;
    append_heading(text, "Who used its memory");
    memory = vitals_memory_use_json(dossier->shortage);
    vitals_memory_use_append(text, memory);
    json_decref(memory);
}

static void
append_timeline(GString *text, const VitalsDossier *dossier)
{
    append_heading(text, "Timeline");
    for (guint i = 0; i < dossier->timeline->len; i++) {
        const VitalsMoment *moment = g_ptr_array_index(dossier->timeline, i);
        g_autofree char *time = vitals_time_rfc3339(moment->realtime);

        g_string_append_printf(text, "%s  %s\n", time, moment->text);
    }
}

/* ---- what vitals_reasons() knows ---- */

static void
append_confidence(GString *text, const VitalsDossier *dossier)
{
    const char *confidence = vitals_fact_text(dossier->reasons, "confidence");
    const char *detail = vitals_fact_text(dossier->reasons, "detail");

    if (*detail)
        g_string_append_printf(text, "%s: %s\n",
                               vitals_fact_witness(vitals_fact_text(dossier->reasons, "detail_by")),
                               detail);
    if (*vitals_fact_text(dossier->reasons, "detail_meaning"))
        g_string_append_printf(text, "%s\n", vitals_fact_text(dossier->reasons, "detail_meaning"));
    if (*vitals_fact_text(dossier->reasons, "setting"))
        g_string_append_printf(text, "It happened %s.\n",
                               vitals_fact_text(dossier->reasons, "setting"));
    if (*vitals_fact_text(dossier->reasons, "place"))
        g_string_append_printf(text, "Place: %s\n", vitals_fact_text(dossier->reasons, "place"));
    if (*vitals_fact_text(dossier->reasons, "besides"))
        g_string_append_printf(
            text,
            "Besides, its console says again and again: %s. That is a fault of its "
            "own; mend it too.\n",
            vitals_fact_text(dossier->reasons, "besides"));
    if (*confidence)
        g_string_append_printf(text, "Confidence: %s, as %s.\n", confidence,
                               vitals_fact_text(dossier->reasons, "confidence_why"));
    for (guint i = 0; i < dossier->risks->len; i++)
        g_string_append_printf(text, "Its definition carried a known risk: %s\n",
                               (const char *)g_ptr_array_index(dossier->risks, i));
}

/* First of all: whether one may reset it, and whether that was done. */
static void
append_safety(GString *text, const VitalsDossier *dossier)
{
    const char *result = dossier->view->capture_result;
    g_autofree char *detail = vitals_text_printable(dossier->view->capture_detail, -1);

    if (is_captured(dossier))
        g_string_append(text, "Its memory is saved.");
    else if (g_str_equal(result, "none"))
        g_string_append(text, "Its memory was not dumped, as nothing asks for it with this cause.");
    else if (dossier->moot)
        g_string_append_printf(text, "It was not dumped: %s.", detail);
    else
        g_string_append_printf(text,
                               "Its memory is NOT saved (%s%s%s). Before resetting it, consider "
                               "'virt-vitals capture'.",
                               result, *detail ? ": " : "", detail);
    g_string_append_printf(text, "%s%s\n", *dossier->outcome ? " " : "", dossier->outcome);
}

static void
append_layers(GString *text, const VitalsDossier *dossier)
{
    const json_t *layers = json_object_get(dossier->reasons, "layers");
    size_t index;
    json_t *layer;

    if (json_array_size(layers) == 0)
        return;
    append_heading(text, "What each layer said");
    json_array_foreach((json_t *)layers, index, layer)
    {
        const json_t *up = json_object_get(layer, "up");
        double age = vitals_fact_number(layer, "age_seconds", -1);
        g_autofree char *span = vitals_fact_span(age);

        g_string_append_printf(
            text, "%-11s %-10s %s%s\n", vitals_fact_text(layer, "layer"),
            json_is_true(up)    ? "lives"
            : json_is_false(up) ? "dead"
                                : "not known",
            age < 0 ? "no sign of life" : "last sign of life before: ", age < 0 ? "" : span);
    }
}

static void
append_against(GString *text, const VitalsDossier *dossier)
{
    size_t index;
    json_t *item;

    gsize before;

    append_heading(text, "What speaks against it");
    before = text->len;
    json_array_foreach(json_object_get(dossier->reasons, "against"), index, item)
        g_string_append_printf(text, "- %s\n", json_string_value(item));
    if (text->len == before)
        g_string_append(text, "nothing that we saw\n");
    if (json_array_size(json_object_get(dossier->reasons, "alternatives")) > 0)
        append_heading(text, "What else would fit, and was ranked lower");
    json_array_foreach(json_object_get(dossier->reasons, "alternatives"), index, item)
        g_string_append_printf(text, "- %s: %s\n", vitals_fact_text(item, "cause"),
                               vitals_fact_text(item, "meaning"));
}

char *
vitals_report_text(const VitalsDossier *dossier, const char *console)
{
    const VitalsIncidentView *view = dossier->view;
    g_autoptr(GPtrArray) missing = vitals_report_missing(dossier);
    g_autofree char *domain = vitals_text_printable(view->domain, -1);
    g_autofree char *opened = vitals_time_rfc3339(view->opened);
    GString *text = g_string_new(NULL);

    g_string_append_printf(text, "%s\n", view->title);
    for (glong i = 0; i < g_utf8_strlen(view->title, -1); i++)
        g_string_append_c(text, '=');
    g_string_append_printf(text,
                           "\n\nGuest:    %s (%s)\nVerdict:  %s, layer %s, cause %s\nAt:       %s\n"
                           "Incident: %s\n",
                           domain, view->uuid, view->health, view->layer, view->cause, opened,
                           view->id);

    append_heading(text, "What it means");
    g_string_append_printf(text, "%s\n", dossier->meaning);
    append_confidence(text, dossier);
    append_heading(text, "What was done, and what to do");
    append_safety(text, dossier);
    if (*vitals_fact_text(dossier->reasons, "detail_remedy"))
        g_string_append_printf(text, "%s\n", vitals_fact_text(dossier->reasons, "detail_remedy"));
    g_string_append_printf(text, "%s\n", dossier->remedy);
    append_memory(text, dossier);
    append_timeline(text, dossier);
    append_heading(text, "What was seen");
    for (char **line = dossier->evidence; line && *line; line++)
        g_string_append_printf(text, "- %s\n", *line);
    append_against(text, dossier);
    append_layers(text, dossier);
    if (dossier->testimony->len > 0) {
        append_heading(text, "What the guest said on its console");
        append_lines(text, dossier->testimony);
    }
    if (dossier->log_said->len > 0) {
        append_heading(text, "What its kernel's log says, as it was in the dump");
        append_lines(text, dossier->log_said);
    }
    append_stacks(text, dossier);
    append_capture(text, dossier);
    if (missing->len > 0) {
        append_heading(text, "What is missing, and why");
        append_lines(text, missing);
    }
    if (dossier->predictions->len > 0) {
        append_heading(text, "What lint says of the definition");
        append_lines(text, dossier->predictions);
    }
    if (*dossier->lint_diff) {
        append_heading(text, "What would mend that");
        g_string_append(text, dossier->lint_diff);
    }
    append_console(text, dossier, console);
    return g_string_free(text, FALSE);
}

/* ---- of an incident that was interrupted ---- */

static void
append_if_any(GString *text, const char *before, const json_t *object, const char *key)
{
    if (*vitals_fact_text(object, key))
        g_string_append_printf(text, "%s%s\n", before, vitals_fact_text(object, key));
}

static void
append_rest_of_safety(GString *text, const json_t *manifest)
{
    const json_t *capture = json_object_get(manifest, "capture");
    const char *result = vitals_fact_text(capture, "result");

    if (g_str_equal(result, "ok"))
        g_string_append(text, "Its memory is saved.\n");
    else if (g_str_equal(result, "none"))
        g_string_append(text, "Its memory was not dumped.\n");
    else
        g_string_append_printf(text,
                               "Its memory is NOT known to be saved (%s). Before resetting it, "
                               "consider 'virt-vitals capture'.\n",
                               result);
    append_if_any(text, "", capture, "detail");
    append_if_any(text, "", manifest, "outcome");
    append_if_any(text, "", manifest, "detail_remedy");
    append_if_any(text, "", manifest, "remedy");
}

static void
append_rest_of_lines(GString *text, const char *heading, const json_t *lines)
{
    size_t index;
    json_t *line;

    if (json_array_size(lines) == 0)
        return;
    append_heading(text, heading);
    json_array_foreach((json_t *)lines, index, line)
        g_string_append_printf(text, "- %s\n", json_is_string(line) ? json_string_value(line) : "");
}

static void
append_rest_of_meaning(GString *text, const json_t *manifest)
{
    append_heading(text, "What it means");
    append_if_any(text, "", manifest, "meaning");
    if (*vitals_fact_text(manifest, "detail"))
        g_string_append_printf(text, "%s: %s\n",
                               vitals_fact_witness(vitals_fact_text(manifest, "detail_by")),
                               vitals_fact_text(manifest, "detail"));
    append_if_any(text, "", manifest, "detail_meaning");
    append_if_any(text, "Place: ", manifest, "place");
    append_if_any(text, "Besides, its console says again and again: ", manifest, "besides");
    append_if_any(text, "Confidence: ", manifest, "confidence");
}

char *
vitals_report_rest(const json_t *manifest)
{
    static const char *const heads[] = { "domain", "uuid", "health", "layer", "cause", "opened" };
    const json_t *memory = json_object_get(manifest, "memory");
    GString *text = g_string_new(NULL);
    size_t index;
    json_t *moment;
    char *printable;

    g_string_append_printf(text,
                           "%s\n\nThe monitor was killed while it wrote this incident; a later one "
                           "finished it, and something may be missing.\n\n",
                           vitals_fact_text(manifest, "title"));
    for (gsize i = 0; i < G_N_ELEMENTS(heads); i++)
        g_string_append_printf(text, "%-8s %s\n", heads[i], vitals_fact_text(manifest, heads[i]));
    append_rest_of_meaning(text, manifest);
    append_heading(text, "What was done, and what to do");
    append_rest_of_safety(text, manifest);
    if (memory) {
        append_heading(text, "Who used its memory");
        vitals_memory_use_append(text, memory);
    }
    append_heading(text, "Timeline");
    json_array_foreach(json_object_get(manifest, "timeline"), index, moment) g_string_append_printf(
        text, "%s  %s\n", vitals_fact_text(moment, "time"), vitals_fact_text(moment, "text"));
    append_rest_of_lines(text, "What was seen", json_object_get(manifest, "evidence"));
    append_rest_of_lines(text, "What the guest said on its console",
                         json_object_get(manifest, "console_reports"));
    append_rest_of_lines(text, "What its kernel's log says, as it was in the dump",
                         json_object_get(manifest, "log_reports"));
    printable = vitals_text_printable_lines(text->str, -1);
    g_string_free(text, TRUE);
    return printable;
}

/* ---- what came later ---- */

char *
vitals_report_add_moment(const char *report, const char *time, const char *moment)
{
    static const char heading[] = "\nTimeline\n--------\n";
    const char *timeline = strstr(report, heading);
    g_autofree char *before = NULL;
    g_autofree char *kind = NULL;
    const char *end;

    /* whatever a guest wrote stands behind it: the first is ours */
    end = timeline ? strstr(timeline + strlen(heading), "\n\n") : NULL;
    end = end ? end + 1 : report + strlen(report);
    before = g_strndup(report, (gsize)(end - report));
    kind = g_strdup_printf("  %.*s", (int)strcspn(moment, ":"), moment);
    if (!timeline || strstr(before, kind))
        return g_strdup(report);
    return g_strdup_printf("%s%s  %s\n%s", before, time, moment, end);
}
