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
    VitalsFindings *findings = vitals_lint(definition, rules);

    vitals_findings_drop_taste(findings, VITALS_PROFILE_CRASH_CAPTURE);
    return findings;
}

static VitalsFindings *
find(const char *xml)
{
    g_autoptr(VitalsDefinition) definition =
        xml ? vitals_definition_new("definition", xml, strlen(xml), NULL, NULL) : NULL;

    return definition ? lint(definition, NULL) : NULL;
}

GPtrArray *
vitals_prediction_read(const char *xml)
{
    GPtrArray *lines = g_ptr_array_new_with_free_func(g_free);
    g_autoptr(VitalsFindings) findings = find(xml);

    for (guint i = 0; findings && i < findings->found->len; i++)
        g_ptr_array_add(lines, vitals_prediction_line(g_ptr_array_index(findings->found, i)));
    return lines;
}

/* The rule whose id the line begins with. */
static const VitalsRule *
rule_of(const char *line)
{
    g_autofree char *id = g_strndup(line, strcspn(line, " "));

    return vitals_rule_find(id);
}

static int
by_severity(gconstpointer a, gconstpointer b)
{
    const VitalsRule *first = rule_of(*(const char *const *)a);
    const VitalsRule *second = rule_of(*(const char *const *)b);

    return (int)second->severity - (int)first->severity;
}

GPtrArray *
vitals_prediction_risks(const GPtrArray *lines)
{
    GPtrArray *risks = g_ptr_array_new_with_free_func(g_free);

    for (guint i = 0; i < lines->len; i++) {
        const char *line = g_ptr_array_index(lines, i);
        const VitalsRule *rule = rule_of(line);

        if (rule && (rule->severity == VITALS_SEVERITY_ERROR ||
                     (rule->profiles & VITALS_PROFILE_PASSTHROUGH)))
            g_ptr_array_add(risks, g_strdup(line));
    }
    g_ptr_array_sort(risks, by_severity);
    return risks;
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
