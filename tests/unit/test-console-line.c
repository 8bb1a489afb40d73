/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "probes/console/block.h"
#include "probes/console/line.h"

#include <string.h>

static void
append_line(const VitalsLine *line, gpointer user)
{
    g_string_append_printf(user, "%" G_GUINT64_FORMAT ":%s:%.*s%s\n", line->number,
                           line->prefix.caller, (int)line->length, line->text,
                           line->cut ? "…" : "");
}

static char *
read_in_pieces(const char *bytes, gsize length, gsize piece)
{
    GString *out = g_string_new(NULL);
    g_autoptr(VitalsLines) lines = vitals_lines_new(append_line, out);

    for (gsize at = 0; at < length; at += piece)
        vitals_lines_feed(lines, bytes + at, MIN(piece, length - at), 0);
    vitals_lines_flush(lines);
    return g_string_free(out, FALSE);
}

static void
test_prefixes(void)
{
    static const struct {
        const char *line;
        const char *text;
        gint64 stamp;
        gboolean kernel;
        const char *caller;
    } cases[] = {
        { "[   12.345678] usb 1-1: new device", "usb 1-1: new device", 12345678, TRUE, "" },
        { "<4>[   12.345678] hello", "hello", 12345678, TRUE, "" },
        { "[   12.345678][  T123] hello", "hello", 12345678, TRUE, "T123" },
        { "[   12.345678][    C0] hello", "hello", 12345678, TRUE, "C0" },
        { "[ 1111.3781764] panic: gone", "panic: gone", 1111378176, TRUE, "" },
        { "Jan 31 12:00:00 host kernel: [   12.345678] hello", "hello", 12345678, TRUE, "" },
        { "Jan 31 12:00:00 host gizmod[3]: hello", "host gizmod[3]: hello", -1, FALSE, "" },
        { "2024-01-31T12:00:00.123456+01:00 host kernel: hello", "hello", -1, TRUE, "" },
        { "[2024-01-31 12:00:00] hello", "hello", -1, FALSE, "" },
        { "[Wed Jan 31 12:00:00 2024] hello", "hello", -1, TRUE, "" },
        { "kern  :warn  : [   12.345678] hello", "hello", 12345678, TRUE, "" },
        { "(XEN) [   12.345678] hello", "hello", 12345678, TRUE, "" },
        { "[  OK  ] Started gizmo", "[  OK  ] Started gizmo", -1, FALSE, "" },
        { "[C2] is no caller", "[C2] is no caller", -1, FALSE, "" },
        { "[   12.34", "[   12.34", -1, FALSE, "" },
        { "", "", -1, FALSE, "" },
    };

    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        VitalsPrefix prefix;
        gsize taken = vitals_prefix_peel(cases[i].line, strlen(cases[i].line), &prefix);

        g_assert_cmpstr(cases[i].line + taken, ==, cases[i].text);
        g_assert_cmpint(prefix.stamp, ==, cases[i].stamp);
        g_assert_cmpint(prefix.kernel, ==, cases[i].kernel);
        g_assert_cmpstr(prefix.caller, ==, cases[i].caller);
    }
}

static void
test_clocks(void)
{
    VitalsPrefix first;
    VitalsPrefix second;
    const char *before = "Dec 31 23:59:59 host kernel: a";
    const char *iso = "2024-02-29T00:00:00.5Z a";
    const char *later = "2024-03-01T00:00:01.5Z a";

    vitals_prefix_peel(before, strlen(before), &first);
    g_assert_cmpint(first.wall, >, 0);
    vitals_prefix_peel("2024-02-29T00:00:00.500Z a", 26, &first);
    vitals_prefix_peel("2024-03-01T00:00:01.500Z a", 26, &second);
    g_assert_cmpint(second.wall - first.wall, ==, G_TIME_SPAN_DAY + G_USEC_PER_SEC);
    /* less than three decimals are no logger's */
    vitals_prefix_peel(iso, strlen(iso), &first);
    vitals_prefix_peel(later, strlen(later), &second);
    g_assert_cmpint(first.wall, ==, -1);
}

static void
test_hostile(void)
{
    static const struct {
        const char *bytes;
        const char *lines;
    } cases[] = {
        { "a\r\nb\n", "1::a\n2::b\n" },
        { "10%\r20%\rboom\n", "1::10%\n1::20%\n1::boom\n" },
        { "\033[1;31mred\033[0m\n", "1::red\n" },
        { "\033]0;title\adone\n", "1::done\n" },
        { "\033]0;never ended\n", "1::0;never ended\n" },
        { "\033(Bplain\033\n", "1::plain\n" },
        { "a\001\bb\177c\n", "1::abc\n" },
        { "bad \xff\xfe and \xe2\x80\xae over\n", "1::bad ?? and ??? over\n" },
        { "na\xc3\xafve\n", "1::na\xc3\xafve\n" },
        { "login: [   36.852785][ T3615] late\n", "1::login: \n1:T3615:late\n" },
        { "no end", "1::no end\n" },
    };

    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *lines =
            read_in_pieces(cases[i].bytes, strlen(cases[i].bytes), strlen(cases[i].bytes));

        g_assert_cmpstr(lines, ==, cases[i].lines);
    }
}

static void
test_bounded(void)
{
    g_autofree char *bytes = g_strnfill(3 * VITALS_LINE_MAX, 'x');
    g_autofree char *lines = NULL;

    bytes[3 * VITALS_LINE_MAX - 2] = '\n';
    lines = read_in_pieces(bytes, 3 * VITALS_LINE_MAX, 1000);
    g_assert_cmpuint(strlen(lines), <, VITALS_LINE_MAX + 20);
    g_assert_nonnull(strstr(lines, "…\n2::x\n"));
}

static void
test_pieces(void)
{
    static const char alphabet[] = "ab [1.]\033\r\n\n[m;\t\xc3\xaf\xff<4>T0";
    g_autoptr(GRand) random = g_rand_new_with_seed(4);

    for (int round = 0; round < 300; round++) {
        gsize length = (gsize)g_rand_int_range(random, 1, 400);
        g_autofree char *bytes = g_malloc(length);
        g_autofree char *whole = NULL;

        for (gsize i = 0; i < length; i++)
            bytes[i] = alphabet[g_rand_int_range(random, 0, sizeof alphabet - 1)];
        whole = read_in_pieces(bytes, length, length);
        for (gsize piece = 1; piece < 8; piece++) {
            g_autofree char *split = read_in_pieces(bytes, length, piece);

            g_assert_cmpstr(split, ==, whole);
        }
    }
}

/* What is looked at together comes to the same as one by one. */
static void
test_blocks(void)
{
    static const char ranges[][2] = { { '0', '9' }, { '\n', '\n' }, { ' ', '~' }, { 'x', 'x' } };
    g_autoptr(GRand) random = g_rand_new_with_seed(5);
    char bytes[VITALS_BLOCK];

    for (int round = 0; round < 1000; round++) {
        for (int at = 0; at < VITALS_BLOCK; at++)
            bytes[at] = (char)g_rand_int_range(random, 0, 256);
        for (guint i = 0; i < G_N_ELEMENTS(ranges); i++) {
            guint64 bits = vitals_block_between(bytes, ranges[i][0], ranges[i][1]);

            for (int at = 0; at < VITALS_BLOCK; at++)
                g_assert_cmpint(bits >> at & 1, ==,
                                (guchar)bytes[at] >= ranges[i][0] &&
                                    (guchar)bytes[at] <= ranges[i][1]);
        }
    }
}

/* Wherever in a block a line ends, and with whatever, and whatever odd byte is in it. */
static void
test_ends(void)
{
    static const char *const ends[] = { "\n", "\r\n", "\r\r\n" };

    for (int length = 1; length < 3 * VITALS_BLOCK; length++) {
        for (guint i = 0; i < G_N_ELEMENTS(ends); i++) {
            g_autofree char *words = g_strnfill((gsize)length, 'w');
            g_autofree char *bytes = g_strconcat(words, ends[i], "\a", words, ends[i], NULL);
            g_autofree char *lines = read_in_pieces(bytes, strlen(bytes), strlen(bytes));
            g_autofree char *expected = g_strdup_printf("1::%s\n2::%s\n", words, words);

            g_assert_cmpstr(lines, ==, expected);
        }
    }
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/console-line/prefixes", test_prefixes);
    g_test_add_func("/console-line/clocks", test_clocks);
    g_test_add_func("/console-line/hostile", test_hostile);
    g_test_add_func("/console-line/bounded", test_bounded);
    g_test_add_func("/console-line/pieces", test_pieces);
    g_test_add_func("/console-line/blocks", test_blocks);
    g_test_add_func("/console-line/ends", test_ends);
    return g_test_run();
}
