/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/e2e/daemon.h"
#include "tests/e2e/guest.h"
#include "tests/e2e/lab.h"

#include <string.h>

/* Whether libvirt gives the guest's balloon that statistics period, now. */
static gboolean
has_period(VitalsLabGuest *guest, const char *period)
{
    g_autofree char *xml = vitals_lab_guest_xml(guest);
    g_autofree char *element = g_strdup_printf("<stats period='%s'", period);

    return strstr(xml, element) != NULL;
}

static gboolean
has_any_period(VitalsLabGuest *guest)
{
    g_autofree char *xml = vitals_lab_guest_xml(guest);

    return strstr(xml, "<stats period=") && !has_period(guest, "0");
}

/* A guest without a period gets one, so that there is a pulse, and loses it when we leave. */
static void
test_balloon_period(void)
{
    g_autoptr(VitalsLabDaemon) daemon = vitals_lab_daemon_start(NULL);
    g_autoptr(VitalsLabGuest) unset = vitals_lab_guest_start("vitals-unset", "balloon=unset", NULL);
    g_autoptr(VitalsLabGuest) own = vitals_lab_guest_start("vitals-own", "balloon=5", NULL);
    gint64 start = g_get_monotonic_time();

    while (!has_period(unset, "2"))
        g_assert_true(vitals_lab_wait(start, 30));
    vitals_lab_guest_wait_up(unset);
    vitals_lab_guest_wait_up(own);
    start = g_get_monotonic_time();
    vitals_lab_daemon_wait_health(daemon, "vitals-unset", "healthy", NULL, start, 30);
    vitals_lab_daemon_wait_health(daemon, "vitals-own", "healthy", NULL, start, 30);
    g_assert_true(has_period(own, "5"));

    g_assert_cmpint(vitals_lab_daemon_stop(daemon), ==, 0);
    g_assert_false(has_any_period(unset));
    g_assert_true(has_period(own, "5"));
}

/* And with it a hang is noticed in the guest that had none. */
static void
test_balloon_unset(void)
{
    g_autoptr(VitalsLabDaemon) daemon = vitals_lab_daemon_start(NULL);
    g_autoptr(VitalsLabGuest) guest = vitals_lab_guest_start("vitals-unset", "balloon=unset", NULL);
    gint64 fault;

    vitals_lab_guest_wait_up(guest);
    vitals_lab_daemon_wait_health(daemon, "vitals-unset", "healthy", NULL, g_get_monotonic_time(),
                                  30);
    fault = vitals_lab_guest_cause(guest, "spin");
    vitals_lab_daemon_wait_health(daemon, "vitals-unset", "unresponsive", "kernel", fault, 12);
    g_assert_cmpint(vitals_lab_daemon_stop(daemon), ==, 0);
}

static void
expect_no_incident(VitalsLabDaemon *daemon, double seconds)
{
    gint64 start = g_get_monotonic_time();

    while (vitals_lab_wait(start, seconds)) {
        g_assert_cmpuint(vitals_lab_daemon_incidents(daemon, NULL), ==, 0);
        g_usleep(G_USEC_PER_SEC / 2);
    }
}

/* A guest that is shut down or restarted is no incident. */
static void
test_guest_goes(void)
{
    g_autoptr(VitalsLabDaemon) daemon = vitals_lab_daemon_start(NULL);
    g_autoptr(VitalsLabGuest) guest = vitals_lab_guest_start("vitals-goes", "panic=yes", NULL);

    vitals_lab_guest_wait_up(guest);
    vitals_lab_daemon_wait_health(daemon, "vitals-goes", "healthy", NULL, g_get_monotonic_time(),
                                  30);
    vitals_lab_guest_type(guest, "reboot");
    expect_no_incident(daemon, 20);
    vitals_lab_daemon_wait_health(daemon, "vitals-goes", "healthy", NULL, g_get_monotonic_time(),
                                  60);

    vitals_lab_guest_type(guest, "poweroff");
    expect_no_incident(daemon, 10);
    g_assert_cmpint(vitals_lab_daemon_stop(daemon), ==, 0);
}

static void
add_tests(void)
{
    g_test_add_func("/daemon/balloon-period", test_balloon_period);
    g_test_add_func("/daemon/balloon-unset", test_balloon_unset);
    g_test_add_func("/daemon/guest-goes", test_guest_goes);
}

int
main(int argc, char **argv)
{
    return vitals_lab_main(argc, argv, add_tests);
}
