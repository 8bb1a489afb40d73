/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "probes/xml.h"
#include "config/text.h"
#include "probes/source-text.h"

#include <libxml/parser.h>
#include <libxml/parserInternals.h>
#include <string.h>

typedef struct {
    const char *name;
    const char *value;
} Attribute;

struct VitalsXmlNode {
    const char *name;
    const char *text;
    const Attribute *attributes; /* ended by a row without a name; NULL for none */
    VitalsXmlNode *parent;
    VitalsXmlNode *children;
    VitalsXmlNode *last;
    VitalsXmlNode *next;
    guint line;
    guint column;
    gsize offset; /* of the "<" in its line */
    gsize end;    /* of the element in the text; 0 if that is not known */
};

struct VitalsXml {
    VitalsSourceText *source;
    GPtrArray *nodes;  /* owns every VitalsXmlNode; the first is the root */
    GPtrArray *tables; /* owns the attributes */
    GStringChunk *strings;
};

/* What the parser's events share. */
typedef struct {
    VitalsXml *xml;
    xmlParserCtxt *context;
    VitalsXmlNode *open; /* the innermost element that is not closed yet */
    GPtrArray *texts;    /* GString per depth: the text of each open element so far */
    guint depth;
    gsize counted; /* the element located last stands at this byte and column */
    guint column;
    char *problem; /* the first error as a sentence; NULL as long as all is well */
    guint problem_line;
} Parser;

G_DEFINE_QUARK(vitals - xml - error - quark, vitals_xml_error)

static void
fail(Parser *parser, guint line, char *problem)
{
    if (parser->problem) {
        g_free(problem);
        return;
    }
    parser->problem = problem;
    parser->problem_line = line;
    xmlStopParser(parser->context);
}

/* Where the parser stands in the text. Valid as it is given UTF-8 from memory and so converts nothing. */
static gsize
parser_offset(const Parser *parser)
{
    const xmlParserInput *input = parser->context->input;
    gsize offset = input->consumed + (gsize)(input->cur - input->base);

    return MIN(offset, parser->xml->source->length);
}

/* The event comes after the tag's attributes; a "<" cannot stand inside a tag, so the last one before
 * that is where it began. Columns are counted on from the last element of the line, as all of a
 * definition may stand on one. */
static void
locate(Parser *parser, VitalsXmlNode *node)
{
    const VitalsSourceText *source = parser->xml->source;
    gsize offset = parser_offset(parser);
    gsize begin;

    while (offset > 0 && source->text[offset] != '<')
        offset--;

    node->line = vitals_source_text_line_at(source, offset);
    begin = g_array_index(source->lines, gsize, node->line - 1);
    if (begin > parser->counted || parser->column == 0) {
        parser->counted = begin;
        parser->column = 1;
    }
    parser->column +=
        (guint)g_utf8_strlen(source->text + parser->counted, (gssize)(offset - parser->counted));
    parser->counted = offset;
    node->offset = offset - begin;
    node->column = parser->column;
}

/* Without entity substitution libxml2 hands an ampersand in an attribute on as "&#38;", whatever way it
 * was written. */
static const char *
attribute_value(const VitalsXml *xml, const xmlChar *begin, const xmlChar *end)
{
    g_autoptr(GString) value = g_string_new_len((const char *)begin, end - begin);

    g_string_replace(value, "&#38;", "&", 0);
    return g_string_chunk_insert(xml->strings, value->str);
}

static const char *
qualified_name(const VitalsXml *xml, const xmlChar *local, const xmlChar *prefix,
               const xmlChar *uri)
{
    g_autofree char *name = NULL;

    if (uri)
        name = g_strdup_printf("{%s}%s", uri, local);
    else if (prefix)
        name = g_strdup_printf("%s:%s", prefix, local);

    return g_string_chunk_insert_const(xml->strings, name ? name : (const char *)local);
}

/* @raw: libxml2's rows of five: local name, prefix, URI, begin and end of the value */
static const Attribute *
copy_attributes(const VitalsXml *xml, int count, const xmlChar **raw)
{
    Attribute *table;

    if (count <= 0)
        return NULL;
    table = g_new0(Attribute, (gsize)count + 1);
    for (int i = 0; i < count; i++, raw += 5) {
        table[i].name = qualified_name(xml, raw[0], raw[1], raw[2]);
        table[i].value = attribute_value(xml, raw[3], raw[4]);
    }
    g_ptr_array_add(xml->tables, table);
    return table;
}

static void
append_child(VitalsXmlNode *parent, VitalsXmlNode *node)
{
    node->parent = parent;
    if (!parent)
        return;
    if (parent->last)
        parent->last->next = node;
    else
        parent->children = node;
    parent->last = node;
}

static void
push_text(Parser *parser)
{
    if (parser->texts->len <= parser->depth)
        g_ptr_array_add(parser->texts, g_string_new(NULL));
    else
        g_string_truncate(g_ptr_array_index(parser->texts, parser->depth), 0);
    parser->depth++;
}

static void
on_start(void *data, const xmlChar *local, const xmlChar *prefix, const xmlChar *uri,
         int n_namespaces, const xmlChar **namespaces, int n_attributes, int n_defaulted,
         const xmlChar **attributes)
{
    Parser *parser = data;
    VitalsXmlNode *node = g_new0(VitalsXmlNode, 1);

    g_ptr_array_add(parser->xml->nodes, node);
    locate(parser, node);
    node->name = qualified_name(parser->xml, local, prefix, uri);
    node->text = "";
    node->attributes = copy_attributes(parser->xml, n_attributes, attributes);
    append_child(parser->open, node);
    push_text(parser);
    parser->open = node;

    if (parser->depth > VITALS_XML_MAX_DEPTH)
        fail(parser, node->line,
             g_strdup_printf("elements are nested more than %d deep", VITALS_XML_MAX_DEPTH));
    else if (parser->xml->nodes->len > VITALS_XML_MAX_ELEMENTS)
        fail(parser, node->line,
             g_strdup_printf("there are more than %d elements", VITALS_XML_MAX_ELEMENTS));
}

static void
on_end(void *data, const xmlChar *local, const xmlChar *prefix, const xmlChar *uri)
{
    Parser *parser = data;
    GString *text;

    if (!parser->open)
        return;
    text = g_ptr_array_index(parser->texts, --parser->depth);
    g_strstrip(text->str);
    if (*text->str)
        parser->open->text = g_string_chunk_insert(parser->xml->strings, text->str);
    parser->open->end = parser_offset(parser); /* the event comes behind the tag's ">" */
    parser->open = parser->open->parent;
}

static void
on_characters(void *data, const xmlChar *characters, int length)
{
    Parser *parser = data;

    if (parser->depth > 0)
        g_string_append_len(g_ptr_array_index(parser->texts, parser->depth - 1),
                            (const char *)characters, length);
}

/* Stopped here, before anything could refer to the entity: neither a "billion laughs" document nor one
 * that includes a file of the host gets any further. */
static void
on_entity(void *data, const xmlChar *name, int type, const xmlChar *public_id,
          const xmlChar *system_id, xmlChar *content)
{
    Parser *parser = data;

    fail(parser, vitals_source_text_line_at(parser->xml->source, parser_offset(parser)),
         g_strdup("entity declarations are refused; write the text out"));
}

static void
on_unparsed_entity(void *data, const xmlChar *name, const xmlChar *public_id,
                   const xmlChar *system_id, const xmlChar *notation)
{
    on_entity(data, name, 0, public_id, system_id, NULL);
}

/* libxml2's sentence without its line end and capital, printable, as it quotes the document. */
static char *
sentence(const char *message)
{
    g_autofree char *plain = g_strdup(message ? message : "not well-formed");
    char *line_end = strchr(plain, '\n');

    if (line_end)
        *line_end = '\0';
    g_strstrip(plain);
    if (g_ascii_isupper(plain[0]) && !g_ascii_isupper(plain[1]))
        plain[0] = g_ascii_tolower(plain[0]);
    return vitals_text_printable(plain, -1);
}

static void
on_error(void *data, xmlErrorPtr error)
{
    Parser *parser = data;

    /* Below fatal the document is still well-formed, e.g. a prefix without a name space. */
    if (error->level == XML_ERR_FATAL)
        fail(parser, error->line > 0 ? (guint)error->line : 0, sentence(error->message));
}

static const xmlSAXHandler events = {
    .initialized = XML_SAX2_MAGIC,
    .startElementNs = on_start,
    .endElementNs = on_end,
    .characters = on_characters,
    .ignorableWhitespace = on_characters,
    .cdataBlock = on_characters,
    .entityDecl = on_entity,
    .unparsedEntityDecl = on_unparsed_entity,
    .serror = on_error,
};

static void
parse_text(Parser *parser)
{
    xmlParserCtxt *context = xmlNewParserCtxt();
    xmlDoc *document;

    parser->context = context;
    *context->sax = events;
    context->userData = parser;
    /* The encoding was dealt with in to_utf8(); what the document declares would be wrong by now. */
    document = xmlCtxtReadMemory(context, parser->xml->source->text,
                                 (int)parser->xml->source->length, NULL, "UTF-8",
                                 XML_PARSE_NONET | XML_PARSE_BIG_LINES | XML_PARSE_IGNORE_ENC);
    if (!parser->problem && !context->wellFormed)
        fail(parser, 0, g_strdup("not well-formed"));
    if (!parser->problem && parser->xml->nodes->len == 0)
        fail(parser, 0, g_strdup("the document is empty"));

    xmlFreeDoc(document ? document : context->myDoc);
    context->myDoc = NULL;
    xmlFreeParserCtxt(context);
}

/* Behind a comment, CDATA section or instruction that begins at @at; @at itself if none does; %NULL if it
 * never ends. */
static const char *
skip_special(const char *at)
{
    static const char *const pairs[][2] = {
        { "<!--", "-->" },
        { "<![CDATA[", "]]>" },
        { "<?", "?>" },
    };

    for (guint i = 0; i < G_N_ELEMENTS(pairs); i++) {
        if (g_str_has_prefix(at, pairs[i][0]))
            return strstr(at + strlen(pairs[i][0]), pairs[i][1]);
    }
    return at;
}

/* Counts the values in a tag from its "<" on, and moves @at to its end. */
static guint
count_attributes(const char **at)
{
    guint count = 0;
    char quote = '\0';

    for (++*at; **at && **at != '<'; ++*at) {
        if (quote) {
            quote = **at == quote ? '\0' : quote;
        } else if (**at == '>') {
            break;
        } else if (**at == '"' || **at == '\'') {
            quote = **at;
            count++;
        }
    }
    return count;
}

/* What must not reach libxml2, as its effort grows with the square of it. */
static gboolean
has_huge_tag(const VitalsSourceText *source, guint *ret_line)
{
    const char *at = source->text;

    while (at && (at = strchr(at, '<'))) {
        const char *behind = skip_special(at);

        if (behind != at) {
            at = behind;
        } else if (count_attributes(&at) > VITALS_XML_MAX_ATTRIBUTES) {
            *ret_line = vitals_source_text_line_at(source, (gsize)(at - source->text));
            return TRUE;
        }
    }
    return FALSE;
}

static void
free_text(gpointer text)
{
    g_string_free(text, TRUE);
}

/* Returns what is wrong, if anything, with the line it is about. */
static char *
read_document(VitalsXml *xml, const char *bytes, gsize length, guint *ret_line)
{
    Parser parser = { .xml = xml };
    char *problem = NULL;

    if (length > VITALS_XML_MAX_BYTES)
        return g_strdup_printf("larger than %d MiB, so no definition that libvirt would accept",
                               VITALS_XML_MAX_BYTES / (1024 * 1024));
    xml->source = vitals_source_text_new(bytes, length, &problem, ret_line);
    if (!xml->source)
        return problem;
    if (has_huge_tag(xml->source, ret_line))
        return g_strdup_printf("an element has more than %d attributes", VITALS_XML_MAX_ATTRIBUTES);

    parser.texts = g_ptr_array_new_with_free_func(free_text);
    parse_text(&parser);
    g_ptr_array_unref(parser.texts);
    *ret_line = parser.problem_line;
    return parser.problem;
}

VitalsXml *
vitals_xml_parse(const char *source, const char *bytes, gsize length, GError **error)
{
    static gsize once = 0;
    g_autoptr(VitalsXml) xml = g_new0(VitalsXml, 1);
    g_autofree char *problem = NULL;
    guint line = 0;

    if (g_once_init_enter(&once)) {
        xmlInitParser();
        g_once_init_leave(&once, 1);
    }

    xml->nodes = g_ptr_array_new_with_free_func(g_free);
    xml->tables = g_ptr_array_new_with_free_func(g_free);
    xml->strings = g_string_chunk_new(1024);

    problem = read_document(xml, bytes, length, &line);
    if (problem) {
        g_autofree char *name = vitals_text_printable(source, -1);
        g_autofree char *place = line > 0 ? g_strdup_printf("%u: ", line) : g_strdup(" ");

        g_set_error(error, VITALS_XML_ERROR, VITALS_XML_ERROR_UNREADABLE, "%s:%s%s", name, place,
                    problem);
        return NULL;
    }
    return g_steal_pointer(&xml);
}

void
vitals_xml_free(VitalsXml *xml)
{
    if (!xml)
        return;
    vitals_source_text_free(xml->source);
    g_ptr_array_unref(xml->nodes);
    g_ptr_array_unref(xml->tables);
    g_string_chunk_free(xml->strings);
    g_free(xml);
}

const VitalsXmlNode *
vitals_xml_root(const VitalsXml *xml)
{
    return g_ptr_array_index(xml->nodes, 0);
}

guint
vitals_xml_count(const VitalsXml *xml)
{
    return xml->nodes->len;
}

const VitalsXmlNode *
vitals_xml_nth(const VitalsXml *xml, guint index)
{
    return index < xml->nodes->len ? g_ptr_array_index(xml->nodes, index) : NULL;
}

const char *
vitals_xml_source_line(const VitalsXml *xml, guint line, gsize *ret_length)
{
    return vitals_source_text_line(xml->source, line, ret_length);
}

const char *
vitals_xml_name(const VitalsXmlNode *node)
{
    return node->name;
}

guint
vitals_xml_line(const VitalsXmlNode *node)
{
    return node->line;
}

guint
vitals_xml_column(const VitalsXmlNode *node)
{
    return node->column;
}

gsize
vitals_xml_offset(const VitalsXmlNode *node)
{
    return node->offset;
}

gboolean
vitals_xml_extent(const VitalsXml *xml, const VitalsXmlNode *node, VitalsXmlExtent *ret_extent)
{
    const char *text = xml->source->text;
    VitalsXmlExtent extent = { .end = node->end };
    const char *tag_end;

    extent.begin = g_array_index(xml->source->lines, gsize, node->line - 1) + node->offset;
    if (extent.end <= extent.begin || text[extent.begin] != '<' || text[extent.end - 1] != '>')
        return FALSE;
    tag_end = text + extent.begin;
    count_attributes(&tag_end);
    extent.tag_end = (gsize)(tag_end - text) + 1;
    extent.content_end = extent.end;
    if (extent.tag_end < extent.end)
        extent.content_end =
            (gsize)(g_strrstr_len(text + extent.begin, (gssize)(extent.end - extent.begin), "</") -
                    text);
    *ret_extent = extent;
    return extent.tag_end <= extent.content_end;
}

const char *
vitals_xml_source(const VitalsXml *xml, gsize *ret_length)
{
    *ret_length = xml->source->length;
    return xml->source->text;
}

gboolean
vitals_xml_place(const VitalsXml *xml, gsize offset, gsize max, guint *ret_line, guint *ret_column)
{
    guint line = vitals_source_text_line_at(xml->source, offset);
    gsize begin = g_array_index(xml->source->lines, gsize, line - 1);

    if (offset - begin > max)
        return FALSE;
    *ret_line = line;
    *ret_column = (guint)g_utf8_strlen(xml->source->text + begin, (gssize)(offset - begin)) + 1;
    return TRUE;
}

char *
vitals_xml_encode(const VitalsXml *xml, const char *text, gsize *ret_length)
{
    return vitals_source_text_encode(xml->source, text, ret_length);
}

const char *
vitals_xml_attribute(const VitalsXmlNode *node, const char *name)
{
    if (!node)
        return NULL;
    for (const Attribute *attribute = node->attributes; attribute && attribute->name; attribute++) {
        if (g_str_equal(attribute->name, name))
            return attribute->value;
    }
    return NULL;
}

const char *
vitals_xml_text(const VitalsXmlNode *node)
{
    return node ? node->text : "";
}

/* The length of a path's first part; a "/" inside the braces of a name space does not end it. */
static gsize
part_length(const char *path)
{
    const char *from = *path == '{' ? strchr(path, '}') : path;

    return (gsize)(from ? from - path : 0) + strcspn(from ? from : path, "/");
}

static gboolean
is_named(const VitalsXmlNode *node, const char *part, gsize length)
{
    if (length == 1 && *part == '*')
        return TRUE;
    return strncmp(node->name, part, length) == 0 && node->name[length] == '\0';
}

/* Collects in document order, at most one if @found has room for one only. */
static void
collect(const VitalsXmlNode *node, const char *path, gboolean only_first, GPtrArray *found)
{
    gsize length = part_length(path);

    for (VitalsXmlNode *child = node->children; child; child = child->next) {
        if (!is_named(child, path, length))
            continue;
        if (path[length] == '/')
            collect(child, path + length + 1, only_first, found);
        else
            g_ptr_array_add(found, child);
        if (only_first && found->len > 0)
            return;
    }
}

const VitalsXmlNode *
vitals_xml_first(const VitalsXmlNode *node, const char *path)
{
    g_autoptr(GPtrArray) found = g_ptr_array_new();

    if (node)
        collect(node, path, TRUE, found);
    return found->len > 0 ? g_ptr_array_index(found, 0) : NULL;
}

GPtrArray *
vitals_xml_all(const VitalsXmlNode *node, const char *path)
{
    GPtrArray *found = g_ptr_array_new();

    if (node)
        collect(node, path, FALSE, found);
    return found;
}

const char *
vitals_xml_value(const VitalsXmlNode *node, const char *path)
{
    const char *attribute = strrchr(path, '@');
    g_autofree char *parent = NULL;

    if (!attribute) {
        const VitalsXmlNode *found = vitals_xml_first(node, path);

        return found ? found->text : NULL;
    }
    if (attribute == path)
        return vitals_xml_attribute(node, attribute + 1);
    parent = g_strndup(path, (gsize)(attribute - path - 1));
    return vitals_xml_attribute(vitals_xml_first(node, parent), attribute + 1);
}
