/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "monitor/bundle.h"

#include "tests/unit/program.h"

#include <glib/gstdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

typedef struct {
    char *state_dir;
    char *incident;
    char *archive;
} Fixture;

static void
put(Fixture *fixture, const char *name, const char *text)
{
    g_autofree char *path = g_build_filename(fixture->incident, name, NULL);

    test_write_file(path, text, strlen(text));
}

static void
set_up(Fixture *fixture, gconstpointer data)
{
    g_autofree char *elsewhere = NULL;

    fixture->state_dir = g_dir_make_tmp("test-bundle-XXXXXX", NULL);
    fixture->incident = g_build_filename(fixture->state_dir, "incidents", "20260101-web", NULL);
    fixture->archive = g_build_filename(fixture->state_dir, "out.tar.gz", NULL);
    g_assert_cmpint(g_mkdir_with_parents(fixture->incident, 0700), ==, 0);
    put(fixture, "console.log", "abc");
    put(fixture, "vmcore", "memory");
    put(fixture, "incident.json",
        "{\"domain\":\"web\",\"opened\":\"2026-01-01T00:00:00Z\",\"files\":["
        "{\"name\":\"console.log\",\"bytes\":3,\"sha256\":"
        "\"ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad\"},"
        "{\"name\":\"gone\",\"bytes\":3,\"sha256\":\"\"}]}");
    elsewhere = g_build_filename(fixture->incident, "link", NULL);
    g_assert_cmpint(symlink("/etc/passwd", elsewhere), ==, 0);
}

static void
tear_down(Fixture *fixture, gconstpointer data)
{
    test_remove_tree(fixture->state_dir);
    g_free(fixture->archive);
    g_free(fixture->incident);
    g_free(fixture->state_dir);
}

static void
test_checksums(Fixture *fixture, gconstpointer data)
{
    json_t *files = vitals_bundle_files(fixture->incident, G_MAXUINT64);
    json_t *file = json_array_get(files, 0);
    g_autoptr(GPtrArray) same = vitals_bundle_verify(fixture->incident, files);
    g_autoptr(GPtrArray) changed = NULL;

    g_assert_cmpuint(json_array_size(files), ==, 2);
    g_assert_cmpstr(json_string_value(json_object_get(file, "name")), ==, "console.log");
    g_assert_cmpint(json_integer_value(json_object_get(file, "bytes")), ==, 3);
    /* FIPS 180-2, appendix B.1 */
    g_assert_cmpstr(json_string_value(json_object_get(file, "sha256")), ==,
                    "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    g_assert_cmpuint(same->len, ==, 0);

    put(fixture, "vmcore", "Memory");
    put(fixture, "new\x1b", "");
    changed = vitals_bundle_verify(fixture->incident, files);
    g_assert_cmpuint(changed->len, ==, 2);
    g_assert_cmpstr(changed->pdata[0], ==, "vmcore: is not what was written");
    g_assert_cmpstr(changed->pdata[1], ==, "new\\x1b: was added later");
    json_decref(files);

    /* what was too large to be summed is told by its size */
    files = vitals_bundle_files(fixture->incident, 3);
    g_assert_null(json_object_get(json_array_get(files, 2), "sha256"));
    put(fixture, "vmcore", "longer memory");
    g_ptr_array_unref(changed);
    changed = vitals_bundle_verify(fixture->incident, files);
    g_assert_cmpuint(changed->len, ==, 1);
    json_decref(files);
}

static char *
contents(const char *archive)
{
    char *listing = NULL;
    const char *const argv[] = { "tar", "-tf", archive, NULL };

    g_assert_true(g_spawn_sync(NULL, (char **)argv, NULL, G_SPAWN_SEARCH_PATH, NULL, NULL, &listing,
                               NULL, NULL, NULL));
    return listing;
}

static void
test_export(Fixture *fixture, gconstpointer data)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *listing = NULL;
    g_autofree char *without = g_build_filename(fixture->state_dir, "without.tar", NULL);
    g_autofree char *shorter = NULL;
    g_autofree char *wrong = g_build_filename(fixture->state_dir, "x.zip", NULL);
    struct stat about;

    g_assert_true(vitals_bundle_export(fixture->incident, "name", fixture->archive, TRUE, &error));
    listing = contents(fixture->archive);
    g_assert_cmpstr(listing, ==, "name/console.log\nname/incident.json\nname/vmcore\n");
    g_assert_cmpint(lstat(fixture->archive, &about), ==, 0);
    g_assert_cmphex(about.st_mode & 07777, ==, 0600);
    g_assert_true(vitals_bundle_export(fixture->incident, "name", without, FALSE, &error));
    shorter = contents(without);
    g_assert_cmpstr(shorter, ==, "name/console.log\nname/incident.json\n");

    /* nothing is overwritten, and a failure leaves nothing */
    g_assert_false(vitals_bundle_export(fixture->incident, "name", fixture->archive, TRUE, &error));
    g_assert_error(error, G_FILE_ERROR, G_FILE_ERROR_EXIST);
    g_clear_error(&error);
    g_assert_false(vitals_bundle_export(fixture->incident, "name", wrong, TRUE, &error));
    g_assert_error(error, G_FILE_ERROR, G_FILE_ERROR_INVAL);
    g_assert_false(g_file_test(wrong, G_FILE_TEST_EXISTS));
}

static void
test_verbs(Fixture *fixture, gconstpointer data)
{
    const char *state = fixture->state_dir;
    g_auto(TestRun) keep =
        test_run_program("incidents", "keep", "2026", "--state-dir", state, NULL);
    g_auto(TestRun) unkeep =
        test_run_program("incidents", "unkeep", "2026", "--state-dir", state, NULL);
    g_auto(TestRun) verify =
        test_run_program("incidents", "verify", "2026", "--state-dir", state, NULL);
    g_auto(TestRun) export = test_run_program("incidents", "export", "2026", "-o", fixture->archive,
                                              "--state-dir", state, NULL);
    g_auto(TestRun) again = test_run_program("incidents", "export", "2026", "-o", fixture->archive,
                                             "--state-dir", state, NULL);
    g_auto(TestRun) prune =
        test_run_program("incidents", "prune", "--dry-run", "--state-dir", state, NULL);
    g_auto(TestRun) wrong = test_run_program("incidents", "keep", "--state-dir", state, NULL);

    g_assert_cmpint(keep.status, ==, 0);
    g_assert_cmpint(unkeep.status, ==, 0);
    g_assert_cmpint(verify.status, ==, 1);
    g_assert_nonnull(strstr(verify.out, "gone: is missing\n"));
    g_assert_nonnull(strstr(verify.out, "vmcore: was added later\n"));
    g_assert_null(strstr(verify.out, "console.log"));
    g_assert_cmpint(export.status, ==, 0);
    g_assert_true(g_file_test(fixture->archive, G_FILE_TEST_IS_REGULAR));
    g_assert_cmpint(again.status, !=, 0);
    g_assert_nonnull(strstr(again.err, "nothing is overwritten, give another name"));
    g_assert_cmpint(prune.status, ==, 0);
    g_assert_cmpint(wrong.status, ==, 2);
    g_assert_true(g_str_has_prefix(wrong.err, "virt-vitals: give nothing"));
}

/* What a killed monitor left is given away as well; nobody writes it any more. */
static void
test_interrupted(Fixture *fixture, gconstpointer data)
{
    put(fixture, "incident.json",
        "{\"opened\":\"2026-01-01T00:00:00Z\",\"complete\":false,\"interrupted\":true}");
    {
        g_auto(TestRun) list =
            test_run_program("incidents", "--state-dir", fixture->state_dir, NULL);
        g_auto(TestRun) export =
            test_run_program("incidents", "export", "2026", "-o", fixture->archive, "--state-dir",
                             fixture->state_dir, NULL);

        g_assert_nonnull(strstr(list.out, "\n    interrupted: "));
        g_assert_cmpint(export.status, ==, 0);
        g_assert_true(g_file_test(fixture->archive, G_FILE_TEST_IS_REGULAR));
    }
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add("/bundle/checksums", Fixture, NULL, set_up, test_checksums, tear_down);
    g_test_add("/bundle/interrupted", Fixture, NULL, set_up, test_interrupted, tear_down);
    g_test_add("/bundle/export", Fixture, NULL, set_up, test_export, tear_down);
    g_test_add("/bundle/verbs", Fixture, NULL, set_up, test_verbs, tear_down);
    return g_test_run();
}
