/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "probes/xml.h"

/*
 * What would cure a finding, said in terms of elements and attributes; where that is in the bytes of
 * the document is looked up only when somebody wants the fix. All else stays as it was: comments,
 * order, white space, quotes. New text takes the line ends, indentation and quotes of its place.
 */

typedef enum {
    VITALS_FIX_SAFE, /* the guest boots the same, with the same hardware and data: what libvirt would do
                        anyway, what could not start before, or what is only seen from outside */
    VITALS_FIX_UNSAFE, /* changes the guest's hardware or its owner's policy, or needs a guess */
} VitalsFixSafety;

/* A fix; opaque. It refers to the document that it is about, which must outlive it. */
typedef struct VitalsFix VitalsFix;

/**
 * VitalsTextEdit: a place in a document's text and what is to stand there
 * @offset: bytes of the text, in UTF-8, before it
 * @length: bytes that go
 * @text: what comes in their place
 */
typedef struct {
    gsize offset;
    gsize length;
    char *text;
} VitalsTextEdit;

/* Frees a VitalsTextEdit; for arrays of them. */
void vitals_text_edit_free(gpointer edit);

/* Returns: (transfer full): a fix that does nothing yet; the functions below add to it */
VitalsFix *vitals_fix_new(VitalsFixSafety safety);
void vitals_fix_free(VitalsFix *fix);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(VitalsFix, vitals_fix_free)

/* As it was made. */
gboolean vitals_fix_is_safe(const VitalsFix *fix);

/**
 * vitals_fix_set_attribute:
 * @name: an attribute in no name space; added if the element has none of that name
 * @value: as the program should see it; escaped here
 */
void vitals_fix_set_attribute(VitalsFix *fix, const VitalsXmlNode *node, const char *name,
                              const char *value);

/* Gives an attribute another name; its value stays as it was written. */
void vitals_fix_rename_attribute(VitalsFix *fix, const VitalsXmlNode *node, const char *name,
                                 const char *new_name);

/* Takes an attribute away; nothing if there is none of that name. */
void vitals_fix_drop_attribute(VitalsFix *fix, const VitalsXmlNode *node, const char *name);

/**
 * vitals_fix_set_text:
 * @node: an element without children
 * @text: as the program should see it; escaped here
 */
void vitals_fix_set_text(VitalsFix *fix, const VitalsXmlNode *node, const char *text);

/**
 * vitals_fix_add_child:
 * @xml: an element in single quotes; further lines of it are indented by two blanks a level. Values in
 *   it are escaped by the caller.
 *
 * Adds a last child.
 */
void vitals_fix_add_child(VitalsFix *fix, const VitalsXmlNode *node, const char *xml);

/**
 * vitals_fix_add_below:
 * @parent: the name of a child of @node, e.g. "features"; made if there is none
 * @xml: as for vitals_fix_add_child(), of one line
 */
void vitals_fix_add_below(VitalsFix *fix, const VitalsXmlNode *node, const char *parent,
                          const char *xml);

/* Adds an element in front of @node; @xml as for vitals_fix_add_child(). */
void vitals_fix_add_before(VitalsFix *fix, const VitalsXmlNode *node, const char *xml);

/* Drops an element with all that is in it, and its lines if nothing else stands on them. */
void vitals_fix_drop(VitalsFix *fix, const VitalsXmlNode *node);

/**
 * vitals_fix_describe:
 *
 * Returns: (transfer full): one line for people, e.g. "add <panic model='isa'/> to <devices>"; safe
 *   to show
 */
char *vitals_fix_describe(const VitalsFix *fix);

/**
 * vitals_fix_edits:
 * @xml: the document that the fix is about
 *
 * Returns: (transfer full) (nullable) (element-type VitalsTextEdit): what it does to the text, in the
 *   order of the text; %NULL if an element could not be located
 */
GPtrArray *vitals_fix_edits(const VitalsFix *fix, const VitalsXml *xml);

/**
 * vitals_fix_apply:
 * @fixes: (element-type VitalsFix): what should be done
 * @ret_done: (transfer container) (element-type VitalsFix): what was done
 *
 * Applies what does not get into another's way: of two fixes that change the same element or overlap
 * only the first is used. The others may be tried on the result.
 *
 * Returns: (transfer full): the new text, in UTF-8
 */
char *vitals_fix_apply(const GPtrArray *fixes, const VitalsXml *xml, GPtrArray **ret_done);
