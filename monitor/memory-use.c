/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "monitor/memory-use.h"
#include "monitor/postmortem/facts.h"

static json_t *
users_json(const GPtrArray *users)
{
    json_t *array = json_array();

    for (guint i = 0; i < users->len; i++) {
        const VitalsMemoryUser *user = g_ptr_array_index(users, i);

        json_array_append_new(array, json_pack("{s:s, s:i, s:I, s:I}", "name", user->name, "count",
                                               (int)user->count, "bytes", (json_int_t)user->bytes,
                                               "largest_bytes", (json_int_t)user->largest));
    }
    return array;
}

static int
by_bytes(gconstpointer a, gconstpointer b, gpointer data)
{
    const VitalsShortage *shortage = data;
    guint64 first = shortage->in[*(const VitalsMemoryKind *)a];
    guint64 second = shortage->in[*(const VitalsMemoryKind *)b];

    return first > second ? -1 : first < second;
}

static json_t *
kinds_json(const VitalsShortage *shortage)
{
    VitalsMemoryKind kinds[VITALS_N_MEMORY];
    json_t *array = json_array();

    for (guint i = 0; i < VITALS_N_MEMORY; i++)
        kinds[i] = (VitalsMemoryKind)i;
    g_qsort_with_data(kinds, VITALS_N_MEMORY, sizeof(kinds[0]), by_bytes, (gpointer)shortage);
    for (guint i = 0; i < VITALS_N_MEMORY && shortage->in[kinds[i]] > 0; i++)
        json_array_append_new(array,
                              json_pack("{s:s, s:s, s:I}", "kind", vitals_memory_name(kinds[i]),
                                        "words", vitals_memory_words(kinds[i]), "bytes",
                                        (json_int_t)shortage->in[kinds[i]]));
    return array;
}

json_t *
vitals_memory_use_json(const VitalsShortage *shortage)
{
    g_autofree char *told = vitals_shortage_tell(shortage);

    return json_pack("{s:s, s:I, s:I, s:o, s:o, s:o, s:o, s:i}", "told", told, "total_bytes",
                     (json_int_t)shortage->total, "free_bytes", (json_int_t)shortage->free, "kinds",
                     kinds_json(shortage), "processes", users_json(shortage->users), "slabs",
                     users_json(shortage->slabs), "killed", users_json(shortage->killed), "kills",
                     (int)shortage->kills);
}

char *
vitals_memory_use_name(const json_t *user)
{
    double count = vitals_fact_number(user, "count", 1);

    return count > 1
               ? g_strdup_printf("%s (%.0f of that name)", vitals_fact_text(user, "name"), count)
               : g_strdup(vitals_fact_text(user, "name"));
}

static void
append_row(GString *text, double bytes, const char *words)
{
    g_autofree char *size = g_format_size_full((guint64)MAX(bytes, 0), G_FORMAT_SIZE_IEC_UNITS);

    /* the no-break space counts two bytes */
    g_string_append_printf(text, "%12s  %s\n", size, words);
}

static void
append_users(GString *text, const char *heading, const json_t *users)
{
    size_t index;
    json_t *user;

    if (json_array_size(users) == 0)
        return;
    g_string_append_printf(text, "%s\n", heading);
    json_array_foreach((json_t *)users, index, user)
    {
        g_autofree char *name = vitals_memory_use_name(user);

        append_row(text, vitals_fact_number(user, "bytes", 0), name);
    }
}

void
vitals_memory_use_append(GString *text, const json_t *memory)
{
    double total = vitals_fact_number(memory, "total_bytes", 0);
    size_t index;
    json_t *kind;

    if (total > 0)
        append_row(text, total, "in all, as its kernel counted");
    json_array_foreach(json_object_get(memory, "kinds"), index, kind)
        append_row(text, vitals_fact_number(kind, "bytes", 0), vitals_fact_text(kind, "words"));
    if (total > 0)
        append_row(text, vitals_fact_number(memory, "free_bytes", 0), "free");
    append_users(text, "Largest programs:", json_object_get(memory, "processes"));
    append_users(text, "Largest caches of the kernel:", json_object_get(memory, "slabs"));
    append_users(text, "Killed for it:", json_object_get(memory, "killed"));
}
