/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "monitor/metrics/metric.h"
#include "tests/unit/views.h"

#include <gio/gio.h>
#include <string.h>
#include <time.h>

static char *
render(const VitalsSnapshot *snapshot, gint64 age)
{
    g_autoptr(GBytes) bytes = vitals_metrics_render(snapshot, age);

    return g_strndup(g_bytes_get_data(bytes, NULL), g_bytes_get_size(bytes));
}

static void
assert_line(const char *document, const char *line)
{
    g_autofree char *framed = g_strdup_printf("\n%s\n", line);

    if (!strstr(document, framed))
        g_error("the line is missing: %s", line);
}

/* For each guest there is a series of each health, and exactly one is 1: the one it has. */
static void
test_health(void)
{
    g_autoptr(VitalsSnapshot) snapshot = test_snapshot();
    g_autofree char *document = render(snapshot, 0);

    for (guint is = 0; is < VITALS_N_HEALTHS; is++) {
        for (guint state = 0; state < VITALS_N_HEALTHS; state++) {
            g_autofree char *line = g_strdup_printf(
                "virt_vitals_guest_health{domain=\"%s\",uuid=\"00000000-0000-4000-8000-%012u\","
                "state=\"%s\"} %d",
                vitals_health_name(is), is, vitals_health_name(state), is == state);

            assert_line(document, line);
        }
    }
}

#define HEALTHY "{domain=\"healthy\",uuid=\"00000000-0000-4000-8000-000000000001\""

static void
test_guest_figures(void)
{
    g_autoptr(VitalsSnapshot) snapshot = test_snapshot();
    g_autofree char *document = render(snapshot, 0);

    assert_line(document, "virt_vitals_guest_layer_up" HEALTHY ",layer=\"vcpu\"} 1");
    assert_line(document, "virt_vitals_guest_layer_up" HEALTHY ",layer=\"kernel\"} 0");
    g_assert_null(strstr(document, "layer_up" HEALTHY ",layer=\"userspace\""));
    assert_line(document, "virt_vitals_guest_last_beat_timestamp_seconds" HEALTHY
                          ",source=\"control\"} 1773500966.535897");
    assert_line(document, "virt_vitals_guest_quarantined" HEALTHY "} 0");
    assert_line(document, "virt_vitals_guest_suspect_vcpus" HEALTHY "} 1");
    assert_line(document, "virt_vitals_guest_disks" HEALTHY ",state=\"unknown\"} 1");
    assert_line(document, "virt_vitals_guest_disks" HEALTHY ",state=\"stuck\"} 0");
    assert_line(document, "virt_vitals_guest_cause_info{domain=\"crashed\",uuid=\"00000000-0000-"
                          "4000-8000-000000000004\",cause=\"panic\",layer=\"kernel\"} 1");
    assert_line(document, "libvirt_domain_info_vstate{domain=\"healthy\"} 1");
    assert_line(document, "libvirt_domain_info_cpu_time_seconds_total{domain=\"healthy\"} 3.75");
    assert_line(document, "libvirt_domain_vcpu_time_seconds_total{domain=\"healthy\",vcpu=\"1\"} "
                          "2.5");
    assert_line(document, "libvirt_domain_memory_stats_usable_bytes{domain=\"healthy\"} "
                          "1500000000");
    g_assert_nonnull(strstr(document, "virt_vitals_capture_progress_ratio{domain=\"a\\nb\\\"c"));
}

static void
test_daemon_figures(void)
{
    g_autoptr(VitalsSnapshot) snapshot = test_snapshot();
    g_autofree char *document = render(snapshot, 1500000);

    assert_line(document, "virt_vitals_libvirt_connected 1");
    assert_line(document, "virt_vitals_incidents_total{cause=\"panic\"} 3");
    assert_line(document, "virt_vitals_captures_total{result=\"ok\"} 2");
    assert_line(document, "virt_vitals_captures_total{result=\"failed\"} 0");
    assert_line(document, "virt_vitals_quarantined_guests 1");
    assert_line(document, "virt_vitals_cycle_duration_seconds 0.012345");
    assert_line(document, "virt_vitals_state_free_bytes 123456789012");
    assert_line(document, "virt_vitals_build_info{version=\"" VITALS_VERSION "\"} 1");
    g_assert_nonnull(strstr(document, "\nprocess_resident_memory_bytes "));
    g_assert_nonnull(strstr(document, "\nprocess_start_time_seconds "));
}

/* Ages grow with the time since the snapshot: a daemon that hangs must not look fresh. */
static void
test_ages(void)
{
    g_autoptr(VitalsSnapshot) snapshot = test_snapshot();
    g_autofree char *document = render(snapshot, 1500000);

    assert_line(document, "virt_vitals_sample_age_seconds" HEALTHY "} 1.75");
    assert_line(document, "virt_vitals_snapshot_age_seconds 1.5");
}

static void
test_unknown_is_absent(void)
{
    g_autoptr(VitalsSnapshot) snapshot = vitals_snapshot_new(0);
    VitalsGuestView *guest = vitals_guest_view_new();
    g_autofree char *document = NULL;

    guest->name = g_strdup("new");
    guest->uuid = g_strdup("u");
    g_ptr_array_add(snapshot->guests, guest);
    document = render(snapshot, 0);

    g_assert_null(strstr(document, "virt_vitals_sample_age_seconds"));
    g_assert_null(strstr(document, "virt_vitals_guest_layer_up"));
    g_assert_null(strstr(document, "libvirt_domain_memory_stats"));
    g_assert_null(strstr(document, "libvirt_domain_info_cpu_time"));
    assert_line(document,
                "virt_vitals_guest_health{domain=\"new\",uuid=\"u\",state=\"unknown\"} 1");
}

/* Two guests of one name would be the same libvirt_domain series twice. */
static void
test_same_name(void)
{
    g_autoptr(VitalsSnapshot) snapshot = vitals_snapshot_new(0);
    g_autofree char *document = NULL;
    const char *first;

    g_ptr_array_add(snapshot->guests, test_guest("twin", 1));
    g_ptr_array_add(snapshot->guests, test_guest("twin", 2));
    document = render(snapshot, 0);

    first = strstr(document, "libvirt_domain_info_vstate{domain=\"twin\"}");
    g_assert_nonnull(first);
    g_assert_null(strstr(first + 1, "libvirt_domain_info_vstate{domain=\"twin\"}"));
}

static void
test_promtool(void)
{
    g_autoptr(VitalsSnapshot) snapshot = test_snapshot();
    g_autofree char *document = render(snapshot, 0);
    g_autofree char *program = g_find_program_in_path("promtool");
    g_autoptr(GSubprocess) process = NULL;
    g_autofree char *said = NULL;
    g_autoptr(GError) error = NULL;

    if (!program) {
        g_test_skip("promtool is not installed (package prometheus)");
        return;
    }
    process = g_subprocess_new(G_SUBPROCESS_FLAGS_STDIN_PIPE | G_SUBPROCESS_FLAGS_STDOUT_PIPE |
                                   G_SUBPROCESS_FLAGS_STDERR_MERGE,
                               &error, program, "check", "metrics", NULL);
    g_assert_no_error(error);
    g_subprocess_communicate_utf8(process, document, NULL, &said, NULL, &error);
    g_assert_no_error(error);
    g_assert_cmpstr(said, ==, "");
    g_assert_true(g_subprocess_get_successful(process));
}

/* Of this thread alone, whatever else the machine does: microseconds. */
static gint64
own_time(void)
{
    struct timespec time;

    g_assert_cmpint(clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time), ==, 0);
    return (gint64)time.tv_sec * G_USEC_PER_SEC + time.tv_nsec / 1000;
}

static void
test_cost(void)
{
    g_autoptr(VitalsSnapshot) snapshot = test_snapshot_of(400);
    gint64 best = G_MAXINT64;
    gsize size = 0;

    for (guint i = 0; i < 10; i++) {
        gint64 before = own_time();
        g_autoptr(GBytes) bytes = vitals_metrics_render(snapshot, 0);

        best = MIN(best, own_time() - before);
        size = g_bytes_get_size(bytes);
    }
    g_test_message("400 guests: %" G_GINT64_FORMAT " us, %" G_GSIZE_FORMAT " bytes", best, size);
    g_test_minimized_result(best / 1e6, "seconds to render 400 guests");
    /* The answer to a scrape has 50 ms; sanitizers make it slower by far less than is left. */
    g_assert_cmpint(best, <, 50000);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/metrics/health", test_health);
    g_test_add_func("/metrics/guest-figures", test_guest_figures);
    g_test_add_func("/metrics/daemon-figures", test_daemon_figures);
    g_test_add_func("/metrics/ages", test_ages);
    g_test_add_func("/metrics/unknown-is-absent", test_unknown_is_absent);
    g_test_add_func("/metrics/same-name", test_same_name);
    g_test_add_func("/metrics/promtool", test_promtool);
    g_test_add_func("/metrics/cost", test_cost);
    return g_test_run();
}
