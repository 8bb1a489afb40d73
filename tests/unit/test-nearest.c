/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config/nearest.h"

static void
test_names(void)
{
    g_autoptr(GPtrArray) names = g_ptr_array_new();
    g_autofree char *long_name = g_strnfill(100000, 'S');

    g_assert_null(vitals_nearest("Web", names));
    g_ptr_array_add(names, (char *)"SamplePeriod");
    g_ptr_array_add(names, (char *)"BalloonPeriod");
    g_ptr_array_add(names, (char *)"Web");

    g_assert_cmpstr(vitals_nearest("SamplePeriod", names), ==, "SamplePeriod");
    g_assert_cmpstr(vitals_nearest("sampleperiod", names), ==, "SamplePeriod");
    g_assert_cmpstr(vitals_nearest("SampelPeriod", names), ==, "SamplePeriod");
    g_assert_cmpstr(vitals_nearest("SamplePeriodSec", names), ==, "SamplePeriod");
    g_assert_cmpstr(vitals_nearest("BaloonPeriod", names), ==, "BalloonPeriod");
    g_assert_cmpstr(vitals_nearest("Wbe", names), ==, "Web");
    g_assert_cmpstr(vitals_nearest("W\xff"
                                   "b",
                                   names),
                    ==, "Web");
    g_assert_null(vitals_nearest("Wide", names));
    g_assert_null(vitals_nearest("", names));
    g_assert_null(vitals_nearest("Period", names));
    g_assert_null(vitals_nearest(long_name, names));
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/nearest/names", test_names);
    return g_test_run();
}
