/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config/text.h"

static void
check_printable(const char *in, const char *expected)
{
    g_autofree char *out = vitals_text_printable(in, -1);

    g_assert_cmpstr(out, ==, expected);
}

static void
test_printable(void)
{
    check_printable(NULL, "");
    check_printable("plain näme", "plain näme");
    check_printable("two\nlines", "two\\x0alines");
    check_printable("\x1b[2J", "\\x1b[2J");
    check_printable("back\\slash", "back\\\\slash");
    check_printable("bad\xff", "bad\\xff");
    check_printable("cut\xc3", "cut\\xc3");
    check_printable("\xe2\x80\xaetxt.exe", "\\u{202e}txt.exe");
    check_printable("\xc2\x9b"
                    "31m",
                    "\\u{009b}31m");
    check_printable("a\xe2\x80\xa8"
                    "b",
                    "a\\u{2028}b");
}

static void
test_printable_nul(void)
{
    g_autofree char *out = vitals_text_printable("a\0b", 3);

    g_assert_cmpstr(out, ==, "a\\x00b");
}

static void
test_lines(void)
{
    g_autofree char *out = vitals_text_printable_lines("one\r\ntwo\tx\rover\x1b[0m\\", -1);

    g_assert_cmpstr(out, ==, "one\ntwo\tx\\x0dover\\x1b[0m\\");
}

static void
check_slug(const char *in, gsize max, const char *expected)
{
    g_autofree char *out = vitals_text_slug(in, max);

    g_assert_cmpstr(out, ==, expected);
}

static void
test_slug(void)
{
    check_slug("web-01.example", 64, "web-01.example");
    check_slug("..", 64, "_.");
    check_slug("", 64, "unnamed");
    check_slug(NULL, 64, "unnamed");
    check_slug("-rf", 64, "_rf");
    check_slug("a/b\nc", 64, "a_b_c");
    check_slug("0123456789", 8, "01234567");
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/text/printable", test_printable);
    g_test_add_func("/text/printable/nul", test_printable_nul);
    g_test_add_func("/text/lines", test_lines);
    g_test_add_func("/text/slug", test_slug);
    return g_test_run();
}
