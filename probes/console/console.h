/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "probes/console/loop.h"
#include "probes/console/report.h"
#include "probes/console/signature.h"

#include <glib.h>

/**
 * VitalsConsoleEventKind:
 * @VITALS_CONSOLE_REPORT_BEGUN: its first line came; only @signature is known, @line is its number
 * @VITALS_CONSOLE_REPORT_ENDED: a report that was not seen before, whole, with its title
 * @VITALS_CONSOLE_REPORT_REPEATED: one that was: only its count has changed
 * @VITALS_CONSOLE_PANICKED: the kernel gave up because of @report, or of one that is still open: then it
 *   is told when that ends, with its @panicked
 * @VITALS_CONSOLE_LOOP: lines loop
 * @VITALS_CONSOLE_KERNEL: the kernel wrote something: a beat. At most once for each feed
 * @VITALS_CONSOLE_USERSPACE: likewise, something that only userspace writes
 * @VITALS_CONSOLE_FLOOD: more bytes a second than the options allow; once until it is over
 */
typedef enum {
    VITALS_CONSOLE_REPORT_BEGUN,
    VITALS_CONSOLE_REPORT_ENDED,
    VITALS_CONSOLE_REPORT_REPEATED,
    VITALS_CONSOLE_PANICKED,
    VITALS_CONSOLE_LOOP,
    VITALS_CONSOLE_KERNEL,
    VITALS_CONSOLE_USERSPACE,
    VITALS_CONSOLE_FLOOD,
} VitalsConsoleEventKind;

/**
 * VitalsConsoleEvent:
 * @live: the kernel wrote the line it came with just now, as far as its stamp tells: it goes on from the
 *   last one at the pace of the clock. FALSE for what was replayed from an older log or typed by
 *   somebody, and for kernels that do not stamp their lines
 *
 * What is pointed to stays for the time of the call; copy what is kept.
 */
typedef struct {
    VitalsConsoleEventKind kind;
    gint64 time; /* as given to the feed it came with */
    guint64 line;
    gboolean live;
    const VitalsSignature *signature;
    const VitalsReport *report;
    const VitalsLoop *loop;
} VitalsConsoleEvent;

typedef void (*VitalsConsoleFunc)(const VitalsConsoleEvent *event, gpointer user);

/**
 * VitalsConsoleOptions:
 * @log_clock: take the time from the lines (a saved log) instead of from their arrival
 * @flood: bytes a second, on average over a second, that are a flood; 0 for never
 */
typedef struct {
    gboolean log_clock;
    guint64 flood;
} VitalsConsoleOptions;

typedef struct {
    guint64 bytes;
    guint64 lines;
    guint64 cut_lines;
    guint64 kernel_lines;
    guint64 userspace_lines;
    guint64 boots;
    guint64 reports_begun;
    guint64 reports_dropped; /* of which no record is kept, as there were too many */
} VitalsConsoleStats;

/**
 * VitalsConsole: reads what one guest writes on its console
 *
 * Bytes go in as they arrive, in any pieces; what they mean comes out as events. Nothing blocks,
 * nothing asks a clock, and memory is bounded whatever is fed (about 250 KiB, and up to 64 KiB for each
 * of at most eight reports that are open at a time).
 */
typedef struct VitalsConsole VitalsConsole;

/**
 * vitals_console_new:
 * @signatures: outlives the console; may serve several consoles of one thread
 * @func: called for each event, from within the feeding functions only
 */
VitalsConsole *vitals_console_new(VitalsSignatures *signatures, const VitalsConsoleOptions *options,
                                  VitalsConsoleFunc func, gpointer user);
void vitals_console_free(VitalsConsole *console);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(VitalsConsole, vitals_console_free)

/* @now: microseconds of any clock that does not go back. */
void vitals_console_feed(VitalsConsole *console, const char *bytes, gsize length, gint64 now);

/**
 * vitals_console_set_replaying:
 *
 * While @replaying, what is fed was written at some time before: nothing of it is live.
 */
void vitals_console_set_replaying(VitalsConsole *console, gboolean replaying);

/**
 * vitals_console_unfinished:
 *
 * Returns: how many of the last bytes fed belong to reports that have not ended; 0 for none. Who goes on
 * elsewhere has to feed them again there
 */
guint64 vitals_console_unfinished(const VitalsConsole *console);

/* See vitals_loops_rhythms() and vitals_loops_resume(). */
GArray *vitals_console_rhythms(const VitalsConsole *console);
void vitals_console_resume(VitalsConsole *console, const GArray *rhythms, gint64 ahead);

/* The guest was started anew, as somebody else told: its stamps begin from the beginning. */
void vitals_console_rebooted(VitalsConsole *console);

/**
 * vitals_console_pause:
 *
 * To be called when nothing came for about a second. Looks at a line without an end, as prompts of
 * debuggers, boot loaders and rescue shells have none, and ends the reports that wait for more.
 */
void vitals_console_pause(VitalsConsole *console, gint64 now);

/* The end of the log: nothing more comes. */
void vitals_console_finish(VitalsConsole *console);

/* Returns: (element-type VitalsReport): every report by title, without its text and modules */
const GPtrArray *vitals_console_reports(const VitalsConsole *console);

/* Returns: (element-type VitalsLoop): all loops so far */
const GPtrArray *vitals_console_loops(const VitalsConsole *console);

/* What was counted so far. */
VitalsConsoleStats vitals_console_stats(const VitalsConsole *console);

/* "info", "notice", "warning", "error", "critical" */
const char *vitals_console_severity_name(VitalsConsoleSeverity severity);
