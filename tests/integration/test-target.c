/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/integration/scene.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/statvfs.h>
#include <unistd.h>

/*
 * The state directory on a disk that is full, becomes full, or turns read-only: on a file system of the
 * test's own, in a mount namespace of its own. Skipped where that may not be had.
 */

static guint criticals;

static void
count_critical(const char *domain, GLogLevelFlags level, const char *message, gpointer data)
{
    criticals++;
    if (g_getenv("VITALS_TEST_LOG"))
        g_printerr("# %s\n", message);
}

static gboolean
set_size(Scene *scene, unsigned long flags, guint64 bytes)
{
    g_autofree char *options = g_strdup_printf("size=%" G_GUINT64_FORMAT, bytes);

    return mount("tmpfs", scene->state_dir, "tmpfs", flags, options) == 0;
}

/* As large as a dump may need; memory is taken for what is written only. */
#define ROOMY ((guint64)8 << 30)

static void
set_up(Scene *scene, gconstpointer data)
{
    g_autofree char *ballast = NULL;

    scene_set_up(scene, data);
    criticals = 0;
    scene_set(scene->settings, "Policy.OnCrashed", "capture-reset");
    scene_set(scene->settings, "Policy.RecoverWithoutDump", "yes");
    scene_set(scene->settings, "Policy.CrashLoopWindow", "0");
    scene_set(scene->settings, "Capture.CaptureCooldown", "0");
    g_mkdir_with_parents(scene->state_dir, 0700);
    g_assert_true(set_size(scene, 0, ROOMY));
    /* a size of 0 would mean none */
    ballast = g_build_filename(scene->state_dir, "ballast", NULL);
    g_assert_true(g_file_set_contents(ballast, "x", -1, NULL));
}

static void
tear_down(Scene *scene, gconstpointer data)
{
    if (scene->daemon)
        scene_stop(scene);
    umount2(scene->state_dir, MNT_DETACH);
    scene_tear_down(scene, data);
}

/* Not one block is left. */
static void
fill(Scene *scene)
{
    struct statvfs about;

    g_assert_cmpint(statvfs(scene->state_dir, &about), ==, 0);
    g_assert_true(
        set_size(scene, MS_REMOUNT, (guint64)(about.f_blocks - about.f_bfree) * about.f_frsize));
}

static void
make_room(Scene *scene)
{
    g_assert_true(set_size(scene, MS_REMOUNT, ROOMY));
}

static FakeGuest *
start(Scene *scene)
{
    FakeGuest *guest = fake_add(scene->fake, "web");

    scene_start(scene);
    scene_until(scene_is(scene, "web", "healthy"), 8);
    return guest;
}

static gboolean
is_reset(Scene *scene, FakeGuest *guest)
{
    gboolean reset;

    fake_lock(scene->fake);
    reset = guest->done == VITALS_ACTION_RESET;
    fake_unlock(scene->fake);
    return reset;
}

/* The incident that was opened last. */
static json_t *
last_incident(Scene *scene)
{
    g_autoptr(json_t) incidents = scene_incidents(scene);

    return json_incref(json_array_get(incidents, 0));
}

/* The guest got its action, one error told, and the next incident is as good as any. */
static void
check_goes_on(Scene *scene, FakeGuest *guest)
{
    scene_until(is_reset(scene, guest), 8);
    scene_run(0.3);
    g_assert_cmpuint(criticals, ==, 1);
    scene_until(scene_is(scene, "web", "healthy"), 8);
}

static void
check_next(Scene *scene, FakeGuest *guest)
{
    g_autoptr(json_t) incident = NULL;

    scene_run(1.1); /* names of incidents go by the second */
    fake_panic(scene->fake, guest);
    scene_until(scene_n_incidents(scene) == 2, 4);
    scene_until((json_decref(incident), incident = last_incident(scene),
                 json_is_true(json_object_get(incident, "complete"))),
                8);
    g_assert_cmpstr(scene_capture(incident, "result"), ==, "ok");
}

static void
test_full_before(Scene *scene, gconstpointer data)
{
    FakeGuest *guest = start(scene);

    fill(scene);
    fake_panic(scene->fake, guest);
    check_goes_on(scene, guest);
    {
        g_autoptr(json_t) incident = last_incident(scene);

        g_assert_cmpstr(scene_capture(incident, "result"), ==, "failed");
        g_assert_nonnull(strstr(scene_capture(incident, "detail"), g_strerror(ENOSPC)));
        g_assert_cmpuint(fake_calls(scene->fake, guest, FAKE_DUMP), ==, 0);
    }
    make_room(scene);
    check_next(scene, guest);
}

/* What was written stays, and is finished by the next start. */
static void
test_full_during(Scene *scene, gconstpointer data)
{
    FakeGuest *guest = start(scene);
    g_autoptr(json_t) incident = NULL;
    g_autofree char *report = NULL;

    fake_fault(scene->fake, guest, FAKE_DUMP, (FakeFault){ .hang = TRUE });
    fake_panic(scene->fake, guest);
    scene_until(fake_calls(scene->fake, guest, FAKE_DUMP) == 1, 8);
    scene_run(0.5); /* the other evidence is put away */
    fill(scene);
    fake_release(scene->fake, guest);
    check_goes_on(scene, guest);
    incident = last_incident(scene);
    g_assert_true(json_is_false(json_object_get(incident, "complete")));
    {
        g_autofree char *definition = scene_file(incident, "domain.xml");

        g_assert_nonnull(definition);
    }
    make_room(scene);
    scene_stop(scene);
    scene_start(scene);
    scene_until(scene_n_incidents(scene) == 1, 4);
    json_decref(incident);
    incident = last_incident(scene);
    report = scene_file(incident, "report.txt");
    g_assert_nonnull(strstr(report, "a later one finished it"));
}

/* An incident of long ago, whose dump takes a hundred MiB. Returns: its directory */
static char *
put_old(Scene *scene, const char *id, const char *opened)
{
    char *path = g_build_filename(scene->state_dir, "incidents", id, NULL);
    g_autofree char *manifest = g_build_filename(path, "incident.json", NULL);
    g_autofree char *dump = g_build_filename(path, "vmcore", NULL);
    g_autofree char *text = g_strdup_printf("{\"complete\": true, \"domain\": \"old\", "
                                            "\"uuid\": \"old\", \"opened\": \"%s\"}",
                                            opened);
    int fd;

    g_assert_cmpint(g_mkdir_with_parents(path, 0700), ==, 0);
    g_assert_true(g_file_set_contents(manifest, text, -1, NULL));
    fd = open(dump, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    g_assert_cmpint(posix_fallocate(fd, 0, (off_t)100 << 20), ==, 0);
    close(fd);
    return path;
}

/* Room for a dump is made right before it: the oldest incident goes, the newest of a guest stays. */
static void
test_room_made(Scene *scene, gconstpointer data)
{
    g_autofree char *older = put_old(scene, "20260101T000000Z-old-x", "2026-01-01T00:00:00Z");
    g_autofree char *newer = put_old(scene, "20260102T000000Z-old-x", "2026-01-02T00:00:00Z");
    g_autoptr(json_t) incident = NULL;
    FakeGuest *guest = start(scene);

    g_assert_true(set_size(scene, MS_REMOUNT, (guint64)300 << 20));
    fake_panic(scene->fake, guest);
    scene_until(fake_calls(scene->fake, guest, FAKE_DUMP) == 1, 8);
    g_assert_false(g_file_test(older, G_FILE_TEST_EXISTS));
    g_assert_true(g_file_test(newer, G_FILE_TEST_IS_DIR));
    scene_until((json_decref(incident), incident = last_incident(scene),
                 json_is_true(json_object_get(incident, "complete"))),
                8);
    g_assert_cmpstr(scene_capture(incident, "result"), ==, "ok");
    /* the one that stays is not enough for the next */
    g_assert_true(set_size(scene, MS_REMOUNT, (guint64)150 << 20));
    scene_until(scene_is(scene, "web", "healthy"), 8);
    scene_run(1.1);
    fake_panic(scene->fake, guest);
    scene_until((json_decref(incident), incident = last_incident(scene),
                 g_str_equal(scene_capture(incident, "result"), "refused")),
                8);
    g_assert_nonnull(strstr(scene_capture(incident, "detail"), "KeepFree"));
    g_assert_true(g_file_test(newer, G_FILE_TEST_IS_DIR));
}

static void
test_read_only(Scene *scene, gconstpointer data)
{
    FakeGuest *guest = start(scene);
    g_autofree char *incidents = g_build_filename(scene->state_dir, "incidents", NULL);

    g_assert_cmpint(mount(incidents, incidents, NULL, MS_BIND, NULL), ==, 0);
    g_assert_cmpint(mount(NULL, incidents, NULL, MS_REMOUNT | MS_BIND | MS_RDONLY, NULL), ==, 0);
    fake_panic(scene->fake, guest);
    check_goes_on(scene, guest);
    {
        g_autoptr(json_t) incident = last_incident(scene);

        g_assert_nonnull(strstr(scene_capture(incident, "detail"), g_strerror(EROFS)));
    }
    g_assert_cmpint(umount2(incidents, MNT_DETACH), ==, 0);
    check_next(scene, guest);
}

#define ADD(path, test) g_test_add("/target/" path, Scene, NULL, set_up, test, tear_down)

int
main(int argc, char **argv)
{
    gboolean may_mount =
        unshare(CLONE_NEWNS) == 0 && mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0;

    scene_init(&argc, &argv);
    g_log_set_handler("virt-vitals", G_LOG_LEVEL_CRITICAL, count_critical, NULL);
    if (!may_mount) {
        g_print("1..0 # SKIP no mount namespace of its own can be had\n");
        return 0;
    }
    ADD("full-before", test_full_before);
    ADD("full-during", test_full_during);
    ADD("room-made", test_room_made);
    ADD("read-only", test_read_only);
    return g_test_run();
}
