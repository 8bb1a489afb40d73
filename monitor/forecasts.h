/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "monitor/guest.h"

/*
 * The forecasts' long memory across a restart of ours: STATE/forecasts, one small text file for all
 * guests, replaced whole. It belongs to one boot of the host and, guest by guest, to one run: another
 * run of a guest has all its memory again.
 *
 *   virt-vitals forecasts 1 BOOT
 *   guest UUID ID
 *   (the text of vitals_forecast_save())
 *   .
 */

/* What is in the file, by UUID. */
typedef struct VitalsForecasts VitalsForecasts;

/* Reads the file; one that is missing, odd or of another boot is an empty one. Blocks. */
VitalsForecasts *vitals_forecasts_load(const char *state_dir);
void vitals_forecasts_free(VitalsForecasts *forecasts);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(VitalsForecasts, vitals_forecasts_free)

/* Gives a guest that was just found what is known of this run of it, once. */
void vitals_forecasts_recall(VitalsForecasts *forecasts, VitalsGuest *guest);

/* A copy of what the guests' forecasts are now, for a worker to write. */
typedef struct VitalsForecastsCopy VitalsForecastsCopy;

/* @guests: (element-type VitalsGuest) */
VitalsForecastsCopy *vitals_forecasts_copy(const GPtrArray *guests);
void vitals_forecasts_copy_free(VitalsForecastsCopy *copy);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(VitalsForecastsCopy, vitals_forecasts_copy_free)

/* Replaces the file. Blocks on the disk. */
gboolean vitals_forecasts_write(const char *state_dir, const VitalsForecastsCopy *copy,
                                GError **error);
