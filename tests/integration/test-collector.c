/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "monitor/host.h"

#include "tests/integration/watching.h"

#include <string.h>

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
    watching_start(test);
    scene_until(watching_count(test, VITALS_HEALTH_HEALTHY) == total, 10);
    for (guint i = 0; i < hanging; i++)
        fake_fault(fake, nth(test, i), FAKE_BALLOON, (FakeFault){ .hang = TRUE });
    scene_until(watching_quarantined(test) == hanging, 6);

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
    scene_until(watching_quarantined(test) == 0, 2);
    scene_run(2);
    g_assert_cmpuint(watching_count(test, VITALS_HEALTH_HEALTHY), ==, total);
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
    watching_start(test);
    scene_until(watching_count(test, VITALS_HEALTH_HEALTHY) == 24, 10);
    for (guint i = 0; i < 12; i++)
        fake_fault(fake, nth(test, i), FAKE_BALLOON, (FakeFault){ .hang = TRUE });
    scene_until(watching_quarantined(test) == 12, 8);
    sampled = test->sampled;
    scene_run(3);
    g_assert_cmpuint(test->sampled - sampled, >=, 11);
    g_assert_cmpuint(fake_most_questions(fake, NULL), <=, 8 + 4);
    g_assert_cmpuint(test->bad, ==, 0);

    /* half of them return: the others hang on, and the healthy ones are asked again */
    for (guint i = 0; i < 6; i++)
        fake_release(fake, nth(test, i));
    scene_until(watching_quarantined(test) == 6, 3);
    scene_until(fake_calls(fake, nth(test, 23), FAKE_BALLOON) >= 6, 8);
    fake_release(fake, NULL);
    scene_until(watching_quarantined(test) == 0, 3);
    scene_run(2);
    g_assert_cmpuint(test->bad, ==, 0);
    g_assert_cmpuint(watching_count(test, VITALS_HEALTH_HEALTHY), ==, 24);
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

    watching_start(test);
    scene_until(watching_is(test, "quiet", VITALS_HEALTH_HEALTHY), 8);
    scene_until(is_spared(test, guest, VITALS_SPARE_CONTROL), 3);
    /* no process of this host is its QEMU */
    g_assert_false(is_spared(test, guest, VITALS_SPARE_VCPUS));

    fake_silence(fake, guest, 0);
    scene_until(!is_spared(test, guest, VITALS_SPARE_CONTROL), 4);
    scene_until(watching_is(test, "quiet", VITALS_HEALTH_UNRESPONSIVE), 8);
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

    watching_start(test);
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

    watching_start(test);
    scene_until(is_spared(test, guest, VITALS_SPARE_CONTROL), 8);
    fake_fault(fake, guest, FAKE_BALLOON, (FakeFault){ .hang = TRUE });
    scene_until(watching_quarantined(test) == 1, 6);
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
    guint64 before = vitals_host_ticks();
    int old = guest->id;

    watching_start(test);
    scene_until(watching_is(test, "again", VITALS_HEALTH_HEALTHY), 8);
    g_assert_cmpuint(watching_find(test, "again")->booted, ==, 0);
    fake_lock(fake);
    guest->stamp = 0;
    fake_unlock(fake);
    fake_renew(fake, guest);
    fake_fire(fake, guest, guest->id, VITALS_EVENT_STARTED);
    g_assert_cmpuint(test->ended, ==, 1);
    g_assert_cmpint(watching_find(test, "again")->id, ==, guest->id);
    /* QEMU is looked for among what was started before that */
    g_assert_cmpuint(watching_find(test, "again")->booted, >=, before);
    g_assert_cmpuint(watching_find(test, "again")->booted, <=, vitals_host_ticks());
    scene_run(0.05);
    fake_fire(fake, guest, old, VITALS_EVENT_STOPPED);
    g_assert_nonnull(watching_find(test, "again"));
    scene_run(1);
    g_assert_nonnull(watching_find(test, "again"));
    g_assert_cmpuint(test->appeared, ==, 2);
    g_assert_cmpuint(test->ended, ==, 1);
}

/* One of its vCPUs is dead, as only their registers tell: by default nobody looks at them. */
static void
check_deep(Watching *test, gboolean deep)
{
    Fake *fake = test->scene.fake;
    FakeGuest *guest = fake_add(fake, "deep");

    guest->vcpus = 2;
    guest->dead = 2;
    if (deep)
        scene_set(test->scene.settings, "Probe.DeepProbe", "on-suspicion");
    watching_start(test);
    scene_until(watching_is(test, "deep", VITALS_HEALTH_HEALTHY), 8);
    g_assert_cmpuint(fake_calls(fake, guest, FAKE_REGISTERS), ==, 0);
    fake_silence(fake, guest, 0.02);
    scene_until(watching_is(test, "deep", VITALS_HEALTH_UNRESPONSIVE), 20);
    if (!deep) {
        g_assert_cmpuint(fake_calls(fake, guest, FAKE_REGISTERS), ==, 0);
        return;
    }
    /* where the machine is busy the silence may be proven before anybody has looked */
    scene_until(g_str_equal(watching_find(test, "deep")->watch.verdict.cause->id, "vcpu-hung"), 20);
    g_assert_cmpuint(fake_calls(fake, guest, FAKE_REGISTERS), >, 0);
}

static void
test_deep(Watching *test, gconstpointer data)
{
    check_deep(test, TRUE);
}

static void
test_not_deep(Watching *test, gconstpointer data)
{
    check_deep(test, FALSE);
}

/* One of its vCPUs spins with interrupts off, as only KVM's counters tell, without any deep probe. */
static void
test_kvm(Watching *test, gconstpointer data)
{
    Fake *fake = test->scene.fake;
    FakeGuest *guest = fake_add(fake, "kvm");
    FakeGuest *other = fake_add(fake, "emulated");

    guest->vcpus = other->vcpus = 2;
    guest->kvm_ns = 15 * G_GUINT64_CONSTANT(1000000000);
    scene_set(test->scene.settings, "Probe.CounterPeriod", "1s");
    watching_start(test);
    scene_until(watching_is(test, "kvm", VITALS_HEALTH_HEALTHY), 8);
    scene_until(fake_calls(fake, guest, FAKE_KVM) > 2, 15);
    g_assert_cmpstr(watching_find(test, "kvm")->watch.verdict.cause->id, ==, "none");
    fake_lock(fake);
    guest->dead = 2;
    fake_unlock(fake);
    scene_until(g_str_equal(watching_find(test, "kvm")->watch.verdict.cause->id, "vcpu-dead"), 30);
    g_assert_cmpuint(fake_calls(fake, guest, FAKE_REGISTERS), ==, 0);
    /* one that has no counters is not asked for them again and again */
    g_assert_cmpuint(fake_calls(fake, other, FAKE_KVM), ==, 1);
}

/* A sweep that was under way when a new run began tells of the old one: that is no third run. */
static void
test_old_sweep(Watching *test, gconstpointer data)
{
    Fake *fake = test->scene.fake;
    FakeGuest *guest = fake_add(fake, "again");
    guint sweeps;

    watching_start(test);
    scene_until(watching_is(test, "again", VITALS_HEALTH_HEALTHY), 8);
    sweeps = fake_calls(fake, NULL, FAKE_SWEEP);
    fake_fault(fake, NULL, FAKE_SWEEP, (FakeFault){ .delay = 300, .times = 1 });
    scene_until(fake_calls(fake, NULL, FAKE_SWEEP) > sweeps, 2);
    scene_run(0.05);
    fake_renew(fake, guest);
    fake_fire(fake, guest, guest->id, VITALS_EVENT_STARTED);
    scene_run(1);
    g_assert_cmpuint(test->appeared, ==, 2);
    g_assert_cmpuint(test->ended, ==, 1);
    g_assert_cmpint(watching_find(test, "again")->id, ==, guest->id);
}

static void
test_vanishes(Watching *test, gconstpointer data)
{
    Fake *fake = test->scene.fake;
    FakeGuest *guest = fake_add(fake, "gone");

    fake_add(fake, "stays");
    watching_start(test);
    scene_until(watching_find(test, "gone") && watching_find(test, "stays"), 2);
    fake_fault(fake, guest, FAKE_BALLOON, (FakeFault){ .hang = TRUE });
    scene_until(watching_find(test, "gone")->quarantined, 4);
    fake_vanish(fake, guest);
    scene_until(!watching_find(test, "gone"), 2);
    g_assert_cmpuint(test->ended, ==, 1);
    g_assert_nonnull(watching_find(test, "stays"));
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

    watching_start(test);
    scene_until(watching_find(test, "gone"), 2);
    scene_run(1.2);
    fake_vanish(fake, guest);
    fake_fire(fake, guest, -1, VITALS_EVENT_STOPPED);
    g_assert_null(watching_find(test, "gone"));
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
    watching_start(test);
    scene_run(0.5);
    g_assert_false(is_connected(test));
    g_assert_cmpuint(test->appeared, ==, 0);

    fake_die(fake, FALSE);
    scene_until(watching_is(test, "well", VITALS_HEALTH_HEALTHY), 8);
    fake_panic(fake, guest);
    g_assert_true(watching_is(test, "panicked", VITALS_HEALTH_CRASHED));

    fake_die(fake, TRUE);
    scene_until(!is_connected(test), 2);
    verdicts = test->verdicts;
    scene_run(2);
    g_assert_true(watching_is(test, "panicked", VITALS_HEALTH_CRASHED));
    g_assert_true(watching_is(test, "well", VITALS_HEALTH_HEALTHY));
    fake_die(fake, FALSE);
    scene_until(is_connected(test), 6);
    scene_run(2);
    g_assert_true(watching_is(test, "panicked", VITALS_HEALTH_CRASHED));
    g_assert_true(watching_is(test, "well", VITALS_HEALTH_HEALTHY));
    g_assert_cmpuint(test->verdicts, ==, verdicts);
    g_assert_cmpuint(test->ended, ==, 0);

    /* and events are heard again, once their lane has come to its next attempt */
    for (guint i = 0; i < 60 && !watching_is(test, "well", VITALS_HEALTH_CRASHED); i++) {
        fake_fire(fake, well, well->id, VITALS_EVENT_CRASHED);
        scene_run(0.1);
    }
    g_assert_true(watching_is(test, "well", VITALS_HEALTH_CRASHED));
}

/* A subscription that came too late was closed with its worker: there has to be another. */
static void
test_late_subscription(Watching *test, gconstpointer data)
{
    Fake *fake = test->scene.fake;
    FakeGuest *guest = fake_add(fake, "quick");

    fake_fault(fake, NULL, FAKE_SUBSCRIBE, (FakeFault){ .hang = TRUE, .times = 1 });
    watching_start(test);
    scene_until(test->abandoned.abandoned == 1, 3);
    fake_release(fake, NULL);
    scene_until(test->abandoned.abandoned == 0, 2);
    scene_run(1);
    g_assert_cmpuint(fake_calls(fake, NULL, FAKE_SUBSCRIBE), ==, 2);
    fake_fire(fake, guest, guest->id, VITALS_EVENT_CRASHED);
    g_assert_true(watching_is(test, "quick", VITALS_HEALTH_CRASHED));
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
    watching_start(test);
    scene_until(watching_count(test, VITALS_HEALTH_HEALTHY) == G_N_ELEMENTS(lies), 8);
    scene_run(2);
    g_assert_cmpuint(watching_count(test, VITALS_HEALTH_HEALTHY), ==, G_N_ELEMENTS(lies));
    g_assert_cmpuint(test->bad, ==, 0);
}

/* Somebody else changes the pace of a healthy guest's balloon, which then beats more seldom or no more. */
#define ADD(path, test) \
    g_test_add("/collector/" path, Watching, NULL, watching_set_up, test, watching_tear_down)

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
    ADD("deep/on-suspicion", test_deep);
    ADD("kvm", test_kvm);
    ADD("deep/never", test_not_deep);
    ADD("libvirt-away", test_libvirt_away);
    ADD("late-subscription", test_late_subscription);
    ADD("lies", test_lies);
    return g_test_run();
}
