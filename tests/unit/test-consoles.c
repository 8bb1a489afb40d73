/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "monitor/consoles.h"
#include "tests/unit/program.h"

#include <glib/gstdio.h>
#include <pty.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <termios.h>
#include <unistd.h>

/* ---- a disk that does not answer ---- */

static GMutex stall_lock;
static GCond stall_over;
static ino_t stalled; /* reads of that file do not return */
static guint stalls;  /* how many hang */

/* In the place of libc's: the only thing that reads a log. */
ssize_t pread64(int fd, void *buffer, size_t size, off_t offset);

ssize_t
pread64(int fd, void *buffer, size_t size, off_t offset)
{
    struct stat info;

    g_mutex_lock(&stall_lock);
    stalls++;
    while (stalled && fstat(fd, &info) == 0 && info.st_ino == stalled)
        g_cond_wait(&stall_over, &stall_lock);
    stalls--;
    g_mutex_unlock(&stall_lock);
    return syscall(SYS_pread64, fd, buffer, size, offset);
}

static void
stall(const char *path)
{
    struct stat info = { 0 };

    g_assert_true(!path || stat(path, &info) == 0);
    g_mutex_lock(&stall_lock);
    stalled = info.st_ino;
    g_cond_broadcast(&stall_over);
    g_mutex_unlock(&stall_lock);
}

/* ---- the scene ---- */

typedef struct {
    char *directory;
    VitalsAbandoned abandoned;
    VitalsConsoles *consoles;
    GHashTable *panics; /* by UUID */
    guint heard;
} Scene;

static void
on_heard(const char *uuid, int id, VitalsSample *sample, VitalsConsoleCounts *counts, gpointer data)
{
    Scene *scene = data;

    g_assert_cmpint(id, ==, 7);
    g_assert_nonnull(counts);
    scene->heard++;
    for (guint i = 0; sample && i < sample->n_utterances; i++) {
        if (sample->utterances[i].what == VITALS_SAID_PANIC)
            g_hash_table_add(scene->panics, g_strdup(uuid));
    }
}

static void
set_up(Scene *scene, gconstpointer data)
{
    scene->directory = g_dir_make_tmp("test-consoles-XXXXXX", NULL);
    scene->abandoned.limit = 2;
    scene->panics = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    scene->consoles = vitals_consoles_new(scene->directory, &scene->abandoned, on_heard, scene);
}

static void
tear_down(Scene *scene, gconstpointer data)
{
    stall(NULL);
    g_assert_true(vitals_consoles_free(scene->consoles, 5 * G_USEC_PER_SEC));
    g_hash_table_unref(scene->panics);
    test_remove_tree(scene->directory);
    g_free(scene->directory);
}

/* Lets the main loop and the one who looks after the thread work for a moment. */
static void
pass(Scene *scene)
{
    while (g_main_context_iteration(NULL, FALSE))
        ;
    vitals_consoles_check(scene->consoles);
    g_usleep(20000);
}

#define until(scene, holds, seconds)                                                    \
    do {                                                                                \
        gint64 deadline_ = g_get_monotonic_time() + (gint64)((seconds)*G_USEC_PER_SEC); \
        while (!(holds)) {                                                              \
            g_assert_cmpint(g_get_monotonic_time(), <, deadline_);                      \
            pass(scene);                                                                \
        }                                                                               \
    } while (0)

static char *
log_path(const Scene *scene, const char *uuid)
{
    return g_build_filename(scene->directory, uuid, NULL);
}

static void
append(const Scene *scene, const char *uuid, const char *text)
{
    g_autofree char *path = log_path(scene, uuid);
    FILE *file = fopen(path, "a");

    g_assert_nonnull(file);
    fputs(text, file);
    fclose(file);
}

static void
follow(Scene *scene, const char *uuid)
{
    g_autofree char *path = log_path(scene, uuid);
    guint before = scene->heard;

    append(scene, uuid, "[    0.500000] a line\n");
    vitals_consoles_follow(scene->consoles, uuid, 7, uuid, path);
    until(scene, scene->heard > before, 10);
}

static gboolean
panicked(const Scene *scene, const char *uuid)
{
    return g_hash_table_contains(scene->panics, uuid);
}

#define PANIC "[    2.000000] Kernel panic - not syncing: out of ideas\n"

/* ---- tests ---- */

static void
test_followed(Scene *scene, gconstpointer data)
{
    follow(scene, "a");
    follow(scene, "b");
    append(scene, "b", PANIC);
    until(scene, panicked(scene, "b"), 5);
    g_assert_false(panicked(scene, "a"));

    /* followed no more */
    vitals_consoles_follow(scene->consoles, "a", 7, "a", NULL);
    append(scene, "a", PANIC);
    for (guint i = 0; i < 40; i++)
        pass(scene);
    g_assert_false(panicked(scene, "a"));
}

/* Whoever has no console costs no thread. */
static void
test_nobody(Scene *scene, gconstpointer data)
{
    vitals_consoles_follow(scene->consoles, "a", 7, "a", NULL);
    vitals_consoles_rebooted(scene->consoles, "a");
    vitals_consoles_check(scene->consoles);
}

/* One log's disk hangs: the others are read on, and it is read again when the disk answers. */
static void
test_stalled(Scene *scene, gconstpointer data)
{
    g_autofree char *path = NULL;

    follow(scene, "a");
    follow(scene, "b");
    path = log_path(scene, "a");
    stall(path);
    append(scene, "a", PANIC);
    append(scene, "b", PANIC);
    g_test_expect_message(G_LOG_DOMAIN, G_LOG_LEVEL_WARNING,
                          "the console log of a does not answer*");
    until(scene, panicked(scene, "b"), 10);
    until(scene, scene->abandoned.abandoned == 1, 10);
    g_test_assert_expected_messages();
    g_assert_false(panicked(scene, "a"));
    stall(NULL);
    until(scene, scene->abandoned.abandoned == 0 && panicked(scene, "a"), 10);
}

/* It ends while the disk hangs, and says so; nobody is called back when it answers. */
static void
test_ended_while_stalled(Scene *scene, gconstpointer data)
{
    g_autofree char *path = NULL;
    guint heard;
    guint hanging;

    follow(scene, "a");
    path = log_path(scene, "a");
    stall(path);
    append(scene, "a", PANIC);
    g_usleep(G_USEC_PER_SEC / 2);
    heard = scene->heard;
    g_assert_false(vitals_consoles_free(scene->consoles, G_USEC_PER_SEC / 10));
    stall(NULL);
    for (guint i = 0; i < 20; i++) {
        while (g_main_context_iteration(NULL, FALSE))
            ;
        g_usleep(20000);
    }
    g_assert_cmpuint(scene->heard, ==, heard);
    g_mutex_lock(&stall_lock);
    hanging = stalls;
    g_mutex_unlock(&stall_lock);
    g_assert_cmpuint(hanging, ==, 0);
    scene->consoles = vitals_consoles_new(scene->directory, &scene->abandoned, on_heard, scene);
}

/* A console that is a pty is read live, and nothing of it is kept as a place. */
static void
test_stream(Scene *scene, gconstpointer data)
{
    g_autofree char *places = g_build_filename(scene->directory, "consoles.json", NULL);
    g_autofree char *text = NULL;
    GPollFD master = { .events = G_IO_OUT };
    struct termios raw;
    char path[64];
    int slave;

    g_assert_cmpint(openpty(&master.fd, &slave, path, NULL, NULL), ==, 0);
    tcgetattr(slave, &raw);
    cfmakeraw(&raw);
    tcsetattr(slave, TCSANOW, &raw);
    close(slave);
    vitals_consoles_follow(scene->consoles, "a", 7, "a", path);
    until(scene, g_poll(&master, 1, 0) >= 0 && !(master.revents & G_IO_HUP), 10);
    /* it looks once more whether somebody else has come */
    g_usleep(G_USEC_PER_SEC / 5);
    g_assert_cmpint(write(master.fd, PANIC, strlen(PANIC)), ==, strlen(PANIC));
    until(scene, panicked(scene, "a"), 5);
    close(master.fd);
    g_assert_true(vitals_consoles_free(scene->consoles, 5 * G_USEC_PER_SEC));
    g_assert_true(g_file_get_contents(places, &text, NULL, NULL));
    g_assert_null(strstr(text, path));
    scene->consoles = vitals_consoles_new(scene->directory, &scene->abandoned, on_heard, scene);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add("/consoles/followed", Scene, NULL, set_up, test_followed, tear_down);
    g_test_add("/consoles/nobody", Scene, NULL, set_up, test_nobody, tear_down);
    g_test_add("/consoles/stream", Scene, NULL, set_up, test_stream, tear_down);
    g_test_add("/consoles/stalled", Scene, NULL, set_up, test_stalled, tear_down);
    g_test_add("/consoles/ended-while-stalled", Scene, NULL, set_up, test_ended_while_stalled,
               tear_down);
    return g_test_run();
}
