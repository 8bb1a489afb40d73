/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "monitor/output/lint-source.h"

void
vitals_lint_source_free(VitalsLintSource *source)
{
    if (!source)
        return;
    g_free(source->name);
    vitals_definition_free(source->definition);
    vitals_findings_free(source->findings);
    g_free(source->problem);
    g_free(source);
}

void
vitals_lint_totals_add(VitalsLintTotals *totals, const VitalsLintSource *source)
{
    totals->sources++;
    if (!source->findings) {
        totals->unreadable++;
        return;
    }
    for (guint i = 0; i < source->findings->found->len; i++) {
        const VitalsFinding *finding = source->findings->found->pdata[i];

        totals->by_severity[finding->severity]++;
    }
    totals->unknown += source->findings->unknown->len;
}
