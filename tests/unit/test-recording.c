/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "monitor/recording.h"
#include "tests/unit/program.h"

#include <glib/gstdio.h>
#include <string.h>

static void
fill_vcpus(VitalsSample *sample)
{
    sample->vcpus = (guint)g_test_rand_int_range(0, 5);
    sample->vcpu_ns = g_new0(guint64, sample->vcpus);
    for (guint i = 0; i < sample->vcpus; i++)
        sample->vcpu_ns[i] = (guint64)g_test_rand_int_range(0, G_MAXINT32) << 20;
    sample->n_registers = (guint)g_test_rand_int_range(0, 3);
    sample->registers = g_new0(VitalsRegisters, sample->n_registers);
    for (guint i = 0; i < sample->n_registers; i++)
        sample->registers[i] = (VitalsRegisters){
            .pc = (guint64)g_test_rand_int_range(0, G_MAXINT32) << 32 | 0x1c,
            .interrupts_off = g_test_rand_bit(),
            .halted = g_test_rand_bit(),
            .offline = g_test_rand_bit(),
        };
    sample->n_kvm = (guint)g_test_rand_int_range(0, 3);
    sample->kvm = g_new0(VitalsKvm, sample->n_kvm);
    for (guint i = 0; i < sample->n_kvm; i++)
        if (g_test_rand_bit())
            sample->kvm[i] = (VitalsKvm){
                .known = TRUE,
                .ns = (guint64)g_test_rand_int_range(0, G_MAXINT32) << 20,
                .exits = (guint64)g_test_rand_int_range(0, G_MAXINT32) << 20,
                .host_exits = (guint64)g_test_rand_int_range(0, G_MAXINT32),
                .halts = (guint64)g_test_rand_int_range(0, G_MAXINT32),
                .interrupts = (guint64)g_test_rand_int_range(0, G_MAXINT32),
            };
}

static void
fill_memory(VitalsSample *sample)
{
    sample->last_update = 1772342220 + g_test_rand_int_range(0, 1000000);
    sample->has_counters = g_test_rand_bit();
    sample->actual = (guint64)g_test_rand_int_range(0, G_MAXINT32) << 10;
    if (sample->has_counters) {
        sample->available = (guint64)g_test_rand_int_range(0, G_MAXINT32) << 10;
        sample->unused = sample->available / 3;
        sample->usable = sample->available / 2;
    }
}

static void
fill_queues(VitalsSample *sample)
{
    sample->n_queues = (guint)g_test_rand_int_range(0, 4);
    sample->queues = g_new0(VitalsQueue, sample->n_queues);
    for (guint i = 0; i < sample->n_queues; i++)
        sample->queues[i] = (VitalsQueue){ (guint)g_test_rand_int_range(0, 300),
                                           (guint)g_test_rand_int_range(0, 65536) };
}

static void
fill_console(VitalsSample *sample)
{
    sample->booted = g_test_rand_bit();
    sample->kernel_lines = g_test_rand_bit();
    sample->userspace_lines = g_test_rand_bit();
    sample->n_utterances = (guint)g_test_rand_int_range(0, 4);
    sample->utterances = g_new0(VitalsUtterance, sample->n_utterances);
    for (guint i = 0; i < sample->n_utterances; i++) {
        sample->utterances[i] = (VitalsUtterance){
            .what = (VitalsSaid)g_test_rand_int_range(0, VITALS_N_SAID),
            .severity =
                (VitalsConsoleSeverity)g_test_rand_int_range(0, VITALS_CONSOLE_CRITICAL + 1),
            .begun = g_test_rand_bit(),
            .live = g_test_rand_bit(),
            .count = (guint64)g_test_rand_int_range(0, G_MAXINT32),
            .period = g_test_rand_int_range(0, G_MAXINT32),
        };
        vitals_utterance_set_title(&sample->utterances[i],
                                   g_test_rand_bit() ? "BUG: in foo\x1b" : "panic:  of Ã©");
    }
}

/* A sample as the collector might bring it: times in whole milliseconds, as wall clocks are written. */
static VitalsSample *
random_sample(void)
{
    VitalsSample *sample = vitals_sample_new(
        g_test_rand_int_range(0, G_MAXINT32) * G_GINT64_CONSTANT(1000) + 123,
        G_GINT64_CONSTANT(1772342220000000) + g_test_rand_int_range(0, 1000000) * 1000);

    for (guint part = 0; part < VITALS_N_PARTS; part++)
        sample->parts[part] = (VitalsFactState)g_test_rand_int_range(0, VITALS_FACT_TIMED_OUT + 1);
    sample->state = (VitalsDomainState)g_test_rand_int_range(0, VITALS_DOMAIN_PMSUSPENDED + 1);
    sample->reason = (VitalsReason)g_test_rand_int_range(0, VITALS_REASON_STARTING + 1);
    sample->control = (VitalsControl)g_test_rand_int_range(0, VITALS_CONTROL_ERROR + 1);
    sample->control_for = g_test_rand_int_range(0, G_MAXINT32);
    sample->pid = g_test_rand_int_range(1, G_MAXINT32);
    sample->process = (VitalsProcess)g_test_rand_int_range(0, VITALS_PROCESS_GONE + 1);
    sample->process_ran = sample->process == VITALS_PROCESS_STOPPED && g_test_rand_bit();
    sample->starved = g_test_rand_int_range(0, 1000000);
    sample->thread_blocked_for = g_test_rand_int_range(0, 1000000);
    sample->fs_frozen = g_test_rand_bit();
    sample->requests = (guint64)g_test_rand_int_range(0, G_MAXINT32) << 10;
    sample->disk_limit = (guint64)g_test_rand_int_range(0, 3);
    fill_vcpus(sample);
    fill_memory(sample);
    fill_queues(sample);
    fill_console(sample);
    sample->transmitted = (guint64)g_test_rand_int_range(0, G_MAXINT32);
    sample->agent = (VitalsAgent)g_test_rand_int_range(0, VITALS_AGENT_REFUSED + 1);
    sample->event = (VitalsEvent)g_test_rand_int_range(0, VITALS_N_EVENTS);
    return sample;
}

static VitalsSample *
parse(const char *line)
{
    g_auto(VitalsRecordingHeader) header = { 0 };
    g_autoptr(GError) error = NULL;
    VitalsSample *sample = NULL;

    vitals_recording_parse(line, strlen(line), &header, &sample, &error);
    g_assert_no_error(error);
    return sample;
}

/* What was written is read as what it was. */
static void
test_round_trip(void)
{
    for (guint i = 0; i < 3000; i++) {
        g_autoptr(VitalsSample) sample = random_sample();
        g_autofree char *line = vitals_sample_to_line(sample);
        g_autoptr(VitalsSample) read = parse(line);
        g_autofree char *again = NULL;

        g_assert_nonnull(read);
        g_assert_cmpint(read->at, ==, sample->at);
        g_assert_cmpint(read->realtime, ==, sample->realtime);
        for (guint part = 0; part < VITALS_N_PARTS; part++)
            g_assert_cmpint(read->parts[part], ==, sample->parts[part]);
        again = vitals_sample_to_line(read);
        g_assert_cmpstr(line, ==, again);
    }
}

static void
test_header(void)
{
    g_autoptr(VitalsSettings) settings = vitals_settings_new();
    g_autoptr(VitalsGuest) guest =
        vitals_guest_new(settings, "00000000-0000-4000-8000-000000000001", "web\n\x1b[1m", 7, TRUE);
    g_auto(VitalsRecordingHeader) header = { 0 };
    g_autoptr(VitalsSample) sample = NULL;
    g_autofree char *line = NULL;

    vitals_watch_set_balloon_period(&guest->watch, 2500000);
    vitals_watch_recall_pulse(&guest->watch);
    line = vitals_recording_header_line(guest);
    g_assert_true(strchr(line, '\n') == line + strlen(line) - 1);
    g_assert_true(vitals_recording_parse(line, strlen(line), &header, &sample, NULL));
    g_assert_null(sample);
    g_assert_cmpstr(header.domain, ==, guest->name);
    g_assert_cmpint(header.balloon_period, ==, 2500000);
    g_assert_true(header.boot_seen);
    g_assert_true(header.pulse_recalled);
}

/* What no sample is, is said to be none. */
static void
test_refused(void)
{
    static const char *const lines[] = {
        "",
        "{",
        "[]",
        "\"at\"",
        "{}",
        "{\"at\":\"1\"}",
        "{\"at\":1e300}",
        "{\"at\":-1e300}",
        "{\"at\":1,\"at\":2}",
        "{\"at\":1,\"state\":\"available\"}",
        "{\"at\":1,\"state\":\"nonsense\"}",
        "{\"at\":1,\"state\":7}",
        "{\"at\":1,\"state\":{}}",
        "{\"at\":1,\"state\":{\"state\":\"invalid\",\"reason\":\"user\"}}",
        "{\"at\":1,\"event\":{\"event\":\"party\"}}",
        "{\"at\":1,\"vcpu\":{\"nanoseconds\":3}}",
        "{\"at\":1,\"process\":{\"process\":\"\"}}",
    };

    for (guint i = 0; i < G_N_ELEMENTS(lines); i++) {
        g_auto(VitalsRecordingHeader) header = { 0 };
        g_autoptr(VitalsSample) sample = NULL;
        g_autoptr(GError) error = NULL;

        g_test_message("%s", lines[i]);
        g_assert_false(
            vitals_recording_parse(lines[i], strlen(lines[i]), &header, &sample, &error));
        g_assert_error(error, VITALS_RECORDING_ERROR, VITALS_RECORDING_ERROR_LINE);
        g_assert_null(sample);
    }
}

/* Damaged lines are refused or read; nothing else. */
static void
test_damaged(void)
{
    for (guint i = 0; i < 20000; i++) {
        g_autoptr(VitalsSample) sample = random_sample();
        g_autofree char *line = vitals_sample_to_line(sample);
        gint length = (gint)strlen(line);
        g_auto(VitalsRecordingHeader) header = { 0 };
        g_autoptr(VitalsSample) read = NULL;

        for (guint j = 0; j < 3; j++)
            line[g_test_rand_int_range(0, length)] = (char)g_test_rand_int_range(0, 256);
        if (vitals_recording_parse(line, (gsize)length, &header, &read, NULL) && read) {
            g_autofree char *again = vitals_sample_to_line(read);

            g_assert_nonnull(again);
        }
    }
}

static void
count_header(const VitalsRecordingHeader *header, gpointer data)
{
    ((guint *)data)[0]++;
}

static void
count_sample(VitalsSample *sample, gpointer data)
{
    ((guint *)data)[1]++;
}

static void
check_file(const char *text, gssize length, guint headers, guint samples, const char *problem)
{
    g_autofree char *directory = g_dir_make_tmp("vitals-XXXXXX", NULL);
    g_autofree char *path = g_build_filename(directory, "signals.jsonl", NULL);
    g_autoptr(GError) error = NULL;
    guint counts[2] = { 0 };
    gboolean read;

    g_assert_true(g_file_set_contents(path, text, length, NULL));
    read = vitals_recording_read(path, count_header, count_sample, counts, &error);
    g_assert_cmpuint(counts[0], ==, headers);
    g_assert_cmpuint(counts[1], ==, samples);
    g_assert_cmpint(read, ==, problem == NULL);
    if (problem && !strstr(error->message, problem))
        g_error("'%s' does not say '%s'", error->message, problem);
    test_remove_tree(directory);
}

static void
test_files(void)
{
    g_autofree char *at_bound = g_strnfill(VITALS_RECORDING_LINE_MAX - 9, ' ');
    g_autofree char *beyond = g_strnfill(VITALS_RECORDING_LINE_MAX - 8, ' ');
    g_autofree char *fits = g_strdup_printf("{\"at\":1.5%s}\n", at_bound + 1);
    g_autofree char *long_line = g_strdup_printf("{\"at\":1.5%s}\n{\"at\":2}\n", beyond + 0);

    check_file("", 0, 0, 0, NULL);
    check_file("{\"version\":1}\n{\"at\":1}\n\n{\"at\":2}", -1, 1, 2, NULL);
    check_file("{\"at\":1}\n{\"at\":2}\n", -1, 0, 2, NULL);
    check_file("{\"at\":1}\nno\n", -1, 0, 1, "signals.jsonl:2: no sample");
    check_file("{\"at\":1}\0\n", 10, 0, 0, ":1: no sample");
    check_file(fits, -1, 0, 1, NULL);
    check_file(long_line, -1, 0, 0, ":1: the line is longer than 64 KiB");
}

static void
test_no_file(void)
{
    static const char *const paths[] = { "/", "/dev/null", "/nonexistent\n", "/dev/zero" };
    guint counts[2] = { 0 };

    for (guint i = 0; i < G_N_ELEMENTS(paths); i++) {
        g_autoptr(GError) error = NULL;

        g_assert_false(vitals_recording_read(paths[i], count_header, count_sample, counts, &error));
        g_assert_error(error, VITALS_RECORDING_ERROR, VITALS_RECORDING_ERROR_READ);
        g_assert_null(strchr(error->message, '\n'));
    }
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/recording/round-trip", test_round_trip);
    g_test_add_func("/recording/header", test_header);
    g_test_add_func("/recording/refused", test_refused);
    g_test_add_func("/recording/damaged", test_damaged);
    g_test_add_func("/recording/files", test_files);
    g_test_add_func("/recording/no-file", test_no_file);
    return g_test_run();
}
