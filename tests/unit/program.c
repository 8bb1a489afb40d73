/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/unit/program.h"

#include <glib/gstdio.h>
#include <stdarg.h>
#include <sys/wait.h>

void
test_run_clear(TestRun *run)
{
    g_free(run->out);
    g_free(run->err);
}

TestRun
test_run_program(const char *first, ...)
{
    g_autoptr(GPtrArray) arguments = g_ptr_array_new();
    g_autoptr(GError) error = NULL;
    TestRun run = { 0 };
    int wait_status;
    va_list rest;

    g_ptr_array_add(arguments, (gpointer)g_getenv("VIRT_VITALS"));
    va_start(rest, first);
    for (const char *argument = first; argument; argument = va_arg(rest, const char *))
        g_ptr_array_add(arguments, (gpointer)argument);
    va_end(rest);
    g_ptr_array_add(arguments, NULL);

    g_spawn_sync(NULL, (char **)arguments->pdata, NULL, G_SPAWN_DEFAULT, NULL, NULL, &run.out,
                 &run.err, &wait_status, &error);
    g_assert_no_error(error);
    g_assert_true(WIFEXITED(wait_status));
    run.status = WEXITSTATUS(wait_status);
    return run;
}

void
test_remove_tree(const char *path)
{
    gboolean folder =
        g_file_test(path, G_FILE_TEST_IS_DIR) && !g_file_test(path, G_FILE_TEST_IS_SYMLINK);
    g_autoptr(GDir) dir = folder ? g_dir_open(path, 0, NULL) : NULL;
    const char *name;

    while (dir && (name = g_dir_read_name(dir))) {
        g_autofree char *inner = g_build_filename(path, name, NULL);

        test_remove_tree(inner);
    }
    g_assert_cmpint(g_remove(path), ==, 0);
}

void
test_write_file(const char *path, gconstpointer data, gsize size)
{
    FILE *file;

    g_unlink(path);
    file = fopen(path, "w");
    g_assert_nonnull(file);
    g_assert_cmpuint(fwrite(data, 1, size, file), ==, size);
    g_assert_cmpint(fclose(file), ==, 0);
}
