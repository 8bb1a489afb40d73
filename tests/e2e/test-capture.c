/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/e2e/daemon.h"
#include "tests/e2e/guest.h"
#include "tests/e2e/lab.h"

#include <stdlib.h>
#include <string.h>

/*
 * A guest dies; the daemon says so in time, names the layer, dumps the memory, and `crash` can tell
 * which kernel it was. VITALS_E2E_REPEAT=N does each N times.
 */
typedef struct {
    const char *path;
    const char *fault;
    const char *panic;      /* for tests/lab/domain: whether there is a pvpanic device */
    const char *vmcoreinfo; /* likewise */
    const char *health;
    double seconds; /* until the verdict, from the fault on; the limits */
} Case;

static const Case cases[] = {
    {
        .path = "/capture/pvpanic",
        .fault = "panic",
        .panic = "panic=yes",
        .vmcoreinfo = "vmcoreinfo=yes",
        .health = "crashed",
        .seconds = 2,
    },
    {
        .path = "/capture/panic",
        .fault = "panic",
        .panic = "panic=no",
        .vmcoreinfo = "vmcoreinfo=yes",
        .health = "crashed", /* its console says so */
        .seconds = 2,
    },
    {
        .path = "/capture/spin",
        .fault = "spin",
        .panic = "panic=no",
        .vmcoreinfo = "vmcoreinfo=yes",
        .health = "unresponsive",
        .seconds = 12,
    },
    {
        .path = "/capture/halt",
        .fault = "hlt",
        .panic = "panic=no",
        .vmcoreinfo = "vmcoreinfo=yes",
        .health = "unresponsive",
        .seconds = 12,
    },
    {
        .path = "/capture/no-vmcoreinfo",
        .fault = "panic",
        .panic = "panic=yes",
        .vmcoreinfo = "vmcoreinfo=no",
        .health = "crashed",
        .seconds = 2,
    },
};

static char *
read_file(const char *directory, const char *name)
{
    g_autofree char *path = g_build_filename(directory, name, NULL);
    g_autoptr(GError) error = NULL;
    char *text = NULL;

    g_file_get_contents(path, &text, NULL, &error);
    g_assert_no_error(error);
    return text;
}

static char *
crash_osrelease(const char *vmcore)
{
    const char *const argv[] = { "crash", "--osrelease", vmcore, NULL };
    g_autoptr(GError) error = NULL;
    char *out = NULL;

    g_spawn_sync(NULL, (char **)argv, NULL, G_SPAWN_SEARCH_PATH, NULL, NULL, &out, NULL, NULL,
                 &error);
    g_assert_no_error(error);
    return g_strstrip(out);
}

static void
check_dump(const Case *test, const json_t *incident, const char *report)
{
    const json_t *capture = json_object_get(incident, "capture");
    const char *vmcore = vitals_lab_json_string(capture, "path");
    g_autofree char *release = crash_osrelease(vmcore);

    g_assert_cmpstr(vitals_lab_json_string(capture, "result"), ==, "ok");
    g_assert_cmpint(json_integer_value(json_object_get(capture, "bytes")), >, 1024 * 1024);
    g_assert_true(g_str_has_prefix(vmcore, vitals_lab_json_string(incident, "path")));

    if (g_str_equal(test->vmcoreinfo, "vmcoreinfo=yes")) {
        g_assert_cmpstr(release, ==, vitals_lab_release());
    } else {
        g_assert_nonnull(strstr(report, "vmcoreinfo"));
        g_assert_nonnull(strstr(report, "CAP007"));
    }
}

/* With vmcoreinfo the stored dump is small and tells the kernel's log without symbols. */
static void
check_triage(const Case *test, const json_t *manifest, const char *path)
{
    const json_t *triage = json_object_get(manifest, "triage");
    const json_t *dump = json_object_get(triage, "dump");
    json_int_t written = json_integer_value(json_object_get(dump, "bytes_written"));
    json_int_t stored = json_integer_value(json_object_get(dump, "bytes_stored"));
    g_autofree char *dmesg = NULL;

    g_assert_cmpint(stored, >, 1024 * 1024);
    g_assert_cmpint(stored, <, written);
    if (g_str_equal(test->vmcoreinfo, "vmcoreinfo=no"))
        return;
    /* half of what QEMU's own kdump-zlib takes of such a guest */
    g_assert_cmpint(stored, <, 18 * 1024 * 1024);
    dmesg = read_file(path, "dmesg.txt");
    g_assert_nonnull(strstr(dmesg, "Linux version "));
    if (g_str_equal(test->fault, "panic"))
        g_assert_nonnull(strstr(vitals_lab_json_string(triage, "panic"), "as asked for"));
}

static void
check_incident(const Case *test, const json_t *incident)
{
    const char *path = vitals_lab_json_string(incident, "path");
    g_autofree char *report = read_file(path, "report.txt");
    g_autofree char *xml = read_file(path, "domain.xml");
    g_autofree char *signals = read_file(path, "signals.jsonl");
    g_autofree char *console = read_file(path, "console.log");
    g_autofree char *manifest = read_file(path, "incident.json");
    g_autoptr(json_t) parsed = json_loads(manifest, JSON_REJECT_DUPLICATES, NULL);

    g_assert_nonnull(parsed);
    g_assert_cmpstr(vitals_lab_json_string(incident, "health"), ==, test->health);
    g_assert_cmpstr(vitals_lab_json_string(incident, "layer"), ==, "kernel");
    g_assert_nonnull(strstr(xml, "<domain"));
    g_assert_cmpuint(strlen(signals), >, 0);
    g_assert_nonnull(strstr(console, "VITALS-LAB fault"));
    g_assert_nonnull(strstr(report, vitals_lab_json_string(incident, "domain")));
    check_dump(test, incident, report);
    check_triage(test, parsed, path);
}

static void
run_once(const Case *test, VitalsLabDaemon *daemon, const char *name)
{
    g_autoptr(VitalsLabGuest) guest = NULL;
    g_autoptr(json_t) incident = NULL;
    gint64 fault;

    guest = vitals_lab_guest_start(name, test->panic, test->vmcoreinfo, NULL);
    vitals_lab_guest_wait_up(guest);
    vitals_lab_daemon_wait_health(daemon, name, "healthy", NULL, g_get_monotonic_time(), 30);

    fault = vitals_lab_guest_cause(guest, test->fault);
    vitals_lab_daemon_wait_health(daemon, name, test->health, "kernel", fault, test->seconds);
    incident = vitals_lab_daemon_wait_incident(daemon, name, 60);
    check_incident(test, incident);
    g_assert_cmpuint(vitals_lab_daemon_incidents(daemon, name), ==, 1);
}

static void
test_capture(gconstpointer data)
{
    const Case *test = data;
    const char *repeat = g_getenv("VITALS_E2E_REPEAT");
    g_autoptr(VitalsLabDaemon) daemon = vitals_lab_daemon_start(NULL);
    int runs = repeat ? atoi(repeat) : 1;

    for (int i = 0; i < runs; i++) {
        g_autofree char *name = g_strdup_printf("vitals-%s-%d", test->fault, i);

        run_once(test, daemon, name);
    }
    g_assert_cmpint(vitals_lab_daemon_stop(daemon), ==, 0);
}

static void
add_tests(void)
{
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++)
        g_test_add_data_func(cases[i].path, &cases[i], test_capture);
}

int
main(int argc, char **argv)
{
    return vitals_lab_main(argc, argv, add_tests);
}
