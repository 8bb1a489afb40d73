/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "config/settings.h"
#include "monitor/lane.h"

/*
 * Keeps the incidents within the limits of [Store]: at the start, when it is asked to, and every hour,
 * on a worker of its own. Lives on the main loop.
 */
typedef struct VitalsStorekeeper VitalsStorekeeper;

/**
 * vitals_storekeeper_new:
 * @removed: called on the main loop for each incident that is gone
 */
VitalsStorekeeper *vitals_storekeeper_new(VitalsSettings *settings, const char *state_dir,
                                          VitalsAbandoned *abandoned,
                                          void (*removed)(const char *id, gpointer data),
                                          gpointer data);

/* See vitals_lane_free(). */
gboolean vitals_storekeeper_free(VitalsStorekeeper *keeper, gint64 patience);

/**
 * vitals_storekeeper_make_room:
 * @bytes: that are to be free above KeepFree; where they are, nothing is looked at
 * @done: called on the main loop, whether or not there is room then; not after vitals_storekeeper_free()
 * @free_data: (nullable): frees @data, whether or not @done was called
 *
 * Deletes now what may go, the oldest first, for something that is about to be written. Does not block.
 */
void vitals_storekeeper_make_room(VitalsStorekeeper *keeper, guint64 bytes,
                                  void (*done)(gpointer data), gpointer data,
                                  GDestroyNotify free_data);

/* Tidies up soon: does not block, and many wishes at once are one. */
void vitals_storekeeper_tidy(VitalsStorekeeper *keeper);
