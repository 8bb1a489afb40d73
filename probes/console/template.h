/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

/* So many bytes of a line are looked at; a line's beginning has to do. */
enum { VITALS_TEMPLATE_MAX = 96 };

/**
 * VitalsTemplate: what a line that comes again and again always says; plain data
 * @text: the line, with `#` for each number that is not always the same. Not ended by NUL
 *
 * A number is a run of digits, and of hexadecimal digits that begins with one. The port in "ttyS1" stays
 * to be read; the process in "agetty[812]" does not. Lines are told apart by everything but their numbers, so
 * a template never gets any longer. Nothing here blocks or allocates.
 */
typedef struct {
    char text[VITALS_TEMPLATE_MAX];
    gsize length;
} VitalsTemplate;

/* Begins with all of a line, or of its first %VITALS_TEMPLATE_MAX bytes. */
void vitals_template_begin(VitalsTemplate *template, const char *text, gsize length);

/**
 * vitals_template_merge:
 * @text: the line as it came again; what does not fit is cut off the template
 *
 * Returns: whether the template has changed
 */
gboolean vitals_template_merge(VitalsTemplate *template, const char *text, gsize length);

/* Hides the number at @at in the template's text, whatever it may be the next time. */
void vitals_template_hide(VitalsTemplate *template, gsize at);
