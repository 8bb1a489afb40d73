/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "monitor/kernel-file.h"

#include "tests/unit/program.h"

#include <glib/gstdio.h>
#include <signal.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

/* A process that does nothing but wait to be ended. */
static pid_t
start_child(void)
{
    pid_t pid = fork();

    if (pid == 0) {
        pause();
        _exit(0);
    }
    g_assert_cmpint(pid, >, 0);
    return pid;
}

static void
end_child(pid_t pid)
{
    kill(pid, SIGKILL);
    g_assert_cmpint(waitpid(pid, NULL, 0), ==, pid);
}

static VitalsKernelFile *
stat_of(pid_t pid)
{
    return vitals_kernel_file_new(g_strdup_printf("/proc/%d/stat", (int)pid));
}

/* It tells the present at each read, and the end of what it is about. */
static void
test_kept(void)
{
    pid_t child = start_child();
    g_autoptr(VitalsKernelFile) file = stat_of(child);
    g_autofree char *alive = vitals_kernel_file_read(file);
    g_autofree char *stopped = NULL;
    g_autofree char *gone = NULL;

    g_assert_nonnull(alive);
    g_assert_cmpuint(vitals_kernel_files_open(), ==, 1);

    kill(child, SIGSTOP);
    g_assert_cmpint(waitpid(child, NULL, WUNTRACED), ==, child);
    stopped = vitals_kernel_file_read(file);
    g_assert_nonnull(strstr(stopped, ") T "));
    g_assert_cmpuint(vitals_kernel_files_open(), ==, 1);

    end_child(child);
    gone = vitals_kernel_file_read(file);
    g_assert_null(gone);
    g_assert_cmpuint(vitals_kernel_files_open(), ==, 0);
}

/* What is replaced by another file of the same name is read anew. */
static void
test_ordinary(void)
{
    g_autofree char *dir = g_dir_make_tmp("test-kernel-file-XXXXXX", NULL);
    g_autofree char *path = g_build_filename(dir, "events", NULL);
    g_autoptr(VitalsKernelFile) file = vitals_kernel_file_new(g_strdup(path));
    g_autofree char *absent = vitals_kernel_file_read(file);
    g_autofree char *first = NULL;
    g_autofree char *second = NULL;

    g_assert_null(absent);
    g_assert_true(g_file_set_contents(path, "frozen 0\n", -1, NULL));
    first = vitals_kernel_file_read(file);
    g_assert_cmpstr(first, ==, "frozen 0\n");
    g_assert_true(g_file_set_contents(path, "frozen 1\n", -1, NULL));
    second = vitals_kernel_file_read(file);
    g_assert_cmpstr(second, ==, "frozen 1\n");
    g_assert_cmpuint(vitals_kernel_files_open(), ==, 0);
    test_remove_tree(dir);
}

/* More than half of what may be open is left to the others, and all are read all the same. */
static void
test_room(void)
{
    const guint few = 64;
    g_autoptr(GPtrArray) files =
        g_ptr_array_new_with_free_func((GDestroyNotify)vitals_kernel_file_free);
    struct rlimit before;

    g_assert_cmpint(getrlimit(RLIMIT_NOFILE, &before), ==, 0);
    g_assert_cmpint(setrlimit(RLIMIT_NOFILE, &(struct rlimit){ few, before.rlim_max }), ==, 0);
    for (guint i = 0; i < 2 * few; i++) {
        VitalsKernelFile *file = stat_of(getpid());
        g_autofree char *text = vitals_kernel_file_read(file);

        g_assert_nonnull(text);
        g_ptr_array_add(files, file);
    }
    g_assert_cmpuint(vitals_kernel_files_open(), ==, few / 2);

    vitals_kernel_files_make_room();
    g_assert_cmpint(getrlimit(RLIMIT_NOFILE, &before), ==, 0);
    g_assert_cmpuint(before.rlim_cur, >, few);
    g_ptr_array_set_size(files, 0);
    g_assert_cmpuint(vitals_kernel_files_open(), ==, 0);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/kernel-file/kept", test_kept);
    g_test_add_func("/kernel-file/ordinary", test_ordinary);
    g_test_add_func("/kernel-file/room", test_room);
    return g_test_run();
}
