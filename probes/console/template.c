/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "probes/console/template.h"

#include <string.h>

/* How many bytes of @text belong to the number that begins at @at; 0 if none does. */
static gsize
number_length(const char *text, gsize length, gsize at)
{
    gsize end = at;

    if (at >= length || !g_ascii_isdigit(text[at]))
        return 0;
    while (end < length && (g_ascii_isxdigit(text[end]) || text[end] == 'x'))
        end++;
    return end - at;
}

void
vitals_template_begin(VitalsTemplate *template, const char *text, gsize length)
{
    template->length = MIN(length, VITALS_TEMPLATE_MAX);
    memcpy(template->text, text, template->length);
}

/* Keeps of the template's number at @own what the line's at @text says too: all of it, or that there is one.
 * Returns: how long the result is, written to @out, which may be where @own is */
static gsize
merge_number(char *out, const char *own, gsize own_length, const char *text, gsize length)
{
    if (own_length == length && memcmp(own, text, length) == 0) {
        memmove(out, own, length);
        return length;
    }
    *out = '#';
    return 1;
}

gboolean
vitals_template_merge(VitalsTemplate *template, const char *text, gsize length)
{
    char *known = template->text;
    gsize known_length = template->length;
    gboolean changed = FALSE;
    gsize own = 0;
    gsize at = 0;
    gsize out = 0;

    length = MIN(length, VITALS_TEMPLATE_MAX);
    while (own < known_length && at < length) {
        gsize number = number_length(text, length, at);
        gsize old = MAX(number_length(known, known_length, own), 1);

        if (number == 0 && known[own] != text[at])
            break;
        if (number == 0) {
            known[out++] = text[at++];
            own++;
            continue;
        }
        if (!g_ascii_isdigit(known[own]) && known[own] != '#')
            break;
        if (known[own] != '#')
            changed |= old != number || memcmp(known + own, text + at, number) != 0;
        out += merge_number(known + out, known + own, old, text + at, number);
        own += old;
        at += number;
    }
    template->length = out;
    return changed || own < known_length;
}

void
vitals_template_hide(VitalsTemplate *template, gsize at)
{
    gsize length = number_length(template->text, template->length, at);

    if (length == 0)
        return;
    template->text[at] = '#';
    memmove(template->text + at + 1, template->text + at + length, template->length - at - length);
    template->length -= length - 1;
}
