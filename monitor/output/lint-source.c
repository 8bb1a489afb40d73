/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "monitor/output/lint-source.h"

void
vitals_lint_source_free(VitalsLintSource *source)
{
    if (!source)
        return;
    g_free(source->name);
    g_free(source->file);
    vitals_definition_free(source->definition);
    vitals_findings_free(source->findings);
    g_free(source->problem);
    g_free(source);
}

void
vitals_lint_totals_init(VitalsLintTotals *totals)
{
    totals->by_rule = g_hash_table_new(NULL, NULL);
    totals->unevaluated = g_hash_table_new(NULL, NULL);
    totals->facts =
        g_hash_table_new_full(g_str_hash, g_str_equal, g_free, (GDestroyNotify)g_hash_table_unref);
}

void
vitals_lint_totals_clear(VitalsLintTotals *totals)
{
    g_clear_pointer(&totals->by_rule, g_hash_table_unref);
    g_clear_pointer(&totals->facts, g_hash_table_unref);
    g_clear_pointer(&totals->unevaluated, g_hash_table_unref);
}

/* Several rules, and several definitions, may want the same fact. Beyond those that are kept, what one
 * definition lacks counts anew. */
static void
add_facts(VitalsLintTotals *totals, const GPtrArray *unknown)
{
    g_autoptr(GHashTable) others = g_hash_table_new(g_str_hash, g_str_equal);

    for (guint i = 0; i < unknown->len; i++) {
        const VitalsUnknown *one = unknown->pdata[i];
        GHashTable *rules = g_hash_table_lookup(totals->facts, one->fact);

        g_hash_table_add(totals->unevaluated, (gpointer)one->rule);
        if (!rules && g_hash_table_size(totals->facts) >= VITALS_LINT_MAX_FACTS) {
            totals->unknown += g_hash_table_add(others, one->fact);
            continue;
        }
        if (!rules) {
            rules = g_hash_table_new(NULL, NULL);
            g_hash_table_insert(totals->facts, g_strdup(one->fact), rules);
            totals->unknown++;
        }
        g_hash_table_add(rules, (gpointer)one->rule);
    }
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
    add_facts(totals, source->findings->unknown);
    totals->suppressed += source->findings->suppressed->len;
}
