/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "monitor/cli/connect.h"
#include "monitor/cli/input.h"
#include "monitor/cli/lint-fix.h"
#include "monitor/cli/lint-judge.h"
#include "monitor/cli/lint-native.h"
#include "monitor/cli/lint-walk.h"
#include "monitor/cli/verb.h"
#include "monitor/output/lint-json.h"
#include "monitor/output/lint-junit.h"
#include "monitor/output/lint-sarif.h"
#include "monitor/output/lint-text.h"
#include "config/text.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

typedef struct Run Run;

/* How a run shows its sources; each is told before the next is read, so that memory does not grow. */
typedef struct {
    const char *name;
    void (*begin)(Run *run);
    void (*add)(Run *run, const VitalsLintSource *source);
    void (*finish)(Run *run);
} Format;

/* One run over all sources. */
struct Run {
    const VitalsLintOptions *options;
    const Format *format;
    VitalsLintJudge judge;
    VitalsLintFixes fixes;
    json_t *notifications;
    guint n_items; /* of the array that is being printed */
    gboolean colour;
    gboolean is_quiet;   /* what is printed is a definition or a diff */
    gboolean failed;     /* a finding reached the severity that fails */
    gboolean unreadable; /* an input could not be used */
    gboolean undecided;  /* a guest's definition could not be got */
    VitalsLintTotals totals;
};

static void
clear_run(Run *run)
{
    vitals_lint_judge_clear(&run->judge);
    json_decref(run->notifications);
    vitals_lint_totals_clear(&run->totals);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Run, clear_run)

static void
begin_text(Run *run)
{
}

static void
add_text(Run *run, const VitalsLintSource *source)
{
    g_autofree char *text = vitals_lint_text(source, run->colour);

    if (!run->options->statistics)
        g_print("%s", text);
}

/* What a user may do about facts that are missing. */
static const char *
facts_hint(const VitalsLintOptions *options)
{
    if (options->verbose || options->hook)
        return "";
    return options->facts || options->all
               ? "-v names them"
               : "--facts host takes this host's, --facts FILE what 'virt-vitals facts' told of "
                 "another; -v names them";
}

static void
finish_text(Run *run)
{
    g_autofree char *statistics =
        run->options->statistics ? vitals_lint_text_statistics(&run->totals) : g_strdup("");
    g_autofree char *unknown =
        run->options->verbose ? vitals_lint_text_unknown(&run->totals) : g_strdup("");
    g_autofree char *summary = vitals_lint_text_summary(&run->totals, facts_hint(run->options));

    g_print("%s%s%s", statistics, unknown, summary);
}

/* ASCII, so that no outside text in it can drive a terminal. */
static void
print_json(json_t *value)
{
    json_dumpf(value, stdout, JSON_INDENT(2) | JSON_ENSURE_ASCII | JSON_ENCODE_ANY);
    json_decref(value);
}

/* One of an array's, with what has to stand before it. */
static void
print_item(Run *run, json_t *item)
{
    fputs(run->n_items++ > 0 ? ",\n" : "\n", stdout);
    print_json(item);
}

static void
begin_json(Run *run)
{
    fputs("{\"sources\": [", stdout);
}

static void
add_json(Run *run, const VitalsLintSource *source)
{
    print_item(run, vitals_lint_json(source));
}

static void
finish_json(Run *run)
{
    fputs("\n]}\n", stdout);
}

static void
begin_sarif(Run *run)
{
    fputs("{\"$schema\": ", stdout);
    print_json(json_string(VITALS_LINT_SARIF_SCHEMA));
    fputs(", \"version\": \"2.1.0\", \"runs\": [{\"tool\": ", stdout);
    print_json(vitals_lint_sarif_tool());
    fputs(", \"columnKind\": \"unicodeCodePoints\", \"results\": [", stdout);
}

static void
add_sarif(Run *run, const VitalsLintSource *source)
{
    json_t *results = vitals_lint_sarif_results(source);
    json_t *result;
    size_t index;

    json_array_foreach(results, index, result) print_item(run, json_incref(result));
    json_decref(results);
    if (source->problem)
        json_array_append_new(run->notifications, vitals_lint_sarif_notification(source));
}

static void
finish_sarif(Run *run)
{
    fputs("\n], \"invocations\": [", stdout);
    print_json(vitals_lint_sarif_invocation(run->notifications));
    fputs("]}]}\n", stdout);
}

static void
begin_junit(Run *run)
{
    g_print("%s", VITALS_LINT_JUNIT_BEGIN);
}

static void
add_junit(Run *run, const VitalsLintSource *source)
{
    g_autofree char *xml = vitals_lint_junit(source);

    g_print("%s", xml);
}

static void
finish_junit(Run *run)
{
    g_print("%s", VITALS_LINT_JUNIT_END);
}

static const Format formats[] = {
    { .name = "text", .begin = begin_text, .add = add_text, .finish = finish_text },
    { .name = "json", .begin = begin_json, .add = add_json, .finish = finish_json },
    { .name = "sarif", .begin = begin_sarif, .add = add_sarif, .finish = finish_sarif },
    { .name = "junit", .begin = begin_junit, .add = add_junit, .finish = finish_junit },
};

static gboolean
prepare(Run *run, const VitalsLintOptions *options)
{
    run->options = options;
    run->format = formats;
    while (!g_str_equal(run->format->name, options->format))
        run->format++;
    run->notifications = json_array();
    vitals_lint_totals_init(&run->totals);
    run->colour =
        isatty(STDOUT_FILENO) && !g_getenv("NO_COLOR") && g_strcmp0(g_getenv("TERM"), "dumb") != 0;
    return vitals_lint_judge_init(&run->judge, options);
}

static gboolean
is_file(const char *argument)
{
    return g_str_equal(argument, "-") || strchr(argument, '/') ||
           g_str_has_suffix(argument, ".xml") || g_file_test(argument, G_FILE_TEST_EXISTS);
}

/* Returns: (nullable): what is to be judged, fixed where that is asked for */
static VitalsDefinition *
read_definition(Run *run, const VitalsLintSource *source, GBytes *content, GError **error)
{
    const VitalsLintOptions *options = run->options;
    g_autoptr(GBytes) fixed =
        options->diff || options->fix
            ? vitals_lint_fix(&run->fixes, &run->judge, source, content, error)
            : g_bytes_ref(content);

    return fixed ? vitals_definition_new(source->name, g_bytes_get_data(fixed, NULL),
                                         g_bytes_get_size(fixed), NULL, error)
                 : NULL;
}

/* Returns FALSE if it is something else than a guest's definition, and @is_found says that nobody named
 * it as one. */
static gboolean
judge(Run *run, VitalsLintSource *source, GBytes *content, gboolean is_found)
{
    g_autoptr(GError) error = NULL;

    source->definition = read_definition(run, source, content, &error);
    if (source->definition) {
        run->totals.known += vitals_lint_judge(&run->judge, source);
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

    if (content && vitals_lint_is_native(source->name, content)) {
        g_autoptr(GBytes) native = g_steal_pointer(&content);

        content = vitals_lint_from_native(run->options->uri, source->name, native, &error);
    }
    if (content)
        return judge(run, source, content, is_found);
    source->problem = g_strdup(error->message);
    run->unreadable = TRUE;
    return TRUE;
}

/* What libvirt told of all guests at once is asked for no second time; a guest that it did not tell of
 * gets an error of libvirt's own. */
static char *
get_definition(Run *run, const char *name, GError **error)
{
    const VitalsSurveyDomain *domain =
        vitals_survey_find(vitals_lint_judge_survey(&run->judge, NULL), name);

    if (!domain)
        return vitals_cli_domain_xml(run->options->uri, name, error);
    return g_strdup(run->options->live && domain->live ? domain->live : domain->inactive);
}

static void
judge_domain(Run *run, VitalsLintSource *source)
{
    g_autoptr(GError) error = NULL;
    gboolean is_whole = run->options->fix && run->options->define;
    g_autofree char *xml =
        is_whole ? vitals_cli_domain_whole_xml(run->options->uri, source->name, &error)
                 : get_definition(run, source->name, &error);
    g_autofree char *name = vitals_text_printable(source->name, -1);
    g_autofree char *message = NULL;

    source->is_domain = TRUE;
    if (xml) {
        g_autoptr(GBytes) content = g_bytes_new(xml, strlen(xml));

        judge(run, source, content, FALSE);
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
    if (!run->is_quiet)
        run->format->add(run, source);
    for (guint i = 0; source->findings && i < source->findings->found->len; i++) {
        const VitalsFinding *finding = source->findings->found->pdata[i];

        run->failed = run->failed || finding->severity >= run->options->fail_on;
    }
}

/* Takes out what was said of the file already. */
static void
drop_known(VitalsFindings *findings, const VitalsFindings *known)
{
    for (guint i = findings->found->len; i > 0; i--) {
        const VitalsFinding *finding = findings->found->pdata[i - 1];
        gboolean is_known = FALSE;

        for (guint k = 0; k < known->found->len && !is_known; k++) {
            const VitalsFinding *other = known->found->pdata[k];

            is_known =
                other->rule == finding->rule && g_str_equal(other->message, finding->message);
        }
        if (is_known)
            g_ptr_array_remove_index(findings->found, i - 1);
    }
}

/* A file and what libvirt made of it differ: it fills in addresses and models, clamps and drops. Where
 * the guest of the file is defined, what is wrong with that alone is told as a source of its own. libvirt
 * has no call that would tell without defining. */
static void
lint_as_defined(Run *run, const VitalsLintSource *file)
{
    const VitalsXmlNode *domain = file->definition->domain;
    const char *uuid = vitals_xml_value(domain, "uuid");
    const VitalsSurvey *survey = vitals_lint_judge_survey(&run->judge, NULL);
    const VitalsSurveyDomain *defined =
        vitals_survey_find(survey, uuid ? uuid : vitals_xml_value(domain, "name"));
    g_autoptr(VitalsLintSource) source = NULL;
    g_autoptr(GBytes) content = NULL;

    if (!defined)
        return;
    source = g_new0(VitalsLintSource, 1);
    source->is_domain = TRUE;
    source->name = g_strdup_printf("%s (as libvirt has it)", defined->name);
    content = g_bytes_new(defined->inactive, strlen(defined->inactive));
    if (!judge(run, source, content, FALSE) || !source->findings)
        return;
    drop_known(source->findings, file->findings);
    conclude(run, source);
}

static void
lint_one(Run *run, const char *argument, Kind kind)
{
    g_autoptr(VitalsLintSource) source = g_new0(VitalsLintSource, 1);

    source->name = g_strdup(argument);
    if (kind == KIND_DOMAIN || (kind == KIND_NAMED && !is_file(argument)))
        judge_domain(run, source);
    else if (!judge_file(run, source, kind == KIND_FOUND || run->options->skip_others))
        return;
    conclude(run, source);
    if (!source->is_domain && source->findings && run->options->uri && !run->options->fix &&
        !run->options->diff)
        lint_as_defined(run, source);
}

/* What guests must not share is gathered before they are judged. */
static void
gather_fleet(Run *run, char **arguments)
{
    gboolean wants_guests = run->options->all;

    for (char **argument = arguments; *argument; argument++)
        wants_guests |= !is_file(*argument);
    run->judge.fleet = vitals_lint_fleet(
        arguments, wants_guests ? vitals_lint_judge_survey(&run->judge, NULL) : NULL);
}

/* The host itself, where the user asked for it or told what it is like; last, after its guests. */
static void
lint_host(Run *run)
{
    g_autoptr(VitalsLintSource) source = g_new0(VitalsLintSource, 1);
    const VitalsHostFacts *facts =
        vitals_lint_judge_facts(&run->judge, run->options->host || run->options->all);

    if (!facts || run->is_quiet || run->options->hook) /* a guest is not to blame for its host */
        return;
    source->name = g_strdup("host");
    if (run->options->facts && !g_str_equal(run->options->facts, "host"))
        source->file = g_strdup(run->options->facts);
    source->definition = vitals_definition_new_host(facts);
    run->totals.known += vitals_lint_judge(&run->judge, source);
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
    const VitalsSurvey *survey = vitals_lint_judge_survey(&run->judge, &error);

    for (guint i = 0; survey && i < survey->domains->len; i++)
        lint_one(run, ((VitalsSurveyDomain *)survey->domains->pdata[i])->name, KIND_DOMAIN);
    if (!survey) {
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

    state.is_quiet = options->diff;
    for (int i = 1; i < argc && options->fix; i++)
        state.is_quiet |= g_str_equal(argv[i], "-");
    gather_fleet(&state, argv + 1);
    if (!state.is_quiet)
        state.format->begin(&state);
    if (options->all)
        lint_all(&state);
    for (int i = 1; i < argc; i++)
        lint_argument(&state, argv[i]);
    lint_host(&state);
    if (!state.is_quiet)
        state.format->finish(&state);
    if (options->diff || options->fix)
        vitals_lint_fix_summary(&state.fixes, options);

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
