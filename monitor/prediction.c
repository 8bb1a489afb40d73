/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "monitor/prediction.h"
#include "monitor/output/diff.h"
#include "probes/fixer.h"
#include "probes/rule.h"

#include <string.h>

GPtrArray *
vitals_prediction_rules(const GPtrArray *others)
{
    GPtrArray *rules = g_ptr_array_new();

    for (const VitalsRule *const *rule = vitals_rules; *rule; rule++) {
        if (!(*rule)->is_gated || ((*rule)->profiles & VITALS_PROFILE_CRASH_CAPTURE) ||
            (others && g_ptr_array_find((GPtrArray *)others, *rule, NULL)))
            g_ptr_array_add(rules, (gpointer)*rule);
    }
    return rules;
}

char *
vitals_prediction_line(const VitalsFinding *finding)
{
    return g_strdup_printf("%s %s: %s; %s", finding->rule->id, finding->rule->name,
                           finding->message, finding->remedy);
}

static VitalsFindings *
lint(VitalsDefinition *definition, gpointer data)
{
    g_autoptr(GPtrArray) rules = vitals_prediction_rules(NULL);

    return vitals_lint(definition, rules);
}

static VitalsFindings *
find(const char *xml)
{
    g_autoptr(VitalsDefinition) definition =
        xml ? vitals_definition_new("definition", xml, strlen(xml), NULL, NULL) : NULL;

    return definition ? lint(definition, NULL) : NULL;
}

static gboolean
is_any(const VitalsFinding *finding)
{
    return TRUE;
}

static gboolean
is_risk(const VitalsFinding *finding)
{
    return finding->severity == VITALS_SEVERITY_ERROR || g_str_has_prefix(finding->rule->id, "PCI");
}

static GPtrArray *
lines_of(const char *xml, gboolean (*is_wanted)(const VitalsFinding *finding))
{
    GPtrArray *lines = g_ptr_array_new_with_free_func(g_free);
    g_autoptr(VitalsFindings) findings = find(xml);

    for (guint i = 0; findings && i < findings->found->len; i++) {
        const VitalsFinding *finding = g_ptr_array_index(findings->found, i);

        if (is_wanted(finding))
            g_ptr_array_add(lines, vitals_prediction_line(finding));
    }
    return lines;
}

GPtrArray *
vitals_prediction_read(const char *xml)
{
    return lines_of(xml, is_any);
}

GPtrArray *
vitals_prediction_risks(const char *xml)
{
    return lines_of(xml, is_risk);
}

char *
vitals_prediction_diff(const char *xml)
{
    const VitalsFixer fixer = { .lint = lint, .unsafe = TRUE };
    g_autoptr(VitalsFixed) fixed =
        xml ? vitals_fixer_run(&fixer, "domain.xml", xml, strlen(xml), NULL) : NULL;

    if (!fixed)
        return g_strdup("");
    return g_string_free(vitals_diff("domain.xml", xml, strlen(xml), fixed->bytes, fixed->length),
                         FALSE);
}
