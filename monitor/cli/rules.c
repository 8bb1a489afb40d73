/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "monitor/cli/verb.h"
#include "monitor/output/rules.h"
#include "config/text.h"

#include <stdio.h>
#include <string.h>

extern const VitalsVerb vitals_verb_rules;

/* The rules that a word means: one by its id or name, or all of a family; %NULL after an error. */
static gboolean
add_rules(GPtrArray *rules, const char *word)
{
    const VitalsRule *exact = vitals_rule_find(word);
    guint before = rules->len;

    for (const VitalsRule *const *rule = vitals_rules; *rule; rule++) {
        if (exact ? *rule == exact : vitals_rule_matches(*rule, word))
            g_ptr_array_add(rules, (gpointer)*rule);
    }
    if (rules->len == before) {
        g_autofree char *shown = vitals_text_printable(word, -1);
        const char *nearest = vitals_rule_nearest(word);

        g_printerr("virt-vitals: no rule '%s'%s%s%s; 'virt-vitals rules' lists them all\n", shown,
                   nearest ? ", did you mean '" : "", nearest ? nearest : "", nearest ? "'?" : "");
        return FALSE;
    }
    return TRUE;
}

static gint
compare_ids(gconstpointer left, gconstpointer right)
{
    const VitalsRule *one = *(const VitalsRule *const *)left;
    const VitalsRule *other = *(const VitalsRule *const *)right;

    return strcmp(one->id, other->id);
}

static void
print_json(const GPtrArray *rules)
{
    json_t *document = vitals_rules_json(rules);

    json_dumpf(document, stdout, JSON_INDENT(2) | JSON_ENSURE_ASCII);
    fputc('\n', stdout);
    json_decref(document);
}

static void
print_text(const GPtrArray *rules, gboolean explain)
{
    if (!explain) {
        g_autofree char *table = vitals_rules_table(rules);

        g_print("%s", table);
        return;
    }
    for (guint i = 0; i < rules->len; i++) {
        g_autofree char *text = vitals_rules_explain(rules->pdata[i]);

        g_print("%s%s", i > 0 ? "\n\n" : "", text);
    }
}

static int
run(int argc, char **argv)
{
    g_autofree char *format = NULL;
    g_autoptr(GPtrArray) rules = g_ptr_array_new();
    const GOptionEntry entries[] = {
        { "format", 0, 0, G_OPTION_ARG_STRING, &format, "text (default) or json", "FORMAT" },
        { NULL },
    };

    if (!vitals_verb_parse(&vitals_verb_rules, entries,
                           "RULE is an id (SER001), a name (no-serial-port) or the beginning of\n"
                           "ids (SER). Without one all rules are listed.\n\n"
                           "Exit status: 0 told, 2 usage or no such rule.",
                           &argc, &argv))
        return VITALS_EXIT_USAGE;
    if (format && !g_str_equal(format, "text") && !g_str_equal(format, "json")) {
        g_autofree char *shown = vitals_text_printable(format, -1);

        g_printerr("virt-vitals: no format '%s'; see 'virt-vitals rules --help'\n", shown);
        return VITALS_EXIT_USAGE;
    }

    for (int i = 1; i < argc; i++) {
        if (!add_rules(rules, argv[i]))
            return VITALS_EXIT_USAGE;
    }
    for (const VitalsRule *const *rule = vitals_rules; argc < 2 && *rule; rule++)
        g_ptr_array_add(rules, (gpointer)*rule);
    g_ptr_array_sort(rules, compare_ids);

    if (g_strcmp0(format, "json") == 0)
        print_json(rules);
    else
        print_text(rules, argc >= 2);
    return VITALS_EXIT_OK;
}

const VitalsVerb vitals_verb_rules = {
    .name = "rules",
    .synopsis = "[RULE…]",
    .summary = "list the rules of lint, or explain some",
    .run = run,
};
