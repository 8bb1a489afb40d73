/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "monitor/cli/incidents-store.h"
#include "monitor/cli/verb.h"
#include "monitor/output/status-json.h"
#include "monitor/output/table.h"
#include "monitor/store.h"
#include "config/settings.h"
#include "config/text.h"

#include <stdlib.h>
#include <string.h>

extern const VitalsVerb vitals_verb_incidents;

typedef struct {
    char *state_dir;
    char *config;
    char *format;
    char *output;
    gboolean json;
    gboolean without_dump;
    gboolean dry_run;
} Choices;

static void
clear_choices(Choices *choices)
{
    g_free(choices->state_dir);
    g_free(choices->config);
    g_free(choices->format);
    g_free(choices->output);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Choices, clear_choices)

static gboolean
parse_choices(int *argc, char ***argv, Choices *ret_choices)
{
    const GOptionEntry entries[] = {
        { "state-dir", 0, 0, G_OPTION_ARG_FILENAME, &ret_choices->state_dir,
          "where the monitor keeps its incidents", "DIR" },
        { "config", 0, 0, G_OPTION_ARG_FILENAME, &ret_choices->config,
          "take that from the configuration FILE", "FILE" },
        { "format", 0, 0, G_OPTION_ARG_STRING, &ret_choices->format, "text or json", "FORMAT" },
        { "output", 'o', 0, G_OPTION_ARG_FILENAME, &ret_choices->output,
          "export: the archive to write, .tar.zst, .tar.gz or .tar", "FILE" },
        { "without-dump", 0, 0, G_OPTION_ARG_NONE, &ret_choices->without_dump,
          "export: leave the memory dump out", NULL },
        { "dry-run", 0, 0, G_OPTION_ARG_NONE, &ret_choices->dry_run,
          "prune: only say what would be deleted", NULL },
        { NULL },
    };

    if (!vitals_verb_parse(
            &vitals_verb_incidents, entries,
            "Reads the monitor's state directory; the monitor need not run.\n"
            "'show' prints an incident's report, or its manifest as JSON; 'verify'\n"
            "compares its files with their checksums; 'export' packs it into one\n"
            "archive to be sent away, but over no file that is there. 'keep' saves\n"
            "it from being deleted, 'unkeep' takes that back; 'prune' deletes what\n"
            "the limits of [Store] do not allow, as the monitor does by itself. The\n"
            "beginning of an ID will do if there is only one such.\n\n"
            "Exit status: 0 done, 1 a file is not as it was written, 2 usage, no\n"
            "such incident or no such directory, 3 something could not be done.",
            argc, argv))
        return FALSE;
    ret_choices->json = g_strcmp0(ret_choices->format, "json") == 0;
    if (!ret_choices->format || ret_choices->json || g_str_equal(ret_choices->format, "text"))
        return TRUE;
    g_printerr("virt-vitals: --format takes text or json; see 'virt-vitals incidents --help'\n");
    return FALSE;
}

/* The settings, and in them the state directory: the given one if there is one. */
static VitalsSettings *
load_settings(const Choices *choices, GError **error)
{
    g_autoptr(GPtrArray) warnings =
        g_ptr_array_new_with_free_func((GDestroyNotify)vitals_settings_warning_free);
    g_autoptr(VitalsSettings) settings = vitals_settings_load(choices->config, warnings, error);

    if (!settings ||
        (choices->state_dir && !vitals_settings_override(settings, "Monitor.StateDirectory",
                                                         choices->state_dir, "--state-dir", error)))
        return NULL;
    return g_steal_pointer(&settings);
}

/* ASCII only: a terminal shows it too, and names may hold what reorders a line. */
static void
print_json(json_t *document)
{
    char *text = json_dumps(document, JSON_INDENT(2) | JSON_ENSURE_ASCII);

    g_print("%s\n", text ? text : "{}");
    free(text);
}

static void
print_list_json(const GPtrArray *incidents)
{
    json_t *document = vitals_json_incidents(incidents);

    print_json(document);
    json_decref(document);
}

static char *
local_time(gint64 realtime)
{
    g_autoptr(GDateTime) time = g_date_time_new_from_unix_local(realtime / G_USEC_PER_SEC);

    return time ? g_date_time_format(time, "%Y-%m-%d %H:%M:%S") : g_strdup("");
}

static void
print_list(const GPtrArray *incidents)
{
    static const char *const headings[] = { "OPENED", "DOMAIN",  "HEALTH", "LAYER",
                                            "CAUSE",  "CAPTURE", "ID",     NULL };
    g_autoptr(VitalsTable) table = vitals_table_new(headings);
    g_autofree char *text = NULL;

    for (guint i = 0; i < incidents->len; i++) {
        const VitalsIncidentView *incident = g_ptr_array_index(incidents, i);
        g_autofree char *opened = local_time(incident->opened);
        const char *cells[] = { opened,          incident->domain, incident->health,
                                incident->layer, incident->cause,  incident->capture_result,
                                incident->id };

        vitals_table_add(table, cells, VITALS_COLOUR_NONE);
        if (incident->partial)
            vitals_table_note(
                table, "partial: it is still being written, or will be marked at the next start");
        else if (incident->interrupted)
            vitals_table_note(table, "interrupted: its monitor was killed; what it had is here");
    }
    text = vitals_table_render(table, vitals_table_wants_colours());
    g_print("%s", text);
}

/* The report; for an incident that was not finished there may be none, but there is what is known. */
static gboolean
print_report(const VitalsIncidentView *incident, GError **error)
{
    g_autoptr(GError) problem = NULL;
    g_autofree char *report = vitals_store_read_report(incident->path, &problem);
    g_autofree char *path = vitals_text_printable(incident->path, -1);

    if (!report && !incident->partial && !incident->interrupted) {
        g_propagate_error(error, g_steal_pointer(&problem));
        return FALSE;
    }
    if (report)
        g_print("%s%s", report, g_str_has_suffix(report, "\n") ? "" : "\n");
    else
        g_print("%s\nThere is no report yet; what was saved is in %s\n", incident->title, path);
    return TRUE;
}

static gboolean
print_manifest(const VitalsIncidentView *incident, GError **error)
{
    json_t *manifest = vitals_store_read_manifest(incident->path, error);

    if (!manifest)
        return FALSE;
    print_json(manifest);
    json_decref(manifest);
    return TRUE;
}

/* All that a sub-verb may want. @incident: the one that was named, if one was */
typedef struct {
    const Choices *choices;
    const VitalsSettings *settings;
    const char *state_dir;
    const GPtrArray *incidents;
    const VitalsIncidentView *incident;
    gboolean damaged;
} Task;

static int
show(const Task *task)
{
    g_autoptr(GError) error = NULL;

    if (task->choices->json ? print_manifest(task->incident, &error)
                            : print_report(task->incident, &error))
        return VITALS_EXIT_OK;
    g_printerr("virt-vitals: %s\n", error->message);
    return VITALS_EXIT_UNDECIDED;
}

static int
list(const Task *task)
{
    if (task->choices->json)
        print_list_json(task->incidents);
    else if (task->incidents->len > 0)
        print_list(task->incidents);
    else
        g_print("No incidents.\n");
    return task->damaged ? VITALS_EXIT_UNDECIDED : VITALS_EXIT_OK;
}

static int
keep(const Task *task)
{
    return vitals_incidents_keep(task->incident, TRUE);
}

static int
unkeep(const Task *task)
{
    return vitals_incidents_keep(task->incident, FALSE);
}

static int
verify(const Task *task)
{
    return vitals_incidents_verify(task->incident);
}

static int export(const Task *task)
{
    return vitals_incidents_export(task->incident, task->choices->output,
                                   task->choices->without_dump);
}

static int
prune(const Task *task)
{
    return vitals_incidents_prune(task->settings, task->state_dir, task->choices->dry_run);
}

static const struct {
    const char *name;
    gboolean takes_id;
    int (*run)(const Task *task);
} sub_verbs[] = {
    { "list", FALSE, list },    { "show", TRUE, show },     { "keep", TRUE, keep },
    { "unkeep", TRUE, unkeep }, { "verify", TRUE, verify }, { "export", TRUE, export },
    { "prune", FALSE, prune },
};

/* Returns: its place in the table, or -1 after the error was printed */
static int
parse_sub_verb(int argc, char **argv)
{
    const char *name = argc > 1 ? argv[1] : "list";

    for (guint i = 0; i < G_N_ELEMENTS(sub_verbs); i++) {
        if (g_str_equal(sub_verbs[i].name, name) &&
            (sub_verbs[i].takes_id ? argc == 3 : argc <= 2)) {
            /* Names are only ever compared with those in the directory; this is for the clearer
             * message. */
            if (!sub_verbs[i].takes_id || !strchr(argv[2], '/'))
                return (int)i;
            g_printerr("virt-vitals: an ID is a name, not a path; 'virt-vitals incidents' lists "
                       "them\n");
            return -1;
        }
    }
    g_printerr("virt-vitals: give nothing, 'list', 'prune', or 'show', 'keep', 'unkeep', 'verify' "
               "or 'export' with an ID; see 'virt-vitals incidents --help'\n");
    return -1;
}

/* The incidents there are; those that cannot be read are told on standard error. */
static GPtrArray *
load(Task *task)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GPtrArray) problems = g_ptr_array_new_with_free_func(g_free);
    GPtrArray *incidents = vitals_store_list(task->state_dir, problems, &error);

    if (!incidents) {
        g_printerr("virt-vitals: %s; say where the monitor keeps its state with --state-dir\n",
                   error->message);
        return NULL;
    }
    for (guint i = 0; i < problems->len; i++)
        g_printerr("virt-vitals: %s\n", (const char *)g_ptr_array_index(problems, i));
    task->damaged = problems->len > 0;
    return incidents;
}

static int
run_with(Task *task, int sub_verb, const char *id)
{
    g_autoptr(GPtrArray) incidents = load(task);
    g_autoptr(GError) error = NULL;

    if (!incidents)
        return VITALS_EXIT_USAGE;
    task->incidents = incidents;
    task->incident = id ? vitals_store_find(incidents, id, &error) : NULL;
    if (error) {
        g_printerr("virt-vitals: %s; 'virt-vitals incidents' lists them\n", error->message);
        return VITALS_EXIT_USAGE;
    }
    return sub_verbs[sub_verb].run(task);
}

static int
run(int argc, char **argv)
{
    g_auto(Choices) choices = { NULL };
    g_autoptr(VitalsSettings) settings = NULL;
    g_autoptr(GError) error = NULL;
    Task task = { .choices = &choices };
    int sub_verb;

    if (!parse_choices(&argc, &argv, &choices))
        return VITALS_EXIT_USAGE;
    sub_verb = parse_sub_verb(argc, argv);
    if (sub_verb < 0)
        return VITALS_EXIT_USAGE;
    settings = load_settings(&choices, &error);
    if (!settings) {
        g_printerr("virt-vitals: %s\n", error->message);
        return VITALS_EXIT_USAGE;
    }
    task.settings = settings;
    task.state_dir = vitals_settings_string(settings, NULL, "Monitor.StateDirectory");
    return run_with(&task, sub_verb, argc > 2 ? argv[2] : NULL);
}

const VitalsVerb vitals_verb_incidents = {
    .name = "incidents",
    .synopsis = "[list | show ID | keep ID | unkeep ID | verify ID | export ID | prune]",
    .summary = "list the incidents on disk, show, keep, export or prune them",
    .run = run,
};
