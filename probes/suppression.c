/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "probes/suppression.h"
#include "probes/rule.h"

#include <string.h>

#define LINT_NAMESPACE "{urn:virt-vitals:lint:1}"

static gboolean
is_date(const char *text)
{
    return g_regex_match_simple("^[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])$", text,
                                G_REGEX_DOLLAR_ENDONLY, 0);
}

static gboolean
means_a_rule(const char *word)
{
    for (const VitalsRule *const *rule = vitals_rules; *rule; rule++) {
        if (vitals_rule_matches(*rule, word))
            return TRUE;
    }
    return FALSE;
}

static VitalsSuppressionState
state_of(const VitalsSuppression *suppression, const char *today)
{
    if (!means_a_rule(suppression->rule))
        return VITALS_SUPPRESSION_NO_RULE;
    if (!suppression->reason || !*suppression->reason)
        return VITALS_SUPPRESSION_NO_REASON;
    if (!suppression->until)
        return VITALS_SUPPRESSION_VALID;
    if (!is_date(suppression->until))
        return VITALS_SUPPRESSION_BAD_DATE;
    return today && strcmp(today, suppression->until) >= 0 ? VITALS_SUPPRESSION_EXPIRED
                                                           : VITALS_SUPPRESSION_VALID;
}

GArray *
vitals_suppressions(const VitalsDefinition *definition)
{
    GArray *suppressions = g_array_new(FALSE, FALSE, sizeof(VitalsSuppression));
    g_autoptr(GPtrArray) nodes = vitals_xml_all(
        definition->domain, "metadata/" LINT_NAMESPACE "lint/" LINT_NAMESPACE "ignore");

    for (guint i = 0; i < nodes->len; i++) {
        const char *rule = vitals_xml_attribute(nodes->pdata[i], "rule");
        VitalsSuppression suppression = {
            .node = nodes->pdata[i],
            .rule = rule ? rule : "",
            .reason = vitals_xml_attribute(nodes->pdata[i], "reason"),
            .until = vitals_xml_attribute(nodes->pdata[i], "until"),
        };

        suppression.state = state_of(&suppression, definition->today);
        g_array_append_val(suppressions, suppression);
    }
    return suppressions;
}

/* The rules whose findings are accepted, found once: both lists may be long in a hostile definition. */
static GHashTable *
accepted_rules(const GArray *suppressions)
{
    GHashTable *rules = g_hash_table_new(NULL, NULL);

    for (guint i = 0; i < suppressions->len; i++) {
        const VitalsSuppression *suppression = &g_array_index(suppressions, VitalsSuppression, i);

        if (suppression->state != VITALS_SUPPRESSION_VALID)
            continue;
        for (const VitalsRule *const *rule = vitals_rules; *rule; rule++) {
            if (vitals_rule_matches(*rule, suppression->rule))
                g_hash_table_add(rules, (gpointer)*rule);
        }
    }
    return rules;
}

void
vitals_suppressions_apply(const VitalsDefinition *definition, VitalsFindings *findings)
{
    g_autoptr(GArray) suppressions = vitals_suppressions(definition);
    g_autoptr(GHashTable) accepted = accepted_rules(suppressions);
    g_autoptr(GPtrArray) found = g_steal_pointer(&findings->found);

    g_ptr_array_set_free_func(found, NULL);
    findings->found = g_ptr_array_new_with_free_func(vitals_finding_free);
    for (guint i = 0; i < found->len; i++) {
        const VitalsFinding *finding = found->pdata[i];

        g_ptr_array_add(g_hash_table_contains(accepted, finding->rule) ? findings->suppressed
                                                                       : findings->found,
                        found->pdata[i]);
    }
}
