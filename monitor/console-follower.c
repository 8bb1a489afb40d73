/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "monitor/console-follower.h"
#include "probes/console/console.h"

#include <string.h>

/* Of a log that was there before us so much is looked at, for what it ended with. */
#define HISTORY (64 * 1024)

/* A log that is further ahead than this is not caught up with; so much of its end is read then. */
#define BEHIND_MAX (4 * 1024 * 1024)
#define BEHIND_KEPT (256 * 1024)

/* So many bytes a second, for so many seconds, are a flood, and so is whatever has to be skipped. The fastest
 * that a guest in trouble was seen to write for longer is a fork bomb's 20 KB (fault-matrix, section 1);
 * a boot writes 100 KB within seconds. */
#define FLOOD (100 * 1024)
#define FLOOD_SECONDS 5

/* After no longer an absence of ours what was written meanwhile is news like any other. */
#define ABSENCE (10 * 60)

/* When nothing comes for so long, what came is all there is (probes/console/console.h). */
#define PAUSE G_USEC_PER_SEC

/* Lines alone are news so often, a loop's count so often. */
#define LINES_AGAIN G_USEC_PER_SEC
#define LOOP_AGAIN (5 * G_USEC_PER_SEC)

/* Of a stream so much of the end is kept for an incident, as much as is kept of a log by default
 * (ConsoleTail=). */
#define KEPT (256 * 1024)

/* A guest in the worst of troubles says so much at once; all of it is counted. */
#define UTTERANCES_MAX 32

struct VitalsConsoleFollower {
    VitalsConsoleFile *file;     /* or */
    VitalsConsoleStream *stream; /* the other is NULL */
    VitalsConsole *engine;
    int run;
    GByteArray *kept;   /* of a stream: its end, or up to twice as much; NULL for a file */
    GBytes *partial;    /* to be fed before all else */
    gboolean caught_up; /* behind what was there before us */
    gint64 left;        /* of the place we go on from: when it was left, seconds; 0 for none */
    GArray *rhythms;    /* to go on with, until the first digest */
    gint64 ahead;       /* of our clock the wall's was, at the last digest */

    /* of the last fetch */
    gsize fetched;
    gsize gap_at; /* where in it something is missing; G_MAXSIZE for nowhere */
    gboolean at_end;
    gsize digested;
    gboolean rebooted; /* what is fetched next is the end of the run before */

    /* of the digest under way, and what was not told yet */
    gint64 now;
    gboolean lines_of_kernel;
    gboolean lines_of_userspace;
    GArray *utterances;

    guint64 boots;
    guint64 told_boots;
    gboolean panicking; /* a panic began, and its report is not whole yet */
    gint64 came;        /* when bytes came last */
    gboolean paused;
    gint64 told_lines;
    const VitalsLoop *told_loop;
    guint64 told_loop_count;
    gint64 told_loop_at;
    gint64 window; /* when the running second began */
    guint64 window_bytes;
    guint64 window_skipped;
    gboolean left_alone; /* a stream that wrote too much */
    guint flooded;       /* seconds so far */

    guint64 skipped;
    guint64 floods;
    guint64 loops;
    GHashTable *kinds; /* interned kind to count */
};

/* ---- events ---- */

/* What was there before us is of use only if it is what the guest ended with. */
static gboolean
is_worth_telling(const VitalsConsoleFollower *follower, VitalsSaid what)
{
    return follower->caught_up || what == VITALS_SAID_PANIC || what == VITALS_SAID_STOPPED;
}

static void
say(VitalsConsoleFollower *follower, const VitalsUtterance *utterance)
{
    if (is_worth_telling(follower, utterance->what) && follower->utterances->len < UTTERANCES_MAX)
        g_array_append_val(follower->utterances, *utterance);
}

static void
count_kind(VitalsConsoleFollower *follower, const char *kind)
{
    gpointer key = (gpointer)g_intern_string(kind);
    guint count = GPOINTER_TO_UINT(g_hash_table_lookup(follower->kinds, key));

    if (follower->caught_up)
        g_hash_table_insert(follower->kinds, key, GUINT_TO_POINTER(count + 1));
}

/* A report that gives way to the crash kernel tells of it, as that one may boot without a word. */
static void
say_handed_over(VitalsConsoleFollower *follower, const VitalsConsoleEvent *event, VitalsSaid what)
{
    VitalsUtterance utterance = {
        .what = VITALS_SAID_KDUMP,
        .severity = VITALS_CONSOLE_NOTICE,
        .count = 1,
        .title = "the guest's own crash kernel was loaded and takes over",
    };

    if (event->report && event->report->handed_over &&
        (what == VITALS_SAID_PANIC || what == VITALS_SAID_FAULT))
        say(follower, &utterance);
}

/* Most reports are told when they are whole; a panic at once, and the name it gets later. */
static void
on_report(VitalsConsoleFollower *follower, const VitalsConsoleEvent *event)
{
    gboolean begun =
        event->kind == VITALS_CONSOLE_REPORT_BEGUN || event->kind == VITALS_CONSOLE_PANICKED;
    VitalsUtterance utterance = {
        .what = vitals_said_by_report(event->signature),
        .severity = event->signature->severity,
        .begun = begun,
        .live = event->live && follower->caught_up,
        .count = 1,
    };

    if (event->report) {
        vitals_utterance_set_title(&utterance, event->report->title);
        /* a report of the same title may have ended in a panic before, and not now */
        if (event->report->panicked && follower->panicking)
            utterance.what = VITALS_SAID_PANIC;
    }
    if (utterance.what == VITALS_SAID_PANIC)
        follower->panicking = begun;
    if (!begun)
        count_kind(follower, event->signature->kind);
    if (!begun || utterance.what == VITALS_SAID_PANIC)
        say(follower, &utterance);
    if (!begun)
        say_handed_over(follower, event, utterance.what);
}

static void
on_event(const VitalsConsoleEvent *event, gpointer user)
{
    VitalsConsoleFollower *follower = user;

    switch (event->kind) {
    case VITALS_CONSOLE_REPORT_BEGUN:
    case VITALS_CONSOLE_PANICKED:
    case VITALS_CONSOLE_REPORT_ENDED:
    case VITALS_CONSOLE_REPORT_REPEATED:
        on_report(follower, event);
        break;
    case VITALS_CONSOLE_KERNEL:
        follower->lines_of_kernel = follower->caught_up;
        break;
    case VITALS_CONSOLE_USERSPACE:
        follower->lines_of_userspace = follower->caught_up;
        /* it went on after all */
        if (!follower->caught_up)
            g_array_set_size(follower->utterances, 0);
        break;
    case VITALS_CONSOLE_LOOP:
        follower->loops += follower->caught_up;
        break;
    case VITALS_CONSOLE_FLOOD:
        break;
    }
}

/* ---- the whole ---- */

static VitalsConsoleFollower *
follower_new(VitalsSignatures *signatures, int run)
{
    static const VitalsConsoleOptions options = { 0 };
    VitalsConsoleFollower *follower = g_new0(VitalsConsoleFollower, 1);

    follower->engine = vitals_console_new(signatures, &options, on_event, follower);
    follower->run = run;
    follower->gap_at = G_MAXSIZE;
    follower->paused = TRUE;
    follower->utterances = g_array_new(FALSE, FALSE, sizeof(VitalsUtterance));
    follower->kinds = g_hash_table_new(NULL, NULL);
    return follower;
}

VitalsConsoleFollower *
vitals_console_follower_new(VitalsSignatures *signatures, const char *path, int run,
                            const VitalsConsolePlace *place)
{
    VitalsConsoleFollower *follower = follower_new(signatures, run);
    VitalsConsolePlace from = place ? *place : (VitalsConsolePlace){ 0 };

    if (from.run != run)
        from.back = 0;
    follower->file = vitals_console_file_new(path, place ? &from : NULL, HISTORY);
    vitals_console_set_replaying(follower->engine, TRUE);
    if (from.partial && from.back == 0)
        follower->partial = g_bytes_ref(from.partial);
    if (place && from.run == run) {
        follower->left = from.seen;
        follower->rhythms = from.rhythms ? g_array_ref(from.rhythms) : NULL;
    }
    return follower;
}

VitalsConsoleFollower *
vitals_console_follower_new_of_stream(VitalsSignatures *signatures, int run,
                                      VitalsConsoleStream *stream)
{
    VitalsConsoleFollower *follower = follower_new(signatures, run);

    follower->stream = stream;
    follower->kept = g_byte_array_new();
    follower->caught_up = TRUE;
    return follower;
}

void
vitals_console_follower_free(VitalsConsoleFollower *follower)
{
    if (!follower)
        return;
    vitals_console_file_free(follower->file);
    vitals_console_stream_free(follower->stream);
    vitals_console_free(follower->engine);
    g_clear_pointer(&follower->kept, g_byte_array_unref);
    g_clear_pointer(&follower->partial, g_bytes_unref);
    g_clear_pointer(&follower->rhythms, g_array_unref);
    g_array_unref(follower->utterances);
    g_hash_table_unref(follower->kinds);
    g_free(follower);
}

const char *
vitals_console_follower_path(const VitalsConsoleFollower *follower)
{
    return follower->stream ? vitals_console_stream_path(follower->stream)
                            : vitals_console_file_path(follower->file);
}

VitalsConsolePlace
vitals_console_follower_place(const VitalsConsoleFollower *follower)
{
    VitalsConsolePlace place =
        follower->stream ? (VitalsConsolePlace){ 0 } : vitals_console_file_place(follower->file);
    guint64 unfinished = vitals_console_unfinished(follower->engine);

    if (unfinished > 0 && unfinished <= VITALS_REPORT_MAX_BYTES)
        place.back = unfinished;
    place.run = follower->run;
    if (follower->rhythms) {
        place.rhythms = g_array_ref(follower->rhythms);
        return place;
    }
    place.rhythms = vitals_console_rhythms(follower->engine);
    for (guint i = 0; i < place.rhythms->len; i++)
        g_array_index(place.rhythms, VitalsRhythm, i).last += follower->ahead;
    return place;
}

gsize
vitals_console_follower_digested(const VitalsConsoleFollower *follower)
{
    return follower->digested;
}

void
vitals_console_follower_rebooted(VitalsConsoleFollower *follower)
{
    follower->rebooted = TRUE;
}

static int
by_label(gconstpointer a, gconstpointer b)
{
    return strcmp(((const VitalsTally *)a)->label, ((const VitalsTally *)b)->label);
}

/* Returns: (transfer full) (nullable): the end of what is kept */
static GBytes *
end_of(const GByteArray *kept)
{
    gsize length = kept ? MIN(kept->len, KEPT) : 0;

    return length > 0 ? g_bytes_new(kept->data + kept->len - length, length) : NULL;
}

/* The worst of the loops that still go on. */
static const VitalsLoop *
leading_loop(const VitalsConsoleFollower *follower)
{
    const GPtrArray *loops = vitals_console_loops(follower->engine);
    const VitalsLoop *leader = NULL;

    for (guint i = 0; i < loops->len; i++) {
        const VitalsLoop *loop = g_ptr_array_index(loops, i);

        if (vitals_said_by_loop(loop) != VITALS_SAID_LOOP ||
            follower->now - loop->last > 3 * loop->period)
            continue;
        if (!leader || loop->severity > leader->severity ||
            (loop->severity == leader->severity && loop->count > leader->count))
            leader = loop;
    }
    return leader;
}

/* What the service manager counted itself reaches further back than we do. */
static guint64
repeats_of(const VitalsLoop *loop)
{
    return MAX(loop->count, loop->restarts);
}

VitalsConsoleCounts *
vitals_console_follower_counts(const VitalsConsoleFollower *follower)
{
    VitalsConsoleStats stats = vitals_console_stats(follower->engine);
    const VitalsLoop *loop = leading_loop(follower);
    VitalsConsoleCounts *counts = vitals_console_counts_new();
    GHashTableIter iter;
    gpointer kind;
    gpointer count;

    counts->bytes = stats.bytes;
    counts->lines = stats.lines;
    counts->skipped = follower->skipped;
    counts->loops = follower->loops;
    counts->loop_repeats = loop ? repeats_of(loop) : 0;
    counts->loop_period = loop ? loop->period : 0;
    counts->floods = follower->floods;
    counts->end = end_of(follower->kept);
    g_hash_table_iter_init(&iter, follower->kinds);
    while (g_hash_table_iter_next(&iter, &kind, &count)) {
        VitalsTally one = { .label = kind, .count = GPOINTER_TO_UINT(count) };

        g_array_append_val(counts->reports, one);
    }
    g_array_sort(counts->reports, by_label);
    return counts;
}

/* ---- fetching ---- */

static gboolean
fetch_stream(VitalsConsoleFollower *follower, char *buffer, GError **error)
{
    gboolean flood = FALSE;
    gssize got = vitals_console_stream_take(follower->stream, buffer, VITALS_CONSOLE_FETCH_MAX,
                                            &follower->gap_at, &flood, error);

    follower->fetched = (gsize)MAX(got, 0);
    follower->at_end = TRUE;
    follower->left_alone = follower->left_alone || flood;
    return got >= 0;
}

gboolean
vitals_console_follower_fetch(VitalsConsoleFollower *follower, char *buffer, GError **error)
{
    guint64 skipped = 0;
    gssize got;

    follower->fetched = 0;
    follower->gap_at = G_MAXSIZE;
    if (follower->stream)
        return fetch_stream(follower, buffer, error);
    if (follower->caught_up)
        skipped = vitals_console_file_skip(follower->file, BEHIND_MAX);
    if (skipped > 0)
        skipped += vitals_console_file_skip(follower->file, BEHIND_KEPT);
    follower->skipped += skipped;
    follower->window_skipped += skipped;
    do {
        got = vitals_console_file_read(follower->file, buffer + follower->fetched,
                                       VITALS_CONSOLE_FETCH_MAX - follower->fetched, error);
        if (got > 0 && vitals_console_file_take_gap(follower->file))
            follower->gap_at = follower->fetched;
        follower->fetched += (gsize)MAX(got, 0);
    } while (got > 0 && follower->fetched < VITALS_CONSOLE_FETCH_MAX);
    follower->at_end = got <= 0;
    return got >= 0;
}

/* ---- digesting ---- */

/* It was booted anew after that. */
static void
forget_outlived(VitalsConsoleFollower *follower)
{
    guint64 boots = vitals_console_stats(follower->engine).boots;

    if (boots != follower->boots)
        g_array_set_size(follower->utterances, 0);
    follower->boots = boots;
}

/* By lines while it is old: what stands behind a panic then says whether the guest outlived it. */
static void
feed(VitalsConsoleFollower *follower, const char *bytes, gsize length)
{
    while (length > 0) {
        const char *end = follower->caught_up ? NULL : memchr(bytes, '\n', length);
        gsize piece = end ? (gsize)(end + 1 - bytes) : length;

        vitals_console_feed(follower->engine, bytes, piece, follower->now);
        if (!follower->caught_up)
            forget_outlived(follower);
        bytes += piece;
        length -= piece;
    }
}

static void
feed_fetched(VitalsConsoleFollower *follower, const char *buffer)
{
    gsize before = MIN(follower->gap_at, follower->fetched);

    if (follower->partial) {
        gsize length;
        const char *bytes = g_bytes_get_data(follower->partial, &length);

        feed(follower, bytes, length);
        g_clear_pointer(&follower->partial, g_bytes_unref);
    }
    feed(follower, buffer, before);
    if (before < follower->fetched) {
        vitals_console_pause(follower->engine, follower->now);
        feed(follower, buffer + before, follower->fetched - before);
    }
}

/* Copied together seldom, not at each fetch. */
static void
keep(VitalsConsoleFollower *follower, const char *buffer)
{
    gsize length = MIN(follower->fetched, KEPT);

    if (follower->kept->len + length > 2 * KEPT)
        g_byte_array_remove_range(follower->kept, 0, follower->kept->len - (KEPT - length));
    g_byte_array_append(follower->kept, (const guint8 *)buffer + follower->fetched - length,
                        (guint)length);
}

static void
watch_flood(VitalsConsoleFollower *follower)
{
    gint64 length = follower->now - follower->window;
    VitalsUtterance utterance = { .what = VITALS_SAID_FLOOD, .severity = VITALS_CONSOLE_WARNING };
    g_autofree char *title = NULL;
    gboolean skipped;
    double bytes;

    follower->window_bytes += follower->caught_up ? follower->fetched : 0;
    if (length < G_USEC_PER_SEC)
        return;
    bytes = (double)(follower->window_bytes + follower->window_skipped) * G_USEC_PER_SEC /
            (double)length;
    skipped = follower->window_skipped > 0 || follower->left_alone;
    follower->window = follower->now;
    follower->window_bytes = follower->window_skipped = 0;
    follower->left_alone = FALSE;
    follower->flooded = bytes >= FLOOD ? follower->flooded + 1 : 0;
    if (follower->flooded < FLOOD_SECONDS && !skipped)
        return;
    follower->floods++;
    title = g_strdup_printf("%.1f MB a second", bytes / 1e6);
    vitals_utterance_set_title(&utterance, title);
    say(follower, &utterance);
}

static void
tell_loop(VitalsConsoleFollower *follower)
{
    const VitalsLoop *loop = leading_loop(follower);
    VitalsUtterance utterance = { .what = VITALS_SAID_LOOP };

    if (!loop ||
        (loop == follower->told_loop && (loop->count == follower->told_loop_count ||
                                         follower->now - follower->told_loop_at < LOOP_AGAIN)))
        return;
    follower->told_loop = loop;
    follower->told_loop_count = loop->count;
    follower->told_loop_at = follower->now;
    utterance.severity = loop->severity;
    utterance.count = repeats_of(loop);
    utterance.period = loop->period;
    vitals_utterance_set_title(&utterance, loop->template_);
    say(follower, &utterance);
}

/* What the guest said before it was started anew is no news of it now; its timeline shows it. */
static void
end_run(VitalsConsoleFollower *follower)
{
    vitals_console_pause(follower->engine, follower->now);
    for (guint i = 0; i < follower->utterances->len; i++)
        g_array_index(follower->utterances, VitalsUtterance, i).what = VITALS_SAID_OTHER;
    vitals_console_rebooted(follower->engine);
    follower->rebooted = FALSE;
    follower->panicking = FALSE;
}

static VitalsSample *
make_sample(VitalsConsoleFollower *follower, gint64 realtime)
{
    gboolean lines = follower->lines_of_kernel || follower->lines_of_userspace;
    guint64 boots = vitals_console_stats(follower->engine).boots;
    VitalsSample *sample;

    if (follower->utterances->len == 0 && boots == follower->told_boots &&
        (!lines || follower->now - follower->told_lines < LINES_AGAIN))
        return NULL;
    sample = vitals_sample_new(follower->now, realtime);
    sample->parts[VITALS_PART_CONSOLE] = VITALS_FACT_AVAILABLE;
    sample->booted = boots != follower->told_boots;
    sample->kernel_lines = follower->lines_of_kernel;
    sample->userspace_lines = follower->lines_of_userspace;
    sample->n_utterances = follower->utterances->len;
    sample->utterances =
        g_memdup2(follower->utterances->data, follower->utterances->len * sizeof(VitalsUtterance));
    g_array_set_size(follower->utterances, 0);
    follower->lines_of_kernel = follower->lines_of_userspace = FALSE;
    follower->told_lines = follower->now;
    follower->told_boots = boots;
    return sample;
}

/* The first look: goes on where we had stopped, if that was not long ago and nothing is missing since. */
static void
begin(VitalsConsoleFollower *follower, gint64 realtime)
{
    follower->ahead = realtime - follower->now;
    if (follower->rhythms) {
        vitals_console_resume(follower->engine, follower->rhythms, follower->ahead);
        g_clear_pointer(&follower->rhythms, g_array_unref);
    }
    if (follower->left > 0 && follower->gap_at == G_MAXSIZE &&
        realtime / G_USEC_PER_SEC - follower->left <= ABSENCE)
        follower->caught_up = TRUE;
    follower->left = 0;
}

VitalsSample *
vitals_console_follower_digest(VitalsConsoleFollower *follower, const char *buffer, gint64 now,
                               gint64 realtime)
{
    follower->now = now;
    begin(follower, realtime);
    if (follower->fetched > 0) {
        follower->came = now;
        follower->paused = FALSE;
        feed_fetched(follower, buffer);
        if (follower->kept)
            keep(follower, buffer);
    } else if (!follower->paused && now - follower->came >= PAUSE) {
        follower->paused = TRUE;
        vitals_console_pause(follower->engine, now);
    }
    if (!follower->caught_up && follower->at_end) {
        vitals_console_pause(follower->engine, now);
        follower->caught_up = TRUE;
        follower->told_boots = vitals_console_stats(follower->engine).boots;
    }
    if (follower->at_end)
        vitals_console_set_replaying(follower->engine, FALSE);
    if (follower->rebooted)
        end_run(follower);
    watch_flood(follower);
    tell_loop(follower);
    follower->digested = follower->fetched;
    follower->fetched = 0;
    return follower->caught_up ? make_sample(follower, realtime) : NULL;
}
