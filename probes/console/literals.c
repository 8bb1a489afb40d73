/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "probes/console/literals.h"

#include <string.h>

enum {
    PAIRS = 65536, /* of bytes; those that text is made of fit into the first-level cache */
    BYTES = 256,
};

typedef struct {
    const char *text;
    gsize length;
    gsize offset; /* where in it the window is that is looked for */
    guint32 head; /* first bytes of the window */
    guint literal;
    gint next; /* in the same bucket, or -1 */
} Entry;

struct VitalsLiterals {
    guint8 leap[PAIRS];    /* how far a pair of bytes is at least from the end of any window */
    gint16 bucket[PAIRS];  /* first entry whose window ends in the pair, or -1 */
    gint16 starts[BYTES];  /* first short entry that begins with the byte, or -1 */
    Entry *entries;
    char **texts;
    gsize window; /* length of the shortest string that is not short */
};

static inline guint16
pair(const char *at)
{
    guint16 bytes;

    memcpy(&bytes, at, sizeof bytes);
    return bytes;
}

static gsize
choose_window(const GPtrArray *texts)
{
    gsize least = 64;

    for (guint i = 0; i < texts->len; i++) {
        gsize length = strlen(g_ptr_array_index(texts, i));

        if (length >= VITALS_LITERALS_ANYWHERE)
            least = MIN(least, length);
    }
    return least;
}

/* How often two bytes are likely to follow each other in a log: small letters and digits do, and blanks. */
static guint
commonness(const char *pair)
{
    gboolean first = g_ascii_islower(pair[0]) || g_ascii_isdigit(pair[0]);
    gboolean second = g_ascii_islower(pair[1]) || g_ascii_isdigit(pair[1]);

    if (first && second)
        return 8;
    if ((first || pair[0] == ' ') && (second || pair[1] == ' '))
        return 4;
    return 1;
}

/* The part of a string that ordinary lines are least likely to have anything of. */
static gsize
choose_offset(const char *text, gsize length, gsize window)
{
    guint least = G_MAXUINT;
    gsize best = 0;

    for (gsize offset = 0; offset + window <= length; offset++) {
        const char *begin = text + offset;
        guint cost = 8 * commonness(begin + window - 2);

        for (gsize at = 0; at + 2 <= window; at++)
            cost += commonness(begin + at);
        if (cost < least) {
            least = cost;
            best = offset;
        }
    }
    return best;
}

static void
add_entry(VitalsLiterals *literals, guint index, const char *text)
{
    Entry *entry = &literals->entries[index];
    const char *begin;
    guint16 last;

    literals->texts[index] = g_strdup(text);
    entry->text = literals->texts[index];
    entry->length = strlen(entry->text);
    entry->literal = index;
    if (entry->length < VITALS_LITERALS_ANYWHERE) {
        entry->next = literals->starts[(guchar)*text];
        literals->starts[(guchar)*text] = (gint16)index;
        return;
    }
    entry->offset = choose_offset(entry->text, entry->length, literals->window);
    begin = entry->text + entry->offset;
    memcpy(&entry->head, begin, sizeof entry->head);
    for (gsize at = 0; at + 2 <= literals->window; at++) {
        guint8 *leap = &literals->leap[pair(begin + at)];

        *leap = (guint8)MIN(*leap, literals->window - 2 - at);
    }
    last = pair(begin + literals->window - 2);
    entry->next = literals->bucket[last];
    literals->bucket[last] = (gint16)index;
}

VitalsLiterals *
vitals_literals_new(const GPtrArray *texts)
{
    VitalsLiterals *literals = g_new0(VitalsLiterals, 1);

    literals->window = choose_window(texts);
    literals->entries = g_new0(Entry, texts->len);
    literals->texts = g_new0(char *, texts->len + 1);
    memset(literals->leap, (int)(literals->window - 1), PAIRS);
    memset(literals->bucket, 0xff, sizeof literals->bucket);
    memset(literals->starts, 0xff, sizeof literals->starts);

    for (guint i = 0; i < texts->len; i++)
        add_entry(literals, i, g_ptr_array_index(texts, i));
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

/* Compares the strings whose window may begin at @begin; returns whether to go on. */
static gboolean
check_bucket(const VitalsLiterals *literals, gint bucket, const char *text, gsize length,
             gsize begin, VitalsLiteralsFound found, gpointer user)
{
    guint32 head;

    memcpy(&head, text + begin, sizeof head);
    for (gint i = bucket; i >= 0; i = literals->entries[i].next) {
        const Entry *entry = &literals->entries[i];

        if (G_LIKELY(entry->head != head) || entry->offset > begin ||
            entry->length > length - (begin - entry->offset))
            continue;
        if (memcmp(text + begin - entry->offset, entry->text, entry->length) == 0 &&
            !found(entry->literal, user))
            return FALSE;
    }
    return TRUE;
}

static gboolean
check_start(const VitalsLiterals *literals, const char *text, gsize length,
            VitalsLiteralsFound found, gpointer user)
{
    gint first = length > 0 ? literals->starts[(guchar)*text] : -1;

    for (gint i = first; i >= 0; i = literals->entries[i].next) {
        const Entry *entry = &literals->entries[i];

        if (entry->length <= length && memcmp(text, entry->text, entry->length) == 0 &&
            !found(entry->literal, user))
            return FALSE;
    }
    return TRUE;
}

void
vitals_literals_scan(const VitalsLiterals *literals, const char *text, gsize length,
                     VitalsLiteralsFound found, gpointer user)
{
    const gsize window = literals->window;
    gsize at = window - 2;

    if (!check_start(literals, text, length, found, user))
        return;
    while (at + 2 <= length) {
        guint16 block = pair(text + at);
        guint8 leap = literals->leap[block];

        if (G_LIKELY(leap > 0)) {
            at += leap;
            continue;
        }
        if (!check_bucket(literals, literals->bucket[block], text, length, at + 2 - window, found,
                          user))
            return;
        at++;
    }
}
