/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/integration/watching.h"

#include <string.h>

/* ---- definitions ---- */

static void
test_definition_fails(Watching *test, gconstpointer data)
{
    Fake *fake = test->scene.fake;

    fake_add(fake, "odd");
    fake_fault(fake, NULL, FAKE_DEFINITION,
               (FakeFault){ .fails = TRUE, .error = VITALS_HYPERVISOR_ERROR_FAILED, .times = 1 });
    watching_start(test);
    scene_until(watching_is(test, "odd", VITALS_HEALTH_HEALTHY), 10);
}

/* A device was plugged in, and a limit set: what is known of the guest is not of its start for ever. */
static void
test_definition_changes(Watching *test, gconstpointer data)
{
    Fake *fake = test->scene.fake;
    FakeGuest *guest = fake_add(fake, "grows");

    watching_start(test);
    scene_until(watching_is(test, "grows", VITALS_HEALTH_HEALTHY), 8);
    g_assert_false(watching_find(test, "grows")->outline->disks);
    fake_lock(fake);
    guest->extra = "<devices><disk><iotune><total_bytes_sec>1</total_bytes_sec></iotune></disk>"
                   "</devices>";
    fake_unlock(fake);
    scene_run(1);
    g_assert_false(watching_find(test, "grows")->outline->disks);
    fake_fire(fake, guest, guest->id, VITALS_EVENT_CHANGED);
    scene_until(watching_find(test, "grows")->outline->disks, 2);
    g_assert_cmpuint(watching_find(test, "grows")->outline->disk_limit, ==, 1);
    g_assert_true(watching_is(test, "grows", VITALS_HEALTH_HEALTHY));
}

/* It is seen first while libvirt is starting it and its devices have no names yet. */
static void
test_definition_of_start(Watching *test, gconstpointer data)
{
    Fake *fake = test->scene.fake;
    FakeGuest *guest = fake_add(fake, "early");

    guest->state = VITALS_DOMAIN_PAUSED;
    guest->reason = VITALS_REASON_STARTING;
    watching_start(test);
    scene_until(watching_find(test, "early") && watching_find(test, "early")->outline, 3);
    g_assert_null(watching_find(test, "early")->outline->console_pty);
    fake_lock(fake);
    guest->state = VITALS_DOMAIN_RUNNING;
    guest->reason = VITALS_REASON_OTHER;
    guest->extra = "<devices><console type='pty'><source path='/dev/pts/4095'/>"
                   "</console></devices>";
    fake_unlock(fake);
    scene_until(watching_find(test, "early")->outline->console_pty, 4);
}

static void
on_warning(const char *domain, GLogLevelFlags level, const char *message, gpointer data)
{
    GString *heard = data;

    g_string_append_printf(heard, "%s\n", message);
}

/* Whoever wrote a policy that is not understood is told so, once. */
static void
test_wishes_misread(Watching *test, gconstpointer data)
{
    g_autoptr(GString) heard = g_string_new(NULL);
    guint handler = g_log_set_handler("virt-vitals", G_LOG_LEVEL_WARNING, on_warning, heard);
    Fake *fake = test->scene.fake;
    FakeGuest *guest = fake_add(fake, "wishful");

    guest->extra = "<metadata><v:policy xmlns:v='urn:virt-vitals:policy:1'><v:on verdict='crashd' "
                   "do='capture'/><v:on verdict='stuck' do='incident'/></v:policy></metadata>";
    watching_start(test);
    scene_until(heard->len > 0, 4);
    g_assert_nonnull(strstr(heard->str, "wishful: "));
    g_assert_nonnull(strstr(heard->str, "verdict=\"crashd\" do=\"capture\""));
    g_string_truncate(heard, 0);
    fake_fire(fake, guest, guest->id, VITALS_EVENT_CHANGED);
    scene_run(1);
    g_assert_cmpstr(heard->str, ==, "");
    g_log_remove_handler("virt-vitals", handler);
}

/* Disks are asked seldom, together with the balloon, and may fail for ever without harm to it. */
static void
test_disks(Watching *test, gconstpointer data)
{
    Fake *fake = test->scene.fake;
    FakeGuest *guest = fake_add(fake, "stores");
    FakeGuest *broken = fake_add(fake, "broken");

    guest->extra = broken->extra = "<devices><disk type='file'/></devices>";
    guest->requests = 7;
    fake_fault(fake, broken, FAKE_BLOCK,
               (FakeFault){ .fails = TRUE, .error = VITALS_HYPERVISOR_ERROR_FAILED });
    scene_set(test->scene.settings, "Probe.BlockPeriod", "2s");
    watching_start(test);
    scene_until(watching_is(test, "stores", VITALS_HEALTH_HEALTHY), 8);
    scene_until(watching_is(test, "broken", VITALS_HEALTH_HEALTHY), 8);
    scene_until(fake_calls(fake, guest, FAKE_BLOCK) >= 3, 8);
    g_assert_cmpuint(fake_calls(fake, guest, FAKE_BALLOON), >, 3);
    g_assert_cmpuint(fake_most_questions(fake, guest), ==, 1);
    g_assert_cmpuint(watching_find(test, "stores")->latest[VITALS_PART_BLOCK]->requests, ==, 7);
    g_assert_null(watching_find(test, "broken")->latest[VITALS_PART_BLOCK]);
    g_assert_cmpuint(test->bad, ==, 0);
}

static void
test_definition_hangs(Watching *test, gconstpointer data)
{
    Fake *fake = test->scene.fake;
    FakeGuest *odd = fake_add(fake, "odd");

    fake_add(fake, "well");
    fake_fault(fake, odd, FAKE_DEFINITION, (FakeFault){ .hang = TRUE });
    watching_start(test);
    scene_until(watching_is(test, "well", VITALS_HEALTH_HEALTHY), 8);
    g_assert_cmpuint(fake_calls(fake, odd, FAKE_DEFINITION), ==, 1);
    g_assert_cmpuint(fake_calls(fake, odd, FAKE_BALLOON), ==, 0);
    fake_release(fake, NULL);
    scene_until(watching_is(test, "odd", VITALS_HEALTH_HEALTHY), 8);
}

static void
check_garbage(Watching *test, char *xml)
{
    Fake *fake = test->scene.fake;
    FakeGuest *odd = fake_add(fake, "odd");

    odd->xml = xml;
    fake_add(fake, "well");
    watching_start(test);
    scene_until(watching_is(test, "well", VITALS_HEALTH_HEALTHY), 8);
    g_assert_nonnull(watching_find(test, "odd"));
    g_assert_cmpuint(test->bad, ==, 0);
}

static void
test_definition_is_garbage(Watching *test, gconstpointer data)
{
    check_garbage(test, g_strdup("<domain><name>\xff\x1b[2J</domain"));
}

static void
test_definition_is_large(Watching *test, gconstpointer data)
{
    g_autofree char *blanks = g_strnfill(1024 * 1024, ' ');

    check_garbage(test, g_strconcat("<domain>", blanks, "</domain>", NULL));
}

/* ---- the balloon's period ---- */

static void
test_period(Watching *test, gconstpointer data)
{
    Fake *fake = test->scene.fake;
    FakeGuest *ours = fake_add(fake, "ours");
    FakeGuest *theirs = fake_add(fake, "theirs");

    ours->period = 0;
    theirs->period = 5;
    scene_set(test->scene.settings, "Probe.BalloonPeriod", "2s");
    watching_start(test);
    scene_until(fake_calls(fake, ours, FAKE_SET_PERIOD) == 1, 3);
    scene_until(watching_find(test, "ours") && watching_find(test, "ours")->period_ours, 2);
    g_assert_cmpuint(ours->period, ==, 2);
    vitals_collector_stop(test->collector);
    scene_until(test->idle, 4);
    g_assert_cmpuint(ours->period, ==, 0);
    g_assert_cmpuint(theirs->period, ==, 5);
    g_assert_cmpuint(fake_calls(fake, theirs, FAKE_SET_PERIOD), ==, 0);
}

static void
test_period_dry_run(Watching *test, gconstpointer data)
{
    FakeGuest *guest = fake_add(test->scene.fake, "plain");

    guest->period = 0;
    scene_set(test->scene.settings, "Monitor.DryRun", "yes");
    watching_start(test);
    scene_until(watching_find(test, "plain") && watching_find(test, "plain")->outline, 3);
    scene_run(0.5);
    g_assert_cmpuint(fake_calls(test->scene.fake, NULL, FAKE_SET_PERIOD), ==, 0);
    vitals_collector_stop(test->collector);
    scene_until(test->idle, 4);
    g_assert_cmpuint(fake_calls(test->scene.fake, NULL, FAKE_SET_PERIOD), ==, 0);
}

/* What fails for a passing reason is tried again. */
static void
test_period_fails(Watching *test, gconstpointer data)
{
    Fake *fake = test->scene.fake;
    FakeGuest *guest = fake_add(fake, "plain");

    guest->period = 0;
    fake_fault(
        fake, NULL, FAKE_SET_PERIOD,
        (FakeFault){ .fails = TRUE, .error = VITALS_HYPERVISOR_ERROR_DISCONNECTED, .times = 1 });
    watching_start(test);
    scene_until(watching_find(test, "plain") && watching_find(test, "plain")->period_ours, 8);
}

static void
test_period_hangs(Watching *test, gconstpointer data)
{
    Fake *fake = test->scene.fake;
    FakeGuest *guest = fake_add(fake, "plain");
    gint64 began;

    guest->period = 0;
    fake_fault(fake, NULL, FAKE_SET_PERIOD, (FakeFault){ .hang = TRUE });
    watching_start(test);
    scene_until(watching_quarantined(test) == 1, 4);
    g_assert_cmpuint(fake_calls(fake, guest, FAKE_BALLOON), ==, 0);
    began = g_get_monotonic_time();
    vitals_collector_stop(test->collector);
    scene_until(test->idle, 4);
    g_assert_cmpint(g_get_monotonic_time() - began, <, 4 * G_USEC_PER_SEC);
}

static void
check_other_pace(Watching *test, const char *dry_run, guint period)
{
    FakeGuest *guest = fake_add(test->scene.fake, "web");

    scene_set(test->scene.settings, "Monitor.DryRun", dry_run);
    scene_set(test->scene.settings, "Verdict.BalloonDeadline", "4");
    watching_start(test);
    scene_until(watching_is(test, "web", VITALS_HEALTH_HEALTHY), 8);
    fake_lock(test->scene.fake);
    guest->period = period;
    guest->beating = period == 0; /* the fake's balloon beats as soon as it has any pace */
    fake_unlock(test->scene.fake);
    scene_run(8);
    g_assert_cmpuint(test->bad, ==, 0);
}

static void
test_period_lengthened(Watching *test, gconstpointer data)
{
    check_other_pace(test, "no", 60);
}

static void
test_period_removed(Watching *test, gconstpointer data)
{
    check_other_pace(test, "no", 0);
    scene_until(watching_find(test, "web")->period_ours, 10);
    scene_until(watching_is(test, "web", VITALS_HEALTH_HEALTHY), 10);
    g_assert_cmpuint(test->bad, ==, 0);
}

static void
test_period_removed_dry_run(Watching *test, gconstpointer data)
{
    check_other_pace(test, "yes", 0);
}

#define ADD(path, test) \
    g_test_add("/collector/" path, Watching, NULL, watching_set_up, test, watching_tear_down)

int
main(int argc, char **argv)
{
    scene_init(&argc, &argv);
    ADD("definition/fails", test_definition_fails);
    ADD("definition/changes", test_definition_changes);
    ADD("definition/of-start", test_definition_of_start);
    ADD("disks", test_disks);
    ADD("definition/wishes-misread", test_wishes_misread);
    ADD("definition/hangs", test_definition_hangs);
    ADD("definition/garbage", test_definition_is_garbage);
    ADD("definition/large", test_definition_is_large);
    ADD("period/set-and-undone", test_period);
    ADD("period/dry-run", test_period_dry_run);
    ADD("period/fails", test_period_fails);
    ADD("period/hangs", test_period_hangs);
    ADD("period/lengthened", test_period_lengthened);
    ADD("period/removed", test_period_removed);
    ADD("period/removed-dry-run", test_period_removed_dry_run);
    return g_test_run();
}
