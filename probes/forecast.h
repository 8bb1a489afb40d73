/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

/*
 * When a guest's memory will run out, from the figures its balloon driver tells.
 *
 * What is followed is what the guest cannot get back: the memory its kernel sees less what it calls
 * usable without swapping. Page cache is usable and does not count, and the balloon or a hot-plugged
 * module changes both figures alike, so neither looks like a leak. Where the guest does not tell
 * "usable" (Linux before 3.14, most Windows drivers) nothing is forecast: unused memory shrinks to
 * nothing in every healthy guest.
 *
 * The highest and lowest figure of each ten seconds, minute, ten minutes, two hours and day are kept,
 * 64 of each, so memory is bounded and every speed of leak has its scale. On each scale the trend is the
 * median of all slopes between two points (Theil and Sen), which one odd day cannot bend.
 *
 * To be announced, a trend has to
 *   - be significant, steady and larger than the scatter around it;
 *   - be in the troughs as in the peaks: growing load lifts the peaks alone, a leak lifts both;
 *   - lead to the end if it goes on slowing down as it did: start-up and caches approach a level;
 *   - have used most of the memory: an earlier word would be about every guest that fills its heap;
 *   - end no further ahead than it was watched for;
 *   - lead above every level that the guest came back from by itself: that is its daily business.
 *
 * Plain data without pointers; all times are wall-clock microseconds, as they have to outlive us.
 */

#define VITALS_FORECAST_SCALES 5
#define VITALS_FORECAST_BUCKETS 64

/* @index: its time, in widths of its scale since the epoch; @peak, @trough: bytes in use */
typedef struct {
    gint64 index;
    guint64 peak;
    guint64 trough;
} VitalsForecastBucket;

/**
 * VitalsForecastScale: one resolution
 * @first: the oldest bucket's place in the ring
 * @count: how many there are; the newest of them is still open
 * @survived: the highest use that it came back from by itself, bytes; 0 for none
 * @survived_before: the same of the period before, so that none is forgotten too early
 * @survived_since: when the period of @survived began
 * @exhausted_at: when memory runs out; 0 while nothing is announced
 * @confidence: of it, as VitalsForecastResult
 * @streak: how many evaluations in a row disagreed with what is announced
 */
typedef struct {
    guint first;
    guint count;
    guint64 survived;
    guint64 survived_before;
    gint64 survived_since;
    gint64 exhausted_at;
    double confidence;
    guint streak;
    VitalsForecastBucket buckets[VITALS_FORECAST_BUCKETS];
} VitalsForecastScale;

/* @since: of the first figures; @time: of the last */
typedef struct {
    gint64 since;
    gint64 time;
    guint64 available;
    gboolean tells_usable;
    VitalsForecastScale scales[VITALS_FORECAST_SCALES];
} VitalsForecast;

/**
 * VitalsForecastResult:
 * @seconds: until memory is exhausted, at least 1; -1 if nothing is forecast
 * @confidence: the slow end of the slope's 90 % interval as a part of the slope, 0 to 1
 */
typedef struct {
    gint64 seconds;
    double confidence;
} VitalsForecastResult;

/* Forgets everything: the guest (re)started. A zeroed struct is a valid new one. */
void vitals_forecast_reset(VitalsForecast *forecast);

/**
 * vitals_forecast_feed:
 * @time: wall clock of the answer, microseconds; one that lies a little in the past counts as now, and
 *   one that lies days in the past makes it start anew
 * @available: what the guest's kernel sees, bytes
 * @usable: of that, what it could use without swapping; 0 if it does not tell
 *
 * Takes one answer in; any pace will do. Costs little unless most of the memory is in use.
 */
void vitals_forecast_feed(VitalsForecast *forecast, gint64 time, guint64 available, guint64 usable);

/* What follows from all that was fed. @time: now, as for feeding */
VitalsForecastResult vitals_forecast_result(const VitalsForecast *forecast, gint64 time);

/**
 * vitals_forecast_save:
 *
 * Returns: (transfer full): the slow scales as a few lines of ASCII text, at most 16 KiB, for
 * vitals_forecast_load(). The fast ones refill within the hour.
 */
char *vitals_forecast_save(const VitalsForecast *forecast);

/**
 * vitals_forecast_load:
 * @text: as saved; may be anything
 * @ret_forecast: set on success only
 *
 * Returns: %FALSE if it is not such a text
 */
gboolean vitals_forecast_load(const char *text, VitalsForecast *ret_forecast);
