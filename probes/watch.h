/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "probes/forecast.h"
#include "probes/verdict.h"

/**
 * VitalsWatch: the judgement of one guest over time; plain data, free to copy
 *
 * It lives on samples and ticks alone, so that a recorded guest can be judged again with other
 * limits. Times are whatever monotonic clock the samples carry.
 */
typedef struct {
    VitalsSigns signs;
    VitalsLimits limits;
    VitalsVerdict verdict;
    VitalsForecast forecast;
} VitalsWatch;

/**
 * vitals_watch_init:
 * @now: monotonic microseconds
 * @limits: the deadlines of this guest
 * @boot_seen: we saw the guest start just now
 */
void vitals_watch_init(VitalsWatch *watch, gint64 now, const VitalsLimits *limits,
                       gboolean boot_seen);

/**
 * vitals_watch_resume_silence:
 *
 * The guest was found dead by an earlier process, which could not finish with it: its kernel had a pulse then,
 * so that its silence means something from the beginning. It may have been reset since, and be booting.
 */
void vitals_watch_resume_silence(VitalsWatch *watch);

/**
 * vitals_watch_recall_pulse:
 *
 * An earlier process saw that guest's balloon beat steadily. If its figures are still there at our first look it
 * was not reset since, so that its silence means something from then on.
 */
void vitals_watch_recall_pulse(VitalsWatch *watch);

/* Whether a process that comes after us may rely on that guest's balloon: it beats steadily, or stopped when the
 * rest of the guest did. */
gboolean vitals_watch_has_pulse(const VitalsWatch *watch);

/* How often the balloon's stamp should move, microseconds; 0 if it is not asked for: then it never
 * counts. */
void vitals_watch_set_balloon_period(VitalsWatch *watch, gint64 period);

/* How often the guest agent is asked, microseconds; 0 if it is not. */
void vitals_watch_set_agent_period(VitalsWatch *watch, gint64 period);

/**
 * vitals_watch_ingest:
 *
 * Takes a sample in. Samples come in the order they were taken; one that is older than the last
 * answer of its part is late and is not to be given.
 *
 * Returns: whether the cause of the verdict changed
 */
gboolean vitals_watch_ingest(VitalsWatch *watch, const VitalsSample *sample);

/* Lets time pass without news. Returns: whether the cause of the verdict changed */
gboolean vitals_watch_tick(VitalsWatch *watch, gint64 now);

/* A monitor-backed call that was sent at @since is overdue. */
void vitals_watch_call_overdue(VitalsWatch *watch, gint64 since);

/* That call returned after all: what was silent in the meantime gets its time anew. */
void vitals_watch_call_returned(VitalsWatch *watch, gint64 now);

/* While we dump the guest its verdict is held: what libvirt says of its state is our own doing. */
void vitals_watch_set_capturing(VitalsWatch *watch, gint64 now, gboolean capturing);

/* Whether a source of that guest is quieter than its pace, though not yet dead: look more often. */
gboolean vitals_watch_is_suspicious(const VitalsWatch *watch);

/* Whether QEMU's monitor was found at leisure lately, so that it need not be looked at at @now. */
gboolean vitals_watch_knows_control(const VitalsWatch *watch, gint64 now);

/* Whether some of that guest's vCPUs may be dead. Not while it boots: they come one after the other then. */
gboolean vitals_watch_doubts_vcpus(const VitalsWatch *watch);

/* Whether that guest's disks stand still after they were at work, or were seen to: idle or stuck. */
gboolean vitals_watch_doubts_disks(const VitalsWatch *watch);

/* The monotonic time at which that guest is dead or stuck if nothing is heard of it until then and it
 * goes on running: to look right behind it saves waiting for the next turn. 0 if no deadline runs. */
gint64 vitals_watch_due(const VitalsWatch *watch);
