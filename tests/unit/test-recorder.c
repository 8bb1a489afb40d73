/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "monitor/recorder.h"

#include "monitor/output/time.h"

#include <jansson.h>
#include <string.h>

static void
add(VitalsRecorder *recorder, gint64 at)
{
    g_autoptr(VitalsSample) sample = vitals_sample_new(at, at);

    vitals_recorder_add(recorder, sample);
}

static void
check_kept(VitalsRecorder *recorder, guint count, gint64 first)
{
    g_autoptr(GPtrArray) list = vitals_recorder_list(recorder);

    g_assert_cmpuint(list->len, ==, count);
    if (count > 0)
        g_assert_cmpint(((VitalsSample *)list->pdata[0])->at, ==, first);
}

static void
test_bounds(void)
{
    VitalsRecorder *recorder = vitals_recorder_new(10);

    check_kept(recorder, 0, 0);
    for (gint64 at = 1; at <= 100; at++)
        add(recorder, at);
    check_kept(recorder, 11, 90);
    /* a storm of events within the time is bounded too */
    for (guint i = 0; i < 20000; i++)
        add(recorder, 100);
    check_kept(recorder, 5400, 100);
    vitals_recorder_free(recorder);
    vitals_recorder_free(NULL);
}

/* What is listed outlives the recorder. */
static void
test_references(void)
{
    VitalsRecorder *recorder = vitals_recorder_new(10);
    g_autoptr(GPtrArray) list = NULL;

    add(recorder, 7);
    list = vitals_recorder_list(recorder);
    vitals_recorder_free(recorder);
    g_assert_cmpint(((VitalsSample *)list->pdata[0])->at, ==, 7);
}

/* Every sample that can be is one line of JSON. */
static void
test_lines(void)
{
    static const gint64 times[] = { 0, -1, 1, G_MININT64, G_MAXINT64, 1700000000123456 };

    for (guint i = 0; i < 2000; i++) {
        g_autoptr(VitalsSample) sample =
            vitals_sample_new(times[i % G_N_ELEMENTS(times)], times[i / 7 % G_N_ELEMENTS(times)]);
        g_autofree char *line = NULL;
        json_t *json;

        for (guint part = 0; part < VITALS_N_PARTS; part++)
            sample->parts[part] = g_test_rand_int_range(0, VITALS_FACT_TIMED_OUT + 1);
        sample->event = g_test_rand_int_range(0, VITALS_N_EVENTS);
        sample->vcpus = (guint)g_test_rand_int_range(0, 4);
        sample->vcpu_ns = g_new0(guint64, 4);
        sample->vcpu_ns[0] = G_MAXUINT64;
        sample->has_counters = g_test_rand_bit();
        sample->actual = G_MAXUINT64;
        sample->starved = sample->control_for = G_MAXINT64;
        line = vitals_sample_to_line(sample);
        g_assert_true(strchr(line, '\n') == line + strlen(line) - 1);
        json = json_loads(line, JSON_REJECT_DUPLICATES, NULL);
        g_assert_nonnull(json);
        for (guint part = 0; part < VITALS_N_PARTS; part++) {
            const json_t *value = json_object_get(json, vitals_part_name(part));

            if (sample->parts[part] == VITALS_FACT_NOT_ASKED)
                g_assert_null(value);
            else
                g_assert_true(sample->parts[part] == VITALS_FACT_AVAILABLE ? json_is_object(value)
                                                                           : json_is_string(value));
        }
        json_decref(json);
    }
}

static void
test_time(void)
{
    static const struct {
        gint64 realtime;
        const char *rfc3339;
        const char *compact;
    } rows[] = {
        { 0, "1970-01-01T00:00:00.000Z", "19700101T000000Z" },
        { 1700000000999999, "2023-11-14T22:13:20.999Z", "20231114T221320Z" },
        { -1, "1970-01-01T00:00:00.000Z", "19700101T000000Z" },
    };

    for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autofree char *rfc3339 = vitals_time_rfc3339(rows[i].realtime);
        g_autofree char *compact = vitals_time_compact(rows[i].realtime);

        g_assert_cmpstr(rfc3339, ==, rows[i].rfc3339);
        g_assert_cmpstr(compact, ==, rows[i].compact);
    }
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/recorder/bounds", test_bounds);
    g_test_add_func("/recorder/references", test_references);
    g_test_add_func("/recorder/lines", test_lines);
    g_test_add_func("/recorder/time", test_time);
    return g_test_run();
}
