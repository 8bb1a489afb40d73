/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "probes/fix.h"

/*
 * Where in a document's text a change has to be made. libxml2 tells where an element begins and ends,
 * but not where its attributes stand, so tags are read here once more; the document is known to be
 * well-formed by then, which leaves names, blanks and quoted values.
 *
 * All functions return (transfer full) (nullable): the edit; %NULL if the place cannot be found.
 * @value, @text and @xml are escaped by the caller; @xml is in single quotes, its further lines
 * indented by two blanks a level.
 */

/* What the functions of the same names in probes/fix.h do, for one place. */
VitalsTextEdit *vitals_xml_edit_set_attribute(const VitalsXml *xml, const VitalsXmlNode *node,
                                              const char *name, const char *value);
VitalsTextEdit *vitals_xml_edit_rename_attribute(const VitalsXml *xml, const VitalsXmlNode *node,
                                                 const char *name, const char *new_name);
VitalsTextEdit *vitals_xml_edit_drop_attribute(const VitalsXml *xml, const VitalsXmlNode *node,
                                               const char *name);
VitalsTextEdit *vitals_xml_edit_set_text(const VitalsXml *xml, const VitalsXmlNode *node,
                                         const char *text);
VitalsTextEdit *vitals_xml_edit_add_child(const VitalsXml *xml, const VitalsXmlNode *node,
                                          const char *new_xml);
VitalsTextEdit *vitals_xml_edit_add_before(const VitalsXml *xml, const VitalsXmlNode *node,
                                           const char *new_xml);
VitalsTextEdit *vitals_xml_edit_drop(const VitalsXml *xml, const VitalsXmlNode *node);

/**
 * vitals_xml_edit_flatten:
 *
 * Returns: (transfer full): @xml on one line
 */
char *vitals_xml_edit_flatten(const char *xml);
