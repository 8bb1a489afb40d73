/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "probes/console/literals.h"

#include <string.h>

/* Blocks of two bytes are folded into a table that stays in the first-level cache. */
enum { TABLE = 8192 };

typedef struct {
    const char *text;
    gsize length;
    guint literal;
    gint next; /* in the same bucket, or -1 */
} Entry;

struct VitalsLiterals {
    guint8 leap[TABLE];
    gint16 bucket[TABLE];
    Entry *entries;
    char **texts;
    gsize window; /* length of the shortest string */
};

static inline guint
fold(const char *at)
{
    guint16 block;

    memcpy(&block, at, sizeof block);
    return (block * 0x9e3bu >> 4) & (TABLE - 1);
}

static gsize
shortest(const GPtrArray *texts)
{
    gsize least = 64;

    for (guint i = 0; i < texts->len; i++)
        least = MIN(least, strlen(g_ptr_array_index(texts, i)));
    return least;
}

VitalsLiterals *
vitals_literals_new(const GPtrArray *texts)
{
    VitalsLiterals *literals = g_new0(VitalsLiterals, 1);

    literals->window = shortest(texts);
    g_return_val_if_fail(literals->window >= VITALS_LITERALS_MIN, literals);
    literals->entries = g_new0(Entry, texts->len);
    literals->texts = g_new0(char *, texts->len + 1);
    memset(literals->leap, (int)(literals->window - 1), TABLE);
    memset(literals->bucket, 0xff, sizeof literals->bucket);

    for (guint i = 0; i < texts->len; i++) {
        Entry *entry = &literals->entries[i];
        guint last;

        literals->texts[i] = g_strdup(g_ptr_array_index(texts, i));
        entry->text = literals->texts[i];
        entry->length = strlen(entry->text);
        entry->literal = i;
        for (gsize at = 0; at + 2 <= literals->window; at++) {
            guint8 *leap = &literals->leap[fold(entry->text + at)];

            *leap = MIN(*leap, literals->window - 2 - at);
        }
        last = fold(entry->text + literals->window - 2);
        entry->next = literals->bucket[last];
        literals->bucket[last] = (gint16)i;
    }
    return literals;
}

void
vitals_literals_free(VitalsLiterals *literals)
{
    if (!literals)
        return;
    g_strfreev(literals->texts);
    g_free(literals->entries);
    g_free(literals);
}

void
vitals_literals_scan(const VitalsLiterals *literals, const char *text, gsize length,
                     VitalsLiteralsFound found, gpointer user)
{
    const gsize window = literals->window;
    gsize at = window - 2;

    while (at + 2 <= length) {
        guint block = fold(text + at);
        guint8 leap = literals->leap[block];

        if (G_LIKELY(leap > 0)) {
            at += leap;
            continue;
        }
        for (gint i = literals->bucket[block]; i >= 0; i = literals->entries[i].next) {
            const Entry *entry = &literals->entries[i];
            const char *begin = text + at + 2 - window;

            if (entry->length <= (gsize)(text + length - begin) &&
                memcmp(begin, entry->text, entry->length) == 0 && !found(entry->literal, user))
                return;
        }
        at++;
    }
}
