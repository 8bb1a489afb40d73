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

static gboolean
is_accepted(const GArray *suppressions, const VitalsRule *rule)
{
    for (guint i = 0; i < suppressions->len; i++) {
        const VitalsSuppression *suppression = &g_array_index(suppressions, VitalsSuppression, i);

        if (suppression->state == VITALS_SUPPRESSION_VALID &&
            vitals_rule_matches(rule, suppression->rule))
            return TRUE;
    }
    return FALSE;
}

void
vitals_suppressions_apply(const VitalsDefinition *definition, VitalsFindings *findings)
{
    g_autoptr(GArray) suppressions = vitals_suppressions(definition);
    guint i = 0;

    while (suppressions->len > 0 && i < findings->found->len) {
        const VitalsFinding *finding = findings->found->pdata[i];

        if (is_accepted(suppressions, finding->rule))
            g_ptr_array_add(findings->suppressed, g_ptr_array_steal_index(findings->found, i));
        else
            i++;
    }
}
