/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "monitor/facts-read.h"

#include <string.h>

/* More than any attribute of sysfs or line of procfs that is read here; a page is sysfs's own limit. */
#define MAX_TEXT 65536

char *
vitals_facts_read_text(const char *root, const char *path)
{
    g_autofree char *full = g_build_filename(root, path, NULL);
    char *text = NULL;
    gsize length;

    if (!g_file_test(full, G_FILE_TEST_IS_REGULAR) ||
        !g_file_get_contents(full, &text, &length, NULL))
        return NULL;
    if (length > MAX_TEXT)
        text[MAX_TEXT] = '\0';
    return g_strstrip(text);
}

char *
vitals_facts_read_of(const char *root, const char *directory, const char *entry, const char *name)
{
    g_autofree char *path = g_build_filename(directory, entry, name, NULL);

    return vitals_facts_read_text(root, path);
}

char *
vitals_facts_read_link(const char *root, const char *directory, const char *entry, const char *name)
{
    g_autofree char *path = g_build_filename(root, directory, entry, name, NULL);
    g_autofree char *target = g_file_read_link(path, NULL);

    return target ? g_path_get_basename(target) : g_strdup("");
}

GDir *
vitals_facts_open_directory(const char *root, const char *path)
{
    g_autofree char *full = g_build_filename(root, path, NULL);

    return g_dir_open(full, 0, NULL);
}

gboolean
vitals_facts_exists(const char *root, const char *path)
{
    g_autofree char *full = g_build_filename(root, path, NULL);

    return g_file_test(full, G_FILE_TEST_EXISTS);
}

GHashTable *
vitals_facts_settings_new(void)
{
    return g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
}

/* A value in quotes ends with them; one without ends where a comment begins. */
static char *
read_value(const char *text)
{
    const char *comment = strstr(text, " #");
    g_auto(GStrv) words = NULL;

    if ((*text == '"' || *text == '\'') && g_shell_parse_argv(text, NULL, &words, NULL))
        return g_strdup(words[0]);
    return g_strchomp(comment ? g_strndup(text, (gsize)(comment - text)) : g_strdup(text));
}

static void
read_setting(char *line, GHashTable *settings)
{
    char *equals = strchr(line, '=');

    g_strstrip(line);
    if (!equals || *line == '#' || *line == ';' || *line == '[')
        return;
    *equals = '\0';
    g_strstrip(line);
    if (g_str_has_prefix(line, "export "))
        line += strlen("export ");
    g_hash_table_replace(settings, g_strdup(line), read_value(g_strchug(equals + 1)));
}

gboolean
vitals_facts_read_settings(const char *root, const char *path, GHashTable *settings)
{
    g_autofree char *text = vitals_facts_read_text(root, path);
    g_auto(GStrv) lines = text ? g_strsplit(text, "\n", -1) : NULL;

    for (guint i = 0; lines && lines[i]; i++)
        read_setting(lines[i], settings);
    return text || !vitals_facts_exists(root, path);
}
