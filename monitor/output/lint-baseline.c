/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "monitor/output/lint-baseline.h"

#include <jansson.h>

struct VitalsLintBaseline {
    GHashTable *counts; /* findings left by key */
};

/* No part holds a line end: a message is printable, and names are escaped. */
static char *
key_of(const char *source, const char *rule, const char *message)
{
    g_autofree char *name = g_strescape(source, NULL);

    return g_strjoin("\n", name, rule, message, NULL);
}

static void
count(VitalsLintBaseline *baseline, char *key)
{
    guint before = GPOINTER_TO_UINT(g_hash_table_lookup(baseline->counts, key));

    g_hash_table_replace(baseline->counts, key, GUINT_TO_POINTER(before + 1));
}

/* Returns whether it is a source as the JSON output has it. */
static gboolean
add_source(VitalsLintBaseline *baseline, const json_t *source)
{
    const char *name = json_string_value(json_object_get(source, "source"));
    const json_t *findings = json_object_get(source, "findings");
    json_t *finding;
    size_t index;

    if (!name || !json_is_array(findings))
        return FALSE;
    json_array_foreach(findings, index, finding)
    {
        const char *rule = json_string_value(json_object_get(finding, "rule"));
        const char *message = json_string_value(json_object_get(finding, "message"));

        if (!rule || !message)
            return FALSE;
        count(baseline, key_of(name, rule, message));
    }
    return TRUE;
}

VitalsLintBaseline *
vitals_lint_baseline_parse(const char *bytes, gsize length)
{
    g_autoptr(VitalsLintBaseline) baseline = g_new0(VitalsLintBaseline, 1);
    json_t *document = json_loadb(bytes, length, 0, NULL);
    const json_t *sources = json_object_get(document, "sources");
    gboolean is_valid = json_is_array(sources);
    json_t *source;
    size_t index;

    baseline->counts = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    json_array_foreach(sources, index, source)
    {
        is_valid = is_valid && add_source(baseline, source);
    }
    json_decref(document);
    return is_valid ? g_steal_pointer(&baseline) : NULL;
}

guint
vitals_lint_baseline_apply(VitalsLintBaseline *baseline, VitalsLintSource *source)
{
    g_autofree char *name = g_utf8_make_valid(source->name, -1);
    guint known = 0;
    guint i = 0;

    while (source->findings && i < source->findings->found->len) {
        const VitalsFinding *finding = source->findings->found->pdata[i];
        g_autofree char *key = key_of(name, finding->rule->id, finding->message);
        guint left = GPOINTER_TO_UINT(g_hash_table_lookup(baseline->counts, key));

        if (left > 0) {
            g_hash_table_replace(baseline->counts, g_steal_pointer(&key),
                                 GUINT_TO_POINTER(left - 1));
            g_ptr_array_remove_index(source->findings->found, i);
            known++;
        } else {
            i++;
        }
    }
    return known;
}

void
vitals_lint_baseline_free(VitalsLintBaseline *baseline)
{
    if (!baseline)
        return;
    g_hash_table_unref(baseline->counts);
    g_free(baseline);
}
