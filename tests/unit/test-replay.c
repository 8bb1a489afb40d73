/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "monitor/replay.h"
#include "tests/unit/program.h"

#include <jansson.h>
#include <string.h>

/* Recordings of made-up guests, judged again. */

#define SECOND G_USEC_PER_SEC
#define GIB ((guint64)1 << 30)
#define EPOCH G_GINT64_CONSTANT(1772342220000000)

typedef struct {
    char *directory;
    char *path;
    GString *lines;
} Fixture;

static void
set_up(Fixture *fixture, gconstpointer data)
{
    fixture->directory = g_dir_make_tmp("vitals-XXXXXX", NULL);
    fixture->path = g_build_filename(fixture->directory, "signals.jsonl", NULL);
    fixture->lines = g_string_new(NULL);
}

static void
tear_down(Fixture *fixture, gconstpointer data)
{
    test_remove_tree(fixture->directory);
    g_free(fixture->directory);
    g_free(fixture->path);
    g_string_free(fixture->lines, TRUE);
}

static void
add(Fixture *fixture, VitalsSample *sample)
{
    g_autofree char *line = vitals_sample_to_line(sample);

    g_string_append(fixture->lines, line);
}

/* A second of a running guest of one vCPU at full speed. @stamp: of its balloon; 0 if not asked */
static void
add_second(Fixture *fixture, gint64 second, gint64 stamp)
{
    g_autoptr(VitalsSample) sample =
        vitals_sample_new(1000 * SECOND + second * SECOND, EPOCH + second * SECOND);
    g_autoptr(VitalsSample) balloon = vitals_sample_new(sample->at + 1000, sample->realtime + 1000);

    sample->parts[VITALS_PART_STATE] = VITALS_FACT_AVAILABLE;
    sample->state = VITALS_DOMAIN_RUNNING;
    sample->parts[VITALS_PART_VCPU] = VITALS_FACT_AVAILABLE;
    sample->vcpus = 1;
    sample->vcpu_ns = g_new(guint64, 1);
    sample->vcpu_ns[0] = (guint64)(second + 1) * 990000000;
    add(fixture, sample);
    if (!stamp)
        return;
    balloon->parts[VITALS_PART_BALLOON] = VITALS_FACT_AVAILABLE;
    balloon->last_update = stamp;
    balloon->actual = GIB;
    add(fixture, balloon);
}

/* A guest whose kernel begins to spin after @alive seconds of @seconds. */
static void
record_hang(Fixture *fixture, gint64 alive, gint64 seconds)
{
    g_string_append(fixture->lines,
                    "{\"version\":1,\"domain\":\"web\",\"balloon_period_seconds\":2,"
                    "\"agent_period_seconds\":0,\"boot_seen\":false,\"later\":[]}\n");
    for (gint64 second = 0; second < seconds; second++)
        add_second(fixture, second, second % 2 ? 0 : EPOCH / SECOND + MIN(second, alive) / 2 * 2);
}

static VitalsReplay *
replay(Fixture *fixture, const char *name, const char *value)
{
    g_autoptr(VitalsSettings) settings = vitals_settings_new();
    g_autoptr(GError) error = NULL;
    VitalsReplay *result;

    g_assert_true(g_file_set_contents(fixture->path, fixture->lines->str, -1, NULL));
    if (name)
        vitals_settings_override(settings, name, value, "test", &error);
    g_assert_no_error(error);
    result = vitals_replay_file(fixture->path, NULL, settings, &error);
    g_assert_no_error(error);
    return result;
}

static const VitalsReplayChange *
first_change_to(const VitalsReplay *replay, const char *cause)
{
    for (guint i = 0; i < replay->changes->len; i++) {
        const VitalsReplayChange *change = g_ptr_array_index(replay->changes, i);

        if (g_str_equal(change->cause->id, cause))
            return change;
    }
    return NULL;
}

/* A hang fires as it did; a longer deadline fires later, a very long one not at all. */
static void
test_hang(Fixture *fixture, gconstpointer data)
{
    g_autoptr(VitalsReplay) as_it_was = NULL;
    g_autoptr(VitalsReplay) later = NULL;
    g_autoptr(VitalsReplay) never = NULL;
    const VitalsReplayChange *change;
    gint64 delay;

    record_hang(fixture, 40, 90);
    as_it_was = replay(fixture, NULL, NULL);
    g_assert_cmpstr(as_it_was->domain, ==, "web");
    change = first_change_to(as_it_was, "kernel-spinning");
    g_assert_nonnull(change);
    delay = change->at - 1040 * SECOND;
    g_assert_cmpint(delay, >=, 8 * SECOND);
    g_assert_cmpint(delay, <=, 12 * SECOND);
    g_assert_cmpint(change->realtime - EPOCH, ==, change->at - 1000 * SECOND);
    g_assert_cmpint(change->response, ==, VITALS_RESPONSE_CAPTURE);

    later = replay(fixture, "Verdict.BalloonDeadline", "10");
    change = first_change_to(later, "kernel-spinning");
    g_assert_nonnull(change);
    g_assert_cmpint(change->at - 1040 * SECOND, >=, delay + 10 * SECOND);

    never = replay(fixture, "Verdict.BalloonDeadline", "60");
    g_assert_null(first_change_to(never, "kernel-spinning"));
    g_assert_nonnull(first_change_to(never, "none"));
}

/* An old file without a header is judged by the configuration's periods. */
static void
test_no_header(Fixture *fixture, gconstpointer data)
{
    g_autoptr(VitalsReplay) result = NULL;
    const char *end;

    record_hang(fixture, 40, 90);
    end = strchr(fixture->lines->str, '\n');
    g_string_erase(fixture->lines, 0, end + 1 - fixture->lines->str);
    result = replay(fixture, NULL, NULL);
    g_assert_nonnull(first_change_to(result, "kernel-spinning"));
}

/* While a question hangs nothing is held against the kernel, in a replay as live. */
static void
test_overdue(Fixture *fixture, gconstpointer data)
{
    g_autoptr(VitalsReplay) result = NULL;
    g_autoptr(VitalsSample) overdue = vitals_sample_new(1043 * SECOND, EPOCH + 43 * SECOND);

    record_hang(fixture, 40, 43);
    overdue->parts[VITALS_PART_BALLOON] = VITALS_FACT_TIMED_OUT;
    add(fixture, overdue);
    for (gint64 second = 44; second < 90; second++)
        add_second(fixture, second, 0);
    result = replay(fixture, NULL, NULL);
    g_assert_null(first_change_to(result, "kernel-spinning"));
}

/* Silence of the recording itself is no data, however long; it costs no time to say so. */
static void
test_gap(Fixture *fixture, gconstpointer data)
{
    g_autoptr(VitalsReplay) result = NULL;
    const VitalsReplayChange *change;

    record_hang(fixture, 1000, 60);
    add_second(fixture, 400000000, 0);
    result = replay(fixture, NULL, NULL);
    change = first_change_to(result, "no-data");
    g_assert_nonnull(change);
    g_assert_cmpint((change->at - 1059 * SECOND) / SECOND, <=, 31);
}

/* The field case: a leak that takes fifty days, at a sample a minute, is told of two weeks ahead. */
static void
test_field_case(Fixture *fixture, gconstpointer data)
{
    g_autoptr(VitalsReplay) result = NULL;
    const VitalsReplayChange *change;

    for (gint64 minute = 0; minute < 50 * 1440; minute++) {
        g_autoptr(VitalsSample) sample =
            vitals_sample_new(minute * 60 * SECOND, EPOCH + minute * 60 * SECOND);

        sample->parts[VITALS_PART_STATE] = VITALS_FACT_AVAILABLE;
        sample->state = VITALS_DOMAIN_RUNNING;
        sample->parts[VITALS_PART_BALLOON] = VITALS_FACT_AVAILABLE;
        sample->last_update = sample->realtime / SECOND;
        sample->has_counters = TRUE;
        sample->actual = sample->available = 4 * GIB;
        /* the daily cycle: a fifth of the memory by day */
        sample->usable = (guint64)(4.0 * GIB * 0.8 * (1 - (double)minute / (50 * 1440))) +
                         (minute / 720 % 2 ? 0 : GIB * 4 / 5);
        sample->unused = sample->usable / 8;
        add(fixture, sample);
    }
    result = replay(fixture, NULL, NULL);
    change = first_change_to(result, "memory-exhaustion");
    g_assert_nonnull(change);
    g_test_message("announced on day %.1f", (double)change->at / SECOND / 86400);
    g_assert_cmpint(change->at, <=, (gint64)36 * 86400 * SECOND);
    g_assert_null(first_change_to(result, "no-data"));
}

/* The verb: text and JSON, its exit status, other settings, and what it says to nonsense. */
static void
test_program(Fixture *fixture, gconstpointer data)
{
    g_auto(TestRun) text = { 0 };
    g_auto(TestRun) json = { 0 };
    g_auto(TestRun) quiet = { 0 };
    g_auto(TestRun) nonsense = { 0 };
    g_auto(TestRun) missing = { 0 };
    g_autofree char *config = g_build_filename(fixture->directory, "empty.conf", NULL);
    json_t *document;

    record_hang(fixture, 40, 90);
    g_assert_true(g_file_set_contents(fixture->path, fixture->lines->str, -1, NULL));
    g_assert_true(g_file_set_contents(config, "", -1, NULL));

    text = test_run_program("replay", "--config", config, fixture->path, NULL);
    g_assert_cmpint(text.status, ==, 1);
    g_assert_nonnull(strstr(text.out, "kernel-spinning"));
    g_assert_nonnull(strstr(text.out, "capture"));

    json = test_run_program("replay", "--config", config, "--format", "json", fixture->path, NULL);
    g_assert_cmpint(json.status, ==, 1);
    document = json_loads(json.out, 0, NULL);
    g_assert_cmpuint(json_array_size(json_object_get(
                         json_array_get(json_object_get(document, "replays"), 0), "changes")),
                     >=, 2);
    json_decref(document);

    quiet = test_run_program("replay", "--config", config, "--set", "Verdict.BalloonDeadline=60",
                             fixture->path, NULL);
    g_assert_cmpint(quiet.status, ==, 0);
    nonsense = test_run_program("replay", "--set", "Verdict.Nonsense=1", fixture->path, NULL);
    g_assert_cmpint(nonsense.status, ==, 2);
    g_assert_nonnull(strstr(nonsense.err, "--set"));
    missing = test_run_program("replay", "/nonexistent", NULL);
    g_assert_cmpint(missing.status, ==, 2);
    g_assert_true(g_str_has_prefix(missing.err, "virt-vitals: /nonexistent: "));
}

int
main(int argc, char **argv)
{
    static const struct {
        const char *path;
        void (*test)(Fixture *, gconstpointer);
    } tests[] = {
        { "/replay/hang", test_hang },
        { "/replay/no-header", test_no_header },
        { "/replay/overdue", test_overdue },
        { "/replay/gap", test_gap },
        { "/replay/field-case", test_field_case },
        { "/replay/program", test_program },
    };

    g_test_init(&argc, &argv, NULL);
    for (guint i = 0; i < G_N_ELEMENTS(tests); i++)
        g_test_add(tests[i].path, Fixture, NULL, set_up, tests[i].test, tear_down);
    return g_test_run();
}
