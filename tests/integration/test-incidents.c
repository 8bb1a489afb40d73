/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/integration/scene.h"
#include "monitor/bundle.h"

#include <glib/gstdio.h>
#include <string.h>

/* ---- the store ---- */

/* A guest that dies again and again, dumped each time. */
static FakeGuest *
die_again(Scene *scene, FakeGuest *guest, guint incidents)
{
    if (guest) {
        fake_renew(scene->fake, guest);
        fake_fire(scene->fake, guest, guest->id, VITALS_EVENT_STARTED);
        scene_run(1.1); /* names of incidents go by the second */
    } else {
        guest = fake_add(scene->fake, "loop");
        scene_set(scene->settings, "Capture.CaptureCooldown", "0");
        scene_set(scene->settings, "Policy.CrashLoopWindow", "0");
        scene_start(scene);
        scene_until(scene_is(scene, "loop", "healthy"), 8);
    }
    fake_panic(scene->fake, guest);
    scene_until(scene_n_incidents(scene) == incidents, 4);
    return guest;
}

static void
test_files_are_listed(Scene *scene, gconstpointer data)
{
    g_autoptr(json_t) incident = NULL;
    g_autofree char *text = NULL;
    g_autoptr(json_t) manifest = NULL;
    g_autoptr(GPtrArray) problems = NULL;
    const json_t *files;

    die_again(scene, NULL, 1);
    incident = scene_incident(scene, 4);
    text = scene_file(incident, "incident.json");
    manifest = json_loads(text, 0, NULL);
    files = json_object_get(manifest, "files");
    g_assert_cmpuint(json_array_size(files), >=, 4);
    problems = vitals_bundle_verify(scene_member(incident, "path"), files);
    g_assert_cmpuint(problems->len, ==, 0);
}

static void
test_pruned(Scene *scene, gconstpointer data)
{
    FakeGuest *guest;
    g_autofree char *first = NULL;
    g_autofree char *second = NULL;
    g_autoptr(json_t) incidents = NULL;

    scene_set(scene->settings, "Store.MaxIncidents", "1");
    guest = die_again(scene, NULL, 1);
    {
        g_autoptr(json_t) incident = scene_incident(scene, 4);

        first = g_strdup(scene_member(incident, "path"));
    }
    fake_renew(scene->fake, guest);
    fake_fire(scene->fake, guest, guest->id, VITALS_EVENT_STARTED);
    scene_run(1.1);
    fake_panic(scene->fake, guest);
    /* the new one stays, the old one goes from the disk and from the list */
    scene_until(!g_file_test(first, G_FILE_TEST_EXISTS), 5);
    scene_until(scene_n_incidents(scene) == 1, 3);
    incidents = scene_incidents(scene);
    second = g_strdup(scene_member(json_array_get(incidents, 0), "path"));
    g_assert_cmpstr(first, !=, second);
    g_assert_true(g_file_test(second, G_FILE_TEST_IS_DIR));
}

#define ADD(path, test) \
    g_test_add("/incidents/" path, Scene, NULL, scene_set_up, test, scene_tear_down)

int
main(int argc, char **argv)
{
    scene_init(&argc, &argv);
    ADD("files-are-listed", test_files_are_listed);
    ADD("pruned", test_pruned);
    return g_test_run();
}
