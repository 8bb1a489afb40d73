/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "monitor/brake.h"

#include <string.h>

static void
test_window(void)
{
    VitalsBrake *brake = vitals_brake_new();
    gint64 now = 100 * G_TIME_SPAN_HOUR;

    g_assert_cmpuint(vitals_brake_count(brake, "a", now, G_TIME_SPAN_HOUR), ==, 0);
    vitals_brake_note(brake, "a", now);
    vitals_brake_note(brake, "b", now);
    vitals_brake_note(brake, "a", now + 30 * G_TIME_SPAN_MINUTE);
    now += 59 * G_TIME_SPAN_MINUTE;
    g_assert_cmpuint(vitals_brake_count(brake, "a", now, G_TIME_SPAN_HOUR), ==, 2);
    g_assert_cmpuint(vitals_brake_count(brake, "b", now, G_TIME_SPAN_HOUR), ==, 1);
    now += G_TIME_SPAN_MINUTE;
    g_assert_cmpuint(vitals_brake_count(brake, "a", now, G_TIME_SPAN_HOUR), ==, 1);
    g_assert_cmpuint(vitals_brake_count(brake, "b", now, G_TIME_SPAN_HOUR), ==, 0);
    vitals_brake_note(brake, "b", now + 2 * G_TIME_SPAN_DAY);
    g_assert_cmpuint(vitals_brake_count(brake, "a", now, G_MAXINT64), ==, 0);
    vitals_brake_free(brake);
    vitals_brake_free(NULL);
}

/* A new process, after the host was booted anew: its monotonic clock begins from the beginning. */
static VitalsBrake *
renew(VitalsBrake *brake, gint64 now, gint64 realtime, gint64 later, gint64 realtime_later)
{
    g_autofree char *text = vitals_brake_text(brake, now, realtime);

    vitals_brake_free(brake);
    brake = vitals_brake_new();
    vitals_brake_take(brake, text, strlen(text), later, realtime_later);
    return brake;
}

static void
test_outlives(void)
{
    VitalsBrake *brake = vitals_brake_new();
    gint64 real = 1000 * G_TIME_SPAN_DAY;
    gint64 now = 100 * G_TIME_SPAN_HOUR;

    vitals_brake_note(brake, "a", now - 50 * G_TIME_SPAN_MINUTE);
    vitals_brake_note(brake, "a", now);
    brake = renew(brake, now, real, G_TIME_SPAN_MINUTE, real + 5 * G_TIME_SPAN_MINUTE);
    now = G_TIME_SPAN_MINUTE;
    g_assert_cmpuint(vitals_brake_count(brake, "a", now, G_TIME_SPAN_HOUR), ==, 2);
    now += 10 * G_TIME_SPAN_MINUTE;
    g_assert_cmpuint(vitals_brake_count(brake, "a", now, G_TIME_SPAN_HOUR), ==, 1);
    /* the wall clock was set back: as if it had been just now */
    brake = renew(brake, now, real, now, real - G_TIME_SPAN_DAY);
    g_assert_cmpuint(vitals_brake_count(brake, "a", now, G_TIME_SPAN_MINUTE), ==, 2);
    /* two days later none of it counts, and none of it is kept */
    brake = renew(brake, now, real, now, real + 2 * G_TIME_SPAN_DAY);
    g_assert_cmpuint(vitals_brake_count(brake, "a", now, G_MAXINT64), ==, 0);
    vitals_brake_free(brake);
}

static void
test_odd(void)
{
    static const char *const texts[] = { "", "{", "[]", "{\"recoveries\": 3}",
                                         "{\"recoveries\": [3, {}, {\"uuid\": \"a\"}, "
                                         "{\"uuid\": 1, \"at\": 2}, "
                                         "{\"uuid\": \"a\", \"at\": -9}]}" };
    VitalsBrake *brake = vitals_brake_new();

    for (gsize i = 0; i < G_N_ELEMENTS(texts); i++)
        vitals_brake_take(brake, texts[i], strlen(texts[i]), 0, 0);
    g_assert_cmpuint(vitals_brake_count(brake, "a", 0, G_MAXINT64), ==, 0);
    vitals_brake_free(brake);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/brake/window", test_window);
    g_test_add_func("/brake/outlives", test_outlives);
    g_test_add_func("/brake/odd", test_odd);
    return g_test_run();
}
