/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "probes/console/signature.h"
#include "probes/console/template.h"

#include <glib.h>

/* How many loops are told apart; further ones are not looked at. */
enum { VITALS_LOOPS_MAX = 64 };

/**
 * VitalsLoop: lines that come again and again at a steady pace
 * @template_: the most telling of its lines, printable, with `#` for each number that differs
 * @severity: by [Frames] LoopError and LoopWarning; what they do not know is a notice, and so is at first
 *   what only sounds like trouble
 * @count: how often it came since the first time
 * @timed: whether the log tells time
 * @period: microseconds if it does, else millions of lines
 * @began: when it came first, as far as its pace tells; only if timed, as are @period and @last
 * @restarts: what the line itself says ("restart counter is at N"), or 0
 * @members: how many different lines loop with it
 */
typedef struct {
    char *template_;
    VitalsConsoleSeverity severity;
    guint64 count;
    gboolean timed;
    gint64 period;
    gint64 began;
    guint64 restarts;
    guint members;
    guint64 line_first;
    guint64 line_last;
    gint64 last;
} VitalsLoop;

/**
 * VitalsLoops: finds them, whatever their text, in bounded memory
 *
 * A table of fixed size remembers when each line, without its numbers, was last seen. A smaller one holds
 * the words of those that have begun to keep a pace, so that a loop shows the numbers that stay. Three times at
 * the same distance make a loop. What is seen once gives way first, so that a stream of ever new
 * lines does not drive out what comes back.
 */
typedef struct VitalsLoops VitalsLoops;

/* @signatures: borrowed: which lines of a loop are an error, a warning or a counter */
VitalsLoops *vitals_loops_new(VitalsSignatures *signatures);
void vitals_loops_free(VitalsLoops *loops);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(VitalsLoops, vitals_loops_free)

/**
 * vitals_loops_key:
 *
 * The table is larger than the caches next to the processor: by the time of vitals_loops_see() what it will need
 * of it is on its way, so something else is best done in between.
 *
 * Returns: what a line and those that differ from it in numbers only have in common
 */
guint64 vitals_loops_key(const VitalsLoops *loops, const char *text, gsize length);

/**
 * vitals_loops_see:
 * @key: of the line
 * @number: the line's number
 * @now: microseconds of a clock that does not go back, or -1 if there is none
 *
 * Returns: (transfer none) (nullable): a loop that this line made known, or made worse
 */
const VitalsLoop *vitals_loops_see(VitalsLoops *loops, guint64 key, const char *text, gsize length,
                                   guint64 number, gint64 now);

/**
 * VitalsRhythm: what has to be remembered of a line to go on counting it elsewhere; plain data
 * @hash: of its template
 * @last: when it came last
 * @looped: it was a loop
 * @template: what it says, as far as known; empty if not
 */
typedef struct {
    guint64 hash;
    gint64 last;
    gint64 period;
    guint32 steady;
    guint32 count;
    gboolean looped;
    VitalsTemplate template;
} VitalsRhythm;

/* So many are handed over: there is seldom more than one loop, of a few lines. */
enum { VITALS_RHYTHMS_MAX = 16 };

/* Returns: (transfer full) (element-type VitalsRhythm): the steadiest of the lines that come back at a pace;
 * only for streams that tell time */
GArray *vitals_loops_rhythms(VitalsLoops *loops);

/* Goes on with what another one has handed over, in which @ahead was added to all times. */
void vitals_loops_resume(VitalsLoops *loops, const GArray *rhythms, gint64 ahead);

/* Returns: (element-type VitalsLoop): all loops in the order they were found */
const GPtrArray *vitals_loops_list(const VitalsLoops *loops);
