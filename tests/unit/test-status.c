/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "monitor/web/server.h"
#include "tests/unit/program.h"
#include "tests/unit/views.h"

#include <jansson.h>
#include <string.h>

typedef struct {
    VitalsWebServer *server;
    char *url;
} Fixture;

static void
set_up(Fixture *fixture, gconstpointer data)
{
    g_autoptr(GError) error = NULL;

    fixture->server = vitals_web_server_new("127.0.0.1:0", "/metrics", &error);
    g_assert_no_error(error);
    fixture->url = g_strdup_printf("http://127.0.0.1:%u", vitals_web_server_port(fixture->server));
}

static void
tear_down(Fixture *fixture, gconstpointer data)
{
    vitals_web_server_free(fixture->server);
    g_free(fixture->url);
}

static void
test_table(Fixture *fixture, gconstpointer data)
{
    g_autoptr(VitalsSnapshot) snapshot = test_snapshot();
    g_auto(TestRun) run = { 0 };
    g_auto(GStrv) lines = NULL;

    vitals_web_server_publish(fixture->server, snapshot);
    run = test_run_program("status", "--url", fixture->url, NULL);
    lines = g_strsplit(run.out, "\n", -1);
    g_assert_cmpint(run.status, ==, 1);
    g_assert_cmpstr(run.err, ==, "");
    g_assert_true(g_str_has_prefix(lines[0], "NAME "));
    g_assert_true(g_str_has_prefix(lines[1], "crashed "));
    g_assert_nonnull(strstr(lines[1], "panic"));
    g_assert_true(g_str_has_prefix(lines[2], "stuck "));
    g_assert_true(g_str_has_prefix(lines[3], "unresponsive "));
    g_assert_true(g_str_has_prefix(lines[4], "degraded "));
    g_assert_nonnull(strstr(run.out, "a\\x0ab\"c\\\\d<e>\\x1b[2J"));
    g_assert_nonnull(
        strstr(run.out, "    capture dumping: 50 bytes of 200 bytes (25 %, about 12 s left)\n"));
    g_assert_null(strchr(run.out, '\x1b'));
}

static void
test_json(Fixture *fixture, gconstpointer data)
{
    g_autoptr(VitalsSnapshot) snapshot = test_snapshot();
    g_auto(TestRun) run = { 0 };
    json_t *document;

    vitals_web_server_publish(fixture->server, snapshot);
    run = test_run_program("status", "--url", fixture->url, "--format", "json", NULL);
    document = json_loads(run.out, 0, NULL);
    g_assert_cmpint(run.status, ==, 1);
    g_assert_cmpuint(json_array_size(json_object_get(document, "guests")), ==,
                     VITALS_N_HEALTHS + 1);
    json_decref(document);
}

static void
test_domains(Fixture *fixture, gconstpointer data)
{
    g_autoptr(VitalsSnapshot) snapshot = test_snapshot();
    VitalsGuestView *healthy = snapshot->guests->pdata[VITALS_HEALTH_HEALTHY];
    g_auto(TestRun) good = { 0 };
    g_auto(TestRun) bad = { 0 };
    g_auto(TestRun) none = { 0 };

    g_strfreev(healthy->evidence);
    healthy->evidence = g_strsplit("it beats\x1b", "|", -1);
    vitals_web_server_publish(fixture->server, snapshot);
    good = test_run_program("status", "--url", fixture->url, "healthy", NULL);
    bad = test_run_program("status", "--url", fixture->url, "healthy",
                           "00000000-0000-4000-8000-000000000005", NULL);
    none = test_run_program("status", "--url", fixture->url, "no\nbody", NULL);

    g_assert_cmpint(good.status, ==, 0);
    g_assert_nonnull(strstr(good.out, "\n    it beats\\x1b\n"));
    g_assert_null(strstr(good.out, "crashed"));
    g_assert_cmpint(bad.status, ==, 1);
    g_assert_cmpint(none.status, ==, 2);
    g_assert_nonnull(strstr(none.err, "'no\\x0abody'"));
}

static void
test_all_fine(Fixture *fixture, gconstpointer data)
{
    g_autoptr(VitalsSnapshot) snapshot = test_snapshot_of(3);
    g_auto(TestRun) run = { 0 };

    vitals_web_server_publish(fixture->server, snapshot);
    run = test_run_program("status", "--url", fixture->url, NULL);
    g_assert_cmpint(run.status, ==, 0);
    g_assert_null(strstr(run.out, "about this host"));
}

/* What is wrong with the host is no guest's trouble, and told in a line. */
static void
test_host(Fixture *fixture, gconstpointer data)
{
    g_autoptr(VitalsSnapshot) snapshot = test_snapshot_of(3);
    g_auto(TestRun) run = { 0 };

    snapshot->lint = vitals_lint_report_new();
    g_ptr_array_add(snapshot->lint->host, g_strdup("HST007 journal-volatile: in RAM; keep it"));
    vitals_web_server_publish(fixture->server, snapshot);
    run = test_run_program("status", "--url", fixture->url, NULL);
    g_assert_cmpint(run.status, ==, 0);
    g_assert_nonnull(strstr(run.out, "\n1 finding about this host; 'virt-vitals lint --host' "));
}

/* Cannot tell is not healthy. */
static void
test_not_connected(Fixture *fixture, gconstpointer data)
{
    g_auto(TestRun) run = test_run_program("status", "--url", fixture->url, NULL);

    g_assert_cmpint(run.status, ==, 3);
    g_assert_nonnull(strstr(run.err, "libvirt"));
}

static void
check_unreachable(const char *url, const char *part)
{
    g_auto(TestRun) run = test_run_program("status", "--url", url, NULL);

    g_assert_cmpint(run.status, ==, 3);
    g_assert_cmpstr(run.out, ==, "");
    g_assert_true(g_str_has_prefix(run.err, "virt-vitals: "));
    if (!strstr(run.err, part))
        g_error("'%s' does not say '%s'", run.err, part);
}

static void
test_unreachable(Fixture *fixture, gconstpointer data)
{
    g_autofree char *elsewhere = g_strconcat(fixture->url, "/nothing", NULL);

    check_unreachable("http://127.0.0.1:1", "virt-vitals monitor");
    check_unreachable("file:///etc/passwd", "http://HOST:PORT");
    check_unreachable("\x1b[2J", "\\x1b");
    check_unreachable(elsewhere, "404");
}

static void
test_usage(Fixture *fixture, gconstpointer data)
{
    g_auto(TestRun) format = test_run_program("status", "--format=xml", NULL);
    g_auto(TestRun) option = test_run_program("status", "--nothing", NULL);
    g_auto(TestRun) help = test_run_program("status", "--help", NULL);

    g_assert_cmpint(format.status, ==, 2);
    g_assert_cmpint(option.status, ==, 2);
    g_assert_cmpint(help.status, ==, 0);
    g_assert_nonnull(strstr(help.out, "--url"));
}

#define ADD(path, test) g_test_add("/status/" path, Fixture, NULL, set_up, test, tear_down)

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    ADD("table", test_table);
    ADD("json", test_json);
    ADD("domains", test_domains);
    ADD("all-fine", test_all_fine);
    ADD("host", test_host);
    ADD("not-connected", test_not_connected);
    ADD("unreachable", test_unreachable);
    ADD("usage", test_usage);
    return g_test_run();
}
