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

/* Several rules may want the same fact. */
static guint
count_facts(const GPtrArray *unknown)
{
    g_autoptr(GHashTable) facts = g_hash_table_new(g_str_hash, g_str_equal);

    for (guint i = 0; i < unknown->len; i++)
        g_hash_table_add(facts, ((VitalsUnknown *)unknown->pdata[i])->fact);
    return g_hash_table_size(facts);
}

void
vitals_lint_totals_add(VitalsLintTotals *totals, const VitalsLintSource *source)
{
    totals->sources++;
    if (!source->findings) {
        totals->unreadable++;
        return;
    }
    totals->hosts += source->definition->driver == VITALS_DRIVER_HOST;
    for (guint i = 0; i < source->findings->found->len; i++) {
        const VitalsFinding *finding = source->findings->found->pdata[i];

        guint before = GPOINTER_TO_UINT(g_hash_table_lookup(totals->by_rule, finding->rule));

        totals->by_severity[finding->severity]++;
        if (finding->fix && vitals_fix_is_safe(finding->fix))
            totals->fixable++;
        else if (finding->fix)
            totals->unsafely_fixable++;
        g_hash_table_insert(totals->by_rule, (gpointer)finding->rule, GUINT_TO_POINTER(before + 1));
    }
    totals->unknown += count_facts(source->findings->unknown);
    totals->suppressed += source->findings->suppressed->len;
}
