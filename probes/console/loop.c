/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "probes/console/loop.h"
#include "config/text.h"

#include <string.h>

enum {
    SETS = 1024,
    WAYS = 4,
    TEXT_MAX = 96,      /* of a line is looked at */
    SLACK = 16,         /* room behind it, so that nobody needs to look where it ends */
    STEADY = 2,         /* equal distances in a row that make a loop */
    SURE = 8,           /* and that are no coincidence: words like "failed" are in many a line */
    STEADY_LINES = 6,   /* where distances are counted in lines, as the log tells no time */
    MIN_LINES = 3,      /* lines closer together are one burst */
    LINE = 1000 * 1000, /* a line's worth of "time" there */
    LOOPED = -1         /* a slot's loop, if it was one elsewhere and did not come here yet */
};

/* Faster repetition is a burst of one event (or a flood, which is reported as such). */
#define MIN_PERIOD (G_USEC_PER_SEC / 2)

typedef struct {
    guint64 hash;
    gint64 last;
    gint64 period; /* 0 until seen twice */
    guint32 steady;
    guint32 count;
    guint64 first; /* line number */
    gint32 loop;   /* index in the list plus 1, or LOOPED */
    guint32 leads; /* whether the loop shows this line */
} Slot;

struct VitalsLoops {
    VitalsSignatures *signatures;
    GPtrArray *list;
    Slot slots[SETS][WAYS];
};

static void
loop_free(VitalsLoop *loop)
{
    g_free(loop->template_);
    g_free(loop);
}

VitalsLoops *
vitals_loops_new(VitalsSignatures *signatures)
{
    VitalsLoops *loops = g_new0(VitalsLoops, 1);

    loops->signatures = signatures;
    loops->list = g_ptr_array_new_with_free_func((GDestroyNotify)loop_free);
    return loops;
}

void
vitals_loops_free(VitalsLoops *loops)
{
    if (!loops)
        return;
    g_ptr_array_unref(loops->list);
    g_free(loops);
}

/* Which of eight bytes is the first that is a digit: its number, or 8. */
static inline gsize
find_digit(guint64 word)
{
    const guint64 ones = G_GUINT64_CONSTANT(0x0101010101010101);
    guint64 off = GUINT64_FROM_LE(word) ^ ones * '0';
    guint64 found = (off - ones * 10) & ~off & ones * 0x80;

    return found ? (gsize)__builtin_ctzll(found) / 8 : sizeof word;
}

static inline gsize
skip_number(const char *text, gsize length, gsize at)
{
    while (at < length && ((guchar)(text[at] - '0') < 10 || (guchar)((text[at] | 32) - 'a') < 6 ||
                           text[at] == 'x'))
        at++;
    return at;
}

/*
 * Copies @text without what differs between repetitions: a run of digits, and of hexadecimal digits
 * that begins with one, becomes one `#`. Eight bytes at a time, as most have no digit; @out has room for
 * SLACK more bytes. Returns the new length.
 */
static gsize
mask(const char *text, gsize length, char *out)
{
    gsize size = 0;

    for (gsize at = 0; at < length;) {
        guint64 word = 0;
        gsize part = MIN(length - at, sizeof word);
        gsize digit;

        if (part == sizeof word)
            memcpy(&word, text + at, sizeof word);
        else
            memcpy(&word, text + at, part);
        memcpy(out + size, &word, sizeof word);
        digit = find_digit(word);
        size += MIN(digit, part);
        at += MIN(digit, part);
        if (digit < part) {
            out[size++] = '#';
            at = skip_number(text, length, at);
        }
    }
    return size;
}

/*
 * Two chains of multiplications side by side, each over every other eight bytes. Behind @length there is
 * room for zeros.
 */
static guint64
hash_bytes(char *text, gsize length)
{
    const guint64 factor = G_GUINT64_CONSTANT(0xa0761d6478bd642f);
    guint64 first = length * G_GUINT64_CONSTANT(0x9e3779b97f4a7c15);
    guint64 second = factor;

    memset(text + length, 0, SLACK);
    for (gsize at = 0; at < length; at += SLACK) {
        guint64 words[2];

        memcpy(words, text + at, sizeof words);
        first = (first ^ words[0]) * factor;
        first ^= first >> 32;
        second = (second ^ words[1]) * factor;
        second ^= second >> 29;
    }
    first = (first ^ second) * factor;
    return (first ^ first >> 32) | 1; /* 0 is an empty slot */
}

static int
rank(const Slot *slot)
{
    return slot->loop ? 2 : slot->period > 0;
}

/* Seen once before seen often, loops last; then the one that was not seen for longest. */
static Slot *
choose_victim(Slot *set)
{
    Slot *victim = &set[0];

    for (int i = 1; i < WAYS; i++) {
        int worth = rank(&set[i]);
        int least = rank(victim);

        if (worth != least ? worth < least : set[i].last < victim->last)
            victim = &set[i];
    }
    return victim;
}

static Slot *
find_slot(VitalsLoops *loops, guint64 hash, gboolean *ret_known)
{
    Slot *set = loops->slots[(hash >> 32) % SETS];

    for (int i = 0; i < WAYS; i++) {
        if (set[i].hash == hash) {
            *ret_known = TRUE;
            return &set[i];
        }
    }
    *ret_known = FALSE;
    return choose_victim(set);
}

static gboolean
is_near(gint64 a, gint64 b)
{
    return ABS(a - b) <= b / 4 + G_USEC_PER_SEC / 10;
}

static VitalsConsoleSeverity
judge(VitalsLoops *loops, const Slot *slot, const char *text, gsize length)
{
    if (vitals_signatures_shape(loops->signatures, VITALS_SHAPE_LOOP_ERROR, text, length))
        return VITALS_CONSOLE_ERROR;
    if (slot->steady >= SURE &&
        vitals_signatures_shape(loops->signatures, VITALS_SHAPE_LOOP_WARNING, text, length))
        return VITALS_CONSOLE_WARNING;
    return VITALS_CONSOLE_NOTICE;
}

static guint64
read_counter(VitalsLoops *loops, const char *text, gsize length)
{
    VitalsPattern *counter =
        vitals_signatures_shape(loops->signatures, VITALS_SHAPE_COUNTER, text, length);
    g_autofree char *value = counter ? vitals_pattern_group(counter, "count") : NULL;

    return value ? g_ascii_strtoull(value, NULL, 10) : 0;
}

static char *
make_template(const char *text, gsize length)
{
    char out[TEXT_MAX + SLACK];
    gsize size = mask(text, MIN(length, TEXT_MAX), out);
    g_autofree char *trimmed = g_strstrip(g_strndup(out, size));

    return vitals_text_printable(trimmed, -1);
}

/* Lines of one loop come at the same pace and within one period of each other. */
static gint
find_companion(const VitalsLoops *loops, const Slot *slot)
{
    for (guint i = 0; i < loops->list->len; i++) {
        const VitalsLoop *loop = g_ptr_array_index(loops->list, i);

        if (loop->last >= 0 && is_near(slot->period, loop->period) &&
            slot->last - loop->last <= 2 * loop->period)
            return (gint)i;
    }
    return -1;
}

static void
lead(VitalsLoops *loops, VitalsLoop *loop, Slot *slot, const char *text, gsize length)
{
    g_free(loop->template_);
    loop->template_ = make_template(text, length);
    loop->severity = judge(loops, slot, text, length);
    loop->count = slot->count;
    loop->period = slot->period;
    loop->line_first = slot->first;
    slot->leads = TRUE;
}

static VitalsLoop *
begin_loop(VitalsLoops *loops, Slot *slot, const char *text, gsize length)
{
    gint companion = find_companion(loops, slot);
    VitalsLoop *loop;

    if (companion >= 0) {
        loop = g_ptr_array_index(loops->list, companion);
        slot->loop = companion + 1;
        loop->members++;
        if (judge(loops, slot, text, length) <= loop->severity)
            return NULL;
        lead(loops, loop, slot, text, length);
        return loop;
    }
    if (loops->list->len >= VITALS_LOOPS_MAX)
        return NULL;
    loop = g_new0(VitalsLoop, 1);
    loop->members = 1;
    g_ptr_array_add(loops->list, loop);
    slot->loop = (gint32)loops->list->len;
    lead(loops, loop, slot, text, length);
    return loop;
}

/* Returns whether it is worse than it looked. */
static gboolean
continue_loop(VitalsLoops *loops, Slot *slot, guint64 number, const char *text, gsize length)
{
    VitalsLoop *loop = g_ptr_array_index(loops->list, slot->loop - 1);

    loop->last = slot->last;
    loop->line_last = number;
    if (slot->steady == SURE && judge(loops, slot, text, length) > loop->severity) {
        lead(loops, loop, slot, text, length);
        return TRUE;
    }
    if (!slot->leads)
        return FALSE;
    loop->count = MAX(loop->count, slot->count);
    loop->period = slot->period;
    loop->restarts = MAX(loop->restarts, read_counter(loops, text, length));
    return FALSE;
}

/* Takes note of another time; returns whether the pace has become steady just now. */
static gboolean
pace(Slot *slot, gint64 now, gint64 least, guint steady)
{
    gint64 gap = now - slot->last;

    if (gap < least)
        return FALSE;
    slot->last = now;
    if (slot->period > 0 && is_near(gap, slot->period)) {
        slot->steady++;
        slot->period += (gap - slot->period) / 8;
    } else {
        slot->steady = 1;
        slot->period = gap;
        slot->count = slot->loop ? slot->count : 1;
    }
    slot->count++;
    return slot->steady >= steady && slot->loop <= 0;
}

const VitalsLoop *
vitals_loops_see(VitalsLoops *loops, const char *text, gsize length, guint64 number, gint64 now)
{
    char masked[TEXT_MAX + SLACK];
    gsize size = mask(text, MIN(length, TEXT_MAX), masked);
    guint64 hash = hash_bytes(masked, size);
    gboolean timed = now >= 0;
    VitalsLoop *begun = NULL;
    gboolean known;
    Slot *slot = find_slot(loops, hash, &known);

    if (!timed)
        now = (gint64)number * LINE;
    if (!known) {
        *slot = (Slot){ .hash = hash, .last = now, .count = 1, .first = number };
        return NULL;
    }
    if (pace(slot, now, timed ? MIN_PERIOD : MIN_LINES * LINE, timed ? STEADY : STEADY_LINES))
        begun = begin_loop(loops, slot, text, length);
    if (begun)
        begun->timed = timed;
    if (slot->loop > 0 && continue_loop(loops, slot, number, text, length))
        return g_ptr_array_index(loops->list, slot->loop - 1);
    return begun;
}

static gint
compare_rhythms(gconstpointer a, gconstpointer b)
{
    const VitalsRhythm *first = a;
    const VitalsRhythm *second = b;

    if (first->looped != second->looped)
        return second->looped - first->looped;
    return first->steady < second->steady ? 1 : -(first->steady > second->steady);
}

GArray *
vitals_loops_rhythms(const VitalsLoops *loops)
{
    GArray *rhythms = g_array_new(FALSE, FALSE, sizeof(VitalsRhythm));

    for (guint i = 0; i < SETS * WAYS; i++) {
        const Slot *slot = &loops->slots[i / WAYS][i % WAYS];
        VitalsRhythm rhythm = {
            .hash = slot->hash,
            .last = slot->last,
            .period = slot->period,
            .steady = slot->steady,
            .count = slot->count,
            .looped = slot->loop != 0,
        };

        if (slot->steady > 0)
            g_array_append_val(rhythms, rhythm);
    }
    g_array_sort(rhythms, compare_rhythms);
    g_array_set_size(rhythms, MIN(rhythms->len, VITALS_RHYTHMS_MAX));
    return rhythms;
}

void
vitals_loops_resume(VitalsLoops *loops, const GArray *rhythms, gint64 ahead)
{
    for (guint i = 0; i < rhythms->len; i++) {
        const VitalsRhythm *rhythm = &g_array_index(rhythms, VitalsRhythm, i);
        gboolean known;
        Slot *slot = find_slot(loops, rhythm->hash, &known);

        if (known || rhythm->hash == 0 || rhythm->period <= 0)
            continue;
        *slot = (Slot){
            .hash = rhythm->hash,
            .last = rhythm->last - ahead,
            .period = rhythm->period,
            .steady = rhythm->steady,
            .count = rhythm->count,
            .loop = rhythm->looped ? LOOPED : 0,
        };
    }
}

const GPtrArray *
vitals_loops_list(const VitalsLoops *loops)
{
    return loops->list;
}
