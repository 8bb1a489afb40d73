/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/integration/scene.h"

#include <string.h>

/* What has to be over before a guest is dumped: its own kdump, the time after an NMI, another job. */

static FakeGuest *
start_with(Scene *scene, const char *name)
{
    FakeGuest *guest = fake_add(scene->fake, name);

    scene_start(scene);
    scene_until(scene_is(scene, name, "healthy"), 8);
    scene_run(1); /* an event of the first second would be of the run before */
    return guest;
}

static void
set_job(Scene *scene, FakeGuest *guest, VitalsJob job)
{
    fake_lock(scene->fake);
    guest->job = job;
    fake_unlock(scene->fake);
}

/* Its crash kernel is given its time, and when that did not help it is dumped and reset. */
static void
test_kdump_over(Scene *scene, gconstpointer data)
{
    g_autoptr(json_t) incident = NULL;
    FakeGuest *guest;

    scene_set(scene->settings, "Policy.OnCrashed", "capture-reset");
    scene_set(scene->settings, "Capture.GuestKdump", "3s");
    guest = start_with(scene, "web");
    fake_silence(scene->fake, guest, 0.9);
    fake_fire(scene->fake, guest, guest->id, VITALS_EVENT_CRASH_LOADED);
    scene_until(scene_n_incidents(scene) == 1, 5);
    scene_run(1.5);
    g_assert_cmpuint(fake_calls(scene->fake, guest, FAKE_DUMP), ==, 0);
    incident = scene_incident(scene, 8);
    g_assert_cmpstr(scene_capture(incident, "result"), ==, "ok");
    g_assert_cmpint(fake_done(scene->fake, guest), ==, VITALS_ACTION_RESET);
    scene_check_told(incident, "kdump is at work and is given 3", "kdump is over", "dump begins",
                     "reset done", NULL);
}

/* It ended as it does: with a reset. There is one incident, and nobody touched the guest. */
static void
test_kdump_done(Scene *scene, gconstpointer data)
{
    g_autoptr(json_t) incident = NULL;
    g_autofree char *report = NULL;
    FakeGuest *guest;

    scene_set(scene->settings, "Policy.OnCrashed", "capture-reset");
    scene_set(scene->settings, "Policy.RecoverWithoutDump", "yes");
    guest = start_with(scene, "web");
    fake_silence(scene->fake, guest, 0.9);
    fake_fire(scene->fake, guest, guest->id, VITALS_EVENT_CRASH_LOADED);
    scene_until(scene_n_incidents(scene) == 1, 5);
    scene_run(1.5);
    fake_lock(scene->fake);
    guest->beating = TRUE;
    fake_unlock(scene->fake);
    fake_fire(scene->fake, guest, guest->id, VITALS_EVENT_REBOOT);
    incident = scene_incident(scene, 8);
    g_assert_cmpstr(scene_capture(incident, "result"), ==, "refused");
    g_assert_nonnull(strstr(scene_capture(incident, "detail"), "/var/crash"));
    report = scene_file(incident, "report.txt");
    g_assert_nonnull(strstr(report, "It was not dumped: the guest's own kdump had its turn"));
    g_assert_nonnull(strstr(report, "Nothing was done to the guest."));
    g_assert_cmpuint(fake_calls(scene->fake, guest, FAKE_DUMP), ==, 0);
    g_assert_cmpuint(fake_calls(scene->fake, guest, FAKE_ACT), ==, 0);
    g_assert_cmpuint(scene_n_incidents(scene), ==, 1);
}

/* Whoever does not want to wait need not. */
static void
test_kdump_unwanted(Scene *scene, gconstpointer data)
{
    g_autoptr(json_t) incident = NULL;
    FakeGuest *guest;

    scene_set(scene->settings, "Capture.GuestKdump", "0");
    guest = start_with(scene, "web");
    fake_silence(scene->fake, guest, 0.9);
    fake_fire(scene->fake, guest, guest->id, VITALS_EVENT_CRASH_LOADED);
    incident = scene_incident(scene, 5);
    g_assert_cmpstr(scene_capture(incident, "result"), ==, "ok");
}

/* The NMI comes first; the panic that it leads to is no second incident, and ends the wait. */
static void
test_nmi_first(Scene *scene, gconstpointer data)
{
    g_autoptr(json_t) incident = NULL;
    FakeGuest *guest;

    scene_set(scene->settings, "Policy.NmiFirst", "10min");
    scene_set(scene->settings, "Policy.MinimumUptime", "0");
    guest = start_with(scene, "web");
    fake_silence(scene->fake, guest, 0.9);
    scene_until(fake_calls(scene->fake, guest, FAKE_ACT) == 1, 12);
    g_assert_cmpuint(fake_calls(scene->fake, guest, FAKE_DUMP), ==, 0);
    fake_panic(scene->fake, guest);
    incident = scene_incident(scene, 10);
    g_assert_cmpstr(scene_capture(incident, "result"), ==, "ok");
    g_assert_cmpint(fake_done(scene->fake, guest), ==, VITALS_ACTION_INJECT_NMI);
    scene_check_told(incident, "inject-nmi begins", "inject-nmi done", "guest-panicked",
                     "dump begins", NULL);
    scene_run(0.5);
    g_assert_cmpuint(scene_n_incidents(scene), ==, 1);
}

/* Where no NMI can be sent the guest is dumped without. */
static void
test_nmi_fails(Scene *scene, gconstpointer data)
{
    g_autoptr(json_t) incident = NULL;
    FakeGuest *guest;

    scene_set(scene->settings, "Policy.NmiFirst", "10min");
    scene_set(scene->settings, "Policy.MinimumUptime", "0");
    fake_fault(scene->fake, NULL, FAKE_ACT,
               (FakeFault){ .fails = TRUE,
                            .error = VITALS_HYPERVISOR_ERROR_UNSUPPORTED,
                            .message = "no NMI here" });
    guest = start_with(scene, "web");
    fake_silence(scene->fake, guest, 0.9);
    incident = scene_incident(scene, 15);
    g_assert_cmpstr(scene_capture(incident, "result"), ==, "ok");
    scene_check_told(incident, "inject-nmi failed: no NMI here", "dump begins", NULL);
}

/* Somebody's dump is waited for. */
static void
test_job_ends(Scene *scene, gconstpointer data)
{
    g_autoptr(json_t) incident = NULL;
    FakeGuest *guest = start_with(scene, "web");

    set_job(scene, guest, VITALS_JOB_DUMP);
    fake_panic(scene->fake, guest);
    scene_until(fake_calls(scene->fake, guest, FAKE_JOB) >= 2, 5);
    g_assert_cmpuint(fake_calls(scene->fake, guest, FAKE_DUMP), ==, 0);
    set_job(scene, guest, VITALS_JOB_NONE);
    incident = scene_incident(scene, 5);
    g_assert_cmpstr(scene_capture(incident, "result"), ==, "ok");
    scene_check_told(incident, "a dump of the guest is under way", "dump begins", NULL);
}

/* What does not end is the reason. */
static void
test_job_stays(Scene *scene, gconstpointer data)
{
    g_autoptr(json_t) incident = NULL;
    FakeGuest *guest;

    scene_set(scene->settings, "Capture.JobPatience", "1s");
    guest = start_with(scene, "web");
    set_job(scene, guest, VITALS_JOB_MIGRATION);
    fake_panic(scene->fake, guest);
    incident = scene_incident(scene, 6);
    g_assert_cmpstr(scene_capture(incident, "result"), ==, "refused");
    g_assert_nonnull(strstr(scene_capture(incident, "detail"), "a migration of the guest"));
    g_assert_cmpuint(fake_calls(scene->fake, guest, FAKE_DUMP), ==, 0);
}

/* Nobody is destroyed in the middle of its migration, though it could not be dumped for it: it would run on at the
 * other side, and once more here. */
static void
test_job_forbids(Scene *scene, gconstpointer data)
{
    g_autoptr(json_t) incident = NULL;
    FakeGuest *guest;

    scene_set(scene->settings, "Capture.JobPatience", "1s");
    scene_set(scene->settings, "Policy.OnCrashed", "capture-restart");
    scene_set(scene->settings, "Policy.RecoverWithoutDump", "yes");
    scene_set(scene->settings, "Policy.MinimumUptime", "0");
    guest = start_with(scene, "web");
    set_job(scene, guest, VITALS_JOB_MIGRATION);
    fake_panic(scene->fake, guest);
    incident = scene_incident(scene, 6);
    scene_check_told(incident, "did not end within", "no restart: a migration", NULL);
    g_assert_cmpuint(fake_calls(scene->fake, guest, FAKE_ACT), ==, 0);
}

/* One that began while its memory was dumped forbids it as well. */
static void
test_job_begins(Scene *scene, gconstpointer data)
{
    g_autoptr(json_t) incident = NULL;
    FakeGuest *guest;

    scene_set(scene->settings, "Policy.OnCrashed", "capture-reset");
    scene_set(scene->settings, "Policy.MinimumUptime", "0");
    fake_fault(scene->fake, NULL, FAKE_DUMP, (FakeFault){ .delay = 1000 });
    guest = start_with(scene, "web");
    fake_panic(scene->fake, guest);
    scene_until(fake_calls(scene->fake, guest, FAKE_DUMP) == 1, 5);
    set_job(scene, guest, VITALS_JOB_SAVE);
    incident = scene_incident(scene, 6);
    g_assert_cmpstr(scene_capture(incident, "result"), ==, "ok");
    g_assert_cmpuint(fake_calls(scene->fake, guest, FAKE_ACT), ==, 0);
}

/* One that libvirt cannot tell of keeps nobody from the dump. */
static void
test_job_unknown(Scene *scene, gconstpointer data)
{
    g_autoptr(json_t) incident = NULL;
    FakeGuest *guest = start_with(scene, "web");

    fake_fault(scene->fake, guest, FAKE_JOB, (FakeFault){ .hang = TRUE });
    fake_panic(scene->fake, guest);
    incident = scene_incident(scene, 8);
    g_assert_cmpstr(scene_capture(incident, "result"), ==, "ok");
}

/* The monitor ends while it waits; the next one marks that incident and begins anew. */
static void
test_end(Scene *scene, gconstpointer data)
{
    g_autoptr(json_t) incidents = NULL;
    FakeGuest *guest = start_with(scene, "web");

    set_job(scene, guest, VITALS_JOB_BACKUP);
    fake_panic(scene->fake, guest);
    scene_until(fake_calls(scene->fake, guest, FAKE_JOB) >= 1, 5);
    g_assert_cmpfloat(scene_stop(scene), <, 5);
    set_job(scene, guest, VITALS_JOB_NONE);
    scene_start(scene);
    scene_until(fake_calls(scene->fake, guest, FAKE_DUMP) == 1, 8);
    scene_until(scene_n_incidents(scene) == 2, 5);
    incidents = scene_incidents(scene);
    g_assert_cmpstr(scene_capture(json_array_get(incidents, 1), "result"), ==, "interrupted");
}

int
main(int argc, char **argv)
{
    static const struct {
        const char *path;
        void (*test)(Scene *, gconstpointer);
    } tests[] = {
        { "/patience/kdump-over", test_kdump_over },
        { "/patience/kdump-done", test_kdump_done },
        { "/patience/kdump-unwanted", test_kdump_unwanted },
        { "/patience/nmi-first", test_nmi_first },
        { "/patience/nmi-fails", test_nmi_fails },
        { "/patience/job-ends", test_job_ends },
        { "/patience/job-stays", test_job_stays },
        { "/patience/job-forbids", test_job_forbids },
        { "/patience/job-begins", test_job_begins },
        { "/patience/job-unknown", test_job_unknown },
        { "/patience/end", test_end },
    };

    scene_init(&argc, &argv);
    for (guint i = 0; i < G_N_ELEMENTS(tests); i++)
        g_test_add(tests[i].path, Scene, NULL, scene_set_up, tests[i].test, scene_tear_down);
    return g_test_run();
}
