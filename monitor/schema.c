/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "monitor/schema.h"
#include "config/text.h"

#include <gio/gio.h>
#include <libxml/parser.h>
#include <libxml/relaxng.h>
#include <string.h>

/* libxml2's effort for children in any order grows with the square of their number: 20,000 devices of
 * three elements took 0.7 s. Large real definitions have some thousand elements. */
#define MAX_ELEMENTS 20000
/* Violations beyond these are more of the same. */
#define MAX_VIOLATIONS 20
/* The longest value that is quoted. */
#define MAX_QUOTED 60

struct VitalsSchema {
    xmlRelaxNG *compiled;
};

/* One definition that is held against it. */
typedef struct {
    const VitalsSchema *schema;
    xmlDoc *document;
    GHashTable *numbers; /* xmlNode -> its number in the document */
    GPtrArray *violations;
    char *message; /* libxml2's last sentence */
} Trial;

/* ---- the schema ---- */

static void
on_schema_error(void *data, xmlErrorPtr problem)
{
    char **message = data;

    if (!*message)
        *message = vitals_text_printable(problem->message, -1);
}

VitalsSchema *
vitals_schema_load(const char *path, GError **error)
{
    g_autofree char *message = NULL;
    g_autofree char *shown = vitals_text_printable(path, -1);
    xmlRelaxNGParserCtxt *parser = xmlRelaxNGNewParserCtxt(path);
    xmlRelaxNG *compiled;
    VitalsSchema *schema;

    xmlRelaxNGSetParserStructuredErrors(parser, on_schema_error, &message);
    compiled = xmlRelaxNGParse(parser);
    xmlRelaxNGFreeParserCtxt(parser);
    if (!compiled) {
        g_set_error(error, G_IO_ERROR, G_IO_ERROR_FAILED, "cannot use schema '%s': %s", shown,
                    message ? message : "it is none");
        return NULL;
    }
    schema = g_new0(VitalsSchema, 1);
    schema->compiled = compiled;
    return schema;
}

void
vitals_schema_free(VitalsSchema *schema)
{
    if (!schema)
        return;
    xmlRelaxNGFree(schema->compiled);
    g_free(schema);
}

/* ---- validity ---- */

static void
on_violation(void *data, xmlErrorPtr problem)
{
    Trial *trial = data;

    if (!trial->message && problem->message)
        trial->message = g_strdup(g_strstrip(problem->message));
}

static gboolean
is_valid(Trial *trial, xmlDoc *document)
{
    xmlRelaxNGValidCtxt *context = xmlRelaxNGNewValidCtxt(trial->schema->compiled);
    int result;

    g_clear_pointer(&trial->message, g_free);
    xmlRelaxNGSetValidStructuredErrors(context, on_violation, trial);
    result = xmlRelaxNGValidateDoc(context, document);
    xmlRelaxNGFreeValidCtxt(context);
    return result == 0;
}

/* libxml2's own parser counts elements as ours does. */
static void
number_elements(Trial *trial, const xmlNode *node)
{
    g_hash_table_insert(trial->numbers, (gpointer)node,
                        GUINT_TO_POINTER(g_hash_table_size(trial->numbers)));
    for (const xmlNode *child = node->children; child; child = child->next) {
        if (child->type == XML_ELEMENT_NODE)
            number_elements(trial, child);
    }
}

static void add_violation(Trial *trial, const xmlNode *where, const char *format, ...)
    G_GNUC_PRINTF(3, 4);

static void
add_violation(Trial *trial, const xmlNode *where, const char *format, ...)
{
    VitalsViolation *violation = g_new0(VitalsViolation, 1);
    va_list values;

    va_start(values, format);
    violation->message = g_strdup_vprintf(format, values);
    va_end(values);
    violation->element = GPOINTER_TO_UINT(g_hash_table_lookup(trial->numbers, where));
    g_ptr_array_add(trial->violations, violation);
}

/* ---- what is to blame ----
 *
 * libxml2 says "Extra element devices in interleave" of a misspelt attribute somewhere in it. So each
 * part is tried alone in a definition that is valid otherwise, and taken apart until what is wrong is
 * found: a part without which the rest is valid. */

static xmlNode *
next_element(xmlNode *node)
{
    while (node && node->type != XML_ELEMENT_NODE)
        node = node->next;
    return node;
}

/* A valid <domain> of the same type and attributes, with nothing in it that is called @name. */
static xmlDoc *
new_frame(const xmlNode *domain, const char *name)
{
    static const char *const parts[][2] = { { "name", "x" }, { "memory", "1" } };
    xmlDoc *frame = xmlNewDoc(BAD_CAST "1.0");
    xmlNode *root = xmlDocCopyNode((xmlNode *)domain, frame, 2);

    xmlDocSetRootElement(frame, root);
    for (guint i = 0; i < G_N_ELEMENTS(parts); i++) {
        if (!g_str_equal(parts[i][0], name))
            xmlNewChild(root, NULL, BAD_CAST parts[i][0], BAD_CAST parts[i][1]);
    }
    if (!g_str_equal(name, "os"))
        xmlNewChild(xmlNewChild(root, NULL, BAD_CAST "os", NULL), NULL, BAD_CAST "type",
                    BAD_CAST "hvm");
    return frame;
}

static char *
quote(const xmlChar *value)
{
    g_autofree char *shown = vitals_text_printable((const char *)value, -1);
    g_autofree char *cut = g_utf8_substring(shown, 0, MIN(g_utf8_strlen(shown, -1), MAX_QUOTED));

    return g_strconcat(cut, strlen(cut) < strlen(shown) ? "…" : "", NULL);
}

/* Whether the frame is valid without one attribute of @node, which is to blame then. */
static gboolean
blame_attribute(Trial *trial, xmlDoc *frame, xmlNode *node, const xmlNode *original)
{
    for (xmlAttr *attribute = original->properties; attribute; attribute = attribute->next) {
        xmlAttr *own = xmlHasProp(node, attribute->name);
        xmlChar *value = own ? xmlNodeListGetString(frame, own->children, 1) : NULL;
        g_autofree char *shown = quote(value);
        gboolean is_to_blame;

        if (!own) {
            xmlFree(value);
            continue;
        }
        xmlRemoveProp(own);
        is_to_blame = is_valid(trial, frame);
        xmlNewProp(node, attribute->name, value);
        xmlFree(value);
        if (is_to_blame) {
            add_violation(trial, original, "%s='%s' is not allowed on this <%s>", attribute->name,
                          shown, original->name);
            return TRUE;
        }
    }
    return FALSE;
}

static void blame(Trial *trial, xmlDoc *frame, xmlNode *node, const xmlNode *original);

/* Whether the frame is valid without one child of @node, in which the blame lies then. */
static gboolean
blame_child(Trial *trial, xmlDoc *frame, xmlNode *node, const xmlNode *original)
{
    xmlNode *child = next_element(node->children);

    for (xmlNode *own = next_element(original->children); own && child;
         own = next_element(own->next)) {
        xmlNode *next = next_element(child->next);
        xmlNode *behind = child->next;
        gboolean is_to_blame;

        xmlUnlinkNode(child);
        is_to_blame = is_valid(trial, frame);
        if (behind)
            xmlAddPrevSibling(behind, child);
        else
            xmlAddChild(node, child);
        if (is_to_blame) {
            blame(trial, frame, child, own);
            return TRUE;
        }
        child = next;
    }
    return FALSE;
}

/* The frame would be valid without @node. Depth is bounded by that of documents. */
static void
blame(Trial *trial, xmlDoc *frame, xmlNode *node, const xmlNode *original)
{
    xmlChar *text = xmlNodeGetContent(node);
    g_autofree char *shown = quote(text);
    gboolean is_plain = !next_element(node->children) && *shown;

    xmlFree(text);
    if (blame_attribute(trial, frame, node, original) || blame_child(trial, frame, node, original))
        return;
    if (is_plain)
        add_violation(trial, original, "'%s' is not allowed in <%s>, or <%s> not here", shown,
                      original->name, original->name);
    else
        add_violation(trial, original,
                      "this <%s> is not allowed here, or lacks something that belongs to it",
                      original->name);
}

/* Tries @part alone; @parent is "devices" for a device. */
static void
try_part(Trial *trial, const xmlNode *domain, xmlNode *part, const char *parent)
{
    xmlDoc *frame = new_frame(domain, parent ? parent : (const char *)part->name);
    xmlNode *root = xmlDocGetRootElement(frame);
    xmlNode *copy = xmlDocCopyNode(part, frame, 1);

    /* of a running guest, which has an id as well, libxml2 takes the UUID beside the name only */
    if (g_str_equal((const char *)part->name, "uuid") && root->children)
        xmlAddNextSibling(root->children, copy);
    else
        xmlAddChild(parent ? xmlNewChild(root, NULL, BAD_CAST parent, NULL) : root, copy);
    if (trial->violations->len < MAX_VIOLATIONS && !is_valid(trial, frame))
        blame(trial, frame, copy, part);
    xmlFreeDoc(frame);
}

/* Whether the attributes of the root are right, without which no part can be tried. */
static gboolean
try_root(Trial *trial, const xmlNode *domain)
{
    xmlDoc *frame = new_frame(domain, "");
    gboolean is_right = is_valid(trial, frame);

    if (!is_right && !blame_attribute(trial, frame, xmlDocGetRootElement(frame), domain))
        add_violation(trial, domain, "the attributes of <%s> are not allowed", domain->name);
    xmlFreeDoc(frame);
    return is_right;
}

static void
find_violations(Trial *trial)
{
    xmlNode *domain = xmlDocGetRootElement(trial->document);
    g_autofree char *message = vitals_text_printable(trial->message, -1);

    if (!try_root(trial, domain))
        return;
    for (xmlNode *part = next_element(domain->children); part; part = next_element(part->next)) {
        gboolean is_devices = xmlStrEqual(part->name, BAD_CAST "devices");

        for (xmlNode *device = is_devices ? next_element(part->children) : NULL; device;
             device = next_element(device->next))
            try_part(trial, domain, device, "devices");
        if (!is_devices)
            try_part(trial, domain, part, NULL);
    }
    if (trial->violations->len == 0)
        add_violation(trial, domain, "%s", message);
}

static void
free_violation(gpointer data)
{
    VitalsViolation *violation = data;

    g_free(violation->message);
    g_free(violation);
}

/* What was accepted by our own parser holds no entity, and is small enough for a tree. */
static xmlDoc *
read_tree(const VitalsDefinition *definition)
{
    gsize length;
    const char *text = vitals_xml_source(definition->xml, &length);

    return xmlReadMemory(text, (int)length, NULL, "UTF-8",
                         XML_PARSE_NONET | XML_PARSE_IGNORE_ENC | XML_PARSE_NOERROR |
                             XML_PARSE_NOWARNING | XML_PARSE_NOCDATA);
}

GPtrArray *
vitals_schema_check(const VitalsSchema *schema, const VitalsDefinition *definition)
{
    g_autoptr(GHashTable) numbers = g_hash_table_new(NULL, NULL);
    Trial trial = { .schema = schema, .numbers = numbers };

    if (vitals_xml_root(definition->xml) != definition->domain ||
        vitals_xml_count(definition->xml) > MAX_ELEMENTS)
        return NULL;
    trial.document = read_tree(definition);
    if (!trial.document)
        return NULL;
    trial.violations = g_ptr_array_new_with_free_func(free_violation);
    if (!is_valid(&trial, trial.document)) {
        number_elements(&trial, xmlDocGetRootElement(trial.document));
        find_violations(&trial);
    }
    xmlFreeDoc(trial.document);
    g_free(trial.message);
    return trial.violations;
}
