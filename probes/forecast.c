/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "probes/forecast.h"

#include <math.h>
#include <string.h>

#define SECOND G_USEC_PER_SEC
#define MINUTE (60 * G_GINT64_CONSTANT(1000000))
#define HOUR (60 * MINUTE)
#define DAY (24 * HOUR)

/* Linux cannot use the last pages: the watermarks hold back about this share. */
#define RESERVE 0.02

/* A trend has to have used up this share of the memory by itself. */
#define RISE_MIN 0.08

/* Two levels that are closer than this share are the same level. */
#define SAME_LEVEL 0.05

/* A fall from the top by this share is a return by itself; from higher than @SURVIVABLE it is what the
 * kernel's out-of-memory killer does. */
#define CAME_BACK 0.05
#define SURVIVABLE 0.94
#define SURVIVED_FOR (21 * DAY)

/* Memory freed below all recent troughs by this share ends a trend. */
#define FREED 0.03

/* A clock set back further than this makes all bucket numbers meaningless. */
#define SET_BACK (2 * DAY)

/* The median of pairwise slopes needs points: below this it is guesswork. */
#define POINTS_MIN 8

#define SAVE_HEADER "virt-vitals forecast 1"

/**
 * Scale:
 * @width: of a bucket, microseconds
 * @left: the share of memory that has to be left at most for a word about it
 * @agreements: evaluations in a row that it takes to announce or to withdraw
 * @points: the least number of buckets for a trend
 * @watched: how long the guest has to be known: what its day looks like cannot be guessed from a morning
 * @saved: it is worth keeping
 *
 * The faster the scale, the less must be left: a database fills two thirds of its guest within
 * minutes and stops, while what goes on for weeks seldom stops by itself.
 */
typedef struct {
    gint64 width;
    double left;
    guint agreements;
    guint points;
    gint64 watched;
    gboolean saved;
} Scale;

static const Scale scales[VITALS_FORECAST_SCALES] = {
    { .width = 10 * SECOND, .left = 0.20, .agreements = 1, .points = POINTS_MIN },
    { .width = MINUTE, .left = 0.20, .agreements = 2, .points = POINTS_MIN },
    { .width = 10 * MINUTE,
      .left = 0.20,
      .agreements = 2,
      .points = 12,
      .watched = 26 * HOUR,
      .saved = TRUE },
    { .width = 2 * HOUR,
      .left = 0.25,
      .agreements = 2,
      .points = 24,
      .watched = 8 * DAY,
      .saved = TRUE },
    /* less than two weeks of days would take a busy week for a trend */
    { .width = DAY, .left = 0.40, .agreements = 1, .points = 14, .saved = TRUE },
};

/* The closed buckets of a window as numbers. */
typedef struct {
    guint count;
    double x[VITALS_FORECAST_BUCKETS];
    double peak[VITALS_FORECAST_BUCKETS];
    double trough[VITALS_FORECAST_BUCKETS];
} Window;

static const VitalsForecastBucket *
bucket_at(const VitalsForecastScale *scale, guint place)
{
    return &scale->buckets[(scale->first + place) % VITALS_FORECAST_BUCKETS];
}

static VitalsForecastBucket *
newest(VitalsForecastScale *scale)
{
    return &scale->buckets[(scale->first + scale->count - 1) % VITALS_FORECAST_BUCKETS];
}

/* ---- the robust trend ---- */

static int
compare_doubles(const void *a, const void *b)
{
    double left = *(const double *)a;
    double right = *(const double *)b;

    return (left > right) - (left < right);
}

static double
median_of(double *values, guint count)
{
    qsort(values, count, sizeof(double), compare_doubles);
    return count % 2 ? values[count / 2] : (values[count / 2 - 1] + values[count / 2]) / 2;
}

/* The 90 % interval of the median slope reaches down to this one of them, in order of size (P. K. Sen,
 * J. Amer. Statist. Assoc. 63, 1968; the variance is Kendall's). */
static guint
slow_end(guint points, guint slopes)
{
    double n = points;
    double spread = 1.645 * sqrt(n * (n - 1) * (2 * n + 5) / 18);
    double rank = ((double)slopes - spread) / 2;

    return rank > 0 ? (guint)rank : 0;
}

/* The median slope of @y over @x; @ret_slow: (optional): the slow end of its 90 % interval */
static double
slope_of(const double *x, const double *y, guint count, double *ret_slow)
{
    g_autofree double *slopes = g_new(double, count *(count - 1) / 2);
    guint n = 0;
    double median;

    for (guint i = 0; i < count; i++) {
        for (guint j = i + 1; j < count; j++)
            slopes[n++] = (y[j] - y[i]) / (x[j] - x[i]);
    }
    median = median_of(slopes, n);
    if (ret_slow)
        *ret_slow = slopes[slow_end(count, n)];
    return median;
}

/* The median distance of the peaks from the line of that slope. */
static double
scatter_of(const Window *window, double slope)
{
    g_autofree double *rest = g_new(double, window->count);
    double intercept;

    for (guint i = 0; i < window->count; i++)
        rest[i] = window->peak[i] - slope * window->x[i];
    intercept = median_of(rest, window->count);
    for (guint i = 0; i < window->count; i++)
        rest[i] = fabs(window->peak[i] - slope * window->x[i] - intercept);
    return median_of(rest, window->count);
}

/*
 * Whether the growth gets as far as @left when it slows down from half window to half window as it
 * did between these two: what approaches a level geometrically still adds late * r / (1 - r).
 */
static gboolean
gets_there(double early, double late, double half, double left)
{
    double ratio = early > 0 ? late / early : 1;

    if (late <= 0)
        return FALSE;
    return ratio >= 1 || late * half * ratio / (1 - ratio) >= left;
}

/* ---- one window ---- */

static gboolean
fill_window(const VitalsForecastScale *scale, guint points, Window *ret_window)
{
    guint closed = scale->count - 1;
    double origin;
    double length;

    if (points < POINTS_MIN || points > closed)
        return FALSE;
    ret_window->count = points;
    origin = (double)bucket_at(scale, closed - points)->index;
    for (guint i = 0; i < points; i++) {
        const VitalsForecastBucket *bucket = bucket_at(scale, closed - points + i);

        ret_window->x[i] = (double)bucket->index - origin;
        ret_window->peak[i] = (double)bucket->peak;
        ret_window->trough[i] = (double)bucket->trough;
    }
    length = ret_window->x[points - 1] + 1;
    /* with more holes than that we do not know what went on in them */
    return points >= 0.6 * length;
}

/* Not the end of the line: that of a curve which flattens out lies far above it. */
static double
recent_peak(const Window *window)
{
    guint last = window->count - 1;

    return MAX(window->peak[last], MAX(window->peak[last - 1], window->peak[last - 2]));
}

/* A trend that was announced may waver a little before it is withdrawn. */
typedef struct {
    double left;
    double steadiness;
    double horizon;
} Demand;

static Demand
demand_of(const Scale *kind, gboolean announced)
{
    return announced ? (Demand){ kind->left * 1.25, 0.25, 2.0 } : (Demand){ kind->left, 0.5, 1.0 };
}

/* Returns: in how many widths the memory ends; 0 if this window does not say that it will */
static double
judge_window(const Window *window, const Demand *demand, double available, double *ret_confidence)
{
    guint half = window->count / 2;
    double span = window->x[window->count - 1];
    double slow;
    double slope = slope_of(window->x, window->peak, window->count, &slow);
    double left;
    double early;
    double late;

    if (slow <= 0 || slow < slope * demand->steadiness)
        return 0;
    if (slope * span < MAX(available * RISE_MIN, 4 * scatter_of(window, slope)))
        return 0;
    if (slope_of(window->x, window->trough, window->count, NULL) < 0.4 * slope)
        return 0;
    early = slope_of(window->x, window->peak, half, NULL);
    late =
        slope_of(window->x + window->count - half, window->peak + window->count - half, half, NULL);
    left = MAX(available * (1 - RESERVE) - recent_peak(window), 0);
    if (left > 0 && !gets_there(early, late, span / 2, left))
        return 0;
    slope = MIN(slope, MAX(late, slow));
    *ret_confidence = CLAMP(slow / slope, 0, 1);
    return left <= slope * span * demand->horizon ? MAX(left / slope, 0.01) : 0;
}

/* Tries the whole ring, then its later half, then its last quarter: a leak may have begun lately. */
static double
judge_scale(const Scale *kind, const VitalsForecastScale *scale, double available,
            double *ret_confidence)
{
    Demand demand = demand_of(kind, scale->exhausted_at != 0);
    guint closed = scale->count - 1;
    double level = (double)bucket_at(scale, closed - 1)->peak / available;
    guint64 survived = MAX(scale->survived, scale->survived_before);

    if (1 - level > demand.left)
        return 0;
    if (!scale->exhausted_at && survived && level <= (double)survived / available + SAME_LEVEL)
        return 0;
    for (guint points = closed; points >= kind->points; points /= 2) {
        Window window;
        double widths;

        if (!fill_window(scale, points, &window))
            continue;
        widths = judge_window(&window, &demand, available, ret_confidence);
        if (widths > 0)
            return widths;
    }
    return 0;
}

/* ---- one scale over time ---- */

static void
evaluate(VitalsForecast *forecast, guint which, gint64 time)
{
    const Scale *kind = &scales[which];
    VitalsForecastScale *scale = &forecast->scales[which];
    double confidence = 0;
    double widths = 0;

    if (scale->count > kind->points && time - forecast->since >= kind->watched)
        widths = judge_scale(kind, scale, (double)forecast->available, &confidence);
    if ((widths > 0) != (scale->exhausted_at != 0)) {
        if (++scale->streak < kind->agreements)
            return;
    }
    scale->streak = 0;
    scale->confidence = confidence;
    scale->exhausted_at = widths > 0 ? time + (gint64)(widths * (double)kind->width) : 0;
}

/* Remembers the highest peak if the bucket that was just closed lies well below it. */
static void
note_survived(const VitalsForecast *forecast, VitalsForecastScale *scale, gint64 time)
{
    double available = (double)forecast->available;
    guint64 highest = 0;

    if (time - scale->survived_since > SURVIVED_FOR) {
        scale->survived_before = scale->survived;
        scale->survived = 0;
        scale->survived_since = time;
    }
    for (guint i = 0; i < scale->count; i++)
        highest = MAX(highest, bucket_at(scale, i)->peak);
    if ((double)highest > available * SURVIVABLE || highest < scale->survived ||
        (double)highest - (double)newest(scale)->peak < available * CAME_BACK)
        return;
    scale->survived = highest;
}

/* Memory was given back below all that was in use lately: a service restarted, a cache was dropped.
 * What grew before says nothing of what comes. */
static gboolean
was_freed(const VitalsForecast *forecast, const VitalsForecastScale *scale, guint64 used)
{
    guint closed = scale->count - 1;
    guint recent = MIN(closed, MAX(3, closed / 4));
    double lowest = G_MAXDOUBLE;
    double risen;

    if (closed < 3)
        return FALSE;
    for (guint i = closed - recent; i < closed; i++)
        lowest = MIN(lowest, (double)bucket_at(scale, i)->trough);
    risen = lowest - (double)bucket_at(scale, 0)->trough;
    return (double)used < lowest - MAX((double)forecast->available * FREED, risen / 2);
}

static void
open_bucket(VitalsForecastScale *scale, gint64 index, guint64 used)
{
    if (scale->count == VITALS_FORECAST_BUCKETS)
        scale->first = (scale->first + 1) % VITALS_FORECAST_BUCKETS;
    else
        scale->count++;
    *newest(scale) = (VitalsForecastBucket){ .index = index, .peak = used, .trough = used };
}

static void
start_trend_over(const VitalsForecast *forecast, VitalsForecastScale *scale, gint64 time)
{
    VitalsForecastBucket open = *newest(scale);

    note_survived(forecast, scale, time);
    scale->first = 0;
    scale->count = 1;
    scale->buckets[0] = open;
    scale->exhausted_at = 0;
    scale->streak = 0;
}

static void
feed_scale(VitalsForecast *forecast, guint which, gint64 time, guint64 used)
{
    VitalsForecastScale *scale = &forecast->scales[which];
    gint64 index = time / scales[which].width;

    if (scale->count > 0 && index <= newest(scale)->index) {
        newest(scale)->peak = MAX(newest(scale)->peak, used);
        newest(scale)->trough = MIN(newest(scale)->trough, used);
    } else {
        if (scale->count > 0)
            note_survived(forecast, scale, time);
        open_bucket(scale, index, used);
        evaluate(forecast, which, time);
    }
    if (was_freed(forecast, scale, used)) {
        *newest(scale) = (VitalsForecastBucket){ newest(scale)->index, used, used };
        start_trend_over(forecast, scale, time);
    }
}

/* ---- the whole ---- */

void
vitals_forecast_reset(VitalsForecast *forecast)
{
    memset(forecast, 0, sizeof *forecast);
}

void
vitals_forecast_feed(VitalsForecast *forecast, gint64 time, guint64 available, guint64 usable)
{
    if (available == 0 || usable > available || time <= 0)
        return;
    forecast->tells_usable |= usable > 0;
    if (!forecast->tells_usable)
        return;
    if (time < forecast->time - SET_BACK)
        vitals_forecast_reset(forecast);
    if (!forecast->since)
        forecast->since = time;
    forecast->time = MAX(forecast->time, time);
    forecast->tells_usable = TRUE;
    forecast->available = available;
    for (guint which = 0; which < VITALS_FORECAST_SCALES; which++)
        feed_scale(forecast, which, forecast->time, available - usable);
}

VitalsForecastResult
vitals_forecast_result(const VitalsForecast *forecast, gint64 time)
{
    VitalsForecastResult result = { .seconds = -1 };

    for (guint which = 0; which < VITALS_FORECAST_SCALES; which++) {
        const VitalsForecastScale *scale = &forecast->scales[which];
        gint64 seconds = MAX((scale->exhausted_at - time) / SECOND, 1);

        if (scale->exhausted_at && (result.seconds < 0 || seconds < result.seconds)) {
            result.seconds = seconds;
            result.confidence = scale->confidence;
        }
    }
    return result;
}

/* ---- as text ---- */

#define SAVED_MAX 16384

char *
vitals_forecast_save(const VitalsForecast *forecast)
{
    GString *text = g_string_new(SAVE_HEADER "\n");

    g_string_append_printf(text,
                           "%" G_GINT64_FORMAT " %" G_GINT64_FORMAT " %" G_GUINT64_FORMAT "\n",
                           forecast->since, forecast->time, forecast->available);
    for (guint which = 0; which < VITALS_FORECAST_SCALES; which++) {
        const VitalsForecastScale *scale = &forecast->scales[which];

        if (!scales[which].saved)
            continue;
        g_string_append_printf(
            text, "%u %" G_GUINT64_FORMAT " %" G_GUINT64_FORMAT " %" G_GINT64_FORMAT, which,
            scale->survived, scale->survived_before, scale->survived_since);
        for (guint i = 0; i < scale->count; i++) {
            const VitalsForecastBucket *bucket = bucket_at(scale, i);

            g_string_append_printf(text,
                                   " %" G_GINT64_FORMAT " %" G_GUINT64_FORMAT " %" G_GUINT64_FORMAT,
                                   bucket->index, bucket->peak, bucket->trough);
        }
        g_string_append_c(text, '\n');
    }
    return g_string_free(text, FALSE);
}

/* All numbers of a line, which must hold nothing else. Returns: (nullable) (element-type guint64) */
static GArray *
numbers_of(const char *line)
{
    g_auto(GStrv) words = g_strsplit(line, " ", 5 + VITALS_FORECAST_BUCKETS * 3);
    g_autoptr(GArray) numbers = g_array_new(FALSE, FALSE, sizeof(guint64));

    for (char **word = words; *word; word++) {
        guint64 number;

        /* far above any memory and any clock, far below what arithmetic overflows */
        if (!g_ascii_string_to_unsigned(*word, 10, 0, G_GUINT64_CONSTANT(1) << 60, &number, NULL))
            return NULL;
        g_array_append_val(numbers, number);
    }
    return g_steal_pointer(&numbers);
}

static gboolean
load_scale(const char *line, VitalsForecast *forecast)
{
    g_autoptr(GArray) array = numbers_of(line);
    const guint64 *numbers = array ? (const guint64 *)array->data : NULL;
    VitalsForecastScale *scale;

    if (!array || array->len < 4 || array->len % 3 != 1 || numbers[0] >= VITALS_FORECAST_SCALES ||
        array->len / 3 - 1 > VITALS_FORECAST_BUCKETS)
        return FALSE;
    scale = &forecast->scales[numbers[0]];
    *scale = (VitalsForecastScale){ .survived = numbers[1],
                                    .survived_before = numbers[2],
                                    .survived_since = (gint64)numbers[3] };
    for (guint i = 4; i < array->len; i += 3) {
        VitalsForecastBucket bucket = { (gint64)numbers[i], numbers[i + 1], numbers[i + 2] };

        if (bucket.trough > bucket.peak ||
            bucket.index > forecast->time / scales[numbers[0]].width ||
            (scale->count > 0 && bucket.index <= newest(scale)->index))
            return FALSE;
        scale->buckets[scale->count++] = bucket;
    }
    return TRUE;
}

gboolean
vitals_forecast_load(const char *text, VitalsForecast *ret_forecast)
{
    VitalsForecast forecast = { .tells_usable = TRUE };
    g_auto(GStrv) lines = NULL;
    g_autoptr(GArray) numbers = NULL;
    guint count;

    if (strnlen(text, SAVED_MAX + 1) > SAVED_MAX)
        return FALSE;
    lines = g_strsplit(text, "\n", -1);
    count = g_strv_length(lines);
    /* cut short, it lacks its last new line */
    if (count < 3 || !g_str_equal(lines[0], SAVE_HEADER) || *lines[count - 1])
        return FALSE;
    numbers = numbers_of(lines[1]);
    if (!numbers || numbers->len != 3)
        return FALSE;
    forecast.since = (gint64)g_array_index(numbers, guint64, 0);
    forecast.time = (gint64)g_array_index(numbers, guint64, 1);
    forecast.available = g_array_index(numbers, guint64, 2);
    for (guint i = 2; i + 1 < count; i++) {
        if (!load_scale(lines[i], &forecast))
            return FALSE;
    }
    for (guint which = 0; which < VITALS_FORECAST_SCALES && forecast.available; which++) {
        if (forecast.scales[which].count > 0)
            evaluate(&forecast, which, forecast.time);
    }
    *ret_forecast = forecast;
    return TRUE;
}
