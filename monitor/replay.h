/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "config/settings.h"
#include "monitor/recording.h"

/*
 * The verdict over a recording, with settings of one's own: would it have fired, and when.
 *
 * Samples go through the same watch as in the daemon, and between them time passes as it does there.
 * A recording that begins in the middle of a run lacks what was before: sources have to arm anew.
 */

/**
 * VitalsReplayChange: the verdict's cause changed
 * @at: monotonic microseconds as in the recording
 * @realtime: wall clock of it
 * @response: what the policy has for it; brakes, caps and durations are not considered
 * @evidence: as of that moment
 */
typedef struct {
    gint64 at;
    gint64 realtime;
    const VitalsCause *cause;
    const VitalsCause *before;
    VitalsResponse response;
    char **evidence;
} VitalsReplayChange;

/**
 * VitalsReplay: what came of it
 * @domain: (nullable): the guest, as the header tells or as it was given
 * @samples: how many there were
 * @first: monotonic time of the first
 * @last: of the last
 * @changes: (element-type VitalsReplayChange): in the order of time; at most %VITALS_REPLAY_CHANGES_MAX
 * @left_off: how many more there were
 */
typedef struct {
    char *domain;
    guint64 samples;
    gint64 first;
    gint64 last;
    GPtrArray *changes;
    guint64 left_off;
} VitalsReplay;

#define VITALS_REPLAY_CHANGES_MAX 10000

/**
 * vitals_replay_file:
 * @domain: (nullable): for `[Guest]` sections; %NULL for the recording's own
 *
 * Blocks on the disk and takes about a second for each day recorded.
 *
 * Returns: (transfer full) (nullable)
 */
VitalsReplay *vitals_replay_file(const char *path, const char *domain,
                                 const VitalsSettings *settings, GError **error);
void vitals_replay_free(VitalsReplay *replay);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(VitalsReplay, vitals_replay_free)
