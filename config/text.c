/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config/text.h"

#include <string.h>

/* Characters that print nothing but change how their neighbours look (Unicode's Cf class has the
 * bidirectional controls of "Trojan Source", CVE-2021-42574) or that end a line. */
static gboolean
is_printable(gunichar character)
{
    switch (g_unichar_type(character)) {
    case G_UNICODE_CONTROL:
    case G_UNICODE_FORMAT:
    case G_UNICODE_SURROGATE:
    case G_UNICODE_UNASSIGNED:
    case G_UNICODE_PRIVATE_USE:
    case G_UNICODE_LINE_SEPARATOR:
    case G_UNICODE_PARAGRAPH_SEPARATOR:
        return FALSE;
    default: /* thirty kinds of letters, marks and symbols, all of them visible */
        return TRUE;
    }
}

static void
append_character(GString *out, gunichar character, gboolean lines)
{
    if (lines && (character == '\n' || character == '\t'))
        g_string_append_unichar(out, character);
    else if (!lines && character == '\\')
        g_string_append(out, "\\\\");
    else if (is_printable(character))
        g_string_append_unichar(out, character);
    else if (character < 0x80)
        g_string_append_printf(out, "\\x%02x", character);
    else
        g_string_append_printf(out, "\\u{%04x}", character);
}

static char *
printable(const char *bytes, gssize length, gboolean lines)
{
    GString *out = g_string_new(NULL);
    const char *at = bytes;
    const char *end;

    if (!bytes)
        return g_string_free(out, FALSE);
    end = bytes + (length < 0 ? strlen(bytes) : (gsize)length);

    while (at < end) {
        gunichar character = g_utf8_get_char_validated(at, end - at);

        if (lines && *at == '\r' && end - at > 1 && at[1] == '\n') {
            at++;
        } else if (character == (gunichar)-1 || character == (gunichar)-2) {
            g_string_append_printf(out, "\\x%02x", (guchar)*at++);
        } else if (character == 0) {
            /* g_utf8_get_char_validated() answers 0 for a NUL inside the range */
            g_string_append(out, "\\x00");
            at++;
        } else {
            append_character(out, character, lines);
            at = g_utf8_next_char(at);
        }
    }

    return g_string_free(out, FALSE);
}

char *
vitals_text_printable(const char *bytes, gssize length)
{
    return printable(bytes, length, FALSE);
}

char *
vitals_text_printable_lines(const char *bytes, gssize length)
{
    return printable(bytes, length, TRUE);
}

char *
vitals_text_slug(const char *name, gsize max)
{
    g_autoptr(GString) out = g_string_new(NULL);

    g_return_val_if_fail(max >= 8, NULL);

    for (const char *at = name ? name : ""; *at && out->len < max; at++) {
        gboolean plain = g_ascii_isalnum(*at) || *at == '_';
        gboolean inner = *at == '.' || *at == '-';

        g_string_append_c(out, plain || (inner && out->len > 0) ? *at : '_');
    }
    if (out->len == 0)
        g_string_append(out, "unnamed");

    return g_strdup(out->str);
}

char *
vitals_text_span(double seconds)
{
    guint64 whole = (guint64)MIN(seconds, 1e15);
    guint64 minutes = whole / 60;
    guint64 hours = whole / 3600;

    if (seconds < 10)
        return g_strdup_printf("%.1f s", seconds);
    if (whole < 120)
        return g_strdup_printf("%u s", (guint)whole);
    if (hours < 2)
        return g_strdup_printf("%u min %u s", (guint)minutes, (guint)(whole % 60));
    if (hours < 48)
        return g_strdup_printf("%u h %u min", (guint)hours, (guint)(minutes % 60));
    return g_strdup_printf("%" G_GUINT64_FORMAT " d %u h", hours / 24, (guint)(hours % 24));
}
