/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

/**
 * VitalsLintRow: what one rule finds in one guest, or in the host; that has an empty name and UUID
 * @count: how many findings of that severity
 */
typedef struct {
    char *domain;
    char *uuid;
    const char *rule;
    const char *severity;
    guint count;
} VitalsLintRow;

/**
 * VitalsLintReport: what came of one round; immutable once it is there
 * @rows: (element-type VitalsLintRow): by guest; no more than VITALS_LINT_MAX_ROWS
 * @lines: (element-type utf8 GPtrArray): by UUID, what incidents of that guest tell; one line each,
 *   safe to show
 * @host: (element-type utf8): what is wrong with the host itself; likewise
 * @linted: how many definitions were judged
 * @realtime: when that was, microseconds
 */
typedef struct {
    gatomicrefcount references;
    GPtrArray *rows;
    GHashTable *lines;
    GPtrArray *host;
    guint linted;
    gint64 realtime;
} VitalsLintReport;

/* So many series Prometheus takes from one target without trouble; a fleet of 500 has some 2,000. */
#define VITALS_LINT_MAX_ROWS 10000

/* An empty one, to be filled in before anybody else sees it. Returns: (transfer full) */
VitalsLintReport *vitals_lint_report_new(void);

/**
 * vitals_lint_report_count:
 * @first: the first row of this guest
 * @rule: an id; kept
 * @severity: its name; kept
 *
 * Counts one finding more; what would be a row too many is not counted.
 */
void vitals_lint_report_count(VitalsLintReport *report, guint first, const char *domain,
                              const char *uuid, const char *rule, const char *severity);

VitalsLintReport *vitals_lint_report_ref(VitalsLintReport *report);
void vitals_lint_report_unref(VitalsLintReport *report);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(VitalsLintReport, vitals_lint_report_unref)
