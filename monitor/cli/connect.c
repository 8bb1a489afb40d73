/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "monitor/cli/connect.h"
#include "monitor/lane.h"
#include "config/text.h"

/* A person waits; a healthy libvirtd answers in milliseconds. */
#define DEADLINE (5 * G_TIME_SPAN_SECOND)

VitalsSettings *
vitals_cli_load_settings(const char *config, const VitalsOverride *overrides, GError **error)
{
    g_autoptr(GPtrArray) warnings =
        g_ptr_array_new_with_free_func((GDestroyNotify)vitals_settings_warning_free);
    g_autoptr(VitalsSettings) settings = vitals_settings_load(config, warnings, error);

    for (guint i = 0; i < warnings->len; i++) {
        const VitalsSettingsWarning *warning = g_ptr_array_index(warnings, i);

        g_printerr("virt-vitals: %s:%u: %s\n", warning->file, warning->line, warning->message);
    }
    for (; settings && overrides->name; overrides++) {
        if (overrides->value &&
            !vitals_settings_override(settings, overrides->name, overrides->value,
                                      overrides->origin, error))
            return NULL;
    }
    return g_steal_pointer(&settings);
}

/* What is asked of libvirt, and what came of it. */
typedef struct {
    GMainLoop *loop;
    char *domain; /* or a text to convert; NULL where it is about all */
    char *path;   /* in the guest, where it is about one */
    char *before; /* definitions */
    char *after;
    GDestroyNotify free_answer;
    gpointer answer;
    GError *error;
} Question;

static gpointer
ask_definition(VitalsConnection *connection, gpointer data, GError **error)
{
    Question *question = data;

    return connection->hypervisor->driver->definition(connection, question->domain, TRUE, error);
}

static gpointer
ask_whole_definition(VitalsConnection *connection, gpointer data, GError **error)
{
    Question *question = data;

    return connection->hypervisor->driver->whole_definition(connection, question->domain, error);
}

static gpointer
ask_check(VitalsConnection *connection, gpointer data, GError **error)
{
    Question *question = data;

    return connection->hypervisor->driver->check(connection, question->after, error);
}

static gpointer
ask_redefine(VitalsConnection *connection, gpointer data, GError **error)
{
    Question *question = data;
    gboolean is_done = connection->hypervisor->driver->redefine(
        connection, question->domain, question->before, question->after, error);

    return is_done ? g_strdup("") : NULL;
}

static gpointer
ask_conversion(VitalsConnection *connection, gpointer data, GError **error)
{
    Question *question = data;

    return connection->hypervisor->driver->convert(connection, question->domain, error);
}

static gpointer
ask_guest_file(VitalsConnection *connection, gpointer data, GError **error)
{
    Question *question = data;

    return connection->hypervisor->driver->read_guest_file(connection, question->domain,
                                                           question->path, error);
}

static gpointer
ask_survey(VitalsConnection *connection, gpointer data, GError **error)
{
    return connection->hypervisor->driver->survey(connection, error);
}

static void
on_answer(gpointer result, const GError *error, gboolean late, gpointer data)
{
    Question *question = data;

    if (late) {
        if (result)
            question->free_answer(result);
        return;
    }
    question->answer = result;
    question->error = error ? g_error_copy(error) : NULL;
    g_main_loop_quit(question->loop);
}

static void
on_overdue(gpointer data)
{
    Question *question = data;

    question->error = g_error_new(VITALS_HYPERVISOR_ERROR, VITALS_HYPERVISOR_ERROR_TIMED_OUT,
                                  "libvirt does not answer; check that libvirtd runs");
    g_main_loop_quit(question->loop);
}

static void
question_free(Question *question)
{
    g_main_loop_unref(question->loop);
    g_free(question->domain);
    g_free(question->path);
    g_free(question->before);
    g_free(question->after);
    g_free(question);
}

/* Opens a connection and waits for one answer; %NULL with an error if there is none. Takes @question. */
static gpointer
ask(const char *uri, gpointer (*work)(VitalsConnection *connection, gpointer data, GError **error),
    Question *question, GError **error)
{
    VitalsAbandoned abandoned = { .limit = 1 };
    VitalsHypervisor *hypervisor =
        vitals_hypervisor_libvirt_new(vitals_hypervisor_default_uri(uri));
    VitalsLane *lane = vitals_lane_new("lint", hypervisor, 1, &abandoned);
    VitalsCall call = {
        .work = work,
        .done = on_answer,
        .overdue = on_overdue,
        .deadline = DEADLINE,
        .data = question,
        .free_result = question->free_answer,
    };
    gpointer answer;

    question->loop = g_main_loop_new(NULL, FALSE);
    vitals_lane_submit(lane, &call);
    g_main_loop_run(question->loop);

    answer = g_steal_pointer(&question->answer);
    if (question->error)
        g_propagate_error(error, g_steal_pointer(&question->error));
    if (vitals_lane_free(lane, DEADLINE / 10)) /* else a thread still uses it */
        question_free(question);
    vitals_hypervisor_unref(hypervisor);
    return answer;
}

static Question *
question_new(const char *domain, GDestroyNotify free_answer)
{
    Question *question = g_new0(Question, 1);

    question->domain = g_strdup(domain);
    question->free_answer = free_answer;
    return question;
}

char *
vitals_cli_domain_xml(const char *uri, const char *domain, GError **error)
{
    return ask(uri, ask_definition, question_new(domain, g_free), error);
}

char *
vitals_cli_domain_whole_xml(const char *uri, const char *domain, GError **error)
{
    return ask(uri, ask_whole_definition, question_new(domain, g_free), error);
}

char *
vitals_cli_check(const char *uri, const char *xml, GError **error)
{
    Question *question = question_new(NULL, g_free);

    question->after = g_strdup(xml);
    return ask(uri, ask_check, question, error);
}

gboolean
vitals_cli_redefine(const char *uri, const char *domain, const char *before, const char *after,
                    GError **error)
{
    Question *question = question_new(domain, g_free);
    g_autofree char *done = NULL;

    question->before = g_strdup(before);
    question->after = g_strdup(after);
    done = ask(uri, ask_redefine, question, error);
    return done != NULL;
}

VitalsSurvey *
vitals_cli_survey(const char *uri, GError **error)
{
    return ask(uri, ask_survey, question_new(NULL, (GDestroyNotify)vitals_survey_free), error);
}

char *
vitals_cli_convert(const char *uri, const char *text, GError **error)
{
    return ask(uri, ask_conversion, question_new(text, g_free), error);
}

char *
vitals_cli_guest_file(const char *uri, const char *uuid, const char *path, GError **error)
{
    Question *question = question_new(uuid, g_free);

    question->path = g_strdup(path);
    return ask(uri, ask_guest_file, question, error);
}
