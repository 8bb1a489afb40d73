/* SPDX-License-Identifier: LGPL-2.1-or-later */
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
    gboolean json;
} Choices;

static void
clear_choices(Choices *choices)
{
    g_free(choices->state_dir);
    g_free(choices->config);
    g_free(choices->format);
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
        { NULL },
    };

    if (!vitals_verb_parse(&vitals_verb_incidents, entries,
                           "Reads the monitor's state directory; the monitor need not run.\n"
                           "'show' prints an incident's report, or its manifest as JSON. The\n"
                           "beginning of an ID will do if there is only one such.\n\n"
                           "Exit status: 0 done, 2 usage, no such incident or no such directory,\n"
                           "3 some incident could not be read.",
                           argc, argv))
        return FALSE;
    ret_choices->json = g_strcmp0(ret_choices->format, "json") == 0;
    if (!ret_choices->format || ret_choices->json || g_str_equal(ret_choices->format, "text"))
        return TRUE;
    g_printerr("virt-vitals: --format takes text or json; see 'virt-vitals incidents --help'\n");
    return FALSE;
}

static gboolean
find_state_directory(const Choices *choices, char **ret_path, GError **error)
{
    g_autoptr(GPtrArray) warnings =
        g_ptr_array_new_with_free_func((GDestroyNotify)vitals_settings_warning_free);
    g_autoptr(VitalsSettings) settings = NULL;

    if (choices->state_dir) {
        *ret_path = g_strdup(choices->state_dir);
        return TRUE;
    }
    settings = vitals_settings_load(choices->config, warnings, error);
    if (!settings)
        return FALSE;
    *ret_path = g_strdup(vitals_settings_string(settings, NULL, "Monitor.StateDirectory"));
    return TRUE;
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
            vitals_table_note(table, "partial: it was interrupted, or is still being written");
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

    if (!report && !incident->partial) {
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

static int
show(const GPtrArray *incidents, const char *id, gboolean json)
{
    g_autoptr(GError) error = NULL;
    const VitalsIncidentView *incident = vitals_store_find(incidents, id, &error);

    if (!incident) {
        g_printerr("virt-vitals: %s; 'virt-vitals incidents' lists them\n", error->message);
        return VITALS_EXIT_USAGE;
    }
    if (json ? print_manifest(incident, &error) : print_report(incident, &error))
        return VITALS_EXIT_OK;
    g_printerr("virt-vitals: %s\n", error->message);
    return VITALS_EXIT_UNDECIDED;
}

/* The incidents there are; those that cannot be read are told on standard error. */
static GPtrArray *
load(const Choices *choices, gboolean *ret_damaged)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *state_dir = NULL;
    g_autoptr(GPtrArray) problems = g_ptr_array_new_with_free_func(g_free);
    GPtrArray *incidents = NULL;

    if (!find_state_directory(choices, &state_dir, &error)) {
        g_printerr("virt-vitals: %s\n", error->message);
        return NULL;
    }
    incidents = vitals_store_list(state_dir, problems, &error);
    if (!incidents) {
        g_printerr("virt-vitals: %s; say where the monitor keeps its state with --state-dir\n",
                   error->message);
        return NULL;
    }
    for (guint i = 0; i < problems->len; i++)
        g_printerr("virt-vitals: %s\n", (const char *)g_ptr_array_index(problems, i));
    *ret_damaged = problems->len > 0;
    return incidents;
}

static int
list(const GPtrArray *incidents, gboolean json, gboolean damaged)
{
    if (json)
        print_list_json(incidents);
    else if (incidents->len > 0)
        print_list(incidents);
    else
        g_print("No incidents.\n");
    return damaged ? VITALS_EXIT_UNDECIDED : VITALS_EXIT_OK;
}

static int
run(int argc, char **argv)
{
    g_auto(Choices) choices = { NULL };
    g_autoptr(GPtrArray) incidents = NULL;
    gboolean showing;
    gboolean damaged = FALSE;

    if (!parse_choices(&argc, &argv, &choices))
        return VITALS_EXIT_USAGE;
    showing = argc == 3 && g_str_equal(argv[1], "show");
    if (!showing && !(argc == 1 || (argc == 2 && g_str_equal(argv[1], "list")))) {
        g_printerr("virt-vitals: give nothing, 'list' or 'show ID'; see "
                   "'virt-vitals incidents --help'\n");
        return VITALS_EXIT_USAGE;
    }
    /* Names are only ever compared with those in the directory; this is for the clearer message. */
    if (showing && strchr(argv[2], '/')) {
        g_printerr(
            "virt-vitals: an ID is a name, not a path; 'virt-vitals incidents' lists them\n");
        return VITALS_EXIT_USAGE;
    }
    incidents = load(&choices, &damaged);
    if (!incidents)
        return VITALS_EXIT_USAGE;
    return showing ? show(incidents, argv[2], choices.json)
                   : list(incidents, choices.json, damaged);
}

const VitalsVerb vitals_verb_incidents = {
    .name = "incidents",
    .synopsis = "[list | show ID]",
    .summary = "list the incidents on disk, or show one",
    .run = run,
};
