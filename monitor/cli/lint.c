/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "monitor/cli/connect.h"
#include "monitor/cli/input.h"
#include "monitor/cli/lint-options.h"
#include "monitor/cli/lint-walk.h"
#include "monitor/cli/verb.h"
#include "monitor/facts.h"
#include "monitor/output/lint-baseline.h"
#include "monitor/output/lint-json.h"
#include "monitor/output/lint-junit.h"
#include "monitor/output/lint-sarif.h"
#include "monitor/output/lint-text.h"
#include "probes/host-paths.h"
#include "config/text.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* A baseline of a large fleet: some thousand guests with some ten findings each. */
#define MAX_BASELINE (64 * 1024 * 1024)

typedef struct Run Run;

/* How a run shows its sources; @add may be told before the next is read, so that memory does not grow. */
typedef struct {
    const char *name;
    void (*add)(Run *run, const VitalsLintSource *source);
    void (*finish)(Run *run);
} Format;

/* One run over all sources. */
struct Run {
    const VitalsLintOptions *options;
    const Format *format;
    VitalsLintBaseline *baseline; /* NULL for none */
    VitalsHostFacts *facts;       /* of every guest's host, where the user said so */
    VitalsHostFacts *own;         /* of this host, once a guest of its libvirt asked for it */
    json_t *json;                 /* array of sources or results */
    json_t *notifications;
    char *today;
    gboolean colour;
    gboolean failed;     /* a finding reached the severity that fails */
    gboolean unreadable; /* an input could not be used */
    gboolean undecided;  /* a guest's definition could not be got */
    VitalsLintTotals totals;
};

static void
clear_run(Run *run)
{
    vitals_lint_baseline_free(run->baseline);
    vitals_host_facts_free(run->facts);
    vitals_host_facts_free(run->own);
    json_decref(run->json);
    json_decref(run->notifications);
    g_free(run->today);
    g_clear_pointer(&run->totals.by_rule, g_hash_table_unref);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Run, clear_run)

static void
add_text(Run *run, const VitalsLintSource *source)
{
    g_autofree char *text = vitals_lint_text(source, run->colour);

    if (!run->options->statistics)
        g_print("%s", text);
}

static void
finish_text(Run *run)
{
    g_autofree char *statistics =
        run->options->statistics ? vitals_lint_text_statistics(&run->totals) : g_strdup("");
    g_autofree char *summary = vitals_lint_text_summary(&run->totals);

    g_print("%s%s", statistics, summary);
}

/* ASCII, so that no outside text in it can drive a terminal. */
static void
print_json(json_t *document)
{
    json_dumpf(document, stdout, JSON_INDENT(2) | JSON_ENSURE_ASCII);
    fputc('\n', stdout);
    json_decref(document);
}

static void
add_json(Run *run, const VitalsLintSource *source)
{
    json_array_append_new(run->json, vitals_lint_json(source));
}

static void
finish_json(Run *run)
{
    print_json(json_pack("{s:O}", "sources", run->json));
}

static void
add_sarif(Run *run, const VitalsLintSource *source)
{
    vitals_lint_sarif_add(run->json, run->notifications, source);
}

static void
finish_sarif(Run *run)
{
    print_json(vitals_lint_sarif_document(json_incref(run->json), json_incref(run->notifications)));
}

static void
add_junit(Run *run, const VitalsLintSource *source)
{
    g_autofree char *xml = vitals_lint_junit(source);

    g_print("%s%s", run->totals.sources == 1 ? VITALS_LINT_JUNIT_BEGIN : "", xml);
}

static void
finish_junit(Run *run)
{
    g_print("%s%s", run->totals.sources == 0 ? VITALS_LINT_JUNIT_BEGIN : "", VITALS_LINT_JUNIT_END);
}

static const Format formats[] = {
    { .name = "text", .add = add_text, .finish = finish_text },
    { .name = "json", .add = add_json, .finish = finish_json },
    { .name = "sarif", .add = add_sarif, .finish = finish_sarif },
    { .name = "junit", .add = add_junit, .finish = finish_junit },
};

static gboolean
load_baseline(Run *run, const char *path)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GBytes) content = vitals_cli_read(path, MAX_BASELINE, &error);
    g_autofree char *shown = vitals_text_printable(path, -1);

    if (!content) {
        g_printerr("virt-vitals: %s\n", error->message);
        return FALSE;
    }
    run->baseline =
        vitals_lint_baseline_parse(g_bytes_get_data(content, NULL), g_bytes_get_size(content));
    if (!run->baseline)
        g_printerr("virt-vitals: %s: no baseline; 'virt-vitals lint --format json' makes one\n",
                   shown);
    return run->baseline != NULL;
}

static gboolean
load_facts(Run *run, const char *path)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GBytes) content = NULL;
    g_autofree char *shown = vitals_text_printable(path, -1);

    if (g_str_equal(path, "host") || g_str_equal(path, "none")) {
        run->facts = *path == 'h' ? vitals_facts_collect("/") : NULL;
        return TRUE;
    }
    content = vitals_cli_read(path, VITALS_FACTS_MAX_BYTES, &error);
    if (!content) {
        g_printerr("virt-vitals: %s\n", error->message);
        return FALSE;
    }
    run->facts = vitals_facts_parse(g_bytes_get_data(content, NULL), g_bytes_get_size(content));
    if (!run->facts)
        g_printerr("virt-vitals: %s: no facts of a host; 'virt-vitals facts' makes them\n", shown);
    return run->facts != NULL;
}

static gboolean
prepare(Run *run, const VitalsLintOptions *options)
{
    g_autoptr(GDateTime) now = g_date_time_new_now_local();

    run->options = options;
    run->format = formats;
    while (!g_str_equal(run->format->name, options->format))
        run->format++;
    run->json = json_array();
    run->notifications = json_array();
    run->today = g_date_time_format(now, "%Y-%m-%d");
    run->totals.by_rule = g_hash_table_new(NULL, NULL);
    run->colour =
        isatty(STDOUT_FILENO) && !g_getenv("NO_COLOR") && g_strcmp0(g_getenv("TERM"), "dumb") != 0;
    return (!options->baseline || load_baseline(run, options->baseline)) &&
           (!options->facts || load_facts(run, options->facts));
}

static gboolean
is_file(const char *argument)
{
    return g_str_equal(argument, "-") || strchr(argument, '/') ||
           g_str_has_suffix(argument, ".xml") || g_file_test(argument, G_FILE_TEST_EXISTS);
}

/* Profiles raise first, so that what the user set for a rule is the last word. */
static void
set_severities(Run *run, VitalsFindings *findings)
{
    vitals_findings_raise(findings, run->options->profiles);
    for (guint i = 0; i < findings->found->len; i++) {
        VitalsFinding *finding = findings->found->pdata[i];
        gpointer severity;

        if (g_hash_table_lookup_extended(run->options->severities, finding->rule, NULL, &severity))
            finding->severity = (VitalsSeverity)GPOINTER_TO_INT(severity);
    }
}

/* A guest of this host's libvirt runs here; a file may be for any host. A URI with a host in it begins
 * its authority with something else than "/". */
static const VitalsHostFacts *
facts_for(Run *run, gboolean is_domain)
{
    const char *uri = run->options->uri ? run->options->uri : g_getenv("LIBVIRT_DEFAULT_URI");
    const char *authority = uri ? strstr(uri, "://") : NULL;
    /* the guests of libvirt's test driver run nowhere */
    gboolean is_local =
        (!authority || authority[strlen("://")] == '/') && !(uri && g_str_has_prefix(uri, "test:"));

    if (run->options->facts || !is_domain || !is_local)
        return run->facts;
    if (!run->own)
        run->own = vitals_facts_collect("/");
    return run->own;
}

/* Files are looked at where the facts are this host's own; what a file of facts does not hold stays
 * unknown. */
static void
look_at_paths(Run *run, const VitalsDefinition *definition)
{
    gboolean is_host = g_strcmp0(run->options->facts, "host") == 0;
    VitalsHostFacts *facts = is_host ? run->facts : definition->host ? run->own : NULL;
    g_autoptr(GPtrArray) paths = facts ? vitals_host_paths(definition) : NULL;

    for (guint i = 0; paths && i < paths->len; i++)
        vitals_facts_look_at(facts, "/", paths->pdata[i]);
}

/* Returns FALSE if it is something else than a guest's definition, and @is_found says that nobody named
 * it as one. */
static gboolean
judge(Run *run, VitalsLintSource *source, const char *xml, gsize length, gboolean is_found)
{
    g_autoptr(GError) error = NULL;

    source->definition =
        vitals_definition_new(source->name, xml, length, facts_for(run, source->is_domain), &error);
    if (source->definition) {
        source->definition->today = run->today;
        look_at_paths(run, source->definition);
        source->findings = vitals_lint(source->definition, run->options->rules);
        set_severities(run, source->findings);
        if (run->baseline)
            run->totals.known += vitals_lint_baseline_apply(run->baseline, source);
        return TRUE;
    }
    if (is_found && g_error_matches(error, VITALS_XML_ERROR, VITALS_XML_ERROR_OTHER_DOCUMENT))
        return FALSE;
    source->problem = g_strdup(error->message);
    run->unreadable = TRUE;
    return TRUE;
}

static gboolean
judge_file(Run *run, VitalsLintSource *source, gboolean is_found)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GBytes) content = vitals_cli_read(source->name, VITALS_XML_MAX_BYTES, &error);

    if (content)
        return judge(run, source, g_bytes_get_data(content, NULL), g_bytes_get_size(content),
                     is_found);
    source->problem = g_strdup(error->message);
    run->unreadable = TRUE;
    return TRUE;
}

static void
judge_domain(Run *run, VitalsLintSource *source)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *xml = vitals_cli_domain_xml(run->options->uri, source->name, &error);
    g_autofree char *name = vitals_text_printable(source->name, -1);
    g_autofree char *message = NULL;

    source->is_domain = TRUE;
    if (xml) {
        judge(run, source, xml, strlen(xml), FALSE);
        return;
    }
    message = vitals_text_printable(error->message, -1);
    source->problem = g_strdup_printf(
        "cannot get guest '%s': %s; there is no file of that name either", name, message);
    run->undecided = TRUE;
}

typedef enum {
    KIND_NAMED,  /* what the user called a file or a guest */
    KIND_FOUND,  /* a file in a directory */
    KIND_DOMAIN, /* a guest that libvirt told of */
} Kind;

/* Shows a source that was judged, and counts it. */
static void
conclude(Run *run, VitalsLintSource *source)
{
    vitals_lint_totals_add(&run->totals, source);
    if (source->problem)
        g_printerr("virt-vitals: %s\n", source->problem);
    run->format->add(run, source);
    for (guint i = 0; source->findings && i < source->findings->found->len; i++) {
        const VitalsFinding *finding = source->findings->found->pdata[i];

        run->failed = run->failed || finding->severity >= run->options->fail_on;
    }
}

static void
lint_one(Run *run, const char *argument, Kind kind)
{
    g_autoptr(VitalsLintSource) source = g_new0(VitalsLintSource, 1);

    source->name = g_strdup(argument);
    if (kind == KIND_DOMAIN || (kind == KIND_NAMED && !is_file(argument)))
        judge_domain(run, source);
    else if (!judge_file(run, source, kind == KIND_FOUND))
        return;
    conclude(run, source);
}

/* The host itself, where the user asked for it or told what it is like; last, after its guests. */
static void
lint_host(Run *run)
{
    g_autoptr(VitalsLintSource) source = g_new0(VitalsLintSource, 1);
    const VitalsHostFacts *facts = run->facts;

    if (!facts && (run->options->host || run->options->all))
        facts = facts_for(run, TRUE);
    if (!facts)
        return;
    source->name = g_strdup("host");
    source->definition = vitals_definition_new_host(facts);
    source->findings = vitals_lint(source->definition, run->options->rules);
    set_severities(run, source->findings);
    if (run->baseline)
        run->totals.known += vitals_lint_baseline_apply(run->baseline, source);
    conclude(run, source);
}

static void
lint_argument(Run *run, const char *argument)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GPtrArray) files = NULL;

    if (!g_file_test(argument, G_FILE_TEST_IS_DIR)) {
        lint_one(run, argument, KIND_NAMED);
        return;
    }
    files = vitals_lint_walk(argument, &error);
    for (guint i = 0; files && i < files->len; i++)
        lint_one(run, files->pdata[i], KIND_FOUND);
    if (!files) {
        g_printerr("virt-vitals: %s\n", error->message);
        run->unreadable = TRUE;
    }
}

static void
lint_all(Run *run)
{
    g_autoptr(GError) error = NULL;
    g_auto(GStrv) names = vitals_cli_domain_names(run->options->uri, &error);

    for (guint i = 0; names && names[i]; i++)
        lint_one(run, names[i], KIND_DOMAIN);
    if (!names) {
        g_autofree char *message = vitals_text_printable(error->message, -1);

        g_printerr("virt-vitals: cannot list the guests: %s\n", message);
        run->undecided = TRUE;
    }
}

static int
run(int argc, char **argv)
{
    g_autoptr(VitalsLintOptions) options = vitals_lint_options_parse(&argc, &argv);
    g_auto(Run) state = { 0 };

    if (!options || !prepare(&state, options))
        return VITALS_EXIT_USAGE;
    if (argc < 2 && !options->all && !options->host) {
        g_printerr("virt-vitals: nothing to check; see 'virt-vitals lint --help'\n");
        return VITALS_EXIT_USAGE;
    }

    if (options->all)
        lint_all(&state);
    for (int i = 1; i < argc; i++)
        lint_argument(&state, argv[i]);
    lint_host(&state);
    state.format->finish(&state);

    if (state.unreadable)
        return VITALS_EXIT_USAGE;
    if (state.undecided)
        return VITALS_EXIT_UNDECIDED;
    return state.failed ? VITALS_EXIT_FINDINGS : VITALS_EXIT_OK;
}

extern const VitalsVerb vitals_verb_lint;

const VitalsVerb vitals_verb_lint = {
    .name = "lint",
    .synopsis = "FILE|DIRECTORY|-|DOMAIN…",
    .summary = "check definitions of guests for what libvirt accepts and should not",
    .run = run,
};
