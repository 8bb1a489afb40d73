/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "monitor/retention.h"

#include "tests/unit/program.h"

#include <glib/gstdio.h>
#include <string.h>
#include <unistd.h>

#define DAY G_TIME_SPAN_DAY

/* Newest first, as the store lists them: id, guest, days old, bytes. */
static VitalsHolding *
add(GPtrArray *holdings, const char *id, const char *guest, gint64 days, guint64 bytes)
{
    VitalsHolding *holding = g_new0(VitalsHolding, 1);

    holding->id = g_strdup(id);
    holding->guest = g_strdup(guest);
    holding->opened = -days * DAY;
    holding->bytes = bytes;
    g_ptr_array_add(holdings, holding);
    return holding;
}

/* a1 and b1 are the newest of their guests. */
static GPtrArray *
five(void)
{
    GPtrArray *holdings = g_ptr_array_new_with_free_func((GDestroyNotify)vitals_holding_free);

    add(holdings, "a1", "a", 1, 10);
    add(holdings, "a2", "a", 2, 10);
    add(holdings, "b1", "b", 3, 10);
    add(holdings, "a3", "a", 4, 10);
    add(holdings, "b2", "b", 5, 10);
    return holdings;
}

static void
check(GPtrArray *holdings, VitalsRetention limits, guint64 free, const char *expected)
{
    g_autoptr(GString) gone = g_string_new(NULL);
    guint count = vitals_retention_choose(holdings, &limits, 0, free);
    guint seen = 0;

    for (guint i = 0; i < holdings->len; i++) {
        VitalsHolding *holding = g_ptr_array_index(holdings, i);

        if (holding->excess)
            g_string_append_printf(gone, "%s%s:%s", seen++ ? " " : "", holding->id,
                                   holding->excess);
        holding->excess = NULL;
    }
    g_assert_cmpstr(gone->str, ==, expected);
    g_assert_cmpuint(seen, ==, count);
}

static void
test_limits(void)
{
    g_autoptr(GPtrArray) holdings = five();

    check(holdings, (VitalsRetention){ 0 }, 0, "");
    check(holdings, (VitalsRetention){ .max_use = 50 }, 0, "");
    check(holdings, (VitalsRetention){ .max_use = 45 }, 0, "b2:use");
    check(holdings, (VitalsRetention){ .max_use = 30 }, 0, "a3:use b2:use");
    check(holdings, (VitalsRetention){ .max_incidents = 4 }, 0, "b2:count");
    check(holdings, (VitalsRetention){ .max_age = 4 * DAY - 1 }, 0, "a3:age b2:age");
    check(holdings, (VitalsRetention){ .guest_use = 20 }, 0, "a3:share");
    /* one guest's many small ones leave the other's alone */
    check(holdings, (VitalsRetention){ .max_incidents = 4, .guest_incidents = 2 }, 0, "a3:share");
    check(holdings, (VitalsRetention){ .guest_incidents = 1 }, 0, "a2:share a3:share b2:share");
    check(holdings, (VitalsRetention){ .keep_free = 100 }, 85, "a3:space b2:space");
    /* what one limit frees counts for the next */
    check(holdings, (VitalsRetention){ .max_incidents = 4, .max_use = 40, .keep_free = 100 }, 90,
          "b2:count");
}

static void
test_never(void)
{
    g_autoptr(GPtrArray) holdings = five();

    /* the newest of a guest stays, whatever the limit */
    check(holdings, (VitalsRetention){ .max_use = 1 }, 0, "a2:use a3:use b2:use");
    check(holdings, (VitalsRetention){ .max_age = 1 }, 0, "a2:age a3:age b2:age");
    /* nothing is deleted in vain */
    check(holdings, (VitalsRetention){ .keep_free = 1000 }, 0, "");
    check(holdings, (VitalsRetention){ .keep_free = 30 }, 0, "a2:space a3:space b2:space");
    ((VitalsHolding *)holdings->pdata[4])->kept = TRUE;
    ((VitalsHolding *)holdings->pdata[3])->partial = TRUE;
    check(holdings, (VitalsRetention){ .max_use = 1, .max_age = 1, .max_incidents = 1 }, 0,
          "a2:age");
}

/* What a killed monitor left goes like any other; beside it the newest stays that is complete. */
static void
test_interrupted(void)
{
    g_autoptr(GPtrArray) holdings = five();

    for (guint i = 0; i < holdings->len; i++)
        ((VitalsHolding *)holdings->pdata[i])->interrupted = TRUE;
    check(holdings, (VitalsRetention){ .max_use = 1 }, 0, "a2:use a3:use b2:use");
    ((VitalsHolding *)holdings->pdata[2])->interrupted = FALSE;
    ((VitalsHolding *)holdings->pdata[3])->interrupted = FALSE;
    check(holdings, (VitalsRetention){ .max_age = 1 }, 0, "a2:age b2:age");
}

/* ---- on the disk ---- */

typedef struct {
    char *state_dir;
    char *incidents;
} Fixture;

static char *
put(Fixture *fixture, const char *id, const char *day)
{
    char *path = g_build_filename(fixture->incidents, id, NULL);
    g_autofree char *manifest = g_build_filename(path, "incident.json", NULL);
    g_autofree char *dump = g_build_filename(path, "vmcore", NULL);
    g_autofree char *text = g_strdup_printf(
        "{\"domain\":\"web\",\"uuid\":\"u\",\"opened\":\"2026-01-%sT00:00:00Z\"}", day);
    g_autofree char *bytes = g_malloc0(100000);

    memset(bytes, 'x', 100000);
    g_assert_cmpint(g_mkdir_with_parents(path, 0700), ==, 0);
    test_write_file(manifest, text, strlen(text));
    test_write_file(dump, bytes, 100000);
    return path;
}

static void
set_up(Fixture *fixture, gconstpointer data)
{
    fixture->state_dir = g_dir_make_tmp("test-retention-XXXXXX", NULL);
    fixture->incidents = g_build_filename(fixture->state_dir, "incidents", NULL);
}

static void
tear_down(Fixture *fixture, gconstpointer data)
{
    test_remove_tree(fixture->state_dir);
    g_free(fixture->incidents);
    g_free(fixture->state_dir);
}

static guint
apply(Fixture *fixture, guint max_incidents, gboolean dry_run)
{
    VitalsRetention limits = { .max_incidents = max_incidents };
    g_autoptr(GError) error = NULL;
    g_autoptr(GPtrArray) gone =
        vitals_retention_apply(fixture->state_dir, &limits, dry_run, &error);

    g_assert_no_error(error);
    return gone->len;
}

static void
test_apply(Fixture *fixture, gconstpointer data)
{
    g_autofree char *oldest = put(fixture, "one", "01");
    g_autofree char *kept = put(fixture, "two", "02");
    g_autofree char *newest = put(fixture, "three", "03");
    g_autofree char *unfinished = put(fixture, ".partial-four", "01");
    g_autofree char *left = put(fixture, ".removed-five", "01");
    g_autofree char *odd = g_build_filename(fixture->incidents, "notes.txt", NULL);

    test_write_file(odd, "x", 1);
    g_assert_true(vitals_retention_keep(kept, TRUE, NULL));
    g_assert_true(vitals_retention_is_kept(kept));
    g_assert_cmpuint(apply(fixture, 1, TRUE), ==, 1);
    g_assert_true(g_file_test(oldest, G_FILE_TEST_IS_DIR));
    g_assert_true(g_file_test(left, G_FILE_TEST_IS_DIR));
    g_assert_cmpuint(apply(fixture, 1, FALSE), ==, 1);
    g_assert_false(g_file_test(oldest, G_FILE_TEST_EXISTS));
    g_assert_false(g_file_test(left, G_FILE_TEST_EXISTS));
    g_assert_true(g_file_test(kept, G_FILE_TEST_IS_DIR));
    g_assert_true(g_file_test(newest, G_FILE_TEST_IS_DIR));
    g_assert_true(g_file_test(unfinished, G_FILE_TEST_IS_DIR));
    g_assert_true(g_file_test(odd, G_FILE_TEST_EXISTS));
    g_assert_true(vitals_retention_keep(kept, FALSE, NULL));
    g_assert_true(vitals_retention_keep(kept, FALSE, NULL));
    g_assert_cmpuint(apply(fixture, 1, FALSE), ==, 1);
    g_assert_false(g_file_test(kept, G_FILE_TEST_EXISTS));
}

/* Nothing outside is deleted or counted through what lies there. */
static void
test_hostile(Fixture *fixture, gconstpointer data)
{
    g_autofree char *elsewhere = g_build_filename(fixture->state_dir, "elsewhere", NULL);
    g_autofree char *victim = g_build_filename(elsewhere, "victim", NULL);
    g_autofree char *old = put(fixture, "old", "01");
    g_autofree char *newest = put(fixture, "newest", "02");
    g_autofree char *inner = g_build_filename(old, "link", NULL);
    g_autofree char *removed = g_build_filename(fixture->incidents, ".removed-x", NULL);

    g_assert_cmpint(g_mkdir(elsewhere, 0700), ==, 0);
    test_write_file(victim, "x", 1);
    g_assert_cmpint(symlink(elsewhere, inner) + symlink(elsewhere, removed), ==, 0);
    g_assert_cmpuint(apply(fixture, 1, FALSE), ==, 1);
    g_assert_false(g_file_test(old, G_FILE_TEST_EXISTS));
    g_assert_true(g_file_test(victim, G_FILE_TEST_EXISTS));
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/retention/limits", test_limits);
    g_test_add_func("/retention/never", test_never);
    g_test_add_func("/retention/interrupted", test_interrupted);
    g_test_add("/retention/apply", Fixture, NULL, set_up, test_apply, tear_down);
    g_test_add("/retention/hostile", Fixture, NULL, set_up, test_hostile, tear_down);
    return g_test_run();
}
