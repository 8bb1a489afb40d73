/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "monitor/cli/connect.h"
#include "monitor/cli/input.h"
#include "monitor/cli/verb.h"
#include "monitor/output/lint-json.h"
#include "monitor/output/lint-text.h"
#include "config/text.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

extern const VitalsVerb vitals_verb_lint;

typedef struct {
    char *uri;
    char *format;
    char *fail_on;
    char **select;
    char **ignore;
} Choices;

/* One run over all sources. */
typedef struct {
    const char *uri;
    VitalsSeverity fail_on;
    GPtrArray *rules; /* those that were chosen */
    json_t *json;     /* array of sources; NULL for text */
    gboolean colour;
    gboolean failed;     /* a finding reached @fail_on */
    gboolean unreadable; /* an input could not be used */
    gboolean undecided;  /* a guest's definition could not be got */
    VitalsLintTotals totals;
} Run;

static void
clear_choices(Choices *choices)
{
    g_free(choices->uri);
    g_free(choices->format);
    g_free(choices->fail_on);
    g_strfreev(choices->select);
    g_strfreev(choices->ignore);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Choices, clear_choices)

static void
clear_run(Run *run)
{
    g_clear_pointer(&run->rules, g_ptr_array_unref);
    json_decref(run->json);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Run, clear_run)

static gboolean
usage_error(const char *problem, const char *word)
{
    g_autofree char *shown = vitals_text_printable(word, -1);

    g_printerr("virt-vitals: %s '%s'; see 'virt-vitals lint --help'\n", problem, shown);
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
            gboolean known = FALSE;

            if (!*parts[i])
                continue;
            for (const VitalsRule *const *rule = vitals_rules; *rule && !known; rule++)
                known = vitals_rule_matches(*rule, parts[i]);
            if (!known) {
                g_autofree char *shown = vitals_text_printable(parts[i], -1);
                const char *nearest = vitals_rule_nearest(parts[i]);

                g_printerr("virt-vitals: no rule '%s'%s%s%s; see 'virt-vitals rules'\n", shown,
                           nearest ? ", did you mean '" : "", nearest ? nearest : "",
                           nearest ? "'?" : "");
                return NULL;
            }
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

static GPtrArray *
choose_rules(const Choices *choices)
{
    g_autoptr(GPtrArray) selected = read_words(choices->select);
    g_autoptr(GPtrArray) ignored = selected ? read_words(choices->ignore) : NULL;
    GPtrArray *rules;

    if (!ignored)
        return NULL;
    rules = g_ptr_array_new();
    for (const VitalsRule *const *rule = vitals_rules; *rule; rule++) {
        if ((selected->len == 0 || matches_any(*rule, selected)) && !matches_any(*rule, ignored))
            g_ptr_array_add(rules, (gpointer)*rule);
    }
    return rules;
}

static gboolean
parse_choices(int *argc, char ***argv, Choices *choices)
{
    const GOptionEntry entries[] = {
        { "connect", 'c', 0, G_OPTION_ARG_STRING, &choices->uri, "where to look DOMAINs up",
          "URI" },
        { "format", 0, 0, G_OPTION_ARG_STRING, &choices->format, "text (default) or json",
          "FORMAT" },
        { "fail-on", 0, 0, G_OPTION_ARG_STRING, &choices->fail_on,
          "least severity that makes the exit status 1: error (default), warning or notice",
          "SEVERITY" },
        { "select", 0, 0, G_OPTION_ARG_STRING_ARRAY, &choices->select,
          "use these rules only: ids, names or beginnings of ids (SER), with commas", "RULES" },
        { "ignore", 0, 0, G_OPTION_ARG_STRING_ARRAY, &choices->ignore,
          "leave these rules out, likewise", "RULES" },
        { NULL },
    };

    return vitals_verb_parse(
        &vitals_verb_lint, entries,
        "An argument with a '/' or ending in '.xml', or that exists as a file, is a FILE;\n"
        "'-' is standard input; anything else is a guest's name or UUID.\n\n"
        "Exit status: 0 clean, 1 findings at or above --fail-on, 2 usage or unreadable\n"
        "input, 3 a guest's definition could not be got.\n"
        "'virt-vitals rules RULE' explains a rule.",
        argc, argv);
}

static gboolean
prepare(const Choices *choices, Run *run)
{
    const char *format = choices->format ? choices->format : "text";

    run->uri = choices->uri;
    run->fail_on = VITALS_SEVERITY_ERROR;
    if (choices->fail_on && !vitals_severity_parse(choices->fail_on, &run->fail_on))
        return usage_error("no severity", choices->fail_on);
    if (!g_str_equal(format, "text") && !g_str_equal(format, "json"))
        return usage_error("no format", format);

    run->json = g_str_equal(format, "json") ? json_array() : NULL;
    run->colour =
        isatty(STDOUT_FILENO) && !g_getenv("NO_COLOR") && g_strcmp0(g_getenv("TERM"), "dumb") != 0;
    run->rules = choose_rules(choices);
    return run->rules != NULL;
}

static gboolean
is_file(const char *argument)
{
    return g_str_equal(argument, "-") || strchr(argument, '/') ||
           g_str_has_suffix(argument, ".xml") || g_file_test(argument, G_FILE_TEST_EXISTS);
}

static void
judge(Run *run, VitalsLintSource *source, const char *xml, gsize length)
{
    g_autoptr(GError) error = NULL;

    source->definition = vitals_definition_new(source->name, xml, length, NULL, &error);
    if (source->definition) {
        source->findings = vitals_lint(source->definition, run->rules);
        return;
    }
    source->problem = g_strdup(error->message);
    run->unreadable = TRUE;
}

static void
judge_file(Run *run, VitalsLintSource *source)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GBytes) content = vitals_cli_read(source->name, VITALS_XML_MAX_BYTES, &error);

    if (content) {
        judge(run, source, g_bytes_get_data(content, NULL), g_bytes_get_size(content));
        return;
    }
    source->problem = g_strdup(error->message);
    run->unreadable = TRUE;
}

static void
judge_domain(Run *run, VitalsLintSource *source)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *xml = vitals_cli_domain_xml(run->uri, source->name, &error);
    g_autofree char *name = vitals_text_printable(source->name, -1);
    g_autofree char *message = NULL;

    if (xml) {
        judge(run, source, xml, strlen(xml));
        return;
    }
    message = vitals_text_printable(error->message, -1);
    source->problem = g_strdup_printf(
        "cannot get guest '%s': %s; there is no file of that name either", name, message);
    run->undecided = TRUE;
}

static void
show(Run *run, const VitalsLintSource *source)
{
    if (source->problem)
        g_printerr("virt-vitals: %s\n", source->problem);
    if (run->json) {
        json_array_append_new(run->json, vitals_lint_json(source));
    } else {
        g_autofree char *text = vitals_lint_text(source, run->colour);

        g_print("%s", text);
    }
}

static void
lint_one(Run *run, const char *argument)
{
    g_autoptr(VitalsLintSource) source = g_new0(VitalsLintSource, 1);

    source->name = g_strdup(argument);
    if (is_file(argument))
        judge_file(run, source);
    else
        judge_domain(run, source);

    show(run, source);
    vitals_lint_totals_add(&run->totals, source);
    for (guint i = 0; source->findings && i < source->findings->found->len; i++) {
        const VitalsFinding *finding = source->findings->found->pdata[i];

        run->failed = run->failed || finding->severity >= run->fail_on;
    }
}

static void
conclude(const Run *run)
{
    if (run->json) {
        json_t *document = json_pack("{s:O}", "sources", run->json);

        /* ASCII, so that no outside text in it can drive a terminal. */
        json_dumpf(document, stdout, JSON_INDENT(2) | JSON_ENSURE_ASCII);
        fputc('\n', stdout);
        json_decref(document);
    } else {
        g_autofree char *summary = vitals_lint_text_summary(&run->totals);

        g_print("%s", summary);
    }
}

static int
run(int argc, char **argv)
{
    g_auto(Choices) choices = { 0 };
    g_auto(Run) state = { 0 };

    if (!parse_choices(&argc, &argv, &choices) || !prepare(&choices, &state))
        return VITALS_EXIT_USAGE;
    if (argc < 2) {
        g_printerr("virt-vitals: nothing to check; see 'virt-vitals lint --help'\n");
        return VITALS_EXIT_USAGE;
    }

    for (int i = 1; i < argc; i++)
        lint_one(&state, argv[i]);
    conclude(&state);

    if (state.unreadable)
        return VITALS_EXIT_USAGE;
    if (state.undecided)
        return VITALS_EXIT_UNDECIDED;
    return state.failed ? VITALS_EXIT_FINDINGS : VITALS_EXIT_OK;
}

const VitalsVerb vitals_verb_lint = {
    .name = "lint",
    .synopsis = "FILE|-|DOMAIN…",
    .summary = "check definitions of guests for what libvirt accepts and should not",
    .run = run,
};
