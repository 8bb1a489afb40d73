/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "monitor/policy.h"

#include <string.h>

static const VitalsOutline plain = { .memory = 1 };
static const VitalsOutline encrypted = { .encryption = VITALS_ENCRYPTION_SEV };
static const VitalsOutline tdx = { .encryption = VITALS_ENCRYPTION_TDX };
static const VitalsOutline destroys = { .crash_destroys = TRUE };
static const VitalsOutline dumps = { .libvirt_dumps = TRUE };

/* @refusal: a part of the reason */
typedef struct {
    const char *cause;
    VitalsHealth episode;
    const VitalsOutline *outline;
    gboolean gone;
    gint64 since_capture;
    guint captures;
    gboolean incident;
    const char *result;
    const char *refusal;
} Row;

#define NONE VITALS_HEALTH_HEALTHY
#define NEVER -1

static const Row rows[] = {
    /* what is worth an incident, and a dump */
    { "guest-panicked", NONE, &plain, FALSE, NEVER, 0, TRUE, "queued" },
    { "guest-panicked", NONE, NULL, FALSE, NEVER, 0, TRUE, "queued" },
    { "kernel-spinning", NONE, &plain, FALSE, NEVER, 0, TRUE, "queued" },
    { "kernel-silent", NONE, &plain, FALSE, NEVER, 0, TRUE, "queued" },
    { "qemu-stopped", NONE, &plain, FALSE, NEVER, 0, TRUE, "none" },
    { "io-error", NONE, &plain, FALSE, NEVER, 0, TRUE, "none" },
    { "watchdog-pause", NONE, &plain, FALSE, NEVER, 0, TRUE, "none" },
    { "paused-by-user", NONE, &plain, FALSE, NEVER, 0, FALSE, "none" },
    { "suspended", NONE, &plain, FALSE, NEVER, 0, FALSE, "none" },
    { "starting", NONE, &plain, FALSE, NEVER, 0, FALSE, "none" },
    { "no-data", NONE, &plain, FALSE, NEVER, 0, FALSE, "none" },
    { "no-vital-signs", NONE, &plain, FALSE, NEVER, 0, FALSE, "none" },
    { "none", NONE, &plain, FALSE, NEVER, 0, FALSE, "none" },
    /* one incident for one episode */
    { "kernel-halted", VITALS_HEALTH_UNRESPONSIVE, &plain, FALSE, NEVER, 0, FALSE, "none" },
    { "guest-panicked", VITALS_HEALTH_UNRESPONSIVE, &plain, FALSE, NEVER, 0, TRUE, "queued" },
    { "guest-panicked", VITALS_HEALTH_CRASHED, &plain, FALSE, NEVER, 0, FALSE, "none" },
    /* what cannot be dumped */
    { "guest-panicked", NONE, &plain, TRUE, NEVER, 0, TRUE, "refused", "memory with it" },
    { "guest-panicked", NONE, &destroys, TRUE, NEVER, 0, TRUE, "refused", "on_crash destroys" },
    { "guest-panicked", NONE, &encrypted, FALSE, NEVER, 0, TRUE, "refused", "AMD SEV)" },
    { "kernel-halted", NONE, &tdx, FALSE, NEVER, 0, TRUE, "refused", "Intel TDX" },
    { "guest-panicked", NONE, &dumps, FALSE, NEVER, 0, TRUE, "refused", "auto_dump_path" },
    { "kernel-halted", NONE, &dumps, FALSE, NEVER, 0, TRUE, "queued" },
    /* what is left out for now */
    { "guest-panicked", NONE, &plain, FALSE, 0, 0, TRUE, "skipped", "CaptureCooldown" },
    { "guest-panicked", NONE, &plain, FALSE, G_MAXINT64, 0, TRUE, "queued" },
    { "guest-panicked", NONE, &plain, FALSE, NEVER, 1000000, TRUE, "skipped",
      "MaxCapturesPerHour" },
};

static void
test_table(void)
{
    g_autoptr(VitalsSettings) settings = vitals_settings_new();

    for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
        const Row *row = &rows[i];
        VitalsOccasion occasion = {
            .guest = "web",
            .cause = vitals_cause_find(row->cause),
            .episode = row->episode,
            .outline = row->outline,
            .active = !row->gone,
            .since_same = NEVER,
            .since_capture = row->since_capture,
            .captures_last_hour = row->captures,
        };
        VitalsDecision decision = vitals_policy_decide(&occasion, settings);

        g_test_message("row %" G_GSIZE_FORMAT ": %s", i, row->cause);
        g_assert_cmpint(decision.incident, ==, row->incident);
        g_assert_cmpstr(decision.result, ==, row->result);
        g_assert_cmpint(decision.capture, ==, g_str_equal(row->result, "queued"));
        if (row->refusal)
            g_assert_nonnull(strstr(decision.refusal, row->refusal));
        else
            g_assert_null(decision.refusal);
    }
}

static void
test_ends(void)
{
    for (guint health = 0; health < VITALS_N_HEALTHS; health++)
        g_assert_cmpint(vitals_policy_ends_episode(health), ==,
                        health == VITALS_HEALTH_HEALTHY || health == VITALS_HEALTH_STARTING);
}

/* An NMI comes first where it is asked for, of a kernel that hangs, and not where nothing may be done. */
static void
test_nmi_first(void)
{
    static const struct {
        const char *cause;
        const VitalsOutline *outline;
        gint64 since_capture;
        guint recoveries;
        gint64 wait;
    } rows_of_nmi[] = {
        { "kernel-silent", &plain, NEVER, 0, 10 * G_TIME_SPAN_SECOND },
        { "kernel-halted", &encrypted, NEVER, 0, 10 * G_TIME_SPAN_SECOND },
        { "kernel-silent", &plain, 0, 0, 0 },
        { "kernel-silent", &plain, NEVER, 3, 0 },
        { "guest-panicked", &plain, NEVER, 0, 0 },
        { "io-error", &plain, NEVER, 0, 0 },
        { "qemu-stopped", &plain, NEVER, 0, 0 },
    };
    g_autoptr(VitalsSettings) settings = vitals_settings_new();

    g_assert_true(vitals_settings_override(settings, "Policy.NmiFirst", "10s", "test", NULL));
    for (gsize i = 0; i < G_N_ELEMENTS(rows_of_nmi); i++) {
        VitalsOccasion occasion = {
            .guest = "web",
            .cause = vitals_cause_find(rows_of_nmi[i].cause),
            .episode = NONE,
            .outline = rows_of_nmi[i].outline,
            .active = TRUE,
            .since_same = NEVER,
            .since_capture = rows_of_nmi[i].since_capture,
            .recoveries_last_hour = rows_of_nmi[i].recoveries,
            .uptime = G_MAXINT64,
        };
        VitalsDecision decision = vitals_policy_decide(&occasion, settings);

        g_test_message("row %" G_GSIZE_FORMAT ": %s", i, rows_of_nmi[i].cause);
        g_assert_cmpint(decision.nmi_wait, ==, rows_of_nmi[i].wait);
    }
}

/* What only the guest's own text says waits for its proof. */
static void
test_hearsay(void)
{
    g_autoptr(VitalsSettings) settings = vitals_settings_new();
    VitalsOccasion occasion = {
        .guest = "web",
        .cause = vitals_cause_find("kernel-panic"),
        .episode = VITALS_HEALTH_HEALTHY,
        .outline = &plain,
        .active = TRUE,
        .held = G_TIME_SPAN_HOUR,
        .hearsay = TRUE,
        .since_same = -1,
        .since_capture = -1,
    };
    VitalsDecision decision = vitals_policy_decide(&occasion, settings);

    g_assert_false(decision.incident);
    g_assert_cmpint(decision.wait, >, 0);
    occasion.hearsay = FALSE;
    decision = vitals_policy_decide(&occasion, settings);
    g_assert_true(decision.incident && decision.capture);
    g_assert_cmpint(decision.wait, ==, 0);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/policy/table", test_table);
    g_test_add_func("/policy/ends", test_ends);
    g_test_add_func("/policy/nmi-first", test_nmi_first);
    g_test_add_func("/policy/hearsay", test_hearsay);
    return g_test_run();
}
