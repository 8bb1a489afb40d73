/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "monitor/lane.h"
#include "tests/integration/scene.h"

#define DEADLINE (200 * G_TIME_SPAN_MILLISECOND)

/* What came of the calls of one test. */
typedef struct {
    Fake *fake;
    VitalsHypervisor *hypervisor;
    VitalsAbandoned abandoned;
    gint64 deadline;
    guint done;
    guint failed;
    guint timed_out;
    guint overdue;
    guint late;
    guint freed;
} Lane;

typedef struct {
    Lane *lane;
    char *uuid;
    gboolean is_over;
} Call;

static gpointer
ask(VitalsConnection *connection, gpointer data, GError **error)
{
    Call *call = data;

    return connection->hypervisor->driver->balloon(connection, call->uuid, error);
}

static void
on_done(gpointer result, const GError *error, gboolean late, gpointer data)
{
    Call *call = data;

    g_assert_false(call->is_over);
    g_assert_true((result != NULL) != (error != NULL));
    call->is_over = TRUE;
    call->lane->done++;
    call->lane->failed += error != NULL;
    call->lane->timed_out +=
        g_error_matches(error, VITALS_HYPERVISOR_ERROR, VITALS_HYPERVISOR_ERROR_TIMED_OUT);
    call->lane->late += late;
    vitals_sample_unref(result);
}

static void
on_overdue(gpointer data)
{
    Call *call = data;

    g_assert_false(call->is_over);
    call->lane->overdue++;
}

static void
call_free(gpointer data)
{
    Call *call = data;

    call->lane->freed++;
    g_free(call->uuid);
    g_free(call);
}

static void
submit(Lane *test, VitalsLane *lane, const FakeGuest *guest)
{
    Call *data = g_new0(Call, 1);
    VitalsCall call = {
        .work = ask,
        .done = on_done,
        .overdue = on_overdue,
        .deadline = test->deadline,
        .data = data,
        .free_data = call_free,
        .free_result = (GDestroyNotify)vitals_sample_unref,
    };

    data->lane = test;
    data->uuid = g_strdup(guest->uuid);
    vitals_lane_submit(lane, &call);
}

static void
set_up(Lane *test, gconstpointer data)
{
    test->fake = fake_new();
    test->hypervisor = fake_hypervisor(test->fake);
    test->abandoned.limit = 2;
    test->deadline = DEADLINE;
    fake_add(test->fake, "good");
    fake_add(test->fake, "bad");
}

static void
tear_down(Lane *test, gconstpointer data)
{
    vitals_hypervisor_unref(test->hypervisor);
    fake_free(test->fake);
}

static FakeGuest *
hang(Lane *test)
{
    FakeGuest *bad = fake_find(test->fake, "bad");

    fake_fault(test->fake, bad, FAKE_BALLOON, (FakeFault){ .hang = TRUE });
    return bad;
}

/* A process that was stopped, and all its workers with it, holds nothing against whoever was to answer. */
static void
test_absence(Lane *test, gconstpointer data)
{
    VitalsLane *lane = vitals_lane_new("test", test->hypervisor, 1, &test->abandoned);
    FakeGuest *bad = hang(test);

    test->deadline = G_USEC_PER_SEC;
    submit(test, lane, bad);
    submit(test, lane, bad);
    scene_run(0.05);
    g_usleep(2 * G_USEC_PER_SEC);
    scene_run(0.05);
    g_assert_cmpuint(test->overdue, ==, 0);
    g_assert_cmpuint(test->timed_out, ==, 0);
    /* but for the time that is left */
    scene_until(test->overdue == 1, 5);
    fake_release(test->fake, bad);
    scene_until(test->done == 2, 5);
    g_assert_true(vitals_lane_free(lane, G_USEC_PER_SEC));
}

/* The worker is replaced, the call is told late when it comes. */
static void
test_overdue(Lane *test, gconstpointer data)
{
    VitalsLane *lane = vitals_lane_new("test", test->hypervisor, 1, &test->abandoned);
    FakeGuest *bad = hang(test);

    submit(test, lane, bad);
    scene_until(test->overdue == 1, 2);
    g_assert_cmpuint(test->done, ==, 0);
    g_assert_cmpuint(test->abandoned.abandoned, ==, 1);
    submit(test, lane, fake_find(test->fake, "good"));
    scene_until(test->done == 1, 2);
    g_assert_cmpuint(test->late, ==, 0);

    fake_release(test->fake, bad);
    scene_until(test->done == 2, 2);
    g_assert_cmpuint(test->late, ==, 1);
    g_assert_cmpuint(test->overdue, ==, 1);
    g_assert_cmpuint(test->abandoned.abandoned, ==, 0);
    scene_until(fake_connections(test->fake) == 1, 2);
    g_assert_true(vitals_lane_free(lane, G_USEC_PER_SEC));
}

/* Many hanging calls take the workers and the bound, and no more; the rest is told so. */
static void
test_bound(Lane *test, gconstpointer data)
{
    VitalsLane *lane = vitals_lane_new("test", test->hypervisor, 2, &test->abandoned);
    FakeGuest *bad = hang(test);

    for (guint i = 1; i <= 4; i++) {
        submit(test, lane, bad);
        scene_until(test->overdue == i, 2);
    }
    for (guint i = 0; i < 8; i++)
        submit(test, lane, bad);
    scene_until(test->timed_out == 8, 4);
    g_assert_cmpuint(fake_calls(test->fake, bad, FAKE_BALLOON), ==, 4);
    g_assert_cmpuint(test->overdue, ==, 4);
    submit(test, lane, fake_find(test->fake, "good"));
    scene_until(test->timed_out == 9, 2);

    fake_release(test->fake, bad);
    scene_until(test->done == 13, 2);
    g_assert_cmpuint(test->late, ==, 4);
    g_assert_cmpuint(test->abandoned.abandoned, ==, 0);
    submit(test, lane, fake_find(test->fake, "good"));
    scene_until(test->done == 14, 2);
    g_assert_cmpuint(test->failed, ==, 9);
    g_assert_true(vitals_lane_free(lane, G_USEC_PER_SEC));
    scene_run(0.05);
    g_assert_cmpuint(test->freed, ==, 14);
}

/* When some of the calls beyond the bound return, the others' workers are replaced. */
static void
test_room_again(Lane *test, gconstpointer data)
{
    VitalsLane *lane = vitals_lane_new("test", test->hypervisor, 1, &test->abandoned);
    FakeGuest *bad = hang(test);
    FakeGuest *worse = fake_add(test->fake, "worse");

    fake_fault(test->fake, worse, FAKE_BALLOON, (FakeFault){ .hang = TRUE });
    submit(test, lane, bad);
    scene_until(test->overdue == 1, 2);
    submit(test, lane, bad);
    scene_until(test->overdue == 2, 2);
    submit(test, lane, worse);
    scene_until(test->overdue == 3, 2);

    fake_release(test->fake, bad);
    scene_until(test->late == 2, 2);
    submit(test, lane, fake_find(test->fake, "good"));
    scene_until(test->done == 3, 2);
    g_assert_cmpuint(test->timed_out, ==, 0);
    fake_release(test->fake, worse);
    scene_until(test->done == 4, 2);
    g_assert_cmpuint(test->abandoned.abandoned, ==, 0);
    g_assert_true(vitals_lane_free(lane, G_USEC_PER_SEC));
}

/* Attempts to connect become rarer, and at once succeed when libvirt is back and their time has come. */
static void
test_back_off(Lane *test, gconstpointer data)
{
    VitalsLane *lane = vitals_lane_new("test", test->hypervisor, 1, &test->abandoned);
    FakeGuest *good = fake_find(test->fake, "good");
    guint attempts;

    submit(test, lane, good);
    scene_until(test->done == 1, 2);
    fake_die(test->fake, TRUE);
    for (guint i = 0; i < 50; i++) {
        submit(test, lane, good);
        scene_run(0.04);
    }
    g_assert_cmpuint(test->failed, ==, 50);
    /* 0.25, 0.5, 1 s apart, give or take a quarter: the first, and two or three more */
    attempts = fake_calls(test->fake, NULL, FAKE_CONNECT) - 1;
    g_assert_cmpuint(attempts, >=, 3);
    g_assert_cmpuint(attempts, <=, 5);

    fake_die(test->fake, FALSE);
    for (guint i = 0; i < 120 && test->done == test->failed + 1; i++) {
        submit(test, lane, good);
        scene_run(0.04);
    }
    g_assert_cmpuint(test->done, ==, test->failed + 2);
    g_assert_cmpuint(vitals_lane_reconnects(lane), ==, 1);

    /* back to the first, short wait */
    fake_die(test->fake, TRUE);
    submit(test, lane, good);
    scene_run(0.05);
    submit(test, lane, good);
    scene_run(0.05);
    fake_die(test->fake, FALSE);
    scene_run(0.35);
    submit(test, lane, good);
    scene_until(test->done == test->failed + 3, 2);
    g_assert_true(vitals_lane_free(lane, G_USEC_PER_SEC));
}

/* A lane is freed in time though a call hangs; that call's return harms nobody. */
static void
test_free_while_hanging(Lane *test, gconstpointer data)
{
    VitalsLane *lane = vitals_lane_new("test", test->hypervisor, 1, &test->abandoned);
    FakeGuest *bad = hang(test);
    gint64 began;

    submit(test, lane, bad);
    scene_until(test->overdue == 1, 2);
    submit(test, lane, bad);
    scene_until(fake_calls(test->fake, bad, FAKE_BALLOON) == 2, 2);
    submit(test, lane, bad);
    began = g_get_monotonic_time();
    g_assert_false(vitals_lane_free(lane, 100 * G_TIME_SPAN_MILLISECOND));
    g_assert_cmpint(g_get_monotonic_time() - began, <, G_USEC_PER_SEC);
    g_assert_cmpuint(test->freed, ==, 1);

    fake_release(test->fake, bad);
    scene_until(test->freed == 3, 2);
    g_assert_cmpuint(test->done, ==, 0);
}

/* Connecting itself may hang. */
static void
test_connect_hangs(Lane *test, gconstpointer data)
{
    VitalsLane *lane;

    fake_fault(test->fake, NULL, FAKE_CONNECT, (FakeFault){ .hang = TRUE, .times = 1 });
    lane = vitals_lane_new("test", test->hypervisor, 1, &test->abandoned);
    submit(test, lane, fake_find(test->fake, "good"));
    scene_until(test->overdue == 1, 2);
    submit(test, lane, fake_find(test->fake, "good"));
    scene_until(test->done == 1, 2);
    fake_release(test->fake, NULL);
    scene_until(test->done == 2, 2);
    g_assert_cmpuint(test->late, ==, 1);
    g_assert_true(vitals_lane_free(lane, G_USEC_PER_SEC));
}

static void
test_stress(Lane *test, gconstpointer data)
{
    VitalsLane *lane = vitals_lane_new("test", test->hypervisor, 4, &test->abandoned);
    FakeGuest *good = fake_find(test->fake, "good");

    for (guint i = 0; i < 1000; i++) {
        if (i % 97 == 0)
            fake_fault(
                test->fake, NULL, FAKE_BALLOON,
                (FakeFault){ .fails = TRUE, .error = VITALS_HYPERVISOR_ERROR_GONE, .times = 1 });
        submit(test, lane, good);
    }
    scene_until(test->done == 1000, 10);
    g_assert_cmpuint(test->late, ==, 0);
    g_assert_cmpuint(vitals_lane_waiting(lane), ==, 0);
    g_assert_cmpuint(fake_connections(test->fake), <=, 4);
    g_assert_cmpuint(fake_most_questions(test->fake, good), <=, 4);
    g_assert_true(vitals_lane_free(lane, G_USEC_PER_SEC));
    scene_run(0.05);
    g_assert_cmpuint(test->freed, ==, 1000);
    g_assert_cmpuint(fake_connections(test->fake), ==, 0);
}

/* Quick calls are made one after the other, however many come at once; or nearly so on a busy machine. */
static void
test_thrifty(Lane *test, gconstpointer data)
{
    VitalsLane *lane = vitals_lane_new("test", test->hypervisor, 8, &test->abandoned);

    vitals_lane_set_thrifty(lane);
    scene_run(0.2); /* until all workers wait */
    for (guint round = 1; round <= 5; round++) {
        for (guint i = 0; i < 40; i++)
            submit(test, lane, fake_find(test->fake, "good"));
        scene_until(test->done == 40 * round, 5);
    }
    g_assert_cmpuint(fake_most_questions(test->fake, fake_find(test->fake, "good")), <, 4);
    g_assert_true(vitals_lane_free(lane, G_USEC_PER_SEC));
    g_assert_cmpuint(test->freed, ==, 200);
}

/* One that takes long keeps nobody waiting for its deadline, and many that do get all the workers. */
static void
test_thrifty_helps(Lane *test, gconstpointer data)
{
    VitalsLane *lane = vitals_lane_new("test", test->hypervisor, 3, &test->abandoned);
    FakeGuest *bad = hang(test);

    test->abandoned.limit = 0; /* nobody is replaced */
    vitals_lane_set_thrifty(lane);
    scene_run(0.2);
    submit(test, lane, bad);
    submit(test, lane, fake_find(test->fake, "good"));
    scene_until(test->done == 1, 2);
    submit(test, lane, bad);
    submit(test, lane, fake_find(test->fake, "good"));
    scene_until(test->done == 2, 2);
    g_assert_cmpuint(fake_connections(test->fake), ==, 3);

    fake_release(test->fake, bad);
    scene_until(test->done == 4, 2);
    g_assert_cmpuint(test->timed_out, ==, 0);
    g_assert_true(vitals_lane_free(lane, G_USEC_PER_SEC));
}

/* Answers that were gathered and not yet told are freed with the lane. */
static void
test_thrifty_freed(Lane *test, gconstpointer data)
{
    VitalsLane *lane = vitals_lane_new("test", test->hypervisor, 1, &test->abandoned);

    vitals_lane_set_thrifty(lane);
    submit(test, lane, fake_find(test->fake, "good"));
    while (fake_calls(test->fake, NULL, FAKE_BALLOON) == 0 || vitals_lane_waiting(lane) > 0)
        g_usleep(1000);
    g_assert_true(vitals_lane_free(lane, G_USEC_PER_SEC));
    g_assert_cmpuint(test->done, ==, 0);
    g_assert_cmpuint(test->freed, ==, 1);
}

#define ADD(path, test) g_test_add("/lane/" path, Lane, NULL, set_up, test, tear_down)

int
main(int argc, char **argv)
{
    scene_init(&argc, &argv);
    ADD("overdue", test_overdue);
    ADD("absence", test_absence);
    ADD("bound", test_bound);
    ADD("room-again", test_room_again);
    ADD("back-off", test_back_off);
    ADD("free-while-hanging", test_free_while_hanging);
    ADD("connect-hangs", test_connect_hangs);
    ADD("stress", test_stress);
    ADD("thrifty", test_thrifty);
    ADD("thrifty-helps", test_thrifty_helps);
    ADD("thrifty-freed", test_thrifty_freed);
    return g_test_run();
}
