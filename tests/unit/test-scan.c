/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/unit/program.h"

#include <jansson.h>
#include <string.h>

static char *
fixture(const char *name)
{
    const char *root = g_getenv("VITALS_SOURCE_ROOT");

    return g_build_filename(root ? root : ".", "tests", "console", name, NULL);
}

static void
test_statuses(void)
{
    g_autofree char *healthy = fixture("healthy.log");
    g_autofree char *warning = fixture("hung-tasks.log");
    static const char *const none = NULL;
    g_auto(TestRun) clean = test_run_program("scan", healthy, none);
    g_auto(TestRun) found = test_run_program("scan", warning, none);
    g_auto(TestRun) spared = test_run_program("scan", "--fail-on", "critical", warning, none);
    g_auto(TestRun) missing = test_run_program("scan", "/nowhere/at/all", warning, none);
    g_auto(TestRun) wrong = test_run_program("scan", "--format", "sonnet", warning, none);
    g_auto(TestRun) nothing = test_run_program("scan", none);

    g_assert_cmpint(clean.status, ==, 0);
    g_assert_cmpstr(clean.out, ==, "");
    g_assert_cmpint(found.status, ==, 1);
    g_assert_nonnull(strstr(found.out, "INFO: task hung in gizmo_lock_doors (2 times)"));
    g_assert_cmpint(spared.status, ==, 0);
    g_assert_cmpint(missing.status, ==, 2);
    g_assert_true(g_str_has_prefix(missing.err, "virt-vitals: /nowhere/at/all: "));
    g_assert_cmpint(wrong.status, ==, 2);
    g_assert_cmpint(nothing.status, ==, 2);
}

static void
test_json(void)
{
    g_autofree char *log = fixture("use-after-free.log");
    g_auto(TestRun) run = test_run_program("scan", "--format", "json", log, NULL);
    json_t *root = json_loads(run.out, 0, NULL);
    const char *kind;
    const char *title;
    const char *function;
    const char *severity;
    int line_start;
    int line_end;
    int corrupted;
    int count;

    g_assert_nonnull(root);
    g_assert_cmpint(
        json_unpack(root, "{s:[{s:s, s:s, s:s, s:i, s:i, s:s, s:b, s:i}], s:[], s:{s:i}}",
                    "reports", "kind", &kind, "title", &title, "function", &function, "line_start",
                    &line_start, "line_end", &line_end, "severity", &severity, "corrupted",
                    &corrupted, "count", &count, "loops", "stats", "lines", &line_end),
        ==, 0);
    g_assert_cmpstr(kind, ==, "KASAN-USE-AFTER-FREE-READ");
    g_assert_cmpstr(title, ==, "KASAN: slab-use-after-free Read in gizmo_close_door");
    g_assert_cmpstr(function, ==, "gizmo_close_door");
    g_assert_cmpstr(severity, ==, "critical");
    g_assert_cmpint(line_start, ==, 3);
    g_assert_false(corrupted);
    g_assert_cmpint(count, ==, 1);
    json_decref(root);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/scan/statuses", test_statuses);
    g_test_add_func("/scan/json", test_json);
    return g_test_run();
}
