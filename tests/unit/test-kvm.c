/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "probes/kvm.h"
#include "probes/watch.h"

#define SECOND G_GUINT64_CONSTANT(1000000000)

/* ---- figures ---- */

static void
test_take(void)
{
    static const struct {
        const char *field;
        guint64 value;
    } told[] = {
        { "vcpu.current", 2 },
        { "vcpu.maximum", 4 },
        { "vcpu.0.state", 1 },
        { "vcpu.0.time", 70 },
        { "vcpu.0.exits.sum", 500 },
        { "vcpu.0.exits.max", 501 },
        { "vcpu.0.irq_exits.sum", 40 },
        { "vcpu.0.halt_exits.sum", 30 },
        { "vcpu.0.irq_injections.sum", 20 },
        { "vcpu.0.exits.sum.more", 9 },
        { "vcpu.0", 9 },
        { "vcpu..time", 9 },
        { "vcpu.-1.time", 9 },
        { "vcpu.99999999999999999999.time", 9 },
        { "vcpu.8.time", 9 },
        { "balloon.0.time", 9 },
        /* a job of somebody else's: libvirt knows its time alone */
        { "vcpu.2.time", 60 },
    };
    g_autoptr(GArray) list = g_array_new(FALSE, TRUE, sizeof(VitalsKvm));
    const VitalsKvm *kvm;

    for (gsize i = 0; i < G_N_ELEMENTS(told); i++)
        vitals_kvm_take(list, told[i].field, told[i].value, 8);
    g_assert_true(vitals_kvm_finish(list));
    g_assert_cmpuint(list->len, ==, 3);
    kvm = &g_array_index(list, VitalsKvm, 0);
    g_assert_true(kvm->known);
    g_assert_cmpuint(kvm->ns, ==, 70);
    g_assert_cmpuint(kvm->exits, ==, 500);
    g_assert_cmpuint(kvm->host_exits, ==, 40);
    g_assert_cmpuint(kvm->halts, ==, 30);
    g_assert_cmpuint(kvm->interrupts, ==, 20);
    g_assert_false(g_array_index(list, VitalsKvm, 1).known);
    g_assert_false(g_array_index(list, VitalsKvm, 2).known);
    g_assert_cmpuint(g_array_index(list, VitalsKvm, 2).ns, ==, 0);
}

static void
test_none(void)
{
    g_autoptr(GArray) list = g_array_new(FALSE, TRUE, sizeof(VitalsKvm));

    g_assert_false(vitals_kvm_finish(list));
    vitals_kvm_take(list, "vcpu.0.time", 5, 8);
    g_assert_false(vitals_kvm_finish(list));
}

/* ---- what they mean ---- */

/* What a vCPU does in ten seconds: CPU time in hundredths of a second, interrupts, halts, exits of its own. */
typedef struct {
    guint used;
    guint interrupts;
    guint halts;
    guint exits;
} Habit;

static const Habit idle = { 8, 40, 40, 80 };
static const Habit busy = { 1000, 2500, 0, 2600 };
static const Habit busy_avic = { 1000, 0, 0, 2600 };
static const Habit spins = { 990, 0, 0, 0 };
static const Habit watched = { 990, 0, 0, 8 }; /* by the host's own watchdog */
static const Habit pauses = { 990, 0, 0, 9000 };
static const Habit halted = { 0, 0, 0, 0 };

typedef struct {
    VitalsWatch watch;
    gint64 now;
    VitalsKvm counted[2];
} Guest;

static void
guest_init(Guest *guest)
{
    static const VitalsLimits limits = { .sample_max_age = 30 * G_USEC_PER_SEC,
                                         .recovery = 4 * G_USEC_PER_SEC,
                                         .gap_counted = 2 * G_USEC_PER_SEC };

    *guest = (Guest){ .now = 1000 * G_USEC_PER_SEC };
    vitals_watch_init(&guest->watch, guest->now, &limits, FALSE);
}

static void
look(Guest *guest, const Habit *first, const Habit *second)
{
    g_autoptr(VitalsSample) sample = NULL;
    const Habit *habits[] = { first, second };

    guest->now += 10 * G_USEC_PER_SEC;
    sample = vitals_sample_new(guest->now, guest->now);
    sample->parts[VITALS_PART_STATE] = VITALS_FACT_AVAILABLE;
    sample->state = VITALS_DOMAIN_RUNNING;
    sample->parts[VITALS_PART_KVM] = VITALS_FACT_AVAILABLE;
    sample->n_kvm = G_N_ELEMENTS(guest->counted);
    sample->kvm = g_new0(VitalsKvm, sample->n_kvm);
    for (guint i = 0; i < sample->n_kvm; i++) {
        VitalsKvm *counted = &guest->counted[i];

        counted->known = TRUE;
        counted->ns += habits[i]->used * SECOND / 100;
        counted->interrupts += habits[i]->interrupts;
        counted->halts += habits[i]->halts;
        counted->host_exits += 2500;
        counted->exits += 2500 + habits[i]->exits;
        sample->kvm[i] = *counted;
    }
    vitals_watch_ingest(&guest->watch, sample);
}

/* That nothing else is known of these guests has its own names. */
static gboolean
is_dead(const Guest *guest)
{
    return g_str_equal(guest->watch.verdict.cause->id, "vcpu-dead");
}

static void
look_often(Guest *guest, guint count, const Habit *first, const Habit *second)
{
    while (count-- > 0)
        look(guest, first, second);
}

/* @dead: what is said once vCPU 1 did as @before for a minute, and as @then for another one; vCPU 0 idles */
typedef struct {
    const char *name;
    const Habit *before;
    const Habit *then;
    gboolean dead;
} Row;

static const Row rows[] = {
    { "spins", &busy, &spins, TRUE },
    { "spins-avic", &busy_avic, &watched, TRUE },
    { "busy", &busy, &busy, FALSE },
    { "busy-avic", &busy_avic, &busy_avic, FALSE },
    { "idle-again", &busy, &idle, FALSE },
    { "idle-deeply", &busy, &halted, FALSE },
    /* loops that wait for a lock come out of the guest by themselves */
    { "pauses-avic", &busy_avic, &pauses, FALSE },
    /* a program that polls, on a vCPU that was never seen with ticks */
    { "polls-from-the-beginning", &spins, &spins, FALSE },
    { "polls-after-idleness", &idle, &spins, FALSE },
    { "becomes-busy", &idle, &busy, FALSE },
};

static void
test_row(gconstpointer data)
{
    const Row *row = data;
    Guest guest;

    guest_init(&guest);
    look_often(&guest, 7, &idle, row->before);
    g_assert_false(is_dead(&guest));
    look_often(&guest, 6, &idle, row->then);
    g_assert_cmpint(is_dead(&guest), ==, row->dead);
}

/* Twenty seconds of CPU time, however long they take; and nothing of it is left behind a reboot. */
static void
test_time(void)
{
    static const Habit starved = { 300, 0, 0, 0 };
    g_autoptr(VitalsSample) reboot = NULL;
    Guest guest;

    guest_init(&guest);
    look_often(&guest, 3, &busy, &busy);
    look_often(&guest, 6, &busy, &starved);
    g_assert_false(is_dead(&guest));
    look(&guest, &busy, &starved);
    g_assert_true(is_dead(&guest));

    reboot = vitals_sample_new(guest.now, guest.now);
    reboot->parts[VITALS_PART_EVENT] = VITALS_FACT_AVAILABLE;
    reboot->event = VITALS_EVENT_REBOOT;
    vitals_watch_ingest(&guest.watch, reboot);
    look_often(&guest, 6, &busy, &starved);
    g_assert_false(is_dead(&guest));
}

/* Once it came back from doing without ticks it is known to poll at times. */
static void
test_comes_back(void)
{
    Guest guest;

    guest_init(&guest);
    look_often(&guest, 3, &idle, &busy);
    look_often(&guest, 3, &idle, &spins);
    g_assert_true(is_dead(&guest));
    look(&guest, &idle, &busy);
    g_assert_false(is_dead(&guest));
    look_often(&guest, 20, &idle, &spins);
    g_assert_false(is_dead(&guest));
}

/* Some dead is another thing than all dead, and what is not known says nothing. */
static void
test_all(void)
{
    Guest guest;

    guest_init(&guest);
    look_often(&guest, 3, &busy, &busy);
    look_often(&guest, 6, &spins, &spins);
    g_assert_false(is_dead(&guest));
    guest.now += 200 * G_USEC_PER_SEC;
    vitals_watch_tick(&guest.watch, guest.now);
    g_assert_cmpint(vitals_signs_vcpu_state(&guest.watch.signs, 0), ==, VITALS_VCPU_UNKNOWN);
}

/* Counters that begin anew (QEMU was replaced in a migration) are no news of the vCPU. */
static void
test_begin_anew(void)
{
    Guest guest;

    guest_init(&guest);
    look_often(&guest, 3, &idle, &busy);
    look_often(&guest, 2, &idle, &spins);
    guest.counted[1] = (VitalsKvm){ 0 };
    look_often(&guest, 3, &idle, &spins);
    g_assert_false(is_dead(&guest));
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/kvm/take", test_take);
    g_test_add_func("/kvm/none", test_none);
    for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autofree char *path = g_strconcat("/kvm/row/", rows[i].name, NULL);

        g_test_add_data_func(path, &rows[i], test_row);
    }
    g_test_add_func("/kvm/time", test_time);
    g_test_add_func("/kvm/comes-back", test_comes_back);
    g_test_add_func("/kvm/all", test_all);
    g_test_add_func("/kvm/begin-anew", test_begin_anew);
    return g_test_run();
}
