/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "probes/console/signature.h"
#include "probes/console/signature-set.h"

#include <string.h>

const GPtrArray *
vitals_signatures_list(const VitalsSignatures *signatures)
{
    return signatures->list;
}

const GPtrArray *
vitals_signatures_literals(const VitalsSignatures *signatures)
{
    return signatures->literal_texts;
}

typedef struct {
    VitalsSignatures *set;
    const char *text;
    gsize length;
    GPtrArray *found;
} Search;

static gboolean
try_owners(guint literal, gpointer user)
{
    Search *search = user;
    const GPtrArray *owners = g_ptr_array_index(search->set->owners, literal);

    for (guint i = 0; i < owners->len; i++) {
        VitalsSignature *signature = g_ptr_array_index(owners, i);

        if (search->found && g_ptr_array_find(search->found, signature, NULL))
            continue;
        if (!vitals_pattern_find(signature->begin, search->text, search->length, 0))
            continue;
        if (!search->found)
            search->found = g_ptr_array_new();
        g_ptr_array_add(search->found, signature);
    }
    return TRUE;
}

/* The order of the files is the order of preference. */
static int
compare_rank(gconstpointer a, gconstpointer b, gpointer user)
{
    const VitalsSignatures *set = user;
    guint first = 0;
    guint second = 0;

    g_ptr_array_find(set->list, *(VitalsSignature *const *)a, &first);
    g_ptr_array_find(set->list, *(VitalsSignature *const *)b, &second);
    return first < second ? -1 : first > second;
}

GPtrArray *
vitals_signatures_begin(VitalsSignatures *signatures, const char *text, gsize length)
{
    Search search = { signatures, text, length, NULL };

    vitals_literals_scan(signatures->literals, text, length, try_owners, &search);
    if (search.found && search.found->len > 1)
        g_ptr_array_sort_with_data(search.found, compare_rank, signatures);
    return search.found;
}

const char *
vitals_signatures_rename(VitalsSignatures *signatures, const char *name)
{
    for (guint i = 0; i < signatures->renames->len; i++) {
        const VitalsRename *rename = g_ptr_array_index(signatures->renames, i);

        if (vitals_names_have(rename->names, name))
            return rename->name;
    }
    return name;
}

VitalsPattern *
vitals_signatures_shape(VitalsSignatures *signatures, VitalsShape shape, const char *text,
                        gsize length)
{
    VitalsPattern *pattern = signatures->shapes[shape];

    return pattern && vitals_pattern_find(pattern, text, length, 0) ? pattern : NULL;
}
