/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "probes/console/loop.h"
#include "probes/console/block.h"
#include "probes/console/template.h"
#include "config/text.h"

#include <string.h>

enum {
    SETS = 1024,
    WAYS = 4,
    TEXT_MAX = VITALS_TEMPLATE_MAX,
    WITNESSES = 128,
    HEARINGS = 8, /* so many lines a second are compared word by word: loops have few, boots many */
    SLACK = 16,   /* room behind it, so that nobody needs to look where it ends */
    ROOM = 2 * VITALS_BLOCK + SLACK, /* for a line in whole blocks */
    STEADY = 2,                      /* equal distances in a row that make a loop */
    SURE = 8,           /* and that are no coincidence: words like "failed" are in many a line */
    STEADY_LINES = 6,   /* where distances are counted in lines, as the log tells no time */
    MIN_LINES = 3,      /* lines closer together are one burst */
    LINE = 1000 * 1000, /* a line's worth of "time" there */
    CACHE_LINE = 64,
    LOOPED = -1 /* a slot's loop, if it was one elsewhere and did not come here yet */
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
} Slot;

/* A line without its numbers. @inside: while it is made: whether it ends within a number */
typedef struct {
    char text[TEXT_MAX + SLACK];
    gsize length;
    gboolean inside;
} Masked;

/* What lines that have begun to keep a pace say: one of them for each remainder of a hash. */
typedef struct {
    guint64 hash; /* 0 for none */
    VitalsTemplate template;
} Witness;

/* @told: what others see of it. @leader: hash of the line that it shows. @vague: nothing to compare it with yet */
typedef struct {
    VitalsLoop told;
    guint64 leader;
    gboolean vague;
    VitalsTemplate template;
} Loop;

struct VitalsLoops {
    VitalsSignatures *signatures;
    GPtrArray *list; /* of Loop */
    Witness witnesses[WITNESSES];
    gint64 hearing; /* when the running second began */
    guint heard;    /* in it */
    Slot slots[SETS][WAYS];
};

static void
loop_free(Loop *loop)
{
    g_free(loop->told.template_);
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

/* The digits in a block, and what may go on a number, hexadecimal ones too. */
static void
find_numbers(const char *bytes, guint64 *ret_digits, guint64 *ret_going_on)
{
    *ret_digits = vitals_block_between(bytes, '0', '9');
    *ret_going_on = *ret_digits | vitals_block_between(bytes, 'a', 'f') |
                    vitals_block_between(bytes, 'A', 'F') | vitals_block_between(bytes, 'x', 'x');
}

/* How many bytes from @at on have no bit in @bits, at most to the end of a block of @length. */
static inline gsize
run(guint64 bits, gsize at, gsize length)
{
    guint64 left = bits >> at;

    return MIN(left ? (gsize)__builtin_ctzll(left) : length - at, length - at);
}

/* Adds the next block of a text; a number that the last one ended in may go on. */
static void
mask_block(const char *block, gsize length, Masked *masked)
{
    char *out = masked->text + masked->length;
    gboolean inside = masked->inside;
    guint64 digits;
    guint64 going_on;
    gsize at = 0;

    find_numbers(block, &digits, &going_on);
    while (at < length) {
        gsize words = inside ? 0 : run(digits, at, length);

        /* up to 15 bytes too many, which are written over */
        for (gsize copied = 0; copied < words; copied += SLACK)
            memcpy(out + copied, block + at + copied, SLACK);
        out += words;
        at += words;
        if (at == length)
            break;
        if (!inside)
            *out++ = '#';
        at += run(~going_on, at, length);
        inside = at == length;
    }
    masked->length = (gsize)(out - masked->text);
    masked->inside = inside;
}

/*
 * Copies @text without what differs between repetitions: a run of digits, and of hexadecimal digits
 * that begins with one, becomes one `#`. A line's beginning has to do.
 */
static void
mask(const char *text, gsize length, Masked *out)
{
    char blocks[ROOM] = { 0 };

    length = MIN(length, TEXT_MAX);
    memcpy(blocks, text, length);
    out->length = 0;
    out->inside = FALSE;
    for (gsize at = 0; at < length; at += VITALS_BLOCK)
        mask_block(blocks + at, MIN(length - at, VITALS_BLOCK), out);
}

/* Two chains of multiplications side by side, each over every other eight bytes. */
static guint64
hash(Masked *masked)
{
    const guint64 factor = G_GUINT64_CONSTANT(0xa0761d6478bd642f);
    guint64 first = masked->length * G_GUINT64_CONSTANT(0x9e3779b97f4a7c15);
    guint64 second = factor;

    memset(masked->text + masked->length, 0, SLACK);
    for (gsize at = 0; at < masked->length; at += SLACK) {
        guint64 words[2];

        memcpy(words, masked->text + at, sizeof words);
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

static inline Slot *
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

/* ---- what the line says ---- */

static Witness *
witness_of(VitalsLoops *loops, guint64 hash)
{
    return &loops->witnesses[hash % WITNESSES];
}

static gboolean
has_time(VitalsLoops *loops, gint64 now)
{
    if (now - loops->hearing >= G_USEC_PER_SEC) {
        loops->hearing = now;
        loops->heard = 0;
    }
    return loops->heard++ < HEARINGS;
}

/* Remembers a line that may turn out to be a loop's; @anew if it did not keep a pace so far. */
static void
remember(VitalsLoops *loops, guint64 hash, gboolean anew, const char *text, gsize length)
{
    Witness *witness = witness_of(loops, hash);

    if (witness->hash == hash && !anew) {
        vitals_template_merge(&witness->template, text, length);
        return;
    }
    witness->hash = hash;
    vitals_template_begin(&witness->template, text, length);
}

static guint64
read_counter(VitalsLoops *loops, const char *text, gsize length)
{
    VitalsPattern *counter =
        vitals_signatures_shape(loops->signatures, VITALS_SHAPE_COUNTER, text, length);
    g_autofree char *value = counter ? vitals_pattern_group(counter, "count") : NULL;

    return value ? g_ascii_strtoull(value, NULL, 10) : 0;
}

/* What counts how often the line came changes for sure, though it was seen once only. */
static void
hide_counter(VitalsLoops *loops, VitalsTemplate *template)
{
    VitalsPattern *counter = vitals_signatures_shape(loops->signatures, VITALS_SHAPE_COUNTER,
                                                     template->text, template->length);
    gsize length;
    const char *digits = counter ? vitals_pattern_part(counter, "count", &length) : NULL;

    if (digits)
        vitals_template_hide(template, (gsize)(digits - template->text));
}

static void
show(Loop *loop)
{
    g_autofree char *text = g_strndup(loop->template.text, loop->template.length);

    g_free(loop->told.template_);
    loop->told.template_ = vitals_text_printable(g_strstrip(text), -1);
}

/* Shows what is known of the line so far. Where that is nothing, no number is shown before it came again. */
static void
introduce(VitalsLoops *loops, Loop *loop, const char *text, gsize length)
{
    const Witness *witness = witness_of(loops, loop->leader);
    Masked masked;

    loop->vague = witness->hash != loop->leader;
    if (loop->vague) {
        mask(text, length, &masked);
        vitals_template_begin(&loop->template, masked.text, masked.length);
        show(loop);
        vitals_template_begin(&loop->template, text, length);
        return;
    }
    loop->template = witness->template;
    vitals_template_merge(&loop->template, text, length);
    hide_counter(loops, &loop->template);
    show(loop);
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
lead(VitalsLoops *loops, Loop *loop, Slot *slot, const char *text, gsize length)
{
    loop->leader = slot->hash;
    introduce(loops, loop, text, length);
    loop->told.severity = judge(loops, slot, text, length);
    loop->told.count = slot->count;
    loop->told.period = slot->period;
    loop->told.began = slot->last - (gint64)(slot->count - 1) * slot->period;
    loop->told.line_first = slot->first;
}

/* Another line of a loop that is known. */
static VitalsLoop *
join_loop(VitalsLoops *loops, gint companion, Slot *slot, const char *text, gsize length)
{
    Loop *loop = g_ptr_array_index(loops->list, companion);

    slot->loop = companion + 1;
    loop->told.members++;
    if (judge(loops, slot, text, length) <= loop->told.severity)
        return NULL;
    lead(loops, loop, slot, text, length);
    return &loop->told;
}

static VitalsLoop *
begin_loop(VitalsLoops *loops, Slot *slot, const char *text, gsize length)
{
    gint companion = find_companion(loops, slot);
    Loop *loop;

    if (companion >= 0)
        return join_loop(loops, companion, slot, text, length);
    if (loops->list->len >= VITALS_LOOPS_MAX)
        return NULL;
    loop = g_new0(Loop, 1);
    loop->told.members = 1;
    g_ptr_array_add(loops->list, loop);
    slot->loop = (gint32)loops->list->len;
    lead(loops, loop, slot, text, length);
    return &loop->told;
}

/* Returns whether it is worse than it looked. */
static gboolean
continue_loop(VitalsLoops *loops, Slot *slot, guint64 number, const char *text, gsize length)
{
    Loop *loop = g_ptr_array_index(loops->list, slot->loop - 1);

    loop->told.last = slot->last;
    loop->told.line_last = number;
    if (slot->steady == SURE && judge(loops, slot, text, length) > loop->told.severity) {
        lead(loops, loop, slot, text, length);
        return TRUE;
    }
    if (loop->leader != slot->hash)
        return FALSE;
    loop->told.count = MAX(loop->told.count, slot->count);
    loop->told.period = slot->period;
    loop->told.restarts = MAX(loop->told.restarts, read_counter(loops, text, length));
    return FALSE;
}

/* Hides what the line that a loop shows says otherwise now. */
static void
hear_again(Loop *loop, const char *text, gsize length)
{
    gboolean changed = vitals_template_merge(&loop->template, text, length);

    if (changed || loop->vague)
        show(loop);
    loop->vague = FALSE;
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

static gboolean
leads(const VitalsLoops *loops, const Slot *slot)
{
    const Loop *loop = g_ptr_array_index(loops->list, slot->loop - 1);

    return loop->leader == slot->hash;
}

/* Looks at the words of a line that is a loop's, or may turn out to be one's. */
static void
listen(VitalsLoops *loops, const Slot *slot, const char *text, gsize length, gint64 now)
{
    if (!has_time(loops, now))
        return;
    if (slot->loop > 0)
        hear_again(g_ptr_array_index(loops->list, slot->loop - 1), text, length);
    else
        remember(loops, slot->hash, slot->last == now, text, length);
}

guint64
vitals_loops_key(const VitalsLoops *loops, const char *text, gsize length)
{
    const char *set;
    Masked masked;
    guint64 key;

    mask(text, length, &masked);
    key = hash(&masked);
    set = (const char *)loops->slots[(key >> 32) % SETS];
    for (gsize at = 0; at < sizeof loops->slots[0]; at += CACHE_LINE)
        __builtin_prefetch(set + at, 1);
    return key;
}

const VitalsLoop *
vitals_loops_see(VitalsLoops *loops, guint64 key, const char *text, gsize length, guint64 number,
                 gint64 now)
{
    gboolean timed = now >= 0;
    guint steady = timed ? STEADY : STEADY_LINES;
    VitalsLoop *begun = NULL;
    gboolean known;
    Slot *slot = find_slot(loops, key, &known);

    if (!timed)
        now = (gint64)number * LINE;
    if (!known) {
        *slot = (Slot){ .hash = key, .last = now, .count = 1, .first = number };
        return NULL;
    }
    if (pace(slot, now, timed ? MIN_PERIOD : MIN_LINES * LINE, steady))
        begun = begin_loop(loops, slot, text, length);
    else if (slot->loop > 0 ? leads(loops, slot) : slot->steady + 1 == steady)
        listen(loops, slot, text, length, now);
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

static void
recite(VitalsLoops *loops, const Slot *slot, VitalsTemplate *ret_template)
{
    const Loop *loop = slot->loop > 0 ? g_ptr_array_index(loops->list, slot->loop - 1) : NULL;
    const Witness *witness = witness_of(loops, slot->hash);

    if (loop && loop->leader == slot->hash)
        *ret_template = loop->template;
    else if (witness->hash == slot->hash)
        *ret_template = witness->template;
}

GArray *
vitals_loops_rhythms(VitalsLoops *loops)
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
    for (guint i = 0; i < rhythms->len; i++) {
        VitalsRhythm *rhythm = &g_array_index(rhythms, VitalsRhythm, i);
        gboolean known;

        recite(loops, find_slot(loops, rhythm->hash, &known), &rhythm->template);
    }
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
        if (rhythm->template.length > 0)
            *witness_of(loops, rhythm->hash) = (Witness){ rhythm->hash, rhythm->template };
    }
}

const GPtrArray *
vitals_loops_list(const VitalsLoops *loops)
{
    return loops->list;
}
