/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/e2e/daemon.h"
#include "tests/e2e/guest.h"
#include "tests/e2e/lab.h"

/* At any moment of a cycle, so that it breaks in the middle of any call. */
#define KILLS 3

static void
kill_again_and_again(void)
{
    for (guint i = 0; i < KILLS; i++) {
        vitals_lab_libvirtd("kill");
        g_usleep((gulong)g_random_int_range(0, G_USEC_PER_SEC));
        vitals_lab_libvirtd("restart");
        g_usleep((gulong)g_random_int_range(0, 2 * G_USEC_PER_SEC));
    }
}

/* Since when the guest's verdict has been what it is. */
static char *
verdict_since(VitalsLabDaemon *daemon, const char *name)
{
    g_autoptr(json_t) guest = vitals_lab_daemon_guest(daemon, name);

    g_assert_nonnull(guest);
    return g_strdup(vitals_lab_json_string(guest, "since"));
}

/* libvirtd dies and comes back: the daemon stays, forgets nobody, blames nobody, and still sees. */
static void
test_killed(void)
{
    g_autoptr(VitalsLabDaemon) daemon = vitals_lab_daemon_start(NULL);
    g_autoptr(VitalsLabGuest) first = vitals_lab_guest_start("vitals-first", NULL);
    g_autoptr(VitalsLabGuest) second = vitals_lab_guest_start("vitals-second", "panic=yes", NULL);
    g_autoptr(json_t) known = NULL;
    g_autoptr(json_t) incident = NULL;
    g_autofree char *since = NULL;
    g_autofree char *still = NULL;
    gint64 start;

    vitals_lab_guest_wait_up(first);
    vitals_lab_guest_wait_up(second);
    start = g_get_monotonic_time();
    vitals_lab_daemon_wait_health(daemon, "vitals-first", "healthy", NULL, start, 30);
    vitals_lab_daemon_wait_health(daemon, "vitals-second", "healthy", NULL, start, 30);
    since = verdict_since(daemon, "vitals-first");

    kill_again_and_again();
    vitals_lab_libvirtd("kill");
    g_usleep(10 * G_USEC_PER_SEC);
    g_assert_cmpint(vitals_lab_daemon_get(daemon, "/metrics", NULL, NULL), ==, 200);
    known = vitals_lab_daemon_guest(daemon, "vitals-first");
    g_assert_nonnull(known);

    vitals_lab_libvirtd("restart");
    start = g_get_monotonic_time();
    vitals_lab_daemon_wait_health(daemon, "vitals-first", "healthy", NULL, start, 60);
    vitals_lab_daemon_wait_health(daemon, "vitals-second", "healthy", NULL, start, 60);
    g_usleep(15 * G_USEC_PER_SEC);
    g_assert_cmpuint(vitals_lab_daemon_incidents(daemon, NULL), ==, 0);
    still = verdict_since(daemon, "vitals-first");
    g_assert_cmpstr(since, ==, still);

    start = vitals_lab_guest_cause(second, "panic");
    vitals_lab_daemon_wait_health(daemon, "vitals-second", "crashed", "kernel", start, 2);
    incident = vitals_lab_daemon_wait_incident(daemon, "vitals-second", 60);
    g_assert_cmpstr(vitals_lab_json_string(json_object_get(incident, "capture"), "result"), ==,
                    "ok");
    start = vitals_lab_guest_cause(first, "spin");
    vitals_lab_daemon_wait_health(daemon, "vitals-first", "unresponsive", "kernel", start, 12);
    g_assert_cmpint(vitals_lab_daemon_stop(daemon), ==, 0);
}

/* The daemon is there first, as at boot; and libvirtd is not there at the end either. */
static void
test_late(void)
{
    g_autoptr(VitalsLabDaemon) daemon = NULL;
    g_autoptr(VitalsLabGuest) guest = NULL;

    vitals_lab_libvirtd("kill");
    daemon = vitals_lab_daemon_start(NULL);
    g_assert_cmpint(vitals_lab_daemon_get(daemon, "/-/ready", NULL, NULL), ==, 503);
    g_usleep(5 * G_USEC_PER_SEC);

    vitals_lab_libvirtd("restart");
    guest = vitals_lab_guest_start("vitals-late", NULL);
    vitals_lab_guest_wait_up(guest);
    vitals_lab_daemon_wait_health(daemon, "vitals-late", "healthy", NULL, g_get_monotonic_time(),
                                  60);
    g_assert_cmpint(vitals_lab_daemon_get(daemon, "/-/ready", NULL, NULL), ==, 200);

    vitals_lab_libvirtd("kill");
    g_assert_cmpint(vitals_lab_daemon_stop(daemon), ==, 0);
    vitals_lab_libvirtd("restart");
}

static void
add_tests(void)
{
    g_test_add_func("/libvirtd/killed", test_killed);
    g_test_add_func("/libvirtd/late", test_late);
}

int
main(int argc, char **argv)
{
    return vitals_lab_main(argc, argv, add_tests);
}
