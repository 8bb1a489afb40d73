/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "probes/source-text.h"
#include "config/text.h"

#include <string.h>

/* The value of encoding="…" in the XML declaration of a document in some superset of ASCII. */
static char *
declared_encoding(const char *bytes, gsize length)
{
    g_autofree char *head = g_strndup(bytes, MIN(length, 200));
    const char *end = g_str_has_prefix(head, "<?xml") ? strstr(head, "?>") : NULL;
    const char *name = end ? g_strstr_len(head, end - head, "encoding") : NULL;
    const char *quote = name ? strpbrk(name, "'\"") : NULL;
    const char *close = quote ? strchr(quote + 1, *quote) : NULL;

    return close && close < end ? g_strndup(quote + 1, (gsize)(close - quote - 1)) : NULL;
}

/* The byte order mark that the document begins with. */
static const char *
mark_of(const char *bytes, gsize length)
{
    static const char *const marks[] = { "\xef\xbb\xbf", "\xff\xfe", "\xfe\xff" };

    for (guint i = 0; i < G_N_ELEMENTS(marks); i++) {
        if (length >= strlen(marks[i]) && memcmp(bytes, marks[i], strlen(marks[i])) == 0)
            return marks[i];
    }
    return "";
}

/* The document's encoding, by its byte order mark or declaration; %NULL for UTF-8. */
static char *
encoding_of(const char *bytes, gsize length, const char *mark)
{
    g_autofree char *declared = NULL;

    if (strlen(mark) == 2)
        return g_strdup(mark[0] == '\xff' ? "UTF-16LE" : "UTF-16BE");

    declared = declared_encoding(bytes, length);
    if (!declared || g_ascii_strcasecmp(declared, "UTF-8") == 0 ||
        g_ascii_strcasecmp(declared, "US-ASCII") == 0)
        return NULL;
    return g_steal_pointer(&declared);
}

static char *
to_utf8(const VitalsSourceText *source, const char *bytes, gsize length, gsize *ret_length)
{
    char *text;

    if (source->encoding)
        return g_convert(bytes, (gssize)length, "UTF-8", source->encoding, NULL, ret_length, NULL);

    text = g_malloc(length + 1);
    memcpy(text, bytes, length);
    text[length] = '\0';
    *ret_length = length;
    return text;
}

static GArray *
find_lines(const char *text, gsize length)
{
    GArray *lines = g_array_new(FALSE, FALSE, sizeof(gsize));
    gsize begin = 0;

    g_array_append_val(lines, begin);
    for (gsize i = 0; i < length; i++) {
        begin = i + 1;
        if (text[i] == '\n')
            g_array_append_val(lines, begin);
    }
    return lines;
}

VitalsSourceText *
vitals_source_text_new(const char *bytes, gsize length, char **ret_problem, guint *ret_line)
{
    g_autoptr(VitalsSourceText) source = g_new0(VitalsSourceText, 1);
    const char *nul;

    *ret_line = 0;
    source->mark = mark_of(bytes, length);
    source->encoding = encoding_of(bytes, length, source->mark);
    source->text = to_utf8(source, bytes + strlen(source->mark), length - strlen(source->mark),
                           &source->length);
    if (!source->text) {
        g_autofree char *name = vitals_text_printable(source->encoding, -1);

        *ret_problem = g_strdup_printf(
            "the text is not in its declared encoding '%s', or that is not known here", name);
        return NULL;
    }

    source->lines = find_lines(source->text, source->length);
    nul = memchr(source->text, '\0', source->length);
    if (nul) {
        *ret_problem = g_strdup("there is a NUL byte");
        *ret_line = vitals_source_text_line_at(source, (gsize)(nul - source->text));
        return NULL;
    }
    return g_steal_pointer(&source);
}

void
vitals_source_text_free(VitalsSourceText *source)
{
    if (!source)
        return;
    g_clear_pointer(&source->lines, g_array_unref);
    g_free(source->encoding);
    g_free(source->text);
    g_free(source);
}

guint
vitals_source_text_line_at(const VitalsSourceText *source, gsize offset)
{
    guint low = 0;
    guint high = source->lines->len - 1;

    while (low < high) {
        guint middle = low + (high - low + 1) / 2;

        if (g_array_index(source->lines, gsize, middle) <= offset)
            low = middle;
        else
            high = middle - 1;
    }
    return low + 1;
}

const char *
vitals_source_text_line(const VitalsSourceText *source, guint line, gsize *ret_length)
{
    const char *text = source->text;
    gsize begin;
    gsize end;

    if (line == 0 || line > source->lines->len)
        return NULL;
    begin = g_array_index(source->lines, gsize, line - 1);
    end =
        line < source->lines->len ? g_array_index(source->lines, gsize, line) - 1 : source->length;
    if (end > begin && text[end - 1] == '\r')
        end--;
    *ret_length = end - begin;
    return text + begin;
}

char *
vitals_source_text_encode(const VitalsSourceText *source, const char *text, gsize *ret_length)
{
    g_autofree char *plain = NULL;
    gsize mark = strlen(source->mark);
    gsize length = strlen(text);
    char *bytes;

    plain = source->encoding
                ? g_convert(text, (gssize)length, source->encoding, "UTF-8", NULL, &length, NULL)
                : g_strndup(text, length);
    if (!plain)
        return NULL;
    bytes = g_malloc(mark + length + 1);
    memcpy(bytes, source->mark, mark);
    memcpy(bytes + mark, plain, length);
    bytes[mark + length] = '\0';
    *ret_length = mark + length;
    return bytes;
}
