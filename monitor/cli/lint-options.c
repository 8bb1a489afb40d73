/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "monitor/cli/lint-options.h"
#include "monitor/cli/connect.h"
#include "monitor/cli/verb.h"
#include "monitor/schema.h"
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
    char *schema;
    char *config;
    char *state_dir;
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
    gboolean skip_others;
    gboolean hook;
    gboolean define;
    gboolean verbose;
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
    g_free(words->schema);
    g_free(words->config);
    g_free(words->state_dir);
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

static char *
join(char **values)
{
    return values ? g_strjoinv(" ", values) : g_strdup("");
}

/* The configuration's choice, and the command line's beside or instead of it. */
static gboolean
choose(const Words *words, const VitalsSettings *settings, VitalsLintOptions *options)
{
    VitalsLintWords own = vitals_lint_choice_words(settings);
    g_autofree char *select = join(words->select);
    g_autofree char *ignored = join(words->ignore);
    g_autofree char *severities = join(words->severity);
    g_autofree char *ignore = g_strjoin(" ", own.ignore, ignored, NULL);
    g_autofree char *severity = g_strjoin(" ", own.severity, severities, NULL);
    const VitalsLintWords all = {
        .select = words->select ? select : own.select,
        .ignore = ignore,
        .profile = words->profile ? words->profile : own.profile,
        .severity = severity,
    };
    g_autoptr(GError) error = NULL;

    options->choice = vitals_lint_choice_new(&all, &error);
    if (!options->choice)
        g_printerr("virt-vitals: %s; see 'virt-vitals rules' and 'virt-vitals lint --help'\n",
                   error->message);
    else if (g_strcmp0(options->schema, "none") == 0)
        g_ptr_array_remove(options->choice->rules, (gpointer)vitals_rule_find("XML001"));
    return options->choice != NULL;
}

/* The guest is about to start here, so this host is known, and libvirt has parsed the definition. */
static void
be_hook(const VitalsSettings *settings, VitalsLintOptions *options)
{
    const char *blocks = vitals_settings_string(settings, NULL, "Lint.HookBlocks");

    if (!options->facts)
        options->facts = g_strdup("host");
    if (!options->schema)
        options->schema = g_strdup("none");
    if (!vitals_severity_parse(blocks, &options->fail_on))
        options->fail_on = VITALS_SEVERITY_ERROR + 1; /* nothing is as bad */
}

/* Whether the words are words we know, and go together. */
static gboolean
check_words(const Words *words, VitalsLintOptions *options)
{
    static const char *const formats[] = { "text", "json", "sarif", "junit", NULL };

    if (words->fail_on && !vitals_severity_parse(words->fail_on, &options->fail_on))
        return usage_error("no severity", words->fail_on);
    if (!g_strv_contains(formats, options->format))
        return usage_error("no format", options->format);
    if (words->diff && words->fix)
        return usage_error("either --diff, to look, or --fix, to change; not both, as in",
                           "--diff --fix");
    if (words->define && !words->fix)
        return usage_error("this needs --fix:", "--define");
    if (options->diff && !g_str_equal(options->format, "text"))
        return usage_error("--diff is text; the other formats carry the fixes too:",
                           options->format);
    return TRUE;
}

static gboolean
understand(Words *words, VitalsLintOptions *options)
{
    const VitalsOverride overrides[] = {
        { "Monitor.StateDirectory", words->state_dir, "--state-dir" },
        { NULL, NULL, NULL },
    };
    g_autoptr(VitalsSettings) settings = NULL;
    g_autoptr(GError) error = NULL;

    options->uri = g_steal_pointer(&words->uri);
    options->baseline = g_steal_pointer(&words->baseline);
    options->facts = g_steal_pointer(&words->facts);
    options->schema = g_steal_pointer(&words->schema);
    options->format = words->format ? g_steal_pointer(&words->format) : g_strdup("text");
    options->all = words->all;
    options->host = words->host;
    options->live = words->live;
    options->guest = words->guest;
    options->statistics = words->statistics;
    options->fix = words->fix;
    options->unsafe_fixes = words->unsafe_fixes;
    options->define = words->define;
    options->hook = words->hook;
    options->verbose = words->verbose;
    options->skip_others = words->skip_others;
    options->diff = words->diff || (words->unsafe_fixes && !words->fix);
    options->fail_on = VITALS_SEVERITY_ERROR;

    if (!check_words(words, options))
        return FALSE;
    settings = vitals_cli_load_settings(words->config, overrides, &error);
    if (!settings) {
        g_printerr("virt-vitals: %s\n", error->message);
        return FALSE;
    }
    if (words->hook)
        be_hook(settings, options);
    options->state_dir = g_strdup(vitals_settings_string(settings, NULL, "Monitor.StateDirectory"));
    return choose(words, settings, options);
}

/* What is checked, and with what knowledge of its host. */
static void
add_source_entries(GArray *all, Words *words)
{
    const GOptionEntry entries[] = {
        { "connect", 'c', 0, G_OPTION_ARG_STRING, &words->uri, "where to look DOMAINs up", "URI" },
        { "all", 0, 0, G_OPTION_ARG_NONE, &words->all, "take all guests of the connection", NULL },
        { "live", 0, 0, G_OPTION_ARG_NONE, &words->live,
          "of guests that run, check what they run with, not what their next start will use",
          NULL },
        { "guest", 0, 0, G_OPTION_ARG_NONE, &words->guest,
          "ask the agents of guests that run for their kernels' command lines and sysctls", NULL },
        { "host", 0, 0, G_OPTION_ARG_NONE, &words->host,
          "check this host itself; so do --all and --facts", NULL },
        { "facts", 0, 0, G_OPTION_ARG_FILENAME, &words->facts,
          "what the guests' host is like: 'host' for this one, 'none', or a file that "
          "'virt-vitals facts' made (default: this host for guests of its own libvirt, none for "
          "files)",
          "FILE" },
        { "skip-others", 0, 0, G_OPTION_ARG_NONE, &words->skip_others,
          "pass over FILEs that define no guest, as in directories", NULL },
        { "hook", 0, 0, G_OPTION_ARG_NONE, &words->hook,
          "for libvirt's hook: --facts host --schema none, and --fail-on as HookBlocks= says",
          NULL },
    };

    g_array_append_vals(all, entries, G_N_ELEMENTS(entries));
}

/* Which rules, and what counts as news. */
static void
add_choice_entries(GArray *all, Words *words)
{
    const GOptionEntry entries[] = {
        { "config", 0, 0, G_OPTION_ARG_FILENAME, &words->config,
          "configuration (default: " VITALS_SETTINGS_FILE
          " if it exists); its section [Lint] counts",
          "FILE" },
        { "profile", 0, 0, G_OPTION_ARG_STRING, &words->profile,
          "what the site cares for: default, crash-capture, passthrough, autostart, xen or "
          "production (all); with commas",
          "NAME" },
        { "select", 0, 0, G_OPTION_ARG_STRING_ARRAY, &words->select,
          "use these rules only: ids, names or beginnings of ids (SER), with commas", "RULES" },
        { "ignore", 0, 0, G_OPTION_ARG_STRING_ARRAY, &words->ignore,
          "leave these rules out, likewise", "RULES" },
        { "severity", 0, 0, G_OPTION_ARG_STRING_ARRAY, &words->severity,
          "report what this rule finds at another severity", "RULE=SEVERITY" },
        { "baseline", 0, 0, G_OPTION_ARG_FILENAME, &words->baseline,
          "leave out what is in this earlier output of --format json", "FILE" },
        { "schema", 0, 0, G_OPTION_ARG_FILENAME, &words->schema,
          "libvirt's schema (default: " VITALS_SCHEMA_PATH "); 'none' leaves XML001 out", "FILE" },
    };

    g_array_append_vals(all, entries, G_N_ELEMENTS(entries));
}

/* What is told. */
static void
add_output_entries(GArray *all, Words *words)
{
    const GOptionEntry entries[] = {
        { "format", 0, 0, G_OPTION_ARG_STRING, &words->format,
          "text (default), json, sarif or junit", "FORMAT" },
        { "fail-on", 0, 0, G_OPTION_ARG_STRING, &words->fail_on,
          "least severity that makes the exit status 1: error (default), warning or notice",
          "SEVERITY" },
        { "statistics", 0, 0, G_OPTION_ARG_NONE, &words->statistics,
          "count findings by rule instead of showing them", NULL },
        { "verbose", 'v', 0, G_OPTION_ARG_NONE, &words->verbose, "name each fact that a rule lacks",
          NULL },
    };

    g_array_append_vals(all, entries, G_N_ELEMENTS(entries));
}

/* What is changed. */
static void
add_fix_entries(GArray *all, Words *words)
{
    const GOptionEntry entries[] = {
        { "diff", 0, 0, G_OPTION_ARG_NONE, &words->diff,
          "show what safe fixes would change, for 'patch -p1'", NULL },
        { "fix", 0, 0, G_OPTION_ARG_NONE, &words->fix,
          "make these changes in the FILEs; for '-' the result is printed", NULL },
        { "unsafe-fixes", 0, 0, G_OPTION_ARG_NONE, &words->unsafe_fixes,
          "with --diff (which it implies) or --fix: also what changes the guest's hardware or "
          "somebody's policy",
          NULL },
        { "define", 0, 0, G_OPTION_ARG_NONE, &words->define,
          "with --fix: let libvirt define changed DOMAINs anew; what was there is kept in "
          "backups/ of the state directory",
          NULL },
        { "state-dir", 0, 0, G_OPTION_ARG_FILENAME, &words->state_dir,
          "where backups go (default: as configured)", "DIR" },
    };

    g_array_append_vals(all, entries, G_N_ELEMENTS(entries));
}

static const char details[] =
    "An argument with a '/' or ending in '.xml', or that exists as a file, is a FILE;\n"
    "of a directory all '.xml' files in and below it are taken that define guests.\n"
    "'-' is standard input; anything else is a guest's name or UUID.\n\n"
    "Exit status: 0 clean, 1 findings at or above --fail-on, 2 usage or unreadable\n"
    "input, 3 a guest's definition could not be got.\n"
    "'virt-vitals rules RULE' explains a rule. A definition may accept a finding:\n"
    "  <metadata><vitals:lint xmlns:vitals='urn:virt-vitals:lint:1'>\n"
    "    <vitals:ignore rule='SER001' reason='…' until='2027-01-01'/>\n"
    "  </vitals:lint></metadata>";

VitalsLintOptions *
vitals_lint_options_parse(int *argc, char ***argv)
{
    g_autoptr(VitalsLintOptions) options = g_new0(VitalsLintOptions, 1);
    g_auto(Words) words = { 0 };
    g_autoptr(GArray) entries = g_array_new(TRUE, FALSE, sizeof(GOptionEntry));

    add_source_entries(entries, &words);
    add_choice_entries(entries, &words);
    add_output_entries(entries, &words);
    add_fix_entries(entries, &words);
    if (!vitals_verb_parse(&vitals_verb_lint, (const GOptionEntry *)entries->data, details, argc,
                           argv) ||
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
    g_free(options->schema);
    g_free(options->state_dir);
    vitals_lint_choice_free(options->choice);
    g_free(options);
}
