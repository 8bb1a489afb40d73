/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/integration/scene.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

/* What the policy decides is what happens: to the guest, in this order, and as the incident tells. */

static FakeGuest *
start_with(Scene *scene, const char *name)
{
    FakeGuest *guest = fake_add(scene->fake, name);

    scene_start(scene);
    scene_until(scene_is(scene, name, "healthy"), 8);
    return guest;
}

static void
test_reset(Scene *scene, gconstpointer data)
{
    g_autoptr(json_t) incident = NULL;
    FakeGuest *guest;

    scene_set(scene->settings, "Policy.OnCrashed", "capture-reset");
    guest = start_with(scene, "web");
    fake_panic(scene->fake, guest);
    incident = scene_incident(scene, 5);
    g_assert_cmpstr(scene_capture(incident, "result"), ==, "ok");
    g_assert_cmpint(fake_done(scene->fake, guest), ==, VITALS_ACTION_RESET);
    g_assert_cmpuint(fake_calls(scene->fake, guest, FAKE_ACT), ==, 1);
    scene_check_told(incident, "dump ends", "reset done", NULL);
    scene_check_told(incident, "\"outcome\": \"The guest was reset, as", "\"ok\"", NULL);
}

/* The evidence is not safe, so that nobody touches the guest. */
static void
test_no_dump_no_reset(Scene *scene, gconstpointer data)
{
    g_autoptr(json_t) incident = NULL;
    FakeGuest *guest;

    scene_set(scene->settings, "Policy.OnCrashed", "capture-reset");
    fake_fault(scene->fake, NULL, FAKE_DUMP,
               (FakeFault){ .fails = TRUE, .error = VITALS_HYPERVISOR_ERROR_FAILED });
    guest = start_with(scene, "web");
    fake_panic(scene->fake, guest);
    incident = scene_incident(scene, 5);
    g_assert_cmpstr(scene_capture(incident, "result"), ==, "failed");
    g_assert_cmpint(fake_done(scene->fake, guest), ==, VITALS_ACTION_NONE);
    scene_check_told(incident, "dump failed", "no reset: its memory is not saved",
                     "left as it is. No reset, as the policy would have it", NULL);
}

/* Unless the service comes first. */
static void
test_recover_without_dump(Scene *scene, gconstpointer data)
{
    g_autoptr(json_t) incident = NULL;
    FakeGuest *guest;

    scene_set(scene->settings, "Policy.OnCrashed", "capture-destroy");
    scene_set(scene->settings, "Policy.RecoverWithoutDump", "yes");
    fake_fault(scene->fake, NULL, FAKE_DUMP,
               (FakeFault){ .fails = TRUE, .error = VITALS_HYPERVISOR_ERROR_FAILED });
    guest = start_with(scene, "web");
    fake_panic(scene->fake, guest);
    incident = scene_incident(scene, 5);
    g_assert_cmpint(fake_done(scene->fake, guest), ==, VITALS_ACTION_DESTROY);
    scene_check_told(incident, "dump failed", "destroy done", NULL);
}

/* libvirt that goes away for a moment does not save the guest from it. */
static void
test_act_again(Scene *scene, gconstpointer data)
{
    g_autoptr(json_t) incident = NULL;
    FakeGuest *guest;

    scene_set(scene->settings, "Policy.OnCrashed", "capture-reset");
    fake_fault(
        scene->fake, NULL, FAKE_ACT,
        (FakeFault){ .fails = TRUE, .error = VITALS_HYPERVISOR_ERROR_DISCONNECTED, .times = 1 });
    guest = start_with(scene, "web");
    fake_panic(scene->fake, guest);
    incident = scene_incident(scene, 8);
    g_assert_cmpint(fake_done(scene->fake, guest), ==, VITALS_ACTION_RESET);
    g_assert_cmpuint(fake_calls(scene->fake, guest, FAKE_ACT), ==, 2);
    scene_check_told(incident, "dump ends", "reset done", NULL);
}

/* An action that fails is told of, and the incident is whole all the same. */
static void
test_action_fails(Scene *scene, gconstpointer data)
{
    g_autoptr(json_t) incident = NULL;
    FakeGuest *guest;

    scene_set(scene->settings, "Policy.OnCrashed", "capture-inject-nmi");
    fake_fault(scene->fake, NULL, FAKE_ACT,
               (FakeFault){ .fails = TRUE,
                            .error = VITALS_HYPERVISOR_ERROR_UNSUPPORTED,
                            .message = "no NMI here" });
    guest = start_with(scene, "web");
    fake_panic(scene->fake, guest);
    incident = scene_incident(scene, 5);
    g_assert_cmpstr(scene_capture(incident, "result"), ==, "ok");
    scene_check_told(incident, "dump ends", "inject-nmi failed: no NMI here", NULL);
}

/* A verdict has to hold for as long as the policy wants to see it. */
static void
test_act_after(Scene *scene, gconstpointer data)
{
    g_autoptr(json_t) incident = NULL;
    FakeGuest *guest;

    scene_set(scene->settings, "Policy.ActAfter", "2s");
    guest = start_with(scene, "web");
    fake_silence(scene->fake, guest, 0.9);
    scene_until(scene_is(scene, "web", "unresponsive"), 10);
    scene_run(0.5);
    g_assert_cmpuint(scene_n_incidents(scene), ==, 0);
    incident = scene_incident(scene, 5);
    g_assert_cmpstr(scene_capture(incident, "result"), ==, "ok");
    g_assert_cmpint(fake_done(scene->fake, guest), ==, VITALS_ACTION_NONE);
    scene_check_told(incident, "left as it is: the policy asks for nothing more", NULL);
}

/* A guest that is heard again is left alone, though its verdict waits for that to last. */
static void
test_comes_back(Scene *scene, gconstpointer data)
{
    FakeGuest *guest;

    scene_set(scene->settings, "Policy.ActAfter", "3s");
    guest = start_with(scene, "web");
    fake_silence(scene->fake, guest, 0.9);
    scene_until(scene_is(scene, "web", "unresponsive"), 10);
    fake_lock(scene->fake);
    guest->beating = TRUE;
    fake_unlock(scene->fake);
    scene_run(3.5);
    g_assert_true(scene_is(scene, "web", "unresponsive"));
    scene_until(scene_is(scene, "web", "healthy"), 10);
    g_assert_cmpuint(scene_n_incidents(scene), ==, 0);
}

/* The definition asks to be spared. */
static void
test_metadata(Scene *scene, gconstpointer data)
{
    g_autoptr(json_t) incident = NULL;
    FakeGuest *guest = fake_add(scene->fake, "web");

    guest->extra = "<metadata><v:policy xmlns:v='urn:virt-vitals:policy:1'>"
                   "<v:on verdict='crashed' do='incident'/></v:policy></metadata>";
    scene_start(scene);
    scene_until(scene_is(scene, "web", "healthy"), 8);
    fake_panic(scene->fake, guest);
    incident = scene_incident(scene, 4);
    g_assert_cmpstr(scene_capture(incident, "result"), ==, "none");
    g_assert_cmpuint(fake_calls(scene->fake, guest, FAKE_DUMP), ==, 0);
}

/* The dump of a dead run has to wait for somebody else's; meanwhile the guest is started anew, and that
 * run is left alone. */
static void
test_other_run(Scene *scene, gconstpointer data)
{
    static const char *const undumped[] = { "refused", "failed", NULL };
    g_autofree char *path = g_build_filename(scene->state_dir, "capture.lock", NULL);
    g_autoptr(json_t) incident = NULL;
    FakeGuest *guest;
    int lock;

    scene_set(scene->settings, "Policy.OnCrashed", "capture-reset");
    scene_set(scene->settings, "Policy.RecoverWithoutDump", "yes");
    guest = start_with(scene, "web");
    lock = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    g_assert_cmpint(flock(lock, LOCK_EX), ==, 0);
    fake_panic(scene->fake, guest);
    scene_run(0.5);
    fake_renew(scene->fake, guest);
    close(lock);
    incident = scene_incident(scene, 5);
    /* refused if the new run was seen first, failed if the dump was the first to find it */
    g_test_message("the dump: %s", scene_capture(incident, "result"));
    g_assert_true(g_strv_contains(undumped, scene_capture(incident, "result")));
    g_assert_cmpstr(scene_capture(incident, "path"), ==, "");
    g_assert_cmpint(fake_done(scene->fake, guest), ==, VITALS_ACTION_NONE);
}

/* A guest that is to be started anew is another run of itself, and well. */
static void
test_restart(Scene *scene, gconstpointer data)
{
    g_autoptr(json_t) incident = NULL;
    FakeGuest *guest;
    int id;

    scene_set(scene->settings, "Policy.OnCrashed", "capture-restart");
    guest = start_with(scene, "web");
    id = guest->id;
    fake_panic(scene->fake, guest);
    incident = scene_incident(scene, 5);
    g_assert_cmpint(fake_done(scene->fake, guest), ==, VITALS_ACTION_RESTART);
    g_assert_cmpint(guest->id, !=, id);
    scene_check_told(incident, "dump ends", "restart done", NULL);
    scene_until(scene_is(scene, "web", "healthy"), 10);
}

/* What the policy asks for, and is not done, has its reason where the reader looks first. */
static void
test_restrained(Scene *scene, gconstpointer data)
{
    g_autoptr(json_t) incident = NULL;
    FakeGuest *guest;

    scene_set(scene->settings, "Policy.OnCrashed", "capture-reset");
    scene_set(scene->settings, "Policy.MaxRecoveriesPerHour", "0");
    guest = start_with(scene, "web");
    fake_panic(scene->fake, guest);
    incident = scene_incident(scene, 5);
    g_assert_cmpuint(fake_calls(scene->fake, guest, FAKE_ACT), ==, 0);
    scene_check_told(incident, "the guest is left as it is: it was recovered",
                     "\"outcome\": \"The guest was left as it is: it was recovered", NULL);
}

/* After so many recoveries somebody has to look at it; the dumps go on. A monitor that is started anew counts
 * those of the one before. */
static void
test_recovery_cap(Scene *scene, gconstpointer data)
{
    FakeGuest *guest;

    scene_set(scene->settings, "Policy.OnCrashed", "capture-reset");
    scene_set(scene->settings, "Policy.MaxRecoveriesPerHour", "1");
    scene_set(scene->settings, "Capture.CaptureCooldown", "0");
    guest = start_with(scene, "web");
    fake_panic(scene->fake, guest);
    scene_until(fake_calls(scene->fake, guest, FAKE_ACT) == 1, 5);
    scene_until(scene_is(scene, "web", "healthy"), 10);
    scene_stop(scene);
    scene_start(scene);
    scene_until(scene_is(scene, "web", "healthy"), 10);
    fake_panic(scene->fake, guest);
    scene_until(fake_calls(scene->fake, guest, FAKE_DUMP) == 2, 5);
    scene_run(0.5);
    g_assert_cmpuint(fake_calls(scene->fake, guest, FAKE_ACT), ==, 1);
}

/* A guest that dies again and again is reset no more. */
static void
test_crash_loop(Scene *scene, gconstpointer data)
{
    FakeGuest *guest;

    scene_set(scene->settings, "Policy.OnCrashed", "capture-reset");
    scene_set(scene->settings, "Policy.CrashLoopCount", "2");
    scene_set(scene->settings, "Capture.CaptureCooldown", "0");
    guest = start_with(scene, "web");
    for (guint death = 1; death <= 3; death++) {
        fake_panic(scene->fake, guest);
        scene_until(scene_n_incidents(scene) == death, 5);
        if (death <= 2)
            scene_until(scene_is(scene, "web", "healthy"), 10);
    }
    scene_run(0.5);
    g_assert_cmpuint(fake_calls(scene->fake, guest, FAKE_DUMP), ==, 3);
    g_assert_cmpuint(fake_calls(scene->fake, guest, FAKE_ACT), ==, 2);
}

int
main(int argc, char **argv)
{
    static const struct {
        const char *path;
        void (*test)(Scene *, gconstpointer);
    } tests[] = {
        { "/policy/reset", test_reset },
        { "/policy/no-dump-no-reset", test_no_dump_no_reset },
        { "/policy/recover-without-dump", test_recover_without_dump },
        { "/policy/act-again", test_act_again },
        { "/policy/action-fails", test_action_fails },
        { "/policy/act-after", test_act_after },
        { "/policy/comes-back", test_comes_back },
        { "/policy/metadata", test_metadata },
        { "/policy/other-run", test_other_run },
        { "/policy/restart", test_restart },
        { "/policy/restrained", test_restrained },
        { "/policy/recovery-cap", test_recovery_cap },
        { "/policy/crash-loop", test_crash_loop },
    };

    scene_init(&argc, &argv);
    for (guint i = 0; i < G_N_ELEMENTS(tests); i++)
        g_test_add(tests[i].path, Scene, NULL, scene_set_up, tests[i].test, scene_tear_down);
    return g_test_run();
}
