/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config/signatures.h"
#include "config/reader.h"

static GPtrArray *
new_items(void)
{
    return g_ptr_array_new_with_free_func((GDestroyNotify)vitals_reader_item_free);
}

static GPtrArray *
read_built_in(GError **error)
{
    g_autoptr(GPtrArray) all = new_items();

    for (const VitalsSignatureFile *file = vitals_signature_files; file->name; file++) {
        GPtrArray *items = vitals_reader_parse(file->name, file->bytes, file->length, error);

        if (!items)
            return NULL;
        g_ptr_array_extend_and_steal(all, items);
    }
    return g_steal_pointer(&all);
}

static int
compare_names(gconstpointer a, gconstpointer b)
{
    return g_strcmp0(*(const char *const *)a, *(const char *const *)b);
}

static GPtrArray *
list_files(const char *directory, GError **error)
{
    g_autoptr(GPtrArray) paths = g_ptr_array_new_with_free_func(g_free);
    g_autoptr(GDir) dir = g_dir_open(directory, 0, error);
    const char *name;

    if (!dir)
        return NULL;
    while ((name = g_dir_read_name(dir))) {
        if (g_str_has_suffix(name, ".conf"))
            g_ptr_array_add(paths, g_build_filename(directory, name, NULL));
    }
    if (paths->len == 0) {
        g_set_error(error, G_FILE_ERROR, G_FILE_ERROR_NOENT,
                    "%s: no *.conf file there; name the folder that has the signatures", directory);
        return NULL;
    }
    g_ptr_array_sort(paths, compare_names);
    return g_steal_pointer(&paths);
}

static GPtrArray *
read_directory(const char *directory, GError **error)
{
    g_autoptr(GPtrArray) all = new_items();
    g_autoptr(GPtrArray) paths = list_files(directory, error);

    if (!paths)
        return NULL;
    for (guint i = 0; i < paths->len; i++) {
        GPtrArray *items = vitals_reader_read(g_ptr_array_index(paths, i), error);

        if (!items)
            return NULL;
        g_ptr_array_extend_and_steal(all, items);
    }
    return g_steal_pointer(&all);
}

GPtrArray *
vitals_signatures_items(const char *directory, GError **error)
{
    return directory ? read_directory(directory, error) : read_built_in(error);
}
