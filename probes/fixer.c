/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "probes/fixer.h"
#include "config/text.h"

#include <string.h>

/* Fixes that change the same element wait for each other, and one fix may call for the next (a serial
 * port, then its log). About ten rules add to <devices>; as many passes again for what follows. */
#define MAX_PASSES 20

/* One state of the document, judged. */
typedef struct {
    char *bytes;
    gsize length;
    VitalsDefinition *definition;
    VitalsFindings *findings;
} Draft;

static void
draft_free(Draft *draft)
{
    if (!draft)
        return;
    vitals_findings_free(draft->findings);
    vitals_definition_free(draft->definition);
    g_free(draft->bytes);
    g_free(draft);
}

G_DEFINE_AUTOPTR_CLEANUP_FUNC(Draft, draft_free)

/* Ended by a NUL; there may be others in UTF-16. */
static char *
copy(const char *bytes, gsize length)
{
    char *own = g_malloc(length + 1);

    memcpy(own, bytes, length);
    own[length] = '\0';
    return own;
}

/* Takes @bytes. */
static Draft *
judge(const VitalsFixer *fixer, const char *source, char *bytes, gsize length, GError **error)
{
    g_autoptr(Draft) draft = g_new0(Draft, 1);

    draft->bytes = bytes;
    draft->length = length;
    draft->definition = vitals_definition_new(source, bytes, length, NULL, error);
    if (!draft->definition)
        return NULL;
    draft->findings = fixer->lint(draft->definition, fixer->data);
    return g_steal_pointer(&draft);
}

/* Some encodings have several ways to write the same text. */
static gboolean
can_write_back(const Draft *draft, const char *source, GError **error)
{
    gsize length;
    const char *text = vitals_xml_source(draft->definition->xml, &length);
    g_autofree char *again = vitals_xml_encode(draft->definition->xml, text, &length);
    g_autofree char *name = NULL;

    if (again && length == draft->length && memcmp(again, draft->bytes, length) == 0)
        return TRUE;
    name = vitals_text_printable(source, -1);
    g_set_error(error, VITALS_XML_ERROR, VITALS_XML_ERROR_UNREADABLE,
                "%s: its encoding cannot be written back byte for byte, so it is not fixed; "
                "convert it to UTF-8 first",
                name);
    return FALSE;
}

static guint
count_errors(const VitalsFindings *findings)
{
    guint count = 0;

    for (guint i = 0; i < findings->found->len; i++)
        count += ((VitalsFinding *)findings->found->pdata[i])->severity == VITALS_SEVERITY_ERROR;
    return count;
}

static guint
count_violations(const Draft *draft)
{
    return draft->definition->violations ? draft->definition->violations->len : 0;
}

/* (element-type VitalsRule guint) */
static GHashTable *
count_by_rule(const VitalsFindings *findings)
{
    GHashTable *counts = g_hash_table_new(NULL, NULL);

    for (guint i = 0; i < findings->found->len; i++) {
        gpointer rule = (gpointer)((VitalsFinding *)findings->found->pdata[i])->rule;
        guint count = GPOINTER_TO_UINT(g_hash_table_lookup(counts, rule));

        g_hash_table_insert(counts, rule, GUINT_TO_POINTER(count + 1));
    }
    return counts;
}

/* The findings whose fixes are to be tried now. */
static GPtrArray *
choose(const VitalsFixer *fixer, const VitalsFixed *fixed, const Draft *draft)
{
    GPtrArray *chosen = g_ptr_array_new();

    for (guint i = 0; i < draft->findings->found->len; i++) {
        const VitalsFinding *finding = draft->findings->found->pdata[i];

        if (finding->fix && (fixer->unsafe || vitals_fix_is_safe(finding->fix)) &&
            !g_hash_table_contains(fixed->failed, finding->rule))
            g_ptr_array_add(chosen, (gpointer)finding);
    }
    return chosen;
}

/* Applies what it can of @chosen. @ret_done: (element-type VitalsFinding): what that was */
static char *
apply(const Draft *draft, const GPtrArray *chosen, GPtrArray **ret_done, gsize *ret_length)
{
    g_autoptr(GPtrArray) fixes = g_ptr_array_new();
    g_autoptr(GPtrArray) done = NULL;
    g_autofree char *text = NULL;
    guint k = 0;

    for (guint i = 0; i < chosen->len; i++)
        g_ptr_array_add(fixes, ((VitalsFinding *)chosen->pdata[i])->fix);
    text = vitals_fix_apply(fixes, draft->definition->xml, &done);
    *ret_done = g_ptr_array_new();
    for (guint i = 0; i < chosen->len && k < done->len; i++) {
        if (fixes->pdata[i] == done->pdata[k]) {
            g_ptr_array_add(*ret_done, chosen->pdata[i]);
            k++;
        }
    }
    return vitals_xml_encode(draft->definition->xml, text, ret_length);
}

/* Finds the rules whose fix did harm or nothing; an error or a violation of the schema that was not there
 * is harm. Whose new errors are cannot be told, so then all that
 * were used together are to blame. */
static gboolean
find_failures(const Draft *before, const Draft *after, const GPtrArray *done, GHashTable *failed)
{
    g_autoptr(GHashTable) old = count_by_rule(before->findings);
    g_autoptr(GHashTable) new = after ? count_by_rule(after->findings) : NULL;
    gboolean is_harmful = !after ||
                          count_errors(after->findings) > count_errors(before->findings) ||
                          count_violations(after) > count_violations(before);
    gboolean is_any = FALSE;

    for (guint i = 0; i < done->len; i++) {
        gconstpointer rule = ((VitalsFinding *)done->pdata[i])->rule;

        if (is_harmful || GPOINTER_TO_UINT(g_hash_table_lookup(new, rule)) >=
                              GPOINTER_TO_UINT(g_hash_table_lookup(old, rule)))
            is_any |= g_hash_table_add(failed, (gpointer)rule) || is_harmful;
    }
    return is_any;
}

static void
note(VitalsFixed *fixed, const GPtrArray *chosen)
{
    for (guint i = 0; i < chosen->len; i++) {
        const VitalsFinding *finding = chosen->pdata[i];
        g_autofree char *what = vitals_fix_describe(finding->fix);

        g_ptr_array_add(fixed->done,
                        g_strdup_printf("%s %s: %s", finding->rule->id, finding->rule->name, what));
    }
}

/* One pass; returns the next draft, or %NULL if there is nothing (more) to do. What failed is not chosen
 * again, so this ends. */
static Draft *
improve(const VitalsFixer *fixer, VitalsFixed *fixed, const char *source, const Draft *draft)
{
    while (TRUE) {
        g_autoptr(GPtrArray) chosen = choose(fixer, fixed, draft);
        g_autoptr(GPtrArray) done = NULL;
        gsize length = 0;
        char *bytes = apply(draft, chosen, &done, &length);
        g_autoptr(Draft) next = bytes ? judge(fixer, source, bytes, length, NULL) : NULL;

        if (done->len == 0)
            return NULL;
        if (!find_failures(draft, next, done, fixed->failed)) {
            note(fixed, done);
            return g_steal_pointer(&next);
        }
    }
}

VitalsFixed *
vitals_fixer_run(const VitalsFixer *fixer, const char *source, const char *bytes, gsize length,
                 GError **error)
{
    g_autoptr(VitalsFixed) fixed = g_new0(VitalsFixed, 1);
    g_autoptr(Draft) draft = NULL;
    Draft *next;

    fixed->done = g_ptr_array_new_with_free_func(g_free);
    fixed->failed = g_hash_table_new(NULL, NULL);
    draft = judge(fixer, source, copy(bytes, length), length, error);
    if (!draft || !can_write_back(draft, source, error))
        return NULL;
    for (guint pass = 0; pass < MAX_PASSES && (next = improve(fixer, fixed, source, draft));
         pass++) {
        draft_free(draft);
        draft = next;
    }
    for (guint i = 0; i < draft->findings->found->len; i++) {
        const VitalsFinding *finding = draft->findings->found->pdata[i];

        fixed->left += finding->fix && !fixer->unsafe && !vitals_fix_is_safe(finding->fix);
    }
    fixed->bytes = g_steal_pointer(&draft->bytes);
    fixed->length = draft->length;
    return g_steal_pointer(&fixed);
}

void
vitals_fixed_free(VitalsFixed *fixed)
{
    if (!fixed)
        return;
    g_free(fixed->bytes);
    g_ptr_array_unref(fixed->done);
    g_hash_table_unref(fixed->failed);
    g_free(fixed);
}
