/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "monitor/output/table.h"

#include "config/text.h"

#include <unistd.h>

#define GAP 2

/* A row, or a note if it has no cells. */
typedef struct {
    char **cells;
    char *note;
    VitalsColour colour;
} Row;

struct VitalsTable {
    guint columns;
    guint *widths;
    GPtrArray *rows;
};

static const char *const colour_codes[] = {
    [VITALS_COLOUR_GOOD] = "\x1b[32m",
    [VITALS_COLOUR_ODD] = "\x1b[33m",
    [VITALS_COLOUR_BAD] = "\x1b[31m",
};

static void
free_row(gpointer data)
{
    Row *row = data;

    g_strfreev(row->cells);
    g_free(row->note);
    g_free(row);
}

guint
vitals_table_width(const char *text)
{
    guint width = 0;

    for (const char *p = text; *p; p = g_utf8_next_char(p)) {
        gunichar character = g_utf8_get_char(p);

        if (!g_unichar_iszerowidth(character))
            width += g_unichar_iswide(character) ? 2 : 1;
    }
    return width;
}

VitalsTable *
vitals_table_new(const char *const *headings)
{
    VitalsTable *table = g_new0(VitalsTable, 1);

    table->columns = g_strv_length((char **)headings);
    table->widths = g_new0(guint, table->columns);
    table->rows = g_ptr_array_new_with_free_func(free_row);
    vitals_table_add(table, headings, VITALS_COLOUR_NONE);
    return table;
}

void
vitals_table_free(VitalsTable *table)
{
    if (!table)
        return;
    g_free(table->widths);
    g_ptr_array_unref(table->rows);
    g_free(table);
}

void
vitals_table_add(VitalsTable *table, const char *const *cells, VitalsColour colour)
{
    Row *row = g_new0(Row, 1);

    row->colour = colour;
    row->cells = g_new0(char *, table->columns + 1);
    for (guint i = 0; i < table->columns; i++) {
        gboolean empty = !cells[i] || !*cells[i];

        row->cells[i] = empty ? g_strdup("-") : vitals_text_printable(cells[i], -1);
        table->widths[i] = MAX(table->widths[i], vitals_table_width(row->cells[i]));
    }
    g_ptr_array_add(table->rows, row);
}

void
vitals_table_note(VitalsTable *table, const char *note)
{
    Row *row = g_new0(Row, 1);

    row->note = g_strdelimit(vitals_text_printable_lines(note, -1), "\n\t", ' ');
    g_ptr_array_add(table->rows, row);
}

static void
append_row(GString *text, const VitalsTable *table, const Row *row)
{
    for (guint i = 0; i < table->columns; i++) {
        guint padding = table->widths[i] - vitals_table_width(row->cells[i]) + GAP;

        g_string_append(text, row->cells[i]);
        if (i + 1 < table->columns)
            g_string_append_printf(text, "%*s", (int)padding, "");
    }
}

char *
vitals_table_render(const VitalsTable *table, gboolean colours)
{
    GString *text = g_string_new(NULL);

    for (guint i = 0; i < table->rows->len; i++) {
        const Row *row = g_ptr_array_index(table->rows, i);
        gboolean coloured = colours && row->colour != VITALS_COLOUR_NONE;

        if (coloured)
            g_string_append(text, colour_codes[row->colour]);
        if (row->cells)
            append_row(text, table, row);
        else
            g_string_append_printf(text, "    %s", row->note);
        g_string_append(text, coloured ? "\x1b[0m\n" : "\n");
    }
    return g_string_free(text, FALSE);
}

gboolean
vitals_table_wants_colours(void)
{
    const char *no_color = g_getenv("NO_COLOR");

    return isatty(STDOUT_FILENO) && !(no_color && *no_color) &&
           g_strcmp0(g_getenv("TERM"), "dumb") != 0;
}
