/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/e2e/daemon.h"
#include "tests/e2e/guest.h"
#include "tests/e2e/lab.h"

/* Long enough for every deadline to pass many times; VITALS_E2E_MINUTES for longer. */
#define MINUTES 3

static const char *const names[] = { "vitals-idle", "vitals-busy" };

/* Nothing is wrong, idle or busy, for minutes: and nothing must be said. */
static void
test_quiet(void)
{
    const char *text = g_getenv("VITALS_E2E_MINUTES");
    double seconds = 60.0 * (text ? g_ascii_strtod(text, NULL) : MINUTES);
    g_autoptr(VitalsLabDaemon) daemon = vitals_lab_daemon_start(NULL);
    g_autoptr(VitalsLabGuest) idle = vitals_lab_guest_start(names[0], NULL);
    g_autoptr(VitalsLabGuest) busy = vitals_lab_guest_start(names[1], "vcpus=2", NULL);
    gint64 start;

    vitals_lab_guest_wait_up(idle);
    vitals_lab_guest_wait_up(busy);
    vitals_lab_guest_type(busy, "busy");
    for (gsize i = 0; i < G_N_ELEMENTS(names); i++)
        vitals_lab_daemon_wait_health(daemon, names[i], "healthy", NULL, g_get_monotonic_time(),
                                      30);

    start = g_get_monotonic_time();
    while (vitals_lab_wait(start, seconds)) {
        for (gsize i = 0; i < G_N_ELEMENTS(names); i++) {
            g_autoptr(json_t) guest = vitals_lab_daemon_guest(daemon, names[i]);

            g_assert_nonnull(guest);
            g_assert_cmpstr(vitals_lab_json_string(guest, "health"), ==, "healthy");
        }
        g_usleep(G_USEC_PER_SEC);
    }
    g_assert_cmpuint(vitals_lab_daemon_incidents(daemon, NULL), ==, 0);
    g_assert_cmpint(vitals_lab_daemon_stop(daemon), ==, 0);
}

static void
add_tests(void)
{
    g_test_add_func("/healthy/quiet", test_quiet);
}

int
main(int argc, char **argv)
{
    return vitals_lab_main(argc, argv, add_tests);
}
