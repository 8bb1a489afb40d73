/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "monitor/linter.h"
#include "tests/integration/scene.h"

#include <glib/gstdio.h>

/* The daemon's linter on a host that is a directory. */
typedef struct {
    Scene scene;
    VitalsHypervisor *hypervisor;
    VitalsAbandoned abandoned;
    VitalsLinter *linter;
    guint rounds;
} Fixture;

static void
on_changed(gpointer data)
{
    ((Fixture *)data)->rounds++;
}

static void
write_journald(Fixture *fixture, const char *storage)
{
    g_autofree char *directory = g_build_filename(fixture->scene.root, "etc/systemd", NULL);
    g_autofree char *path = g_build_filename(directory, "journald.conf", NULL);
    g_autofree char *text = g_strdup_printf("[Journal]\nStorage=%s\n", storage);

    g_assert_cmpint(g_mkdir_with_parents(directory, 0700), ==, 0);
    g_assert_true(g_file_set_contents(path, text, -1, NULL));
}

static void
set_up(Fixture *fixture, gconstpointer data)
{
    scene_set_up(&fixture->scene, NULL);
    fixture->hypervisor = fake_hypervisor(fixture->scene.fake);
    fake_add(fixture->scene.fake, "web");
    fake_tell_names(fixture->scene.fake);
    write_journald(fixture, "persistent");
    fixture->linter =
        vitals_linter_new(fixture->hypervisor, fixture->scene.settings, fixture->scene.root,
                          &fixture->abandoned, on_changed, fixture);
}

static void
tear_down(Fixture *fixture, gconstpointer data)
{
    g_assert_true(vitals_linter_free(fixture->linter, 10 * G_TIME_SPAN_SECOND));
    vitals_hypervisor_unref(fixture->hypervisor);
    scene_tear_down(&fixture->scene, NULL);
}

/* Another round, as a definition that changed brings one. */
static const VitalsLintReport *
next_report(Fixture *fixture)
{
    guint before = fixture->rounds;
    gint64 deadline = g_get_monotonic_time() + 30 * G_TIME_SPAN_SECOND;

    vitals_linter_hurry(fixture->linter);
    while (fixture->rounds == before) {
        g_assert_cmpint(g_get_monotonic_time(), <, deadline);
        vitals_linter_tick(fixture->linter, g_get_monotonic_time());
        scene_run(0.02);
    }
    return vitals_linter_report(fixture->linter);
}

/* How many findings of the rule there are in a guest, or in the host, "". */
static guint
count(const VitalsLintReport *report, const char *domain, const char *rule)
{
    guint n = 0;

    for (guint i = 0; i < report->rows->len; i++) {
        const VitalsLintRow *row = report->rows->pdata[i];

        if (g_str_equal(row->domain, domain) && g_str_equal(row->rule, rule))
            n += row->count;
    }
    return n;
}

/* The host itself is judged from the first round on, and again when its facts have changed. */
static void
test_host(Fixture *fixture, gconstpointer data)
{
    const VitalsLintReport *report = next_report(fixture);

    g_assert_cmpuint(count(report, "", "HST007"), ==, 0);
    write_journald(fixture, "volatile");
    report = next_report(fixture);
    g_assert_cmpuint(count(report, "", "HST007"), ==, 1);
    g_assert_cmpuint(count(report, "web", "HST007"), ==, 0);
    g_assert_cmpuint(report->host->len, ==, 1);
    g_assert_true(g_str_has_prefix(report->host->pdata[0], "HST007 "));
    g_assert_cmpuint(report->linted, ==, 1);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add("/linter/host", Fixture, NULL, set_up, test_host, tear_down);
    return g_test_run();
}
