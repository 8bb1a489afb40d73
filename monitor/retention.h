/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "config/settings.h"

/*
 * Which incidents are deleted when there are too many. Never the newest one of a guest, never one that
 * somebody marked with keep, never one that is still being written: those may exceed every limit.
 */

/* An incident with this file in it is kept. */
#define VITALS_RETENTION_KEEP "keep"

/**
 * VitalsRetention: the limits; 0 is none
 * @max_use: bytes that all incidents may take together
 * @guest_use: bytes that the incidents of one guest may take
 * @guest_incidents: how many of them there may be
 * @keep_free: bytes that are to be free on the file system
 * @max_incidents: how many there may be
 * @max_age: microseconds
 */
typedef struct {
    guint64 max_use;
    guint64 guest_use;
    guint guest_incidents;
    guint64 keep_free;
    guint max_incidents;
    gint64 max_age;
} VitalsRetention;

/**
 * VitalsHolding: one incident as the choice sees it
 * @guest: what tells guests apart: UUID, or the name where there is none
 * @bytes: what it takes on the disk
 * @partial: somebody is writing it
 * @interrupted: what a killed monitor left; it goes like any other
 * @excess: (out): (nullable): why it has to go: "age", "share", "count", "use" or "space"; static
 */
typedef struct {
    char *id;
    char *guest;
    gint64 opened;
    guint64 bytes;
    gboolean kept;
    gboolean partial;
    gboolean interrupted;
    const char *excess;
} VitalsHolding;

void vitals_holding_free(VitalsHolding *holding);

/* The limits of `[Store]`, and `Capture.KeepFree`. */
VitalsRetention vitals_retention_from(const VitalsSettings *settings);

/**
 * vitals_retention_choose:
 * @holdings: (element-type VitalsHolding): newest first; sets @excess of those that have to go
 * @now: wall clock, microseconds
 * @free: bytes that are free now
 *
 * A pure function. Goes from the oldest on. Nothing is deleted for the sake of free space where all of
 * it would not be enough: then somebody else fills the disk.
 *
 * Returns: how many have to go
 */
guint vitals_retention_choose(const GPtrArray *holdings, const VitalsRetention *limits, gint64 now,
                              guint64 free);

/**
 * vitals_retention_apply:
 * @dry_run: only choose
 *
 * Reads what is under @state_dir, chooses and deletes, and clears away what an earlier run that was
 * killed had begun to delete. What is deleted is first given another name, so that a kill at any
 * moment leaves no half of an incident that looks like a whole one. Blocks on the disk.
 *
 * Returns: (transfer full) (element-type VitalsHolding): those that are gone; on failure %G_FILE_ERROR
 */
GPtrArray *vitals_retention_apply(const char *state_dir, const VitalsRetention *limits,
                                  gboolean dry_run, GError **error);

/* Whether one is marked, and marks or unmarks it; @path: the incident's directory. */
gboolean vitals_retention_is_kept(const char *path);
gboolean vitals_retention_keep(const char *path, gboolean keep, GError **error);
