/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/e2e/daemon.h"
#include "tests/e2e/guest.h"
#include "tests/e2e/lab.h"

#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

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
        if (!vitals_lab_wait_patiently(since, seconds))
            g_error("%s: no '%s' after %.1f s, but '%s'", name, cause, seconds, last);
    }
    g_test_message("%s: %s after %.2f s", name, cause, vitals_lab_since(since));
    return vitals_lab_since(since);
}

/* A verdict may stand before the console that explains it was read: an event is faster than a text. */
static void
check_detail(VitalsLabDaemon *daemon, const char *name, const char *part)
{
    gint64 since = g_get_monotonic_time();

    for (;;) {
        g_autoptr(json_t) guest = vitals_lab_daemon_guest(daemon, name);
        g_autofree char *detail = g_strdup(guest ? vitals_lab_json_string(guest, "detail") : "");

        if (strstr(detail, part)) {
            g_test_message("%s: %s after %.2f s", name, detail, vitals_lab_since(since));
            return;
        }
        if (!vitals_lab_wait_patiently(since, 3))
            g_error("%s: '%s' does not tell of '%s'", name, detail, part);
    }
}

static gboolean
has_metric(VitalsLabDaemon *daemon, const char *line)
{
    g_autofree char *body = NULL;

    g_assert_cmpint(vitals_lab_daemon_get(daemon, "/metrics", &body, NULL), ==, 200);
    return strstr(body, line) != NULL;
}

static void
check_metric(VitalsLabDaemon *daemon, const char *line)
{
    if (!has_metric(daemon, line))
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
    check_metric(daemon, "virt_vitals_console_loop_repeats{domain=\"vitals-lives\"");
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

/* ---- without a log ---- */

/* Somebody at a terminal with `virsh console`. */
typedef struct {
    GPid process;
    int in;
    int out;
    GString *seen;
} Human;

static Human
enter_human(const char *name)
{
    g_autofree char *command = g_strdup_printf("virsh -c '%s' console %s", vitals_lab_uri(), name);
    const char *const argv[] = { "script", "-qec", command, "/dev/null", NULL };
    g_autoptr(GError) error = NULL;
    Human human = { .seen = g_string_new("") };

    signal(SIGPIPE, SIG_IGN);
    g_spawn_async_with_pipes(NULL, (char **)argv, NULL, G_SPAWN_SEARCH_PATH, NULL, NULL,
                             &human.process, &human.in, &human.out, NULL, &error);
    g_assert_no_error(error);
    g_assert_cmpint(fcntl(human.out, F_SETFL, O_NONBLOCK), ==, 0);
    return human;
}

static void
type(Human *human, const char *text)
{
    if (write(human->in, text, strlen(text)) != (ssize_t)strlen(text))
        g_error("virsh console has ended: %s", human->seen->str);
}

static void
see(Human *human, const char *text, double seconds)
{
    gint64 since = g_get_monotonic_time();

    while (!strstr(human->seen->str, text)) {
        char bytes[4096];
        ssize_t got = read(human->out, bytes, sizeof bytes);

        if (got > 0)
            g_string_append_len(human->seen, bytes, got);
        else if (!vitals_lab_wait_patiently(since, seconds))
            g_error("no '%s' in: %s", text, human->seen->str);
    }
    g_test_message("'%s' after %.2f s", text, vitals_lab_since(since));
}

static void
leave_human(Human *human)
{
    type(human, "\035"); /* Ctrl-] */
    close(human->in);
    close(human->out);
    g_string_free(human->seen, TRUE);
}

/* A human gets in at once and without --force, has the console alone, and after that it is read on. */
static void
test_stream(void)
{
    g_autoptr(VitalsLabDaemon) daemon = vitals_lab_daemon_start("[Console]\nStream=yes\n");
    g_autoptr(VitalsLabGuest) guest = vitals_lab_guest_start("vitals-stream", "log=", NULL);
    gint64 since = g_get_monotonic_time();
    Human human;

    while (!has_metric(daemon, "virt_vitals_console_read_bytes_total{domain=\"vitals-stream\""))
        g_assert_true(vitals_lab_wait(since, 60));
    vitals_lab_daemon_wait_health(daemon, "vitals-stream", "healthy", NULL, since, 120);
    human = enter_human("vitals-stream");
    see(&human, "Escape character", 5);
    type(&human, "\necho $((6 * 7))\n");
    see(&human, "42", 20);
    type(&human, "sleep 8; echo c >/proc/sysrq-trigger\n");
    see(&human, "heard sleep", 20);
    leave_human(&human);
    since = g_get_monotonic_time();
    wait_cause(daemon, "vitals-stream", "kernel-panic", since, 60);
    check_detail(daemon, "vitals-stream", "sysrq");
    g_assert_cmpint(vitals_lab_daemon_stop(daemon), ==, 0);
}

/* ---- a flood ---- */

static double
cpu_seconds(VitalsLabDaemon *daemon)
{
    static const char name[] = "\nprocess_cpu_seconds_total ";
    g_autofree char *body = NULL;
    const char *at;

    g_assert_cmpint(vitals_lab_daemon_get(daemon, "/metrics", &body, NULL), ==, 200);
    at = strstr(body, name);
    g_assert_nonnull(at);
    return g_ascii_strtod(at + strlen(name), NULL);
}

/* A guest that writes without end is told of, costs a bounded share of a core, and delays nobody. */
static void
test_flood(void)
{
    g_autoptr(VitalsLabDaemon) daemon = vitals_lab_daemon_start(NULL);
    g_autoptr(VitalsLabGuest) noisy = start_guest(daemon, "vitals-noisy", NULL);
    g_autoptr(VitalsLabGuest) other = start_guest(daemon, "vitals-other", "panic=no");
    gint64 since = vitals_lab_guest_cause(noisy, "flood");
    double cpu = cpu_seconds(daemon);
    double share;

    wait_cause(daemon, "vitals-noisy", "console-flood", since, 30);
    share = (cpu_seconds(daemon) - cpu) / vitals_lab_since(since);
    g_test_message("%.1f %% of a core beside a flood", share * 100);
    g_assert_cmpfloat(share, <, 0.5);
    since = vitals_lab_guest_cause(other, "sysrq");
    wait_cause(daemon, "vitals-other", "kernel-panic", since, 2);
    g_assert_cmpint(vitals_lab_daemon_stop(daemon), ==, 0);
}

static void
add_tests(void)
{
    g_test_add_func("/console/init-dies", test_init_dies);
    g_test_add_func("/console/lives", test_lives);
    g_test_add_func("/console/out-of-memory", test_out_of_memory);
    g_test_add_func("/console/no-boot", test_no_boot);
    g_test_add_func("/console/stream", test_stream);
    g_test_add_func("/console/flood", test_flood);
}

int
main(int argc, char **argv)
{
    return vitals_lab_main(argc, argv, add_tests);
}
