/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "monitor/policy.h"

#include <string.h>

/* The policy as a table: an occasion, a configuration, and what comes of it. */

#define MINUTE G_TIME_SPAN_MINUTE
#define NEVER (-1)

static VitalsSettings *
settings_of(const char *const *overrides)
{
    VitalsSettings *settings = vitals_settings_new();

    for (; overrides && *overrides; overrides++) {
        g_auto(GStrv) parts = g_strsplit(*overrides, "=", 2);
        g_autoptr(GError) error = NULL;

        vitals_settings_override(settings, parts[0], parts[1], "test", &error);
        g_assert_no_error(error);
    }
    return settings;
}

static VitalsOutline *
outline_of(const char *inside)
{
    g_autofree char *xml =
        g_strdup_printf("<domain><on_crash>preserve</on_crash>%s</domain>", inside ? inside : "");
    g_autoptr(GError) error = NULL;
    VitalsOutline *outline = vitals_outline_new("test", xml, &error);

    g_assert_no_error(error);
    return outline;
}

/**
 * Case: @settings: (array length=4); @xml: (nullable): what the definition holds beside its skeleton;
 * the occasion's fields, where 0 is a running guest that had no incident before
 */
typedef struct {
    const char *name;
    const char *cause;
    const char *settings[4];
    const char *xml;
    VitalsHealth episode;
    gboolean gone;
    gint64 held;
    gint64 since_capture;
    gint64 since_same;
    guint today;
    guint deaths;
    guint recoveries;
    gint64 uptime; /* 0 for long */
    /* expected */
    gboolean incident;
    const char *result;
    VitalsAction action;
    const char *refusal;
    const char *inaction;
    gint64 wait;
} Case;

#define RESET "Policy.OnKernelDead=capture-reset"
#define METADATA(verdict, what)                                                                    \
    "<metadata><v:policy xmlns:v='urn:virt-vitals:policy:1'><v:on verdict='" verdict "' do='" what \
    "'/></v:policy></metadata>"

static const Case cases[] = {
    /* the defaults */
    { "healthy", "none", .result = "none" },
    { "starting", "starting", .result = "none" },
    { "no data", "no-data", .result = "none" },
    { "panic", "guest-panicked", .incident = TRUE, .result = "queued" },
    { "spinning", "kernel-spinning", .incident = TRUE, .result = "queued" },
    { "stuck", "qemu-stopped", .incident = TRUE, .result = "none" },
    { "io error", "io-error", .incident = TRUE, .result = "none" },
    { "by an admin", "paused-by-user", .result = "none" },
    { "saved", "paused-for-job", .result = "none" },
    { "memory", "memory-exhaustion", .held = 2 * MINUTE, .incident = TRUE, .result = "none" },
    { "busy host", "cpu-starved", .held = 10 * MINUTE, .result = "none" },
    { "agent stopped", "agent-gone", .held = 10 * MINUTE, .result = "none" },
    /* what is told is not told again */
    { "same episode", "kernel-spinning", .episode = VITALS_HEALTH_UNRESPONSIVE, .result = "none" },
    { "worse", "kernel-spinning", .episode = VITALS_HEALTH_DEGRADED, .incident = TRUE,
      .result = "queued" },
    { "better", "memory-exhaustion", .episode = VITALS_HEALTH_UNRESPONSIVE, .held = 2 * MINUTE,
      .result = "none" },
    { "stuck again", "qemu-stopped", .since_same = 1 * MINUTE, .result = "none" },
    { "stuck after an hour", "qemu-stopped", .since_same = 60 * MINUTE, .incident = TRUE,
      .result = "none" },
    { "degraded again", "memory-exhaustion", .held = 2 * MINUTE, .since_same = 60 * MINUTE,
      .result = "none" },
    { "degraded after days", "memory-exhaustion", .held = 2 * MINUTE,
      .since_same = 48 * 60 * MINUTE, .incident = TRUE, .result = "none" },
    /* how long it has to hold */
    { "not yet", "memory-exhaustion", .held = MINUTE / 4, .result = "none",
      .wait = 3 * MINUTE / 4 },
    { "act after",
      "kernel-halted",
      { "Policy.ActAfter=5min" },

      .held = MINUTE,
      .result = "none",
      .wait = 4 * MINUTE },
    { "acted after",
      "kernel-halted",
      { "Policy.ActAfter=5min" },

      .held = 5 * MINUTE,
      .incident = TRUE,
      .result = "queued" },
    { "a panic is no suspicion",
      "guest-panicked",
      { "Policy.ActAfter=5min" },

      .incident = TRUE,
      .result = "queued" },
    /* other wishes */
    { "nothing", "guest-panicked", { "Policy.OnCrashed=nothing" }, .result = "none" },
    { "incident",
      "guest-panicked",
      { "Policy.OnCrashed=incident" },

      .incident = TRUE,
      .result = "none" },
    { "the older key",
      "guest-panicked",
      { "Capture.CaptureOn=kernel-dead" },

      .incident = TRUE,
      .result = "none" },
    { "the older key spares the action too",
      "kernel-halted",
      { "Capture.CaptureOn=none", RESET },

      .incident = TRUE,
      .result = "refused",
      .refusal = "CaptureOn",
      .inaction = "RecoverWithoutDump" },
    { "unless what is not dumped may be reset",
      "kernel-halted",
      { "Capture.CaptureOn=none", RESET, "Policy.RecoverWithoutDump=yes" },

      .incident = TRUE,
      .result = "refused",
      .refusal = "CaptureOn",
      .action = VITALS_ACTION_RESET },
    { "capture of the paused",
      "io-error",
      { "Policy.OnPaused=capture" },

      .incident = TRUE,
      .result = "queued" },
    { "capture of the stuck",
      "qemu-stopped",
      { "Policy.OnStuck=capture" },

      .incident = TRUE,
      .result = "refused",
      .refusal = "QEMU does not answer" },
    { "destroy the stuck",
      "qemu-stopped",
      { "Policy.OnStuck=capture-destroy", "Policy.RecoverWithoutDump=yes" },

      .incident = TRUE,
      .result = "refused",
      .refusal = "QEMU does not answer",
      .action = VITALS_ACTION_DESTROY },
    { "reset",
      "kernel-halted",
      { RESET },

      .incident = TRUE,
      .result = "queued",
      .action = VITALS_ACTION_RESET },
    { "nmi",
      "kernel-halted",
      { "Policy.OnKernelDead=capture-inject-nmi" },

      .incident = TRUE,
      .result = "queued",
      .action = VITALS_ACTION_INJECT_NMI },
    { "nobody resets by default what is not saved",
      "kernel-halted",
      { RESET },

      .xml = "<launchSecurity type='sev'/>",
      .incident = TRUE,
      .result = "refused",
      .refusal = "encrypted",
      .inaction = "RecoverWithoutDump" },
    { "unless told so",
      "kernel-halted",
      { RESET, "Policy.RecoverWithoutDump=yes" },

      .xml = "<launchSecurity type='sev'/>",
      .incident = TRUE,
      .result = "refused",
      .refusal = "encrypted",
      .action = VITALS_ACTION_RESET },
    { "gone",
      "guest-panicked",
      { "Policy.OnCrashed=capture-reset" },

      .gone = TRUE,
      .incident = TRUE,
      .result = "refused",
      .refusal = "gone",
      .inaction = "gone" },
    /* brakes */
    { "dry run",
      "kernel-halted",
      { RESET, "Monitor.DryRun=yes", "Policy.RecoverWithoutDump=yes" },

      .incident = TRUE,
      .result = "skipped",
      .refusal = "dry run",
      .inaction = "dry run" },
    { "cool-down", "guest-panicked", .since_capture = 9 * MINUTE, .incident = TRUE,
      .result = "skipped", .refusal = "CaptureCooldown" },
    /* the eleventh account of the hour says nothing new; but what is done to the guest goes on */
    { "worn out", "guest-panicked", .since_capture = 9 * MINUTE, .since_same = 1 * MINUTE,
      .deaths = 10, .result = "none", .wait = 9 * MINUTE },
    { "worn out, and over", "guest-panicked", .since_capture = 9 * MINUTE,
      .since_same = 11 * MINUTE, .deaths = 10, .incident = TRUE, .result = "skipped",
      .refusal = "CaptureCooldown" },
    { "not worn out yet", "guest-panicked", .since_capture = 9 * MINUTE, .since_same = 1 * MINUTE,
      .deaths = 9, .incident = TRUE, .result = "skipped", .refusal = "CaptureCooldown" },
    { "worn out, to be dumped",
      "guest-panicked",
      { "Capture.CaptureCooldown=0" },
      .since_same = 1 * MINUTE,
      .deaths = 10,
      .incident = TRUE,
      .result = "queued" },
    { "worn out, to be reset",
      "kernel-halted",
      { RESET, "Policy.CrashLoopCount=0", "Policy.RecoverWithoutDump=yes" },
      .since_capture = 9 * MINUTE,
      .since_same = 1 * MINUTE,
      .deaths = 10,
      .incident = TRUE,
      .result = "skipped",
      .refusal = "CaptureCooldown",
      .action = VITALS_ACTION_RESET },
    { "cooled down", "guest-panicked", .since_capture = 11 * MINUTE, .deaths = 1, .incident = TRUE,
      .result = "queued" },
    { "doubled", "guest-panicked", .since_capture = 39 * MINUTE, .deaths = 3, .incident = TRUE,
      .result = "skipped", .refusal = "CrashLoopWindow" },
    { "doubled and over", "guest-panicked", .since_capture = 41 * MINUTE, .deaths = 3,
      .incident = TRUE, .result = "queued" },
    { "every time",
      "guest-panicked",
      { "Capture.CaptureCooldown=0" },

      .since_capture = 1,
      .deaths = 20,
      .incident = TRUE,
      .result = "queued" },
    { "enough today",
      "guest-panicked",
      { "Policy.MaxCapturesPerGuestPerDay=2" },

      .since_capture = 60 * MINUTE,
      .today = 2,
      .incident = TRUE,
      .result = "skipped",
      .refusal = "MaxCapturesPerGuestPerDay" },
    { "crash loop",
      "kernel-halted",
      { RESET, "Policy.RecoverWithoutDump=yes", "Capture.CaptureCooldown=0" },

      .deaths = 3,
      .incident = TRUE,
      .result = "queued",
      .inaction = "CrashLoopCount" },
    { "never gives up",
      "kernel-halted",
      { RESET, "Policy.CrashLoopCount=0", "Capture.CaptureCooldown=0" },

      .deaths = 30,
      .incident = TRUE,
      .result = "queued",
      .action = VITALS_ACTION_RESET },
    { "restart",
      "kernel-halted",
      { "Policy.OnKernelDead=capture-restart" },

      .uptime = 3 * MINUTE,
      .recoveries = 2,
      .incident = TRUE,
      .result = "queued",
      .action = VITALS_ACTION_RESTART },
    { "recovered often enough",
      "kernel-halted",
      { RESET },

      .recoveries = 3,
      .incident = TRUE,
      .result = "queued",
      .inaction = "MaxRecoveriesPerHour" },
    { "no more than once",
      "kernel-halted",
      { RESET, "Policy.MaxRecoveriesPerHour=1" },

      .recoveries = 1,
      .incident = TRUE,
      .result = "queued",
      .inaction = "MaxRecoveriesPerHour" },
    { "too young",
      "kernel-halted",
      { RESET },

      .uptime = 1 * MINUTE,
      .incident = TRUE,
      .result = "queued",
      .inaction = "MinimumUptime" },
    { "young, but so be it",
      "kernel-halted",
      { RESET, "Policy.MinimumUptime=0" },

      .uptime = 1,
      .incident = TRUE,
      .result = "queued",
      .action = VITALS_ACTION_RESET },
    /* the domain's own words */
    { "spared", "guest-panicked", .xml = METADATA("crashed", "incident"), .incident = TRUE,
      .result = "none" },
    { "not told of", "guest-panicked", .xml = METADATA("crashed", "nothing"), .result = "none" },
    { "may not ask for more", "kernel-halted", .xml = METADATA("kernel-dead", "capture-destroy"),
      .incident = TRUE, .result = "queued" },
    { "trusted",
      "kernel-halted",
      { "Policy.MetadataPolicy=trust" },

      .xml = METADATA("kernel-dead", "capture-destroy"),
      .incident = TRUE,
      .result = "queued",
      .action = VITALS_ACTION_DESTROY },
    { "ignored",
      "guest-panicked",
      { "Policy.MetadataPolicy=ignore" },

      .xml = METADATA("crashed", "nothing"),
      .incident = TRUE,
      .result = "queued" },
    { "of another verdict", "guest-panicked", .xml = METADATA("stuck", "nothing"), .incident = TRUE,
      .result = "queued" },
    { "of another name space", "guest-panicked",
      .xml = "<metadata><policy><on verdict='crashed' do='nothing'/></policy></metadata>",
      .incident = TRUE, .result = "queued" },
};

static void
assert_says(const char *text, const char *expected)
{
    if (!expected)
        g_assert_cmpstr(text, ==, NULL);
    else if (!text || !strstr(text, expected))
        g_error("'%s' does not say '%s'", text ? text : "(nothing)", expected);
}

static void
test_case(gconstpointer data)
{
    const Case *item = data;
    g_autoptr(VitalsSettings) settings = settings_of(item->settings);
    g_autoptr(VitalsOutline) outline = outline_of(item->xml);
    VitalsOccasion occasion = {
        .guest = "web-1",
        .cause = vitals_cause_find(item->cause),
        .held = item->held,
        .episode = item->episode ? item->episode : VITALS_HEALTH_HEALTHY,
        .outline = outline,
        .active = !item->gone,
        .since_same = item->since_same ? item->since_same : NEVER,
        .since_capture = item->since_capture ? item->since_capture : NEVER,
        .captures_last_day = item->today,
        .deaths = item->deaths,
        .recoveries_last_hour = item->recoveries,
        .uptime = item->uptime ? item->uptime : G_MAXINT64,
    };
    VitalsDecision decision = vitals_policy_decide(&occasion, settings);

    g_assert_cmpint(decision.incident, ==, item->incident);
    g_assert_cmpstr(decision.result, ==, item->result);
    g_assert_cmpint(decision.capture, ==, g_str_equal(item->result, "queued"));
    g_assert_cmpint(decision.action, ==, item->action);
    g_assert_cmpint(decision.wait, ==, item->wait);
    assert_says(decision.refusal, item->refusal);
    assert_says(decision.inaction, item->inaction);
}

/* By default no cause there is leads to anything but a dump, and none is left out that names a layer, unless
 * it is advice. */
static void
test_harmless(void)
{
    g_autoptr(VitalsSettings) settings = vitals_settings_new();

    for (guint i = 0; vitals_causes[i]; i++) {
        const VitalsCause *cause = vitals_causes[i];
        VitalsOccasion occasion = {
            .guest = "any",
            .cause = cause,
            .held = G_TIME_SPAN_DAY,
            .episode = VITALS_HEALTH_HEALTHY,
            .active = TRUE,
            .since_same = NEVER,
            .since_capture = NEVER,
        };
        VitalsDecision decision = vitals_policy_decide(&occasion, settings);

        g_test_message("%s", cause->id);
        g_assert_cmpint(decision.action, ==, VITALS_ACTION_NONE);
        if (cause->layer != VITALS_LAYER_NONE && !cause->advice)
            g_assert_true(decision.incident);
    }
}

/* The words of the configuration are those of the responses, and the other way round. */
static void
test_words(void)
{
    static const char *const keys[] = { "Policy.OnCrashed",       "Policy.OnKernelDead",
                                        "Policy.OnUserspaceDead", "Policy.OnStuck",
                                        "Policy.OnPaused",        "Policy.OnDegraded" };

    for (guint response = VITALS_RESPONSE_NOTHING; response < VITALS_N_RESPONSES; response++) {
        for (guint i = 0; i < G_N_ELEMENTS(keys); i++) {
            g_autofree char *override =
                g_strdup_printf("%s=%s", keys[i], vitals_response_name(response));
            g_autoptr(VitalsSettings) settings =
                settings_of((const char *const[]){ override, NULL });

            g_assert_cmpint(vitals_policy_response((VitalsTrouble)(i + 1), "any", NULL, settings),
                            ==, response);
        }
    }
    for (guint trouble = 0; trouble < VITALS_N_TROUBLES; trouble++)
        g_assert_cmpint(vitals_trouble_find(vitals_trouble_name(trouble)), ==, trouble);
}

/* What a definition wishes for in words that are not ours is counted, not guessed at. */
static void
test_misread(void)
{
    g_autoptr(VitalsOutline) outline =
        outline_of("<metadata><v:policy xmlns:v='urn:virt-vitals:policy:1'><v:on verdict='crashed' "
                   "do='reset'/>"
                   "<v:on verdict='dead' do='nothing'/><v:on/><v:on verdict='paused' do='nothing'/>"
                   "</v:policy></metadata>");

    g_assert_cmpuint(outline->wishes_misread, ==, 3);
    g_assert_cmpint(outline->wishes[VITALS_TROUBLE_CRASHED], ==, VITALS_RESPONSE_UNSET);
    g_assert_cmpint(outline->wishes[VITALS_TROUBLE_PAUSED], ==, VITALS_RESPONSE_NOTHING);
}

static void
add_incident(GPtrArray *incidents, const char *uuid, const char *cause, const char *capture,
             gint64 opened)
{
    VitalsIncidentView *view = vitals_incident_view_new();

    view->uuid = g_strdup(uuid);
    view->cause = g_strdup(cause);
    view->capture_result = g_strdup(capture);
    view->opened = opened;
    g_ptr_array_add(incidents, view);
}

/* What earlier incidents count for: those of this guest, within their time. */
static void
test_look_back(void)
{
    const gint64 now = 100 * G_TIME_SPAN_DAY;
    g_autoptr(VitalsSettings) settings = vitals_settings_new();
    g_autoptr(GPtrArray) incidents =
        g_ptr_array_new_with_free_func((GDestroyNotify)vitals_incident_view_free);
    VitalsOccasion occasion = {
        .guest = "web",
        .cause = vitals_cause_find("kernel-halted"),
        .deaths = 9,
        .captures_last_day = 9,
    };

    add_incident(incidents, "b", "kernel-halted", "ok", now - MINUTE);
    add_incident(incidents, "a", "guest-panicked", "failed", now - 2 * MINUTE);
    add_incident(incidents, "a", "kernel-halted", "skipped", now - 3 * MINUTE);
    add_incident(incidents, "a", "io-error", "none", now - 4 * MINUTE);
    add_incident(incidents, "a", "kernel-halted", "ok", now - 61 * MINUTE);
    add_incident(incidents, "a", "kernel-halted", "ok", now - 25 * 60 * MINUTE);
    add_incident(incidents, "a", "of-a-later-version", NULL, now + MINUTE);
    add_incident(incidents, NULL, NULL, NULL, now);
    add_incident(incidents, "a", NULL, NULL, now);
    vitals_policy_look_back(&occasion, "a", incidents, now, settings);
    g_assert_cmpuint(occasion.deaths, ==, 2);
    g_assert_cmpuint(occasion.captures_last_day, ==, 2);
    g_assert_cmpint(occasion.since_same, ==, 3 * MINUTE);

    vitals_policy_look_back(&occasion, "c", incidents, now, settings);
    g_assert_cmpuint(occasion.deaths, ==, 0);
    g_assert_cmpint(occasion.since_same, ==, NEVER);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *path = g_strdup_printf("/response/table/%s", cases[i].name);

        g_test_add_data_func(path, &cases[i], test_case);
    }
    g_test_add_func("/response/look-back", test_look_back);
    g_test_add_func("/response/harmless", test_harmless);
    g_test_add_func("/response/words", test_words);
    g_test_add_func("/response/misread", test_misread);
    return g_test_run();
}
