/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "monitor/output/table.h"

static const char *const headings[] = { "A", "LONGER", NULL };

static void
check(const VitalsTable *table, gboolean colours, const char *expected)
{
    g_autofree char *text = vitals_table_render(table, colours);

    g_assert_cmpstr(text, ==, expected);
}

static void
test_columns(void)
{
    g_autoptr(VitalsTable) table = vitals_table_new(headings);

    vitals_table_add(table, (const char *const[]){ "wide cell", "b" }, VITALS_COLOUR_NONE);
    vitals_table_add(table, (const char *const[]){ "", NULL }, VITALS_COLOUR_NONE);
    vitals_table_note(table, "a note");
    check(table, FALSE,
          "A          LONGER\n"
          "wide cell  b\n"
          "-          -\n"
          "    a note\n");
}

static void
test_widths(void)
{
    g_assert_cmpuint(vitals_table_width(""), ==, 0);
    g_assert_cmpuint(vitals_table_width("abc"), ==, 3);
    g_assert_cmpuint(vitals_table_width("ä"), ==, 1);
    g_assert_cmpuint(vitals_table_width("a\xcc\x88"), ==, 1);
    g_assert_cmpuint(vitals_table_width("漢字"), ==, 4);
}

static void
test_wide_characters(void)
{
    g_autoptr(VitalsTable) table = vitals_table_new(headings);

    vitals_table_add(table, (const char *const[]){ "漢字", "x" }, VITALS_COLOUR_NONE);
    vitals_table_add(table, (const char *const[]){ "abcd", "y" }, VITALS_COLOUR_NONE);
    check(table, FALSE, "A     LONGER\n漢字  x\nabcd  y\n");
}

static void
test_colours(void)
{
    g_autoptr(VitalsTable) table = vitals_table_new(headings);

    vitals_table_add(table, (const char *const[]){ "x", "y" }, VITALS_COLOUR_BAD);
    check(table, TRUE, "A  LONGER\n\x1b[31mx  y\x1b[0m\n");
    check(table, FALSE, "A  LONGER\nx  y\n");
}

static void
test_hostile(void)
{
    g_autoptr(VitalsTable) table = vitals_table_new(headings);

    vitals_table_add(table, (const char *const[]){ "\x1b[2J\n", "\xff" }, VITALS_COLOUR_NONE);
    vitals_table_note(table, "two\nlines\x1b");
    check(table, FALSE,
          "A            LONGER\n"
          "\\x1b[2J\\x0a  \\xff\n"
          "    two lines\\x1b\n");
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/table/columns", test_columns);
    g_test_add_func("/table/widths", test_widths);
    g_test_add_func("/table/wide-characters", test_wide_characters);
    g_test_add_func("/table/colours", test_colours);
    g_test_add_func("/table/hostile", test_hostile);
    return g_test_run();
}
