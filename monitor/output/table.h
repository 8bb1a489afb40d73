/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

/*
 * A table for people: columns as wide as their widest cell on a terminal, where a character may take
 * two places or none.
 */
typedef struct VitalsTable VitalsTable;

typedef enum {
    VITALS_COLOUR_NONE,
    VITALS_COLOUR_GOOD,
    VITALS_COLOUR_ODD,
    VITALS_COLOUR_BAD,
} VitalsColour;

/* @headings: ended by %NULL; how many there are is how many cells a row has */
VitalsTable *vitals_table_new(const char *const *headings);
void vitals_table_free(VitalsTable *table);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(VitalsTable, vitals_table_free)

/**
 * vitals_table_add:
 * @cells: any bytes; made printable. Empty ones show as "-"
 * @colour: of the whole row
 */
void vitals_table_add(VitalsTable *table, const char *const *cells, VitalsColour colour);

/* A line of its own below the last row, indented; made printable without touching backslashes. */
void vitals_table_note(VitalsTable *table, const char *note);

/* Returns: (transfer full): the lines, without blanks at their ends */
char *vitals_table_render(const VitalsTable *table, gboolean colours);

/* Whether standard output takes colours: a terminal, not a dumb one, and NO_COLOR (no-color.org) unset. */
gboolean vitals_table_wants_colours(void);

/* The places @text takes on a terminal. */
guint vitals_table_width(const char *text);
