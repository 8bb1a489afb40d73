/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/integration/scene.h"

#include <fcntl.h>
#include <glib/gstdio.h>
#include <string.h>
#include <unistd.h>

/* What a guest writes on its console, all the way to verdict, incident and metrics. */

static char *
log_path(const Scene *scene, const char *name)
{
    return g_strdup_printf("%s/%s.console", scene->root, name);
}

static FakeGuest *
add_with_console(Scene *scene, const char *name)
{
    FakeGuest *guest = fake_add(scene->fake, name);
    g_autofree char *path = log_path(scene, name);
    g_autofree char *serial = NULL;

    g_assert_true(g_file_set_contents(path, "", -1, NULL));
    serial = g_strdup_printf("<devices><serial><log file='%s'/></serial></devices>", path);
    guest->extra = g_intern_string(serial);
    return guest;
}

static void
append(const Scene *scene, const char *name, const char *text)
{
    g_autofree char *path = log_path(scene, name);
    FILE *file = fopen(path, "a");

    g_assert_nonnull(file);
    fputs(text, file);
    fclose(file);
}

static gboolean
has_cause(Scene *scene, const char *name, const char *cause)
{
    g_autoptr(json_t) guest = scene_guest(scene, name);

    return guest && g_str_equal(scene_member(guest, "cause"), cause);
}

static gboolean
has_metric(Scene *scene, const char *line)
{
    g_autofree char *metrics = scene_get(scene, "/metrics");

    return strstr(metrics, line) != NULL;
}

/* Healthy, and its console followed. */
static FakeGuest *
start_with_console(Scene *scene, const char *name)
{
    FakeGuest *guest = add_with_console(scene, name);
    g_autofree char *metric =
        g_strdup_printf("virt_vitals_console_read_bytes_total{domain=\"%s\"", name);

    append(scene, name, "[    0.500000] a line\n");
    scene_start(scene);
    scene_until(scene_is(scene, name, "healthy"), 8);
    scene_until(has_metric(scene, metric), 4);
    append(scene, name, "[    1.000000] another line\n");
    return guest;
}

#define PANIC "[    2.000000] Kernel panic - not syncing: out of ideas\n"

/* The verdict within a second of the text, the dump when the silence has proven it, one incident. */
static void
test_panic(Scene *scene, gconstpointer data)
{
    FakeGuest *guest = start_with_console(scene, "web");
    g_autoptr(json_t) incident = NULL;
    g_autofree char *report = NULL;
    gint64 written;

    fake_silence(scene->fake, guest, 0.9);
    written = g_get_monotonic_time();
    append(scene, "web", PANIC);
    scene_until(has_cause(scene, "web", "kernel-panic"), 2);
    g_test_message("crashed after %.2f s",
                   (double)(g_get_monotonic_time() - written) / G_USEC_PER_SEC);
    g_assert_true(scene_is(scene, "web", "crashed"));
    g_assert_cmpuint(scene_n_incidents(scene), ==, 0);
    incident = scene_incident(scene, 12);
    g_assert_cmpstr(scene_member(incident, "cause"), ==, "kernel-panic");
    g_assert_cmpstr(scene_capture(incident, "result"), ==, "ok");
    g_assert_nonnull(strstr(scene_member(incident, "title"), "out of ideas"));
    report = scene_file(incident, "report.txt");
    g_assert_nonnull(strstr(report, "the guest's console: panic: "));
    g_assert_true(has_metric(scene, "virt_vitals_console_reports_total{domain=\"web\""));
}

/* Somebody writes the text to the kernel's log: neither a dump nor an incident. */
static void
test_survived(Scene *scene, gconstpointer data)
{
    start_with_console(scene, "liar");
    append(scene, "liar", PANIC);
    scene_until(has_cause(scene, "liar", "kernel-panic"), 2);
    scene_until(has_cause(scene, "liar", "none"), 10);
    append(scene, "liar", "Kernel panic - not syncing: typed\n");
    scene_run(5);
    g_assert_true(has_cause(scene, "liar", "none"));
    g_assert_cmpuint(scene_n_incidents(scene), ==, 0);
}

/* panic=5: it starts over before anything is proven. That it panicked is true, and told, without a dump. */
static void
test_rebooted(Scene *scene, gconstpointer data)
{
    FakeGuest *guest = start_with_console(scene, "phoenix");
    g_autoptr(json_t) incident = NULL;
    g_autofree char *report = NULL;

    append(scene, "phoenix", PANIC "[    2.100000] ---[ end Kernel panic ]---\n");
    scene_until(has_cause(scene, "phoenix", "kernel-panic"), 2);
    fake_fire(scene->fake, guest, guest->id, VITALS_EVENT_REBOOT);
    incident = scene_incident(scene, 4);
    g_assert_cmpstr(scene_member(incident, "cause"), ==, "kernel-panic");
    g_assert_cmpstr(scene_capture(incident, "result"), ==, "skipped");
    report = scene_file(incident, "report.txt");
    g_assert_nonnull(strstr(report, "out of ideas"));
    g_assert_cmpuint(fake_calls(scene->fake, guest, FAKE_DUMP), ==, 0);
}

/* Followed to the guest's end, and on from the same place by the next monitor: old news is none. */
static void
test_restart(Scene *scene, gconstpointer data)
{
    g_autofree char *places = NULL;
    g_autofree char *text = NULL;

    start_with_console(scene, "calm");
    append(scene, "calm",
           "[    2.000000] BUG: kernel NULL pointer dereference, address: 0000000000000010\n"
           "[    2.000100] RIP: 0010:widget_open+0x12/0x80\n");
    scene_until(has_cause(scene, "calm", "kernel-fault"), 4);
    scene_stop(scene);
    places = g_build_filename(scene->state_dir, "consoles.json", NULL);
    g_assert_true(g_file_get_contents(places, &text, NULL, NULL));
    g_assert_nonnull(strstr(text, "calm.console"));
    scene_start(scene);
    scene_until(has_cause(scene, "calm", "none"), 8);
    append(scene, "calm", "[   20.000000] a line\n");
    scene_until(has_metric(scene, "virt_vitals_console_read_bytes_total{domain=\"calm\""), 4);
    g_assert_false(has_metric(scene, "virt_vitals_console_reports_total"));
}

/* One guest that floods costs the other nothing, and is told. */
static void
test_flood(Scene *scene, gconstpointer data)
{
    g_autofree char *block = g_strnfill(4 * 1024 * 1024, 'y');
    gint64 written;

    for (gsize i = 1; i < 4 * 1024 * 1024; i += 2)
        block[i] = '\n';
    add_with_console(scene, "noisy");
    start_with_console(scene, "quiet");
    for (guint i = 0; i < 20; i++) {
        append(scene, "noisy", block);
        scene_run(0.2);
    }
    written = g_get_monotonic_time();
    append(scene, "quiet", PANIC);
    scene_until(has_cause(scene, "quiet", "kernel-panic"), 2);
    g_test_message("heard after %.2f s, %s",
                   (double)(g_get_monotonic_time() - written) / G_USEC_PER_SEC, "beside a flood");
    g_assert_true(has_cause(scene, "noisy", "console-flood"));
    g_assert_true(has_metric(scene, "virt_vitals_console_skipped_bytes_total{domain=\"noisy\""));
    scene_until(has_cause(scene, "noisy", "none"), 15);
}

/* Who does not want it is not read. */
static void
test_switched_off(Scene *scene, gconstpointer data)
{
    FakeGuest *guest = add_with_console(scene, "private");

    scene_set(scene->settings, "Console.Follow", "no");
    scene_start(scene);
    scene_until(scene_is(scene, "private", "healthy"), 8);
    append(scene, "private", PANIC);
    fake_lock(scene->fake);
    guest->cores = 0.1;
    fake_unlock(scene->fake);
    scene_run(1);
    g_assert_true(scene_is(scene, "private", "healthy"));
    g_assert_false(has_metric(scene, "virt_vitals_console_"));
}

int
main(int argc, char **argv)
{
    static const struct {
        const char *path;
        void (*test)(Scene *scene, gconstpointer data);
    } tests[] = {
        { "/console/panic", test_panic },       { "/console/survived", test_survived },
        { "/console/rebooted", test_rebooted }, { "/console/restart", test_restart },
        { "/console/flood", test_flood },       { "/console/switched-off", test_switched_off },
    };

    scene_init(&argc, &argv);
    for (gsize i = 0; i < G_N_ELEMENTS(tests); i++)
        g_test_add(tests[i].path, Scene, NULL, scene_set_up, tests[i].test, scene_tear_down);
    return g_test_run();
}
