/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "probes/console/names.h"
#include "probes/console/pattern.h"

#include <string.h>

enum {
    KNOWN_MAX = 1024, /* names whose answer is remembered; then it begins anew */
    NAME_MAX_BYTES = 96,
};

struct VitalsNames {
    GPtrArray *texts;
    VitalsPattern *pattern; /* of all @texts */
    GHashTable *known;      /* name -> GINT_TO_POINTER(answer) */
};

VitalsNames *
vitals_names_new(void)
{
    VitalsNames *names = g_new0(VitalsNames, 1);

    names->texts = g_ptr_array_new_with_free_func(g_free);
    names->known = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    return names;
}

void
vitals_names_free(VitalsNames *names)
{
    if (!names)
        return;
    g_hash_table_unref(names->known);
    vitals_pattern_free(names->pattern);
    g_ptr_array_unref(names->texts);
    g_free(names);
}

gboolean
vitals_names_add(VitalsNames *names, const char *pattern, GError **error)
{
    g_autoptr(VitalsPattern) joined = NULL;

    g_ptr_array_add(names->texts, g_strdup(pattern));
    joined = vitals_pattern_join(names->texts, FALSE, error);
    if (!joined)
        return FALSE;
    vitals_pattern_free(names->pattern);
    names->pattern = g_steal_pointer(&joined);
    return TRUE;
}

static gboolean
match(VitalsNames *names, const char *name, gsize length)
{
    return names->pattern && vitals_pattern_find(names->pattern, name, length, 0);
}

gboolean
vitals_names_have(VitalsNames *names, const char *name)
{
    gsize length = strlen(name);
    gpointer answer = NULL;

    if (length > NAME_MAX_BYTES)
        return match(names, name, length);
    if (!g_hash_table_lookup_extended(names->known, name, NULL, &answer)) {
        answer = GINT_TO_POINTER(match(names, name, length));
        if (g_hash_table_size(names->known) >= KNOWN_MAX)
            g_hash_table_remove_all(names->known);
        g_hash_table_insert(names->known, g_strdup(name), answer);
    }
    return GPOINTER_TO_INT(answer);
}
