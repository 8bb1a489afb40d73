/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/integration/watching.h"

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

void
watching_start(Watching *test)
{
    static const VitalsCollectorListener listener = {
        .appeared = on_appeared,
        .verdict = on_verdict,
        .ended = on_ended,
        .sampled = on_sampled,
        .cycle = on_cycle,
        .idle = on_idle,
    };

    g_autoptr(VitalsHypervisor) hypervisor = fake_hypervisor(test->scene.fake);

    test->abandoned.limit = 8;
    test->collector =
        vitals_collector_new(hypervisor, test->scene.settings, &test->abandoned, &listener, test);
}

void
watching_set_up(Watching *test, gconstpointer data)
{
    scene_set_up(&test->scene, data);
}

void
watching_tear_down(Watching *test, gconstpointer data)
{
    fake_release(test->scene.fake, NULL);
    vitals_collector_free(test->collector, G_USEC_PER_SEC);
    scene_tear_down(&test->scene, data);
}

VitalsGuest *
watching_find(Watching *test, const char *name)
{
    return vitals_collector_find(test->collector, name);
}

gboolean
watching_is(Watching *test, const char *name, VitalsHealth health)
{
    const VitalsGuest *guest = watching_find(test, name);

    return guest && guest->watch.verdict.cause->health == health;
}

guint
watching_count(Watching *test, VitalsHealth health)
{
    g_autoptr(GPtrArray) guests = vitals_collector_guests(test->collector);
    guint count = 0;

    for (guint i = 0; i < guests->len; i++)
        count +=
            ((VitalsGuest *)g_ptr_array_index(guests, i))->watch.verdict.cause->health == health;
    return count;
}

guint
watching_quarantined(Watching *test)
{
    g_autoptr(GPtrArray) guests = vitals_collector_guests(test->collector);
    guint count = 0;

    for (guint i = 0; i < guests->len; i++)
        count += ((VitalsGuest *)g_ptr_array_index(guests, i))->quarantined;
    return count;
}
