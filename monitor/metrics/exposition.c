/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "monitor/metrics/exposition.h"

#include "config/text.h"

#include <math.h>

struct VitalsExposition {
    GString *text;
    const char *name;
    const char *type;
    const char *help;
    const char *const *labels;
    gboolean announced;
};

VitalsExposition *
vitals_exposition_new(void)
{
    VitalsExposition *out = g_new0(VitalsExposition, 1);

    out->text = g_string_sized_new(16 * 1024);
    return out;
}

void
vitals_exposition_free(VitalsExposition *out)
{
    if (!out)
        return;
    if (out->text)
        g_string_free(out->text, TRUE);
    g_free(out);
}

GBytes *
vitals_exposition_finish(VitalsExposition *out)
{
    return g_string_free_to_bytes(g_steal_pointer(&out->text));
}

/* In HELP only backslash and new line are escaped; in label values the quote is too. */
static void
append_escaped(GString *text, const char *value, gboolean quoted)
{
    for (const char *p = value; *p; p++) {
        if (*p == '\n')
            g_string_append(text, "\\n");
        else if (*p == '\\' || (quoted && *p == '"'))
            g_string_append_c(g_string_append_c(text, '\\'), *p);
        else
            g_string_append_c(text, *p);
    }
}

/* Nearly all names are like this, and there are dozens of lines for each: they skip the escaping. */
static gboolean
is_plain(const char *value)
{
    const char *p = value;

    while (g_ascii_isprint(*p) && *p != '\\' && *p != '"')
        p++;
    return *p == '\0';
}

static void
append_label_value(GString *text, const char *value)
{
    g_autofree char *printable = NULL;

    if (is_plain(value)) {
        g_string_append(text, value);
        return;
    }
    printable = vitals_text_printable_lines(value, -1);
    append_escaped(text, printable, TRUE);
}

/* The shortest of two forms that reads back as the same number. */
static void
append_number(GString *text, double value)
{
    char digits[G_ASCII_DTOSTR_BUF_SIZE];

    if (isnan(value)) {
        g_string_append(text, "NaN");
        return;
    }
    if (isinf(value)) {
        g_string_append(text, value > 0 ? "+Inf" : "-Inf");
        return;
    }
    g_ascii_formatd(digits, sizeof(digits), "%.15g", value);
    if (g_ascii_strtod(digits, NULL) != value)
        g_ascii_dtostr(digits, sizeof(digits), value);
    g_string_append(text, digits);
}

void
vitals_exposition_family(VitalsExposition *out, const char *name, const char *type,
                         const char *help, const char *const *labels)
{
    out->name = name;
    out->type = type;
    out->help = help;
    out->labels = labels;
    out->announced = FALSE;
}

static void
announce(VitalsExposition *out)
{
    g_string_append_printf(out->text, "# HELP %s ", out->name);
    append_escaped(out->text, out->help, FALSE);
    g_string_append_printf(out->text, "\n# TYPE %s %s\n", out->name, out->type);
    out->announced = TRUE;
}

void
vitals_exposition_sample(VitalsExposition *out, const char *const *values, double value)
{
    char separator = '{';

    if (!out->announced)
        announce(out);
    g_string_append(out->text, out->name);
    for (guint i = 0; out->labels[i]; i++) {
        g_string_append_c(out->text, separator);
        g_string_append(out->text, out->labels[i]);
        g_string_append(out->text, "=\"");
        append_label_value(out->text, values[i] ? values[i] : "");
        g_string_append_c(out->text, '"');
        separator = ',';
    }
    g_string_append(out->text, separator == ',' ? "} " : " ");
    append_number(out->text, value);
    g_string_append_c(out->text, '\n');
}
