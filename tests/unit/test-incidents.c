/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/unit/program.h"

#include <glib/gstdio.h>
#include <jansson.h>
#include <string.h>

typedef struct {
    char *state_dir;
} Fixture;

static void
write_file(Fixture *fixture, const char *id, const char *name, const char *text)
{
    g_autofree char *folder = g_build_filename(fixture->state_dir, "incidents", id, NULL);
    g_autofree char *path = g_build_filename(folder, name, NULL);

    g_assert_cmpint(g_mkdir_with_parents(folder, 0700), ==, 0);
    g_assert_true(g_file_set_contents(path, text, -1, NULL));
}

static void
set_up(Fixture *fixture, gconstpointer data)
{
    fixture->state_dir = g_dir_make_tmp("test-incidents-XXXXXX", NULL);
    write_file(fixture, "20260314-web-panic", "incident.json",
               "{\"domain\":\"web\\u001b[2J\",\"health\":\"crashed\",\"layer\":\"kernel\","
               "\"cause\":\"panic\",\"title\":\"t\",\"opened\":\"2026-03-14T15:09:26.535Z\"}");
    write_file(fixture, "20260314-web-panic", "report.txt", "What happened\n\x1b[2Jx\\y");
    write_file(fixture, ".partial-20260315", "vmcore", "");
}

static void
tear_down(Fixture *fixture, gconstpointer data)
{
    test_remove_tree(fixture->state_dir);
    g_free(fixture->state_dir);
}

static void
test_list(Fixture *fixture, gconstpointer data)
{
    g_auto(TestRun) run = test_run_program("incidents", "--state-dir", fixture->state_dir, NULL);
    g_auto(TestRun) same =
        test_run_program("incidents", "list", "--state-dir", fixture->state_dir, NULL);

    g_assert_cmpint(run.status, ==, 0);
    g_assert_cmpstr(run.err, ==, "");
    g_assert_cmpstr(run.out, ==, same.out);
    g_assert_true(g_str_has_prefix(run.out, "OPENED "));
    g_assert_nonnull(strstr(run.out, "20260314-web-panic"));
    g_assert_nonnull(strstr(run.out, "web\\x1b[2J"));
    g_assert_nonnull(strstr(run.out, ".partial-20260315\n    partial: "));
    g_assert_null(strchr(run.out, '\x1b'));
}

static void
test_json(Fixture *fixture, gconstpointer data)
{
    g_auto(TestRun) run =
        test_run_program("incidents", "--format", "json", "--state-dir", fixture->state_dir, NULL);
    json_t *document = json_loads(run.out, 0, NULL);
    json_t *incidents = json_object_get(document, "incidents");
    json_t *first = json_array_get(incidents, 0);
    json_t *second = json_array_get(incidents, 1);

    g_assert_cmpint(run.status, ==, 0);
    g_assert_cmpuint(json_array_size(incidents), ==, 2);
    g_assert_true(json_is_false(json_object_get(first, "complete")));
    g_assert_true(json_is_true(json_object_get(second, "complete")));
    g_assert_cmpstr(json_string_value(json_object_get(second, "domain")), ==, "web\x1b[2J");
    json_decref(document);
}

static void
test_show(Fixture *fixture, gconstpointer data)
{
    g_auto(TestRun) run =
        test_run_program("incidents", "--state-dir", fixture->state_dir, "show", "2026", NULL);
    g_auto(TestRun) json = test_run_program("incidents", "--state-dir", fixture->state_dir, "show",
                                            "2026", "--format=json", NULL);
    g_auto(TestRun) partial =
        test_run_program("incidents", "--state-dir", fixture->state_dir, "show", ".partial", NULL);

    g_assert_cmpint(run.status, ==, 0);
    g_assert_cmpstr(run.out, ==, "What happened\n\\x1b[2Jx\\y\n");
    g_assert_cmpint(json.status, ==, 0);
    g_assert_nonnull(strstr(json.out, "\"domain\": \"web\\u001B[2J\""));
    g_assert_cmpint(partial.status, ==, 0);
    g_assert_nonnull(strstr(partial.out, "no report yet"));
}

static void
check_refused(Fixture *fixture, const char *id)
{
    g_auto(TestRun) run =
        test_run_program("incidents", "--state-dir", fixture->state_dir, "show", id, NULL);

    g_assert_cmpint(run.status, ==, 2);
    g_assert_cmpstr(run.out, ==, "");
    g_assert_true(g_str_has_prefix(run.err, "virt-vitals: "));
}

static void
test_bad_ids(Fixture *fixture, gconstpointer data)
{
    check_refused(fixture, "");
    check_refused(fixture, "nothing");
    check_refused(fixture, "../incidents/20260314-web-panic");
    check_refused(fixture, "/etc/passwd");
    check_refused(fixture, "..");
}

/* One damaged incident is told of, the rest is still there, and the status says so. */
static void
test_damaged(Fixture *fixture, gconstpointer data)
{
    g_auto(TestRun) run = { 0 };

    write_file(fixture, "bad", "incident.json", "{");
    run = test_run_program("incidents", "--state-dir", fixture->state_dir, NULL);
    g_assert_cmpint(run.status, ==, 3);
    g_assert_nonnull(strstr(run.out, "20260314-web-panic"));
    g_assert_true(g_str_has_prefix(run.err, "virt-vitals: "));
    g_assert_nonnull(strstr(run.err, "bad/incident.json: line 1"));
}

static void
test_directory(Fixture *fixture, gconstpointer data)
{
    g_autofree char *missing = g_build_filename(fixture->state_dir, "missing", NULL);
    g_autofree char *config = g_build_filename(fixture->state_dir, "v.conf", NULL);
    g_autofree char *text = g_strdup_printf("[Monitor]\nStateDirectory=%s\n", fixture->state_dir);
    g_auto(TestRun) none = test_run_program("incidents", "--state-dir", missing, NULL);
    g_auto(TestRun) configured = { 0 };
    g_auto(TestRun) wrong = { 0 };

    g_assert_cmpint(none.status, ==, 2);
    g_assert_nonnull(strstr(none.err, "--state-dir"));
    g_assert_true(g_file_set_contents(config, text, -1, NULL));
    configured = test_run_program("incidents", "--config", config, NULL);
    g_assert_cmpint(configured.status, ==, 0);
    g_assert_nonnull(strstr(configured.out, "20260314-web-panic"));
    wrong = test_run_program("incidents", "--config", missing, NULL);
    g_assert_cmpint(wrong.status, ==, 2);
}

static void
test_usage(Fixture *fixture, gconstpointer data)
{
    g_auto(TestRun) word = test_run_program("incidents", "remove", NULL);
    g_auto(TestRun) lacking = test_run_program("incidents", "show", NULL);
    g_auto(TestRun) format = test_run_program("incidents", "--format=xml", NULL);

    g_assert_cmpint(word.status, ==, 2);
    g_assert_cmpint(lacking.status, ==, 2);
    g_assert_cmpint(format.status, ==, 2);
}

static void
test_empty(Fixture *fixture, gconstpointer data)
{
    g_autofree char *folder = g_build_filename(fixture->state_dir, "empty", NULL);
    g_auto(TestRun) text = { 0 };
    g_auto(TestRun) json = { 0 };

    g_assert_cmpint(g_mkdir(folder, 0700), ==, 0);
    text = test_run_program("incidents", "--state-dir", folder, NULL);
    json = test_run_program("incidents", "--state-dir", folder, "--format=json", NULL);
    g_assert_cmpstr(text.out, ==, "No incidents.\n");
    g_assert_cmpint(json.status, ==, 0);
    g_assert_nonnull(strstr(json.out, "\"incidents\": []"));
}

#define ADD(path, test) g_test_add("/incidents/" path, Fixture, NULL, set_up, test, tear_down)

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    ADD("list", test_list);
    ADD("json", test_json);
    ADD("show", test_show);
    ADD("bad-ids", test_bad_ids);
    ADD("damaged", test_damaged);
    ADD("directory", test_directory);
    ADD("usage", test_usage);
    ADD("empty", test_empty);
    return g_test_run();
}
