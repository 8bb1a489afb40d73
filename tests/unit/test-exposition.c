/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "monitor/metrics/exposition.h"

#include <locale.h>
#include <math.h>

static const char *const no_labels[] = { NULL };
static const char *const one_label[] = { "domain", NULL };

static void
check_document(VitalsExposition *out, const char *expected)
{
    g_autoptr(GBytes) bytes = vitals_exposition_finish(out);
    g_autofree char *text = g_strndup(g_bytes_get_data(bytes, NULL), g_bytes_get_size(bytes));

    g_assert_cmpstr(text, ==, expected);
}

static void
check_label(const char *value, const char *expected)
{
    g_autoptr(VitalsExposition) out = vitals_exposition_new();
    g_autofree char *document =
        g_strdup_printf("# HELP m h\n# TYPE m gauge\nm{domain=\"%s\"} 1\n", expected);

    vitals_exposition_family(out, "m", "gauge", "h", one_label);
    vitals_exposition_sample(out, &value, 1);
    check_document(out, document);
}

static void
test_labels(void)
{
    check_label("plain", "plain");
    check_label("", "");
    check_label(NULL, "");
    check_label("näme", "näme");
    check_label("back\\slash", "back\\\\slash");
    check_label("quo\"te", "quo\\\"te");
    check_label("two\nlines", "two\\nlines");
    check_label("x\"} 1\nforged{domain=\"y", "x\\\"} 1\\nforged{domain=\\\"y");
    check_label("\x1b[2J", "\\\\x1b[2J");
    check_label("bad\xff", "bad\\\\xff");
    check_label("\xe2\x80\xae", "\\\\u{202e}");
}

static void
check_number(double value, const char *expected)
{
    g_autoptr(VitalsExposition) out = vitals_exposition_new();
    g_autofree char *document = g_strdup_printf("# HELP m h\n# TYPE m gauge\nm %s\n", expected);

    vitals_exposition_family(out, "m", "gauge", "h", no_labels);
    vitals_exposition_sample(out, NULL, value);
    check_document(out, document);
}

static void
check_numbers(void)
{
    check_number(0, "0");
    check_number(1, "1");
    check_number(-2.5, "-2.5");
    check_number(0.1, "0.1");
    check_number(1.0 / 3, "0.33333333333333331");
    check_number(1773500966.535897, "1773500966.535897");
    check_number(4294967296.0, "4294967296");
    check_number(9007199254740993.0, "9007199254740992");
    check_number(NAN, "NaN");
    check_number(INFINITY, "+Inf");
    check_number(-INFINITY, "-Inf");
}

static void
test_numbers(void)
{
    check_numbers();
}

/* Wherever such a locale is installed, the decimal point has to stay one. */
static void
test_numbers_locale(void)
{
    if (!setlocale(LC_NUMERIC, "de_DE.UTF-8")) {
        g_test_skip("no locale with a decimal comma is installed");
        return;
    }
    check_numbers();
    setlocale(LC_NUMERIC, "C");
}

static void
test_help(void)
{
    g_autoptr(VitalsExposition) out = vitals_exposition_new();

    vitals_exposition_family(out, "m", "counter", "a\\b\n\"c\"", no_labels);
    vitals_exposition_sample(out, NULL, 1);
    vitals_exposition_sample(out, NULL, 2);
    check_document(out, "# HELP m a\\\\b\\n\"c\"\n# TYPE m counter\nm 1\nm 2\n");
}

static void
test_empty_family(void)
{
    g_autoptr(VitalsExposition) out = vitals_exposition_new();

    vitals_exposition_family(out, "m", "gauge", "h", no_labels);
    vitals_exposition_family(out, "n", "gauge", "h", no_labels);
    check_document(out, "");
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/exposition/labels", test_labels);
    g_test_add_func("/exposition/numbers", test_numbers);
    g_test_add_func("/exposition/numbers-locale", test_numbers_locale);
    g_test_add_func("/exposition/help", test_help);
    g_test_add_func("/exposition/empty-family", test_empty_family);
    return g_test_run();
}
