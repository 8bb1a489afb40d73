/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/e2e/daemon.h"
#include "tests/e2e/guest.h"
#include "tests/e2e/lab.h"

#include <signal.h>

/* The default sample period is 1 s. Both are far above what is measured (1.04 s, 7 ms), for busy machines,
 * and far below what a lane or a scrape that waits for a frozen guest would show. */
#define SAMPLE_AGE_LIMIT 5.0
#define METRICS_LIMIT 0.5
#define STUCK_LIMIT 10.0
/* How long to go on looking once it was noticed: libvirt's own time-outs are 30 s. */
#define WATCH_SECONDS 40.0

#define STOPPED "vitals-stopped"

static const char *const others[] = { "vitals-other-1", "vitals-other-2" };

/* Everybody else must not notice. */
static void
check_others(VitalsLabDaemon *daemon)
{
    double seconds = 0;

    g_assert_cmpint(vitals_lab_daemon_get(daemon, "/metrics", NULL, &seconds), ==, 200);
    g_assert_cmpfloat(seconds, <, METRICS_LIMIT);

    for (gsize i = 0; i < G_N_ELEMENTS(others); i++) {
        g_autoptr(json_t) guest = vitals_lab_daemon_guest(daemon, others[i]);

        g_assert_nonnull(guest);
        g_assert_cmpstr(vitals_lab_json_string(guest, "health"), ==, "healthy");
        g_assert_cmpfloat(json_number_value(json_object_get(guest, "sample_age_seconds")), <=,
                          SAMPLE_AGE_LIMIT);
    }
}

static void
watch_stopped(VitalsLabDaemon *daemon, gint64 fault)
{
    double noticed = 0;

    while (vitals_lab_wait(fault, noticed + WATCH_SECONDS)) {
        g_autoptr(json_t) guest = vitals_lab_daemon_guest(daemon, STOPPED);

        check_others(daemon);
        if (g_str_equal(vitals_lab_json_string(guest, "health"), "stuck")) {
            g_assert_cmpstr(vitals_lab_json_string(guest, "layer"), ==, "hypervisor");
            if (noticed == 0)
                noticed = vitals_lab_since(fault);
        } else {
            g_assert_cmpfloat(noticed, ==, 0);
            g_assert_cmpfloat(vitals_lab_since(fault), <, STUCK_LIMIT);
        }
        g_usleep(G_USEC_PER_SEC / 5);
    }
    g_test_message("%s is stuck after %.2f s", STOPPED, noticed);
}

/* As the host's kernel does it when memory runs out: libvirt calls the guest crashed, and nothing in it was. */
static void
check_killed(VitalsLabDaemon *daemon, VitalsLabGuest *killed, const char *name)
{
    g_autoptr(json_t) incident = NULL;

    vitals_lab_guest_signal(killed, SIGKILL);
    incident = vitals_lab_daemon_wait_incident(daemon, name, 10);
    g_assert_cmpstr(vitals_lab_json_string(incident, "layer"), ==, "hypervisor");
    g_assert_cmpstr(vitals_lab_json_string(incident, "cause"), ==, "qemu-died");
    g_assert_cmpuint(vitals_lab_daemon_incidents(daemon, name), ==, 1);
}

static void
test_stopped(void)
{
    g_autoptr(VitalsLabDaemon) daemon = vitals_lab_daemon_start(NULL);
    g_autoptr(VitalsLabGuest) stopped = vitals_lab_guest_start(STOPPED, NULL);
    g_autoptr(VitalsLabGuest) first = vitals_lab_guest_start(others[0], NULL);
    g_autoptr(VitalsLabGuest) second = NULL;
    gint64 start;

    vitals_lab_guest_wait_up(stopped);
    vitals_lab_guest_wait_up(first);
    second = vitals_lab_guest_start(others[1], NULL);
    vitals_lab_guest_wait_up(second);
    start = g_get_monotonic_time();
    vitals_lab_daemon_wait_health(daemon, STOPPED, "healthy", NULL, start, 30);
    vitals_lab_daemon_wait_health(daemon, others[0], "healthy", NULL, start, 30);
    vitals_lab_daemon_wait_health(daemon, others[1], "healthy", NULL, start, 30);

    vitals_lab_guest_signal(stopped, SIGSTOP);
    watch_stopped(daemon, g_get_monotonic_time());

    vitals_lab_guest_signal(stopped, SIGCONT);
    vitals_lab_daemon_wait_health(daemon, STOPPED, "healthy", NULL, g_get_monotonic_time(), 60);
    check_others(daemon);
    /* It may be written down, but a stopped QEMU cannot be dumped and a running one need not be. */
    if (vitals_lab_daemon_incidents(daemon, STOPPED) > 0) {
        g_autoptr(json_t) incident = vitals_lab_daemon_wait_incident(daemon, STOPPED, 1);
        const json_t *capture = json_object_get(incident, "capture");

        g_assert_cmpstr(vitals_lab_json_string(capture, "result"), !=, "ok");
    }
    check_killed(daemon, second, others[1]);
    g_assert_cmpint(vitals_lab_daemon_stop(daemon), ==, 0);
}

/* Stopped for good: the daemon still ends in time, though a call may hang in libvirtd. */
static void
test_stopped_at_exit(void)
{
    g_autoptr(VitalsLabDaemon) daemon = vitals_lab_daemon_start(NULL);
    g_autoptr(VitalsLabGuest) stopped = vitals_lab_guest_start(STOPPED, NULL);

    vitals_lab_guest_wait_up(stopped);
    vitals_lab_daemon_wait_health(daemon, STOPPED, "healthy", NULL, g_get_monotonic_time(), 30);
    vitals_lab_guest_signal(stopped, SIGSTOP);
    vitals_lab_daemon_wait_health(daemon, STOPPED, "stuck", "hypervisor", g_get_monotonic_time(),
                                  STUCK_LIMIT);
    g_assert_cmpint(vitals_lab_daemon_stop(daemon), ==, 0);
}

/* Firmware only, as QEMU and libvirt are what matters here: 24 of them start in seconds. */
#define CROWD 24
#define RECOVERED_LIMIT 10.0

static char *
crowd_name(guint i)
{
    return g_strdup_printf("vitals-crowd-%u", i);
}

static gboolean
is_stuck(const json_t *guest)
{
    return g_str_equal(vitals_lab_json_string(guest, "health"), "stuck");
}

/* How many are called stuck; nobody else may notice, however many they are. */
static guint
count_stuck(VitalsLabDaemon *daemon)
{
    guint count = 0;
    double seconds = 0;

    g_assert_cmpint(vitals_lab_daemon_get(daemon, "/metrics", NULL, &seconds), ==, 200);
    g_assert_cmpfloat(seconds, <, METRICS_LIMIT);
    for (guint i = 0; i < CROWD; i++) {
        g_autofree char *name = crowd_name(i);
        g_autoptr(json_t) guest = vitals_lab_daemon_guest(daemon, name);

        g_assert_nonnull(guest);
        count += is_stuck(guest);
        if (i % 2)
            g_assert_false(is_stuck(guest));
        g_assert_cmpfloat(json_number_value(json_object_get(guest, "sample_age_seconds")), <=,
                          SAMPLE_AGE_LIMIT);
    }
    return count;
}

static void
wait_stuck(VitalsLabDaemon *daemon, guint wanted, double seconds)
{
    gint64 start = g_get_monotonic_time();

    while (count_stuck(daemon) != wanted)
        g_assert_true(vitals_lab_wait_patiently(start, seconds));
    g_test_message("%u of %u are stuck after %.2f s", wanted, CROWD, vitals_lab_since(start));
}

/* Every other guest's QEMU at the same moment: libvirtd has fewer workers than that, and stays usable. */
static void
test_half(void)
{
    g_autoptr(VitalsLabDaemon) daemon = vitals_lab_daemon_start(NULL);
    g_autoptr(GPtrArray) guests =
        g_ptr_array_new_with_free_func((GDestroyNotify)vitals_lab_guest_free);

    for (guint i = 0; i < CROWD; i++) {
        g_autofree char *name = crowd_name(i);

        g_ptr_array_add(guests, vitals_lab_guest_start(name, "boot=none", "memory=24", NULL));
    }
    for (guint i = 0; i < CROWD; i++) {
        g_autofree char *name = crowd_name(i);

        /* their firmware says so itself, on the serial console: no bootable device */
        vitals_lab_daemon_wait_health(daemon, name, "degraded", NULL, g_get_monotonic_time(), 30);
    }

    for (guint i = 0; i < CROWD; i += 2)
        vitals_lab_guest_signal(guests->pdata[i], SIGSTOP);
    wait_stuck(daemon, CROWD / 2, STUCK_LIMIT);
    for (gint64 start = g_get_monotonic_time(); vitals_lab_wait(start, 5);)
        g_assert_cmpuint(count_stuck(daemon), ==, CROWD / 2);

    for (guint i = 0; i < CROWD; i += 2)
        vitals_lab_guest_signal(guests->pdata[i], SIGCONT);
    wait_stuck(daemon, 0, RECOVERED_LIMIT);
    g_assert_cmpint(vitals_lab_daemon_stop(daemon), ==, 0);
}

static void
add_tests(void)
{
    g_test_add_func("/stuck/stopped", test_stopped);
    g_test_add_func("/stuck/stopped-at-exit", test_stopped_at_exit);
    g_test_add_func("/stuck/half", test_half);
}

int
main(int argc, char **argv)
{
    return vitals_lab_main(argc, argv, add_tests);
}
