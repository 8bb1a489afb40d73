/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "monitor/case.h"
#include "config/text.h"

/* A guest that an earlier monitor was about to start anew when it was killed may be off: then nobody sees it die, and
 * nobody but us would start it. */

#define AGAIN_MS 1000
#define PATIENCE (30 * G_TIME_SPAN_SECOND)

struct VitalsCaseRestart {
    VitalsCasebook *casebook;
    char *uuid;
    char *incident;
    gint64 until;
    guint source;
};

void
vitals_case_restart_free(VitalsCaseRestart *restart)
{
    g_clear_handle_id(&restart->source, g_source_remove);
    g_free(restart->uuid);
    g_free(restart->incident);
    g_free(restart);
}

static void submit(VitalsCaseRestart *restart);

static gboolean
on_again(gpointer data)
{
    VitalsCaseRestart *restart = data;

    restart->source = 0;
    submit(restart);
    return G_SOURCE_REMOVE;
}

/* Whoever reads the incident wants to know how it ended. @problem: why it did not start, %NULL if it did */
static void
tell(const VitalsCaseRestart *restart, const char *problem)
{
    g_autofree char *moment =
        problem
            ? g_strdup_printf("restart failed: a later monitor cannot start the guest: %s", problem)
            : g_strdup("restart done: a later monitor saw to it that the guest runs");
    g_autofree char *outcome =
        problem
            ? g_strdup_printf("The guest was destroyed, and a later monitor could not start it "
                              "again, as the policy says: %s. Start it by hand.",
                              problem)
            : g_strdup(
                  "The monitor was killed while it destroyed the guest and started it again, as "
                  "the policy says; a later one saw to it that it runs.");

    vitals_case_tell_later(restart->casebook, restart->incident, moment, outcome);
}

static void
on_started(const GError *error, gpointer data)
{
    VitalsCaseRestart *restart = data;
    g_autofree char *problem = error ? vitals_text_printable(error->message, -1) : NULL;

    if (g_error_matches(error, VITALS_HYPERVISOR_ERROR, VITALS_HYPERVISOR_ERROR_DISCONNECTED) &&
        g_get_monotonic_time() < restart->until) {
        restart->source = g_timeout_add(AGAIN_MS, on_again, restart);
        return;
    }
    if (error)
        g_warning("the guest %s, which an earlier monitor was about to start anew when it was "
                  "killed, cannot be started: %s",
                  restart->uuid, problem);
    else
        g_message("the guest %s runs, which an earlier monitor was about to start anew when it was "
                  "killed",
                  restart->uuid);
    tell(restart, problem);
}

static void
submit(VitalsCaseRestart *restart)
{
    vitals_capture_act(restart->casebook->capture, restart->uuid, -1, VITALS_ACTION_START,
                       on_started, restart);
}

void
vitals_case_restart_begin(const char *uuid, const char *incident, gpointer data)
{
    VitalsCasebook *casebook = data;
    VitalsCaseRestart *restart = g_new0(VitalsCaseRestart, 1);

    restart->casebook = casebook;
    restart->uuid = g_strdup(uuid);
    restart->incident = g_strdup(incident);
    restart->until = g_get_monotonic_time() + PATIENCE;
    g_ptr_array_add(casebook->restarts, restart);
    submit(restart);
}
