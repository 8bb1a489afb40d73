/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "config/settings.h"
#include "monitor/daemon.h"
#include "tests/integration/fake.h"

#include <jansson.h>

/*
 * A daemon in this process with a fake behind its seam, a state directory of its own and periods as
 * short as the settings allow.
 */
typedef struct {
    Fake *fake;
    VitalsSettings *settings;
    VitalsDaemon *daemon;
    char *root; /* removed at the end */
    char *state_dir;
} Scene;

G_DEFINE_AUTOPTR_CLEANUP_FUNC(json_t, json_decref)

/* Runs the main loop until @holds, or fails the test after @seconds. */
#define scene_until(holds, seconds)                                                          \
    do {                                                                                     \
        gint64 scene_deadline = g_get_monotonic_time() + (gint64)((seconds)*G_USEC_PER_SEC); \
        while (!(holds)) {                                                                   \
            if (g_get_monotonic_time() > scene_deadline)                                     \
                g_error("%s:%d: did not come true: %s", __FILE__, __LINE__, #holds);         \
            scene_run(0.02);                                                                 \
        }                                                                                    \
    } while (0)

/* Runs the main loop for a while. */
void scene_run(double seconds);

/* The shortest periods that can be set; @state_dir as given. Returns: (transfer full) */
VitalsSettings *scene_settings(const char *state_dir);
void scene_set(VitalsSettings *settings, const char *name, const char *value);

/* A fixture of GTest: fake, directory and settings, but no daemon yet. */
void scene_set_up(Scene *scene, gconstpointer data);
void scene_tear_down(Scene *scene, gconstpointer data);

void scene_start(Scene *scene);
/* Ends the daemon as SIGTERM would. Returns: how many seconds that took */
double scene_stop(Scene *scene);

/* What its HTTP says. Returns: (transfer full) */
char *scene_get(Scene *scene, const char *path);
/* The guest's object. Returns: (transfer full) (nullable) */
json_t *scene_guest(Scene *scene, const char *name);
gboolean scene_is(Scene *scene, const char *name, const char *health);
/* The incidents. Returns: (transfer full): an array */
json_t *scene_incidents(Scene *scene);
guint scene_n_incidents(Scene *scene);
/* The only incident, once it is whole. Returns: (transfer full) */
json_t *scene_incident(Scene *scene, double seconds);
/* A member of an object, or of the object "capture" in it; "" if there is none. */
const char *scene_member(const json_t *json, const char *name);
const char *scene_capture(const json_t *json, const char *name);
/* A file of an incident. Returns: (transfer full) (nullable) */
char *scene_file(const json_t *incident, const char *name);
/* Fails the test unless the incident's manifest has these texts, each behind the one before; up to %NULL. */
void scene_check_told(const json_t *incident, ...) G_GNUC_NULL_TERMINATED;

/* How many files are open, and threads running, in this process. */
guint scene_open_files(void);
guint scene_threads(void);

/* g_test_init(), and warnings that are no failures. */
void scene_init(int *argc, char ***argv);
