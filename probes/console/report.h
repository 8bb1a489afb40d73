/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "probes/console/line.h"
#include "probes/console/signature.h"

#include <glib.h>

/* What one report may hold; a register dump and two call traces are about 15 KiB. */
enum { VITALS_REPORT_MAX_BYTES = 64 * 1024 };

/**
 * VitalsReport: a crash, or something less, as the guest told it
 * @title: the same for the same bug: kind and function
 * @function: (nullable): what it happened in
 * @line_start: number of its first line
 * @line_end: number of its last line
 * @began: when, as the line's stamp, wall time or arrival has it
 * @caller: printk's caller id, ""
 * @cpu: or -1
 * @task: (nullable): name and number of the task
 * @taint: (nullable): the kernel's taint flags, "Not tainted"
 * @modules: (nullable)
 * @trace: (element-type utf8): the functions of its call traces, innermost first
 * @corrupted: lines are missing or others are mixed in, so that the title may not be the bug's
 * @panicked: whether the kernel gave up because of it
 * @handed_over: it was broken off where a kernel goes over to its crash kernel, which was loaded
 * @cascade: how many further reports were its consequence
 * @count: how often it was seen
 * @text: its lines, printable
 */
typedef struct {
    const VitalsSignature *signature;
    char *title;
    char *function;
    guint64 line_start;
    guint64 line_end;
    gint64 began;
    char caller[VITALS_CALLER_MAX];
    int cpu;
    char *task;
    char *taint;
    char *modules;
    GPtrArray *trace;
    gboolean corrupted;
    gboolean panicked;
    gboolean handed_over;
    guint cascade;
    guint64 count;
    char *text;
} VitalsReport;

void vitals_report_free(VitalsReport *report);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(VitalsReport, vitals_report_free)

/**
 * VitalsDraft: a report that is being written
 * @candidates: (element-type VitalsSignature): whose beginning its first line is
 * @text: its lines
 * @lines: how many
 * @broken: another report began before this one had told its function
 * @marked: the line is there that the kernel ends a report with if it goes on after it
 */
typedef struct {
    GPtrArray *candidates;
    GString *text;
    VitalsPrefix prefix;
    guint lines;
    guint64 line_start;
    guint64 line_end;
    gint64 began;
    gint64 last_stamp;
    gboolean broken;
    gboolean panicked;
    gboolean framed;
    gboolean marked;
    guint cascade;
} VitalsDraft;

/* Takes over @candidates. */
VitalsDraft *vitals_draft_new(GPtrArray *candidates, const VitalsLine *line, gint64 now);
void vitals_draft_free(VitalsDraft *draft);

/* Takes a further line in; the text is kept up to %VITALS_REPORT_MAX_BYTES, the rest counted. */
void vitals_draft_add(VitalsDraft *draft, const VitalsLine *line);

/**
 * vitals_report_new:
 *
 * Makes the report of the lines gathered: chooses the signature, finds the function, writes the title.
 * That is all that is needed to know whether it was seen before.
 *
 * Returns: (transfer full) (nullable): %NULL if it turned out to be none
 */
VitalsReport *vitals_report_new(VitalsSignatures *signatures, const VitalsDraft *draft);

/* Adds what is worth telling only once: text, call trace, task, modules. */
void vitals_report_tell(VitalsSignatures *signatures, const VitalsDraft *draft,
                        VitalsReport *report);
