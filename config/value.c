/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config/value.h"
#include "config/settings.h"
#include "config/text.h"

#include <errno.h>
#include <string.h>

typedef struct {
    const char *name;
    gint64 factor;
} Unit;

#define MINUTE (G_GINT64_CONSTANT(60) * G_USEC_PER_SEC)
#define HOUR (60 * MINUTE)

/* systemd.time(7) without months and years, whose length nobody means exactly. The first spelling of a
 * unit is the one we write ourselves; largest first. */
static const Unit time_units[] = {
    { "w", 7 * 24 * HOUR },
    { "d", 24 * HOUR },
    { "h", HOUR },
    { "min", MINUTE },
    { "s", G_USEC_PER_SEC },
    { "ms", 1000 },
    { "us", 1 },
    { "week", 7 * 24 * HOUR },
    { "weeks", 7 * 24 * HOUR },
    { "day", 24 * HOUR },
    { "days", 24 * HOUR },
    { "hr", HOUR },
    { "hour", HOUR },
    { "hours", HOUR },
    { "m", MINUTE },
    { "minute", MINUTE },
    { "minutes", MINUTE },
    { "sec", G_USEC_PER_SEC },
    { "second", G_USEC_PER_SEC },
    { "seconds", G_USEC_PER_SEC },
    { "msec", 1000 },
    { "usec", 1 },
    { "\xc2\xb5s", 1 }, /* U+00B5 MICRO SIGN */
    { "\xce\xbcs", 1 }, /* U+03BC GREEK SMALL LETTER MU */
    { NULL },
};

static const Unit size_units[] = {
    { "T", G_GINT64_CONSTANT(1) << 40 },
    { "G", 1 << 30 },
    { "M", 1 << 20 },
    { "K", 1 << 10 },
    { "B", 1 },
    { "TiB", G_GINT64_CONSTANT(1) << 40 },
    { "GiB", 1 << 30 },
    { "MiB", 1 << 20 },
    { "KiB", 1 << 10 },
    { NULL },
};

/* A number as it was written: whole + fraction / divisor. */
typedef struct {
    guint64 whole;
    gint64 fraction;
    gint64 divisor;
} Decimal;

static gboolean G_GNUC_PRINTF(2, 3) refuse(GError **error, const char *format, ...)
{
    g_autofree char *message = NULL;
    va_list arguments;

    va_start(arguments, format);
    message = g_strdup_vprintf(format, arguments);
    va_end(arguments);
    g_set_error_literal(error, VITALS_SETTINGS_ERROR, VITALS_SETTINGS_ERROR_VALUE, message);
    return FALSE;
}

static const char *
skip_blanks(const char *at)
{
    while (g_ascii_isspace(*at))
        at++;
    return at;
}

static gboolean
read_decimal(const char **at, Decimal *ret_number, const char *noun, GError **error)
{
    Decimal number = { .divisor = 1 };
    char *end;

    if (!g_ascii_isdigit(**at))
        return refuse(error, "is no %s", noun);
    errno = 0;
    number.whole = g_ascii_strtoull(*at, &end, 10);
    if (errno == ERANGE)
        return refuse(error, "is too large");

    if (end[0] == '.' && g_ascii_isdigit(end[1])) {
        for (end++; g_ascii_isdigit(*end); end++) {
            /* Six digits: a millionth of a week times 10^6 still fits 63 bits, and nobody means more. */
            if (number.divisor == 1000000)
                continue;
            number.fraction = number.fraction * 10 + (*end - '0');
            number.divisor *= 10;
        }
    }

    *at = end;
    *ret_number = number;
    return TRUE;
}

static gboolean
read_unit(const char **at, const Unit *units, gint64 bare, gint64 *ret_factor, GError **error)
{
    const char *begin = *at;
    const char *end = begin;
    g_autofree char *name = NULL;
    g_autofree char *shown = NULL;

    while (*end && !g_ascii_isspace(*end) && !g_ascii_isdigit(*end))
        end++;
    *at = end;
    if (end == begin) {
        *ret_factor = bare;
        return TRUE;
    }

    name = g_strndup(begin, end - begin);
    for (; units->name; units++) {
        if (g_str_equal(units->name, name)) {
            *ret_factor = units->factor;
            return TRUE;
        }
    }
    shown = vitals_text_printable(name, -1);
    return refuse(error, "has the unknown unit '%s'", shown);
}

static gboolean
add_product(gint64 *sum, const Decimal *number, gint64 factor)
{
    gint64 product;

    return !__builtin_mul_overflow(number->whole, factor, &product) &&
           !__builtin_add_overflow(*sum, product, sum) &&
           !__builtin_add_overflow(*sum, factor * number->fraction / number->divisor, sum);
}

/* Adds up numbers with units; @bare is what a number without a unit counts in. */
static gboolean
parse_quantity(const char *text, const Unit *units, gint64 bare, const char *noun,
               gint64 *ret_value, GError **error)
{
    const char *at = skip_blanks(text);
    gint64 sum = 0;

    if (!*at)
        return refuse(error, "is no %s", noun);
    while (*at) {
        Decimal number = { .divisor = 1 };
        gint64 factor = bare;

        if (!read_decimal(&at, &number, noun, error))
            return FALSE;
        at = skip_blanks(at);
        if (!read_unit(&at, units, bare, &factor, error))
            return FALSE;
        if (!add_product(&sum, &number, factor))
            return refuse(error, "is too large");
        at = skip_blanks(at);
    }

    *ret_value = sum;
    return TRUE;
}

gboolean
vitals_value_duration(const char *text, gint64 *ret_microseconds, GError **error)
{
    return parse_quantity(text, time_units, G_USEC_PER_SEC, "time span", ret_microseconds, error);
}

gboolean
vitals_value_size(const char *text, gint64 *ret_bytes, GError **error)
{
    return parse_quantity(text, size_units, 1, "size", ret_bytes, error);
}

static gboolean
parse_boolean(const char *text, gint64 *ret_value, GError **error)
{
    static const char *const yes[] = { "1", "yes", "y", "true", "t", "on", NULL };
    static const char *const no[] = { "0", "no", "n", "false", "f", "off", NULL };
    g_autofree char *lower = g_ascii_strdown(text, -1);

    if (!g_strv_contains(yes, lower) && !g_strv_contains(no, lower))
        return refuse(error, "is neither yes nor no");
    *ret_value = g_strv_contains(yes, lower);
    return TRUE;
}

static gboolean
parse_integer(const char *text, gint64 *ret_value, GError **error)
{
    g_autoptr(GError) local = NULL;

    if (g_ascii_string_to_signed(text, 10, G_MININT64, G_MAXINT64, ret_value, &local))
        return TRUE;
    if (g_error_matches(local, G_NUMBER_PARSER_ERROR, G_NUMBER_PARSER_ERROR_OUT_OF_BOUNDS))
        return refuse(error, "is out of range");
    return refuse(error, "is no whole number");
}

static gboolean
find_word(const VitalsOption *option, const char *word, gint64 *ret_index, GError **error)
{
    g_autofree char *shown = NULL;

    for (gint64 i = 0; option->words[i]; i++) {
        if (g_str_equal(option->words[i], word)) {
            *ret_index = i;
            return TRUE;
        }
    }
    shown = vitals_text_printable(word, -1);
    return refuse(error, "has the unknown word '%s'", shown);
}

static gboolean
parse_words(const VitalsOption *option, const char *text, gint64 *ret_bits, GError **error)
{
    g_auto(GStrv) words = g_strsplit_set(text, " \t", -1);
    gint64 bits = 0;

    if (g_str_equal(text, "none")) {
        *ret_bits = 0;
        return TRUE;
    }
    for (char **word = words; *word; word++) {
        gint64 index = 0;

        if (!**word)
            continue;
        if (!find_word(option, *word, &index, error))
            return FALSE;
        bits |= G_GINT64_CONSTANT(1) << index;
    }
    *ret_bits = bits;
    return TRUE;
}

/* Text goes on to libvirt, the kernel and logs; nothing there has a use for control characters. */
static gboolean
check_text(const VitalsOption *option, const char *text, GError **error)
{
    if (!g_utf8_validate(text, -1, NULL))
        return refuse(error, "is no valid UTF-8");
    for (const char *at = text; *at; at = g_utf8_next_char(at)) {
        if (g_unichar_iscntrl(g_utf8_get_char(at)))
            return refuse(error, "holds a control character");
    }
    if (option->type == VITALS_OPTION_PATH && !g_path_is_absolute(text))
        return refuse(error, "is no absolute path");
    return TRUE;
}

static gboolean
parse_unbounded(const VitalsOption *option, const char *text, gint64 *ret_number, GError **error)
{
    switch (option->type) {
    case VITALS_OPTION_BOOLEAN:
        return parse_boolean(text, ret_number, error);
    case VITALS_OPTION_INTEGER:
        return parse_integer(text, ret_number, error);
    case VITALS_OPTION_DURATION:
        return vitals_value_duration(text, ret_number, error);
    case VITALS_OPTION_SIZE:
        return vitals_value_size(text, ret_number, error);
    case VITALS_OPTION_STRING:
    case VITALS_OPTION_PATH:
        return check_text(option, text, error);
    case VITALS_OPTION_WORD:
        return find_word(option, text, ret_number, error);
    case VITALS_OPTION_WORDS:
        return parse_words(option, text, ret_number, error);
    }
    g_assert_not_reached();
}

static gboolean
has_bounds(const VitalsOption *option)
{
    return option->type == VITALS_OPTION_INTEGER || option->type == VITALS_OPTION_DURATION ||
           option->type == VITALS_OPTION_SIZE;
}

gboolean
vitals_value_parse(const VitalsOption *option, const char *text, gint64 *ret_number, GError **error)
{
    g_autofree char *stripped = g_strstrip(g_strdup(text));
    gint64 number = 0;

    if (!parse_unbounded(option, stripped, &number, error))
        return FALSE;
    if (has_bounds(option) && number < option->minimum)
        return refuse(error, "is too small");
    if (has_bounds(option) && option->maximum && number > option->maximum)
        return refuse(error, "is too large");

    *ret_number = number;
    return TRUE;
}

char *
vitals_value_format_duration(gint64 microseconds)
{
    g_autoptr(GString) out = g_string_new(NULL);
    gint64 rest = microseconds;

    for (const Unit *unit = time_units; rest > 0; unit++) {
        if (rest >= unit->factor)
            g_string_append_printf(out, "%s%" G_GINT64_FORMAT "%s", out->len ? " " : "",
                                   rest / unit->factor, unit->name);
        rest %= unit->factor;
    }
    return g_strdup(out->len ? out->str : "0");
}

char *
vitals_value_format_size(gint64 bytes)
{
    for (const Unit *unit = size_units; bytes > 0 && unit->factor > 1; unit++) {
        if (bytes % unit->factor == 0)
            return g_strdup_printf("%" G_GINT64_FORMAT "%s", bytes / unit->factor, unit->name);
    }
    return g_strdup_printf("%" G_GINT64_FORMAT, bytes);
}

static char *
format_number(const VitalsOption *option, gint64 number)
{
    if (option->type == VITALS_OPTION_DURATION)
        return vitals_value_format_duration(number);
    if (option->type == VITALS_OPTION_SIZE)
        return vitals_value_format_size(number);
    return g_strdup_printf("%" G_GINT64_FORMAT, number);
}

static char *
describe_range(const VitalsOption *option, const char *noun, const char *units)
{
    g_autofree char *minimum = format_number(option, option->minimum);
    g_autofree char *maximum = format_number(option, option->maximum);

    if (option->maximum)
        return g_strdup_printf("%s from %s to %s%s", noun, minimum, maximum, units);
    return g_strdup_printf("%s of at least %s%s", noun, minimum, units);
}

char *
vitals_value_allowed(const VitalsOption *option)
{
    g_autofree char *words = NULL;

    switch (option->type) {
    case VITALS_OPTION_BOOLEAN:
        return g_strdup("yes or no");
    case VITALS_OPTION_INTEGER:
        return describe_range(option, "a whole number", "");
    case VITALS_OPTION_DURATION:
        return describe_range(option, "a time span", " (units: us, ms, s, min, h, d, w)");
    case VITALS_OPTION_SIZE:
        return describe_range(option, "a size", " (bytes, or with K, M, G, T)");
    case VITALS_OPTION_STRING:
        return g_strdup("text in one line");
    case VITALS_OPTION_PATH:
        return g_strdup("an absolute path");
    case VITALS_OPTION_WORD:
        words = g_strjoinv(", ", (char **)option->words);
        return g_strdup_printf("one of %s", words);
    case VITALS_OPTION_WORDS:
        words = g_strjoinv(", ", (char **)option->words);
        return g_strdup_printf("none, or any of %s with blanks between", words);
    }
    g_assert_not_reached();
}
