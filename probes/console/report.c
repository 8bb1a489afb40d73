/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "probes/console/report.h"
#include "config/text.h"
#include "probes/console/frames.h"

#include <string.h>

/* A title is a name, not a text: lists and metrics show it. */
enum { MAX_TITLE = 200 };

/* The function's name in the title of a report that should have one and does not. */
static const char corrupted_name[] = "corrupted";

/* Linux, of a report after which it goes on, or stands still for ever. */
static const char end_mark[] = "---[ end ";

void
vitals_report_free(VitalsReport *report)
{
    if (!report)
        return;
    g_free(report->title);
    g_free(report->function);
    g_free(report->task);
    g_free(report->taint);
    g_free(report->modules);
    g_free(report->text);
    g_ptr_array_unref(report->trace);
    g_free(report);
}

VitalsDraft *
vitals_draft_new(GPtrArray *candidates, const VitalsLine *line, gint64 now)
{
    VitalsDraft *draft = g_new0(VitalsDraft, 1);

    draft->candidates = candidates;
    draft->text = g_string_sized_new(1024);
    draft->prefix = line->prefix;
    draft->line_start = line->number;
    draft->began = now;
    draft->last_stamp = line->prefix.stamp;
    vitals_draft_add(draft, line);
    return draft;
}

void
vitals_draft_free(VitalsDraft *draft)
{
    if (!draft)
        return;
    g_ptr_array_unref(draft->candidates);
    g_string_free(draft->text, TRUE);
    g_free(draft);
}

void
vitals_draft_add(VitalsDraft *draft, const VitalsLine *line)
{
    draft->lines++;
    draft->line_end = line->number;
    if (line->prefix.stamp >= 0)
        draft->last_stamp = line->prefix.stamp;
    draft->marked |=
        line->length >= strlen(end_mark) && memcmp(line->text, end_mark, strlen(end_mark)) == 0;
    if (draft->text->len + line->length >= VITALS_REPORT_MAX_BYTES)
        return;
    g_string_append_len(draft->text, line->text, (gssize)line->length);
    g_string_append_c(draft->text, '\n');
}

/* Numbers and addresses differ from one time to the next and are no part of a bug's name. */
static void
append_normalised(GString *out, const char *text)
{
    for (const char *at = text; *at;) {
        gboolean starts = at == text || (!g_ascii_isalnum(at[-1]) && at[-1] != '_');
        gsize hex = starts && at[0] == '0' && at[1] == 'x' ? 2 : 0;
        gsize length = hex;

        while (starts && g_ascii_isxdigit(at[length]))
            length++;
        if (starts && length > hex && !g_ascii_isalnum(at[length]) && at[length] != '_') {
            gsize digits = strspn(at, "0123456789");

            if (hex || (length >= 8 && strcspn(at, "0123456789") < length)) {
                g_string_append(out, "ADDR");
                at += length;
                continue;
            }
            if (digits == length) {
                g_string_append(out, "NUM");
                at += length;
                continue;
            }
        }
        g_string_append_c(out, *at++);
    }
}

static char *
lookup_group(const VitalsSignature *signature, const char *name)
{
    char *value = vitals_pattern_group(signature->begin, name);

    return value || !signature->detail ? value : vitals_pattern_group(signature->detail, name);
}

static void
append_value(VitalsSignatures *signatures, const VitalsSignature *signature, const char *name,
             const char *function, GString *out)
{
    g_autofree char *value = NULL;

    if (g_str_equal(name, "frame")) {
        g_string_append(out, function ? function : corrupted_name);
        return;
    }
    value = lookup_group(signature, name);
    if (value && g_str_has_prefix(name, "func")) {
        g_autofree char *clean = vitals_frames_function(signatures, value);

        g_string_append(out, clean);
    } else if (value) {
        g_strstrip(value);
        append_normalised(out, value);
    }
}

static char *
write_title(VitalsSignatures *signatures, const VitalsSignature *signature, const char *function)
{
    g_autoptr(GString) out = g_string_new(NULL);

    for (const char *at = signature->title; *at;) {
        const char *close = *at == '{' ? strchr(at, '}') : NULL;
        g_autofree char *name = close ? g_strndup(at + 1, close - at - 1) : NULL;

        if (name)
            append_value(signatures, signature, name, function, out);
        else
            g_string_append_c(out, *at);
        at = close ? close + 1 : at + 1;
    }
    if (out->len > MAX_TITLE)
        g_string_truncate(out, g_utf8_find_prev_char(out->str, out->str + MAX_TITLE) - out->str);
    return vitals_text_printable(out->str, (gssize)out->len);
}

/* The first candidate whose detail is there, with its groups set for this report. */
static const VitalsSignature *
choose_signature(const VitalsDraft *draft)
{
    const GString *text = draft->text;
    gsize first = strcspn(text->str, "\n");

    for (guint i = 0; i < draft->candidates->len; i++) {
        const VitalsSignature *signature = g_ptr_array_index(draft->candidates, i);

        if (signature->detail && !vitals_pattern_find(signature->detail, text->str, text->len, 0))
            continue;
        vitals_pattern_find(signature->begin, text->str, first, 0);
        return signature;
    }
    return NULL;
}

/* Whether a call trace has come through that has more than the reporting itself in it. */
static gboolean
has_trace(const VitalsSignature *signature, const GPtrArray *frames)
{
    for (guint i = 0; i < frames->len; i++) {
        const VitalsFrame *frame = g_ptr_array_index(frames, i);

        if (frame->reliable && !frame->pc && frame->trace > 0 &&
            !vitals_frames_skipped(signature, frame->name))
            return TRUE;
    }
    return FALSE;
}

static char *
find_function(VitalsSignatures *signatures, const VitalsSignature *signature,
              const GPtrArray *frames)
{
    gboolean traced = has_trace(signature, frames);

    for (guint i = 0; signature->sources[i] != VITALS_FRAME_MAX; i++) {
        VitalsFrameSource source = signature->sources[i];
        const char *name = NULL;

        if (source == VITALS_FRAME_TEXT || (source == VITALS_FRAME_CHECKED && traced)) {
            g_autofree char *group = lookup_group(signature, "func");
            g_autofree char *clean = group ? vitals_frames_function(signatures, group) : NULL;

            if (clean && !vitals_frames_skipped(signature, clean))
                return g_steal_pointer(&clean);
        } else {
            name = vitals_frames_choose(signatures, signature, frames, source);
        }
        if (name)
            return g_strdup(name);
    }
    return NULL;
}

static gboolean
wants_function(const VitalsSignature *signature)
{
    return strstr(signature->title, "{frame}") != NULL;
}

/* Not every report has a call trace: some are a line, some name the function in a line of their own. */
static gboolean
wants_trace(const VitalsSignature *signature)
{
    for (guint i = 0; signature->sources[i] != VITALS_FRAME_MAX; i++) {
        if (signature->sources[i] != VITALS_FRAME_TEXT && signature->sources[i] != VITALS_FRAME_PC)
            return signature->lines > 1;
    }
    return FALSE;
}

/* CPU, task and taint from the line that begins `CPU: 1 PID: 42 Comm: name Not tainted`. */
static void
read_context(VitalsSignatures *signatures, const VitalsDraft *draft, VitalsReport *report)
{
    const GString *text = draft->text;
    VitalsPattern *task =
        vitals_signatures_shape(signatures, VITALS_SHAPE_TASK, text->str, text->len);
    VitalsPattern *modules;

    if (task) {
        g_autofree char *cpu = vitals_pattern_group(task, "cpu");
        g_autofree char *name = vitals_pattern_group(task, "task");
        g_autofree char *taint = vitals_pattern_group(task, "taint");

        report->cpu = cpu ? (int)(g_ascii_strtoull(cpu, NULL, 10) & G_MAXINT) : -1;
        report->task = name ? vitals_text_printable(g_strstrip(name), -1) : NULL;
        report->taint = taint ? vitals_text_printable(g_strstrip(taint), -1) : NULL;
    }
    modules = vitals_signatures_shape(signatures, VITALS_SHAPE_MODULES, text->str, text->len);
    if (modules) {
        g_autofree char *names = vitals_pattern_group(modules, "modules");

        report->modules = names ? vitals_text_printable(names, -1) : NULL;
    }
}

/* Linux, kernel/panic.c and arch/x86/kernel/dumpstack.c: a crash kernel that is loaded is told of in the line of
 * the task, and gets its turn before the report's end is written. */
static gboolean
is_handed_over(VitalsSignatures *signatures, const VitalsDraft *draft)
{
    const GString *text = draft->text;
    VitalsPattern *task;
    g_autofree char *loaded = NULL;

    if (draft->marked)
        return FALSE;
    task = vitals_signatures_shape(signatures, VITALS_SHAPE_TASK, text->str, text->len);
    loaded = task ? vitals_pattern_group(task, "kdump") : NULL;
    return loaded && *loaded;
}

VitalsReport *
vitals_report_new(VitalsSignatures *signatures, const VitalsDraft *draft)
{
    const VitalsSignature *signature = choose_signature(draft);
    g_autoptr(GPtrArray) frames = NULL;
    g_autofree char *function = NULL;
    VitalsReport *report;

    if (!signature)
        return NULL;
    frames = vitals_frames_read(signatures, draft->text->str, draft->text->len);
    function = find_function(signatures, signature, frames);

    report = g_new0(VitalsReport, 1);
    report->signature = signature;
    report->title = write_title(signatures, signature, function);
    report->function = function ? vitals_text_printable(function, -1) : NULL;
    report->line_start = draft->line_start;
    report->line_end = draft->line_end;
    report->began = draft->began;
    memcpy(report->caller, draft->prefix.caller, sizeof report->caller);
    report->cpu = -1;
    report->trace = g_ptr_array_new_with_free_func(g_free);
    report->panicked = draft->panicked;
    report->handed_over = is_handed_over(signatures, draft);
    report->cascade = draft->cascade;
    report->count = 1;
    report->corrupted = signature->corrupted || (wants_function(signature) && !function) ||
                        (wants_trace(signature) && !has_trace(signature, frames));
    return report;
}

void
vitals_report_tell(VitalsSignatures *signatures, const VitalsDraft *draft, VitalsReport *report)
{
    const GString *text = draft->text;
    g_autoptr(GPtrArray) frames = vitals_frames_read(signatures, text->str, text->len);

    for (guint i = 0; i < frames->len; i++) {
        const VitalsFrame *frame = g_ptr_array_index(frames, i);

        if (frame->reliable)
            g_ptr_array_add(report->trace, vitals_text_printable(frame->name, -1));
    }
    read_context(signatures, draft, report);
    report->text = vitals_text_printable_lines(text->str, (gssize)text->len);
}
