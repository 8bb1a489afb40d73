/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "probes/forecast.h"

#include <math.h>
#include <string.h>

/*
 * The forecast against simulated guests. Every guest is a function from time to the share of memory
 * in use; a quick deterministic generator gives each seed its own sizes, phases and noise.
 */

#define SECOND G_GINT64_CONSTANT(1000000)
#define MINUTE (60 * SECOND)
#define DAY (24 * 60 * MINUTE)
#define GIB ((guint64)1 << 30)

/* 2026-03-01T05:17:00Z: days begin in the middle of the guest's day */
#define BEGIN (G_GINT64_CONSTANT(1772342220) * SECOND)

/* How many seeds; `-m slow` takes enough of them for a figure worth telling. */
#define SEEDS(quick, slow) (g_test_slow() ? (slow) : (quick))

#define PI 3.14159265358979323846

/**
 * Guest: one simulated guest
 * @size: what its kernel sees, bytes
 * @a: @b: @c: sizes of its kind, drawn from the seed, 0 to 1
 * @noise: of each sample, a share of memory
 */
typedef struct {
    GRand *random;
    guint64 size;
    double a;
    double b;
    double c;
    double noise;
} Guest;

/* The share of memory in use @days after the start, without noise. */
typedef double (*Shape)(const Guest *guest, double days);

static Guest
guest_of_seed(guint seed)
{
    Guest guest = { .random = g_rand_new_with_seed(seed) };

    guest.size = (guint64)(g_rand_double_range(guest.random, 0.5, 64) * GIB);
    guest.a = g_rand_double(guest.random);
    guest.b = g_rand_double(guest.random);
    guest.c = g_rand_double(guest.random);
    guest.noise = g_rand_double_range(guest.random, 0, 0.02);
    return guest;
}

static double
cycle(double days, double phase, double amplitude)
{
    return amplitude * (1 + sin(2 * PI * (days + phase))) / 2;
}

/* ---- shapes of health: whatever they do, they never pass what they stop at ---- */

static double
daily_cycle(const Guest *guest, double days)
{
    return 0.2 + 0.4 * guest->a + cycle(days, guest->b, 0.3);
}

static double
weekly_cycle(const Guest *guest, double days)
{
    double weekday = fmod(days + 7 * guest->c, 7);

    return 0.2 + 0.35 * guest->a +
           (weekday < 5 ? cycle(days, guest->b, 0.15) + 0.04 * weekday : 0.05);
}

/* A job that takes memory steadily and gives it back at once, each night or several times a day. */
static double
sawtooth(const Guest *guest, double days)
{
    double teeth = 1 + floor(guest->c * 8);
    double part = fmod(days * teeth + guest->b, 1);

    return 0.25 + 0.1 * guest->a + (part < 0.4 ? part / 0.4 * 0.42 : 0);
}

/* Start-up and warming up: quick or within weeks, then level. */
static double
plateau(const Guest *guest, double days)
{
    double lasts = pow(10, -3 + 4 * guest->a);

    return 0.1 + (0.5 + 0.25 * guest->b) * (1 - exp(-days / lasts)) + cycle(days, guest->c, 0.05);
}

/* The same but straight up to the level. */
static double
ramp(const Guest *guest, double days)
{
    double lasts = pow(10, -3 + 3 * guest->a);
    double top = 0.35 + 0.44 * guest->b;

    return 0.05 + (top - 0.07) * MIN(days / lasts, 1);
}

/* Caches of the kernel (dentries, inodes) and of programs grow with the logarithm of time. */
static double
log_growth(const Guest *guest, double days)
{
    return 0.15 + 0.15 * guest->a + (0.03 + 0.03 * guest->b) * log1p(days * 24) +
           cycle(days, guest->c, 0.1);
}

/* A heap that grows by steps, each half as likely as the last, until its limit. */
static double
heap_steps(const Guest *guest, double days)
{
    guint steps = (guint)(log1p(days * (1 + 6 * guest->a)) / log(1.6));

    return 0.2 + MIN(0.05 * steps, 0.2 + 0.3 * guest->b) + cycle(days, guest->c, 0.08);
}

/* A service that leaks and is restarted every few days, in time. */
static double
restarts(const Guest *guest, double days)
{
    double every = 2 + floor(guest->a * 6);

    return 0.2 + 0.45 * fmod(days + every * guest->b, every) / every + cycle(days, guest->c, 0.04);
}

static double
full_but_level(const Guest *guest, double days)
{
    return 0.8 + 0.12 * guest->a + cycle(days, guest->b, 0.03);
}

/* Noise that wanders: the sum of a few slow cycles without a common period. */
static double
wandering(const Guest *guest, double days)
{
    return 0.45 + 0.08 * sin(days * 0.31 + 9 * guest->a) + 0.09 * sin(days * 1.7 + 9 * guest->b) +
           0.09 * sin(days * 7.3 + 9 * guest->c) + 0.05 * sin(days * 41);
}

static const struct {
    const char *name;
    Shape shape;
} healthy[] = {
    { "daily cycle", daily_cycle },
    { "weekly cycle", weekly_cycle },
    { "sawtooth", sawtooth },
    { "plateau", plateau },
    { "ramp", ramp },
    { "log growth", log_growth },
    { "heap steps", heap_steps },
    { "restarts", restarts },
    { "full but level", full_but_level },
    { "wandering", wandering },
};

static void
feed(VitalsForecast *forecast, Guest *guest, gint64 time, double share)
{
    double noise = guest->noise * (g_rand_double(guest->random) - 0.5);
    double used = CLAMP(share + noise, 0, 1) * (double)guest->size;

    vitals_forecast_feed(forecast, time, guest->size, guest->size - (guint64)used);
}

/* Returns: the microseconds after the start at which something was announced; -1 for never */
static gint64
first_word(Guest *guest, Shape shape, gint64 length, gint64 pace)
{
    VitalsForecast forecast = { 0 };

    for (gint64 at = 0; at < length; at += pace) {
        feed(&forecast, guest, BEGIN + at, shape(guest, (double)at / DAY));
        if (vitals_forecast_result(&forecast, BEGIN + at).seconds >= 0)
            return at;
    }
    return -1;
}

static void
test_healthy(void)
{
    guint days = 0;
    guint alarms = 0;

    for (guint kind = 0; kind < G_N_ELEMENTS(healthy); kind++) {
        for (guint seed = 1; seed <= SEEDS(5, 60); seed++) {
            Guest guest = guest_of_seed(seed * 97 + kind);
            gint64 at = first_word(&guest, healthy[kind].shape, 60 * DAY, 5 * MINUTE);

            if (at >= 0) {
                g_test_message(
                    "%s, seed %u: false alarm on day %.3f (a %.3f b %.3f c %.3f noise %.3f)",
                    healthy[kind].name, seed, (double)at / DAY, guest.a, guest.b, guest.c,
                    guest.noise);
                alarms++;
            }
            days += 60;
            g_rand_free(guest.random);
        }
    }
    g_test_message("%u false alarms in %u guest-days", alarms, days);
    g_assert_cmpuint(alarms, ==, 0);
}

/* The first hours at the pace of the daemon, where the fast scales are at work. */
static void
test_healthy_start(void)
{
    guint alarms = 0;

    for (guint kind = 0; kind < G_N_ELEMENTS(healthy); kind++) {
        for (guint seed = 1; seed <= SEEDS(3, 30); seed++) {
            Guest guest = guest_of_seed(seed * 89 + kind);
            gint64 at = first_word(&guest, healthy[kind].shape, DAY / 4, 2 * SECOND);

            if (at >= 0) {
                g_test_message("%s, seed %u: false alarm after %.1f minutes", healthy[kind].name,
                               seed, (double)at / MINUTE);
                alarms++;
            }
            g_rand_free(guest.random);
        }
    }
    g_assert_cmpuint(alarms, ==, 0);
}

/* The field case: memory is gone after fifty days, with cycles of the day and the week on top. */
static double
slow_leak(const Guest *guest, double days)
{
    double base = 0.05 + 0.4 * guest->a;
    double swing = 0.12 * guest->b;
    double weekday = fmod(days + 7 * guest->c, 7) < 5 ? 1 : 0.4;

    return base + (1 - base - swing) * days / 50 + weekday * cycle(days, guest->c, swing);
}

static void
test_field_case(void)
{
    gint64 least = G_MAXINT64;
    gint64 most = 0;

    for (guint seed = 1; seed <= SEEDS(6, 60); seed++) {
        Guest guest = guest_of_seed(seed);
        gint64 at = first_word(&guest, slow_leak, 50 * DAY, MINUTE);
        gint64 lead = 50 * DAY - at;

        g_test_message("seed %u: base %.2f, swing %.2f: announced on day %.1f", seed,
                       0.05 + 0.4 * guest.a, 0.12 * guest.b, (double)at / DAY);
        g_assert_cmpint(at, >=, 0);
        g_assert_cmpint(lead, >=, 14 * DAY);
        least = MIN(least, lead);
        most = MAX(most, lead);
        g_rand_free(guest.random);
    }
    g_test_message("lead of the field case: %.1f to %.1f days", (double)least / DAY,
                   (double)most / DAY);
}

/* A leak that takes @days from one third of the memory to the end, after @quiet days of daily cycles.
 * Returns: the share of the leak's time that was left when it was announced; negative if never */
static double
lead_of_leak(guint seed, double quiet, double days, gint64 pace)
{
    Guest guest = guest_of_seed(seed);
    VitalsForecast forecast = { 0 };
    gint64 begin = (gint64)(quiet * DAY);
    gint64 length = (gint64)(days * DAY);
    double lead = -1;

    for (gint64 at = 0; at < begin + length && lead < 0; at += at < begin ? 2 * MINUTE : pace) {
        double share = 0.28 + cycle((double)at / DAY, guest.b, 0.05);

        if (at >= begin)
            share += 0.69 * (double)(at - begin) / (double)length;
        feed(&forecast, &guest, BEGIN + at, share);
        if (vitals_forecast_result(&forecast, BEGIN + at).seconds >= 0) {
            g_assert_cmpint(at, >=, begin);
            lead = (double)(begin + length - at) / (double)length;
        }
    }
    g_rand_free(guest.random);
    return lead;
}

/* Leaks of all speeds: each is told of while a part of its time is left. */
static void
test_leaks(void)
{
    static const struct {
        double minutes;
        double quiet; /* days before it */
    } leaks[] = {
        { 3, 0 },
        { 3, 3 },
        { 10, 0.01 },
        { 30, 2 },
        { 60, 0 },
        { 360, 0.1 },
        { 360, 10 },
        { 24 * 60, 4 },
        { 4 * 24 * 60, 10 },
        { 10 * 24 * 60, 20 },
        { 20 * 24 * 60, 5 },
        { 25 * 24 * 60, 30 },
    };

    for (guint i = 0; i < G_N_ELEMENTS(leaks); i++) {
        for (guint seed = 1; seed <= SEEDS(3, 20); seed++) {
            double days = leaks[i].minutes / 24 / 60;
            double lead =
                lead_of_leak(seed, leaks[i].quiet, days, days < 0.5 ? 2 * SECOND : MINUTE);

            g_test_message("a leak of %.0f minutes after %.2f days, seed %u: %.0f %% of it left",
                           leaks[i].minutes, leaks[i].quiet, seed, lead * 100);
            g_assert_cmpfloat(lead, >=, 0.08);
        }
    }
}

/* Without "usable" nothing can be said: unused memory shrinks in every healthy guest. */
static void
test_no_usable(void)
{
    VitalsForecast forecast = { 0 };

    for (guint minute = 0; minute < 2000; minute++)
        vitals_forecast_feed(&forecast, BEGIN + minute * MINUTE, GIB, 0);
    g_assert_cmpint(vitals_forecast_result(&forecast, BEGIN).seconds, ==, -1);
}

/* The host takes memory away with the balloon, or adds some: the guest uses what it used. */
static void
test_balloon(void)
{
    VitalsForecast forecast = { 0 };

    for (guint minute = 0; minute < 3000; minute++) {
        guint64 available = 8 * GIB - (guint64)minute * GIB / 600;
        gint64 time = BEGIN + minute * MINUTE;

        vitals_forecast_feed(&forecast, time, available, available - 2 * GIB);
        g_assert_cmpint(vitals_forecast_result(&forecast, time).seconds, ==, -1);
    }
}

/* Feeds a leak of @minutes in all until there is a word of it. Returns: the time of that */
static gint64
leak_until_told(VitalsForecast *forecast, gint64 begin, guint minutes)
{
    for (gint64 at = 0; at < minutes * MINUTE; at += 10 * SECOND) {
        guint64 used = GIB * (guint64)at / (minutes * (guint64)MINUTE);

        vitals_forecast_feed(forecast, begin + at, GIB, GIB - used);
        if (vitals_forecast_result(forecast, begin + at).seconds > 0)
            return begin + at;
    }
    g_assert_not_reached();
}

/* It counts down, says about when, and a restart of the leaking service takes the word back. */
static void
test_withdrawn(void)
{
    VitalsForecast forecast = { 0 };
    gint64 told = leak_until_told(&forecast, BEGIN, 30);
    VitalsForecastResult result = vitals_forecast_result(&forecast, told);

    g_assert_cmpint(ABS(told + result.seconds * SECOND - BEGIN - 30 * MINUTE), <, 90 * SECOND);
    g_assert_cmpfloat(result.confidence, >, 0.8);
    g_assert_cmpint(vitals_forecast_result(&forecast, told + 60 * SECOND).seconds, ==,
                    result.seconds - 60);
    g_assert_cmpint(vitals_forecast_result(&forecast, told + DAY).seconds, ==, 1);

    for (guint i = 1; i <= 12; i++)
        vitals_forecast_feed(&forecast, told + i * 10 * SECOND, GIB, GIB - GIB / 10);
    g_assert_cmpint(vitals_forecast_result(&forecast, told + 120 * SECOND).seconds, ==, -1);
}

static void
test_reset(void)
{
    VitalsForecast forecast = { 0 };
    gint64 told = leak_until_told(&forecast, BEGIN, 30);

    vitals_forecast_reset(&forecast);
    g_assert_cmpint(vitals_forecast_result(&forecast, told).seconds, ==, -1);
}

/* The wall clock is set: a little back is no matter, far back starts anew, and nothing breaks. */
static void
test_clock(void)
{
    VitalsForecast forecast = { 0 };

    for (gint64 day = 0; day < 40; day++)
        vitals_forecast_feed(&forecast, BEGIN + day * DAY, GIB, GIB - (guint64)day * GIB / 50);
    g_assert_cmpint(vitals_forecast_result(&forecast, BEGIN + 39 * DAY).seconds, >, 9 * 86400);
    vitals_forecast_feed(&forecast, BEGIN + 39 * DAY - 60 * MINUTE, GIB, GIB / 5);
    g_assert_cmpint(vitals_forecast_result(&forecast, BEGIN + 39 * DAY).seconds, >, 9 * 86400);
    vitals_forecast_feed(&forecast, BEGIN - 9000 * DAY, GIB, GIB / 5);
    g_assert_cmpint(vitals_forecast_result(&forecast, BEGIN - 9000 * DAY).seconds, ==, -1);
    vitals_forecast_feed(&forecast, BEGIN + 90000 * DAY, GIB, GIB / 5);
    vitals_forecast_feed(&forecast, BEGIN, GIB, GIB / 5);
    vitals_forecast_feed(&forecast, BEGIN, GIB, 2 * GIB);
    vitals_forecast_feed(&forecast, BEGIN, 0, 0);
    vitals_forecast_feed(&forecast, G_MININT64, GIB, GIB / 5);
    g_assert_cmpint(vitals_forecast_result(&forecast, BEGIN).seconds, ==, -1);
}

/* What outlives us says the same as what was never interrupted. */
static void
test_saved(void)
{
    VitalsForecast forecast = { 0 };
    VitalsForecast loaded;
    g_autofree char *text = NULL;
    g_autofree char *again = NULL;

    for (gint64 at = 0; at < 35 * DAY; at += 60 * MINUTE) {
        vitals_forecast_feed(&forecast, BEGIN + at, GIB,
                             GIB - (guint64)(at / MINUTE) * GIB / 72000);
        if (at % (5 * DAY) == 0) {
            g_free(text);
            text = vitals_forecast_save(&forecast);
            g_assert_true(vitals_forecast_load(text, &forecast));
        }
    }
    g_free(text);
    text = vitals_forecast_save(&forecast);
    g_assert_cmpuint(strlen(text), <, 16384);
    g_assert_true(vitals_forecast_load(text, &loaded));
    again = vitals_forecast_save(&loaded);
    g_assert_cmpstr(text, ==, again);
    g_assert_cmpint(vitals_forecast_result(&loaded, BEGIN + 35 * DAY).seconds, >, 13 * 86400);
}

/* A file that was tampered with is refused or read; nothing else. */
static void
test_hostile(void)
{
    static const char *const texts[] = {
        "",
        "\n",
        "virt-vitals forecast 1",
        "virt-vitals forecast 2\n1 1 1\n",
        "virt-vitals forecast 1\n1 1\n",
        "virt-vitals forecast 1\n1 1 1 1\n",
        "virt-vitals forecast 1\n1 -1 1\n",
        "virt-vitals forecast 1\n1 1 99999999999999999999\n",
        "virt-vitals forecast 1\n1 9 1\n5 0 0 0\n",
        "virt-vitals forecast 1\n1 9 1\n4 0 0 0 0 1 2\n",
        "virt-vitals forecast 1\n1 9 1\n4 0 0 0 7 2 1\n",
        "virt-vitals forecast 1\n1 9 1\n4 0 0 0 0 2\n",
        "virt-vitals forecast 1\n1 9 1\n4 0 0 0 0 2 1 0 2 1\n",
    };
    VitalsForecast forecast = { .time = 42 };
    g_autoptr(GRand) random = g_rand_new_with_seed(7);
    g_autofree char *good = NULL;
    gsize length;

    for (guint i = 0; i < G_N_ELEMENTS(texts); i++) {
        g_test_message("%s", texts[i]);
        g_assert_false(vitals_forecast_load(texts[i], &forecast));
    }
    g_assert_cmpint(forecast.time, ==, 42);

    leak_until_told(&forecast, BEGIN, 300);
    good = vitals_forecast_save(&forecast);
    length = strlen(good);
    for (guint i = 0; i < 20000; i++) {
        g_autofree char *bad = g_strdup(good);

        bad[g_rand_int_range(random, 0, (gint32)length)] = "0123456789 \n-x"[i % 14];
        if (vitals_forecast_load(bad, &forecast))
            vitals_forecast_feed(&forecast, BEGIN + DAY, GIB, GIB / 8);
    }
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/forecast/healthy", test_healthy);
    g_test_add_func("/forecast/healthy/start", test_healthy_start);
    g_test_add_func("/forecast/field-case", test_field_case);
    g_test_add_func("/forecast/leaks", test_leaks);
    g_test_add_func("/forecast/no-usable", test_no_usable);
    g_test_add_func("/forecast/balloon", test_balloon);
    g_test_add_func("/forecast/withdrawn", test_withdrawn);
    g_test_add_func("/forecast/reset", test_reset);
    g_test_add_func("/forecast/clock", test_clock);
    g_test_add_func("/forecast/saved", test_saved);
    g_test_add_func("/forecast/hostile", test_hostile);
    return g_test_run();
}
