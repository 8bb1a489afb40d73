/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "monitor/brake.h"

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

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/brake/window", test_window);
    return g_test_run();
}
