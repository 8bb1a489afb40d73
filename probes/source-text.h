/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

/*
 * The text of a document in UTF-8, whatever encoding it came in, with the place of every line.
 */

/**
 * VitalsSourceText:
 * @text: the text, ended by NUL and free of others; without a byte order mark
 * @length: its bytes
 * @lines: (element-type gsize): where each line begins; never empty
 * @encoding: (nullable): what the document is written in, without a mark; %NULL for UTF-8
 * @mark: its byte order mark; "" for none
 */
typedef struct {
    char *text;
    gsize length;
    GArray *lines;
    char *encoding;
    const char *mark;
} VitalsSourceText;

/**
 * vitals_source_text_new:
 * @bytes: an XML document
 * @length: its bytes
 * @ret_problem: (out): set on failure: one sentence without a period, safe to show
 * @ret_line: (out): set on failure: the line it is about, from 1; 0 for the whole text
 *
 * Decodes by byte order mark or XML declaration, UTF-8 if neither says otherwise. UTF-8 itself is not
 * checked here: the parser does, and knows the line.
 *
 * Returns: (transfer full) (nullable): the text
 */
VitalsSourceText *vitals_source_text_new(const char *bytes, gsize length, char **ret_problem,
                                         guint *ret_line);

void vitals_source_text_free(VitalsSourceText *source);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(VitalsSourceText, vitals_source_text_free)

/**
 * vitals_source_text_line_at:
 * @offset: a byte of the text
 *
 * Returns: the number of the line that holds it, from 1
 */
guint vitals_source_text_line_at(const VitalsSourceText *source, gsize offset);

/**
 * vitals_source_text_line:
 * @line: a line number from 1
 * @ret_length: (out): its bytes without the line end
 *
 * Returns: (transfer none) (nullable): where that line begins; %NULL if there is no such line
 */
const char *vitals_source_text_line(const VitalsSourceText *source, guint line, gsize *ret_length);

/**
 * vitals_source_text_encode:
 * @text: a text in UTF-8
 * @ret_length: (out): the bytes of the result
 *
 * Returns: (transfer full) (nullable): @text as the document is written, with its byte order mark;
 *   %NULL if its encoding cannot hold it
 */
char *vitals_source_text_encode(const VitalsSourceText *source, const char *text,
                                gsize *ret_length);
