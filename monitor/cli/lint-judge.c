/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "monitor/cli/lint-judge.h"
#include "monitor/cli/connect.h"
#include "monitor/cli/input.h"
#include "monitor/facts.h"
#include "probes/host-paths.h"
#include "config/text.h"

#include <string.h>

/* A baseline of a large fleet: some thousand guests with some ten findings each. */
#define MAX_BASELINE (64 * 1024 * 1024)

static gboolean
load_baseline(VitalsLintJudge *judge, const char *path)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GBytes) content = vitals_cli_read(path, MAX_BASELINE, &error);
    g_autofree char *shown = vitals_text_printable(path, -1);

    if (!content) {
        g_printerr("virt-vitals: %s\n", error->message);
        return FALSE;
    }
    judge->baseline =
        vitals_lint_baseline_parse(g_bytes_get_data(content, NULL), g_bytes_get_size(content));
    if (!judge->baseline)
        g_printerr("virt-vitals: %s: no baseline; 'virt-vitals lint --format json' makes one\n",
                   shown);
    return judge->baseline != NULL;
}

static gboolean
load_facts(VitalsLintJudge *judge, const char *path)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GBytes) content = NULL;
    g_autofree char *shown = vitals_text_printable(path, -1);

    if (g_str_equal(path, "host") || g_str_equal(path, "none")) {
        judge->facts = *path == 'h' ? vitals_facts_collect("/") : NULL;
        return TRUE;
    }
    content = vitals_cli_read(path, VITALS_FACTS_MAX_BYTES, &error);
    if (!content) {
        g_printerr("virt-vitals: %s\n", error->message);
        return FALSE;
    }
    judge->facts = vitals_facts_parse(g_bytes_get_data(content, NULL), g_bytes_get_size(content));
    if (!judge->facts)
        g_printerr("virt-vitals: %s: no facts of a host; 'virt-vitals facts' makes them\n", shown);
    return judge->facts != NULL;
}

/* Where nobody named one and none is installed, XML001 says that it cannot tell. */
static gboolean
load_schema(VitalsLintJudge *judge)
{
    const char *path = judge->options->schema;
    const VitalsRule *rule = vitals_rule_find("XML001");
    g_autoptr(GError) error = NULL;

    if (!g_ptr_array_find(judge->options->choice->rules, rule, NULL) ||
        (!path && !g_file_test(VITALS_SCHEMA_PATH, G_FILE_TEST_EXISTS)))
        return TRUE;
    judge->schema = vitals_schema_load(path ? path : VITALS_SCHEMA_PATH, &error);
    if (!judge->schema)
        g_printerr("virt-vitals: %s; --schema names another, or 'none'\n", error->message);
    return judge->schema != NULL;
}

/* A session's libvirt logs below its user's cache, which is known where the user is ours. */
static char *
session_log_directory(const char *uri)
{
    g_autoptr(GUri) parsed = uri ? g_uri_parse(uri, G_URI_FLAGS_NONE, NULL) : NULL;

    if (!parsed || g_strcmp0(g_uri_get_path(parsed), "/session") != 0)
        return NULL;
    if (g_uri_get_host(parsed) && *g_uri_get_host(parsed))
        return g_strdup("");
    return g_build_filename(g_get_user_cache_dir(), "libvirt", "qemu", "log", NULL);
}

gboolean
vitals_lint_judge_init(VitalsLintJudge *judge, const VitalsLintOptions *options)
{
    g_autoptr(GDateTime) now = g_date_time_new_now_local();

    judge->options = options;
    judge->today = g_date_time_format(now, "%Y-%m-%d");
    judge->log_directory =
        session_log_directory(options->uri ? options->uri : g_getenv("LIBVIRT_DEFAULT_URI"));
    return load_schema(judge) && (!options->baseline || load_baseline(judge, options->baseline)) &&
           (!options->facts || load_facts(judge, options->facts));
}

void
vitals_lint_judge_clear(VitalsLintJudge *judge)
{
    vitals_lint_baseline_free(judge->baseline);
    vitals_schema_free(judge->schema);
    vitals_host_facts_free(judge->facts);
    vitals_host_facts_free(judge->own);
    vitals_survey_free(judge->survey);
    g_free(judge->guest_cmdline);
    g_free(judge->guest_nmi);
    vitals_fleet_free(judge->fleet);
    g_free(judge->today);
    g_free(judge->log_directory);
}

const VitalsSurvey *
vitals_lint_judge_survey(VitalsLintJudge *judge, GError **error)
{
    if (!judge->survey)
        judge->survey = vitals_cli_survey(judge->options->uri, error);
    return judge->survey;
}

/* Facts of this host are libvirt's too, where the user names it; never in its hook, where it waits for us. */
static void
add_connected(VitalsLintJudge *judge, gboolean is_local)
{
    gboolean is_host = g_strcmp0(judge->options->facts, "host") == 0;
    const VitalsSurvey *survey =
        is_host && is_local && judge->options->uri && !judge->options->hook && !judge->is_connected
            ? vitals_lint_judge_survey(judge, NULL)
            : NULL;

    judge->is_connected = TRUE;
    if (survey)
        vitals_survey_add_facts(survey, judge->facts);
}

/* A guest of this host's libvirt runs here; a file may be for any host. A URI with a host in it begins
 * its authority with something else than "/". */
const VitalsHostFacts *
vitals_lint_judge_facts(VitalsLintJudge *judge, gboolean is_domain)
{
    const char *uri = judge->options->uri ? judge->options->uri : g_getenv("LIBVIRT_DEFAULT_URI");
    const char *authority = uri ? strstr(uri, "://") : NULL;
    /* the guests of libvirt's test driver run nowhere */
    gboolean is_local =
        (!authority || authority[strlen("://")] == '/') && !(uri && g_str_has_prefix(uri, "test:"));

    add_connected(judge, is_local);
    if (judge->options->facts || !is_domain || !is_local)
        return judge->facts;
    if (!judge->own)
        judge->own = vitals_facts_collect("/");
    if (judge->survey)
        vitals_survey_add_facts(judge->survey, judge->own);
    return judge->own;
}

/* libvirt knows its guests' definitions; what it thinks of a file it says only where one names it. */
static void
ask_libvirt(VitalsLintJudge *judge, const VitalsLintSource *source)
{
    VitalsDefinition *definition = source->definition;
    g_autoptr(GError) error = NULL;
    gsize length;
    const char *text = vitals_xml_source(definition->xml, &length);
    g_autofree char *reason = NULL;

    if (!judge->options->uri || source->is_domain ||
        !g_ptr_array_find(judge->options->choice->rules, vitals_rule_find("XML002"), NULL) ||
        vitals_xml_root(definition->xml) != definition->domain)
        return;
    reason = vitals_cli_check(judge->options->uri, text, &error);
    definition->accepted = !reason ? VITALS_UNKNOWN : *reason ? VITALS_NO : VITALS_YES;
    definition->refusal = vitals_text_printable(reason ? reason : error->message, -1);
}

/* What other guests' images may take is taken from the same file systems. */
static void
look_at_images(VitalsHostFacts *facts, const VitalsFleet *fleet)
{
    const GPtrArray *images = vitals_fleet_images(fleet);

    for (guint i = 0; i < images->len; i++) {
        if (!facts->paths || !g_hash_table_contains(facts->paths, images->pdata[i]))
            vitals_facts_look_at(facts, "/", images->pdata[i]);
    }
}

/* Files are looked at where the facts are this host's own; what a file of facts does not hold stays
 * unknown. */
static void
look_at_paths(VitalsLintJudge *judge, const VitalsDefinition *definition)
{
    gboolean is_host = g_strcmp0(judge->options->facts, "host") == 0;
    VitalsHostFacts *facts = is_host ? judge->facts : definition->host ? judge->own : NULL;
    g_autoptr(GPtrArray) paths = facts ? vitals_host_paths(definition) : NULL;

    for (guint i = 0; paths && i < paths->len; i++)
        vitals_facts_look_at(facts, "/", paths->pdata[i]);
    if (facts && judge->fleet && judge->looked_for != facts)
        look_at_images(facts, judge->fleet);
    judge->looked_for = facts ? facts : judge->looked_for;
}

/* A guest whose agent says nothing stays unknown. */
static void
ask_guest(VitalsLintJudge *judge, VitalsDefinition *definition)
{
    const VitalsSurveyDomain *domain =
        vitals_survey_find(judge->survey, vitals_xml_value(definition->domain, "name"));
    const char *uri = judge->options->uri;

    g_clear_pointer(&judge->guest_cmdline, g_free);
    g_clear_pointer(&judge->guest_nmi, g_free);
    if (!judge->options->guest || !domain || !domain->is_active)
        return;
    judge->guest_cmdline = vitals_cli_guest_file(uri, domain->uuid, "/proc/cmdline", NULL);
    if (judge->guest_cmdline)
        judge->guest_nmi =
            vitals_cli_guest_file(uri, domain->uuid, "/proc/sys/kernel/unknown_nmi_panic", NULL);
    definition->guest_cmdline = judge->guest_cmdline;
    definition->guest_nmi = judge->guest_nmi ? g_strstrip(judge->guest_nmi) : NULL;
}

guint
vitals_lint_judge(VitalsLintJudge *judge, VitalsLintSource *source)
{
    source->definition->today = judge->today;
    source->definition->log_directory = judge->log_directory;
    source->definition->fleet = judge->fleet;
    if (source->definition->driver != VITALS_DRIVER_HOST) {
        source->definition->host = vitals_lint_judge_facts(judge, source->is_domain);
        if (source->is_domain) {
            vitals_survey_mark(judge->survey, source->definition);
            ask_guest(judge, source->definition);
        }
        look_at_paths(judge, source->definition);
        ask_libvirt(judge, source);
        if (judge->schema)
            source->definition->violations = vitals_schema_check(judge->schema, source->definition);
    }
    source->findings = vitals_lint(source->definition, judge->options->choice->rules);
    vitals_lint_choice_apply(judge->options->choice, source->findings);
    return judge->baseline ? vitals_lint_baseline_apply(judge->baseline, source) : 0;
}
