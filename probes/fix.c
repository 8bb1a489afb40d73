/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "probes/fix.h"
#include "config/text.h"
#include "probes/xml-edit.h"

#include <string.h>

typedef enum {
    SET_ATTRIBUTE,
    RENAME_ATTRIBUTE,
    DROP_ATTRIBUTE,
    SET_TEXT,
    ADD_CHILD,
    ADD_BEFORE,
    DROP,
} Kind;

/* One step; @name is an attribute's, @text a value or XML, ready to be written. */
typedef struct {
    Kind kind;
    const VitalsXmlNode *node;
    char *name;
    char *text;
} Step;

struct VitalsFix {
    gboolean is_safe;
    GPtrArray *steps;
};

static void
free_step(gpointer data)
{
    Step *step = data;

    g_free(step->name);
    g_free(step->text);
    g_free(step);
}

/* Takes @text. */
static void
add_step(VitalsFix *fix, Kind kind, const VitalsXmlNode *node, const char *name, char *text)
{
    Step *step = g_new0(Step, 1);

    step->kind = kind;
    step->node = node;
    step->name = g_strdup(name);
    step->text = text;
    g_ptr_array_add(fix->steps, step);
}

void
vitals_text_edit_free(gpointer data)
{
    VitalsTextEdit *edit = data;

    if (!edit)
        return;
    g_free(edit->text);
    g_free(edit);
}

VitalsFix *
vitals_fix_new(VitalsFixSafety safety)
{
    VitalsFix *fix = g_new0(VitalsFix, 1);

    fix->is_safe = safety == VITALS_FIX_SAFE;
    fix->steps = g_ptr_array_new_with_free_func(free_step);
    return fix;
}

void
vitals_fix_free(VitalsFix *fix)
{
    if (!fix)
        return;
    g_ptr_array_unref(fix->steps);
    g_free(fix);
}

gboolean
vitals_fix_is_safe(const VitalsFix *fix)
{
    return fix->is_safe;
}

void
vitals_fix_set_attribute(VitalsFix *fix, const VitalsXmlNode *node, const char *name,
                         const char *value)
{
    add_step(fix, SET_ATTRIBUTE, node, name, g_markup_escape_text(value, -1));
}

void
vitals_fix_rename_attribute(VitalsFix *fix, const VitalsXmlNode *node, const char *name,
                            const char *new_name)
{
    add_step(fix, RENAME_ATTRIBUTE, node, name, g_strdup(new_name));
}

void
vitals_fix_drop_attribute(VitalsFix *fix, const VitalsXmlNode *node, const char *name)
{
    add_step(fix, DROP_ATTRIBUTE, node, name, NULL);
}

void
vitals_fix_set_text(VitalsFix *fix, const VitalsXmlNode *node, const char *text)
{
    add_step(fix, SET_TEXT, node, NULL, g_markup_escape_text(text, -1));
}

void
vitals_fix_add_child(VitalsFix *fix, const VitalsXmlNode *node, const char *xml)
{
    add_step(fix, ADD_CHILD, node, NULL, g_strdup(xml));
}

void
vitals_fix_add_below(VitalsFix *fix, const VitalsXmlNode *node, const char *parent, const char *xml)
{
    const VitalsXmlNode *there = vitals_xml_first(node, parent);

    if (there)
        vitals_fix_add_child(fix, there, xml);
    else
        add_step(fix, ADD_CHILD, node, NULL,
                 g_strdup_printf("<%s>\n  %s\n</%s>", parent, xml, parent));
}

void
vitals_fix_add_before(VitalsFix *fix, const VitalsXmlNode *node, const char *xml)
{
    add_step(fix, ADD_BEFORE, node, NULL, g_strdup(xml));
}

void
vitals_fix_drop(VitalsFix *fix, const VitalsXmlNode *node)
{
    add_step(fix, DROP, node, NULL, NULL);
}

static void
describe_step(GString *out, const Step *step)
{
    const char *element = vitals_xml_name(step->node);
    g_autofree char *flat = step->text ? vitals_xml_edit_flatten(step->text) : NULL;

    switch (step->kind) {
    case SET_ATTRIBUTE:
        g_string_append_printf(out, "set %s='%s' on <%s>", step->name, flat, element);
        break;
    case RENAME_ATTRIBUTE:
        g_string_append_printf(out, "write %s= instead of %s= on <%s>", flat, step->name, element);
        break;
    case DROP_ATTRIBUTE:
        g_string_append_printf(out, "drop %s= from <%s>", step->name, element);
        break;
    case SET_TEXT:
        g_string_append_printf(out, "write <%s>%s</%s>", element, flat, element);
        break;
    case ADD_CHILD:
        g_string_append_printf(out, "add %s to <%s>", flat, element);
        break;
    case ADD_BEFORE:
        g_string_append_printf(out, "put %s before <%s>", flat, element);
        break;
    case DROP:
        g_string_append_printf(out, "drop <%s>", element);
        break;
    }
}

char *
vitals_fix_describe(const VitalsFix *fix)
{
    g_autoptr(GString) out = g_string_new(NULL);

    for (guint i = 0; i < fix->steps->len; i++) {
        g_string_append(out, i > 0 ? ", " : "");
        describe_step(out, fix->steps->pdata[i]);
    }
    return vitals_text_printable(out->str, -1);
}

static VitalsTextEdit *
locate_step(const Step *step, const VitalsXml *xml)
{
    switch (step->kind) {
    case SET_ATTRIBUTE:
        return vitals_xml_edit_set_attribute(xml, step->node, step->name, step->text);
    case RENAME_ATTRIBUTE:
        return vitals_xml_edit_rename_attribute(xml, step->node, step->name, step->text);
    case DROP_ATTRIBUTE:
        return vitals_xml_edit_drop_attribute(xml, step->node, step->name);
    case SET_TEXT:
        return vitals_xml_edit_set_text(xml, step->node, step->text);
    case ADD_CHILD:
        return vitals_xml_edit_add_child(xml, step->node, step->text);
    case ADD_BEFORE:
        return vitals_xml_edit_add_before(xml, step->node, step->text);
    case DROP:
        return vitals_xml_edit_drop(xml, step->node);
    }
    return NULL;
}

/* By place, what is only added there before what replaces something. */
static gint
compare_edits(gconstpointer left, gconstpointer right, gpointer data)
{
    const VitalsTextEdit *one = left;
    const VitalsTextEdit *other = right;

    if (one->offset != other->offset)
        return one->offset < other->offset ? -1 : 1;
    return (one->length > 0) - (other->length > 0);
}

static gint
compare_rows(gconstpointer left, gconstpointer right)
{
    return compare_edits(*(const VitalsTextEdit *const *)left,
                         *(const VitalsTextEdit *const *)right, NULL);
}

GPtrArray *
vitals_fix_edits(const VitalsFix *fix, const VitalsXml *xml)
{
    g_autoptr(GPtrArray) edits = g_ptr_array_new_with_free_func(vitals_text_edit_free);

    for (guint i = 0; i < fix->steps->len; i++) {
        VitalsTextEdit *edit = locate_step(fix->steps->pdata[i], xml);

        if (!edit)
            return NULL;
        g_ptr_array_add(edits, edit);
    }
    g_ptr_array_sort(edits, compare_rows);
    for (guint i = 1; i < edits->len; i++) {
        const VitalsTextEdit *before = edits->pdata[i - 1];

        if (before->offset + before->length > ((VitalsTextEdit *)edits->pdata[i])->offset)
            return NULL;
    }
    return g_steal_pointer(&edits);
}

/* Additions at one place are no conflict. */
static gboolean
overlaps(const VitalsTextEdit *one, const VitalsTextEdit *other)
{
    gsize end = one->offset + MAX(one->length, 1);
    gsize other_end = other->offset + MAX(other->length, 1);

    if (one->length == 0 && other->length == 0)
        return FALSE;
    return one->offset < other_end && other->offset < end;
}

/* What was taken so far: the elements that change, and the edits, sorted by place. No two edits overlap,
 * so a new one can only overlap its neighbours. */
typedef struct {
    GHashTable *touched;
    GSequence *edits;
} Taken;

static gboolean
is_free(const Taken *taken, const VitalsFix *fix, const GPtrArray *edits)
{
    for (guint i = 0; i < fix->steps->len; i++) {
        if (g_hash_table_contains(taken->touched, ((const Step *)fix->steps->pdata[i])->node))
            return FALSE;
    }
    for (guint i = 0; i < edits->len; i++) {
        GSequenceIter *next = g_sequence_search(taken->edits, edits->pdata[i], compare_edits, NULL);

        if (!g_sequence_iter_is_end(next) && overlaps(edits->pdata[i], g_sequence_get(next)))
            return FALSE;
        if (!g_sequence_iter_is_begin(next) &&
            overlaps(edits->pdata[i], g_sequence_get(g_sequence_iter_prev(next))))
            return FALSE;
    }
    return TRUE;
}

/* Takes the rows of @edits. */
static void
take(Taken *taken, const VitalsFix *fix, GPtrArray *edits)
{
    for (guint i = 0; i < fix->steps->len; i++)
        g_hash_table_add(taken->touched, (gpointer)((const Step *)fix->steps->pdata[i])->node);
    g_ptr_array_set_free_func(edits, NULL);
    for (guint i = 0; i < edits->len; i++)
        g_sequence_insert_sorted(taken->edits, edits->pdata[i], compare_edits, NULL);
}

static char *
write_text(const VitalsXml *xml, GSequence *edits)
{
    gsize length;
    const char *text = vitals_xml_source(xml, &length);
    GString *out = g_string_sized_new(length + 1024);
    gsize at = 0;

    for (GSequenceIter *iter = g_sequence_get_begin_iter(edits); !g_sequence_iter_is_end(iter);
         iter = g_sequence_iter_next(iter)) {
        const VitalsTextEdit *edit = g_sequence_get(iter);

        g_string_append_len(out, text + at, (gssize)(edit->offset - at));
        g_string_append(out, edit->text);
        at = edit->offset + edit->length;
    }
    g_string_append_len(out, text + at, (gssize)(length - at));
    return g_string_free(out, FALSE);
}

char *
vitals_fix_apply(const GPtrArray *fixes, const VitalsXml *xml, GPtrArray **ret_done)
{
    g_autoptr(GHashTable) touched = g_hash_table_new(NULL, NULL);
    g_autoptr(GSequence) all = g_sequence_new(vitals_text_edit_free);
    Taken taken = { .touched = touched, .edits = all };

    *ret_done = g_ptr_array_new();
    for (guint i = 0; i < fixes->len; i++) {
        g_autoptr(GPtrArray) edits = vitals_fix_edits(fixes->pdata[i], xml);

        if (!edits || !is_free(&taken, fixes->pdata[i], edits))
            continue;
        take(&taken, fixes->pdata[i], edits);
        g_ptr_array_add(*ret_done, fixes->pdata[i]);
    }
    return write_text(xml, all);
}
