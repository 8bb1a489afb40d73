/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/integration/scene.h"
#include "monitor/capture-lock.h"
#include "monitor/capture.h"

#include <fcntl.h>
#include <linux/magic.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

/* Whose turn it is, and what becomes of the others: the lock, dumps that hang, the reserve. */

/* A guest whose verdict says that it is dead, while somebody else has the lock. */
static FakeGuest *
kill_behind_lock(Scene *scene)
{
    FakeGuest *guest = fake_add(scene->fake, "web");

    scene_start(scene);
    scene_until(scene_is(scene, "web", "healthy"), 8);
    fake_silence(scene->fake, guest, 0.9);
    scene_until(scene_n_incidents(scene) == 1, 12);
    return guest;
}

static VitalsCaptureLock *
hold_lock(Scene *scene)
{
    g_autoptr(GError) error = NULL;
    VitalsCaptureLock *lock;

    g_mkdir_with_parents(scene->state_dir, 0700);
    lock = vitals_capture_lock_try(scene->state_dir, "somebody else", &error);
    g_assert_no_error(error);
    return lock;
}

/* Waiting is not dumping: the guest is watched on, and one that comes back is left alone. */
static void
test_recovers_in_queue(Scene *scene, gconstpointer data)
{
    VitalsCaptureLock *lock = hold_lock(scene);
    FakeGuest *guest = kill_behind_lock(scene);
    guint asked = fake_calls(scene->fake, guest, FAKE_BALLOON);
    g_autoptr(json_t) incident = NULL;

    scene_until(fake_calls(scene->fake, guest, FAKE_BALLOON) > asked + 1, 8);
    fake_lock(scene->fake);
    guest->beating = TRUE;
    fake_unlock(scene->fake);
    incident = scene_incident(scene, 10);
    g_assert_cmpstr(scene_capture(incident, "result"), ==, "refused");
    g_assert_nonnull(strstr(scene_capture(incident, "detail"), "recovered"));
    vitals_capture_lock_free(lock);
    scene_run(0.5);
    g_assert_cmpuint(fake_calls(scene->fake, guest, FAKE_DUMP), ==, 0);
}

/* Who has the lock is told. */
static void
test_names_holder(Scene *scene, gconstpointer data)
{
    VitalsCaptureLock *lock = hold_lock(scene);
    g_autofree char *process = g_strdup_printf("process %d", (int)getpid());
    g_autoptr(GError) error = NULL;

    g_assert_null(vitals_capture_lock_try(scene->state_dir, "web", &error));
    g_assert_error(error, VITALS_CAPTURE_ERROR, VITALS_CAPTURE_ERROR_HELD);
    g_assert_nonnull(strstr(error->message, process));
    g_assert_nonnull(strstr(error->message, "somebody else"));
    vitals_capture_lock_free(lock);
    lock = hold_lock(scene);
    vitals_capture_lock_free(lock);
}

/* Whether all incidents are written, with their dumps. */
static gboolean
all_dumped(Scene *scene)
{
    g_autoptr(json_t) incidents = scene_incidents(scene);
    json_t *incident;
    gsize i;

    json_array_foreach(incidents, i, incident)
    {
        if (!g_str_equal(scene_capture(incident, "result"), "ok"))
            return FALSE;
    }
    return TRUE;
}

/* Tools that hang keep neither the next dump nor the guest's fate waiting. */
static void
test_tool_hangs(Scene *scene, gconstpointer data)
{
    g_autofree char *tool = g_build_filename(scene->root, "makedumpfile", NULL);
    FakeGuest *web = fake_add(scene->fake, "web");
    FakeGuest *db = fake_add(scene->fake, "db");
    g_autoptr(json_t) incidents = NULL;
    g_autofree char *manifest = NULL;
    gint64 began;

    g_assert_true(g_file_set_contents_full(tool, "#!/bin/sh\nsleep 60\n", -1,
                                           G_FILE_SET_CONTENTS_CONSISTENT, 0755, NULL));
    g_assert_cmpint(chmod(scene->root, 0755), ==, 0);
    scene_set(scene->settings, "Triage.Makedumpfile", tool);
    scene_set(scene->settings, "Triage.ToolTimeout", "2s");
    scene_set(scene->settings, "Policy.OnCrashed", "capture-reset");
    web->kdump_unsupported = db->kdump_unsupported = TRUE;
    scene_start(scene);
    scene_until(scene_is(scene, "web", "healthy") && scene_is(scene, "db", "healthy"), 8);
    began = g_get_monotonic_time();
    fake_panic(scene->fake, web);
    fake_panic(scene->fake, db);
    scene_until(fake_calls(scene->fake, web, FAKE_ACT) == 1 &&
                    fake_calls(scene->fake, db, FAKE_ACT) == 1,
                2);
    g_assert_cmpint(g_get_monotonic_time() - began, <, 2 * G_USEC_PER_SEC);
    scene_until(scene_n_incidents(scene) == 2, 2);
    scene_until(all_dumped(scene), 8);
    incidents = scene_incidents(scene);
    manifest = scene_file(json_array_get(incidents, 0), "incident.json");
    g_assert_nonnull(strstr(manifest, "killed, as it did not end within 2 s"));
}

/* ---- the queue alone ---- */

typedef struct {
    gboolean started;
    gboolean ended;
    GError *error;
} Outcome;

static gboolean
on_wanted(gpointer data, GError **error)
{
    return TRUE;
}

static void
on_started(gpointer data)
{
    ((Outcome *)data)->started = TRUE;
}

static void
on_progress(guint64 done, guint64 total, gpointer data)
{
}

static void
on_ended(VitalsDumpFormat format, double seconds, const GError *error, gpointer data)
{
    Outcome *outcome = data;

    outcome->ended = TRUE;
    outcome->error = error ? g_error_copy(error) : NULL;
}

/* Returns: (transfer none): what was submitted */
static VitalsDump *
submit(Scene *scene, VitalsCapture *capture, const FakeGuest *guest, gint64 patience,
       Outcome *outcome)
{
    static const VitalsDumpListener listener = {
        .wanted = on_wanted,
        .started = on_started,
        .progress = on_progress,
        .ended = on_ended,
    };
    VitalsDump *dump = g_new0(VitalsDump, 1);

    dump->uuid = g_strdup(guest->uuid);
    dump->id = guest->id;
    dump->label = g_strdup(guest->name);
    dump->path = g_build_filename(scene->state_dir, guest->name, NULL);
    dump->state_dir = g_strdup(scene->state_dir);
    dump->formats[dump->n_formats++] = VITALS_DUMP_ELF;
    dump->patience = patience;
    vitals_capture_submit(capture, dump, &listener, outcome);
    return dump;
}

/* A dump that never returns stops no other one. */
static void
test_hanging_lets_go(Scene *scene, gconstpointer data)
{
    VitalsAbandoned abandoned = { .limit = 4 };
    FakeGuest *stuck = fake_add(scene->fake, "stuck");
    FakeGuest *web = fake_add(scene->fake, "web");
    VitalsHypervisor *hypervisor = fake_hypervisor(scene->fake);
    VitalsCapture *capture = vitals_capture_new(hypervisor, &abandoned);
    Outcome first = { 0 };
    Outcome second = { 0 };

    g_mkdir_with_parents(scene->state_dir, 0700);
    fake_fault(scene->fake, stuck, FAKE_DUMP, (FakeFault){ .hang = TRUE });
    submit(scene, capture, stuck, G_USEC_PER_SEC / 2, &first);
    submit(scene, capture, web, 0, &second);
    scene_until(first.started, 2);
    g_assert_false(second.started);
    scene_until(first.ended, 3);
    g_assert_error(first.error, VITALS_HYPERVISOR_ERROR, VITALS_HYPERVISOR_ERROR_TIMED_OUT);
    scene_until(second.ended, 3);
    g_assert_no_error(second.error);

    fake_release(scene->fake, stuck);
    scene_run(0.3);
    vitals_capture_lock_free(hold_lock(scene));
    g_assert_true(vitals_capture_free(capture, G_TIME_SPAN_SECOND));
    vitals_hypervisor_unref(hypervisor);
    g_clear_error(&first.error);
}

/* What the other one may still write is not promised twice. */
static void
test_room_beside_hanging(Scene *scene, gconstpointer data)
{
    VitalsAbandoned abandoned = { .limit = 4 };
    FakeGuest *stuck = fake_add(scene->fake, "stuck");
    FakeGuest *web = fake_add(scene->fake, "web");
    VitalsHypervisor *hypervisor = fake_hypervisor(scene->fake);
    VitalsCapture *capture = vitals_capture_new(hypervisor, &abandoned);
    Outcome first = { 0 };
    Outcome second = { 0 };

    g_mkdir_with_parents(scene->state_dir, 0700);
    fake_fault(scene->fake, stuck, FAKE_DUMP, (FakeFault){ .hang = TRUE });
    submit(scene, capture, stuck, G_USEC_PER_SEC / 2, &first);
    scene_until(first.ended, 3);
    submit(scene, capture, web, 0, &second)->keep_free = G_MAXUINT64 / 4;
    scene_until(second.ended, 3);
    g_assert_error(second.error, VITALS_CAPTURE_ERROR, VITALS_CAPTURE_ERROR_SPACE);
    g_assert_cmpuint(fake_calls(scene->fake, web, FAKE_DUMP), ==, 0);
    fake_release(scene->fake, stuck);
    scene_run(0.3);
    g_assert_true(vitals_capture_free(capture, G_TIME_SPAN_SECOND));
    vitals_hypervisor_unref(hypervisor);
    g_clear_error(&first.error);
    g_clear_error(&second.error);
}

/* The estimate was wrong, or somebody else fills the disk: the dump is lost, the reserve is not. */
static void
test_reserve_first(Scene *scene, gconstpointer data)
{
    VitalsAbandoned abandoned = { .limit = 4 };
    FakeGuest *web = fake_add(scene->fake, "web");
    VitalsHypervisor *hypervisor = fake_hypervisor(scene->fake);
    VitalsCapture *capture = vitals_capture_new(hypervisor, &abandoned);
    g_autofree char *path = g_build_filename(scene->state_dir, "web", NULL);
    Outcome outcome = { 0 };
    VitalsDump *dump;

    g_mkdir_with_parents(scene->state_dir, 0700);
    fake_fault(scene->fake, web, FAKE_DUMP, (FakeFault){ .delay = 1000 });
    dump = submit(scene, capture, web, 0, &outcome);
    scene_until(fake_calls(scene->fake, web, FAKE_DUMP) == 1, 2);
    g_assert_true(g_file_set_contents(path, "half of it", -1, NULL));
    dump->keep_free = G_MAXUINT64; /* as if the disk had filled up meanwhile */
    scene_until(outcome.ended, 3);
    g_assert_error(outcome.error, VITALS_CAPTURE_ERROR, VITALS_CAPTURE_ERROR_GIVEN_UP);
    g_assert_false(g_file_test(path, G_FILE_TEST_EXISTS));
    g_assert_true(vitals_capture_free(capture, G_TIME_SPAN_SECOND));
    vitals_hypervisor_unref(hypervisor);
    g_clear_error(&outcome.error);
}

#define MIB ((guint64)1024 * 1024)

/* How many bytes the largest file without a name has that this process keeps open. */
static guint64
held_room(void)
{
    g_autoptr(GDir) fds = g_dir_open("/proc/self/fd", 0, NULL);
    guint64 most = 0;
    const char *name;

    while ((name = g_dir_read_name(fds))) {
        g_autofree char *path = g_build_filename("/proc/self/fd", name, NULL);
        struct stat info;

        if (stat(path, &info) == 0 && S_ISREG(info.st_mode) && info.st_nlink == 0)
            most = MAX(most, (guint64)info.st_blocks * 512);
    }
    return most;
}

/* Whether such a file can be had there at all. */
static gboolean
can_hold_room(const char *directory)
{
    int fd = open(directory, O_TMPFILE | O_WRONLY | O_CLOEXEC, 0600);
    struct statfs info;
    gboolean can = fd >= 0 && fallocate(fd, 0, 0, (off_t)(600 * MIB)) == 0 &&
                   fstatfs(fd, &info) == 0 && info.f_type != TMPFS_MAGIC;

    if (fd >= 0)
        close(fd);
    return can;
}

static void
grow(const char *path, guint64 size)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);

    g_assert_cmpint(fallocate(fd, 0, 0, (off_t)size), ==, 0);
    close(fd);
}

/* Nobody else can take the room that the dump still needs; it shrinks as the dump grows, and is given back when that
 * is given up. */
static void
test_room_is_held(Scene *scene, gconstpointer data)
{
    VitalsAbandoned abandoned = { .limit = 4 };
    FakeGuest *web = fake_add(scene->fake, "web");
    VitalsHypervisor *hypervisor = fake_hypervisor(scene->fake);
    VitalsCapture *capture = vitals_capture_new(hypervisor, &abandoned);
    g_autofree char *path = g_build_filename(scene->state_dir, "web", NULL);
    Outcome outcome = { 0 };
    VitalsDump *dump;

    g_mkdir_with_parents(scene->state_dir, 0700);
    fake_fault(scene->fake, web, FAKE_DUMP, (FakeFault){ .hang = TRUE });
    dump = submit(scene, capture, web, 0, &outcome);
    dump->expected = 512 * MIB;
    if (can_hold_room(scene->state_dir)) {
        scene_until(held_room() >= 300 * MIB, 5);
        grow(path, 250 * MIB);
        scene_until(held_room() <= 512 * MIB - 250 * MIB, 5);
        g_assert_cmpuint(held_room(), >, 64 * MIB);
    } else {
        scene_until(fake_calls(scene->fake, web, FAKE_DUMP) == 1, 2);
        grow(path, MIB);
    }
    dump->keep_free = G_MAXUINT64;
    scene_until(held_room() == 0, 5);
    fake_release(scene->fake, NULL);
    scene_until(outcome.ended, 3);
    g_assert_error(outcome.error, VITALS_CAPTURE_ERROR, VITALS_CAPTURE_ERROR_GIVEN_UP);
    g_assert_true(vitals_capture_free(capture, G_TIME_SPAN_SECOND));
    vitals_hypervisor_unref(hypervisor);
    g_clear_error(&outcome.error);
}

int
main(int argc, char **argv)
{
    static const struct {
        const char *path;
        void (*test)(Scene *, gconstpointer);
    } tests[] = {
        { "/capture/recovers-in-queue", test_recovers_in_queue },
        { "/capture/names-holder", test_names_holder },
        { "/capture/tool-hangs", test_tool_hangs },
        { "/capture/hanging-lets-go", test_hanging_lets_go },
        { "/capture/room-beside-hanging", test_room_beside_hanging },
        { "/capture/reserve-first", test_reserve_first },
        { "/capture/room-is-held", test_room_is_held },
    };

    scene_init(&argc, &argv);
    for (guint i = 0; i < G_N_ELEMENTS(tests); i++)
        g_test_add(tests[i].path, Scene, NULL, scene_set_up, tests[i].test, scene_tear_down);
    return g_test_run();
}
