/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/integration/scene.h"

#include <fcntl.h>
#include <sched.h>
#include <string.h>
#include <sys/mount.h>
#include <unistd.h>

/* Storage that hangs for good, as NFS does whose server is gone: a FUSE file system that nobody serves, in a mount
 * namespace of this process. */

static gboolean
can_mount(void)
{
    return geteuid() == 0 && access("/dev/fuse", R_OK | W_OK) == 0 && unshare(CLONE_NEWNS) == 0 &&
           mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0;
}

/* Returns: what lets go of all that hang there, when it is closed */
static int
mount_dead(const char *directory)
{
    int fd = open("/dev/fuse", O_RDWR | O_CLOEXEC);
    g_autofree char *options =
        g_strdup_printf("fd=%d,rootmode=40000,user_id=0,group_id=0,allow_other", fd);

    g_assert_cmpint(fd, >=, 0);
    g_assert_cmpint(g_mkdir_with_parents(directory, 0700), ==, 0);
    g_assert_cmpint(mount("nobody", directory, "fuse", MS_NOSUID | MS_NODEV, options), ==, 0);
    return fd;
}

static FakeGuest *
add_logging_to(Scene *scene, const char *name, const char *directory)
{
    FakeGuest *guest = fake_add(scene->fake, name);
    g_autofree char *serial = g_strdup_printf(
        "<devices><serial><log file='%s/%s.log'/></serial></devices>", directory, name);

    guest->extra = g_intern_string(serial);
    return guest;
}

/* Returns: (transfer full) (nullable): that guest's incident, once it is whole */
static json_t *
whole_of(Scene *scene, const char *name)
{
    g_autoptr(json_t) incidents = scene_incidents(scene);
    json_t *incident;
    size_t index;

    json_array_foreach(incidents, index, incident)
    {
        if (g_str_equal(scene_member(incident, "domain"), name) &&
            *scene_member(incident, "path") && !strstr(scene_member(incident, "path"), ".partial-"))
            return json_incref(incident);
    }
    return NULL;
}

/* The console's log cannot be had: dump, reset and incident can, also those of other guests. */
static void
test_console_hangs(Scene *scene, gconstpointer data)
{
    g_autofree char *dead = g_build_filename(scene->root, "dead", NULL);
    g_autofree char *log = g_build_filename(scene->root, "db.log", NULL);
    g_autoptr(json_t) first = NULL;
    g_autoptr(json_t) second = NULL;
    g_autofree char *console = NULL;
    FakeGuest *web;
    FakeGuest *db;
    int fuse = mount_dead(dead);

    web = add_logging_to(scene, "web", dead);
    db = add_logging_to(scene, "db", scene->root);
    g_assert_true(g_file_set_contents(log, "the last words\n", -1, NULL));
    scene_set(scene->settings, "Policy.OnCrashed", "capture-reset");
    scene_start(scene);
    scene_until(scene_is(scene, "web", "healthy") && scene_is(scene, "db", "healthy"), 15);
    fake_panic(scene->fake, web);
    scene_until(fake_calls(scene->fake, web, FAKE_ACT) == 1, 5);
    fake_panic(scene->fake, db);
    scene_until((first = whole_of(scene, "web")), 15);
    scene_until((second = whole_of(scene, "db")), 15);
    g_assert_cmpstr(scene_capture(first, "result"), ==, "ok");
    scene_check_told(first, "console.log: console log: no answer within", NULL);
    g_assert_cmpstr(scene_capture(second, "result"), ==, "ok");
    console = scene_file(second, "console.log");
    g_assert_cmpstr(console, ==, "the last words\n");
    g_assert_cmpfloat(scene_stop(scene), <, 8);
    close(fuse);
    g_assert_cmpint(umount2(dead, MNT_DETACH), ==, 0);
}

int
main(int argc, char **argv)
{
    scene_init(&argc, &argv);
    if (can_mount())
        g_test_add("/storage/console-hangs", Scene, NULL, scene_set_up, test_console_hangs,
                   scene_tear_down);
    return g_test_run();
}
