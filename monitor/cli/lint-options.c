/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "monitor/cli/lint-options.h"
#include "monitor/cli/verb.h"
#include "config/text.h"

#include <string.h>

extern const VitalsVerb vitals_verb_lint;

/* The options as words. */
typedef struct {
    char *uri;
    char *format;
    char *fail_on;
    char *profile;
    char *baseline;
    char *facts;
    char **select;
    char **ignore;
    char **severity;
    gboolean all;
    gboolean guest;
    gboolean live;
    gboolean host;
    gboolean statistics;
    gboolean diff;
    gboolean fix;
    gboolean unsafe_fixes;
} Words;

static void
clear_words(Words *words)
{
    g_free(words->uri);
    g_free(words->format);
    g_free(words->fail_on);
    g_free(words->profile);
    g_free(words->baseline);
    g_free(words->facts);
    g_strfreev(words->select);
    g_strfreev(words->ignore);
    g_strfreev(words->severity);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Words, clear_words)

static gboolean
usage_error(const char *problem, const char *word)
{
    g_autofree char *shown = vitals_text_printable(word, -1);

    g_printerr("virt-vitals: %s '%s'; see 'virt-vitals lint --help'\n", problem, shown);
    return FALSE;
}

static gboolean
means_a_rule(const char *word)
{
    g_autofree char *shown = vitals_text_printable(word, -1);
    const char *nearest;

    for (const VitalsRule *const *rule = vitals_rules; *rule; rule++) {
        if (vitals_rule_matches(*rule, word))
            return TRUE;
    }
    nearest = vitals_rule_nearest(word);
    g_printerr("virt-vitals: no rule '%s'%s%s%s; see 'virt-vitals rules'\n", shown,
               nearest ? ", did you mean '" : "", nearest ? nearest : "", nearest ? "'?" : "");
    return FALSE;
}

/* Splits what --select or --ignore were given; each word has to mean a rule. */
static GPtrArray *
read_words(char **values)
{
    g_autoptr(GPtrArray) words = g_ptr_array_new_with_free_func(g_free);

    for (char **value = values; value && *value; value++) {
        g_auto(GStrv) parts = g_strsplit_set(*value, ", ", -1);

        for (guint i = 0; parts[i]; i++) {
            if (!*parts[i])
                continue;
            if (!means_a_rule(parts[i]))
                return NULL;
            g_ptr_array_add(words, g_strdup(parts[i]));
        }
    }
    return g_steal_pointer(&words);
}

static gboolean
matches_any(const VitalsRule *rule, const GPtrArray *words)
{
    for (guint i = 0; i < words->len; i++) {
        if (vitals_rule_matches(rule, words->pdata[i]))
            return TRUE;
    }
    return FALSE;
}

/* Matters of taste are used where a profile or the user asks for them. */
static gboolean
choose_rules(const Words *words, VitalsLintOptions *options)
{
    g_autoptr(GPtrArray) selected = read_words(words->select);
    g_autoptr(GPtrArray) ignored = selected ? read_words(words->ignore) : NULL;

    if (!ignored)
        return FALSE;
    options->rules = g_ptr_array_new();
    for (const VitalsRule *const *rule = vitals_rules; *rule; rule++) {
        gboolean is_used =
            selected->len > 0
                ? matches_any(*rule, selected)
                : !(*rule)->is_gated || vitals_rule_in_profiles(*rule, options->profiles);

        if (is_used && !matches_any(*rule, ignored))
            g_ptr_array_add(options->rules, (gpointer)*rule);
    }
    return TRUE;
}

/* "RULES=SEVERITY" */
static gboolean
read_severity(const char *value, VitalsLintOptions *options)
{
    const char *equals = strchr(value, '=');
    g_autofree char *word = equals ? g_strndup(value, (gsize)(equals - value)) : NULL;
    VitalsSeverity severity;

    if (!equals || !vitals_severity_parse(equals + 1, &severity))
        return usage_error("--severity takes RULE=notice, warning or error, not", value);
    if (!means_a_rule(word))
        return FALSE;
    for (const VitalsRule *const *rule = vitals_rules; *rule; rule++) {
        if (vitals_rule_matches(*rule, word))
            g_hash_table_insert(options->severities, (gpointer)*rule, GINT_TO_POINTER(severity));
    }
    return TRUE;
}

static gboolean
understand(Words *words, VitalsLintOptions *options)
{
    static const char *const formats[] = { "text", "json", "sarif", "junit", NULL };

    options->uri = g_steal_pointer(&words->uri);
    options->baseline = g_steal_pointer(&words->baseline);
    options->facts = g_steal_pointer(&words->facts);
    options->format = words->format ? g_steal_pointer(&words->format) : g_strdup("text");
    options->all = words->all;
    options->host = words->host;
    options->live = words->live;
    options->guest = words->guest;
    options->statistics = words->statistics;
    options->fix = words->fix;
    options->unsafe_fixes = words->unsafe_fixes;
    options->diff = words->diff || (words->unsafe_fixes && !words->fix);
    options->fail_on = VITALS_SEVERITY_ERROR;
    options->severities = g_hash_table_new(NULL, NULL);

    if (words->fail_on && !vitals_severity_parse(words->fail_on, &options->fail_on))
        return usage_error("no severity", words->fail_on);
    if (!g_strv_contains(formats, options->format))
        return usage_error("no format", options->format);
    if (words->diff && words->fix)
        return usage_error("either --diff, to look, or --fix, to change; not both, as in",
                           "--diff --fix");
    if (options->diff && !g_str_equal(options->format, "text"))
        return usage_error("--diff is text; the other formats carry the fixes too:",
                           options->format);
    if (words->profile) {
        g_auto(GStrv) names = g_strsplit(words->profile, ",", -1);

        for (guint i = 0; names[i]; i++) {
            guint profiles;

            if (!vitals_profile_parse(names[i], &profiles))
                return usage_error("no profile", names[i]);
            options->profiles |= profiles;
        }
    }
    for (char **value = words->severity; value && *value; value++) {
        if (!read_severity(*value, options))
            return FALSE;
    }
    return choose_rules(words, options);
}

VitalsLintOptions *
vitals_lint_options_parse(int *argc, char ***argv)
{
    g_autoptr(VitalsLintOptions) options = g_new0(VitalsLintOptions, 1);
    g_auto(Words) words = { 0 };
    const GOptionEntry entries[] = {
        { "connect", 'c', 0, G_OPTION_ARG_STRING, &words.uri, "where to look DOMAINs up", "URI" },
        { "all", 0, 0, G_OPTION_ARG_NONE, &words.all, "take all guests of the connection", NULL },
        { "live", 0, 0, G_OPTION_ARG_NONE, &words.live,
          "of guests that run, check what they run with, not what their next start will use",
          NULL },
        { "guest", 0, 0, G_OPTION_ARG_NONE, &words.guest,
          "ask the agents of guests that run for their kernels' command lines and sysctls", NULL },
        { "host", 0, 0, G_OPTION_ARG_NONE, &words.host,
          "check this host itself; so do --all and --facts", NULL },
        { "format", 0, 0, G_OPTION_ARG_STRING, &words.format,
          "text (default), json, sarif or junit", "FORMAT" },
        { "fail-on", 0, 0, G_OPTION_ARG_STRING, &words.fail_on,
          "least severity that makes the exit status 1: error (default), warning or notice",
          "SEVERITY" },
        { "profile", 0, 0, G_OPTION_ARG_STRING, &words.profile,
          "what the site cares for: default, crash-capture, passthrough, autostart, xen or "
          "production (all); with commas",
          "NAME" },
        { "select", 0, 0, G_OPTION_ARG_STRING_ARRAY, &words.select,
          "use these rules only: ids, names or beginnings of ids (SER), with commas", "RULES" },
        { "ignore", 0, 0, G_OPTION_ARG_STRING_ARRAY, &words.ignore,
          "leave these rules out, likewise", "RULES" },
        { "severity", 0, 0, G_OPTION_ARG_STRING_ARRAY, &words.severity,
          "report what this rule finds at another severity", "RULE=SEVERITY" },
        { "baseline", 0, 0, G_OPTION_ARG_FILENAME, &words.baseline,
          "leave out what is in this earlier output of --format json", "FILE" },
        { "facts", 0, 0, G_OPTION_ARG_FILENAME, &words.facts,
          "what the guests' host is like: 'host' for this one, 'none', or a file that "
          "'virt-vitals facts' made (default: this host for guests of its own libvirt, none for "
          "files)",
          "FILE" },
        { "statistics", 0, 0, G_OPTION_ARG_NONE, &words.statistics,
          "count findings by rule instead of showing them", NULL },
        { "diff", 0, 0, G_OPTION_ARG_NONE, &words.diff,
          "show what safe fixes would change, for 'patch -p1'", NULL },
        { "fix", 0, 0, G_OPTION_ARG_NONE, &words.fix,
          "make these changes in the FILEs; for '-' the result is printed", NULL },
        { "unsafe-fixes", 0, 0, G_OPTION_ARG_NONE, &words.unsafe_fixes,
          "with --diff (which it implies) or --fix: also what changes the guest's hardware or "
          "somebody's policy",
          NULL },
        { NULL },
    };

    if (!vitals_verb_parse(
            &vitals_verb_lint, entries,
            "An argument with a '/' or ending in '.xml', or that exists as a file, is a FILE;\n"
            "of a directory all '.xml' files in and below it are taken that define guests.\n"
            "'-' is standard input; anything else is a guest's name or UUID.\n\n"
            "Exit status: 0 clean, 1 findings at or above --fail-on, 2 usage or unreadable\n"
            "input, 3 a guest's definition could not be got.\n"
            "'virt-vitals rules RULE' explains a rule. A definition may accept a finding:\n"
            "  <metadata><vitals:lint xmlns:vitals='urn:virt-vitals:lint:1'>\n"
            "    <vitals:ignore rule='SER001' reason='…' until='2027-01-01'/>\n"
            "  </vitals:lint></metadata>",
            argc, argv) ||
        !understand(&words, options))
        return NULL;
    return g_steal_pointer(&options);
}

void
vitals_lint_options_free(VitalsLintOptions *options)
{
    if (!options)
        return;
    g_free(options->uri);
    g_free(options->format);
    g_free(options->baseline);
    g_free(options->facts);
    g_clear_pointer(&options->rules, g_ptr_array_unref);
    g_clear_pointer(&options->severities, g_hash_table_unref);
    g_free(options);
}
