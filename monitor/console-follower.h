/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "monitor/console-file.h"
#include "monitor/console-stream.h"
#include "monitor/snapshot.h"
#include "probes/facts.h"

/*
 * The console of one guest, from the bytes of its log to facts: fetches what is new, feeds the engine of
 * probes/console, and makes samples of what came of it. Without threads or locks: who calls it has fetch
 * block as long as the disk does, and digest take no longer than the bytes are many.
 */
typedef struct VitalsConsoleFollower VitalsConsoleFollower;

/* The most that is fetched at once; twice a second or more often this is a flood. */
enum { VITALS_CONSOLE_FETCH_MAX = 512 * 1024 };

/**
 * vitals_console_follower_new:
 * @signatures: outlives it; one thread at a time
 * @run: of the guest, as libvirt numbers them
 * @place: (nullable): where an earlier reading of that file stood. If that was the same run, it goes on in
 *   the middle of a report or a loop; what another run left is old
 */
VitalsConsoleFollower *vitals_console_follower_new(VitalsSignatures *signatures, const char *path,
                                                   int run, const VitalsConsolePlace *place);

/* Likewise of a console without a log. Takes over @stream, which has no place to go on from. */
VitalsConsoleFollower *vitals_console_follower_new_of_stream(VitalsSignatures *signatures, int run,
                                                             VitalsConsoleStream *stream);
void vitals_console_follower_free(VitalsConsoleFollower *follower);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(VitalsConsoleFollower, vitals_console_follower_free)

/**
 * vitals_console_follower_fetch:
 * @buffer: (out caller-allocates): at least %VITALS_CONSOLE_FETCH_MAX bytes
 *
 * Blocks on the disk. A log that has run too far ahead is skipped but for its end.
 *
 * Returns: whether it could be read; what was fetched before an error is kept for the digest
 */
gboolean vitals_console_follower_fetch(VitalsConsoleFollower *follower, char *buffer,
                                       GError **error);

/**
 * vitals_console_follower_digest:
 * @buffer: as the last fetch left it
 * @now: monotonic microseconds
 * @realtime: wall clock of the same moment
 *
 * To be called after every fetch, also when nothing was fetched: silence ends reports.
 *
 * Returns: (transfer full) (nullable): a sample with the part console, if there is any news
 */
VitalsSample *vitals_console_follower_digest(VitalsConsoleFollower *follower, const char *buffer,
                                             gint64 now, gint64 realtime);

/* How many bytes the last digest had. */
gsize vitals_console_follower_digested(const VitalsConsoleFollower *follower);

/* The guest was started anew within its run: what is not read yet belongs to what was before. */
void vitals_console_follower_rebooted(VitalsConsoleFollower *follower);

/* Returns: (transfer full): what was counted so far */
VitalsConsoleCounts *vitals_console_follower_counts(const VitalsConsoleFollower *follower);

/* Returns: (transfer full): for another follower to go on from */
VitalsConsolePlace vitals_console_follower_place(const VitalsConsoleFollower *follower);

/* Where the log is, as it was given. */
const char *vitals_console_follower_path(const VitalsConsoleFollower *follower);
