/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "probes/xml-edit.h"

#include <string.h>

#define BLANKS " \t\r\n"

/* An element in the text of its document. */
typedef struct {
    const char *text;
    VitalsXmlExtent extent;
} Place;

/* An attribute in it: from the blank before its name to behind its last quote. */
typedef struct {
    gsize blank;
    gsize name;
    gsize name_length;
    gsize value;
    gsize value_length;
    gsize end;
} Attribute;

static gboolean
find_place(const VitalsXml *xml, const VitalsXmlNode *node, Place *ret_place)
{
    gsize length;

    ret_place->text = vitals_xml_source(xml, &length);
    return vitals_xml_extent(xml, node, &ret_place->extent);
}

/* Takes @text. */
static VitalsTextEdit *
new_edit(gsize offset, gsize length, char *text)
{
    VitalsTextEdit *edit = g_new0(VitalsTextEdit, 1);

    edit->offset = offset;
    edit->length = length;
    edit->text = text;
    return edit;
}

/* ---- tags ---- */

static gsize
name_end(const Place *place)
{
    return place->extent.begin + 1 + strcspn(place->text + place->extent.begin + 1, BLANKS "/>");
}

/* Reads the attribute at or behind @at; FALSE at the end of the tag. */
static gboolean
next_attribute(const Place *place, gsize at, Attribute *ret_attribute)
{
    const char *text = place->text;
    char quote[2] = { 0 };

    ret_attribute->blank = at;
    at += strspn(text + at, BLANKS);
    if (text[at] == '/' || text[at] == '>')
        return FALSE;
    ret_attribute->name = at;
    ret_attribute->name_length = strcspn(text + at, BLANKS "=");
    at += ret_attribute->name_length;
    at += strcspn(text + at, "'\"");
    quote[0] = text[at];
    ret_attribute->value = at + 1;
    ret_attribute->value_length = strcspn(text + at + 1, quote);
    ret_attribute->end = at + ret_attribute->value_length + 2;
    return ret_attribute->end < place->extent.tag_end;
}

static gboolean
find_attribute(const Place *place, const char *name, Attribute *ret_attribute)
{
    gsize at = name_end(place);

    while (next_attribute(place, at, ret_attribute)) {
        if (strlen(name) == ret_attribute->name_length &&
            strncmp(place->text + ret_attribute->name, name, ret_attribute->name_length) == 0)
            return TRUE;
        at = ret_attribute->end;
    }
    return FALSE;
}

/* Behind the last attribute, or behind the name if there is none. */
static gsize
attributes_end(const Place *place)
{
    gsize at = name_end(place);
    Attribute attribute;

    while (next_attribute(place, at, &attribute))
        at = attribute.end;
    return at;
}

/* The quotes of this document: those of the root's first attribute. */
static char
quote_of(const VitalsXml *xml)
{
    Place root;
    Attribute first;

    if (!find_place(xml, vitals_xml_root(xml), &root) ||
        !next_attribute(&root, name_end(&root), &first))
        return '\'';
    return root.text[first.value - 1];
}

VitalsTextEdit *
vitals_xml_edit_set_attribute(const VitalsXml *xml, const VitalsXmlNode *node, const char *name,
                              const char *value)
{
    Place place;
    Attribute attribute;
    char quote = quote_of(xml);

    if (!find_place(xml, node, &place))
        return NULL;
    if (find_attribute(&place, name, &attribute))
        return new_edit(attribute.value, attribute.value_length, g_strdup(value));
    return new_edit(attributes_end(&place), 0,
                    g_strdup_printf(" %s=%c%s%c", name, quote, value, quote));
}

VitalsTextEdit *
vitals_xml_edit_rename_attribute(const VitalsXml *xml, const VitalsXmlNode *node, const char *name,
                                 const char *new_name)
{
    Place place;
    Attribute attribute;

    if (!find_place(xml, node, &place) || !find_attribute(&place, name, &attribute))
        return NULL;
    return new_edit(attribute.name, attribute.name_length, g_strdup(new_name));
}

VitalsTextEdit *
vitals_xml_edit_drop_attribute(const VitalsXml *xml, const VitalsXmlNode *node, const char *name)
{
    Place place;
    Attribute attribute;

    if (!find_place(xml, node, &place) || !find_attribute(&place, name, &attribute))
        return NULL;
    return new_edit(attribute.blank, attribute.end - attribute.blank, g_strdup(""));
}

VitalsTextEdit *
vitals_xml_edit_set_text(const VitalsXml *xml, const VitalsXmlNode *node, const char *text)
{
    Place place;

    if (!find_place(xml, node, &place) || place.extent.content_end == place.extent.end)
        return NULL;
    return new_edit(place.extent.tag_end, place.extent.content_end - place.extent.tag_end,
                    g_strdup(text));
}

/* ---- lines ---- */

static gsize
line_begin(const char *text, gsize offset)
{
    while (offset > 0 && text[offset - 1] != '\n')
        offset--;
    return offset;
}

static gboolean
is_first_on_line(const char *text, gsize offset)
{
    gsize begin = line_begin(text, offset);

    return begin + strspn(text + begin, " \t") == offset;
}

static char *
indent_of(const char *text, gsize offset)
{
    gsize begin = line_begin(text, offset);

    return g_strndup(text + begin, strspn(text + begin, " \t"));
}

/* The line end of the line before, or else of this one. */
static const char *
line_end_at(const char *text, gsize offset)
{
    gsize begin = line_begin(text, offset);
    const char *end = begin > 0 ? text + begin - 1 : strchr(text + offset, '\n');

    return end && end > text && end[-1] == '\r' ? "\r\n" : "\n";
}

/* What a level of indentation is here, from an element and a child of it that begin their lines. */
static char *
unit_of(const char *outer, const char *inner)
{
    if (g_str_has_prefix(inner, outer) && strlen(inner) > strlen(outer))
        return g_strdup(inner + strlen(outer));
    return g_strdup(strchr(outer, '\t') ? "\t" : "  ");
}

char *
vitals_xml_edit_flatten(const char *xml)
{
    GString *out = g_string_new(NULL);

    for (const char *at = xml; *at;) {
        gsize length = strcspn(at, "\n");

        g_string_append_len(out, at, (gssize)length);
        at += length;
        at += strspn(at, "\n ");
    }
    return g_string_free(out, FALSE);
}

/* @new_xml with the quotes of the document, its further lines indented by @indent and @unit. */
static char *
dress(const VitalsXml *xml, const char *new_xml, const char *line_end, const char *indent,
      const char *unit)
{
    g_auto(GStrv) lines = g_strsplit(new_xml, "\n", -1);
    GString *out = g_string_new(NULL);

    for (guint i = 0; lines[i]; i++) {
        gsize blanks = strspn(lines[i], " ");

        if (i > 0)
            g_string_append_printf(out, "%s%s", line_end, indent);
        for (gsize k = 0; k < blanks / 2; k++)
            g_string_append(out, unit);
        g_string_append(out, lines[i] + blanks);
    }
    if (quote_of(xml) == '"')
        g_strdelimit(out->str, "'", '"');
    return g_string_free(out, FALSE);
}

static char *
dress_flat(const VitalsXml *xml, const char *new_xml)
{
    g_autofree char *flat = vitals_xml_edit_flatten(new_xml);

    return dress(xml, flat, "", "", "");
}

/* ---- elements ---- */

/* The indentation of the first child that begins its line; else one level more than @outer. */
static char *
child_indent(const Place *place, const VitalsXml *xml, const VitalsXmlNode *node, const char *outer)
{
    g_autoptr(GPtrArray) children = vitals_xml_all(node, "*");
    g_autofree char *unit = NULL;

    for (guint i = 0; i < children->len; i++) {
        Place child;

        if (find_place(xml, children->pdata[i], &child) &&
            is_first_on_line(child.text, child.extent.begin))
            return indent_of(child.text, child.extent.begin);
    }
    unit = unit_of(outer, "");
    return g_strconcat(outer, unit, NULL);
}

static gboolean
is_blank(const char *text, gsize begin, gsize end)
{
    return begin + strspn(text + begin, BLANKS) >= end;
}

/* An element that holds nothing gets lines for its first child if it stands on a line of its own. */
static VitalsTextEdit *
fill(const VitalsXml *xml, const Place *place, const char *inner, const char *outer,
     const char *new_xml)
{
    const VitalsXmlExtent *extent = &place->extent;
    gboolean is_closed = extent->content_end == extent->end;
    gsize name_begin = extent->begin + 1;
    g_autofree char *name = g_strndup(place->text + name_begin, name_end(place) - name_begin);
    g_autofree char *tail = is_closed ? g_strdup_printf("</%s>", name) : g_strdup("");
    const char *head = is_closed ? ">" : "";
    gsize from = is_closed ? attributes_end(place) : extent->tag_end;
    gsize to = extent->content_end;
    const char *line_end = line_end_at(place->text, extent->begin);
    g_autofree char *unit = unit_of(outer, inner);
    g_autofree char *lines = dress(xml, new_xml, line_end, inner, unit);
    g_autofree char *flat = dress_flat(xml, new_xml);

    if (!is_first_on_line(place->text, extent->begin))
        return new_edit(from, to - from, g_strconcat(head, flat, tail, NULL));
    return new_edit(from, to - from,
                    g_strconcat(head, line_end, inner, lines, line_end, outer, tail, NULL));
}

VitalsTextEdit *
vitals_xml_edit_add_child(const VitalsXml *xml, const VitalsXmlNode *node, const char *new_xml)
{
    Place place;
    g_autofree char *outer = NULL;
    g_autofree char *inner = NULL;
    g_autofree char *unit = NULL;
    g_autofree char *lines = NULL;
    const char *line_end;
    gsize at;

    if (!find_place(xml, node, &place))
        return NULL;
    outer = indent_of(place.text, place.extent.begin);
    inner = child_indent(&place, xml, node, outer);
    at = place.extent.content_end;
    if (at == place.extent.end ||
        (is_blank(place.text, place.extent.tag_end, at) &&
         !memchr(place.text + place.extent.tag_end, '\n', at - place.extent.tag_end)))
        return fill(xml, &place, inner, outer, new_xml);
    if (!is_first_on_line(place.text, at))
        return new_edit(at, 0, dress_flat(xml, new_xml));

    line_end = line_end_at(place.text, at);
    unit = unit_of(outer, inner);
    lines = dress(xml, new_xml, line_end, inner, unit);
    return new_edit(line_begin(place.text, at), 0, g_strconcat(inner, lines, line_end, NULL));
}

VitalsTextEdit *
vitals_xml_edit_add_before(const VitalsXml *xml, const VitalsXmlNode *node, const char *new_xml)
{
    Place place;
    g_autofree char *indent = NULL;
    g_autofree char *unit = NULL;
    g_autofree char *lines = NULL;
    const char *line_end;
    gsize at;

    if (!find_place(xml, node, &place))
        return NULL;
    at = place.extent.begin;
    if (!is_first_on_line(place.text, at))
        return new_edit(at, 0, dress_flat(xml, new_xml));
    indent = indent_of(place.text, at);
    unit = unit_of(indent, "");
    line_end = line_end_at(place.text, at);
    lines = dress(xml, new_xml, line_end, indent, unit);
    return new_edit(line_begin(place.text, at), 0, g_strconcat(indent, lines, line_end, NULL));
}

VitalsTextEdit *
vitals_xml_edit_drop(const VitalsXml *xml, const VitalsXmlNode *node)
{
    Place place;
    gsize begin;
    gsize end;
    gsize behind;

    if (!find_place(xml, node, &place))
        return NULL;
    begin = place.extent.begin;
    end = place.extent.end;
    behind = end + strspn(place.text + end, " \t\r");
    if (is_first_on_line(place.text, begin) && place.text[behind] == '\n') {
        begin = line_begin(place.text, begin);
        end = behind + 1;
    }
    return new_edit(begin, end - begin, g_strdup(""));
}
