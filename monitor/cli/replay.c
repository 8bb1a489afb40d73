/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "monitor/cli/verb.h"
#include "monitor/cli/connect.h"
#include "monitor/output/table.h"
#include "monitor/output/time.h"
#include "monitor/replay.h"
#include "config/text.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

static int run(int argc, char **argv);

extern const VitalsVerb vitals_verb_replay;
const VitalsVerb vitals_verb_replay = {
    .name = "replay",
    .synopsis = "FILE…",
    .summary = "judge recorded signals again: would it have fired, and when",
    .run = run,
};

typedef struct {
    char *config;
    char *guest;
    char **set;
    char *format;
} Arguments;

static void
arguments_clear(Arguments *arguments)
{
    g_free(arguments->config);
    g_free(arguments->guest);
    g_strfreev(arguments->set);
    g_free(arguments->format);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Arguments, arguments_clear)

/* ---- settings ---- */

static gboolean
apply(VitalsSettings *settings, const char *assignment, GError **error)
{
    const char *equals = strchr(assignment, '=');
    g_autofree char *name = equals ? g_strndup(assignment, (gsize)(equals - assignment)) : NULL;

    return vitals_settings_override(settings, name ? name : assignment, equals ? equals + 1 : "",
                                    "--set", error);
}

static VitalsSettings *
load(const Arguments *arguments, GError **error)
{
    static const VitalsOverride none[] = { { NULL } };
    g_autoptr(VitalsSettings) settings = vitals_cli_load_settings(arguments->config, none, error);

    for (char **set = arguments->set; settings && set && *set; set++) {
        if (!apply(settings, *set, error))
            return NULL;
    }
    return g_steal_pointer(&settings);
}

/* ---- text ---- */

static VitalsColour
colour_of(const VitalsReplayChange *change)
{
    if (change->cause->health == VITALS_HEALTH_HEALTHY)
        return VITALS_COLOUR_GOOD;
    return vitals_trouble_of(change->cause) == VITALS_TROUBLE_NONE ? VITALS_COLOUR_ODD
                                                                   : VITALS_COLOUR_BAD;
}

/* "+12.3 s", "+3.4 h", "+20.1 d" */
static char *
offset(gint64 microseconds)
{
    double seconds = (double)microseconds / G_USEC_PER_SEC;

    if (seconds < 600)
        return g_strdup_printf("+%.1f s", seconds);
    if (seconds < 48 * 3600)
        return g_strdup_printf("+%.2f h", seconds / 3600);
    return g_strdup_printf("+%.2f d", seconds / 86400);
}

static void
print_text(const char *file, const VitalsReplay *replay)
{
    static const char *const headings[] = { "TIME",  "AFTER",    "HEALTH", "LAYER",
                                            "CAUSE", "LEADS TO", NULL };
    g_autoptr(VitalsTable) table = vitals_table_new(headings);
    g_autofree char *shown = vitals_text_printable(file, -1);
    g_autofree char *domain = vitals_text_printable(replay->domain ? replay->domain : "", -1);
    g_autofree char *length = offset(replay->last - replay->first);
    g_autofree char *text = NULL;

    for (guint i = 0; i < replay->changes->len; i++) {
        const VitalsReplayChange *change = g_ptr_array_index(replay->changes, i);
        g_autofree char *time = vitals_time_rfc3339(change->realtime);
        g_autofree char *after = offset(change->at - replay->first);
        const char *cells[] = { time,
                                after,
                                vitals_health_name(change->cause->health),
                                vitals_layer_name(change->cause->layer),
                                change->cause->id,
                                vitals_response_name(change->response) };

        vitals_table_add(table, cells, colour_of(change));
    }
    text = vitals_table_render(table, vitals_table_wants_colours());
    g_print("%s: %s, %" G_GUINT64_FORMAT " samples, %s\n%s", shown, domain, replay->samples,
            length + 1, text);
    if (replay->left_off)
        g_print("%" G_GUINT64_FORMAT " more changes are left off\n", replay->left_off);
}

/* ---- JSON ---- */

static json_t *
change_json(const VitalsReplayChange *change, gint64 first)
{
    g_autofree char *time = vitals_time_rfc3339(change->realtime);
    json_t *evidence = json_array();

    for (char **line = change->evidence; *line; line++)
        json_array_append_new(evidence, json_string(*line));
    return json_pack("{s:s, s:f, s:f, s:s, s:s, s:s, s:s, s:s, s:o}", "time", time, "at",
                     (double)change->at / G_USEC_PER_SEC, "after_seconds",
                     (double)(change->at - first) / G_USEC_PER_SEC, "health",
                     vitals_health_name(change->cause->health), "layer",
                     vitals_layer_name(change->cause->layer), "cause", change->cause->id, "before",
                     change->before->id, "response", vitals_response_name(change->response),
                     "evidence", evidence);
}

static json_t *
replay_json(const char *file, const VitalsReplay *replay)
{
    g_autofree char *valid = g_utf8_make_valid(file, -1);
    g_autofree char *domain = g_utf8_make_valid(replay->domain ? replay->domain : "", -1);
    json_t *changes = json_array();

    for (guint i = 0; i < replay->changes->len; i++)
        json_array_append_new(changes,
                              change_json(g_ptr_array_index(replay->changes, i), replay->first));
    return json_pack("{s:s, s:s, s:I, s:f, s:I, s:o}", "file", valid, "domain", domain, "samples",
                     (json_int_t)replay->samples, "seconds",
                     (double)(replay->last - replay->first) / G_USEC_PER_SEC, "left_off",
                     (json_int_t)replay->left_off, "changes", changes);
}

/* ---- the verb ---- */

static gboolean
fired(const VitalsReplay *replay)
{
    for (guint i = 0; i < replay->changes->len; i++) {
        const VitalsReplayChange *change = g_ptr_array_index(replay->changes, i);

        if (vitals_trouble_of(change->cause) != VITALS_TROUBLE_NONE)
            return TRUE;
    }
    return FALSE;
}

static int
replay_all(char **files, const char *guest, gboolean as_json, const VitalsSettings *settings)
{
    json_t *array = json_array();
    json_t *document = json_pack("{s:o}", "replays", array);
    int status = VITALS_EXIT_OK;

    for (char **file = files; *file; file++) {
        g_autoptr(GError) error = NULL;
        g_autoptr(VitalsReplay) replay = vitals_replay_file(*file, guest, settings, &error);

        if (!replay) {
            g_printerr("virt-vitals: %s\n", error->message);
            status = VITALS_EXIT_USAGE;
            continue;
        }
        if (status == VITALS_EXIT_OK && fired(replay))
            status = VITALS_EXIT_FINDINGS;
        if (as_json)
            json_array_append_new(array, replay_json(*file, replay));
        else
            print_text(*file, replay);
    }
    if (as_json) {
        char *text = json_dumps(document, JSON_INDENT(2) | JSON_REAL_PRECISION(15));

        g_print("%s\n", text);
        free(text);
    }
    json_decref(document);
    return status;
}

static int
run(int argc, char **argv)
{
    g_auto(Arguments) arguments = { 0 };
    const GOptionEntry entries[] = {
        { "config", 0, 0, G_OPTION_ARG_FILENAME, &arguments.config,
          "configuration (default: " VITALS_SETTINGS_FILE " if it exists)", "FILE" },
        { "set", 0, 0, G_OPTION_ARG_STRING_ARRAY, &arguments.set,
          "another value for one setting, e.g. Verdict.BalloonDeadline=6; may be repeated",
          "SECTION.KEY=VALUE" },
        { "guest", 0, 0, G_OPTION_ARG_STRING, &arguments.guest,
          "the name that [Guest] sections are matched with (default: the recorded one)", "NAME" },
        { "format", 0, 0, G_OPTION_ARG_STRING, &arguments.format, "text (default) or json",
          "FORMAT" },
        { NULL },
    };
    g_autoptr(VitalsSettings) settings = NULL;
    g_autoptr(GError) error = NULL;
    gboolean as_json;

    if (!vitals_verb_parse(&vitals_verb_replay, entries,
                           "FILE is the signals.jsonl of an incident, or what 'virt-vitals record' "
                           "wrote.\nExit status: 0 no verdict fired, 1 one did, 2 usage or "
                           "unreadable input.",
                           &argc, &argv))
        return VITALS_EXIT_USAGE;
    as_json = g_strcmp0(arguments.format, "json") == 0;
    if (argc < 2 || (arguments.format && !as_json && !g_str_equal(arguments.format, "text"))) {
        g_printerr("virt-vitals: %s; see 'virt-vitals replay --help'\n",
                   argc < 2 ? "no file given" : "--format is text or json");
        return VITALS_EXIT_USAGE;
    }
    settings = load(&arguments, &error);
    if (!settings) {
        g_printerr("virt-vitals: %s\n", error->message);
        return VITALS_EXIT_USAGE;
    }
    return replay_all(argv + 1, arguments.guest, as_json, settings);
}
