/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

/*
 * A small read-only XML tree that knows where everything stood.
 *
 * The only user of libxml2. It is fed by the parser's events instead of libxml2's own tree because
 * that tree records where a start tag ends, not where it begins, and grows before anybody can object.
 *
 * Definitions come from anywhere, so what no definition needs is refused: entity declarations (they
 * expand without bound and read files), sizes and depths beyond the limits below, NUL bytes. Nothing
 * is ever loaded, and libxml2 never prints.
 *
 * A document may be read by many threads at once, as it never changes; different threads may parse.
 */

/* libvirt's RPC carries no string above 4 MiB (REMOTE_STRING_MAX in its remote_protocol.x), so a larger
 * definition cannot reach a host. What is above the limit is not read, only refused. */
#define VITALS_XML_MAX_BYTES (10 * 1024 * 1024)
/* The deepest path of libvirt's schema has about 12 elements; <metadata> may hold foreign trees. */
#define VITALS_XML_MAX_DEPTH 100
/* A large real definition has some thousand elements. Bounds memory at some 20 MiB. */
#define VITALS_XML_MAX_ELEMENTS 100000
/* libvirt's elements have up to about 20. libxml2 compares each attribute of an element to all others,
 * so an element with a million of them would keep it busy for minutes. */
#define VITALS_XML_MAX_ATTRIBUTES 100

#define VITALS_XML_ERROR (vitals_xml_error_quark())
GQuark vitals_xml_error_quark(void);

typedef enum {
    VITALS_XML_ERROR_UNREADABLE, /* not well-formed, or refused; the message says which and where */
    VITALS_XML_ERROR_OTHER_DOCUMENT, /* well-formed, but not what was asked for */
} VitalsXmlError;

/* A parsed document; opaque, immutable. */
typedef struct VitalsXml VitalsXml;

/* One element. Belongs to its document and lives as long. */
typedef struct VitalsXmlNode VitalsXmlNode;

/**
 * vitals_xml_parse:
 * @source: what the bytes are called in errors: a file name, "-" or a domain's name, as it came;
 *   made printable here
 * @bytes: the document, in UTF-8 or in the encoding that it declares
 * @length: their number
 * @error: location for an error of domain %VITALS_XML_ERROR
 *
 * Parses a document. Does not block, reads no other file and keeps no reference to @bytes. An error
 * reads "SOURCE:LINE: sentence", or "SOURCE: sentence" where no line is to blame.
 *
 * Returns: (transfer full) (nullable): the document
 */
VitalsXml *vitals_xml_parse(const char *source, const char *bytes, gsize length, GError **error);

void vitals_xml_free(VitalsXml *xml);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(VitalsXml, vitals_xml_free)

/**
 * vitals_xml_root:
 *
 * Returns: (transfer none): the root element; never %NULL
 */
const VitalsXmlNode *vitals_xml_root(const VitalsXml *xml);

/* How many elements there are. */
guint vitals_xml_count(const VitalsXml *xml);

/**
 * vitals_xml_nth:
 * @index: an element's number in the order of the document, from 0
 *
 * Returns: (transfer none) (nullable): it; %NULL if there are not so many
 */
const VitalsXmlNode *vitals_xml_nth(const VitalsXml *xml, guint index);

/**
 * vitals_xml_source_line:
 * @line: a line number from 1
 * @ret_length: its length in bytes without the line end
 *
 * Returns: (transfer none) (nullable): the start of that line of the source, in UTF-8 and otherwise as
 *   it came (not printable, not ended by NUL); %NULL if there is no such line
 */
const char *vitals_xml_source_line(const VitalsXml *xml, guint line, gsize *ret_length);

/**
 * vitals_xml_name:
 *
 * Returns: (transfer none): the element's name. One in a name space is "{URI}local", so that plain
 *   names never match it.
 */
const char *vitals_xml_name(const VitalsXmlNode *node);

/**
 * vitals_xml_line:
 *
 * Returns: the line of the element's "<", from 1
 */
guint vitals_xml_line(const VitalsXmlNode *node);

/**
 * vitals_xml_column:
 *
 * Returns: the column of the element's "<" in characters, from 1; a tab counts one
 */
guint vitals_xml_column(const VitalsXmlNode *node);

/**
 * vitals_xml_offset:
 *
 * Returns: the bytes of its line before the element's "<", as vitals_xml_source_line() gives it
 */
gsize vitals_xml_offset(const VitalsXmlNode *node);

/**
 * VitalsXmlExtent: where an element stands in its document's text, in bytes
 * @begin: its "<"
 * @tag_end: behind the ">" of its start tag
 * @content_end: the "<" of its end tag; @end for an element without one
 * @end: behind its last ">"
 */
typedef struct {
    gsize begin;
    gsize tag_end;
    gsize content_end;
    gsize end;
} VitalsXmlExtent;

/**
 * vitals_xml_extent:
 * @ret_extent: (out): where @node stands in vitals_xml_source()
 *
 * Returns: whether that is known
 */
gboolean vitals_xml_extent(const VitalsXml *xml, const VitalsXmlNode *node,
                           VitalsXmlExtent *ret_extent);

/**
 * vitals_xml_source:
 * @ret_length: (out): its bytes
 *
 * Returns: (transfer none): the whole text in UTF-8, without a byte order mark and otherwise as it
 *   came; ended by a NUL and without any before
 */
const char *vitals_xml_source(const VitalsXml *xml, gsize *ret_length);

/**
 * vitals_xml_place:
 * @offset: bytes of vitals_xml_source()
 * @max: how far into its line, in bytes, columns are counted: that takes time
 * @ret_line: (out): the line, from 1
 * @ret_column: (out): the column in characters, from 1
 *
 * Returns: whether it is not further
 */
gboolean vitals_xml_place(const VitalsXml *xml, gsize offset, gsize max, guint *ret_line,
                          guint *ret_column);

/**
 * vitals_xml_encode:
 * @text: a text in UTF-8, e.g. a changed vitals_xml_source()
 * @ret_length: (out): the bytes of the result
 *
 * Returns: (transfer full) (nullable): @text as this document is written: in its encoding, with its
 *   byte order mark; %NULL if that encoding cannot hold it
 */
char *vitals_xml_encode(const VitalsXml *xml, const char *text, gsize *ret_length);

/**
 * vitals_xml_attribute:
 * @node: (nullable): an element
 * @name: name of an attribute in no name space
 *
 * Returns: (transfer none) (nullable): its value as it came; %NULL if there is none
 */
const char *vitals_xml_attribute(const VitalsXmlNode *node, const char *name);

/**
 * vitals_xml_text:
 * @node: (nullable): an element
 *
 * Returns: (transfer none): the element's own text without that of its children, as it came but for
 *   white space at both ends; "" if there is none
 */
const char *vitals_xml_text(const VitalsXmlNode *node);

/**
 * vitals_xml_first:
 * @node: (nullable): where to start
 * @path: names of child elements separated by "/", e.g. "devices/serial"; "*" is any child
 *
 * Returns: (transfer none) (nullable): the first element at @path in document order
 */
const VitalsXmlNode *vitals_xml_first(const VitalsXmlNode *node, const char *path);

/**
 * vitals_xml_all:
 * @node: (nullable): where to start
 * @path: as for vitals_xml_first()
 *
 * Returns: (transfer container) (element-type VitalsXmlNode): all elements at @path in document
 *   order; may be empty
 */
GPtrArray *vitals_xml_all(const VitalsXmlNode *node, const char *path);

/**
 * vitals_xml_value:
 * @node: (nullable): where to start
 * @path: as for vitals_xml_first(); if its last part is "@name", that attribute of the first element
 *   at the path before it ("os/type/@arch"), else that element's text
 *
 * Returns: (transfer none) (nullable): the value; %NULL if the element or attribute is absent
 */
const char *vitals_xml_value(const VitalsXmlNode *node, const char *path);
