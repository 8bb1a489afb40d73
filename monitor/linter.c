/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "monitor/linter.h"
#include "monitor/facts.h"
#include "monitor/lint-choice.h"
#include "monitor/prediction.h"
#include "monitor/survey.h"
#include "probes/fleet.h"

#include <string.h>

/* Nobody changes a host's facts by the minute; reading them takes some ten milliseconds. */
#define PERIOD (10 * G_TIME_SPAN_MINUTE)
/* A tool that defines a hundred guests is waited for. */
#define HURRY (2 * G_TIME_SPAN_SECOND)
/* A thousand definitions take about a second. */
#define DEADLINE (60 * G_TIME_SPAN_SECOND)

struct VitalsLinter {
    VitalsLane *lane;
    VitalsLintChoice *choice;
    VitalsLintReport *report;
    char *root;
    gboolean running; /* also while a call that is overdue has not returned */
    gboolean failed;
    gint64 due;
    void (*changed)(gpointer data);
    gpointer data;
};

/* One round. The choice belongs to the linter, so the round has its own. */
typedef struct {
    VitalsLinter *linter;
    VitalsLintChoice *choice;
    GPtrArray *rules;
    char *root;
    VitalsFleet *fleet; /* the worker's, and the next */
    char *today;
} Round;

static void
free_report(gpointer report)
{
    vitals_lint_report_unref(report);
}

/* ---- a round, on the worker ---- */

/* Judges, counts what the chosen rules find, and returns the lines that are told of. */
static GPtrArray *
note(const Round *round, VitalsDefinition *definition, const GPtrArray *rules, const char *name,
     const char *uuid, VitalsLintReport *report)
{
    g_autoptr(VitalsFindings) findings = NULL;
    GPtrArray *lines = g_ptr_array_new_with_free_func(g_free);
    guint first = report->rows->len;

    definition->today = round->today;
    definition->fleet = round->fleet;
    findings = vitals_lint(definition, rules);
    vitals_lint_choice_apply(round->choice, findings);
    for (guint i = 0; i < findings->found->len; i++) {
        const VitalsFinding *finding = findings->found->pdata[i];

        g_ptr_array_add(lines, vitals_prediction_line(finding));
        if (g_ptr_array_find(round->choice->rules, finding->rule, NULL))
            vitals_lint_report_count(report, first, name, uuid, finding->rule->id,
                                     vitals_severity_name(finding->severity));
    }
    return lines;
}

static void
judge(const Round *round, const VitalsHostFacts *facts, const VitalsSurveyDomain *domain,
      VitalsLintReport *report)
{
    g_autoptr(VitalsDefinition) definition =
        domain->inactive ? vitals_definition_new("definition", domain->inactive,
                                                 strlen(domain->inactive), facts, NULL)
                         : NULL;

    if (!definition)
        return;
    definition->is_autostart = domain->is_autostart ? VITALS_YES : VITALS_NO;
    definition->is_running = domain->is_active ? VITALS_YES : VITALS_NO;
    g_hash_table_replace(report->lines, g_strdup(domain->uuid),
                         note(round, definition, round->rules, domain->name, domain->uuid, report));
    report->linted++;
}

/* The host is a guest without a name: an empty label is none to Prometheus. */
static void
judge_host(const Round *round, const VitalsHostFacts *facts, VitalsLintReport *report)
{
    g_autoptr(VitalsDefinition) definition = vitals_definition_new_host(facts);

    g_ptr_array_unref(report->host);
    report->host = note(round, definition, round->choice->rules, "", "", report);
}

static gpointer
lint_all(VitalsConnection *connection, gpointer data, GError **error)
{
    Round *round = data;
    const VitalsDriver *driver = connection->hypervisor->driver;
    g_autoptr(VitalsSurvey) survey = driver->survey(connection, error);
    g_autoptr(VitalsHostFacts) facts = survey ? vitals_facts_collect(round->root) : NULL;
    g_autoptr(VitalsLintReport) report = vitals_lint_report_new();
    g_autoptr(GDateTime) now = g_date_time_new_now_local();

    if (!survey)
        return NULL;
    vitals_survey_add_facts(survey, facts);
    round->today = g_date_time_format(now, "%Y-%m-%d");
    round->fleet = vitals_fleet_new(TRUE);
    vitals_survey_add_guests(survey, round->fleet);
    for (guint i = 0; i < survey->domains->len; i++)
        judge(round, facts, survey->domains->pdata[i], report);
    judge_host(round, facts, report);
    report->realtime = g_get_real_time();
    return g_steal_pointer(&report);
}

/* ---- on the main loop ---- */

static void
free_round(gpointer data)
{
    Round *round = data;

    vitals_lint_choice_free(round->choice);
    g_ptr_array_unref(round->rules);
    g_free(round->root);
    vitals_fleet_free(round->fleet);
    g_free(round->today);
    g_free(round);
}

static void
on_done(gpointer result, const GError *error, gboolean late, gpointer data)
{
    VitalsLinter *linter = ((Round *)data)->linter;

    linter->running = FALSE;
    if (error && !linter->failed)
        g_info("lint: %s", error->message);
    linter->failed = error != NULL;
    if (!result)
        return;
    vitals_lint_report_unref(linter->report);
    linter->report = result;
    linter->changed(linter->data);
}

static VitalsLintChoice *
copy_choice(const VitalsLintChoice *choice)
{
    VitalsLintChoice *copy = g_new0(VitalsLintChoice, 1);
    GHashTableIter iter;
    gpointer rule;
    gpointer severity;

    copy->rules = g_ptr_array_copy(choice->rules, NULL, NULL);
    copy->severities = g_hash_table_new(NULL, NULL);
    copy->profiles = choice->profiles;
    copy->is_selected = choice->is_selected;
    g_hash_table_iter_init(&iter, choice->severities);
    while (g_hash_table_iter_next(&iter, &rule, &severity))
        g_hash_table_insert(copy->severities, rule, severity);
    return copy;
}

static void
begin(VitalsLinter *linter)
{
    Round *round = g_new0(Round, 1);
    VitalsCall call = {
        .work = lint_all,
        .done = on_done,
        .deadline = DEADLINE,
        .data = round,
        .free_data = free_round,
        .free_result = free_report,
    };

    round->linter = linter;
    round->choice = copy_choice(linter->choice);
    round->root = g_strdup(linter->root);
    round->rules = vitals_prediction_rules(round->choice->rules);
    linter->running = TRUE;
    vitals_lane_submit(linter->lane, &call);
}

void
vitals_linter_tick(VitalsLinter *linter, gint64 now)
{
    if (linter->running || now < linter->due)
        return;
    linter->due = now + PERIOD;
    begin(linter);
}

void
vitals_linter_hurry(VitalsLinter *linter)
{
    linter->due = MIN(linter->due, g_get_monotonic_time() + HURRY);
}

VitalsLinter *
vitals_linter_new(VitalsHypervisor *hypervisor, const VitalsSettings *settings, const char *root,
                  VitalsAbandoned *abandoned, void (*changed)(gpointer data), gpointer data)
{
    VitalsLinter *linter = g_new0(VitalsLinter, 1);
    VitalsLintWords words = vitals_lint_choice_words(settings);
    g_autoptr(GError) error = NULL;

    linter->choice = vitals_lint_choice_new(&words, &error);
    if (!linter->choice) {
        g_warning("the section [Lint] of the configuration: %s; the default rules are used",
                  error->message);
        linter->choice = vitals_lint_choice_new(&(VitalsLintWords){ "", "", "", "" }, NULL);
    }
    linter->root = g_strdup(root);
    linter->lane = vitals_lane_new("lint", hypervisor, 1, abandoned);
    linter->due = g_get_monotonic_time() + HURRY;
    linter->changed = changed;
    linter->data = data;
    return linter;
}

gboolean
vitals_linter_free(VitalsLinter *linter, gint64 patience)
{
    gboolean ended;

    if (!linter)
        return TRUE;
    ended = vitals_lane_free(linter->lane, patience);
    vitals_lint_choice_free(linter->choice);
    vitals_lint_report_unref(linter->report);
    g_free(linter->root);
    g_free(linter);
    return ended;
}

VitalsLintReport *
vitals_linter_report(const VitalsLinter *linter)
{
    return linter->report;
}
