/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "monitor/collector.h"
#include "tests/integration/scene.h"

#include <string.h>

/* A collector and all that it told. */
typedef struct {
    Scene scene;
    VitalsAbandoned abandoned;
    VitalsCollector *collector;
    guint appeared;
    guint ended;
    guint verdicts;
    guint bad; /* verdicts that a healthy guest must not get */
    guint sampled;
    gboolean idle;
} Watching;

static void
on_appeared(VitalsGuest *guest, gpointer data)
{
    ((Watching *)data)->appeared++;
}

static void
on_verdict(VitalsGuest *guest, const VitalsCause *before, gpointer data)
{
    VitalsHealth health = guest->watch.verdict.cause->health;
    Watching *test = data;

    test->verdicts++;
    test->bad += health == VITALS_HEALTH_UNRESPONSIVE || health == VITALS_HEALTH_CRASHED;
}

static void
on_ended(VitalsGuest *guest, gpointer data)
{
    g_assert_false(guest->active);
    ((Watching *)data)->ended++;
}

static void
on_sampled(gpointer data)
{
    ((Watching *)data)->sampled++;
}

static void
on_cycle(gpointer data)
{
}

static void
on_idle(gpointer data)
{
    ((Watching *)data)->idle = TRUE;
}

static void
start(Watching *test)
{
    static const VitalsCollectorListener listener = {
        .appeared = on_appeared,
        .verdict = on_verdict,
        .ended = on_ended,
        .sampled = on_sampled,
        .cycle = on_cycle,
        .idle = on_idle,
    };

    test->abandoned.limit = 8;
    test->collector = vitals_collector_new(fake_hypervisor(test->scene.fake), test->scene.settings,
                                           &test->abandoned, &listener, test);
}

static void
set_up(Watching *test, gconstpointer data)
{
    scene_set_up(&test->scene, data);
}

static void
tear_down(Watching *test, gconstpointer data)
{
    fake_release(test->scene.fake, NULL);
    if (vitals_collector_free(test->collector, G_USEC_PER_SEC))
        vitals_hypervisor_free(fake_hypervisor_given(test->scene.fake));
    scene_tear_down(&test->scene, data);
}

static VitalsGuest *
find(Watching *test, const char *name)
{
    return vitals_collector_find(test->collector, name);
}

static gboolean
is(Watching *test, const char *name, VitalsHealth health)
{
    const VitalsGuest *guest = find(test, name);

    return guest && guest->watch.verdict.cause->health == health;
}

static guint
count_health(Watching *test, VitalsHealth health)
{
    g_autoptr(GPtrArray) guests = vitals_collector_guests(test->collector);
    guint count = 0;

    for (guint i = 0; i < guests->len; i++)
        count +=
            ((VitalsGuest *)g_ptr_array_index(guests, i))->watch.verdict.cause->health == health;
    return count;
}

static guint
count_quarantined(Watching *test)
{
    g_autoptr(GPtrArray) guests = vitals_collector_guests(test->collector);
    guint count = 0;

    for (guint i = 0; i < guests->len; i++)
        count += ((VitalsGuest *)g_ptr_array_index(guests, i))->quarantined;
    return count;
}

/* ---- hanging questions ---- */

static void
add_guests(Watching *test, guint total)
{
    for (guint i = 0; i < total; i++) {
        g_autofree char *name = g_strdup_printf("guest-%02u", i);

        fake_add(test->scene.fake, name);
    }
}

static FakeGuest *
nth(Watching *test, guint index)
{
    g_autofree char *name = g_strdup_printf("guest-%02u", index);

    return fake_find(test->scene.fake, name);
}

/* While @hanging of @total guests do not answer, all others are asked on time, and those only once. */
static void
check_hanging(Watching *test, guint total, guint hanging)
{
    g_autofree guint *before = g_new0(guint, total);
    Fake *fake = test->scene.fake;
    guint sampled;

    add_guests(test, total);
    start(test);
    scene_until(count_health(test, VITALS_HEALTH_HEALTHY) == total, 10);
    for (guint i = 0; i < hanging; i++)
        fake_fault(fake, nth(test, i), FAKE_BALLOON, (FakeFault){ .hang = TRUE });
    scene_until(count_quarantined(test) == hanging, 6);

    sampled = test->sampled;
    for (guint i = 0; i < total; i++)
        before[i] = fake_calls(fake, nth(test, i), FAKE_BALLOON);
    scene_run(4);
    g_assert_cmpuint(test->sampled - sampled, >=, 15);
    for (guint i = 0; i < total; i++) {
        guint asked = fake_calls(fake, nth(test, i), FAKE_BALLOON) - before[i];

        g_assert_cmpuint(fake_most_questions(fake, nth(test, i)), ==, 1);
        if (i < hanging)
            g_assert_cmpuint(asked, ==, 0);
        else
            g_assert_cmpuint(asked, >=, 3);
    }
    g_assert_cmpuint(fake_most_questions(fake, NULL), <=, 8 + 4);

    for (guint i = 0; i < hanging; i++)
        fake_release(fake, nth(test, i));
    scene_until(count_quarantined(test) == 0, 2);
    scene_run(2);
    g_assert_cmpuint(count_health(test, VITALS_HEALTH_HEALTHY), ==, total);
    g_assert_cmpuint(test->bad, ==, 0);
    g_assert_cmpuint(test->abandoned.abandoned, ==, 0);
    g_assert_cmpuint(test->ended, ==, 0);
}

static void
test_one_hangs(Watching *test, gconstpointer data)
{
    check_hanging(test, 4, 1);
}

static void
test_eight_hang(Watching *test, gconstpointer data)
{
    check_hanging(test, 24, 8);
}

/* More than the bound: the sweep goes on, nobody is called dead, and all is well when they return. */
static void
test_twelve_hang(Watching *test, gconstpointer data)
{
    Fake *fake = test->scene.fake;
    guint sampled;

    add_guests(test, 24);
    start(test);
    scene_until(count_health(test, VITALS_HEALTH_HEALTHY) == 24, 10);
    for (guint i = 0; i < 12; i++)
        fake_fault(fake, nth(test, i), FAKE_BALLOON, (FakeFault){ .hang = TRUE });
    scene_until(count_quarantined(test) == 12, 8);
    sampled = test->sampled;
    scene_run(3);
    g_assert_cmpuint(test->sampled - sampled, >=, 11);
    g_assert_cmpuint(fake_most_questions(fake, NULL), <=, 8 + 4);
    g_assert_cmpuint(test->bad, ==, 0);

    /* half of them return: the others hang on, and the healthy ones are asked again */
    for (guint i = 0; i < 6; i++)
        fake_release(fake, nth(test, i));
    scene_until(count_quarantined(test) == 6, 3);
    scene_until(fake_calls(fake, nth(test, 23), FAKE_BALLOON) >= 6, 8);
    fake_release(fake, NULL);
    scene_until(count_quarantined(test) == 0, 3);
    scene_run(2);
    g_assert_cmpuint(test->bad, ==, 0);
    g_assert_cmpuint(count_health(test, VITALS_HEALTH_HEALTHY), ==, 24);
}

static gboolean
is_spared(Watching *test, FakeGuest *guest, guint what)
{
    gboolean spared;

    fake_lock(test->scene.fake);
    spared = (guest->spared & what) == what;
    fake_unlock(test->scene.fake);
    return spared;
}

/* A call for each guest and second that others make needless is only made on suspicion. */
static void
test_spared(Watching *test, gconstpointer data)
{
    Fake *fake = test->scene.fake;
    FakeGuest *guest = fake_add(fake, "quiet");

    start(test);
    scene_until(is(test, "quiet", VITALS_HEALTH_HEALTHY), 8);
    scene_until(is_spared(test, guest, VITALS_SPARE_CONTROL), 3);
    /* no process of this host is its QEMU */
    g_assert_false(is_spared(test, guest, VITALS_SPARE_VCPUS));

    fake_silence(fake, guest, 0);
    scene_until(!is_spared(test, guest, VITALS_SPARE_CONTROL), 4);
    scene_until(is(test, "quiet", VITALS_HEALTH_UNRESPONSIVE), 8);
    g_assert_false(is_spared(test, guest, VITALS_SPARE_CONTROL));
}

static void
ingest_vcpu(VitalsGuest *guest, VitalsPart part)
{
    g_autoptr(VitalsSample) sample = vitals_sample_new(g_get_monotonic_time(), g_get_real_time());

    sample->parts[part] = sample->parts[VITALS_PART_VCPU] = VITALS_FACT_AVAILABLE;
    sample->vcpus = 1;
    sample->vcpu_ns = g_new0(guint64, 1);
    vitals_guest_ingest(guest, sample);
}

/* A sweep that was on its way together with the first look brings the same once more, and later. */
static void
test_vcpus_spared(Watching *test, gconstpointer data)
{
    g_autoptr(VitalsGuest) guest = vitals_guest_new(test->scene.settings, "uuid", "one", 1, FALSE);
    gint64 now = g_get_monotonic_time();

    start(test);
    ingest_vcpu(guest, VITALS_PART_STATE);
    g_assert_cmpint(vitals_guest_spares(guest, now), ==, VITALS_SPARE_NOTHING);
    ingest_vcpu(guest, VITALS_PART_PROCESS);
    ingest_vcpu(guest, VITALS_PART_STATE);
    g_assert_cmpint(vitals_guest_spares(guest, now), ==, VITALS_SPARE_VCPUS);
    /* nobody looked for a while */
    g_assert_cmpint(vitals_guest_spares(guest, now + G_TIME_SPAN_MINUTE), ==, VITALS_SPARE_NOTHING);
}

/* A question that hangs is what the monitor's state tells about. */
static void
test_not_spared_while_asking(Watching *test, gconstpointer data)
{
    Fake *fake = test->scene.fake;
    FakeGuest *guest = fake_add(fake, "slow");

    start(test);
    scene_until(is_spared(test, guest, VITALS_SPARE_CONTROL), 8);
    fake_fault(fake, guest, FAKE_BALLOON, (FakeFault){ .hang = TRUE });
    scene_until(count_quarantined(test) == 1, 6);
    g_assert_false(is_spared(test, guest, VITALS_SPARE_CONTROL));
    fake_release(fake, guest);
    scene_until(is_spared(test, guest, VITALS_SPARE_CONTROL), 5);
}

/* ---- runs ---- */

/* As Xen has it: the new run is told of before the end of the old one. */
static void
test_started_before_stopped(Watching *test, gconstpointer data)
{
    Fake *fake = test->scene.fake;
    FakeGuest *guest = fake_add(fake, "again");
    int old = guest->id;

    start(test);
    scene_until(is(test, "again", VITALS_HEALTH_HEALTHY), 8);
    fake_lock(fake);
    guest->stamp = 0;
    fake_unlock(fake);
    fake_renew(fake, guest);
    fake_fire(fake, guest, guest->id, VITALS_EVENT_STARTED);
    g_assert_cmpuint(test->ended, ==, 1);
    g_assert_cmpint(find(test, "again")->id, ==, guest->id);
    scene_run(0.05);
    fake_fire(fake, guest, old, VITALS_EVENT_STOPPED);
    g_assert_nonnull(find(test, "again"));
    scene_run(1);
    g_assert_nonnull(find(test, "again"));
    g_assert_cmpuint(test->appeared, ==, 2);
    g_assert_cmpuint(test->ended, ==, 1);
}

/* A sweep that was under way when a new run began tells of the old one: that is no third run. */
static void
test_old_sweep(Watching *test, gconstpointer data)
{
    Fake *fake = test->scene.fake;
    FakeGuest *guest = fake_add(fake, "again");
    guint sweeps;

    start(test);
    scene_until(is(test, "again", VITALS_HEALTH_HEALTHY), 8);
    sweeps = fake_calls(fake, NULL, FAKE_SWEEP);
    fake_fault(fake, NULL, FAKE_SWEEP, (FakeFault){ .delay = 300, .times = 1 });
    scene_until(fake_calls(fake, NULL, FAKE_SWEEP) > sweeps, 2);
    scene_run(0.05);
    fake_renew(fake, guest);
    fake_fire(fake, guest, guest->id, VITALS_EVENT_STARTED);
    scene_run(1);
    g_assert_cmpuint(test->appeared, ==, 2);
    g_assert_cmpuint(test->ended, ==, 1);
    g_assert_cmpint(find(test, "again")->id, ==, guest->id);
}

static void
test_vanishes(Watching *test, gconstpointer data)
{
    Fake *fake = test->scene.fake;
    FakeGuest *guest = fake_add(fake, "gone");

    fake_add(fake, "stays");
    start(test);
    scene_until(find(test, "gone") && find(test, "stays"), 2);
    fake_fault(fake, guest, FAKE_BALLOON, (FakeFault){ .hang = TRUE });
    scene_until(find(test, "gone")->quarantined, 4);
    fake_vanish(fake, guest);
    scene_until(!find(test, "gone"), 2);
    g_assert_cmpuint(test->ended, ==, 1);
    g_assert_nonnull(find(test, "stays"));
    /* its call returns to a guest that is not there */
    fake_release(fake, NULL);
    scene_run(0.5);
    g_assert_cmpuint(test->ended, ==, 1);
    g_assert_cmpuint(test->abandoned.abandoned, ==, 0);
}

/* STOPPED and the sweep that does not show it any more are one end. */
static void
test_one_end(Watching *test, gconstpointer data)
{
    Fake *fake = test->scene.fake;
    FakeGuest *guest = fake_add(fake, "gone");

    start(test);
    scene_until(find(test, "gone"), 2);
    scene_run(1.2);
    fake_vanish(fake, guest);
    fake_fire(fake, guest, -1, VITALS_EVENT_STOPPED);
    g_assert_null(find(test, "gone"));
    scene_until(test->ended == 1, 2);
    fake_fire(fake, guest, -1, VITALS_EVENT_STOPPED);
    scene_run(0.6);
    g_assert_cmpuint(test->ended, ==, 1);
    g_assert_cmpuint(test->appeared, ==, 1);
}

/* ---- libvirt away ---- */

static gboolean
is_connected(Watching *test)
{
    g_autoptr(VitalsSnapshot) snapshot = vitals_snapshot_new(0);

    vitals_collector_fill(test->collector, snapshot);
    return snapshot->connected;
}

static void
test_libvirt_away(Watching *test, gconstpointer data)
{
    Fake *fake = test->scene.fake;
    FakeGuest *guest = fake_add(fake, "panicked");
    FakeGuest *well = fake_add(fake, "well");
    guint verdicts;

    fake_die(fake, TRUE);
    start(test);
    scene_run(0.5);
    g_assert_false(is_connected(test));
    g_assert_cmpuint(test->appeared, ==, 0);

    fake_die(fake, FALSE);
    scene_until(is(test, "well", VITALS_HEALTH_HEALTHY), 8);
    fake_panic(fake, guest);
    g_assert_true(is(test, "panicked", VITALS_HEALTH_CRASHED));

    fake_die(fake, TRUE);
    scene_until(!is_connected(test), 2);
    verdicts = test->verdicts;
    scene_run(2);
    g_assert_true(is(test, "panicked", VITALS_HEALTH_CRASHED));
    g_assert_true(is(test, "well", VITALS_HEALTH_HEALTHY));
    fake_die(fake, FALSE);
    scene_until(is_connected(test), 6);
    scene_run(2);
    g_assert_true(is(test, "panicked", VITALS_HEALTH_CRASHED));
    g_assert_true(is(test, "well", VITALS_HEALTH_HEALTHY));
    g_assert_cmpuint(test->verdicts, ==, verdicts);
    g_assert_cmpuint(test->ended, ==, 0);

    /* and events are heard again, once their lane has come to its next attempt */
    for (guint i = 0; i < 60 && !is(test, "well", VITALS_HEALTH_CRASHED); i++) {
        fake_fire(fake, well, well->id, VITALS_EVENT_CRASHED);
        scene_run(0.1);
    }
    g_assert_true(is(test, "well", VITALS_HEALTH_CRASHED));
}

/* A subscription that came too late was closed with its worker: there has to be another. */
static void
test_late_subscription(Watching *test, gconstpointer data)
{
    Fake *fake = test->scene.fake;
    FakeGuest *guest = fake_add(fake, "quick");

    fake_fault(fake, NULL, FAKE_SUBSCRIBE, (FakeFault){ .hang = TRUE, .times = 1 });
    start(test);
    scene_until(test->abandoned.abandoned == 1, 3);
    fake_release(fake, NULL);
    scene_until(test->abandoned.abandoned == 0, 2);
    scene_run(1);
    g_assert_cmpuint(fake_calls(fake, NULL, FAKE_SUBSCRIBE), ==, 2);
    fake_fire(fake, guest, guest->id, VITALS_EVENT_CRASHED);
    g_assert_true(is(test, "quick", VITALS_HEALTH_CRASHED));
}

/* ---- definitions ---- */

static void
test_definition_fails(Watching *test, gconstpointer data)
{
    Fake *fake = test->scene.fake;

    fake_add(fake, "odd");
    fake_fault(fake, NULL, FAKE_DEFINITION,
               (FakeFault){ .fails = TRUE, .error = VITALS_HYPERVISOR_ERROR_FAILED, .times = 1 });
    start(test);
    scene_until(is(test, "odd", VITALS_HEALTH_HEALTHY), 10);
}

/* A device was plugged in, and a limit set: what is known of the guest is not of its start for ever. */
static void
test_definition_changes(Watching *test, gconstpointer data)
{
    Fake *fake = test->scene.fake;
    FakeGuest *guest = fake_add(fake, "grows");

    start(test);
    scene_until(is(test, "grows", VITALS_HEALTH_HEALTHY), 8);
    g_assert_false(find(test, "grows")->outline->disks);
    fake_lock(fake);
    guest->extra = "<devices><disk><iotune><total_bytes_sec>1</total_bytes_sec></iotune></disk>"
                   "</devices>";
    fake_unlock(fake);
    scene_run(1);
    g_assert_false(find(test, "grows")->outline->disks);
    fake_fire(fake, guest, guest->id, VITALS_EVENT_CHANGED);
    scene_until(find(test, "grows")->outline->disks, 2);
    g_assert_cmpuint(find(test, "grows")->outline->disk_limit, ==, 1);
    g_assert_true(is(test, "grows", VITALS_HEALTH_HEALTHY));
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
    start(test);
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
    start(test);
    scene_until(is(test, "stores", VITALS_HEALTH_HEALTHY), 8);
    scene_until(is(test, "broken", VITALS_HEALTH_HEALTHY), 8);
    scene_until(fake_calls(fake, guest, FAKE_BLOCK) >= 3, 8);
    g_assert_cmpuint(fake_calls(fake, guest, FAKE_BALLOON), >, 3);
    g_assert_cmpuint(fake_most_questions(fake, guest), ==, 1);
    g_assert_cmpuint(find(test, "stores")->latest[VITALS_PART_BLOCK]->requests, ==, 7);
    g_assert_null(find(test, "broken")->latest[VITALS_PART_BLOCK]);
    g_assert_cmpuint(test->bad, ==, 0);
}

static void
test_definition_hangs(Watching *test, gconstpointer data)
{
    Fake *fake = test->scene.fake;
    FakeGuest *odd = fake_add(fake, "odd");

    fake_add(fake, "well");
    fake_fault(fake, odd, FAKE_DEFINITION, (FakeFault){ .hang = TRUE });
    start(test);
    scene_until(is(test, "well", VITALS_HEALTH_HEALTHY), 8);
    g_assert_cmpuint(fake_calls(fake, odd, FAKE_DEFINITION), ==, 1);
    g_assert_cmpuint(fake_calls(fake, odd, FAKE_BALLOON), ==, 0);
    fake_release(fake, NULL);
    scene_until(is(test, "odd", VITALS_HEALTH_HEALTHY), 8);
}

static void
check_garbage(Watching *test, char *xml)
{
    Fake *fake = test->scene.fake;
    FakeGuest *odd = fake_add(fake, "odd");

    odd->xml = xml;
    fake_add(fake, "well");
    start(test);
    scene_until(is(test, "well", VITALS_HEALTH_HEALTHY), 8);
    g_assert_nonnull(find(test, "odd"));
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
    start(test);
    scene_until(fake_calls(fake, ours, FAKE_SET_PERIOD) == 1, 3);
    scene_until(find(test, "ours") && find(test, "ours")->period_ours, 2);
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
    start(test);
    scene_until(find(test, "plain") && find(test, "plain")->outline, 3);
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
    start(test);
    scene_until(find(test, "plain") && find(test, "plain")->period_ours, 8);
}

static void
test_period_hangs(Watching *test, gconstpointer data)
{
    Fake *fake = test->scene.fake;
    FakeGuest *guest = fake_add(fake, "plain");
    gint64 began;

    guest->period = 0;
    fake_fault(fake, NULL, FAKE_SET_PERIOD, (FakeFault){ .hang = TRUE });
    start(test);
    scene_until(count_quarantined(test) == 1, 4);
    g_assert_cmpuint(fake_calls(fake, guest, FAKE_BALLOON), ==, 0);
    began = g_get_monotonic_time();
    vitals_collector_stop(test->collector);
    scene_until(test->idle, 4);
    g_assert_cmpint(g_get_monotonic_time() - began, <, 4 * G_USEC_PER_SEC);
}

/* ---- lies ---- */

static void
tell_past(FakeGuest *guest)
{
    guest->stamp_offset = -1000000;
}

static void
tell_future(FakeGuest *guest)
{
    guest->stamp_offset = G_GINT64_CONSTANT(1) << 40;
}

static void
tell_absurd(FakeGuest *guest)
{
    guest->stamp_offset = G_MAXINT64 / 2;
    guest->size = G_MAXUINT64;
}

static void
tell_shrinking(FakeGuest *guest)
{
    guest->cores = -1;
}

static void
tell_vcpus(FakeGuest *guest)
{
    guest->vcpus = 512;
}

static void
tell_no_vcpus(FakeGuest *guest)
{
    guest->vcpus = 0;
}

static void
tell_name(FakeGuest *guest)
{
    g_free(guest->name);
    guest->name = g_strdup("two\nlines \x1b[2J\xff");
}

/* None of these is a reason to call a guest dead, or to call it names. */
static void
test_lies(Watching *test, gconstpointer data)
{
    static void (*const lies[])(FakeGuest * guest) = {
        tell_past, tell_future, tell_absurd, tell_shrinking, tell_vcpus, tell_no_vcpus, tell_name,
    };

    for (gsize i = 0; i < G_N_ELEMENTS(lies); i++)
        lies[i](fake_add(test->scene.fake, "liar"));
    start(test);
    scene_until(count_health(test, VITALS_HEALTH_HEALTHY) == G_N_ELEMENTS(lies), 8);
    scene_run(2);
    g_assert_cmpuint(count_health(test, VITALS_HEALTH_HEALTHY), ==, G_N_ELEMENTS(lies));
    g_assert_cmpuint(test->bad, ==, 0);
}

/* Somebody else changes the pace of a healthy guest's balloon, which then beats more seldom or no more. */
static void
check_other_pace(Watching *test, const char *dry_run, guint period)
{
    FakeGuest *guest = fake_add(test->scene.fake, "web");

    scene_set(test->scene.settings, "Monitor.DryRun", dry_run);
    scene_set(test->scene.settings, "Verdict.BalloonDeadline", "4");
    start(test);
    scene_until(is(test, "web", VITALS_HEALTH_HEALTHY), 8);
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
    g_assert_true(is(test, "web", VITALS_HEALTH_HEALTHY));
    g_assert_true(find(test, "web")->period_ours);
}

static void
test_period_removed_dry_run(Watching *test, gconstpointer data)
{
    check_other_pace(test, "yes", 0);
}

#define ADD(path, test) g_test_add("/collector/" path, Watching, NULL, set_up, test, tear_down)

int
main(int argc, char **argv)
{
    scene_init(&argc, &argv);
    ADD("hang/one-of-4", test_one_hangs);
    ADD("hang/8-of-24", test_eight_hang);
    ADD("hang/12-of-24", test_twelve_hang);
    ADD("spared", test_spared);
    ADD("vcpus-spared", test_vcpus_spared);
    ADD("not-spared-while-asking", test_not_spared_while_asking);
    ADD("run/started-before-stopped", test_started_before_stopped);
    ADD("run/old-sweep", test_old_sweep);
    ADD("run/vanishes", test_vanishes);
    ADD("run/one-end", test_one_end);
    ADD("libvirt-away", test_libvirt_away);
    ADD("late-subscription", test_late_subscription);
    ADD("definition/fails", test_definition_fails);
    ADD("definition/changes", test_definition_changes);
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
    ADD("lies", test_lies);
    return g_test_run();
}
