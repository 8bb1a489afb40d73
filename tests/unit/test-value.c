/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config/settings.h"
#include "config/value.h"

#define MINUTE (60 * (gint64)G_USEC_PER_SEC)
#define HOUR (60 * MINUTE)

/* What @text is read as; @problem where it is refused. */
typedef struct {
    const char *text;
    gint64 number;
    const char *problem;
} Case;

static const Case durations[] = {
    { "0", 0 },
    { "5", 5 * G_USEC_PER_SEC },
    { "7us", 7 },
    { "7usec", 7 },
    { "7\xc2\xb5s", 7 },
    { "7\xce\xbcs", 7 },
    { "7ms", 7000 },
    { "7msec", 7000 },
    { "7s", 7 * G_USEC_PER_SEC },
    { "7sec", 7 * G_USEC_PER_SEC },
    { "1second", G_USEC_PER_SEC },
    { "7 seconds", 7 * G_USEC_PER_SEC },
    { "7m", 7 * MINUTE },
    { "7min", 7 * MINUTE },
    { "1minute", MINUTE },
    { "7minutes", 7 * MINUTE },
    { "7h", 7 * HOUR },
    { "7hr", 7 * HOUR },
    { "1hour", HOUR },
    { "7hours", 7 * HOUR },
    { "7d", 7 * 24 * HOUR },
    { "1day", 24 * HOUR },
    { "7days", 7 * 24 * HOUR },
    { "2w", 14 * 24 * HOUR },
    { "1week", 7 * 24 * HOUR },
    { "2weeks", 14 * 24 * HOUR },
    { "1min 30s", 90 * G_USEC_PER_SEC },
    { "1min30s", 90 * G_USEC_PER_SEC },
    { "  1h\t2min  3 ", HOUR + 2 * MINUTE + 3 * G_USEC_PER_SEC },
    { "1.5s", 1500000 },
    { "0.5ms", 500 },
    { "1.123456789s", 1123456 },
    { "9223372036854775807us", G_MAXINT64 },
    { "9223372036854775808us", 0, "is too large" },
    { "9223372036854775807us 1us", 0, "is too large" },
    { "99999999999999999999h", 0, "is too large" },
    { "9999999999999999h", 0, "is too large" },
    { "", 0, "is no time span" },
    { "   ", 0, "is no time span" },
    { "-1s", 0, "is no time span" },
    { "+1s", 0, "is no time span" },
    { "s", 0, "is no time span" },
    { ".5s", 0, "is no time span" },
    { "infinity", 0, "is no time span" },
    { "1.s", 0, "has the unknown unit '.s'" },
    { "1,5s", 0, "has the unknown unit ','" },
    { "1e3", 0, "has the unknown unit 'e'" },
    { "0x10", 0, "has the unknown unit 'x'" },
    { "5S", 0, "has the unknown unit 'S'" },
    { "5G", 0, "has the unknown unit 'G'" },
    { "5s junk", 0, "is no time span" },
    { "5sjunk", 0, "has the unknown unit 'sjunk'" },
    { "5\x1b[1m", 0, "has the unknown unit '\\x1b['" },
    { "5s\xff", 0, "has the unknown unit 's\\xff'" },
};

static const Case sizes[] = {
    { "0", 0 },
    { "512", 512 },
    { "512B", 512 },
    { "1K", 1024 },
    { "1KiB", 1024 },
    { "3M", 3 << 20 },
    { "3MiB", 3 << 20 },
    { "1G", 1 << 30 },
    { "1GiB", 1 << 30 },
    { "2T", G_GINT64_CONSTANT(2) << 40 },
    { "2TiB", G_GINT64_CONSTANT(2) << 40 },
    { "1.5K", 1536 },
    { "1G 512M", (1 << 30) + (512 << 20) },
    { "8388607T", G_GINT64_CONSTANT(8388607) << 40 },
    { "8388608T", 0, "is too large" },
    { "18446744073709551616", 0, "is too large" },
    { "", 0, "is no size" },
    { "-1", 0, "is no size" },
    { "G", 0, "is no size" },
    { "1KB", 0, "has the unknown unit 'KB'" },
    { "1g", 0, "has the unknown unit 'g'" },
    { "2s", 0, "has the unknown unit 's'" },
    { "1G!", 0, "has the unknown unit 'G!'" },
};

typedef gboolean (*Parser)(const char *text, gint64 *ret_number, GError **error);

static void
check_cases(Parser parse, const Case *cases, gsize count)
{
    for (const Case *at = cases; at < cases + count; at++) {
        g_autoptr(GError) error = NULL;
        g_autofree char *shown = g_strescape(at->text, NULL);
        gint64 number = -1;
        gboolean ok = parse(at->text, &number, &error);

        g_test_message("'%s'", shown);
        if (at->problem) {
            g_assert_false(ok);
            g_assert_error(error, VITALS_SETTINGS_ERROR, VITALS_SETTINGS_ERROR_VALUE);
            g_assert_cmpstr(error->message, ==, at->problem);
            g_assert_cmpint(number, ==, -1);
        } else {
            g_assert_no_error(error);
            g_assert_true(ok);
            g_assert_cmpint(number, ==, at->number);
        }
    }
}

static void
test_duration(void)
{
    check_cases(vitals_value_duration, durations, G_N_ELEMENTS(durations));
}

static void
test_size(void)
{
    check_cases(vitals_value_size, sizes, G_N_ELEMENTS(sizes));
}

static gboolean
parse_boolean(const char *text, gint64 *ret_number, GError **error)
{
    static const VitalsOption option = { .type = VITALS_OPTION_BOOLEAN };

    return vitals_value_parse(&option, text, ret_number, error);
}

static void
test_boolean(void)
{
    static const Case cases[] = {
        { "yes", 1 },
        { "Yes", 1 },
        { "true", 1 },
        { "on", 1 },
        { "1", 1 },
        { "no", 0 },
        { "FALSE", 0 },
        { "off", 0 },
        { " 0 ", 0 },
        { "2", 0, "is neither yes nor no" },
        { "", 0, "is neither yes nor no" },
        { "yes please", 0, "is neither yes nor no" },
    };

    check_cases(parse_boolean, cases, G_N_ELEMENTS(cases));
}

static gboolean
parse_integer(const char *text, gint64 *ret_number, GError **error)
{
    static const VitalsOption option = { .type = VITALS_OPTION_INTEGER,
                                         .minimum = 2,
                                         .maximum = 100 };

    return vitals_value_parse(&option, text, ret_number, error);
}

static void
test_integer(void)
{
    static const Case cases[] = {
        { "2", 2 },
        { "100", 100 },
        { " 7 ", 7 },
        { "1", 0, "is too small" },
        { "-5", 0, "is too small" },
        { "101", 0, "is too large" },
        { "99999999999999999999", 0, "is out of range" },
        { "", 0, "is no whole number" },
        { "7s", 0, "is no whole number" },
        { "0x10", 0, "is no whole number" },
        { "3.5", 0, "is no whole number" },
    };

    check_cases(parse_integer, cases, G_N_ELEMENTS(cases));
}

static gboolean
parse_words(const char *text, gint64 *ret_number, GError **error)
{
    static const char *const words[] = { "one", "two", "three", NULL };
    static const VitalsOption option = { .type = VITALS_OPTION_WORDS, .words = words };

    return vitals_value_parse(&option, text, ret_number, error);
}

static void
test_words(void)
{
    static const Case cases[] = {
        { "one", 1 },
        { "three one", 5 },
        { "two \t two", 2 },
        { "none", 0 },
        { "one none", 0, "has the unknown word 'none'" },
        { "One", 0, "has the unknown word 'One'" },
        { "one,two", 0, "has the unknown word 'one,two'" },
    };

    check_cases(parse_words, cases, G_N_ELEMENTS(cases));
}

static void
check_format(char *(*format)(gint64), Parser parse, gint64 number, const char *expected)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *text = format(number);
    gint64 back = -1;

    g_assert_cmpstr(text, ==, expected);
    g_assert_true(parse(text, &back, &error));
    g_assert_cmpint(back, ==, number);
}

static void
test_format(void)
{
    check_format(vitals_value_format_duration, vitals_value_duration, 0, "0");
    check_format(vitals_value_format_duration, vitals_value_duration, 500000, "500ms");
    check_format(vitals_value_format_duration, vitals_value_duration, 90 * G_USEC_PER_SEC,
                 "1min 30s");
    check_format(vitals_value_format_duration, vitals_value_duration, 25 * HOUR + 1, "1d 1h 1us");
    check_format(vitals_value_format_size, vitals_value_size, 0, "0");
    check_format(vitals_value_format_size, vitals_value_size, 1025, "1025");
    check_format(vitals_value_format_size, vitals_value_size, 256 << 10, "256K");
    check_format(vitals_value_format_size, vitals_value_size, G_GINT64_CONSTANT(2) << 30, "2G");
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/value/duration", test_duration);
    g_test_add_func("/value/size", test_size);
    g_test_add_func("/value/boolean", test_boolean);
    g_test_add_func("/value/integer", test_integer);
    g_test_add_func("/value/words", test_words);
    g_test_add_func("/value/format", test_format);
    return g_test_run();
}
