/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/e2e/daemon.h"
#include "tests/e2e/guest.h"
#include "tests/e2e/lab.h"

#include <string.h>

/*
 * What real guests write on their consoles while they suffer, and what the daemon makes of it. None has a
 * panic device.
 */

/* A guest that is healthy, and its console read. */
static VitalsLabGuest *
start_guest(VitalsLabDaemon *daemon, const char *name, const char *extra)
{
    VitalsLabGuest *guest = vitals_lab_guest_start(name, extra, NULL);

    vitals_lab_guest_wait_up(guest);
    vitals_lab_daemon_wait_health(daemon, name, "healthy", NULL, g_get_monotonic_time(), 30);
    return guest;
}

/* Returns: seconds after @since */
static double
wait_cause(VitalsLabDaemon *daemon, const char *name, const char *cause, gint64 since,
           double seconds)
{
    const char *last = "nothing";

    for (;;) {
        g_autoptr(json_t) guest = vitals_lab_daemon_guest(daemon, name);

        last = g_intern_string(guest ? vitals_lab_json_string(guest, "cause") : "nothing");
        if (g_str_equal(last, cause))
            break;
        if (!vitals_lab_wait(since, seconds))
            g_error("%s: no '%s' after %.1f s, but '%s'", name, cause, seconds, last);
    }
    g_test_message("%s: %s after %.2f s", name, cause, vitals_lab_since(since));
    return vitals_lab_since(since);
}

static void
check_detail(VitalsLabDaemon *daemon, const char *name, const char *part)
{
    g_autoptr(json_t) guest = vitals_lab_daemon_guest(daemon, name);
    const char *detail = vitals_lab_json_string(guest, "detail");

    g_test_message("%s: %s", name, detail);
    if (!strstr(detail, part))
        g_error("%s: '%s' does not tell of '%s'", name, detail, part);
}

static void
check_metric(VitalsLabDaemon *daemon, const char *line)
{
    g_autofree char *body = NULL;

    g_assert_cmpint(vitals_lab_daemon_get(daemon, "/metrics", &body, NULL), ==, 200);
    if (!strstr(body, line))
        g_error("no '%s' among the metrics", line);
}

/* Init dies, and the kernel with it: known from its text. */
static void
test_init_dies(void)
{
    g_autoptr(VitalsLabDaemon) daemon = vitals_lab_daemon_start(NULL);
    g_autoptr(VitalsLabGuest) guest = start_guest(daemon, "vitals-init", "panic=no");
    g_autoptr(json_t) incident = NULL;
    gint64 fault = vitals_lab_guest_cause(guest, "exit");

    vitals_lab_daemon_wait_health(daemon, "vitals-init", "crashed", "kernel", fault, 2);
    wait_cause(daemon, "vitals-init", "kernel-panic", fault, 2);
    incident = vitals_lab_daemon_wait_incident(daemon, "vitals-init", 60);
    g_assert_cmpstr(vitals_lab_json_string(incident, "cause"), ==, "kernel-panic");
    g_assert_nonnull(strstr(vitals_lab_json_string(incident, "title"), "init"));
    check_detail(daemon, "vitals-init", "init");
    g_assert_cmpint(vitals_lab_daemon_stop(daemon), ==, 0);
}

/* It says that it panicked, and lives: nothing is done to it. What it really suffers from is named. */
static void
test_lives(void)
{
    g_autoptr(VitalsLabDaemon) daemon = vitals_lab_daemon_start(NULL);
    g_autoptr(VitalsLabGuest) guest = start_guest(daemon, "vitals-lives", "cmdline=vitals.getty=3");
    gint64 since = g_get_monotonic_time();

    vitals_lab_guest_type(guest, "echo Kernel panic - not syncing: typed");
    vitals_lab_guest_type(guest, "echo '<0>Kernel panic - not syncing: forged' >/dev/kmsg");
    vitals_lab_daemon_wait_health(daemon, "vitals-lives", "healthy", NULL, since, 15);
    g_usleep(5 * G_USEC_PER_SEC);
    vitals_lab_daemon_wait_health(daemon, "vitals-lives", "healthy", NULL, g_get_monotonic_time(),
                                  1);

    since = vitals_lab_guest_cause(guest, "getty-loop");
    wait_cause(daemon, "vitals-lives", "console-loop", since, 14);
    check_detail(daemon, "vitals-lives", "restart counter is at");

    since = vitals_lab_guest_cause(guest, "oops");
    wait_cause(daemon, "vitals-lives", "kernel-fault", since, 4);
    check_detail(daemon, "vitals-lives", "BUG: ");

    g_assert_cmpuint(vitals_lab_daemon_incidents(daemon, "vitals-lives"), ==, 0);
    check_metric(daemon, "virt_vitals_console_reports_total{domain=\"vitals-lives\"");
    check_metric(daemon, "virt_vitals_console_loops_total{domain=\"vitals-lives\"");
    g_assert_cmpint(vitals_lab_daemon_stop(daemon), ==, 0);
}

/* Memory runs out again and again, and then the console is flooded. */
static void
test_out_of_memory(void)
{
    g_autoptr(VitalsLabDaemon) daemon = vitals_lab_daemon_start(NULL);
    g_autoptr(VitalsLabGuest) guest = start_guest(daemon, "vitals-memory", "memory=192");
    gint64 fault = vitals_lab_guest_cause(guest, "oom-loop");

    vitals_lab_daemon_wait_health(daemon, "vitals-memory", "degraded", NULL, fault, 60);
    check_detail(daemon, "vitals-memory", "memory");
    g_assert_cmpint(vitals_lab_daemon_stop(daemon), ==, 0);
}

/* The firmware finds nothing to boot from, and says so where there is a serial console. */
static void
test_no_boot(void)
{
    g_autoptr(VitalsLabDaemon) daemon = vitals_lab_daemon_start(NULL);
    g_autoptr(VitalsLabGuest) guest = vitals_lab_guest_start("vitals-boot", "boot=none", NULL);
    gint64 start = g_get_monotonic_time();

    wait_cause(daemon, "vitals-boot", "boot-stopped", start, 60);
    check_detail(daemon, "vitals-boot", "boot");
    g_assert_cmpint(vitals_lab_daemon_stop(daemon), ==, 0);
}

static void
add_tests(void)
{
    g_test_add_func("/console/init-dies", test_init_dies);
    g_test_add_func("/console/lives", test_lives);
    g_test_add_func("/console/out-of-memory", test_out_of_memory);
    g_test_add_func("/console/no-boot", test_no_boot);
}

int
main(int argc, char **argv)
{
    return vitals_lab_main(argc, argv, add_tests);
}
