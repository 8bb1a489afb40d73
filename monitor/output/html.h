/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

/*
 * Writes HTML, and SVG in it. Text and the values of attributes are made printable and escaped on their
 * way in, and there is no other way in for them: names of elements and attributes, and the style sheet,
 * are literals of ours. Elements are closed in the order they were opened.
 */
typedef struct VitalsHtml VitalsHtml;

/* Begins a document in UTF-8. @title: printable or not; @style: a literal */
VitalsHtml *vitals_html_new(const char *title, const char *style);
void vitals_html_free(VitalsHtml *html);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(VitalsHtml, vitals_html_free)

/* Opens an element. @...: pairs of an attribute's name, a literal, and its value, ended by %NULL. An
 * attribute whose value is %NULL is the end too. */
void vitals_html_open(VitalsHtml *html, const char *element, ...) G_GNUC_NULL_TERMINATED;

/* Likewise for one that has no content: img, path. */
void vitals_html_empty(VitalsHtml *html, const char *element, ...) G_GNUC_NULL_TERMINATED;

/* Closes the element that was opened last. */
void vitals_html_close(VitalsHtml *html);

/* New lines stay, which shows in a pre only. */
void vitals_html_text(VitalsHtml *html, const char *text);
void vitals_html_textf(VitalsHtml *html, const char *format, ...) G_GNUC_PRINTF(2, 3);

/* An element with that class and nothing but text in it. @class: "" for none */
void vitals_html_element(VitalsHtml *html, const char *element, const char *class,
                         const char *text);

/* Closes all that is open. Returns: (transfer full): the document */
char *vitals_html_end(VitalsHtml *html);
