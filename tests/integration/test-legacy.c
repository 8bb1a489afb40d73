/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/integration/scene.h"

#include <string.h>

/* A monitor that was killed between a guest's dump and the end of what the policy does to it: the next one brings
 * that to its end, and dumps nobody a second time. The kill is an action that does not return while the monitor
 * ends; what it did to the guest the test says. */

static FakeGuest *
start_with(Scene *scene, const char *policy)
{
    FakeGuest *guest = fake_add(scene->fake, "web");

    scene_set(scene->settings, "Policy.OnCrashed", policy);
    scene_set(scene->settings, "Policy.OnKernelDead", policy);
    scene_set(scene->settings, "Capture.CaptureCooldown", "0");
    scene_set(scene->settings, "Verdict.BootGrace", "1s");
    /* what was begun counts already, and its end is not another one */
    scene_set(scene->settings, "Policy.MaxRecoveriesPerHour", "1");
    scene_start(scene);
    scene_until(scene_is(scene, "web", "healthy"), 8);
    fake_fault(
        scene->fake, NULL, FAKE_ACT,
        (FakeFault){ .hang = TRUE, .fails = TRUE, .error = VITALS_HYPERVISOR_ERROR_DISCONNECTED });
    return guest;
}

static void
kill_amid_action(Scene *scene, FakeGuest *guest)
{
    scene_until(fake_calls(scene->fake, guest, FAKE_ACT) == 1, 15);
    g_assert_cmpuint(fake_calls(scene->fake, guest, FAKE_DUMP), ==, 1);
    scene_stop(scene);
    fake_release(scene->fake, NULL);
}

static void
put(Scene *scene, FakeGuest *guest, VitalsDomainState state, VitalsReason reason)
{
    fake_lock(scene->fake);
    guest->state = state;
    guest->reason = reason;
    fake_unlock(scene->fake);
}

/* Returns: (transfer full) (nullable): the newest of @count incidents, once it is whole */
static json_t *
newest(Scene *scene, guint count)
{
    g_autoptr(json_t) incidents = scene_incidents(scene);
    json_t *incident = json_array_get(incidents, 0);

    return json_array_size(incidents) == count && *scene_member(incident, "path") &&
                   !strstr(scene_member(incident, "path"), ".partial-")
               ? json_incref(incident)
               : NULL;
}

static void
check_finished(Scene *scene, FakeGuest *guest, const char *begun, const char *done)
{
    g_autoptr(json_t) incident = NULL;

    scene_until((incident = newest(scene, 2)), 15);
    g_assert_cmpuint(fake_calls(scene->fake, guest, FAKE_DUMP), ==, 1);
    g_assert_cmpstr(scene_capture(incident, "result"), ==, "skipped");
    g_assert_nonnull(strstr(scene_capture(incident, "detail"), "its memory is saved already"));
    scene_check_told(incident, begun, done, NULL);
    scene_until(scene_is(scene, "web", "healthy"), 10);
}

/* libvirt calls a guest so that was reset after its crash and not continued. */
static void
test_reset_amid(Scene *scene, gconstpointer data)
{
    FakeGuest *guest = start_with(scene, "capture-reset");

    fake_panic(scene->fake, guest);
    kill_amid_action(scene, guest);
    put(scene, guest, VITALS_DOMAIN_PAUSED, VITALS_REASON_CRASHED);
    scene_start(scene);
    check_finished(scene, guest, "reset begins", "reset done");
    g_assert_cmpint(fake_done(scene->fake, guest), ==, VITALS_ACTION_RESET);
}

/* The reset did not come to pass: the guest hangs as it did, and what it holds is on the disk. */
static void
test_not_reset(Scene *scene, gconstpointer data)
{
    g_autoptr(json_t) incidents = NULL;
    g_autofree char *manifest = NULL;
    FakeGuest *guest = start_with(scene, "capture-reset");

    fake_silence(scene->fake, guest, 0.9);
    kill_amid_action(scene, guest);
    scene_start(scene);
    check_finished(scene, guest, "reset begins", "reset done");
    /* that nobody had proven its silence yet was no recovery */
    incidents = scene_incidents(scene);
    manifest = scene_file(json_array_get(incidents, 1), "incident.json");
    g_assert_null(strstr(manifest, "recovered"));
}

/* It did, and the guest went on: its next death is one of its own. */
static void
test_next_death(Scene *scene, gconstpointer data)
{
    g_autoptr(json_t) incident = NULL;
    FakeGuest *guest = start_with(scene, "capture-reset");

    fake_panic(scene->fake, guest);
    kill_amid_action(scene, guest);
    put(scene, guest, VITALS_DOMAIN_RUNNING, VITALS_REASON_OTHER);
    fake_lock(scene->fake);
    guest->beating = TRUE;
    fake_unlock(scene->fake);
    scene_start(scene);
    scene_until(scene_is(scene, "web", "healthy"), 10);
    fake_panic(scene->fake, guest);
    scene_until((incident = newest(scene, 2)), 10);
    g_assert_cmpstr(scene_capture(incident, "result"), ==, "ok");
    g_assert_cmpuint(fake_calls(scene->fake, guest, FAKE_DUMP), ==, 2);
}

/* Likewise if it was started anew: that is another run. */
static void
test_other_run(Scene *scene, gconstpointer data)
{
    g_autoptr(json_t) incident = NULL;
    FakeGuest *guest = start_with(scene, "capture-reset");

    fake_panic(scene->fake, guest);
    kill_amid_action(scene, guest);
    fake_renew(scene->fake, guest);
    put(scene, guest, VITALS_DOMAIN_CRASHED, VITALS_REASON_CRASHED);
    scene_start(scene);
    scene_until((incident = newest(scene, 2)), 10);
    g_assert_cmpstr(scene_capture(incident, "result"), ==, "ok");
}

/* Whoever was killed wrote the one half of it, and another the rest. */
static gboolean
tells(const json_t *incident, const char *text)
{
    g_autofree char *manifest = scene_file(incident, "incident.json");

    return strstr(manifest, text) != NULL;
}

/* It is off, and libvirt is not there for a moment: it is started all the same. */
static void
test_restart_amid(Scene *scene, gconstpointer data)
{
    g_autoptr(json_t) incident = NULL;
    FakeGuest *guest = start_with(scene, "capture-restart");

    fake_panic(scene->fake, guest);
    kill_amid_action(scene, guest);
    fake_vanish(scene->fake, guest);
    fake_fault(
        scene->fake, NULL, FAKE_ACT,
        (FakeFault){ .fails = TRUE, .error = VITALS_HYPERVISOR_ERROR_DISCONNECTED, .times = 1 });
    scene_start(scene);
    scene_until(scene_is(scene, "web", "healthy"), 15);
    g_assert_cmpint(fake_done(scene->fake, guest), ==, VITALS_ACTION_START);
    g_assert_cmpuint(scene_n_incidents(scene), ==, 1);
    incident = newest(scene, 1);
    scene_until(tells(incident, "recovered: "), 10);
    scene_check_told(incident, "restart begins", "restart done: a later monitor",
                     "recovered: ", "a later one saw to it that it runs", NULL);
}

int
main(int argc, char **argv)
{
    static const struct {
        const char *path;
        void (*test)(Scene *, gconstpointer);
    } tests[] = {
        { "/legacy/reset-amid", test_reset_amid },     { "/legacy/not-reset", test_not_reset },
        { "/legacy/next-death", test_next_death },     { "/legacy/other-run", test_other_run },
        { "/legacy/restart-amid", test_restart_amid },
    };

    scene_init(&argc, &argv);
    for (guint i = 0; i < G_N_ELEMENTS(tests); i++)
        g_test_add(tests[i].path, Scene, NULL, scene_set_up, tests[i].test, scene_tear_down);
    return g_test_run();
}
