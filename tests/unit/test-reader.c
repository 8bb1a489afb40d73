/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config/reader.h"
#include "config/settings.h"

#include <string.h>

/* The items as "line [section]" and "line key=value", a line each. */
static char *
dump(const GPtrArray *items)
{
    g_autoptr(GString) out = g_string_new(NULL);

    for (guint i = 0; i < items->len; i++) {
        const VitalsReaderItem *item = g_ptr_array_index(items, i);

        if (item->key)
            g_string_append_printf(out, "%u %s=%s\n", item->line, item->key, item->value);
        else
            g_string_append_printf(out, "%u [%s]\n", item->line, item->value);
    }
    return g_strdup(out->str);
}

static void
assert_items(const char *text, const char *expected)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GPtrArray) items = vitals_reader_parse("f", text, strlen(text), &error);
    g_autofree char *dumped = NULL;

    g_assert_no_error(error);
    dumped = dump(items);
    g_assert_cmpstr(dumped, ==, expected);
}

static void
assert_refused(const char *bytes, gsize length, const char *message)
{
    g_autoptr(GError) error = NULL;

    g_assert_null(vitals_reader_parse("f", bytes, length, &error));
    g_assert_error(error, VITALS_SETTINGS_ERROR, VITALS_SETTINGS_ERROR_SYNTAX);
    g_assert_cmpstr(error->message, ==, message);
}

static void
test_items(void)
{
    assert_items("", "");
    assert_items("\n\n", "");
    assert_items("[A]\nb=c", "1 [A]\n2 b=c\n");
    assert_items("  [ A b ]  \n\tb = c d \n", "1 [A b]\n2 b=c d\n");
    assert_items("a=\nb==c=\n", "1 a=\n2 b==c=\n");
    assert_items("[Guest [ab]]\n", "1 [Guest [ab]]\n");
    assert_items("a=1 # no comment\n", "1 a=1 # no comment\n");
}

static void
test_comments(void)
{
    assert_items("# a=1\n; b=2\n  # c=3\nd=4\n", "4 d=4\n");
    assert_items("# a=1 \\\nb=2\n", "2 b=2\n");
}

static void
test_line_ends(void)
{
    assert_items("\xef\xbb\xbf[A]\r\nb=c\r\n\r\nd=e", "1 [A]\n2 b=c\n4 d=e\n");
    assert_items("\xef\xbb\xbf", "");
}

static void
test_continuation(void)
{
    assert_items("a=1 \\\n  2\\\n3\nb=4\n", "1 a=1  2 3\n4 b=4\n");
    assert_items("a=1\\\n# between\n2\nb=3\n", "1 a=1 2\n4 b=3\n");
    assert_items("a=1\\\r\n2\r\n", "1 a=1 2\n");
    assert_items("a=1\\", "1 a=1\n");
    assert_items("a=1\\\n\nb=2\n", "1 a=1\n3 b=2\n");
    assert_items("\\\n\\\na=1\n", "1 a=1\n");
}

static void
test_syntax(void)
{
    static const char *const headers[] = { "[", "[]", "[A", "[A]x", "[A] # x" };
    static const char *const lines[] = { "junk", "=1", "= ", "A]" };

    for (gsize i = 0; i < G_N_ELEMENTS(headers); i++)
        assert_refused(headers[i], strlen(headers[i]),
                       "f:1: a section header is written [Name], alone on its line");
    for (gsize i = 0; i < G_N_ELEMENTS(lines); i++)
        assert_refused(lines[i], strlen(lines[i]),
                       "f:1: the line is neither [Section], Key=value nor a comment with # or ;");
}

static void
test_bytes(void)
{
    static const char nul[] = "[A]\nb=c\0d\n";
    static const char utf16[] = "[\0A\0]\0\n\0";

    assert_refused(nul, sizeof(nul) - 1,
                   "f:2: the line holds a NUL byte: the file is no text, or is UTF-16");
    assert_refused(utf16, sizeof(utf16) - 1,
                   "f:1: the line holds a NUL byte: the file is no text, or is UTF-16");
    assert_refused("#\n#\n# caf\xe9\n", 10,
                   "f:3: the line is no valid UTF-8: save the file in UTF-8");
    assert_refused("a=\xc0\xaf", 4, "f:1: the line is no valid UTF-8: save the file in UTF-8");
    assert_refused("a=\xc3", 3, "f:1: the line is no valid UTF-8: save the file in UTF-8");
}

static void
test_long(void)
{
    g_autofree char *line = g_strnfill(VITALS_READER_MAX_LINE + 1, 'a');
    g_autoptr(GString) continued = g_string_new("a=1\nb=");

    assert_refused(line, strlen(line), "f:1: the line is longer than 16 KiB");
    for (guint i = 0; i < VITALS_READER_MAX_LINE; i++)
        g_string_append(continued, "x\\\n");
    assert_refused(continued->str, continued->len, "f:2: the line is longer than 16 KiB");
}

/* No prefix of a file that uses everything is read outside its bounds (for the sanitizers). */
static void
test_prefixes(void)
{
    static const char text[] =
        "\xef\xbb\xbf[A]\r\n# c\\\nb = \xc3\xa4\\\n;x\n d\r\n[Guest \\*]\n=\\";

    for (gsize length = 0; length < sizeof(text); length++) {
        g_autofree char *exact = g_memdup2(text, length);
        g_autoptr(GError) error = NULL;
        g_autoptr(GPtrArray) items = vitals_reader_parse("f", exact, length, &error);

        g_assert_true((items != NULL) == (error == NULL));
    }
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/reader/items", test_items);
    g_test_add_func("/reader/comments", test_comments);
    g_test_add_func("/reader/line-ends", test_line_ends);
    g_test_add_func("/reader/continuation", test_continuation);
    g_test_add_func("/reader/syntax", test_syntax);
    g_test_add_func("/reader/bytes", test_bytes);
    g_test_add_func("/reader/long", test_long);
    g_test_add_func("/reader/prefixes", test_prefixes);
    return g_test_run();
}
