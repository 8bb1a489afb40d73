/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "probes/rule.h"
#include "config/nearest.h"
#include "probes/suppression.h"

#include <string.h>

const VitalsRule *
vitals_rule_find(const char *word)
{
    for (const VitalsRule *const *rule = vitals_rules; *rule; rule++) {
        if (g_ascii_strcasecmp((*rule)->id, word) == 0 ||
            g_ascii_strcasecmp((*rule)->name, word) == 0)
            return *rule;
    }
    return NULL;
}

gboolean
vitals_rule_matches(const VitalsRule *rule, const char *word)
{
    if (!*word)
        return FALSE;
    return g_ascii_strncasecmp(rule->id, word, strlen(word)) == 0 ||
           g_ascii_strcasecmp(rule->name, word) == 0;
}

const char *
vitals_rule_nearest(const char *word)
{
    g_autoptr(GPtrArray) candidates = g_ptr_array_new();

    for (const VitalsRule *const *rule = vitals_rules; *rule; rule++) {
        g_ptr_array_add(candidates, (gpointer)(*rule)->id);
        g_ptr_array_add(candidates, (gpointer)(*rule)->name);
    }
    return vitals_nearest(word, candidates);
}

static VitalsAnswer
apply(const VitalsRule *rule, const VitalsDefinition *definition, VitalsFindings *findings)
{
    if (!(rule->drivers & definition->driver) || !(rule->machines & definition->machine))
        return VITALS_ANSWER_NOT_APPLICABLE;
    vitals_findings_begin(findings, rule);
    return rule->check(definition, findings);
}

static gint
compare_places(gconstpointer left, gconstpointer right)
{
    const VitalsFinding *one = *(const VitalsFinding *const *)left;
    const VitalsFinding *other = *(const VitalsFinding *const *)right;

    if (one->line != other->line)
        return one->line < other->line ? -1 : 1;
    if (one->column != other->column)
        return one->column < other->column ? -1 : 1;
    return strcmp(one->rule->id, other->rule->id);
}

VitalsFindings *
vitals_lint(const VitalsDefinition *definition, const GPtrArray *rules)
{
    VitalsFindings *findings = vitals_findings_new();

    for (const VitalsRule *const *rule = vitals_rules; *rule; rule++) {
        if (rules ? g_ptr_array_find((GPtrArray *)rules, *rule, NULL) : !(*rule)->is_gated)
            findings->answers[apply(*rule, definition, findings)]++;
    }
    g_ptr_array_sort(findings->found, compare_places);
    vitals_suppressions_apply(definition, findings);
    return findings;
}

static const char *const profile_names[] = { "crash-capture", "passthrough", "autostart", "xen",
                                             "production" };

gboolean
vitals_profile_parse(const char *name, guint *ret_profiles)
{
    if (g_str_equal(name, "default")) {
        *ret_profiles = 0;
        return TRUE;
    }
    for (guint i = 0; i < G_N_ELEMENTS(profile_names); i++) {
        if (g_str_equal(profile_names[i], name)) {
            *ret_profiles = 1U << i;
            return TRUE;
        }
    }
    return FALSE;
}

gboolean
vitals_rule_in_profiles(const VitalsRule *rule, guint profiles)
{
    return (profiles & VITALS_PROFILE_PRODUCTION ? rule->profiles != 0
                                                 : (rule->profiles & profiles) != 0);
}

void
vitals_findings_drop_taste(VitalsFindings *findings, guint profiles)
{
    for (guint i = findings->found->len; i > 0; i--) {
        const VitalsFinding *finding = findings->found->pdata[i - 1];

        if (finding->is_taste && !vitals_rule_in_profiles(finding->rule, profiles))
            g_ptr_array_remove_index(findings->found, i - 1);
    }
}

void
vitals_findings_raise(VitalsFindings *findings, guint profiles)
{
    for (guint i = 0; i < findings->found->len; i++) {
        VitalsFinding *finding = findings->found->pdata[i];

        if (finding->severity == VITALS_SEVERITY_NOTICE &&
            vitals_rule_in_profiles(finding->rule, profiles))
            finding->severity = VITALS_SEVERITY_WARNING;
    }
}
