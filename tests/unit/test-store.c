/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "monitor/store.h"

#include "tests/unit/program.h"

#include <glib/gstdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define GOOD                                                                                     \
    "{\"version\":1,\"complete\":true,\"id\":\"ignored\",\"domain\":\"web\",\"uuid\":\"u\","     \
    "\"health\":\"crashed\",\"layer\":\"kernel\",\"cause\":\"panic\",\"title\":\"It panicked\"," \
    "\"opened\":\"2026-03-14T15:09:26.535Z\",\"capture\":{\"result\":\"ok\",\"format\":\"elf\"," \
    "\"bytes\":7,\"path\":\"/d/vmcore\",\"detail\":\"\"}}"

typedef struct {
    char *state_dir;
    GPtrArray *problems;
} Fixture;

static void
set_up(Fixture *fixture, gconstpointer data)
{
    g_autofree char *incidents = NULL;

    fixture->state_dir = g_dir_make_tmp("test-store-XXXXXX", NULL);
    g_assert_nonnull(fixture->state_dir);
    incidents = g_build_filename(fixture->state_dir, "incidents", NULL);
    g_assert_cmpint(g_mkdir(incidents, 0700), ==, 0);
    fixture->problems = g_ptr_array_new_with_free_func(g_free);
}

static void
tear_down(Fixture *fixture, gconstpointer data)
{
    test_remove_tree(fixture->state_dir);
    g_free(fixture->state_dir);
    g_ptr_array_unref(fixture->problems);
}

static char *
incident_path(Fixture *fixture, const char *id)
{
    return g_build_filename(fixture->state_dir, "incidents", id, NULL);
}

/* A directory with these bytes for a manifest, or with none if @manifest is %NULL. */
static void
put(Fixture *fixture, const char *id, const char *manifest)
{
    g_autofree char *path = incident_path(fixture, id);
    g_autofree char *file = g_build_filename(path, "incident.json", NULL);

    g_assert_cmpint(g_mkdir(path, 0700), ==, 0);
    if (manifest)
        g_assert_true(g_file_set_contents(file, manifest, -1, NULL));
}

static GPtrArray *
list(Fixture *fixture)
{
    g_autoptr(GError) error = NULL;
    GPtrArray *incidents = vitals_store_list(fixture->state_dir, fixture->problems, &error);

    g_assert_no_error(error);
    return incidents;
}

static void
test_fields(Fixture *fixture, gconstpointer data)
{
    g_autoptr(GPtrArray) incidents = NULL;
    const VitalsIncidentView *incident;
    g_autofree char *path = incident_path(fixture, "one");

    put(fixture, "one", GOOD);
    incidents = list(fixture);
    g_assert_cmpuint(incidents->len, ==, 1);
    incident = incidents->pdata[0];
    g_assert_cmpstr(incident->id, ==, "one");
    g_assert_cmpstr(incident->path, ==, path);
    g_assert_cmpstr(incident->domain, ==, "web");
    g_assert_cmpstr(incident->cause, ==, "panic");
    g_assert_cmpstr(incident->title, ==, "It panicked");
    g_assert_cmpint(incident->opened, ==, G_GINT64_CONSTANT(1773500966535000));
    g_assert_cmpstr(incident->capture_result, ==, "ok");
    g_assert_cmpuint(incident->capture_bytes, ==, 7);
    g_assert_cmpstr(incident->capture_path, ==, "/d/vmcore");
    g_assert_false(incident->partial);
    g_assert_cmpuint(fixture->problems->len, ==, 0);
}

static void
test_order(Fixture *fixture, gconstpointer data)
{
    g_autoptr(GPtrArray) incidents = NULL;

    put(fixture, "b", "{\"opened\":\"2026-01-02T00:00:00Z\"}");
    put(fixture, "a", "{\"opened\":\"2026-01-01T00:00:00Z\"}");
    put(fixture, "c", "{\"opened\":\"2026-01-02T01:30:00+01:00\"}");
    incidents = list(fixture);
    g_assert_cmpuint(incidents->len, ==, 3);
    g_assert_cmpstr(((VitalsIncidentView *)incidents->pdata[0])->id, ==, "c");
    g_assert_cmpstr(((VitalsIncidentView *)incidents->pdata[1])->id, ==, "b");
    g_assert_cmpstr(((VitalsIncidentView *)incidents->pdata[2])->id, ==, "a");
    g_assert_cmpstr(((VitalsIncidentView *)incidents->pdata[0])->capture_result, ==, "none");
}

static void
test_partial(Fixture *fixture, gconstpointer data)
{
    g_autoptr(GPtrArray) incidents = NULL;

    put(fixture, ".partial-x", NULL);
    put(fixture, ".partial-y", "{\"opened\":\"2026-01-01T00:00:00Z\"}");
    put(fixture, "z", "{\"opened\":\"2026-01-01T00:00:00Z\",\"complete\":false}");
    put(fixture, ".hidden", NULL);
    incidents = list(fixture);
    g_assert_cmpuint(incidents->len, ==, 3);
    for (guint i = 0; i < incidents->len; i++)
        g_assert_true(((VitalsIncidentView *)incidents->pdata[i])->partial);
    g_assert_cmpuint(fixture->problems->len, ==, 0);
}

/* Nobody writes what was marked, unless whoever marks it has not come to rename it. */
static void
test_interrupted(Fixture *fixture, gconstpointer data)
{
    static const char manifest[] =
        "{\"opened\":\"2026-01-01T00:00:00Z\",\"complete\":false,\"interrupted\":true}";
    g_autoptr(GPtrArray) incidents = NULL;

    put(fixture, "z", manifest);
    put(fixture, ".partial-z", manifest);
    incidents = list(fixture);
    g_assert_cmpuint(incidents->len, ==, 2);
    for (guint i = 0; i < incidents->len; i++) {
        const VitalsIncidentView *incident = incidents->pdata[i];

        g_assert_true(incident->interrupted);
        g_assert_cmpint(incident->partial, ==, incident->id[0] == '.');
    }
}

/* One that will not do gives one line with its path, and the good one is listed all the same. */
static void
check_refused(Fixture *fixture, const char *manifest, const char *part)
{
    g_autoptr(GPtrArray) incidents = NULL;
    g_autofree char *bad = incident_path(fixture, "bad");
    const char *problem;

    put(fixture, "bad", manifest);
    incidents = list(fixture);
    g_assert_cmpuint(incidents->len, ==, 1);
    g_assert_cmpuint(fixture->problems->len, ==, 1);
    problem = fixture->problems->pdata[0];
    g_assert_true(g_str_has_prefix(problem, bad));
    g_assert_null(strpbrk(problem, "\n\x1b"));
    if (!strstr(problem, part))
        g_error("'%s' does not say '%s'", problem, part);
    g_ptr_array_set_size(fixture->problems, 0);
    test_remove_tree(bad);
}

static void
test_hostile_manifests(Fixture *fixture, gconstpointer data)
{
    g_autofree char *deep = g_strnfill(100000, '[');
    g_autofree char *large = g_strnfill(VITALS_STORE_MANIFEST_MAX + 1, ' ');

    put(fixture, "good", GOOD);
    check_refused(fixture, NULL, "No such file");
    check_refused(fixture, "", "line 1");
    check_refused(fixture, "{\"\x1b[2J", "line 1");
    check_refused(fixture, "{\"a\":\"\xff\"}", "line 1");
    check_refused(fixture, "{\"title\":\"a\\u0000b\"}", "line 1");
    check_refused(fixture, deep, "line 1");
    check_refused(fixture, large, "too large");
    check_refused(fixture, "[]", "not a JSON object");
    check_refused(fixture, "{}", "'opened'");
    check_refused(fixture, "{\"opened\":7}", "'opened'");
    check_refused(fixture, "{\"opened\":\"yesterday\"}", "'opened'");
    check_refused(fixture, "{\"domain\":[]}", "'domain'");
    check_refused(fixture, "{\"title\":{\"a\":1}}", "'title'");
    check_refused(fixture, "{\"opened\":\"2026-01-01T00:00:00Z\",\"capture\":[]}", "'capture'");
    check_refused(fixture, "{\"opened\":\"2026-01-01T00:00:00Z\",\"capture\":{\"bytes\":-1}}",
                  "'capture.bytes'");
    check_refused(fixture, "{\"opened\":\"2026-01-01T00:00:00Z\",\"capture\":{\"result\":1}}",
                  "'capture.result'");
}

static void
test_title_is_printable(Fixture *fixture, gconstpointer data)
{
    g_autoptr(GPtrArray) incidents = NULL;
    const VitalsIncidentView *incident;

    put(fixture, "x",
        "{\"opened\":\"2026-01-01T00:00:00Z\",\"title\":\"a\\nb\\u001b[2J kept \\\\x0a\"}");
    incidents = list(fixture);
    incident = incidents->pdata[0];
    g_assert_cmpstr(incident->title, ==, "a b\\x1b[2J kept \\x0a");
}

static void
test_links(Fixture *fixture, gconstpointer data)
{
    g_autoptr(GPtrArray) incidents = NULL;
    g_autofree char *good = incident_path(fixture, "good");
    g_autofree char *link = incident_path(fixture, "link");
    g_autofree char *inner = incident_path(fixture, "inner/incident.json");
    g_autofree char *pipe = incident_path(fixture, "pipe/incident.json");

    put(fixture, "good", GOOD);
    put(fixture, "inner", NULL);
    put(fixture, "pipe", NULL);
    g_assert_cmpint(symlink(good, link), ==, 0);
    g_assert_cmpint(symlink("../good/incident.json", inner), ==, 0);
    g_assert_cmpint(mkfifo(pipe, 0600), ==, 0);
    incidents = list(fixture);
    g_assert_cmpuint(incidents->len, ==, 1);
    g_assert_cmpuint(fixture->problems->len, ==, 3);
}

static void
test_no_directory(void)
{
    g_autoptr(GPtrArray) problems = g_ptr_array_new_with_free_func(g_free);
    g_autoptr(GError) error = NULL;

    g_assert_null(vitals_store_list("/nowhere/\x1b", problems, &error));
    g_assert_error(error, G_FILE_ERROR, G_FILE_ERROR_NOENT);
    g_assert_nonnull(strstr(error->message, "/nowhere/\\x1b: "));
}

static void
test_empty(Fixture *fixture, gconstpointer data)
{
    g_autofree char *folder = g_build_filename(fixture->state_dir, "incidents", NULL);
    g_autoptr(GPtrArray) incidents = NULL;

    g_assert_cmpint(g_rmdir(folder), ==, 0);
    incidents = list(fixture);
    g_assert_cmpuint(incidents->len, ==, 0);
}

static void
test_find(Fixture *fixture, gconstpointer data)
{
    g_autoptr(GPtrArray) incidents = NULL;
    g_autoptr(GError) none = NULL;
    g_autoptr(GError) many = NULL;
    g_autoptr(GError) empty = NULL;

    put(fixture, "2026-web", GOOD);
    put(fixture, "2026-web-2", GOOD);
    put(fixture, "2025-db", GOOD);
    incidents = list(fixture);
    g_assert_cmpstr(vitals_store_find(incidents, "2026-web", NULL)->id, ==, "2026-web");
    g_assert_cmpstr(vitals_store_find(incidents, "2025", NULL)->id, ==, "2025-db");
    g_assert_null(vitals_store_find(incidents, "../x", &none));
    g_assert_error(none, G_FILE_ERROR, G_FILE_ERROR_NOENT);
    g_assert_null(vitals_store_find(incidents, "2026", &many));
    g_assert_error(many, G_FILE_ERROR, G_FILE_ERROR_INVAL);
    g_assert_null(vitals_store_find(incidents, "", &empty));
    g_assert_error(empty, G_FILE_ERROR, G_FILE_ERROR_NOENT);
}

#define ADD(path, test) g_test_add("/store/" path, Fixture, NULL, set_up, test, tear_down)

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    ADD("fields", test_fields);
    ADD("order", test_order);
    ADD("partial", test_partial);
    ADD("interrupted", test_interrupted);
    ADD("hostile-manifests", test_hostile_manifests);
    ADD("title-is-printable", test_title_is_printable);
    ADD("links", test_links);
    ADD("empty", test_empty);
    ADD("find", test_find);
    g_test_add_func("/store/no-directory", test_no_directory);
    return g_test_run();
}
