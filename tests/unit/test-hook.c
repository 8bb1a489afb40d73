/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "monitor/hook.h"

#include "tests/unit/program.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>

typedef struct {
    char *directory;
} Fixture;

static void
set_up(Fixture *fixture, gconstpointer data)
{
    g_autofree char *manifest = NULL;

    fixture->directory = g_dir_make_tmp("test-hook-XXXXXX", NULL);
    manifest = g_build_filename(fixture->directory, "incident.json", NULL);
    test_write_file(manifest, "{\"id\":1}\n", 9);
}

static void
tear_down(Fixture *fixture, gconstpointer data)
{
    test_remove_tree(fixture->directory);
    g_free(fixture->directory);
}

static char *
run(Fixture *fixture, const char *script, gint64 deadline, GError **error)
{
    g_autofree char *quoted = g_shell_quote(script);
    g_autofree char *command = g_strconcat("sh -c ", quoted, NULL);

    return vitals_hook_run(command, fixture->directory, deadline, error);
}

static void
test_input(Fixture *fixture, gconstpointer data)
{
    g_autofree char *note =
        run(fixture, "cat; printf '%s\\n' \"$VITALS_INCIDENT\" >&2", 5 * G_USEC_PER_SEC, NULL);

    g_assert_true(g_str_has_prefix(note, "done in "));
    g_assert_nonnull(strstr(note, "s\n{\"id\":1}\n"));
    g_assert_true(g_str_has_suffix(g_strchomp(note), fixture->directory));
}

static void
test_fails(Fixture *fixture, gconstpointer data)
{
    g_autoptr(GError) error = NULL;

    g_assert_null(run(fixture, "printf 'odd\\033'; exit 3", 5 * G_USEC_PER_SEC, &error));
    g_assert_error(error, G_SPAWN_ERROR, G_SPAWN_ERROR_FAILED);
    g_assert_nonnull(strstr(error->message, "code 3\nodd\\x1b"));
    g_clear_error(&error);
    g_assert_null(vitals_hook_run("/does/not/exist", fixture->directory, G_USEC_PER_SEC, &error));
    g_assert_nonnull(error);
    g_clear_error(&error);
    g_assert_null(vitals_hook_run("sh -c 'oops", fixture->directory, G_USEC_PER_SEC, &error));
    g_assert_nonnull(error);
}

/* What it started dies with it, and is not waited for. */
static void
test_killed_as_group(Fixture *fixture, gconstpointer data)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *path = g_build_filename(fixture->directory, "pid", NULL);
    g_autofree char *text = NULL;
    gint64 began = g_get_monotonic_time();
    guint tries = 0;

    g_assert_null(run(fixture, "sleep 60 & echo $! >pid; wait", G_USEC_PER_SEC / 2, &error));
    g_assert_nonnull(strstr(error->message, "killed after"));
    g_assert_cmpint(g_get_monotonic_time() - began, <, 5 * G_USEC_PER_SEC);
    g_assert_true(g_file_get_contents(path, &text, NULL, NULL));
    while (kill(atoi(text), 0) == 0 && ++tries < 100) /* until init has reaped it */
        g_usleep(20000);
    g_assert_cmpuint(tries, <, 100);
    g_clear_error(&error);
    began = g_get_monotonic_time();
    g_free(run(fixture, "sleep 60 & exit 0", 30 * G_USEC_PER_SEC, &error));
    g_assert_cmpint(g_get_monotonic_time() - began, <, 5 * G_USEC_PER_SEC);
}

static void
test_bounded(Fixture *fixture, gconstpointer data)
{
    g_autofree char *note = run(fixture, "yes | head -c 1000000", 20 * G_USEC_PER_SEC, NULL);

    g_assert_nonnull(note);
    g_assert_cmpuint(strlen(note), <, 17 * 1024);
    g_assert_cmpuint(strlen(note), >, 16 * 1024);
}

#define ADD(path, test) g_test_add("/hook/" path, Fixture, NULL, set_up, test, tear_down)

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    ADD("input", test_input);
    ADD("fails", test_fails);
    ADD("killed-as-group", test_killed_as_group);
    ADD("bounded", test_bounded);
    return g_test_run();
}
