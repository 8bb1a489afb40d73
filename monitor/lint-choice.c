/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "monitor/lint-choice.h"
#include "config/text.h"

#include <string.h>

G_DEFINE_QUARK(vitals - lint - choice - error - quark, vitals_lint_choice_error)

static gboolean
refuse(GError **error, const char *problem, const char *word, const char *hint)
{
    g_autofree char *shown = vitals_text_printable(word, -1);

    g_set_error(error, VITALS_LINT_CHOICE_ERROR, VITALS_LINT_CHOICE_ERROR_WORD, "%s '%s'%s",
                problem, shown, hint);
    return FALSE;
}

static gboolean
means_a_rule(const char *word, GError **error)
{
    const char *nearest;
    g_autofree char *hint = NULL;

    for (const VitalsRule *const *rule = vitals_rules; *rule; rule++) {
        if (vitals_rule_matches(*rule, word))
            return TRUE;
    }
    nearest = vitals_rule_nearest(word);
    hint = nearest ? g_strdup_printf(", did you mean '%s'?", nearest) : g_strdup("");
    return refuse(error, "no rule", word, hint);
}

static GStrv
split(const char *text)
{
    g_auto(GStrv) parts = g_strsplit_set(text, ", \t", -1);
    GStrvBuilder *words = g_strv_builder_new();
    GStrv result;

    for (guint i = 0; parts[i]; i++) {
        if (*parts[i])
            g_strv_builder_add(words, parts[i]);
    }
    result = g_strv_builder_end(words);
    g_strv_builder_unref(words);
    return result;
}

/* Each word has to mean a rule. */
static GStrv
read_rules(const char *text, GError **error)
{
    g_auto(GStrv) words = split(text);

    for (guint i = 0; words[i]; i++) {
        if (!means_a_rule(words[i], error))
            return NULL;
    }
    return g_steal_pointer(&words);
}

static gboolean
matches_any(const VitalsRule *rule, GStrv words)
{
    for (guint i = 0; words[i]; i++) {
        if (vitals_rule_matches(rule, words[i]))
            return TRUE;
    }
    return FALSE;
}

static gboolean
choose_rules(VitalsLintChoice *choice, const VitalsLintWords *words, GError **error)
{
    g_auto(GStrv) selected = read_rules(words->select, error);
    g_auto(GStrv) ignored = selected ? read_rules(words->ignore, error) : NULL;

    if (!ignored)
        return FALSE;
    choice->is_selected = selected[0] != NULL;
    for (const VitalsRule *const *rule = vitals_rules; *rule; rule++) {
        gboolean is_used =
            selected[0] ? matches_any(*rule, selected)
                        : !(*rule)->is_gated || vitals_rule_in_profiles(*rule, choice->profiles);

        if (is_used && !matches_any(*rule, ignored))
            g_ptr_array_add(choice->rules, (gpointer)*rule);
    }
    return TRUE;
}

static gboolean
read_profiles(VitalsLintChoice *choice, const char *text, GError **error)
{
    g_auto(GStrv) names = split(text);

    for (guint i = 0; names[i]; i++) {
        guint profiles;

        if (!vitals_profile_parse(names[i], &profiles))
            return refuse(error, "no profile", names[i], "");
        choice->profiles |= profiles;
    }
    return TRUE;
}

static gboolean
read_severities(VitalsLintChoice *choice, const char *text, GError **error)
{
    g_auto(GStrv) words = split(text);

    for (guint i = 0; words[i]; i++) {
        gsize length = strcspn(words[i], ":=");
        g_autofree char *name = g_strndup(words[i], length);
        VitalsSeverity severity;

        if (!words[i][length] || !vitals_severity_parse(words[i] + length + 1, &severity))
            return refuse(error, "a severity is RULE:notice, warning or error, not", words[i], "");
        if (!means_a_rule(name, error))
            return FALSE;
        for (const VitalsRule *const *rule = vitals_rules; *rule; rule++) {
            if (vitals_rule_matches(*rule, name))
                g_hash_table_insert(choice->severities, (gpointer)*rule, GINT_TO_POINTER(severity));
        }
    }
    return TRUE;
}

VitalsLintChoice *
vitals_lint_choice_new(const VitalsLintWords *words, GError **error)
{
    g_autoptr(VitalsLintChoice) choice = g_new0(VitalsLintChoice, 1);

    choice->rules = g_ptr_array_new();
    choice->severities = g_hash_table_new(NULL, NULL);
    if (!read_profiles(choice, words->profile, error) ||
        !read_severities(choice, words->severity, error) || !choose_rules(choice, words, error))
        return NULL;
    return g_steal_pointer(&choice);
}

VitalsLintWords
vitals_lint_choice_words(const VitalsSettings *settings)
{
    return (VitalsLintWords){
        .select = vitals_settings_string(settings, NULL, "Lint.Select"),
        .ignore = vitals_settings_string(settings, NULL, "Lint.Ignore"),
        .profile = vitals_settings_string(settings, NULL, "Lint.Profile"),
        .severity = vitals_settings_string(settings, NULL, "Lint.Severity"),
    };
}

void
vitals_lint_choice_free(VitalsLintChoice *choice)
{
    if (!choice)
        return;
    g_ptr_array_unref(choice->rules);
    g_hash_table_unref(choice->severities);
    g_free(choice);
}

void
vitals_lint_choice_apply(const VitalsLintChoice *choice, VitalsFindings *findings)
{
    if (!choice->is_selected)
        vitals_findings_drop_taste(findings, choice->profiles);
    vitals_findings_raise(findings, choice->profiles);
    for (guint i = 0; i < findings->found->len; i++) {
        VitalsFinding *finding = findings->found->pdata[i];
        gpointer severity;

        if (g_hash_table_lookup_extended(choice->severities, finding->rule, NULL, &severity))
            finding->severity = (VitalsSeverity)GPOINTER_TO_INT(severity);
    }
}
