/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "probes/console/assembly.h"

#include <string.h>

enum {
    OPEN_MAX = 8,        /* reports at a time: one for each CPU of a guest in real trouble */
    FOREIGN_LINES = 500, /* between two lines of one report */
    HEAD_LINES = 4,      /* where a report draws its own lines, which look like its end */
};

/* A kernel writes a report in one go; backtraces of all CPUs over a slow line take a while. */
#define REPORT_GAP (20 * G_USEC_PER_SEC)

/* Where a kernel's clock goes back by more than CPUs disagree, it is another boot: a quiet one says nothing else. */
#define CLOCK_SLACK (1 * G_USEC_PER_SEC)

struct VitalsAssembly {
    VitalsSignatures *signatures;
    VitalsAssemblyFunc func;
    gpointer user;
    GPtrArray *drafts;
    GPtrArray *reports;
    GHashTable *by_title;
    guint64 dropped;
    VitalsReport *latest; /* in reports: what a consequence belongs to */
    gint64 latest_stamp;
    guint64 latest_line;
};

VitalsAssembly *
vitals_assembly_new(VitalsSignatures *signatures, VitalsAssemblyFunc func, gpointer user)
{
    VitalsAssembly *assembly = g_new0(VitalsAssembly, 1);

    assembly->signatures = signatures;
    assembly->func = func;
    assembly->user = user;
    assembly->drafts = g_ptr_array_new_with_free_func((GDestroyNotify)vitals_draft_free);
    assembly->reports = g_ptr_array_new_with_free_func((GDestroyNotify)vitals_report_free);
    assembly->by_title = g_hash_table_new(g_str_hash, g_str_equal);
    return assembly;
}

void
vitals_assembly_free(VitalsAssembly *assembly)
{
    if (!assembly)
        return;
    g_hash_table_unref(assembly->by_title);
    g_ptr_array_unref(assembly->drafts);
    g_ptr_array_unref(assembly->reports);
    g_free(assembly);
}

static void
keep_report(VitalsAssembly *assembly, const VitalsDraft *draft, VitalsReport *report)
{
    vitals_report_tell(assembly->signatures, draft, report);
    assembly->func(NULL, report, FALSE, report->line_start, assembly->user);
    /* What was said has been handed over; what is kept is what it was. */
    g_clear_pointer(&report->text, g_free);
    g_clear_pointer(&report->modules, g_free);
    g_ptr_array_add(assembly->reports, report);
    g_hash_table_insert(assembly->by_title, report->title, report);
    assembly->latest = report;
}

static void
close_draft(VitalsAssembly *assembly, guint index)
{
    VitalsDraft *draft = g_ptr_array_steal_index(assembly->drafts, index);
    g_autoptr(VitalsReport) report = vitals_report_new(assembly->signatures, draft);
    VitalsReport *known = report ? g_hash_table_lookup(assembly->by_title, report->title) : NULL;

    assembly->latest_stamp = draft->last_stamp;
    assembly->latest_line = draft->line_end;
    if (known) {
        known->count++;
        known->panicked = known->panicked || report->panicked;
        known->handed_over = report->handed_over;
        assembly->latest = known;
        assembly->func(NULL, known, TRUE, report->line_start, assembly->user);
    } else if (report && assembly->reports->len >= VITALS_REPORTS_MAX) {
        assembly->dropped++;
        assembly->latest = NULL;
    } else if (report) {
        keep_report(assembly, draft, g_steal_pointer(&report));
    }
    vitals_draft_free(draft);
}

/* Whether one report may have lines at both stamps; one that is not known (< 0) tells nothing. */
static gboolean
may_belong(gint64 before, gint64 stamp)
{
    return before < 0 || stamp < 0 ||
           (stamp - before <= REPORT_GAP && before - stamp <= CLOCK_SLACK);
}

static gboolean
is_same_context(const VitalsDraft *draft, const VitalsLine *line)
{
    const VitalsSignature *first = g_ptr_array_index(draft->candidates, 0);

    return g_str_equal(draft->prefix.caller, line->prefix.caller) &&
           (draft->prefix.stamp < 0 || line->prefix.stamp >= 0 || first->bare);
}

static gboolean
is_over(const VitalsDraft *draft, const VitalsLine *line)
{
    return line->number > draft->line_end + FOREIGN_LINES ||
           !may_belong(draft->last_stamp, line->prefix.stamp);
}

/* Ends what has been left behind and finds the report that the line belongs to, or -1. */
static gint
find_draft(VitalsAssembly *assembly, const VitalsLine *line)
{
    gint found = -1;

    for (guint i = 0; i < assembly->drafts->len;) {
        if (is_over(g_ptr_array_index(assembly->drafts, i), line)) {
            close_draft(assembly, i);
        } else {
            if (found < 0 && is_same_context(g_ptr_array_index(assembly->drafts, i), line))
                found = (gint)i;
            i++;
        }
    }
    return found;
}

static gboolean
is_full(const VitalsDraft *draft)
{
    guint most = 0;

    for (guint i = 0; i < draft->candidates->len; i++) {
        const VitalsSignature *signature = g_ptr_array_index(draft->candidates, i);

        most = MAX(most, signature->lines);
    }
    return draft->lines >= most;
}

static void
extend(VitalsAssembly *assembly, guint index, const VitalsLine *line)
{
    VitalsDraft *draft = g_ptr_array_index(assembly->drafts, index);

    vitals_draft_add(draft, line);
    if (!draft->framed)
        draft->framed = vitals_signatures_shape(assembly->signatures, VITALS_SHAPE_FRAME,
                                                line->text, line->length) != NULL;
    if (is_full(draft) ||
        (draft->lines > HEAD_LINES &&
         vitals_signatures_shape(assembly->signatures, VITALS_SHAPE_END, line->text, line->length)))
        close_draft(assembly, index);
}

static void
open_draft(VitalsAssembly *assembly, const VitalsLine *line, GPtrArray *candidates, gint64 now)
{
    VitalsDraft *draft = vitals_draft_new(candidates, line, now);

    if (assembly->drafts->len >= OPEN_MAX)
        close_draft(assembly, 0);
    g_ptr_array_add(assembly->drafts, draft);
    assembly->func(g_ptr_array_index(candidates, 0), NULL, FALSE, line->number, assembly->user);
    if (is_full(draft))
        close_draft(assembly, assembly->drafts->len - 1);
}

/* An NMI that nobody expected, say, is no name for the panic behind it, which has more to tell. */
static gboolean
is_mere_remark(const VitalsReport *report)
{
    return report->signature->lines == 1 && report->signature->severity < VITALS_CONSOLE_ERROR;
}

/* Whether the report that ended last has the line as its consequence. */
static gboolean
follows_latest(const VitalsAssembly *assembly, const VitalsLine *line, gboolean fatal)
{
    if (!assembly->latest || (fatal && is_mere_remark(assembly->latest)) ||
        line->number > assembly->latest_line + FOREIGN_LINES ||
        assembly->latest->signature->severity < VITALS_CONSOLE_WARNING)
        return FALSE;
    return may_belong(assembly->latest_stamp, line->prefix.stamp);
}

static void
add_consequence(VitalsAssembly *assembly, gint index, const VitalsLine *line, gboolean fatal)
{
    if (index >= 0) {
        VitalsDraft *draft = g_ptr_array_index(assembly->drafts, index);

        draft->cascade++;
        draft->panicked = draft->panicked || fatal;
        extend(assembly, (guint)index, line);
        return;
    }
    assembly->latest->cascade++;
    assembly->latest->panicked = assembly->latest->panicked || fatal;
    assembly->latest_line = line->number;
}

void
vitals_assembly_add(VitalsAssembly *assembly, const VitalsLine *line, GPtrArray *candidates,
                    gint64 now)
{
    gint index = assembly->drafts->len > 0 ? find_draft(assembly, line) : -1;
    const VitalsSignature *first;
    gboolean fatal;

    if (!candidates) {
        if (index >= 0)
            extend(assembly, (guint)index, line);
        return;
    }
    first = g_ptr_array_index(candidates, 0);
    fatal = first->health == VITALS_CONSOLE_CRASHED;
    if (first->cascade && (index >= 0 || follows_latest(assembly, line, fatal))) {
        if (fatal)
            assembly->func(first, index < 0 ? assembly->latest : NULL, TRUE, line->number,
                           assembly->user);
        add_consequence(assembly, index, line, fatal);
        g_ptr_array_unref(candidates);
        return;
    }
    if (index >= 0) {
        VitalsDraft *draft = g_ptr_array_index(assembly->drafts, index);

        draft->broken = !draft->framed;
        close_draft(assembly, (guint)index);
    }
    open_draft(assembly, line, candidates, now);
}

void
vitals_assembly_close(VitalsAssembly *assembly)
{
    while (assembly->drafts->len > 0)
        close_draft(assembly, 0);
}

gboolean
vitals_assembly_is_open(const VitalsAssembly *assembly)
{
    return assembly->drafts->len > 0;
}

const GPtrArray *
vitals_assembly_reports(const VitalsAssembly *assembly)
{
    return assembly->reports;
}

guint64
vitals_assembly_dropped(const VitalsAssembly *assembly)
{
    return assembly->dropped;
}
