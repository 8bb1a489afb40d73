/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/integration/scene.h"

/* Apart from the other tests of the daemon, as this one runs with the leak sanitizer looking. */

static guint
count_result(Scene *scene, const char *result)
{
    g_autoptr(json_t) incidents = scene_incidents(scene);
    size_t index;
    json_t *incident;
    guint count = 0;

    json_array_foreach(incidents, index, incident)
    {
        count += g_str_equal(scene_capture(incident, "result"), result);
    }
    return count;
}

/* The end may come between any two steps of an incident: no case is forgotten in memory, which the
 * leak sanitizer sees, or on disk. */
static void
test_end_amid(Scene *scene, gconstpointer data)
{
    FakeGuest *guest = fake_add(scene->fake, "web");

    scene_set(scene->settings, "Capture.CaptureCooldown", "0");
    for (guint step = 0; step < 8; step++) {
        scene_start(scene);
        scene_until(scene_is(scene, "web", "unknown"), 4);
        scene_run(0.3);
        fake_panic(scene->fake, guest);
        scene_run(0.03 * step);
        scene_stop(scene);
        fake_renew(scene->fake, guest);
    }
    scene_start(scene);
    scene_run(0.5);
    g_assert_cmpuint(scene_n_incidents(scene), >, 0);
    g_assert_cmpuint(count_result(scene, "running"), ==, 0);
    g_assert_cmpuint(count_result(scene, "queued"), ==, 0);
}

int
main(int argc, char **argv)
{
    scene_init(&argc, &argv);
    g_test_add("/ending/amid", Scene, NULL, scene_set_up, test_end_amid, scene_tear_down);
    return g_test_run();
}
