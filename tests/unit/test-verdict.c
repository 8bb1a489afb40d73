/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "probes/verdict.h"
#include "probes/probe.h"

#include "tests/unit/guest-model.h"

#include <string.h>

static void
test_table(void)
{
    g_autoptr(GHashTable) ids = g_hash_table_new(g_str_hash, g_str_equal);
    static const VitalsSigns nothing;
    const VitalsCause *last = NULL;

    for (guint i = 0; vitals_causes[i]; i++) {
        const VitalsCause *cause = vitals_causes[i];

        last = cause;
        g_assert_true(g_hash_table_add(ids, (gpointer)cause->id));
        for (const char *at = cause->id; *at; at++)
            g_assert_true(g_ascii_islower(*at) || *at == '-');
        g_assert_true(g_str_has_suffix(cause->meaning, "."));
        g_assert_true(g_str_has_suffix(cause->remedy, "."));
        g_assert_cmpint(cause->health, <, VITALS_N_HEALTHS);
        g_assert_cmpint(cause->layer, <, VITALS_N_LAYERS);
        g_assert_true(vitals_cause_find(cause->id) == cause);
    }
    g_assert_true(last->holds(&nothing, &test_limits));
    g_assert_null(vitals_cause_find(""));
}

static void
test_probes(void)
{
    guint count = 0;

    for (; vitals_probes[count]; count++) {
        g_assert_cmpint(vitals_probe_index(vitals_probes[count]->id), ==, (int)count);
        g_assert_cmpstr(vitals_probes[count]->summary, !=, "");
        g_assert_cmpuint(vitals_probes[count]->arms_at, >, 0);
    }
    g_assert_cmpuint(count, <=, VITALS_SOURCES_MAX);
    g_assert_cmpint(vitals_probe_index("nothing"), ==, -1);
}

/* Every value has a name of its own, and what is none says so. */
static void
check_names(const char *(*name_of)(guint), guint count)
{
    g_autoptr(GHashTable) names = g_hash_table_new(g_str_hash, g_str_equal);

    for (guint i = 0; i < count; i++) {
        g_assert_cmpstr(name_of(i), !=, "invalid");
        g_assert_true(g_hash_table_add(names, (gpointer)name_of(i)));
    }
    g_assert_cmpstr(name_of(count), ==, "invalid");
    g_assert_cmpstr(name_of((guint)-1), ==, "invalid");
}

#define NAMES(of)                      \
    static const char *of(guint value) \
    {                                  \
        return vitals_##of(value);     \
    }
NAMES(layer_name)
NAMES(part_name)
NAMES(said_name)
NAMES(fact_state_name)
NAMES(domain_state_name)
NAMES(reason_name)
NAMES(control_name)
NAMES(process_name)
NAMES(event_name)
NAMES(health_name)

static void
test_names(void)
{
    check_names(layer_name, VITALS_N_LAYERS);
    check_names(part_name, VITALS_N_PARTS);
    check_names(said_name, VITALS_N_SAID);
    check_names(fact_state_name, VITALS_FACT_TIMED_OUT + 1);
    check_names(domain_state_name, VITALS_DOMAIN_PMSUSPENDED + 1);
    check_names(reason_name, VITALS_REASON_STARTING + 1);
    check_names(control_name, VITALS_CONTROL_ERROR + 1);
    check_names(process_name, VITALS_PROCESS_GONE + 1);
    check_names(event_name, VITALS_N_EVENTS);
    check_names(health_name, VITALS_N_HEALTHS);
}

/* ---- properties ---- */

static gint64
any_number(void)
{
    static const gint64 odd[] = { 0, 1, -1, G_MAXINT32, 1700000000, 1700000002 };

    return odd[g_test_rand_int_range(0, G_N_ELEMENTS(odd))];
}

/* Anything that a driver could hand over, sense or nonsense, at that moment. */
static VitalsSample *
any_sample(gint64 at)
{
    VitalsSample *sample = vitals_sample_new(at, any_number() * G_USEC_PER_SEC);

    for (guint part = 0; part < VITALS_N_PARTS; part++)
        sample->parts[part] = g_test_rand_int_range(0, 3) ? VITALS_FACT_NOT_ASKED
                                                          : (guint)g_test_rand_int_range(0, 6);
    sample->state =
        g_test_rand_int_range(0, 3) ? VITALS_DOMAIN_RUNNING : (guint)g_test_rand_int_range(0, 7);
    sample->reason = g_test_rand_int_range(0, 10);
    sample->control = g_test_rand_int_range(0, 4);
    sample->control_for = any_number();
    sample->vcpus = g_test_rand_int_range(0, 4);
    sample->vcpu_ns = g_new(guint64, 4);
    for (guint i = 0; i < 4; i++)
        sample->vcpu_ns[i] = (guint64)any_number();
    sample->process =
        g_test_rand_int_range(0, 3) ? VITALS_PROCESS_ALIVE : (guint)g_test_rand_int_range(0, 5);
    sample->starved = g_test_rand_int_range(0, 5 * G_USEC_PER_SEC);
    sample->last_update = any_number();
    sample->has_counters = g_test_rand_bit();
    sample->event = g_test_rand_int_range(0, VITALS_N_EVENTS);
    return sample;
}

static void
any_call(VitalsWatch *watch, gint64 now)
{
    switch (g_test_rand_int_range(0, 20)) {
    case 0:
        vitals_watch_call_overdue(watch, now);
        break;
    case 1:
        vitals_watch_call_returned(watch, now);
        break;
    case 2:
        vitals_watch_set_capturing(watch, now, g_test_rand_bit());
        break;
    default:
        vitals_watch_tick(watch, now);
        break;
    }
}

static void
check_sane(const VitalsWatch *watch, gboolean evidence)
{
    const VitalsCause *cause = watch->verdict.cause;

    g_assert_true(vitals_cause_find(cause->id) == cause);
    g_assert_cmpint(watch->verdict.since, <=, watch->signs.now);
    g_assert_cmpint(watch->signs.run_clock, >=, 0);
    g_assert_cmpint(watch->signs.run_clock, <=, watch->signs.now);
    for (guint layer = 0; layer < VITALS_N_LAYERS; layer++) {
        int up = vitals_verdict_layer_up(&watch->signs, &watch->limits, watch->verdict, layer);

        g_assert_true(up >= -1 && up <= 1);
    }
    if (evidence) {
        g_auto(GStrv) lines = vitals_verdict_evidence(&watch->signs, &watch->limits);

        for (char **line = lines; *line; line++)
            g_assert_null(strchr(*line, '\n'));
    }
}

/* Two watches fed alike agree at every step, whatever they are fed. */
static void
test_any_samples(void)
{
    gint64 at = G_USEC_PER_SEC;
    VitalsWatch one;
    VitalsWatch two;

    for (guint i = 0; i < 100000; i++) {
        g_autoptr(VitalsSample) sample = NULL;

        if (i % 100 == 0) {
            vitals_watch_init(&one, at, &test_limits, i % 200 == 0);
            vitals_watch_set_balloon_period(&one, i % 300 ? 2 * G_USEC_PER_SEC : 0);
            two = one;
        }
        at += g_test_rand_int_range(0, 3 * G_USEC_PER_SEC);
        sample = any_sample(at);
        g_assert_cmpint(vitals_watch_ingest(&one, sample), ==, vitals_watch_ingest(&two, sample));
        g_assert_true(one.verdict.cause == two.verdict.cause);
        any_call(&one, at);
        two = one;
        check_sane(&one, i % 50 == 0);
    }
}

/* A run with faults at random, in the same way for the same numbers. */
static void
any_fault(TestModel *model, GRand *random)
{
    model->kernel_dead =
        g_rand_int_range(random, 0, 100) == 0 ? !model->kernel_dead : model->kernel_dead;
    model->starvation =
        g_rand_int_range(random, 0, 20) ? model->starvation : g_rand_double(random) * 0.9;
    model->load[0] = g_rand_int_range(random, 0, 10) ? model->load[0] : g_rand_double(random);
    if (g_rand_int_range(random, 0, 60) == 0)
        model->process = g_rand_int_range(random, 0, 4);
    if (g_rand_int_range(random, 0, 60) == 0)
        model->state = g_rand_int_range(random, 1, 3);
}

/* A sign of life that only the witness hears. */
static void
beat(TestModel *model)
{
    g_autoptr(VitalsSample) sample = vitals_sample_new(model->now, model->wall);

    if (g_test_rand_bit()) {
        sample->parts[VITALS_PART_BALLOON] = VITALS_FACT_AVAILABLE;
        /* a stamp that was never there before, and will not be again */
        sample->last_update = model->wall / G_USEC_PER_SEC + 1000000 + model->step;
        sample->has_counters =
            model->witness->signs.sources[vitals_probe_index("balloon")].had_counters;
    } else {
        sample->parts[VITALS_PART_NET] = VITALS_FACT_AVAILABLE;
        sample->transmitted = model->step;
    }
    vitals_watch_ingest(model->witness, sample);
}

static gboolean
is_kernel_dead(const VitalsWatch *watch)
{
    return watch->verdict.cause->health == VITALS_HEALTH_UNRESPONSIVE;
}

/* Two watches are told the same, but one of them hears a beat more now and then: at no moment is the guest
 * dead to that one and not to the other. */
static void
test_beat_is_no_harm(void)
{
    for (guint run = 0; run < 300; run++) {
        g_autoptr(GRand) random = g_rand_new_with_seed((guint32)g_test_rand_int());
        guint until = (guint)g_test_rand_int_range(100, 900);
        TestModel model;
        VitalsWatch witness;

        test_model_init(&model, run % 20);
        model.shuffle = run % 2;
        test_model_run(&model, 100); /* until it armed */
        witness = model.watch;
        model.witness = &witness;
        for (guint step = 0; step < 1200; step++) {
            if (step < until)
                any_fault(&model, random);
            if (step < until && g_test_rand_int_range(0, 40) == 0)
                beat(&model);
            if (step == until) {
                model.kernel_dead = TRUE;
                model.process = VITALS_PROCESS_ALIVE;
                model.state = VITALS_DOMAIN_RUNNING;
                model.starvation = 0.0;
            }
            test_model_step(&model);
            g_assert_true(!is_kernel_dead(&witness) || is_kernel_dead(&model.watch));
        }
        /* that it is dead in the end is not overlooked, unless it was heard while its balloon was not */
        g_assert_true(is_kernel_dead(&witness) || vitals_signs_kernel_is_heard(&witness.signs));
    }
}

/* What one instant brings in another order leads to the same end, if not to the same share of CPU. */
static void
test_order_of_an_instant(void)
{
    for (guint run = 0; run < 300; run++) {
        guint32 seed = (guint32)g_test_rand_int();
        TestModel models[2];

        for (guint i = 0; i < 2; i++) {
            g_autoptr(GRand) random = g_rand_new_with_seed(seed);
            TestModel *model = &models[i];

            test_model_init(model, run % 20);
            model->shuffle = i == 1;
            test_model_run(model, 300);
            for (guint step = 0; step < 600; step++) {
                any_fault(model, random);
                test_model_step(model);
            }
            /* then it is left alone for long enough to be judged */
            model->starvation = 0.0;
            test_model_run(model, 600);
        }
        g_assert_cmpint(models[0].watch.verdict.cause->health, ==,
                        models[1].watch.verdict.cause->health);
    }
}

static void
test_late_tick(void)
{
    TestModel model;
    gint64 now;

    test_model_init(&model, 0);
    test_model_run(&model, 200);
    now = model.watch.signs.now;
    g_assert_false(vitals_watch_tick(&model.watch, now - 5 * G_USEC_PER_SEC));
    g_assert_cmpint(model.watch.signs.now, ==, now);
    g_assert_true(vitals_watch_tick(&model.watch, now + 31 * G_USEC_PER_SEC));
    g_assert_cmpstr(model.watch.verdict.cause->id, ==, "no-data");
}

static void
test_layers(void)
{
    TestModel model;
    const VitalsWatch *watch = &model.watch;

    test_model_init(&model, 0);
    test_model_run(&model, 200);
    for (guint layer = VITALS_LAYER_HYPERVISOR; layer <= VITALS_LAYER_KERNEL; layer++)
        g_assert_cmpint(vitals_verdict_layer_up(&watch->signs, &test_limits, watch->verdict, layer),
                        ==, 1);
    g_assert_cmpint(vitals_verdict_layer_up(&watch->signs, &test_limits, watch->verdict,
                                            VITALS_LAYER_USERSPACE),
                    ==, -1);
    model.process = VITALS_PROCESS_STOPPED;
    test_model_run(&model, 60);
    g_assert_cmpint(vitals_verdict_layer_up(&watch->signs, &test_limits, watch->verdict,
                                            VITALS_LAYER_HYPERVISOR),
                    ==, 0);
    g_assert_cmpint(
        vitals_verdict_layer_up(&watch->signs, &test_limits, watch->verdict, VITALS_LAYER_KERNEL),
        ==, -1);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/verdict/table", test_table);
    g_test_add_func("/verdict/probes", test_probes);
    g_test_add_func("/verdict/names", test_names);
    g_test_add_func("/verdict/any-samples", test_any_samples);
    g_test_add_func("/verdict/beat-is-no-harm", test_beat_is_no_harm);
    g_test_add_func("/verdict/order-of-an-instant", test_order_of_an_instant);
    g_test_add_func("/verdict/late-tick", test_late_tick);
    g_test_add_func("/verdict/layers", test_layers);
    return g_test_run();
}
