/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "monitor/ledger.h"
#include "probes/probe.h"

#include "tests/unit/program.h"

#include <string.h>

typedef struct {
    char *state_dir;
    VitalsSettings *settings;
    VitalsGuest *guest;
} Fixture;

static void
set_up(Fixture *fixture, gconstpointer data)
{
    fixture->state_dir = g_dir_make_tmp("test-ledger-XXXXXX", NULL);
    fixture->settings = vitals_settings_new();
    fixture->guest = vitals_guest_new(fixture->settings, "uuid", "web", 7, FALSE);
}

static void
tear_down(Fixture *fixture, gconstpointer data)
{
    vitals_guest_unref(fixture->guest);
    vitals_settings_unref(fixture->settings);
    test_remove_tree(fixture->state_dir);
    g_free(fixture->state_dir);
}

static void
put(Fixture *fixture, const char *text)
{
    g_autoptr(GError) error = NULL;

    vitals_ledger_write(fixture->state_dir, text, &error);
    g_assert_no_error(error);
}

/* Writes what @ledger holds and reads it again, as a new daemon would; takes @ledger. */
static VitalsLedger *
restart(Fixture *fixture, VitalsLedger *ledger)
{
    g_autofree char *text = vitals_ledger_text(ledger);

    vitals_ledger_free(ledger);
    put(fixture, text);
    return vitals_ledger_load(fixture->state_dir);
}

static void
test_round_trip(Fixture *fixture, gconstpointer data)
{
    VitalsLedger *ledger = vitals_ledger_load(fixture->state_dir);
    g_autoptr(VitalsGuest) same = vitals_guest_new(fixture->settings, "uuid", "web", 7, FALSE);
    g_autoptr(VitalsGuest) next = vitals_guest_new(fixture->settings, "uuid", "web", 8, FALSE);
    g_autoptr(VitalsGuest) other = vitals_guest_new(fixture->settings, "other", "web", 7, FALSE);

    fixture->guest->episode = VITALS_HEALTH_CRASHED;
    fixture->guest->period_ours = TRUE;
    fixture->guest->captured = g_get_monotonic_time();
    g_assert_true(vitals_ledger_note(ledger, fixture->guest));
    g_assert_false(vitals_ledger_note(ledger, fixture->guest));
    ledger = restart(fixture, ledger);
    vitals_ledger_recall(ledger, same);
    g_assert_cmpint(same->episode, ==, VITALS_HEALTH_CRASHED);
    g_assert_true(same->period_ours);
    g_assert_cmpint(ABS(same->captured - fixture->guest->captured), <, G_USEC_PER_SEC);
    /* another run of it was dumped, but had no crash; another guest nothing */
    vitals_ledger_recall(ledger, next);
    g_assert_cmpint(next->episode, ==, VITALS_HEALTH_HEALTHY);
    g_assert_cmpint(next->captured, !=, 0);
    vitals_ledger_recall(ledger, other);
    g_assert_cmpint(other->captured, ==, 0);
    vitals_ledger_free(ledger);
}

static void
test_forget(Fixture *fixture, gconstpointer data)
{
    VitalsLedger *ledger = vitals_ledger_load(fixture->state_dir);

    g_assert_false(vitals_ledger_forget(ledger, fixture->guest));
    vitals_ledger_note(ledger, fixture->guest);
    g_assert_true(vitals_ledger_forget(ledger, fixture->guest));
    g_assert_false(vitals_ledger_forget(ledger, fixture->guest));
    fixture->guest->captured = g_get_monotonic_time();
    fixture->guest->episode = VITALS_HEALTH_CRASHED;
    vitals_ledger_note(ledger, fixture->guest);
    g_assert_true(vitals_ledger_forget(ledger, fixture->guest));
    fixture->guest->captured = 0;
    fixture->guest->episode = VITALS_HEALTH_HEALTHY;
    vitals_ledger_recall(ledger, fixture->guest);
    g_assert_cmpint(fixture->guest->captured, !=, 0);
    g_assert_cmpint(fixture->guest->episode, ==, VITALS_HEALTH_HEALTHY);
    vitals_ledger_free(ledger);
}

/* What had a pulse for the last daemon is known to the next one. */
static void
test_pulse(Fixture *fixture, gconstpointer data)
{
    VitalsLedger *ledger = vitals_ledger_load(fixture->state_dir);
    g_autoptr(VitalsGuest) same = vitals_guest_new(fixture->settings, "uuid", "web", 7, FALSE);
    g_autoptr(VitalsGuest) next = vitals_guest_new(fixture->settings, "uuid", "web", 8, FALSE);

    vitals_ledger_note(ledger, fixture->guest);
    fixture->guest->watch.signs.sources[vitals_probe_index("balloon")].armed = TRUE;
    g_assert_true(vitals_ledger_note(ledger, fixture->guest));
    ledger = restart(fixture, ledger);
    vitals_ledger_recall(ledger, same);
    g_assert_true(vitals_watch_has_pulse(&same->watch));
    vitals_ledger_recall(ledger, next);
    g_assert_false(vitals_watch_has_pulse(&next->watch));
    vitals_ledger_free(ledger);
}

static char *
text_with(Fixture *fixture, const char *entry)
{
    VitalsLedger *ledger = vitals_ledger_load(fixture->state_dir);
    g_autofree char *empty = vitals_ledger_text(ledger);
    char *guests = strstr(empty, "{}");

    vitals_ledger_free(ledger);
    *guests = '\0';
    return g_strconcat(empty, "{\"uuid\":", entry, "}", guests + 2, NULL);
}

static void
test_odd_files(Fixture *fixture, gconstpointer data)
{
    static const char *const whole[] = {
        "", "[]", "{", "{\"boot\":7}", "{\"boot\":\"x\",\"guests\":{}}", "\xff"
    };
    static const char *const entries[] = {
        "7",
        "{}",
        "{\"id\":\"x\"}",
        "{\"id\":7,\"episode\":\"nonsense\"}",
        "{\"id\":7,\"captured\":-9223372036854775808}",
    };

    for (gsize i = 0; i < G_N_ELEMENTS(whole) + G_N_ELEMENTS(entries); i++) {
        gboolean all = i < G_N_ELEMENTS(whole);
        g_autofree char *text =
            all ? g_strdup(whole[i]) : text_with(fixture, entries[i - G_N_ELEMENTS(whole)]);
        VitalsLedger *ledger;

        put(fixture, text);
        ledger = vitals_ledger_load(fixture->state_dir);
        vitals_ledger_recall(ledger, fixture->guest);
        g_assert_cmpint(fixture->guest->episode, ==, VITALS_HEALTH_HEALTHY);
        g_assert_cmpint(fixture->guest->captured, ==, 0);
        g_assert_false(fixture->guest->period_ours);
        vitals_ledger_free(ledger);
        put(fixture, "");
    }
}

/* A dump that lies in the future, as the clock was set back, counts as one of just now. */
static void
test_future(Fixture *fixture, gconstpointer data)
{
    g_autofree char *text = text_with(fixture, "{\"id\":7,\"captured\":9223372036854775807}");
    VitalsLedger *ledger;

    put(fixture, text);
    ledger = vitals_ledger_load(fixture->state_dir);
    vitals_ledger_recall(ledger, fixture->guest);
    g_assert_cmpint(fixture->guest->captured, >, 1);
    g_assert_cmpint(fixture->guest->captured, <=, g_get_monotonic_time() + 1000);
    vitals_ledger_free(ledger);
}

#define ADD(path, test) g_test_add("/ledger/" path, Fixture, NULL, set_up, test, tear_down)

/* Killed before it was done with a dead guest, it begins anew: neither the episode nor the cool-down are in the
 * way, for this run of the guest. */
static void
test_unsettled(Fixture *fixture, gconstpointer data)
{
    VitalsLedger *ledger = vitals_ledger_load(fixture->state_dir);
    g_autoptr(VitalsGuest) same = vitals_guest_new(fixture->settings, "uuid", "web", 7, FALSE);
    g_autoptr(VitalsGuest) next = vitals_guest_new(fixture->settings, "uuid", "web", 8, FALSE);

    fixture->guest->episode = VITALS_HEALTH_CRASHED;
    fixture->guest->unsettled = TRUE;
    fixture->guest->captured = g_get_monotonic_time();
    g_assert_true(vitals_ledger_note(ledger, fixture->guest));
    ledger = restart(fixture, ledger);
    vitals_ledger_recall(ledger, same);
    g_assert_cmpint(same->episode, ==, VITALS_HEALTH_HEALTHY);
    g_assert_cmpint(same->captured, ==, 0);
    g_assert_cmpint(same->watch.signs.resumed_at, !=, 0);
    vitals_ledger_recall(ledger, next);
    g_assert_cmpint(next->captured, !=, 0);
    g_assert_cmpint(next->watch.signs.resumed_at, ==, 0);
    /* once it is settled all of it counts */
    fixture->guest->unsettled = FALSE;
    g_assert_true(vitals_ledger_note(ledger, fixture->guest));
    ledger = restart(fixture, ledger);
    vitals_ledger_recall(ledger, same);
    g_assert_cmpint(same->episode, ==, VITALS_HEALTH_CRASHED);
    /* what dies behind a reset died once more, whoever sees it */
    fixture->guest->revived = TRUE;
    g_assert_true(vitals_ledger_note(ledger, fixture->guest));
    ledger = restart(fixture, ledger);
    vitals_ledger_recall(ledger, same);
    g_assert_cmpint(same->episode, ==, VITALS_HEALTH_HEALTHY);
    vitals_ledger_free(ledger);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    ADD("round-trip", test_round_trip);
    ADD("pulse", test_pulse);
    ADD("unsettled", test_unsettled);
    ADD("forget", test_forget);
    ADD("odd-files", test_odd_files);
    ADD("future", test_future);
    return g_test_run();
}
