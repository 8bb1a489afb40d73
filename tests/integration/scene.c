/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/integration/scene.h"
#include "monitor/cli/client.h"
#include "tests/unit/program.h"

#include <stdarg.h>
#include <string.h>

static gboolean
on_over(gpointer data)
{
    *(gboolean *)data = TRUE;
    return G_SOURCE_REMOVE;
}

void
scene_run(double seconds)
{
    gboolean over = FALSE;

    g_timeout_add((guint)(seconds * 1000), on_over, &over);
    while (!over)
        g_main_context_iteration(NULL, TRUE);
}

void
scene_set(VitalsSettings *settings, const char *name, const char *value)
{
    g_autoptr(GError) error = NULL;

    vitals_settings_override(settings, name, value, "test", &error);
    g_assert_no_error(error);
}

VitalsSettings *
scene_settings(const char *state_dir)
{
    VitalsSettings *settings = vitals_settings_new();

    scene_set(settings, "Monitor.StateDirectory", state_dir);
    scene_set(settings, "Monitor.SamplePeriod", "200ms");
    scene_set(settings, "Monitor.CallDeadline", "500ms");
    scene_set(settings, "Web.ListenAddress", "127.0.0.1:0");
    scene_set(settings, "Probe.BalloonPeriod", "1s");
    scene_set(settings, "Verdict.BalloonDeadline", "2");
    scene_set(settings, "Capture.KeepFree", "0");
    scene_set(settings, "Policy.MinimumUptime", "0");
    /* the same everywhere, whatever is installed */
    scene_set(settings, "Triage.Makedumpfile", "none");
    scene_set(settings, "Triage.Crash", "none");
    return settings;
}

void
scene_set_up(Scene *scene, gconstpointer data)
{
    scene->fake = fake_new();
    scene->root = g_dir_make_tmp("vitals-scene-XXXXXX", NULL);
    g_assert_nonnull(scene->root);
    scene->state_dir = g_build_filename(scene->root, "state", NULL);
    scene->settings = scene_settings(scene->state_dir);
}

void
scene_tear_down(Scene *scene, gconstpointer data)
{
    if (scene->daemon)
        scene_stop(scene);
    fake_free(scene->fake);
    vitals_settings_unref(scene->settings);
    test_remove_tree(scene->root);
    g_free(scene->root);
    g_free(scene->state_dir);
}

void
scene_start(Scene *scene)
{
    g_autoptr(GError) error = NULL;

    scene->daemon =
        vitals_daemon_new(fake_hypervisor(scene->fake), "fake:///", scene->settings, &error);
    g_assert_no_error(error);
}

double
scene_stop(Scene *scene)
{
    gint64 began = g_get_monotonic_time();

    vitals_daemon_quit(scene->daemon);
    vitals_daemon_run(scene->daemon);
    vitals_daemon_free(g_steal_pointer(&scene->daemon));
    return (double)(g_get_monotonic_time() - began) / G_USEC_PER_SEC;
}

char *
scene_get(Scene *scene, const char *path)
{
    g_autofree char *base =
        g_strdup_printf("http://127.0.0.1:%u", vitals_daemon_port(scene->daemon));
    g_autoptr(GError) error = NULL;
    g_autoptr(GBytes) body = vitals_client_get(base, path, &error);

    g_assert_no_error(error);
    return g_strndup(g_bytes_get_data(body, NULL), g_bytes_get_size(body));
}

static json_t *
get_array(Scene *scene, const char *path, const char *name)
{
    g_autofree char *text = scene_get(scene, path);
    g_autoptr(json_t) document = json_loads(text, JSON_REJECT_DUPLICATES, NULL);
    json_t *array = json_object_get(document, name);

    g_assert_true(json_is_array(array));
    return json_incref(array);
}

json_t *
scene_guest(Scene *scene, const char *name)
{
    g_autoptr(json_t) guests = get_array(scene, "/api/v1/guests", "guests");
    size_t index;
    json_t *guest;

    json_array_foreach(guests, index, guest)
    {
        if (g_str_equal(scene_member(guest, "name"), name))
            return json_incref(guest);
    }
    return NULL;
}

gboolean
scene_is(Scene *scene, const char *name, const char *health)
{
    g_autoptr(json_t) guest = scene_guest(scene, name);

    return guest && g_str_equal(scene_member(guest, "health"), health);
}

json_t *
scene_incidents(Scene *scene)
{
    return get_array(scene, "/api/v1/incidents", "incidents");
}

guint
scene_n_incidents(Scene *scene)
{
    g_autoptr(json_t) incidents = scene_incidents(scene);

    return (guint)json_array_size(incidents);
}

static gboolean
is_over(const json_t *incident)
{
    const char *result = scene_capture(incident, "result");

    return !g_str_equal(result, "queued") && !g_str_equal(result, "running") &&
           !strstr(scene_member(incident, "path"), ".partial-") && *scene_member(incident, "path");
}

static json_t *
whole_incident(Scene *scene)
{
    g_autoptr(json_t) incidents = scene_incidents(scene);
    json_t *incident = json_array_get(incidents, 0);

    g_assert_cmpuint(json_array_size(incidents), <=, 1);
    return incident && is_over(incident) ? json_incref(incident) : NULL;
}

json_t *
scene_incident(Scene *scene, double seconds)
{
    json_t *incident = NULL;

    scene_until((incident = whole_incident(scene)), seconds);
    return incident;
}

const char *
scene_member(const json_t *json, const char *name)
{
    const char *text = json_string_value(json_object_get(json, name));

    return text ? text : "";
}

const char *
scene_capture(const json_t *json, const char *name)
{
    return scene_member(json_object_get(json, "capture"), name);
}

char *
scene_file(const json_t *incident, const char *name)
{
    g_autofree char *path = g_build_filename(scene_member(incident, "path"), name, NULL);
    char *text = NULL;

    g_file_get_contents(path, &text, NULL, NULL);
    return text;
}

void
scene_check_told(const json_t *incident, ...)
{
    g_autofree char *manifest = scene_file(incident, "incident.json");
    const char *at = manifest;
    const char *text;
    va_list texts;

    va_start(texts, incident);
    while ((text = va_arg(texts, const char *))) {
        at = at ? strstr(at, text) : NULL;
        if (!at)
            g_error("no '%s' in its place in:\n%s", text, manifest);
    }
    va_end(texts);
}

static guint
count_names(const char *path)
{
    g_autoptr(GDir) directory = g_dir_open(path, 0, NULL);
    guint count = 0;

    while (directory && g_dir_read_name(directory))
        count++;
    return count;
}

guint
scene_open_files(void)
{
    return count_names("/proc/self/fd");
}

guint
scene_threads(void)
{
    return count_names("/proc/self/task");
}

static void
ignore_log(const char *domain, GLogLevelFlags level, const char *message, gpointer data)
{
    if (level & (G_LOG_LEVEL_ERROR | G_LOG_FLAG_FATAL))
        g_log_default_handler(domain, level, message, NULL);
    else if (g_getenv("VITALS_TEST_LOG"))
        g_printerr("# %s\n", message);
}

void
scene_init(int *argc, char ***argv)
{
    g_test_init(argc, argv, NULL);
    /* what the daemon warns of is what is tested here, but GLib's own criticals stay fatal */
    g_log_set_fatal_mask("virt-vitals", G_LOG_LEVEL_ERROR | G_LOG_FLAG_RECURSION);
    g_log_set_always_fatal(G_LOG_LEVEL_ERROR | G_LOG_FLAG_RECURSION);
    g_log_set_handler("virt-vitals", G_LOG_LEVEL_MASK & ~G_LOG_LEVEL_ERROR, ignore_log, NULL);
    g_log_set_fatal_mask("GLib", G_LOG_LEVEL_ERROR | G_LOG_LEVEL_CRITICAL | G_LOG_FLAG_RECURSION);
}
