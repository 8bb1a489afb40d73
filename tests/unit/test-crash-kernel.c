/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "probes/probe.h"
#include "probes/watch.h"

/* Whether a guest's own crash kernel is at work, by what libvirt and the console told. */

#define SECOND G_USEC_PER_SEC

/* Times in seconds, 0 for never. */
typedef struct {
    const char *what;
    gint64 panic_at;
    gboolean replayed;
    gint64 booted_at;
    gint64 kdump_at;
    VitalsConsoleSeverity severity;
    gint64 loaded_at;
    gint64 beat_at;
    gboolean works;
} Row;

static const Row rows[] = {
    { "nothing was told", .works = FALSE },
    { "libvirt told", .loaded_at = 10, .works = TRUE },
    { "the console told", .kdump_at = 10, .works = TRUE },
    { "it told that it failed", .kdump_at = 10, .severity = VITALS_CONSOLE_ERROR },
    { "it failed though libvirt told that it began", .loaded_at = 5, .kdump_at = 10,
      .severity = VITALS_CONSOLE_ERROR },
    { "a kernel boots behind a panic", .panic_at = 10, .booted_at = 12, .works = TRUE },
    { "it booted before", .panic_at = 10, .booted_at = 8 },
    { "an old log was shown", .panic_at = 10, .replayed = TRUE, .booted_at = 12 },
    { "it only boots", .booted_at = 12 },
    { "the kernel beat before", .kdump_at = 10, .beat_at = 9, .works = TRUE },
    { "the kernel beats on", .kdump_at = 10, .beat_at = 11 },
};

static void
test_works(void)
{
    guint balloon = vitals_probe_index("balloon");

    for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
        const Row *row = &rows[i];
        VitalsSigns signs = {
            .now = 20 * SECOND,
            .booted_at = row->booted_at * SECOND,
            .crash_loaded_at = row->loaded_at * SECOND,
        };

        signs.said[VITALS_SAID_PANIC].at = row->panic_at * SECOND;
        signs.said[VITALS_SAID_PANIC].live = !row->replayed;
        signs.said[VITALS_SAID_KDUMP].at = row->kdump_at * SECOND;
        signs.said[VITALS_SAID_KDUMP].severity = row->severity;
        signs.sources[balloon].armed = TRUE;
        signs.sources[balloon].period = SECOND;
        signs.sources[balloon].last_beat = row->beat_at * SECOND;
        g_test_message("%s", row->what);
        g_assert_cmpint(vitals_signs_kdump_works(&signs), ==, row->works);
    }
}

static void
tell(VitalsWatch *watch, gint64 at, VitalsEvent event)
{
    VitalsSample *sample = vitals_sample_new(at, at);

    sample->parts[VITALS_PART_EVENT] = VITALS_FACT_AVAILABLE;
    sample->event = event;
    vitals_watch_ingest(watch, sample);
    vitals_sample_unref(sample);
}

static void
tell_state(VitalsWatch *watch, gint64 at)
{
    VitalsSample *sample = vitals_sample_new(at, at);

    sample->parts[VITALS_PART_STATE] = VITALS_FACT_AVAILABLE;
    sample->state = VITALS_DOMAIN_RUNNING;
    vitals_watch_ingest(watch, sample);
    vitals_sample_unref(sample);
}

/* It is a panic like any other, until the guest starts over. */
static void
test_event(void)
{
    VitalsLimits limits = { .balloon_deadline = 4,
                            .agent_deadline = 3,
                            .sample_max_age = 30 * SECOND,
                            .gap_counted = 5 * SECOND };
    VitalsWatch watch;

    vitals_watch_init(&watch, SECOND, &limits, FALSE);
    tell_state(&watch, 10 * SECOND);
    tell(&watch, 11 * SECOND, VITALS_EVENT_CRASH_LOADED);
    tell_state(&watch, 12 * SECOND);
    g_assert_cmpstr(watch.verdict.cause->id, ==, "guest-panicked");
    g_assert_true(vitals_signs_kdump_works(&watch.signs));
    tell(&watch, 60 * SECOND, VITALS_EVENT_REBOOT);
    tell_state(&watch, 61 * SECOND);
    g_assert_cmpint(watch.verdict.cause->health, !=, VITALS_HEALTH_CRASHED);
    g_assert_false(vitals_signs_kdump_works(&watch.signs));
}

/* The panic on the console of a guest that was about to be reset may be of the life before: its boot is given its
 * time. One that is told live is of this life. */
static void
test_resumed(void)
{
    guint balloon = vitals_probe_index("balloon");
    VitalsSigns signs = { .now = 30 * SECOND, .resumed_at = 10 * SECOND };

    signs.said[VITALS_SAID_PANIC].at = 10 * SECOND;
    signs.sources[balloon] = (VitalsSource){
        .armed = TRUE, .period = 2 * SECOND, .deadline = 8 * SECOND, .answer_at = 29 * SECOND
    };
    g_assert_false(vitals_signs_panic_is_proven(&signs));
    signs.said[VITALS_SAID_PANIC].live = TRUE;
    g_assert_true(vitals_signs_panic_is_proven(&signs));
    signs.said[VITALS_SAID_PANIC].live = FALSE;
    signs.now = signs.sources[balloon].answer_at = 200 * SECOND;
    g_assert_true(vitals_signs_panic_is_proven(&signs));
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/crash-kernel/works", test_works);
    g_test_add_func("/crash-kernel/event", test_event);
    g_test_add_func("/crash-kernel/resumed", test_resumed);
    return g_test_run();
}
