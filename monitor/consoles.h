/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "monitor/lane.h"
#include "monitor/snapshot.h"

/*
 * The consoles of all guests, read by a thread of its own so that neither a slow disk nor a guest that
 * writes without end delays anything on the main loop. What comes of it is posted there.
 *
 * A log on storage that does not answer stops that thread: it is then written off, as a libvirt call is, and
 * another one reads all other logs; when the storage answers, the log joins them again.
 */
typedef struct VitalsConsoles VitalsConsoles;

/**
 * VitalsConsoleHeard: news of a guest's console, on the main loop
 * @id: the run of the guest it was followed for
 * @sample: (transfer none) (nullable): with the part console; %NULL if only @counts are new
 * @counts: (transfer none): what was counted so far
 */
typedef void (*VitalsConsoleHeard)(const char *uuid, int id, VitalsSample *sample,
                                   VitalsConsoleCounts *counts, gpointer data);

/**
 * vitals_consoles_new:
 * @state_dir: (nullable): where the places are kept that were read to (monitor/console-places.h)
 * @abandoned: the bound on threads that are written off, shared with the lanes; outlives it
 *
 * Nothing is read and no thread runs before a guest is followed.
 */
VitalsConsoles *vitals_consoles_new(const char *state_dir, VitalsAbandoned *abandoned,
                                    VitalsConsoleHeard heard, gpointer data);

/**
 * vitals_consoles_free:
 *
 * Writes the places down and waits up to @patience microseconds for that. Nothing is posted any more from
 * here on.
 *
 * Returns: whether all threads ended
 */
gboolean vitals_consoles_free(VitalsConsoles *consoles, gint64 patience);

/**
 * vitals_consoles_follow:
 * @label: its name, printable
 * @path: (nullable): of its console's log, or of its console itself if that is a pty; %NULL to follow it no
 *   more
 *
 * Does nothing for a run that is followed there already. Does not block, as none of the following do.
 */
void vitals_consoles_follow(VitalsConsoles *consoles, const char *uuid, int id, const char *label,
                            const char *path);

/* The guest starts anew within its run. */
void vitals_consoles_rebooted(VitalsConsoles *consoles, const char *uuid);

/* Looks after the thread: to be called every second or so. */
void vitals_consoles_check(VitalsConsoles *consoles);
