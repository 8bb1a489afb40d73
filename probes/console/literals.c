/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "probes/console/literals.h"

#include <string.h>

enum {
    GRAM = 3, /* bytes that are looked at together; pairs are nearly all in some string or other */
    GRAM_BITS = 15,
    GRAMS = 1 << GRAM_BITS, /* kinds of them that are told apart; fits into the first-level cache */
    BYTES = 256,
};

typedef struct {
    const char *text;
    gsize length;
    gsize offset;  /* where in it the window is that is looked for */
    guint32 head;  /* first bytes of the window */
    guint64 heads; /* a bit for each of the heads from here on in the same bucket */
    guint literal;
    gint next; /* in the same bucket, or -1 */
} Entry;

struct VitalsLiterals {
    guint8 leap[GRAMS];   /* how far such bytes are at least from the end of any window */
    gint16 bucket[GRAMS]; /* first entry whose window ends in them, or -1 */
    gint16 starts[BYTES]; /* first short entry that begins with the byte, or -1 */
    Entry *entries;
    char **texts;
    gsize window; /* length of the shortest string that is not short */
};

static inline guint
kind(guint32 bytes)
{
    return bytes * 0x9e3779b1u >> (32 - GRAM_BITS);
}

static guint
gram(const char *at)
{
    guint32 bytes = 0;

    memcpy(&bytes, at, GRAM);
    return kind(GUINT32_FROM_LE(bytes));
}

/* The same at once; there is a byte before them. */
static inline guint
gram_within(const char *at)
{
    guint32 bytes;

    memcpy(&bytes, at - 1, sizeof bytes);
    return kind(GUINT32_FROM_LE(bytes) >> 8);
}

/* One of 64 bits: nearly all places where a bucket might match are dismissed by it. */
static inline guint64
head_bit(guint32 head)
{
    return G_GUINT64_CONSTANT(1) << (head * 0x9e3779b1u >> 26);
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

/* How often a byte is met in a log, roughly. */
static guint
commonness(char c)
{
    if (strchr("etaoinsr", c))
        return 8;
    if (strchr("dlcump 0123456789", c))
        return 6;
    if (strchr("fghbvwxyk./:=-_[]", c))
        return 4;
    return g_ascii_isupper(c) ? 2 : 1;
}

/*
 * What the search loses by a window that begins at @begin: how much shorter its leaps become, over bytes
 * as common as they are. Bytes that are in other windows anyway cost nothing more.
 */
static guint
window_cost(const VitalsLiterals *literals, const char *begin)
{
    guint cost = 0;

    for (gsize at = 0; at + GRAM <= literals->window; at++) {
        gsize distance = literals->window - GRAM - at;
        gsize leap = literals->leap[gram(begin + at)];
        guint common =
            commonness(begin[at]) * commonness(begin[at + 1]) * commonness(begin[at + 2]);

        if (leap > distance)
            cost += (guint)(leap - distance) * common;
        if (distance == 0)
            cost += 4 * common;
    }
    return cost;
}

/* The part of a string that slows the search down least. */
static gsize
choose_offset(const VitalsLiterals *literals, const Entry *entry)
{
    guint least = G_MAXUINT;
    gsize best = 0;

    for (gsize offset = 0; offset + literals->window <= entry->length; offset++) {
        guint cost = window_cost(literals, entry->text + offset);

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
    guint last;

    literals->texts[index] = g_strdup(text);
    entry->text = literals->texts[index];
    entry->length = strlen(entry->text);
    entry->literal = index;
    if (entry->length < VITALS_LITERALS_ANYWHERE) {
        entry->next = literals->starts[(guchar)*text];
        literals->starts[(guchar)*text] = (gint16)index;
        return;
    }
    entry->offset = choose_offset(literals, entry);
    begin = entry->text + entry->offset;
    memcpy(&entry->head, begin, sizeof entry->head);
    for (gsize at = 0; at + GRAM <= literals->window; at++) {
        guint8 *leap = &literals->leap[gram(begin + at)];

        *leap = (guint8)MIN(*leap, literals->window - GRAM - at);
    }
    last = gram(begin + literals->window - GRAM);
    entry->next = literals->bucket[last];
    entry->heads = head_bit(entry->head);
    if (entry->next >= 0)
        entry->heads |= literals->entries[entry->next].heads;
    literals->bucket[last] = (gint16)index;
}

VitalsLiterals *
vitals_literals_new(const GPtrArray *texts)
{
    VitalsLiterals *literals = g_new0(VitalsLiterals, 1);

    literals->window = choose_window(texts);
    literals->entries = g_new0(Entry, texts->len);
    literals->texts = g_new0(char *, texts->len + 1);
    memset(literals->leap, (int)(literals->window - GRAM + 1), GRAMS);
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
    if (G_LIKELY(!(literals->entries[bucket].heads & head_bit(head))))
        return TRUE;
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

/* A scan of one text. */
typedef struct {
    const VitalsLiterals *literals;
    const char *text;
    gsize length;
    VitalsLiteralsFound found;
    gpointer user;
} Scan;

/* Looks at the bytes at *@at and goes on to the next place where a window can end; returns whether to go on. */
static inline gboolean
step(const Scan *scan, gsize *at)
{
    guint bytes = gram_within(scan->text + *at);
    guint8 leap = scan->literals->leap[bytes];

    if (G_LIKELY(leap > 0)) {
        *at += leap;
        return TRUE;
    }
    *at += 1;
    return check_bucket(scan->literals, scan->literals->bucket[bytes], scan->text, scan->length,
                        *at + GRAM - 1 - scan->literals->window, scan->found, scan->user);
}

/*
 * Each step waits for the one before it, for two loads from the cache: so the halves of a text are gone through
 * side by side.
 */
void
vitals_literals_scan(const VitalsLiterals *literals, const char *text, gsize length,
                     VitalsLiteralsFound found, gpointer user)
{
    const Scan scan = { literals, text, length, found, user };
    gsize first = literals->window - GRAM;
    gsize middle = first + (length > first ? (length - first) / 2 : 0);
    gsize second = middle;

    if (!check_start(literals, text, length, found, user))
        return;
    while (first < middle && second + GRAM <= length) {
        if (!step(&scan, &first) || !step(&scan, &second))
            return;
    }
    while (first < middle) {
        if (!step(&scan, &first))
            return;
    }
    while (second + GRAM <= length) {
        if (!step(&scan, &second))
            return;
    }
}
