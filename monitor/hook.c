/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "monitor/hook.h"
#include "config/text.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define OUTPUT_MAX ((gsize)16 * 1024)

/* How often is looked whether it has ended: it may close its output long before, or never. */
#define SLICE_MS 50

struct VitalsHook {
    VitalsLane *lane;
    VitalsAbandoned abandoned;
    char *command;
    gint64 deadline;
    guint under_way; /* submitted and not done; main loop only */
};

typedef struct {
    VitalsHook *hook; /* of the main loop; the worker may outlive it */
    char *command;
    char *directory;
    gint64 deadline;
} Errand;

static void
errand_free(gpointer data)
{
    Errand *errand = data;

    g_free(errand->command);
    g_free(errand->directory);
    g_free(errand);
}

/* ---- the process ---- */

/* In the child: a group of its own, to be killed as one. Only what is safe after fork(). */
static void
lead_group(gpointer data)
{
    setpgid(0, 0);
}

/* @ret_output: (out): a descriptor to read from. Returns: its pid, or -1 */
static GPid
start(char **argv, const char *directory, int *ret_output, GError **error)
{
    g_auto(GStrv) environment = g_environ_setenv(g_get_environ(), "VITALS_INCIDENT", directory, 1);
    g_autofree char *manifest = g_build_filename(directory, "incident.json", NULL);
    int input = open(manifest, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    int pipes[2];
    GPid pid = -1;

    if (input < 0 || pipe2(pipes, O_CLOEXEC) < 0) {
        g_set_error(error, G_FILE_ERROR, g_file_error_from_errno(errno), "%s: %s", manifest,
                    g_strerror(errno));
        if (input >= 0)
            close(input);
        return -1;
    }
    if (g_spawn_async_with_fds(directory, argv, environment,
                               G_SPAWN_DO_NOT_REAP_CHILD | G_SPAWN_SEARCH_PATH, lead_group, NULL,
                               &pid, input, pipes[1], pipes[1], error))
        *ret_output = pipes[0];
    else
        close(pipes[0]);
    close(pipes[1]);
    close(input);
    return pid;
}

/* Reads once if there is something. Returns: %FALSE when nobody writes any more */
static gboolean
listen_once(int output, int patience_ms, GString *said)
{
    struct pollfd fd = { .fd = output, .events = POLLIN };
    char piece[4096];
    gssize got;

    if (poll(&fd, 1, patience_ms) <= 0)
        return TRUE;
    got = read(output, piece, sizeof piece);
    if (got > 0)
        g_string_append_len(said, piece, (gssize)MIN((gsize)got, OUTPUT_MAX - said->len));
    return got > 0;
}

/* Takes what it says until it has ended or its time is over. Returns: whether it has ended */
static gboolean
attend(GPid pid, int output, gint64 until, GString *said, int *ret_status)
{
    gboolean talks = TRUE;
    gboolean ended = FALSE;

    while (!ended && g_get_monotonic_time() < until) {
        if (talks)
            talks = listen_once(output, SLICE_MS, said);
        else
            g_usleep(SLICE_MS * 1000);
        ended = waitpid(pid, ret_status, WNOHANG) == pid;
    }
    return ended;
}

/* What it said last, and is in the pipe still; nobody can add to it any more. */
static void
hear_out(int output, GString *said)
{
    while (said->len < OUTPUT_MAX && listen_once(output, 0, said)) {
        struct pollfd fd = { .fd = output, .events = POLLIN };

        if (poll(&fd, 1, 0) <= 0)
            return;
    }
}

static char *
tell(const GString *said, gboolean ended, int status, double seconds, GError **error)
{
    g_autofree char *printable = vitals_text_printable_lines(said->str, (gssize)said->len);
    g_autoptr(GError) problem = NULL;

    if (!ended)
        g_set_error(error, G_SPAWN_ERROR, G_SPAWN_ERROR_FAILED,
                    "was killed after %.1f s, its time was over\n%s", seconds, printable);
    else if (!g_spawn_check_wait_status(status, &problem))
        g_set_error(error, G_SPAWN_ERROR, G_SPAWN_ERROR_FAILED, "failed after %.1f s: %s\n%s",
                    seconds, problem->message, printable);
    else
        return g_strdup_printf("done in %.1f s\n%s", seconds, printable);
    return NULL;
}

char *
vitals_hook_run(const char *command, const char *directory, gint64 deadline, GError **error)
{
    gint64 began = g_get_monotonic_time();
    g_autoptr(GString) said = g_string_new(NULL);
    g_auto(GStrv) argv = NULL;
    int output = -1;
    int status = 0;
    gboolean ended;
    GPid pid;

    if (!g_shell_parse_argv(command, NULL, &argv, error))
        return NULL;
    pid = start(argv, directory, &output, error);
    if (pid < 0)
        return NULL;
    ended = attend(pid, output, began + deadline, said, &status);
    kill(-pid, SIGKILL); /* also what it left behind */
    if (!ended)
        waitpid(pid, &status, 0);
    hear_out(output, said);
    close(output);
    return tell(said, ended, status, (double)(g_get_monotonic_time() - began) / G_USEC_PER_SEC,
                error);
}

/* ---- on a worker ---- */

static gpointer
run(VitalsConnection *connection, gpointer data, GError **error)
{
    Errand *errand = data;
    g_autofree char *path = g_build_filename(errand->directory, VITALS_HOOK_NOTE, NULL);
    g_autoptr(GError) problem = NULL;
    g_autofree char *note =
        vitals_hook_run(errand->command, errand->directory, errand->deadline, &problem);

    g_file_set_contents_full(path, note ? note : problem->message, -1,
                             G_FILE_SET_CONTENTS_CONSISTENT | G_FILE_SET_CONTENTS_DURABLE, 0600,
                             NULL);
    if (note)
        return errand;
    g_propagate_error(error, g_steal_pointer(&problem));
    return NULL;
}

/* ---- on the main loop ---- */

static void
on_done(gpointer result, const GError *error, gboolean late, gpointer data)
{
    Errand *errand = data;
    g_auto(GStrv) lines = error ? g_strsplit(error->message, "\n", 2) : NULL;

    errand->hook->under_way--;
    if (error)
        g_warning("ExecOnIncident of %s: %s; see its %s", errand->directory, lines[0],
                  VITALS_HOOK_NOTE);
    else
        g_message("ExecOnIncident of %s done", errand->directory);
}

VitalsHook *
vitals_hook_new(const VitalsSettings *settings)
{
    const char *command = vitals_settings_string(settings, NULL, "Store.ExecOnIncident");
    VitalsHook *hook;

    if (!*command)
        return NULL;
    hook = g_new0(VitalsHook, 1);
    hook->lane = vitals_lane_new("hook", NULL, 1, &hook->abandoned);
    hook->command = g_strdup(command);
    hook->deadline = vitals_settings_duration(settings, NULL, "Store.ExecDeadline");
    return hook;
}

gboolean
vitals_hook_free(VitalsHook *hook, gint64 patience)
{
    gboolean ended;

    if (!hook)
        return TRUE;
    ended = vitals_lane_free(hook->lane, patience);
    g_free(hook->command);
    g_free(hook);
    return ended;
}

void
vitals_hook_submit(VitalsHook *hook, const char *directory)
{
    VitalsCall call = { .work = run, .done = on_done, .free_data = errand_free };
    Errand *errand;

    if (!hook)
        return;
    errand = g_new0(Errand, 1);
    errand->hook = hook;
    hook->under_way++;
    errand->command = g_strdup(hook->command);
    errand->directory = g_strdup(directory);
    errand->deadline = hook->deadline;
    call.data = errand;
    vitals_lane_submit(hook->lane, &call);
}

gboolean
vitals_hook_is_busy(const VitalsHook *hook)
{
    return hook && hook->under_way > 0;
}
