/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "monitor/prediction.h"
#include "probes/rule.h"

#include <string.h>

static GPtrArray *
rules_to_ask(void)
{
    GPtrArray *rules = g_ptr_array_new();

    for (const VitalsRule *const *rule = vitals_rules; *rule; rule++) {
        if (!(*rule)->is_gated || ((*rule)->profiles & VITALS_PROFILE_CRASH_CAPTURE))
            g_ptr_array_add(rules, (gpointer)*rule);
    }
    return rules;
}

GPtrArray *
vitals_prediction_read(const char *xml)
{
    GPtrArray *lines = g_ptr_array_new_with_free_func(g_free);
    g_autoptr(VitalsDefinition) definition =
        xml ? vitals_definition_new("definition", xml, strlen(xml), NULL, NULL) : NULL;
    g_autoptr(GPtrArray) rules = rules_to_ask();
    g_autoptr(VitalsFindings) findings = definition ? vitals_lint(definition, rules) : NULL;

    for (guint i = 0; findings && i < findings->found->len; i++) {
        const VitalsFinding *finding = g_ptr_array_index(findings->found, i);

        g_ptr_array_add(lines,
                        g_strdup_printf("%s %s: %s; %s", finding->rule->id, finding->rule->name,
                                        finding->message, finding->remedy));
    }
    return lines;
}
