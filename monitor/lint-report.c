/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "monitor/lint-report.h"

static void
free_row(gpointer data)
{
    VitalsLintRow *row = data;

    g_free(row->domain);
    g_free(row->uuid);
    g_free(row);
}

VitalsLintReport *
vitals_lint_report_new(void)
{
    VitalsLintReport *report = g_new0(VitalsLintReport, 1);

    g_atomic_ref_count_init(&report->references);
    report->rows = g_ptr_array_new_with_free_func(free_row);
    report->lines =
        g_hash_table_new_full(g_str_hash, g_str_equal, g_free, (GDestroyNotify)g_ptr_array_unref);
    report->host = g_ptr_array_new_with_free_func(g_free);
    return report;
}

VitalsLintReport *
vitals_lint_report_ref(VitalsLintReport *report)
{
    g_atomic_ref_count_inc(&report->references);
    return report;
}

void
vitals_lint_report_unref(VitalsLintReport *report)
{
    if (!report || !g_atomic_ref_count_dec(&report->references))
        return;
    g_ptr_array_unref(report->rows);
    g_hash_table_unref(report->lines);
    g_ptr_array_unref(report->host);
    g_free(report);
}

void
vitals_lint_report_count(VitalsLintReport *report, guint first, const char *domain,
                         const char *uuid, const char *rule, const char *severity)
{
    VitalsLintRow *row;

    for (guint i = first; i < report->rows->len; i++) {
        row = report->rows->pdata[i];
        if (g_str_equal(row->rule, rule) && g_str_equal(row->severity, severity)) {
            row->count++;
            return;
        }
    }
    if (report->rows->len >= VITALS_LINT_MAX_ROWS)
        return;
    row = g_new0(VitalsLintRow, 1);
    row->domain = g_strdup(domain);
    row->uuid = g_strdup(uuid);
    row->rule = rule;
    row->severity = severity;
    row->count = 1;
    g_ptr_array_add(report->rows, row);
}
