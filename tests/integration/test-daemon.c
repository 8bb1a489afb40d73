/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/integration/scene.h"
#include "tests/unit/program.h"

#include <glib/gstdio.h>
#include <string.h>
#include <sys/mount.h>
#include <unistd.h>

/* ---- from the verdict to the incident ---- */

/* Seen, its definition read; whether it is well is another matter. */
static void
start_and_see(Scene *scene, const char *name)
{
    scene_start(scene);
    scene_until(scene_is(scene, name, "unknown"), 4);
    scene_run(0.3);
}

static FakeGuest *
start_with(Scene *scene, const char *name)
{
    FakeGuest *guest = fake_add(scene->fake, name);

    start_and_see(scene, name);
    return guest;
}

static void
check_metric(Scene *scene, const char *line)
{
    g_autofree char *metrics = scene_get(scene, "/metrics");

    if (!strstr(metrics, line))
        g_error("no '%s' in:\n%s", line, metrics);
}

static void
test_crashed(Scene *scene, gconstpointer data)
{
    static const char *const files[] = { "incident.json", "report.txt",  "domain.xml",
                                         "signals.jsonl", "console.log", "vmcore" };
    g_autofree char *console = g_build_filename(scene->root, "console.log", NULL);
    g_autofree char *serial =
        g_strdup_printf("<devices><serial><log file='%s'/></serial></devices>", console);
    g_autoptr(json_t) incident = NULL;
    g_autofree char *manifest = NULL;
    g_autofree char *report = NULL;
    FakeGuest *guest = fake_add(scene->fake, "web");

    g_assert_true(g_file_set_contents(console, "Kernel panic\n", -1, NULL));
    guest->extra = serial;
    scene_start(scene);
    scene_until(scene_is(scene, "web", "healthy"), 8);
    fake_panic(scene->fake, guest);
    incident = scene_incident(scene, 4);

    g_assert_cmpstr(scene_member(incident, "health"), ==, "crashed");
    g_assert_cmpstr(scene_capture(incident, "result"), ==, "ok");
    g_assert_cmpstr(scene_capture(incident, "format"), ==, "kdump-zlib");
    for (gsize i = 0; i < G_N_ELEMENTS(files); i++) {
        g_autofree char *text = scene_file(incident, files[i]);

        if (!text)
            g_error("there is no %s", files[i]);
    }
    manifest = scene_file(incident, "incident.json");
    g_assert_nonnull(strstr(manifest, "\"complete\": true"));
    report = scene_file(incident, "report.txt");
    g_assert_nonnull(strstr(report, "| Kernel panic"));
    scene_run(0.5);
    check_metric(scene, "virt_vitals_incidents_total{cause=\"guest-panicked\"} 1");
    g_assert_cmpuint(scene_n_incidents(scene), ==, 1);
}

static void
test_kernel_dead(Scene *scene, gconstpointer data)
{
    FakeGuest *guest = start_with(scene, "spinning");
    g_autoptr(json_t) incident = NULL;

    scene_until(scene_is(scene, "spinning", "healthy"), 8);
    fake_silence(scene->fake, guest, 0.9);
    incident = scene_incident(scene, 10);
    g_assert_cmpstr(scene_member(incident, "health"), ==, "unresponsive");
    g_assert_true(g_str_has_prefix(scene_member(incident, "cause"), "kernel-"));
    g_assert_cmpstr(scene_member(incident, "layer"), ==, "kernel");
    g_assert_cmpstr(scene_capture(incident, "result"), ==, "ok");
}

/* Its deadline ends between two cycles, which are far apart here, and is not waited for the next one. The
 * stamp's whole seconds make its silence look up to one longer. */
static void
test_dead_in_time(Scene *scene, gconstpointer data)
{
    FakeGuest *guest = fake_add(scene->fake, "spinning");
    gint64 dead;
    double seconds;

    scene_set(scene->settings, "Monitor.SamplePeriod", "2s");
    scene_set(scene->settings, "Verdict.BalloonDeadline", "5");
    scene_start(scene);
    scene_until(scene_is(scene, "spinning", "healthy"), 10);
    scene_run(0.3); /* into the second cycle's third second, when the deadline ends */
    fake_silence(scene->fake, guest, 0.9);
    dead = g_get_monotonic_time();
    scene_until(scene_is(scene, "spinning", "unresponsive"), 10);
    seconds = (double)(g_get_monotonic_time() - dead) / G_USEC_PER_SEC;
    g_test_message("known after %.2f s", seconds);
    g_assert_cmpfloat(seconds, >, 3.4);
    g_assert_cmpfloat(seconds, <, 5.4);
}

static void
test_as_elf(Scene *scene, gconstpointer data)
{
    FakeGuest *guest = start_with(scene, "old");
    g_autoptr(json_t) incident = NULL;

    fake_lock(scene->fake);
    guest->kdump_unsupported = TRUE;
    fake_unlock(scene->fake);
    fake_panic(scene->fake, guest);
    incident = scene_incident(scene, 4);
    g_assert_cmpstr(scene_capture(incident, "result"), ==, "ok");
    g_assert_cmpstr(scene_capture(incident, "format"), ==, "elf");
    g_assert_cmpuint(fake_calls(scene->fake, guest, FAKE_DUMP), ==, 2);
}

/* An incident is whole and told as such only when its dump is. */
static void
test_not_whole_yet(Scene *scene, gconstpointer data)
{
    FakeGuest *guest = start_with(scene, "slow");
    g_autoptr(json_t) incidents = NULL;
    g_autoptr(json_t) whole = NULL;

    fake_fault(scene->fake, NULL, FAKE_DUMP, (FakeFault){ .hang = TRUE });
    fake_panic(scene->fake, guest);
    scene_until(fake_calls(scene->fake, guest, FAKE_DUMP) == 1, 3);
    scene_run(0.3);
    incidents = scene_incidents(scene);
    g_assert_true(json_is_false(json_object_get(json_array_get(incidents, 0), "complete")));
    g_assert_cmpstr(scene_capture(json_array_get(incidents, 0), "result"), ==, "running");
    fake_release(scene->fake, NULL);
    whole = scene_incident(scene, 3);
    g_assert_true(json_is_true(json_object_get(whole, "complete")));
}

/* ---- dumps that fail ---- */

static void
test_dump_fails(Scene *scene, gconstpointer data)
{
    FakeGuest *guest = start_with(scene, "bad");
    g_autoptr(json_t) incident = NULL;
    g_autofree char *vmcore = NULL;
    g_autofree char *report = NULL;
    g_autofree char *manifest = NULL;

    fake_fault(scene->fake, NULL, FAKE_DUMP,
               (FakeFault){ .fails = TRUE,
                            .error = (VitalsHypervisorError)GPOINTER_TO_INT(data),
                            .message = "odd \xff\x1b[2J reason" });
    fake_panic(scene->fake, guest);
    incident = scene_incident(scene, 4);
    g_assert_cmpstr(scene_capture(incident, "result"), ==, "failed");
    vmcore = scene_file(incident, "vmcore");
    g_assert_null(vmcore);
    report = scene_file(incident, "report.txt");
    g_assert_nonnull(strstr(report, "reason"));
    g_assert_null(strchr(report, '\x1b'));
    g_assert_true(g_utf8_validate(report, -1, NULL));
    manifest = scene_file(incident, "incident.json");
    g_assert_nonnull(strstr(manifest, "\"result\": \"failed\""));
    g_assert_nonnull(strstr(manifest, "dump failed after"));
    scene_run(0.3);
    check_metric(scene, "virt_vitals_captures_total{result=\"failed\"} 1");
}

static void
check_no_dump(Scene *scene, FakeGuest *guest, const char *result, const char *why)
{
    g_autoptr(json_t) incident = NULL;
    g_autofree char *report = NULL;

    incident = scene_incident(scene, 4);
    g_assert_cmpstr(scene_capture(incident, "result"), ==, result);
    report = scene_file(incident, "report.txt");
    if (!strstr(report, why))
        g_error("no '%s' in:\n%s", why, report);
    g_assert_cmpuint(fake_calls(scene->fake, guest, FAKE_DUMP), ==, 0);
}

static void
test_no_space(Scene *scene, gconstpointer data)
{
    FakeGuest *guest;

    scene_set(scene->settings, "Capture.KeepFree", "1000T");
    guest = start_with(scene, "large");
    fake_panic(scene->fake, guest);
    check_no_dump(scene, guest, "refused", "KeepFree");
}

static void
test_encrypted(Scene *scene, gconstpointer data)
{
    FakeGuest *guest = fake_add(scene->fake, "secret");

    guest->extra = "<launchSecurity type='sev'/>";
    start_and_see(scene, "secret");
    fake_panic(scene->fake, guest);
    check_no_dump(scene, guest, "refused", "encrypted");
}

static void
test_destroyed(Scene *scene, gconstpointer data)
{
    FakeGuest *guest = fake_add(scene->fake, "lost");

    guest->on_crash = "destroy";
    start_and_see(scene, "lost");
    scene_run(1); /* a stop right after a start would be the end of the run before */
    fake_vanish(scene->fake, guest);
    fake_fire(scene->fake, guest, -1, VITALS_EVENT_STOPPED_CRASHED);
    check_no_dump(scene, guest, "refused", "CAP003");
}

/* Nothing panicked, and on_crash had no part in it. */
static void
test_qemu_died(Scene *scene, gconstpointer data)
{
    FakeGuest *guest = fake_add(scene->fake, "killed");

    guest->on_crash = "destroy";
    start_and_see(scene, "killed");
    scene_run(1); /* a stop right after a start would be the end of the run before */
    fake_vanish(scene->fake, guest);
    fake_fire(scene->fake, guest, -1, VITALS_EVENT_STOPPED_FAILED);
    check_no_dump(scene, guest, "refused", "gone and its memory with it");
    check_metric(scene, "virt_vitals_incidents_total{cause=\"qemu-died\"} 1");
}

static void
test_dry_run(Scene *scene, gconstpointer data)
{
    FakeGuest *guest;

    scene_set(scene->settings, "Monitor.DryRun", "yes");
    guest = start_with(scene, "look");
    fake_panic(scene->fake, guest);
    check_no_dump(scene, guest, "skipped", "dry run");
}

/* ---- brakes ---- */

static guint
count_result(Scene *scene, const char *result)
{
    g_autoptr(json_t) incidents = scene_incidents(scene);
    size_t index;
    json_t *incident;
    guint count = 0;

    json_array_foreach(incidents, index, incident)
    {
        count += g_str_equal(scene_capture(incident, "result"), result) &&
                 !strstr(scene_member(incident, "path"), ".partial-");
    }
    return count;
}

static void
test_cooldown(Scene *scene, gconstpointer data)
{
    FakeGuest *guest = start_with(scene, "loop");

    fake_panic(scene->fake, guest);
    scene_until(count_result(scene, "ok") == 1, 4);
    fake_renew(scene->fake, guest);
    fake_fire(scene->fake, guest, guest->id, VITALS_EVENT_STARTED);
    scene_run(1.1);
    fake_panic(scene->fake, guest);
    /* the new run is remembered to have been dumped in its last life */
    scene_until(scene_n_incidents(scene) == 2, 3);
    scene_until(count_result(scene, "skipped") == 1, 3);
    g_assert_cmpuint(fake_calls(scene->fake, guest, FAKE_DUMP), ==, 1);
}

/* The brake holds also when all die at once, before the first dump has ended; and dumps are made one
 * at a time. */
static void
test_hourly(Scene *scene, gconstpointer data)
{
    FakeGuest *guests[4];

    scene_set(scene->settings, "Capture.MaxCapturesPerHour", "2");
    for (gsize i = 0; i < G_N_ELEMENTS(guests); i++) {
        g_autofree char *name = g_strdup_printf("guest-%" G_GSIZE_FORMAT, i);

        guests[i] = fake_add(scene->fake, name);
    }
    fake_fault(scene->fake, NULL, FAKE_DUMP, (FakeFault){ .delay = 300 });
    start_and_see(scene, "guest-3");
    for (gsize i = 0; i < G_N_ELEMENTS(guests); i++)
        fake_panic(scene->fake, guests[i]);
    scene_until(count_result(scene, "ok") == 2 && count_result(scene, "skipped") == 2, 6);
    g_assert_cmpuint(fake_calls(scene->fake, NULL, FAKE_DUMP), ==, 2);
    g_assert_cmpuint(fake_most_dumps(scene->fake), ==, 1);
}

/* A guest that was started anew while its dump waited is not the one that died. */
static void
test_turn_too_late(Scene *scene, gconstpointer data)
{
    FakeGuest *first = fake_add(scene->fake, "first");
    FakeGuest *second = start_with(scene, "second");

    fake_fault(scene->fake, first, FAKE_DUMP, (FakeFault){ .hang = TRUE });
    fake_panic(scene->fake, first);
    scene_until(fake_calls(scene->fake, first, FAKE_DUMP) == 1, 3);
    fake_panic(scene->fake, second);
    scene_until(scene_n_incidents(scene) == 2, 3);
    fake_renew(scene->fake, second);
    fake_fire(scene->fake, second, second->id, VITALS_EVENT_STARTED);
    scene_run(0.5);
    fake_release(scene->fake, NULL);
    scene_until(count_result(scene, "ok") == 1 && count_result(scene, "refused") == 1, 4);
    g_assert_cmpuint(fake_calls(scene->fake, second, FAKE_DUMP), ==, 0);
}

/* ---- the state directory ---- */

/* The state directory goes away and comes back: what was to be written then is written. */
static void
test_state_away(Scene *scene, gconstpointer data)
{
    FakeGuest *guest = start_with(scene, "web");
    g_autofree char *away = g_strconcat(scene->state_dir, "-away", NULL);
    g_autofree char *ledger = g_build_filename(scene->state_dir, "guests.json", NULL);
    g_autofree char *text = NULL;

    g_assert_cmpint(g_rename(scene->state_dir, away), ==, 0);
    fake_panic(scene->fake, guest);
    scene_until(scene_is(scene, "web", "crashed"), 3);
    scene_run(1);
    check_metric(scene, "virt_vitals_captures_total{result=\"failed\"} 1");
    g_assert_cmpuint(fake_calls(scene->fake, guest, FAKE_DUMP), ==, 0);

    g_assert_cmpint(g_rename(away, scene->state_dir), ==, 0);
    scene_run(1);
    g_assert_true(g_file_get_contents(ledger, &text, NULL, NULL));
    g_assert_nonnull(strstr(text, "crashed"));
}

static void
fill(const char *directory)
{
    g_autofree char *path = g_build_filename(directory, "ballast", NULL);
    g_autofree char *bytes = g_malloc0(64 * 1024);
    FILE *file = fopen(path, "w");

    g_assert_nonnull(file);
    setvbuf(file, NULL, _IONBF, 0);
    while (fwrite(bytes, 1, 64 * 1024, file) == 64 * 1024)
        ;
    fclose(file);
}

static void
test_disk_full(Scene *scene, gconstpointer data)
{
    FakeGuest *guest;

    if (geteuid() != 0) {
        g_test_skip("only root can mount a small file system");
        return;
    }
    g_assert_cmpint(g_mkdir(scene->state_dir, 0700), ==, 0);
    if (mount("none", scene->state_dir, "tmpfs", 0, "size=256k") < 0) {
        g_test_skip("a small file system cannot be mounted here");
        return;
    }
    guest = start_with(scene, "web");
    fill(scene->state_dir);
    fake_panic(scene->fake, guest);
    scene_until(scene_is(scene, "web", "crashed"), 3);
    scene_run(1);
    check_metric(scene, "virt_vitals_incidents_total{cause=\"guest-panicked\"} 1");
    check_metric(scene, "virt_vitals_captures_total{result=\"failed\"} 1");
    scene_stop(scene);
    g_assert_cmpint(umount2(scene->state_dir, MNT_DETACH), ==, 0);
}

static void
put_partial(Scene *scene, const char *id, const char *manifest)
{
    g_autofree char *name = g_strconcat(".partial-", id, NULL);
    g_autofree char *path = g_build_filename(scene->state_dir, "incidents", name, NULL);
    g_autofree char *file = g_build_filename(path, "incident.json", NULL);

    g_assert_cmpint(g_mkdir_with_parents(path, 0700), ==, 0);
    if (manifest)
        g_assert_true(g_file_set_contents(file, manifest, -1, NULL));
}

static void
test_left_over(Scene *scene, gconstpointer data)
{
    g_autofree char *outside = g_build_filename(scene->root, "outside.json", NULL);
    g_autofree char *link =
        g_build_filename(scene->state_dir, "incidents/.partial-link/incident.json", NULL);
    g_autofree char *linked =
        g_build_filename(scene->state_dir, "incidents/link/incident.json", NULL);
    g_autoptr(json_t) incidents = NULL;

    g_assert_true(g_file_set_contents(outside, "{\"secret\": 1}", -1, NULL));
    put_partial(scene, "dumping",
                "{\"opened\": \"2026-01-01T00:00:00Z\", \"complete\": false, \"domain\": \"web\", "
                "\"capture\": {\"result\": \"running\"}}");
    put_partial(scene, "empty", NULL);
    put_partial(scene, "link", NULL);
    g_assert_cmpint(symlink(outside, link), ==, 0);
    scene_start(scene);
    scene_until(scene_n_incidents(scene) == 1, 3);
    incidents = scene_incidents(scene);
    g_assert_cmpstr(scene_member(json_array_get(incidents, 0), "id"), ==, "dumping");
    g_assert_cmpstr(scene_capture(json_array_get(incidents, 0), "result"), ==, "interrupted");
    g_assert_true(json_is_false(json_object_get(json_array_get(incidents, 0), "complete")));
    /* what a link points to was not taken in */
    g_assert_true(g_file_test(linked, G_FILE_TEST_IS_SYMLINK));
}

/* ---- ends and beginnings ---- */

static void
test_restart(Scene *scene, gconstpointer data)
{
    FakeGuest *guest = start_with(scene, "web");

    fake_panic(scene->fake, guest);
    scene_until(count_result(scene, "ok") == 1, 4);
    scene_stop(scene);
    scene_start(scene);
    scene_until(scene_is(scene, "web", "crashed"), 3);
    scene_run(1);
    g_assert_cmpuint(scene_n_incidents(scene), ==, 1);
    g_assert_cmpuint(fake_calls(scene->fake, guest, FAKE_DUMP), ==, 1);
}

/* All that can hang hangs, and the end comes all the same. */
static void
test_end_while_hanging(Scene *scene, gconstpointer data)
{
    FakeGuest *first = fake_add(scene->fake, "first");
    FakeGuest *second = fake_add(scene->fake, "second");

    second->period = 0;
    scene_start(scene);
    scene_until(scene_is(scene, "first", "healthy") && scene_is(scene, "second", "healthy"), 8);
    for (FakeCall call = FAKE_CONNECT; call < FAKE_N_CALLS; call++) {
        if (call != FAKE_CONNECT && call != FAKE_SWEEP)
            fake_fault(scene->fake, NULL, call, (FakeFault){ .hang = TRUE });
    }
    fake_panic(scene->fake, first);
    scene_until(fake_calls(scene->fake, first, FAKE_DUMP) == 1, 3);
    scene_run(1);
    fake_fault(scene->fake, NULL, FAKE_SWEEP, (FakeFault){ .hang = TRUE });
    scene_run(0.5);
    g_assert_cmpfloat(scene_stop(scene), <, 5);
}

/* A state directory and a guest with names that are no UTF-8. */
static void
test_odd_names(Scene *scene, gconstpointer data)
{
    g_autofree char *odd = g_build_filename(scene->root, "st\xff\nate", NULL);
    g_autoptr(json_t) incident = NULL;
    g_autofree char *manifest = NULL;
    g_autoptr(json_t) json = NULL;
    g_autofree char *directory = NULL;
    FakeGuest *guest;

    vitals_settings_unref(scene->settings);
    scene->settings = scene_settings(scene->state_dir);
    g_assert_cmpint(g_mkdir(odd, 0700), ==, 0);
    g_assert_cmpint(symlink(odd, scene->state_dir), ==, 0);
    guest = fake_add(scene->fake, "two\nlines \x1b[2J\xff/../..");
    scene_start(scene);
    scene_run(1);
    fake_panic(scene->fake, guest);
    incident = scene_incident(scene, 4);
    g_assert_cmpstr(scene_capture(incident, "result"), ==, "ok");
    directory = g_path_get_dirname(scene_member(incident, "path"));
    g_assert_true(g_str_has_suffix(directory, "/incidents"));
    g_assert_null(strpbrk(scene_member(incident, "path"), "\n\x1b"));
    manifest = scene_file(incident, "incident.json");
    json = json_loads(manifest, JSON_REJECT_DUPLICATES, NULL);
    g_assert_cmpstr(scene_capture(json, "result"), ==, "ok");
}

/* ---- the Nth failure ---- */

static void
play(Scene *scene, guint nth, VitalsHypervisorError error)
{
    FakeGuest *first = fake_add(scene->fake, "first");
    g_autoptr(json_t) incident = NULL;
    const char *result;

    fake_add(scene->fake, "second");
    fake_fail_nth(scene->fake, nth, error);
    scene_start(scene);
    scene_until(scene_is(scene, "first", "starting") || scene_is(scene, "first", "unknown"), 6);
    scene_run(0.3);
    fake_panic(scene->fake, first);
    incident = scene_incident(scene, 6);
    result = scene_capture(incident, "result");
    g_assert_true(g_str_equal(result, "ok") ||
                  (g_str_equal(result, "failed") && *scene_capture(incident, "detail")));
    check_metric(scene, "virt_vitals_guests 2");
}

static gboolean
play_once(guint nth, VitalsHypervisorError error)
{
    Scene scene = { 0 };
    gboolean failed;

    scene_set_up(&scene, NULL);
    play(&scene, nth, error);
    failed = fake_has_failed(scene.fake);
    scene_tear_down(&scene, NULL);
    return failed;
}

static gboolean
has_lint(Scene *scene, const char *line)
{
    g_autofree char *metrics = scene_get(scene, "/metrics");

    return strstr(metrics, line) != NULL;
}

/* What lint finds is told at once, and again by the incident that it predicted. */
static void
test_lint(Scene *scene, gconstpointer data)
{
    FakeGuest *guest = fake_add(scene->fake, "web");
    g_autoptr(json_t) incident = NULL;
    g_autofree char *line = g_strdup_printf(
        "virt_vitals_lint_findings{domain=\"web\",uuid=\"%s\",rule=\"CAP007\",severity=",
        guest->uuid);

    fake_tell_names(scene->fake);
    start_and_see(scene, "web");
    scene_until(has_lint(scene, line), 6);
    check_metric(scene, "virt_vitals_lint_definitions 1\n");
    fake_panic(scene->fake, guest);
    incident = scene_incident(scene, 4);
    g_assert_cmpstr(scene_member(incident, "health"), ==, "crashed");
}

/* What guests must not share is told of both. */
static void
test_lint_fleet(Scene *scene, gconstpointer data)
{
    static const char xml[] =
        "<domain type='kvm'><name>%s</name><uuid>%s</uuid><devices><interface type='bridge'>"
        "<mac address='52:54:00:11:22:33'/><source bridge='br0'/></interface></devices></domain>";
    static const char *const names[] = { "web", "copy" };

    for (guint i = 0; i < G_N_ELEMENTS(names); i++) {
        FakeGuest *guest = fake_add(scene->fake, names[i]);

        guest->xml = g_strdup_printf(xml, names[i], guest->uuid);
    }
    fake_tell_names(scene->fake);
    start_and_see(scene, "web");
    scene_until(has_lint(scene, "rule=\"NET001\""), 6);
}

/* Lets one call after the other fail until none is left to fail: each time there is one incident, and
 * nothing is left behind. */
static void
test_nth(gconstpointer data)
{
    VitalsHypervisorError error = (VitalsHypervisorError)GPOINTER_TO_INT(data);
    guint files;
    guint threads;
    guint nth = 1;

    play_once(0, error); /* GLib and curl open what they keep */
    files = scene_open_files();
    threads = scene_threads();
    while (nth <= 40 && play_once(nth, error)) {
        /* a thread is gone a moment after it has ended */
        scene_until(scene_open_files() <= files && scene_threads() <= threads, 3);
        nth++;
    }
    g_assert_cmpuint(nth, >, 10);
}

#define ADD(path, test) \
    g_test_add("/daemon/" path, Scene, NULL, scene_set_up, test, scene_tear_down)
#define ADD_FAILURE(name, code)                                                        \
    g_test_add("/daemon/dump-fails/" name, Scene, GINT_TO_POINTER(code), scene_set_up, \
               test_dump_fails, scene_tear_down)

int
main(int argc, char **argv)
{
    scene_init(&argc, &argv);
    ADD("crashed", test_crashed);
    ADD("kernel-dead", test_kernel_dead);
    ADD("dead-in-time", test_dead_in_time);
    ADD("as-elf", test_as_elf);
    ADD("not-whole-yet", test_not_whole_yet);
    ADD_FAILURE("failed", VITALS_HYPERVISOR_ERROR_FAILED);
    ADD_FAILURE("disconnected", VITALS_HYPERVISOR_ERROR_DISCONNECTED);
    ADD_FAILURE("gone", VITALS_HYPERVISOR_ERROR_GONE);
    ADD_FAILURE("unsupported", VITALS_HYPERVISOR_ERROR_UNSUPPORTED);
    ADD_FAILURE("timed-out", VITALS_HYPERVISOR_ERROR_TIMED_OUT);
    ADD("no-space", test_no_space);
    ADD("encrypted", test_encrypted);
    ADD("destroyed", test_destroyed);
    ADD("qemu-died", test_qemu_died);
    ADD("dry-run", test_dry_run);
    ADD("cooldown", test_cooldown);
    ADD("hourly", test_hourly);
    ADD("turn-too-late", test_turn_too_late);
    ADD("state-away", test_state_away);
    ADD("disk-full", test_disk_full);
    ADD("left-over", test_left_over);
    ADD("restart", test_restart);
    ADD("end-while-hanging", test_end_while_hanging);
    ADD("odd-names", test_odd_names);
    ADD("lint", test_lint);
    ADD("lint/fleet", test_lint_fleet);
    g_test_add_data_func("/daemon/nth-failure/disconnected",
                         GINT_TO_POINTER(VITALS_HYPERVISOR_ERROR_DISCONNECTED), test_nth);
    g_test_add_data_func("/daemon/nth-failure/failed",
                         GINT_TO_POINTER(VITALS_HYPERVISOR_ERROR_FAILED), test_nth);
    return g_test_run();
}
