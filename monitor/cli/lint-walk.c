/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "monitor/cli/lint-walk.h"
#include "config/text.h"

#include <gio/gio.h>
#include <string.h>

static gboolean
is_directory(const char *path)
{
    return g_file_test(path, G_FILE_TEST_IS_DIR) && !g_file_test(path, G_FILE_TEST_IS_SYMLINK);
}

/* A directory below the first that cannot be read is passed over. */
static gboolean
walk(const char *directory, guint depth, GPtrArray *files, GError **error)
{
    g_autoptr(GDir) entries = g_dir_open(directory, 0, error);
    const char *name;

    if (!entries)
        return FALSE;
    while ((name = g_dir_read_name(entries))) {
        g_autofree char *path = g_build_filename(directory, name, NULL);

        if (is_directory(path)) {
            if (depth < VITALS_LINT_WALK_DEPTH)
                walk(path, depth + 1, files, NULL);
        } else if (g_str_has_suffix(name, ".xml")) {
            g_ptr_array_add(files, g_steal_pointer(&path));
        }
    }
    return TRUE;
}

static gint
compare_paths(gconstpointer left, gconstpointer right)
{
    return strcmp(*(const char *const *)left, *(const char *const *)right);
}

GPtrArray *
vitals_lint_walk(const char *directory, GError **error)
{
    g_autoptr(GPtrArray) files = g_ptr_array_new_with_free_func(g_free);
    g_autoptr(GError) problem = NULL;
    g_autofree char *shown = vitals_text_printable(directory, -1);

    if (!walk(directory, 0, files, &problem)) {
        g_autofree char *why = vitals_text_printable(problem->message, -1);

        g_set_error(error, G_IO_ERROR, G_IO_ERROR_FAILED, "cannot read directory '%s': %s", shown,
                    why);
        return NULL;
    }
    if (files->len == 0) {
        g_set_error(error, G_IO_ERROR, G_IO_ERROR_NOT_FOUND,
                    "no file ending in '.xml' in directory '%s'", shown);
        return NULL;
    }
    g_ptr_array_sort(files, compare_paths);
    return g_steal_pointer(&files);
}
